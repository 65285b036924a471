// Drawing of the RoIAlign widget: the same box on the same map twice, RoI Pool's whole cells at the left and RoI Align's dots
// at the right. What a move by half a cell changes is predicted; only then can the box be dragged, and the settings changed.

import { button, choice, frame, html, numberGrid } from "../shared/draw.js";
import { boxOnMap } from "../shared/box_on_map.js";
import { drawBins, drawGhost, drawSources } from "../shared/region_marks.js";
import { ANSWERS, answerOf, binsOf, countChanges, ghostOf, pool, regionOf } from "../shared/region_pooling.js";
import { cornersText } from "../shared/region_words.js";
import { STRIDES, featuresOf } from "../shared/regions.js";
import { drawTask, makeTaskList } from "../shared/tasks.js";
import { RATIOS, SIDE, START, TASKS, align, moveOf, movedBy, readBoxOf } from "./core.js";
import { dotNear, drawAreas, drawBinLines, drawDots, drawLoupe, drawParts } from "./marks.js";
import { describeDot, describeResult, drawRoundings, drawTraces, lookOf } from "./parts.js";
import {
  explainAligned,
  explainAnswers,
  explainDot,
  explainMove,
  explainPooled,
  explainSettings,
  opening,
  questionText,
} from "./words.js";

const NUMBER = 99; // the largest that a cell of the map may hold
const SIZE = [SIDE, SIDE];
const NO_LIMIT = [Infinity, Infinity];
const RATIO_NAMES = { 1: "1 × 1", 2: "2 × 2", [-1]: "as many as cells" };

