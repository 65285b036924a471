// The picture of the YoloGrid widget: animals under a grid, the cells that answer for them, their centres, the boxes that
// the cow's cell says, and what can be dragged: all boxes, by a letter or a corner. In pixels, drawn SCALE times as large.

import { animal } from "../nms/animals.js";
import { grip, svg } from "../shared/draw.js";
import { FINE, HEIGHT, STEP, WIDTH, boxMovedTo, boxStretchedTo } from "../shared/regions.js";
import { centreOf } from "./core.js";

const SCALE = 2.25; // of the drawing, a pixel of the picture
const ROOM = 30; // around it, for what sticks out
const AWAY = 11; // how far a letter stands from its corner

// What has a box: its letter stands at the upper right corner of an animal, at the lower left one of what is said.
const THINGS = [
  { name: "the cow", letter: "C", kind: "animal" },
  { name: "the dog", letter: "D", kind: "animal" },
  { name: "box 1", letter: "1", kind: "predicted" },
  { name: "box 2", letter: "2", kind: "predicted" },
];
const capital = (name) => name[0].toUpperCase() + name.slice(1);
const onPicture = (number) => number * SCALE;

function rectangle([x1, y1, x2, y2], kind) {
  const place = { x: onPicture(x1), y: onPicture(y1), width: onPicture(x2 - x1), height: onPicture(y2 - y1) };
  return svg("rect", { class: kind, ...place });
}

