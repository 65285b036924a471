// Drawing of the RoIPool widget: a box on the map, its region of whole cells, the bins, and the result as numbers beside.
// Two moves of three pixels are predicted; only then can the box be dragged, and the settings be changed.

import { button, choice, digitPad, frame, html, numberGrid, typeDigit, typeNumber } from "../shared/draw.js";
import { boxOnMap } from "../shared/box_on_map.js";
import { STRIDES, featuresOf } from "../shared/regions.js";
import { drawTask, makeTaskList } from "../shared/tasks.js";
import {
  ANSWERS,
  SHIFT,
  SIZES,
  START,
  TASKS,
  answerOf,
  binsOf,
  countChanges,
  directionOf,
  ghostOf,
  gradientOf,
  pool,
  regionOf,
  shifted,
} from "./core.js";
import { drawBins, drawGhost, drawSources } from "./region.js";
import { describeResult, drawFound, drawStaircase, lookOf } from "./parts.js";
import {
  explainBins,
  explainFirst,
  explainGradient,
  explainMove,
  explainRegion,
  explainResult,
  explainSecond,
  opening,
  cornersText,
} from "./words.js";

const NUMBER = 99; // the largest that a cell of the map may hold
const NO_LIMIT = [Infinity, Infinity];
const RESULT = { 2: 54, 3: 46, 7: 30 }; // the side of a cell of the result

