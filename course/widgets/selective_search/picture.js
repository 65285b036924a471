// The two pictures of the SelectiveSearch widget: the regions with their numbers, and the boxes that they have left.

import { svg } from "../shared/draw.js";
import { middlesOf } from "./core.js";
import { ANIMALS, PIXELS, SIDE } from "./scene.js";

const CHIP = [4.6, 3.4]; // a number's place, in pixels of the picture

// The photograph, as an address that an <image> takes.
export function photograph() {
  const bytes = atob(PIXELS);
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const context = canvas.getContext("2d");
  const data = context.createImageData(SIDE, SIDE);
  for (let at = 0; at < SIDE * SIDE; at += 1) {
    for (let channel = 0; channel < 3; channel += 1) data.data[4 * at + channel] = bytes.charCodeAt(3 * at + channel);
    data.data[4 * at + 3] = 255;
  }
  context.putImageData(data, 0, 0);
  return canvas.toDataURL();
}

export function canvasOf(label, scale, photo, kind) {
  const side = SIDE * scale;
  const size = { viewBox: `0 0 ${SIDE} ${SIDE}`, width: side, height: side };
  const node = svg("svg", { class: `cw-photo ${kind}`, role: "img", "aria-label": label, ...size });
  node.append(svg("image", { href: photo, width: SIDE, height: SIDE, preserveAspectRatio: "none" }));
  return node;
}

// The pixels of a region as one shape.
function shapeOf(segments, number) {
  let path = "";
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      if (segments[y * SIDE + x] !== number) continue;
      const from = x;
      while (x < SIDE && segments[y * SIDE + x] === number) x += 1;
      path += `M${from} ${y}H${x}V${y + 1}H${from}z`;
    }
  }
  return path;
}

// The lines between regions, all of them or those around one.
function linesOf(segments, number = null) {
  const of = (x, y) => (x < 0 || y < 0 || x >= SIDE || y >= SIDE ? -1 : segments[y * SIDE + x]);
  const parts = (a, b) => a !== b && (number === null ? a >= 0 && b >= 0 : a === number || b === number);
  let path = "";
  for (let y = 0; y <= SIDE; y += 1) {
    for (let x = 0; x <= SIDE; x += 1) {
      if (parts(of(x, y), of(x - 1, y))) path += `M${x} ${y}v1`;
      if (parts(of(x, y), of(x, y - 1))) path += `M${x} ${y}h1`;
    }
  }
  return path;
}

// The regions over the photograph: `picked` ones and the one `pointed` at are outlined, `fresh` is the newest. press(number)
// and point(number or null) hear the pointer.
export function drawRegions(segments, { picked, pointed, fresh, press, point }) {
  const drawn = [svg("path", { class: "cw-under", d: linesOf(segments) }), svg("path", { class: "cw-lines", d: linesOf(segments) })]; // prettier-ignore
  const marked = [
    [fresh, "cw-fresh"],
    [pointed, "cw-pointed"],
    ...picked.map((number) => [number, "cw-picked"]),
  ].filter(([number]) => number !== null);
  for (const [number, kind] of marked) {
    const d = linesOf(segments, number);
    drawn.push(svg("path", { class: "cw-under cw-wide", d }), svg("path", { class: `cw-edge ${kind}`, d }));
  }
  const places = middlesOf(segments, SIDE, CHIP);
  for (const [number, { x, y }] of places) {
    const kind = picked.includes(number) ? "cw-picked" : number === fresh ? "cw-fresh" : "";
    const [wide, high] = CHIP;
    const left = Math.min(Math.max(x + 0.5, wide / 2), SIDE - wide / 2);
    drawn.push(
      svg(
        "g",
        { class: `cw-number ${kind}`, transform: `translate(${left} ${y + 0.5})` },
        svg("rect", { class: "cw-face", x: -wide / 2 + 0.2, y: -high / 2 + 0.2, width: wide - 0.4, height: high - 0.4, rx: 0.8 }), // prettier-ignore
        svg("text", {}, String(number)),
      ),
    );
  }
  for (const number of places.keys()) {
    const area = svg("path", { class: "cw-area", d: shapeOf(segments, number), "data-region": number });
    area.addEventListener("click", () => press(number));
    area.addEventListener("pointerenter", () => point(number));
    area.addEventListener("pointerleave", () => point(null));
    drawn.push(area);
  }
  return drawn;
}

// All boxes so far, thin; the newest thick, the best of each animal in the animal's own line, and the animals' boxes.
export function drawBoxes(regions, best, fresh) {
  const rectangle = ([x1, y1, x2, y2], kind) =>
    svg("rect", { class: kind, x: x1, y: y1, width: x2 - x1, height: y2 - y1 });
  const drawn = regions.map(({ box }) => rectangle(box, "cw-thin"));
  if (fresh !== null) drawn.push(rectangle(regions[fresh].box, "cw-under cw-wide"), rectangle(regions[fresh].box, "cw-edge cw-fresh")); // prettier-ignore
  ANIMALS.forEach(({ box }, at) => {
    drawn.push(
      rectangle(box, "cw-under cw-wide"),
      rectangle(box, `cw-edge cw-truth cw-animal-${at}`),
      rectangle(regions[best[at].region].box, `cw-edge cw-best cw-animal-${at}`),
    );
  });
  return drawn;
}
