// YOLO's cells as solutions.yolo fills and judges them: what the cells of a grid should say, which of a cell's boxes answers,
// and what all that is said costs. Pure functions, no DOM. An image is [height, width]; cells are grid[row][column].

import { HEIGHT, WIDTH } from "../shared/regions.js";

export const SIZE = [HEIGHT, WIDTH];
export const NAMES = ["cow", "dog", "pig"]; // the classes, with labels from 1; there is no pig in the picture
export const BOXES = 2; // that each cell says
export const GRIDS = [2, 9]; // the coarsest and the finest that the slider has
export const LAMBDAS = { coord: 5, noobj: 0.5 };
export const EQUAL = { coord: 1, noobj: 1 };
export const START = [81, 28, 135, 68]; // a cow that lies in six of 4 × 4 cells, its corner and its centre in two of them
export const OTHER = [106, 40, 142, 76]; // a dog whose centre is in the cow's cell with 2, 3, 4, 6 cells to a side
export const SAID = [[76, 28, 112, 80], [96, 16, 150, 44]]; // prettier-ignore

// ---- what the cells should say

export const sidesOf = ([x1, y1, x2, y2]) => [x2 - x1, y2 - y1];
export const centreOf = ([x1, y1, x2, y2]) => [(x1 + x2) / 2, (y1 + y2) / 2];

// Where a box's centre lies, counted in cells from the image's corner.
export function inCells(box, grid, [height, width]) {
  const [x, y] = centreOf(box);
  return [(x * grid) / width, (y * grid) / height]; // multiplied first: lines between cells stay exact
}

// The cell of a box's centre, and where in it the centre lies. On a line it is the right or lower cell.
export function placeOf(box, grid, size) {
  const [across, down] = inCells(box, grid, size);
  const [column, row] = [across, down].map((number) => Math.min(Math.floor(number), grid - 1));
  return { row, column, x: across - column, y: down - row };
}

const filled = (grid, make) =>
  Array.from({ length: grid }, (_, row) => Array.from({ length: grid }, (__, column) => make(row, column)));

// [x, y, w, h, 1, one-hot] in the cells of the objects' centres, zeros elsewhere; the first of the list keeps a shared cell.
export function encodeTargets(objects, { grid, classes, size }) {
  const target = filled(grid, () => Array(5 + classes).fill(0));
  for (const { box, label } of objects) {
    const { row, column, x, y } = placeOf(box, grid, size);
    if (target[row][column][4] === 1) continue;
    const sides = sidesOf(box).map((side, axis) => side / size[1 - axis]);
    const kinds = Array.from({ length: classes }, (_, at) => Number(at === label - 1));
    target[row][column] = [x, y, ...sides, 1, ...kinds];
  }
  return target;
}

export const countNumbers = (grid) => grid * grid * (5 * BOXES + NAMES.length);

// ---- which box answers, and what it costs

// The IoU of [x, y, √w, √h] with [x, y, w, h], both counted from the same cell.
export function iouWith(said, wanted, grid) {
  const sides = [said[2] ** 2, said[3] ** 2];
  let shared = 1;
  for (const axis of [0, 1]) {
    const [centre, goal] = [said[axis] / grid, wanted[axis] / grid];
    const first = Math.max(centre - sides[axis] / 2, goal - wanted[2 + axis] / 2);
    const last = Math.min(centre + sides[axis] / 2, goal + wanted[2 + axis] / 2);
    shared *= Math.max(last - first, 0);
  }
  return shared / (sides[0] * sides[1] + wanted[2] * wanted[3] - shared);
}

// What a cell says, cut into its boxes [x, y, √w, √h, confidence] and its class scores.
export function partsOf(cell, classes) {
  const end = cell.length - classes;
  const boxes = Array.from({ length: end / 5 }, (_, at) => cell.slice(5 * at, 5 * at + 5));
  return { boxes, scores: cell.slice(end) };
}

// Which box answers for its cell's object: the highest IoU, of equal ones the first; 0 in an empty cell.
export function responsibleOf(cell, wanted, grid) {
  if (wanted[4] !== 1) return 0;
  const ious = partsOf(cell, wanted.length - 5).boxes.map((box) => iouWith(box, wanted, grid));
  return ious.reduce((best, iou, at) => (iou > ious[best] ? at : best), 0);
}

const square = (number) => number * number;
const sumOf = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

