// Drawing of the SlidingWindow widget: image, feature map and scores from left to right, under each map the weights that
// make it; beside them the ledger, where four predictions meet what the run counts. Each step is a state of core.js.

import { button, choice, frame, html, numberGrid, panel } from "../shared/draw.js";
import {
  FILTER,
  MODES,
  SIZES,
  compareScore,
  conclude,
  diagnose,
  explainFeature,
  explainPixel,
  explainStep,
  makeProblem,
  origin,
  pair,
  plural,
  probeOf,
  questionsOf,
  ratio,
  runSteps,
  signed,
  stepsOf,
  whereOf,
  windowsWith,
} from "./core.js";
import { makeLedger } from "./ledger.js";
import { weightsPicture } from "./weights.js";

// A cell's side: grids and ledger stand side by side in a notebook beside JupyterLab's file browser, and the whole widget
// on a laptop's screen.
const sizeOfCell = ({ layers, size }) => (layers === 2 ? 26 : size[0] < 7 ? 34 : 30);
const DARKEST = 0.42; // of the ink; every number stays readable on it
const NOTHING = { image: [], features: [], scores: [] }; // what is lit while nothing points
const WHOLE_RUN = 6000; // milliseconds that Play takes, about

function render({ model, el }) {
  const ui = frame(el, {
    name: "sliding-window",
    title: "Sliding window: what is computed twice?",
    lead:
      "Each stop of the window makes one score. Predict, then run: <kbd>→</kbd> on a button or <kbd>Space</kbd> in a " +
      "grid steps.",
  });
  const sentence = ui.root.querySelector(".cw-say");
  let problem, questions, mode, steps; // steps: of each mode, all that there are
  let done, guesses, asked, total; // done: how many of them were taken
  let image, features, scores; // the grids; features is null with one layer
  let ledger, scorePanel; // how many scores there are is asked for: their grid comes with the first step
  let states, whole, verdict; // what is known after the steps taken, in each mode; after all of them; the two compared
  let lit = NOTHING;
  let framed = null; // the score whose window is shown while something points at it
  let timer = null;

  // What to look at

  const setting = (name, legend, options, write = Number) => {
    const picked = choice(legend, options, String(model.get(name)), (value) => {
      model.set(name, write(value));
      model.save_changes();
    });
    const node = html("div", { class: "cw-setting" }, html("span", { "aria-hidden": "true" }, legend), picked.node);
    return { node, show: () => picked.set(String(model.get(name))) };
  };
  const sizes = Object.entries(SIZES).map(([name, sides]) => [name, sides.join(" × ")]);
  const layers = [
    ["1", "one layer"],
    ["2", "two layers"],
  ];
  const settings = [
    setting("layers", "Classifier", layers),
    setting("stride", "Stride", [1, 2, 3].map((stride) => [String(stride), String(stride)])), // prettier-ignore
    setting("size", "Image", sizes, String),
  ];
  const modes = choice("Mode", Object.entries(MODES), "patches", (value) => setMode(value));
  modes.node.classList.add("cw-modes");

  const stage = html("div", { class: "cw-stage" });
  ui.body.append(html("div", { class: "cw-settings" }, ...settings.map(({ node }) => node), modes.node), stage);

  // The run

  const play = button("Play", () => (timer === null ? start() : pause()), { class: "cw-primary" });
  const step = button("Step", () => walk(1));
  const back = button("Back", () => walk(-1));
  const finish = button("Run to the end", () => walk(Infinity));
  const again = button("Start again", () => restart());
  const fresh = button("New numbers", () => {
    model.set("seed", model.get("seed") + 1);
    model.save_changes();
  });
  ui.tools.append(play, step, back, finish, again, fresh);
  for (const node of [play, step, back, finish]) node.addEventListener("keydown", keys);

  function keys(event) {
    const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    walk(moves[event.key]);
  }

  const pending = () => questions.filter((question) => question.mode === mode && !resolved(question));
  const resolved = (question) => done[question.mode].ended;
  const begun = () => Object.values(done).some(({ taken, ended }) => taken > 0 || ended);

  // Whether to run: the first time without a prediction, the widget asks for one.
  function mayRun() {
    if (done[mode].taken > 0 || asked[mode] || done[mode].ended) return true;
    if (pending().some(({ name }) => guesses[name] !== null)) return true;
    asked[mode] = true;
    ui.say("Predict at least one number first: type it into the table. Or press again to only look.");
    return false;
  }

  function walk(by) {
    pause();
    if (by > 0 && !mayRun()) return;
    go(done[mode].taken + by);
  }

  function start() {
    if (!mayRun()) return;
    if (done[mode].taken === steps[mode].length) done[mode].taken = 0;
    play.textContent = "Pause";
    sentence.setAttribute("aria-live", "off"); // a sentence a step is too fast to be read out
    const every = Math.min(Math.max(WHOLE_RUN / steps[mode].length, 60), 600);
    timer = setInterval(() => go(done[mode].taken + 1), every);
    go(done[mode].taken + 1);
  }

  function pause() {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
    sentence.setAttribute("aria-live", "polite");
  }

  function go(taken) {
    const all = steps[mode].length;
    const run = done[mode];
    run.taken = Math.min(Math.max(taken, 0), all);
    states[mode] = runSteps(problem, mode, run.taken);
    lit = NOTHING;
    framed = null;
    const atEnd = run.taken === all;
    if (atEnd) pause();
    const first = atEnd && !run.ended;
    if (first) settle();
    paint();
    const said = run.taken === 0 ? opening() : explainStep(problem, states[mode]);
    ui.say(atEnd ? (first && wrongThought()) || conclusion() : said);
  }

  // A run's end: the guesses of its questions are judged, once.
  function settle() {
    for (const { name, answer } of pending()) {
      if (guesses[name] === null) continue;
      total.guessed += 1;
      total.right += guesses[name] === answer ? 1 : 0;
    }
    done[mode].ended = true;
  }

  function wrongThought() {
    const thoughts = questions
      .filter((question) => question.mode === mode && ![null, question.answer].includes(guesses[question.name]))
      .map(({ name }) => diagnose(problem, name, guesses[name]));
    const said = thoughts.find((thought) => thought !== "");
    return said ? `${said}\n${conclusion()}` : "";
  }

  const conclusion = () => conclude(problem, mode, done.patches.ended && done.shared.ended);

  function opening() {
    if (mode === "patches") {
      const part = problem.layers === 2 ? "two layers" : "one layer";
      return `A ${problem.span} × ${problem.span} window and a classifier of ${part}. How often does the window stop, and what does it cost?`;
    }
    return problem.layers === 2
      ? "Now each layer slides over its whole input: first all features, then all scores. How many multiplications?"
      : "Now the nine weights slide over the whole image as a convolution. Does this take fewer multiplications?";
  }

  function setMode(next) {
    pause();
    mode = next;
    modes.set(mode);
    light(null);
    const { taken } = done[mode];
    ui.say(taken === 0 ? opening() : taken === steps[mode].length ? conclusion() : explainStep(problem, states[mode]));
  }

  // What points at what

  function light(text, { image: pixels = [], features: cells = [], scores: windows = [], frame = null } = {}) {
    lit = { image: pixels, features: cells, scores: windows };
    framed = frame;
    ui.point(text);
    paint();
  }
  const clear = () => light(null);

  function pointPixel(row, column) {
    light(explainPixel(problem, states[mode], row, column), {
      image: [[row, column]],
      scores: windowsWith(problem, row, column, problem.span),
    });
  }

  function pointFeature(row, column) {
    light(explainFeature(problem, states[mode], row, column), {
      features: [[row, column]],
      scores: windowsWith(problem, row, column, FILTER),
      frame: { image: { row, column, rows: FILTER, columns: FILTER } },
    });
  }

  function pointScore(row, column) {
    const known = states[mode].scores[row][column] !== null;
    const where = `Score ${pair(row, column)}: not computed yet. Its window covers ${whereOf(problem, row, column)}.`;
    light(known ? compareScore(problem, row, column) : where, {
      scores: [[row, column]],
      frame: windowFrames(row, column),
    });
  }

  function windowFrames(row, column) {
    const [top, left] = origin(problem, row, column);
    const at = (side) => ({ row: top, column: left, rows: side, columns: side });
    return { image: at(problem.span), features: at(FILTER) };
  }

  // The frames of the step that was taken last; before the first, of the one to come.
  function stepFrames() {
    const { last } = states[mode];
    const { kind, row, column } = last ?? steps[mode][0];
    if (kind === "feature") return { image: { row, column, rows: FILTER, columns: FILTER } };
    const frames = windowFrames(row, column);
    if (kind === "window" && last) return frames;
    if (kind === "window" || problem.layers === 1) return { image: frames.image };
    return { features: frames.features };
  }

  // The grids

  const has = (cells, row, column) => cells.some(([r, c]) => r === row && c === column);
  const shadeOf = (count, most) => (count === 0 ? undefined : (DARKEST * count) / most);

  function paint() {
    const state = states[mode];
    const { last } = state;
    const frames = framed ?? stepFrames();
    const probe = probeOf(problem);
    const isProbe = (row, column) => row === probe[0] && column === probe[1];
    const most = (plane) => Math.max(...plane.flat(), FILTER * FILTER); // once is light, whatever the others are

    image.paint((row, column) => {
      const [value, count] = [problem.image[row][column], state.reads[row][column]];
      const probed = !features && isProbe(row, column);
      return {
        text: value,
        note: count,
        shade: shadeOf(count, most(whole.reads)),
        tones: ["given", probed && "probe", has(lit.image, row, column) && "lit"].filter(Boolean),
        label: `${pair(row, column)}: ${value}, read ${plural(count, "time")}${probed ? ", framed" : ""}`,
      };
    });
    image.frameWindow(frames.image ?? null);

    features?.paint((row, column) => {
      const [value, count] = [state.features[row][column], state.times[row][column]];
      const probed = isProbe(row, column);
      const here = last?.kind === "feature" && last.row === row && last.column === column;
      const needed = windowsWith(problem, row, column, FILTER).length > 0;
      const so =
        value === null ? (needed ? "not computed yet" : "not needed") : `${value}, computed ${plural(count, "time")}`;
      return {
        text: value ?? (needed ? "" : "·"),
        note: count || "",
        shade: shadeOf(count, most(whole.times)),
        tones: ["given", here && "turn", probed && "probe", has(lit.features, row, column) && "lit"].filter(Boolean),
        label: `${pair(row, column)}: ${so}${probed ? ", framed" : ""}`,
      };
    });
    features?.frameWindow(frames.features ?? null);

    scores.paint((row, column) => {
      const value = state.scores[row][column];
      const here = last && last.kind !== "feature" && last.row === row && last.column === column;
      return {
        text: value === null ? "" : signed(value),
        tones: ["given", here && "turn", has(lit.scores, row, column) && "lit"].filter(Boolean),
        label: `${pair(row, column)}: ${value === null ? "not computed yet" : signed(value)}`,
      };
    });

    scorePanel.classList.toggle("cw-unknown", !begun());
    ledger.paint({
      state: (name) => states[name],
      ended: (name) => done[name].ended,
      // A prediction comes before the run; and once the scores' grid is there, their number is no question any more.
      locked: ({ name, mode: run }) => done[run].taken > 0 || (name === "windows" && begun()),
      verdict: done.patches.ended && done.shared.ended ? verdict : "",
    });
    const { taken } = done[mode];
    const atEnd = taken === steps[mode].length;
    // Not `disabled`: a button that loses the focus would hand the next key to the notebook.
    const off = (node, useless) => node.setAttribute("aria-disabled", String(useless));
    off(back, taken === 0);
    off(step, atEnd);
    off(finish, atEnd);
    ui.score.textContent = total.guessed
      ? `Predicted: ${total.right} of ${total.guessed} right`
      : "Predicted: nothing yet";
    Object.assign(ui.root.dataset, {
      mode,
      layers: problem.layers,
      taken,
      steps: steps[mode].length,
      multiplications: state.multiplications,
      seed: model.get("seed"),
    });
  }

  function makeGrid(label, [height, width], point) {
    const grid = numberGrid({
      label: `${label}, ${height} by ${width}`,
      rows: height,
      columns: width,
      size: sizeOfCell(problem),
      on: { key: (event) => event.key === " " && (walk(1), true), point, leave: clear },
    });
    grid.node.style.setProperty("--cw-width", grid.node.getAttribute("width"));
    grid.node.style.setProperty("--cw-side", sizeOfCell(problem));
    return grid;
  }

  function restart() {
    pause();
    problem = makeProblem(
      Object.fromEntries(["seed", "layers", "stride", "size"].map((name) => [name, model.get(name)])),
    );
    questions = questionsOf(problem);
    mode = "patches";
    steps = { patches: stepsOf(problem, "patches"), shared: stepsOf(problem, "shared") };
    done = { patches: { taken: 0, ended: false }, shared: { taken: 0, ended: false } };
    guesses = Object.fromEntries(questions.map(({ name }) => [name, null]));
    asked = { patches: false, shared: false };
    total = { right: 0, guessed: 0 };
    states = { patches: runSteps(problem, "patches", 0), shared: runSteps(problem, "shared", 0) };
    whole = runSteps(problem, "patches"); // its darkest cells are the darkest of both modes
    verdict = ratio(problem);
    lit = NOTHING;
    framed = null;
    const two = problem.layers === 2;
    image = makeGrid("Image", problem.size, pointPixel);
    features = two ? makeGrid("Feature map", problem.featureSize, pointFeature) : null;
    scores = makeGrid("Scores", problem.scoreSize, pointScore);
    const [first, second] = problem.weights;
    const makes = (weights, title) =>
      html("div", { class: "cw-weights" }, html("span", {}, title), weightsPicture(weights));
    const last = two ? makes(second, "weights, layer 2") : makes(first, "weights");
    const unknown = html("div", { class: "cw-covered" }, html("span", {}, "How many are there?"));
    const parts = [["image", panel("Image", "below: times read", image.node)]];
    if (two) {
      const weights = makes(first, "weights, layer 1");
      parts.push(["features", panel("Feature map", "below: times computed", features.node, weights)]);
    }
    parts.push(["scores", panel("Scores", "one for each window", scores.node, unknown, last)]);
    for (const [name, { node }] of parts) node.dataset.part = name;
    scorePanel = parts.at(-1)[1].node;
    // Nothing moves when the grid comes: its place is as large as it will be, and the box in it says nothing of that.
    for (const side of ["width", "height"]) unknown.style[side] = `${scores.node.getAttribute(side)}px`;
    ledger = makeLedger(questions, guesses, () => play.focus());
    stage.replaceChildren(html("div", { class: "cw-panels" }, ...parts.map(([, { node }]) => node)), ledger.node);
    for (const { show } of settings) show();
    modes.set(mode);
    paint();
    ui.say(opening());
  }

  restart();
  const events = ["seed", "layers", "stride", "size"].map((name) => `change:${name}`);
  for (const event of events) model.on(event, restart);
  return () => {
    pause();
    for (const event of events) model.off(event, restart);
    ui.root.remove();
  };
}

export default { render };
