// The animals of the NMS widget, of a few shapes that fill a box. Seen from the side, the head to the right.

import { svg } from "../shared/draw.js";

export function animal(label, [x1, y1, x2, y2]) {
  const [wide, high] = [(x2 - x1) / 100, (y2 - y1) / 100];
  const shapes = label === "cow" ? cow() : dog();
  return svg("g", { transform: `translate(${x1} ${y1}) scale(${wide} ${high})` }, ...shapes);
}

function cow() {
  const leg = (x) => svg("rect", { class: "cw-hide", x, y: 60, width: 10, height: 39, rx: 2 });
  return [
    ...[8, 24, 52, 66].map(leg),
    svg("path", { class: "cw-tail", d: "M5 30Q-1 40 3 62" }),
    svg("rect", { class: "cw-hide", x: 4, y: 20, width: 76, height: 50, rx: 16 }),
    svg("ellipse", { class: "cw-patch", cx: 28, cy: 38, rx: 13, ry: 12 }),
    svg("ellipse", { class: "cw-patch", cx: 58, cy: 52, rx: 10, ry: 11 }),
    svg("path", { class: "cw-tail", d: "M76 12q-4 -8 2 -11M92 12q4 -8 -2 -11" }),
    svg("rect", { class: "cw-hide", x: 70, y: 10, width: 28, height: 42, rx: 10 }),
    svg("rect", { class: "cw-snout", x: 73, y: 36, width: 26, height: 16, rx: 7 }),
    svg("circle", { class: "cw-patch", cx: 78, cy: 24, r: 2.5 }),
    svg("circle", { class: "cw-patch", cx: 90, cy: 24, r: 2.5 }),
  ];
}

function dog() {
  const leg = (x) => svg("rect", { class: "cw-fur", x, y: 62, width: 9, height: 37, rx: 3 });
  return [
    ...[12, 26, 54, 66].map(leg),
    svg("path", { class: "cw-wag", d: "M12 48Q2 40 3 22" }),
    svg("rect", { class: "cw-fur", x: 10, y: 40, width: 68, height: 34, rx: 16 }),
    svg("rect", { class: "cw-fur", x: 62, y: 8, width: 30, height: 42, rx: 12 }),
    svg("path", { class: "cw-ear", d: "M64 12q-9 14 -1 28q6 -2 7 -24z" }),
    svg("rect", { class: "cw-fur", x: 78, y: 26, width: 21, height: 18, rx: 8 }),
    svg("circle", { class: "cw-patch", cx: 96, cy: 31, r: 3 }),
    svg("circle", { class: "cw-patch", cx: 80, cy: 21, r: 2.5 }),
  ];
}
