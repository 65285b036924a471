"""`match_detections`: which detection has found which target."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.boxes_and_metrics import CHAPTER
from course.exercises.boxes_and_metrics.shared import Box, Scores, distinct_scores, laid_out, row, spread
from course.exercises.draw import sliced, transposed
from course.exercises.exercise import Case, Exercise


def _scene(
    rng: np.random.Generator,
    groups: Sequence[tuple[Sequence[Box], Sequence[Box]]],
    ranks: Sequence[int] | None = None,
    low: int = 0,
    kind: Scores = "any",
    order: Sequence[int] | None = None,
    scales: Sequence[float] = (1.0, 1.5, 2.0),
) -> dict[str, Tensor]:
    """Draw a scene of groups, each of detections and targets that are near each other.

    `ranks` lists the detections of all groups, numbered one group after the other, best first; left out it is their
    order. They are returned in another one, `order` where it is given, and so are the targets.
    """
    placed = laid_out(rng, [[*found, *there] for found, there in groups], low, low + 40, scales)
    which = torch.tensor([kind for found, there in groups for kind in [True] * len(found) + [False] * len(there)])
    boxes, targets = placed[which], placed[~which]
    count = len(boxes)
    best_first = boxes[list(range(count) if ranks is None else ranks)]
    places = _order(rng, count) if order is None else torch.tensor(order)
    turned = torch.arange(len(targets)).roll(1)
    return {
        "boxes": best_first[places],
        "scores": distinct_scores(rng, count, kind)[places],
        "targets": targets[turned],
    }


def _order(rng: np.random.Generator, count: int) -> Tensor:
    """Draw an order in which the best is not the first, and which is no worst first from three on."""
    while True:
        order = torch.from_numpy(rng.permutation(count))
        if count < 2 or (order[0] != 0 and (count == 2 or bool((order.diff() > 0).any()))):
            return order


def _call(name: str, scene: dict[str, Tensor], iou_threshold: float | None = None) -> Case:
    args: dict[str, object] = {name: scene[name] for name in ("boxes", "scores", "targets")}
    return Case(name, args if iou_threshold is None else {**args, "iou_threshold": iou_threshold})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `match_detections`, called by position as (boxes, scores, targets, iou_threshold)."""
    # Offsets from the target's: 0.82 at 2, 0.6 at 5, 0.54 at 6, 0.43 at 8, 0.33 at 10. The groups' detections are
    # numbered through, and `ranks` puts them best first.
    yield _call(
        "three targets, one found twice",
        _scene(
            rng,
            [(row(2, 4), row(0)), (row(1), row(0)), (row(3), row(0))],
            (2, 0, 3, 1),
            kind="sure",
            order=(3, 1, 0, 2),  # always: the duplicate comes first
        ),
    )
    # The better score has the smaller overlap and comes first all the same.
    yield _call("the surer one chooses first, not the one that lies better",
                _scene(rng, [(row(5, 1), row(0)), (row(2), row(0))]))  # fmt: skip
    # The second detection's best target is taken, and the other one is still good enough.
    yield _call(
        "the best target is taken, another is good enough", _scene(rng, [(row(1, 2), row(0, 6)), (row(2), row(0))])
    )
    yield _call(
        "the best target is taken, and the next is not good enough",
        _scene(rng, [(row(1, 2), row(0, 12)), (row(2), row(0))]),
    )
    # The first could do with either; the second needs what the first takes.
    yield _call("best for the first is not best for all", _scene(rng, [(row(3, -2), row(2, 8)), (row(2), row(0))]))
    yield _call("many on one target", _scene(rng, [(row(4, 1, 3, 0, 2), row(0)), (row(5), row(0))], (0, 1, 5, 2, 3, 4)))
    # Corner to corner both shared sides are −18: as an area, 324 of 800.
    whole: list[Box] = [(0, 0, 20, 20)]
    apart: list[Box] = [(38, 38, 58, 58)]
    yield _call("beside every target", _scene(rng, [(row(9, 30), row(0)), (row(40), row(0)), (apart, whole)]))
    yield _call("more targets than detections", _scene(rng, [(row(3), row(0, 9, 30)), (row(4), row(0, 25))]))
    yield _call("one detection, which covers two targets", _scene(rng, [(row(4), row(6, 0))]))

    threshold = float(rng.choice([0.25, 0.5, 0.75]))
    parts: list[Box] = [(0, 0, 40 * threshold, 20)]
    less: list[Box] = [(0, 0, 40 * threshold - 2, 20)]
    whole = [(0, 0, 40, 20)]
    yield _call(
        "an overlap of exactly the threshold counts", _scene(rng, [(parts, whole), (less, whole), (whole, parts)]),
        threshold,
    )  # fmt: skip
    yield _call(
        "the threshold is left out: one just above a half, one just below",
        _scene(rng, [(row(6), row(0)), (row(7), row(0)), ([(0, 0, 19, 20)], whole)]),
    )
    yield _call(
        "a low threshold", _scene(rng, [(row(8, 3), row(0, 12)), (row(12), row(0))]), float(rng.choice([0.3, 0.35]))
    )
    yield _call(
        "a high threshold", _scene(rng, [(row(3, 2), row(0)), (row(1), row(0)), (row(5), row(0))]),
        float(rng.choice([0.78, 0.8])),
    )  # fmt: skip
    yield _call("threshold 1: only the very same box", _scene(rng, [(row(1, 0), row(0)), (row(0), row(0))]), 1.0)

    scene = _scene(rng, [(row(2, 1, 3), row(0)), (row(4, 2), row(0))])
    yield _call("equal scores: the lower index first", {**scene, "scores": torch.full((5,), 0.5)})
    scene = _scene(rng, [(row(2, 1, 3), row(0)), (row(4, 2), row(0))], (0, 3, 1, 4, 2))
    second = scene["scores"].sort(descending=True).values[1]
    yield _call("scores of two heights only", {**scene, "scores": (scene["scores"] >= second).float() / 2 + 0.25})

    scene = _scene(rng, [(row(2, 4), row(0)), (row(1), row(0)), (row(3), row(0))], (2, 0, 3, 1), kind="negative")
    yield _call("scores below zero", scene)
    scene = _scene(rng, [(row(5, 1), row(0)), (row(3), row(0))], (2, 0, 1), low=-600)
    yield _call("coordinates below zero", scene)

    # The smaller target lies inside the detection, right in its middle; the larger one has the higher overlap.
    inside: list[Box] = [(0, 0, 24, 20), (8, 6, 18, 15)]
    yield _call("a small target inside a large detection", _scene(rng, [([(1, 0, 25, 21)], inside), (row(2), row(0))]))

    # A third of both is shared. With sides that are 1 longer it would be a half.
    near: tuple[list[Box], list[Box]] = ([(0, 0, 2, 2)], [(1, 0, 3, 2)])
    hit: tuple[list[Box], list[Box]] = ([(0, 0, 3, 2)], [(0, 0, 3, 3)])
    yield _call("boxes of a few pixels", _scene(rng, [near, hit], scales=(1.0,)))

    count = int(rng.integers(2, 5))
    boxes, scores = laid_out(rng, [row(0)] * count), distinct_scores(rng, count)
    yield _call("no targets: empty", {"boxes": boxes, "scores": scores, "targets": torch.zeros(0, 4)})
    yield _call("no detections: empty", {"boxes": torch.zeros(0, 4), "scores": torch.zeros(0), "targets": boxes})
    nothing = {"boxes": torch.zeros(0, 4), "scores": torch.zeros(0), "targets": torch.zeros(0, 4)}
    yield _call("neither the ones nor the others: empty", nothing)

    scene = _scene(rng, [(row(5, 1), row(0)), (row(3, 2), row(0))], order=(3, 1, 2, 0))  # in each group the worse first
    scene = {name: x.double() * 4 / 3 for name, x in scene.items()}
    scene["scores"] = 1 / 3 + scene["scores"].argsort().argsort().double() * 1e-9
    yield _call("float64, with differences that float32 cannot see", scene)

    scene = _scene(rng, [(row(2, 4), row(0)), (row(1), row(0)), (row(3), row(0))], (2, 0, 3, 1))
    yield _call(
        "inputs that are not contiguous",
        {"boxes": transposed(scene["boxes"]), "scores": spread(scene["scores"]), "targets": sliced(scene["targets"])},
    )


EXERCISE = Exercise(
    name="match_detections",
    chapter=CHAPTER,
    points=7,
    minutes=25,
    difficulty=3,
    reference="solutions.metrics:match_detections",
    cases=cases,
    outputs=("targets",),
    hints=(
        "Two boxes on one cow, of scores 0.9 and 0.6; the second fits her better. Which of them is right, and what is "
        "the other?",
        "Go through the detections in the order of their scores and remember which targets are taken. Who comes looks "
        "only at those that are free. Write the result where the detection stands in `boxes`, not where it stands in "
        "the order.",
        "Start with a tensor of −1, int64. For each `d` of `scores.argsort(descending=True, stable=True)`: take row "
        "`d` of the IoU matrix, set what is taken to −1, and look at the maximum. Where there are no targets there is "
        "no maximum.",
    ),
    forbidden=(r"^torchvision\.models\.detection", r"^torchmetrics", r"^pycocotools"),
    forbidden_sentence="This exercise is to match yourself, without a library that does.",
    insight=(
        "A duplicate is wrong, however well it lies: without suppression half of all detections would be. And what "
        "is right at a threshold of 0.5 may be wrong at 0.75, so each threshold has a matching of its own."
    ),
)
