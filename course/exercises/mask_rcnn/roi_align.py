"""`roi_align`: the features of a region where it lies, without rounding."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import Sign, different, distinct, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.mask_rcnn import CHAPTER

Cells = tuple[float, float, float, float]
"""The corners (x1, y1, x2, y2) of a box times the scale: in cells of the map."""

Sides = tuple[float, float]
"""Height and width of a box in cells."""


def _map(rng: np.random.Generator, shape: Sequence[int], sign: Sign = "positive") -> Tensor:
    """Draw a map of distinct numbers that differ by less than four.

    So where a right answer looks a millionth of a cell further, it finds the same within the tolerance.
    """
    return distinct(rng, shape, sign=sign, step=1 / 128)


def _inside(rng: np.random.Generator, size: tuple[int, int], *sides: Sides) -> list[Cells]:
    """Draw where boxes of these `sides` lie on a map of `size` (H, W): on no whole or half cell, and not on its rim.

    With half a cell less they are still between the map's first values and its last ones.
    """
    boxes = []
    for side in sides:
        y, x = (
            (2 * int(rng.integers(3, np.floor((4 * (room - 1 - length)) - 0.5) + 1)) + 1) / 8
            for room, length in zip(size, side, strict=True)
        )
        boxes.append((x, y, x + side[1], y + side[0]))
    return boxes


def _rois(images: Sequence[int], boxes: Sequence[Cells], scale: float) -> Tensor:
    """Return rows (R, 5) of boxes in pixels. A scale is a power of two, so that nothing is rounded."""
    return torch.tensor(
        [[image, *(number / scale for number in cells)] for image, cells in zip(images, boxes, strict=True)]
    )


def _call(
    name: str,
    features: Tensor,
    images: Sequence[int],
    boxes: Sequence[Cells],
    bins: tuple[int, int],
    scale: float = 0.25,
    *,
    gradient: bool = False,
    **options: object,
) -> Case:
    rois = _rois(images, boxes, scale).to(features.dtype)
    args = {"features": features, "rois": rois, "output_size": bins}
    return Case(name, args, options={"spatial_scale": scale, **options}, gradient=gradient)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `roi_align`, called as (features, rois, output_size), and with the rest by name.

    Where points are counted by the size of a bin, that is a whole number in every order of computing, or far from any.
    """
    size = (8, 10)
    features, boxes = _map(rng, (1, 2, *size)), _inside(rng, size, (4.25, 6.75), (3.75, 5.5))
    yield _call("two regions of one image", features, [0, 0], boxes, (2, 3), sampling_ratio=2)

    size = (7, 9)
    features, boxes = _map(rng, (3, 1, *size)), _inside(rng, size, (3.5, 4.75), (2.25, 5), (4.5, 3.25), (3, 2.5))
    yield _call(
        "regions of three images, in any order", features, [2, 0, 1, 2], boxes, (2, 3), 1 / 16, sampling_ratio=2
    )

    features, boxes = _map(rng, (2, 2, *size)), _inside(rng, size, (4.5, 3.25), (3.25, 5.5))
    args = {"features": features, "rois": _rois([1, 0], boxes, 1.0), "output_size": (3, 2)}
    yield Case("no scale given: the boxes are in cells", args, options={"sampling_ratio": 2})

    features, boxes = _map(rng, (2, 1, *size)), _inside(rng, size, (4.25, 3.5), (2.75, 5.25))
    yield _call("aligned: half a cell less", features, [1, 0], boxes, (2, 3), sampling_ratio=2, aligned=True)

    features, boxes = _map(rng, (1, 2, *size)), _inside(rng, size, (4.25, 3.5), (2.75, 5.25))
    yield _call("one point a bin", features, [0, 0], boxes, (3, 2), 0.5, sampling_ratio=1)

    features, boxes = _map(rng, (2, 1, *size)), _inside(rng, size, (4.25, 3.5), (3.5, 5.25))
    yield _call(
        "three times three points a bin, aligned", features, [1, 0], boxes, (2, 3), 0.5, sampling_ratio=3, aligned=True
    )

    # A bin is between 1 and 3 cells high and wide, and never as high as wide.
    features, boxes = _map(rng, (2, 1, 9, 10)), _inside(rng, (9, 10), (5, 2.5), (2.5, 6.5), (4.5, 7.75), (3, 1.5))
    yield _call("as many points as a bin has cells, rounded up", features, [1, 0, 1, 0], boxes, (2, 3), 0.125)

    features, boxes = _map(rng, (2, 1, 9, 10)), _inside(rng, (9, 10), (6.5, 3), (2.5, 5.5))
    yield _call("as many points as a bin has cells, aligned", features, [1, 0], boxes, (2, 2), 0.5, aligned=True)

    features, boxes = _map(rng, (1, 2, 9, 11)), _inside(rng, (9, 11), (6, 4), (2, 8), (4, 4))
    yield _call("a ratio of 0, and bins of whole cells", features, [0] * 3, boxes, (2, 4), 0.5, sampling_ratio=0)

    features, boxes = _map(rng, (1, 2, 9, 10)), _inside(rng, (9, 10), (5.5, 1.25), (1.5, 6))
    yield _call("a ratio of 0, aligned", features, [0, 0], boxes, (1, 4), 0.5, sampling_ratio=0, aligned=True)

    # Without `aligned` they are made one cell high, or wide, or both.
    small = _inside(rng, size, (0.25, 0.5), (2.5, 0.375), (0.5, 3.25), (0, 0.75), (0, 0))
    features = _map(rng, (2, 1, *size))
    yield _call("boxes smaller than a cell", features, [1, 0, 1, 0, 1], small, (2, 3), 1 / 8, sampling_ratio=2)

    small = _inside(rng, size, (0.25, 0.5), (3.5, 0.375), (0.5, 3.25), (0, 2.5))
    features = _map(rng, (1, 1, *size))
    yield _call("boxes smaller than a cell, and as many points as cells", features, [0] * 4, small, (2, 2), 1 / 8)

    small = _inside(rng, size, (0.25, 0.5), (2.5, 0.375), (0.5, 3.25), (0.625, 0.25))
    features = _map(rng, (2, 1, *size))
    yield _call(
        "boxes smaller than a cell, aligned",
        features,
        [1, 0, 1, 0],
        small,
        (2, 3),
        1 / 8,
        sampling_ratio=2,
        aligned=True,
    )

    features, boxes = _map(rng, (2, 1, *size)), _inside(rng, size, (3.5, 4.75), (2.25, 1.5))
    yield _call("a single bin", features, [1, 0], boxes, (1, 1), 0.5, sampling_ratio=2)

    features, boxes = _map(rng, (2, 1, *size)), _inside(rng, size, (3.5, 4.75), (4.25, 1.5))
    yield _call("as many rows of bins as columns", features, [1, 0], boxes, (2, 2), sampling_ratio=2)

    features, boxes = _map(rng, (2, 1, *size), "negative"), _inside(rng, size, (3.5, 4.75), (4.25, 1.5))
    yield _call("nothing but negative features", features, [0, 1], boxes, (3, 2), 0.5, sampling_ratio=2)

    # Points fall to both sides of what is one cell outside, an eighth of a cell away from it at least.
    height, width = size = (5, 6)
    up, left, down, right = (float(number) / 4 for number in rng.integers(7, 11, 4))
    over = [
        (1.125, -up + 0.125, 4.625, 2.125), (-left + 0.125, 1.125, 2.125, 3.875),
        (2.125, 2.125, 4.375, height + down + 0.125), (3.125, 1.375, width + right + 0.125, 3.875),
    ]  # fmt: skip
    features = _map(rng, (2, 1, *size))
    yield _call("boxes over each edge of the map", features, [1, 0, 1, 0], over, (2, 2), 0.5, sampling_ratio=2)

    around = [(-left + 0.125, -up - 1.875, width + right + 2.125, height + down + 0.125)]
    features = _map(rng, (1, 1, *size), "mixed")
    yield _call("a box around the whole map, aligned", features, [0], around, (2, 4), 0.5, aligned=True)

    a, b = (float(number) for number in different(rng, 2, 9))
    outside = [
        (width + a, 1, width + a + 3, 4), (-b - 4, 1, -b, 3), (1, height + b, 4, height + b + 2), (1, -a - 3, 5, -a)
    ]  # fmt: skip
    features = _map(rng, (1, 1, *size))
    yield _call("outside the map: all bins are 0", features, [0] * 4, outside, (2, 3), 0.5, sampling_ratio=2)

    # Bins are two or four cells high and wide, and their points whole numbers, -1 and H or W among them.
    height, width = size = (4, 8)
    high, wide = (2, 4) if rng.integers(2) else (4, 2)
    exact = [
        (1.5, -1 - high / 2, 1.5 + 2 * wide, -1 + high * 3 / 2),
        (-1 - wide / 2, 0.25, -1 + wide * 3 / 2, 0.25 + high),
        (1.25, height - high * 3 / 2, 1.25 + wide, height + high / 2),
        (width - wide * 3 / 2, height - high * 3 / 2, width + wide / 2, height + high / 2),
        (-1 - wide / 2, -1 - high / 2, -1 + wide * 3 / 2, -1 + high * 3 / 2),
    ]
    images = [int(number) for number in rng.permutation([0, 1, 0, 1, 1])]
    features = _map(rng, (2, 1, *size))
    yield _call("points exactly one cell outside", features, images, exact, (2, 2), 0.5, sampling_ratio=1)

    exact = [tuple(number + 0.5 for number in cells) for cells in exact]  # type: ignore[misc]
    features = _map(rng, (2, 1, *size))
    yield _call(
        "points exactly one cell outside, aligned", features, images, exact, (2, 2), 0.5, sampling_ratio=1, aligned=True
    )

    features, count = _map(rng, (2, 3, *size)), int(rng.integers(2, 4))
    args = {"features": features, "rois": torch.zeros(0, 5), "output_size": (2, count)}
    yield Case("no region: empty", args, options={"spatial_scale": 0.5, "sampling_ratio": 2})

    features = _map(rng, (2, 2, *size))
    args = {"features": features, "rois": torch.zeros(0, 5), "output_size": (2, 2)}
    yield Case("no region, and as many points as cells: empty", args)

    size = (7, 9)
    boxes = _inside(rng, size, (3.5, 4.75), (4.25, 2.5))
    case = _call("", _map(rng, (2, 1, *size)).double() / 3, [1, 0], boxes, (2, 4), 0.5, sampling_ratio=2)
    moved = {**case.args, "rois": torch.cat([case.args["rois"][:, :1], case.args["rois"][:, 1:] + 1 / 3], dim=1)}  # type: ignore[index]
    yield Case("float64, with values that float32 cannot hold", moved, case.options)

    boxes = _inside(rng, size, (3.5, 4.75), (4.25, 2.5))
    case = _call("", _map(rng, (2, 2, *size)), [0, 1], boxes, (2, 3), sampling_ratio=2)
    inputs = dict(case.args)
    inputs["features"], inputs["rois"] = transposed(inputs["features"]), sliced(inputs["rois"])  # type: ignore[arg-type]
    yield Case("inputs that are not contiguous", inputs, case.options)

    size = (5, 6)  # small, since all known mistakes are stored with their gradients
    boxes = _inside(rng, size, (2.5, 3.75), (3, 1.5), (1.75, 4))
    features = _map(rng, (2, 1, *size))
    yield _call(
        "gradients flow back to the features", features, [1, 0, 1], boxes, (2, 3), 0.5, gradient=True, sampling_ratio=2
    )

    boxes = [*_inside(rng, size, (2.5, 0.25), (2.75, 4)), (3.125, -1.375, 8.625, 3.125)]
    features = _map(rng, (2, 1, *size))
    yield _call(
        "gradients over the map's edge, aligned", features, [0, 1, 1], boxes, (2, 2), gradient=True, aligned=True
    )


