"""`assign_labels`: what each proposal is trained as, an object's class, background or nothing."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.boxes_and_metrics.shared import Box, laid_out, row, spread
from course.exercises.draw import sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.rcnn import CHAPTER
from course.exercises.rcnn.shared import NO_DETECTION

Group = tuple[Sequence[Box], Sequence[Box]]
Scene = dict[str, Tensor]

_AWAY: Group = (row(0), ())


def _labels(rng: np.random.Generator, count: int) -> Tensor:
    """Draw `count` different labels from 3 to 20: not in order, and none of them an index or the next one."""
    while True:
        labels = rng.choice(np.arange(max(3, count + 2), 21), count, replace=False)
        if count < 2 or (labels != np.sort(labels)).any():
            return torch.from_numpy(labels)


def _scene(
    rng: np.random.Generator,
    groups: Sequence[Group],
    low: int = 0,
    scales: Sequence[float] = (1.0, 1.5, 2.0),
    keep_boxes: bool = False,
) -> Scene:
    """Draw a scene of groups, each of proposals and objects that are near each other and far from all others.

    Proposals come in any order, but not in that of the objects, and objects in theirs turned by one; with
    `keep_boxes` objects stay as they are listed.
    """
    placed = laid_out(rng, [[*near, *there] for near, there in groups], low, low + 40, scales)
    is_proposal = torch.tensor([kind for near, there in groups for kind in [True] * len(near) + [False] * len(there)])
    proposals, boxes = placed[is_proposal], placed[~is_proposal]
    order = np.arange(len(proposals))
    while len(order) > 1 and (order == np.sort(order)).all():
        order = rng.permutation(len(proposals))
    return {
        "proposals": proposals[torch.from_numpy(order)],
        "boxes": boxes if keep_boxes else boxes.roll(1, dims=0),
        "labels": _labels(rng, len(boxes)),
    }


def _call(name: str, scene: Scene, *ranges: object) -> Case:
    return Case(name, {**scene, **dict(zip(("foreground", "background"), ranges, strict=False))})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `assign_labels`, called by position as (proposals, boxes, labels, foreground, background)."""
    # Of two boxes 20 wide that are d apart the IoU is (20 − d) / (20 + d): 0.82 at 2, 0.6 at 5, 0.54 at 6, 0.43 at 8,
    # 0.29 at 11, 0.11 at 16.
    yield _call("three objects, and proposals on two of them", _scene(rng, [(row(2, 8), row(0)), (row(1, 3), row(0)),
                                                                           (row(9), row(0)), _AWAY]))  # fmt: skip
    yield _call("several on one object: each of them gets its label",
                _scene(rng, [(row(0, 1, 2, 4, 5), row(0)), (row(3, 14), row(0))]))  # fmt: skip
    yield _call("a proposal on two objects: the better one counts",
                _scene(rng, [(row(4, 2), row(0, 6)), (row(5), row(8, 0))]))  # fmt: skip
    yield _call("an object of which the best proposal falls short",
                _scene(rng, [(row(8, 11), row(0)), (row(2), row(0)), (row(10), row(0))]))  # fmt: skip
    scene = _scene(rng, [(row(2), row(0)), (row(1), row(0)), (row(3, 9), row(0))])
    yield _call("three objects of one class", {**scene, "labels": torch.full((3,), int(rng.integers(5, 20)))})
    yield _call("labels 1, 2 and so on, not in order",
                {**_scene(rng, [(row(2), row(0)), (row(1, 8), row(0)), (row(3), row(0))]),
                 "labels": torch.tensor([[3, 1, 2], [2, 3, 1]][int(rng.integers(2))])})  # fmt: skip

    # Between the ranges, below them, in both.
    near = [(row(2, 8), row(0)), (row(11, 6), row(0)), (row(7), row(0)), _AWAY]
    yield _call("between background and foreground lies what is left out", _scene(rng, near), 0.6,
                (0.0, float(rng.choice([0.35, 0.4]))))  # fmt: skip
    near = [(row(2, 16), row(0)), (row(8, 4), row(0)), (row(18), row(0)), _AWAY, _AWAY]
    yield _call("what is hardly touched is left out too", _scene(rng, near), 0.5, (0.1, 0.5))
    near = [(row(2, 5), row(0)), (row(8, 6), row(0)), (row(16), row(0)), _AWAY]
    yield _call("the ranges overlap: foreground wins", _scene(rng, near), float(rng.choice([0.45, 0.5])), (0.2, 0.7))
    near = [(row(2, 5), row(0)), (row(8, 10), row(0)), (row(6), row(0)), _AWAY]
    yield _call("a low foreground, and background up to a half", _scene(rng, near), 0.4, (0.0, 0.5))
    near = [(row(1, 3), row(0)), (row(2, 5), row(0)), (row(8), row(0)), _AWAY]
    yield _call("a high foreground, background below it", _scene(rng, near), 0.78, (0.0, 0.78))
    near = [(row(0, 1), row(0)), (row(0, 8, 11), row(0)), _AWAY]
    yield _call("foreground is only the very same box", _scene(rng, near), 1.0, (0.0, 0.3))

    whole: list[Box] = [(0, 0, 40, 20)]

    def parts(*shares: float) -> Group:
        return [(0, 0, 40 * share, 20) for share in shares], whole

    yield _call("exactly the foreground's threshold is foreground",
                _scene(rng, [parts(0.5, 0.45), parts(0.55), parts(0.5)]))  # fmt: skip
    low = 0.25
    yield _call("exactly the lower end of the background is background",
                _scene(rng, [parts(low, 0.2, 0.3), parts(0.8, low)]), 0.5, (low, 0.5))  # fmt: skip
    yield _call("exactly the upper end of the background is not",
                _scene(rng, [parts(0.5, 0.45, 0.55), parts(0.75), parts(0.5, 0.7)]), 0.75, (0.25, 0.5))  # fmt: skip
    same: list[Box] = row(0)
    yield _call("two objects with the same box, and between two others: the lower index",
                _scene(rng, [(row(2, 9), [*same, *same]), (row(3), row(0, 6)), (row(1), same)], keep_boxes=True,
                       scales=(1.0, 2.0)))  # fmt: skip

    inside: Group = ([(8, 6, 18, 15)], [(0, 0, 24, 20)])
    around: Group = ([(0, 0, 24, 20)], [(8, 6, 18, 15)])
    yield _call("a small one inside a large one, and the other way round",
                _scene(rng, [inside, around, (row(2), row(0))]))  # fmt: skip
    corner: Group = ([(38, 38, 58, 58)], [(0, 0, 20, 20)])
    yield _call("apart in both directions", _scene(rng, [corner, (row(2, 8), row(0)), corner]), 0.4, (0.0, 0.4))
    # A third of both is shared. With sides that are 1 longer it would be a half.
    near = [([(0, 0, 2, 2)], [(1, 0, 3, 2)]), ([(0, 0, 3, 2)], [(0, 0, 3, 3)]), _AWAY]
    yield _call("boxes of a few pixels", _scene(rng, near, scales=(1.0,)), 0.5, (0.0, 0.4))
    near = [(row(2, 8), row(0)), (row(5, 1), row(0, 4)), _AWAY]
    yield _call("coordinates below zero", _scene(rng, near, low=-700))

    proposals = laid_out(rng, [row(0)] * int(rng.integers(2, 5)))
    nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    yield _call("no objects: empty, and all is background", {"proposals": proposals, **nothing})
    yield _call("no objects: empty, and all is left out", {"proposals": proposals, **nothing}, 0.5, (0.1, 0.5))
    count = int(rng.integers(2, 4))
    boxes = laid_out(rng, [row(0)] * count)
    yield _call("no proposals: empty",
                {"proposals": torch.zeros(0, 4), "boxes": boxes, "labels": _labels(rng, count)})  # fmt: skip
    yield _call("neither the ones nor the others: empty", {"proposals": torch.zeros(0, 4), **nothing})

    scene = _scene(rng, [(row(2, 8), row(0)), (row(5, 1), row(0, 4)), _AWAY])
    yield _call("float64, with corners that float32 cannot hold",
                {name: x.double() / 3 if x.is_floating_point() else x for name, x in scene.items()})  # fmt: skip
    # Just above and just below a half, by less than float32 can see.
    least = torch.tensor([[0.0, 0, 20 + 4e-7, 20], [100, 0, 120 - 4e-7, 20], [200, 0, 220, 20]], dtype=torch.float64)
    there = torch.tensor([[0.0, 0, 40, 20], [100, 0, 140, 20], [200, 0, 230, 20]], dtype=torch.float64)
    x, y = (float(number) for number in rng.integers(1, 40, 2))
    shift = torch.tensor([x, y, x, y], dtype=torch.float64)
    yield _call("float64, with overlaps that float32 cannot tell apart",
                {"proposals": least + shift, "boxes": there + shift, "labels": _labels(rng, 3)})  # fmt: skip

    scene = _scene(rng, [(row(2, 8), row(0)), (row(5, 1), row(0, 4)), (row(3), row(0))])
    yield _call("inputs that are not contiguous", {"proposals": transposed(scene["proposals"]),
                                                   "boxes": sliced(scene["boxes"]),
                                                   "labels": spread(scene["labels"])})  # fmt: skip


