// Drawing of the PrecisionRecall widget: a ranked list, each detection right or wrong, and the curve beside it. Precision
// and recall are hidden until it was predicted how they move.

import { button, choice, frame, html, slider, svg } from "../shared/draw.js";
import {
  ANSWERS,
  METHODS,
  RIGHT,
  SCORES,
  TARGETS,
  averagePrecision,
  countOf,
  curveOf,
  explainFlip,
  explainMethod,
  explainPoint,
  explainPrediction,
  precisionAt,
  recallsOf,
  reported,
  stairs,
  three,
  two,
} from "./core.js";

const CHART = { width: 440, height: 320, left: 44, right: 14, top: 14, bottom: 44 };

function render({ model, el }) {
  const ui = frame(el, {
    name: "precision-recall",
    title: "Down the list, the surest first",
    lead:
      "Ten detections in the order of their scores: ✓ found a target, ✗ did not. Only those from the <i>threshold</i> on are " +
      "reported. Lower it step by step: what can precision do, and what can recall?",
  });
  const guesses = { recall: null, precision: null };
  let revealed = false;
  let asked = false;
  let flipped = null; // which detection was just made right or wrong, and the average before
  const total = { right: 0, guessed: 0 };
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const curve = () => curveOf(model.get("correct"), model.get("targets"));
  const average = (method = model.get("method")) => averagePrecision(curve(), method);

  // ---- the list

  const rows = SCORES.map((score, at) => {
    const mark = button("", () => flip(at), { class: "cw-mark" });
    const cells = { precision: html("td", {}), recall: html("td", {}) };
    const bar = html("i", { style: `width: ${Math.round(score * 46)}px` });
    const node = html(
      "tr",
      {},
      html("th", { scope: "row" }, String(at + 1)),
      html("td", {}, html("span", { class: "cw-bar" }, bar, html("span", {}, two(score)))),
      html("td", {}, mark),
      cells.precision,
      cells.recall,
    );
    return { node, mark, ...cells };
  });
  const heads = ["", "score", "found?", "precision", "recall"].map((text) => html("td", {}, text));
  const list = html("table", {}, html("thead", {}, html("tr", {}, ...heads)), html("tbody", {}, ...rows.map(({ node }) => node))); // prettier-ignore
  const threshold = slider("Threshold on the score", {
    least: 0,
    most: 1,
    step: 0.01,
    change: (value) => set("threshold", value),
  });
  const thresholdText = html("b", {});
  const dial = html("div", { class: "cw-dial" }, html("span", {}, "threshold: "), thresholdText, threshold.node);

  // ---- questions and settings

  const questions = ["recall", "precision"].map((name) => {
    const options = choice(`As the threshold is lowered, ${name}`, ANSWERS, null, (value) => {
      guesses[name] = value;
      paint();
    });
    return { name, options, node: html("div", { class: "cw-setting" }, html("span", {}, name), options.node) };
  });
  const ask = html(
    "div",
    { class: "cw-ask" },
    html("p", {}, html("b", {}, "As the threshold is lowered, more and more is reported. Then …")),
    ...questions.map(({ node }) => node),
  );
  const chart = html("div", { class: "cw-chart" });
  const averages = html("div", { class: "cw-averages" });
  const targets = choice(
    "Targets",
    TARGETS.map((count) => [String(count), String(count)]),
    null,
    (value) => set("targets", Number(value)),
  );
  const methods = choice(
    "Average precision by",
    Object.entries(METHODS).map(([name, { title }]) => [name, title]),
    null,
    (value) => set("method", value),
  );
  const settings = html(
    "div",
    { class: "cw-settings" },
    html("div", { class: "cw-setting" }, html("span", {}, "targets in all"), targets.node),
    html("div", { class: "cw-setting" }, html("span", {}, "average by"), methods.node),
  );
  const left = html("div", { class: "cw-list" }, list, dial);
  const right = html("div", { class: "cw-side" }, ask, chart, averages, settings);
  ui.body.append(html("div", { class: "cw-stage" }, left, right));

  const primary = button("Draw the curve", () => reveal(), { class: "cw-primary" });
  const envelope = button("Envelope, p(r)", () => set("envelope", !model.get("envelope")), {
    role: "switch",
    "aria-checked": "false",
  });
  ui.tools.append(primary, envelope);

  function reveal() {
    const made = Object.entries(guesses).filter(([, guess]) => guess !== null);
    if (made.length < 2 && !asked) {
      asked = true;
      ui.say("Predict first: choose one answer in each of the two rows. Or press once more to only look.");
      return;
    }
    total.guessed += made.length;
    total.right += made.filter(([name, guess]) => guess === RIGHT[name]).length;
    revealed = true;
    paint();
    threshold.node.focus({ preventScroll: true });
    ui.say(explainPrediction(guesses));
  }

  function flip(at) {
    const correct = [...model.get("correct")];
    if (!correct[at] && countOf(correct) === model.get("targets")) {
      ui.say(
        `All ${model.get("targets")} targets are found already: a further detection on one of them would be a duplicate, and wrong.`,
      );
      return;
    }
    flipped = { at, before: average() };
    correct[at] = !correct[at];
    set("correct", correct);
  }

  // ---- painting

  function paint() {
    const now = curve();
    const correct = model.get("correct");
    const count = reported(model.get("threshold"));
    rows.forEach(({ node, mark, precision, recall }, at) => {
      const row = [at < count ? "" : "cw-silent", at === count - 1 ? "cw-last" : ""];
      node.setAttribute("class", row.join(" ").trim());
      mark.textContent = correct[at] ? "✓ right" : "✗ wrong";
      mark.setAttribute("class", `cw-mark ${correct[at] ? "cw-yes" : "cw-no"}`);
      mark.setAttribute("aria-label", `Detection ${at + 1} is ${correct[at] ? "right" : "wrong"}; press to change`);
      precision.textContent = revealed ? two(now[at].precision) : "";
      recall.textContent = revealed ? two(now[at].recall) : "";
    });
    list.classList.toggle("cw-covered", !revealed);
    const value = model.get("threshold");
    threshold.set(value, `${two(value)}, ${count} reported${revealed && count ? `, precision ${two(now[count - 1].precision)}, recall ${two(now[count - 1].recall)}` : ""}`); // prettier-ignore
    thresholdText.textContent = two(value);
    questions.forEach(({ name, options }) => options.set(guesses[name]));
    targets.set(String(model.get("targets")));
    targets.allow(TARGETS.filter((number) => number >= countOf(correct)).map(String));
    methods.set(model.get("method"));
    ask.hidden = primary.hidden = revealed;
    chart.hidden = averages.hidden = settings.hidden = envelope.hidden = !revealed;
    envelope.setAttribute("aria-checked", String(model.get("envelope")));
    if (revealed) {
      chart.replaceChildren(drawChart(now, count));
      averages.replaceChildren(drawAverages());
    }
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right`
      : "Score: no prediction yet";
    Object.assign(ui.root.dataset, { revealed: String(revealed), reported: String(count) });
    if (revealed) ui.root.dataset.average = three(average());
    else delete ui.root.dataset.average;
  }

  function drawAverages() {
    const cells = Object.keys(METHODS).map((method) => {
      const chosen = method === model.get("method") && model.get("envelope");
      const mark = chosen ? html("span", { class: "cw-hidden" }, " (drawn)") : "";
      return html(
        "tr",
        { class: chosen ? "cw-chosen" : "" },
        html("th", { scope: "row" }, METHODS[method].title, mark),
        html("td", {}, three(average(method))),
      );
    });
    const head = html("tr", {}, html("th", { scope: "col" }, "average precision"), html("td", {}));
    return html("table", {}, html("thead", {}, head), html("tbody", {}, ...cells));
  }

  function drawChart(now, count) {
    const { width, height, left: from, right: margin, top, bottom } = CHART;
    const x = (recall) => from + recall * (width - from - margin);
    const y = (precision) => height - bottom - precision * (height - top - bottom);
    const drawn = svg("svg", {
      class: "cw-plot",
      role: "img",
      "aria-label": `Precision over recall. ${explainPoint(model.get("correct"), model.get("targets"), model.get("threshold"))}`,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
    });
    for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
      drawn.append(
        svg("path", { class: "cw-rule", d: `M${x(0)} ${y(tick)}H${x(1)}M${x(tick)} ${y(0)}V${y(1)}` }),
        svg("text", { class: "cw-tick cw-end", x: x(0) - 6, y: y(tick) }, String(tick)),
        svg("text", { class: "cw-tick", x: x(tick), y: y(0) + 13 }, String(tick)),
      );
    }
    drawn.append(
      svg("text", { class: "cw-tick", x: (x(0) + x(1)) / 2, y: height - 10 }, "recall"),
      svg("text", { class: "cw-tick", x: 0, y: 0, transform: `translate(10 ${(y(0) + y(1)) / 2}) rotate(-90)` }, "precision"), // prettier-ignore
    );
    if (model.get("envelope")) drawn.append(...drawEnvelope(now, x, y));
    const points = now.map(({ recall, precision }) => `${x(recall).toFixed(1)} ${y(precision).toFixed(1)}`);
    drawn.append(svg("path", { class: "cw-curve", d: `M${points.join("L")}` }));
    now.forEach(({ recall, precision }, at) => {
      const [across, down] = [x(recall), y(precision)];
      const right = model.get("correct")[at];
      const shape = right
        ? svg("circle", { class: "cw-dot cw-yes", cx: across, cy: down, r: 4.5 })
        : svg("path", { class: "cw-dot cw-no", d: `M${across - 4} ${down - 4}l8 8m0 -8l-8 8` });
      if (at >= count) shape.classList.add("cw-silent");
      drawn.append(shape);
    });
    if (count) {
      const { recall, precision } = now[count - 1];
      drawn.append(svg("circle", { class: "cw-here", cx: x(recall), cy: y(precision), r: 9 }));
    }
    return drawn;
  }

  // The staircase; and where the chosen definition asks it: everywhere, at 11 places, or at 101.
  function drawEnvelope(now, x, y) {
    const method = model.get("method");
    const steps = stairs(now);
    const parts = [];
    if (method === "area") {
      for (const { from, to, height } of steps) {
        const place = { x: x(from), y: y(height), width: x(to) - x(from), height: y(0) - y(height) };
        parts.push(svg("rect", { class: "cw-step", ...place }));
      }
    }
    let line = "";
    steps.forEach(({ from, to, height }, at) => {
      line += `${at ? "L" : "M"}${x(from)} ${y(height)}H${x(to)}`;
    });
    if (steps.length) line += `V${y(0)}H${x(1)}`;
    else line = `M${x(0)} ${y(0)}H${x(1)}`;
    parts.push(svg("path", { class: "cw-stairs", d: line }));
    for (const r of method === "area" ? [] : recallsOf(METHODS[method].points)) {
      const top = y(precisionAt(now, r));
      const wide = method === "voc11";
      parts.push(svg("path", { class: `cw-probe${wide ? " cw-wide" : ""}`, d: `M${x(r)} ${y(0)}V${top}` }));
      if (wide) parts.push(svg("rect", { class: "cw-asked", x: x(r) - 3, y: top - 3, width: 6, height: 6 }));
    }
    return parts;
  }

  // ---- changes

  const point = () =>
    revealed && ui.say(explainPoint(model.get("correct"), model.get("targets"), model.get("threshold")));

  const heard = {
    threshold: () => {
      paint();
      point();
    },
    targets: () => {
      paint();
      point();
    },
    correct: () => {
      paint();
      if (revealed && flipped)
        ui.say(explainFlip(flipped.at, model.get("correct")[flipped.at], flipped.before, average()));
      flipped = null;
    },
    envelope: () => {
      paint();
      if (model.get("envelope"))
        ui.say(`p(r) is the highest precision at any recall of at least r. ${explainMethod(model.get("method"))}`);
    },
    method: () => {
      paint();
      ui.say(explainMethod(model.get("method")));
    },
  };

  paint();
  ui.say(
    "Five detections are reported at first. Lower the threshold in your mind: what does the next one, a wrong one, change?",
  );
  for (const [name, hear] of Object.entries(heard)) model.on(`change:${name}`, hear);
  return () => {
    for (const [name, hear] of Object.entries(heard)) model.off(`change:${name}`, hear);
    ui.root.remove();
  };
}

export default { render };
