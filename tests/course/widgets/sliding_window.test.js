// The SlidingWindow widget's numbers against golden numbers that torch counted (golden.py writes them), and its words.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  compareScore,
  conclude,
  diagnose,
  explainFeature,
  explainStep,
  makeProblem,
  problemOf,
  questionsOf,
  ratio,
  runSteps,
  stepsOf,
  sumText,
  windowsWith,
} from "../../../course/widgets/sliding_window/core.js";

const GOLDEN = JSON.parse(readFileSync(new URL("./golden/sliding_window.json", import.meta.url), "utf-8"));
const sum = (plane) => plane.flat().reduce((total, value) => total + value, 0);
const answers = (problem) => Object.fromEntries(questionsOf(problem).map(({ name, answer }) => [name, answer]));
const SETTINGS = [1, 2].flatMap((layers) =>
  [1, 2, 3].flatMap((stride) => ["small", "large"].map((size) => ({ layers, stride, size }))),
);

describe("against torch", () => {
  test.each(GOLDEN)("$name", ({ image, weights, stride, expected }) => {
    const problem = problemOf(image, weights, stride);
    const patches = runSteps(problem, "patches");
    const shared = runSteps(problem, "shared");
    expect(patches.scores).toEqual(expected.scores);
    expect(shared.scores).toEqual(expected.scores);
    expect(patches.multiplications).toBe(expected.patches);
    expect(shared.multiplications).toBe(expected.shared);
    expect(patches.reads).toEqual(expected.reads);
    if (!expected.features) return;
    const needed = ({ features }) =>
      features.slice(0, expected.features.length).map((line) => line.slice(0, expected.features[0].length));
    expect(needed(patches)).toEqual(expected.features);
    expect(needed(shared)).toEqual(expected.features);
    expect(needed({ features: patches.times })).toEqual(expected.times);
    expect(sum(patches.times)).toBe(sum(expected.times)); // none beyond the last window
  });
});

describe("of every problem that the widget can show", () => {
  test.each(SETTINGS)("layers $layers, stride $stride, $size: both ways agree", (settings) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const problem = makeProblem({ ...settings, seed });
      const [patches, shared] = [runSteps(problem, "patches"), runSteps(problem, "shared")];
      expect(shared.scores).toEqual(patches.scores);
      expect(shared.features).toEqual(patches.features);
      expect(patches.scores.flat().every((score) => score > -100 && score < 1000)).toBe(true); // fits into its cell
    }
  });

  test.each(SETTINGS)(
    "layers $layers, stride $stride, $size: reads add up to the first layer's products",
    (settings) => {
      const problem = makeProblem(settings);
      for (const mode of ["patches", "shared"]) {
        const { reads, scores, multiplications } = runSteps(problem, mode);
        const second = settings.layers === 2 ? 9 * scores.flat().length : 0;
        expect(sum(reads)).toBe(multiplications - second);
      }
    },
  );

  test.each(SETTINGS)("layers $layers, stride $stride, $size: what is framed lies in a window", (settings) => {
    expect(answers(makeProblem(settings)).probe).toBeGreaterThan(0);
  });
});

test("a problem is repeated by its seed, and another seed gives another one", () => {
  expect(makeProblem({ seed: 7 })).toEqual(makeProblem({ seed: 7 }));
  expect(makeProblem({ seed: 7 })).not.toEqual(makeProblem({ seed: 8 }));
});

test("the answers, by hand", () => {
  expect(answers(makeProblem({ layers: 1 }))).toEqual({ windows: 24, probe: 9, patches: 216, shared: 216 });
  expect(answers(makeProblem({ layers: 2 }))).toEqual({ windows: 8, probe: 6, patches: 720, shared: 288 });
  expect(answers(makeProblem({ layers: 2, size: "large" }))).toEqual({
    windows: 15,
    probe: 9,
    patches: 1350,
    shared: 450,
  });
  // At stride 3 the windows' features lie side by side, although the windows overlap by two pixels.
  expect(answers(makeProblem({ layers: 2, stride: 3 }))).toMatchObject({ windows: 2, patches: 180, shared: 180 });
});

test.each(SETTINGS)("layers $layers, stride $stride, $size: how an answer comes about gives the answer", (settings) => {
  for (const { how, answer } of questionsOf(makeProblem(settings))) {
    expect(Function(`return ${how.replaceAll("×", "*")}`)()).toBe(answer);
  }
});

