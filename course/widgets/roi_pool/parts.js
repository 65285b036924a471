// Parts of the RoIPool widget that stand beside the map or under it: the table from box to region, a task, a cell's looks,
// and the staircase.

import { drawTrace } from "../shared/box_trace.js";
import { html } from "../shared/draw.js";
import { toMap } from "../shared/regions.js";
import { errorsOf, ghostOf, roundAway, staircaseOf } from "./core.js";
import { SIDES, explainStaircase, farSideText, inCells, pixels, signed } from "./words.js";

// From the box to the region, side by side.
export function drawFound(box, stride) {
  const [scaled, ghost, errors] = [toMap(box, stride), ghostOf(box, stride), errorsOf(box, stride)];
  const head = ["", "box, px", `/ ${stride}`, "cell", "region, px", "off by"];
  const lines = SIDES.map(([name, letter], at) => {
    const numbers = [pixels(box[at]), inCells(scaled[at]), roundAway(scaled[at]), pixels(ghost[at])];
    return html(
      "tr",
      {},
      html("th", { scope: "row" }, letter),
      ...numbers.map((number) => html("td", {}, number)),
      html("td", { class: "cw-error", "data-side": name }, signed(errors[at])),
    );
  });
  const table = html(
    "table",
    {},
    html("thead", {}, html("tr", {}, ...head.map((text) => html("td", {}, text)))),
    html("tbody", {}, ...lines),
  );
  return [table, html("p", {}, farSideText(box, stride))];
}

// One result over all places of the box in its row.
export function drawStaircase(now, [row, column]) {
  const values = staircaseOf(now, [row, column]);
  const text = explainStaircase(now, [row, column], values);
  const lines = [{ kind: "pooled", values }];
  return [html("p", {}, text), drawTrace({ lines, at: now.box[0], stride: now.stride, label: text })];
}

// A cell of the map: its number, or the gradient that it gets where that is shown.
export function lookOf({ features, clamped, region, pooled }, { known, pointed, gradient, most }, row, column) {
  const inside = ([start, end], at) => start <= at && at < end;
  const tones = [];
  if (known && pointed && inside(clamped.rows[pointed[0]], row) && inside(clamped.columns[pointed[1]], column)) {
    tones.push("binned");
  }
  if (known && pooled.flat().some(({ source }) => source?.row === row && source.column === column)) {
    tones.push("source");
  }
  const value = features[row][column];
  if (!gradient) return { text: value, tones, shade: value / most };
  const isRegion = inside([region.y1, region.y1 + region.rows], row) && inside([region.x1, region.x1 + region.columns], column); // prettier-ignore
  return { text: isRegion ? gradient[row][column] : "", tones, shade: Math.min(gradient[row][column] / 2, 1) };
}

// A result before it was moved, while the next one is typed, and afterwards: `typed` is a prediction or null.
export function describeResult({ value, source }, place, { step, typed, lit, small }) {
  const lights = lit ? ["lit"] : [];
  if (step === 1) {
    const label = `${place}: now ${value}${typed === null ? ", no prediction" : `, you predict ${typed}`}`;
    const tones = typed === null ? lights : ["guess", ...lights];
    return { text: typed ?? "", note: small ? undefined : `now ${value}`, tones, label };
  }
  const from = source ? `, from row ${source.row}, column ${source.column} of the map` : ", an empty bin";
  const label = `${place}: ${value}${step === 0 ? "" : from}`;
  if (typed === null) return { text: value, tones: [source ? "given" : "zero", ...lights], label };
  if (typed === value)
    return { text: value, mark: "✓", tones: ["given", "is-right", ...lights], label: `${label}, predicted right` };
  const wrong = `${label}, wrongly predicted ${typed}`;
  return { text: value, struck: typed, mark: "✗", tones: ["given", "is-wrong", ...lights], label: wrong };
}
