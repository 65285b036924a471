"""`proposal_recall`: how many of the objects somebody could find at all who looks into the proposals only."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.boxes_and_metrics.shared import Box, laid_out, row
from course.exercises.draw import sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.rcnn import CHAPTER
from course.exercises.rcnn.shared import NO_DETECTION

Group = tuple[Sequence[Box], Sequence[Box]]

_FOUND: Group = (row(2), row(0))
_MISSED: Group = (row(9), row(0))  # 0.38
_ALONE: Group = ((), row(0))
_IDLE: Group = (row(0), ())
_TWICE: Group = (row(2, 4), row(0))  # two proposals on one target
_BOTH: Group = (row(3), row(0, 6))  # one proposal on two targets, 0.74 of each


def _scene(
    rng: np.random.Generator, groups: Sequence[Group], low: int = 0, scales: Sequence[float] = (1.0, 1.5, 2.0)
) -> tuple[Tensor, Tensor]:
    """Draw proposals and targets of `groups`, those of each near each other and far from all others, both shuffled."""
    placed = laid_out(rng, [[*near, *there] for near, there in groups], low, low + 40, scales)
    is_proposal = torch.tensor([kind for near, there in groups for kind in [True] * len(near) + [False] * len(there)])
    proposals, targets = placed[is_proposal], placed[~is_proposal]
    return proposals[torch.from_numpy(rng.permutation(len(proposals)))], targets[
        torch.from_numpy(rng.permutation(len(targets)))
    ]


def _call(name: str, scene: tuple[Tensor, Tensor], iou_threshold: float | None = None) -> Case:
    args: dict[str, object] = {"proposals": scene[0], "targets": scene[1]}
    return Case(name, args if iou_threshold is None else {**args, "iou_threshold": iou_threshold})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `proposal_recall`, called by position as (proposals, targets, iou_threshold)."""
    # Of two boxes 20 wide that are d apart the IoU is (20 − d) / (20 + d): see `row`. Shares are of different numbers,
    # so that a share of something else is another number: here 3 of 5 targets, by 5 of 9 proposals.
    yield _call(
        "three targets of five are covered",
        _scene(rng, [_FOUND, _TWICE, _TWICE, _ALONE, _MISSED, _IDLE, _IDLE, _IDLE]),
    )
    yield _call("one proposal covers two targets", _scene(rng, [_BOTH, _BOTH, _FOUND, _MISSED, _ALONE]))
    many: Group = (row(0, 1, 2, 3, 4, 5), row(0))
    yield _call("many proposals on one target, the others are not covered", _scene(rng, [many, _ALONE, _ALONE]))
    # 0.9 and 0.74 of the one target, 0.43 and 0.67 of the other: both proposals like the first best, and one of them
    # covers the second. Then the other way round.
    rivals: Group = (row(1, -3), row(0, -7))
    yield _call("two proposals like the same target best", _scene(rng, [rivals, _MISSED, _ALONE]))
    shared: Group = (row(0, -7), row(1, -3))
    yield _call("one proposal is best for two targets, another covers one too", _scene(rng, [shared, _MISSED, _ALONE]))
    yield _call("more targets than proposals", _scene(rng, [_BOTH, _ALONE, _ALONE, _FOUND, _MISSED, _ALONE]))
    yield _call("all targets are covered", _scene(rng, [_FOUND, _TWICE, _IDLE, _BOTH]))
    yield _call("none is covered, though some are touched", _scene(rng, [_MISSED, _MISSED, _IDLE, _ALONE]))
    yield _call("one target, among proposals that do not cover it", _scene(rng, [_FOUND, _IDLE, _IDLE, _IDLE]))

    threshold = float(rng.choice([0.25, 0.5, 0.75]))
    whole: list[Box] = [(0, 0, 40, 20)]
    parts: list[Box] = [(0, 0, 40 * threshold, 20)]
    less: list[Box] = [(0, 0, 40 * threshold - 2, 20)]
    exact: list[Group] = [(parts, whole), (whole, parts), (less, whole), ([], whole), ([], whole), (parts, [])]
    yield _call("an overlap of exactly the threshold counts", _scene(rng, exact), threshold)
    exact = [([(0, 0, 20, 20)], whole), ([(0, 0, 19, 20)], whole), ([(0, 0, 21, 20)], whole), ([], whole), _ALONE]
    yield _call("the threshold is left out: a half, and just below and above it", _scene(rng, exact))

    # 0.54, 0.43, 0.33, 0.25
    apart = [(row(6), row(0)), (row(8), row(0)), (row(10), row(0)), (row(12), row(0)), _ALONE, _ALONE, _ALONE]
    yield _call("a low threshold", _scene(rng, apart), float(rng.choice([0.3, 0.35])) - 0.02)
    apart = [(row(1), row(0)), (row(2), row(0)), (row(3), row(0)), (row(4), row(0)), _ALONE, _ALONE, _ALONE]
    yield _call("a high threshold", _scene(rng, apart), float(rng.choice([0.78, 0.8])))
    same: Group = (row(0), row(0))
    yield _call("threshold 1: only the very same box", _scene(rng, [same, same, (row(1), row(0)), _ALONE, _ALONE]), 1.0)

    # A small box in a large one, once the target and once the proposal; then boxes corner to corner, whose shared
    # sides would be −18 each: as an area 324 of 800.
    inside: Group = ([(8, 6, 18, 15)], [(0, 0, 24, 20)])
    around: Group = ([(0, 0, 24, 20)], [(8, 6, 18, 15)])
    yield _call("large proposals around small targets", _scene(rng, [around, around, _FOUND, _ALONE, _ALONE, inside]))
    corner: Group = ([(38, 38, 58, 58)], [(0, 0, 20, 20)])
    yield _call("apart in both directions", _scene(rng, [corner, corner, _FOUND, _ALONE, _MISSED]), 0.4)

    # A third of both is shared. With sides that are 1 longer it would be a half.
    near: Group = ([(0, 0, 2, 2)], [(1, 0, 3, 2)])
    hit: Group = ([(0, 0, 3, 2)], [(0, 0, 3, 3)])
    yield _call("boxes of a few pixels", _scene(rng, [near, near, hit, hit, hit], scales=(1.0,)))
    yield _call("coordinates below zero", _scene(rng, [_TWICE, _BOTH, _MISSED, _ALONE], low=-600))

    count = int(rng.integers(2, 5))
    boxes = laid_out(rng, [row(0)] * count)
    yield _call("no proposals: empty, and nothing is covered", (torch.zeros(0, 4), boxes))
    yield _call("no targets: empty, and there is no share", (boxes, torch.zeros(0, 4)))
    yield _call("neither the ones nor the others: empty", (torch.zeros(0, 4), torch.zeros(0, 4)))

    proposals, targets = _scene(rng, [_FOUND, _BOTH, _TWICE, _ALONE, _ALONE, _MISSED])
    yield _call("float64, with corners that float32 cannot hold", (proposals.double() / 3, targets.double() / 3))
    # Just above and just below the threshold, by less than float32 can see.
    least = torch.tensor([[0.0, 0, 20 + 4e-7, 20], [100, 0, 120 - 4e-7, 20], [200, 0, 220, 20]], dtype=torch.float64)
    there = torch.tensor([[0.0, 0, 40, 20], [100, 0, 140, 20], [200, 0, 230, 20]], dtype=torch.float64)
    x, y = (float(number) for number in rng.integers(1, 40, 2))
    shift = torch.tensor([x, y, x, y], dtype=torch.float64)
    yield _call("float64, with overlaps that float32 cannot tell apart", (least + shift, there + shift))

    proposals, targets = _scene(rng, [_FOUND, _BOTH, _TWICE, _ALONE, _ALONE, _MISSED])
    yield _call("boxes that are not contiguous", (transposed(proposals), sliced(targets)))


EXERCISE = Exercise(
    name="proposal_recall",
    chapter=CHAPTER,
    points=5,
    minutes=15,
    difficulty=2,
    reference="solutions.region_proposals:proposal_recall",
    cases=cases,
    outputs=("recall",),
    hints=(
        "Two cows stand so close together that one proposal covers both with 0.6. Another proposal is on the first "
        "cow only. How many of two cows could be found? And how many without the second proposal?",
        "A target asks one thing only: is the best IoU that any proposal has with it at least the threshold? Which "
        "dimension of the matrix (P, G) does the maximum run along? And what is there to do where that dimension is 0?",
        "`best = box_iou(proposals, targets).max(dim=0).values` is one number a target, and `(best >= iou_threshold)` "
        "as floats has the recall as its mean. First return NaN where there are no targets, and then 0 where there are "
        "no proposals.",
    ),
    forbidden=NO_DETECTION,
    forbidden_sentence="This exercise is to count yourself, without a library's matching or recall.",
    insight=(
        "Recall alone rewards whoever proposes everything. So it is told with the number of proposals, and drawn "
        "over it: what do 100 find, what do 2,000? What is lost here no classifier brings back."
    ),
)
