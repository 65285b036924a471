// Drawing of the TransposedConvolution widget: input and filter at the left, the output where the stamps land at the
// right, the size's formula and the map of overlaps below. Each move is a function of core.js.

import { button, choice, frame, html, numberGrid, panel, svg } from "../shared/draw.js";
import {
  CHOICES,
  PRESETS,
  allowedValues,
  answerAt,
  begin,
  canGuess,
  collisions,
  fit,
  guess,
  isDone,
  layAll,
  locate,
  MAP_INPUT,
  nameOf,
  overlapMap,
  overlapVerdict,
  presetOf,
  score,
  shownAt,
  sizeSlip,
  stampAt,
  step,
  stepBack,
  sumOf,
} from "./core.js";

// The model's name of each setting, and its label.
const SETTINGS = {
  columns: ["columns", "input"],
  stride: ["stride", "stride"],
  kernel: ["kernel_size", "kernel"],
  padding: ["padding", "padding"],
  outputPadding: ["output_padding", "output_padding"],
};
const TRAITS = ["seed", ...Object.values(SETTINGS).map(([trait]) => trait)];

const ROOM = 438; // for the output's columns, beside input and filter in a notebook's 700 px
const NOTHING = { input: [], filter: [], cells: [], window: null };

// A tint that grows with the number of stamps, and stays light enough for ink.
const tintOf = (count) => count / (count + 6);

