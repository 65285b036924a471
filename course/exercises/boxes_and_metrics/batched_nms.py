"""`batched_nms`: suppression within each label, and what is kept in one order."""

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
from course.exercises.draw import different, transposed
from course.exercises.exercise import Case, Exercise


def _call(name: str, boxes: Tensor, scores: Tensor, labels: Tensor, iou_threshold: float = 0.5) -> Case:
    return Case(name, {"boxes": boxes, "scores": scores, "labels": labels, "iou_threshold": iou_threshold})


def _mixed(
    rng: np.random.Generator, boxes: Tensor, labels: Sequence[int], kept: Sequence[int], kind: Scores = "any"
) -> tuple[Tensor, Tensor, Tensor]:
    """Return boxes (N, 4) and labels (N,) that are listed best first, and scores (N,) to fit, in another order."""
    order = shuffled(rng, kept, len(boxes))
    scores = distinct_scores(rng, len(boxes), kind)
    return boxes[order], scores[order], torch.tensor(labels, dtype=torch.int64)[order]


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `batched_nms`, called by position as (boxes, scores, labels, iou_threshold)."""
    # Listed best first. The labels take turns, so that what is kept label by label is not in the order of the scores.
    # They always come in the same order, in which each box that goes stands before the one for which it goes.
    boxes = laid_out(rng, [row(0, 3, 1, 4), row(0, 2)])[[0, 4, 1, 2, 3, 5]]
    first, second = (1, 2) if rng.integers(2) else (2, 1)
    labels = torch.tensor([first, second, second, first, second, first])
    order = [3, 4, 1, 5, 0, 2]
    yield _call("a cow and a dog in one place", boxes[order], distinct_scores(rng, 6, "sure")[order], labels[order])

    boxes = laid_out(rng, [row(0, 2, 4, 1), row(0, 3), row(0)])[[0, 4, 1, 5, 2, 3, 6]]
    few = [0, int(rng.integers(3, 9)), int(rng.integers(40, 91))]
    a, b, c = (few[k] for k in rng.permutation(3))
    yield _call("labels with gaps, 0 among them", *_mixed(rng, boxes, [a, b, b, c, c, a, c], (0, 1, 2, 3, 4, 6)))

    boxes = laid_out(rng, [row(2, 0, 4), row(0, 5, 10)])[[0, 3, 1, 4, 5, 2]]
    label = int(rng.integers(1, 20))
    yield _call("all of one label", *_mixed(rng, boxes, [label] * 6, (0, 1, 4)))

    boxes = laid_out(rng, [row(0, 1, 2, 0)])
    yield _call("each of a label of its own: all stay", *_mixed(rng, boxes, different(rng, 0, 9, 4), range(4)))

    # 0.6 from one to the next. The second is of another label, and drops nothing; it is not dropped either.
    a, b = different(rng, 0, 5)
    boxes = laid_out(rng, [row(0, 5, 10, 5, 0)])
    yield _call("a chain whose middle is of another label", *_mixed(rng, boxes, [a, b, a, b, a], (0, 1, 2)))

    a, b = different(rng, 0, 5)
    boxes = laid_out(rng, [row(0, 5, 10), row(0, 5, 10)])[[0, 3, 1, 4, 2, 5]]
    yield _call("a chain in each label: what was dropped drops no other", *_mixed(rng, boxes, [a, b] * 3, (0, 1, 4, 5)))

    # The largest coordinate is −1 or a little less. As a distance between labels it is none, or hardly any.
    a, b = sorted(different(rng, 0, 3))
    boxes = laid_out(rng, [row(0, 3, 1, 4)])
    boxes = boxes - boxes.max() - float(rng.choice([1.0, 1.5, 2.0]))
    yield _call("all coordinates are below zero", *_mixed(rng, boxes, [a, b, a, b], (0, 1)))
    # Moved by the largest coordinate + 1, each label's boxes lie where the next lower label's were.
    step, low = float(rng.integers(6, 12)), float(rng.integers(-70, -60))
    corner = torch.tensor([[low, low, low + 30, low + 22]])
    boxes = torch.cat([corner, corner - step - 1, torch.tensor([[step - 8, step - 10, step, step]]), corner + 1])
    yield _call("coordinates on both sides of zero", *_mixed(rng, boxes, [0, 1, 0, 0], (0, 1, 2)))

    # As far apart as people take for far enough: each of the others lies where the first is, moved by its label.
    far = [10000.0, 7680.0, 4096.0, 1000.0, 100.0, 10.0]
    corner = torch.tensor([[11000.0, 11000.0, 11024.0, 11020.0]]) + float(rng.integers(0, 40))
    boxes = torch.cat([corner, *(corner - number for number in far)])
    yield _call("a large picture", *_mixed(rng, boxes, [0, 1, 1, 1, 1, 1, 1], range(7)))

    threshold = float(rng.choice([0.25, 0.5, 0.75]))
    group: list[Box] = [(0, 0, 40, 20), (0, 0, 40 * threshold, 20), (0, 0, 40, 20), (0, 0, 40, 20 * threshold)]
    a, b = different(rng, 0, 5)
    yield _call(
        "overlaps of exactly the threshold", *_mixed(rng, laid_out(rng, [group]), [a, a, b, b], range(4)), threshold
    )

    a, b = different(rng, 0, 5)
    boxes = laid_out(rng, [row(0, 20, 19, 2)])
    yield _call("threshold 0", *_mixed(rng, boxes, [a, a, a, b], (0, 1, 3)), 0.0)

    a, b = different(rng, 0, 5)
    boxes = laid_out(rng, [row(0, 10, 2, 16), row(0, 8)])
    threshold = float(rng.choice([0.22, 0.28]))
    yield _call("a low threshold", *_mixed(rng, boxes, [a, a, b, b, b, b], (0, 2, 3, 4)), threshold)

    a, b = different(rng, 0, 5)
    boxes = laid_out(rng, [row(0, 1, 4, 5), row(0, 3)])
    threshold = float(rng.choice([0.78, 0.8]))
    yield _call("a high threshold", *_mixed(rng, boxes, [a, a, a, b, b, b], (0, 2, 3, 4, 5)), threshold)

    # Of the first label the last index is kept, of the second an index before it.
    high, low_label = sorted(different(rng, 0, 9), reverse=True)
    boxes = laid_out(rng, [row(0, 4, 2, 6), row(0), row(0)])
    labels = torch.tensor([high, low_label, high, low_label, high, low_label])
    scores = torch.tensor([0.5, 0.5, 0.5, 0.5, 0.75, 0.5])
    order = [0, 1, 2, 3, 4, 5] if rng.integers(2) else [2, 3, 0, 1, 4, 5]
    yield _call("equal scores: the lower index comes first, whatever the label", boxes[order], scores, labels)

    a, b, c = different(rng, 0, 9, 3)
    boxes = laid_out(rng, [row(5, 0, 10), row(0, 6), row(0)])[[0, 3, 5, 1, 4, 2]]
    yield _call("all scores are equal", boxes, torch.full((6,), 0.625), torch.tensor([c, a, b, a, c, c]))

    a, b = different(rng, 0, 5)
    boxes = laid_out(rng, [row(2, 0, 4, 1), row(0, 3)])[[0, 4, 1, 5, 2, 3]]
    yield _call("scores below zero", *_mixed(rng, boxes, [a, b, b, b, a, a], (0, 1, 2), "negative"))

    label = int(rng.integers(1, 20))
    yield _call("a single box", laid_out(rng, [row(0)]), distinct_scores(rng, 1), torch.tensor([label]))

    yield _call("no box: empty", torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64))

    a, b = different(rng, 0, 5)
    boxes = laid_out(rng, [row(0, 4, 2, 1), row(0, 3)]).double() * 4 / 3
    scores = torch.tensor([1.0, 2.0, 4.0, 3.0, 5.0, 6.0], dtype=torch.float64) * 1e-9 + 1 / 3
    labels = torch.tensor([a, a, a, b, b, b])
    yield _call("float64, with differences that float32 cannot see", boxes, scores, labels)

    a, b = different(rng, 0, 5)
    boxes = laid_out(rng, [row(0, 3, 1, 4), row(0, 2)])[[0, 4, 1, 2, 3, 5]]
    boxes, scores, labels = _mixed(rng, boxes, [a, a, b, a, b, b], (0, 1, 2, 5))
    yield _call("inputs that are not contiguous", transposed(boxes), spread(scores), spread(labels))


EXERCISE = Exercise(
    name="batched_nms",
    chapter=CHAPTER,
    points=6,
    minutes=20,
    difficulty=3,
    reference="solutions.boxes:batched_nms",
    cases=cases,
    outputs=("kept",),
    hints=(
        "A cow of score 0.9, a dog of 0.8 in front of her, a second box on the cow of 0.7. Which stay? And in "
        "which order do you return them?",
        "Either suppress one label at a time (which labels are there? `labels.unique()`) and bring what is left into "
        "one order again, or suppress once, where a box drops another only if both have the same label.",
        "For each label: `own = torch.where(labels == label)[0]`, suppress among `boxes[own]`, and translate back: "
        "`own[kept]`. Collect them in a mask over all boxes, so that they come in the order of their index, and sort "
        "that by score with `stable=True`.",
    ),
    forbidden=NO_SUPPRESSION,
    forbidden_sentence=NO_SUPPRESSION_SENTENCE,
    insight=(
        "Libraries often do it with one trick: add label · (largest coordinate + 1) to all four numbers, and boxes of "
        "two labels are far apart. With coordinates below zero they may meet all the same, in torchvision's function "
        "too."
    ),
)
