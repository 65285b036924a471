// Drawing of the BoxCoder widget: the proposal and the object on a picture, the four numbers beside it, and the box that
// they make. Nothing moves, and nothing is computed, before the preset's question was answered or passed.

import {
  button,
  choice,
  digitPad,
  frame,
  grip,
  html,
  numberGrid,
  slider,
  svg,
  typeDigit,
  typeNumber,
} from "../shared/draw.js";
import { drawTask, makeTaskList } from "../shared/tasks.js";
import {
  ANSWERS,
  FINE,
  HEIGHT,
  MOST,
  NUMBERS,
  PLAIN,
  PRESETS,
  SCALED,
  STEP,
  TASKS,
  WIDTH,
  centreOf,
  decode,
  decodeText,
  encode,
  encodeText,
  explainBoxes,
  explainLanding,
  explainNumbers,
  explainSame,
  explainWeights,
  explainWidth,
  iouOf,
  isClipped,
  isRight,
  limitsOf,
  movedTo,
  score,
  short,
  sidesOf,
  stretchedTo,
  two,
} from "./core.js";
import { SCALE, drawGround } from "./ground.js";

const ROOM = 26; // around the picture, for the tags of boxes at its edge
const AWAY = 10; // how far a tag stands from its corner
const BOXES = { proposal: { letter: "P", title: "Proposal" }, target: { letter: "O", title: "Object" } };