function render({ model, el }) {
  const ui = frame(el, {
    name: "roi-align",
    title: "RoI Pool rounds, RoI Align does not",
    lead:
      "One channel of a feature map over the image, and one box, drawn twice. Either operator makes 2 × 2 numbers of it, one for " +
      "each of its bins.",
  });
  let free = false; // first a question, then the box is free
  let guesses = [null, null];
  let asked = false;
  let [bin, spot] = [
    [0, 0],
    [0, 0],
  ]; // the chosen bin, and the chosen dot in it
  let last = null; // the state before this one
  let own = false; // the widget itself moves the box
  const done = new Set();
  const total = { right: 0, guessed: 0 };
  const set = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };
  const maps = Object.fromEntries(STRIDES.map((stride) => [stride, featuresOf(stride)]));
  const boxNow = () => (model.get("box").length ? model.get("box") : START);

  function state() {
    const [box, stride] = [boxNow(), model.get("stride")];
    const settings = { stride, ratio: model.get("sampling_ratio"), aligned: model.get("aligned") };
    const features = maps[stride];
    const [bins, clamped] = [binsOf(box, SIZE, stride, NO_LIMIT), binsOf(box, SIZE, stride)];
    const [pooled, aligned] = [pool(features, clamped), align(features, box, SIZE, settings)];
    const { dots } = aligned[bin[0]][bin[1]];
    spot = [Math.min(spot[0], dots.length - 1), Math.min(spot[1], dots[0].length - 1)];
    const dot = dots[spot[0]][spot[1]];
    const region = regionOf(box, stride);
    return { box, stride, side: SIDE, settings, features, bins, clamped, pooled, aligned, dots, dot, region };
  }

  // ---- parts

  const mapOf = (name) =>
    boxOnMap({ box: boxNow, change: (box) => set({ box }), names: [`Box (${name})`, `Corner of the box (${name})`] });
  const [left, right] = [mapOf("RoI Pool"), mapOf("RoI Align")];
  const resultOf = (name, explain) =>
    numberGrid({
      label: `Result of ${name}, 2 by 2`,
      rows: SIDE,
      columns: SIDE,
      size: 48,
      on: {
        point: (row, column) => pointAt([row, column], spot, () => (free ? explain(row, column, state()) : null)),
        leave: () => ui.point(null),
      },
    });
  const [pooled, aligned] = [resultOf("RoI Pool", explainPooled), resultOf("RoI Align", explainAligned)];
  const question = html("p", { class: "cw-question" });
  const answersOf = (name, at) =>
    choice(`How many of ${name}'s numbers change?`, ANSWERS, null, (value) => {
      guesses[at] = value;
      paint();
    });
  const answers = [answersOf("RoI Pool", 0), answersOf("RoI Align", 1)];
  const line = (name, control) => html("div", { class: "cw-setting" }, html("span", {}, name), control.node);
  const ask = html("div", { class: "cw-ask" }, question, line("RoI Pool", answers[0]), line("RoI Align", answers[1]));
  const figure = (name, text, map, result, beside) =>
    html(
      "div",
      { class: "cw-operator" },
      html("p", { class: "cw-name" }, html("b", {}, name), ` ${text}`),
      map.node,
      html("div", { class: "cw-results" }, html("div", {}, html("b", {}, "Result"), result.node), beside),
    );
  const roundings = html("div", { class: "cw-roundings" });
  const dotsTitle = html("b", {});
  const dotsSlot = html("div", {});
  const dotsPart = html("div", { class: "cw-dots" }, dotsTitle, dotsSlot);
  const dotPart = html("div", { class: "cw-dot-part" });
  const traces = html("div", { class: "cw-traces" });
  const tasks = makeTaskList();
  const strides = choice(
    "Stride",
    STRIDES.map((stride) => [String(stride), `${stride} px`]),
    null,
    (value) => set({ stride: Number(value) }),
  );
  const ratios = choice(
    "Dots a bin",
    RATIOS.map((ratio) => [String(ratio), RATIO_NAMES[ratio]]),
    null,
    (value) => set({ sampling_ratio: Number(value) }),
  );
  const half = button("aligned: half a cell is taken away", () => set({ aligned: !model.get("aligned") }), {
    role: "switch",
    "aria-checked": "true",
  });
  const settings = html("div", { class: "cw-settings" }, line("A cell is", strides), line("Dots a bin", ratios), half);
  const how = html(
    "p",
    {},
    "Drag a box by its letter or its corner, or focus one of them and use the arrow keys: 1 pixel, with Shift a quarter. Choose a bin in a result, and a dot on the map or among the bin's dots. Can you:",
  );
  const yours = html("div", { class: "cw-free" }, how, tasks);
  ui.body.append(
    ask,
    html(
      "div",
      { class: "cw-stage" },
      figure("RoI Pool", "whole cells, and the largest", left, pooled, roundings),
      figure("RoI Align", "dots between cells, and their mean", right, aligned, dotsPart),
      dotPart,
      traces,
    ),
  );

  const primary = button("Move the box", () => goOn(), { class: "cw-primary" });
  const again = button("Back to the first box", () => set({ box: [] }));
  ui.tools.append(primary, again);
  const below = html("div", { class: "cw-below" }, settings, yours);
  ui.root.append(below); // so that the sentence stays near what it is about

  let dotGrid = { shape: "", grid: null, small: false };

  function makeDotGrid(rows, columns) {
    const small = columns > 4 || rows > 4;
    const grid = numberGrid({
      label: `Dots of the bin, ${rows} by ${columns}`,
      rows,
      columns,
      size: small ? 24 : Math.max(columns, rows) > 2 ? 36 : 48,
      on: {
        point: (row, column) => pointAt(bin, [row, column], () => explainDot(state().dot)),
        leave: () => ui.point(null),
      },
    });
    dotGrid = { shape: `${rows} ${columns}`, grid, small };
    dotsSlot.replaceChildren(grid.node);
  }

  let pointing = false;
  function pointAt(toBin, toDot, explain) {
    const isNew = `${toBin} ${toDot}` !== `${bin} ${spot}`;
    [bin, spot] = [toBin, toDot];
    if (isNew && !pointing) {
      pointing = true; // painting may move the pointer's target: once is enough
      paint();
      pointing = false;
    }
    ui.point(explain());
  }

  right.node.addEventListener("pointermove", (event) => {
    if (!free || event.buttons !== 0) return;
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(right.node.getScreenCTM().inverse());
    const found = dotNear(state().aligned, model.get("stride"), [place.x, place.y]);
    if (found) pointAt(found.bin, found.dot, () => explainDot(state().dot));
  });
  right.node.addEventListener("pointerleave", () => ui.point(null));

  // ---- the question

  function begin() {
    [free, guesses, asked, last, bin, spot] = [false, [null, null], false, null, [0, 0], [0, 0]];
    paint();
    ui.say(opening(boxNow(), model.get("stride")));
  }

  function goOn() {
    const made = guesses.filter((guess) => guess !== null).length;
    if (made === 0 && !asked) {
      asked = true;
      ui.say("Predict first: choose an answer for RoI Pool and one for RoI Align. Or press Move the box once more to only look."); // prettier-ignore
      return;
    }
    const before = state();
    own = true;
    set({ box: movedBy(before.box, moveOf(before.box, before.stride)) });
    own = false;
    const after = state();
    const right = ["pooled", "aligned"].map((kind) => answerOf(countChanges(before[kind], after[kind]), SIDE * SIDE));
    total.guessed += made;
    total.right += right.filter((answer, at) => answer === guesses[at]).length;
    [free, last] = [true, after];
    paint();
    left.focus();
    ui.say(explainAnswers(guesses, right, before, after));
  }

  function keepTasks(now, before) {
    const fresh = TASKS.filter((task) => !done.has(task.name) && task.done({ ...now, before }));
    for (const { name } of fresh) done.add(name);
    return fresh.map(({ text }) => `Made: ${text}. `).join("");
  }

  // ---- painting

  function paint() {
    const now = state();
    paintMaps(now);
    ask.hidden = free;
    question.textContent = questionText(moveOf(now.box, now.stride), now.stride);
    answers.forEach((answer, at) => answer.set(guesses[at]));
    const isBin = (row, column) => free && row === bin[0] && column === bin[1];
    const describe = (name, results) => (row, column) =>
      describeResult(name, results[row][column], [row, column], isBin(row, column));
    pooled.paint(describe("RoI Pool", now.pooled));
    aligned.paint(describe("RoI Align", now.aligned));
    for (const part of [roundings, dotsPart, dotPart, traces, below, again]) part.hidden = !free;
    primary.hidden = free;
    if (free) paintChosen(now);
    strides.set(String(now.stride));
    ratios.set(String(now.settings.ratio));
    half.setAttribute("aria-checked", String(now.settings.aligned));
    tasks.replaceChildren(...TASKS.map(({ name, text }) => drawTask(text, done.has(name))));
    const made = done.size ? `, ${done.size} of ${TASKS.length} made` : "";
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right${made}`
      : `Score: no prediction yet${made}`;
    const data = { free, box: now.box.join(" "), bin: bin.join(" "), spot: spot.join(" "), done: [...done].join(" ") };
    Object.assign(ui.root.dataset, data);
  }

  function paintMaps(now) {
    const { box, stride, bins, region, settings: chosen } = now;
    const look = (tones) => (row, column) => lookOf(now, bin, tones, NUMBER, row, column);
    const ghost = ghostOf(box, stride);
    const read = readBoxOf(box, chosen);
    const corners = cornersText(box);
    const cells = `rows ${region.y1} to ${region.y1 + region.rows - 1} and columns ${region.x1} to ${region.x1 + region.columns - 1}`; // prettier-ignore
    left.paint({
      stride,
      look: look(free),
      label: `RoI Pool: feature map with a box from ${corners} in pixels${free ? `; its region is ${cells}` : ""}`,
      said: `${corners}${free ? `; ${cells}` : ""}`,
      under: free ? drawSources(now.pooled, stride, bin) : [],
      over: free ? [...drawGhost(ghost), ...drawBins(bins, ghost, stride, bin)] : [],
      fixed: !free,
    });
    const shifted = chosen.aligned ? [] : drawGhost(read);
    right.paint({
      stride,
      look: look(false),
      label: `RoI Align: feature map with a box from ${corners} in pixels${free && !chosen.aligned ? `; read is ${cornersText(read)}` : ""}`, // prettier-ignore
      said: corners,
      under: free && now.dot.reached ? drawAreas(now.dot, stride) : [],
      over: free ? [...shifted, ...drawBinLines(read), ...drawDots(now.aligned, stride, bin, spot)] : [],
      fixed: !free,
    });
  }

  function paintChosen(now) {
    const [rows, columns] = [now.dots.length, now.dots[0].length];
    if (dotGrid.shape !== `${rows} ${columns}`) makeDotGrid(rows, columns);
    dotsTitle.textContent = rows * columns === 1 ? "Its one dot" : `Its ${rows * columns} dots`;
    dotGrid.grid.paint((row, column) =>
      describeDot(now.dots[row][column], [row, column], row === spot[0] && column === spot[1], dotGrid.small),
    );
    roundings.replaceChildren(...drawRoundings(now, bin));
    dotPart.replaceChildren(drawLoupe(now.dot), drawParts(now.dot));
    traces.replaceChildren(...drawTraces(now, bin));
  }

  // ---- changes

  function changed() {
    if (own) return;
    if (!free) {
      begin();
      return;
    }
    const now = state();
    const alike = last !== null && JSON.stringify(last.settings) === JSON.stringify(now.settings);
    const before = alike ? last : null;
    const kept = keepTasks(now, before);
    last = now;
    paint();
    ui.say(`${kept}${before === null ? explainSettings(now) : explainMove(before, now)}`);
  }

  begin();
  const heard = ["box", "stride", "sampling_ratio", "aligned"].map((name) => `change:${name}`);
  for (const event of heard) model.on(event, changed);
  return () => {
    for (const event of heard) model.off(event, changed);
    ui.root.remove();
  };
}

export default { render };
