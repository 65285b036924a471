// A hill on a small grid, and the point that is read off it. Pure functions, no DOM.
// Places are [x, y] in pixels; pixel (row, column) has its centre at x = column + ½, y = row + ½.

export const ROWS = 6;
export const COLUMNS = 9;
export const SIGMAS = [0.5, 0.75, 1, 1.5, 2];
export const SECOND = {
  none: { title: "none", height: 0 },
  lower: { title: "lower, 0.9", height: 0.9 },
  higher: { title: "higher, 1.1", height: 1.1 },
};
export const OTHER = [6.5, 4.5]; // where the second hill stands: in the middle of a pixel
export const STEP = 0.05; // of a pixel: how finely the keypoint is moved and its error traced

// What the worst error may be predicted to be, in sixteenths of a pixel.
export const WORST = [
  ["0.125", "⅛ px"],
  ["0.25", "¼ px"],
  ["0.5", "½ px"],
  ["1", "1 px"],
];
export const RIGHT = { highest: "0.5", quarter: "0.25" };

// The map as rows of numbers: exp(−d² / 2σ²), and where there is a second hill, that one added with its height.
export function heatmapOf([x, y], sigma, height = 0, rows = ROWS, columns = COLUMNS) {
  const hill = (row, column, [a, b]) => Math.exp(-((column + 0.5 - a) ** 2 + (row + 0.5 - b) ** 2) / (2 * sigma ** 2));
  return Array.from({ length: rows }, (_, row) =>
    Array.from(
      { length: columns },
      (_, column) => hill(row, column, [x, y]) + (height ? height * hill(row, column, OTHER) : 0),
    ),
  );
}

// The highest pixel, the first in reading order, and both points that are read off it: its centre, and a quarter of a
// pixel towards the higher neighbour in each direction that has two.
export function decode(map) {
  const columns = map[0].length;
  const values = map.flat();
  const at = values.indexOf(Math.max(...values));
  const [row, column] = [Math.floor(at / columns), at % columns];
  const towards = (before, after) =>
    before === undefined || after === undefined ? 0 : 0.25 * Math.sign(after - before);
  const moved = [
    towards(map[row][column - 1], map[row][column + 1]),
    towards(map[row - 1]?.[column], map[row + 1]?.[column]),
  ];
  const highest = [column + 0.5, row + 0.5];
  return { row, column, score: values[at], highest, quarter: [highest[0] + moved[0], highest[1] + moved[1]], moved };
}

// A place on the map, in steps, so that no error depends on how it was dragged there.
export function onTheMap([x, y]) {
  const snap = (value, most) => Math.min(Math.max(Math.round(value / STEP), 0), Math.round(most / STEP)) * STEP;
  const tidy = (value) => Number(value.toFixed(2));
  return [tidy(snap(x, COLUMNS)), tidy(snap(y, ROWS))];
}

// How far the two points are off in x, at one place of the keypoint.
export function errorsAt([x, y], sigma, height) {
  const { highest, quarter } = decode(heatmapOf([x, y], sigma, height));
  return { highest: Math.abs(highest[0] - x), quarter: Math.abs(quarter[0] - x) };
}

// All places of a row that a sweep visits, border to border.
export const sweep = () =>
  Array.from({ length: Math.round(COLUMNS / STEP) + 1 }, (_, at) => Number((at * STEP).toFixed(2)));

// ---- sentences

export const two = (value) => value.toFixed(2).replace("-0.00", "0.00");

export function explainCell(row, column, [x, y], sigma, height) {
  const [dx, dy] = [column + 0.5 - x, row + 0.5 - y];
  const squared = dx ** 2 + dy ** 2;
  const value = heatmapOf([x, y], sigma, height)[row][column];
  const more = height ? ", and the second hill's share" : "";
  return `Row ${row}, column ${column}: its centre is (${column + 0.5}, ${row + 0.5}), d² = ${two(squared)}, exp(−${two(squared)} / ${two(2 * sigma ** 2)})${more}: ${two(value)}.`;
}

export function explainPoint([x, y], sigma, height) {
  const { highest, quarter, row, column } = decode(heatmapOf([x, y], sigma, height));
  const off = ([a, b]) => `${two(Math.abs(a - x))} in x and ${two(Math.abs(b - y))} in y`;
  if (Math.hypot(highest[0] - x, highest[1] - y) > 1.5) {
    return `The highest pixel, row ${row}, column ${column}, is on the second hill: the point is ${two(Math.hypot(quarter[0] - x, quarter[1] - y))} px away, and no quarter step helps.`;
  }
  return `The keypoint is at (${two(x)}, ${two(y)}). The highest pixel's centre is off by ${off(highest)}; with the quarter step, by ${off(quarter)}.`;
}

export function explainPrediction(guesses) {
  const made = Object.entries(guesses).filter(([, guess]) => guess !== null);
  const judged = made.map(([name, guess]) => (guess === RIGHT[name] ? "right" : "not quite"));
  const heads = made.length ? `You were ${judged.join(" and ")}. ` : "";
  return `${heads}A centre is at most ½ px away from what lies in its pixel; the quarter step halves that, away from the border. Drag the keypoint, or sweep along its row.`;
}
