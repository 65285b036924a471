// The sliding window as the SlidingWindow widget counts it. Pure functions, no DOM.
// A classifier has one or two layers of 3 × 3 weights, without bias. With one, a window is 3 × 3 and its score one sum
// of nine products. With two, a window is 5 × 5: the first layer and a ReLU make nine features of it, the second layer
// sums them. "Patch by patch" cuts each window out and runs the whole classifier on it; "shared" makes each layer one
// pass over the image. The scores are the same; only what two windows both need, the features, is saved.

import { randomGenerator, randomInt, shuffled } from "../shared/random.js";

export const FILTER = 3;
export const PRODUCTS = FILTER * FILTER; // of one sum, in either layer
export const SIZES = { small: [6, 8], large: [7, 9] };
export const MODES = { patches: "Patch by patch", shared: "Shared pass" };

// No weight is zero, so that nobody asks whether a product with zero counts. The first layer's weights sum to zero:
// about half of its features then pass the ReLU.
const WEIGHTS = [
  [-1, -1, -1, -1, -1, 1, 1, 1, 2],
  [-1, -1, -1, 1, 1, 1, 1, 2, 2],
];

export function makeProblem({ seed = 1, layers = 1, stride = 1, size = "small" } = {}) {
  const random = randomGenerator(seed);
  const [height, width] = SIZES[size];
  const image = table(height, width, () => 1 + randomInt(random, 5));
  const filters = WEIGHTS.map((values) => shuffled(random, values));
  const weights = filters.slice(0, layers).map((flat) => table(FILTER, FILTER, (r, c) => flat[r * FILTER + c]));
  return problemOf(image, weights, stride);
}

// `image` is an array of rows, `weights` one 3 × 3 filter a layer.
export function problemOf(image, weights, stride) {
  const layers = weights.length;
  const size = [image.length, image[0].length];
  const span = layers * (FILTER - 1) + 1; // a window's side
  const scoreSize = size.map((side) => Math.floor((side - span) / stride) + 1);
  const featureSize = layers === 2 ? size.map((side) => side - FILTER + 1) : null;
  return { image, weights, stride, layers, size, span, scoreSize, featureSize };
}

export function table(height, width, value) {
  return Array.from({ length: height }, (_, row) => Array.from({ length: width }, (_, column) => value(row, column)));
}

export function cut(x, row, column, side) {
  return x.slice(row, row + side).map((line) => line.slice(column, column + side));
}

export function dot(weights, values) {
  return weights.flat().reduce((sum, weight, at) => sum + weight * values.flat()[at], 0);
}

const relu = (value) => Math.max(value, 0);

// The first layer's features of an image or of a patch.
export function featuresOf(x, weights) {
  return table(x.length - FILTER + 1, x[0].length - FILTER + 1, (row, column) =>
    relu(dot(weights[0], cut(x, row, column, FILTER))),
  );
}

// The whole classifier on one patch that was cut out of the image.
export function scoreOfPatch(patch, weights) {
  return weights.length === 1 ? dot(weights[0], patch) : dot(weights[1], featuresOf(patch, weights));
}

// Where a window starts in the image (and its features in the feature map).
export function origin({ stride }, row, column) {
  return [row * stride, column * stride];
}

// The windows, as [row, column] of the score map, whose block of `side` cells from their origin holds a cell.
export function windowsWith(problem, row, column, side) {
  const found = [];
  for (let r = 0; r < problem.scoreSize[0]; r += 1) {
    for (let c = 0; c < problem.scoreSize[1]; c += 1) {
      const [top, left] = origin(problem, r, c);
      if (row >= top && row < top + side && column >= left && column < left + side) found.push([r, c]);
    }
  }
  return found;
}

// What is done, in order. A step is a window cut out and classified, a feature or a score of the shared pass.
// A feature that no window contains is never needed: the pass stops at the last window's edge.
export function stepsOf(problem, mode) {
  const places = ([height, width], kind) => table(height, width, (row, column) => ({ kind, row, column })).flat();
  if (mode === "patches") return places(problem.scoreSize, "window");
  const needed = problem.featureSize
    ? places(problem.featureSize, "feature").filter(
        ({ row, column }) => windowsWith(problem, row, column, FILTER).length > 0,
      )
    : [];
  return [...needed, ...places(problem.scoreSize, "score")];
}