function render({ model, el }) {
  const ui = frame(el, {
    name: "transposed-convolution",
    title: "Transposed convolution: stamp by stamp",
    lead:
      "Each input value times the filter is a stamp; where stamps overlap, they are added. " +
      "Type what you expect into the output; <kbd>Enter</kbd> lays the next stamp.",
  });
  const hatch = `cw-hatch-${Math.random().toString(36).slice(2)}`;
  let game;
  let sizeShown = false;
  let sizeGuess = [null, null];
  let lit = NOTHING;
  let input, filter, output, question; // the grids, made anew for each round
  let asked = false; // the reader was asked for a prediction; once is enough
  let busy = false; // several traits are being set, and only the last one is to be heard
  const points = { right: 0, guessed: 0 };

  // The output comes up where the question was, perhaps under a pointer that rests there. An arrival without a movement
  // is no pointing, and the sentence would be gone before it is read; it counts once the pointer moves.
  let rest = { x: null, y: null };
  let waiting = null;
  const moved = ({ clientX: x, clientY: y }) => x !== rest.x || y !== rest.y;
  const arrive = (event) => {
    waiting = moved(event) ? null : event.target.closest(".cw-cell");
    if (!moved(event)) event.stopPropagation();
  };
  const follow = (event) => {
    if (waiting?.isConnected && moved(event)) waiting.dispatchEvent(new PointerEvent("pointerenter", event));
    rest = { x: event.clientX, y: event.clientY };
  };
  ui.root.addEventListener("pointerenter", arrive, true);
  for (const name of ["pointermove", "pointerdown"]) ui.root.addEventListener(name, follow, true);

  // ---- settings

  const presets = choice(
    "Example",
    Object.entries(PRESETS).map(([name, { title }]) => [name, title]),
    null,
    (name) => change(PRESETS[name]),
  );
  const choices = Object.fromEntries(
    Object.entries(SETTINGS).map(([name, [, label]]) => {
      const options = CHOICES[name].map((value) => [String(value), name === "columns" ? `2 × ${value}` : `${value}`]);
      return [name, choice(label, options, null, (value) => change({ [name]: Number(value) }))];
    }),
  );
  const dials = html(
    "div",
    { class: "cw-dials" },
    ...Object.entries(SETTINGS).map(([name, [, label]]) =>
      html("div", { class: "cw-dial" }, html("span", { "aria-hidden": "true" }, label), choices[name].node),
    ),
  );
  const settingsNow = () =>
    fit(Object.fromEntries(Object.entries(SETTINGS).map(([name, [trait]]) => [name, model.get(trait)])));

  function change(wanted) {
    const before = { ...settingsNow(), ...wanted };
    const settings = fit(before);
    busy = true;
    for (const [name, [trait]] of Object.entries(SETTINGS)) model.set(trait, settings[name]);
    busy = false;
    model.save_changes();
    restart();
    const lowered = ["padding", "outputPadding"].filter((name) => settings[name] < before[name]);
    if (lowered.length) {
      const what = lowered.map((name) => `${SETTINGS[name][1]} is ${settings[name]} now`).join(", ");
      ui.say(`These settings do not go together, so ${what}. ${opening()}`);
    }
  }

  // ---- the stage

  const given = html("div", { class: "cw-given-panels" });
  const result = html("div", { class: "cw-result" });
  const formula = html("table", { class: "cw-formula" });
  const stage = html("div", { class: "cw-stage" }, given, result);
  ui.body.append(presets.node, dials, stage, formula);

  const primary = button("", () => proceed(), { class: "cw-primary cw-step" });
  const back = button("Back", () => move(stepBack(game)));
  const all = button("Lay all", () => predicted() && move(layAll(game)));
  const again = button("New numbers", () => {
    model.set("seed", model.get("seed") + 1);
    model.save_changes();
  });
  const asking = button("Ask for the size first", () => setAsking(asking.getAttribute("aria-checked") !== "true"), {
    role: "switch",
    "aria-checked": "true",
  });
  ui.tools.append(primary, back, all, again, asking, digitPad());

  const map = html("div", { class: "cw-map-part" });
  ui.root.append(map);

  function setAsking(on) {
    asking.setAttribute("aria-checked", String(on));
    if (!on && !sizeShown) showSize();
  }

  // The one next thing: answer the size, lay a stamp, or add up.
  function proceed() {
    if (!sizeShown) {
      if (sizeGuess.every((value) => value === null) && !asked) {
        asked = true;
        ui.say("Predict first: type the number of rows and of columns. Or press once more to only look.");
      } else showSize();
    } else if (predicted()) move(step(game));
  }

  // True once there is a prediction, or the reader was asked for one.
  function predicted() {
    if (asked || score(game).guessed > 0 || sizeGuess.some((value) => value !== null)) return true;
    asked = true;
    ui.say("Predict at least one cell first: type its number. Or press once more to only look.");
    return false;
  }

  function move({ game: next, sentence }) {
    const before = game;
    game = next;
    lit = NOTHING;
    if (game.scored && !before.scored) count(score(game));
    paint(game.laid > before.laid);
    ui.say(sentence);
  }

  function count({ right, guessed }) {
    points.right += right;
    points.guessed += guessed;
  }

  // ---- the size

  function showSize() {
    const held = result.contains(document.activeElement);
    const made = [0, 1].filter((axis) => sizeGuess[axis] !== null);
    const right = made.filter((axis) => sizeGuess[axis] === game.size[axis]);
    count({ guessed: made.length, right: right.length });
    sizeShown = true;
    result.replaceChildren(outputPanel());
    if (held) output.focus(...game.origin);
    paint();
    const slips = [0, 1].map((axis) => sizeSlip(game, axis, sizeGuess[axis])).filter((text) => text !== "");
    const verdict = made.length === 0 ? "" : right.length === made.length ? " Right." : ` Not quite.${slips[0] ?? ""}`;
    ui.say(`The output is ${game.size.join(" × ")}.${verdict} ${opening()}`);
  }

  function opening() {
    if (!sizeShown) return "How large will the output be? Type its rows and columns.";
    return "What will its cells hold? Choose one where stamps overlap, and type.";
  }

  const typing = (value, digit) => (value === null || value > 9 ? digit : value * 10 + digit);

  // Digits append, Backspace takes one away, Enter goes on; a letter does nothing here, and nothing elsewhere either.
  function typed(event, value, put) {
    if (event.key === "Enter") {
      proceed();
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (/^[0-9]$/.test(event.key)) put(typing(value, Number(event.key)));
    else if (event.key === "Backspace" || event.key === "Delete") put(value > 9 ? Math.floor(value / 10) : null);
    else return event.key.length === 1;
    return true;
  }

  function fillSize(axis, value) {
    sizeGuess[axis] = value;
    paintQuestion();
    question.repoint();
  }

  function fill(row, column, value) {
    if (!canGuess(game, row, column)) {
      const { zone } = locate(game, row, column);
      const why = zone === "cropped" ? "padding crops it, so there is nothing to predict." : "its value is known.";
      ui.point(`This cell: ${why}`);
      return;
    }
    game = guess(game, row, column, value);
    paint();
    output.repoint();
  }

  // ---- panels

  function inputPanel() {
    input = numberGrid({
      label: `Input, 2 by ${game.settings.columns}`,
      rows: 2,
      columns: game.settings.columns,
      size: 46,
      on: { point: pointInput, leave: clear },
    });
    const made = panel("Input", `2 × ${game.settings.columns}`, input.node).node;
    made.dataset.part = "input";
    return made;
  }

  let filterUnder;
  function filterPanel() {
    const { kernel } = game.settings;
    filter = numberGrid({
      label: `Filter, ${kernel} by ${kernel}`,
      rows: kernel,
      columns: kernel,
      size: 40,
      on: { point: pointFilter, leave: clear },
    });
    const made = panel("Filter", "", filter.node);
    filterUnder = made.under;
    made.node.dataset.part = "filter";
    return made.node;
  }

  function questionPanel() {
    question = numberGrid({
      label: "Your prediction of the output's size",
      rows: 1,
      columns: 2,
      size: 60,
      rowName: () => "",
      columnName: (axis) => ["rows", "columns"][axis],
      on: {
        key: (event, _, axis) => typed(event, sizeGuess[axis], (value) => fillSize(axis, value)),
        point: (_, axis) => {
          const expected = sizeGuess[axis] === null ? "type how many you expect." : `you expect ${sizeGuess[axis]}.`;
          ui.point(`${["Rows", "Columns"][axis]} of the output: ${expected}`);
        },
        leave: () => ui.point(null),
      },
    });
    const { node } = panel("Output", "How large will it be?", question.node);
    node.dataset.part = "question";
    return node;
  }

  function outputPanel() {
    const [rows, columns] = game.canvas;
    const named = (axis) => (at) => {
      const place = at - game.origin[axis];
      return place >= 0 && place < game.size[axis] ? String(place) : "";
    };
    output = numberGrid({
      label: `Output, ${game.size.join(" by ")}`,
      rows,
      columns,
      size: Math.min(46, Math.floor(ROOM / columns)),
      rowName: named(0),
      columnName: named(1),
      on: {
        key: (event, row, column) => typed(event, game.guesses[row][column], (value) => fill(row, column, value)),
        point: pointOutput,
        leave: clear,
      },
    });
    const size = Math.min(46, Math.floor(ROOM / columns));
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        if (locate(game, row, column).zone !== "cropped") continue;
        const lines = svg("rect", { class: "cw-hatch", width: size, height: size, fill: `url(#${hatch})` });
        output.slot(row, column).append(lines);
      }
    }
    output.node.prepend(svg("defs", {}, hatching()));
    const { node } = panel("Output", `${game.size.join(" × ")}`, output.node, legend());
    node.dataset.part = "output";
    return node;
  }

  function hatching() {
    return svg(
      "pattern",
      { id: hatch, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("line", { class: "cw-hatch-line", x1: 0, y1: 0, x2: 0, y2: 7 }),
    );
  }

  // What the two kinds of border mean, where there are any.
  function legend() {
    const { padding, outputPadding } = game.settings;
    const swatch = (name, fill) =>
      svg(
        "svg",
        { class: "cw-swatch", width: 16, height: 16, "aria-hidden": "true" },
        svg("rect", { class: name, x: 1, y: 1, width: 14, height: 14, fill }),
      );
    const items = [];
    if (padding) items.push([swatch("cw-crop-swatch", `url(#${hatch})`), `padding ${padding}: computed, then cropped`]);
    if (outputPadding) items.push([swatch("cw-added-swatch", "none"), `output_padding ${outputPadding}: added here`]);
    return html(
      "div",
      { class: "cw-legend" },
      ...items.map(([picture, text]) => html("span", {}, picture, html("span", {}, text))),
    );
  }

  // ---- pointing

  function light(sentence, next = {}) {
    lit = { ...NOTHING, ...next };
    ui.point(sentence);
    paint();
  }

  const clear = () => light(null);

  function pointInput(row, column) {
    const stamp = row * game.settings.columns + column;
    const { stride, padding } = game.settings;
    const value = game.input[row][column];
    const less = padding ? ` − ${padding}` : "";
    const from = `Its stamp starts at out[${row}·${stride}${less}, ${column}·${stride}${less}] and reaches down and right.`;
    light(`input[${row},${column}] = ${value}. ${from}`, {
      input: [{ row, column }],
      window: sizeShown ? stampAt(game, stamp) : null,
    });
  }

  function pointFilter(row, column) {
    const cells = [];
    const inputs = [];
    game.terms.forEach((line, r) =>
      line.forEach((terms, c) => {
        for (const term of terms) {
          if (term.stamp >= game.laid || term.filter.row !== row || term.filter.column !== column) continue;
          cells.push({ row: r, column: c });
          inputs.push(term.input);
        }
      }),
    );
    const so = cells.length ? " It lies once in every stamp." : " It will lie once in every stamp.";
    light(`filter[${row},${column}] = ${game.filter[row][column]}.${so}`, {
      filter: [{ row, column }],
      input: inputs,
      cells,
    });
  }

  function pointOutput(row, column) {
    const guessed = game.guesses[row][column];
    const terms = game.terms[row][column].filter(({ stamp }) => stamp < game.laid);
    let sentence = sumOf(game, row, column);
    if (!isDone(game) && canGuess(game, row, column)) {
      sentence += guessed === null ? " What will it hold in the end? Type it." : ` You expect ${guessed} in the end.`;
    }
    light(sentence, {
      cells: [{ row, column }],
      input: terms.map((term) => term.input),
      filter: terms.map((term) => term.filter),
      pairs: terms.length > 1,
    });
  }

  // ---- painting

  const has = (cells, row, column) => cells.findIndex((cell) => cell.row === row && cell.column === column);

  // The pairs of a sum carry the same letter in the input and in the filter.
  const letter = (cells, row, column) => {
    const at = has(cells, row, column);
    return at >= 0 && lit.pairs ? "abcdefghijklmnop"[at] : "";
  };

  // The stamp that was laid last, until the overlaps of the very last one are added up.
  function freshStamp() {
    const added = isDone(game) && collisions(game).length > 0;
    return game.laid === 0 || added ? null : stampAt(game, game.laid - 1);
  }

  function paintInput(fresh) {
    input.paint((row, column) => {
      const value = game.input[row][column];
      const stamping = fresh && fresh.input.row === row && fresh.input.column === column;
      const laid = row * game.settings.columns + column < game.laid;
      const tones = ["given", stamping && "stamping", has(lit.input, row, column) >= 0 && "lit"].filter(Boolean);
      const state = stamping ? ", on the output now" : laid ? ", laid" : "";
      return {
        text: value,
        tones,
        mark: letter(lit.input, row, column),
        label: `input[${row},${column}]: ${value}${state}`,
      };
    });
  }

  function paintFilter(fresh) {
    const times = fresh && game.input[fresh.input.row][fresh.input.column];
    filter.paint((row, column) => {
      const weight = game.filter[row][column];
      const tones = ["given", has(lit.filter, row, column) >= 0 && "lit"].filter(Boolean);
      const look = {
        text: weight,
        tones,
        mark: letter(lit.filter, row, column),
        label: `filter[${row},${column}]: ${weight}`,
      };
      if (!fresh) return look;
      return {
        ...look,
        note: `·${times}=${times * weight}`,
        label: `${look.label}, times ${times} is ${times * weight}`,
      };
    });
    const { kernel } = game.settings;
    filterUnder.textContent = fresh ? `times ${times}: the stamp` : `${kernel} × ${kernel}`;
  }

  function paintOutput(fresh, landing) {
    const done = isDone(game);
    output.paint((row, column) => {
      const { text, value, count: stamps } = shownAt(game, row, column);
      const { zone } = locate(game, row, column);
      const guessed = game.guesses[row][column];
      const name = nameOf(game, row, column);
      const tones = [zone, has(lit.cells, row, column) >= 0 && "lit", stamps > 0 && "stamped"].filter(Boolean);
      const shade = stamps ? tintOf(stamps) : undefined;
      const hits = stamps === 1 ? "1 stamp" : `${stamps} stamps`;
      const look = { text, shade, tones, label: `${name}: ${text || "empty"}, ${hits}` };
      if (done && value === 0) tones.push("zero");
      if (guessed === null) return look;
      if (!game.scored || !done) {
        tones.push("guess");
        const label = `${look.label}, you predict ${guessed}`;
        return stamps === 0 ? { ...look, text: guessed, label } : { ...look, note: `?${guessed}`, label };
      }
      if (guessed === answerAt(game, row, column)) {
        return {
          ...look,
          shade: undefined,
          mark: "✓",
          tones: [...tones, "is-right"],
          label: `${look.label}, predicted right`,
        };
      }
      const label = `${look.label}, wrongly predicted ${guessed}`;
      return { ...look, shade: undefined, struck: guessed, mark: "✗", tones: [...tones, "is-wrong"], label };
    });
    output.frameWindow(lit.window);
    paintOverlay(fresh, landing);
  }

  // On top of the cells: the border of what is kept, what output_padding adds, and the stamp.
  function paintOverlay(fresh, landing) {
    const [x0, y0] = output.centre(0, 0);
    const [x1, y1] = output.centre(1, 1);
    const cell = x1 - x0;
    const box = (row, column, rows, columns, attributes) =>
      svg("rect", {
        x: x0 - cell / 2 + column * cell,
        y: y0 - cell / 2 + row * cell,
        width: columns * cell,
        height: rows * cell,
        ...attributes,
      });
    const marks = [box(...game.origin, ...game.size, { class: "cw-kept-frame" })];
    if (game.added) {
      const [right, below] = [1, 0].map((axis) => game.origin[axis] + game.size[axis] - game.added);
      const [left, top] = [x0 - cell / 2, y0 - cell / 2];
      const [fromX, fromY] = [left + game.origin[1] * cell, top + game.origin[0] * cell];
      const [splitX, splitY] = [left + right * cell, top + below * cell];
      const d = `M${splitX} ${fromY}V${splitY}H${fromX}`;
      marks.push(svg("path", { class: "cw-added-line", d }));
    }
    if (fresh) {
      const moving = landing ? "cw-stamp cw-landing" : "cw-stamp";
      marks.push(box(fresh.row, fresh.column, fresh.rows, fresh.columns, { class: moving, rx: 5 }));
    }
    output.overlay.replaceChildren(...marks);
  }

  function paintQuestion() {
    question.paint((_, axis) => {
      const name = ["rows", "columns"][axis];
      const value = sizeGuess[axis];
      if (value === null) return { text: "?", tones: ["zero"], label: `${name}: no prediction` };
      return { text: value, tones: ["guess"], label: `${name}: you predict ${value}` };
    });
  }

  // The formula in words, and below it with the numbers; both sides in one line where they agree.
  function paintFormula() {
    const { stride, kernel, padding, outputPadding, columns } = game.settings;
    const line = (tag, ...cells) => html("tr", {}, ...cells.map((cell) => html(tag, {}, ...[cell].flat())));
    const name = (long, short) => [
      html("span", { class: "cw-long" }, long),
      html("span", { class: "cw-short" }, short),
    ];
    const head = line(
      "th",
      "size",
      "=",
      name("(input − 1) · stride", "(i − 1)·s"),
      name("− 2 · padding", "− 2·p"),
      name("+ kernel", "+ k"),
      name("+ output_padding", "+ op"),
      "",
      "",
    );
    const same = columns === 2 && sizeGuess[0] === sizeGuess[1];
    const sides = same
      ? [["height, width", 2, 0]]
      : ["height", "width"].map((side, axis) => [side, [2, columns][axis], axis]);
    const lines = sides.map(([side, count, axis]) => {
      if (!sizeShown) return line("td", side, "=", html("b", {}, "?"), "", "", "", "", "");
      const guessed = sizeGuess[axis];
      const answer = [html("b", {}, String(game.size[axis]))];
      if (guessed === game.size[axis]) answer.push(html("span", { class: "cw-good" }, " ✓"));
      else if (guessed !== null)
        answer.push(html("s", { class: "cw-bad" }, String(guessed)), html("span", { class: "cw-bad" }, " ✗"));
      return line(
        "td",
        side,
        "=",
        `(${count} − 1) · ${stride}`,
        `− 2 · ${padding}`,
        `+ ${kernel}`,
        `+ ${outputPadding}`,
        "=",
        answer,
      );
    });
    formula.replaceChildren(html("thead", {}, head), html("tbody", {}, ...lines));
  }

  function paintMap() {
    const counts = overlapMap(game.settings);
    const { even, verdict, reason } = overlapVerdict(game.settings);
    const most = Math.max(...counts.flat());
    const size = 18;
    const [rows, columns] = [counts.length, counts[0].length];
    const [width, height] = [columns * size + 2, rows * size + 2];
    const picture = svg("svg", {
      class: "cw-map",
      role: "img",
      viewBox: `-1 -1 ${width} ${height}`,
      width,
      height,
      "aria-label": `Map of ${rows} by ${columns} cells, ${most} stamps at most. ${verdict}`,
    });
    counts.forEach((line, row) =>
      line.forEach((value, column) => {
        const cell = svg("g", { class: "cw-count", transform: `translate(${column * size} ${row * size})` });
        cell.style.setProperty("--cw-shade", String(value / most));
        cell.append(
          svg("rect", { class: "cw-face", width: size, height: size }),
          svg("text", { x: size / 2, y: size / 2 }, String(value)),
        );
        picture.append(cell);
      }),
    );
    const count = MAP_INPUT[game.settings.stride];
    const caption = html(
      "div",
      { class: "cw-map-text" },
      html("b", {}, "The overlaps of a larger output"),
      html("span", {}, `How many stamps hit each cell, for an input of ${count} × ${count}:`),
      html("p", { class: "cw-verdict" }, `${even ? "▦" : "▚"} ${verdict}`),
      html("p", {}, reason),
    );
    map.replaceChildren(picture, caption);
    map.dataset.even = String(even);
  }

  function paint(landing = false) {
    const fresh = sizeShown ? freshStamp() : null;
    paintInput(fresh);
    paintFilter(fresh);
    if (sizeShown) paintOutput(fresh, landing);
    else paintQuestion();
    paintFormula();
    const nextStamp = `Lay stamp ${game.laid + 1} of ${game.stamps}`;
    const label = !sizeShown ? "Show the size" : isDone(game) ? "Done" : game.open ? "Add up" : nextStamp;
    if (primary.textContent !== label) primary.textContent = label;
    primary.setAttribute("aria-disabled", String(sizeShown && isDone(game)));
    back.hidden = all.hidden = !sizeShown;
    ui.score.textContent = points.guessed
      ? `Score: ${points.right} of ${points.guessed} right`
      : "Score: no prediction yet";
    const stageName = !sizeShown ? "size" : isDone(game) ? "done" : game.open ? "overlap" : "stamps";
    Object.assign(ui.root.dataset, { stage: stageName, laid: game.laid, seed: model.get("seed") });
  }

  // ---- rounds

  function lay(next) {
    game = next;
    lit = NOTHING;
    given.replaceChildren(inputPanel(), filterPanel());
    result.replaceChildren(sizeShown ? outputPanel() : questionPanel());
    paint();
  }

  // New settings ask for the size again; new numbers do not.
  function restart() {
    const settings = settingsNow();
    const known = game && Object.keys(settings).every((name) => settings[name] === game.settings[name]);
    if (!known) {
      sizeShown = asking.getAttribute("aria-checked") !== "true";
      sizeGuess = [null, null];
    }
    lay(begin(model.get("seed"), settings));
    presets.set(presetOf(settings));
    for (const name of Object.keys(SETTINGS)) choices[name].set(String(settings[name]));
    for (const name of ["padding", "outputPadding"]) choices[name].allow(allowedValues(settings, name).map(String));
    paintMap();
    ui.say(opening());
  }

  // For touch screens: the digits as buttons, for the cell that was touched last.
  function digitPad() {
    const pad = html("div", { class: "cw-pad", role: "group", "aria-label": "Digits" });
    const press = (next) => {
      if (!sizeShown) {
        const [, axis] = question.stop();
        fillSize(axis, next(sizeGuess[axis]));
      } else {
        const [row, column] = output.stop();
        fill(row, column, next(game.guesses[row][column]));
      }
    };
    for (const digit of "0123456789") pad.append(button(digit, () => press((value) => typing(value, Number(digit)))));
    pad.append(button("⌫", () => press(() => null), { "aria-label": "Delete" }));
    return pad;
  }

  const heard = () => busy || restart();
  restart();
  for (const trait of TRAITS) model.on(`change:${trait}`, heard);
  return () => {
    for (const trait of TRAITS) model.off(`change:${trait}`, heard);
    ui.root.remove();
  };
}

export default { render };
