// Regions of one picture that grow together, the most alike first: what a region is compared by, what two become, and
// what the boxes of all that have ever been are worth. Pure functions, no DOM (Uijlings et al. 2013).
// A region is { size, box, colour, texture }; a box is [x1, y1, x2, y2] in pixels, the second corner outside.

import { ANIMALS, COLOURS, SEGMENTS, SIDE, TEXTURES } from "./scene.js";

export const TERMS = ["colour", "texture", "size", "fill"];
export const PIXELS_IN_ALL = SIDE * SIDE;
export const FOUND = 0.5; // from this IoU on a box is one of an animal

// ---- the scene

// The number of each pixel's piece, row by row.
export function decodeSegments(runs = SEGMENTS) {
  return runs.split(" ").flatMap((run) => {
    const [number, length] = run.split(":").map(Number);
    return Array(length).fill(number);
  });
}

const decodeCounts = (line) => line.split(",").map((digits) => (digits ? parseInt(digits, 36) : 0));
const shares = (counts) => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / total);
};

export function boxOf(segments, number, side = SIDE) {
  const box = [side, side, 0, 0];
  segments.forEach((segment, at) => {
    if (segment !== number) return;
    const [x, y] = [at % side, Math.floor(at / side)];
    box.splice(0, 4, Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x + 1), Math.max(box[3], y + 1));
  });
  return box;
}

export function piecesOf(segments) {
  return COLOURS.map((colours, number) => ({
    size: segments.filter((segment) => segment === number).length,
    box: boxOf(segments, number),
    colour: shares(decodeCounts(colours)),
    texture: shares(decodeCounts(TEXTURES[number])),
  }));
}

// For each piece the set of those that it touches, be it at a corner of two pixels.
export function neighboursOf(segments, count, side = SIDE) {
  const touching = Array.from({ length: count }, () => new Set());
  segments.forEach((segment, at) => {
    const x = at % side;
    const around = [x + 1 < side && at + 1, at + side, x + 1 < side && at + side + 1, x > 0 && at + side - 1];
    for (const other of around) {
      if (other === false || other >= segments.length || segments[other] === segment) continue;
      touching[segment].add(segments[other]);
      touching[segments[other]].add(segment);
    }
  });
  return touching;
}

// ---- the formulas

const around = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
const areaOf = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);
const shared = (first, second) => first.reduce((sum, share, at) => sum + Math.min(share, second[at]), 0);

// How alike two regions are, in the order of TERMS, each from 0 to 1.
export function similarityTerms(first, second, pixels = PIXELS_IN_ALL) {
  const size = first.size + second.size;
  return [
    shared(first.colour, second.colour),
    shared(first.texture, second.texture),
    1 - size / pixels,
    1 - (areaOf(around(first.box, second.box)) - size) / pixels,
  ];
}

export const sumOf = (terms, used = TERMS) =>
  terms.reduce((sum, term, at) => (used.includes(TERMS[at]) ? sum + term : sum), 0);

export function mergeRegions(first, second) {
  const size = first.size + second.size;
  const mean = (part) => first[part].map((share, at) => (first.size * share + second.size * second[part][at]) / size);
  return { size, box: around(first.box, second.box), colour: mean("colour"), texture: mean("texture") };
}

// ---- growing

// How the pieces grow to one region. Step k says which `pairs` touch then, the most alike first, of equal ones that with
// the lowest numbers; the first of them becomes region N + k. `regions` are all that have ever been.
export function grow(pieces, touching, used = TERMS) {
  const regions = [...pieces];
  const neighbours = new Map(touching.map((others, number) => [number, new Set(others)]));
  const compare = (first, second) => {
    const terms = similarityTerms(regions[first], regions[second]);
    return { first, second, terms, similarity: sumOf(terms, used) };
  };
  let pairs = [...neighbours].flatMap(([first, others]) =>
    [...others].filter((second) => second > first).map((second) => compare(first, second)),
  );
  const steps = [];
  while (pairs.length) {
    pairs.sort((a, b) => b.similarity - a.similarity || a.first - b.first || a.second - b.second);
    const [{ first, second }] = pairs;
    steps.push({ pairs, alive: [...neighbours.keys()] });
    const number = regions.length;
    regions.push(mergeRegions(regions[first], regions[second]));
    const others = new Set([...neighbours.get(first), ...neighbours.get(second)]);
    for (const gone of [first, second]) {
      others.delete(gone);
      neighbours.delete(gone);
    }
    for (const other of others) {
      for (const gone of [first, second]) neighbours.get(other).delete(gone);
      neighbours.get(other).add(number);
    }
    neighbours.set(number, others);
    const left = pairs.filter((pair) => ![first, second].some((gone) => gone === pair.first || gone === pair.second));
    pairs = [...left, ...[...others].map((other) => compare(other, number))];
  }
  return { regions, steps };
}

