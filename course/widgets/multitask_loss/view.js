// Drawing of the MultitaskLoss widget: the picture with three boxes, a table of what two models cost, and their totals
// over the weight. The totals are hidden until it was predicted whose is lower.

import { button, choice, frame, html, slider, svg } from "../shared/draw.js";
import {
  ANSWERS,
  CLASSES,
  LEAST,
  MOST,
  PRESETS,
  SIDE,
  TRUTH,
  UNMOVED,
  crossing,
  digits,
  explainAnswer,
  explainOrder,
  lossesOf,
  lower,
  measuresOf,
  probabilities,
  rightAnswer,
  weightAt,
} from "./core.js";

const SCALE = 4.5; // CSS pixels a pixel of the picture
const CHART = { width: 560, height: 170, left: 46, right: 66, top: 12, bottom: 38 };
const NAMES = ["A", "B"];

function render({ model, el }) {
  const ui = frame(el, {
    name: "multitask-loss",
    title: "Which model is better?",
    lead:
      "Two models looked at the same cow. You see what each returned: three probabilities, and its box of the class " +
      "<i>cow</i>. Which one will have the lower total, classification + weight · localization?",
  });
  let guess = null;
  let revealed = false;
  let asked = false;
  const total = { right: 0, guessed: 0 };
  const models = () => PRESETS[model.get("preset")].models;
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };

  const presets = choice(
    "Two models",
    Object.entries(PRESETS).map(([name, { title }]) => [name, title]),
    null,
    (name) => set("preset", name),
  );
  const picture = html("div", { class: "cw-scene" });
  const table = html("div", { class: "cw-costs" });
  const answers = choice("The lower total has", ANSWERS, null, (value) => {
    guess = value;
    paint();
  });
  const question = html("div", { class: "cw-ask" }, html("span", {}, "The lower total has"), answers.node);
  const chart = html("div", { class: "cw-chart" });
  const weight = slider("Weight of the box", {
    least: LEAST,
    most: MOST,
    step: 0.05,
    change: (exponent) => set("weight", Number(weightAt(exponent).toPrecision(4))),
  });
  const weightText = html("b", {});
  const dial = html("div", { class: "cw-weight" }, html("span", {}, "weight of the box: "), weightText, weight.node);
  const after = html("div", { class: "cw-totals" }, chart, dial);
  ui.body.append(presets.node, html("div", { class: "cw-stage" }, picture, html("div", {}, table, question)), after);

  const primary = button("Show the totals", () => reveal(), { class: "cw-primary" });
  const again = button("Predict anew", () => cover());
  const pixels = button("Boxes in pixels", () => set("pixels", !model.get("pixels")), {
    role: "switch",
    "aria-checked": "false",
  });
  ui.tools.append(primary, again, pixels);

  function reveal() {
    if (guess === null && !asked) {
      asked = true;
      ui.say("Predict first: choose one of the three answers. Or press once more to only look.");
      return;
    }
    if (guess !== null) {
      total.guessed += 1;
      total.right += guess === rightAnswer(models()) ? 1 : 0;
    }
    revealed = true;
    paint();
    weight.node.focus();
    ui.say(`${explainAnswer(models(), guess)} Now move the weight, with the arrow keys too.`);
  }

  function cover() {
    guess = null;
    asked = false;
    revealed = false;
    paint();
    ui.say(opening());
  }

  function opening() {
    return "Compare first what you see: who is surer of the cow, and whose box is nearer to hers? Then choose an answer.";
  }

  // ---- painting

  function paint() {
    presets.set(model.get("preset"));
    answers.set(guess);
    picture.replaceChildren(drawPicture());
    table.replaceChildren(drawTable());
    after.hidden = again.hidden = pixels.hidden = !revealed;
    question.hidden = primary.hidden = revealed;
    pixels.setAttribute("aria-checked", String(model.get("pixels")));
    const value = model.get("weight");
    weight.set(Math.log10(value), `${digits(value)}, ${order()}`);
    weightText.textContent = digits(value);
    if (revealed) chart.replaceChildren(drawChart());
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right`
      : "Score: no prediction yet";
    Object.assign(ui.root.dataset, { revealed: String(revealed), preset: model.get("preset") });
    if (revealed) ui.root.dataset.lower = NAMES[first()] ?? "none";
    else delete ui.root.dataset.lower;
  }

  const first = () => lower(models(), model.get("weight"), model.get("pixels"));

  function order() {
    const at = first();
    return at === null ? "both totals are equal" : `${NAMES[at]} has the lower total`;
  }

  function drawPicture() {
    const side = SIDE * SCALE;
    const named = models().map(({ box }, at) => `${NAMES[at]} ${box.join(", ")}`);
    const drawn = svg("svg", {
      class: "cw-photo",
      role: "img",
      "aria-label": `A cow on a meadow. Her box is ${TRUTH.box.join(", ")}; the models' boxes of a cow are ${named.join(" and ")}.`,
      viewBox: `0 0 ${side} ${side}`,
      width: side,
      height: side,
    });
    const scene = svg("g", { transform: `scale(${SCALE})`, "aria-hidden": "true" }, ...cow());
    const boxes = [TRUTH, ...models()].map(({ box }, at) => outline(box, ["truth", "a", "b"][at]));
    drawn.append(scene, ...boxes);
    models().forEach(({ box }, at) => drawn.append(tag(box, NAMES[at], at)));
    const line = (kind) =>
      svg(
        "svg",
        { class: "cw-photo cw-key", width: 30, height: 12, "aria-hidden": "true" },
        svg("path", { class: `cw-under`, d: "M2 6h26" }),
        svg("path", { class: `cw-edge cw-${kind}`, d: "M2 6h26" }),
      );
    const key = html(
      "p",
      { class: "cw-legend" },
      html("span", {}, line("truth"), " true box"),
      html("span", {}, line("a"), " model A"),
      html("span", {}, line("b"), " model B"),
    );
    return html("div", {}, drawn, key);
  }

  function outline(box, kind) {
    const [x1, y1, x2, y2] = box.map((value) => value * SCALE);
    const place = { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
    return svg(
      "g",
      { "aria-hidden": "true" },
      svg("rect", { class: "cw-under", ...place }),
      svg("rect", { class: `cw-edge cw-${kind}`, ...place }),
    );
  }

  // A's name hangs on the upper left corner of its box, B's on the lower right one.
  function tag(box, name, at) {
    const [x, y] = at === 0 ? [box[0] * SCALE + 2, box[1] * SCALE + 2] : [box[2] * SCALE - 20, box[3] * SCALE - 20];
    return svg(
      "g",
      { class: `cw-tag cw-${"ab"[at]}`, "aria-hidden": "true" },
      svg("rect", { class: "cw-face", x, y, width: 18, height: 18, rx: 3 }),
      svg("text", { x: x + 9, y: y + 9.5 }, name),
    );
  }

  // What the models returned and what it is worth; the losses only once the totals are shown.
  function drawTable() {
    const [value, inPixels] = [model.get("weight"), model.get("pixels")];
    const measures = models().map((one) => measuresOf(one));
    const losses = models().map((one) => lossesOf(one, value, inPixels));
    const shares = models().map(({ scores }) => probabilities(scores));
    const head = html(
      "tr",
      {},
      html("td", {}),
      ...NAMES.map((name, at) => html("th", { scope: "col" }, chip(name, at))),
    );
    const row = (name, cells, kind = "") =>
      html("tr", { class: kind }, html("th", { scope: "row" }, name), ...cells.map((cell) => html("td", {}, cell)));
    const rows = CLASSES.map((name, at) =>
      row(
        `probability of ${name}`,
        shares.map((share) => bar(share[at], at === TRUTH.label)),
      ),
    );
    if (revealed) {
      const winner = first();
      const named = measures.map(({ called, right }) => `${CLASSES[called]} ${right ? "✓" : "✗"}`);
      rows.push(
        row("class named", named, "cw-fixed"),
        row(
          "IoU of the box",
          measures.map(({ iou }) => iou.toFixed(2)),
          "cw-fixed",
        ),
        row(
          "classification",
          losses.map(({ classification }) => digits(classification)),
        ),
        row(
          "localization",
          losses.map(({ localization }) => digits(localization)),
        ),
        row(
          "total",
          losses.map(({ total: sum }, at) => sumCell(sum, winner === at)),
          "cw-sum",
        ),
      );
    }
    const body = html("tbody", {}, ...rows);
    return html("table", {}, html("thead", {}, head), body);
  }

  function sumCell(sum, wins) {
    return html("span", { class: wins ? "cw-wins" : "" }, digits(sum), wins ? html("span", {}, " ◂ lower") : "");
  }

  function chip(name, at) {
    return html("span", { class: `cw-chip cw-${"ab"[at]}` }, `model ${name}`);
  }

  function bar(share, isTruth) {
    const filled = html("i", { style: `width: ${Math.round(share * 56)}px`, class: isTruth ? "cw-true" : "" });
    return html("span", { class: "cw-bar" }, filled, html("span", {}, share.toFixed(2)));
  }

  // The totals over the weight, both axes logarithmic; where they cross, their order changes.
  function drawChart() {
    const { width, height, left, right, top, bottom } = CHART;
    const [value, inPixels] = [model.get("weight"), model.get("pixels")];
    const exponents = Array.from({ length: 121 }, (_, at) => LEAST + ((MOST - LEAST) * at) / 120);
    const curves = models().map((one) =>
      exponents.map((exponent) => Math.log10(lossesOf(one, weightAt(exponent), inPixels).total)),
    );
    const [low, high] = [Math.min(...curves.flat()), Math.max(...curves.flat())];
    const x = (exponent) => left + ((exponent - LEAST) / (MOST - LEAST)) * (width - left - right);
    const y = (power) => top + ((high - power) / (high - low)) * (height - top - bottom);
    const drawn = svg("svg", {
      class: "cw-plot",
      role: "img",
      "aria-label": `The totals of both models over the weight. ${crossingText(inPixels)}`,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
    });
    for (let power = Math.ceil(low); power <= high; power += high - low > 4 ? 2 : 1) {
      drawn.append(
        svg("path", { class: "cw-rule", d: `M${left} ${y(power)}H${width - right}` }),
        svg("text", { class: "cw-tick cw-side", x: left - 6, y: y(power) }, nice(power)),
      );
    }
    for (let exponent = LEAST; exponent <= MOST; exponent += 1) {
      drawn.append(svg("text", { class: "cw-tick", x: x(exponent), y: height - bottom + 12 }, nice(exponent)));
    }
    drawn.append(svg("text", { class: "cw-tick", x: (left + width - right) / 2, y: height - 6 }, "weight of the box"));
    curves.forEach((curve, at) => {
      const points = curve.map((power, place) => `${x(exponents[place]).toFixed(1)} ${y(power).toFixed(1)}`);
      drawn.append(svg("path", { class: `cw-curve cw-${"ab"[at]}`, d: `M${points.join("L")}` }));
    });
    // The two names at the right end keep out of each other's way.
    const ends = curves.map((curve) => y(curve.at(-1)));
    const apart = Math.max(0, 16 - Math.abs(ends[0] - ends[1])) / 2;
    ends.forEach((end, at) => {
      const away = ends[at] <= ends[1 - at] && (ends[0] !== ends[1] || at === 0) ? -apart : apart;
      drawn.append(
        svg("text", { class: `cw-name cw-${"ab"[at]}`, x: width - right + 6, y: end + away }, `total ${NAMES[at]}`),
      );
    });
    const here = x(Math.log10(value));
    drawn.append(svg("path", { class: "cw-here", d: `M${here} ${top}V${height - bottom}` }));
    models().forEach((one, at) => {
      const place = y(Math.log10(lossesOf(one, value, inPixels).total));
      const mark = at === 0 ? `M${here - 5} ${place - 5}h10v10h-10z` : `M${here} ${place - 7}l7 7l-7 7l-7 -7z`;
      drawn.append(svg("path", { class: `cw-mark cw-${"ab"[at]}`, d: mark }));
    });
    return drawn;
  }

  const nice = (power) => (power >= 0 ? String(10 ** power) : (10 ** power).toFixed(-power));

  function crossingText(inPixels) {
    const at = crossing(models(), inPixels);
    return at === null ? "They do not cross." : `They cross at a weight of ${digits(at)}.`;
  }

  function restart() {
    guess = null;
    asked = false;
    revealed = false;
    paint();
    ui.say(opening());
  }

  // The order turns around: that, and what did not move, is what the sentence says.
  function moved() {
    if (!revealed) {
      paint();
      return;
    }
    const before = ui.root.dataset.lower;
    paint();
    const flipped = before !== ui.root.dataset.lower ? "The order has turned around. " : "";
    ui.say(`${flipped}${explainOrder(models(), model.get("weight"), model.get("pixels"))} ${UNMOVED}`);
  }

  restart();
  model.on("change:preset", restart);
  model.on("change:weight", moved);
  model.on("change:pixels", moved);
  return () => {
    model.off("change:preset", restart);
    model.off("change:weight", moved);
    model.off("change:pixels", moved);
    ui.root.remove();
  };
}

