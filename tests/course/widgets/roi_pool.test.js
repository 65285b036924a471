// The RoIPool widget: its cells, its bins and what is pooled of them against the reference; questions and tasks by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  ANSWERS,
  SIZES,
  START,
  TASKS,
  answerOf,
  binsOf,
  countChanges,
  cutIntoBins,
  directionOf,
  errorsOf,
  ghostOf,
  gradientOf,
  pool,
  regionOf,
  roundAway,
  shifted,
  staircaseOf,
} from "../../../course/widgets/roi_pool/core.js";
import {
  explainFirst,
  explainGradient,
  explainMove,
  explainRegion,
  explainResult,
  explainSecond,
  explainStaircase,
  farSideText,
  inCells,
  signed,
} from "../../../course/widgets/roi_pool/words.js";
import {
  FINE,
  HEIGHT,
  LEAST,
  MOST,
  STRIDES,
  WIDTH,
  boxMovedTo,
  boxStretchedTo,
  featuresOf,
  mapSize,
} from "../../../course/widgets/shared/regions.js";

const golden = JSON.parse(readFileSync(new URL("./golden/roi_pool.json", import.meta.url), "utf-8"));

// All that a box says at a setting, as the view keeps it.
function stateOf(box, stride = 16, side = 2, before = null) {
  const features = featuresOf(stride);
  const bins = binsOf(box, [side, side], stride, [Infinity, Infinity]);
  const clamped = binsOf(box, [side, side], stride);
  return { box, features, bins, clamped, pooled: pool(features, clamped), region: regionOf(box, stride), before };
}

const valuesOf = ({ pooled }) => pooled.flat().map(({ value }) => value);

describe("the reference's numbers", () => {
  test.each(golden)("$name", ({ features, box, stride, size, rows, columns, pooled, gradient }) => {
    const bins = binsOf(box, size, stride, [features.length, features[0].length]);
    expect(bins).toEqual({ rows, columns });
    const found = pool(features, bins);
    expect(found.map((line) => line.map(({ value }) => value))).toEqual(pooled);
    expect(gradientOf(features, found)).toEqual(gradient);
  });

  test("cover bins without cells, cells of several bins, and negative features", () => {
    expect(golden.some(({ rows }) => rows.some(([start, end]) => start === end))).toBe(true);
    expect(golden.some(({ gradient }) => gradient.flat().some((count) => count > 4))).toBe(true);
    expect(golden.some(({ pooled }) => pooled.flat().some((value) => value < 0))).toBe(true);
  });
});

describe("rounding", () => {
  test("takes halves away from zero", () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4375, 2.5625].map(roundAway)).toEqual([1, 2, 3, -1, -2, 2, 3]);
    expect(roundAway(0.49999999999999994)).toBe(0); // adding a half first would give 1
    expect(Object.is(roundAway(-0.25), 0)).toBe(true);
  });

  test("moves left and top by half a cell at most, right and bottom from half a cell to one and a half outwards", () => {
    for (const stride of STRIDES) {
      const errors = [];
      for (let x = 0; x < 40; x += FINE) errors.push(errorsOf([x, x, x + 50.25, x + 50.25], stride));
      for (const [left, top, right, bottom] of errors) {
        expect(left === top && right === bottom).toBe(true);
        expect(-stride / 2 < left && left <= stride / 2).toBe(true);
        expect(stride / 2 < right && right <= 1.5 * stride).toBe(true);
      }
    }
    expect(ghostOf([37, 8, 85.5, 40], 16)).toEqual([32, 16, 96, 64]);
    expect(errorsOf([37, 8, 85.5, 40], 16)).toEqual([-5, 8, 10.5, 24]);
  });

  test("leaves a cell of a box whose corners are exchanged", () => {
    expect(regionOf([60, 50, 20, 10], 16)).toEqual({ x1: 4, y1: 3, columns: 1, rows: 1 });
  });
});

