// Anchors as solutions.faster_rcnn makes and matches them: boxes of a few sizes and shapes at every place of a map, and
// which of them learn an object. Pure functions, no DOM. First the boxes, then their overlaps, then what they are.

import { HEIGHT, WIDTH, mapSize } from "../shared/regions.js";

export const STRIDE = 16; // pixels from one place to the next
export const SIZES = [32, 64];
export const RATIOS = [0.5, 1, 2]; // height / width
export const START = [68, 41, 122, 81]; // a cow between the sizes: its best anchor has an IoU of 0.53, and is the only one
export const OTHER = [132, 66, 160, 94]; // a dog that one anchor fits
export const NAMES = ["cow", "dog"];

// ---- boxes

export const sidesOf = ([x1, y1, x2, y2]) => [x2 - x1, y2 - y1];
export const centreOf = ([x1, y1, x2, y2]) => [(x1 + x2) / 2, (y1 + y2) / 2];

// Halves to even numbers, as torch rounds; Math.round would take them up.
export function roundToEven(number) {
  const [below, rest] = [Math.floor(number), number - Math.floor(number)];
  return below + (rest > 0.5 || (rest === 0.5 && below % 2 !== 0)) + 0; // + 0: and no −0
}

// The anchors of one place, around 0: ratios outer, sizes inner.
export function baseAnchors(sizes, ratios) {
  return ratios.flatMap((ratio) =>
    sizes.map((size) => {
      const [wide, high] = [size / Math.sqrt(ratio), size * Math.sqrt(ratio)];
      return [-wide, -high, wide, high].map((side) => roundToEven(side / 2));
    }),
  );
}

// Those of all places, row by row; a place is at the upper left corner of its cell.
export function gridAnchors([rows, columns], [down, across], base) {
  const places = Array.from({ length: rows * columns }, (_, at) => [at % columns, Math.floor(at / columns)]);
  return places.flatMap(([column, row]) =>
    base.map(([x1, y1, x2, y2]) => {
      const [x, y] = [column * across, row * down];
      return [x1 + x, y1 + y, x2 + x, y2 + y];
    }),
  );
}

export const BASE = baseAnchors(SIZES, RATIOS);
export const MAP = mapSize(STRIDE);
export const ANCHORS = gridAnchors(MAP, [STRIDE, STRIDE], BASE);

// Where an anchor stands, and which one stands there as the `kind`th of its place.
export function placeOf(anchor) {
  const cell = Math.floor(anchor / BASE.length);
  return { row: Math.floor(cell / MAP[1]), column: cell % MAP[1], kind: anchor % BASE.length };
}
export const anchorAt = ({ row, column, kind }) => (row * MAP[1] + column) * BASE.length + kind;

// The place next to a point of the picture, in pixels.
export function placeNear([x, y]) {
  const near = (number, count) => Math.min(Math.max(Math.round(number / STRIDE), 0), count - 1);
  return { row: near(y, MAP[0]), column: near(x, MAP[1]) };
}

// ---- overlaps and numbers

export function iouOf(a, b) {
  const wide = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const high = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (wide <= 0 || high <= 0) return 0;
  const area = (box) => sidesOf(box).reduce((one, other) => one * other);
  return (wide * high) / (area(a) + area(b) - wide * high);
}

// A row an object, a column an anchor.
export const overlapsOf = (objects, anchors) => objects.map((box) => anchors.map((anchor) => iouOf(box, anchor)));

// The four numbers that take an anchor to an object: dx, dy, dw, dh.
export function encode(target, anchor) {
  const [[x, y], [wide, high]] = [centreOf(anchor), sidesOf(anchor)];
  const [[goalX, goalY], [goalWide, goalHigh]] = [centreOf(target), sidesOf(target)];
  return [(goalX - x) / wide, (goalY - y) / high, Math.log(goalWide / wide), Math.log(goalHigh / high)];
}

// ---- what an anchor is

export const NEGATIVE = -1;
export const IGNORED = -2;

// The object with which an anchor has its best IoU, of equal ones the first.
export function ownOf(overlaps, anchor) {
  return overlaps.reduce((best, row, at) => (row[anchor] > overlaps[best][anchor] ? at : best), 0);
}

// Which object each anchor learns, or NEGATIVE, or IGNORED. With lowQuality each anchor that reaches an object's highest
// IoU learns its own best object, whichever that is.
export function matchAnchors(overlaps, { high, low, lowQuality }) {
  const highest = overlaps.map((row) => Math.max(...row));
  return overlaps[0].map((_, anchor) => {
    const own = ownOf(overlaps, anchor);
    const best = overlaps[own][anchor];
    if (lowQuality && overlaps.some((row, at) => row[anchor] === highest[at])) return own;
    return best >= high ? own : best < low ? NEGATIVE : IGNORED;
  });
}

export const KINDS = ["positive", "ignored", "negative"];
export const kindOf = (match) => (match >= 0 ? "positive" : match === NEGATIVE ? "negative" : "ignored");

export function countKinds(matches) {
  const counts = { positive: 0, ignored: 0, negative: 0 };
  for (const match of matches) counts[kindOf(match)] += 1;
  return counts;
}

// Positive, and only because an object has no better anchor.
export const isRescued = ({ overlaps, matches, high }, anchor) =>
  matches[anchor] >= 0 && overlaps[matches[anchor]][anchor] < high;

// The first of an object's best anchors.
export function bestOf(row) {
  return row.indexOf(Math.max(...row));
}

// All that follows from where the objects are and what the rules are.
export function matched(objects, { high, low, lowQuality }) {
  const overlaps = overlapsOf(objects, ANCHORS);
  const matches = matchAnchors(overlaps, { high, low, lowQuality });
  return { objects, overlaps, matches, counts: countKinds(matches), high, low, lowQuality };
}

// ---- what is asked and what is to be made

// How many of an object's IoUs are high, and how many low: what the first question asks for.
export function answersOf({ overlaps, high, low }) {
  const [row] = overlaps;
  return [row.filter((iou) => iou >= high).length, row.filter((iou) => iou < low).length];
}

const NEAR = 0.05; // of all anchors: how far a guess of the second number may be off
export const MARGIN = Math.floor(NEAR * ANCHORS.length);
export const isRight = (guess, number, at) => (at === 0 ? guess === number : Math.abs(guess - number) <= MARGIN);

export const REASONS = [
  ["half", "its IoU is more than one half"],
  ["best", "no anchor has a higher IoU with the cow"],
  ["centre", "it stands at the place next to the cow's centre"],
];

export const TASKS = [
  {
    name: "exact",
    text: "put an animal exactly on an anchor: IoU 1, and four zeros",
    done: ({ overlaps }) => overlaps.some((row) => Math.max(...row) === 1),
  },
  {
    name: "none",
    text: "leave an animal without any anchor that learns it",
    done: ({ objects, matches }) => objects.some((_, at) => !matches.includes(at)),
  },
  {
    name: "own",
    text: "with the dog there: let the dog's best anchor learn the cow (put one nearly on the other, nearly as large)",
    done: ({ objects, overlaps, matches }) => objects.length > 1 && matches[bestOf(overlaps[1])] === 0,
  },
];

export const isOnPicture = ([x1, y1, x2, y2]) => x1 >= 0 && y1 >= 0 && x2 <= WIDTH && y2 <= HEIGHT;
