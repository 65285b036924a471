"""`box_iou`: how much each box of one list shares with each of another."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.boxes_and_metrics import CHAPTER
from course.exercises.draw import sliced, transposed
from course.exercises.exercise import Case, Exercise


def _boxes(rng: np.random.Generator, count: int, low: int = 0, side: int = 12) -> Tensor:
    """Draw boxes (N, 4) that all cover the same pixel, higher than wide or wider than high, at half pixels.

    No edge comes twice, so that each overlap hangs on two different boxes. The pixel is at `low` + `side`.
    """
    starts = rng.permutation(np.arange(1, 2 * side))[: 2 * count].reshape(count, 2)
    ends = rng.permutation(np.arange(2 * side + 3, 4 * side))[: 2 * count].reshape(count, 2)
    return torch.tensor(np.concatenate([starts, ends], axis=1) / 2 + low, dtype=torch.float32)


def _several(rng: np.random.Generator, n: int, m: int, low: int = 0) -> tuple[Tensor, Tensor]:
    """Draw n and m boxes that all overlap, without an edge that two of them share."""
    boxes = _boxes(rng, n + m, low)
    return boxes[:n].clone(), boxes[n:].clone()


def _moved(boxes: Tensor, x: float, y: float) -> Tensor:
    return boxes + torch.tensor([x, y, x, y], dtype=boxes.dtype)


def _call(name: str, a: Tensor, b: Tensor, gradient: bool = False) -> Case:
    return Case(name, {"a": a, "b": b}, gradient=gradient)


def _tensor(boxes: Sequence[Sequence[float]]) -> Tensor:
    return torch.tensor(boxes, dtype=torch.float32)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `box_iou`, called by position as (a, b)."""
    yield _call("two boxes with three, all of them overlap", *_several(rng, 2, 3))
    yield _call("four boxes with two", *_several(rng, 4, 2))
    yield _call("as many as there are on the other side: still each with each", *_several(rng, 3, 3))
    yield _call("one box with one", *_several(rng, 1, 1))
    yield _call("one box with five", *_several(rng, 1, 5))

    # Apart on both axes both sides come out negative, and their product positive.
    a, b = _several(rng, 2, 2)
    far, near = (float(number) for number in rng.integers(26, 40, 2))
    yield _call("apart in x and in y", a, torch.cat([_moved(b, far, near), _moved(b, -far, near), b]))

    a, b = _several(rng, 2, 1)
    yield _call("apart in one direction only", a, torch.cat([_moved(b, far, 0), _moved(b, 0, -near), b]))

    x, y, wide, high = (float(number) for number in rng.integers(2, 9, 4))
    box = _tensor([[x, y, x + wide, y + high]])
    others = [_moved(box, wide, 0), _moved(box, -wide, 0), _moved(box, 0, high), _moved(box, -wide, high), box]
    yield _call("boxes that only touch, at an edge or at a corner", box, torch.cat(others))

    x, y = (float(number) for number in rng.integers(0, 5, 2))
    wide, high, rim = (float(number) for number in rng.integers(6, 12, 3))
    outer = _tensor([[x, y, x + wide + rim, y + high + 2 * rim]])
    inner = _tensor([[x + 1, y + 2, x + wide, y + high], [x, y, x + wide, y + high]])
    yield _call("one box inside another", outer, torch.cat([inner, outer]))
    yield _call("one box around others", torch.cat([inner, outer]), outer)

    wide, high = (float(number) for number in rng.integers(2, 5, 2))
    upright = _tensor([[10, 2, 10 + wide, 25]])
    lying = _tensor([[3, 9, 30, 9 + high], [1.5, 4, 18, 4 + high]])
    yield _call("crossing boxes, none of which holds a corner of the other", upright, lying)

    yield _call("coordinates below zero", *_several(rng, 3, 2, low=-40))
    yield _call("coordinates on both sides of zero", *_several(rng, 2, 3, low=-12))

    a, b = _several(rng, 3, 2)
    yield _call("boxes smaller than a pixel", a / 32 + 3, b / 32 + 3)

    a, b = _several(rng, 2, 4)
    yield _call("large boxes, far from the corner", 16 * a + 1000, 16 * b + 1000)

    yield _call("no box on the one side: empty", torch.zeros(0, 4), _boxes(rng, int(rng.integers(2, 5))))
    yield _call("no box on the other side: empty", _boxes(rng, int(rng.integers(2, 5))), torch.zeros(0, 4))

    # About 40 × 40 pixels: a tiny number that is added to the union is no fault here.
    a, b = _several(rng, 3, 2)
    yield _call("float64, with values that float32 cannot hold", a.double() * 10 / 3, b.double() * 10 / 3)

    a, b = _several(rng, 3, 2)
    yield _call("boxes that are not contiguous", transposed(a), sliced(b))

    a, b = _several(rng, 2, 3)
    yield _call("gradients flow back", a, torch.cat([b, _moved(b[:1], far, near)]), gradient=True)


EXERCISE = Exercise(
    name="box_iou",
    chapter=CHAPTER,
    points=7,
    minutes=20,
    difficulty=2,
    reference="solutions.boxes:box_iou",
    cases=cases,
    outputs=("iou",),
    hints=(
        "Draw two boxes that overlap. Where does the part that both cover begin in x, and where does it end? Then "
        "draw two that are apart, and look at what your formula says its width is.",
        "The shared part goes from the *larger* of both x1 to the *smaller* of both x2. A side below 0 is no side: "
        "make it 0 *before* you multiply. The union counts the shared part once.",
        "`a[:, None, :2]` (N, 1, 2) beside `b[None, :, :2]` (1, M, 2) compares each with each: `torch.maximum` gives "
        "(N, M, 2). With `.clamp(min=0)` on the sides and `area_a[:, None] + area_b[None, :] - intersection` it is "
        "all there.",
    ),
    forbidden=(
        r"^torchvision\.(ops|models\.detection)",
        r"^torch\.ops\.torchvision",
        r"^torchmetrics",
        r"^pycocotools",
        r"^kornia",
    ),
    forbidden_sentence="This exercise is to measure the overlap yourself, without a library that does.",
    insight=(
        "Move a box of 10 × 10 by one pixel in both directions, and the IoU with where it was is 0.68 already. "
        "Of a box of 100 × 100 it would be 0.96: small things are harder to hit."
    ),
)
