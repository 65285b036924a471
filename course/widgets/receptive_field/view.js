// Drawing of the ReceptiveField widget: a row of dials and a row of units for each layer, the input at the bottom. What
// the unit at the top sees is predicted; then the units that it reads are lit, row by row down to the pixels.

import { button, choice, frame, html, numberField, svg } from "../shared/draw.js";
import {
  CHOICES,
  MOST_LAYERS,
  PRESETS,
  SCENE,
  diagnose,
  explainLayer,
  explainPaths,
  levelsOf,
  pathsOf,
  placeOf,
  presetOf,
  sightOf,
  sumOf,
  unitsInScene,
} from "./core.js";

const DIALS = Object.keys(CHOICES); // in the order of a layer's numbers
const [PIXEL, ROW] = [5.4, 42]; // a pixel's width, a layer's height: that of its dials
const [LEFT, RIGHT, TOP] = [4, 104, 22]; // an edge, room for a level's name and sight, for the dials' heads
const BARS = 32; // the height of the paths' bars

function render({ model, el }) {
  const ui = frame(el, {
    name: "receptive-field",
    title: "How far does a unit see?",
    lead:
      "Set the layers. How many pixels in a row does one unit of the last layer see? Type it, and <kbd>Enter</kbd> " +
      "follows its sight down to the input.",
  });
  let layers;
  let guess = null;
  let revealed = false;
  let counting = false; // whether the paths are shown
  let asked = false;
  const total = { right: 0, guessed: 0 };

  // ---- settings

  const presets = choice(
    "Example",
    Object.entries(PRESETS).map(([name, { title }]) => [name, title]),
    null,
    (name) => change(PRESETS[name].layers),
  );

  // One row of dials for each layer that there can be; those that there are not are hidden, so that no focus is lost.
  const rows = Array.from({ length: MOST_LAYERS }, (_, at) => {
    const dials = DIALS.map((name, number) =>
      choice(
        `Layer ${at + 1}, ${name}`,
        CHOICES[name].map((value) => [String(value), String(value)]),
        null,
        (value) => change(layers.map((layer, other) => (other === at ? layer.with(number, Number(value)) : layer))),
      ),
    );
    const title = html("span", { class: "cw-layer", "aria-hidden": "true" }, `layer ${at + 1}`);
    const node = html("div", { class: "cw-row", "data-layer": at + 1 }, title, ...dials.map(({ node: dial }) => dial));
    node.addEventListener("focusin", () => revealed && ui.point(explainLayer(layers, at + 1)));
    node.addEventListener("focusout", () => ui.point(null));
    node.addEventListener("pointerenter", () => revealed && ui.point(explainLayer(layers, at + 1)));
    node.addEventListener("pointerleave", () => ui.point(null));
    return { node, dials };
  });
  const heads = html(
    "div",
    { class: "cw-row cw-heads", "aria-hidden": "true" },
    ...["", ...DIALS].map((name) => html("span", {}, name)),
  );
  const dials = html("div", { class: "cw-dials" }, heads, ...[...rows].reverse().map(({ node }) => node));
  const picture = html("div", { class: "cw-picture" });

  function change(next) {
    model.set("layers", next);
    model.save_changes();
  }

  // ---- the prediction

  const field = numberField("How many pixels in a row it sees", {
    change: (value) => (guess = value),
    enter: () => reveal(),
  });
  const verdict = html("span", { class: "cw-verdict" });
  const question = html(
    "div",
    { class: "cw-ask" },
    html("span", {}, "It sees"),
    field,
    verdict,
    html("span", {}, "pixels in a row."),
  );
  ui.body.append(presets.node, html("div", { class: "cw-stage" }, dials, picture), question);

  const primary = button("Follow its sight", () => reveal(), { class: "cw-primary" });
  const again = button("Predict anew", () => cover());
  const add = button("Add a layer", () => layers.length < MOST_LAYERS && change([...layers, [3, 1, 1]]));
  const halve = button("Add a halving", () => layers.length < MOST_LAYERS && change([...layers, [2, 2, 1]]));
  const remove = button("Remove the last", () => layers.length > 1 && change(layers.slice(0, -1)));
  const count = button("Count the paths", () => setCounting(!counting), { role: "switch", "aria-checked": "false" });
  ui.tools.append(primary, again, add, halve, remove, count);

  function reveal() {
    if (revealed) return;
    if (guess === null && !asked) {
      asked = true;
      ui.say("Predict first: type a number. Or press once more to only look.");
      return;
    }
    const right = sightOf(layers);
    if (guess !== null) {
      total.guessed += 1;
      total.right += guess === right ? 1 : 0;
    }
    const held = [field, primary].includes(document.activeElement);
    revealed = true;
    paint();
    if (held) again.focus();
    ui.say(counting ? explainPaths(layers) : answer());
  }

  function answer() {
    const right = sightOf(layers);
    const judged = guess === null ? "" : guess === right ? " Right." : ` ${diagnose(layers, guess) || "Not quite."}`;
    const wide = right > SCENE ? ` That is more than the ${SCENE} pixels of a scene.` : "";
    return `It sees ${sumOf(layers)} pixels in a row.${judged}${wide}`;
  }

  function setCounting(on) {
    counting = on;
    paint();
    if (revealed) ui.say(counting ? explainPaths(layers) : answer());
  }

  function cover() {
    guess = null;
    field.value = "";
    revealed = false;
    paint();
    field.focus();
    ui.say(opening());
  }

  function opening() {
    const { length } = layers;
    return `${length === 1 ? "One layer" : `${length} layers`}. How many pixels in a row does the unit marked “?” see?`;
  }

  // ---- painting

  function paint() {
    rows.forEach(({ node, dials: made }, at) => {
      node.hidden = at >= layers.length;
      if (!node.hidden) made.forEach((dial, number) => dial.set(String(layers[at][number])));
    });
    picture.replaceChildren(draw());
    presets.set(presetOf(layers));
    const right = sightOf(layers);
    field.hidden = revealed;
    verdict.replaceChildren(...(revealed ? judgement(right) : []));
    primary.hidden = revealed;
    again.hidden = count.hidden = !revealed;
    count.setAttribute("aria-checked", String(counting));
    for (const node of [add, halve]) node.setAttribute("aria-disabled", String(layers.length === MOST_LAYERS));
    remove.setAttribute("aria-disabled", String(layers.length === 1));
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right`
      : "Score: no prediction yet";
    Object.assign(ui.root.dataset, { revealed: String(revealed), layers: layers.length });
    if (revealed) ui.root.dataset.sees = right;
    else delete ui.root.dataset.sees;
  }

  function judgement(right) {
    const value = html("b", {}, String(right));
    if (guess === null) return [value];
    if (guess === right) return [value, html("span", { class: "cw-good" }, " ✓")];
    return [value, html("s", { class: "cw-bad" }, String(guess)), html("span", { class: "cw-bad" }, " ✗")];
  }

  function draw() {
    const levels = levelsOf(layers);
    const paths = pathsOf(layers);
    const [top, sees] = [layers.length, sightOf(layers)];
    const rowOf = (level) => TOP + (top - level) * ROW + ROW / 2;
    const xOf = (level, at) => LEFT + (placeOf(layers, level, at) + 0.5) * PIXEL;
    const under = rowOf(0) + 12;
    const height = under + 30 + BARS;
    const width = LEFT + SCENE * PIXEL + RIGHT;
    const name = revealed
      ? `A unit of layer ${top} sees ${sees} pixels in a row of ${SCENE}.`
      : `${top} layers over a row of ${SCENE} pixels; what the unit at the top sees is not shown yet.`;
    const drawn = svg("svg", {
      class: "cw-sight",
      role: "img",
      "aria-label": name,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
    });
    const lines = svg("g", { class: "cw-lines" });
    const units = svg("g", {});
    for (let level = top; level >= 0; level -= 1) {
      const y = rowOf(level);
      const title = level === 0 ? "input" : `layer ${level}`;
      const text = revealed && level > 0 ? `${title}: ${levels[level].sees} px` : title;
      units.append(svg("text", { class: "cw-name", x: width - RIGHT + 8, y }, text));
      const [first, last] = unitsInScene(layers, level);
      for (let at = first; at <= last; at += 1) {
        const read = revealed && (paths[level][at] ?? 0) > 0;
        const asking = level === top && at === 0;
        const side = level === 0 ? PIXEL - 1 : read || asking ? PIXEL : PIXEL - 2.5;
        const x = xOf(level, at);
        const look = `cw-unit${read ? " cw-read" : ""}${asking ? " cw-asking" : ""}`;
        units.append(svg("rect", { class: look, x: x - side / 2, y: y - side / 2, width: side, height: side, rx: 1 }));
        if (asking && !revealed) units.append(svg("text", { class: "cw-mark", x, y: y - 15 }, "?"));
        if (read && level > 0) lines.append(...linesFrom(level, at, xOf, y, rowOf(level - 1)));
      }
    }
    drawn.append(lines, units);
    if (revealed) drawn.append(bracket(sees, xOf, under));
    if (revealed && counting) drawn.append(bars(paths[0], xOf, under + 30));
    return drawn;
  }

  const inScene = (x) => x > LEFT && x < LEFT + SCENE * PIXEL;

  function linesFrom(level, at, xOf, y, below) {
    const [kernel, stride, dilation] = layers[level - 1];
    const x1 = xOf(level, at);
    return Array.from({ length: kernel }, (_, tap) => xOf(level - 1, at * stride + tap * dilation))
      .filter(inScene)
      .map((x2) => svg("line", { x1, y1: y + 4, x2, y2: below - 4 }));
  }

  // What is seen, from end to end; arrows where it goes on beyond the scene.
  function bracket(sees, xOf, y) {
    const [from, to] = [xOf(0, 0) - PIXEL / 2, xOf(0, sees - 1) + PIXEL / 2];
    const [left, right] = [Math.max(from, LEFT), Math.min(to, LEFT + SCENE * PIXEL)];
    const end = (x, whole, outwards) =>
      whole ? `M${x} ${y - 4}v8` : `M${x - outwards * 7} ${y - 5}l${outwards * 7} 5l${-outwards * 7} 5`;
    const d = `M${left} ${y}H${right}${end(left, from >= LEFT, -1)}${end(right, to <= LEFT + SCENE * PIXEL, 1)}`;
    const text = sees === 1 ? "1 pixel" : `${sees} pixels`;
    return svg(
      "g",
      { class: "cw-bracket" },
      svg("path", { d }),
      svg("text", { x: (left + right) / 2, y: y + 15 }, text),
    );
  }

  function bars(counts, xOf, y) {
    const most = Math.max(...counts);
    return svg(
      "g",
      { class: "cw-bars" },
      ...counts
        .map((paths, at) => [paths, xOf(0, at)])
        .filter(([paths, x]) => paths > 0 && inScene(x))
        .map(([paths, x]) => {
          const tall = Math.max((BARS * paths) / most, 1);
          return svg("rect", { x: x - PIXEL / 2 + 1, y, width: PIXEL - 2, height: tall });
        }),
    );
  }

  function restart() {
    layers = model.get("layers");
    guess = null;
    field.value = "";
    revealed = false;
    paint();
    ui.say(opening());
  }

  restart();
  model.on("change:layers", restart);
  return () => {
    model.off("change:layers", restart);
    ui.root.remove();
  };
}

export default { render };