function render({ model, el }) {
  const ui = frame(el, {
    name: "roi-pool",
    title: "A box, cells, and one number a bin",
    lead:
      "The numbers are one channel of a feature map; a cell stands for a square of pixels of the image below it. RoIPool gives a " +
      "box of any size a result of fixed size: of the cells in each bin, the maximum.",
  });
  let step = 0; // two questions, then the box is free
  let guess = null;
  let guesses = [];
  let judged = null; // the typed numbers, until the box moves on
  let asked = false;
  let direction = 1;
  let pointed = null;
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
    const [box, stride, side] = [boxNow(), model.get("stride"), model.get("size")];
    const [size, features] = [[side, side], maps[stride]];
    const [bins, clamped] = [binsOf(box, size, stride, NO_LIMIT), binsOf(box, size, stride)];
    const pooled = pool(features, clamped);
    return { box, stride, side, features, bins, clamped, pooled, region: regionOf(box, stride), count: side * side };
  }

  // ---- parts

  const map = boxOnMap({ box: boxNow, change: (box) => set({ box }) });
  const question = html("p", { class: "cw-question" });
  const answers = choice("How many of the numbers change?", ANSWERS, null, (value) => {
    guess = value;
    paint();
  });
  const ask = html("div", { class: "cw-ask" }, question, answers.node);
  const resultTitle = html("b", {});
  const slot = html("div", { class: "cw-slot" });
  const pad = digitPad((digit) => {
    const [row, column] = result.grid.stop();
    if (digit === null) put(row, column, null);
    else typeDigit(digit, guesses[row * result.side + column], typing(row, column));
  });
  const resultPart = html("div", { class: "cw-result" }, resultTitle, slot, pad);
  const found = html("div", { class: "cw-found" });
  const staircase = html("div", { class: "cw-staircase" });
  const tasks = makeTaskList();
  const strides = choice(
    "Stride",
    STRIDES.map((stride) => [String(stride), `${stride} px`]),
    null,
    (value) => set({ stride: Number(value) }),
  );
  const sizes = choice(
    "Result",
    SIZES.map((size) => [String(size), `${size} × ${size}`]),
    null,
    (value) => set({ size: Number(value) }),
  );
  const row = (name, control) => html("div", { class: "cw-setting" }, html("span", {}, name), control.node);
  const settings = html("div", { class: "cw-settings" }, row("A cell is", strides), row("Result", sizes));
  const how = html(
    "p",
    {},
    "Drag the box by its letter or its corner, or focus one of them and use the arrow keys: 1 pixel, with Shift a quarter. Can you:",
  );
  const free = html("div", { class: "cw-free" }, how, tasks);
  const side = html("div", { class: "cw-side" }, ask, resultPart, found, settings, free);
  ui.body.append(html("div", { class: "cw-stage" }, html("div", {}, map.node, staircase), side));

  const primary = button("Move the box", () => goOn(), { class: "cw-primary" });
  const again = button("Back to the first box", () => set({ box: [] }));
  const gradients = button("Where gradients go", () => set({ gradients: !model.get("gradients") }), {
    role: "switch",
    "aria-checked": "false",
  });
  ui.tools.append(primary, again, gradients);

  let result = { side: null, grid: null };

  function makeResult(count) {
    const grid = numberGrid({
      label: `Result, ${count} by ${count}`,
      rows: count,
      columns: count,
      size: RESULT[count],
      on: {
        key: (event, row, column) =>
          step === 1 && typeNumber(event, guesses[row * count + column], typing(row, column)),
        point: (row, column) => pointAt([row, column]),
        leave: () => pointAt(null),
      },
    });
    result = { side: count, grid };
    slot.replaceChildren(grid.node);
  }

  const typing = (row, column) => ({
    most: NUMBER,
    put: (number) => put(row, column, number),
    next: () => result.grid.next(row, column),
    enter: () => goOn(),
  });

  function put(row, column, number) {
    if (step !== 1) return false;
    guesses[row * result.side + column] = number;
    paint();
    result.grid.repoint();
    return true;
  }

  let pointing = false;
  function pointAt(place) {
    pointed = place;
    if (!pointing) {
      pointing = true; // painting may move the pointer's target: once is enough
      paint();
      pointing = false;
    }
    ui.point(place === null ? null : sentenceOf(...place));
  }

  function sentenceOf(row, column) {
    const now = state();
    const { value } = now.pooled[row][column];
    if (step === 0) return `Result in row ${row}, column ${column}: ${value}, the maximum of one bin.`;
    if (step === 2) return explainResult(row, column, now);
    const typed = guesses[row * now.side + column];
    const expected = typed === null ? "Type what it will be; Space goes on." : `You expect ${typed}.`;
    return `${explainResult(row, column, now)} ${expected}`;
  }

  // ---- the questions

  function begin() {
    [step, guess, judged, asked, last] = [0, null, null, false, null];
    guesses = Array(state().count).fill(null);
    direction = directionOf(boxNow());
    paint();
    ui.say(opening(boxNow(), model.get("stride")));
  }

  function goOn() {
    if (step === 2) return;
    const made = step === 0 ? Number(guess !== null) : guesses.filter((number) => number !== null).length;
    if (made === 0 && !asked) {
      asked = true;
      const what = step === 0 ? "choose one of the three answers" : "type at least one of the numbers";
      ui.say(`Predict first: ${what}. Or press Move the box once more to only look.`);
      return;
    }
    const before = state();
    own = true;
    set({ box: shifted(before.box, direction) });
    own = false;
    const after = state();
    total.guessed += made;
    [last, asked] = [before, false];
    if (step === 0) {
      const answer = answerOf(countChanges(before.pooled, after.pooled), after.count);
      total.right += Number(guess === answer);
      step = 1;
      paint();
      result.grid.focus(0, 0);
      ui.say(explainFirst(guess, answer, before, after, after.stride));
      ui.point(null); // the focus said what is in the cell: first comes what has happened
      return;
    }
    judged = [...guesses];
    total.right += judged.filter((number, at) => number === after.pooled.flat()[at].value).length;
    step = 2;
    const kept = keepTasks(after, before);
    last = after;
    paint();
    map.focus();
    ui.say(`${explainSecond(judged, before, after, after.stride)} ${kept}`.trim());
  }

  function keepTasks(now, before) {
    const fresh = TASKS.filter((task) => !done.has(task.name) && task.done({ ...now, before }));
    for (const { name } of fresh) done.add(name);
    return fresh.map(({ text }) => `Made: ${text}. `).join("");
  }

  // ---- painting

  function paint() {
    const now = state();
    const { box, stride, side: count, features, bins, pooled, region } = now;
    if (result.side !== count) makeResult(count);
    const known = step > 0;
    const gradient = step === 2 && model.get("gradients") ? gradientOf(features, pooled) : null;
    const ghost = ghostOf(box, stride);
    const cellsText = `rows ${region.y1} to ${region.y1 + region.rows - 1} and columns ${region.x1} to ${region.x1 + region.columns - 1}`; // prettier-ignore
    const resultsText =
      count > 3
        ? ""
        : `; results ${pooled
            .flat()
            .map(({ value }) => value)
            .join(", ")}`;
    map.paint({
      stride,
      look: (row, column) => lookOf(now, { known, pointed, gradient, most: NUMBER }, row, column),
      label: `Feature map with a box from ${cornersText(box)} in pixels${known ? `; its region is ${cellsText}` : ""}`,
      said: `${cornersText(box)}${known ? `; ${cellsText}${resultsText}` : ""}`,
      under: known ? drawSources(pooled, stride, pointed) : [],
      over: known ? [...drawGhost(ghost), ...drawBins(bins, ghost, stride, pointed)] : [],
      fixed: step < 2,
    });

    ask.hidden = step === 2;
    answers.node.hidden = step !== 0;
    answers.set(guess);
    const to = direction > 0 ? "right" : "left";
    question.textContent =
      step === 0
        ? `The box moves ${SHIFT} pixels to the ${to}. How many of the numbers below change?`
        : `And ${SHIFT} pixels more to the ${to}: what are the numbers then? Type them.`;
    resultTitle.textContent = `Result, ${count} × ${count}`;
    pad.hidden = step !== 1;
    result.grid.paint((row, column) => describe(row, column, now));
    found.hidden = !known;
    found.replaceChildren(...(known ? drawFound(box, stride) : []));
    staircase.hidden = step !== 2;
    if (step === 2) staircase.replaceChildren(...drawStaircase(now, pointed ?? [0, 0]));
    settings.hidden = free.hidden = again.hidden = step !== 2;
    gradients.hidden = step !== 2;
    gradients.setAttribute("aria-checked", String(model.get("gradients")));
    primary.hidden = step === 2;
    strides.set(String(stride));
    sizes.set(String(count));
    tasks.replaceChildren(...TASKS.map(({ name, text }) => drawTask(text, done.has(name))));
    const made = done.size ? `, ${done.size} of ${TASKS.length} made` : "";
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right${made}`
      : `Score: no prediction yet${made}`;
    Object.assign(ui.root.dataset, { step, box: box.join(" "), done: [...done].join(" ") });
    if (known)
      Object.assign(ui.root.dataset, { region: [region.x1, region.y1, region.columns, region.rows].join(" ") });
    else delete ui.root.dataset.region;
  }

  function describe(row, column, { pooled, side: count }) {
    const at = row * count + column;
    return describeResult(pooled[row][column], `row ${row}, column ${column}`, {
      step,
      typed: (step === 1 ? guesses : judged)?.[at] ?? null,
      lit: step > 0 && pointed?.[0] === row && pointed[1] === column,
      small: count > 3,
    });
  }

  // ---- changes

  function changed() {
    if (own) return;
    if (step < 2) {
      begin();
      return;
    }
    const now = state();
    const alike = last !== null && last.stride === now.stride && last.side === now.side;
    const before = alike ? last : null;
    [judged, pointed] = [null, null];
    const kept = keepTasks(now, before);
    last = now;
    paint();
    ui.say(`${kept}${sentence(now, before)}`);
  }

  function sentence(now, before) {
    if (model.get("gradients")) return explainGradient(now.features, now.pooled);
    if (before === null) return explainBins(now);
    const moved = before.region.x1 !== now.region.x1 || before.region.y1 !== now.region.y1;
    const grown = before.region.columns !== now.region.columns || before.region.rows !== now.region.rows;
    if (moved || grown) return explainMove(before, now, now.stride);
    return `Rounded as before. ${explainRegion(now.box, now.stride)}`;
  }

  begin();
  const heard = ["box", "stride", "size", "gradients"].map((name) => `change:${name}`);
  for (const event of heard) model.on(event, changed);
  return () => {
    for (const event of heard) model.off(event, changed);
    ui.root.remove();
  };
}

export default { render };
