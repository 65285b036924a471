"""`filter_proposals`: of all boxes that the network proposes, which go on to the second stage."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from course.exercises.boxes_and_metrics.shared import Box, laid_out, row, shuffled, spread
from course.exercises.draw import transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.faster_rcnn import CHAPTER

Logits = Literal["any", "sure", "negative"]


def _logits(rng: np.random.Generator, count: int, kind: Logits) -> Tensor:
    """Draw `count` logits (A,), distinct multiples of 1/8 and the highest first; no two have the same sigmoid.

    The "sure" ones are above 0; the "negative" ones go from −1 to some −6, about one apart.
    """
    if kind == "negative":
        drawn = -np.arange(1, count + 1) - rng.integers(0, 8, count) / 8
    else:
        drawn = np.sort(rng.choice(np.arange(1 if kind == "sure" else -40, 41), count, replace=False))[::-1] / 8
    return torch.tensor(drawn.copy(), dtype=torch.float32)


class _Draw:
    """Makes cases of boxes that are listed best first, and of which those at `kept` will be left at the end."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def inside(self, groups: Sequence[Sequence[Box]]) -> tuple[Tensor, tuple[int, int]]:
        """Lay out groups of boxes (A, 4) far from each other, in an image in which there is room for all of them."""
        room = 200 * len(groups)
        return laid_out(self.rng, groups), (room + 10 * int(self.rng.integers(0, 9)), room + 101)

    def edges(self) -> tuple[int, int]:
        """Draw the size of a small image (H, W), wider than high."""
        return int(self.rng.integers(44, 54)), int(self.rng.integers(80, 96))

    def case(
        self,
        name: str,
        boxes: Tensor | Sequence[Box],
        size: tuple[int, int],
        kept: Sequence[int],
        before: int | None = None,
        after: int | None = None,
        *numbers: float,
        kind: Logits = "any",
        turn: bool = False,
        **options: float,
    ) -> Case:
        """Return a case. Left out, `before` and `after` are as many as there are boxes: nothing hangs on them.

        With `turn`, x and y change places at random, those of the image too.
        """
        drawn = boxes if isinstance(boxes, Tensor) else torch.tensor(boxes, dtype=torch.float32)
        if turn and self.rng.integers(2):
            drawn, size = drawn[:, [1, 0, 3, 2]], (size[1], size[0])
        count = len(drawn)
        order = shuffled(self.rng, kept, count)
        args = {
            "boxes": drawn[order],
            "objectness": _logits(self.rng, count, kind)[order],
            "image_size": size,
            "pre_nms_top_n": count if before is None else before,
            "post_nms_top_n": count if after is None else after,
            **dict(zip(("nms_threshold", "min_size"), numbers, strict=False)),
        }
        return Case(name, args, options)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `filter_proposals`, called by position up to `post_nms_top_n`, or to the last that is given.

    In a row of boxes the IoU of two is 0.82 where one is 2 further on, and 0.67 where it is 4.
    """
    draw = _Draw(rng)
    case = draw.case

    boxes, size = draw.inside([row(2, 0, 4), row(0, 2), row(0)])
    boxes = boxes[[0, 3, 1, 5, 2, 4]]
    yield case("three boxes on one thing, two on another, one alone", boxes, size, (0, 1, 3), kind="sure")

    yield from _cuts(draw)
    yield from _edges(draw)
    yield from _sides(draw)
    yield from _overlaps(draw)

    # All of it: outside, in the way, too small; a chain; one that is left and comes too late, one that never comes in.
    boxes, size = draw.inside([row(0, 2, 4), row(0, 2), row(0), row(0), [(0, 0, 30, 4)]])
    outside = torch.tensor([[-30.0, -20.0, 0.0, -2.0]])
    boxes = torch.cat([outside, boxes])[[0, 1, 2, 8, 4, 3, 5, 6, 7]]
    yield case("all of it at once", boxes, size, (1, 4, 5), 8, 3, 0.7, 10.0)

    boxes, size = draw.inside([row(0, 2), row(0)])
    yield case("no logit is above zero", boxes[[0, 2, 1]], size, (0, 1), kind="negative")
    boxes, size = draw.inside([row(2, 0, 4), row(0, 2), row(0)])
    yield case("far below zero: unlikely ones are proposals too", boxes, size, (0, 3, 5), kind="negative")

    boxes, size = draw.inside([row(0)])
    yield case("a single box", boxes, size, (0,))
    yield Case(
        "no box: empty",
        {
            "boxes": torch.zeros(0, 4),
            "objectness": torch.zeros(0),
            "image_size": (int(rng.integers(20, 30)), int(rng.integers(30, 40))),
            "pre_nms_top_n": 5,
            "post_nms_top_n": 3,
        },
    )

    # In float32 the logits of a group are equal, and so are their sigmoids.
    boxes, size = draw.inside([row(0, 2, 1), row(0, 2), row(0)])
    boxes, logits = boxes.double()[[2, 1, 0, 4, 3, 5]] * 4 / 3, torch.tensor([1, 2, 3, 4, 5, 9], dtype=torch.float64)
    yield Case(
        "float64, with differences that float32 cannot see",
        {
            "boxes": boxes,
            "objectness": logits * 1e-9 + 1 / 3,
            "image_size": (2 * size[0], 2 * size[1]),
            "pre_nms_top_n": 5,
            "post_nms_top_n": 6,
        },
    )

    boxes, size = draw.inside([row(2, 0, 4), row(0, 2, 4)])
    drawn = case("inputs that are not contiguous", boxes[[0, 3, 1, 4, 5, 2]], size, (0, 1, 4), 6, 6)
    args = {**drawn.args, "boxes": transposed(drawn.args["boxes"]), "objectness": spread(drawn.args["objectness"])}  # type: ignore[arg-type]
    yield Case(drawn.name, args)


def _cuts(draw: _Draw) -> Iterator[Case]:
    """Yield cases of the two cuts: how many go on to suppression, and how many are left after it."""
    case = draw.case
    boxes, size = draw.inside([row(0, 2), row(0), row(0)])
    more = len(boxes) + int(draw.rng.integers(1, 9))
    yield case("room for more boxes than there are", boxes, size, (0, 2, 3), more, more + 1)

    boxes, size = draw.inside([row(0), row(0), row(0), row(0), row(0)])
    yield case("only the best go on to suppression", boxes, size, (0, 1, 2), 3, 5)
    boxes, size = draw.inside([row(0), row(0), row(0), row(0), row(0)])
    yield case("only the best are returned", boxes, size, (0, 1), 5, 2)

    boxes, size = draw.inside([row(0, 2), row(0, 2), row(0), row(0)])
    yield case("who is dropped has taken a place before suppression", boxes, size, (0, 2), 4, 4)
    boxes, size = draw.inside([row(0, 2), row(0, 2), row(0), row(0)])
    yield case("who is dropped takes none of the last places", boxes, size, (0, 2, 4), 6, 3)
    boxes, size = draw.inside([row(0, 2, 4), row(0, 2)])
    yield case("both cuts", boxes[[0, 1, 3, 2, 4]], size, (0, 2), 4, 2)
    boxes, size = draw.inside([row(0, 2), row(0)])
    yield case("one place before suppression", boxes, size, (0,), 1, 3)
    boxes, size = draw.inside([row(0, 2), row(0)])
    yield case("one place after it", boxes, size, (0,), 3, 1)


def _edges(draw: _Draw) -> Iterator[Case]:
    """Yield cases of the image's edges. All numbers are whole, and the image is wider than high by a half at least."""
    case = draw.case
    high, wide = size = draw.edges()
    group: list[Box] = [
        (wide - 10, 5, wide + 8, 20),
        (-7, 20, 6, 31),
        (30, -9, 43, 8),
        (12, high - 11, 27, high + 9),
        (50, 15, 64, 28),
    ]
    yield case("boxes across the four edges", group, size, range(5), turn=True)

    high, wide = size = draw.edges()
    group = [(-10, -12, wide + 5, high + 7), (wide - 9, high - 8, wide + 4, high + 3), (-4, -3, 8, 9)]
    yield case("boxes across corners, and one that is larger than the image", group, size, range(3), turn=True)

    high, wide = size = draw.edges()
    group = [
        (wide, 3, wide + 10, 12),
        (5, 6, 17, 19),
        (-15, 4, -3, 15),
        (5, -20, 15, 0),
        (40, 20, 50, 31),
        (5, high + 2, 15, high + 9),
    ]
    yield case("boxes outside the image: nothing is left of them", group, size, (1, 4), turn=True)

    # What is seen of the second of each pair is the first: 1 and 0.9, where it was 0.5 and 0.47.
    high, wide = size = draw.edges()
    group = [
        (wide - 20, 5, wide, 15),
        (5, high - 20, 17, high),
        (wide - 20, 5, wide + 20, 15),
        (5, high - 18, 17, high + 18),
        (40, 10, 50, 22),
    ]
    yield case("boxes that overlap much only after they were clipped", group, size, (0, 1, 4), turn=True)

    # 0.92 and 0.93 with what lies outside, one half in the image.
    high, wide = size = draw.edges()
    group = [
        (-100, 5, 10, 20),
        (30, high - 8, 42, high + 92),
        (-100, 5, 20, 20),
        (30, high - 16, 42, high + 92),
    ]
    yield case("boxes that overlap much only outside the image", group, size, range(4), turn=True)

    high, wide = size = draw.edges()
    group = [(-9, 3, -2, 9), (wide + 1, 4, wide + 9, 9), (5, -8, 12, 0)]
    yield case("all boxes lie outside: nothing is left", group, size, (), turn=True)

    high, wide = size = draw.edges()
    group = [(wide + 2, 3, wide + 9, 12), (5, 6, 17, 19), (-9, 4, -3, 15), (40, 20, 50, 31), (20, 8, 31, 18)]
    yield case("who lies outside has taken a place before suppression", group, size, (1, 3), 4, 5, turn=True)


