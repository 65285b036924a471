// The ReceptiveField widget: what it says that a unit sees against torch's gradient, path by path; then by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  CHOICES,
  PRESETS,
  SCENE,
  diagnose,
  explainLayer,
  explainPaths,
  levelsOf,
  middleHalf,
  pathsOf,
  placeOf,
  presetOf,
  sightOf,
  sumOf,
  unitsInScene,
} from "../../../course/widgets/receptive_field/core.js";

const golden = JSON.parse(readFileSync(new URL("./golden/receptive_field.json", import.meta.url), "utf-8"));
const halved = PRESETS.halved.layers;
const convolutions = (count) => Array.from({ length: count }, () => [3, 1, 1]);

describe("sight", () => {
  test.each(golden)("$layers", ({ layers, sees, paths }) => {
    expect(sightOf(layers)).toBe(sees);
    expect(pathsOf(layers)[0]).toEqual(paths);
    expect(pathsOf(layers)[0].length).toBe(sees);
  });

  test("eight convolutions see 17 pixels, as the chapter says", () => {
    expect(sightOf(convolutions(8))).toBe(17);
  });

  test("halved twice, by hand", () => {
    expect(levelsOf(halved)).toEqual([
      { sees: 1, step: 1, adds: 0 },
      { sees: 3, step: 1, adds: 2 },
      { sees: 4, step: 2, adds: 1 },
      { sees: 8, step: 2, adds: 4 },
      { sees: 10, step: 4, adds: 2 },
      { sees: 18, step: 4, adds: 8 },
    ]);
    expect(sumOf(halved)).toBe("1 + 2·1 + 1·1 + 2·2 + 1·2 + 2·4 = 18");
  });

  test("each level's units read the units that the level above needs", () => {
    expect(pathsOf(halved).map((counts) => counts.length)).toEqual([18, 16, 8, 6, 3, 1]);
  });

  test("half of the paths end in the middle", () => {
    expect(middleHalf([1])).toBe(1);
    expect(middleHalf([1, 1])).toBe(2);
    expect(middleHalf([1, 3, 6, 7, 6, 3, 1])).toBe(3); // 19 of 27, and 7 alone is less than half
    expect(middleHalf([1, 1, 1, 1])).toBe(2);
    expect(middleHalf([5, 1, 5])).toBe(3);
  });
});

describe("the picture", () => {
  test.each(Object.values(PRESETS))("$title lies in the middle of the scene", ({ layers }) => {
    const sees = sightOf(layers);
    const [left, right] = [placeOf(layers, 0, 0), placeOf(layers, 0, sees - 1)];
    expect(right - left).toBe(sees - 1);
    expect(Math.abs(left + right - (SCENE - 1))).toBeLessThanOrEqual(1);
    expect(placeOf(layers, layers.length, 0)).toBe((left + right) / 2);
    expect(unitsInScene(layers, 0)).toEqual([-left, SCENE - 1 - left]);
  });

  test("a unit stands over the middle of what it reads", () => {
    for (const { layers } of golden) {
      layers.forEach(([kernel, stride, dilation], at) => {
        const ends = [stride, stride + (kernel - 1) * dilation].map((unit) => placeOf(layers, at, unit));
        expect(placeOf(layers, at + 1, 1)).toBe((ends[0] + ends[1]) / 2);
      });
    }
  });

  test("a halved level has half as many units", () => {
    const counts = [0, 2, 4].map((level) => unitsInScene(halved, level)).map(([first, last]) => last - first + 1);
    expect(counts[0]).toBe(64);
    expect(Math.abs(counts[1] - 32)).toBeLessThanOrEqual(1);
    expect(Math.abs(counts[2] - 16)).toBeLessThanOrEqual(1);
  });

  test("examples are known again and made of what the dials have", () => {
    for (const [name, { layers }] of Object.entries(PRESETS)) {
      expect(presetOf(layers)).toBe(name);
      for (const layer of layers) Object.values(CHOICES).forEach((values, at) => expect(values).toContain(layer[at]));
    }
    expect(presetOf([[5, 1, 1]])).toBe(null);
  });
});

describe("sentences", () => {
  test.each([
    [convolutions(3), 3, "to one side"],
    [halved, 9, "after a stride a step is wider"],
    [PRESETS.dilated.layers, 7, "the gaps that dilation makes"],
    [PRESETS.strided.layers, 29, "counts a layer's stride for the layer itself"],
    [PRESETS.dilated.layers, 19, "there are kernel − 1 gaps"],
    [convolutions(3), 27, "multiplies the kernels"],
    [convolutions(3), 9, "adds the kernels"],
    [PRESETS.strided.layers, 3, "that layer has read more"],
    [convolutions(3), 7, ""],
    [convolutions(3), 12, ""],
  ])("%j, guess %d", (layers, guess, words) => {
    const said = diagnose(layers, guess);
    if (words === "") expect(said).toBe("");
    else expect(said).toContain(words);
  });

  test("what a layer adds", () => {
    expect(explainLayer(halved, 3)).toBe(
      "Layer 3 reads units that stand 2 pixels apart: from its first weight to its last it reaches 2 units further, 2 · 2 = 4 pixels.",
    );
    expect(explainLayer(halved, 2)).toContain("reaches 1 unit further. Its own units stand 2 pixels apart.");
    expect(explainLayer([[1, 1, 1]], 1)).toContain("a kernel of 1 reads one of them and adds nothing");
  });

  test("what is effective", () => {
    expect(explainPaths(convolutions(3))).toContain("half of the 27 paths would end in the middle 3 of the 7 pixels.");
    expect(
      explainPaths([
        [3, 1, 4],
        [3, 1, 4],
      ]),
    ).toContain("12 pixels in between are not read at all.");
    expect(explainPaths([[1, 1, 1]])).toBe("One path, to one pixel.");
  });
});
