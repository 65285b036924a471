"""`average_precision`: the curve of precision and recall as one number, in three definitions."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.boxes_and_metrics import CHAPTER
from course.exercises.boxes_and_metrics.shared import NO_METRICS, spread
from course.exercises.exercise import Case, Exercise

_METHODS = ("coco", "voc11", "area")


def _curve(right: Sequence[int], targets: int) -> tuple[Tensor, Tensor]:
    """Return recall and precision (D,) of detections that are listed best first as 1 (right) and 0.

    With 3, 7, 9, 11, 13 or 17 targets no recall is a whole number of hundredths but 0 and 1.
    """
    found = torch.tensor(right, dtype=torch.float32).cumsum(dim=0)
    return found / targets, found / torch.arange(1, len(right) + 1)


def _call(name: str, curve: tuple[Tensor, Tensor], method: str | None = None) -> Case:
    args: dict[str, object] = {"recall": curve[0], "precision": curve[1]}
    return Case(name, args if method is None else {**args, "method": method})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `average_precision`, called by position as (recall, precision, method)."""

    def draw_targets(least: int = 7) -> int:
        return int(rng.choice([number for number in (7, 9, 11, 13, 17) if number >= least]))

    def draw_right(found: int, missed: int) -> list[int]:
        """The best is right and the last as well, with wrong ones before it: precision rises again."""
        middle = rng.permutation([1] * (found - 3) + [0] * (missed - 1)).tolist()
        return [1, *middle, 0, 1, 1]

    # Precision falls and rises several times; where it is highest again is far from where that counts.
    curve = _curve([1, 0, 0, 1, 0, 1, 1, 0, 1, 1], draw_targets(9))
    yield _call("COCO's definition, by default", curve)
    for method in _METHODS:
        yield _call(f"not all targets are found: {method}", _curve(draw_right(5, 3), draw_targets(7)), method)
    for method in _METHODS:
        yield _call(f"all targets are found in the end: {method}", _curve(draw_right(7, 4), 7), method)
    for method in _METHODS:
        right = [0, 0, *rng.permutation([1, 1, 0, 0]).tolist(), 1, 1]
        yield _call(f"the surest are wrong, precision rises: {method}", _curve(right, draw_targets(7)), method)
    for method in _METHODS:
        right = [1, 1, 1, *rng.permutation([0, 0, 1]).tolist(), 0, 0]
        yield _call(f"precision falls, wrong ones at the end: {method}", _curve(right, draw_targets(7)), method)
    for method in _METHODS:
        yield _call(
            f"a single detection, one of few targets: {method}", _curve([1], int(rng.choice([3, 7, 9]))), method
        )

    targets = int(rng.choice([7, 9, 11]))
    yield _call("without a mistake to the end", _curve([1] * targets, targets), str(rng.choice(_METHODS)))
    yield _call("without a mistake, but not to the end", _curve([1] * 4, draw_targets()), "coco")
    yield _call(
        "every target found first, then many wrong ones", _curve([1] * 7 + [0] * int(rng.integers(3, 6)), 7), "area"
    )

    wrong = int(rng.integers(2, 6))
    yield _call("nothing but wrong ones: recall stays 0", _curve([0] * wrong, 7), str(rng.choice(_METHODS)))

    yield _call("no detections: empty", (torch.zeros(0), torch.zeros(0)))
    yield _call("no detections: empty, area", (torch.zeros(0), torch.zeros(0)), "area")

    # No detector gives such a curve, whose precision falls while recall rises: here a slope is no staircase.
    recall = torch.tensor([1, 1, 2, 4, 4, 5, 8]) / 9
    precision = (torch.tensor([52, 60, 44, 28, 36, 20, 12]) + torch.from_numpy(rng.integers(0, 4, 7))) / 64
    for method in _METHODS:
        yield _call(f"any recall that does not fall, with any precision: {method}", (recall, precision), method)

    recall, precision = _curve(draw_right(5, 3), 7)
    recall, precision = recall.double(), precision.double() / 3
    yield _call("float64, with values that float32 cannot hold", (recall, precision), "area")

    recall, precision = _curve(draw_right(6, 4), draw_targets(9))
    yield _call("inputs that are not contiguous", (spread(recall), spread(precision)), "voc11")


EXERCISE = Exercise(
    name="average_precision",
    chapter=CHAPTER,
    points=8,
    minutes=30,
    difficulty=3,
    reference="solutions.metrics:average_precision",
    cases=cases,
    outputs=("average",),
    hints=(
        "Draw a curve with few points, and let it rise once. What is the highest precision that you still can get at "
        "a recall of at least 0.3? Of at least 0.4? What at 1, if recall ends at 0.6?",
        "First the envelope: from the right to the left, each precision becomes the highest so far. For two of the "
        "definitions ask it at given recalls: the first place whose recall is at least r; 0 where there is none. For "
        "the area, each step of recall is a rectangle, and the first step begins at 0.",
        "`precision.flip(0).cummax(0).values.flip(0)` is the envelope. Append a 0 to it, and "
        "`torch.searchsorted(recall, r)` finds the place, with `r = torch.linspace(0, 1, 101, dtype=recall.dtype)`. "
        "Area: the differences of recall, with a 0 before the first, times the envelope.",
    ),
    forbidden=NO_METRICS,
    forbidden_sentence="This exercise is to compute the metric yourself, without a library that has it ready.",
    insight=(
        "One and the same curve has three numbers. They differ by a few hundredths, which is as much as many papers "
        "win: look which definition a table uses before you compare."
    ),
)