// What one image costs: sums of squares over its cells. Centres and sizes together are the reference's `box`.
export function yoloLoss(output, target, { coord, noobj } = LAMBDAS) {
  const cost = { centre: 0, size: 0, object: 0, noObject: 0, classes: 0 };
  const grid = output.length;
  output.flat().forEach((cell, number) => {
    const wanted = target[Math.floor(number / grid)][number % grid];
    const { boxes, scores } = partsOf(cell, wanted.length - 5);
    const answers = wanted[4] === 1 ? responsibleOf(cell, wanted, grid) : -1; // nobody answers for an empty cell
    boxes.forEach((box, at) => {
      if (at !== answers) cost.noObject += square(box[4]);
    });
    if (answers < 0) return;
    const own = boxes[answers];
    cost.centre += square(own[0] - wanted[0]) + square(own[1] - wanted[1]);
    cost.size += square(own[2] - Math.sqrt(wanted[2])) + square(own[3] - Math.sqrt(wanted[3]));
    cost.object += square(own[4] - iouWith(own, wanted, grid));
    cost.classes += sumOf(scores.map((score, at) => square(score - wanted[5 + at])));
  });
  const total = coord * (cost.centre + cost.size) + cost.object + noobj * cost.noObject + cost.classes;
  return { ...cost, total };
}

// ---- the widget's picture

// What a cell would have to say to mean this box: [x, y, √w, √h].
export function sayBox(box, { row, column }, grid, [height, width]) {
  const [across, down] = inCells(box, grid, [height, width]);
  const [wide, high] = sidesOf(box);
  return [across - column, down - row, Math.sqrt(wide / width), Math.sqrt(high / height)];
}

export const scoresOf = (score) => NAMES.map((_, at) => (at === 0 ? score : (1 - score) / (NAMES.length - 1)));

// All cells: the cow's says two boxes, and every other one is a little sure of a box as large as itself.
export function outputOf({ boxes, confidences, elsewhere, score }, place, grid) {
  const empty = [0.5, 0.5, Math.sqrt(1 / grid), Math.sqrt(1 / grid), elsewhere];
  return filled(grid, (row, column) => {
    if (row !== place.row || column !== place.column) return [...Array(BOXES).fill(empty).flat(), ...scoresOf(1 / 3)];
    return [...boxes.flatMap((box, at) => [...sayBox(box, place, grid, SIZE), confidences[at]]), ...scoresOf(score)];
  });
}

// What follows from where the animals are: who has which cell, and who has none. `boxes` are the cow's and the dog's.
export function filledCells(boxes, grid) {
  const target = encodeTargets(boxes.map((box, at) => ({ box, label: at + 1 })), { grid, classes: NAMES.length, size: SIZE }); // prettier-ignore
  const objects = boxes.map((box, at) => {
    const place = placeOf(box, grid, SIZE);
    const numbers = target[place.row][place.column];
    return { name: NAMES[at], box, place, numbers, lost: numbers[5 + at] !== 1 };
  });
  return { grid, objects, target, cost: null };
}

// And what it costs that the cow's cell, and all others, say something else.
export function judged({ grid, objects, target }, said, lambdas) {
  const [{ place, numbers }] = objects;
  const output = outputOf(said, place, grid);
  const { boxes, scores } = partsOf(output[place.row][place.column], NAMES.length);
  const ious = boxes.map((box) => iouWith(box, numbers, grid));
  const answers = responsibleOf(output[place.row][place.column], numbers, grid);
  return { boxes, scores, ious, answers, lambdas, ...yoloLoss(output, target, lambdas) };
}

export const SHARES = [
  { name: "centre", text: "centre", weight: "coord" },
  { name: "size", text: "size", weight: "coord" },
  { name: "object", text: "object", weight: null },
  { name: "noObject", text: "no object", weight: "noobj" },
  { name: "classes", text: "classes", weight: null },
];
export const weightOf = ({ weight }, lambdas) => (weight === null ? 1 : lambdas[weight]);

// ---- what is asked and what is to be made

export const ASKED = ["row", "column", "numbers"];

export function answersOf({ grid, objects }) {
  const [{ place }] = objects;
  return [place.row, place.column, countNumbers(grid)];
}

export const LOST = [
  ["both", "both animals: each cell says two boxes"],
  ["mean", "one box between the two"],
  ["first", "the cow alone: it is first in the list"],
  ["last", "the dog alone: it came last"],
];

const isAt = (box, place) => box.every((side, at) => side === place[at]);

export const TASKS = [
  {
    name: "line",
    text: "put the cow's centre exactly on a line between two cells",
    done: ({ objects: [{ place }] }) => place.x === 0 || place.y === 0,
  },
  {
    name: "apart",
    text: "with both animals at their first places, find a grid in which each has a cell",
    done: ({ objects: [cow, dog] }) => dog !== undefined && !dog.lost && isAt(cow.box, START) && isAt(dog.box, OTHER),
  },
  {
    name: "crowded",
    text: "with 9 × 9 cells, let the dog be in no target",
    done: ({ grid, objects: [, dog] }) => grid === 9 && dog !== undefined && dog.lost,
  },
  {
    name: "other",
    text: "in the loss: let box 2 answer for the cow",
    done: ({ cost }) => cost !== null && cost.answers === 1,
  },
  {
    name: "sure",
    text: "in the loss: bring “object” below 0.001, with an IoU below 0.9",
    done: ({ cost }) => cost !== null && cost.object < 0.001 && cost.ious[cost.answers] < 0.9,
  },
];
