// The sentences of the SelectiveSearch widget, and how it writes numbers. Pure functions, no DOM.

import { ANIMALS } from "./scene.js";
import { FOUND, TERMS, bestOf, recallOf, touches } from "./core.js";

export const two = (number) => number.toFixed(2);

const listed = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);
const ordinal = (rank) => {
  const tens = rank % 100 > 10 && rank % 100 < 14;
  return `${rank}${tens ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[rank % 10] ?? "th")}`;
};

// Which region a pointer is on, in words.
export function explainRegion(number, regions, pairs) {
  const others = pairs.filter(({ first, second }) => first === number || second === number);
  const beside = others.map(({ first, second }) => (first === number ? second : first)).sort((a, b) => a - b);
  const { size } = regions[number];
  return `Region ${number}: ${size} ${size === 1 ? "pixel" : "pixels"}. It touches ${beside.length ? listed(beside.map(String)) : "nothing"}.`;
}

// Where two regions differ most in what counts: of the used terms, the one of the largest loss.
function weakest(own, best, used) {
  const losses = TERMS.map((term, at) => (used.includes(term) ? best.terms[at] - own.terms[at] : -Infinity));
  return losses.indexOf(Math.max(...losses));
}

export function explainMerge(step, number, picked, used) {
  const [best] = step.pairs;
  const merged = `${best.first} and ${best.second} are the most alike, ${two(best.similarity)} of ${used.length}, and become region ${number}.`;
  if (!picked) return merged;
  const rank = touches(step.pairs, ...picked);
  if (rank === 0) return `Right. ${merged}`;
  const own = step.pairs[rank];
  const term = weakest(own, best, used);
  const why = `${two(own.similarity)}; most of the difference is in ${TERMS[term]}, ${two(own.terms[term])} against ${two(best.terms[term])}`;
  return `Not these. ${merged} Your pair is the ${ordinal(rank + 1)} of ${step.pairs.length} that touch: ${why}.`;
}

// What the newest box has brought.
export function explainBox(regions, count) {
  const [before, now] = [bestOf(regions.slice(0, count - 1)), bestOf(regions.slice(0, count))];
  const better = ANIMALS.map(({ name }, at) => ({ name, before: before[at].iou, now: now[at].iou }))
    .filter((animal) => animal.now > animal.before)
    .map((animal) => {
      const found = animal.before < FOUND && animal.now >= FOUND ? ", and it is found" : "";
      return `Its box is the best so far for ${animal.name}: IoU ${two(animal.now)}${found}.`;
    });
  return better.length ? better.join(" ") : "Its box is no better for an animal than those before.";
}

export function explainEnd(regions) {
  const best = bestOf(regions);
  const each = ANIMALS.map(({ name }, at) => `${two(best[at].iou)} for ${name} (region ${best[at].region})`);
  return `One region is left, the whole picture. ${regions.length} boxes: recall ${recallOf(best)} of ${ANIMALS.length}; the best IoU is ${listed(each)}.`;
}
