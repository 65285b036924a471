// Non-maximum suppression, step by step, and what it did to the animals of a scene. Pure functions, no DOM.
// A box is [x1, y1, x2, y2] in pixels of a picture of 300 × 180; boxes are listed by score, the best first.

export const WIDTH = 300;
export const HEIGHT = 180;
export const FOUND = 0.5; // from this IoU on a box is one of an animal

export const SCENES = {
  one: {
    title: "one cow",
    animals: [{ label: "cow", box: [70, 36, 214, 152] }],
    boxes: [
      { label: "cow", score: 0.96, box: [72, 38, 212, 152] },
      { label: "cow", score: 0.91, box: [58, 32, 208, 148] },
      { label: "cow", score: 0.84, box: [84, 48, 226, 160] },
      { label: "cow", score: 0.62, box: [104, 30, 238, 140] },
      { label: "cow", score: 0.4, box: [10, 98, 86, 166] },
    ],
  },
  two: {
    title: "two cows side by side",
    animals: [
      { label: "cow", box: [24, 40, 160, 152] },
      { label: "cow", box: [88, 34, 226, 148] },
    ],
    boxes: [
      { label: "cow", score: 0.97, box: [26, 40, 160, 150] },
      { label: "cow", score: 0.93, box: [88, 36, 228, 148] },
      { label: "cow", score: 0.88, box: [35, 46, 169, 156] },
      { label: "cow", score: 0.79, box: [102, 28, 234, 142] },
      { label: "cow", score: 0.66, box: [12, 30, 142, 146] },
    ],
  },
  front: {
    title: "a dog in front of a cow",
    animals: [
      { label: "cow", box: [60, 28, 226, 150] },
      { label: "dog", box: [88, 46, 218, 158] },
    ],
    boxes: [
      { label: "cow", score: 0.95, box: [62, 28, 226, 150] },
      { label: "dog", score: 0.9, box: [88, 46, 216, 158] },
      { label: "cow", score: 0.81, box: [50, 34, 214, 146] },
      { label: "dog", score: 0.74, box: [98, 52, 222, 160] },
      { label: "dog", score: 0.35, box: [228, 96, 288, 164] },
    ],
  },
};

export function iouOf(a, b) {
  const wide = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const high = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (wide <= 0 || high <= 0) return 0;
  const area = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);
  return (wide * high) / (area(a) + area(b) - wide * high);
}

// The steps, one for each box that is kept: which one, and of all that were left after it their IoU with it and whether
// they go. Numbers are places in `boxes`, which come best first.
export function suppress(boxes, threshold, perClass) {
  const steps = [];
  let left = boxes.map((_, at) => at);
  while (left.length) {
    const [kept, ...rest] = left;
    const compared = rest.map((other) => {
      const rivals = !perClass || boxes[kept].label === boxes[other].label;
      const iou = iouOf(boxes[kept].box, boxes[other].box);
      return { other, iou, rivals, drops: rivals && iou > threshold };
    });
    steps.push({ kept, compared });
    left = compared.filter(({ drops }) => !drops).map(({ other }) => other);
  }
  return steps;
}

// Of each animal, how many of the kept boxes lie on it: a box belongs to the animal of its label that it overlaps most,
// if by a half or more. `beside` are the boxes that belong to none.
export function outcome({ animals, boxes }, kept) {
  const counts = animals.map(() => 0);
  const beside = [];
  for (const at of kept) {
    const ious = animals.map(({ label, box }) => (label === boxes[at].label ? iouOf(box, boxes[at].box) : 0));
    const best = ious.indexOf(Math.max(...ious));
    if (ious[best] >= FOUND) counts[best] += 1;
    else beside.push(at);
  }
  return { counts, beside, lost: counts.filter((count) => count === 0).length, doubles: counts.reduce((sum, count) => sum + Math.max(count - 1, 0), 0) }; // prettier-ignore
}

export const nameOf = (at) => "ABCDEFGH"[at];
export const two = (number) => number.toFixed(2);

const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

export function explainStep({ kept, compared }, guessed, threshold) {
  const gone = compared.filter(({ drops }) => drops).map(({ other }) => other);
  const list = (some) => some.map(nameOf).join(", ");
  const missed = gone.filter((other) => !guessed.has(other));
  const spared = compared.filter(({ other, drops }) => guessed.has(other) && !drops);
  const parts = [
    gone.length
      ? `${nameOf(kept)} is kept, and drops ${list(gone)}: an IoU above ${two(threshold)}.`
      : `${nameOf(kept)} is kept, and drops nothing.`,
  ];
  if (missed.length) parts.push(`You had not expected ${list(missed)} to go.`);
  for (const { other, iou, rivals } of spared) {
    parts.push(
      rivals
        ? `${nameOf(other)} stays: its IoU with ${nameOf(kept)} is ${two(iou)}.`
        : `${nameOf(other)} stays: it has another label.`,
    );
  }
  return parts.join(" ");
}

export function explainOutcome(scene, kept) {
  const { counts, beside, lost, doubles } = outcome(scene, kept);
  const animals = plural(counts.length, "animal", "animals");
  const parts = [`${plural(kept.length, "box is", "boxes are")} kept, for ${animals}.`];
  if (lost) parts.push(`${plural(lost, "animal has", "animals have")} lost all boxes: another one's box dropped them.`);
  if (doubles) parts.push(`${plural(doubles, "box is one", "boxes are")} too many: on an animal that has one already.`);
  if (beside.length)
    parts.push(
      `${beside.map(nameOf).join(", ")} lies on no animal, and nothing drops it: suppression does not look at the picture.`,
    );
  if (!lost && !doubles) parts.push("Each animal has one box.");
  return parts.join(" ");
}
