"""`encode_boxes`: how a box is to be moved and enlarged to become its target."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import distinct, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.rcnn import CHAPTER
from course.exercises.rcnn.shared_boxes import (
    NO_CODER,
    NO_CODER_SENTENCE,
    boxes_at,
    draw_centres,
    draw_pairs,
    draw_sides,
)

Weights = tuple[float, float, float, float]


def _call(
    name: str, targets: Tensor, anchors: Tensor, weights: Weights | None = None, *, gradient: bool = False
) -> Case:
    given = {} if weights is None else {"weights": weights}
    return Case(name, {"targets": targets, "anchors": anchors, **given}, gradient=gradient)


def _draw_weights(rng: np.random.Generator) -> Weights:
    """Draw four different weights, below 1 and above."""
    x, y, wide, high = (float(weight) for weight in rng.permutation([0.5, 2.0, 5.0, 10.0]))
    return x, y, wide, high


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `encode_boxes`, called by position as (targets, anchors, weights).

    Weights stand only where they are asked: who misreads them and something else is told of both in turn.
    """
    yield _call("three targets, each with its anchor", *draw_pairs(rng, 3))
    yield _call("four different weights", *draw_pairs(rng, 3), _draw_weights(rng))
    yield _call("the weights of Fast R-CNN", *draw_pairs(rng, 2), (10.0, 10.0, 5.0, 5.0))
    yield _call("four boxes, as many as a box has numbers", *draw_pairs(rng, 4), _draw_weights(rng))
    yield _call("a single box", *draw_pairs(rng, 1))

    sides, _ = draw_sides(rng, 2)
    centres = draw_centres(rng, 2)
    anchors = boxes_at(centres, sides)
    yield _call("targets that are their anchors: nothing to do", anchors.clone(), anchors)

    moved = boxes_at(centres + distinct(rng, (2, 2), step=1.25), sides)
    yield _call("moved, and as large as before", moved, anchors)

    sides, others = draw_sides(rng, 3)
    centres = draw_centres(rng, 3)
    yield _call("of another size about the same centre", boxes_at(centres, others), boxes_at(centres, sides))

    # More than the 62.5 times beyond which decoding does not follow.
    sides, others = draw_sides(rng, 2)
    centres = draw_centres(rng, 2) + 1000
    yield _call("a hundred times as large as the anchor", boxes_at(centres, 100 * others), boxes_at(centres + 3, sides))
    yield _call("a hundred times smaller", boxes_at(centres + 3, sides), boxes_at(centres, 128 * others))

    targets, anchors = draw_pairs(rng, 3)
    far = torch.from_numpy(rng.integers(90, 200, (3, 1)) * rng.permutation([1, -1, 1])[:, None]).float()
    yield _call("far away from the anchor", targets + far * torch.tensor([1.0, -0.5, 1.0, -0.5]), anchors)

    yield _call("coordinates below zero", *draw_pairs(rng, 3, low=-80, high=-40))

    targets, anchors = draw_pairs(rng, 2, low=0, high=30)
    yield _call("boxes smaller than a pixel", targets / 32, anchors / 32)

    yield _call("no boxes at all: empty", torch.zeros(0, 4), torch.zeros(0, 4))

    # Some thousand pixels: a tiny number that is added to a side is no fault here.
    targets, anchors = draw_pairs(rng, 3)
    targets, anchors = targets.double() * 1000 / 3, anchors.double() * 1000 / 3
    yield _call("float64, with values that float32 cannot hold", targets, anchors)

    targets, anchors = draw_pairs(rng, 3)
    yield _call("boxes that are not contiguous", transposed(targets), sliced(anchors))

    yield _call("gradients flow back", *draw_pairs(rng, 3), gradient=True)


EXERCISE = Exercise(
    name="encode_boxes",
    chapter=CHAPTER,
    points=6,
    minutes=15,
    difficulty=2,
    reference="solutions.boxes:encode_boxes",
    cases=cases,
    outputs=("deltas",),
    hints=(
        "An anchor reaches from 0 to 10 in x, its target from 5 to 25. Where are their two centres, and how many of "
        "the anchor's widths lie between them? How many times as wide is the target?",
        "Turn both lists of boxes into centres and sides first. The first two numbers are differences of centres, in "
        "sides of the anchor; the last two are logarithms of what a side of the target is, in sides of the anchor. "
        "Then each of the four has a weight of its own.",
        "`boxes[:, 2:] - boxes[:, :2]` are width and height (N, 2), and half of `boxes[:, :2] + boxes[:, 2:]` the "
        "centres. So x and y need one line together; `torch.cat([...], dim=1)` joins offsets and logarithms to "
        "(N, 4), and `torch.tensor(weights)`, in the dtype of the boxes, has one entry a column.",
    ),
    forbidden=NO_CODER,
    forbidden_sentence=NO_CODER_SENTENCE,
    insight=(
        "Enlarge the picture, the anchor and the target three times, and the four numbers stay. Why does that help a "
        "regressor which sees every region at the same size?"
    ),
)