// Everything that is known after the first `done` steps: how often each pixel went into a product of the first layer,
// how often each feature was computed, the values so far (null: not yet), and the number of multiplications.
export function runSteps(problem, mode, done = Infinity) {
  const { image, weights, layers, size, span, scoreSize, featureSize } = problem;
  const state = {
    reads: table(...size, () => 0),
    times: featureSize && table(...featureSize, () => 0),
    features: featureSize && table(...featureSize, () => null),
    scores: table(...scoreSize, () => null),
    multiplications: 0,
    last: null,
    fresh: null, // how many of the last window's cells nobody had computed (features) or read (pixels) before
  };
  const read = (top, left) => {
    for (let r = top; r < top + FILTER; r += 1) for (let c = left; c < left + FILTER; c += 1) state.reads[r][c] += 1;
    state.multiplications += PRODUCTS;
  };
  const compute = (row, column, value) => {
    state.times[row][column] += 1;
    state.features[row][column] = value;
    read(row, column);
  };
  for (const step of stepsOf(problem, mode).slice(0, done)) {
    const { kind, row, column } = step;
    const [top, left] = kind === "feature" ? [row, column] : origin(problem, row, column);
    state.last = step;
    if (kind === "feature") {
      compute(row, column, relu(dot(weights[0], cut(image, row, column, FILTER))));
    } else if (layers === 1) {
      state.fresh = cut(state.reads, top, left, span)
        .flat()
        .filter((count) => count === 0).length;
      const patch = cut(image, top, left, span);
      state.scores[row][column] = kind === "window" ? scoreOfPatch(patch, weights) : dot(weights[0], patch);
      read(top, left);
    } else if (kind === "window") {
      state.fresh = cut(state.times, top, left, FILTER)
        .flat()
        .filter((count) => count === 0).length;
      const patch = cut(image, top, left, span);
      featuresOf(patch, weights).forEach((line, r) => line.forEach((value, c) => compute(top + r, left + c, value)));
      state.scores[row][column] = scoreOfPatch(patch, weights);
      state.multiplications += PRODUCTS;
    } else {
      state.scores[row][column] = dot(weights[1], cut(state.features, top, left, FILTER));
      state.multiplications += PRODUCTS;
    }
  }
  return state;
}

// The cell in the middle, whose reads (of a pixel) or computations (of a feature) are asked for.
export function probeOf({ size, featureSize }) {
  return (featureSize ?? size).map((side) => Math.floor(side / 2));
}

// What the reader predicts. `count` reads the answer off a state, so the same function counts along during the run.
export function questionsOf(problem) {
  const [row, column] = probeOf(problem);
  const [windows, two] = [problem.scoreSize[0] * problem.scoreSize[1], problem.layers === 2];
  const needed = stepsOf(problem, "shared").length - windows;
  const around = windowsWith(problem, row, column, FILTER);
  const sides = [0, 1].map((axis) => new Set(around.map((window) => window[axis])).size);
  const counted = (state) => state.scores.flat().filter((score) => score !== null).length;
  return [
    { name: "windows", mode: "patches", label: "Windows", count: counted, how: problem.scoreSize.join(" × ") },
    {
      name: "probe",
      mode: "patches",
      label: two ? "Framed feature: computations" : "Framed pixel: reads",
      count: (state) => (two ? state.times : state.reads)[row][column],
      how: sides.join(" × "),
    },
    {
      name: "patches",
      mode: "patches",
      label: "Multiplications, by patch",
      count: (state) => state.multiplications,
      how: two ? `${windows} × (9 × 9 + 9)` : `${windows} × 9`,
    },
    {
      name: "shared",
      mode: "shared",
      label: "Multiplications, shared",
      count: (state) => state.multiplications,
      how: two ? `${needed} × 9 + ${windows} × 9` : `${windows} × 9`,
    },
  ].map((question) => ({ ...question, answer: question.count(runSteps(problem, question.mode)) }));
}

