// What a reader may try to make in a widget: a list, with a tick before each that has been made, said in words too.

import { html } from "./draw.js";

export function makeTaskList() {
  return html("ul", { class: "cw-tasks", "aria-label": "Make these" });
}

export function drawTask(text, made) {
  const sign = html("span", { class: "cw-tick", "aria-hidden": "true" }, made ? "✓" : "○");
  const said = html("span", { class: "cw-hidden" }, made ? "made: " : "to make: ");
  return html("li", { class: made ? "cw-made" : "" }, sign, said, text);
}
