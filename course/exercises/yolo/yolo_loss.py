"""`yolo_loss`: what all cells of a grid cost, in boxes, in confidences and in classes."""

from collections.abc import Iterator

import numpy as np

from course.exercises.draw import sliced
from course.exercises.exercise import Case, Exercise
from course.exercises.yolo import CHAPTER
from course.exercises.yolo.shared_cells import APART, FAR, Cells, cells, nested


def _call(name: str, drawn: Cells, *, gradient: bool = False, **weights: float) -> Case:
    return Case(name, {**drawn.batch()}, options=weights, gradient=gradient)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `yolo_loss`, called as (output, target), and with the weights by their names."""
    # The sizes are N, S, B, K.
    yield _call("two images, and two predictors a cell", cells(rng, (2, 3, 2, 4), objects=12))
    yield _call("three predictors", cells(rng, (2, 2, 3, 1), objects=6))

    drawn = cells(rng, (3, 2, 1, 6), objects=7)
    drawn.have_classes_look_like_a_box()
    yield _call("a single predictor, and six classes", drawn)

    drawn = cells(rng, (1, 2, 2, 10), objects=3)
    drawn.have_classes_look_like_a_box()
    yield _call("one image, and ten classes", drawn)

    yield _call("an object in every cell", cells(rng, (3, 2, 2, 1), objects=12))
    yield _call("no object at all", cells(rng, (2, 3, 2, 1), objects=0))

    drawn = cells(rng, (1, 2, 3, 2), objects=3)
    for cell, nearest in zip(drawn.objects, drawn.nearest, strict=True):
        drawn.said[cell, :, :4] = drawn.said[cell, nearest, :4].clone()
    yield _call("all boxes of a cell are the same: the first one answers", drawn)

    drawn = cells(rng, (1, 2, 3, 2), objects=3)
    for cell, far in zip(drawn.objects, FAR, strict=True):
        drawn.place(cell, [far, *(APART if rng.integers(2) else APART[::-1])])
    yield _call("no box touches the object: the first one answers", drawn)

    drawn = cells(rng, (1, 2, 2, 3), objects=3)
    for cell, nearest in zip(drawn.objects, drawn.nearest, strict=True):
        drawn.said[cell, nearest, 2 + int(rng.integers(2))] *= -1
    yield _call("roots below zero", drawn)

    # In cells without an object IoU would be 0/0 for some predictors.
    drawn = cells(rng, (2, 2, 2, 2), objects=4)
    empty = np.setdiff1d(np.arange(8), drawn.objects)
    drawn.said[empty, 1:, 2:4] = 0
    yield _call("boxes without an area where nothing is", drawn)

    weights = [float(number) for number in rng.choice([2.0, 3.0, 0.25, 1.5], 2, replace=False)]
    drawn = cells(rng, (2, 2, 2, 2), objects=4)
    yield _call("other weights", drawn, lambda_coord=weights[0], lambda_noobj=weights[1])

    # The confidence is the IoU, so that it is not told apart whether somebody adds 1e-6 to the union.
    drawn, overlaps = nested(rng, (2, 2, 2, 3), objects=3)
    for cell, overlap in zip(drawn.objects, overlaps, strict=True):
        drawn.said[cell, :, 4] = overlap
    yield _call("float64, with values that float32 cannot hold", drawn)

    batch = cells(rng, (2, 3, 2, 2), objects=9).batch()
    maps = batch["output"].permute(0, 3, 1, 2).contiguous()  # as a convolution gives them
    args = {"output": maps.permute(0, 2, 3, 1), "target": sliced(batch["target"])}
    yield Case("inputs that are not contiguous", {**args})

    yield _call("gradients flow back", cells(rng, (2, 2, 2, 3), objects=5), gradient=True)
    yield _call("gradients with other weights", cells(rng, (1, 2, 3, 1), objects=3), gradient=True, lambda_coord=2.0)
    yield _call("gradients without an object", cells(rng, (1, 2, 2, 2), objects=0), gradient=True)


EXERCISE = Exercise(
    name="yolo_loss",
    chapter=CHAPTER,
    points=12,
    minutes=40,
    difficulty=4,
    reference="solutions.yolo:yolo_loss",
    cases=cases,
    outputs=("box", "object", "no_object", "classes", "total"),
    constants=("target",),
    hints=(
        "Two predictors, four cells, one of them with an object: there are eight confidences. How many of them are "
        "held to an IoU, and how many to 0? How many boxes cost something, and the class scores of how many cells?",
        "A mask (N, S, S, B) says everything: true where a predictor is responsible *and* its cell has an object. "
        "`box` and `object` are sums over it, `no_object` is one over all the rest, and `classes` goes by cells. Each "
        "sum is divided by N, once, whatever it is a sum of.",
        "With `mask = (responsible[..., None] == torch.arange(B)) & (target[..., 4:5] == 1)`, `said[mask]` and "
        "`target[target[..., 4] == 1]` are rows in the same order, one for each object. Compute the IoU of these rows "
        "under `torch.no_grad()`; and the target's w and h need a root before they meet √w and √h.",
    ),
    insight=(
        "Most cells are empty, and they agree on one thing, that nothing is there. With λ = 1 they would outshout the "
        "few that have found something; with ½ and 5 these get a hearing. And a confidence that was taught the IoU "
        "knows how good its box is: it can be sorted by."
    ),
)
