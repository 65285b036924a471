// The game of the MaxUnpooling widget: find each window's maximum, let the network change the values, put them back.
// Pure functions, no DOM. A game is a plain object; each move returns a new one and the sentence that answers it.
// Stages: "pool" (find the maxima) → "network" (the values change) → "place" (predict) → "revealed".

import { maxPool2dWithIndices, maxUnpool2d, windowCells } from "../shared/pooling.js";

export const PRESETS = {
  windows: {
    title: "2×2 windows",
    map: [
      [1, 5, 2, 0],
      [3, 4, 7, 6],
      [8, 2, 1, 3],
      [0, 6, 4, 9],
    ],
    kernel: [2, 2],
    stride: [2, 2],
    // The same numbers in other windows: a value does not belong to the place where an equal one stood.
    network: {
      does: "passes each value on to the next window",
      change: (values) => [...values.slice(-1), ...values.slice(0, -1)],
    },
  },
  tie: {
    title: "a tie",
    map: [
      [2, 6, 4, 4],
      [6, 1, 4, 4],
      [3, 1, 0, 8],
      [5, 5, 2, 8],
    ],
    kernel: [2, 2],
    stride: [2, 2],
    network: { does: "doubles each value", change: (values) => values.map((value) => 2 * value) },
  },
  overlap: {
    title: "overlapping windows",
    map: [
      [1, 2, 0, 3, 1],
      [4, 0, 9, 1, 6],
      [2, 1, 4, 0, 2],
      [3, 7, 1, 2, 0],
      [0, 2, 5, 1, 8],
    ],
    kernel: [3, 3],
    stride: [2, 2],
    network: { does: "doubles each value", change: (values) => values.map((value) => 2 * value) },
  },
  edge: {
    title: "an edge",
    map: [
      [0, 1, 1, 8, 2, 1, 0, 1],
      [1, 0, 2, 9, 1, 0, 1, 0],
      [0, 1, 1, 9, 1, 2, 0, 1],
      [1, 2, 0, 7, 2, 1, 1, 0],
      [0, 1, 1, 8, 1, 0, 1, 2],
      [1, 0, 2, 9, 7, 9, 8, 6],
      [0, 1, 0, 1, 2, 1, 0, 1],
      [1, 0, 1, 2, 0, 1, 1, 0],
    ],
    kernel: [2, 2],
    stride: [2, 2],
    // A bias and a ReLU: the faint texture goes, the edge stays.
    network: {
      does: "subtracts 2 and clips at zero",
      change: (values) => values.map((value) => Math.max(value - 2, 0)),
    },
    edge: [
      [0, 3],
      [5, 3],
      [5, 7],
    ], // where the line runs, for the eye
  },
};

export function begin(name) {
  const preset = PRESETS[name];
  const { values, indices } = maxPool2dWithIndices(preset.map, preset);
  const size = [preset.map.length, preset.map[0].length];
  return {
    name,
    preset,
    size,
    pooledSize: [values.length, values[0].length],
    pooled: values.flat(),
    indices: indices.flat(),
    stage: "pool",
    found: 0, // windows whose maximum is in the tray
    misses: [], // wrong picks in the current window
    firstTry: 0,
    values: null, // what the network made of the pooled values
    placed: indices.flat().map(() => null), // positions where the learner put them
    turn: null, // the window whose value is to be placed next
    forgotten: false, // the switch
    scoredForgotten: false, // how the switch stood when the learner revealed
  };
}

export const rowOf = (game, index) => Math.floor(index / game.size[1]);
export const columnOf = (game, index) => index % game.size[1];

export function place(game, index) {
  return `row ${rowOf(game, index)}, column ${columnOf(game, index)}`;
}

export function windowName(game, window) {
  return `window (${Math.floor(window / game.pooledSize[1])}, ${window % game.pooledSize[1]})`;
}

// The positions that a window covers, in row-major order.
export function positionsOf(game, window) {
  const [row, column] = [Math.floor(window / game.pooledSize[1]), window % game.pooledSize[1]];
  return windowCells(row, column, game.size, game.preset).map((cell) => cell.row * game.size[1] + cell.column);
}

const at = (game, index) => game.preset.map[rowOf(game, index)][columnOf(game, index)];

// Pick a cell as the maximum of the current window.
export function pick(game, index) {
  if (game.stage !== "pool") return { game, sentence: "All maxima are in the tray." };
  const inside = positionsOf(game, game.found);
  const [value, best, right] = [at(game, index), game.pooled[game.found], game.indices[game.found]];
  if (!inside.includes(index)) {
    return { game, sentence: `${capital(place(game, index))} is outside the dashed ${windowName(game, game.found)}.` };
  }
  if (index !== right) {
    const missed = { ...game, misses: [...game.misses, index] };
    const ties = inside.filter((other) => at(game, other) === best).length;
    if (value < best) return { game: missed, sentence: `${value} is not the largest value of this window.` };
    const times = ties === 2 ? "twice" : `${ties} times`;
    return {
      game: missed,
      sentence: `${value} is the maximum, but it stands here ${times}: the first in row-major order counts, row by row.`,
    };
  }
  const found = game.found + 1;
  const next = {
    ...game,
    found,
    misses: [],
    firstTry: game.firstTry + (game.misses.length === 0 ? 1 : 0),
    stage: found === game.pooled.length ? "network" : "pool",
  };
  const [row, column] = [rowOf(game, index), columnOf(game, index)];
  const index1 = `${row}·${game.size[1]} + ${column} = ${index}`;
  const then = next.stage === "network" ? ` All ${found} maxima are in the tray: run the network.` : "";
  return {
    game: next,
    sentence: `${value} drops into the tray and remembers its index: row·W + column = ${index1}.${then}`,
  };
}

