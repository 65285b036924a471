// What every widget draws with: elements, buttons, a frame with a sentence that is read out, and a grid of numbers
// that is walked with the arrow keys. Real text in SVG, ARIA roles, one tab stop a grid. No library.
//
// Without data-lm-suppress-shortcuts on the focused element itself, JupyterLab takes the arrow keys and `dd` deletes
// the notebook's cell: everything that can be focused is made by a function of this file that sets it.

const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

function dress(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

export function html(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

export function button(label, press, attributes = {}) {
  const node = html("button", { type: "button", ...OWN_KEYS, ...attributes }, label);
  node.addEventListener("click", press);
  return node;
}

// One of several, as native radio buttons: arrow keys, labels and states come with them.
export function choice(legend, options, chosen, choose) {
  const group = `cw-${Math.random().toString(36).slice(2)}`;
  const inputs = options.map(([value]) => html("input", { type: "radio", name: group, value, ...OWN_KEYS }));
  inputs.forEach((input) => {
    input.checked = input.value === chosen;
    input.addEventListener("change", () => choose(input.value));
  });
  const labels = options.map(([, text], at) => html("label", {}, inputs[at], html("span", {}, text)));
  const node = html("fieldset", { class: "cw-choice", "aria-label": legend }, ...labels);
  return {
    node,
    set: (value) => inputs.forEach((input) => (input.checked = input.value === value)),
    allow: (values) => inputs.forEach((input) => (input.disabled = !values.includes(input.value))),
  };
}

// A whole number to type, null while there is none: change(number) hears each digit, enter() the Enter key.
export function numberField(label, { change, enter }) {
  const node = html("input", { type: "text", inputmode: "numeric", maxlength: "5", autocomplete: "off", ...OWN_KEYS });
  node.className = "cw-field";
  node.setAttribute("aria-label", label);
  node.addEventListener("input", () => {
    const digits = node.value.replace(/\D/g, "");
    if (node.value !== digits) node.value = digits;
    change(digits === "" ? null : Number(digits));
  });
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault(); // or it would press the button that `enter` moves to
      enter();
    }
    if (event.key !== "Tab") event.stopPropagation();
  });
  return node;
}

// A number on a scale, as a native slider. change(number) hears every step; set(number, text) moves it and says in words
// what it stands at.
export function slider(label, { least, most, step, change }) {
  const node = html("input", { type: "range", min: least, max: most, step, "aria-label": label, ...OWN_KEYS });
  node.className = "cw-slider";
  node.addEventListener("input", () => change(Number(node.value)));
  node.addEventListener("keydown", (event) => event.key !== "Tab" && event.stopPropagation());
  return {
    node,
    set: (value, text) => {
      node.value = String(value);
      node.setAttribute("aria-valuetext", text);
    },
  };
}

// A point that is dragged over an SVG, or moved with the arrow keys: `shape` are the elements that it is drawn with, around
// (0, 0). by(right, down, fine) hears an arrow key, fine with Shift; to(x, y) the pointer, in the SVG's own coordinates.
export function grip(label, shape, { by, to }) {
  const node = svg(
    "g",
    { ...OWN_KEYS, class: "cw-grip", role: "slider", tabindex: "0", "aria-label": label },
    ...shape,
  );
  node.addEventListener("keydown", (event) => {
    if (!STEPS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    const [down, right] = STEPS[event.key];
    by(right, down, event.shiftKey);
    event.preventDefault();
    event.stopPropagation();
  });
  const follow = (event) => {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      node.ownerSVGElement.getScreenCTM().inverse(),
    );
    to(place.x, place.y);
  };
  node.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // no text is selected on the way
    node.setPointerCapture(event.pointerId);
    node.focus({ preventScroll: true });
  });
  node.addEventListener("pointermove", (event) => node.hasPointerCapture(event.pointerId) && follow(event));
  return {
    node,
    set: (x, y, now, text) => {
      node.setAttribute("transform", `translate(${x} ${y})`);
      node.setAttribute("aria-valuenow", String(now));
      node.setAttribute("aria-valuetext", text);
    },
  };
}

// How predictions are typed into the cells of a grid, the same in every widget: digits fill the cell, and where no
// further digit could follow (`most` is the largest number that a cell takes) the next cell comes by itself; Space goes
// there sooner. Backspace takes a digit away, Enter goes on in the game. A letter does nothing, here or in the notebook.
// put(number or null) answers false where nothing can be typed; next() goes to the next cell. Returns whether the key
// was used.
export function typeNumber(event, value, { most = 9, put, next, enter }) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "Enter") enter();
  else if (event.key === " ") next();
  else if (/^[0-9]$/.test(event.key)) typeDigit(Number(event.key), value, { most, put, next });
  else if (event.key === "Backspace" || event.key === "Delete") put(value > 9 ? Math.floor(value / 10) : null);
  else return event.key.length === 1;
  return true;
}