// The number of each pixel's region after so many merges.
export function segmentsAfter(segments, { regions, steps }, merges) {
  const now = regions.map((_, number) => number);
  const pieces = regions.length - steps.length;
  for (let step = merges - 1; step >= 0; step -= 1) {
    const { first, second } = steps[step].pairs[0];
    now[first] = now[second] = now[pieces + step]; // what the later ones did is known by then
  }
  return segments.map((segment) => now[segment]);
}

export const touches = (pairs, one, other) =>
  pairs.findIndex(({ first, second }) => (first === one && second === other) || (first === other && second === one));

// ---- what the boxes are worth

export function iouOf(a, b) {
  const wide = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const high = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (wide <= 0 || high <= 0) return 0;
  return (wide * high) / (areaOf(a) + areaOf(b) - wide * high);
}

// Of each animal the best IoU, and whose box it is.
export function bestOf(regions, animals = ANIMALS) {
  return animals.map(({ box }) => {
    const overlaps = regions.map((region) => iouOf(region.box, box));
    const best = Math.max(...overlaps);
    return { iou: best, region: overlaps.indexOf(best) };
  });
}

export const recallOf = (best) => best.filter(({ iou }) => iou >= FOUND).length;

// ---- where a region's number stands

// How far each pixel is from another region, diagonal steps as long as straight ones: 1 at the region's edge.
function depthsOf(segments, side) {
  const depth = new Array(segments.length).fill(Infinity);
  const sweep = (order, steps) => {
    for (const at of order) {
      const [x, y] = [at % side, Math.floor(at / side)];
      for (const [right, down] of steps) {
        const [besideX, besideY] = [x + right, y + down];
        const inside = besideX >= 0 && besideX < side && besideY >= 0 && besideY < side;
        const beside = besideY * side + besideX;
        const least = inside && segments[beside] === segments[at] ? depth[beside] + 1 : 1;
        depth[at] = Math.min(depth[at], least);
      }
    }
  };
  const forward = segments.map((_, at) => at);
  const before = [[-1, 0], [0, -1], [-1, -1], [1, -1]]; // prettier-ignore
  sweep(forward, before);
  sweep(
    [...forward].reverse(),
    before.map(([right, down]) => [-right, -down]),
  );
  return depth;
}

// For each region the pixel farthest from all others, { x, y }. The smallest region chooses first, and the numbers of
// larger ones keep `apart` from it, [across, down] in pixels, wherever they can.
export function middlesOf(segments, side = SIDE, apart = [0, 0]) {
  const depth = depthsOf(segments, side);
  const own = new Map();
  segments.forEach((number, at) => own.set(number, [...(own.get(number) ?? []), at]));
  const placed = new Map();
  const isFree = (at) =>
    [...placed.values()].every(
      ({ x, y }) => Math.abs((at % side) - x) >= apart[0] || Math.abs(Math.floor(at / side) - y) >= apart[1],
    );
  for (const [number, pixels] of [...own].sort(([, one], [, other]) => one.length - other.length)) {
    const free = pixels.filter(isFree);
    const best = (free.length ? free : pixels).reduce((most, at) => (depth[at] > depth[most] ? at : most));
    placed.set(number, { x: best % side, y: Math.floor(best / side) });
  }
  return placed;
}
