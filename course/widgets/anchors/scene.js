// The picture of the Anchors widget: two animals, the crossings at which the anchors stand, a sign for each anchor, the
// boxes of one place, and what can be dragged: the place and the animals. Of boxes in pixels, drawn SCALE times as large.

import { animal } from "../nms/animals.js";
import { grip, svg } from "../shared/draw.js";
import { FINE, HEIGHT, STEP, WIDTH, boxMovedTo, boxStretchedTo } from "../shared/regions.js";
import { ANCHORS, BASE, MAP, NAMES, RATIOS, SIZES, STRIDE, anchorAt, kindOf, placeNear, placeOf } from "./core.js";

const SCALE = 2.25; // of the drawing, a pixel of the picture
const ROOM = 30; // around it, for what sticks out
const AWAY = 11; // how far a letter stands from its corner
const [PITCH, SMALL] = [12, 0.62]; // from sign to sign of a place, and how large those of the smaller size are
const SIGNS = [[11, 6], [8.5, 8.5], [6, 11]]; // prettier-ignore
const LEAP = 3; // places, with Shift

// Where an anchor's sign stands from its place, and how large it is: a column a ratio, a row a size.
function signOf(kind) {
  const [ratio, size] = [Math.floor(kind / SIZES.length), kind % SIZES.length];
  const factor = size === 0 ? SMALL : 1;
  return { at: [(ratio - (RATIOS.length - 1) / 2) * PITCH, size === 0 ? -7 : 5], sides: SIGNS[ratio].map((side) => side * factor) }; // prettier-ignore
}

// A positive is a full box, an ignored one a hollow box, a negative a dot.
export function signPath(name, kind, [x, y] = [0, 0]) {
  if (name === "negative") return `M${x - 1.2} ${y}a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0 -2.4 0z`;
  const [wide, high] = signOf(kind).sides;
  return `M${x - wide / 2} ${y - high / 2}h${wide}v${high}h${-wide}z`;
}

const onPicture = (number) => number * SCALE;

function rectangle([x1, y1, x2, y2], kind) {
  const place = { x: onPicture(x1), y: onPicture(y1), width: onPicture(x2 - x1), height: onPicture(y2 - y1) };
  return svg("rect", { class: kind, ...place });
}

