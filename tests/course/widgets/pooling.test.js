// Pooling and unpooling in the browser against golden numbers of the reference (golden.py writes them): every bit.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  bedOfNails2d,
  maxPool2dWithIndices,
  maxUnpool2d,
  nearestUnpool2d,
} from "../../../course/widgets/shared/pooling.js";

const WORDS = { NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity };
const golden = (name) => {
  const text = readFileSync(new URL(`./golden/${name}.json`, import.meta.url), "utf-8");
  return JSON.parse(text, (key, value) => (key !== "name" && value in WORDS ? WORDS[value] : value));
};

// Object.is tells 0 from −0 and takes NaN for itself.
function expectSameBits(got, wanted) {
  expect([got.length, got[0].length]).toEqual([wanted.length, wanted[0].length]);
  wanted.forEach((line, row) => line.forEach((value, column) => expect(got[row][column]).toBe(value)));
}

describe("nearest neighbour", () => {
  test.each(golden("nearest_unpool2d"))("$name", ({ x, scale, expected }) =>
    expectSameBits(nearestUnpool2d(x, scale), expected),
  );
});

describe("bed of nails", () => {
  test.each(golden("bed_of_nails2d"))("$name", ({ x, scale, expected }) =>
    expectSameBits(bedOfNails2d(x, scale), expected),
  );
});

describe("max pooling with indices", () => {
  test.each(golden("max_pool2d"))("$name", ({ x, sizes, expected }) => {
    const { values, indices } = maxPool2dWithIndices(x, sizes);
    expectSameBits(values, expected.values);
    expectSameBits(indices, expected.indices);
  });
});

describe("max unpooling", () => {
  test.each(golden("max_unpool2d"))("$name", ({ x, indices, sizes, expected }) =>
    expectSameBits(maxUnpool2d(x, indices, sizes), expected),
  );
});
