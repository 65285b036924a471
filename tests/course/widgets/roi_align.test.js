// The RoIAlign widget: its dots and its bins against the reference, the areas against geometry; question and tasks by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  RATIOS,
  START,
  TASKS,
  align,
  areasOf,
  largestChange,
  lineOf,
  moveOf,
  movedBy,
  neighboursOf,
  readBoxOf,
  roundingsOf,
  sampleAt,
} from "../../../course/widgets/roi_align/core.js";
import {
  explainAligned,
  explainAnswers,
  explainDot,
  explainMove,
  explainPooled,
  explainSettings,
  explainTraces,
  opening,
  questionText,
} from "../../../course/widgets/roi_align/words.js";
import {
  answerOf,
  binsOf,
  countChanges,
  pool,
  regionOf,
  staircaseOf,
} from "../../../course/widgets/shared/region_pooling.js";
import { FINE, HEIGHT, MOST, STRIDES, WIDTH, boxMovedTo, featuresOf } from "../../../course/widgets/shared/regions.js";

const read = (name) => JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), "utf-8"));
const [points, boxes] = [read("bilinear_sample"), read("roi_align")];
const SIZE = [2, 2];

// All that a box says at a setting, as the view keeps it.
function stateOf(
  box,
  { stride = 16, ratio = 2, aligned: half = true, before = null, bin = [0, 0], spot = [0, 0] } = {},
) {
  const settings = { stride, ratio, aligned: half };
  const features = featuresOf(stride);
  const [bins, clamped] = [binsOf(box, SIZE, stride, [Infinity, Infinity]), binsOf(box, SIZE, stride)];
  const [pooled, aligned] = [pool(features, clamped), align(features, box, SIZE, settings)];
  const dot = aligned[bin[0]][bin[1]].dots[spot[0]]?.[spot[1]] ?? null;
  const region = regionOf(box, stride);
  return { box, stride, side: 2, settings, features, bins, clamped, pooled, aligned, dot, region, before };
}

const isClose = (got, wanted) =>
  got.flat().forEach((value, at) => expect(Math.abs(value - wanted.flat()[at])).toBeLessThan(1e-8));

describe("the reference's numbers", () => {
  test.each(points)("of a point, $name", ({ features, y, x, values }) => {
    isClose(
      x.map((each) => sampleAt(features, y, each).value),
      values,
    );
  });

  test.each(boxes)("of a box, $name", ({ features, box, stride, size, ratio, aligned, values }) => {
    const found = align(features, box, size, { stride, ratio, aligned });
    expect([found.length, found[0].length]).toEqual(size);
    isClose(
      found.map((line) => line.map(({ value }) => value)),
      values,
    );
  });

  test("cover points outside, bins without dots, and as many dots as a bin has cells", () => {
    expect(points.flatMap(({ values }) => values).filter((value) => value === 0).length).toBeGreaterThan(20);
    const counts = boxes.flatMap(({ features, box, size, stride, ratio, aligned }) =>
      align(features, box, size, { stride, ratio, aligned }).flatMap((line) => line.map(({ count }) => count)),
    );
    expect(Math.min(...counts)).toBe(0);
    expect(Math.max(...counts)).toBeGreaterThan(8);
  });
});

describe("a dot", () => {
  test("takes areas that sum to 1, as the square around it meets the cells", () => {
    const features = featuresOf(16);
    for (const [y, x] of [
      [2.25, 3.5],
      [0, 0],
      [-0.5, 4.75],
      [7, 11],
      [7.5, 11.25],
      [3.9375, 0.0625],
    ]) {
      // prettier-ignore
      const dot = sampleAt(features, y, x);
      expect(dot.parts.reduce((sum, { weight }) => sum + weight, 0)).toBe(1);
      for (const { row, column, weight, box } of areasOf(dot, 16)) {
        const [left, top, right, bottom] = box;
        expect((right - left) * (bottom - top)).toBeCloseTo(weight * 256, 9);
        if (weight === 0) continue;
        expect(column * 16 <= left && right <= (column + 1) * 16).toBe(true);
        expect(row * 16 <= top && bottom <= (row + 1) * 16).toBe(true);
      }
    }
  });

  test("counts up to one cell beyond the map, and no further", () => {
    expect(neighboursOf(-1, 4)).toEqual({ reached: true, position: 0, cells: [0, 1], weights: [1, 0] });
    expect(neighboursOf(4, 4)).toEqual({ reached: true, position: 3, cells: [3, 3], weights: [1, 0] });
    expect([-1.01, 4.01].map((at) => neighboursOf(at, 4).weights)).toEqual([[0, 0], [0, 0]]); // prettier-ignore
  });
});

