// What RoIPool asks and lets one make, and where its gradients go. Pure functions, no DOM; the pooling itself is in shared/region_pooling.js.

import { countChanges, isStep } from "../shared/region_pooling.js";
import { WIDTH, boxMovedTo } from "../shared/regions.js";

export const SIZES = [2, 3, 7];
export const START = [52, 35, 116, 83];
export const SHIFT = 3; // pixels that the box is moved by in the questions

// What each cell of the map gets when each result sends a gradient of 1.
export function gradientOf(features, pooled) {
  const gradient = features.map((line) => line.map(() => 0));
  for (const { source } of pooled.flat()) if (source) gradient[source.row][source.column] += 1;
  return gradient;
}

// ---- what is asked and what is to be made

// The direction of the questions: to the right, unless there is no room for twice the shift.
export const directionOf = (box) => (box[2] + 2 * SHIFT <= WIDTH ? 1 : -1);
export const shifted = (box, direction) => boxMovedTo(box, [box[0] + direction * SHIFT, box[1]]);

// `before` is the state of one move earlier, with the same settings, or null.
export const TASKS = [
  {
    name: "empty",
    text: "get a 0: a bin without cells",
    done: ({ pooled }) => pooled.flat().some(({ source }) => source === null),
  },
  {
    name: "shared",
    text: "let one cell give two or more of the results",
    done: ({ features, pooled }) => Math.max(...gradientOf(features, pooled).flat()) > 1,
  },
  {
    name: "jump",
    text: "change half of the results or more by moving the box by a quarter of a pixel (Shift and an arrow key)",
    done: ({ box, pooled, before }) =>
      before !== null &&
      isStep(box, before.box) &&
      2 * countChanges(before.pooled, pooled) >= before.pooled.flat().length,
  },
];
