// How far a unit sees through a stack of layers, along one side of the image. Pure functions, no DOM.
// A layer is [kernel, stride, dilation], the input's first. Level 0 is the input, level l the output of layer l. The unit
// looked at is the one of the last level, and everything that it reads is counted from the left: unit i of a level reads
// the units i·stride + j·dilation of the level below, j = 0 … kernel − 1.

export const CHOICES = { kernel: [1, 2, 3, 5], stride: [1, 2], dilation: [1, 2, 4] };
export const MOST_LAYERS = 6;
export const SCENE = 64; // pixels along a side of the course's scenes

export const PRESETS = {
  plain: {
    title: "three convolutions",
    layers: [
      [3, 1, 1],
      [3, 1, 1],
      [3, 1, 1],
    ],
  },
  halved: {
    title: "halved twice",
    layers: [
      [3, 1, 1],
      [2, 2, 1],
      [3, 1, 1],
      [2, 2, 1],
      [3, 1, 1],
    ],
  },
  strided: {
    title: "strides",
    layers: [
      [3, 2, 1],
      [3, 2, 1],
      [3, 2, 1],
    ],
  },
  dilated: {
    title: "dilated",
    layers: [
      [3, 1, 1],
      [3, 1, 2],
      [3, 1, 4],
    ],
  },
};

export function presetOf(layers) {
  const same = (other) => JSON.stringify(other) === JSON.stringify(layers);
  return Object.keys(PRESETS).find((name) => same(PRESETS[name].layers)) ?? null;
}

// Of each level, the input's first: how many pixels one of its units `sees`, how many pixels two neighbours are apart
// (`step`), and how many pixels the layer `adds`.
export function levelsOf(layers) {
  const levels = [{ sees: 1, step: 1, adds: 0 }];
  for (const [kernel, stride, dilation] of layers) {
    const { sees, step } = levels.at(-1);
    const adds = (kernel - 1) * dilation * step;
    levels.push({ sees: sees + adds, step: step * stride, adds });
  }
  return levels;
}

export const sightOf = (layers) => levelsOf(layers).at(-1).sees;

// On how many paths each unit of each level reaches the unit at the top; 0: it lies between those that are read.
// With all weights equal, these are the shares in the gradient.
export function pathsOf(layers) {
  const paths = [[1]];
  for (const [kernel, stride, dilation] of [...layers].reverse()) {
    const above = paths[0];
    const below = Array.from({ length: (above.length - 1) * stride + (kernel - 1) * dilation + 1 }, () => 0);
    above.forEach((count, at) => {
      for (let tap = 0; tap < kernel; tap += 1) below[at * stride + tap * dilation] += count;
    });
    paths.unshift(below);
  }
  return paths;
}

// The smallest window in the middle that holds at least half of the paths.
export function middleHalf(counts) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let cut = 0;
  let left = total;
  while (2 * cut + 2 < counts.length) {
    const less = left - counts[cut] - counts[counts.length - 1 - cut];
    if (2 * less < total) break;
    left = less;
    cut += 1;
  }
  return counts.length - 2 * cut;
}

// Where the middle of unit `at` of a level stands, in pixels from the left edge of the scene, whose middle the unit at
// the top is put over.
export function placeOf(layers, level, at) {
  const { sees, step } = levelsOf(layers)[level];
  return Math.floor((SCENE - sightOf(layers)) / 2) + (sees - 1) / 2 + at * step;
}

// The units of a level that stand in the scene: [first, last].
export function unitsInScene(layers, level) {
  const { step } = levelsOf(layers)[level];
  const zero = placeOf(layers, level, 0);
  return [Math.ceil(-zero / step), Math.floor((SCENE - 1 - zero) / step)];
}

// ---- sentences

const plural = (count, thing) => (count === 1 ? `1 ${thing}` : `${count} ${thing}s`);

// "1 + 2·1 + 1·1 + 2·2": one pixel, and what each layer adds: its further reach times the step of the level below.
export function sumOf(layers) {
  const levels = levelsOf(layers);
  const parts = layers.map(([kernel, , dilation], at) => `${(kernel - 1) * dilation}·${levels[at].step}`);
  return `1 + ${parts.join(" + ")} = ${sightOf(layers)}`;
}

export function explainLayer(layers, layer) {
  const [kernel, stride, dilation] = layers[layer - 1];
  const levels = levelsOf(layers);
  const [below, here] = [levels[layer - 1], levels[layer]];
  const apart = below.step === 1 ? "next to each other" : `${below.step} pixels apart`;
  const reach = (kernel - 1) * dilation;
  const far = below.step === 1 ? "" : `, ${reach} · ${below.step} = ${here.adds} pixels`;
  const adds =
    reach === 0
      ? "a kernel of 1 reads one of them and adds nothing"
      : `from its first weight to its last it reaches ${plural(reach, "unit")} further${far}`;
  const next = stride === 1 ? "" : ` Its own units stand ${here.step} pixels apart.`;
  return `Layer ${layer} reads units that stand ${apart}: ${adds}.${next}`;
}

export function explainPaths(layers) {
  const [counts] = pathsOf(layers);
  const sees = counts.length;
  const holes = counts.filter((count) => count === 0).length;
  if (sees === 1) return "One path, to one pixel.";
  const total = counts.reduce((sum, count) => sum + count, 0);
  const half = `Were all weights alike, half of the ${total} paths would end in the middle ${middleHalf(counts)} of the ${sees} pixels.`;
  const skipped = holes ? ` ${plural(holes, "pixel")} in between ${holes === 1 ? "is" : "are"} not read at all.` : "";
  return `${half}${skipped} What training makes of that is measured below, as a gradient.`;
}

// Why a wrong prediction is wrong, where it is one of the usual slips; "" where it is not.
export function diagnose(layers, guess) {
  const right = sightOf(layers);
  if (guess === null || guess === right) return "";
  const levels = levelsOf(layers);
  const sum = (reach) => 1 + layers.reduce((total, layer, at) => total + reach(layer, at), 0);
  const slips = [
    [sum(([kernel, , dilation]) => (kernel - 1) * dilation), "leaves out that after a stride a step is wider."],
    [sum(([kernel], at) => (kernel - 1) * levels[at].step), "leaves out the gaps that dilation makes."],
    [(right - 1) / 2, "is how far it sees to one side; count both sides, and the pixel in the middle."],
    [
      sum(([kernel, , dilation], at) => (kernel - 1) * dilation * levels[at + 1].step),
      "counts a layer's stride for the layer itself; it widens the steps of those above.",
    ],
    [
      sum(([kernel, , dilation], at) => (kernel * dilation - 1) * levels[at].step),
      "takes kernel · dilation for a layer's reach; between its first and its last weight there are kernel − 1 gaps.",
    ],
    [
      layers.reduce((product, [kernel]) => product * kernel, 1),
      "multiplies the kernels; windows overlap, so sizes add up.",
    ],
    [
      layers.reduce((total, [kernel]) => total + kernel, 0),
      "adds the kernels; each layer adds one less than its kernel.",
    ],
    [layers.at(-1)[0], "is what it reads of the layer below; that layer has read more."],
  ];
  const found = slips.find(([wrong]) => wrong === guess);
  return found ? `Your ${guess} ${found[1]}` : "";
}
