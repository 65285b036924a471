// Drawing of the SelectiveSearch widget: the regions on the picture and as a row of buttons, of which two are chosen; how
// alike they are, as bars; and the boxes that have been left, with the best IoU that each animal has among them.

import { button, frame, html } from "../shared/draw.js";
import { drawCurves, drawLegend, drawTerms } from "./chart.js";
import {
  TERMS,
  bestOf,
  decodeSegments,
  grow,
  neighboursOf,
  piecesOf,
  recallOf,
  segmentsAfter,
  touches,
} from "./core.js";
import { canvasOf, drawBoxes, drawRegions, photograph } from "./picture.js";
import { ANIMALS } from "./scene.js";
import { explainBox, explainEnd, explainMerge, explainRegion, two } from "./words.js";

const SCALES = { map: 6, boxes: 3.06 }; // CSS pixels a pixel of the picture
const WALK = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

function render({ model, el }) {
  const ui = frame(el, {
    name: "selective-search",
    title: "Regions that grow together",
    lead:
      "The picture is cut into pieces. Again and again, the two regions that touch and are <i>most alike</i> become one, and " +
      "every region that has ever been leaves its box. Choose the two that merge next, then see.",
  });
  const segments = decodeSegments();
  const pieces = piecesOf(segments);
  const touching = neighboursOf(segments, pieces.length);
  let grown = grow(pieces, touching, model.get("terms"));
  let merges = 0;
  let picked = [];
  let pointed = null;
  let last = null; // the step that was shown last: the pair that merged, and the reader's own
  let asked = false;
  const total = { right: 0, guessed: 0 };
  const count = () => pieces.length + merges;
  const over = () => merges === grown.steps.length;
  const step = () => grown.steps[merges];

  const photo = photograph();
  const map = canvasOf("", SCALES.map, photo, "cw-map");
  const boxes = canvasOf("", SCALES.boxes, photo, "cw-boxes");
  const [image, faded] = [map.firstChild, boxes.firstChild];
  const chips = html("div", { class: "cw-chips", role: "toolbar", "aria-label": "Regions: choose two that touch" });
  const prompt = html("p", { class: "cw-prompt" });
  const terms = html("div", { class: "cw-terms" });
  const legend = html("div", { class: "cw-legend" });
  const curves = html("div", {});
  const recall = html("p", { class: "cw-recall" });
  const key = html(
    "p",
    { class: "cw-key" },
    "Dotted: the animals' own boxes. Blue and red: the best so far. Orange: the newest.",
  );
  const worth = html(
    "div",
    { class: "cw-worth" },
    html("div", { class: "cw-left" }, boxes, key),
    html("div", {}, recall, curves, legend),
  );
  const side = html("div", { class: "cw-side" }, prompt, chips, terms);
  ui.body.append(html("div", { class: "cw-stage" }, map, side, worth));

  const primary = button("Merge", () => merge(), { class: "cw-primary" });
  const rest = button("Go to the end", () => finish());
  const again = button("Start over", () => restart());
  const switches = TERMS.map((term) => button(term, () => toggleTerm(term), { role: "switch" }));
  const group = html("div", { class: "cw-counts", role: "group", "aria-label": "What counts" }, html("span", {}, "counts:"), ...switches); // prettier-ignore
  ui.tools.append(primary, rest, again, group);

  // ---- the game

  function pick(number) {
    if (over() || !step().alive.includes(number)) return;
    if (picked.includes(number)) picked = picked.filter((other) => other !== number);
    else if (picked.length === 1 && touches(step().pairs, picked[0], number) < 0) {
      ui.say(`${picked[0]} and ${number} do not touch: only neighbours merge.`);
      return;
    } else picked = picked.length === 2 ? [number] : [...picked, number];
    paint();
    if (picked.length === 1) ui.say(`${explainRegion(number, grown.regions, step().pairs)} With which of them?`);
    else if (picked.length === 2) ui.say(`You expect ${picked[0]} and ${picked[1]} to be the most alike.`);
  }

  function merge() {
    if (over()) return;
    const guess = picked.length === 2 ? picked : null;
    if (guess === null && !asked) {
      asked = true;
      ui.say("Predict first: choose two regions that touch. Or press Merge once more to only look.");
      return;
    }
    const rank = guess && touches(step().pairs, ...guess);
    if (guess) {
      total.guessed += 1;
      total.right += rank === 0 ? 1 : 0;
    }
    const said = explainMerge(step(), count(), guess, model.get("terms"));
    last = { best: step().pairs[0], own: rank ? step().pairs[rank] : null };
    merges += 1;
    picked = [];
    paint();
    ui.say(`${said} ${over() ? explainEnd(grown.regions) : explainBox(grown.regions, count())}`);
    if (over()) again.focus({ preventScroll: true });
  }

  function finish() {
    merges = grown.steps.length;
    last = { best: grown.steps.at(-1).pairs[0], own: null };
    picked = [];
    paint();
    ui.say(explainEnd(grown.regions));
    again.focus({ preventScroll: true });
  }

  function restart() {
    merges = 0;
    [last, picked, pointed] = [null, [], null];
    paint();
    const found = recallOf(bestOf(pieces));
    const held = document.activeElement;
    if (held === again) primary.focus({ preventScroll: true });
    ui.say(
      `${pieces.length} pieces, ${pieces.length} boxes, and ${found} of ${ANIMALS.length} animals found. Which two that touch are the most alike in what counts: ${model.get("terms").join(", ")}?`,
    );
  }

  function toggleTerm(term) {
    const used = model.get("terms");
    if (used.length === 1 && used[0] === term) {
      ui.say("One of the four has to count.");
      return;
    }
    const next = TERMS.filter((other) => (other === term) !== used.includes(other));
    model.set("terms", next);
    model.save_changes();
  }

  function point(number) {
    if (pointed === number) return;
    pointed = number;
    paintMap();
    ui.point(number === null || over() ? null : explainRegion(number, grown.regions, step().pairs));
  }

  // ---- painting

  function paint() {
    paintMap();
    paintChips();
    const regions = grown.regions.slice(0, count());
    const best = bestOf(regions);
    boxes.replaceChildren(faded, ...drawBoxes(regions, best, merges ? count() - 1 : null));
    boxes.setAttribute("aria-label", `${count()} boxes on the picture, and those of the animals`);
    recall.replaceChildren(html("b", {}, `${count()} boxes: recall ${recallOf(best)} of ${ANIMALS.length}`));
    curves.replaceChildren(drawCurves(grown.regions, count(), pieces.length));
    legend.replaceChildren(...drawLegend(regions));
    terms.hidden = last === null;
    if (last) terms.replaceChildren(drawTerms(last.best, last.own, model.get("terms")));
    prompt.textContent = over() ? "Nothing is left to merge." : "Which two merge next? Choose two that touch.";
    primary.hidden = rest.hidden = over();
    again.hidden = merges === 0;
    switches.forEach((node, at) => node.setAttribute("aria-checked", String(model.get("terms").includes(TERMS[at]))));
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right`
      : "Score: no prediction yet";
    Object.assign(ui.root.dataset, {
      merges: String(merges),
      picked: picked.join(" "),
      recall: `${recallOf(best)} of ${ANIMALS.length}`,
      best: best.map(({ iou }) => two(iou)).join(" "),
    });
  }

  function paintMap() {
    const now = segmentsAfter(segments, grown, merges);
    const fresh = merges && !over() ? count() - 1 : null;
    map.replaceChildren(image, ...drawRegions(now, { picked, pointed, fresh, press: pick, point }));
    map.setAttribute("aria-label", `The picture in ${grown.regions.length - count() + 1} regions`);
  }

  // A button a region: one tab stop, and the arrow keys go from one to the next.
  let made = [];
  let stop = 0; // the region whose button Tab reaches
  function paintChips() {
    const alive = over() ? [] : step().alive;
    if (made.map(({ number }) => number).join() !== alive.join()) {
      made = alive.map((number) => ({ number, node: makeChip(number) }));
      chips.replaceChildren(...made.map(({ node }) => node));
    }
    if (!alive.includes(stop)) stop = alive[0];
    for (const { number, node } of made) {
      const apart = picked.length === 1 && picked[0] !== number && touches(step().pairs, picked[0], number) < 0;
      node.setAttribute("aria-pressed", String(picked.includes(number)));
      node.setAttribute("aria-disabled", String(apart));
      node.setAttribute("tabindex", number === stop ? "0" : "-1");
      node.setAttribute("class", `cw-chip${number === count() - 1 && merges ? " cw-fresh" : ""}`);
    }
    chips.hidden = over();
  }

  function makeChip(number) {
    const node = button(String(number), () => pick(number), { "aria-label": `Region ${number}` });
    node.addEventListener("focus", () => {
      stop = number;
      for (const other of made) other.node.setAttribute("tabindex", other.number === number ? "0" : "-1");
      point(number);
    });
    node.addEventListener("blur", () => point(null));
    node.addEventListener("pointerenter", () => point(number));
    node.addEventListener("pointerleave", () => point(null));
    node.addEventListener("keydown", (event) => {
      const at = made.findIndex((chip) => chip.number === number);
      const ends = { Home: 0, End: made.length - 1 };
      const next = event.key in WALK ? at + WALK[event.key] : ends[event.key];
      if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      made[Math.min(Math.max(next, 0), made.length - 1)].node.focus({ preventScroll: true });
      event.preventDefault();
      event.stopPropagation();
    });
    return node;
  }

  // ---- changes

  function changed() {
    grown = grow(pieces, touching, model.get("terms"));
    restart();
  }

  restart();
  model.on("change:terms", changed);
  return () => {
    model.off("change:terms", changed);
    ui.root.remove();
  };
}

export default { render };
