// The MultitaskLoss widget: losses and IoU against the reference and torchvision, then where the order turns, by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  ANSWERS,
  PRESETS,
  SIDE,
  TRUTH,
  crossing,
  digits,
  explainAnswer,
  explainOrder,
  lossesOf,
  lower,
  measuresOf,
  probabilities,
  rightAnswer,
} from "../../../course/widgets/multitask_loss/core.js";

const golden = JSON.parse(readFileSync(new URL("./golden/multitask_loss.json", import.meta.url), "utf-8"));

describe("losses", () => {
  test.each(golden)("$model.scores, $model.box at $weight, label $truth.label", (one) => {
    const losses = lossesOf(one.model, one.weight, one.pixels, one.truth);
    for (const name of ["classification", "localization", "total"]) {
      expect(losses[name]).toBeCloseTo(one.expected[name], 9);
    }
    expect(measuresOf(one.model, one.truth).iou).toBeCloseTo(one.iou, 12);
  });

  test("probabilities sum to 1, of large scores too", () => {
    expect(probabilities([1000, 0, -1000])).toEqual([1, 0, 0]);
    expect(probabilities([0, 0, 0, 0])).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
});

describe("the order", () => {
  test.each(Object.entries(PRESETS))("%s: turns around where the totals cross, or nowhere", (_, { models }) => {
    for (const pixels of [false, true]) {
      const at = crossing(models, pixels);
      if (at === null) {
        expect(new Set([0.001, 1, 1000].map((weight) => lower(models, weight, pixels))).size).toBe(1);
        continue;
      }
      const totals = models.map((model) => lossesOf(model, at, pixels).total);
      expect(totals[0]).toBeCloseTo(totals[1], 9);
      expect(lower(models, at * 1.01, pixels)).toBe(1 - lower(models, at / 1.01, pixels));
      expect(at > 0.001 && at < 1000).toBe(true); // within the slider
    }
  });

  test("in pixels the crossing is SIDE² times nearer to 0", () => {
    const { models } = PRESETS.traded;
    expect(crossing(models, false) / crossing(models, true)).toBeCloseTo(SIDE ** 2, 6);
  });

  test("the right answers are of each kind", () => {
    expect(Object.values(PRESETS).map(({ models }) => rightAnswer(models))).toEqual(["depends", "depends", "A"]);
    expect(ANSWERS.map(([name]) => name)).toEqual(["A", "B", "depends"]);
  });

  test("what is measured does not know the weight", () => {
    expect(measuresOf.length).toBe(1); // and the truth, which has a default
    const [a, b] = PRESETS.wrong.models.map((model) => measuresOf(model));
    expect([a.right, b.right]).toEqual([true, false]);
    expect(b.iou).toBeGreaterThan(a.iou);
  });

  test("equal totals have no lower one", () => {
    const same = { scores: [1, 0, 0], box: TRUTH.box };
    expect(lower([same, same], 1, true)).toBe(null);
    expect(crossing([same, same], true)).toBe(null);
  });
});

describe("sentences", () => {
  test("three digits at every size", () => {
    expect([0, 0.0123456, 0.5, 1, 17.25, 123.4, 4096].map(digits)).toEqual([
      "0",
      "0.0123",
      "0.500",
      "1.00",
      "17.3",
      "123",
      "4096",
    ]);
  });

  test("an order, with and without a crossing", () => {
    expect(explainOrder(PRESETS.better.models, 1, false)).toContain("A is lower at every weight");
    expect(explainOrder(PRESETS.traded.models, 1, true)).toContain("The totals change places at");
  });

  test("an answer", () => {
    expect(explainAnswer(PRESETS.traded.models, "A")).toMatch(/^Not quite\./);
    expect(explainAnswer(PRESETS.better.models, "A")).toMatch(/^Right\. Both losses of A/);
    expect(explainAnswer(PRESETS.better.models, null)).toMatch(/^Both losses of A/);
  });
});
