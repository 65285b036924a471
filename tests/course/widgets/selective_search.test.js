// The SelectiveSearch widget: its similarities, its merges and its boxes against the reference, the rest by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  PIXELS_IN_ALL,
  TERMS,
  bestOf,
  decodeSegments,
  grow,
  iouOf,
  mergeRegions,
  middlesOf,
  neighboursOf,
  piecesOf,
  recallOf,
  segmentsAfter,
  similarityTerms,
  sumOf,
  touches,
} from "../../../course/widgets/selective_search/core.js";
import { ANIMALS, PIXELS, SIDE } from "../../../course/widgets/selective_search/scene.js";
import { explainBox, explainEnd, explainMerge, explainRegion } from "../../../course/widgets/selective_search/words.js";

const golden = JSON.parse(readFileSync(new URL("./golden/selective_search.json", import.meta.url), "utf-8"));
const segments = decodeSegments();
const pieces = piecesOf(segments);
const touching = neighboursOf(segments, pieces.length);
const grown = grow(pieces, touching);

function expectClose(numbers, expected) {
  expect(numbers.length).toBe(expected.length);
  numbers.forEach((number, at) => expect(number).toBeCloseTo(expected[at], 4));
}

describe("the reference's merges", () => {
  test("are as many", () => {
    expect(grown.steps.length).toBe(golden.length);
    expect(grown.regions.length).toBe(2 * pieces.length - 1);
  });

  test.each(golden.map((merge, step) => [step, merge]))("merge %i", (step, merge) => {
    const [pair] = grown.steps[step].pairs;
    expect([pair.first, pair.second]).toEqual([merge.first, merge.second]);
    expectClose(pair.terms, merge.terms);
    expect(pair.similarity).toBeCloseTo(merge.similarity, 4);
    const region = grown.regions[pieces.length + step];
    expect([region.size, region.box]).toEqual([merge.size, merge.box]);
    expectClose(region.colour, merge.colour);
    expectClose(region.texture, merge.texture);
    const best = bestOf(grown.regions.slice(0, pieces.length + step + 1));
    expectClose(
      best.map(({ iou }) => iou),
      merge.best,
    );
  });

  test("start from pieces that fill the picture", () => {
    expect(segments.length).toBe(PIXELS_IN_ALL);
    expect(pieces.reduce((sum, { size }) => sum + size, 0)).toBe(PIXELS_IN_ALL);
    expect(atob(PIXELS).length).toBe(3 * PIXELS_IN_ALL);
    for (const { box } of ANIMALS) expect(box.every((side) => 0 <= side && side <= SIDE)).toBe(true);
  });

  test("find more animals than the pieces do", () => {
    expect(recallOf(bestOf(pieces))).toBeLessThan(ANIMALS.length);
    expect(recallOf(bestOf(grown.regions))).toBe(ANIMALS.length);
  });
});

const ramp = { size: 2, box: [0, 0, 2, 1], colour: [0.5, 0.5], texture: [1, 0, 0] };
const spot = { size: 2, box: [2, 0, 4, 1], colour: [0, 1], texture: [0, 0.25, 0.75] };

describe("the formulas, by hand", () => {
  test("four terms, of which some may count", () => {
    expectClose(similarityTerms(ramp, spot, 16), [0.5, 0, 0.75, 1]);
    expectClose(similarityTerms(ramp, { ...spot, box: [2, 2, 4, 3] }, 16), [0.5, 0, 0.75, 0.5]);
    expect(sumOf([0.5, 0.25, 0.75, 1])).toBe(2.5);
    expect(sumOf([0.5, 0.25, 0.75, 1], ["texture", "fill"])).toBe(1.25);
  });

  test("a merged region is what counting anew would give", () => {
    const both = mergeRegions({ ...ramp, size: 6 }, spot);
    expect([both.size, both.box]).toEqual([8, [0, 0, 4, 1]]);
    expectClose(both.colour, [0.375, 0.625]);
    expectClose(both.texture, [0.75, 0.0625, 0.1875]);
    expect([ramp.size, ramp.box]).toEqual([2, [0, 0, 2, 1]]);
  });

  test("pixels that meet at a corner touch", () => {
    const found = neighboursOf([0, 0, 1, 2, 0, 0, 3, 3, 3], 4, 3).map((others) => [...others].sort());
    expect(found).toEqual([[1, 2, 3], [0], [0, 3], [0, 2]]);
  });

  test("of pairs that are equally alike the one with the lowest numbers goes first", () => {
    const same = (x) => ({ ...ramp, size: 1, box: [x, 0, x + 1, 1] });
    const { steps } = grow([same(0), same(1), same(2), same(3)], [new Set([1]), new Set([0, 2]), new Set([1, 3]), new Set([2])]); // prettier-ignore
    expect(steps.map(({ pairs: [{ first, second }] }) => [first, second])).toEqual([[0, 1], [2, 3], [4, 5]]); // prettier-ignore
  });

  test("overlaps", () => {
    expect(iouOf([0, 0, 2, 2], [1, 0, 3, 2])).toBeCloseTo(1 / 3, 12);
    expect(iouOf([0, 0, 2, 2], [2, 0, 3, 2])).toBe(0);
  });
});

