// The BoxCoder widget: its numbers and its boxes against the reference, the tasks and the predictions by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  ANSWERS,
  CLIP,
  HEIGHT,
  PLAIN,
  PRESETS,
  SCALED,
  TASKS,
  WIDTH,
  decode,
  decodeText,
  encode,
  encodeText,
  explainBoxes,
  explainLanding,
  explainNumbers,
  explainWidth,
  hundredths,
  iouOf,
  isClipped,
  isRight,
  limitsOf,
  movedTo,
  score,
  sidesOf,
  stretchedTo,
  two,
} from "../../../course/widgets/box_coder/core.js";

const golden = JSON.parse(readFileSync(new URL("./golden/box_coder.json", import.meta.url), "utf-8"));
const { near, large, tiny } = PRESETS;

function expectClose(numbers, expected) {
  expect(numbers.length).toBe(expected.length);
  numbers.forEach((number, at) => expect(number).toBeCloseTo(expected[at], 9));
}

describe("the reference's numbers", () => {
  test.each(golden)("$name", ({ target, proposal, weights, deltas, landed, moved, movedTo: expected }) => {
    expectClose(encode(target, proposal, weights), deltas);
    expectClose(decode(deltas, proposal, weights), landed);
    expectClose(decode(moved, proposal, weights), expected);
  });

  test("a logarithm is cut off after the division by its weight", () => {
    expect(isClipped([9, 9, 4.2, 4.1], PLAIN)).toEqual([2]);
    expect(isClipped([99, 99, 4.2 * 5, 4.1 * 5], SCALED)).toEqual([2]);
    expect(isClipped([0, 0, -50, -50], PLAIN)).toEqual([]);
    expect(Math.exp(CLIP)).toBeCloseTo(62.5, 12);
  });
});

describe("presets", () => {
  test("the near miss has numbers that can be worked out: a quarter, a half, log 2, 0", () => {
    expectClose(encode(near.target, near.proposal, PLAIN), [0.25, 0.5, Math.log(2), 0]);
    expectClose(encode(near.target, near.proposal, SCALED), [2.5, 5, 5 * Math.log(2), 0]);
  });

  test("twice as large in everything, the numbers are the same", () => {
    expect(large.proposal).toEqual(near.proposal.map((number) => 2 * number));
    expectClose(encode(large.target, large.proposal, PLAIN), encode(near.target, near.proposal, PLAIN));
  });

  test("the tiny proposal falls short by six pixels of the width", () => {
    const landed = decode(encode(tiny.target, tiny.proposal, SCALED), tiny.proposal, SCALED);
    expectClose(sidesOf(landed), [250, 96]);
    expect(sidesOf(tiny.target)).toEqual([256, 96]);
    expect(ANSWERS.map(([value]) => value)).toContain("narrower");
  });

  test("lie on the picture, and on the sliders", () => {
    for (const { proposal, target } of Object.values(PRESETS)) {
      for (const [x1, y1, x2, y2] of [proposal, target]) {
        expect(0 <= x1 && x1 < x2 && x2 <= WIDTH && 0 <= y1 && y1 < y2 && y2 <= HEIGHT).toBe(true);
      }
      encode(target, proposal, SCALED).forEach((number, at) => {
        const [least, most] = limitsOf(at, SCALED);
        expect(least <= number && number <= most).toBe(true);
      });
    }
  });
});

describe("moving and stretching", () => {
  test("stay on the picture, at even pixels, and leave four of them", () => {
    expect(movedTo([32, 8, 96, 56], [-5, 999])).toEqual([0, HEIGHT - 48, 64, HEIGHT]);
    expect(movedTo([32, 8, 96, 56], [10.9, 9.2])).toEqual([10, 10, 74, 58]);
    expect(stretchedTo([32, 8, 96, 56], [0, 999])).toEqual([32, 8, 36, HEIGHT]);
  });
});

describe("predictions", () => {
  test("are right to a hundredth", () => {
    const deltas = encode(near.target, near.proposal, PLAIN);
    expect(score([25, null, 100, 0], deltas)).toEqual({ guessed: 3, right: 2 });
    expect(score([null, null, null, null], deltas)).toEqual({ guessed: 0, right: 0 });
    expect([68, 69, 70, 71].map((guess) => isRight(guess, Math.log(2)))).toEqual([true, true, true, false]);
    expect(hundredths(deltas[2])).toBe(69);
  });
});

