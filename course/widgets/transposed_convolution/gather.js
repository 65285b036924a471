// The same operator from the side of the output (Dumoulin & Visin, 2016): put stride − 1 zeros between neighbouring
// inputs and kernel − 1 − padding zeros around them, then let an ordinary convolution of stride 1 slide over it, with the
// filter turned by half. Each output gathers what the stamps had scattered. Pure functions, no DOM; pairs are
// [height, width].

import { plane } from "../shared/pooling.js";
import { begin, outputSize, slip, square } from "./core.js";

// What the convolution slides over, as cells { kind, value, input }: "given" inputs, zeros "between" them, zeros
// "around". Where padding is larger than kernel − 1, there are less than none around: the edge is cut off.
export function stretch(x, { kernel, stride, padding = [0, 0], outputPadding = [0, 0] }) {
  const size = [x.length, x[0].length];
  const border = [0, 1].map((axis) => kernel[axis] - 1 - padding[axis]);
  const sides = { kernel, stride, padding, outputPadding };
  const [height, width] = [0, 1].map((axis) => {
    const one = Object.fromEntries(Object.entries(sides).map(([name, pair]) => [name, pair[axis]]));
    return outputSize(size[axis], one) + kernel[axis] - 1;
  });
  return plane(height, width, (row, column) => {
    const at = [row - border[0], column - border[1]];
    if (at.some((place, axis) => place < 0 || place > (size[axis] - 1) * stride[axis]))
      return { kind: "around", value: 0 };
    if (at.some((place, axis) => place % stride[axis] !== 0)) return { kind: "between", value: 0 };
    const input = { row: at[0] / stride[0], column: at[1] / stride[1] };
    return { kind: "given", value: x[input.row][input.column], input };
  });
}

// The filter turned by half a turn: its last number comes first.
export function turned(weight) {
  return [...weight].reverse().map((line) => [...line].reverse());
}

// An ordinary convolution of stride 1 without padding, as torch.nn.functional.conv2d computes it.
export function slide(values, weight) {
  const [rows, columns] = [weight.length, weight[0].length];
  return plane(values.length - rows + 1, values[0].length - columns + 1, (row, column) =>
    windowPairs(values, weight, row, column).reduce((sum, { value, weight: times }) => sum + value * times, 0),
  );
}

function windowPairs(values, weight, row, column) {
  return weight.flatMap((line, r) =>
    line.map((times, c) => ({ value: values[row + r][column + c], weight: times, row: r, column: c })),
  );
}

// ---- the game: a window goes from output to output

// `done` outputs are computed, in reading order; `guesses` are the reader's, for the output alone. What was `seen` once
// cannot be predicted any more, also after a step back.
export function beginGathering(seed, settings) {
  const game = begin(seed, settings);
  const stretched = stretch(game.input, square(settings));
  const filter = turned(game.filter);
  const output = slide(
    stretched.map((line) => line.map(({ value }) => value)),
    filter,
  );
  return {
    ...game,
    stretched,
    turned: filter,
    output,
    done: 0,
    seen: 0,
    guesses: plane(...game.size, () => null),
  };
}

export const outputs = (game) => game.size[0] * game.size[1];
export const allGathered = (game) => game.done === outputs(game);
export const placeOf = (game, at) => [Math.floor(at / game.size[1]), at % game.size[1]];

export function gather(game, count) {
  const done = Math.min(Math.max(game.done + count, 0), outputs(game));
  const seen = Math.max(game.seen, done);
  const next = { ...game, done, seen, scored: seen === outputs(game) };
  if (done === 0) return { game: next, sentence: "The window has not moved yet." };
  if (allGathered(next)) return { game: next, sentence: closing(next) };
  return { game: next, sentence: gathered(next, ...placeOf(next, done - 1)) };
}

export function isGathered(game, row, column) {
  return row * game.size[1] + column < game.done;
}

export function canGuessGathered(game, row, column) {
  return row * game.size[1] + column >= game.seen;
}

export function guessGathered(game, row, column, value) {
  if (!canGuessGathered(game, row, column)) return game;
  const guesses = game.guesses.map((line) => [...line]);
  guesses[row][column] = value;
  return { ...game, guesses };
}

export function gatherScore(game) {
  const made = game.guesses.flatMap((line, row) => line.map((value, column) => [value, game.output[row][column]]));
  const guessed = made.filter(([value]) => value !== null);
  return { guessed: guessed.length, right: guessed.filter(([value, right]) => value === right).length };
}

// The products of an output that are not with an inserted zero: the same as its stamps', in the same order.
export function termsAt(game, row, column) {
  return windowPairs(game.stretched, game.turned, row, column)
    .filter(({ value }) => value.kind === "given")
    .map(({ value, weight, ...filter }) => ({
      input: value.input,
      cell: { row: row + filter.row, column: column + filter.column },
      filter,
      value: value.value,
      weight,
    }));
}

// ---- sentences

export function stretching({ stride, kernel, padding, outputPadding }) {
  const zeros = (count) => (count === 0 ? "No zero" : count === 1 ? "One zero" : `${count} zeros`);
  const border = kernel - 1 - padding;
  const around =
    border < 0 ? `padding ${padding} cuts ${-border} off each edge` : border === 0 ? "none around" : `${border} around`;
  const more = outputPadding ? `, and ${outputPadding} more below and at the right` : "";
  return `${zeros(stride - 1)} between neighbours, ${around}${more}.`;
}

export function gathered(game, row, column) {
  const terms = termsAt(game, row, column);
  const { kernel } = game.settings;
  const name = `out[${row},${column}]`;
  const value = game.output[row][column];
  const own = slipOf(game, row, column);
  if (terms.length === 0) return `${name} = 0: the window sees nothing but zeros that were put there.${own}`;
  const sum = terms.map((term) => `${term.value}·${term.weight}`).join(" + ");
  const met = terms.length === 1 ? "one input" : `${terms.length} inputs`;
  return `${name} = ${sum} = ${value}. Of its ${kernel * kernel} cells the window meets ${met}; the rest are zeros.${own}`;
}

// The usual slips are those of the stamps: canvas cell and output cell differ by the padding.
function slipOf(game, row, column) {
  return slip(game, row + game.origin[0], column + game.origin[1], game.guesses[row][column]);
}

function closing(game) {
  const { guessed, right } = gatherScore(game);
  const judged = guessed ? `${right} of ${guessed} ${guessed === 1 ? "prediction" : "predictions"} right. ` : "";
  return `All ${outputs(game)} outputs are there. ${judged}Number by number they are what the stamps add up to.`;
}
