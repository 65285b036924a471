// Drawing of the MaxUnpooling widget: the map, the tray of maxima with their positions, and the output, left to right.
// Each move is a function of core.js; this file shows the game that it returns and says the sentence with it.

import { button, choice, frame, html, numberGrid, panel, svg } from "../shared/draw.js";
import {
  PRESETS,
  begin,
  choose,
  columnOf,
  explain,
  output,
  pick,
  pickRest,
  place,
  positionsOf,
  put,
  reveal,
  rowOf,
  runNetwork,
  score,
  setForgotten,
  shifts,
  target,
  windowName,
  writers,
} from "./core.js";

// A cell's side by the map's size: all maps come out about as large.
const sizeOfCell = ({ size: [rows] }) => ({ 4: 52, 5: 44 })[rows] ?? 30;

// Grey levels of a picture: faint below 3, dark from 6 on, and nothing between, where no ink would be readable.
const shadeOf = (value) => (value < 3 ? value / 12 : Math.min(0.64 + value / 25, 1));

function render({ model, el }) {
  const ui = frame(el, {
    name: "max-unpooling",
    title: "Max unpooling: the positions find their way back",
    lead:
      "Choose the maximum of each dashed window (click it, or arrow keys and <kbd>Enter</kbd>). After the network " +
      "has changed the values, put each one where max unpooling will.",
  });
  let game;
  let map, tray, out; // the three grids, made anew for each preset
  let lit = { map: [], tray: [], out: [] }; // what the pointer or the focus lights, as positions or windows
  let asked = false;

  const presets = choice(
    "Example",
    Object.entries(PRESETS).map(([name, preset]) => [name, preset.title]),
    model.get("preset"),
    (name) => {
      model.set("preset", name);
      model.save_changes();
    },
  );
  const stage = html("div", { class: "cw-panels" });
  ui.body.append(presets.node, stage);

  const rest = button("Find the rest", () => move(pickRest(game), network));
  const network = button("Run the network", () => (move(runNetwork(game)), out.focus(0, 0)), { class: "cw-primary" });
  const show = button("Reveal", () => tryReveal(), { class: "cw-primary" });
  const forget = button("Forget the positions", () => move(setForgotten(game, !game.forgotten)), { role: "switch" });
  const again = button("Start again", () => restart());
  ui.tools.append(rest, network, show, again, forget);

  // Make a move, draw what came of it, and take the focus along when its button is gone.
  function move({ game: next, sentence }, then = null) {
    const held = [rest, network, show].includes(document.activeElement);
    game = next;
    paint();
    ui.say(sentence);
    if (held && document.activeElement !== then && then && !then.hidden) then.focus();
  }

  function tryReveal() {
    if (score(game).placed === 0 && !asked) {
      asked = true;
      ui.say(
        "Place at least one value first: go to an output cell and press Enter. Or press Reveal again to only look.",
      );
      return;
    }
    move(reveal(game));
    out.focus(...out.stop());
    ui.point(null);
  }

  function light(sentence, { map: cells = [], tray: windows = [], out: outs = [] } = {}) {
    lit = { map: cells, tray: windows, out: outs };
    ui.point(sentence);
    paint();
  }

  const clear = () => light(null);
  const index = (row, column) => row * game.size[1] + column;

  function pointMap(row, column) {
    const here = index(row, column);
    const windows = game.indices.flatMap((position, window) =>
      position === here && window < game.found ? [window] : [],
    );
    const value = game.preset.map[row][column];
    const names = windows.map((window) => windowName(game, window)).join(" and ");
    const found = windows.length ? `, maximum of ${names}, index ${here}` : "";
    light(`Map ${place(game, here)}: ${value}${found}.`, { tray: windows, out: shown(windows) });
  }

  const shown = (windows) => (game.stage === "revealed" ? windows.map((window) => target(game, window)) : []);

  function pointTray(row, column) {
    const window = row * game.pooledSize[1] + column;
    const name = `Tray, ${windowName(game, window)}`;
    if (window >= game.found) return light(`${name}: still empty.`);
    const became = game.values ? `, which the network made ${game.values[window]}` : "";
    const where = game.forgotten ? "its position is forgotten" : `index ${game.indices[window]}`;
    const cells = game.forgotten ? [] : [game.indices[window]];
    return light(`${name}: maximum ${game.pooled[window]}${became}; ${where}.`, {
      map: cells,
      tray: [window],
      out: shown([window]),
    });
  }

  function pointOut(row, column) {
    const here = index(row, column);
    if (game.stage === "revealed") {
      const from = writers(game, here);
      const cells = from.map((window) => game.indices[window]);
      return light(explain(game, here), { map: cells, tray: from, out: from.length ? [here] : [] });
    }
    if (game.stage !== "place") return light("The output is empty: first fill the tray and run the network.");
    const question =
      game.turn === null ? "All values are placed." : `Does ${game.values[game.turn]} go here? Enter places it.`;
    return light(`Output ${place(game, here)}. ${question}`);
  }

  function paint() {
    const { preset, pooledSize } = game;
    const picture = Boolean(preset.edge);
    const shade = (value) => (picture ? shadeOf(value) : undefined);
    const pooling = game.stage === "pool";
    const taken = game.indices.slice(0, game.found);

    map.paint((row, column) => {
      const [here, value] = [index(row, column), preset.map[row][column]];
      const chosen = taken.includes(here);
      const missed = game.misses.includes(here);
      const tones = ["given", chosen && "chosen", missed && "is-wrong", lit.map.includes(here) && "lit"].filter(
        Boolean,
      );
      const state = chosen ? ", a maximum" : missed ? ", not the one" : "";
      return {
        text: value,
        shade: shade(value),
        tones,
        mark: missed ? "✗" : "",
        selected: chosen,
        label: `${place(game, here)}: ${value}${state}`,
      };
    });
    const covered = pooling ? positionsOf(game, game.found) : null;
    map.frameWindow(
      covered && {
        row: rowOf(game, covered[0]),
        column: columnOf(game, covered[0]),
        rows: preset.kernel[0],
        columns: preset.kernel[1],
      },
    );

    tray.paint((row, column) => {
      const window = row * pooledSize[1] + column;
      if (window >= game.found) {
        return { tones: pooling && window === game.found ? ["turn"] : [], label: `${windowName(game, window)}: empty` };
      }
      const turn = window === game.turn;
      const value = game.values ? game.values[window] : game.pooled[window];
      const put = game.values && (game.placed[window] !== null || value === 0) && game.stage === "place";
      const tones = [
        value === 0 || put ? "zero" : "given",
        "dropped",
        turn && "turn",
        lit.tray.includes(window) && "lit",
      ].filter(Boolean);
      const known = game.forgotten ? "no position" : `index ${game.indices[window]}`;
      return {
        text: value,
        note: game.forgotten ? "at ?" : `at ${game.indices[window]}`,
        tones,
        selected: turn,
        label: `${windowName(game, window)}: ${value}, ${known}${turn ? ", to be placed" : put ? ", placed" : ""}`,
      };
    });

    const right = game.stage === "revealed" ? output(game) : null;
    const judged = right && game.forgotten === game.scoredForgotten;
    out.paint((row, column) => {
      const here = index(row, column);
      const guests = game.placed.flatMap((position, window) => (position === here ? [window] : []));
      const where = place(game, here);
      if (!right) {
        const text = guests.length ? game.values[guests.at(-1)] : "";
        const label = guests.length ? `${where}: you placed ${text}` : `${where}: empty`;
        return { text, tones: guests.length ? ["guess"] : [], shade: guests.length ? undefined : shade(0), label };
      }
      const value = right[row][column];
      const tones = [value === 0 ? "zero" : "given", lit.out.includes(here) && "lit"].filter(Boolean);
      const look = {
        text: picture && value === 0 ? "" : value,
        shade: shade(value),
        tones,
        label: `${where}: ${value}`,
      };
      if (!judged || guests.length === 0) return look;
      const wrong = guests.filter((window) => target(game, window) !== here).map((window) => game.values[window]);
      if (wrong.length === 0) {
        return {
          ...look,
          shade: undefined,
          mark: "✓",
          tones: [...tones, "is-right"],
          label: `${where}: ${value}, placed right`,
        };
      }
      return {
        ...look,
        shade: undefined,
        struck: wrong.join(" "),
        mark: "✗",
        tones: [...tones, "is-wrong"],
        label: `${where}: ${value}, wrongly placed ${wrong.join(" and ")}`,
      };
    });
    paintOverlay();

    rest.hidden = game.stage !== "pool";
    network.hidden = game.stage !== "network";
    show.hidden = game.stage !== "place";
    forget.hidden = game.values === null;
    forget.setAttribute("aria-checked", String(game.forgotten));
    const { placed, right: good } = score(game);
    ui.score.textContent =
      game.stage === "revealed"
        ? `Placed: ${good} of ${placed} right`
        : game.stage === "place"
          ? `Placed: ${placed} of ${game.values.filter((value) => value !== 0).length}`
          : `Found: ${game.found} of ${game.pooled.length}`;
    Object.assign(ui.root.dataset, { stage: game.stage, preset: game.name, forgotten: String(game.forgotten) });
  }

  // The edge as the eye knows it, and an arrow for each value that forgetting moved.
  function paintOverlay() {
    const marks = [];
    if (game.preset.edge) {
      const points = game.preset.edge.map(([row, column]) => out.centre(row, column).join(",")).join(" ");
      marks.push(svg("polyline", { class: "cw-edge", points }));
    }
    if (game.stage === "revealed" && game.forgotten) {
      for (const { from, to } of shifts(game)) {
        const [x1, y1] = out.centre(rowOf(game, from), columnOf(game, from));
        const [x2, y2] = out.centre(rowOf(game, to), columnOf(game, to));
        const length = Math.hypot(x2 - x1, y2 - y1);
        const ring = sizeOfCell(game) * 0.24;
        const [start, reach] = [ring / length, 1 - 9 / length]; // from the ring to just before the number
        const [x, y, turn] = [
          x1 + (x2 - x1) * reach,
          y1 + (y2 - y1) * reach,
          (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI,
        ];
        marks.push(
          svg("circle", { class: "cw-left", cx: x1, cy: y1, r: ring }),
          svg("line", { class: "cw-moved", x1: x1 + (x2 - x1) * start, y1: y1 + (y2 - y1) * start, x2: x, y2: y }),
          svg("path", {
            class: "cw-tip",
            d: "M-7 -4.5L1 0L-7 4.5z",
            transform: `translate(${x} ${y}) rotate(${turn})`,
          }),
        );
      }
    }
    out.overlay.replaceChildren(...marks);
  }

  function restart() {
    game = begin(model.get("preset"));
    lit = { map: [], tray: [], out: [] };
    asked = false;
    const [rows, columns] = game.size;
    const { kernel, stride } = game.preset;
    const [size, block] = [sizeOfCell(game), kernel[0] === stride[0] ? kernel : null];
    const sides = `${rows} by ${columns}`;
    map = numberGrid({
      label: `Map, ${sides}`,
      rows,
      columns,
      size,
      block,
      on: {
        press: (row, column) => {
          const before = game.found;
          move(pick(game, index(row, column)));
          if (game.stage === "network") network.focus();
          else if (game.found > before)
            map.focus(rowOf(game, positionsOf(game, game.found)[0]), columnOf(game, positionsOf(game, game.found)[0]));
          ui.point(null);
        },
        point: pointMap,
        leave: clear,
      },
    });
    tray = numberGrid({
      label: `Tray, ${game.pooledSize.join(" by ")}`,
      rows: game.pooledSize[0],
      columns: game.pooledSize[1],
      size: rows > 5 ? 42 : 48,
      on: {
        press: (row, column) => {
          game = choose(game, row * game.pooledSize[1] + column);
          paint();
        },
        point: pointTray,
        leave: clear,
      },
    });
    out = numberGrid({
      label: `Output, ${sides}`,
      rows,
      columns,
      size,
      block,
      on: {
        press: (row, column) => {
          if (game.stage !== "place") return;
          move(put(game, index(row, column)));
          ui.point(null);
        },
        point: pointOut,
        leave: clear,
      },
    });
    const windows = `${kernel.join(" × ")} windows, stride ${stride[0]}`;
    const named = [
      ["map", panel("Map", `${rows} × ${columns}, ${windows}`, map.node)],
      ["tray", panel("Tray", "maximum, and its index", tray.node)],
      ["out", panel("Output", game.preset.edge ? "blank: 0 · dashed: the line" : `${rows} × ${columns}`, out.node)],
    ];
    for (const [name, { node }] of named) node.dataset.part = name;
    stage.replaceChildren(...named.map(([, { node }]) => node));
    presets.set(game.name);
    paint();
    ui.say(`Which cell of the dashed window holds its maximum? There are ${game.pooled.length} windows.`);
  }

  restart();
  model.on("change:preset", restart);
  return () => {
    model.off("change:preset", restart);
    ui.root.remove();
  };
}

export default { render };
