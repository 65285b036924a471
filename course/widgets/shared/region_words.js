// How widgets of regions write numbers, sides and what rounding does. Pure functions, no DOM.

import { roundAway } from "./region_pooling.js";
import { toMap } from "./regions.js";

export const SIDES = [
  ["left", "x1"],
  ["top", "y1"],
  ["right", "x2"],
  ["bottom", "y2"],
];

export const minus = (text) => String(text).replace("-", "−");
export const pixels = (number) => minus(Number(number.toFixed(2)));
export const signed = (number) => (number > 0 ? `+${pixels(number)}` : pixels(number));
export const inCells = (number) => minus(Number(number.toFixed(4)));
export const listed = (parts) =>
  parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
export const several = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
export const range = (name, [start, end]) =>
  end - start === 1 ? `${name} ${start}` : `${name}s ${start} to ${end - 1}`;

export const cornersText = ([x1, y1, x2, y2]) => `(${pixels(x1)}, ${pixels(y1)}) to (${pixels(x2)}, ${pixels(y2)})`;

// Which of the rounded corners are other ones: "x1 / 16 goes from 3.4375 to 3.625, rounded from 3 to 4".
export function crossings(before, after, stride) {
  const [from, to] = [toMap(before, stride), toMap(after, stride)];
  return SIDES.flatMap(
    ([, name], at) =>
    roundAway(from[at]) === roundAway(to[at])
      ? []
      : [`${name} / ${stride} goes from ${inCells(from[at])} to ${inCells(to[at])}, rounded from ${roundAway(from[at])} to ${roundAway(to[at])}`], // prettier-ignore
  );
}

export const changesText = (changes, count) => (changes === 0 ? "No number changes" : changes === count ? `All ${count} numbers change` : `${changes} of ${count} numbers ${changes === 1 ? "changes" : "change"}`); // prettier-ignore