def _sides(draw: _Draw) -> Iterator[Case]:
    """Yield cases of the smallest side. All numbers are halves, and what is exactly `min_size` is so in any dtype."""
    case = draw.case
    least = float(draw.rng.choice([4, 5, 6]))
    less = least - 0.5

    def at(x: float, y: float, width: float, height: float) -> Box:
        return (x, y, x + width, y + height)

    def number() -> int:
        return int(draw.rng.integers(0, 9))

    size = (100 + number(), 120 + number())
    group = [
        at(3, 4, less, 20),
        at(20, 3, least, 9),
        at(40, 4, 20, 0.5),
        at(70, 4, 9, least),
        at(90, 5, 0.5, 1.5),
        at(3, 40, least, least),
        at(30, 40, 20, 15),
    ]
    yield case("boxes with a side below the smallest, and exactly as long", group, size, (1, 3, 5, 6), min_size=least)

    size = draw.edges()
    wide = size[1]
    group = [
        (wide - less, 5, wide + 30, 25),
        (wide - least, 28, wide + 30, 42),
        (10, -30, 30, less),
        (35, -30, 55, least),
    ]
    yield case("boxes that are too small once they are clipped", group, size, (1, 3), min_size=least, turn=True)

    # The first is nearly as long as the second and would drop it: above 0.8.
    size = (100 + number(), 120 + number())
    group = [at(3, 4, less, 20), at(40, 30, 20, less), at(3, 4, least, 20), at(40, 30, 20, least), at(70, 4, 9, 9)]
    yield case("who is too small drops no other", group, size, (2, 3, 4), None, None, 0.7, least)

    size = (100 + number(), 120 + number())
    group = [at(3, 4, less, 20), at(20, 3, 15, 9), at(40, 4, 20, less), at(70, 4, 9, 8), at(3, 40, 9, 9)]
    yield case("who is too small has taken a place before suppression", group, size, (1, 3), 4, 5, 0.7, least)
    size = (100 + number(), 120 + number())
    group = [at(3, 4, less, 20), at(20, 3, 15, 9), at(40, 4, 20, less), at(70, 4, 9, 8), at(3, 40, 9, 9)]
    yield case("who is too small takes none of the last places", group, size, (1, 3), 5, 2, 0.7, least)

    size = (100 + number(), 120 + number())
    thin, thinner = 1 / 256, 1 / 2048
    group = [at(3, 4, thinner, 20), at(20, 3, thin, 9), at(40, 4, 20, thinner), at(60, 4, 9, thin), at(9, 40, 8, 7)]
    yield case("where it is not given the smallest side is a thousandth of a pixel", group, size, (1, 3, 4))


