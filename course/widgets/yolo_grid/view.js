// Drawing of the YoloGrid widget: the picture with its cells beside the settings, and under it the numbers of the cells.
// Two questions come first; until they were answered or passed, no cell answers and the animals stay.

import { button, choice, digitPad, frame, html, numberGrid, typeDigit, typeNumber } from "../shared/draw.js";
import { drawTask, makeTaskList } from "../shared/tasks.js";
import {
  ASKED,
  EQUAL,
  GRIDS,
  LAMBDAS,
  LOST,
  OTHER,
  SAID,
  START,
  TASKS,
  answersOf,
  countNumbers,
  filledCells,
  judged,
} from "./core.js";
import { BOX_NAMES, dial, drawSaid, drawShares, drawTargets } from "./parts.js";
import { gridScene } from "./scene.js";
import {
  askedText,
  cellText,
  cornersText,
  describePicture,
  explainCells,
  explainLoss,
  explainLost,
  explainTargets,
  explainWeights,
  numbersText,
  opening,
  two,
} from "./words.js";

const VIEWS = [["targets", "What the cells should say"], ["loss", "What it costs"]]; // prettier-ignore
const PLACES = ["box", "other", "one", "two"]; // the traits of what can be dragged, in the scene's order
const FIRST = [START, OTHER, ...SAID];
const HEARD = [...PLACES, "grid", "view", "second", "confidences", "elsewhere", "score", "weighted"];