export function typeDigit(digit, value, { most = 9, put, next }) {
  const longer = (value ?? 0) * 10 + digit;
  const number = value === null || longer > most ? digit : longer;
  const full = number === 0 || number * 10 > most; // 0 begins no longer number
  if (put(number) !== false && full) next();
}

// For touch screens: the digits as buttons. press(digit) hears them, and null for the one that deletes.
export function digitPad(press) {
  const digits = [..."0123456789"].map((digit) => button(digit, () => press(Number(digit))));
  const erase = button("⌫", () => press(null), { "aria-label": "Delete" });
  return html("div", { class: "cw-pad", role: "group", "aria-label": "Digits" }, ...digits, erase);
}

// The frame of a widget: title, score, lead, body, tools and the sentence. `say` sets what the sentence rests on,
// `point` shows another one while something is hovered or focused (null: back to rest).
export function frame(el, { name, title, lead }) {
  const score = html("span", { class: "cw-score" });
  const head = html("div", { class: "cw-head" }, html("span", { class: "cw-title" }, title), score);
  const intro = html("p", { class: "cw-lead" });
  intro.innerHTML = lead; // our own text, with <kbd>
  const body = html("div", { class: "cw-body" });
  const tools = html("div", { class: "cw-tools" });
  const sentence = html("p", { class: "cw-say", role: "status", "aria-live": "polite" });
  const root = html(
    "div",
    { class: `course-widget cw-${name}`, role: "group", "aria-label": title, "data-widget": name },
    head,
    intro,
    body,
    sentence,
    tools,
  );
  el.append(root);
  let resting = "";
  const write = (text) => {
    if (sentence.textContent !== text) sentence.textContent = text;
  };
  return {
    root,
    body,
    tools,
    score,
    say: (text) => write((resting = text)),
    point: (text) => write(text ?? resting),
  };
}

