// What both pictures of the transposed convolution are drawn with: the panels of input and filter, cells that are lit in
// pairs, and what a prediction looks like before and after it is judged.

import { numberGrid, panel, svg } from "../shared/draw.js";

export const ROOM = 438; // for a grid's columns, beside input and filter in a notebook's 700 px
export const NOTHING = { input: [], filter: [], cells: [], window: null, pairs: false };

export const cellSize = (columns, most) => Math.min(most, Math.floor(ROOM / columns));

export function inputPanel(game, on) {
  const grid = numberGrid({
    label: `Input, 2 by ${game.settings.columns}`,
    rows: 2,
    columns: game.settings.columns,
    size: 46,
    on,
  });
  const { node } = panel("Input", `2 × ${game.settings.columns}`, grid.node);
  node.dataset.part = "input";
  return { grid, node };
}

export function filterPanel(game, title, on) {
  const { kernel } = game.settings;
  const grid = numberGrid({ label: `${title}, ${kernel} by ${kernel}`, rows: kernel, columns: kernel, size: 40, on });
  const { node, under } = panel(title, `${kernel} × ${kernel}`, grid.node);
  node.dataset.part = "filter";
  return { grid, node, under };
}

export const has = (cells, row, column) => cells.findIndex((cell) => cell.row === row && cell.column === column);

// The pairs of a sum carry the same letter in the one grid and in the other.
export function letterOf(lit, cells, row, column) {
  const at = has(cells, row, column);
  return at >= 0 && lit.pairs ? "abcdefghijklmnop"[at] : "";
}

// A cell's look with its prediction: in italics while it is open, then ticked, or struck through beside the answer.
export function withGuess(look, guessed, { answer, judged, empty }) {
  if (guessed === null) return look;
  if (!judged) {
    const label = `${look.label}, you predict ${guessed}`;
    const tones = [...look.tones, "guess"];
    return empty ? { ...look, tones, text: guessed, label } : { ...look, tones, note: `?${guessed}`, label };
  }
  if (guessed === answer) {
    const tones = [...look.tones, "is-right"];
    return { ...look, shade: undefined, mark: "✓", tones, label: `${look.label}, predicted right` };
  }
  const label = `${look.label}, wrongly predicted ${guessed}`;
  return { ...look, shade: undefined, struck: guessed, mark: "✗", tones: [...look.tones, "is-wrong"], label };
}

export function hatching(id) {
  return svg(
    "pattern",
    { id, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("line", { class: "cw-hatch-line", x1: 0, y1: 0, x2: 0, y2: 7 }),
  );
}

export function hatchCell(id, size) {
  return svg("rect", { class: "cw-hatch", width: size, height: size, fill: `url(#${id})` });
}

export function swatch(name, fill) {
  return svg(
    "svg",
    { class: "cw-swatch", width: 16, height: 16, "aria-hidden": "true" },
    svg("rect", { class: name, x: 1, y: 1, width: 14, height: 14, fill }),
  );
}
