// The second picture: zeros between and around the inputs, then an ordinary convolution with the turned filter, whose
// window goes from output to output. A stage like that of the stamps, see stamps.js.

import { html, numberGrid, panel, svg } from "../shared/draw.js";
import {
  allGathered,
  beginGathering,
  canGuessGathered,
  gather,
  gathered,
  gatherScore,
  guessGathered,
  isGathered,
  outputs,
  placeOf,
  stretching,
  termsAt,
} from "./gather.js";
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

const HIGHEST = 99;
const WORDS = { given: "input", between: "zero between", around: "zero around" };

export function zerosStage({ ui, given, result, hatch, sized, type, moved, painted }) {
  let game;
  let lit = NOTHING;
  let input, filter, stretched, output;

  function take({ game: next, sentence }) {
    const before = game;
    game = next;
    lit = NOTHING;
    paint();
    moved(sentence, game.scored && !before.scored ? gatherScore(game) : null);
  }

  function fill(row, column, value) {
    if (!canGuessGathered(game, row, column)) {
      ui.point("This cell: its value is known.");
      return false;
    }
    game = guessGathered(game, row, column, value);
    paint();
    output.grid.repoint();
    return true;
  }

  const typing = (row, column) => ({
    most: HIGHEST,
    put: (value) => fill(row, column, value),
    next: () => output.grid.next(row, column),
  });

  // ---- panels

  function layGiven() {
    input = inputPanel(game, { point: pointInput, leave: clear });
    filter = filterPanel(game, "Filter, turned by half", { point: pointFilter, leave: clear });
    given.replaceChildren(input.node, filter.node);
  }

  function layResult() {
    const [rows, columns] = [game.stretched.length, game.stretched[0].length];
    const size = cellSize(columns, 32);
    const name = `${rows} × ${columns}`;
    const grid = numberGrid({
      label: `Input with zeros, ${rows} by ${columns}`,
      rows,
      columns,
      size,
      on: { point: pointStretched, leave: clear },
    });
    game.stretched.forEach((line, row) =>
      line.forEach(({ kind }, column) => {
        if (kind === "around") grid.slot(row, column).append(hatchCell(hatch, size));
      }),
    );
    grid.node.prepend(svg("defs", {}, hatching(hatch)));
    const wide = panel("Input with zeros", name, grid.node, legend());
    wide.node.dataset.part = "stretched";
    stretched = { grid, node: wide.node };

    const out = numberGrid({
      label: `Output, ${game.size.join(" by ")}`,
      rows: game.size[0],
      columns: game.size[1],
      size: cellSize(game.size[1], 40),
      on: {
        key: (event, row, column) => type(event, game.guesses[row][column], typing(row, column)),
        point: pointOutput,
        leave: clear,
      },
    });
    const made = panel("Output", game.size.join(" × "), out.node);
    made.node.dataset.part = "output";
    output = { grid: out, node: made.node };
    result.replaceChildren(html("div", { class: "cw-pair" }, stretched.node, output.node));
  }

  function legend() {
    const kinds = new Set(game.stretched.flat().map(({ kind }) => kind));
    const items = [];
    if (kinds.has("between")) items.push([swatch("cw-between-swatch", "none"), "zeros between"]);
    if (kinds.has("around")) items.push([swatch("cw-crop-swatch", `url(#${hatch})`), "zeros around"]);
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
    const cells = sized() ? givenCells().filter(({ input: at }) => at.row === row && at.column === column) : [];
    light(`input[${row},${column}] = ${game.input[row][column]}. It stands among the zeros once.`, {
      input: [{ row, column }],
      cells,
    });
  }

  const givenCells = () =>
    game.stretched.flatMap((line, row) =>
      line.flatMap(({ kind, input: at }, column) => (kind === "given" ? [{ row, column, input: at }] : [])),
    );

  function pointFilter(row, column) {
    const last = game.settings.kernel - 1;
    const written = `filter[${last - row},${last - column}]`;
    light(`${game.turned[row][column]}: in the filter as it is written this is ${written}.`, {
      filter: [{ row, column }],
    });
  }

  function pointStretched(row, column) {
    const { kind, value, input: at } = game.stretched[row][column];
    const from = kind === "given" ? `input[${at.row},${at.column}] = ${value}.` : `A ${WORDS[kind]}: it adds nothing.`;
    light(from, { cells: [{ row, column }], input: at ? [at] : [] });
  }

  function pointOutput(row, column) {
    const window = { row, column, rows: game.settings.kernel, columns: game.settings.kernel };
    if (!isGathered(game, row, column)) {
      const guessed = game.guesses[row][column];
      const so = guessed === null ? "What will it gather? Type it." : `You expect ${guessed}.`;
      return light(`out[${row},${column}]: the window begins at row ${row}, column ${column}. ${so}`, { window });
    }
    return light(gathered(game, row, column), { ...lights(row, column), window });
  }

  function lights(row, column) {
    const terms = termsAt(game, row, column);
    return {
      cells: terms.map(({ cell }) => cell),
      input: terms.map(({ input: at }) => at),
      filter: terms.map(({ filter: at }) => at),
      pairs: terms.length > 1,
    };
  }

  // ---- painting

  // What is lit: what is pointed at, else the window that was gathered last.
  function shown() {
    if (lit !== NOTHING && (lit.window || lit.cells.length || lit.filter.length)) return lit;
    if (!sized() || game.done === 0 || allGathered(game)) return lit;
    const [row, column] = placeOf(game, game.done - 1);
    const { kernel } = game.settings;
    return { ...lights(row, column), window: { row, column, rows: kernel, columns: kernel } };
  }

  function paint() {
    const seen = shown();
    const tonesOf = (cells, row, column) => ["given", has(cells, row, column) >= 0 && "lit"].filter(Boolean);
    input.grid.paint((row, column) => ({
      text: game.input[row][column],
      tones: tonesOf(seen.input, row, column),
      label: `input[${row},${column}]: ${game.input[row][column]}`,
    }));
    filter.grid.paint((row, column) => ({
      text: game.turned[row][column],
      tones: tonesOf(seen.filter, row, column),
      mark: letterOf(seen, seen.filter, row, column),
      label: `turned filter[${row},${column}]: ${game.turned[row][column]}`,
    }));
    if (sized()) {
      stretched.grid.paint((row, column) => {
        const { kind, value } = game.stretched[row][column];
        return {
          text: value,
          tones: [kind === "given" ? "given" : "zero", kind, has(seen.cells, row, column) >= 0 && "lit"].filter(
            Boolean,
          ),
          mark: letterOf(seen, seen.cells, row, column),
          label: `row ${row}, column ${column}: ${value}, ${WORDS[kind]}`,
        };
      });
      stretched.grid.frameWindow(seen.window);
      paintOutput();
    }
    painted();
  }

  function paintOutput() {
    const last = allGathered(game) ? null : game.done - 1;
    output.grid.paint((row, column) => {
      const there = isGathered(game, row, column);
      const value = game.output[row][column];
      const here = row * game.size[1] + column === last;
      const tones = [there && value === 0 ? "zero" : "given", here && "turn"].filter(Boolean);
      const look = { text: there ? value : "", tones, label: `out[${row},${column}]: ${there ? value : "empty"}` };
      return withGuess(look, game.guesses[row][column], { answer: value, judged: there, empty: !there });
    });
  }

  return {
    begin: (seed, settings) => {
      game = beginGathering(seed, settings);
      lit = NOTHING;
    },
    game: () => game,
    layGiven,
    layResult,
    paint,
    focus: () => output.grid.focus(0, 0),
    guessed: () => gatherScore(game).guessed,
    advance: () => take(gather(game, 1)),
    retreat: () => take(gather(game, -1)),
    finish: () => take(gather(game, Infinity)),
    digit: (press) => {
      const [row, column] = output.grid.stop();
      press(game.guesses[row][column], typing(row, column));
    },
    label: () => (allGathered(game) ? "Done" : `Gather output ${game.done + 1} of ${outputs(game)}`),
    all: "Gather all",
    ended: () => allGathered(game),
    opening: () => `${stretching(game.settings)} What will the window gather? Choose an output cell, and type.`,
    state: () => ({ stage: allGathered(game) ? "done" : "gathering", laid: game.done }),
  };
}