def _overlaps(draw: _Draw) -> Iterator[Case]:
    """Yield cases of suppression itself: who drops whom, and at which overlap."""
    case, rng = draw.case, draw.rng
    boxes, size = draw.inside([row(0, 2, 4), row(0)])
    yield case("a chain: who was dropped drops no other", boxes, size, (0, 2, 3))
    boxes, size = draw.inside([row(4, 2, 6, 0, 8), row(0)])
    yield case("a chain whose middle is the best", boxes, size, (0, 3, 4, 5))

    boxes, size = draw.inside([[(1, 0, 19, 12), (0, 0, 20, 12)], [(0, 0, 20, 12), (0, 1, 20, 11)]])
    yield case("a box drops a larger one, and another a smaller one", boxes, size, (0, 2))

    boxes, size = draw.inside([row(0, 10, 14, 24), row(0, 8)])
    yield case("a low threshold", boxes, size, (0, 2, 4), None, None, float(rng.choice([0.22, 0.28])))
    boxes, size = draw.inside([row(0, 1, 4, 5), row(0, 3)])
    threshold = float(rng.choice([0.78, 0.8]))
    yield case("a high threshold, given by name", boxes, size, (0, 2, 4, 5), nms_threshold=threshold)

    # Of a box and its quarter, half or three quarters the overlap is exact.
    threshold = float(rng.choice([0.25, 0.5, 0.75]))
    group: list[Box] = [
        (0, 0, 40, 20),
        (0, 0, 40 * threshold, 20),
        (60, 0, 100, 20),
        (60, 0, 100, 20 * threshold),
    ]
    boxes, size = draw.inside([group])
    yield case("overlaps of exactly the threshold", boxes, size, range(4), None, None, threshold)
    boxes, size = draw.inside([row(0, 20, 19, 41)])
    yield case("threshold 0: what touches stays, what overlaps goes", boxes, size, (0, 1, 3), None, None, 0.0)
    boxes, size = draw.inside([row(0, 1, 0, 2)])
    yield case("threshold 1: all stay, even where two are the same", boxes, size, range(4), None, None, 1.0)

    # Two thirds of the smaller ones are shared; were all sides one longer, it would be more than 0.7.
    boxes, size = draw.inside([[(0, 0, 5, 3), (1, 0, 6, 3)], [(0, 0, 30, 30), (2, 2, 12, 12)]])
    yield case("boxes of some pixels, and one inside another", boxes, size, range(4))


