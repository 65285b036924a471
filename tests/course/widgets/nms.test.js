// The NMS widget: its suppression against the reference, and what its scenes show, by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SCENES, explainOutcome, explainStep, iouOf, outcome, suppress } from "../../../course/widgets/nms/core.js";

const golden = JSON.parse(readFileSync(new URL("./golden/nms.json", import.meta.url), "utf-8"));
const kept = (boxes, threshold, perClass) => suppress(boxes, threshold, perClass).map((step) => step.kept);

describe("suppression", () => {
  test.each(golden)("$labels at $threshold", ({ boxes, labels, threshold, kept: wanted, keptByLabel }) => {
    const listed = boxes.map((box, at) => ({ box, label: labels[at] }));
    expect(kept(listed, threshold, false)).toEqual(wanted);
    expect(kept(listed, threshold, true)).toEqual(keptByLabel);
  });

  test("an overlap of exactly the threshold is kept", () => {
    const half = [{ box: [0, 0, 4, 4] }, { box: [0, 0, 4, 2] }];
    expect(kept(half, 0.5, false)).toEqual([0, 1]);
  });
});

describe("scenes", () => {
  const found = (name, threshold, perClass = false) => {
    const scene = SCENES[name];
    return outcome(scene, kept(scene.boxes, threshold, perClass));
  };

  test("boxes come best first, lie in the picture, and no overlap stands on a step of the threshold", () => {
    for (const { boxes } of Object.values(SCENES)) {
      const scores = boxes.map(({ score }) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
      const overlaps = boxes.flatMap(({ box: a }) =>
        boxes.filter(({ box: b }) => b !== a).map(({ box: b }) => iouOf(a, b)),
      );
      for (const iou of overlaps.filter(Boolean))
        expect(Math.abs(20 * iou - Math.round(20 * iou))).toBeGreaterThan(0.02);
    }
  });

  test("one cow: a middle threshold leaves her one box, and the one beside her stays", () => {
    expect(found("one", 0.4)).toMatchObject({ counts: [1], lost: 0, doubles: 0, beside: [4] });
    expect(found("one", 0.85).doubles).toBeGreaterThan(1);
  });

  test("two cows: too low loses one, too high keeps doubles, in between both are right", () => {
    expect(found("two", 0.2)).toMatchObject({ lost: 1, doubles: 0 });
    expect(found("two", 0.5)).toMatchObject({ counts: [1, 1], lost: 0, doubles: 0 });
    expect(found("two", 0.9).doubles).toBeGreaterThan(1);
  });

  test("a dog in front of a cow is lost unless each label is by itself", () => {
    expect(found("front", 0.5)).toMatchObject({ counts: [1, 0], lost: 1 });
    expect(found("front", 0.5, true)).toMatchObject({ counts: [1, 1], lost: 0, doubles: 0 });
  });
});

describe("sentences", () => {
  test("a step says who goes, and who was wrongly expected to", () => {
    const [step] = suppress(SCENES.two.boxes, 0.5, false);
    expect(explainStep(step, new Set([2, 4]), 0.5)).toBe("A is kept, and drops C, E: an IoU above 0.50.");
    expect(explainStep(step, new Set([1]), 0.5)).toContain(
      "You had not expected C, E to go. B stays: its IoU with A is",
    );
    const [apart] = suppress(SCENES.front.boxes, 0.5, true);
    expect(explainStep(apart, new Set([1]), 0.5)).toContain("B stays: it has another label.");
  });

  test("an outcome says what is lost and what is double", () => {
    expect(explainOutcome(SCENES.two, kept(SCENES.two.boxes, 0.5, false))).toBe(
      "2 boxes are kept, for 2 animals. Each animal has one box.",
    );
    expect(explainOutcome(SCENES.two, kept(SCENES.two.boxes, 0.2, false))).toContain("1 animal has lost all boxes");
    expect(explainOutcome(SCENES.one, kept(SCENES.one.boxes, 0.4, false))).toContain("E lies on no animal");
  });
});