// Why a wrong prediction is wrong, where we know the thought behind the number; "" where we do not.
export function diagnose(problem, name, guess) {
  const { size, span, stride, scoreSize, layers } = problem;
  const [height, width] = size;
  const windows = scoreSize[0] * scoreSize[1];
  const product = (count) => count(height) * count(width);
  const two = layers === 2;
  const needed = stepsOf(problem, "shared").length - windows;
  const { answer } = questionsOf(problem).find((question) => question.name === name);
  const thoughts = {
    windows: [
      [height * width, `one window a pixel, but a ${span} × ${span} window near the border would leave the image.`],
      [
        product((side) => Math.floor((side - span) / stride)),
        `one too few along each side: ⌊(side − ${span}) / ${stride}⌋ + 1 windows stand there, the first one included.`,
      ],
      [product((side) => side - span + 1), "the windows of stride 1."],
      [product((side) => Math.floor(side / span)), "windows that do not overlap; these take smaller steps."],
    ],
    probe: [
      [1, `once, but every window that contains it ${two ? "computes" : "reads"} it again.`],
      [9, `the count in the middle of a large ${two ? "map" : "image"} at stride 1; fewer windows reach it here.`],
      [span * span, `what a pixel would see; a feature stands at 3 × 3 places of a window.`],
    ],
    patches: [
      [windows, "the number of windows; each of them costs many products."],
      [height * width, "the number of pixels; most of them are read again and again."],
      [height * width * PRODUCTS, "nine products a pixel, but there are fewer windows than pixels."],
      [windows * span * span, "one product a pixel of each window; each of the nine features takes nine products."],
      [windows * PRODUCTS * PRODUCTS, "the first layer alone; the second adds nine products a window."],
      [windows * 2 * PRODUCTS, "nine products a layer, but a window has nine features to compute, not one."],
    ],
    shared: two
      ? [
          [questionsOf(problem)[2].answer, "the cost patch by patch; here each feature is computed only once."],
          [needed * PRODUCTS, "the first layer alone; the second adds nine products a score."],
          [windows * 2 * PRODUCTS, "nine products a layer and score, but there are more features than scores."],
          [windows * PRODUCTS, "the second layer alone; its features have to be computed, too."],
        ]
      : [
          [height * width, "one product a pixel, but a pixel meets each of the nine weights."],
          ...(guess < answer ? [[guess, "a saving that is not there."]] : []),
        ],
  };
  const known = thoughts[name].find(([value]) => value === guess && value !== answer);
  return known ? `${guess} is ${known[1]}` : "";
}

// Sentences

export function signed(value) {
  return value < 0 ? `−${-value}` : String(value);
}

// The products of a sum, written out: "1·4 − 1·3 + 2·5", with thin spaces.
export function sumText(weights, values) {
  const thin = "\u2009";
  const flat = values.flat();
  return weights
    .flat()
    .map((weight, at) => {
      const sign = at === 0 ? (weight < 0 ? "−" : "") : `${thin}${weight < 0 ? "−" : "+"}${thin}`;
      return `${sign}${Math.abs(weight)}·${flat[at]}`;
    })
    .join("");
}

export const pair = (row, column) => `(${row}, ${column})`;

const range = (start, count) => `${start}–${start + count - 1}`;

export function whereOf(problem, row, column) {
  const [top, left] = origin(problem, row, column);
  return `rows ${range(top, problem.span)}, columns ${range(left, problem.span)}`;
}

// The last sum of a score, in the two ways: from the patch alone, and from the shared feature map.
export function sumsOf(problem, row, column) {
  const { image, weights, span, layers } = problem;
  const [top, left] = origin(problem, row, column);
  const patch = cut(image, top, left, span);
  const ofPatch = layers === 2 ? featuresOf(patch, weights) : patch;
  const ofMap = layers === 2 ? cut(featuresOf(image, weights), top, left, FILTER) : patch;
  const last = weights.at(-1);
  return {
    window: `${sumText(last, ofPatch)} = ${signed(scoreOfPatch(patch, weights))}`,
    shared: `${sumText(last, ofMap)} = ${signed(dot(last, ofMap))}`,
  };
}

