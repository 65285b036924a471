// The game of the TransposedConvolution widget: stamp by stamp to the output. Pure functions, no DOM.
// A round is the numbers and the settings; a game is a round, the stamps laid so far and the reader's guesses. Each move
// returns a new game. Pairs are [height, width].
//
// The canvas is all that the stamps can touch, and what output_padding adds: input (i, j) puts its stamp's top-left cell
// at canvas (i·stride, j·stride). The output is the part of the canvas that padding does not crop, so output (u, v)
// is canvas (u + padding, v + padding).

import { plane } from "../shared/pooling.js";
import { randomGenerator, randomInt, shuffled } from "../shared/random.js";

export const PRESETS = {
  apart: { title: "no overlap: k=s=2", stride: 2, kernel: 2, padding: 0, outputPadding: 0 },
  overlap: { title: "overlap: k=3, s=2", stride: 2, kernel: 3, padding: 0, outputPadding: 0 },
  cropped: { title: "cropped: k=4, s=2, p=1", stride: 2, kernel: 4, padding: 1, outputPadding: 0 },
  dense: { title: "stride 1", stride: 1, kernel: 3, padding: 0, outputPadding: 0 },
};

export const CHOICES = {
  columns: [2, 3],
  stride: [1, 2, 3],
  kernel: [2, 3, 4],
  padding: [0, 1, 2],
  outputPadding: [0, 1, 2],
};

export const ROWS = 2;

// (size − 1)·stride − 2·padding + kernel + output_padding, for one side.
export function outputSize(size, { kernel, stride, padding = 0, outputPadding = 0 }) {
  return (size - 1) * stride - 2 * padding + kernel + outputPadding;
}

const side = (sizes, at) => ({
  kernel: sizes.kernel[at],
  stride: sizes.stride[at],
  padding: sizes.padding?.[at] ?? 0,
  outputPadding: sizes.outputPadding?.[at] ?? 0,
});

// The products that are summed in each output cell, in the order in which their stamps are laid: where each comes from
// in the input and in the filter. Rows and columns below zero, or past the output, are the ones that padding crops.
function* stampCells(size, sizes) {
  const [vertical, horizontal] = [side(sizes, 0), side(sizes, 1)];
  for (let i = 0; i < size[0]; i += 1) {
    for (let j = 0; j < size[1]; j += 1) {
      for (let r = 0; r < vertical.kernel; r += 1) {
        for (let c = 0; c < horizontal.kernel; c += 1) {
          yield {
            row: i * vertical.stride + r - vertical.padding,
            column: j * horizontal.stride + c - horizontal.padding,
            input: { row: i, column: j },
            filter: { row: r, column: c },
          };
        }
      }
    }
  }
}

// The transposed convolution of one plane with one filter, as torch.nn.functional.conv_transpose2d computes it.
export function convTranspose2d(x, weight, sizes) {
  const all = { ...sizes, kernel: [weight.length, weight[0].length] };
  const size = [x.length, x[0].length];
  const [height, width] = [0, 1].map((at) => outputSize(size[at], side(all, at)));
  const out = plane(height, width, () => 0);
  for (const { row, column, input, filter } of stampCells(size, all)) {
    if (row < 0 || row >= height || column < 0 || column >= width) continue;
    out[row][column] += x[input.row][input.column] * weight[filter.row][filter.column];
  }
  return out;
}

// How many stamps hit each output cell: the transposed convolution of ones with a filter of ones.
export function overlapCounts(size, { kernel, ...sizes }) {
  const one = () => 1;
  return convTranspose2d(plane(...size, one), plane(...kernel, one), sizes);
}

// ---- settings

export const square = ({ stride, kernel, padding, outputPadding }) => ({
  stride: [stride, stride],
  kernel: [kernel, kernel],
  padding: [padding, padding],
  outputPadding: [outputPadding, outputPadding],
});

// What torch allows: output_padding below the stride, and at least one output cell.
export function isAllowed(settings) {
  return settings.outputPadding < settings.stride && outputSize(ROWS, settings) > 0;
}

// The nearest allowed settings: first less output_padding, then less padding.
export function fit(settings) {
  const fitted = { ...settings, outputPadding: Math.min(settings.outputPadding, settings.stride - 1) };
  while (!isAllowed(fitted)) fitted.padding -= 1;
  return fitted;
}

