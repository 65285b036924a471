// How many stamps hit each cell of a larger output: even where the stride divides the kernel, a checkerboard elsewhere.
// Pure functions, no DOM.

import { overlapCounts, square } from "./core.js";

// A larger input for the map of counts; the map stays about as large for every stride.
export const MAP_INPUT = { 1: 9, 2: 6, 3: 4 };

export function overlapMap(settings) {
  const count = MAP_INPUT[settings.stride];
  return overlapCounts([count, count], square(settings));
}

// The counts that repeat through the middle of a large output, ascending.
export function innerCounts({ kernel, stride }) {
  const [few, many] = [Math.floor(kernel / stride), Math.ceil(kernel / stride)];
  return [...new Set([few * few, few * many, many * many])].sort((a, b) => a - b);
}

// What the map shows: { even, verdict, reason }.
export function overlapVerdict(settings) {
  const { kernel, stride } = settings;
  const counts = innerCounts(settings);
  if (kernel % stride === 0) {
    const stamps = counts[0] === 1 ? "1 stamp" : `${counts[0]} stamps`;
    return {
      even: true,
      verdict: `Kernel ${kernel} is divisible by stride ${stride}: overlaps are even inside.`,
      reason: `Away from the border every cell gets ${stamps}, so no pattern comes from the layout alone.`,
    };
  }
  const list = `${counts.slice(0, -1).join(", ")} or ${counts.at(-1)}`;
  const gaps = kernel < stride;
  return {
    even: false,
    verdict: `Kernel ${kernel} is not divisible by stride ${stride}: overlaps are uneven.`,
    reason: gaps
      ? "The kernel is smaller than the stride: the stamps leave gaps in which nothing lands."
      : `Cells get ${list} stamps in turn: a checkerboard, before anything is learnt.`,
  };
}
