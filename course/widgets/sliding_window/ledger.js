// The ledger of the SlidingWindow widget: a row for each question, with what was predicted and what the run counts.

import { html, numberField } from "../shared/draw.js";

// `guesses` are filled in by name; leave(): where the focus goes from the last field, or from one that closes.
// paint({ state(mode), ended(mode), locked(question), verdict }) shows how far the run has come.
export function makeLedger(questions, guesses, leave) {
  const rows = questions.map((question, at) => {
    const field = numberField(question.label, {
      change: (value) => (guesses[question.name] = value),
      enter: () => {
        const next = rows.slice(at + 1).find((row) => !row.field.hidden && !row.field.readOnly);
        if (next?.question.mode === question.mode) next.field.focus();
        else leave();
      },
    });
    const [mark, struck] = [html("span", { class: "cw-verdict" }), html("s", {})];
    const [count, how] = [html("span", { class: "cw-count" }), html("span", { class: "cw-how" })];
    const bar = ["patches", "shared"].includes(question.name) ? html("span", { class: "cw-bar" }) : null;
    const track = bar ? [html("span", { class: "cw-track", "aria-hidden": "true" }, bar)] : [];
    const node = html(
      "tr",
      { "data-question": question.name },
      html("th", { scope: "row" }, question.label),
      html("td", {}, mark, struck, field),
      html("td", {}, count, how, ...track),
    );
    return { question, node, field, mark, struck, count, how, bar };
  });
  const heads = ["", "predicted", "counted"].map((text) =>
    html(text ? "th" : "td", text ? { scope: "col" } : {}, text),
  );
  const foot = html("td", { colspan: "3", class: "cw-ratio" });
  const node = html(
    "table",
    { class: "cw-ledger" },
    html("thead", {}, html("tr", {}, ...heads)),
    html("tbody", {}, ...rows.map((row) => row.node)),
    html("tfoot", {}, html("tr", {}, foot)),
  );
  const most = Math.max(...questions.slice(2).map(({ answer }) => answer));

  function paint({ state, ended, locked, verdict }) {
    for (const { question, node: line, field, mark, struck, count, how, bar } of rows) {
      const [guess, over] = [guesses[question.name], ended(question.mode)];
      const value = question.count(state(question.mode));
      if (over && document.activeElement === field) leave();
      field.hidden = over;
      field.readOnly = locked(question);
      const right = guess === question.answer;
      mark.textContent = !over || guess === null ? "" : right ? `✓ ${guess}` : "✗ ";
      struck.textContent = over && guess !== null && !right ? String(guess) : "";
      line.className = !over || guess === null ? "" : right ? "cw-is-right" : "cw-is-wrong";
      count.textContent = String(value);
      how.textContent = over && value === question.answer ? ` = ${question.how}` : "";
      if (bar) bar.style.width = `${(100 * value) / most}%`;
    }
    foot.textContent = verdict;
  }

  return { node, paint };
}