// The values that padding or output_padding can take beside the other settings.
export function allowedValues(settings, name) {
  return CHOICES[name].filter((value) => isAllowed({ ...settings, [name]: value }));
}

export function presetOf(settings) {
  const same = (preset) => ["stride", "kernel", "padding", "outputPadding"].every((at) => preset[at] === settings[at]);
  return Object.keys(PRESETS).find((name) => same(PRESETS[name])) ?? null;
}

// ---- rounds and games

const FILTER = [
  [3, 1, 2, 0],
  [0, 2, 1, 3],
  [1, 2, 0, 1],
  [2, 0, 3, 1],
];
const INPUTS = {
  2: [
    [1, 2],
    [3, 4],
  ],
  3: [
    [1, 2, 3],
    [4, 5, 6],
  ],
};

// A flip, a turn or a transposition of the plane would be seen: all eight are different.
export function isAsymmetric(x) {
  const transposed = (p) => plane(p[0].length, p.length, (r, c) => p[c][r]);
  const mirrored = (p) => p.map((line) => [...line].reverse());
  const images = new Set();
  for (let p = x, turn = 0; turn < 4; turn += 1, p = mirrored(transposed(p))) {
    images.add(JSON.stringify(p)).add(JSON.stringify(mirrored(p)));
  }
  return images.size === 8;
}

// Seed 0 is the example to talk about; every other one draws a small input of different digits and a lopsided filter.
export function makeRound(seed, settings) {
  const { columns, kernel } = settings;
  if (seed === 0) return { settings, input: INPUTS[columns], filter: plane(kernel, kernel, (r, c) => FILTER[r][c]) };
  const random = randomGenerator(seed);
  const digits = shuffled(random, [1, 2, 3, 4, 5, 6]);
  let filter;
  do filter = plane(kernel, kernel, () => randomInt(random, 4));
  while (!isAsymmetric(filter));
  return { settings, input: plane(ROWS, columns, (r, c) => digits[r * columns + c]), filter };
}

export function begin(seed, settings) {
  const round = makeRound(seed, settings);
  const { stride, kernel, padding, outputPadding } = settings;
  const inputSize = [ROWS, settings.columns];
  const size = inputSize.map((count) => outputSize(count, settings));
  const canvas = inputSize.map((count, at) => Math.max((count - 1) * stride + kernel, size[at] + padding));
  const terms = plane(...canvas, () => []);
  for (const { row, column, input, filter } of stampCells(inputSize, { ...square(settings), padding: [0, 0] })) {
    const [value, weight] = [round.input[input.row][input.column], round.filter[filter.row][filter.column]];
    const stamp = input.row * settings.columns + input.column;
    terms[row][column].push({ stamp, input, filter, value, weight, product: value * weight });
  }
  return {
    ...round,
    size, // of the output
    canvas,
    terms, // of each canvas cell, in the order of the stamps
    origin: [padding, padding], // where the output begins on the canvas
    added: outputPadding, // rows and columns that output_padding adds
    stamps: inputSize[0] * inputSize[1],
    laid: 0,
    open: false, // the last stamp lies on others, and the overlaps are not added up yet
    guesses: plane(...canvas, () => null),
    scored: false, // once all was laid, guesses stay as they are
  };
}

export const isDone = (game) => game.laid === game.stamps && !game.open;

// Output row and column of a canvas cell, and what part of the canvas it is in.
export function locate(game, row, column) {
  const at = [row - game.origin[0], column - game.origin[1]];
  const inside = at.every((place, axis) => place >= 0 && place < game.size[axis]);
  const extra = inside && at.some((place, axis) => place >= game.size[axis] - game.added);
  return { at, zone: inside ? (extra ? "added" : "kept") : "cropped" };
}

export function nameOf(game, row, column) {
  const { at, zone } = locate(game, row, column);
  return zone === "cropped" ? "cropped cell" : `out[${at.join(",")}]`;
}

const laidTerms = (game, row, column) => game.terms[row][column].filter(({ stamp }) => stamp < game.laid);
const total = (terms) => terms.reduce((sum, { product }) => sum + product, 0);