EXERCISE = Exercise(
    name="assign_labels",
    chapter=CHAPTER,
    points=7,
    minutes=20,
    difficulty=3,
    reference="solutions.rcnn:assign_labels",
    cases=cases,
    outputs=("labels", "matched"),
    hints=(
        "Three proposals have a best IoU of 0.6, 0.4 and 0.05 with the animals of a picture, foreground is 0.5 and "
        "background from 0.1 to 0.5. What is each trained as? And what if the picture had no animal?",
        "Find the best IoU and its object for each proposal first. Then start with a tensor that says −1 everywhere, "
        "put background where it belongs, and foreground last: which of the two wins then?",
        "`best, which = box_iou(proposals, boxes).max(dim=1)`; without boxes `best` is zeros. `result` of −1 becomes 0 "
        "where `(low <= best) & (best < high)`, then `labels[which]` where `best >= foreground`; `matched` becomes "
        "`which` in the last case only.",
    ),
    forbidden=NO_DETECTION,
    forbidden_sentence="This exercise is to assign labels yourself, without a library's matcher.",
    insight=(
        "Of 2,000 proposals a few dozen are foreground, and each object has several of them: that is why suppression "
        "is needed once more. What is left out costs nothing, so a proposal that is half right teaches nothing wrong."
    ),
)
