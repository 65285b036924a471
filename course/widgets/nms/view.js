// Drawing of the NMS widget: the picture with its boxes, and the boxes again as cards, the best score first. In each step
// the best card that is left is kept; the reader turns down those that it will drop, before their IoU is shown.

import { button, choice, frame, html, slider, svg } from "../shared/draw.js";
import { animal } from "./animals.js";
import { HEIGHT, SCENES, WIDTH, explainOutcome, explainStep, nameOf, outcome, suppress, two } from "./core.js";

const SCALE = 1.4; // CSS pixels a pixel of the picture

function render({ model, el }) {
  const ui = frame(el, {
    name: "nms",
    title: "Who drops whom?",
    lead:
      "The best card is kept. It drops every other card whose box has an IoU with its own <i>above the threshold</i>. Press the " +
      "cards that will go, then see; the best of the rest comes next.",
  });
  let step = 0; // how many cards were kept and have dropped others
  let guessed = new Set();
  let pointed = null; // the card under the pointer or the focus
  let dealt = false; // once all cards of a scene were dealt with, the threshold shows its result at once
  const total = { right: 0, guessed: 0 };
  const scene = () => SCENES[model.get("scene")];
  const steps = () => suppress(scene().boxes, model.get("threshold"), model.get("per_class"));
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };

  const scenes = choice(
    "Scene",
    Object.entries(SCENES).map(([name, { title }]) => [name, title]),
    null,
    (name) => set("scene", name),
  );
  const picture = html("div", { class: "cw-scene" });
  const cards = html("div", { class: "cw-cards", role: "group", "aria-label": "Boxes, the best score first" });
  const threshold = slider("IoU threshold", {
    least: 0,
    most: 1,
    step: 0.05,
    change: (value) => set("threshold", Number(value.toFixed(2))),
  });
  const thresholdText = html("b", {});
  const dial = html("div", { class: "cw-dial" }, html("span", {}, "threshold: "), thresholdText, threshold.node);
  ui.body.append(
    scenes.node,
    html("div", { class: "cw-stage" }, picture, html("div", { class: "cw-side" }, cards, dial)),
  );

  const primary = button("Drop them", () => drop(), { class: "cw-primary" });
  const rest = button("Go to the end", () => finish());
  const again = button("Play again", () => restart());
  const labels = button("Each label by itself", () => set("per_class", !model.get("per_class")), {
    role: "switch",
    "aria-checked": "false",
  });
  ui.tools.append(primary, rest, again, labels);

  // ---- the game

  function drop() {
    const now = steps()[step];
    const chances = now.compared.length;
    total.guessed += chances;
    total.right += now.compared.filter(({ other, drops }) => drops === guessed.has(other)).length;
    const said = explainStep(now, guessed, model.get("threshold"));
    step += 1;
    guessed = new Set();
    // What is left alone on the table is kept, and has nobody to drop.
    while (step < steps().length && steps()[step].compared.length === 0) step += 1;
    if (step === steps().length) dealt = true;
    paint();
    const next = dealt
      ? explainOutcome(
          scene(),
          steps().map(({ kept }) => kept),
        )
      : `Next: ${nameOf(steps()[step].kept)}.`;
    ui.say(`${said} ${next}`);
    if (dealt) threshold.node.focus({ preventScroll: true });
  }

  function finish() {
    step = steps().length;
    dealt = true;
    guessed = new Set();
    paint();
    ui.say(
      explainOutcome(
        scene(),
        steps().map(({ kept }) => kept),
      ),
    );
    threshold.node.focus({ preventScroll: true });
  }

  function restart() {
    step = 0;
    guessed = new Set();
    dealt = false;
    paint();
    ui.say(opening());
  }

  const opening = () =>
    `A has the best score and is kept. Which of the others will it drop, at a threshold of ${two(model.get("threshold"))}? Point at a card, and its box is drawn thick.`;

  function toggle(at) {
    const now = steps()[step];
    if (dealt || !now.compared.some(({ other }) => other === at)) return;
    if (guessed.has(at)) guessed.delete(at);
    else guessed.add(at);
    paint();
  }

  // ---- painting

  // What has become of a box so far: kept, the one that is kept now, dropped (by whom, at which IoU), or open.
  function fates() {
    const all = steps();
    const found = scene().boxes.map(() => ({ kind: "open" }));
    all.slice(0, step).forEach(({ kept, compared }) => {
      found[kept] = { kind: "kept" };
      for (const { other, iou, drops } of compared) if (drops) found[other] = { kind: "dropped", by: kept, iou };
    });
    if (step < all.length) found[all[step].kept] = { kind: "now" };
    return found;
  }

  function paint() {
    const found = fates();
    picture.replaceChildren(drawPicture(found));
    paintCards(found);
    scenes.set(model.get("scene"));
    const value = model.get("threshold");
    const kept = steps().map((one) => one.kept);
    threshold.set(value, dealt ? `${two(value)}: ${explainOutcome(scene(), kept)}` : two(value));
    thresholdText.textContent = two(value);
    primary.hidden = rest.hidden = dealt;
    again.hidden = !dealt;
    labels.setAttribute("aria-checked", String(model.get("per_class")));
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} cards right`
      : "Score: no prediction yet";
    Object.assign(ui.root.dataset, { step: String(step), dealt: String(dealt), scene: model.get("scene") });
    if (dealt) {
      const { lost, doubles } = outcome(scene(), kept);
      Object.assign(ui.root.dataset, { kept: kept.map(nameOf).join(""), lost: String(lost), doubles: String(doubles) });
    } else for (const name of ["kept", "lost", "doubles"]) delete ui.root.dataset[name];
  }

  // Cards are made anew with each scene only: what is focused stays focused.
  let made = [];
  let madeFor = null;
  function paintCards(found) {
    if (madeFor !== model.get("scene")) {
      madeFor = model.get("scene");
      made = scene().boxes.map(makeCard);
      cards.replaceChildren(...made.map(({ node }) => node));
    }
    const now = step < steps().length ? steps()[step] : null;
    made.forEach(({ node, fate }, at) => {
      const { kind, by, iou } = found[at];
      const open = !dealt && now !== null && now.compared.some(({ other }) => other === at);
      const down = open && guessed.has(at);
      const text = {
        kept: "✓ kept",
        now: "★ kept now",
        dropped: `✗ by ${by === undefined ? "" : nameOf(by)}, IoU ${iou === undefined ? "" : two(iou)}`,
        open: down ? "↓ will go" : "stays?",
      }[kind];
      fate.textContent = text;
      node.setAttribute("class", `cw-card cw-${kind}${down ? " cw-down" : ""}`);
      node.setAttribute("aria-disabled", String(!open));
      if (open) node.setAttribute("aria-pressed", String(down));
      else node.removeAttribute("aria-pressed");
    });
  }

  function makeCard({ label, score }, at) {
    const fate = html("span", { class: "cw-fate" });
    const face = [html("b", {}, nameOf(at)), html("span", {}, label), html("span", {}, two(score)), fate];
    const node = button("", () => toggle(at));
    node.replaceChildren(...face);
    const point = (to) => () => {
      pointed = to;
      picture.replaceChildren(drawPicture(fates()));
    };
    node.addEventListener("pointerenter", point(at));
    node.addEventListener("pointerleave", point(null));
    node.addEventListener("focus", point(at));
    node.addEventListener("blur", point(null));
    return { node, fate };
  }

  function drawPicture(found) {
    const { animals, boxes } = scene();
    const drawn = svg("svg", {
      class: "cw-photo",
      role: "img",
      "aria-label": `${scene().title}. ${boxes.map(({ box }, at) => `Box ${nameOf(at)}: ${box.join(", ")}, ${found[at].kind}`).join(". ")}`,
      viewBox: `0 0 ${WIDTH * SCALE} ${HEIGHT * SCALE}`,
      width: WIDTH * SCALE,
      height: HEIGHT * SCALE,
    });
    const ground = svg(
      "g",
      { transform: `scale(${SCALE})`, "aria-hidden": "true" },
      svg("rect", { class: "cw-sky", width: WIDTH, height: HEIGHT }),
      svg("rect", { class: "cw-meadow", y: 84, width: WIDTH, height: HEIGHT - 84 }),
      svg("path", { class: "cw-meadow", d: "M0 84q70 -30 150 -4t150 4z" }),
      ...animals.map(({ label, box }) => animal(label, box)),
    );
    drawn.append(ground);
    // The worst first, so that what is kept lies on top; what is pointed at above all. Names lie on every box.
    const order = boxes.map((_, at) => at).sort((a, b) => rank(found, a) - rank(found, b) || b - a);
    for (const at of order) drawn.append(drawBox(at, found[at].kind));
    for (const at of order) drawn.append(drawTag(at, found[at].kind));
    return drawn;
  }

  const rank = (found, at) => (at === pointed ? 4 : { dropped: 0, open: 1, kept: 2, now: 3 }[found[at].kind]);

  function drawBox(at, kind) {
    const { box } = scene().boxes[at];
    const [x1, y1, x2, y2] = box.map((number) => number * SCALE);
    const place = { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
    const down = kind === "open" && guessed.has(at);
    const look = `cw-edge cw-${kind}${down ? " cw-down" : ""}${at === pointed ? " cw-pointed" : ""}`;
    return svg(
      "g",
      { "aria-hidden": "true" },
      svg("rect", { class: `cw-under${kind === "dropped" ? " cw-thin" : ""}`, ...place }),
      svg("rect", { class: look, ...place }),
    );
  }

  // Names stand along the upper or the lower edges, in turns, each in a place of its own.
  function drawTag(at, kind) {
    const [x1, y1, x2, y2] = scene().boxes[at].box.map((number) => number * SCALE);
    const [x, y] = [Math.min(x1 + 3 + 21 * at, x2 - 21), at % 2 ? y2 - 21 : y1 + 3];
    return svg(
      "g",
      { "aria-hidden": "true" },
      svg("rect", { class: `cw-face cw-tag cw-${kind}`, x, y, width: 18, height: 18, rx: 3 }),
      svg("text", { class: "cw-letter", x: x + 9, y: y + 9.5 }, nameOf(at)),
    );
  }

  // ---- changes

  function changed() {
    if (dealt) {
      step = steps().length;
      paint();
      ui.say(
        `At ${two(model.get("threshold"))}: ${explainOutcome(
          scene(),
          steps().map(({ kept }) => kept),
        )}`,
      );
    } else restart();
  }

  restart();
  const heard = { scene: restart, threshold: changed, per_class: changed };
  for (const [name, hear] of Object.entries(heard)) model.on(`change:${name}`, hear);
  return () => {
    for (const [name, hear] of Object.entries(heard)) model.off(`change:${name}`, hear);
    ui.root.remove();
  };
}

export default { render };
