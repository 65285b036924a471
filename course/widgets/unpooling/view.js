// Drawing of the Unpooling widget: the input and three outputs side by side, predictions typed into their cells.
// A panel keeps its secret until it is revealed; then each cell lights its source. Wrong guesses stay, struck through.

import { button, digitPad, frame, html, numberGrid, panel, svg, typeDigit, typeNumber } from "../shared/draw.js";
import { METHODS, SCALE, answer, explain, makeRound, noGuesses, place, score, sourceOf } from "./core.js";

const SIDE = 2 * SCALE;

function render({ model, el }) {
  const ui = frame(el, {
    name: "unpooling",
    title: "Unpooling: one input, three ways back",
    lead:
      "Predict first: go to an output cell, type its digit, and the next cell follows. " +
      "<kbd>Enter</kbd> reveals a panel; then each cell shows where its number comes from.",
  });
  let round;
  let lit = null; // the output cell under the pointer, once its panel is revealed
  const total = { right: 0, guessed: 0 };

  // The input, with a small window under each value: the filled square is the position that max pooling remembered.
  const input = numberGrid({
    label: "Input, 2 by 2",
    rows: 2,
    columns: 2,
    size: 66,
    on: {
      point: (row, column) => {
        const remembered = place(round.positions[row][column]);
        ui.point(
          `Input ${place({ row, column })}: ${round.input[row][column]}. Max pooling found it at ${remembered}.`,
        );
      },
      leave: () => ui.point(null),
    },
  });

  const outputs = METHODS.map((method) => {
    const output = { method, guesses: noGuesses(), revealed: false, asked: false };
    output.grid = numberGrid({
      label: `${method.title}, output, 4 by 4`,
      rows: SIDE,
      columns: SIDE,
      block: [SCALE, SCALE],
      on: {
        key: (event, row, column) => typeNumber(event, output.guesses[row][column], typing(output, row, column)),
        point: (row, column) => point(output, row, column),
        leave: () => point(null),
      },
    });
    output.reveal = button("Reveal", () => reveal(output), {
      class: "cw-primary",
      "aria-label": `Reveal ${method.title.toLowerCase()}`,
    });
    output.result = html("span", {});
    const after = html("div", { class: "cw-after" }, output.reveal, output.result);
    output.panel = panel(method.title, method.rule, output.grid.node, after);
    output.panel.node.dataset.method = method.name;
    return output;
  });

  const given = panel("Input", "■ remembered position", input.node);
  given.node.dataset.method = "input";
  ui.body.append(html("div", { class: "cw-panels" }, given.node, ...outputs.map((output) => output.panel.node)));
  const again = button("New numbers", () => {
    model.set("seed", model.get("seed") + 1);
    model.save_changes();
  });
  let touched = null; // the output whose cell was touched last
  outputs.forEach((output) => output.grid.node.addEventListener("focusin", () => (touched = output)));
  ui.tools.append(again, digitPad(pressDigit));

  function point(output, row, column) {
    const place4 = output && { row, column };
    lit = output?.revealed ? { output, ...place4 } : null;
    if (!output) ui.point(null);
    else if (lit) ui.point(explain(output.method, round, row, column, output.guesses[row][column]));
    else {
      const guess = output.guesses[row][column];
      const so = guess === null ? "type the digit that you expect." : `you expect ${guess}.`;
      ui.point(`${output.method.title}, ${place(place4)}: ${so}`);
    }
    paintInput();
    outputs.forEach(paintOutput);
  }

  // One digit a cell.
  function typing(output, row, column) {
    return {
      put: (digit) => fill(output, row, column, digit),
      next: () => output.grid.next(row, column),
      enter: () => reveal(output),
    };
  }

  function pressDigit(digit) {
    if (touched === null) return;
    const [row, column] = touched.grid.stop();
    if (digit === null) fill(touched, row, column, null);
    else typeDigit(digit, touched.guesses[row][column], typing(touched, row, column));
  }

  function fill(output, row, column, digit) {
    if (output.revealed) return false;
    output.guesses[row][column] = digit;
    paintOutput(output);
    output.grid.repoint();
    return true;
  }

  function reveal(output) {
    if (output.revealed) return;
    const points = score(output.guesses, answer(output.method, round));
    if (points.guessed === 0 && !output.asked) {
      output.asked = true;
      ui.say("Predict at least one cell first: type a digit into it. Or press Reveal again to only look.");
      return;
    }
    const held = document.activeElement === output.reveal;
    output.revealed = true;
    total.right += points.right;
    total.guessed += points.guessed;
    paint();
    const title = output.method.title;
    const result = points.guessed === 0 ? "revealed." : `${points.right} of ${points.guessed} predictions right.`;
    const done = outputs.every((other) => other.revealed)
      ? " The same four numbers: copied sixteen times, put in a corner, or put back where they stood."
      : " Point at a cell to see its source.";
    if (held) output.grid.focus(...output.grid.stop());
    ui.say(`${title}: ${result}${done}`);
  }

  function paintInput() {
    const source = lit && sourceOf(lit.output.method, round, lit.row, lit.column);
    input.paint((row, column) => {
      const isSource = source?.row === row && source?.column === column;
      return {
        text: round.input[row][column],
        raised: true,
        tones: ["given", ...(isSource ? ["lit"] : [])],
        label: `${place({ row, column })}: ${round.input[row][column]}, remembered at ${place(round.positions[row][column])}`,
      };
    });
  }

  function paintOutput(output) {
    const right = answer(output.method, round);
    const source = lit && sourceOf(lit.output.method, round, lit.row, lit.column);
    output.grid.paint((row, column) => {
      const [guess, value] = [output.guesses[row][column], right[row][column]];
      const where = place({ row, column });
      if (!output.revealed) {
        const label = guess === null ? `${where}: no prediction` : `${where}: you predict ${guess}`;
        return { text: guess ?? "", tones: guess === null ? [] : ["guess"], label };
      }
      // All cells that the same input value feeds light up together, in every revealed panel: the outputs in step.
      const from = sourceOf(output.method, round, row, column);
      const same = source && from && source.row === from.row && source.column === from.column;
      const tones = [value === 0 ? "zero" : "given", ...(same ? ["lit"] : [])];
      if (guess === null) return { text: value, tones, label: `${where}: ${value}` };
      if (guess === value) {
        return { text: value, mark: "✓", tones: [...tones, "is-right"], label: `${where}: ${value}, predicted right` };
      }
      const label = `${where}: ${value}, wrongly predicted ${guess}`;
      return { text: value, struck: guess, mark: "✗", tones: [...tones, "is-wrong"], label };
    });
    output.reveal.hidden = output.revealed;
    const points = score(output.guesses, right);
    output.result.textContent = !output.revealed
      ? ""
      : points.guessed
        ? `${points.right} of ${points.guessed} right`
        : "revealed";
  }

  function paint() {
    paintInput();
    outputs.forEach(paintOutput);
    ui.score.textContent = total.guessed
      ? `Score: ${total.right} of ${total.guessed} right`
      : "Score: no prediction yet";
    ui.root.dataset.revealed = outputs
      .filter((output) => output.revealed)
      .map((output) => output.method.name)
      .join(" ");
    ui.root.dataset.seed = model.get("seed");
  }

  function restart() {
    round = makeRound(model.get("seed"));
    lit = null;
    for (const output of outputs) Object.assign(output, { guesses: noGuesses(), revealed: false, asked: false });
    round.positions.forEach((line, row) =>
      line.forEach((position, column) => input.slot(row, column).replaceChildren(miniature(position))),
    );
    paint();
    ui.say("What will stand in each of the 4 × 4 cells? Start with the panel that you are surest of.");
  }

  // The remembered position as a picture of its block.
  function miniature({ row, column }) {
    const [step, left, top] = [10, 23, 40];
    const squares = [0, 1, 2, 3].map((at) => {
      const here = Math.floor(at / SCALE) === row % SCALE && at % SCALE === column % SCALE;
      const [x, y] = [left + (at % SCALE) * step, top + Math.floor(at / SCALE) * step];
      return svg("rect", { class: here ? "cw-here" : "cw-there", x, y, width: step, height: step });
    });
    return svg("g", {}, ...squares);
  }

  restart();
  model.on("change:seed", restart);
  return () => {
    model.off("change:seed", restart);
    ui.root.remove();
  };
}

export default { render };
