// What the boxes are worth, in the SelectiveSearch widget: the best IoU of each animal over the number of boxes, and four
// bars that say how alike two regions are.

import { html, svg } from "../shared/draw.js";
import { FOUND, TERMS, bestOf, recallOf } from "./core.js";
import { ANIMALS } from "./scene.js";
import { two } from "./words.js";

const CHART = { width: 318, height: 196, left: 46, right: 10, top: 10, bottom: 36 };

// The curves up to `count` boxes, on an axis that has room for all.
export function drawCurves(regions, count, pieces) {
  const { width, height, left, right, top, bottom } = CHART;
  const x = (boxes) => left + ((boxes - pieces) / (regions.length - pieces)) * (width - left - right);
  const y = (iou) => height - bottom - iou * (height - top - bottom);
  const now = bestOf(regions.slice(0, count));
  const values = ANIMALS.map(({ name }, at) => `${name} ${two(now[at].iou)}`).join(", ");
  const label = `Best IoU of each animal over the number of boxes. After ${count} boxes: ${values}; recall ${recallOf(now)} of ${ANIMALS.length}`;
  const drawn = svg("svg", { class: "cw-plot", role: "img", "aria-label": label, viewBox: `0 0 ${width} ${height}`, width, height }); // prettier-ignore
  for (const tick of [0, 0.5, 1])
    drawn.append(
      svg("path", { class: tick === FOUND ? "cw-rule cw-threshold" : "cw-rule", d: `M${left} ${y(tick)}H${x(regions.length)}` }), // prettier-ignore
      svg("text", { class: "cw-tick cw-end", x: left - 6, y: y(tick) }, String(tick)),
    );
  for (const boxes of [pieces, Math.round((pieces + regions.length) / 2), regions.length])
    drawn.append(svg("text", { class: "cw-tick", x: x(boxes), y: y(0) + 12 }, String(boxes)));
  drawn.append(
    svg("text", { class: "cw-tick", x: (x(pieces) + x(regions.length)) / 2, y: height - 8 }, "boxes"),
    svg("text", { class: "cw-tick", transform: `translate(8 ${(y(0) + y(1)) / 2}) rotate(-90)` }, "best IoU"),
  );
  ANIMALS.forEach((_, at) => {
    let line = "";
    for (let boxes = pieces; boxes <= count; boxes += 1) {
      const height = y(bestOf(regions.slice(0, boxes))[at].iou);
      line += line ? `H${x(boxes)}V${height}` : `M${x(boxes)} ${height}`;
    }
    drawn.append(
      svg("path", { class: `cw-curve cw-animal-${at}`, d: line }),
      svg("circle", { class: `cw-dot cw-animal-${at}`, cx: x(count), cy: y(now[at].iou), r: 4 }),
    );
  });
  return drawn;
}

export function drawLegend(regions) {
  const best = bestOf(regions);
  return ANIMALS.map(({ name }, at) => {
    const line = svg("path", { class: `cw-curve cw-animal-${at}`, d: "M1 5H31" });
    const key = svg("svg", { class: "cw-plot", width: 32, height: 10, "aria-hidden": "true" }, line);
    const found = best[at].iou >= FOUND ? "found ✓" : "not found";
    return html("span", {}, key, ` ${name}: ${two(best[at].iou)}, ${found}`);
  });
}

// The pair that merged, and beside it the reader's own where it was another one.
export function drawTerms(best, own, used) {
  const bar = (value) => {
    const fill = html("i", { style: `width: ${(100 * value).toFixed(1)}%` });
    return html("span", { class: "cw-bar" }, html("span", { class: "cw-track" }, fill), html("span", {}, two(value)));
  };
  const columns = own ? [best, own] : [best];
  const title = (pair, at) => `${pair.first} + ${pair.second}, ${at ? "yours" : "merged"}`;
  const head = html("tr", {}, html("td", {}), ...columns.map((pair, at) => html("th", { scope: "col" }, title(pair, at)))); // prettier-ignore
  const rows = TERMS.map((term, at) => {
    const counts = used.includes(term);
    const name = html("th", { scope: "row" }, counts ? term : `${term}, not counted`);
    return html("tr", { class: counts ? "" : "cw-off" }, name, ...columns.map(({ terms }) => html("td", {}, bar(terms[at])))); // prettier-ignore
  });
  const sum = html(
    "tr",
    { class: "cw-sum" },
    html("th", { scope: "row" }, "similarity"),
    ...columns.map(({ similarity }) => html("td", {}, two(similarity))),
  );
  return html("table", {}, html("thead", {}, head), html("tbody", {}, ...rows, sum));
}
