// The game of the Unpooling widget: rounds, sources and scores.

import { describe, expect, test } from "vitest";
import {
  METHODS,
  answer,
  explain,
  makeRound,
  noGuesses,
  score,
  sourceOf,
} from "../../../course/widgets/unpooling/core.js";

const [nearest, nails, max] = METHODS;
const ROUND = {
  input: [
    [5, 3],
    [1, 7],
  ],
  positions: [
    [
      { row: 1, column: 0 },
      { row: 0, column: 3 },
    ],
    [
      { row: 2, column: 1 },
      { row: 3, column: 3 },
    ],
  ],
  indices: [
    [4, 3],
    [9, 15],
  ],
};

test("the three answers, by hand", () => {
  expect(answer(nearest, ROUND)).toEqual([
    [5, 5, 3, 3],
    [5, 5, 3, 3],
    [1, 1, 7, 7],
    [1, 1, 7, 7],
  ]);
  expect(answer(nails, ROUND)).toEqual([
    [5, 0, 3, 0],
    [0, 0, 0, 0],
    [1, 0, 7, 0],
    [0, 0, 0, 0],
  ]);
  expect(answer(max, ROUND)).toEqual([
    [0, 0, 0, 3],
    [5, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 0, 7],
  ]);
});

describe("a round", () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed);

  test("is repeated by its seed, and another seed gives another one", () => {
    expect(makeRound(7)).toEqual(makeRound(7));
    expect(makeRound(7)).not.toEqual(makeRound(8));
  });

  test.each(seeds)("of seed %i has four different digits, each remembered inside its own block", (seed) => {
    const { input, positions, indices } = makeRound(seed);
    expect(new Set(input.flat()).size).toBe(4);
    expect(input.flat().every((value) => value >= 1 && value <= 9)).toBe(true);
    positions.forEach((line, row) =>
      line.forEach((position, column) => {
        expect([Math.floor(position.row / 2), Math.floor(position.column / 2)]).toEqual([row, column]);
        expect(indices[row][column]).toBe(position.row * 4 + position.column);
      }),
    );
  });

  test("never makes max unpooling look like a bed of nails", () => {
    const corners = (round) =>
      round.positions.flat().filter(({ row, column }) => row % 2 === 0 && column % 2 === 0).length;
    expect(Math.max(...seeds.map((seed) => corners(makeRound(seed))))).toBeLessThanOrEqual(1);
  });
});

describe("the source of an output cell", () => {
  test("is its block's value for nearest neighbour", () => {
    expect(sourceOf(nearest, ROUND, 1, 2)).toEqual({ row: 0, column: 1 });
  });

  test("is missing beside a nail, and the sentence says so", () => {
    expect(sourceOf(nails, ROUND, 0, 1)).toBeNull();
    expect(explain(nails, ROUND, 0, 1)).toMatch(/^No source: zero\./);
  });

  test("is named with the remembered position for max unpooling", () => {
    expect(sourceOf(max, ROUND, 2, 1)).toEqual({ row: 1, column: 0 });
    expect(explain(max, ROUND, 2, 1)).toBe(
      "1 comes from input row 1, column 0: its maximum stood exactly here, at row 2, column 1.",
    );
    expect(explain(max, ROUND, 2, 0)).toBe("No source: zero. The maximum of this block stood at row 2, column 1.");
  });
});

test("a wrong guess that another method would make is named after it", () => {
  expect(explain(nearest, ROUND, 0, 1, 0)).toMatch(/Your 0 is what bed of nails puts here\.$/);
  expect(explain(max, ROUND, 0, 0, 5)).toMatch(/Your 5 is what nearest neighbour puts here\.$/);
  expect(explain(nearest, ROUND, 0, 1, 9)).toBe(explain(nearest, ROUND, 0, 1));
});

test("the score counts cells that were predicted, a predicted zero among them", () => {
  const guesses = noGuesses();
  expect(score(guesses, answer(nails, ROUND))).toEqual({ guessed: 0, right: 0 });
  guesses[0][0] = 5;
  guesses[0][1] = 0;
  guesses[1][0] = 5;
  expect(score(guesses, answer(nails, ROUND))).toEqual({ guessed: 3, right: 2 });
});
