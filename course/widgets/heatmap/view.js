// Drawing of the Heatmap widget: numbers of the hill in the cells of a grid, the keypoint on top, and below the grid, on
// the same scale, how far the decoded points are off in x. What is decoded is hidden until it was predicted.

import { button, choice, frame, grip, html, numberGrid, svg } from "../shared/draw.js";
import {
  COLUMNS,
  OTHER,
  RIGHT,
  ROWS,
  SECOND,
  SIGMAS,
  STEP,
  WORST,
  decode,
  errorsAt,
  explainCell,
  explainPoint,
  explainPrediction,
  heatmapOf,
  onTheMap,
  sweep,
  two,
} from "./core.js";

const SIZE = 44; // of a cell
const AXIS = 18; // the grid's own room for row and column numbers
const TRACE = { height: 124, top: 22, bottom: 20, most: 1 }; // error from 0 to `most` pixels

function render({ model, el }) {
  const ui = frame(el, {
    name: "heatmap",
    title: "A keypoint, its hill, and the point that is read off",
    lead:
      "Drag the cross, or focus it and use the arrow keys (<kbd>Shift</kbd>: finer). Each cell holds the hill's height at its " +
      "centre. A decoder sees the numbers alone: how far off can it be, at worst?",
  });
  const guesses = { highest: null, quarter: null };
  let revealed = false;
  let asked = false;
  let trace = new Map(); // x in steps → errors, for the setting of now
  const total = { right: 0, guessed: 0 };

  const place = () => [model.get("x"), model.get("y")];
  const height = () => SECOND[model.get("second")].height;
  const set = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  };
  const moveTo = (point) => {
    const [x, y] = onTheMap(point);
    set({ x, y });
  };

  // ---- the grid

  const grid = numberGrid({
    label: `Heat map, ${ROWS} by ${COLUMNS}`,
    rows: ROWS,
    columns: COLUMNS,
    size: SIZE,
    on: {
      press: (row, column) => moveTo([column + 0.5, row + 0.5]),
      point: (row, column) => ui.point(explainCell(row, column, place(), model.get("sigma"), height())),
      leave: () => ui.point(null),
    },
  });
  const toSvg = ([x, y]) => [AXIS + x * SIZE, AXIS + y * SIZE];
  const cross = (kind) => svg("path", { class: kind, d: "M-11 0H-3M3 0H11M0 -11V-3M0 3V11" });
  const keypoint = grip(
    "Keypoint",
    [
      svg("circle", { class: "cw-catch", r: 18 }),
      svg("circle", { class: "cw-halo", r: 8 }),
      cross("cw-halo"),
      svg("circle", { class: "cw-stroke", r: 8 }),
      cross("cw-stroke"),
    ],
    {
      by: (right, down, fine) => {
        const [x, y] = place();
        const step = fine ? STEP : 2 * STEP;
        moveTo([x + right * step, y + down * step]);
      },
      to: (x, y) => moveTo([(x - AXIS) / SIZE, (y - AXIS) / SIZE]),
    },
  );
  const highest = mark("highest");
  const quarter = mark("quarter");
  const other = svg("text", { class: "cw-other", x: toSvg(OTHER)[0], y: toSvg(OTHER)[1] + SIZE * 0.38 }, "2nd hill");
  grid.overlay.append(other, highest, quarter);
  // A grid holds rows and nothing else: the keypoint lies on a picture of its own above it.
  const above = svg("svg", { class: "cw-top", viewBox: grid.node.getAttribute("viewBox") }, keypoint.node);

  const plot = html("div", { class: "cw-errors" });
  const left = html("div", { class: "cw-map" }, html("div", { class: "cw-layers" }, grid.node, above), plot);

  // ---- settings and the prediction

  const sigmas = choice(
    "Sigma",
    SIGMAS.map((value) => [String(value), String(value)]),
    null,
    (value) => set({ sigma: Number(value) }),
  );
  const seconds = choice(
    "Second hill",
    Object.entries(SECOND).map(([name, { title }]) => [name, title]),
    null,
    (value) => set({ second: value }),
  );
  const row = (name, control) => html("div", { class: "cw-setting" }, html("span", {}, name), control.node);
  const questions = [
    ["highest", "the highest pixel's centre"],
    ["quarter", "moved ¼ px towards the higher neighbour"],
  ].map(([name, text]) => {
    const options = choice(`At worst, off by: ${text}`, WORST, null, (value) => {
      guesses[name] = value;
      paint();
    });
    return { name, options, node: row(text, options) };
  });
  const ask = html(
    "div",
    { class: "cw-ask" },
    html("p", {}, html("b", {}, "Away from the border: how far off in x is the decoded point, at worst?")),
    ...questions.map(({ node }) => node),
  );
  const found = html("div", { class: "cw-found" });
  const rightSide = html("div", { class: "cw-side" }, ask, found, row("sigma", sigmas), row("second hill", seconds));
  ui.body.append(html("div", { class: "cw-stage" }, left, rightSide));

  const primary = button("Decode", () => reveal(), { class: "cw-primary" });
  const along = button("Sweep along the row", () => sweepRow());
  const clear = button("Clear the trace", () => {
    trace = new Map();
    paint();
  });
  const again = button("Predict anew", () => cover());
  ui.tools.append(primary, along, clear, again);

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
    remember();
    paint();
    keypoint.node.focus({ preventScroll: true });
    ui.say(explainPrediction(guesses));
  }

  function cover() {
    Object.assign(guesses, { highest: null, quarter: null });
    revealed = false;
    asked = false;
    trace = new Map();
    paint();
    ui.say(opening());
  }

  function opening() {
    return "Move the keypoint within one pixel and watch its neighbours: which numbers say to which side it leans?";
  }

  function sweepRow() {
    for (const x of sweep()) trace.set(x, errorsAt([x, model.get("y")], model.get("sigma"), height()));
    paint();
    const errors = [...trace.entries()].filter(([x]) => x > 1 && x <= COLUMNS - 1).map(([, error]) => error);
    const worst = (name) => two(Math.max(...errors.map((error) => error[name])));
    ui.say(
      `Along this row, between x = 1 and ${COLUMNS - 1}: at worst ${worst("highest")} px off in x for the highest pixel's centre, and ` +
        `${worst("quarter")} px with the quarter step. At the border one neighbour is missing, and nothing moves.`,
    );
  }

  const remember = () => trace.set(model.get("x"), errorsAt(place(), model.get("sigma"), height()));

  // ---- painting

  function mark(kind) {
    const shape = kind === "highest" ? "M-5 -5H5V5H-5Z" : "M0 -6L6 0L0 6L-6 0Z";
    return svg(
      "g",
      { class: `cw-decoded cw-${kind}`, "aria-hidden": "true" },
      svg("path", { class: "cw-halo", d: shape }),
      svg("path", { class: "cw-stroke", d: shape }),
    );
  }

  function paint() {
    const [x, y] = place();
    const sigma = model.get("sigma");
    const map = heatmapOf([x, y], sigma, height());
    const most = Math.max(1, ...map.flat());
    const read = decode(map);
    grid.paint((at, column) => {
      const value = map[at][column];
      const isHighest = revealed && at === read.row && column === read.column;
      return {
        text: two(value),
        raised: true, // the marks of a pixel's centre stand below the number
        shade: (value / most) * 0.4, // light enough for the same ink everywhere
        tones: isHighest ? ["chosen"] : [],
        label: `row ${at}, column ${column}: ${two(value)}${isHighest ? ", the highest" : ""}`,
      };
    });
    const [across, down] = toSvg([x, y]);
    keypoint.set(across, down, x, `x ${two(x)}, y ${two(y)}${revealed ? `; ${errorText(read)}` : ""}`);
    for (const [node, point] of [
      [highest, read.highest],
      [quarter, read.quarter],
    ]) {
      node.toggleAttribute("hidden", !revealed);
      node.setAttribute("visibility", revealed ? "visible" : "hidden");
      node.setAttribute("transform", `translate(${toSvg(point).join(" ")})`);
    }
    other.setAttribute("visibility", height() ? "visible" : "hidden");
    plot.replaceChildren(...(revealed ? [drawTrace()] : []));
    sigmas.set(String(sigma));
    seconds.set(model.get("second"));
    questions.forEach(({ name, options }) => options.set(guesses[name]));
    ask.hidden = primary.hidden = revealed;
    found.hidden = along.hidden = clear.hidden = again.hidden = !revealed;
    found.replaceChildren(...(revealed ? [drawFound(read)] : []));
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right`
      : "Score: no prediction yet";
    Object.assign(ui.root.dataset, { revealed: String(revealed), traced: trace.size });
    if (revealed) ui.root.dataset.decoded = read.quarter.map(two).join(" ");
    else delete ui.root.dataset.decoded;
  }

  const errorText = ({ highest: a, quarter: b }) =>
    `off in x by ${two(Math.abs(a[0] - model.get("x")))} without and ${two(Math.abs(b[0] - model.get("x")))} with the quarter step`;

  function drawFound(read) {
    const [x, y] = place();
    const sign = (kind) =>
      svg("svg", { class: "cw-sign", width: 18, height: 18, viewBox: "-9 -9 18 18", "aria-hidden": "true" }, kind);
    const line = (kind, name, point) => {
      const off = [Math.abs(point[0] - x), Math.abs(point[1] - y)];
      return html(
        "tr",
        {},
        html("th", { scope: "row" }, sign(kind), name),
        html("td", {}, `(${two(point[0])}, ${two(point[1])})`),
        html("td", {}, `${two(off[0])}`),
        html("td", {}, `${two(off[1])}`),
      );
    };
    const crossSign = svg("g", { class: "cw-small" }, svg("circle", { class: "cw-stroke", r: 5 }), cross("cw-stroke"));
    const head = ["", "x, y", "off in x", "in y"].map((text) => html("td", {}, text));
    return html(
      "table",
      {},
      html("thead", {}, html("tr", {}, ...head)),
      html(
        "tbody",
        {},
        html(
          "tr",
          {},
          html("th", { scope: "row" }, sign(crossSign), "keypoint"),
          html("td", {}, `(${two(x)}, ${two(y)})`),
          html("td", {}, ""),
          html("td", {}, ""),
        ),
        line(mark("highest"), "highest pixel's centre", read.highest),
        line(mark("quarter"), "with the quarter step", read.quarter),
      ),
    );
  }

  // The errors in x over the keypoint's x, below the columns that it passes through.
  function drawTrace() {
    const { height: tall, top, bottom, most } = TRACE;
    const width = AXIS + COLUMNS * SIZE + 2;
    const y = (error) => tall - bottom - (Math.min(error, most) / most) * (tall - top - bottom);
    const x = (at) => AXIS + at * SIZE;
    const drawn = svg("svg", {
      class: "cw-trace",
      role: "img",
      "aria-label": `Error in x over the keypoint's x, at ${trace.size} places. ${explainPoint(place(), model.get("sigma"), height())}`,
      viewBox: `0 0 ${width} ${tall}`,
      width,
      height: tall,
    });
    for (const [error, name] of [
      [0, "0"],
      [0.25, "¼"],
      [0.5, "½"],
      [1, "≥1"],
    ]) {
      drawn.append(
        svg("path", { class: "cw-rule", d: `M${AXIS} ${y(error)}H${width - 2}` }),
        svg("text", { class: "cw-axis", x: AXIS / 2, y: y(error) }, name),
      );
    }
    for (let column = 0; column <= COLUMNS; column += 1) {
      drawn.append(
        svg("path", { class: "cw-rule", d: `M${x(column)} ${y(most)}V${y(0)}` }),
        svg("text", { class: "cw-axis", x: x(column), y: tall - bottom + 11 }, column),
      );
    }
    drawn.append(svg("text", { class: "cw-head-line", x: AXIS, y: 9 }, "off in x, in pixels, over the keypoint's x"));
    for (const name of ["highest", "quarter"])
      drawn.append(svg("path", { class: `cw-run cw-${name}`, d: runs(name, x, y) }));
    const now = errorsAt(place(), model.get("sigma"), height());
    const here = x(model.get("x"));
    drawn.append(svg("path", { class: "cw-here", d: `M${here} ${y(most)}V${y(0)}` }));
    for (const name of ["highest", "quarter"]) {
      const at = mark(name);
      at.setAttribute("transform", `translate(${here} ${y(now[name])}) scale(0.8)`);
      drawn.append(at);
    }
    return drawn;
  }

  // Places that follow each other are joined; a jump of the decoded point is none.
  function runs(name, x, y) {
    const places = [...trace.keys()].sort((a, b) => a - b);
    return places
      .map((at, number) => {
        const before = places[number - 1];
        const error = trace.get(at)[name];
        const joined =
          before !== undefined && at - before < 2.5 * STEP && Math.abs(error - trace.get(before)[name]) < 3 * STEP;
        const point = `${x(at).toFixed(1)} ${y(error).toFixed(1)}`;
        return joined ? `L${point}` : `M${point}h0.01`;
      })
      .join("");
  }

  // ---- changes

  function moved() {
    if (revealed) remember();
    paint();
    if (revealed) ui.say(explainPoint(place(), model.get("sigma"), height()));
  }

  function reset() {
    trace = new Map();
    moved();
  }

  paint();
  ui.say(opening());
  const heard = { x: moved, y: moved, sigma: reset, second: reset };
  for (const [name, hear] of Object.entries(heard)) model.on(`change:${name}`, hear);
  return () => {
    for (const [name, hear] of Object.entries(heard)) model.off(`change:${name}`, hear);
    ui.root.remove();
  };
}

export default { render };
