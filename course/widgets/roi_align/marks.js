// What the RoIAlign widget draws: the bins and the dots on the map, the four areas of the chosen dot there and in a larger
// square beside, and the table of what it takes of each cell.

import { html, svg } from "../shared/draw.js";
import { onPicture, rectangleOver } from "../shared/box_on_map.js";
import { SIDE, areasOf, toImage } from "./core.js";
import { inHundredths } from "./words.js";

// The lines between the bins of a box.
export function drawBinLines([x1, y1, x2, y2]) {
  const d = [];
  for (let k = 1; k < SIDE; k += 1) {
    const [x, y] = [x1 + (k * (x2 - x1)) / SIDE, y1 + (k * (y2 - y1)) / SIDE].map(onPicture);
    d.push(`M${x} ${onPicture(y1)}V${onPicture(y2)}M${onPicture(x1)} ${y}H${onPicture(x2)}`);
  }
  return [svg("path", { class: "cw-under cw-thin", d: d.join("") }), svg("path", { class: "cw-edge cw-binline", d: d.join("") })]; // prettier-ignore
}

// All dots; those of the chosen bin stand out, and the chosen one among them.
export function drawDots(aligned, stride, chosen, chosenDot) {
  return aligned.flatMap((line, row) =>
    line.flatMap(({ dots }, column) => {
      const isChosen = row === chosen[0] && column === chosen[1];
      return dots.flatMap((across, i) =>
        across.map(({ y, x }, j) => {
          const isDot = isChosen && i === chosenDot[0] && j === chosenDot[1];
          const kind = isDot ? " cw-chosen" : isChosen ? " cw-of-bin" : "";
          const [cx, cy] = [x, y].map((at) => onPicture(toImage(at, stride)));
          return svg("circle", { class: `cw-dot${kind}`, cx, cy, r: isDot ? 6 : isChosen ? 4.5 : 3 });
        }),
      );
    }),
  );
}

// The nearest dot to a place on the drawing, as { bin, dot }; null where none is near.
export function dotNear(aligned, stride, [x, y], reach = 11) {
  let best = { distance: reach };
  aligned.forEach((line, row) =>
    line.forEach(({ dots }, column) =>
      dots.flat().forEach((dot, at) => {
        const [dx, dy] = [x - onPicture(toImage(dot.x, stride)), y - onPicture(toImage(dot.y, stride))];
        const distance = Math.hypot(dx, dy);
        const across = dots[0].length;
        if (distance < best.distance) best = { distance, bin: [row, column], dot: [Math.floor(at / across), at % across] }; // prettier-ignore
      }),
    ),
  );
  return best.bin ? best : null;
}

const shadeOf = (weight) => `--cw-share: ${weight}`;

export function drawAreas(dot, stride) {
  return areasOf(dot, stride)
    .filter(({ weight }) => weight > 0)
    .map(({ box, weight }) => {
      const area = rectangleOver(box, "cw-area");
      area.setAttribute("style", shadeOf(weight));
      return area;
    });
}

const LOUPE = { side: 112, edge: 6 };

// The square around the dot, cut by the cells' lines: each piece has its weight in it, where there is room.
export function drawLoupe(dot) {
  const { side, edge } = LOUPE;
  const whole = side + 2 * edge;
  const text = dot.reached ? dot.parts.map(({ weight }) => inHundredths(weight)).join(", ") : "none";
  const drawn = svg("svg", {
    class: "cw-loupe",
    role: "img",
    "aria-label": `The square around the dot, cut into the areas ${text}`,
    viewBox: `0 0 ${whole} ${whole}`,
    width: whole,
    height: whole,
  });
  if (!dot.reached) return drawn;
  const [down, across] = [dot.parts[2].weight + dot.parts[3].weight, dot.parts[1].weight + dot.parts[3].weight];
  dot.parts.forEach(({ weight }, at) => {
    const [isLower, isRight] = [at > 1, at % 2 === 1];
    const [width, height] = [side * (isRight ? across : 1 - across), side * (isLower ? down : 1 - down)];
    if (weight === 0) return;
    const [x, y] = [edge + (isRight ? side - width : 0), edge + (isLower ? side - height : 0)];
    const piece = svg("g", {}, svg("rect", { class: "cw-area cw-face", x, y, width, height, style: shadeOf(weight) }));
    drawn.append(piece);
    if (width < 32 || height < 18) return; // the number goes to the outer corner, away from the dot
    const [middle, line] = [isRight ? x + width - 17 : x + 17, isLower ? y + height - 10 : y + 11];
    piece.append(svg("text", { x: middle, y: line }, inHundredths(weight)));
  });
  drawn.append(svg("circle", { class: "cw-dot cw-chosen", cx: whole / 2, cy: whole / 2, r: 5 }));
  return drawn;
}

// Four cells, four areas, their products; below, the sums.
export function drawParts({ parts, value }) {
  const head = ["row, column", "number", "area", "product"].map((text) => html("th", { scope: "col" }, text));
  const lines = parts.map(({ row, column, value: number, weight, product }) => {
    const numbers = [number, inHundredths(weight), inHundredths(product)].map((text) => html("td", {}, text));
    return html(
      "tr",
      { class: weight > 0 ? "" : "cw-idle" },
      html("th", { scope: "row" }, `${row}, ${column}`),
      ...numbers,
    );
  });
  const sum = parts.reduce((total, { weight }) => total + weight, 0);
  const last = html("tr", {}, html("th", { scope: "row" }, "sum"), html("td", {}), html("td", {}, inHundredths(sum)), html("td", { class: "cw-total" }, inHundredths(value))); // prettier-ignore
  const [top, body, foot] = [["thead", html("tr", {}, ...head)], ["tbody", ...lines], ["tfoot", last]].map(([tag, ...rows]) => html(tag, {}, ...rows)); // prettier-ignore
  return html("table", { class: "cw-parts", "aria-label": "What the dot takes of four cells" }, top, body, foot);
}
