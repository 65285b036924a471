// A box over an image and the grid of its feature map, whose cells hold numbers: what operators on regions are drawn on.
// The box is moved by its letter and stretched by its corner. What an operator makes of the box, its bins or its points,
// a widget draws itself, under the box or over it; onPicture() says where.

import { animal } from "../nms/animals.js";
import { grip, svg } from "./draw.js";
import { ANIMAL, FINE, HEIGHT, STEP, WIDTH, boxMovedTo, boxStretchedTo, mapSize } from "./regions.js";

const SCALE = 2.25; // of the drawing, a pixel of the image
const ROOM = { before: 28, after: 42 }; // around the image: for the cells' numbers, and for a region that leaves the map
const AWAY = 11; // how far the letter stands from its corner

export const roomBefore = ROOM.before;
export const widthOfMap = WIDTH * SCALE + ROOM.before + ROOM.after;
export const onPicture = (number) => number * SCALE;

// A rectangle over [x1, y1, x2, y2], in pixels of the image; `inset` makes it smaller, in units of the drawing.
export function rectangleOver([x1, y1, x2, y2], kind, inset = 0) {
  return svg("rect", {
    class: kind,
    x: onPicture(x1) + inset,
    y: onPicture(y1) + inset,
    width: Math.max(onPicture(x2 - x1) - 2 * inset, 0),
    height: Math.max(onPicture(y2 - y1) - 2 * inset, 0),
  });
}

// box() is where the box is now, change(box) hears where it is moved to.
export function boxOnMap({ box, change }) {
  const [width, height] = [WIDTH, HEIGHT].map(onPicture);
  const size = { width: width + ROOM.before + ROOM.after, height: height + ROOM.before + ROOM.after };
  const viewBox = `${-ROOM.before} ${-ROOM.before} ${size.width} ${size.height}`;
  const node = svg("svg", { class: "cw-on-map", role: "group", viewBox, ...size });
  const layer = (kind) => svg("g", { class: kind, "aria-hidden": "true" });
  const [units, lower, numbers, upper, axes] = ["cw-units", "cw-lower", "cw-numerals", "cw-upper", "cw-axes"].map(
    layer,
  );

  const move = grip(
    "Box",
    [
      svg("circle", { class: "cw-catch", r: 16 }),
      svg("rect", { class: "cw-face cw-tag", x: -10, y: -10, width: 20, height: 20, rx: 4 }),
      svg("text", { class: "cw-letter" }, "B"),
    ],
    {
      by: (right, down, fine) => {
        const [[x, y], step] = [box(), fine ? FINE : STEP];
        change(boxMovedTo(box(), [x + right * step, y + down * step]));
      },
      to: (x, y) => {
        const [left, , right] = box();
        change(boxMovedTo(box(), [(x - AWAY) / SCALE - (right - left), (y + AWAY) / SCALE]));
      },
    },
  );
  const corner = [
    svg("circle", { class: "cw-catch", cx: 3, cy: 3, r: 14 }),
    svg("path", { class: "cw-corner", d: "M-8 3H3V-8" }),
  ];
  const stretch = grip("Corner of the box", corner, {
    by: (right, down, fine) => {
      const [[, , x, y], step] = [box(), fine ? FINE : STEP];
      change(boxStretchedTo(box(), [x + right * step, y + down * step]));
    },
    to: (x, y) => change(boxStretchedTo(box(), [x / SCALE, y / SCALE])),
  });
  const handles = svg("g", {}, stretch.node, move.node);
  // The numbers stand on the box's lines, and on the picture whatever the page's colour is.
  const picture = svg(
    "g",
    {},
    svg("rect", { class: "cw-meadow cw-face", width, height }),
    svg("g", { "aria-hidden": "true", transform: `scale(${SCALE})` }, animal("cow", ANIMAL)),
    units,
    lower,
    numbers,
    upper,
  );
  node.append(axes, picture, handles);

  let drawnStride = null;
  let cells = [];

  function drawUnits(stride) {
    const [rows, columns] = mapSize(stride);
    const side = onPicture(stride);
    const axis = (x, y, text) => svg("text", { class: "cw-axis", x, y }, text);
    const every = side < 30 ? 2 : 1; // where cells are small, every second has its number
    cells = Array.from({ length: rows * columns }, (_, at) => {
      const [x, y] = [(at % columns) * side, Math.floor(at / columns) * side];
      const face = svg("rect", { class: "cw-unit", x, y, width: side, height: side });
      const text = svg("text", { x: x + side / 2, y: y + side / 2, "font-size": side < 30 ? 10 : 13 });
      return { face, text };
    });
    const lines = [];
    for (let column = 0; column < columns; column += every) lines.push(axis((column + 0.5) * side, -20, column));
    for (let row = 0; row < rows; row += every) lines.push(axis(-20, (row + 0.5) * side, row));
    units.replaceChildren(...cells.map(({ face }) => face));
    numbers.replaceChildren(...cells.map(({ text }) => text));
    axes.replaceChildren(...lines);
    drawnStride = stride;
  }

  return {
    node,
    focus: () => move.node.focus({ preventScroll: true }),
    // look(row, column) → { text, tones, shade from 0 to 1 } of a cell; `under` is drawn below the box's lines and the
    // numbers, `over` above. `label` says the picture in words, `said` what a mover is told; a `fixed` box cannot be moved.
    paint: ({ stride, look, label, said, under = [], over = [], fixed = false }) => {
      if (stride !== drawnStride) drawUnits(stride);
      const columns = mapSize(stride)[1];
      cells.forEach((cell, at) => {
        const { text, tones = [], shade = 0 } = look(Math.floor(at / columns), at % columns);
        if (cell.text.textContent !== String(text)) cell.text.textContent = String(text);
        const kind = tones.map((tone) => ` cw-${tone}`).join("");
        cell.face.setAttribute("class", `cw-unit${kind}`);
        cell.text.setAttribute("class", `cw-numeral${kind}`);
        cell.face.style.setProperty("--cw-shade", String(shade));
      });
      const [x1, y1, x2, y2] = box();
      lower.replaceChildren(...under, rectangleOver(box(), "cw-under"), rectangleOver(box(), "cw-edge cw-box"));
      upper.replaceChildren(...over);
      node.setAttribute("aria-label", label);
      move.set(onPicture(x2) + AWAY, onPicture(y1) - AWAY, x1, said);
      stretch.set(onPicture(x2), onPicture(y2), x2, said);
      for (const mover of [move.node, stretch.node]) {
        mover.setAttribute("tabindex", fixed ? "-1" : "0");
        mover.setAttribute("aria-disabled", String(fixed));
      }
      handles.setAttribute("class", fixed ? "cw-fixed" : "");
    },
  };
}
