// Parts of the RoIAlign widget beside the maps: the table of what rounding costs, a result and a dot as cells of a grid, the
// two lines over the box's place, and what the maps' cells look like.

import { drawTrace } from "../shared/box_trace.js";
import { html } from "../shared/draw.js";
import { staircaseOf } from "../shared/region_pooling.js";
import { SIDES, signed } from "../shared/region_words.js";
import { lineOf, roundingsOf } from "./core.js";
import { explainTraces, inTenths } from "./words.js";

// What rounding does to the chosen bin, in pixels of the image.
export function drawRoundings(now, bin) {
  const { first, second, both } = roundingsOf(now, bin);
  const head = html("tr", {}, html("td", {}), ...SIDES.map(([name]) => html("th", { scope: "col" }, name)));
  const lines = [
    ["box to cells", first],
    ["bin to cells", second],
    ["together", both],
  ].map(([name, errors]) =>
    html("tr", {}, html("th", { scope: "row" }, name), ...errors.map((error) => html("td", {}, signed(error)))),
  );
  return [
    html("p", {}, `Row ${bin[0]}, column ${bin[1]} is off by, in pixels:`),
    html("table", {}, html("thead", {}, head), html("tbody", {}, ...lines)),
  ];
}

// Both results over all places of the box in its row, with a key to the lines.
export function drawTraces(now, bin) {
  const [stairs, line] = [staircaseOf(now, bin), lineOf(now.features, now.box, now.settings, bin)];
  const text = explainTraces(bin, stairs, line);
  const key = (kind, name) => html("span", {}, html("span", { class: `cw-stroke cw-${kind}`, "aria-hidden": "true" }), name); // prettier-ignore
  const keys = html("p", { class: "cw-keys" }, key("pooled", "RoI Pool, dashed"), key("aligned", "RoI Align, solid"));
  const lines = [
    { kind: "pooled", values: stairs },
    { kind: "aligned", values: line },
  ];
  return [html("p", {}, text), keys, drawTrace({ lines, at: now.box[0], stride: now.stride, label: text })];
}

// A cell of a map: `tones` are those of the map's own operator.
export function lookOf({ features, clamped, pooled }, bin, known, most, row, column) {
  const inside = ([start, end], at) => start <= at && at < end;
  const tones = [];
  if (known && inside(clamped.rows[bin[0]], row) && inside(clamped.columns[bin[1]], column)) tones.push("binned");
  if (known && pooled.flat().some(({ source }) => source?.row === row && source.column === column))
    tones.push("source");
  return { text: features[row][column], tones, shade: features[row][column] / most };
}

export function describeResult(name, { value }, [row, column], chosen) {
  const text = name === "RoI Pool" ? value : inTenths(value);
  const label = `${name}, row ${row}, column ${column}: ${text}${chosen ? ", chosen" : ""}`;
  return { text, tones: [value === 0 ? "zero" : "given", ...(chosen ? ["chosen"] : [])], label };
}

// Where many dots are small there is room for whole numbers only.
export function describeDot({ value }, [row, column], chosen, small) {
  const label = `Dot in row ${row}, column ${column} of the bin: ${inTenths(value)}${chosen ? ", chosen" : ""}`;
  return { text: small ? Math.round(value) : inTenths(value), tones: chosen ? ["given", "chosen"] : [], label };
}
