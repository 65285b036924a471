// RoI pooling as solutions.fast_rcnn computes it: a box is rounded to whole cells of the map, these are cut into bins, and
// of each bin the maximum counts. Pure functions, no DOM. First where the cells are, then what is pooled of them.

import { FINE, WIDTH, boxMovedTo, mapSize, toMap } from "../shared/regions.js";

export const SIZES = [2, 3, 7];
export const START = [52, 35, 116, 83];
export const SHIFT = 3; // pixels that the box is moved by in the questions

// ---- where the cells are

// Halves away from zero; Math.round would take −½ to 0.
export function roundAway(number) {
  const whole = Math.trunc(number);
  return whole + Math.sign(number) * (Math.abs(number - whole) >= 0.5) + 0; // + 0: and no −0
}

// The region that a box becomes: the cells that its corners are rounded to, both of which belong to it.
export function regionOf(box, stride) {
  const [x1, y1, x2, y2] = toMap(box, stride).map(roundAway);
  return { x1, y1, columns: Math.max(x2 - x1 + 1, 1), rows: Math.max(y2 - y1 + 1, 1) };
}

// The region as a box in pixels of the image, as its cells cover them.
export function ghostOf(box, stride) {
  const { x1, y1, columns, rows } = regionOf(box, stride);
  return [x1, y1, x1 + columns, y1 + rows].map((side) => side * stride);
}

// How far the region's sides are off those of the box, in pixels of the image: left, top, right, bottom.
export const errorsOf = (box, stride) => ghostOf(box, stride).map((side, at) => side - box[at]);

// `length` cells from `first` on, cut into `count` bins [start, end); whole numbers, so that ⌊ ⌋ and ⌈ ⌉ are exact. A limit
// cuts off what is not on the map.
export function cutIntoBins(first, length, count, limit = Infinity) {
  const clamp = (cell) => Math.min(Math.max(cell, 0), limit);
  return Array.from({ length: count }, (_, k) => [
    clamp(first + Math.floor((k * length) / count)),
    clamp(first + Math.ceil(((k + 1) * length) / count)),
  ]);
}

export function binsOf(box, size, stride, [height, width] = mapSize(stride)) {
  const { x1, y1, columns, rows } = regionOf(box, stride);
  return { rows: cutIntoBins(y1, rows, size[0], height), columns: cutIntoBins(x1, columns, size[1], width) };
}

// ---- what is pooled of them

// The maximum of each bin with the cell where it stands, of equal ones the first in row-major order; a bin without cells is
// 0 and has no source.
export function pool(features, { rows, columns }) {
  return rows.map(([top, bottom]) =>
    columns.map(([left, right]) => {
      let best = { value: 0, source: null };
      for (let row = top; row < bottom; row += 1) {
        for (let column = left; column < right; column += 1) {
          const value = features[row][column];
          if (best.source === null || value > best.value) best = { value, source: { row, column } };
        }
      }
      return best;
    }),
  );
}

// What each cell of the map gets when each result sends a gradient of 1.
export function gradientOf(features, pooled) {
  const gradient = features.map((line) => line.map(() => 0));
  for (const { source } of pooled.flat()) if (source) gradient[source.row][source.column] += 1;
  return gradient;
}

// One result at all places that the box can have in its row, as [x1, value].
export function staircaseOf({ box, stride, side, features }, [row, column]) {
  const count = (WIDTH - (box[2] - box[0])) / FINE + 1;
  return Array.from({ length: count }, (_, at) => {
    const { rows, columns } = binsOf(boxMovedTo(box, [at * FINE, box[1]]), [side, side], stride);
    return [at * FINE, pool(features, { rows: [rows[row]], columns: [columns[column]] })[0][0].value];
  });
}

export const isEmpty = ([start, end]) => end <= start;

// How many of the results are other ones. A result is its number: that another cell gives the same one is no change.
export const countChanges = (before, after) =>
  before.flat().filter(({ value }, at) => value !== after.flat()[at].value).length;

// ---- what is asked and what is to be made

export const ANSWERS = [
  ["none", "none"],
  ["some", "some of them"],
  ["all", "all of them"],
];
export const answerOf = (changes, count) => (changes === 0 ? "none" : changes < count ? "some" : "all");

// The direction of the questions: to the right, unless there is no room for twice the shift.
export const directionOf = (box) => (box[2] + 2 * SHIFT <= WIDTH ? 1 : -1);
export const shifted = (box, direction) => boxMovedTo(box, [box[0] + direction * SHIFT, box[1]]);

const isStep = (box, before) => {
  const moves = box.map((side, at) => Math.abs(side - before[at]));
  return moves.every((move) => move <= FINE) && moves.some((move) => move > 0);
};

// `before` is the state of one move earlier, with the same settings, or null.
export const TASKS = [
  {
    name: "empty",
    text: "get a 0: a bin without cells",
    done: ({ pooled }) => pooled.flat().some(({ source }) => source === null),
  },
  {
    name: "shared",
    text: "let one cell give two or more of the results",
    done: ({ features, pooled }) => Math.max(...gradientOf(features, pooled).flat()) > 1,
  },
  {
    name: "jump",
    text: "change half of the results or more by moving the box by a quarter of a pixel (Shift and an arrow key)",
    done: ({ box, pooled, before }) =>
      before !== null &&
      isStep(box, before.box) &&
      2 * countChanges(before.pooled, pooled) >= before.pooled.flat().length,
  },
];
