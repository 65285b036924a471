// Parts of the Anchors widget that stand beside the picture: how many anchors are what, the anchors of one place, the four
// numbers of the chosen one, and a task.

import { choice, html, slider, svg } from "../shared/draw.js";
import { ANCHORS, BASE, KINDS, NAMES, anchorAt, encode, kindOf, ownOf } from "./core.js";
import { NUMBERS, encodeText, imbalanceText, iouText, short, sidesText, two } from "./words.js";
import { signPath } from "./scene.js";

const SQUARE = 3; // the kind whose sign stands in the legend
const [FAR, LONG] = [2, 116]; // what the bars of the numbers reach, and how wide they are

function drawSign(name) {
  const sign = svg("path", { class: `cw-sign cw-${name}`, d: signPath(name, SQUARE) });
  return svg("svg", { class: "cw-key", "aria-hidden": "true", viewBox: "-7 -7 14 14", width: 14, height: 14 }, sign);
}

// The three kinds with their numbers and bars on one scale: the legend of the signs as well.
export function drawCounts(counts, rules) {
  const rows = KINDS.map((name) => {
    const bar = html("i", { "aria-hidden": "true", class: `cw-bar cw-${name}` });
    bar.style.width = `${(100 * counts[name]) / ANCHORS.length}%`;
    const what = html("span", {}, html("b", {}, name), ` ${rules[name]}`);
    return html("li", {}, drawSign(name), what, html("b", { class: "cw-count" }, counts[name]), html("div", {}, bar));
  });
  return [html("ul", { class: "cw-kinds" }, ...rows), html("p", { class: "cw-imbalance" }, imbalanceText(counts))];
}

// The anchors of one place as radio buttons, a column a ratio: how large each is and, once known, its IoU and what it is.
export function anchorChoice(pick) {
  const options = BASE.map((box, kind) => [String(kind), sidesText(box)]);
  const { node, set } = choice("Anchor", options, null, (value) => pick(Number(value)));
  node.classList.add("cw-anchors-here");
  const texts = [...node.querySelectorAll("span")];
  return {
    node,
    paint: (now, place) => {
      set(String(place.kind));
      texts.forEach((text, kind) => {
        const anchor = anchorAt({ ...place, kind });
        const name = now === null ? "unknown" : kindOf(now.matches[anchor]);
        text.className = `cw-${name}`;
        const size = html("b", {}, sidesText(BASE[kind]));
        const { overlaps, high, low } = now ?? {};
        const iou = now && iouText(overlaps[ownOf(overlaps, anchor)][anchor], high, low);
        const said = now && [html("i", { class: "cw-hidden" }, "IoU "), html("span", {}, `${iou} ${name}`)];
        text.replaceChildren(size, ...(said ?? []));
      });
    },
  };
}

// The four numbers from an anchor to the object with which it has its best IoU, as bars to the left and right of 0.
export function drawDeltas(now, anchor) {
  const own = ownOf(now.overlaps, anchor);
  const [target, box] = [now.objects[own], ANCHORS[anchor]];
  const rows = encode(target, box).map((number, at) => {
    const { name, text } = NUMBERS[at];
    const label = html("span", {}, `${text} `, html("i", {}, name[0], html("sub", {}, name[1])));
    return html("li", {}, label, html("b", {}, two(number)), drawBar(number), html("span", { class: "cw-how" }, `= ${encodeText(at, target, box)}`)); // prettier-ignore
  });
  const learns = now.matches[anchor] >= 0;
  const head = html("p", {}, html("b", {}, `From this anchor to the ${NAMES[own]}`), learns ? ": what it learns" : ": in no loss, it is not positive"); // prettier-ignore
  return [head, html("ul", { class: "cw-deltas" }, ...rows)];
}

function drawBar(number) {
  const x = (value) => (LONG / 2) * (1 + Math.min(Math.max(value / FAR, -1), 1));
  const [from, to] = [x(0), x(number)];
  const bar = svg("rect", { class: "cw-run", x: Math.min(from, to), y: 3, width: Math.abs(to - from), height: 8 });
  const more = Math.abs(number) > FAR ? [svg("path", { class: "cw-more", d: number > 0 ? `M${LONG - 7} 1l6 6l-6 6` : "M7 1l-6 6l6 6" })] : []; // prettier-ignore
  const zero = svg("path", { class: "cw-zero", d: `M${from} 0V14` });
  return svg("svg", { class: "cw-delta", "aria-hidden": "true", viewBox: `0 0 ${LONG} 14`, width: LONG, height: 14 }, bar, ...more, zero); // prettier-ignore
}

// A threshold as a slider with its name and number.
export function thresholdDial(label, text, change) {
  const dial = slider(label, { least: 0, most: 1, step: 0.05, change: (value) => change(Number(value.toFixed(2))) });
  const number = html("b", {});
  return {
    node: html("div", { class: "cw-setting" }, html("span", {}, text), number, dial.node),
    set: (value) => {
      number.textContent = two(value);
      dial.set(value, short(value));
    },
  };
}
