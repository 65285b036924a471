// The Heatmap widget: its numbers and its decoded point against the reference, then the errors, by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  COLUMNS,
  OTHER,
  RIGHT,
  ROWS,
  SECOND,
  SIGMAS,
  WORST,
  decode,
  errorsAt,
  explainCell,
  explainPoint,
  explainPrediction,
  heatmapOf,
  onTheMap,
  sweep,
} from "../../../course/widgets/heatmap/core.js";

const golden = JSON.parse(readFileSync(new URL("./golden/heatmap.json", import.meta.url), "utf-8"));

describe("the map and the point", () => {
  test.each(golden)("$place, sigma $sigma, second $height", ({ place, sigma, height, map, point, score }) => {
    const drawn = heatmapOf(place, sigma, height);
    drawn.flat().forEach((value, at) => expect(value).toBeCloseTo(map.flat()[at], 12));
    const read = decode(map); // of the reference's numbers, so that a tie is the same tie
    expect(read.quarter).toEqual(point);
    expect(read.score).toBe(score);
  });

  test("of equal pixels the first in reading order, and no step between equal neighbours", () => {
    const read = decode([
      [0, 1, 0],
      [2, 3, 2],
      [5, 5, 5],
    ]);
    expect(read.highest).toEqual([0.5, 2.5]);
    expect(read.moved).toEqual([0, 0]);
    expect(
      decode([
        [0, 2, 0],
        [1, 3, 1],
        [0, 2, 0],
      ]).moved,
    ).toEqual([0, 0]);
  });
});

describe("errors", () => {
  test.each(SIGMAS)("away from the border at most ½ and ¼, with sigma %d", (sigma) => {
    const inside = sweep().filter((x) => x > 1 && x <= COLUMNS - 1);
    const errors = inside.map((x) => errorsAt([x, 2.3], sigma, 0));
    expect(Math.max(...errors.map((error) => error.highest))).toBeCloseTo(Number(RIGHT.highest), 9);
    expect(Math.max(...errors.map((error) => error.quarter))).toBeCloseTo(Number(RIGHT.quarter), 9);
  });

  test("the right answers can be chosen", () => {
    const values = WORST.map(([value]) => value);
    expect(values).toContain(RIGHT.highest);
    expect(values).toContain(RIGHT.quarter);
  });

  test("a lower second hill wins where the first stands between four pixels", () => {
    const between = decode(heatmapOf([3, 2], 0.5, SECOND.lower.height));
    expect(between.highest).toEqual(OTHER);
    const centred = decode(heatmapOf([2.5, 1.5], 0.5, SECOND.lower.height));
    expect(centred.highest).toEqual([2.5, 1.5]);
    expect(explainPoint([3, 2], 0.5, SECOND.lower.height)).toContain("is on the second hill");
  });
});

describe("places", () => {
  test("stay on the map and on steps", () => {
    expect(onTheMap([-3, 99])).toEqual([0, ROWS]);
    expect(onTheMap([2.8249, 1.0251])).toEqual([2.8, 1.05]);
    expect(sweep().length).toBe(181);
    expect(sweep().at(-1)).toBe(COLUMNS);
  });
});

describe("sentences", () => {
  test("a cell says its sum", () => {
    expect(explainCell(2, 3, [2.5, 2.5], 1, 0)).toBe(
      "Row 2, column 3: its centre is (3.5, 2.5), d² = 1.00, exp(−1.00 / 2.00): 0.61.",
    );
    expect(explainCell(2, 3, [2.5, 2.5], 1, 0.9)).toContain("the second hill's share");
  });

  test("a point says how far it is off", () => {
    expect(explainPoint([2.8, 2.3], 1, 0)).toBe(
      "The keypoint is at (2.80, 2.30). The highest pixel's centre is off by 0.30 in x and 0.20 in y; with the quarter step, by 0.05 in x and 0.05 in y.",
    );
  });

  test("a prediction is judged", () => {
    expect(explainPrediction({ highest: "0.5", quarter: "1" })).toMatch(/^You were right and not quite\./);
    expect(explainPrediction({ highest: null, quarter: null })).toMatch(/^A centre is/);
  });
});
