// The Anchors widget: its boxes, overlaps, matches and deltas against the reference; questions, tasks and sentences by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  ANCHORS,
  BASE,
  IGNORED,
  MAP,
  MARGIN,
  NEGATIVE,
  OTHER,
  REASONS,
  START,
  TASKS,
  anchorAt,
  answersOf,
  baseAnchors,
  bestOf,
  countKinds,
  encode,
  gridAnchors,
  isOnPicture,
  isRescued,
  isRight,
  kindOf,
  matchAnchors,
  matched,
  overlapsOf,
  ownOf,
  placeNear,
  placeOf,
  roundToEven,
} from "../../../course/widgets/anchors/core.js";
import {
  encodeText,
  explainAnchor,
  explainCounts,
  explainRule,
  explainScene,
  explainWhy,
  imbalanceText,
  iouText,
  two,
} from "../../../course/widgets/anchors/words.js";

const golden = JSON.parse(readFileSync(new URL("./golden/anchors.json", import.meta.url), "utf-8"));
const USUAL = { high: 0.7, low: 0.3, lowQuality: true };

describe("the reference's numbers", () => {
  test.each(golden)("$name", (scene) => {
    const base = baseAnchors(scene.sizes, scene.ratios);
    expect(base).toEqual(scene.base);
    const anchors = gridAnchors(scene.featureSize, scene.stride, base);
    const overlaps = overlapsOf(scene.objects, anchors);
    expect(overlaps.map((row) => Math.max(...row))).toEqual(scene.highest);
    for (const { matches, ...rules } of scene.rules) expect(matchAnchors(overlaps, rules)).toEqual(matches);
    if (scene.anchors === null) return;
    expect(anchors).toEqual(scene.anchors);
    expect(overlaps).toEqual(scene.overlaps); // every bit: sides are quarters, and there is one division
    anchors.forEach((anchor, at) => {
      const numbers = encode(scene.objects[ownOf(overlaps, at)], anchor);
      numbers.forEach((number, side) => expect(number).toBeCloseTo(scene.deltas[at][side], 12));
    });
  });

  test("cover all kinds, ties, IoUs at a threshold, and an anchor that is one object's best and learns another", () => {
    const all = golden.flatMap(({ rules }) => rules.flatMap(({ matches }) => matches));
    expect([NEGATIVE, IGNORED, 0, 1].every((match) => all.includes(match))).toBe(true);
    const rows = golden.flatMap(({ overlaps }) => overlaps ?? []);
    expect(rows.some((row) => row.filter((iou) => iou === Math.max(...row)).length === 4)).toBe(true);
    expect([0.25, 0.5].every((threshold) => rows.flat().includes(threshold))).toBe(true);
    const behind = golden.find(({ name }) => name === "one behind the other").rules[0].matches;
    expect(behind.includes(0) && !behind.includes(1)).toBe(true);
  });

  test("the widget's anchors are those of the first scene", () => {
    expect(BASE).toEqual(golden[0].base);
    expect(MAP).toEqual(golden[0].featureSize);
    expect([START, OTHER]).toEqual(golden[1].objects);
  });
});

describe("anchors", () => {
  test("have rounded corners, halves to even ones", () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, 2.6, -2.6].map(roundToEven)).toEqual([0, 2, 2, 0, -2, -2, 2, 3, -3]);
    expect(baseAnchors([16, 32], [0.25])).toEqual([[-16, -4, 16, 4], [-32, -8, 32, 8]]); // prettier-ignore
  });

  test("are found by their place and back", () => {
    ANCHORS.forEach((_, anchor) => expect(anchorAt(placeOf(anchor))).toBe(anchor));
    expect(ANCHORS[anchorAt({ row: 4, column: 6, kind: 3 })]).toEqual([64, 32, 128, 96]);
    expect(placeNear([95, 61])).toEqual({ row: 4, column: 6 });
    expect(placeNear([-50, 900])).toEqual({ row: 7, column: 0 });
    expect(ANCHORS.filter(isOnPicture).length).toBe(302);
  });
});

describe("the questions", () => {
  const first = matched([START], USUAL);

  test("none reaches 0.7, the best is one alone, and its reason is the rule", () => {
    expect(answersOf(first)).toEqual([0, 546]);
    expect(first.counts).toEqual({ positive: 1, ignored: 29, negative: 546 });
    const best = bestOf(first.overlaps[0]);
    expect(placeOf(best)).toEqual({ row: 4, column: 6, kind: 3 });
    expect([kindOf(first.matches[best]), isRescued(first, best)]).toEqual(["positive", true]);
    expect(REASONS.map(([name]) => name)).toContain("best");
    expect(countKinds(matched([START], { ...USUAL, lowQuality: false }).matches).positive).toBe(0);
  });

  test("the first number must be exact, the second near", () => {
    expect(MARGIN).toBe(28);
    expect([isRight(0, 0, 0), isRight(1, 0, 0)]).toEqual([true, false]);
    expect([518, 517, 574, 575].map((guess) => isRight(guess, 546, 1))).toEqual([true, false, true, false]);
  });

  test("are answered in sentences", () => {
    expect(explainCounts([3, 530], first)).toBe(
      "1 of 2 right (up to 28 off is near enough). None of 576 reaches 0.7; the best has 0.53. 546 are below 0.3: negative, they learn that nothing is there. 30 are between.",
    );
    expect(explainCounts([null, null], first)).toMatch(/^None of 576/);
    expect(explainCounts([2, null], matched([[64, 32, 128, 96]], USUAL))).toMatch(/^0 of 1 right\. 1 anchor of 576 reaches 0\.7: the positives\./); // prettier-ignore
    expect(explainWhy("half", first)).toMatch(
      /^Not quite\. .* The anchor that overlaps it most learns it .* here 0\.53\./,
    );
    expect(explainWhy("best", first)).toMatch(/^Right\. /);
    const tied = matched([[76, 36, 132, 92]], USUAL); // half-way between two places
    expect(tied.matches.filter((match) => match === 0).length).toBeGreaterThan(1);
    expect(explainWhy(null, tied)).toMatch(/^An object .* The \d anchors that overlap it most learn it/);
  });
});

