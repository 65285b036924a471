// The YoloGrid widget: its targets, who answers and the shares of the loss against the reference; questions, tasks and
// sentences by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  EQUAL,
  LAMBDAS,
  LOST,
  OTHER,
  SAID,
  SHARES,
  SIZE,
  START,
  TASKS,
  answersOf,
  countNumbers,
  encodeTargets,
  filledCells,
  judged,
  outputOf,
  responsibleOf,
  sayBox,
  scoresOf,
  weightOf,
  yoloLoss,
} from "../../../course/widgets/yolo_grid/core.js";
import {
  askedText,
  costText,
  describePicture,
  explainCells,
  explainLoss,
  explainLost,
  explainTargets,
  explainWeights,
  shareText,
  targetText,
  two,
} from "../../../course/widgets/yolo_grid/words.js";

const read = (name) => JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), "utf-8"));
const [targets, losses] = ["yolo_targets", "yolo_loss"].map(read);
const USUAL = { boxes: SAID, confidences: [0.9, 0.3], elsewhere: 0.1, score: 0.7 };
const costs = (changes = {}, grid = 4, lambdas = LAMBDAS, cow = START) => {
  const now = filledCells([cow], grid);
  return { ...now, cost: judged(now, { ...USUAL, ...changes }, lambdas) };
};

describe("the reference's numbers", () => {
  test.each(targets)("targets: $name", ({ grid, size, boxes, labels, target }) => {
    const objects = boxes.map((box, at) => ({ box, label: labels[at] }));
    expect(encodeTargets(objects, { grid, classes: 3, size })).toEqual(target); // every bit
  });

  test.each(losses)("loss: $name", ({ output, target, responsible, centre, size, losses: expected }) => {
    expect(output.map((line, row) => line.map((cell, column) => responsibleOf(cell, target[row][column], output.length)))).toEqual(responsible); // prettier-ignore
    for (const { coord, noobj, box, object, no_object: noObject, classes, total } of expected) {
      const ours = yoloLoss(output, target, { coord, noobj });
      expect(ours.centre).toBeCloseTo(centre, 8);
      expect(ours.size).toBeCloseTo(size, 8);
      expect(ours.centre + ours.size).toBeCloseTo(box, 8);
      expect(ours.object).toBeCloseTo(object, 8);
      expect(ours.noObject).toBeCloseTo(noObject, 8);
      expect(ours.classes).toBeCloseTo(classes, 8);
      expect(ours.total).toBeCloseTo(total, 8);
    }
  });

  test("cover shared cells, lines, the far edge, ties and boxes that touch nothing", () => {
    const cells = targets.flatMap(({ target }) => target.flat());
    expect(targets.some(({ boxes, target }) => target.flat().filter((cell) => cell[4] === 1).length < boxes.length)).toBe(true); // prettier-ignore
    expect(cells.some(([x, y, , , object]) => object === 1 && x === 0 && y > 0)).toBe(true);
    expect(cells.some(([x]) => x === 1)).toBe(true);
    const answering = losses.flatMap(({ responsible }) => responsible.flat());
    expect(answering).toContain(1);
    expect(answering).not.toContain(2); // the third box ties with the second
    expect(losses.some(({ losses: [{ object }], target }) => object > 0 && target.length === 5)).toBe(true);
  });
});

describe("the widget's picture", () => {
  test("begins with a cow whose centre is neither in its corner's cell nor in the transposed one", () => {
    const now = filledCells([START], 4);
    expect(answersOf(now)).toEqual([1, 2, 208]);
    expect(now.objects[0].numbers).toEqual([0.25, 0.5, 54 / 192, 40 / 128, 1, 1, 0, 0]);
    expect([Math.floor((START[1] * 4) / 128), Math.floor((START[0] * 4) / 192)]).toEqual([0, 1]);
    expect(countNumbers(7)).toBe(637);
  });

  test("shows which grids part the animals: a finer one need not", () => {
    const shared = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((grid) => filledCells([START, OTHER], grid).objects[1].lost);
    expect(shared).toEqual([1, 2, 3, 4, 6]);
  });

  test("says boxes from the cow's cell, and costs nothing when they are the cow's", () => {
    const { objects, cost } = costs({ boxes: [START, SAID[1]], confidences: [1, 0], elsewhere: 0, score: 1 });
    expect(sayBox(START, objects[0].place, 4, SIZE)).toEqual([0.25, 0.5, Math.sqrt(54 / 192), Math.sqrt(40 / 128)]);
    expect(cost.answers).toBe(0);
    expect(cost.ious[0]).toBeCloseTo(1, 12);
    expect(cost.total).toBeCloseTo(0, 12);
  });

  test("moves a share by what it is made of", () => {
    const { cost } = costs();
    expect(cost.noObject).toBeCloseTo(0.3 ** 2 + 30 * 0.1 ** 2, 12);
    expect(costs({}, 9).cost.noObject).toBeCloseTo(0.3 ** 2 + 160 * 0.1 ** 2, 12);
    expect(cost.classes).toBeCloseTo(0.3 ** 2 + 2 * 0.15 ** 2, 12);
    expect(cost.object).toBeCloseTo((0.9 - cost.ious[0]) ** 2, 12);
    const sum = SHARES.reduce((total, share) => total + weightOf(share, LAMBDAS) * cost[share.name], 0);
    expect(sum).toBeCloseTo(cost.total, 12);
    const equal = costs({}, 4, EQUAL).cost;
    expect(equal.total).toBeCloseTo(equal.centre + equal.size + equal.object + equal.noObject + equal.classes, 12);
    const moved = costs({ boxes: [SAID[1], SAID[0]] }).cost;
    expect([moved.answers, moved.centre]).toEqual([1, cost.centre]);
  });

  test("asks the network for as many numbers as it says", () => {
    const output = outputOf(USUAL, { row: 1, column: 2 }, 4);
    expect(output.flat(2)).toHaveLength(countNumbers(4));
    expect(scoresOf(0.7).reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 12);
    expect(LOST.map(([value]) => value)).toContain("first");
  });
});