// What a score's two sums are and what they cost: a line each.
export function compareScore(problem, row, column) {
  const { window, shared } = sumsOf(problem, row, column);
  const [cost, saved] =
    problem.layers === 2 ? ["81 + 9 products", "9 products, features read"] : ["9 products", "the same 9"];
  return `Window ${pair(row, column)}: ${window} (${cost}).\nShared: ${shared} (${saved}).`;
}

export function explainStep(problem, state) {
  const { kind, row, column } = state.last;
  const { image, weights, layers } = problem;
  const name = pair(row, column);
  if (kind === "feature") {
    const patch = cut(image, row, column, FILTER);
    const windows = windowsWith(problem, row, column, FILTER).length;
    return `Feature ${name}: ${sumText(weights[0], patch)} = ${sumAndRelu(dot(weights[0], patch))}.\nComputed once, for ${plural(windows, "window")}.`;
  }
  const { window, shared } = sumsOf(problem, row, column);
  if (kind === "score") {
    const cost = layers === 2 ? "9 products; the features are there already." : "9 products, those of its window.";
    return `Score ${name}: ${shared}.\n${cost}`;
  }
  if (layers === 1) {
    return `Window ${name}: ${window}.\n9 products; ${9 - state.fresh} of its 9 pixels had been read before.`;
  }
  const again = 9 - state.fresh;
  return `Window ${name}: ${window}.\n81 + 9 multiplications; ${again} of its 9 features had been computed before.`;
}

function sumAndRelu(sum) {
  return sum < 0 ? `${signed(sum)}; ReLU: 0` : signed(sum);
}

export function plural(count, thing) {
  return count === 1 ? `1 ${thing}` : `${count} ${thing}s`;
}

export function explainPixel(problem, state, row, column) {
  const count = state.reads[row][column];
  const so = count === 0 ? "not read yet" : `went into ${plural(count, "product")} so far`;
  return `Pixel ${pair(row, column)} is ${problem.image[row][column]}: ${so}.`;
}

export function explainFeature(problem, state, row, column) {
  const windows = windowsWith(problem, row, column, FILTER).length;
  const [name, times] = [pair(row, column), state.times[row][column]];
  if (windows === 0) return `Feature ${name} lies in no window: nobody needs it.`;
  if (times === 0) return `Feature ${name}: not computed yet.`;
  const patch = cut(problem.image, row, column, FILTER);
  const sum = `${sumText(problem.weights[0], patch)} = ${sumAndRelu(dot(problem.weights[0], patch))}`;
  return `Feature ${name}: ${sum}.\nComputed ${plural(times, "time")} so far${times > 1 ? ", each time with the same result" : ""}.`;
}

// What a finished run says, once this mode, or both, came to their end.
export function conclude(problem, mode, both) {
  const [windows, , patches, shared] = questionsOf(problem).map(({ answer }) => answer);
  if (!both) {
    return mode === "patches"
      ? `${plural(windows, "window")}, ${plural(patches, "multiplication")}. Now predict the shared pass, and run it.`
      : `All ${plural(windows, "score")} in one pass: ${plural(shared, "multiplication")}. Compare with patch by patch.`;
  }
  // A large image has about as many features as scores.
  const limit = problem.stride === 1 ? " The larger the image, the nearer the ratio comes to 90 ÷ 18 = 5." : "";
  return problem.layers === 1
    ? "Same scores, same cost: with one layer no product belongs to two windows, so there is nothing to share. Try two layers."
    : patches === shared
      ? `Same scores, same cost: at stride ${problem.stride} no feature lies in two windows, although pixels do.`
      : `Same scores, and each feature computed only once.${limit}`;
}

// How many times as much the patches cost.
export function ratio(problem) {
  const [, , patches, shared] = questionsOf(problem).map(({ answer }) => answer);
  if (patches === shared) return `Both multiply ${shared} times: nothing is saved.`;
  const times = patches / shared;
  const rounded = Math.round(times * 100) / 100;
  return `Patch by patch multiplies ${patches} ÷ ${shared} ${rounded === times ? "=" : "≈"} ${rounded} times as often.`;
}