describe("what is read", () => {
  test("is the box, or one half a cell to the right and down, never smaller than a cell", () => {
    expect(readBoxOf(START, { stride: 16, ratio: 2, aligned: true })).toEqual(START);
    expect(readBoxOf(START, { stride: 16, ratio: 2, aligned: false })).toEqual(START.map((side) => side + 8));
    expect(readBoxOf([40, 40, 44, 44], { stride: 8, ratio: 2, aligned: false })).toEqual([44, 44, 52, 52]);
  });

  test("is off by two roundings with RoI Pool", () => {
    const now = stateOf([50, 35, 114, 83]); // the cells 3 to 7 and 2 to 5
    const { first, second, both } = roundingsOf(now, [0, 0]);
    expect(first).toEqual([-2, -3, 6, 5]);
    expect(second).toEqual([0, 0, 8, 0]); // two and a half cells become three
    expect(both).toEqual([-2, -3, 14, 5]);
    expect(roundingsOf(now, [1, 1]).second).toEqual([-8, 0, 0, 0]);
  });
});

describe("the question", () => {
  const before = stateOf(START);
  const after = stateOf(movedBy(START, moveOf(START, 16)));

  test("moves by half a cell: nothing changes for one, everything for the other", () => {
    expect(moveOf(START, 16)).toBe(8);
    expect(answerOf(countChanges(before.pooled, after.pooled), 4)).toBe("none");
    expect(answerOf(countChanges(before.aligned, after.aligned), 4)).toBe("all");
    expect(questionText(8, 16)).toContain("8 pixels to the right, half a cell.");
    expect(questionText(-6, 16)).toContain("6 pixels to the left. How");
    expect(opening(START, 16)).toContain("(42, 35) to (106, 83)");
  });

  test("stays on the image, wherever the box is", () => {
    for (const stride of STRIDES)
      for (const wide of [4, 100, MOST[0]])
        for (let x = 0; x + wide <= WIDTH; x += FINE) {
          const box = [x, 0, x + wide, HEIGHT];
          const shift = moveOf(box, stride);
          expect(Math.abs(shift)).toBeGreaterThanOrEqual(4);
          expect(movedBy(box, shift)[0]).toBe(x + shift);
        }
  });

  test("is answered with the corners and with how much changes", () => {
    expect(explainAnswers(["none", "some"], ["none", "all"], before, after)).toMatch(
      /^1 of 2 right\. RoI Pool: every corner is rounded to where it was: no number changes\. RoI Align: all 4 numbers change, by 2\.8 at most\. Now/,
    );
    expect(explainAnswers([null, null], ["none", "all"], before, after)).toMatch(/^RoI Pool/);
    expect(explainMove(stateOf([55.75, 35, 119.75, 83]), stateOf([56, 35, 120, 83]))).toMatch(
      /^RoI Pool: x1 \/ 16 goes from 3\.4844 to 3\.5, rounded from 3 to 4; x2 .*: 3 of 4 numbers change, by 16\.0 at most\. RoI Align: all 4 numbers change, by 0\.2 at most\.$/,
    );
  });
});

