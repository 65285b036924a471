// Two models, one picture: what their class scores and their boxes cost, and which total is lower. Pure functions, no DOM.
// Boxes are [x1, y1, x2, y2] in pixels of a picture SIDE pixels wide; scores are logits in the order of CLASSES. The
// weight is that of the box, and boxes are measured in pixels or in shares of the picture's side.

export const SIDE = 64;
export const CLASSES = ["cow", "duck", "cat"];
export const TRUTH = { label: 0, box: [12, 18, 54, 52] };
export const LEAST = -3; // of the weight's decimal logarithm
export const MOST = 3;

export const PRESETS = {
  traded: {
    title: "sure or exact",
    models: [
      { scores: [3, 0.5, -0.5], box: [8, 22, 48, 57] },
      { scores: [0.9, 0.4, 0.1], box: [13, 18, 53, 51] },
    ],
  },
  wrong: {
    title: "right or exact",
    models: [
      { scores: [2.5, 0.5, 0], box: [16, 24, 60, 50] },
      { scores: [0.2, 1.1, -0.3], box: [12, 17, 55, 52] },
    ],
  },
  better: {
    title: "a third pair",
    models: [
      { scores: [2.2, 0, 0.4], box: [13, 17, 55, 53] },
      { scores: [1, 0.6, 0.2], box: [18, 15, 58, 47] },
    ],
  },
};

// What each answer to the question means.
export const ANSWERS = [
  ["A", "A, at every weight"],
  ["B", "B, at every weight"],
  ["depends", "it depends on the weight"],
];

export function probabilities(scores) {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

export function classification(scores, label) {
  const most = Math.max(...scores);
  return most + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0)) - scores[label];
}

// The squared L2 distance of two boxes; in shares of the picture's side it is SIDE² times smaller.
export function localization(box, target, pixels) {
  const squares = box.reduce((sum, value, at) => sum + (value - target[at]) ** 2, 0);
  return pixels ? squares : squares / SIDE ** 2;
}

export function iou(a, b) {
  const area = ([x1, y1, x2, y2]) => Math.max(x2 - x1, 0) * Math.max(y2 - y1, 0);
  const both = area([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])]);
  return both / (area(a) + area(b) - both);
}

export function lossesOf(model, weight, pixels, truth = TRUTH) {
  const [c, l] = [classification(model.scores, truth.label), localization(model.box, truth.box, pixels)];
  return { classification: c, localization: l, total: c + weight * l };
}

// What is measured in the end, which no weight touches.
export function measuresOf(model, truth = TRUTH) {
  const best = model.scores.indexOf(Math.max(...model.scores));
  return { called: best, right: best === truth.label, iou: iou(model.box, truth.box) };
}

// The weight at which both totals are equal, or null where one model is lower at every weight.
export function crossing(models, pixels) {
  const [a, b] = models.map((model) => lossesOf(model, 1, pixels));
  const weight = (a.classification - b.classification) / (b.localization - a.localization);
  return weight > 0 && Number.isFinite(weight) ? weight : null;
}

// Which model has the lower total: 0, 1, or null where they are equal.
export function lower(models, weight, pixels) {
  const [a, b] = models.map((model) => lossesOf(model, weight, pixels).total);
  return a === b ? null : a < b ? 0 : 1;
}

export function rightAnswer(models) {
  return crossing(models, false) === null ? "AB"[lower(models, 1, false)] : "depends";
}

// ---- numbers and sentences

export const weightAt = (exponent) => 10 ** exponent;

// Three digits that say enough, at every size.
export function digits(value) {
  if (value === 0) return "0";
  const places = Math.min(Math.max(2 - Math.floor(Math.log10(Math.abs(value))), 0), 5);
  return value.toFixed(places);
}

const unit = (pixels) => (pixels ? "pixels" : "shares of the side");

export function sumOf(model, weight, pixels) {
  const { classification: c, localization: l, total } = lossesOf(model, weight, pixels);
  return `${digits(c)} + ${digits(weight)} · ${digits(l)} = ${digits(total)}`;
}

export function explainOrder(models, weight, pixels) {
  const [at, first] = [crossing(models, pixels), lower(models, weight, pixels)];
  const sums = models.map((model, number) => `${"AB"[number]}: ${sumOf(model, weight, pixels)}`).join("; ");
  if (at === null) return `${sums}. ${"AB"[first]} is lower at every weight: both of its losses are.`;
  const where = `The totals change places at ${digits(at)}, with boxes in ${unit(pixels)}.`;
  const who = first === null ? "They are equal here." : `${"AB"[first]} has the lower total.`;
  return `${sums}. ${who} ${where}`;
}

export function explainAnswer(models, guess) {
  const right = rightAnswer(models);
  const why =
    right === "depends"
      ? "One model has the lower classification, the other the lower localization: the weight decides which of them counts more."
      : `Both losses of ${right} are lower, and a sum with any positive weight keeps that order.`;
  return guess === null ? why : `${guess === right ? "Right." : "Not quite."} ${why}`;
}

export const UNMOVED = "The class that each model names and its IoU have not moved: the networks are the same.";
