// The PrecisionRecall widget: its curves and averages against the reference, and its sentences, by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  ANSWERS,
  METHODS,
  RIGHT,
  SCORES,
  averagePrecision,
  curveOf,
  explainFlip,
  explainMethod,
  explainPoint,
  explainPrediction,
  precisionAt,
  recallsOf,
  reported,
  stairs,
} from "../../../course/widgets/precision_recall/core.js";

const golden = JSON.parse(readFileSync(new URL("./golden/precision_recall.json", import.meta.url), "utf-8"));
const START = [..."1101001100"].map((digit) => digit === "1");

describe("curves", () => {
  test.each(golden)("$correct of $targets", ({ correct, targets, precision, recall, averages }) => {
    const curve = curveOf(correct, targets);
    curve.forEach((point, at) => {
      expect(point.precision).toBeCloseTo(precision[at], 6);
      expect(point.recall).toBeCloseTo(recall[at], 6);
    });
    for (const method of Object.keys(METHODS)) expect(averagePrecision(curve, method)).toBeCloseTo(averages[method], 6);
  });

  test("the envelope never rises, and ends where recall does", () => {
    const curve = curveOf(START, 7);
    const heights = stairs(curve).map(({ height }) => height);
    expect(heights).toEqual([...heights].sort((a, b) => b - a));
    expect(stairs(curve).at(-1).to).toBe(5 / 7);
    expect(precisionAt(curve, 0.8)).toBe(0);
    expect(recallsOf(11).at(-1)).toBe(1);
    expect(recallsOf(101).length).toBe(101);
  });

  test("the right answers can be chosen, and are right", () => {
    const values = ANSWERS.map(([value]) => value);
    for (const answer of Object.values(RIGHT)) expect(values).toContain(answer);
    const curve = curveOf(START, 7);
    const moves = (name) => curve.slice(1).map((point, at) => point[name] - curve[at][name]);
    expect(Math.min(...moves("recall"))).toBe(0);
    expect(Math.min(...moves("precision"))).toBeLessThan(0);
    expect(Math.max(...moves("precision"))).toBeGreaterThan(0);
  });
});

describe("sentences", () => {
  test("a point says its two fractions", () => {
    expect(reported(0.7)).toBe(5);
    expect(explainPoint(START, 7, 0.7)).toBe(
      "5 reported, 3 of them right: precision 3/5 = 0.60. Of 7 targets 3 are found: recall 3/7 = 0.43.",
    );
    expect(explainPoint(START, 7, 1)).toMatch(/^No detection is as sure/);
    expect(SCORES.length).toBe(START.length);
  });

  test("predictions, flips and definitions", () => {
    expect(explainPrediction({ recall: "up", precision: "down" })).toMatch(/^You were right and not quite\./);
    expect(explainPrediction({ recall: null, precision: null })).toMatch(/^What was found/);
    expect(explainFlip(2, true, 0.5, 0.625)).toBe(
      "Detection 3 is right now. The average precision rises: 0.500 → 0.625.",
    );
    expect(explainFlip(9, false, 0.5, 0.5)).toContain("stays");
    for (const method of Object.keys(METHODS)) expect(explainMethod(method)).toMatch(/^(COCO|VOC) /);
  });
});
