"""`responsible_predictors`: which of the boxes that a cell says has to learn its object."""

from collections.abc import Iterator

import numpy as np
import torch

from course.exercises.draw import sliced
from course.exercises.exercise import Case, Exercise
from course.exercises.yolo import CHAPTER
from course.exercises.yolo.shared_cells import APART, FAR, Cells, cells, nested


def _call(name: str, drawn: Cells) -> Case:
    return Case(name, {**drawn.batch()})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `responsible_predictors`, called by position as (output, target)."""
    # The sizes are N, S, B, K.
    yield _call("two images, and two predictors a cell", cells(rng, (2, 3, 2, 4), objects=12))
    yield _call("three predictors", cells(rng, (2, 2, 3, 1), objects=6))
    drawn = cells(rng, (3, 2, 1, 6), objects=7)
    drawn.have_classes_look_like_a_box()
    yield _call("a single predictor, and six classes", drawn)

    drawn = cells(rng, (1, 2, 2, 10), objects=3)
    drawn.have_classes_look_like_a_box()
    yield _call("ten classes", drawn)

    yield _call("a single class", cells(rng, (3, 2, 2, 1), objects=8))
    yield _call("the image is a single cell", cells(rng, (5, 1, 2, 3), objects=4))
    yield _call("a finer grid", cells(rng, (1, 4, 2, 3), objects=10))
    yield _call("an object in every cell", cells(rng, (3, 2, 2, 1), objects=12))
    yield _call("one object", cells(rng, (1, 2, 3, 2), objects=1))
    yield _call("no object at all", cells(rng, (2, 3, 2, 1), objects=0))

    drawn = cells(rng, (1, 2, 3, 2), objects=4)
    for turn, (cell, nearest) in enumerate(zip(drawn.objects, drawn.nearest, strict=True)):
        near, others = drawn.said[cell, nearest, :4].clone(), [place for place in range(3) if place != nearest]
        first = drawn.said[cell, others[0], :4].clone()
        drawn.said[cell, :, :4] = near
        drawn.said[cell, turn % 3 if turn < 3 else 0, :4] = first  # the two others are the same, and the nearest
    yield _call("two boxes are the same: the lower one answers", drawn)

    drawn = cells(rng, (1, 2, 3, 2), objects=3)
    for cell, far in zip(drawn.objects, FAR, strict=True):
        drawn.place(cell, [far, *(APART if rng.integers(2) else APART[::-1])])
    yield _call("no box touches the object: the first one answers", drawn)

    drawn = cells(rng, (1, 2, 2, 3), objects=3)
    for cell, nearest in zip(drawn.objects, drawn.nearest, strict=True):
        drawn.said[cell, nearest, 2:4] *= torch.from_numpy(rng.permutation([-1.0, -1.0, 1.0])[:2]).float()
    yield _call("roots below zero: their squares are sizes", drawn)

    drawn = cells(rng, (2, 2, 2, 1), objects=5)
    drawn.said[..., 4] = -drawn.said[..., 4].abs()
    yield _call("confidences below zero", drawn)

    # Of a predictor that is not the nearest, and in cells without an object, where IoU would be 0/0.
    drawn = cells(rng, (2, 2, 3, 2), objects=5)
    empty = np.setdiff1d(np.arange(8), drawn.objects)
    drawn.said[empty, 1:, 2:4] = 0
    for cell, nearest in zip(drawn.objects, drawn.nearest, strict=True):
        drawn.said[cell, (nearest + 2) % 3, 2:4] = 0
    yield _call("boxes without an area", drawn)

    yield _call("float64, with boxes that float32 cannot tell apart", nested(rng, (1, 2, 2, 3), objects=3)[0])

    batch = cells(rng, (2, 3, 2, 2), objects=9).batch()
    maps = batch["output"].permute(0, 3, 1, 2).contiguous()  # as a convolution gives them
    yield Case(
        "inputs that are not contiguous", {"output": maps.permute(0, 2, 3, 1), "target": sliced(batch["target"])}
    )


EXERCISE = Exercise(
    name="responsible_predictors",
    chapter=CHAPTER,
    points=8,
    minutes=25,
    difficulty=3,
    reference="solutions.yolo:responsible_predictors",
    cases=cases,
    hints=(
        "A grid of 2 × 2 on an image of 100 × 100 pixels; a cell says x = ½ and √w = ½. How many pixels is the centre "
        "from the left edge of its cell, and how many pixels wide is the box? Only then compare it with another box.",
        "Bring both to one unit. As shares of the image x and y are divided by S, since a cell is 1/S wide, and the "
        "sizes are squares of what is said, while the target's are sizes already. The cell's own place can be left "
        "out: both boxes are counted from its corner.",
        "With B = (C − K) // 5, `output[..., :-K].reshape(N, S, S, B, 5)` has a predictor in each row, and "
        "`target[..., None, :]` stands beside all of them. Of centres and sizes make corners; clamp the shared width "
        "and height at 0. Then `argmax` over B, and 0 wherever `target[..., 4]` is 0.",
    ),
    insight=(
        "Nobody tells a predictor which objects are its own. Whoever is a little nearer learns, and is nearer still "
        "the next time: one becomes good at tall boxes, another at wide ones. Anchors are the same thing, decided "
        "beforehand."
    ),
)