export function panel(title, subtitle, ...children) {
  const under = html("span", {}, subtitle);
  const caption = html("figcaption", { class: "cw-caption" }, html("b", {}, title), under);
  return { node: html("figure", { class: "cw-panel" }, caption, ...children), under };
}

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// A grid of numbers. `size` is a cell's side; `block` draws thicker lines between blocks of [rows, columns] cells.
// rowName(row) and columnName(column) stand beside and above it: the numbers from 0, unless told otherwise.
// on.key(event, row, column) → true when it used the key; on.press(row, column): click or Enter;
// on.point(row, column): pointer or focus arrives; on.leave(): it is gone.
export function numberGrid({
  label,
  rows,
  columns,
  size = 46,
  block = null,
  rowName = String,
  columnName = String,
  on = {},
}) {
  const axis = 18; // room for the row and column numbers
  const [width, height] = [axis + columns * size + 2, axis + rows * size + 2];
  const root = svg("svg", {
    class: "cw-grid",
    role: "grid",
    "aria-label": label,
    "aria-rowcount": rows,
    "aria-colcount": columns,
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
  });
  const numbers = svg("g", { "aria-hidden": "true" });
  for (let row = 0; row < rows; row += 1) {
    numbers.append(svg("text", { class: "cw-axis", x: axis / 2, y: axis + (row + 0.5) * size }, rowName(row)));
  }
  for (let column = 0; column < columns; column += 1) {
    numbers.append(svg("text", { class: "cw-axis", x: axis + (column + 0.5) * size, y: axis / 2 }, columnName(column)));
  }
  root.append(numbers);

  const cells = [];
  let stop = 0; // the one cell that Tab reaches
  let focused = null;
  let hovered = null;
  // After a click the page may move under a pointer that rests; the browser then reports an arrival that is none, and
  // the answer to the click would be gone before it is read.
  let pressed = null;
  const still = (event) => pressed !== null && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) < 2;

  const pointAt = () => {
    const at = hovered ?? focused;
    if (at === null) on.leave?.();
    else on.point?.(Math.floor(at / columns), at % columns);
  };
  const setStop = (at) => {
    cells[stop].node.setAttribute("tabindex", "-1");
    stop = at;
    cells[stop].node.setAttribute("tabindex", "0");
  };
  const focus = (row, column) => {
    setStop(row * columns + column);
    cells[stop].node.focus({ preventScroll: true });
  };
  const keydown = (event, row, column) => {
    let used = true;
    if (STEPS[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const [down, right] = STEPS[event.key];
      focus(Math.min(Math.max(row + down, 0), rows - 1), Math.min(Math.max(column + right, 0), columns - 1));
    } else if (event.key === "Home") focus(event.ctrlKey ? 0 : row, 0);
    else if (event.key === "End") focus(event.ctrlKey ? rows - 1 : row, columns - 1);
    else if (on.key?.(event, row, column)) used = true;
    else if ((event.key === "Enter" || event.key === " ") && on.press) on.press(row, column);
    else used = false;
    if (used) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  for (let row = 0; row < rows; row += 1) {
    const line = svg("g", { role: "row" });
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      const inset = 2.5;
      const parts = {
        face: svg("rect", { class: "cw-face", width: size, height: size }),
        slot: svg("g", { "aria-hidden": "true" }),
        value: svg("text", { class: "cw-value", x: size / 2, y: size / 2, "font-size": size * 0.42 }),
        struck: svg("text", { class: "cw-struck", x: size / 2, y: size * 0.73, "font-size": size * 0.3 }),
        note: svg("text", { class: "cw-note", x: size / 2, y: size * 0.75, "font-size": Math.max(size * 0.22, 10) }),
        mark: svg("text", { class: "cw-mark", x: size * 0.83, y: size * 0.21, "font-size": size * 0.26 }),
        ring: svg("rect", {
          class: "cw-ring",
          x: inset,
          y: inset,
          width: size - 2 * inset,
          height: size - 2 * inset,
          rx: 2,
        }),
      };
      const node = svg(
        "g",
        {
          ...OWN_KEYS,
          class: "cw-cell",
          role: "gridcell",
          tabindex: at === 0 ? "0" : "-1",
          "data-row": row,
          "data-column": column,
          transform: `translate(${axis + column * size} ${axis + row * size})`,
        },
        ...Object.values(parts),
      );
      node.addEventListener("pointerenter", (event) => !still(event) && ((hovered = at), pointAt()));
      node.addEventListener("pointerleave", (event) => !still(event) && ((hovered = null), pointAt()));
      node.addEventListener("focus", () => ((focused = at), setStop(at), pointAt()));
      node.addEventListener("blur", () => ((focused = null), pointAt()));
      node.addEventListener("keydown", (event) => keydown(event, row, column));
      node.addEventListener("click", (event) => {
        pressed = [event.clientX, event.clientY];
        focus(row, column);
        on.press?.(row, column);
      });
      cells.push({ node, ...parts });
      line.append(node);
    }
    root.append(line);
  }

  const ruler = { x: axis, y: axis, width: columns * size, height: rows * size };
  let lines = `M${ruler.x} ${ruler.y}h${ruler.width}v${ruler.height}h${-ruler.width}z`;
  for (let row = block?.[0] ?? rows; row < rows; row += block[0])
    lines += `M${axis} ${axis + row * size}h${ruler.width}`;
  for (let column = block?.[1] ?? columns; column < columns; column += block[1]) {
    lines += `M${axis + column * size} ${axis}v${ruler.height}`;
  }
  const outline = svg("rect", { class: "cw-window", rx: 4, visibility: "hidden" });
  const overlay = svg("g", { class: "cw-overlay", "aria-hidden": "true" });
  root.append(svg("path", { class: "cw-blocks", d: lines, "aria-hidden": "true" }), overlay, outline);

  return {
    node: root,
    overlay, // for what a widget draws on top; centre() gives a cell's middle in its coordinates
    centre: (row, column) => [axis + (column + 0.5) * size, axis + (row + 0.5) * size],
    slot: (row, column) => cells[row * columns + column].slot,
    focus,
    stop: () => [Math.floor(stop / columns), stop % columns],
    repoint: pointAt, // say the sentence again, after a change under the pointer
    next: (row, column) => {
      const at = Math.min(row * columns + column + 1, cells.length - 1);
      focus(Math.floor(at / columns), at % columns);
    },
    // Draw a dashed frame around a window of cells; null takes it away.
    frameWindow: (window) => {
      outline.setAttribute("visibility", window ? "visible" : "hidden");
      if (!window) return;
      outline.setAttribute("x", axis + window.column * size - 1);
      outline.setAttribute("y", axis + window.row * size - 1);
      outline.setAttribute("width", window.columns * size + 2);
      outline.setAttribute("height", window.rows * size + 2);
    },
    // describe(row, column) → { label, text, struck, note, mark, tones, shade, selected, raised }; label alone must be.
    paint: (describe) =>
      cells.forEach((cell, at) => {
        const look = describe(Math.floor(at / columns), at % columns);
        const low = [look.struck, look.note, look.raised].some((below) => below !== undefined);
        cell.value.setAttribute("y", size * (low ? 0.36 : 0.5));
        for (const part of ["struck", "note", "mark"]) write(cell[part], look[part] ?? "");
        const text = String(look.text ?? "");
        write(cell.value, text);
        cell.value.setAttribute("font-size", size * ([0.42, 0.42, 0.36, 0.33, 0.29][text.length] ?? 0.26));
        const shaded = look.shade === undefined ? "" : ` cw-shaded${look.shade > 0.5 ? " cw-deep" : ""}`;
        const classes = `cw-cell ${(look.tones ?? []).map((tone) => `cw-${tone}`).join(" ")}${shaded}`;
        if (cell.node.getAttribute("class") !== classes) cell.node.setAttribute("class", classes);
        cell.node.style.setProperty("--cw-shade", String(look.shade ?? 0));
        cell.node.setAttribute("aria-label", look.label);
        if (look.selected === undefined) cell.node.removeAttribute("aria-selected");
        else cell.node.setAttribute("aria-selected", String(look.selected));
      }),
  };
}

function write(node, text) {
  if (node.textContent !== String(text)) node.textContent = String(text);
}