// boxOf(object) and placeNow() say where things are; moveBox, movePlace and pick(kind) hear where they should be.
export function anchorScene({ boxOf, moveBox, placeNow, movePlace, pick }) {
  const [width, height] = [WIDTH, HEIGHT].map(onPicture);
  const size = { width: width + 2 * ROOM, height: height + 2 * ROOM };
  const viewBox = `${-ROOM} ${-ROOM} ${size.width} ${size.height}`;
  const node = svg("svg", { class: "cw-scene", role: "group", viewBox, ...size });
  const layer = (kind, ...children) => svg("g", { class: kind, "aria-hidden": "true" }, ...children);
  const [animals, lower, upper] = [layer("cw-animals"), layer("cw-lower"), layer("cw-upper")];
  animals.setAttribute("transform", `scale(${SCALE})`);
  const dots = svg("path", { class: "cw-dots", d: drawDots(), "aria-hidden": "true" });
  const signs = ANCHORS.map(() => svg("path", {}));
  const places = placeGrip();
  const objects = NAMES.map((_, at) => ({ move: mover(at), stretch: stretcher(at) }));
  const handles = objects.map(({ move, stretch }) => svg("g", { class: "cw-handles" }, stretch.node, move.node));
  node.append(
    drawAxes(),
    svg("rect", { class: "cw-meadow", width, height }),
    animals,
    svg("path", { class: "cw-lines", d: drawLines(), "aria-hidden": "true" }),
    dots,
    lower,
    layer("cw-signs", ...signs),
    places.node,
    upper,
    ...handles,
  );
  listenForClicks();

  function drawLines() {
    const rows = Array.from({ length: MAP[0] }, (_, row) => `M0 ${onPicture(row * STRIDE)}H${width}`);
    const columns = Array.from({ length: MAP[1] }, (_, column) => `M${onPicture(column * STRIDE)} 0V${height}`);
    return [...rows, ...columns].join("");
  }

  function drawDots() {
    return ANCHORS.flatMap((_, anchor) => {
      const { row, column, kind } = placeOf(anchor);
      if (kind > 0) return [];
      return [`M${onPicture(column * STRIDE) - 2.5} ${onPicture(row * STRIDE)}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0z`];
    }).join("");
  }

  function drawAxes() {
    const number = (x, y, text) => svg("text", { class: "cw-axis", x, y }, text);
    const columns = Array.from({ length: MAP[1] }, (_, at) => number(onPicture(at * STRIDE), 8 - ROOM, at));
    const rows = Array.from({ length: MAP[0] }, (_, at) => number(8 - ROOM, onPicture(at * STRIDE), at));
    return layer("cw-axes", ...columns, ...rows);
  }

  // ---- what is dragged

  function placeGrip() {
    const frame = { x: -18, y: -16, width: 36, height: 32, rx: 5 };
    return grip("Place", [svg("rect", { class: "cw-catch", ...frame }), svg("rect", { class: "cw-here", ...frame })], {
      by: (right, down, fine) => {
        const [{ row, column }, step] = [placeNow(), fine ? LEAP : 1];
        movePlace(placeNear([(column + right * step) * STRIDE, (row + down * step) * STRIDE]));
      },
      to: (x, y) => movePlace(placeNear([x / SCALE, y / SCALE])),
    });
  }

  function mover(at) {
    const shape = [
      svg("circle", { class: "cw-catch", r: 16 }),
      svg("rect", { class: "cw-face cw-tag", x: -10, y: -10, width: 20, height: 20, rx: 4 }),
      svg("text", { class: "cw-letter" }, NAMES[at][0].toUpperCase()),
    ];
    return grip(`The ${NAMES[at]}`, shape, {
      by: (right, down, fine) => {
        const [[x, y], step] = [boxOf(at), fine ? FINE : STEP];
        moveBox(at, boxMovedTo(boxOf(at), [x + right * step, y + down * step]));
      },
      to: (x, y) => {
        const [left, , right] = boxOf(at);
        moveBox(at, boxMovedTo(boxOf(at), [(x - AWAY) / SCALE - (right - left), (y + AWAY) / SCALE]));
      },
    });
  }

  function stretcher(at) {
    const shape = [
      svg("circle", { class: "cw-catch", cx: 3, cy: 3, r: 14 }),
      svg("path", { class: "cw-corner", d: "M-8 3H3V-8" }),
    ];
    return grip(`Corner of the ${NAMES[at]}`, shape, {
      by: (right, down, fine) => {
        const [[, , x, y], step] = [boxOf(at), fine ? FINE : STEP];
        moveBox(at, boxStretchedTo(boxOf(at), [x + right * step, y + down * step]));
      },
      to: (x, y) => moveBox(at, boxStretchedTo(boxOf(at), [x / SCALE, y / SCALE])),
    });
  }

  // A click chooses the place next to it, and the anchor whose sign is nearest; the end of a drag is none.
  function listenForClicks() {
    let pressed = null;
    node.addEventListener("pointerdown", (event) => (pressed = [event.clientX, event.clientY]), true);
    node.addEventListener("click", (event) => {
      if (event.target.closest(".cw-handles")) return;
      if (pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > 4) return;
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(node.getScreenCTM().inverse());
      const { row, column } = placeNear([point.x / SCALE, point.y / SCALE]);
      const away = (kind) => {
        const [x, y] = signOf(kind).at;
        return Math.hypot(onPicture(column * STRIDE) + x - point.x, onPicture(row * STRIDE) + y - point.y);
      };
      const nearest = BASE.map((_, kind) => away(kind)).reduce((best, far, kind, all) => (far < all[best] ? kind : best), 0); // prettier-ignore
      movePlace({ row, column });
      pick(nearest);
      places.node.focus({ preventScroll: true });
    });
  }

  // ---- painting

  function paintSigns(matches) {
    signs.forEach((sign, anchor) => {
      const { row, column, kind } = placeOf(anchor);
      const name = matches === null ? "unknown" : kindOf(matches[anchor]);
      if (sign.getAttribute("class") === `cw-sign cw-${name}`) return;
      const [x, y] = signOf(kind).at;
      const d = matches === null ? "" : signPath(name, kind, [onPicture(column * STRIDE) + x, onPicture(row * STRIDE) + y]); // prettier-ignore
      sign.setAttribute("class", `cw-sign cw-${name}`);
      sign.setAttribute("d", d);
    });
  }

  // The positives of all places, thin; the boxes of this place; the animals' own, and over all of them the chosen one.
  function drawOutlines(boxes, matches, place) {
    const chosen = anchorAt(place);
    const here = BASE.map((_, kind) => anchorAt({ ...place, kind })).filter((anchor) => anchor !== chosen);
    const positives = (matches ?? []).flatMap((match, anchor) => (match >= 0 ? [anchor] : []));
    const outline = (anchor, more) => {
      const name = matches === null ? "unknown" : kindOf(matches[anchor]);
      return [rectangle(ANCHORS[anchor], `cw-under ${more}`), rectangle(ANCHORS[anchor], `cw-outline cw-${name} ${more}`)]; // prettier-ignore
    };
    return [
      ...positives
        .filter((anchor) => ![...here, chosen].includes(anchor))
        .flatMap((anchor) => outline(anchor, "cw-far")),
      ...here.flatMap((anchor) => outline(anchor, "cw-near")),
      ...boxes.flatMap((box) => [rectangle(box, "cw-under"), rectangle(box, "cw-edge")]),
      ...outline(chosen, "cw-chosen"),
    ];
  }

  // What the chosen anchor says, under it or, where there is no room, at the picture's edge.
  function drawLabel(text, anchor) {
    const [x1, , x2, y2] = ANCHORS[anchor].map(onPicture);
    const wide = 10 + 7 * text.length;
    const x = Math.min(Math.max((x1 + x2) / 2, wide / 2 - ROOM + 2), width + ROOM - wide / 2 - 2);
    const y = Math.min(Math.max(y2 + 12, 0), height + ROOM - 12);
    const face = svg("rect", { class: "cw-face cw-label", x: -wide / 2, y: -10, width: wide, height: 20, rx: 4 });
    return svg("g", { transform: `translate(${x} ${y})` }, face, svg("text", { class: "cw-said" }, text));
  }

  return {
    node,
    focus: (at) => objects[at].move.node.focus({ preventScroll: true }),
    // `matches` is null while nothing is known of the anchors; `label` says the picture, `said` what each mover is told,
    // `placeSaid` what the place's is; `iou` is written at the chosen anchor, null for nothing. `fixed` animals stay.
    paint: ({ boxes, matches, label, said, placeSaid, iou, fixed }) => {
      const place = placeNow();
      animals.replaceChildren(...boxes.map((box, at) => animal(NAMES[at], box)));
      lower.replaceChildren(...drawOutlines(boxes, matches, place));
      dots.style.display = matches === null ? "" : "none";
      paintSigns(matches);
      node.setAttribute("aria-label", label);
      const [x, y] = [place.column, place.row].map((at) => onPicture(at * STRIDE));
      places.set(x, y, place.row * MAP[1] + place.column, placeSaid);
      const [across, down] = signOf(place.kind).at;
      const ring = svg("circle", { class: "cw-chosen-sign", cx: x + across, cy: y + down, r: 8 });
      upper.replaceChildren(
        ...(matches === null ? [] : [ring]),
        ...(iou === null ? [] : [drawLabel(iou, anchorAt(place))]),
      );
      handles.forEach((group, at) => {
        group.setAttribute("class", `cw-handles${fixed ? " cw-fixed" : ""}`);
        group.style.display = at < boxes.length ? "" : "none";
        if (at >= boxes.length) return;
        const [x1, y1, x2, y2] = boxes[at];
        const { move, stretch } = objects[at];
        move.set(onPicture(x2) + AWAY, onPicture(y1) - AWAY, x1, said[at]);
        stretch.set(onPicture(x2), onPicture(y2), x2, said[at]);
        for (const { node: mover } of [move, stretch]) {
          mover.setAttribute("tabindex", fixed ? "-1" : "0");
          mover.setAttribute("aria-disabled", String(fixed));
        }
      });
    },
  };
}
