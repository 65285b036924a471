// Parts of the YoloGrid widget that stand beside the picture: the numbers that cells should say, what the cow's cell says
// instead, the five shares of the loss, the dials, and a task.

import { html, slider, svg } from "../shared/draw.js";
import { BOXES, NAMES, SHARES, weightOf } from "./core.js";
import { TARGET_NAMES, cellText, costText, shareText, short, targetText, two } from "./words.js";

const [FULL, LONG] = [1, 60]; // what a bar reaches, and how wide it is then

const cell = (text, kind) => html("td", kind ? { class: kind } : {}, text);
const heading = (text, scope) => html("th", { scope }, text);

function table(label, names, rows) {
  const head = html("tr", {}, html("td", {}), ...names.map((name) => heading(name, "col")));
  return html("table", { "aria-label": label }, html("thead", {}, head), html("tbody", {}, ...rows));
}

// A row an animal: the numbers of its cell, and how the cow's first four come out of its box.
export function drawTargets({ grid, objects }) {
  const rows = objects.map(({ name, place, numbers, lost }) => {
    const who = heading(name, "row");
    if (lost) return html("tr", { class: "cw-lost" }, who, html("td", { colspan: numbers.length }, "in no target: the cell is the cow's")); // prettier-ignore
    const texts = numbers.map((number, at) => cell(at < 4 ? two(number) : number, number === 0 ? "cw-none" : null));
    const where = html("span", { class: "cw-where" }, cellText(place));
    who.append(where);
    return html("tr", { class: `cw-${name}` }, who, ...texts);
  });
  const how = ["x", "y", "w", "h"].map((name, at) =>
    html("span", {}, html("i", {}, name), ` = ${targetText(at, objects[0], grid)}`),
  );
  const note = html("p", { class: "cw-how" }, "The cow's: ", ...how);
  return [html("b", {}, "What their cells should say"), table("What their cells should say", TARGET_NAMES, rows), note];
}

// What the cow's cell should say beside what it says: a row a box, and the class scores that both boxes share.
export function drawSaid({ objects: [{ numbers, place }], cost }) {
  const { boxes, ious, answers, scores } = cost;
  const goal = [numbers[0], numbers[1], Math.sqrt(numbers[2]), Math.sqrt(numbers[3])];
  const rows = boxes.map((box, at) => {
    const kind = at === answers ? "cw-answers" : "cw-other";
    const who = heading(`box ${at + 1}`, "row");
    who.append(html("span", { class: "cw-where" }, at === answers ? "answers" : "does not"));
    return html("tr", { class: kind }, who, ...box.map((number) => cell(two(number))), cell(two(ious[at])));
  });
  const should = heading("should be", "row");
  const wanted = html("tr", { class: "cw-cow" }, should, ...goal.map((number) => cell(two(number))), cell(two(ious[answers])), cell("")); // prettier-ignore
  const classes = NAMES.map((name, at) => `${name} ${short(scores[at])} (${numbers[5 + at]})`).join(", ");
  const title = `What the cell in ${cellText(place)} says`;
  return [
    html("b", {}, title),
    table(title, ["x", "y", "√w", "√h", "sure", "IoU"], [...rows, wanted]),
    html("p", { class: "cw-how" }, `Classes, and what they should be: ${classes}`),
  ];
}

// The five shares with their weights, as numbers and bars on one scale, and their sum.
export function drawShares(now) {
  const { cost } = now;
  const rows = SHARES.map((share) => {
    const [weight, sum] = [weightOf(share, cost.lambdas), cost[share.name]];
    const counted = weight * sum;
    const told = share.weight !== null && weight !== 1 && sum >= 0.0005; // or it would be a product with 0.000
    const what = html(
      "span",
      {},
      html("b", {}, share.text),
      html("span", { class: "cw-how" }, ` ${shareText(share.name, now)}`),
    );
    const product = html("span", { class: "cw-how cw-product" }, told ? `${weight} · ${sum.toFixed(3)} =` : "");
    return html("li", {}, what, product, html("b", { class: "cw-cost" }, costText(counted)), drawBar(counted));
  });
  const total = html("li", { class: "cw-total" }, html("b", {}, "total"), html("span", {}), html("b", { class: "cw-cost" }, two(cost.total)), html("span", {})); // prettier-ignore
  return html("ul", { class: "cw-shares", "aria-label": "The shares of the loss" }, ...rows, total);
}

function drawBar(number) {
  const long = Math.min(number / FULL, 1) * LONG;
  const bar = svg("rect", { class: "cw-run", x: 0, y: 2, width: long, height: 10 });
  const more = number > FULL ? [svg("path", { class: "cw-more", d: `M${LONG - 9} 2l5 5l-5 5` })] : [];
  return svg("svg", { class: "cw-bar", "aria-hidden": "true", viewBox: `0 0 ${LONG} 14`, width: LONG, height: 14 }, bar, ...more); // prettier-ignore
}

// A number on a scale, with its name before it and what it stands at.
export function dial(label, text, { least, most, step }, change) {
  const scale = slider(label, { least, most, step, change: (value) => change(Number(value.toFixed(2))) });
  const number = html("b", {});
  return {
    node: html("div", { class: "cw-setting" }, html("span", {}, text), number, scale.node),
    set: (value, said) => {
      number.textContent = said;
      scale.set(value, said);
    },
  };
}

export const BOX_NAMES = Array.from({ length: BOXES }, (_, at) => `box ${at + 1}`);
