// The map of overlaps below the stage: first the question whether they are even, then how many stamps hit each cell.

import { choice, html, svg } from "../shared/draw.js";
import { MAP_INPUT, overlapMap, overlapVerdict } from "./overlaps.js";

const ANSWERS = { even: "Even", uneven: "Uneven" };

// Returns { node, show(settings) }. A kernel and a stride that were answered once stay open.
export function overlapPanel() {
  const answered = new Map();
  let settings;
  const nameOf = ({ kernel, stride }) => `${kernel}/${stride}`;

  const drawn = html("div", { class: "cw-map-picture" });
  const ask = html("span", {});
  const answers = choice("Overlaps", Object.entries(ANSWERS), null, (value) => {
    answered.set(nameOf(settings), value);
    show(settings);
  });
  const [judged, verdict, reason] = ["cw-judged", "cw-verdict", "cw-reason"].map((name) => html("p", { class: name }));
  const title = html("b", {}, "The overlaps of a larger output");
  const text = html("div", { class: "cw-map-text" }, title, ask, answers.node, judged, verdict, reason);
  const node = html("div", { class: "cw-map-part" }, drawn, text);

  function show(next) {
    settings = next;
    const answer = answered.get(nameOf(settings)) ?? null;
    const found = overlapVerdict(settings);
    const count = MAP_INPUT[settings.stride];
    ask.textContent =
      answer === null
        ? `An input of ${count} × ${count}, kernel ${settings.kernel}, stride ${settings.stride}: away from the border, does every cell get the same number of stamps?`
        : `How many stamps hit each cell, for an input of ${count} × ${count}:`;
    answers.set(answer);
    const right = answer === (found.even ? "even" : "uneven");
    judged.textContent = answer === null ? "" : right ? "✓ As you said." : "✗ Not as you said.";
    judged.classList.toggle("cw-good", right);
    judged.classList.toggle("cw-bad", !right);
    verdict.textContent = answer === null ? "" : `${found.even ? "▦" : "▚"} ${found.verdict}`;
    reason.textContent = answer === null ? "" : found.reason;
    drawn.replaceChildren(...(answer === null ? [] : [picture(settings, found.verdict)]));
    Object.assign(node.dataset, { even: String(found.even), open: String(answer !== null) });
  }

  return { node, show };
}

function picture(settings, verdict) {
  const counts = overlapMap(settings);
  const most = Math.max(...counts.flat());
  const size = 18;
  const [rows, columns] = [counts.length, counts[0].length];
  const [width, height] = [columns * size + 2, rows * size + 2];
  const map = svg("svg", {
    class: "cw-map",
    role: "img",
    viewBox: `-1 -1 ${width} ${height}`,
    width,
    height,
    "aria-label": `Map of ${rows} by ${columns} cells, ${most} stamps at most. ${verdict}`,
  });
  counts.forEach((line, row) =>
    line.forEach((value, column) => {
      const cell = svg("g", { class: "cw-count", transform: `translate(${column * size} ${row * size})` });
      cell.style.setProperty("--cw-shade", String(value / most));
      cell.append(
        svg("rect", { class: "cw-face", width: size, height: size }),
        svg("text", { x: size / 2, y: size / 2 }, String(value)),
      );
      map.append(cell);
    }),
  );
  return map;
}
