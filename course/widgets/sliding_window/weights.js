// The weights of a layer: not to be played with, so one picture with a name.

import { svg } from "../shared/draw.js";
import { signed } from "./core.js";

export function weightsPicture(weights) {
  const side = 20;
  const cells = weights.flatMap((line, row) =>
    line.map((weight, column) =>
      svg(
        "g",
        { transform: `translate(${1 + column * side} ${1 + row * side})` },
        svg("rect", { class: "cw-weight", width: side, height: side }),
        svg("text", { x: side / 2, y: side / 2, "font-size": 11 }, signed(weight)),
      ),
    ),
  );
  const named = weights.map((line) => line.map(signed).join(" ")).join("; ");
  const sides = { viewBox: `0 0 ${3 * side + 2} ${3 * side + 2}`, width: 3 * side + 2, height: 3 * side + 2 };
  return svg("svg", { class: "cw-grid", role: "img", "aria-label": `3 by 3 weights: ${named}`, ...sides }, ...cells);
}