// boxOf(at) says where one of the four things is; moveBox(at, box) hears where it should be.
export function gridScene({ boxOf, moveBox }) {
  const [width, height] = [WIDTH, HEIGHT].map(onPicture);
  const size = { width: width + 2 * ROOM, height: height + 2 * ROOM };
  const node = svg("svg", { class: "cw-scene", role: "group", viewBox: `${-ROOM} ${-ROOM} ${size.width} ${size.height}`, ...size }); // prettier-ignore
  const layer = (kind) => svg("g", { class: kind, "aria-hidden": "true" });
  const [axes, floors, animals, lines, cells, boxes, centres] = ["axes", "floors", "animals", "lines", "cells", "boxes", "centres"].map((kind) => layer(`cw-${kind}`)); // prettier-ignore
  animals.setAttribute("transform", `scale(${SCALE})`);
  const things = THINGS.map((thing, at) => ({ ...thing, move: mover(at), stretch: stretcher(at) }));
  const handles = things.map(({ kind, move, stretch }) => svg("g", { class: `cw-handles cw-${kind}` }, stretch.node, move.node)); // prettier-ignore
  node.append(
    axes,
    svg("rect", { class: "cw-meadow", width, height }),
    floors,
    animals,
    lines,
    cells,
    boxes,
    centres,
    ...handles,
  );

  // ---- what is dragged

  function mover(at) {
    const shape = [
      svg("circle", { class: "cw-catch", r: 16 }),
      svg("rect", { class: "cw-face cw-tag", x: -10, y: -10, width: 20, height: 20, rx: 4 }),
      svg("text", { class: "cw-letter" }, THINGS[at].letter),
    ];
    return grip(capital(THINGS[at].name), shape, {
      by: (right, down, fine) => {
        const [[x, y], step] = [boxOf(at), fine ? FINE : STEP];
        moveBox(at, boxMovedTo(boxOf(at), [x + right * step, y + down * step]));
      },
      to: (x, y) => {
        const [x1, y1, x2, y2] = boxOf(at);
        const above = THINGS[at].kind === "animal";
        const left = above ? (x - AWAY) / SCALE - (x2 - x1) : (x + AWAY) / SCALE;
        const top = above ? (y + AWAY) / SCALE : (y - AWAY) / SCALE - (y2 - y1);
        moveBox(at, boxMovedTo(boxOf(at), [left, top]));
      },
    });
  }

  function stretcher(at) {
    const shape = [
      svg("circle", { class: "cw-catch", cx: 3, cy: 3, r: 14 }),
      svg("path", { class: "cw-corner", d: "M-8 3H3V-8" }),
    ];
    return grip(`Corner of ${THINGS[at].name}`, shape, {
      by: (right, down, fine) => {
        const [[, , x, y], step] = [boxOf(at), fine ? FINE : STEP];
        moveBox(at, boxStretchedTo(boxOf(at), [x + right * step, y + down * step]));
      },
      to: (x, y) => moveBox(at, boxStretchedTo(boxOf(at), [x / SCALE, y / SCALE])),
    });
  }

  // ---- painting

  const leftOf = (column, grid) => (column * width) / grid;
  const topOf = (row, grid) => (row * height) / grid;

  function paintGrid(grid) {
    const inner = Array.from({ length: grid - 1 }, (_, at) => `M0 ${topOf(at + 1, grid)}H${width}M${leftOf(at + 1, grid)} 0V${height}`); // prettier-ignore
    const d = `M0 0H${width}V${height}H0z${inner.join("")}`;
    if (lines.dataset.grid === String(grid)) return;
    lines.dataset.grid = String(grid);
    lines.replaceChildren(svg("path", { class: "cw-line-under", d }), svg("path", { class: "cw-line", d }));
    const number = (x, y, text) => svg("text", { class: "cw-axis", x, y }, text);
    const all = Array.from({ length: grid }, (_, at) => at);
    axes.replaceChildren(
      ...all.map((at) => number(leftOf(at + 0.5, grid), 10 - ROOM, at)),
      ...all.map((at) => number(10 - ROOM, topOf(at + 0.5, grid), at)),
    );
  }

  // The cells of the objects' centres, each once.
  function drawCells({ grid, objects }, kind) {
    const sharesWith = (place) => (other) => other.place.row === place.row && other.place.column === place.column;
    return objects.flatMap(({ name, place }, at) => {
      if (objects.findIndex(sharesWith(place)) < at) return [];
      const { row, column } = place;
      const face = { x: leftOf(column, grid), y: topOf(row, grid), width: width / grid, height: height / grid };
      return [svg("rect", { class: `${kind} cw-${name}`, ...face })];
    });
  }

  // Each centre as a dot, that of a lost object as a cross; with `offsets` x and y are drawn from the cell's edges.
  function drawCentres({ grid, objects }, offsets) {
    return objects.flatMap(({ name, box, place, lost }) => {
      const [x, y] = centreOf(box).map(onPicture);
      if (lost) return [svg("path", { class: "cw-cross-under", d: crossAt(x, y) }), svg("path", { class: "cw-cross", d: crossAt(x, y) })]; // prettier-ignore
      const dot = svg("circle", { class: `cw-dot cw-${name}`, cx: x, cy: y, r: 5 });
      if (!offsets || name !== "cow") return [dot];
      const [left, top] = [leftOf(place.column, grid), topOf(place.row, grid)];
      const d = `M${left} ${y}H${x}M${x} ${top}V${y}`;
      const label = (text, [across, down], long) => {
        if (long < 14) return []; // no room
        const face = svg("rect", { class: "cw-face cw-offset-face", x: across - 7, y: down - 8, width: 14, height: 16, rx: 3 }); // prettier-ignore
        return [svg("g", {}, face, svg("text", { class: "cw-offset-name", x: across, y: down }, text))];
      };
      return [
        svg("path", { class: "cw-offset-under", d }),
        svg("path", { class: "cw-offset", d }),
        ...label("x", [(left + x) / 2, y], x - left),
        ...label("y", [x, (top + y) / 2], y - top),
        dot,
      ];
    });
  }

  const crossAt = (x, y) => `M${x - 5} ${y - 5}l10 10m0 -10l-10 10`;

  function drawBoxes({ objects, cost }, said) {
    const own = objects.flatMap(({ box }) => [rectangle(box, "cw-under"), rectangle(box, "cw-edge")]);
    if (cost === null) return own;
    const order = [1 - cost.answers, cost.answers]; // the one that answers lies above
    const outlines = order.flatMap((at) => [rectangle(said[at], "cw-under"), rectangle(said[at], `cw-outline ${at === cost.answers ? "cw-answers" : "cw-other"}`)]); // prettier-ignore
    return [...own, ...outlines];
  }

  return {
    node,
    focus: (at) => things[at].move.node.focus({ preventScroll: true }),
    // `now` is what the cells should say and, or null, what it costs; while it is not `known`, no cell is shown. `label`
    // says the picture, and told(at) what a thing's handles are told. `shown` says which of the four are there.
    paint: ({ now, said, known, label, told, shown, fixed }) => {
      const { grid, objects, cost } = now;
      paintGrid(grid);
      animals.replaceChildren(...objects.map(({ name, box }) => animal(name, box)));
      floors.replaceChildren(...(known ? drawCells(now, "cw-floor") : []));
      cells.replaceChildren(...(known ? drawCells(now, "cw-answering") : []));
      boxes.replaceChildren(...drawBoxes(now, said));
      centres.replaceChildren(...(known ? drawCentres(now, cost === null) : []));
      node.setAttribute("aria-label", label);
      handles.forEach((group, at) => {
        const { kind, move, stretch } = things[at];
        const answers = cost !== null && at - 2 === cost.answers;
        group.setAttribute("class", `cw-handles cw-${kind}${answers ? " cw-answers" : ""}${fixed ? " cw-fixed" : ""}`);
        group.style.display = shown[at] ? "" : "none";
        if (!shown[at]) return;
        const [x1, y1, x2, y2] = boxOf(at);
        const [x, y] = kind === "animal" ? [onPicture(x2) + AWAY, onPicture(y1) - AWAY] : [onPicture(x1) - AWAY, onPicture(y2) + AWAY]; // prettier-ignore
        move.set(x, y, x1, told(at));
        stretch.set(onPicture(x2), onPicture(y2), x2, told(at));
        for (const { node: mine } of [move, stretch]) {
          mine.setAttribute("tabindex", fixed ? "-1" : "0");
          mine.setAttribute("aria-disabled", String(fixed));
        }
      });
    },
  };
}
