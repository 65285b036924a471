// The game of the Unpooling widget: one 2 × 2 input, three ways back to 4 × 4. Pure functions, no DOM.
// A round is the numbers of a seed; a method turns a round into its 4 × 4 answer. Where a number comes from is read off
// the same operator: unpool the cells' own numbers instead of their values, and each output cell names its source.

import { bedOfNails2d, maxUnpool2d, nearestUnpool2d, plane } from "../shared/pooling.js";
import { randomGenerator, randomInt, shuffled } from "../shared/random.js";

export const SCALE = 2;

export const METHODS = [
  {
    name: "nearest",
    title: "Nearest neighbour",
    rule: "each value fills its block",
    unpool: (x) => nearestUnpool2d(x, SCALE),
    found: () => "every cell of a block copies its value.",
    missing: () => "",
  },
  {
    name: "nails",
    title: "Bed of nails",
    rule: "top left in its block",
    unpool: (x) => bedOfNails2d(x, SCALE),
    found: () => "a nail stands in the top-left cell of its block.",
    missing: () => "Only the top-left cell of a block holds a value.",
  },
  {
    name: "max",
    title: "Max unpooling",
    rule: "where the maximum stood",
    unpool: (x, round) => maxUnpool2d(x, round.indices, { kernel: [SCALE, SCALE] }),
    found: (position) => `its maximum stood exactly here, at ${place(position)}.`,
    missing: (position) => `The maximum of this block stood at ${place(position)}.`,
  },
];

export function place({ row, column }) {
  return `row ${row}, column ${column}`;
}

// Four different digits and one remembered position a block. At most one position is top left: with more, max unpooling
// would look like a bed of nails.
export function makeRound(seed) {
  const random = randomGenerator(seed);
  const digits = shuffled(random, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const corners = shuffled(random, [randomInt(random, SCALE * SCALE), 1, 2, 3]);
  const positions = plane(2, 2, (row, column) => {
    const corner = corners[row * 2 + column];
    return { row: row * SCALE + Math.floor(corner / SCALE), column: column * SCALE + (corner % SCALE) };
  });
  return {
    input: plane(2, 2, (row, column) => digits[row * 2 + column]),
    positions,
    indices: positions.map((line) => line.map(({ row, column }) => row * 2 * SCALE + column)),
  };
}

export function answer(method, round) {
  return method.unpool(round.input, round);
}

// The input cell that an output cell's number comes from, or null: no source, zero.
export function sourceOf(method, round, row, column) {
  const names = plane(2, 2, (r, c) => r * 2 + c + 1);
  const name = method.unpool(names, round)[row][column];
  return name === 0 ? null : { row: Math.floor((name - 1) / 2), column: (name - 1) % 2 };
}

// Why the number stands there; and for a wrong guess that would be right for another method, which one.
export function explain(method, round, row, column, guess = null) {
  const why = reason(method, round, row, column);
  const here = (other) => answer(other, round)[row][column];
  if (guess === null || guess === here(method)) return why;
  const other = METHODS.find((candidate) => here(candidate) === guess);
  return other ? `${why} Your ${guess} is what ${other.title.toLowerCase()} puts here.` : why;
}

function reason(method, round, row, column) {
  const block = { row: Math.floor(row / SCALE), column: Math.floor(column / SCALE) };
  const position = round.positions[block.row][block.column];
  const source = sourceOf(method, round, row, column);
  if (source === null) return `No source: zero. ${method.missing(position)}`;
  return `${round.input[source.row][source.column]} comes from input ${place(source)}: ${method.found(position)}`;
}

// Guesses are a plane of digits, null where nothing was guessed.
export function noGuesses() {
  return plane(2 * SCALE, 2 * SCALE, () => null);
}

export function score(guesses, right) {
  const made = guesses.flatMap((line, row) => line.map((guess, column) => [guess, right[row][column]]));
  const guessed = made.filter(([guess]) => guess !== null);
  return { guessed: guessed.length, right: guessed.filter(([guess, value]) => guess === value).length };
}
