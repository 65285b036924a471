// What the RoIPool widget says: numbers and sentences. Pure functions, no DOM.

import { toMap } from "../shared/regions.js";
import { SHIFT, countChanges, errorsOf, gradientOf, isEmpty, regionOf, roundAway } from "./core.js";

export const SIDES = [
  ["left", "x1"],
  ["top", "y1"],
  ["right", "x2"],
  ["bottom", "y2"],
];

const minus = (text) => String(text).replace("-", "−");
export const pixels = (number) => minus(Number(number.toFixed(2)));
export const signed = (number) => (number > 0 ? `+${pixels(number)}` : pixels(number));
export const inCells = (number) => minus(Number(number.toFixed(4)));
const listed = (parts) => (parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`);
const several = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
const range = (name, [start, end]) => (end - start === 1 ? `${name} ${start}` : `${name}s ${start} to ${end - 1}`);

export const cornersText = ([x1, y1, x2, y2]) => `(${pixels(x1)}, ${pixels(y1)}) to (${pixels(x2)}, ${pixels(y2)})`;

export function opening(box, stride) {
  return `A cell is ${stride} × ${stride} pixels, and the box goes from ${cornersText(box)}. Its corners are divided by ${stride} and rounded to cells; these are shared out among the bins, and of each bin the maximum is a result.`;
}

// Which of the rounded corners are other ones: "x1 / 16 goes from 3.4375 to 3.625, rounded from 3 to 4".
function crossings(before, after, stride) {
  const [from, to] = [toMap(before, stride), toMap(after, stride)];
  return SIDES.flatMap(
    ([, name], at) =>
    roundAway(from[at]) === roundAway(to[at])
      ? []
      : [`${name} / ${stride} goes from ${inCells(from[at])} to ${inCells(to[at])}, rounded from ${roundAway(from[at])} to ${roundAway(to[at])}`], // prettier-ignore
  );
}

const changesText = (changes, count) => (changes === 0 ? "No number changes" : changes === count ? `All ${count} numbers change` : `${changes} of ${count} numbers ${changes === 1 ? "changes" : "change"}`); // prettier-ignore

// After a move of the box: what it did to the cells, and what that did to the results.
export function explainMove(before, after, stride) {
  const crossed = crossings(before.box, after.box, stride);
  const count = after.pooled.flat().length;
  const changes = countChanges(before.pooled, after.pooled);
  if (crossed.length === 0) return `Rounded, the corners are where they were: the same cells, and no number changes.`;
  return `${crossed.join("; ")}. ${changesText(changes, count)}.`;
}

export function explainFirst(guess, answer, before, after, stride) {
  const head = guess === null ? "" : guess === answer ? "Right. " : "Not quite. ";
  const crossed = crossings(before.box, after.box, stride);
  if (crossed.length) return `${head}${explainMove(before, after, stride)}`;
  const [from, to] = [toMap(before.box, stride), toMap(after.box, stride)];
  const both = [0, 2].map((at) => `${SIDES[at][1]} / ${stride} went from ${inCells(from[at])} to ${inCells(to[at])} and is ${roundAway(to[at])} as before`); // prettier-ignore
  return `${head}None: ${listed(both)}. RoIPool sees the dashed region of whole cells, and ${SHIFT} pixels are gone without a trace.`;
}

export function explainSecond(guesses, before, after, stride) {
  const made = guesses.flatMap((guess, at) => (guess === null ? [] : [guess === after.pooled.flat()[at].value]));
  const head = made.length ? `${made.filter(Boolean).length} of ${made.length} right. ` : "";
  const crossed = crossings(before.box, after.box, stride);
  const what = crossed.length > 1 ? "The region jumps" : "One side of the region jumps";
  const why = crossed.length ? ` ${what} by a whole cell of ${stride} pixels, for a move of ${SHIFT}.` : "";
  return `${head}${explainMove(before, after, stride)}${why}`;
}

// What rounding has done to the box as a whole.
export function explainRegion(box, stride) {
  const { columns, rows } = regionOf(box, stride);
  const [left, top, right, bottom] = errorsOf(box, stride).map(signed);
  return `The region is ${columns} × ${rows} cells. It is off by ${left} at the left, ${top} at the top, ${right} at the right and ${bottom} at the bottom, in pixels.`;
}

// A result: its bin, the cells in it, and where the maximum stands.
export function explainResult(row, column, { bins, pooled, region, clamped }) {
  const { value, source } = pooled[row][column];
  const place = `Result in row ${row}, column ${column}`;
  const [down, across] = [bins.rows[row], bins.columns[column]];
  if (source === null) {
    const outside = isEmpty(clamped.columns[column]) ? range("column", across) : range("row", down);
    return `${place}: its bin is ${outside}, which the map does not have. Without cells there is no maximum, and the result is 0.`;
  }
  const [wide, count] = [region.columns, bins.columns.length];
  const [from, to] = across.map((cell) => cell - region.x1);
  const cut = `begins at ⌊${column} · ${wide} / ${count}⌋ = ${from} and ends before ⌈${column + 1} · ${wide} / ${count}⌉ = ${to}, counted from x1`;
  const isCut = clamped.columns[column][1] < across[1] || clamped.rows[row][1] < down[1];
  const beyond = isCut ? " What the map does not have of it is left out." : "";
  return `${place}: across, its bin ${cut}: ${range("column", across)} and ${range("row", down)} of the map.${beyond} The maximum ${value} is in row ${source.row}, column ${source.column}.`;
}

export function explainGradient(features, pooled) {
  const counts = gradientOf(features, pooled).flat();
  const [cells, most] = [counts.filter((count) => count > 0).length, Math.max(...counts)];
  const empty = pooled.flat().filter(({ source }) => source === null).length;
  const sent = pooled.flat().length - empty;
  const lost = empty
    ? ` ${several(empty, "result")} of an empty bin ${empty === 1 ? "passes" : "pass"} nothing on.`
    : "";
  const sum = most > 1 ? ` Where one cell gives several results, their gradients add up: here to ${most} at most.` : "";
  return `Each result passes its gradient to the one cell that its maximum is from: ${sent} results, ${several(cells, "cell")}, and all other cells get 0.${sum}${lost} The box gets none at all: rounding has no slope.`;
}

// Why the region's far sides are further off than its near ones.
export function farSideText(box, stride) {
  const cell = roundAway(toMap(box, stride)[2]);
  return `The cell of x2 belongs to the region: its far side is (${cell}\u00a0+\u00a01)\u00a0·\u00a0${stride} = ${(cell + 1) * stride}.`;
}

// How many cells the bins have, and why that may be more than there are.
export function explainBins({ bins, region }) {
  const cut = (across, cells) => {
    const widths = across.map(([start, end]) => end - start);
    const shares = widths.reduce((one, other) => one + other) > cells;
    return { text: `${several(cells, "cell")} are cut into ${listed(widths.map(String))}`.replace("1 cell are", "1 cell is"), shares }; // prettier-ignore
  };
  const [across, down] = [cut(bins.columns, region.columns), cut(bins.rows, region.rows)];
  const shared = across.shares || down.shares ? " That is more than there are: neighbours share cells." : "";
  return `Across, ${across.text}; down, ${down.text}.${shared}`;
}

// How often the result changes while the box goes all the way across.
export function explainStaircase({ side }, [row, column], values) {
  const jumps = values.filter(([, value], at) => at > 0 && value !== values[at - 1][1]).length;
  return `The result in row ${row}, column ${column} of the ${side} × ${side}, for each x1 that the box can have: ${several(jumps, "jump")}, and level between them.`;
}
