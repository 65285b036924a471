// The first picture: input times filter is a stamp, stamps land a stride apart, overlaps are added up.
// A stage has the game of one round, draws it, and takes the moves that the frame hands on.

import { html, numberGrid, panel, svg } from "../shared/draw.js";
import {
  answerAt,
  begin,
  canGuess,
  collisions,
  guess,
  isDone,
  layAll,
  locate,
  nameOf,
  score,
  shownAt,
  stampAt,
  step,
  stepBack,
  sumOf,
} from "./core.js";
import {
  NOTHING,
  cellSize,
  filterPanel,
  hatchCell,
  hatching,
  has,
  inputPanel,
  letterOf,
  swatch,
  withGuess,
} from "./parts.js";

const MOST = 99; // two digits are enough for every sum

// A tint that grows with the number of stamps, and stays light enough for ink.
const tintOf = (count) => count / (count + 6);

// ui: the frame; given, result: where the panels go; sized(): whether the output's size is known; type(event, value,
// how): the keys of a prediction; moved(sentence, judged): after a move, with what was just judged, if it was.
export function stampStage({ ui, given, result, hatch, sized, type, moved, painted }) {
  let game;
  let lit = NOTHING;
  let input, filter, output;

  function take({ game: next, sentence }) {
    const before = game;
    game = next;
    lit = NOTHING;
    paint(game.laid > before.laid);
    moved(sentence, game.scored && !before.scored ? score(game) : null);
  }

  function fill(row, column, value) {
    if (!canGuess(game, row, column)) {
      const { zone } = locate(game, row, column);
      const why = zone === "cropped" ? "padding crops it, so there is nothing to predict." : "its value is known.";
      ui.point(`This cell: ${why}`);
      return false;
    }
    game = guess(game, row, column, value);
    paint();
    output.grid.repoint();
    return true;
  }

  // The next cell that padding leaves, in reading order.
  function next(row, column) {
    const [rows, columns] = game.canvas;
    for (let at = row * columns + column + 1; at < rows * columns; at += 1) {
      const place = [Math.floor(at / columns), at % columns];
      if (locate(game, ...place).zone !== "cropped") return output.grid.focus(...place);
    }
  }

  const typing = (row, column) => ({
    most: MOST,
    put: (value) => fill(row, column, value),
    next: () => next(row, column),
  });

  // ---- panels

  function layGiven() {
    input = inputPanel(game, { point: pointInput, leave: clear });
    filter = filterPanel(game, "Filter", { point: pointFilter, leave: clear });
    given.replaceChildren(input.node, filter.node);
  }

  function layResult() {
    const [rows, columns] = game.canvas;
    const named = (axis) => (at) => {
      const place = at - game.origin[axis];
      return place >= 0 && place < game.size[axis] ? String(place) : "";
    };
    const size = cellSize(columns, 46);
    const grid = numberGrid({
      label: `Output, ${game.size.join(" by ")}`,
      rows,
      columns,
      size,
      rowName: named(0),
      columnName: named(1),
      on: {
        key: (event, row, column) => type(event, game.guesses[row][column], typing(row, column)),
        point: pointOutput,
        leave: clear,
      },
    });
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        if (locate(game, row, column).zone === "cropped") grid.slot(row, column).append(hatchCell(hatch, size));
      }
    }
    grid.node.prepend(svg("defs", {}, hatching(hatch)));
    const { node } = panel("Output", game.size.join(" × "), grid.node, legend());
    node.dataset.part = "output";
    output = { grid, node };
    result.replaceChildren(node);
  }

  // What the two kinds of border mean, where there are any.
  function legend() {
    const { padding, outputPadding } = game.settings;
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
      window: sized() ? stampAt(game, stamp) : null,
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

  // The stamp that was laid last, until the overlaps of the very last one are added up.
  function freshStamp() {
    const added = isDone(game) && collisions(game).length > 0;
    return !sized() || game.laid === 0 || added ? null : stampAt(game, game.laid - 1);
  }

  function paintInput(fresh) {
    input.grid.paint((row, column) => {
      const value = game.input[row][column];
      const stamping = fresh && fresh.input.row === row && fresh.input.column === column;
      const laid = row * game.settings.columns + column < game.laid;
      const tones = ["given", stamping && "stamping", has(lit.input, row, column) >= 0 && "lit"].filter(Boolean);
      const state = stamping ? ", on the output now" : laid ? ", laid" : "";
      return {
        text: value,
        tones,
        mark: letterOf(lit, lit.input, row, column),
        label: `input[${row},${column}]: ${value}${state}`,
      };
    });
  }

  function paintFilter(fresh) {
    const times = fresh && game.input[fresh.input.row][fresh.input.column];
    filter.grid.paint((row, column) => {
      const weight = game.filter[row][column];
      const tones = ["given", has(lit.filter, row, column) >= 0 && "lit"].filter(Boolean);
      const look = {
        text: weight,
        tones,
        mark: letterOf(lit, lit.filter, row, column),
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
    filter.under.textContent = fresh ? `times ${times}: the stamp` : `${kernel} × ${kernel}`;
  }

  function paintOutput(fresh, landing) {
    const done = isDone(game);
    output.grid.paint((row, column) => {
      const { text, value, count: stamps } = shownAt(game, row, column);
      const { zone } = locate(game, row, column);
      const tones = [zone, has(lit.cells, row, column) >= 0 && "lit", stamps > 0 && "stamped"].filter(Boolean);
      const hits = stamps === 1 ? "1 stamp" : `${stamps} stamps`;
      const label = `${nameOf(game, row, column)}: ${text || "empty"}, ${hits}`;
      const look = { text, shade: stamps ? tintOf(stamps) : undefined, tones, label };
      if (done && value === 0) tones.push("zero");
      const answer = answerAt(game, row, column);
      return withGuess(look, game.guesses[row][column], { answer, judged: game.scored && done, empty: stamps === 0 });
    });
    output.grid.frameWindow(lit.window);
    paintOverlay(fresh, landing);
  }

  // On top of the cells: the border of what is kept, what output_padding adds, and the stamp.
  function paintOverlay(fresh, landing) {
    const [x0, y0] = output.grid.centre(0, 0);
    const [x1, y1] = output.grid.centre(1, 1);
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
    output.grid.overlay.replaceChildren(...marks);
  }

  function paint(landing = false) {
    const fresh = freshStamp();
    paintInput(fresh);
    paintFilter(fresh);
    if (sized()) paintOutput(fresh, landing);
    painted();
  }

  return {
    begin: (seed, settings) => {
      game = begin(seed, settings);
      lit = NOTHING;
    },
    game: () => game,
    layGiven,
    layResult,
    paint,
    focus: () => output.grid.focus(...game.origin),
    guessed: () => score(game).guessed,
    advance: () => take(step(game)),
    retreat: () => take(stepBack(game)),
    finish: () => take(layAll(game)),
    digit: (press) => {
      const [row, column] = output.grid.stop();
      press(game.guesses[row][column], typing(row, column));
    },
    label: () => (isDone(game) ? "Done" : game.open ? "Add up" : `Lay stamp ${game.laid + 1} of ${game.stamps}`),
    all: "Lay all",
    ended: () => isDone(game),
    opening: () => "What will its cells hold? Choose one where stamps overlap, and type.",
    state: () => ({ stage: isDone(game) ? "done" : game.open ? "overlap" : "stamps", laid: game.laid }),
  };
}