describe("tasks", () => {
  const done = (objects, rules = USUAL) => {
    const now = matched(objects, rules);
    return TASKS.filter((task) => task.done(now)).map(({ name }) => name);
  };

  test("are not done as the widget begins, with or without the dog", () => {
    expect(done([START])).toEqual([]);
    expect(done([START, OTHER])).toEqual([]);
  });

  test("can be done", () => {
    expect(done([[64, 32, 128, 96]])).toEqual(["exact"]);
    expect(done([START], { ...USUAL, lowQuality: false })).toEqual(["none"]);
    expect(done([START, [68, 42, 122, 81]])).toEqual(["none", "own"]);
    expect(done([START, [60, 34, 92, 66]])).not.toContain("own");
  });
});

describe("sentences", () => {
  const both = matched([START, OTHER], USUAL);

  test("say what an anchor is, and why", () => {
    const [cow, dog] = both.overlaps.map(bestOf);
    expect(explainAnchor(both, cow)).toBe(
      "Anchor 64 × 64 in row 4, column 6: IoU 0.53 with the cow, less than 0.7, and no anchor overlaps the cow more: positive all the same.",
    );
    expect(explainAnchor(both, dog)).toMatch(/with the dog, 0\.7 or more: positive\. It learns the dog/);
    expect(explainAnchor(both, anchorAt({ row: 0, column: 0, kind: 3 }))).toBe(
      "Anchor 64 × 64 in row 0, column 0: IoU 0.00 with the cow, less than 0.3: negative. It learns that nothing is there, and no box. It crosses the picture's border.",
    );
    expect(explainAnchor(both, anchorAt({ row: 4, column: 6, kind: 1 }))).toMatch(/between 0\.3 and 0\.7: ignored\./);
    const behind = matched([START, [68, 42, 122, 81]], USUAL); // the best anchor of both
    expect(explainAnchor(behind, bestOf(behind.overlaps[1]))).toMatch(/no anchor overlaps the cow more/);
  });

  test("say it of an anchor that is the dog's best and learns the cow", () => {
    const now = matched([START, [60, 40, 116, 80]], USUAL);
    const best = bestOf(now.overlaps[1]);
    expect(best).not.toBe(bestOf(now.overlaps[0]));
    expect(explainAnchor(now, best)).toBe(
      "Anchor 90 × 46 in row 4, column 5: IoU 0.52 with the cow. It is the dog's best one, 0.52, and so positive; but it learns its own best box, the cow. No anchor learns the dog.",
    );
    expect(explainScene(now)).toMatch(/no anchor learns it\. The dog's best anchor learns the cow: its own IoU/);
    const kept = matched([[64, 36, 124, 92], [60, 52, 116, 92]], USUAL); // prettier-ignore
    expect(explainAnchor(kept, bestOf(kept.overlaps[1]))).toMatch(/its own best box, the cow\.$/);
    expect(kept.matches).toContain(1);
  });

  test("count the imbalance", () => {
    expect(imbalanceText(both.counts)).toBe("269 negatives for each positive");
    expect(imbalanceText({ positive: 4, ignored: 2, negative: 10 })).toBe("2.5 negatives for each positive");
    expect(imbalanceText({ positive: 0, ignored: 2, negative: 10 })).toBe("No anchor is positive.");
  });

  test("say what a rule does", () => {
    const strict = matched([START, OTHER], { ...USUAL, lowQuality: false });
    expect(explainRule(strict)).toBe(
      "Only the threshold counts: 0.7 or more. The cow's best IoU is 0.53, and no anchor learns it. The dog's best IoU is 0.77, and 1 anchor learns it.",
    );
    expect(explainScene(matched([START, [68, 42, 122, 81]], USUAL))).toContain("The dog's best anchor learns the cow");
  });

  test("do not round an IoU up to a threshold that it misses", () => {
    expect([iouText(0.698, 0.7, 0.3), iouText(0.6951, 0.7), iouText(0.7, 0.7), iouText(0.2999, 0.7, 0.3)]).toEqual(["0.698", "0.6951", "0.70", "0.2999"]); // prettier-ignore
    expect([two(-0.001), two(-0.25)]).toEqual(["0.00", "−0.25"]);
    expect([encodeText(0, START, [64, 32, 128, 96]), encodeText(3, START, [64, 32, 128, 96])]).toEqual(["(95 − 96) / 64", "log(40 / 64)"]); // prettier-ignore
  });
});
