// Drawing of the TransposedConvolution widget: the settings, the question for the output's size, and one of two stages:
// stamps that land in the output (stamps.js), or a window over the input with zeros (zeros.js). The map of overlaps
// stands below. Each move is a function of core.js or gather.js.

import { button, choice, digitPad, frame, html, numberGrid, panel, typeDigit, typeNumber } from "../shared/draw.js";
import { CHOICES, PRESETS, allowedValues, fit, presetOf, sizeSlip } from "./core.js";
import { overlapPanel } from "./map.js";
import { stampStage } from "./stamps.js";
import { zerosStage } from "./zeros.js";

// The model's name of each setting, and its label.
const SETTINGS = {
  columns: ["columns", "input"],
  stride: ["stride", "stride"],
  kernel: ["kernel_size", "kernel"],
  padding: ["padding", "padding"],
  outputPadding: ["output_padding", "output_padding"],
};
const TRAITS = ["way", "seed", ...Object.values(SETTINGS).map(([trait]) => trait)];
const WAYS = { stamps: "Stamps", zeros: "Zeros between" };
const STAGES = { stamps: stampStage, zeros: zerosStage };
const LARGEST = 19; // of a side that is predicted: from 2 on a first digit is the whole number

function render({ model, el }) {
  const ui = frame(el, {
    name: "transposed-convolution",
    title: "Transposed convolution",
    lead:
      "Predict first: go to a cell and type its number; <kbd>Space</kbd> goes to the next one. " +
      "<kbd>Enter</kbd> takes the next step.",
  });
  const hatch = `cw-hatch-${Math.random().toString(36).slice(2)}`;
  let stage;
  let way = null;
  let sizeShown = false;
  let sizeGuess = [null, null];
  let question;
  let asked = false; // the reader was asked for a prediction; once is enough
  let busy = false; // several traits are being set, and only the last one is to be heard
  const points = { right: 0, guessed: 0 };

  // The output comes up where the question was, perhaps under a pointer that rests there. An arrival without a movement
  // is no pointing, and the sentence would be gone before it is read; it counts once the pointer moves.
  let rest = { x: null, y: null };
  let waiting = null;
  const travelled = ({ clientX: x, clientY: y }) => x !== rest.x || y !== rest.y;
  const arrive = (event) => {
    waiting = travelled(event) ? null : event.target.closest(".cw-cell");
    if (!travelled(event)) event.stopPropagation();
  };
  const follow = (event) => {
    if (waiting?.isConnected && travelled(event)) waiting.dispatchEvent(new PointerEvent("pointerenter", event));
    rest = { x: event.clientX, y: event.clientY };
  };
  ui.root.addEventListener("pointerenter", arrive, true);
  for (const name of ["pointermove", "pointerdown"]) ui.root.addEventListener(name, follow, true);

  // ---- settings

  const presets = choice(
    "Example",
    Object.entries(PRESETS).map(([name, { title }]) => [name, title]),
    null,
    (name) => change(PRESETS[name]),
  );
  const choices = Object.fromEntries(
    Object.entries(SETTINGS).map(([name, [, label]]) => {
      const options = CHOICES[name].map((value) => [String(value), name === "columns" ? `2 × ${value}` : `${value}`]);
      return [name, choice(label, options, null, (value) => change({ [name]: Number(value) }))];
    }),
  );
  const dials = html(
    "div",
    { class: "cw-dials" },
    ...Object.entries(SETTINGS).map(([name, [, label]]) =>
      html("div", { class: "cw-dial" }, html("span", { "aria-hidden": "true" }, label), choices[name].node),
    ),
  );
  const settingsNow = () =>
    fit(Object.fromEntries(Object.entries(SETTINGS).map(([name, [trait]]) => [name, model.get(trait)])));

  function change(wanted) {
    const before = { ...settingsNow(), ...wanted };
    const settings = fit(before);
    busy = true;
    for (const [name, [trait]] of Object.entries(SETTINGS)) model.set(trait, settings[name]);
    busy = false;
    model.save_changes();
    restart();
    const lowered = ["padding", "outputPadding"].filter((name) => settings[name] < before[name]);
    if (lowered.length) {
      const what = lowered.map((name) => `${SETTINGS[name][1]} is ${settings[name]} now`).join(", ");
      ui.say(`These settings do not go together, so ${what}. ${opening()}`);
    }
  }

  // ---- the stage

  const ways = choice("Picture", Object.entries(WAYS), null, (name) => {
    model.set("way", name);
    model.save_changes();
  });
  ways.node.classList.add("cw-ways");
  const given = html("div", { class: "cw-given-panels" });
  const result = html("div", { class: "cw-result" });
  const sizes = html("table", { class: "cw-sizes" });
  const map = overlapPanel();
  ui.body.append(
    ways.node,
    presets.node,
    dials,
    html("div", { class: "cw-stage" }, given, html("div", {}, result, sizes)),
  );

  const primary = button("", () => proceed(), { class: "cw-primary cw-step" });
  const back = button("Back", () => stage.retreat());
  const all = button("", () => predicted() && stage.finish());
  const again = button("New numbers", () => {
    model.set("seed", model.get("seed") + 1);
    model.save_changes();
  });
  const asking = button("Ask for the size first", () => setAsking(asking.getAttribute("aria-checked") !== "true"), {
    role: "switch",
    "aria-checked": "true",
  });
  ui.tools.append(primary, back, all, again, asking, digitPad(pressDigit));
  ui.root.append(map.node);

  const type = (event, value, how) => typeNumber(event, value, { ...how, enter: proceed });
  const context = { ui, given, result, hatch, sized: () => sizeShown, type, moved, painted };

  function setAsking(on) {
    asking.setAttribute("aria-checked", String(on));
    if (!on && !sizeShown) showSize();
  }

  // The one next thing: answer the size, then what the stage has to offer.
  function proceed() {
    if (!sizeShown) {
      if (sizeGuess.every((value) => value === null) && !asked) {
        asked = true;
        ui.say("Predict first: type the number of rows and of columns. Or press once more to only look.");
      } else showSize();
    } else if (predicted()) stage.advance();
  }

  // True once there is a prediction, or the reader was asked for one.
  function predicted() {
    if (asked || stage.guessed() > 0 || sizeGuess.some((value) => value !== null)) return true;
    asked = true;
    ui.say("Predict at least one cell first: type its number. Or press once more to only look.");
    return false;
  }

  function moved(sentence, judged) {
    if (judged) count(judged);
    painted();
    ui.say(sentence);
  }

  function count({ right, guessed }) {
    points.right += right;
    points.guessed += guessed;
  }

  function pressDigit(digit) {
    const press = (value, how) => (digit === null ? how.put(null) : typeDigit(digit, value, how));
    if (sizeShown) stage.digit(press);
    else press(sizeGuess[question.stop()[1]], typingSize(question.stop()[1]));
  }

  // ---- the size

  function showSize() {
    const held = result.contains(document.activeElement);
    const { size } = stage.game();
    const made = [0, 1].filter((axis) => sizeGuess[axis] !== null);
    const right = made.filter((axis) => sizeGuess[axis] === size[axis]);
    count({ guessed: made.length, right: right.length });
    sizeShown = true;
    stage.layResult();
    if (held) stage.focus();
    stage.paint();
    const slips = [0, 1].map((axis) => sizeSlip(stage.game(), axis, sizeGuess[axis])).filter((text) => text !== "");
    const verdict = made.length === 0 ? "" : right.length === made.length ? " Right." : ` Not quite.${slips[0] ?? ""}`;
    ui.say(`The output is ${size.join(" × ")}.${verdict} ${stage.opening()}`);
  }

  const opening = () =>
    sizeShown ? stage.opening() : "How large will the output be? Type its rows, then its columns.";

  const typingSize = (axis) => ({
    most: LARGEST,
    put: (value) => {
      sizeGuess[axis] = value;
      paintQuestion();
      question.repoint();
      return true;
    },
    next: () => question.next(0, axis),
  });

  function layQuestion() {
    question = numberGrid({
      label: "Your prediction of the output's size",
      rows: 1,
      columns: 2,
      size: 60,
      rowName: () => "",
      columnName: (axis) => ["rows", "columns"][axis],
      on: {
        key: (event, _, axis) => type(event, sizeGuess[axis], typingSize(axis)),
        point: (_, axis) => {
          const expected = sizeGuess[axis] === null ? "type how many you expect." : `you expect ${sizeGuess[axis]}.`;
          ui.point(`${["Rows", "Columns"][axis]} of the output: ${expected}`);
        },
        leave: () => ui.point(null),
      },
    });
    const { node } = panel("Output", "How large will it be?", question.node);
    node.dataset.part = "question";
    result.replaceChildren(node);
    paintQuestion();
  }

  function paintQuestion() {
    question.paint((_, axis) => {
      const name = ["rows", "columns"][axis];
      const value = sizeGuess[axis];
      if (value === null) return { text: "?", tones: ["zero"], label: `${name}: no prediction` };
      return { text: value, tones: ["guess"], label: `${name}: you predict ${value}` };
    });
  }

  // What was predicted of the size, beside what it is. How it is computed is for the reader to find.
  function paintSizes() {
    sizes.hidden = !sizeShown || sizeGuess.every((value) => value === null);
    if (sizes.hidden) return;
    const lines = ["rows", "columns"].map((name, axis) => {
      const [guessed, right] = [sizeGuess[axis], stage.game().size[axis]];
      const answer = [html("b", {}, String(right))];
      if (guessed === right) answer.push(html("span", { class: "cw-good" }, " ✓"));
      else if (guessed !== null)
        answer.push(html("s", { class: "cw-bad" }, String(guessed)), html("span", { class: "cw-bad" }, " ✗"));
      return html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, ...answer));
    });
    sizes.replaceChildren(html("tbody", {}, ...lines));
  }

  // ---- rounds

  // What stands around the stage, after each of its moves.
  function painted() {
    paintSizes();
    const label = sizeShown ? stage.label() : "Show the size";
    if (primary.textContent !== label) primary.textContent = label;
    primary.setAttribute("aria-disabled", String(sizeShown && stage.ended()));
    if (all.textContent !== stage.all) all.textContent = stage.all;
    back.hidden = all.hidden = !sizeShown;
    ui.score.textContent = points.guessed
      ? `Score: ${points.right} of ${points.guessed} right`
      : "Score: no prediction yet";
    const { stage: name, laid } = stage.state();
    Object.assign(ui.root.dataset, { way, stage: sizeShown ? name : "size", laid, seed: model.get("seed") });
  }

  // New settings ask for the size again; new numbers and another picture of the same do not.
  let known = null;
  function restart() {
    const settings = settingsNow();
    if (way !== model.get("way")) {
      way = model.get("way");
      stage = STAGES[way](context);
    }
    if (known === null || Object.keys(settings).some((name) => settings[name] !== known[name])) {
      sizeShown = asking.getAttribute("aria-checked") !== "true";
      sizeGuess = [null, null];
      known = settings;
    }
    stage.begin(model.get("seed"), settings);
    stage.layGiven();
    if (sizeShown) stage.layResult();
    else layQuestion();
    stage.paint();
    ways.set(way);
    presets.set(presetOf(settings));
    for (const name of Object.keys(SETTINGS)) choices[name].set(String(settings[name]));
    for (const name of ["padding", "outputPadding"]) choices[name].allow(allowedValues(settings, name).map(String));
    map.node.hidden = way !== "stamps";
    map.show(settings);
    ui.say(opening());
  }

  const heard = () => busy || restart();
  restart();
  for (const trait of TRAITS) model.on(`change:${trait}`, heard);
  return () => {
    for (const trait of TRAITS) model.off(`change:${trait}`, heard);
    ui.root.remove();
  };
}

export default { render };
