// Drawing of the IoU widget: two boxes over a grid, what they share hatched; beside it their areas as numbers and as two
// bars, one over the other. Nothing is measured, and nothing can be moved, before the first IoU was predicted.

import { button, choice, frame, grip, html, svg } from "../shared/draw.js";
import { drawTask, makeTaskList } from "../shared/tasks.js";
import {
  ANSWERS,
  COLUMNS,
  ROWS,
  STEP,
  TASKS,
  digits,
  explainBoxes,
  explainPrediction,
  measure,
  middleOf,
  movedTo,
  sidesOf,
  stretchedTo,
} from "./core.js";

const CELL = 24;
const NAMES = ["a", "b"];

function render({ model, el }) {
  const ui = frame(el, {
    name: "iou",
    title: "Intersection over union",
    lead:
      "How far do two boxes agree? Their <i>intersection over union</i>, IoU, is what both cover divided by what either covers, " +
      "counted in cells.",
  });
  let guess = null;
  let revealed = false;
  let asked = false;
  const done = new Set();
  const total = { right: 0, guessed: 0 };
  const boxes = () => NAMES.map((name) => model.get(name));
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };

  const [width, height] = [COLUMNS * CELL, ROWS * CELL];
  const still = svg("g", { "aria-hidden": "true" });
  const grips = NAMES.map((name) => ({ move: mover(name), stretch: stretcher(name) }));
  const handles = svg("g", {}, ...grips.flatMap(({ move, stretch }) => [move.node, stretch.node]));
  const picture = svg("svg", { class: "cw-ground", viewBox: `-6 -6 ${width + 12} ${height + 12}`, width: width + 12, height: height + 12 }); // prettier-ignore
  picture.append(still, handles);

  const answers = choice("The IoU is", ANSWERS, null, (value) => {
    guess = value;
    paint();
  });
  const question = html(
    "p",
    {},
    html("b", {}, "B is as large as A and lies half a box further to the right: half of each is shared. The IoU is"),
  );
  const ask = html("div", { class: "cw-ask" }, question, answers.node);
  const numbers = html("div", { class: "cw-numbers" });
  const bars = html("div", { class: "cw-bars" });
  const tasks = makeTaskList();
  const side = html("div", { class: "cw-side" }, ask, bars, numbers, tasks);
  ui.body.append(html("div", { class: "cw-stage" }, html("div", {}, picture), side));

  const primary = button("Measure", () => reveal(), { class: "cw-primary" });
  const around = button("Box around both, GIoU", () => set("around", !model.get("around")), {
    role: "switch",
    "aria-checked": "false",
  });
  ui.tools.append(primary, around);

  function mover(name) {
    return grip(
      `Box ${name.toUpperCase()}`,
      [svg("rect", { class: "cw-catch", x: -20, y: -20, width: 40, height: 40, rx: 6 }), ...badge(name)],
      {
        by: (right, down, fine) => {
          const [x, y] = middleOf(model.get(name));
          const step = fine ? STEP / 2 : STEP;
          set(name, movedTo(model.get(name), [x + right * step, y + down * step]));
        },
        to: (x, y) => set(name, movedTo(model.get(name), [x / CELL, y / CELL])),
      },
    );
  }

  function stretcher(name) {
    const shape = svg("path", { class: `cw-corner cw-${name}`, d: "M-13 0H0V-13" });
    return grip(`Corner of ${name.toUpperCase()}`, [svg("circle", { class: "cw-catch", r: 15 }), shape], {
      by: (right, down, fine) => {
        const [, , x, y] = model.get(name);
        const step = fine ? STEP / 2 : STEP;
        set(name, stretchedTo(model.get(name), [x + right * step, y + down * step]));
      },
      to: (x, y) => set(name, stretchedTo(model.get(name), [x / CELL, y / CELL])),
    });
  }

  function badge(name) {
    const move = "M-16 -4l-4 4l4 4M16 -4l4 4l-4 4M-4 -16l4 -4l4 4M-4 16l4 4l4 -4";
    return [
      svg("rect", { class: `cw-face cw-badge cw-${name}`, x: -11, y: -11, width: 22, height: 22, rx: 4 }),
      svg("text", { class: "cw-letter" }, name.toUpperCase()),
      svg("path", { class: `cw-arrows cw-${name}`, d: move }),
    ];
  }

  function reveal() {
    if (guess === null && !asked) {
      asked = true;
      ui.say("Predict first: choose one of the four answers. Or press once more to only look.");
      return;
    }
    if (guess !== null) {
      total.guessed += 1;
      total.right += guess === "0.333" ? 1 : 0;
    }
    revealed = true;
    paint();
    grips[1].move.node.focus({ preventScroll: true });
    ui.say(explainPrediction(guess));
  }

  // ---- painting

  function paint() {
    const [a, b] = boxes();
    const found = measure(a, b);
    still.replaceChildren(...drawGround(a, b, found));
    picture.setAttribute("role", "group");
    picture.setAttribute("aria-label", `Box A from ${corners(a)}, box B from ${corners(b)}`);
    grips.forEach(({ move, stretch }, at) => {
      const box = boxes()[at];
      const [x, y] = middleOf(box);
      const said = `${corners(box)}; IoU ${digits(found.iou)}`;
      move.set(x * CELL, y * CELL, x, said);
      stretch.set(box[2] * CELL - 4, box[3] * CELL - 4, box[2], said);
      for (const { node } of [move, stretch]) {
        node.setAttribute("tabindex", revealed ? "0" : "-1");
        node.setAttribute("aria-disabled", String(!revealed));
      }
    });
    handles.setAttribute("class", revealed ? "" : "cw-fixed");
    answers.set(guess);
    ask.hidden = primary.hidden = revealed;
    bars.hidden = numbers.hidden = tasks.hidden = around.hidden = !revealed;
    around.setAttribute("aria-checked", String(model.get("around")));
    if (revealed) {
      bars.replaceChildren(drawBars(found));
      numbers.replaceChildren(drawNumbers(a, b, found));
      tasks.replaceChildren(...TASKS.map(({ name, text }) => drawTask(text, done.has(name))));
    }
    const made = done.size ? `, ${done.size} of ${TASKS.length} made` : "";
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right${made}`
      : `Score: no prediction yet${made}`;
    Object.assign(ui.root.dataset, { revealed: String(revealed), done: [...done].join(" ") });
    if (revealed) ui.root.dataset.iou = digits(found.iou);
  }

  const corners = ([x1, y1, x2, y2]) => `(${digits(x1)}, ${digits(y1)}) to (${digits(x2)}, ${digits(y2)})`;

  function drawGround(a, b, { shared, around: space }) {
    let lines = "";
    for (let row = 0; row <= ROWS; row += 1) lines += `M0 ${row * CELL}H${width}`;
    for (let column = 0; column <= COLUMNS; column += 1) lines += `M${column * CELL} 0V${height}`;
    const drawn = [svg("path", { class: "cw-lines", d: lines })];
    if (revealed && model.get("around")) drawn.push(rectangle(space, "cw-space", 3));
    drawn.push(rectangle(a, "cw-box cw-a", 0), rectangle(b, "cw-box cw-b", 0));
    if (shared) drawn.push(svg("path", { class: "cw-hatch", d: hatch(shared.map((number) => number * CELL)) }));
    return drawn;
  }

  function rectangle([x1, y1, x2, y2], kind, out) {
    const place = { x: x1 * CELL - out, y: y1 * CELL - out };
    return svg("rect", {
      class: kind,
      ...place,
      width: (x2 - x1) * CELL + 2 * out,
      height: (y2 - y1) * CELL + 2 * out,
    });
  }

  // Diagonal lines that fill a rectangle.
  function hatch([x1, y1, x2, y2]) {
    let path = "";
    for (let sum = Math.ceil((x1 + y1) / 8) * 8; sum < x2 + y2; sum += 8) {
      const [from, to] = [Math.max(x1, sum - y2), Math.min(x2, sum - y1)];
      path += `M${from} ${sum - from}L${to} ${sum - to}`;
    }
    return path;
  }

  // The fraction as two bars of one scale: how long is the upper one, measured by the lower one?
  function drawBars({ intersection, union, iou }) {
    const [long, high] = [300, 20];
    const filled = Math.max(iou * long, 0);
    const drawn = svg("svg", {
      class: "cw-fraction",
      role: "img",
      "aria-label": `Shared ${digits(intersection)} cells, covered by either ${digits(union)} cells, IoU ${digits(iou)}`,
      viewBox: `-1 -1 ${long + 2} ${2 * high + 44}`,
      width: long + 2,
      height: 2 * high + 44,
    });
    drawn.append(
      svg("text", { x: 0, y: 8 }, `both: ${digits(intersection)} cells`),
      svg("rect", { class: "cw-part", y: 17, width: filled, height: high }),
      svg("path", { class: "cw-hatch", d: filled ? hatch([0, 17, filled, 17 + high]) : "" }),
      svg("rect", { class: "cw-whole", y: 19 + high, width: long, height: high }),
      svg("text", { x: 0, y: 2 * high + 32 }, `either: ${digits(union)} cells`),
    );
    return drawn;
  }

  function drawNumbers(a, b, { areas, shared, intersection, union, iou, space, around: outer, giou }) {
    const onlys = [areas[0] - intersection, intersection, areas[1] - intersection]; // in A alone, in both, in B alone
    const times = (box) => sidesOf(box).map(digits).join(" × ");
    const line = (name, how, value, kind = "") =>
      html("tr", { class: kind }, html("th", { scope: "row" }, name), html("td", {}, how), html("td", {}, value));
    const rows = [
      line("A", times(a), digits(areas[0])),
      line("B", times(b), digits(areas[1])),
      line("both", shared ? times(shared) : "apart", digits(intersection)),
      line("either", onlys.map(digits).join(" + "), digits(union)),
      line("IoU", `${digits(intersection)} / ${digits(union)}`, digits(iou), "cw-sum"),
    ];
    if (model.get("around")) {
      rows.push(
        line("around", times(outer), digits(space)),
        line("in neither", `${digits(space)} − ${digits(union)}`, digits(space - union)),
        line("GIoU", `${digits(iou)} − ${digits(space - union)} / ${digits(space)}`, digits(giou), "cw-sum"),
      );
    }
    return html("table", {}, html("tbody", {}, ...rows));
  }

  // ---- changes

  function moved() {
    const [a, b] = boxes();
    const fresh = revealed ? TASKS.filter((task) => !done.has(task.name) && task.done(a, b)) : [];
    for (const { name } of fresh) done.add(name);
    paint();
    if (revealed) ui.say(`${fresh.map(({ text }) => `Made: ${text}. `).join("")}${explainBoxes(a, b)}`);
  }

  paint();
  ui.say("Count cells, if you like: what do both boxes cover, and what does at least one of them cover?");
  const heard = { a: moved, b: moved, around: moved };
  for (const [name, hear] of Object.entries(heard)) model.on(`change:${name}`, hear);
  return () => {
    for (const [name, hear] of Object.entries(heard)) model.off(`change:${name}`, hear);
    ui.root.remove();
  };
}

export default { render };
