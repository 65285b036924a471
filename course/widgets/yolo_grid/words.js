// What the YoloGrid widget says: numbers and sentences. Pure functions, no DOM.

import { BOXES, NAMES, SIZE, answersOf, centreOf, countNumbers, sidesOf } from "./core.js";

const minus = (text) => String(text).replace("-", "−");
export const two = (number) => minus((Math.round(100 * number) / 100 || 0).toFixed(2)); // and no "−0.00"
export const short = (number) => minus(Number(number.toFixed(3)));

// A share of the loss: one that is small, but not nothing, must not seem to be nothing.
export const costText = (cost) => (cost > 0 && cost < 0.005 ? "< 0.01" : two(cost));

export const cornersText = ([x1, y1, x2, y2]) => `(${short(x1)}, ${short(y1)}) to (${short(x2)}, ${short(y2)})`;
export const cellText = ({ row, column }) => `row ${row}, column ${column}`;

const perCell = `${BOXES} · 5 + ${NAMES.length}`;
const SIDES = [SIZE[1], SIZE[0]]; // width and height, in the order of x and y

export function opening(grid) {
  return `The picture has ${grid} × ${grid} cells, whatever its shape. One of them has to say that the cow is there. Type which one, and how many numbers all cells say: each ${BOXES} boxes of 5 numbers, and ${NAMES.length} class scores.`;
}

export function askedText(at, grid) {
  return [
    `The row of the cell that answers for the cow, from 0 to ${grid - 1}`,
    `The column of that cell, from 0 to ${grid - 1}`,
    `The numbers that all ${grid * grid} cells say together`,
  ][at];
}

// Where the centre lies counted in cells: "108 · 4 / 192 = 2.25".
function countedText(box, axis, grid) {
  const [centre, side] = [centreOf(box)[axis], SIDES[axis]];
  return `${short(centre)} · ${grid} / ${side} = ${short((centre * grid) / side)}`;
}

export function explainCells(guesses, now) {
  const { grid, objects } = now;
  const [{ box, place }] = objects;
  const answers = answersOf(now);
  const made = guesses.flatMap((guess, at) => (guess === null ? [] : [guess === answers[at]]));
  const head = made.length ? `${made.filter(Boolean).length} of ${made.length} right. ` : "";
  const turned = guesses[0] === answers[1] && guesses[1] === answers[0] && answers[0] !== answers[1];
  const swapped = turned ? "You have row and column the other way round: rows are counted downwards. " : "";
  return `${head}${swapped}Only the centre of the box counts. Down ${countedText(box, 1, grid)}: row ${place.row}. Across ${countedText(box, 0, grid)}: column ${place.column}. And ${grid} · ${grid} · (${perCell}) = ${countNumbers(grid)} numbers.`;
}

export function explainLost(guess) {
  const head = guess === null ? "" : guess === "first" ? "Right. " : "Not quite. ";
  return `${head}A cell has ${BOXES} boxes to say, but room for one object to learn. Here the first in the list keeps it, the cow; the dog is in no target, and whatever box finds it is told to be less sure.`;
}

// ---- what the cells should say

// The five numbers and the classes, and how the first four come out of the box.
export const TARGET_NAMES = ["x", "y", "w", "h", "object", ...NAMES];

export function targetText(at, { box, place }, grid) {
  const from = at === 0 ? place.column : place.row;
  if (at < 2) return `${short(centreOf(box)[at])} · ${grid} / ${SIDES[at]} − ${from}`;
  return `${short(sidesOf(box)[at - 2])} / ${SIDES[at - 2]}`;
}

export const numbersText = (numbers) => numbers.map(short).join(", ");

function lineText({ place }) {
  if (place.x === 0 && place.y === 0)
    return " Its centre is exactly on a corner of four cells: it belongs to the lower right one.";
  if (place.x === 0) return " Its centre is exactly on a line: it belongs to the cell on the right.";
  return place.y === 0 ? " Its centre is exactly on a line: it belongs to the cell below." : "";
}

export function explainTargets({ objects: [cow, dog] }, crossed = false) {
  const head = crossed ? "A line is crossed: n" : "N";
  const first = `${head}ow ${cellText(cow.place)} answers for the cow.${lineText(cow)}`;
  if (dog === undefined) return first;
  const second = dog.lost
    ? "The dog's centre lies in the same cell, which has room for one object: the cow, first in the list. The dog is in no target."
    : `The dog has a cell of its own: ${cellText(dog.place)}.`;
  return `${first} ${second}`;
}

// ---- what it costs

export function explainLoss({ grid, cost }) {
  const { ious, answers, boxes, total } = cost;
  const [own, other] = [two(ious[answers]), two(ious[1 - answers])];
  const who =
    ious[0] === ious[1]
      ? `Both boxes have an IoU of ${own} with the cow, and the first of them answers.`
      : `Box ${answers + 1} answers: its IoU with the cow is ${own}, box ${2 - answers} has ${other}.`;
  const rest = grid * grid * BOXES - 1;
  const others = rest === 1 ? "The other box of the picture" : `The other ${rest} boxes of the picture`;
  return `${who} It should be sure by its IoU, ${own}, and is by ${short(boxes[answers][4])}. ${others} should not be sure at all. The total is ${two(total)}.`;
}

export function explainWeights({ coord, noobj }, now) {
  if (coord === noobj) return `All shares count alike. ${explainLoss(now)}`;
  return `Where the box is counts ${coord} times, what says nothing ${noobj} times: so the many empty cells do not drown the one with an object. ${explainLoss(now)}`;
}

// Of what a share is the sum.
export function shareText(name, { grid, cost }) {
  const others = grid * grid * BOXES - 1;
  const texts = { centre: "x, y", size: "√w, √h", object: `box ${cost.answers + 1}`, noObject: `${others} box${others === 1 ? "" : "es"}`, classes: `${NAMES.length} scores` }; // prettier-ignore
  return texts[name];
}

// ---- what readers hear

export function describePicture({ grid, objects, cost }, known) {
  const animals = objects.map(({ name, box }) => `${name} ${cornersText(box)}`).join(", ");
  const who = objects.map(({ name, place, lost }) => `${name}: ${lost ? "no cell" : cellText(place)}`).join(", ");
  const loss = cost === null ? "" : `; box ${cost.answers + 1} answers`;
  return `Picture with ${grid} × ${grid} cells; ${animals}${known ? `; ${who}${loss}` : ""}`;
}
