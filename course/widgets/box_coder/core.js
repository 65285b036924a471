// A box as four numbers that are read from a proposal, and the four numbers back as a box. Pure functions, no DOM.
// A box is [x1, y1, x2, y2] in pixels of a picture of WIDTH × HEIGHT; x2 − x1 is its width.

export const WIDTH = 320;
export const HEIGHT = 192;
export const STEP = 8; // pixels, with the arrow keys; with Shift, and with the pointer, FINE
export const FINE = 2;
export const LEAST = 4; // a box's smallest side
export const CLIP = Math.log(1000 / 16); // the most that decoding takes for a logarithm of sides
export const MOST = 999; // hundredths that a prediction may be
const LOG_LIMITS = [-3, 5]; // of a slider, before the weights
const SHIFT_LIMITS = [-3, 3];

export const PLAIN = [1, 1, 1, 1];
export const SCALED = [10, 10, 5, 5];

// What the four numbers are, with the names that the papers give them.
export const NUMBERS = [
  { name: "tx", text: "across", side: 0 },
  { name: "ty", text: "down", side: 1 },
  { name: "tw", text: "width", side: 0 },
  { name: "th", text: "height", side: 1 },
];

export const PRESETS = {
  near: {
    title: "a near miss",
    proposal: [32, 8, 96, 56],
    target: [16, 32, 144, 80],
    asks: "numbers",
  },
  large: {
    title: "all of it twice as large",
    proposal: [64, 16, 192, 112],
    target: [32, 64, 288, 160],
    asks: "numbers",
  },
  tiny: {
    title: "a tiny proposal",
    proposal: [158, 94, 162, 98],
    target: [32, 48, 288, 144],
    asks: "width",
  },
};

// What the tiny proposal's question may be answered with.
export const ANSWERS = [
  ["wider", "wider than the object"],
  ["same", "exactly as wide"],
  ["narrower", "narrower"],
];

export const sidesOf = ([x1, y1, x2, y2]) => [x2 - x1, y2 - y1];
export const centreOf = ([x1, y1, x2, y2]) => [(x1 + x2) / 2, (y1 + y2) / 2];

export function encode(target, proposal, weights) {
  const [[x, y], [wide, high]] = [centreOf(proposal), sidesOf(proposal)];
  const [[goalX, goalY], [goalWide, goalHigh]] = [centreOf(target), sidesOf(target)];
  const plain = [(goalX - x) / wide, (goalY - y) / high, Math.log(goalWide / wide), Math.log(goalHigh / high)];
  return plain.map((number, at) => weights[at] * number);
}

// The weights are divided out first; only then are the logarithms cut off, at CLIP.
export function decode(deltas, proposal, weights) {
  const [[x, y], [wide, high]] = [centreOf(proposal), sidesOf(proposal)];
  const [right, down, ...logs] = deltas.map((number, at) => number / weights[at]);
  const [middleX, middleY] = [x + right * wide, y + down * high];
  const [newWide, newHigh] = logs.map((log, at) => Math.exp(Math.min(log, CLIP)) * [wide, high][at]);
  return [middleX - newWide / 2, middleY - newHigh / 2, middleX + newWide / 2, middleY + newHigh / 2];
}

export const isClipped = (deltas, weights) => [2, 3].filter((at) => deltas[at] / weights[at] > CLIP);

export function iouOf(a, b) {
  const wide = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const high = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (wide <= 0 || high <= 0) return 0;
  const area = (box) => sidesOf(box).reduce((one, other) => one * other);
  return (wide * high) / (area(a) + area(b) - wide * high);
}

export const limitsOf = (at, weights) => (at < 2 ? SHIFT_LIMITS : LOG_LIMITS).map((limit) => limit * weights[at]);

// What is to be made. `free`: the numbers were set by hand, and are not what the boxes give.
const near = (a, b) => Math.abs(a - b) < 1e-9;
export const TASKS = [
  {
    name: "half",
    text: "read a width of −log 2, and 0 three times",
    done: ({ deltas, weights, free }) =>
      !free && [0, 0, -Math.LN2, 0].every((number, at) => near(deltas[at], weights[at] * number)),
  },
  {
    name: "land",
    text: "set the numbers by hand until the box is on the object: IoU 0.95 or more",
    done: ({ landed, proposal, target, free }) =>
      free && iouOf(landed, target) >= 0.95 && iouOf(proposal, target) < 0.95,
  },
  {
    name: "again",
    text: "read the near miss's four numbers again, from a proposal that is neither 64 nor 128 wide",
    done: ({ deltas, weights, proposal, free }) =>
      !free &&
      ![64, 128].includes(sidesOf(proposal)[0]) &&
      encode(PRESETS.near.target, PRESETS.near.proposal, weights).every((number, at) => near(number, deltas[at])),
  },
];

// ---- moving

const between = (low, number, high) => Math.min(Math.max(number, low), high);
const snapped = (number) => Math.round(number / FINE) * FINE;

// The box with its upper left corner at [x, y], or as near as the picture lets it.
export function movedTo(box, [x, y]) {
  const [wide, high] = sidesOf(box);
  const left = between(0, snapped(x), WIDTH - wide);
  const top = between(0, snapped(y), HEIGHT - high);
  return [left, top, left + wide, top + high];
}

// The box with its lower right corner at [x, y]; the upper left one stays.
export function stretchedTo([x1, y1], [x, y]) {
  return [x1, y1, between(x1 + LEAST, snapped(x), WIDTH), between(y1 + LEAST, snapped(y), HEIGHT)];
}

// ---- predictions, in hundredths

export const hundredths = (number) => Math.round(100 * number);
export const isRight = (guess, number) => Math.abs(guess - 100 * number) < 1.5; // a hundredth of rounding is let pass