// What a canvas cell shows: { text, value, count }. An open overlap is shown as the sum that it is, "2+6".
export function shownAt(game, row, column) {
  const terms = laidTerms(game, row, column);
  const count = terms.length;
  if (count === 0) return { text: isDone(game) ? "0" : "", value: 0, count };
  const fresh = terms[count - 1];
  const value = total(terms);
  if (game.open && count > 1 && fresh.stamp === game.laid - 1) {
    return { text: `${value - fresh.product}+${fresh.product}`, value, count };
  }
  return { text: String(value), value, count };
}

// The canvas cells where the last stamp lies on earlier ones, as { row, column, before, product }.
export function collisions(game) {
  const hits = [];
  game.terms.forEach((line, row) =>
    line.forEach((_, column) => {
      const terms = laidTerms(game, row, column);
      const last = terms.at(-1);
      if (terms.length > 1 && last.stamp === game.laid - 1) {
        hits.push({ row, column, before: total(terms) - last.product, product: last.product });
      }
    }),
  );
  return hits;
}

// Input of a stamp, and the corner where the stamp begins on the canvas.
export function stampAt(game, stamp) {
  const { columns, stride, kernel } = game.settings;
  const input = { row: Math.floor(stamp / columns), column: stamp % columns };
  return { input, row: input.row * stride, column: input.column * stride, rows: kernel, columns: kernel };
}

// ---- moves

export function guess(game, row, column, value) {
  if (!canGuess(game, row, column)) return game;
  const guesses = game.guesses.map((line) => [...line]);
  guesses[row][column] = value;
  return { ...game, guesses };
}

// A cell can be predicted until its last stamp is added up; what no stamp reaches, until all are laid.
export function canGuess(game, row, column) {
  if (game.scored || locate(game, row, column).zone === "cropped") return false;
  const last = game.terms[row][column].at(-1)?.stamp ?? game.stamps - 1;
  return last > game.laid - 1 || (last === game.laid - 1 && game.open);
}

// Lay the next stamp, or add up what it made overlap.
export function step(game) {
  if (isDone(game)) return { game, sentence: ending(game) };
  if (game.open) {
    const sums = collisions(game).map(({ before, product }) => `${before}+${product} = ${before + product}`);
    const next = settle({ ...game, open: false });
    return { game: next, sentence: `Added up: ${some(sums)}.${isDone(next) ? ` ${ending(next)}` : ""}` };
  }
  const laid = { ...game, laid: game.laid + 1 };
  const hits = collisions(laid);
  const next = settle({ ...laid, open: hits.length > 0 });
  return { game: next, sentence: `${laying(next, hits)}${isDone(next) ? ` ${ending(next)}` : ""}` };
}

export function stepBack(game) {
  if (game.laid === 0) return { game, sentence: "No stamp is laid yet." };
  const reopened = { ...game, open: true };
  if (!game.open && collisions(reopened).length > 0) {
    return { game: reopened, sentence: `Back: stamp ${game.laid} of ${game.stamps} lies there, not yet added up.` };
  }
  const back = { ...game, laid: game.laid - 1, open: false };
  return { game: back, sentence: `Back: ${back.laid} of ${game.stamps} stamps lie on the output.` };
}

export function layAll(game) {
  const next = settle({ ...game, laid: game.stamps, open: false });
  return { game: next, sentence: ending(next) };
}

const settle = (game) => (isDone(game) ? { ...game, scored: true } : game);

// ---- predictions

export function answerAt(game, row, column) {
  return total(game.terms[row][column]);
}

export function score(game) {
  const points = { guessed: 0, right: 0 };
  game.guesses.forEach((line, row) =>
    line.forEach((value, column) => {
      if (value === null) return;
      points.guessed += 1;
      if (value === answerAt(game, row, column)) points.right += 1;
    }),
  );
  return points;
}

