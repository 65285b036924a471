// RoI Align as solutions.roi_align computes it: nothing is rounded; each bin has a few dots, each dot is a mean of the four
// cells around it, and a bin is the mean of its dots. Pure functions, no DOM. A map's numbers stand at whole coordinates:
// the one of row i and column j at y = i, x = j.

import { countChanges, isStep } from "../shared/region_pooling.js";
import { WIDTH, acrossImage, boxMovedTo, toMap } from "../shared/regions.js";

export const START = [42, 35, 106, 83]; // half a cell to the right, and every corner is rounded as before
export const SIDE = 2; // rows and columns of the result
export const RATIOS = [1, 2, -1];

// ---- a dot

// The two cells around a place on a line of `length`, and how much each counts. Up to one cell beyond the end the last one
// counts whole; further away nothing does.
export function neighboursOf(at, length) {
  const reached = at >= -1 && at <= length;
  const position = Math.min(Math.max(at, 0), length - 1);
  const before = Math.floor(position);
  const share = position - before;
  const cells = [before, Math.min(before + 1, length - 1)];
  return { reached, position, cells, weights: reached ? [1 - share, share] : [0, 0] };
}

// A dot's value and where it is from: four cells, in reading order, with their weights. A weight is an area: that which a
// square as large as a cell, with the dot in its middle, has in common with that cell.
export function sampleAt(features, y, x) {
  const [down, across] = [neighboursOf(y, features.length), neighboursOf(x, features[0].length)];
  const parts = down.cells.flatMap((row, i) =>
    across.cells.map((column, j) => {
      const [value, weight] = [features[row][column], down.weights[i] * across.weights[j]];
      return { row, column, value, weight, product: weight * value };
    }),
  );
  const value = parts.reduce((sum, { product }) => sum + product, 0);
  return { y, x, value, parts, reached: down.reached && across.reached, middle: [down.position, across.position] };
}

// ---- bins

// Where a box begins on the map, how long its bins are and how many dots each has, as [y, x]. With `aligned` half a cell is
// taken away, since a cell's number belongs to its middle; without it a box has at least a cell's width and height.
export function layOut(box, [high, wide], { stride, ratio, aligned }) {
  const [x1, y1, x2, y2] = toMap(box, stride).map((side) => side - (aligned ? 0.5 : 0));
  const sides = [y2 - y1, x2 - x1].map((side) => (aligned ? side : Math.max(side, 1)));
  const bins = [sides[0] / high, sides[1] / wide];
  const counts = bins.map((bin) => (ratio > 0 ? ratio : Math.max(Math.ceil(bin), 0)));
  return { start: [y1, x1], bins, counts };
}

// The places of the dots in bin `k` of a direction.
const placesOf = ({ start, bins, counts }, direction, k) =>
  Array.from(
    { length: counts[direction] },
    (_, sample) => start[direction] + k * bins[direction] + ((sample + 0.5) * bins[direction]) / counts[direction],
  );

// One bin: its rows of dots, and their mean. A box turned inside out has no dots, and its bins are 0.
export function alignBin(features, plan, [row, column]) {
  const [ys, xs] = [placesOf(plan, 0, row), placesOf(plan, 1, column)];
  const dots = ys.map((y) => xs.map((x) => sampleAt(features, y, x)));
  const count = Math.max(ys.length * xs.length, 1);
  return { dots, count: ys.length * xs.length, value: dots.flat().reduce((sum, dot) => sum + dot.value, 0) / count };
}

export function align(features, box, size, settings) {
  const plan = layOut(box, size, settings);
  return Array.from({ length: size[0] }, (_, row) =>
    Array.from({ length: size[1] }, (_, column) => alignBin(features, plan, [row, column])),
  );
}

// How much each of `length` cells of a line counts in the mean of dots at `places`.
function sharesOf(places, length) {
  const shares = Array(length).fill(0);
  for (const place of places) {
    const { cells, weights } = neighboursOf(place, length);
    cells.forEach((cell, at) => (shares[cell] += weights[at] / places.length));
  }
  return shares;
}

