// What a result is, wherever the box lies on its way across the image: lines under the map of box_on_map.js, on its scale.

import { onPicture, roomBefore, widthOfMap } from "./box_on_map.js";
import { svg } from "./draw.js";
import { WIDTH } from "./regions.js";

const [TOP, TALL, BOTTOM] = [8, 84, 18];

// `lines` are { kind, values: [[x1, value], …] }; `at` is the box's x1 now, and there stands a line. Rules are drawn every
// `stride` pixels, where the map's cells end.
export function drawTrace({ lines, at, stride, label }) {
  const values = lines.flatMap((line) => line.values.map(([, value]) => value));
  const most = 10 * Math.ceil(Math.max(...values, 10) / 10);
  const size = { width: widthOfMap, height: TOP + TALL + BOTTOM };
  const y = (value) => TOP + TALL * (1 - value / most);
  const viewBox = `${-roomBefore} 0 ${size.width} ${size.height}`;
  const drawn = svg("svg", { class: "cw-box-trace", role: "img", "aria-label": label, viewBox, ...size });
  const far = onPicture(WIDTH);
  for (const value of [0, most]) {
    drawn.append(
      svg("path", { class: "cw-rule", d: `M0 ${y(value)}H${far}` }),
      svg("text", { class: "cw-axis", x: -14, y: y(value) }, value),
    );
  }
  for (let x = 0; x <= WIDTH; x += stride) {
    drawn.append(svg("path", { class: "cw-rule", d: `M${onPicture(x)} ${y(most)}V${y(0)}` }));
    if (x % 32 === 0) drawn.append(svg("text", { class: "cw-axis", x: onPicture(x), y: y(0) + 11 }, x));
  }
  for (const line of lines) {
    const points = line.values.map(([x, value]) => `${onPicture(x)} ${y(value).toFixed(1)}`);
    drawn.append(svg("path", { class: `cw-run cw-${line.kind}`, d: `M${points.join("L")}` }));
  }
  drawn.append(svg("path", { class: "cw-here", d: `M${onPicture(at)} ${y(most)}V${y(0)}` }));
  for (const line of lines) {
    const [, value] = line.values.find(([x]) => x === at) ?? [at, null];
    if (value !== null) drawn.append(svg("circle", { class: `cw-now cw-${line.kind}`, cx: onPicture(at), cy: y(value), r: 5 })); // prettier-ignore
  }
  return drawn;
}
