// What the RoIAlign widget says: numbers and sentences. Pure functions, no DOM.

import { countChanges, isEmpty } from "../shared/region_pooling.js";
import { changesText, cornersText, crossings, inCells, minus, pixels, range, several } from "../shared/region_words.js";
import { largestChange } from "./core.js";

export const inTenths = (number) => minus(number.toFixed(1));
export const inHundredths = (number) => minus(number.toFixed(2));

export function opening(box, stride) {
  return `A cell is ${stride} × ${stride} pixels, and the box goes from ${cornersText(box)}. Both operators cut it into 2 × 2 bins: RoI Pool takes the largest cell of each, RoI Align the mean of a few dots between the cells.`;
}

export function questionText(shift, stride) {
  const half = Math.abs(shift) === stride / 2 ? ", half a cell" : "";
  return `The box moves ${pixels(Math.abs(shift))} pixels to the ${shift < 0 ? "left" : "right"}${half}. How many of the four numbers change?`;
}

const lower = (text) => text[0].toLowerCase() + text.slice(1);

function changes(before, after) {
  const count = countChanges(before, after);
  const most = count ? `, by ${inTenths(largestChange(before, after))} at most` : "";
  return `${lower(changesText(count, after.flat().length))}${most}`;
}

// After a move: what it did to either result.
export function explainMove(before, after) {
  const crossed = crossings(before.box, after.box, after.stride);
  const why = crossed.length ? `${crossed.join("; ")}: ` : "every corner is rounded to where it was: ";
  return `RoI Pool: ${why}${changes(before.pooled, after.pooled)}. RoI Align: ${changes(before.aligned, after.aligned)}.`;
}

export function explainAnswers(guesses, answers, before, after) {
  const made = guesses.flatMap((guess, at) => (guess === null ? [] : [guess === answers[at]]));
  const head = made.length ? `${made.filter(Boolean).length} of ${made.length} right. ` : "";
  return `${head}${explainMove(before, after)} Now the box is yours.`;
}

// A result of RoI Pool: its cells and its maximum.
export function explainPooled(row, column, { pooled, bins, clamped }) {
  const { value, source } = pooled[row][column];
  const place = `RoI Pool, row ${row}, column ${column}`;
  const cells = `${range("column", bins.columns[column])} and ${range("row", bins.rows[row])}`;
  if (source === null) {
    const outside = isEmpty(clamped.columns[column]) ? range("column", bins.columns[column]) : range("row", bins.rows[row]); // prettier-ignore
    return `${place}: its bin is ${outside}, which the map does not have: 0.`;
  }
  return `${place}: ${value}, the largest number in ${cells} of the map. Where it stands is forgotten.`;
}

// A result of RoI Align: the mean of its dots.
export function explainAligned(row, column, { aligned }) {
  const { value, dots, count } = aligned[row][column];
  const values = dots.flat().map((dot) => inTenths(dot.value));
  const sum = count <= 4 ? `(${values.join(" + ")}) / ${count}` : `the sum of its ${count} dots / ${count}`;
  const mean = count === 1 ? "the value of its one dot" : `the mean of its dots, ${sum} = ${inTenths(value)}`;
  return `RoI Align, row ${row}, column ${column}: ${inTenths(value)}, ${mean}.`;
}

// A dot: where it lies among the cells' middles, and what it takes of each.
export function explainDot({ y, x, value, parts, reached }) {
  const place = `The dot at y = ${inCells(y)}, x = ${inCells(x)} of the map`;
  if (!reached) return `${place} is more than a cell outside: 0.`;
  const counting = parts.filter(({ weight }) => weight > 0);
  const terms = counting.map((part) => `${inHundredths(part.weight)} · ${part.value}`);
  const sum =
    counting.length === 1 ? "all of one cell" : `${counting.length} areas that sum to 1 before they are rounded here`;
  return `${place}: ${terms.join(" + ")} = ${inHundredths(value)}, ${sum}.`;
}

// How a result goes over all places of the box in its row.
export function explainTraces([row, column], stairs, line) {
  const steps = (values) => values.slice(1).map(([, value], at) => Math.abs(value - values[at][1]));
  const jumps = steps(stairs).filter((step) => step > 0);
  const most = jumps.length ? `, the largest by ${Math.max(...jumps)}` : "";
  return `The result in row ${row}, column ${column} for each x1 that the box can have: RoI Pool in ${several(jumps.length, "jump")}${most}; RoI Align by ${inTenths(Math.max(0, ...steps(line)))} at most from a quarter of a pixel to the next.`;
}

export function explainSettings({ aligned: results, settings }) {
  const [{ count }] = results[0];
  const dots = `${several(count, "dot")} a bin.`;
  if (settings.aligned)
    return `${dots} The box is moved by half a cell before it is read, since a cell's number belongs to the cell's middle: the dots lie in the box.`;
  return `${dots} Without aligned the numbers are taken to stand at the cells' corners: what is read is the dashed box, half a cell to the right and down.`;
}
