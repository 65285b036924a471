"""`precision_recall`: how good the list of detections is after each of them."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.boxes_and_metrics import CHAPTER
from course.exercises.boxes_and_metrics.shared import NO_METRICS, Scores, distinct_scores, spread
from course.exercises.exercise import Case, Exercise


def _mixed(rng: np.random.Generator, right: Sequence[int], kind: Scores = "any") -> tuple[Tensor, Tensor]:
    """Return which detections are correct, listed best first as 0 and 1, and scores (D,) to fit, in another order."""
    count = len(right)
    best_first = torch.tensor(right, dtype=torch.bool)
    while True:
        order = torch.from_numpy(rng.permutation(count))
        correct = best_first[order]
        plain = set(right) == {0} or set(right) == {1} or count < 3
        if plain or not (torch.equal(correct, best_first) or torch.equal(correct, best_first.flip(0))):
            return correct, distinct_scores(rng, count, kind)[order]


def _call(name: str, correct: Tensor, scores: Tensor, num_targets: int) -> Case:
    return Case(name, {"correct": correct, "scores": scores, "num_targets": num_targets})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `precision_recall`, called by position as (correct, scores, num_targets)."""
    # Found: 3, detections: 5, targets: 4. No two of these are the same, so that each is seen where it should not be.
    yield _call("five detections, four targets", *_mixed(rng, (1, 0, 1, 1, 0), "sure"), 4)

    targets = int(rng.integers(9, 14))
    yield _call("many targets that nobody found", *_mixed(rng, (1, 1, 0, 1, 0, 0)), targets)

    yield _call("the surest are wrong", *_mixed(rng, (0, 0, 1, 0, 1, 1, 0)), int(rng.integers(4, 6)))

    yield _call("all are correct", *_mixed(rng, (1, 1, 1, 1)), int(rng.integers(5, 8)))

    yield _call("every target is found, and then come the wrong ones", *_mixed(rng, (1, 1, 0, 1, 0, 0)), 3)

    yield _call("none is correct", *_mixed(rng, (0, 0, 0)), int(rng.integers(1, 5)))

    yield _call("one target, several detections", *_mixed(rng, (0, 1, 0, 0, 0)), 1)

    right = int(rng.integers(2))
    yield _call("a single detection, which is correct", *_mixed(rng, (1,)), int(rng.integers(2, 6)))
    yield _call("a single detection, which is wrong", *_mixed(rng, (0,)), int(rng.integers(2, 6)))

    correct = torch.tensor([right, 1 - right, 1, 0, 1 - right, right, 1, 0], dtype=torch.bool)
    yield _call("equal scores keep their order", correct, torch.full((8,), float(rng.integers(1, 9)) / 8), 6)

    scores = torch.tensor([2, 1, 3, 1, 2, 3, 1, 2]) / 4
    yield _call("scores of three heights", correct, scores, int(rng.integers(7, 10)))

    yield _call("scores below zero", *_mixed(rng, (1, 0, 0, 1, 1), "negative"), 4)

    correct, scores = _mixed(rng, (0, 1, 1, 0, 1))
    yield _call("scores above 1, far apart", correct, scores.pow(4) * 4096, 5)

    correct, scores = _mixed(rng, tuple(rng.permutation([1, 0] * 6).tolist()))
    yield _call("twelve detections", correct, scores, int(rng.integers(7, 11)))

    yield _call("no detections: empty", torch.zeros(0, dtype=torch.bool), torch.zeros(0), int(rng.integers(1, 5)))

    correct, scores = _mixed(rng, (1, 0, 1, 0, 0, 1))
    close = 1 / 3 + scores.argsort().argsort().double() * 1e-9
    yield _call("float64 scores, with differences that float32 cannot see", correct, close, 4)

    correct, scores = _mixed(rng, (1, 0, 1, 1, 0))
    yield _call("inputs that are not contiguous", spread(correct), spread(scores), 4)


EXERCISE = Exercise(
    name="precision_recall",
    chapter=CHAPTER,
    points=5,
    minutes=15,
    difficulty=2,
    reference="solutions.metrics:precision_recall",
    cases=cases,
    outputs=("precision", "recall"),
    hints=(
        "Four targets. The detections, best first: right, wrong, right. After each of them, how many were found, and "
        "out of how many?",
        "Sort by score first. Then one running count is enough: how many are correct among the best 1, 2, 3, … By "
        "what is it divided for precision, and by what for recall?",
        "`found = correct[order].cumsum(0)`; precision divides it by 1, 2, …, D (`torch.arange(1, D + 1)`), recall by "
        "`num_targets`. A division of whole numbers is float32 in torch.",
    ),
    forbidden=NO_METRICS,
    forbidden_sentence="This exercise is to count yourself, without torchmetrics or scikit-learn.",
    insight=(
        "Whoever reports everything gets a recall of 1, and a precision near 0. Each point of the curve is one "
        "threshold on the score; only who uses the detector can say which of them is best."
    ),
)
