// What the Anchors widget says: numbers and sentences. Pure functions, no DOM.

import {
  ANCHORS,
  MARGIN,
  NAMES,
  answersOf,
  bestOf,
  centreOf,
  encode,
  isOnPicture,
  isRescued,
  isRight,
  kindOf,
  ownOf,
  placeOf,
  sidesOf,
} from "./core.js";

const minus = (text) => String(text).replace("-", "−");
export const two = (number) => minus((Math.round(100 * number) / 100 || 0).toFixed(2)); // and no "−0.00"
export const short = (number) => minus(Number(number.toFixed(2)));
const several = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
const are = (count) => (count === 1 ? "is" : "are");

// An IoU that is rounded must not seem to be at a threshold that it does not reach.
export function iouText(iou, ...thresholds) {
  const seems = thresholds.some((threshold) => two(iou) === two(threshold) && iou < threshold);
  return seems ? minus(Number(iou.toFixed(4))) : two(iou);
}

export const cornersText = ([x1, y1, x2, y2]) => `(${short(x1)}, ${short(y1)}) to (${short(x2)}, ${short(y2)})`;
export const sidesText = (box) => sidesOf(box).map(short).join(" × ");
export const placeText = ({ row, column }) => `row ${row}, column ${column}`;

export function opening() {
  return `At every crossing of the lines stand the same 6 boxes, ${ANCHORS.length} in all. Move the frame over the cow, by a click or with the arrow keys, and look how well they fit; then type both numbers.`;
}

export function explainCounts(guesses, now) {
  const answers = answersOf(now);
  const made = guesses.flatMap((guess, at) => (guess === null ? [] : [isRight(guess, answers[at], at)]));
  const near = guesses[1] !== null && guesses[1] !== answers[1] && isRight(guesses[1], answers[1], 1);
  const head = made.length ? `${made.filter(Boolean).length} of ${made.length} right${near ? ` (up to ${MARGIN} off is near enough)` : ""}. ` : ""; // prettier-ignore
  const [reach, below] = answers;
  const highest = Math.max(...now.overlaps[0]);
  const first = reach
    ? `${several(reach, "anchor")} of ${ANCHORS.length} ${reach === 1 ? "reaches" : "reach"} ${short(now.high)}: the positives`
    : `None of ${ANCHORS.length} reaches ${short(now.high)}; the best has ${iouText(highest, now.high)}`;
  const rest = ANCHORS.length - reach - below;
  return `${head}${first}. ${below} ${are(below)} below ${short(now.low)}: negative, they learn that nothing is there. ${rest} ${are(rest)} between.`;
}

export function explainWhy(guess, { overlaps, high, matches }) {
  const head = guess === null ? "" : guess === "best" ? "Right. " : "Not quite. ";
  const iou = iouText(Math.max(...overlaps[0]), high);
  const count = matches.filter((match) => match === 0).length;
  const who = count === 1 ? "The anchor that overlaps it most" : `The ${count} anchors that overlap it most`;
  return `${head}An object that no anchor reaches would be learnt by none, and never be found. ${who} ${count === 1 ? "learns" : "learn"} it whatever the IoU is, here ${iou}. All else between the thresholds is ignored: it is in no loss.`;
}

// The chosen anchor: what it is, and why.
export function explainAnchor(now, anchor) {
  const { overlaps, matches, high, low } = now;
  const own = ownOf(overlaps, anchor);
  const iou = overlaps[own][anchor];
  const said = iouText(iou, high, low);
  const head = `Anchor ${sidesText(ANCHORS[anchor])} in ${placeText(placeOf(anchor))}: IoU ${said} with the ${NAMES[own]}`;
  const out = isOnPicture(ANCHORS[anchor]) ? "" : " It crosses the picture's border.";
  const kind = kindOf(matches[anchor]);
  if (kind === "negative") return `${head}, less than ${short(low)}: negative. It learns that nothing is there, and no box.${out}`; // prettier-ignore
  if (kind === "ignored") return `${head}, between ${short(low)} and ${short(high)}: ignored. It is in no loss.${out}`;
  if (!isRescued(now, anchor) && iou >= high) return `${head}, ${short(high)} or more: positive. It learns the ${NAMES[own]} and the four numbers.${out}`; // prettier-ignore
  const isBestOf = (row) => row[anchor] === Math.max(...row);
  if (isBestOf(overlaps[own])) return `${head}, less than ${short(high)}, and no anchor overlaps the ${NAMES[own]} more: positive all the same.${out}`; // prettier-ignore
  const whose = overlaps.findIndex(isBestOf);
  const lost = matches.includes(whose) ? "" : ` No anchor learns the ${NAMES[whose]}.`;
  return `${head}. It is the ${NAMES[whose]}'s best one, ${two(overlaps[whose][anchor])}, and so positive; but it learns its own best box, the ${NAMES[own]}.${lost}${out}`;
}

// The whole picture: how well the objects are met, and who learns nothing.
export function explainScene({ objects, overlaps, matches }) {
  const parts = objects.map((_, at) => {
    const [highest, learn] = [Math.max(...overlaps[at]), matches.filter((match) => match === at).length];
    const by =
      learn === 0 ? "no anchor learns it" : `${several(learn, "anchor")} ${learn === 1 ? "learns" : "learn"} it`;
    return `The ${NAMES[at]}'s best IoU is ${two(highest)}, and ${by}.`;
  });
  const stolen = objects.length > 1 && matches[bestOf(overlaps[1])] === 0;
  const own = stolen ? " The dog's best anchor learns the cow: its own IoU with the cow is as high or higher." : "";
  return `${parts.join(" ")}${own}`;
}

export function imbalanceText({ positive, negative }) {
  if (positive === 0) return "No anchor is positive.";
  const each = negative / positive;
  return `${each >= 10 ? Math.round(each) : short(each)} negatives for each positive`;
}

export function explainRule(now) {
  if (now.lowQuality) return `The best anchor of each animal is positive, whatever its IoU. ${explainScene(now)}`;
  return `Only the threshold counts: ${short(now.high)} or more. ${explainScene(now)}`;
}

// ---- the four numbers

export const NUMBERS = [
  { name: "dx", text: "across", side: 0 },
  { name: "dy", text: "down", side: 1 },
  { name: "dw", text: "width", side: 0 },
  { name: "dh", text: "height", side: 1 },
];

// How a number comes out of the two boxes: "(95 − 96) / 64".
export function encodeText(at, target, anchor) {
  const { side } = NUMBERS[at];
  const size = short(sidesOf(anchor)[side]);
  if (at < 2) return `(${short(centreOf(target)[side])} − ${short(centreOf(anchor)[side])}) / ${size}`;
  return `log(${short(sidesOf(target)[side])} / ${size})`;
}

export const deltasText = (target, anchor) => encode(target, anchor).map(two).join(", ");
