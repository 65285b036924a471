// Drawing of the SlidingWindow widget: image, feature map and scores from left to right; under them the weights and the
// ledger, where four predictions meet what the run counts. Each step is a state of core.js; this file shows it.

import { button, choice, frame, html, numberField, numberGrid, panel, svg } from "../shared/draw.js";
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

// A cell's side: the grids stand side by side in 700 pixels. Style scales them up where there is more room.
const sizeOfCell = ({ layers, size }) => (layers === 1 ? 38 : size[0] < 7 ? 32 : 28);
const DARKEST = 0.42; // of the ink; every number stays readable on it
const NOTHING = { image: [], features: [], scores: [] }; // what is lit while nothing points
const WHOLE_RUN = 6000; // milliseconds that Play takes, about

function render({ model, el }) {
  const ui = frame(el, {
    name: "sliding-window",
    title: "Sliding window: what is computed twice?",
    lead:
      "Each stop of the window makes one score. Type your predictions, then run: <kbd>→</kbd> on a button or " +
      "<kbd>Space</kbd> in a grid steps.",
  });
  const sentence = ui.root.querySelector(".cw-say");
  let problem, questions, mode, steps; // steps: of each mode, all that there are
  let done, guesses, asked, total; // done: how many of them were taken
  let image, features, scores; // the grids; features is null with one layer
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
  ui.body.append(html("div", { class: "cw-settings" }, ...settings.map(({ node }) => node)), modes.node, stage);

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

    paintLedger();
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

  // The ledger

  let rows = [];

  function makeLedger() {
    rows = questions.map((question, at) => {
      const field = numberField(question.label, {
        change: (value) => (guesses[question.name] = value),
        enter: () => {
          const next = rows.slice(at + 1).find((row) => !row.field.hidden && !row.field.readOnly);
          (next && questions[at + 1].mode === question.mode ? next.field : play).focus();
        },
      });
      const mark = html("span", { class: "cw-verdict" });
      const struck = html("s", {});
      const count = html("span", { class: "cw-count" });
      const how = html("span", {});
      const bar = ["patches", "shared"].includes(question.name) ? html("span", { class: "cw-bar" }) : null;
      const cells = [
        html("th", { scope: "row" }, question.label),
        html("td", {}, mark, struck, field),
        html("td", {}, count, how, ...(bar ? [html("span", { class: "cw-track", "aria-hidden": "true" }, bar)] : [])),
      ];
      const node = html("tr", { "data-question": question.name }, ...cells);
      return { question, node, field, mark, struck, count, how, bar };
    });
    const heads = ["", "predicted", "counted"].map((text) =>
      html(text ? "th" : "td", text ? { scope: "col" } : {}, text),
    );
    const foot = html("td", { colspan: "3", class: "cw-ratio" });
    rows.foot = foot;
    return html(
      "table",
      { class: "cw-ledger" },
      html("thead", {}, html("tr", {}, ...heads)),
      html("tbody", {}, ...rows.map(({ node }) => node)),
      html("tfoot", {}, html("tr", {}, foot)),
    );
  }

  function paintLedger() {
    const most = Math.max(...questions.slice(2).map(({ answer }) => answer));
    for (const { question, node, field, mark, struck, count, how, bar } of rows) {
      const [guess, ended] = [guesses[question.name], resolved(question)];
      const value = question.count(states[question.mode]);
      if (ended && document.activeElement === field) play.focus();
      field.hidden = ended;
      field.readOnly = done[question.mode].taken > 0;
      const right = guess === question.answer;
      mark.textContent = !ended || guess === null ? "" : right ? `✓ ${guess}` : "✗ ";
      struck.textContent = ended && guess !== null && !right ? String(guess) : "";
      node.className = !ended || guess === null ? "" : right ? "cw-is-right" : "cw-is-wrong";
      count.textContent = String(value);
      how.textContent = ended && value === question.answer ? ` = ${question.how}` : "";
      if (bar) bar.style.width = `${(100 * value) / most}%`;
    }
    rows.foot.textContent = done.patches.ended && done.shared.ended ? verdict : "";
  }

  // The weights of a layer: not to be played with, so one picture with a name.
  function weightsPicture(weights) {
    const side = 24;
    const cells = weights.flatMap((line, row) =>
      line.map((weight, column) =>
        svg(
          "g",
          { transform: `translate(${1 + column * side} ${1 + row * side})` },
          svg("rect", { class: "cw-weight", width: side, height: side }),
          svg("text", { x: side / 2, y: side / 2, "font-size": 12 }, signed(weight)),
        ),
      ),
    );
    const named = weights.map((line) => line.map(signed).join(" ")).join("; ");
    const sides = { viewBox: `0 0 ${3 * side + 2} ${3 * side + 2}`, width: 3 * side + 2, height: 3 * side + 2 };
    return svg("svg", { class: "cw-grid", role: "img", "aria-label": `3 by 3 weights: ${named}`, ...sides }, ...cells);
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
    const parts = [["image", panel("Image", "below: times read", image.node)]];
    if (two) parts.push(["features", panel("Feature map", "below: times computed", features.node)]);
    parts.push(["scores", panel("Scores", "one for each window", scores.node)]);
    for (const [name, { node }] of parts) node.dataset.part = name;
    const pictures = problem.weights.map((weights, layer) =>
      html(
        "figure",
        { class: "cw-weights" },
        html("figcaption", {}, two ? ["Layer 1, ReLU", "Layer 2"][layer] : "Weights"),
        weightsPicture(weights),
      ),
    );
    stage.replaceChildren(
      html("div", { class: "cw-panels" }, ...parts.map(([, { node }]) => node)),
      html("div", { class: "cw-under" }, html("div", { class: "cw-filters" }, ...pictures), makeLedger()),
    );
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