// One result at all places that the box can have in its row, as [x1, value]. On its way the rows of the dots stay what they
// are: the map is one line of numbers.
export function lineOf(features, box, settings, [row, column]) {
  const size = [SIDE, SIDE];
  const down = sharesOf(placesOf(layOut(box, size, settings), 0, row), features.length);
  const line = features[0].map((_, at) => down.reduce((sum, share, y) => sum + share * features[y][at], 0));
  return acrossImage(box, (moved) => {
    const across = sharesOf(placesOf(layOut(moved, size, settings), 1, column), line.length);
    return across.reduce((sum, share, x) => sum + share * line[x], 0);
  });
}

// Where on the image a place of the map lies: that of a number is its cell's middle.
export const toImage = (at, stride) => (at + 0.5) * stride;

// The part of the image that is read, in pixels: the box, or without `aligned` one half a cell further down and right.
export function readBoxOf(box, settings) {
  const { start, bins } = layOut(box, [SIDE, SIDE], settings);
  const [top, left] = start.map((at) => toImage(at, settings.stride));
  return [left, top, left + SIDE * bins[1] * settings.stride, top + SIDE * bins[0] * settings.stride];
}

// The four areas of a dot as boxes in pixels, in reading order, with their weights.
export function areasOf({ middle, parts }, stride) {
  return parts.map(({ row, column, weight }, at) => {
    const isLast = [at > 1, at % 2 === 1]; // of two neighbours the second, down and across
    const [top, left] = middle.map((place, side) => (isLast[side] ? Math.floor(place) + 0.5 : place - 0.5));
    const [bottom, right] = middle.map((place, side) => (isLast[side] ? place + 0.5 : Math.floor(place) + 0.5));
    return { row, column, weight, box: [left, top, right, bottom].map((side) => toImage(side, stride)) };
  });
}

// The two roundings of RoI Pool as seen by one bin, in pixels: left, top, right, bottom. First the region's share of the
// bin against the box's, then the cells against the region's share.
export function roundingsOf({ box, stride, region, bins }, [row, column]) {
  const share = (from, to, k) => [from + (k * (to - from)) / SIDE, from + ((k + 1) * (to - from)) / SIDE];
  const sides = (across, down) => [across[0], down[0], across[1], down[1]];
  const exact = sides(share(box[0], box[2], column), share(box[1], box[3], row));
  const whole = sides(
    share(region.x1 * stride, (region.x1 + region.columns) * stride, column),
    share(region.y1 * stride, (region.y1 + region.rows) * stride, row),
  );
  const cells = sides(bins.columns[column], bins.rows[row]).map((side) => side * stride);
  return {
    first: whole.map((side, at) => side - exact[at]),
    second: cells.map((side, at) => side - whole[at]),
    both: cells.map((side, at) => side - exact[at]),
  };
}

// ---- what is asked and what is to be made

// Half a cell to the right, or as much of it as there is room for, to the side that has more.
export function moveOf(box, stride) {
  const [left, right] = [box[0], WIDTH - box[2]];
  const half = stride / 2;
  return right >= half || right >= left ? Math.min(half, right) : -Math.min(half, left);
}
export const movedBy = (box, shift) => boxMovedTo(box, [box[0] + shift, box[1]]);

// The most that a result differs from what it was.
export const largestChange = (before, after) =>
  Math.max(...after.flat().map(({ value }, at) => Math.abs(value - before.flat()[at].value)));

export const SAME = 0.5;
const [JUMP, SMALL] = [5, 1];

// `before` is the state of one move earlier, with the same settings, or null; `dot` is the chosen dot.
export const TASKS = [
  {
    name: "jump",
    text: "let RoI Pool jump by 5 or more with a move of a quarter of a pixel, while RoI Align changes by less than 1",
    done: ({ box, pooled, aligned, before }) =>
      before !== null &&
      isStep(box, before.box) &&
      largestChange(before.pooled, pooled) >= JUMP &&
      countChanges(before.aligned, aligned) > 0 &&
      largestChange(before.aligned, aligned) < SMALL,
  },
  {
    name: "quarters",
    text: "place the chosen dot so that it takes a quarter of each of four cells",
    done: ({ dot }) => dot !== null && dot.parts.every(({ weight }) => weight === 0.25),
  },
  {
    name: "same",
    text: "make a box of which both give nearly the same for a bin, less than a half apart",
    done: ({ pooled, aligned }) =>
      pooled.flat().some(({ value }, at) => Math.abs(value - aligned.flat()[at].value) < SAME),
  },
];
