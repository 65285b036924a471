// Precision and recall along a list of detections, the envelope, and its average by three definitions. Pure functions.
// Detections come best first; `correct` says of each whether it found a target.

export const SCORES = [0.97, 0.93, 0.88, 0.81, 0.74, 0.66, 0.52, 0.41, 0.33, 0.18];
export const TARGETS = [7, 9, 13];
export const METHODS = {
  coco: { title: "COCO: 101 recalls", points: 101 },
  voc11: { title: "VOC 2007: 11 recalls", points: 11 },
  area: { title: "VOC 2010: the area", points: 0 },
};

export const ANSWERS = [
  ["up", "rises or stays"],
  ["down", "falls or stays"],
  ["both", "goes up and down"],
];
export const RIGHT = { recall: "up", precision: "both" };

export const countOf = (correct) => correct.filter(Boolean).length;
export const reported = (threshold) => SCORES.filter((score) => score >= threshold).length;

// After each detection: how many were found, and both shares.
export function curveOf(correct, targets) {
  let found = 0;
  return correct.map((right, at) => {
    found += right ? 1 : 0;
    return { found, precision: found / (at + 1), recall: found / targets };
  });
}

// p(r): the highest precision at any recall of at least r, and 0 where there is none.
export const precisionAt = (curve, r) =>
  curve.reduce((best, { precision, recall }) => (recall >= r ? Math.max(best, precision) : best), 0);

export const recallsOf = (points) => Array.from({ length: points }, (_, at) => at / (points - 1));

// The steps of the envelope: from one recall to the next its height.
export function stairs(curve) {
  const ends = [...new Set(curve.map(({ recall }) => recall))].filter((recall) => recall > 0);
  return ends.map((to, at) => ({ from: at ? ends[at - 1] : 0, to, height: precisionAt(curve, to) }));
}

export function averagePrecision(curve, method) {
  if (method === "area") return stairs(curve).reduce((sum, { from, to, height }) => sum + (to - from) * height, 0);
  const recalls = recallsOf(METHODS[method].points);
  return recalls.reduce((sum, r) => sum + precisionAt(curve, r), 0) / recalls.length;
}

export const two = (number) => number.toFixed(2);
export const three = (number) => number.toFixed(3);

export function explainPrediction(guesses) {
  const made = Object.entries(guesses).filter(([, guess]) => guess !== null);
  const judged = made.map(([name, guess]) => (guess === RIGHT[name] ? "right" : "not quite"));
  const head = made.length ? `You were ${judged.join(" and ")}. ` : "";
  return `${head}What was found stays found, so recall never falls. Precision falls with each wrong detection and rises with each right one. Make a detection right or wrong, and move the threshold.`;
}

export function explainPoint(correct, targets, threshold) {
  const count = reported(threshold);
  if (!count)
    return "No detection is as sure as that: nothing is reported. Recall is 0, and precision is the share of none.";
  const { found, precision, recall } = curveOf(correct, targets)[count - 1];
  return `${count} reported, ${found} of them right: precision ${found}/${count} = ${two(precision)}. Of ${targets} targets ${found} are found: recall ${found}/${targets} = ${two(recall)}.`;
}

export function explainMethod(method) {
  return {
    coco: "COCO asks the envelope at 101 recalls, 0, 0.01, …, 1, and takes the mean.",
    voc11:
      "VOC asked the envelope at 11 recalls, 0, 0.1, …, 1, until 2009, and took the mean: what lies between them does not count.",
    area: "VOC takes the area under the envelope since 2010: each step as wide as recall moves.",
  }[method];
}

export function explainFlip(at, correct, before, after) {
  const move = after > before + 1e-9 ? "rises" : after < before - 1e-9 ? "falls" : "stays";
  return `Detection ${at + 1} is ${correct ? "right" : "wrong"} now. The average precision ${move}: ${three(before)} → ${three(after)}.`;
}