describe("bins", () => {
  test("share cells where they do not come out even", () => {
    expect(cutIntoBins(3, 5, 2)).toEqual([[3, 6], [5, 8]]); // prettier-ignore
    expect(cutIntoBins(0, 2, 3)).toEqual([[0, 1], [0, 2], [1, 2]]); // prettier-ignore
    expect(cutIntoBins(0, 6, 3)).toEqual([[0, 2], [2, 4], [4, 6]]); // prettier-ignore
  });

  test("are cut off at the map's end", () => {
    expect(binsOf([176, 0, 192, 16], [2, 2], 16).columns).toEqual([[11, 12], [12, 12]]); // prettier-ignore
  });
});

describe("the map", () => {
  test("has whole numbers from 1 to 99, so that a 0 is an empty bin", () => {
    for (const stride of STRIDES) {
      const features = featuresOf(stride);
      expect([features.length, features[0].length]).toEqual(mapSize(stride));
      expect(features.flat().every((value) => Number.isInteger(value) && 1 <= value && value <= 99)).toBe(true);
    }
  });
});

describe("moving and stretching", () => {
  test("stay on the image, at quarters of a pixel, and leave room for the questions", () => {
    expect(boxMovedTo(START, [-5, 999])).toEqual([0, 80, 64, 128]);
    expect(boxMovedTo(START, [52.2, 35.1])).toEqual([52.25, 35, 116.25, 83]);
    expect(boxStretchedTo([10, 10, 50, 50], [0, 11])).toEqual([10, 10, 10 + LEAST, 10 + LEAST]);
    expect(boxStretchedTo([0, 0, 50, 50], [999, 999])).toEqual([0, 0, MOST[0], HEIGHT]);
    for (const x of [0, 5.75, 6, 6.25, 12]) {
      const box = [x, 0, x + MOST[0], HEIGHT];
      const moved = shifted(shifted(box, directionOf(box)), directionOf(box));
      expect(Math.abs(moved[0] - box[0])).toBe(6);
      expect(0 <= moved[0] && moved[2] <= WIDTH).toBe(true);
    }
  });
});

describe("the questions", () => {
  const first = stateOf(START);
  const second = stateOf(shifted(START, 1));
  const third = stateOf(shifted(second.box, 1));

  test("three pixels change nothing, three more change three of four numbers", () => {
    expect([first, second, third].map(valuesOf)).toEqual([[63, 47, 54, 61], [63, 47, 54, 61], [47, 41, 56, 61]]); // prettier-ignore
    expect(second.region).toEqual(first.region);
    expect(countChanges(second.pooled, third.pooled)).toBe(3);
    expect([0, 1, 3, 4].map((changes) => answerOf(changes, 4))).toEqual(["none", "some", "some", "all"]);
    expect(ANSWERS.map(([value]) => value)).toEqual(["none", "some", "all"]);
  });

  test("are answered with the corners before and after", () => {
    expect(explainFirst("none", "none", first, second, 16)).toMatch(/^Right\. None: x1 \/ 16 went from 3\.25 to 3\.4375 and is 3 as before and x2 /); // prettier-ignore
    expect(explainFirst("all", "none", first, second, 16)).toMatch(/^Not quite\. None/);
    expect(explainSecond([47, 40, null, 61], second, third, 16)).toMatch(
      /^2 of 3 right\. x1 \/ 16 goes from 3\.4375 to 3\.625, rounded from 3 to 4; x2 .* from 7 to 8\. 3 of 4 numbers change\. The region jumps by a whole cell of 16 pixels/,
    );
    const [narrow, wider] = [stateOf([52, 35, 118, 83]), stateOf([55, 35, 121, 83])];
    expect(explainSecond([null, 1, null, null], narrow, wider, 16)).toMatch(
      /^0 of 1 right\. x2 .* One side of the region/,
    );
    expect(explainSecond([null, null, null, null], second, third, 16)).toMatch(/^x1/);
  });
});