EXERCISE = Exercise(
    name="filter_proposals",
    chapter=CHAPTER,
    points=8,
    minutes=25,
    difficulty=3,
    reference="solutions.faster_rcnn:filter_proposals",
    cases=cases,
    outputs=("boxes", "scores"),
    hints=(
        "Take five boxes, the best of which is far too small, and room for three before suppression. Which three go "
        "in, and how many come out? Now filter first and cut then: what is different?",
        "It is five steps, each on what the last one left, and the logits go along with the boxes: sort and cut, clip, "
        "look at both sides, suppress, cut. Only at the end logits become scores.",
        "`order = objectness.argsort(descending=True)[:pre_nms_top_n]` for both tensors. After clipping a mask: "
        "`(boxes[:, 2:] - boxes[:, :2] >= min_size).all(dim=1)`. Then `torchvision.ops.nms` on what is left, whose "
        "indices come best first.",
    ),
    forbidden=(r"^torchvision\.models\.detection", r"^kornia", r"regionproposal", r"filterproposals"),
    forbidden_sentence="This exercise is to put the steps of the filter together yourself, without a library that has.",
    insight=(
        "The first cut is for speed: suppression compares all pairs, and of 200,000 anchors that would be twenty "
        "billion. The price is that what fills those places is often one object, a hundred times."
    ),
)