export function score(guesses, deltas) {
  const made = guesses.map((guess, at) => [guess, deltas[at]]).filter(([guess]) => guess !== null);
  return { guessed: made.length, right: made.filter(([guess, number]) => isRight(guess, number)).length };
}

// ---- numbers and sentences

export const minus = (text) => String(text).replace("-", "−");
export const two = (number) => minus((Math.round(100 * number) / 100 || 0).toFixed(2)); // and no "−0.00"
export const short = (number) => minus(Number(number.toFixed(1)));
const bracketed = (number) => (number < 0 ? `(${two(number)})` : two(number));

// How a number comes out of the boxes: "10 · (80 − 64) / 64".
export function encodeText(at, target, proposal, weights) {
  const { side } = NUMBERS[at];
  const factor = weights[at] === 1 ? "" : `${weights[at]} · `;
  const size = short(sidesOf(proposal)[side]);
  if (at < 2) return `${factor}(${short(centreOf(target)[side])} − ${short(centreOf(proposal)[side])}) / ${size}`;
  return `${factor}log(${short(sidesOf(target)[side])} / ${size})`;
}

// How a side or a middle of the landed box comes out of the number: "64 + 2.50 / 10 · 64 = 80".
export function decodeText(at, deltas, proposal, weights) {
  const { side } = NUMBERS[at];
  const landed = decode(deltas, proposal, weights);
  const size = short(sidesOf(proposal)[side]);
  const number = weights[at] === 1 ? bracketed(deltas[at]) : `${bracketed(deltas[at])} / ${weights[at]}`;
  if (at < 2) return `${short(centreOf(proposal)[side])} + ${number} · ${size} = ${short(centreOf(landed)[side])}`;
  const clipped = isClipped(deltas, weights).includes(at);
  return `${size} · exp(${clipped ? two(CLIP) : number}) = ${short(sidesOf(landed)[side])}`;
}

const ORDER = ["first", "second", "third", "fourth"];

export function explainNumbers(guesses, deltas, target, proposal) {
  const { guessed, right } = score(guesses, deltas);
  const ratio = short(sidesOf(target)[0] / sidesOf(proposal)[0]);
  const head = guessed ? `${right} of ${guessed} right. ` : "";
  const widths = `The object is ${ratio} times as wide as the proposal, and the number for it is the logarithm: as wide would be 0, half as wide as far below 0 as twice is above.`;
  return `${head}The first two say how far the centre moves, in widths and heights of the proposal. ${widths}`;
}

export function explainSame(guesses, deltas) {
  const { guessed, right } = score(guesses, deltas);
  const head = guessed ? `${right} of ${guessed} right. ` : "";
  return `${head}The same four numbers as for the near miss: every length is measured by the proposal, so one regressor serves small animals and large ones, anywhere in the picture.`;
}

export function explainWidth(guess, deltas, weights, target, proposal) {
  const head = guess === null ? "" : guess === "narrower" ? "Right. " : "Not quite. ";
  return `${head}${explainClip(deltas, weights, target, proposal)} A network that answers 20 only once would otherwise make this box two billion pixels wide.`;
}

function explainClip(deltas, weights, target, proposal) {
  const [at] = isClipped(deltas, weights);
  const landed = decode(deltas, proposal, weights);
  const { side, text } = NUMBERS[at];
  const divided = weights[at] === 1 ? two(deltas[at]) : `${two(deltas[at])} / ${weights[at]} = ${two(deltas[at] / weights[at])}`; // prettier-ignore
  return `The number for the ${text} is ${divided}, and decoding takes no more than log(1000 / 16) = ${two(CLIP)}: the ${text} becomes ${short(sidesOf(landed)[side])} pixels, and the object's is ${short(sidesOf(target)[side])}.`;
}

// After a box was moved: what the numbers say now.
export function explainBoxes(deltas, weights, target, proposal) {
  if (isClipped(deltas, weights).length) return explainClip(deltas, weights, target, proposal);
  const numbers = deltas.map(two).join(", ");
  if (deltas.every((number) => near(number, 0)))
    return "The proposal lies on the object already: four zeros, nothing to correct.";
  return `The numbers are ${numbers}; applied to the proposal, they give the object's box again.`;
}

// After a number was set by hand: where the box is.
export function explainLanding(deltas, weights, target, proposal) {
  const landed = decode(deltas, proposal, weights);
  const clipped = isClipped(deltas, weights);
  const cut = clipped.length
    ? ` The ${clipped.map((at) => ORDER[at]).join(" and ")} ${clipped.length > 1 ? "are" : "is"} cut off at log(1000 / 16) = ${two(CLIP)}.`
    : "";
  return `The box is ${short(sidesOf(landed)[0])} × ${short(sidesOf(landed)[1])} pixels; its IoU with the object is ${two(iouOf(landed, target))}.${cut}`;
}

export function explainWeights(weights, free) {
  const plain = weights.every((weight) => weight === 1);
  if (free)
    return plain
      ? "Weights of 1: the numbers are the shares and the logarithms themselves. The box has stayed, its numbers have changed."
      : "The box has stayed, its numbers are 10 and 5 times as large: they are divided by the weights before they move it. An error of 0.1 in a number now moves the box 10 or 5 times less.";
  return plain
    ? "Weights of 1: the numbers are the shares and the logarithms themselves. For proposals that are nearly right they are small."
    : "Each number times its weight, 10 for the centre and 5 for the sides; decoding divides by them, so the box is the same. Good proposals have numbers near 0, around 0.1 and 0.2: times 10 and 5 they are about 1, and errors in them count in the loss.";
}