describe("tasks", () => {
  const done = (now) => TASKS.filter((task) => task.done(now)).map(({ name }) => name);

  test("are not done as the widget begins, in either view", () => {
    expect(done(filledCells([START, OTHER], 4))).toEqual([]);
    expect(done(costs())).toEqual([]);
  });

  test("can be done", () => {
    expect(done(filledCells([[69, 28, 123, 68], OTHER], 4))).toEqual(["line"]); // the centre at 96, half of 192
    expect(done(filledCells([START, OTHER], 5))).toEqual(["apart"]);
    expect(done(filledCells([START, START], 9))).toEqual(["crowded"]);
    expect(done(costs({ boxes: [SAID[1], SAID[0]] }))).toEqual(["other"]);
    expect(done(costs({ confidences: [0.45, 0.3] }))).toEqual(["sure"]);
    expect(done(costs({ boxes: [START, SAID[1]], confidences: [1, 0.3] }))).toEqual([]);
  });
});

describe("sentences", () => {
  test("say how the cell comes out, and what was turned", () => {
    const now = filledCells([START], 4);
    expect(explainCells([2, 1, 208], now)).toBe(
      "1 of 3 right. You have row and column the other way round: rows are counted downwards. Only the centre of the box counts. Down 48 · 4 / 128 = 1.5: row 1. Across 108 · 4 / 192 = 2.25: column 2. And 4 · 4 · (2 · 5 + 3) = 208 numbers.",
    );
    expect(explainCells([null, null, null], now)).toMatch(/^Only the centre/);
    expect(askedText(2, 7)).toBe("The numbers that all 49 cells say together");
    expect([targetText(0, now.objects[0], 4), targetText(3, now.objects[0], 4)]).toEqual(["108 · 4 / 192 − 2", "40 / 128"]); // prettier-ignore
  });

  test("say what is lost", () => {
    expect(explainLost("first")).toMatch(/^Right\. .* the dog is in no target/);
    expect(explainLost("both")).toMatch(/^Not quite\. A cell has 2 boxes to say, but room for one object/);
    expect(explainLost(null)).toMatch(/^A cell has/);
    expect(explainTargets(filledCells([START, OTHER], 4))).toMatch(/The dog is in no target\.$/);
    expect(explainTargets(filledCells([START, OTHER], 5), true)).toBe(
      "A line is crossed: now row 1, column 2 answers for the cow. The dog has a cell of its own: row 2, column 3.",
    );
    expect(explainTargets(filledCells([[69, 28, 123, 68]], 4))).toMatch(/exactly on a line: .* on the right\.$/);
    expect(explainTargets(filledCells([[69, 44, 123, 84]], 4))).toMatch(/on a corner of four cells/);
    expect(describePicture(filledCells([START, OTHER], 4), true)).toMatch(/cow: row 1, column 2, dog: no cell$/);
    expect(describePicture(filledCells([START], 4), false)).not.toMatch(/row/);
  });

  test("say who answers, and what the others should do", () => {
    expect(explainLoss(costs())).toBe(
      "Box 1 answers: its IoU with the cow is 0.44, box 2 has 0.20. It should be sure by its IoU, 0.44, and is by 0.9. The other 31 boxes of the picture should not be sure at all. The total is 1.22.",
    );
    expect(explainLoss(costs({ boxes: [SAID[0], SAID[0]] }, 1))).toMatch(
      /^Both boxes have .* the first of them answers/,
    );
    expect(explainLoss(costs({}, 1))).toMatch(/The other box of the picture should not be sure at all/);
    expect(explainWeights(LAMBDAS, costs())).toMatch(/^Where the box is counts 5 times, .* do not drown/);
    expect(explainWeights(EQUAL, costs({}, 4, EQUAL))).toMatch(/^All shares count alike\. Box 1/);
    expect(SHARES.map(({ name }) => shareText(name, costs()))).toEqual(["x, y", "√w, √h", "box 1", "31 boxes", "3 scores"]); // prettier-ignore
  });

  test("do not round a cost to nothing, and show no minus zero", () => {
    expect([costText(0), costText(0.0049), costText(0.005), costText(1.5)]).toEqual(["0.00", "< 0.01", "0.01", "1.50"]);
    expect([two(-0.001), two(-0.25)]).toEqual(["0.00", "−0.25"]);
  });
});