describe("the staircase and the line", () => {
  const now = stateOf(START);
  const line = lineOf(now.features, START, now.settings, [0, 1]);

  test.each(
    STRIDES.flatMap((stride) =>
      RATIOS.flatMap((ratio) => [true, false].map((aligned) => ({ stride, ratio, aligned }))),
    ),
  )("the line is the result at each place of the box, $stride $ratio $aligned", (settings) => {
    for (const box of [START, [188, 124, 192, 128]]) {
      const [wide, high] = [box[2] - box[0], box[3] - box[1]];
      const values = lineOf(featuresOf(settings.stride), box, settings, [0, 1]);
      expect(values.length).toBe((WIDTH - wide) / FINE + 1);
      for (const [x, value] of values)
        isClose([value], [stateOf([x, box[1], x + wide, box[1] + high], settings).aligned[0][1].value]);
    }
  });

  test("the line's steps are small where the staircase jumps", () => {
    const stairs = staircaseOf(now, [0, 1]);
    const steps = (values) => values.slice(1).map(([, value], at) => Math.abs(value - values[at][1]));
    expect(Math.max(...steps(stairs))).toBeGreaterThan(10);
    expect(Math.max(...steps(line))).toBeLessThan(1);
    expect(explainTraces([0, 1], stairs, line)).toMatch(
      /RoI Pool in \d jumps, the largest by \d+; RoI Align by 0\.\d at/,
    );
    expect(explainTraces([0, 1], [[0, 5]], [[0, 5]])).toContain("in 0 jumps; RoI Align by 0.0"); // prettier-ignore
  });
});

describe("tasks", () => {
  const done = (state) => TASKS.filter((task) => task.done(state)).map(({ name }) => name);

  test("are not done as the question is asked and answered", () => {
    for (const stride of STRIDES)
      for (const ratio of RATIOS)
        for (const x of [START[0], START[0] + stride / 2])
          expect(done(stateOf(boxMovedTo(START, [x, START[1]]), { stride, ratio }))).toEqual([]);
  });

  test("a jump is seen, one of a pixel is too far", () => {
    const [near, far, after] = [55.75, 55, 56].map((x) => stateOf([x, 35, x + 64, 83]));
    expect(done({ ...after, before: near })).toContain("jump");
    expect(done({ ...after, before: far })).not.toContain("jump");
    expect(largestChange(near.pooled, after.pooled)).toBe(16);
  });

  test("a quarter of each of four cells is there for the first box, and the same number for a small one", () => {
    const isThere = (name, [wide, high], settings) => {
      for (let y = 0; y <= HEIGHT - high; y += 1)
        for (let x = 0; x <= WIDTH - wide; x += 1)
          if (done(stateOf([x, y, x + wide, y + high], settings)).includes(name)) return true;
      return false;
    };
    for (const stride of STRIDES)
      for (const ratio of RATIOS)
        for (const aligned of [true, false]) {
          const settings = { stride, ratio, aligned };
          expect(isThere("quarters", [64, 48], settings)).toBe(true);
          expect(isThere("same", [12, 12], settings)).toBe(true);
        }
  });
});

describe("sentences", () => {
  test("say where numbers are from", () => {
    const now = stateOf([50, 35, 114, 83]);
    expect(explainPooled(0, 0, now)).toBe(
      "RoI Pool, row 0, column 0: 63, the largest number in columns 3 to 5 and rows 2 to 3 of the map. Where it stands is forgotten.",
    );
    expect(explainPooled(0, 1, stateOf([176, 0, 192, 32]))).toContain("its bin is column 12, which the map does not");
    expect(explainAligned(0, 0, now)).toBe(
      "RoI Align, row 0, column 0: 36.9, the mean of its dots, (38.0 + 24.0 + 54.8 + 30.9) / 4 = 36.9.",
    );
    expect(explainAligned(0, 0, stateOf(START, { ratio: 1 }))).toContain("the value of its one dot");
    expect(explainAligned(0, 0, stateOf(START, { stride: 8, ratio: -1 }))).toContain("the sum of its 12 dots / 12");
  });

  test("say what a dot takes of which cell", () => {
    const features = featuresOf(16);
    expect(explainDot(sampleAt(features, 2.25, 3.5))).toBe(
      "The dot at y = 2.25, x = 3.5 of the map: 0.38 · 39 + 0.38 · 20 + 0.13 · 63 + 0.13 · 31 = 33.88, 4 areas that sum to 1 before they are rounded here.",
    );
    expect(explainDot(sampleAt(features, 2, 3))).toContain("1.00 · 39 = 39.00, all of one cell.");
    expect(explainDot(sampleAt(features, 2, 12.5))).toContain("is more than a cell outside: 0.");
  });

  test("say where half a cell goes", () => {
    expect(explainSettings(stateOf(START))).toContain("4 dots a bin. The box is moved by half a cell");
    expect(explainSettings(stateOf(START, { aligned: false, ratio: 1 }))).toContain("1 dot a bin. Without aligned");
  });
});
