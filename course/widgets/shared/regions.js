// A box on an image and a feature map of it: what every operator on regions starts from. Pure functions, no DOM.
// A box is [x1, y1, x2, y2] in pixels of an image of WIDTH × HEIGHT, in quarters of a pixel; a cell of the map stands for
// stride × stride pixels.

import { randomGenerator, randomInt } from "./random.js";

export const WIDTH = 192;
export const HEIGHT = 128;
export const STRIDES = [16, 8];
export const STEP = 1; // pixels, with the arrow keys; with Shift, and with the pointer, FINE
export const FINE = 0.25; // any box times 1 / stride is exact, so that no rounding depends on how it was dragged there
export const LEAST = 4; // a box's smallest side
export const MOST = [WIDTH - 12, HEIGHT]; // its largest: six pixels to one side at least are left to move it across
export const ANIMAL = [60, 36, 124, 84]; // where the image shows one

const SEED = 283; // one of the few whose first four maxima stand in four cells and differ, as do the next four

// Rows and columns of the map.
export const mapSize = (stride) => [HEIGHT / stride, WIDTH / stride];

// The box in cells of the map, not yet rounded.
export const toMap = (box, stride) => box.map((side) => side / stride);

// One channel of the map as rows of whole numbers from 1 to 99, as after a ReLU: the highest are on the animal.
export function featuresOf(stride) {
  const random = randomGenerator(SEED * stride);
  const [rows, columns] = mapSize(stride);
  const [left, top, right, bottom] = ANIMAL;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => {
      const across = ((column + 0.5) * stride - (left + right) / 2) / (right - left);
      const down = ((row + 0.5) * stride - (top + bottom) / 2) / (bottom - top);
      const hill = Math.exp(-2 * (across ** 2 + down ** 2));
      return 1 + Math.round(24 * hill) + randomInt(random, Math.round(25 + 49 * hill));
    }),
  );
}

// ---- moving

const within = (low, number, high) => Math.min(Math.max(number, low), high);
const toQuarters = (number) => Math.round(number / FINE) * FINE;

// The box with its upper left corner at [x, y], or as near as the image lets it.
export function boxMovedTo([x1, y1, x2, y2], [x, y]) {
  const [wide, high] = [x2 - x1, y2 - y1];
  const left = within(0, toQuarters(x), WIDTH - wide);
  const top = within(0, toQuarters(y), HEIGHT - high);
  return [left, top, left + wide, top + high];
}

// The box with its lower right corner at [x, y]; the upper left one stays.
export function boxStretchedTo([x1, y1], [x, y]) {
  const right = within(x1 + LEAST, toQuarters(x), Math.min(WIDTH, x1 + MOST[0]));
  const bottom = within(y1 + LEAST, toQuarters(y), Math.min(HEIGHT, y1 + MOST[1]));
  return [x1, y1, right, bottom];
}