describe("step by step", () => {
  const problem = makeProblem({ layers: 2 });

  test("a patch costs 90 multiplications and computes its nine features again", () => {
    const state = runSteps(problem, "patches", 2);
    expect(state.multiplications).toBe(180);
    expect(state.scores.flat().filter((score) => score !== null)).toHaveLength(2);
    expect(state.times[0]).toEqual([1, 2, 2, 1, 0, 0]);
    expect(explainStep(problem, state)).toMatch(
      /^Window \(0, 1\): .*; 6 of its 9 features had been computed before\.$/s,
    );
  });

  test("the shared pass makes all features first, each once, then the scores", () => {
    const steps = stepsOf(problem, "shared");
    expect(steps.map(({ kind }) => kind)).toEqual([...Array(24).fill("feature"), ...Array(8).fill("score")]);
    const features = runSteps(problem, "shared", 24);
    expect(features.times.flat().every((count) => count === 1)).toBe(true);
    expect(features.scores.flat().every((score) => score === null)).toBe(true);
    expect(runSteps(problem, "shared", 25).multiplications).toBe(24 * 9 + 9);
  });

  test("nothing is done before the first step", () => {
    for (const mode of ["patches", "shared"]) {
      const state = runSteps(problem, mode, 0);
      expect([state.multiplications, sum(state.reads), state.last]).toEqual([0, 0, null]);
    }
  });
});

describe("the words", () => {
  const ones = [
    [1, -1, 2],
    [1, 1, 1],
    [-1, 2, 1],
  ];
  const image = [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ];

  test("write a sum with all its products", () => {
    expect(sumText(ones, image).replaceAll("\u2009", " ")).toBe("1·1 − 1·2 + 2·3 + 1·4 + 1·5 + 1·6 − 1·7 + 2·8 + 1·9");
  });

  test("put a score's two sums under each other, with the same value", () => {
    for (const layers of [1, 2]) {
      const problem = makeProblem({ layers });
      const score = runSteps(problem, "patches").scores[1][2];
      const shown = String(score).replace("-", "−");
      const lines = compareScore(problem, 1, 2).split("\n");
      expect(lines).toHaveLength(2);
      for (const line of lines) expect(line).toContain(`= ${shown} (`);
    }
  });

  test("say of a feature in no window that nobody needs it", () => {
    const problem = makeProblem({ layers: 2, stride: 2 });
    expect(windowsWith(problem, 3, 5, 3)).toEqual([]);
    expect(explainFeature(problem, runSteps(problem, "shared"), 3, 5)).toMatch(/lies in no window/);
  });

  test("conclude honestly: one layer saves nothing, neither do two at stride 3", () => {
    expect(conclude(makeProblem({ layers: 1 }), "shared", true)).toMatch(/nothing to share/);
    expect(ratio(makeProblem({ layers: 1 }))).toBe("Both multiply 216 times: nothing is saved.");
    expect(conclude(makeProblem({ layers: 2, stride: 3 }), "shared", true)).toMatch(/no feature lies in two windows/);
    expect(ratio(makeProblem({ layers: 2 }))).toBe("Patch by patch multiplies 720 ÷ 288 = 2.5 times as often.");
    expect(ratio(makeProblem({ layers: 2, stride: 2, size: "large" }))).toContain("540 ÷ 369 ≈ 1.46");
  });
});

describe("a wrong prediction", () => {
  const [one, two] = [makeProblem({ layers: 1 }), makeProblem({ layers: 2 })];

  test.each([
    [one, "windows", 48, /one window a pixel/],
    [one, "windows", 15, /one too few along each side/],
    [makeProblem({ layers: 1, stride: 2 }), "windows", 24, /the windows of stride 1/],
    [one, "windows", 4, /do not overlap/],
    [one, "probe", 1, /reads it again/],
    [two, "probe", 9, /fewer windows reach it here/],
    [one, "patches", 24, /number of windows/],
    [two, "patches", 200, /each of the nine features takes nine products/],
    [two, "patches", 648, /the first layer alone/],
    [one, "shared", 100, /a saving that is not there/],
    [two, "shared", 720, /the cost patch by patch/],
    [two, "shared", 216, /the first layer alone/],
  ])("is met with the thought behind it (%#)", (problem, name, guess, thought) => {
    expect(diagnose(problem, name, guess)).toMatch(thought);
    expect(diagnose(problem, name, guess)).toMatch(new RegExp(`^${guess} is `));
  });

  test("that nobody can explain gets no sentence, and neither does a right one", () => {
    expect(diagnose(two, "windows", 7777)).toBe("");
    for (const problem of [one, two]) {
      for (const { name, answer } of questionsOf(problem)) expect(diagnose(problem, name, answer)).toBe("");
    }
  });
});
