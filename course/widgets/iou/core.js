// Two boxes over a grid: what both share, what either covers, and the box around them. Pure functions, no DOM.
// A box is [x1, y1, x2, y2] in cells; x2 − x1 is its width.

export const ROWS = 12;
export const COLUMNS = 20;
export const STEP = 1; // of a cell, with the arrow keys; with Shift, and with the pointer, half of that
const LEAST = 1; // a box's smallest side

// What the first prediction may be.
export const ANSWERS = [
  ["0.25", "¼"],
  ["0.333", "⅓"],
  ["0.5", "½"],
  ["0.667", "⅔"],
];

export const sidesOf = ([x1, y1, x2, y2]) => [x2 - x1, y2 - y1];
const areaOf = (box) => sidesOf(box).reduce((wide, high) => wide * high);

// The part that both cover, or null where there is none: boxes that only touch share nothing.
export function sharedBox(a, b) {
  const shared = [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
  return shared[0] < shared[2] && shared[1] < shared[3] ? shared : null;
}

export const boxAround = (a, b) => [
  Math.min(a[0], b[0]),
  Math.min(a[1], b[1]),
  Math.max(a[2], b[2]),
  Math.max(a[3], b[3]),
];

export function measure(a, b) {
  const shared = sharedBox(a, b);
  const around = boxAround(a, b);
  const intersection = shared ? areaOf(shared) : 0;
  const areas = [areaOf(a), areaOf(b)];
  const union = areas[0] + areas[1] - intersection;
  const space = areaOf(around);
  const iou = intersection / union;
  return { shared, around, areas, intersection, union, space, iou, giou: iou - (space - union) / space };
}

const inside = (a, b) => b[0] >= a[0] && b[1] >= a[1] && b[2] <= a[2] && b[3] <= a[3];

// What is to be made, each with what the boxes must be like.
export const TASKS = [
  { name: "half", text: "IoU of exactly ½", done: (a, b) => measure(a, b).iou === 0.5 },
  {
    name: "inside",
    text: "one box inside the other, and an IoU of exactly ¼",
    done: (a, b) => (inside(a, b) || inside(b, a)) && measure(a, b).iou === 0.25,
  },
  {
    name: "apart",
    text: "boxes apart, and a GIoU of −½ or less",
    done: (a, b) => measure(a, b).iou === 0 && measure(a, b).giou <= -0.5,
  },
];

const halves = (number) => Math.round(2 * number) / 2;
const between = (low, number, high) => Math.min(Math.max(number, low), high);

// The box with its middle at [x, y], or as near as the grid lets it.
export function movedTo(box, [x, y]) {
  const [wide, high] = sidesOf(box);
  const left = between(0, halves(x - wide / 2), COLUMNS - wide);
  const top = between(0, halves(y - high / 2), ROWS - high);
  return [left, top, left + wide, top + high];
}

// The box with its lower right corner at [x, y]; the upper left one stays.
export function stretchedTo([x1, y1], [x, y]) {
  return [x1, y1, between(x1 + LEAST, halves(x), COLUMNS), between(y1 + LEAST, halves(y), ROWS)];
}

export const middleOf = ([x1, y1, x2, y2]) => [(x1 + x2) / 2, (y1 + y2) / 2];

// 48, 4.5, 0.333: no more digits than there are.
export const digits = (number) => String(Number(number.toFixed(3))).replace("-", "−");

export function explainPrediction(guess) {
  const right = guess === "0.333";
  const head = guess === null ? "" : right ? "Right. " : "Not quite. ";
  return `${head}Half of each box is shared, and still the IoU is ⅓: what either covers is one and a half boxes. Now drag the boxes by their middle and by their corner, or use the arrow keys (Shift: half a cell).`;
}

export function explainBoxes(a, b) {
  const { shared, intersection, union, iou, giou, space } = measure(a, b);
  if (!shared) {
    return `The boxes share nothing, so the IoU is 0, however far they are apart. The GIoU goes on: of the ${digits(space)} cells of the box around both, ${digits(space - union)} are in neither, so it is 0 − ${digits(space - union)} / ${digits(space)} = ${digits(giou)}.`;
  }
  return `Both share ${digits(intersection)} cells, either covers ${digits(union)}: the IoU is ${digits(intersection)} / ${digits(union)} = ${digits(iou)}.`;
}