// Find the maxima that are left.
export function pickRest(game) {
  const next = { ...game, found: game.pooled.length, misses: [], stage: "network" };
  return {
    game: next,
    sentence: `All ${next.found} maxima are in the tray, each with its index. Now run the network.`,
  };
}

export function runNetwork(game) {
  const values = game.preset.network.change(game.pooled);
  const next = { ...game, values, stage: "place" };
  return {
    game: { ...next, turn: nextTurn(next, -1) },
    sentence: `The network ${game.preset.network.does}. Where does each value go? Place the dashed one.`,
  };
}

// The next window, after `window`, whose value is not yet placed. A zero changes nothing and needs no place.
function nextTurn(game, window) {
  const order = game.values.map((_, step) => (window + 1 + step) % game.values.length);
  return order.find((other) => game.placed[other] === null && game.values[other] !== 0) ?? null;
}

// Where a window's value belongs: its remembered position, or the window's first cell when positions are forgotten.
export function target(game, window, forgotten = game.forgotten) {
  return forgotten ? positionsOf(game, window)[0] : game.indices[window];
}

export function choose(game, window) {
  if (game.stage !== "place" || game.values[window] === 0) return game;
  return { ...game, turn: window, placed: game.placed.map((index, other) => (other === window ? null : index)) };
}

export function put(game, index) {
  if (game.stage !== "place") return { game, sentence: "" };
  if (game.turn === null)
    return { game, sentence: "Every value has its place. Press Reveal, or choose a value in the tray to move it." };
  const placed = game.placed.map((old, window) => (window === game.turn ? index : old));
  const next = { ...game, placed };
  const turn = nextTurn(next, game.turn);
  const then = turn === null ? "That was the last one: press Reveal." : `Next: ${game.values[turn]}.`;
  return { game: { ...next, turn }, sentence: `${game.values[game.turn]} placed at ${place(game, index)}. ${then}` };
}

export function score(game) {
  const made = game.placed.flatMap((index, window) => (index === null ? [] : [{ index, window }]));
  const right = made.filter(({ index, window }) => index === target(game, window, game.scoredForgotten)).length;
  return { placed: made.length, right };
}

export function reveal(game) {
  const next = { ...game, stage: "revealed", turn: null, scoredForgotten: game.forgotten };
  const { placed, right } = score(next);
  const result = placed === 0 ? "Revealed." : `${right} of ${placed} values placed right.`;
  return { game: next, sentence: `${result} ${next.forgotten ? shiftSentence(next) : sharedSentence(next)}`.trim() };
}

export function setForgotten(game, forgotten) {
  const next = { ...game, forgotten };
  if (game.stage !== "revealed") {
    const rule = forgotten
      ? "Positions forgotten: a value can only go to the first cell, top left, of its window."
      : "Positions remembered: a value goes back to where its window's maximum stood.";
    return { game: next, sentence: rule };
  }
  return {
    game: next,
    sentence: forgotten
      ? shiftSentence(next)
      : `Positions remembered: every value is back in its place. ${sharedSentence(next)}`.trim(),
  };
}

// The output plane: max unpooling with the remembered positions, or with the first cell of each window.
export function output(game) {
  const columns = game.pooledSize[1];
  const rows = (flat) =>
    Array.from({ length: game.pooledSize[0] }, (_, row) => flat.slice(row * columns, (row + 1) * columns));
  const indices = game.values.map((_, window) => target(game, window));
  return maxUnpool2d(rows(game.values), rows(indices), { ...game.preset, outputSize: game.size });
}

// The windows that write into a cell.
export function writers(game, index) {
  return game.values.flatMap((_, window) => (target(game, window) === index ? [window] : []));
}

// The values that stand elsewhere once positions are forgotten.
export function shifts(game) {
  return game.values.flatMap((value, window) => {
    const [from, to] = [target(game, window, false), target(game, window, true)];
    return value === 0 || from === to ? [] : [{ window, from, to }];
  });
}

function shiftSentence(game) {
  const [moved, all] = [shifts(game).length, game.values.filter((value) => value !== 0).length];
  const edge = game.preset.edge ? " The line has moved left and up, off the place where the picture has it." : "";
  return `Positions forgotten: ${moved} of ${all} values stand in the wrong cell (arrows).${edge}`;
}

function sharedSentence(game) {
  const shared = game.indices.findIndex((index, window) => game.indices.indexOf(index) !== window);
  if (shared < 0) return "";
  const value = game.values[shared];
  return `Two windows found the same cell: ${value} is written there twice and stays ${value}: assigned, not summed.`;
}

// What an output cell holds and why, once revealed.
export function explain(game, index) {
  const from = writers(game, index);
  if (from.length === 0) return `Output ${place(game, index)}. No source: zero.${misplaced(game, index)}`;
  const names = from.map((window) => windowName(game, window)).join(" and ");
  const value = output(game)[rowOf(game, index)][columnOf(game, index)];
  const twice = from.length > 1 ? " Written twice: assigned, not summed." : "";
  const why = game.forgotten ? "its top-left cell, for want of a position" : `its maximum stood here, index ${index}`;
  return `Output ${place(game, index)}: ${value} comes from ${names}: ${why}.${twice}${misplaced(game, index)}`;
}

// What to say about a value that the learner put here and that belongs elsewhere.
function misplaced(game, index) {
  if (game.forgotten !== game.scoredForgotten) return "";
  const window = game.placed.findIndex((placed, other) => placed === index && target(game, other) !== index);
  if (window < 0) return "";
  const where = game.forgotten ? "the first cell of that window" : "where that window's maximum stood";
  const belongs = `${windowName(game, window)} and belongs to ${place(game, target(game, window))}, ${where}`;
  return ` Your ${game.values[window]} is the value of ${belongs}.`;
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
