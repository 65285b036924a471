// What the RoIPool widget draws on the map: the region of whole cells that the box becomes, its bins as brackets at its top
// and left, and a ring around each cell that gives a result.

import { svg } from "../shared/draw.js";
import { onPicture, rectangleOver } from "../shared/box_on_map.js";

const STEP_OUT = 5; // from one level of brackets to the next
const DEEPEST = 15; // what all levels have together

export function drawGhost(ghost) {
  return [rectangleOver(ghost, "cw-under"), rectangleOver(ghost, "cw-edge cw-ghost")];
}

// Bins that share cells stand on levels of their own: each takes the lowest whose last bin has ended.
export function levelsOf(bins) {
  const ends = [];
  return bins.map(([start, end]) => {
    const free = ends.findIndex((last) => last <= start);
    const level = free < 0 ? ends.length : free;
    ends[level] = end;
    return level;
  });
}

// The brackets of the bins across and down; `pointed` is a result's [row, column], or null.
export function drawBins({ columns, rows }, ghost, stride, pointed) {
  const brackets = (bins, edge, path, lit) => {
    const levels = levelsOf(bins);
    const out = Math.min(STEP_OUT, DEEPEST / (Math.max(...levels) + 1));
    return bins.flatMap(([start, end], k) => {
      const at = edge - 4 - out * levels[k];
      const d = path(onPicture(start * stride) + 3, onPicture(end * stride) - 3, at);
      return [
        svg("path", { class: "cw-under cw-bracket", d }),
        svg("path", { class: `cw-edge cw-bracket${lit === k ? " cw-lit" : ""}`, d }),
      ];
    });
  };
  return [
    ...brackets(columns, onPicture(ghost[1]), (from, to, y) => `M${from} ${y + 3}V${y}H${to}V${y + 3}`, pointed?.[1]),
    ...brackets(rows, onPicture(ghost[0]), (from, to, x) => `M${x + 3} ${from}H${x}V${to}H${x + 3}`, pointed?.[0]),
  ];
}

export function drawSources(pooled, stride, pointed) {
  const inset = onPicture(stride) < 30 ? 1.5 : 3.5;
  return pooled.flatMap((line, row) =>
    line.flatMap(({ source }, column) => {
      if (source === null) return [];
      const [x, y] = [source.column * stride, source.row * stride];
      const lit = pointed?.[0] === row && pointed[1] === column;
      const ring = (kind) => rectangleOver([x, y, x + stride, y + stride], kind, inset);
      return [ring("cw-under cw-thin"), ring(`cw-edge cw-source${lit ? " cw-lit" : ""}`)];
    }),
  );
}