EXERCISE = Exercise(
    name="roi_align",
    chapter=CHAPTER,
    points=12,
    minutes=45,
    difficulty=5,
    reference="solutions.mask_rcnn.definition:roi_align",
    cases=cases,
    outputs=("aligned",),
    constants=("rois",),
    hints=(
        "One region, in one direction: it begins at 1.5 on the map and is 3 cells long. Two bins, two points each: "
        "write the four places down. Which of the numbers in your formula depends on the bin, and which on the point?",
        "Point k of all `bins * points` of a direction lies at start + (k + ½) · side of a bin / points. Do that for y "
        "and for x, each with its own number of points, and take the value at every pair of a y and an x. What is "
        "left is to give the mean of the right ones to the right bin.",
        'With `torch.meshgrid(y, x, indexing="ij")` there are ph · down · pw · across points, whose values '
        "`.view(C, ph, down, pw, across)` sorts into bins: `.mean(dim=(2, 4))` is (C, ph, pw). Without `aligned`, "
        "`.clamp(min=1)` belongs to the sides of the box, before they are divided into bins.",
    ),
    forbidden=(
        r"^torchvision\.ops",
        r"^torchvision\.models\.detection",
        r"^torch\.ops\.torchvision",
        r"^kornia",
        r"roialign",
    ),
    forbidden_sentence="This exercise is to find and to average the points yourself, without a library that does.",
    insight=(
        "Nothing was rounded on the way from the picture to the bins. So a box that moves by a pixel gets other "
        "numbers, and who draws an outline from them can know on which side of a line it runs."
    ),
)