describe("tasks", () => {
  const done = (proposal, target, weights = PLAIN, byHand = null) => {
    const deltas = byHand ?? encode(target, proposal, weights);
    const state = { proposal, target, weights, deltas, free: byHand !== null };
    return TASKS.filter((task) => task.done({ ...state, landed: decode(deltas, proposal, weights) })).map(
      ({ name }) => name,
    );
  };

  test("can be done, each by boxes of its own", () => {
    for (const weights of [PLAIN, SCALED]) {
      expect(done([0, 0, 64, 48], [16, 0, 48, 48], weights)).toEqual(["half"]);
      expect(done([48, 12, 144, 84], [24, 48, 216, 120], weights)).toEqual(["again"]);
    }
    expect(done(near.proposal, near.target, PLAIN, [0.25, 0.5, 0.7, 0])).toEqual(["land"]);
    expect(done(near.proposal, near.target, SCALED, [2.5, 5, 3.45, 0])).toEqual(["land"]);
  });

  test("are not done as the presets begin, or by numbers that were not needed", () => {
    for (const { proposal, target } of Object.values(PRESETS)) {
      expect(done(proposal, target)).toEqual([]);
      expect(done(proposal, target, PLAIN, [0, 0, 0, 0])).toEqual([]);
    }
    expect(done([0, 0, 64, 48], [0, 0, 64, 48], PLAIN, [0, 0, 0, 0])).toEqual([]);
    expect(done([0, 0, 64, 48], [16, 0, 48, 48], PLAIN, [0, 0, -Math.LN2, 0])).toEqual(["land"]);
  });
});

describe("sentences", () => {
  test("write the formula with its numbers", () => {
    expect(encodeText(0, near.target, near.proposal, PLAIN)).toBe("(80 − 64) / 64");
    expect(encodeText(2, near.target, near.proposal, SCALED)).toBe("5 · log(128 / 64)");
    expect(decodeText(1, [2.5, 5, 0, 0], near.proposal, SCALED)).toBe("32 + 5.00 / 10 · 48 = 56");
    expect(decodeText(0, [-0.25, 0, 0, 0], near.proposal, PLAIN)).toBe("64 + (−0.25) · 64 = 48");
    expect(decodeText(2, [0, 0, 5, 0], tiny.proposal, PLAIN)).toBe("4 · exp(4.14) = 250");
    expect(two(-0.001)).toBe("0.00");
  });

  test("say what was right, and why", () => {
    const deltas = encode(near.target, near.proposal, PLAIN);
    expect(explainNumbers([25, 50, 100, 0], deltas, near.target, near.proposal)).toMatch(/^3 of 4 right\. /);
    expect(explainNumbers([null, null, null, null], deltas, near.target, near.proposal)).toMatch(/^The first two/);
    const small = encode(tiny.target, tiny.proposal, SCALED);
    expect(explainWidth("same", small, SCALED, tiny.target, tiny.proposal)).toMatch(
      /^Not quite\. .*20\.79 \/ 5 = 4\.16, and .* = 4\.14: the width becomes 250 pixels, and the object's is 256\./,
    );
    expect(explainWidth("narrower", small, SCALED, tiny.target, tiny.proposal)).toMatch(/^Right\. /);
  });

  test("say where the box is", () => {
    const { proposal, target } = near;
    expect(explainBoxes([0, 0, 0, 0], PLAIN, proposal, proposal)).toContain("four zeros");
    expect(explainBoxes(encode(target, proposal, PLAIN), PLAIN, target, proposal)).toBe(
      "The numbers are 0.25, 0.50, 0.69, 0.00; applied to the proposal, they give the object's box again.",
    );
    const inside = iouOf(proposal, target); // 64 × 24 of both
    expect(inside).toBeCloseTo(1536 / (3072 + 6144 - 1536), 12);
    expect(explainLanding([0, 0, 0, 0], PLAIN, target, proposal)).toContain("64 × 48 pixels; its IoU with the object is 0.20"); // prettier-ignore
    expect(explainLanding([0, 0, 5, 5], PLAIN, target, proposal)).toContain("The third and fourth are cut off");
  });
});