describe("the staircase", () => {
  test("is the result at each place of the box, and level where no corner crosses a half", () => {
    const now = { ...stateOf(START), stride: 16, side: 2 };
    const values = staircaseOf(now, [0, 1]);
    expect(values.length).toBe((WIDTH - 64) / FINE + 1);
    for (const [x, value] of values) expect(value).toBe(stateOf([x, 35, x + 64, 83]).pooled[0][1].value);
    values.forEach(([x, value], at) => {
      if (at > 0 && value !== values[at - 1][1]) expect(x % 16).toBe(8); // 64 is a whole number of cells
    });
    expect(explainStaircase(now, [0, 1], [[0, 5], [0.25, 5], [0.5, 7], [0.75, 5]])).toContain("2 jumps, and level"); // prettier-ignore
  });
});

describe("tasks", () => {
  const done = (...given) => {
    const state = stateOf(...given);
    return TASKS.filter((task) => task.done(state)).map(({ name }) => name);
  };

  test("are not done as the questions are asked", () => {
    for (const box of [START, shifted(START, 1), [58, 35, 122, 83]]) expect(done(box)).toEqual([]);
  });

  test("can be done, at each setting", () => {
    for (const stride of STRIDES) {
      for (const side of SIZES) {
        expect(done([186, 40, 192, 80], stride, side)).toContain("empty");
        expect(done([60.5, 36.5, 64.5, 40.5], stride, side)).toContain("shared");
        expect(done([58, 34, 62, 38], 16, 7)).toEqual(["shared"]);
      }
    }
    const [before, after] = [55.75, 56].map((x) => [x, 35, x + 64, 83]);
    expect(done(after, 16, 2, stateOf(before))).toEqual(["jump"]);
    expect(done(before, 16, 2, stateOf([55.5, 35, 119.5, 83]))).toEqual([]);
    expect(done(after, 16, 2, stateOf([55, 35, 119, 83]))).toEqual([]); // a pixel at once is too far
  });
});

describe("sentences", () => {
  test("say what rounding does", () => {
    expect(explainRegion([37, 8, 85.5, 40], 16)).toBe(
      "The region is 4 × 3 cells. It is off by −5 at the left, +8 at the top, +10.5 at the right and +24 at the bottom, in pixels.",
    );
    expect(farSideText([37, 8, 85.5, 40], 16)).toContain("far side is (5\u00a0+\u00a01)\u00a0·\u00a016 = 96.");
    const [before, after] = [stateOf([8, 8, 40, 40]), stateOf([8.25, 8, 40.25, 40])];
    expect(explainMove(before, after, 16)).toContain("no number changes");
    expect([signed(0), signed(2.5), signed(-0.25), inCells(3.4375)]).toEqual(["0", "+2.5", "−0.25", "3.4375"]);
  });

  test("say where a result is from", () => {
    expect(explainResult(0, 1, stateOf(START))).toBe(
      "Result in row 0, column 1: across, its bin begins at ⌊1 · 5 / 2⌋ = 2 and ends before ⌈2 · 5 / 2⌉ = 5, counted from x1: columns 5 to 7 and rows 2 to 3 of the map. The maximum 47 is in row 2, column 5.",
    );
    expect(explainResult(0, 1, stateOf([160, 0, 192, 32]))).toContain(
      "columns 11 to 12 and rows 0 to 1 of the map. What",
    );
    expect(explainResult(0, 1, stateOf([176, 0, 192, 32]))).toContain(
      "its bin is column 12, which the map does not have",
    );
    expect(explainResult(1, 0, stateOf([0, 112, 40, 128]))).toContain("its bin is row 8, which the map does not have");
  });

  test("say where gradients go", () => {
    const { features, pooled } = stateOf(START);
    expect(explainGradient(features, pooled)).toContain(
      "4 results, 4 cells, and all other cells get 0. The box gets none",
    );
    const small = stateOf([58, 34, 62, 38], 16, 2);
    expect(explainGradient(small.features, small.pooled)).toContain("4 results, 1 cell, and all other cells get 0. Where one cell"); // prettier-ignore
    expect(explainGradient(small.features, small.pooled)).toContain("here to 4 at most");
    const edge = stateOf([176, 0, 192, 16]);
    expect(explainGradient(edge.features, edge.pooled)).toContain("2 results of an empty bin pass nothing on");
  });
});
