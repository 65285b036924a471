// The game of the MaxUnpooling widget: its moves, its sentences, and hand-checked maxima of every example.

import { describe, expect, test } from "vitest";
import {
  PRESETS,
  begin,
  choose,
  explain,
  output,
  pick,
  pickRest,
  put,
  reveal,
  runNetwork,
  score,
  setForgotten,
  shifts,
  target,
} from "../../../course/widgets/max_unpooling/core.js";

const play = (game, move, ...moves) => moves.reduce((before, index) => move(before, index).game, game);
const afterNetwork = (name) => runNetwork(pickRest(begin(name)).game).game;

describe("maxima, by hand", () => {
  test.each([
    ["windows", [5, 7, 8, 9], [1, 6, 8, 15]],
    ["tie", [6, 4, 5, 8], [1, 2, 12, 11]],
    ["overlap", [9, 9, 7, 8], [7, 7, 16, 24]],
  ])("of %s", (name, pooled, indices) => expect(begin(name)).toMatchObject({ pooled, indices }));

  test("of the edge: what the network leaves lies on the line", () => {
    const game = afterNetwork("edge");
    const kept = game.indices.filter((_, window) => game.values[window] > 0);
    expect(kept.map((index) => [Math.floor(index / 8), index % 8])).toEqual([
      [1, 3],
      [2, 3],
      [5, 3],
      [5, 5],
      [5, 6],
    ]);
  });
});

describe("picking", () => {
  const game = begin("tie");

  test("takes the first of equals in row-major order", () => {
    const later = pick(game, 4);
    expect(later.sentence).toMatch(/stands here twice: the first in row-major order/);
    expect(later.game).toMatchObject({ found: 0, misses: [4] });
    const first = pick(later.game, 1);
    expect(first.game).toMatchObject({ found: 1, misses: [], firstTry: 0 });
    expect(first.sentence).toContain("row·W + column = 0·4 + 1 = 1");
  });

  test("refuses a smaller value and a cell of another window", () => {
    expect(pick(game, 0).sentence).toBe("2 is not the largest value of this window.");
    expect(pick(game, 2)).toMatchObject({ game, sentence: "Row 0, column 2 is outside the dashed window (0, 0)." });
  });

  test("of all maxima leads to the network", () => {
    expect(play(game, pick, 1, 2, 12, 11)).toMatchObject({ stage: "network", found: 4, firstTry: 4 });
  });

  test("takes a shared maximum once for each overlapping window", () => {
    expect(play(begin("overlap"), pick, 7, 7)).toMatchObject({ found: 2, firstTry: 2 });
  });
});

describe("placing", () => {
  test("scores positions, not values: the same number in another window belongs elsewhere", () => {
    const game = afterNetwork("windows"); // values 9 5 7 8 for the windows of 5 7 8 9
    expect(game.values).toEqual([9, 5, 7, 8]);
    expect(score(reveal(play(game, put, 1, 6, 8, 15)).game)).toEqual({ placed: 4, right: 4 });
    expect(score(reveal(play(game, put, 15, 1, 6, 8)).game)).toEqual({ placed: 4, right: 0 });
  });

  test("a value can be taken back and placed again", () => {
    const game = play(afterNetwork("windows"), put, 1, 6);
    expect(choose(game, 0)).toMatchObject({ turn: 0, placed: [null, 6, null, null] });
  });

  test("a zero needs no place", () => {
    const game = afterNetwork("edge");
    expect(game.values[game.turn]).toBe(7);
    expect(play(game, put, 11, 19, 43, 45, 46).turn).toBeNull();
  });
});

describe("the output", () => {
  test("assigns what is written twice, and does not sum it", () => {
    const game = reveal(afterNetwork("overlap")).game;
    expect(output(game)[1][2]).toBe(18);
    expect(
      output(game)
        .flat()
        .reduce((sum, value) => sum + value),
    ).toBe(18 + 14 + 16);
    expect(explain(game, 7)).toMatch(/18 comes from window \(0, 0\) and window \(0, 1\).*assigned, not summed/);
    expect(explain(game, 0)).toBe("Output row 0, column 0. No source: zero.");
  });

  test("says where a misplaced value belongs", () => {
    const game = reveal(play(afterNetwork("windows"), put, 15)).game;
    expect(explain(game, 15)).toMatch(/Your 9 is the value of window \(0, 0\) and belongs to row 0, column 1/);
  });

  test("stands in each window's first cell once positions are forgotten", () => {
    const game = setForgotten(reveal(afterNetwork("windows")).game, true).game;
    expect(output(game)).toEqual([
      [9, 0, 5, 0],
      [0, 0, 0, 0],
      [7, 0, 8, 0],
      [0, 0, 0, 0],
    ]);
    expect(shifts(game).map(({ window }) => window)).toEqual([0, 1, 3]);
    expect(target(game, 2)).toBe(8);
  });

  test("shifts the edge: all five of its values", () => {
    const { sentence } = setForgotten(reveal(afterNetwork("edge")).game, true);
    expect(sentence).toMatch(/^Positions forgotten: 5 of 5 values stand in the wrong cell/);
  });
});

test.each(Object.keys(PRESETS))("a move leaves the game that it was given alone (%s)", (name) => {
  const game = begin(name);
  const before = structuredClone({ ...game, preset: null });
  reveal(runNetwork(pickRest(pick(game, game.indices[0]).game).game).game);
  expect({ ...game, preset: null }).toEqual(before);
});