describe("growing by some of the terms", () => {
  test.each(TERMS)("%s alone ends in the whole picture too", (term) => {
    const { regions, steps } = grow(pieces, touching, [term]);
    expect(steps.length).toBe(pieces.length - 1);
    expect(regions.at(-1).box).toEqual([0, 0, SIDE, SIDE]);
    for (const { pairs } of steps) {
      const at = TERMS.indexOf(term);
      expect(Math.max(...pairs.map(({ terms }) => terms[at]))).toBe(pairs[0].similarity);
    }
  });
});

describe("the map", () => {
  test("has one region less after each merge, and each where its box says", () => {
    for (let merges = 0; merges <= grown.steps.length; merges += 1) {
      const now = segmentsAfter(segments, grown, merges);
      const alive = new Set(now);
      expect(alive.size).toBe(pieces.length - merges);
      for (const number of alive) {
        expect(now.filter((other) => other === number).length).toBe(grown.regions[number].size);
      }
      if (merges < grown.steps.length) expect([...alive].sort()).toEqual([...grown.steps[merges].alive].sort());
    }
  });

  test("a number stands inside its region, in the middle of a square", () => {
    const now = segmentsAfter(segments, grown, 3);
    for (const [number, { x, y }] of middlesOf(now)) expect(now[y * SIDE + x]).toBe(number);
    expect(middlesOf(Array(25).fill(0), 5).get(0)).toEqual({ x: 2, y: 2 });
    const rows = middlesOf([...Array(8).fill(0), ...Array(8).fill(1), ...Array(48).fill(2)], 8, [3, 2]);
    expect(Math.abs(rows.get(0).x - rows.get(1).x)).toBeGreaterThanOrEqual(3);
  });
});

describe("sentences", () => {
  const pair = (first, second, ...terms) => ({ first, second, terms, similarity: sumOf(terms) });
  const step = { pairs: [pair(4, 7, 0.9, 0.8, 0.9, 0.9), pair(1, 4, 0.9, 0.3, 0.8, 0.9), pair(1, 7, 0.1, 0.3, 0.8, 0.9)] }; // prettier-ignore

  test("say why another pair went first", () => {
    expect(explainMerge(step, 12, [7, 4], TERMS)).toBe(
      "Right. 4 and 7 are the most alike, 3.50 of 4, and become region 12.",
    );
    expect(explainMerge(step, 12, [4, 1], TERMS)).toBe(
      "Not these. 4 and 7 are the most alike, 3.50 of 4, and become region 12. Your pair is the 2nd of 3 that touch: 2.90; most of the difference is in texture, 0.30 against 0.80.",
    );
    expect(explainMerge(step, 12, null, TERMS)).toMatch(/^4 and 7 are/);
    expect(touches(step.pairs, 7, 1)).toBe(2);
    expect(touches(step.pairs, 7, 9)).toBe(-1);
  });

  test("name neighbours, and what a box has brought", () => {
    expect(explainRegion(1, [null, { size: 9 }], step.pairs)).toBe("Region 1: 9 pixels. It touches 4 and 7.");
    const [{ box, name }] = ANIMALS;
    const far = { box: [0, 0, 1, 1] };
    expect(explainBox([far, { box }], 2)).toBe(`Its box is the best so far for ${name}: IoU 1.00, and it is found.`);
    expect(explainBox([{ box }, far], 2)).toBe("Its box is no better for an animal than those before.");
    expect(explainEnd(grown.regions)).toContain(`recall ${ANIMALS.length} of ${ANIMALS.length}`);
  });
});