// What a wrong value comes from, where it is one of the usual slips; "" where it is not.
export function slip(game, row, column, value) {
  const terms = game.terms[row][column];
  const right = total(terms);
  if (value === null || value === right) return "";
  const { kernel, padding } = game.settings;
  const turned = terms.reduce(
    (sum, { value: x, filter }) => sum + x * game.filter[kernel - 1 - filter.row][kernel - 1 - filter.column],
    0,
  );
  const { at } = locate(game, row, column);
  const slips = [
    [terms.length > 1 && terms.at(-1).product, "is the last stamp alone: where stamps overlap they are added."],
    [terms.length > 1 && terms[0].product, "is the first stamp alone: where stamps overlap they are added."],
    [padding > 0 && total(game.terms[at[0]][at[1]]), "stands here before padding crops the canvas."],
    [turned, "takes the filter turned by half: a stamp lies as the filter is written."],
  ];
  const found = slips.find(([wrong]) => wrong === value);
  return found ? ` Your ${value} ${found[1]}` : "";
}

// The same for a side of the output.
export function sizeSlip(game, axis, value) {
  const count = [ROWS, game.settings.columns][axis];
  const { stride, kernel, padding, outputPadding } = game.settings;
  const right = game.size[axis];
  if (value === null || value === right) return "";
  const slips = [
    [outputPadding > 0 && right - outputPadding, "leaves out output_padding."],
    [padding > 0 && right + padding, "crops one side only: padding is taken off at both ends."],
    [padding > 0 && right + 2 * padding, "is the canvas before padding crops it."],
    [padding > 0 && right + 4 * padding, "adds the padding: in a transposed convolution padding crops."],
    [right + stride, `counts ${count} steps of ${stride}: from the first stamp to the last there are ${count - 1}.`],
    [count * stride, "is input times stride: the last stamp still reaches a whole kernel far."],
    [count * kernel, "sets the stamps side by side: they start a stride apart, not a kernel."],
    [count + kernel - 1, "is right for stride 1 only."],
  ];
  const found = slips.find(([wrong]) => wrong === value);
  return found ? ` Your ${value} ${found[1]}` : "";
}

// ---- sentences

function some(items, most = 3) {
  const shown = items.slice(0, most).join(", ");
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

const inputName = ({ row, column }) => `input[${row},${column}]`;

function laying(game, hits) {
  const stamp = stampAt(game, game.laid - 1);
  const { stride, padding } = game.settings;
  const start = (at) => `${at}·${stride}${padding ? ` − ${padding}` : ""}`;
  const places = [start(stamp.input.row), start(stamp.input.column)];
  const corner = [stamp.row - padding, stamp.column - padding].map((at) => String(at).replace("-", "−"));
  const value = game.input[stamp.input.row][stamp.input.column];
  const where = `${inputName(stamp.input)} = ${value} times the filter, from out[${places.join(", ")}] = out[${corner.join(",")}] on`;
  const overlap = hits.length
    ? ` ${hits.length === 1 ? "One cell is" : `${hits.length} cells are`} hit again.`
    : " No cell is hit twice.";
  return `Stamp ${game.laid} of ${game.stamps}: ${where}.${overlap}`;
}

function ending(game) {
  const { padding } = game.settings;
  const points = score(game);
  const judged = points.guessed
    ? `${points.right} of ${points.guessed} ${points.guessed === 1 ? "prediction" : "predictions"} right. `
    : "";
  const cropped = padding ? "What is hatched was computed and is thrown away. " : "";
  return `All ${game.stamps} stamps are laid. ${judged}${cropped}Point at a cell to read its whole sum.`;
}

// The whole sum of a canvas cell; before all stamps are laid, only what lies there by now.
export function sumOf(game, row, column) {
  const done = isDone(game);
  const terms = laidTerms(game, row, column);
  const { zone } = locate(game, row, column);
  const { padding } = game.settings;
  const name = nameOf(game, row, column);
  const parts = terms.map(({ value, weight }) => `${value}·${weight}`).join(" + ");
  const sum = `${parts} = ${total(terms)}`;
  if (zone === "cropped") {
    const crop = `padding ${padding} crops it.`;
    if (terms.length === 0) return `A cell outside the output: ${crop}`;
    return `${sum} is computed outside the output, then thrown away: ${crop}`;
  }
  if (terms.length === 0) {
    if (!done) return `${name}: no stamp lies here yet.`;
    const why = zone === "added" ? "output_padding added this cell, and " : "";
    return `${name} = 0: ${why}no stamp reaches it.${slip(game, row, column, game.guesses[row][column])}`;
  }
  if (!done) return `${name} so far: ${sum}.`;
  return `${name} = ${sum}.${slip(game, row, column, game.guesses[row][column])}`;
}