function render({ model, el }) {
  const ui = frame(el, {
    name: "yolo-grid",
    title: "Which cell answers?",
    lead:
      "A network looks once at the picture, and every cell of a grid says at once what is there. For each animal <i>one</i> cell " +
      "has to answer: what it should say is made before training, from the animal's box.",
  });
  let step = 0; // two questions, then everything is free
  let guesses = [null, null, null];
  let answers = null; // what the first question's numbers are, from its answer on
  let reason = null;
  let asked = false;
  let before = null; // what the last sentence was about
  const done = new Set();
  const total = { right: 0, guessed: 0 };
  const set = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };
  const boxOf = (at) => [model.get(PLACES[at]), FIRST[at]].find((box) => box.length);
  const lambdas = () => (model.get("weighted") ? LAMBDAS : EQUAL);
  const inLoss = () => step === 2 && model.get("view") === "loss";

  // The first question is about the cow alone, the second about both; in the loss the cow is alone again.
  function state() {
    const withDog = step === 1 || (step === 2 && !inLoss() && model.get("second"));
    const now = filledCells(withDog ? [boxOf(0), boxOf(1)] : [boxOf(0)], model.get("grid"));
    if (!inLoss()) return now;
    const said = { boxes: [boxOf(2), boxOf(3)], confidences: model.get("confidences"), elsewhere: model.get("elsewhere"), score: model.get("score") }; // prettier-ignore
    return { ...now, cost: judged(now, said, lambdas()) };
  }

  // ---- parts

  const scene = gridScene({ boxOf, moveBox: (at, box) => set({ [PLACES[at]]: box }) });
  const views = choice("Show", VIEWS, "targets", (view) => set({ view }));
  const numbers = html("div", { class: "cw-numbers" });

  const question = html("p", { class: "cw-question" });
  const cells = numberGrid({
    label: "The cell that answers, and how many numbers all cells say",
    rows: 1,
    columns: ASKED.length,
    size: 74,
    rowName: () => "",
    columnName: (column) => ASKED[column],
    on: {
      key: (event, row, column) => typeNumber(event, guesses[column], typing(column)),
      point: (row, column) => step === 0 && ui.point(cellSentence(column)),
      leave: () => ui.point(null),
    },
  });
  const pad = digitPad((digit) => {
    const [, column] = cells.stop();
    if (digit === null) put(column, null);
    else typeDigit(digit, guesses[column], typing(column));
  });
  const losts = choice("In this cell's target stands", LOST, null, (value) => {
    reason = value;
    paint();
  });
  const ask = html("div", { class: "cw-ask" }, question, cells.node, pad, losts.node);

  const grid = dial("Cells to a side", "cells to a side", { least: GRIDS[0], most: GRIDS[1], step: 1 }, (value) => set({ grid: value })); // prettier-ignore
  const size = html("p", { class: "cw-size" });
  const second = button("A dog is there too", () => set({ second: !model.get("second") }), { role: "switch", "aria-checked": "true" }); // prettier-ignore
  const share = { least: 0, most: 1, step: 0.05 };
  const sure = BOX_NAMES.map((name, at) => dial(`How sure ${name} is`, `${name} is sure by`, share, (value) => setSure(at, value))); // prettier-ignore
  const elsewhere = dial("How sure all other cells are", "all other cells by", share, (value) => set({ elsewhere: value })); // prettier-ignore
  const score = dial("Class score of the cow", "class score, cow", share, (value) => set({ score: value }));
  const shares = html("div", { class: "cw-loss" });
  const weighted = button("λ = 5 for centre and size, 0.5 for no object", () => set({ weighted: !model.get("weighted") }), { role: "switch", "aria-checked": "true" }); // prettier-ignore
  const says = html("div", { class: "cw-says" }, ...[...sure, elsewhere, score].map(({ node }) => node));
  const below = html("div", { class: "cw-below" }, numbers, says);
  const settings = html("div", { class: "cw-settings" }, grid.node, size, second, shares, weighted);
  const how = html("p", {}, "Drag what has a letter or a number, by that or by its corner; or focus one of them and use the arrow keys, with Shift for quarters. Can you:"); // prettier-ignore
  const tasks = makeTaskList();
  const free = html("div", { class: "cw-free" }, how, tasks);
  const side = html("div", { class: "cw-side" }, ask, settings, free);
  ui.body.append(views.node, html("div", { class: "cw-stage" }, html("div", {}, scene.node, below), side));
  const primary = button("Show the cell", () => goOn(), { class: "cw-primary" });
  const again = button("Back to the first boxes", () => set({ box: [], other: [], one: [], two: [] }));
  ui.tools.append(primary, again);

  const typing = (column) => ({
    most: column < 2 ? 9 : 9999,
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
    const what = askedText(column, model.get("grid"));
    return guesses[column] === null ? `${what}: type it. Space goes on.` : `${what}: you expect ${guesses[column]}.`;
  }

  function setSure(at, value) {
    set({ confidences: model.get("confidences").map((number, other) => (other === at ? value : number)) });
  }

  // ---- the questions

  function begin() {
    [step, guesses, answers, reason, asked] = [0, [null, null, null], null, null, false];
    paint();
    ui.say(opening(model.get("grid")));
  }

  function goOn() {
    if (step === 2) return;
    const made = step === 0 ? guesses.filter((guess) => guess !== null).length : Number(reason !== null);
    if (made === 0 && !asked) {
      asked = true;
      const what = step === 0 ? "type at least one of the three numbers" : "choose one of the four";
      ui.say(`Predict first: ${what}. Or press ${primary.textContent} once more to only look.`);
      return;
    }
    [total.guessed, asked] = [total.guessed + made, false];
    if (step === 0) showCell();
    else tellLost();
  }

  function showCell() {
    const now = state();
    answers = answersOf(now);
    total.right += guesses.filter((guess, at) => guess === answers[at]).length;
    step = 1;
    const shared = state().objects[1].lost;
    if (!shared) setFree(); // animals that have their own cells leave nothing to ask for
    paint();
    if (shared) losts.node.querySelector("input").focus({ preventScroll: true });
    else scene.focus(0);
    ui.say(`${explainCells(guesses, now)}${shared ? " Now a dog comes, and its centre lies in the same cell." : ""}`);
  }

  function tellLost() {
    total.right += Number(reason === "first");
    setFree();
    paint();
    scene.focus(0);
    ui.say(explainLost(reason));
  }

  function setFree() {
    step = 2;
    before = seen(state());
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
    const { objects, cost } = now;
    // While the second question is open, that the dog has no cell would be its answer.
    const open = step === 1 ? { ...now, objects: objects.map((object) => ({ ...object, lost: false })) } : now;
    const tellAnimal = ({ box, place, lost }) => `${cornersText(box)}${known ? `; ${lost ? "no cell" : cellText(place)}` : ""}`; // prettier-ignore
    const tellSaid = (at) => `${cornersText(boxOf(at))}; IoU ${two(cost.ious[at - 2])}${cost.answers === at - 2 ? ", answers" : ""}`; // prettier-ignore
    scene.paint({
      now: open,
      said: [boxOf(2), boxOf(3)],
      known,
      label: describePicture(open, known),
      told: (at) => (at < 2 ? tellAnimal(open.objects[at]) : tellSaid(at)),
      shown: [true, objects.length > 1, cost !== null, cost !== null],
      fixed: step < 2,
    });
    views.node.hidden = below.hidden = settings.hidden = free.hidden = again.hidden = step !== 2;
    views.set(model.get("view"));
    paintQuestions(now);
    if (step === 2) paintSettings(now);
    tasks.replaceChildren(...TASKS.map(({ name, text }) => drawTask(text, done.has(name))));
    const made = done.size ? `, ${done.size} of ${TASKS.length} made` : "";
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right${made}`
      : `Score: no prediction yet${made}`;
    publish(now);
  }

  function paintQuestions({ grid: sides }) {
    ask.hidden = inLoss() || (step === 2 && guesses.every((guess) => guess === null));
    pad.hidden = step !== 0;
    cells.node.style.display = step === 1 ? "none" : "";
    losts.node.hidden = step !== 1;
    losts.set(reason);
    question.textContent = [
      `Which of the ${sides} × ${sides} cells answers for the cow? And how many numbers do all cells say together?`,
      "The dog's centre lies in the cow's cell, and the list of objects begins with the cow. What stands in this cell's target?",
      "What you expected:",
    ][step];
    cells.paint((_, column) => describeCell(column));
    primary.hidden = step === 2;
    primary.textContent = ["Show the cell", "Answer", ""][step];
  }

  function paintSettings(now) {
    const loss = now.cost !== null;
    const sides = now.grid;
    numbers.replaceChildren(...(loss ? drawSaid(now) : drawTargets(now)));
    grid.set(sides, String(sides));
    size.textContent = `${sides} · ${sides} · (2 · 5 + 3) = ${countNumbers(sides)} numbers`;
    second.hidden = loss;
    second.setAttribute("aria-checked", String(model.get("second")));
    shares.hidden = weighted.hidden = says.hidden = !loss;
    if (!loss) return;
    shares.replaceChildren(drawShares(now));
    sure.forEach((each, at) => each.set(model.get("confidences")[at], two(model.get("confidences")[at])));
    elsewhere.set(model.get("elsewhere"), two(model.get("elsewhere")));
    score.set(model.get("score"), two(model.get("score")));
    weighted.setAttribute("aria-checked", String(model.get("weighted")));
  }

  function describeCell(column) {
    const guess = guesses[column];
    const name = ASKED[column];
    if (answers === null) {
      const label = guess === null ? `${name}: no prediction` : `${name}: you predict ${guess}`;
      return { text: guess ?? "", tones: guess === null ? [] : ["guess"], label };
    }
    const value = answers[column];
    if (guess === null) return { text: value, tones: ["given"], label: `${name}: ${value}` };
    const right = guess === value;
    const label = `${name}: ${value}, predicted ${guess}, ${right ? "right" : "wrong"}`;
    if (right) return { text: value, note: "✓", tones: ["given", "is-right"], label };
    return { text: value, struck: guess, tones: ["given", "is-wrong"], label };
  }

  // What a test, or a curious reader, can read from the page.
  function publish({ grid: sides, objects, cost }) {
    const data = { step, grid: sides, boxes: objects.map(({ box }) => box.join(" ")).join(", "), done: [...done].join(" ") }; // prettier-ignore
    Object.assign(ui.root.dataset, data);
    for (const name of ["cells", "numbers", "answers", "cost"]) delete ui.root.dataset[name];
    if (step < 2) return;
    ui.root.dataset.cells = objects
      .map(({ place, lost }) => (lost ? "none" : `${place.row} ${place.column}`))
      .join(", ");
    ui.root.dataset.numbers = numbersText(objects[0].numbers);
    if (cost === null) return;
    ui.root.dataset.answers = String(cost.answers);
    const parts = [cost.centre, cost.size, cost.object, cost.noObject, cost.classes, cost.total];
    ui.root.dataset.cost = parts.map((part) => part.toFixed(6)).join(" ");
  }

  // ---- changes

  // What the last sentence was about: a cell that is another now was left over a line, unless the grid is another.
  const seen = ({ grid: sides, objects: [{ place }] }) => ({ sides, cell: cellText(place), weighted: model.get("weighted") }); // prettier-ignore

  function changed() {
    if (step < 2) {
      begin();
      return;
    }
    const now = state();
    const made = keepTasks(now);
    paint();
    const last = before;
    before = seen(now);
    const crossed = last.sides === before.sides && last.cell !== before.cell;
    if (now.cost === null) ui.say(`${made}${explainTargets(now, crossed)}`);
    else ui.say(`${made}${last.weighted === before.weighted ? explainLoss(now) : explainWeights(lambdas(), now)}`);
  }

  begin();
  const events = HEARD.map((name) => `change:${name}`);
  for (const event of events) model.on(event, changed);
  return () => {
    for (const event of events) model.off(event, changed);
    ui.root.remove();
  };
}

export default { render };