// A cow of a few shapes that fills her box, in pixels of the picture.
function cow() {
  const [x1, y1, x2, y2] = TRUTH.box;
  const leg = (x) => svg("rect", { class: "cw-hide", x, y: y2 - 15, width: 4, height: 15 });
  return [
    svg("rect", { class: "cw-sky", width: SIDE, height: SIDE }),
    svg("rect", { class: "cw-meadow", y: 30, width: SIDE, height: SIDE - 30 }),
    svg("path", { class: "cw-hill", d: `M0 30q16 -9 32 0z` }),
    leg(x1 + 3),
    leg(x1 + 9),
    leg(x2 - 20),
    leg(x2 - 14),
    svg("rect", { class: "cw-hide", x: x1 + 1, y: y1 + 5, width: x2 - x1 - 10, height: 18, rx: 6 }),
    svg("path", { class: "cw-tail", d: `M${x1 + 2} ${y1 + 9}Q${x1 - 0.2} ${y1 + 12} ${x1 + 0.7} ${y1 + 20}` }),
    svg("ellipse", { class: "cw-patch", cx: x1 + 11, cy: y1 + 12, rx: 5, ry: 4 }),
    svg("ellipse", { class: "cw-patch", cx: x1 + 23, cy: y1 + 16, rx: 4, ry: 5 }),
    svg("path", { class: "cw-horn", d: `M${x2 - 11} ${y1 + 4}q-1 -3 1 -4M${x2 - 4} ${y1 + 4}q1 -3 -1 -4` }),
    svg("rect", { class: "cw-hide", x: x2 - 13, y: y1 + 3, width: 12, height: 15, rx: 4 }),
    svg("rect", { class: "cw-nose", x: x2 - 11, y: y1 + 12, width: 11, height: 6, rx: 3 }),
    svg("circle", { class: "cw-eye", cx: x2 - 9, cy: y1 + 8, r: 1 }),
    svg("circle", { class: "cw-eye", cx: x2 - 4, cy: y1 + 8, r: 1 }),
  ];
}

export default { render };