function render({ model, el }) {
  const ui = frame(el, {
    name: "box-coder",
    title: "A box in four numbers",
    lead:
      "The network saw the <i>proposal</i> P and should answer with the <i>object</i> O. It gives four numbers: how far the " +
      "centre moves, in widths and heights of P, and the logarithms of how many times as wide and as high the box becomes.",
  });
  let guesses = [null, null, null, null];
  let chosen = null; // the answer to the question about the width
  let revealed = false;
  let asked = false;
  let right = null; // the numbers that the prediction was about
  let weighing = false; // between the change of the weights and that of the numbers set by hand
  const done = new Set();
  const total = { right: 0, guessed: 0 };
  const set = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };
  const preset = () => PRESETS[model.get("preset")];
  const boxOf = (name) => (model.get(name).length ? model.get(name) : preset()[name]);

  // Everything that follows from what is set.
  function state() {
    const [proposal, target] = [boxOf("proposal"), boxOf("target")];
    const weights = model.get("scaled") ? SCALED : PLAIN;
    const free = model.get("deltas").length > 0;
    const deltas = free ? model.get("deltas") : encode(target, proposal, weights);
    return { proposal, target, weights, free, deltas, landed: decode(deltas, proposal, weights) };
  }

  // ---- the picture

  const [width, height] = [WIDTH * SCALE, HEIGHT * SCALE];
  const still = svg("g", { "aria-hidden": "true" });
  const grips = Object.keys(BOXES).map((name) => ({ name, move: mover(name), stretch: stretcher(name) }));
  const handles = svg("g", {}, ...grips.flatMap(({ move, stretch }) => [move.node, stretch.node]));
  const size = { width: width + 2 * ROOM, height: height + 2 * ROOM };
  const picture = svg("svg", { class: "cw-ground", role: "group", viewBox: `${-ROOM} ${-ROOM} ${size.width} ${size.height}`, ...size }); // prettier-ignore
  picture.append(still, handles);

  // A box moved by hand is a new pair: what was set by hand on the old one is given up.
  const moveBox = (name, box) => set({ deltas: [], [name]: box });

  function mover(name) {
    const shape = [
      svg("circle", { class: "cw-catch", r: 16 }),
      svg("rect", { class: `cw-face cw-tag cw-${name}`, x: -10, y: -10, width: 20, height: 20, rx: 4 }),
      svg("text", { class: "cw-letter" }, BOXES[name].letter),
    ];
    return grip(BOXES[name].title, shape, {
      by: (right, down, fine) => {
        const [[x, y], step] = [boxOf(name), fine ? FINE : STEP];
        moveBox(name, movedTo(boxOf(name), [x + right * step, y + down * step]));
      },
      to: (x, y) => moveBox(name, movedTo(boxOf(name), [(x + AWAY) / SCALE, (y + AWAY) / SCALE])),
    });
  }

  function stretcher(name) {
    const shape = [
      svg("circle", { class: "cw-catch", cx: 4, cy: 4, r: 14 }),
      svg("path", { class: `cw-corner cw-${name}`, d: "M-7 4H4V-7" }),
    ];
    return grip(`Corner of the ${BOXES[name].title.toLowerCase()}`, shape, {
      by: (right, down, fine) => {
        const [[, , x, y], step] = [boxOf(name), fine ? FINE : STEP];
        moveBox(name, stretchedTo(boxOf(name), [x + right * step, y + down * step]));
      },
      to: (x, y) => moveBox(name, stretchedTo(boxOf(name), [x / SCALE, y / SCALE])),
    });
  }

  // ---- what is asked

  const presets = choice(
    "Boxes",
    Object.entries(PRESETS).map(([name, { title }]) => [name, title]),
    null,
    (name) => set({ preset: name, proposal: [], target: [], deltas: [] }),
  );
  const given = html("p", { class: "cw-given" });
  const cells = numberGrid({
    label: "The four numbers, in hundredths",
    rows: 1,
    columns: 4,
    size: 62,
    rowName: () => "",
    columnName: (column) => NUMBERS[column].text,
    on: {
      key: (event, row, column) => typeNumber(event, guesses[column], typing(column)),
      point: (row, column) => !revealed && ui.point(cellSentence(column)),
      leave: () => ui.point(null),
    },
  });
  const question = html("p", { class: "cw-question" });
  const answers = choice("After decoding, the box is", ANSWERS, null, (value) => {
    chosen = value;
    paint();
  });
  const pad = digitPad((digit) => {
    const [, column] = cells.stop();
    if (digit === null) put(column, null);
    else typeDigit(digit, guesses[column], typing(column));
  });
  const ask = html("div", { class: "cw-ask" }, question, answers.node, cells.node, pad);

  const typing = (column) => ({
    most: MOST,
    put: (number) => put(column, number),
    next: () => cells.next(0, column),
    enter: () => reveal(),
  });

  function put(column, number) {
    if (revealed) return false;
    guesses[column] = number;
    paint();
    cells.repoint();
    return true;
  }

  function cellSentence(column) {
    const { text } = NUMBERS[column];
    return guesses[column] === null
      ? `The number for ${text}: type it in hundredths, 50 for 0.50. Space goes on.`
      : `The number for ${text}: you expect ${two(guesses[column] / 100)}.`;
  }

  // ---- the numbers

  const modes = choice(
    "The numbers are",
    [
      ["read", "read from the boxes"],
      ["hand", "set by hand"],
    ],
    null,
    (value) => set({ deltas: value === "hand" ? [0, 0, 0, 0] : [] }),
  );
  const rows = NUMBERS.map(({ name, text }, at) => {
    const dial = slider(`Number for ${text}`, {
      least: -30,
      most: 50,
      step: 0.05,
      change: (value) => set({ deltas: state().deltas.map((old, other) => (other === at ? Number(value.toFixed(2)) : old)) }), // prettier-ignore
    });
    const [number, how] = [html("b", {}), html("span", { class: "cw-how" })];
    const label = html("span", {}, text, " ", html("i", {}, name[0], html("sub", {}, name[1])));
    const node = html("div", { class: "cw-row" }, label, number, html("div", {}, dial.node, how));
    return { node, dial, number, how };
  });
  const table = html("div", { class: "cw-rows" }, ...rows.map(({ node }) => node));
  const tasks = makeTaskList();
  const numbers = html("div", { class: "cw-numbers" }, modes.node, table, tasks);
  const side = html("div", { class: "cw-side" }, given, ask, numbers);
  ui.body.append(presets.node, html("div", { class: "cw-stage" }, html("div", {}, picture), side));

  const primary = button("Compute", () => reveal(), { class: "cw-primary" });
  const again = button("Back to the first boxes", () => set({ proposal: [], target: [], deltas: [] }));
  const scaled = button("Weights 10, 10, 5, 5", () => weigh(), { role: "switch", "aria-checked": "false" });
  ui.tools.append(primary, again, scaled);

  // The weights change the numbers, and not the box: what was set by hand is scaled with them.
  function weigh() {
    const { deltas, free, weights } = state();
    const next = model.get("scaled") ? PLAIN : SCALED;
    const changed = free ? deltas.map((number, at) => Number(((number / weights[at]) * next[at]).toFixed(4))) : [];
    weighing = true;
    set({ deltas: changed, scaled: !model.get("scaled") });
    weighing = false;
    paint();
    ui.say(revealed ? explainWeights(next, free) : opening());
  }

  function reveal() {
    if (revealed) return;
    const { deltas, weights, target, proposal } = state();
    const { asks } = preset();
    const made = asks === "width" ? Number(chosen !== null) : score(guesses, deltas).guessed;
    if (made === 0 && !asked) {
      asked = true;
      const what = asks === "width" ? "choose one of the three answers" : "type at least one of the four numbers";
      ui.say(`Predict first: ${what}. Or press Compute once more to only look.`);
      return;
    }
    total.guessed += made;
    total.right += asks === "width" ? Number(chosen === "narrower") : score(guesses, deltas).right;
    revealed = true;
    right = deltas;
    paint();
    grips[1].move.node.focus({ preventScroll: true });
    if (asks === "width") ui.say(explainWidth(chosen, deltas, weights, target, proposal));
    else if (model.get("preset") === "large") ui.say(explainSame(guesses, deltas));
    else ui.say(explainNumbers(guesses, deltas, target, proposal));
  }

  function opening() {
    if (preset().asks === "width")
      return "Encoding gave the four numbers of this pair. Decoding applies them to the proposal. Where does the right edge land?";
    const weights = model.get("scaled") ? "with weights of 10, 10, 5 and 5" : "with weights of 1";
    return `Type the four numbers, ${weights}, in hundredths: 50 is 0.50. The natural logarithms of 2, 3 and 10 are 0.69, 1.10 and 2.30.`;
  }

  // ---- painting

  function paint() {
    const now = state();
    const { proposal, target, weights, free, deltas, landed } = now;
    const asksWidth = preset().asks === "width";
    const shown = revealed && (free || isClipped(deltas, weights).length > 0);
    still.replaceChildren(...drawGround(now, shown));
    const described = Object.entries({ proposal, target }).map(([name, box]) => `${BOXES[name].title} ${corners(box)}`);
    picture.setAttribute("aria-label", described.join("; "));
    for (const { name, move, stretch } of grips) {
      const box = boxOf(name);
      const said = `${corners(box)}${revealed ? `; numbers ${deltas.map(two).join(", ")}` : ""}`;
      move.set(box[0] * SCALE - AWAY, box[1] * SCALE - AWAY, box[0], said);
      stretch.set(box[2] * SCALE, box[3] * SCALE, box[2], said);
      for (const { node } of [move, stretch]) {
        node.setAttribute("tabindex", revealed ? "0" : "-1");
        node.setAttribute("aria-disabled", String(!revealed));
      }
    }
    handles.setAttribute("class", revealed ? "" : "cw-fixed");

    presets.set(model.get("preset"));
    given.replaceChildren(...Object.keys(BOXES).map(describeBox));
    ask.hidden = revealed && (asksWidth || free || !isFirst());
    question.textContent = asksWidth
      ? "The numbers of this pair are below. Applied to the proposal, the box is"
      : revealed
        ? "What you expected:"
        : "Which four numbers take P to O?";
    answers.node.hidden = !asksWidth;
    cells.node.toggleAttribute("hidden", asksWidth);
    pad.hidden = asksWidth || revealed;
    answers.set(chosen);
    cells.paint((_, column) => describeCell(column));
    paintNumbers(now, asksWidth);
    primary.hidden = revealed;
    again.hidden = !revealed;
    scaled.setAttribute("aria-checked", String(model.get("scaled")));
    const made = done.size ? `, ${done.size} of ${TASKS.length} made` : "";
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right${made}`
      : `Score: no prediction yet${made}`;
    Object.assign(ui.root.dataset, { revealed: String(revealed), preset: model.get("preset"), done: [...done].join(" ") }); // prettier-ignore
    if (revealed)
      Object.assign(ui.root.dataset, { deltas: deltas.map(two).join(" "), landed: landed.map(short).join(" "), iou: two(iouOf(landed, target)) }); // prettier-ignore
    else for (const name of ["deltas", "landed", "iou"]) delete ui.root.dataset[name];
  }

  const corners = ([x1, y1, x2, y2]) => `(${short(x1)}, ${short(y1)}) to (${short(x2)}, ${short(y2)})`;
  const isFirst = () => !model.get("proposal").length && !model.get("target").length;

  function describeBox(name) {
    const [[wide, high], [x, y]] = [sidesOf(boxOf(name)), centreOf(boxOf(name))];
    const { letter, title } = BOXES[name];
    const chip = html("b", { class: `cw-chip cw-${name}` }, letter);
    return html("span", {}, chip, ` ${title.toLowerCase()}: ${short(wide)} × ${short(high)}, centre (${short(x)}, ${short(y)})`); // prettier-ignore
  }

  function describeCell(column) {
    const [guess, { text }] = [guesses[column], NUMBERS[column]];
    const expected = guess === null ? null : two(guess / 100);
    if (!revealed) {
      const label = guess === null ? `${text}: no prediction` : `${text}: you predict ${expected}`;
      return { text: expected ?? "", tones: guess === null ? [] : ["guess"], label };
    }
    const value = two(right[column]);
    if (guess === null) return { text: value, tones: ["given"], label: `${text}: ${value}` };
    if (isRight(guess, right[column]))
      return { text: value, mark: "✓", tones: ["given", "is-right"], label: `${text}: ${value}, predicted right` };
    const label = `${text}: ${value}, wrongly predicted ${expected}`;
    return { text: value, struck: expected, mark: "✗", tones: ["given", "is-wrong"], label };
  }

  function paintNumbers({ proposal, target, weights, free, deltas }, asksWidth) {
    numbers.hidden = !revealed && !asksWidth;
    modes.node.hidden = tasks.hidden = !revealed;
    modes.set(free ? "hand" : "read");
    const clipped = isClipped(deltas, weights);
    rows.forEach(({ node, dial, number, how }, at) => {
      const [least, most] = limitsOf(at, weights);
      Object.assign(dial.node, { min: least, max: most });
      dial.node.hidden = !free;
      dial.set(deltas[at], `${two(deltas[at])}; ${decodeText(at, deltas, proposal, weights)}`);
      number.textContent = two(deltas[at]);
      const cut = revealed && clipped.includes(at);
      node.classList.toggle("cw-cut", cut);
      const read = encodeText(at, target, proposal, weights);
      const back = decodeText(at, deltas, proposal, weights);
      how.textContent = free ? back : cut ? `= ${read}; back: ${back}` : `= ${read}`;
    });
    tasks.replaceChildren(...TASKS.map(({ name, text }) => drawTask(text, done.has(name))));
  }

  // ---- changes

  function keepTasks() {
    const fresh = revealed ? TASKS.filter((task) => !done.has(task.name) && task.done(state())) : [];
    for (const { name } of fresh) done.add(name);
    return fresh.map(({ text }) => `Made: ${text}. `).join("");
  }

  let shownPreset = null;
  function changed() {
    if (weighing) return;
    if (shownPreset !== model.get("preset")) {
      shownPreset = model.get("preset");
      guesses = [null, null, null, null];
      [chosen, revealed, asked] = [null, false, false];
      paint();
      ui.say(opening());
      return;
    }
    const made = keepTasks();
    paint();
    if (!revealed) return;
    const { deltas, weights, target, proposal, free } = state();
    ui.say(`${made}${(free ? explainLanding : explainBoxes)(deltas, weights, target, proposal)}`);
  }

  changed();
  const heard = ["preset", "proposal", "target", "scaled", "deltas"].map((name) => `change:${name}`);
  for (const event of heard) model.on(event, changed);
  return () => {
    for (const event of heard) model.off(event, changed);
    ui.root.remove();
  };
}

export default { render };
