"""`nms`: of boxes that lie on the same thing, keep the best."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.boxes_and_metrics import CHAPTER
from course.exercises.boxes_and_metrics.shared import (
    NO_SUPPRESSION,
    NO_SUPPRESSION_SENTENCE,
    Box,
    Scores,
    distinct_scores,
    laid_out,
    row,
    shuffled,
    spread,
)
from course.exercises.draw import transposed
from course.exercises.exercise import Case, Exercise


def _call(name: str, boxes: Tensor, scores: Tensor, iou_threshold: float) -> Case:
    return Case(name, {"boxes": boxes, "scores": scores, "iou_threshold": iou_threshold})


def _mixed(rng: np.random.Generator, boxes: Tensor, kept: Sequence[int], kind: Scores = "any") -> tuple[Tensor, Tensor]:
    """Return boxes (N, 4) that are listed best first, and scores (N,) to fit, both in another order."""
    order = shuffled(rng, kept, len(boxes))
    return boxes[order], distinct_scores(rng, len(boxes), kind)[order]


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `nms`, called by position as (boxes, scores, iou_threshold). Groups are listed best first."""
    boxes = laid_out(rng, [row(2, 0, 4), row(0, 3), row(0)])[[0, 3, 1, 5, 2, 4]]
    yield _call("three boxes on one thing, two on another, one alone", *_mixed(rng, boxes, (0, 1, 3), "sure"), 0.5)

    # 0.6 from one to the next, 0.33 from one to the one after next.
    yield _call(
        "a chain: what was dropped drops no other", *_mixed(rng, laid_out(rng, [row(0, 5, 10), row(0)]), (0, 2, 3)), 0.5
    )
    yield _call("a long chain", *_mixed(rng, laid_out(rng, [row(0, 5, 10, 15, 20)]), (0, 2, 4)), 0.5)
    # The middle one is the best and drops both of its neighbours; the ends drop nothing.
    yield _call(
        "a chain whose middle is the best", *_mixed(rng, laid_out(rng, [row(10, 5, 15, 0, 20)]), (0, 3, 4)), 0.5
    )

    # Of a box and its quarter, half or three quarters the overlap is exact. The union has hundreds of pixels.
    threshold = float(rng.choice([0.25, 0.5, 0.75]))
    group: list[Box] = [
        (0, 0, 40, 20),
        (0, 0, 40 * threshold, 20),
        (300, 0, 340, 20),
        (300, 0, 340, 20 * threshold),
    ]
    yield _call("overlaps of exactly the threshold", *_mixed(rng, laid_out(rng, [group]), (0, 1, 2, 3)), threshold)

    boxes = laid_out(rng, [row(0, 20, 19, 41)])
    yield _call("threshold 0: what touches stays, what overlaps goes", *_mixed(rng, boxes, (0, 1, 3)), 0.0)

    boxes = laid_out(rng, [row(0, 1, 0, 2, 1)])
    yield _call("threshold 1: all stay, even where two are the same", *_mixed(rng, boxes, range(5)), 1.0)

    boxes = laid_out(rng, [row(0, 10, 14, 24), row(0, 8)])
    yield _call("a low threshold", *_mixed(rng, boxes, (0, 2, 4)), float(rng.choice([0.22, 0.28])))

    boxes = laid_out(rng, [row(0, 1, 4, 5), row(0, 3)])
    yield _call("a high threshold", *_mixed(rng, boxes, (0, 2, 4, 5)), float(rng.choice([0.78, 0.8])))

    # Equal scores in both groups, and one better box elsewhere: the lower index stays, whichever box has it.
    boxes = laid_out(rng, [row(0, 4), row(0, 4), row(0)])[torch.from_numpy(rng.permutation(5))]
    alone = boxes[:, :2].max(dim=1).values.argmax()
    scores = torch.full((5,), 0.5)
    scores[alone] = 0.75
    yield _call("equal scores: the lower index comes first", boxes, scores, 0.5)

    boxes = laid_out(rng, [row(5, 0, 10), row(0, 6), row(0)])[[0, 3, 5, 1, 4, 2]]
    yield _call("all scores are equal", boxes, torch.full((6,), float(rng.integers(1, 64)) / 64), 0.5)

    boxes = laid_out(rng, [row(2, 0, 4), row(0, 3), row(0, 5, 10)])[[0, 3, 5, 1, 6, 2, 7, 4]]
    yield _call("scores below zero", *_mixed(rng, boxes, (0, 1, 2, 6), "negative"), 0.5)

    boxes = laid_out(rng, [row(2, 0, 4), row(0, 3)], low=-900, high=-700)[[0, 3, 1, 4, 2]]
    yield _call("coordinates below zero", *_mixed(rng, boxes, (0, 1)), 0.5)

    # Seen along one axis alone two are the same. Corner to corner both shared sides are −16: as an area, 256 of 800.
    group = [(0, 0, 20, 20), (36, 36, 56, 56), (36, 0, 56, 20), (0, 36, 20, 56)]
    yield _call("a grid of boxes: nothing overlaps, nothing goes", *_mixed(rng, laid_out(rng, [group]), range(4)), 0.3)

    # The small ones lie inside: what they share is all of them, and little of both.
    group = [(0, 0, 30, 30), (2, 2, 12, 12), (15, 4, 27, 20), (1, 0, 30, 29)]
    yield _call("small boxes inside a large one", *_mixed(rng, laid_out(rng, [group]), (0, 1, 2)), 0.5)
    group = [(3, 2, 15, 14), (0, 0, 24, 20), (4, 2, 16, 14)]
    yield _call("a small box inside a large one, and the surer one", *_mixed(rng, laid_out(rng, [group]), (0, 1)), 0.5)

    group = [(0, 0, 40, 4), (18, -18, 22, 22), (2, 0, 42, 4), (18, -17, 22, 23)]
    yield _call("long boxes that cross", *_mixed(rng, laid_out(rng, [group]), (0, 1)), 0.4)

    pixels = torch.tensor([[0, 0, 1, 1], [1, 0, 2, 1], [0, 1, 1, 2], [1, 1, 2, 2]], dtype=torch.float32)
    pixels += float(rng.integers(3, 30))
    yield _call("boxes of one pixel, side by side", *_mixed(rng, pixels, range(4)), 0.2)

    # Rounded, the first two are the same box; cut down to whole numbers, the third shares a quarter of the last.
    boxes = torch.tensor([[0.4, 0.4, 2.4, 2.4], [-0.4, -0.4, 1.6, 1.6], [9.1, 9.1, 10.9, 10.9], [9.1, 9.1, 11.1, 11.1]])
    boxes += float(rng.integers(5, 30))
    yield _call("corners between the pixels", *_mixed(rng, boxes, (0, 1, 2)), 0.5)

    boxes = laid_out(rng, [row(0, 0, 0), row(0)])
    yield _call("the same box three times", *_mixed(rng, boxes, (0, 3)), 0.5)

    yield _call("a single box", laid_out(rng, [row(0)]), distinct_scores(rng, 1), float(rng.choice([0.3, 0.6])))

    yield _call("no box: empty", torch.zeros(0, 4), torch.zeros(0), float(rng.choice([0.3, 0.6])))

    # In float32 all scores of a group are equal, and the lower index would win.
    boxes = laid_out(rng, [row(0, 4, 2), row(0, 3), row(0)]).double() * 4 / 3
    boxes, scores = boxes[[2, 1, 0, 4, 3, 5]], torch.tensor([1.0, 2.0, 3.0, 1.0, 2.0, 9.0], dtype=torch.float64) * 1e-9
    yield _call("float64, with differences that float32 cannot see", boxes, scores + 1 / 3, 0.5)

    boxes, scores = _mixed(rng, laid_out(rng, [row(2, 0, 4), row(0, 5, 10)])[[0, 3, 1, 4, 5, 2]], (0, 1, 4))
    yield _call("inputs that are not contiguous", transposed(boxes), spread(scores), 0.5)


EXERCISE = Exercise(
    name="nms",
    chapter=CHAPTER,
    points=8,
    minutes=25,
    difficulty=3,
    reference="solutions.boxes:nms",
    cases=cases,
    outputs=("kept",),
    hints=(
        "Three boxes in a row: the first overlaps the second, the second the third, the first not the third. The "
        "first has the best score, then the second. Which are kept?",
        "Bring the boxes into the order of their scores, and remember which index each had. Then go through them: one "
        "that is still there is kept, and takes out those after it that overlap it too much. One that is out takes "
        "out nobody.",
        "`order = scores.argsort(descending=True, stable=True)`, and the IoU of `boxes[order]` with itself. A mask "
        "`keep` of all True; for each rank whose `keep` is True, set it to False where the IoU in its row, to the "
        "right of itself, is above the threshold. Return `order[keep]`.",
    ),
    forbidden=NO_SUPPRESSION,
    forbidden_sentence=NO_SUPPRESSION_SENTENCE,
    insight=(
        "It asks each box about all others: with twice as many boxes it works four times as long. And it knows "
        "nothing of the picture. Two cows side by side are to it what two boxes on one cow are."
    ),
)
