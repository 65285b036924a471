// Drawing of the Anchors widget: the picture with its anchors beside the counts, the chosen anchor's numbers and the rules.
// Two questions come first; until they were answered or passed, no anchor says what it is and the animals stay.

import { button, choice, digitPad, frame, html, numberGrid, typeDigit, typeNumber } from "../shared/draw.js";
import { drawTask, makeTaskList } from "../shared/tasks.js";
import {
  ANCHORS,
  NAMES,
  OTHER,
  REASONS,
  START,
  TASKS,
  anchorAt,
  answersOf,
  bestOf,
  isRight,
  matched,
  ownOf,
  placeOf,
} from "./core.js";
import { anchorChoice, drawCounts, drawDeltas, thresholdDial } from "./parts.js";
import { anchorScene } from "./scene.js";
import {
  cornersText,
  deltasText,
  explainAnchor,
  explainCounts,
  explainRule,
  explainScene,
  explainWhy,
  iouText,
  opening,
  placeText,
  short,
  sidesText,
} from "./words.js";

const FIRST = { row: 2, column: 2, kind: 3 }; // the place at the beginning, beside the cow
const TOTAL = ANCHORS.length;

function render({ model, el }) {
  const ui = frame(el, {
    name: "anchors",
    title: "The same boxes everywhere",
    lead:
      "Every cell of the map stands for 16 × 16 pixels, and at its upper left corner, where the lines cross, stand six <i>anchors</i>: " +
      "two sizes in three shapes. None of them has seen the picture. Each is compared with the animal's box.",
  });
  let step = 0; // two questions, then everything is free
  let guesses = [null, null];
  let answers = null; // what the first question's numbers are, from its answer on
  let reason = null;
  let asked = false;
  let place = { ...FIRST };
  const done = new Set();
  const total = { right: 0, guessed: 0 };
  const set = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };
  const boxOf = (at) => (at === 0 ? [model.get("box"), START] : [model.get("other"), OTHER]).find((box) => box.length);

  // The questions are about the cow alone, and the rule that the second one asks for holds. What follows from the boxes and
  // the rules is kept until they change: moving the place asks for it again and again.
  let kept = { key: null, now: null };
  function state() {
    const free = step === 2;
    const objects = free && model.get("second") ? [boxOf(0), boxOf(1)] : [boxOf(0)];
    const lowQuality = !free || model.get("low_quality");
    const rules = { high: model.get("high"), low: model.get("low"), lowQuality };
    const key = JSON.stringify([objects, rules]);
    if (kept.key !== key) kept = { key, now: matched(objects, rules) };
    return kept.now;
  }

  // ---- parts

  const scene = anchorScene({
    boxOf,
    moveBox: (at, box) => set({ [at === 0 ? "box" : "other"]: box }),
    placeNow: () => place,
    movePlace: (to) => choose({ ...place, ...to }),
    pick: (kind) => choose({ ...place, kind }),
  });
  const here = html("b", {});
  const kinds = anchorChoice((kind) => choose({ ...place, kind }));
  const deltas = html("div", { class: "cw-numbers" });
  const below = html("div", { class: "cw-below" }, here, kinds.node, deltas);

  const question = html("p", { class: "cw-question" });
  const names = () => [`${short(model.get("high"))} or more`, `less than ${short(model.get("low"))}`];
  const cellsSlot = html("div", { class: "cw-slot" });
  const pad = digitPad((digit) => {
    const [, column] = cells.stop();
    if (digit === null) put(column, null);
    else typeDigit(digit, guesses[column], typing(column));
  });
  const reasons = choice("The anchor is positive because", REASONS, null, (value) => {
    reason = value;
    paint();
  });
  const ask = html("div", { class: "cw-ask" }, question, cellsSlot, pad, reasons.node);
  const counts = html("div", { class: "cw-counts" });
  const dials = {
    high: thresholdDial("Positive from this IoU on", "positive from", (value) => setThreshold("high", value)),
    low: thresholdDial("Negative below this IoU", "negative below", (value) => setThreshold("low", value)),
  };
  const rule = button("The best anchor of an animal is positive, whatever its IoU", () => set({ low_quality: !model.get("low_quality") }), { role: "switch", "aria-checked": "true" }); // prettier-ignore
  const second = button("A dog is there too", () => set({ second: !model.get("second") }), { role: "switch", "aria-checked": "false" }); // prettier-ignore
  const settings = html("div", { class: "cw-settings" }, dials.high.node, dials.low.node, rule, second);
  const how = html("p", {}, "Drag the animals by letter or corner, and the frame of the place; or focus one of them and use the arrow keys. Can you:"); // prettier-ignore
  const tasks = makeTaskList();
  const free = html("div", { class: "cw-free" }, how, tasks);
  const side = html("div", { class: "cw-side" }, ask, counts, settings, free);
  ui.body.append(html("div", { class: "cw-stage" }, html("div", {}, scene.node, below), side));
  const primary = button("Count", () => goOn(), { class: "cw-primary" });
  const onwards = button("Next positive", () => goToPositive());
  const again = button("Back to the first boxes", () => set({ box: [], other: [] }));
  ui.tools.append(primary, onwards, again);

  let cells = null;
  function makeCells() {
    const [high, low] = names();
    cells = numberGrid({
      label: `How many of ${TOTAL} anchors: ${high}, ${low}`,
      rows: 1,
      columns: 2,
      size: 84,
      rowName: () => "",
      columnName: (column) => names()[column],
      on: {
        key: (event, row, column) => typeNumber(event, guesses[column], typing(column)),
        point: (row, column) => step === 0 && ui.point(cellSentence(column)),
        leave: () => ui.point(null),
      },
    });
    cellsSlot.replaceChildren(cells.node);
  }

  const typing = (column) => ({
    most: TOTAL,
    put: (number) => put(column, number),
    next: () => cells.next(0, column),
    enter: () => goOn(),
  });

  function put(column, number) {
    if (step !== 0) return false;
    guesses[column] = number;
    paint();
    cells.repoint();
    return true;
  }

  function cellSentence(column) {
    const what = `Anchors with an IoU of ${names()[column]} with the cow, of ${TOTAL}`;
    return guesses[column] === null
      ? `${what}: type how many. Space goes on.`
      : `${what}: you expect ${guesses[column]}.`;
  }

  // One threshold takes the other with it where they would cross.
  function setThreshold(name, value) {
    if (name === "high") set({ high: value, low: Math.min(model.get("low"), value) });
    else set({ low: value, high: Math.max(model.get("high"), value) });
  }

  function choose(to) {
    const moved = anchorAt(to) !== anchorAt(place);
    place = to;
    if (!moved) return;
    paint();
    if (step > 0) ui.say(explainAnchor(state(), anchorAt(place)));
  }

  // The next positive in reading order, after the last one the first.
  function goToPositive() {
    const now = state();
    const positives = now.matches.flatMap((match, anchor) => (match >= 0 ? [anchor] : []));
    const next = positives.find((anchor) => anchor > anchorAt(place)) ?? positives[0];
    if (next !== undefined) place = placeOf(next);
    paint();
    ui.say(next === undefined ? "No anchor is positive." : explainAnchor(now, next));
  }

  // ---- the questions

  function begin() {
    [step, guesses, answers, reason, asked, place] = [0, [null, null], null, null, false, { ...FIRST }];
    makeCells();
    paint();
    ui.say(opening());
  }

  function goOn() {
    if (step === 2) return;
    const made = step === 0 ? guesses.filter((guess) => guess !== null).length : Number(reason !== null);
    if (made === 0 && !asked) {
      asked = true;
      const what = step === 0 ? "type at least one of the two numbers" : "choose one of the three reasons";
      ui.say(`Predict first: ${what}. Or press ${primary.textContent} once more to only look.`);
      return;
    }
    [total.guessed, asked] = [total.guessed + made, false];
    if (step === 0) count();
    else why();
  }

  function count() {
    const now = state();
    answers = answersOf(now);
    total.right += guesses.filter((guess, at) => guess !== null && isRight(guess, answers[at], at)).length;
    place = placeOf(bestOf(now.overlaps[0]));
    step = answers[0] > 0 ? 2 : 1; // an anchor that reaches the threshold leaves nothing to ask for
    paint();
    const { positive } = now.counts;
    const yet = ` Yet ${positive === 1 ? "one anchor is" : `${positive} anchors are`} positive.`;
    if (step === 1) reasons.node.querySelector("input").focus({ preventScroll: true });
    else scene.focus(0);
    ui.say(`${explainCounts(guesses, now)}${step === 1 ? yet : ""}`);
  }

  function why() {
    total.right += Number(reason === "best");
    step = 2;
    paint();
    scene.focus(0);
    ui.say(explainWhy(reason, state()));
  }

  function keepTasks(now) {
    const fresh = TASKS.filter((task) => !done.has(task.name) && task.done(now));
    for (const { name } of fresh) done.add(name);
    return fresh.map(({ text }) => `Made: ${text}. `).join("");
  }

  // ---- painting

  function paint() {
    const now = state();
    const known = step > 0;
    const { objects, overlaps, matches, high, low } = now;
    const chosen = anchorAt(place);
    const [mine, most] = [ownOf(overlaps, chosen), overlaps.map((row) => Math.max(...row))];
    const iou = known ? iouText(overlaps[mine][chosen], high, low) : null;
    const kinds6 = `${now.counts.positive} positive, ${now.counts.ignored} ignored, ${now.counts.negative} negative`;
    const places = `${placeText(place)}, anchor ${sidesText(ANCHORS[chosen])}`;
    const described = objects.map((box, at) => `${NAMES[at]} ${cornersText(box)}`).join(", ");
    scene.paint({
      boxes: objects,
      matches: known ? matches : null,
      label: `Picture with ${TOTAL} anchors; ${described}${known ? `; ${kinds6}` : ""}`,
      said: objects.map((box, at) => `${cornersText(box)}${known ? `; best IoU ${iouText(most[at], high, low)}; ${kinds6}` : ""}`), // prettier-ignore
      placeSaid: known ? explainAnchor(now, chosen) : places,
      iou: known ? `IoU ${iou}` : null,
      fixed: step < 2,
    });
    here.textContent = `The anchors in ${placeText(place)}${known ? ", and their IoU" : ""}`;
    kinds.paint(known ? now : null, place);
    deltas.hidden = settings.hidden = free.hidden = onwards.hidden = again.hidden = step !== 2;
    if (step === 2) deltas.replaceChildren(...drawDeltas(now, chosen));

    ask.hidden = step === 2 && guesses.every((guess) => guess === null);
    pad.hidden = step !== 0;
    reasons.node.hidden = step !== 1;
    reasons.set(reason);
    question.textContent = [
      `How many of the ${TOTAL} anchors have an IoU with the cow of …`,
      `The chosen anchor has ${iou}, less than ${short(high)}, and is positive. Why?`,
      "What you expected:",
    ][step];
    cellsSlot.hidden = step === 1;
    cells.paint((_, column) => describeCell(column));
    counts.hidden = !known;
    const rules = { positive: `from ${short(high)}`, ignored: "between", negative: `below ${short(low)}` };
    counts.replaceChildren(...(known ? drawCounts(now.counts, rules) : []));
    dials.high.set(high);
    dials.low.set(low);
    rule.setAttribute("aria-checked", String(model.get("low_quality")));
    second.setAttribute("aria-checked", String(model.get("second")));
    primary.hidden = step === 2;
    primary.textContent = ["Count", "Answer", ""][step];
    tasks.replaceChildren(...TASKS.map(({ name, text }) => drawTask(text, done.has(name))));
    const made = done.size ? `, ${done.size} of ${TASKS.length} made` : "";
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right${made}`
      : `Score: no prediction yet${made}`;
    Object.assign(ui.root.dataset, {
      step,
      boxes: objects.map((box) => box.join(" ")).join(", "),
      place: `${place.row} ${place.column} ${place.kind}`,
      done: [...done].join(" "),
    });
    const found = { counts: Object.values(now.counts).join(" "), iou, match: matches[chosen] };
    if (known) Object.assign(ui.root.dataset, { ...found, deltas: deltasText(objects[mine], ANCHORS[chosen]) });
    else for (const name of ["counts", "iou", "match", "deltas"]) delete ui.root.dataset[name];
  }

  function describeCell(column) {
    const guess = guesses[column];
    const name = names()[column];
    if (answers === null) {
      const label = guess === null ? `${name}: no prediction` : `${name}: you predict ${guess}`;
      return { text: guess ?? "", tones: guess === null ? [] : ["guess"], label };
    }
    const value = answers[column];
    if (guess === null) return { text: value, tones: ["given"], label: `${name}: ${value}` };
    const right = isRight(guess, value, column);
    const label = `${name}: ${value}, predicted ${guess}, ${right ? "right" : "wrong"}`;
    // Three digits leave no room for a mark at their corner: it stands under them.
    if (right)
      return { text: value, note: guess === value ? "✓" : `✓ for ${guess}`, tones: ["given", "is-right"], label };
    return { text: value, struck: guess, tones: ["given", "is-wrong"], label };
  }

  // ---- changes

  let ruledBefore = true; // whether the rule held at the change before
  function changed() {
    if (step < 2) {
      begin();
      return;
    }
    const now = state();
    const made = keepTasks(now);
    paint();
    const ruled = ruledBefore !== now.lowQuality;
    ruledBefore = now.lowQuality;
    ui.say(`${made}${ruled ? explainRule(now) : explainScene(now)}`);
  }

  begin();
  const heard = ["box", "other", "second", "high", "low", "low_quality"].map((name) => `change:${name}`);
  for (const event of heard) model.on(event, changed);
  return () => {
    for (const event of heard) model.off(event, changed);
    ui.root.remove();
  };
}

export default { render };
