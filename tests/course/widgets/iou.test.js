// The IoU widget: its overlaps against the reference, how boxes move, and its tasks, by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  ANSWERS,
  COLUMNS,
  ROWS,
  TASKS,
  digits,
  explainBoxes,
  explainPrediction,
  measure,
  movedTo,
  sharedBox,
  stretchedTo,
} from "../../../course/widgets/iou/core.js";

const golden = JSON.parse(readFileSync(new URL("./golden/iou.json", import.meta.url), "utf-8"));

describe("overlaps", () => {
  test.each(golden)("$a and $b", ({ a, b, iou, giou }) => {
    expect(measure(a, b).iou).toBeCloseTo(iou, 12);
    expect(measure(b, a).giou).toBeCloseTo(giou, 12);
  });

  test("boxes that touch, or are apart on both axes, share nothing", () => {
    expect(sharedBox([1, 1, 4, 5], [4, 1, 9, 5])).toBe(null);
    expect(measure([0, 0, 3, 2], [18, 10, 20, 12]).intersection).toBe(0);
  });

  test("the first question's answer can be chosen", () => {
    expect(ANSWERS.map(([value]) => value)).toContain(digits(measure([3, 3, 11, 9], [7, 3, 15, 9]).iou));
  });
});

describe("moving and stretching", () => {
  test("stay on the grid, at halves, and keep the size", () => {
    expect(movedTo([3, 3, 11, 9], [-5, 99])).toEqual([0, ROWS - 6, 8, ROWS]);
    expect(movedTo([0, 0, 2, 2], [5.3, 4.1])).toEqual([4.5, 3, 6.5, 5]);
    expect(stretchedTo([3, 3, 11, 9], [99, 0])).toEqual([3, 3, COLUMNS, 4]);
  });
});

describe("tasks", () => {
  const done = (a, b) => TASKS.filter((task) => task.done(a, b)).map(({ name }) => name);

  test("can be done, each by boxes of its own", () => {
    expect(done([2, 2, 8, 8], [4, 2, 10, 8])).toEqual(["half"]);
    expect(done([0, 0, 8, 8], [1, 2, 5, 6])).toEqual(["inside"]);
    expect(done([0, 0, 3, 2], [18, 10, 20, 12])).toEqual(["apart"]);
    expect(done([3, 3, 11, 9], [7, 3, 15, 9])).toEqual([]);
  });
});

describe("sentences", () => {
  test("say the fraction, and what is left of it where boxes are apart", () => {
    expect(explainBoxes([2, 2, 8, 8], [4, 2, 10, 8])).toBe(
      "Both share 24 cells, either covers 48: the IoU is 24 / 48 = 0.5.",
    );
    expect(explainBoxes([0, 0, 1, 1], [3, 0, 4, 1])).toContain("0 − 2 / 4 = −0.5");
    expect(explainPrediction("0.333")).toMatch(/^Right\./);
    expect(explainPrediction("0.5")).toMatch(/^Not quite\./);
    expect(explainPrediction(null)).toMatch(/^Half of each/);
  });
});
