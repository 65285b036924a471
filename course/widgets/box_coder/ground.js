// The picture of the BoxCoder widget, of boxes in pixels, drawn SCALE times as large.

import { svg } from "../shared/draw.js";
import { animal } from "../nms/animals.js";
import { HEIGHT, WIDTH, centreOf } from "./core.js";

export const SCALE = 1.5; // CSS pixels a pixel of the picture

// The picture of a pair: the object as a cow, both boxes, the arrow from centre to centre. The box that the numbers make is
// `shown` where it is another one than the object's.
export function drawGround({ proposal, target, landed }, shown) {
  const [width, height] = [WIDTH * SCALE, HEIGHT * SCALE];
  let lines = "";
  for (let y = 16; y < HEIGHT; y += 16) lines += `M0 ${y * SCALE}H${width}`;
  for (let x = 16; x < WIDTH; x += 16) lines += `M${x * SCALE} 0V${height}`;
  const drawn = [
    svg("rect", { class: "cw-meadow", width, height }),
    svg("g", { transform: `scale(${SCALE})` }, animal("cow", target)),
    svg("path", { class: "cw-lines", d: lines }),
    ...rectangle(target, "cw-target"),
    ...rectangle(proposal, "cw-proposal"),
  ];
  if (shown) drawn.push(...rectangle(landed, "cw-landed"));
  drawn.push(...drawArrow(centreOf(proposal), centreOf(shown ? landed : target)));
  return drawn;
}

// A box that a number set by hand has made may be anywhere: what is far outside is cut off at the drawing's edge.
function rectangle(box, kind) {
  const [x1, y1, x2, y2] = box.map((number) => Math.min(Math.max(number * SCALE, -4000), 4000));
  const place = { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
  return [svg("rect", { class: "cw-under", ...place }), svg("rect", { class: `cw-edge ${kind}`, ...place })];
}

function drawArrow(from, to) {
  const [x, y, endX, endY] = [...from, ...to].map((number) => number * SCALE);
  const dot = svg("circle", { class: "cw-centre", cx: x, cy: y, r: 3.5 });
  const length = Math.hypot(endX - x, endY - y);
  if (length < 6) return [dot];
  const [across, down] = [(endX - x) / length, (endY - y) / length];
  const [backX, backY] = [endX - 9 * across, endY - 9 * down];
  const head = `M${endX} ${endY}L${backX - 5 * down} ${backY + 5 * across}L${backX + 5 * down} ${backY - 5 * across}z`;
  return [
    svg("path", { class: "cw-shaft", d: `M${x} ${y}L${backX} ${backY}` }),
    svg("path", { class: "cw-head-of-arrow", d: head }),
    dot,
  ];
}
