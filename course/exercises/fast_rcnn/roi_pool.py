"""`roi_pool`: the features of a region of any size, in a grid of fixed size."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.fast_rcnn import CHAPTER
from course.exercises.fast_rcnn.shared import NO_REGIONS, NO_REGIONS_SENTENCE

Cells = tuple[float, float, float, float]
"""The corners (x1, y1, x2, y2) of a region on the map, in cells."""


def _region(rng: np.random.Generator, size: tuple[int, int], sides: tuple[int, int]) -> Cells:
    """Draw where a region of `sides` (height, width) cells lies on a map of `size` (H, W)."""
    row, column = (int(rng.integers(0, room - side + 1)) for room, side in zip(size, sides, strict=True))
    return column, row, column + sides[1] - 1, row + sides[0] - 1


def _rois(images: Sequence[int], regions: Sequence[Cells], scale: float) -> Tensor:
    return torch.tensor(
        [[image, *(number / scale for number in cells)] for image, cells in zip(images, regions, strict=True)]
    )


def _call(
    name: str,
    features: Tensor,
    images: Sequence[int],
    regions: Sequence[Cells],
    bins: tuple[int, int],
    scale: float = 0.25,
    *,
    gradient: bool = False,
) -> Case:
    rois = _rois(images, regions, scale).to(features.dtype)
    args = {"features": features, "rois": rois, "output_size": bins, "spatial_scale": scale}
    return Case(name, args, gradient=gradient)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `roi_pool`, called by position as (features, rois, output_size, spatial_scale)."""

    def at(size: tuple[int, int], *sides: tuple[int, int]) -> list[Cells]:
        return [_region(rng, size, side) for side in sides]

    # Nothing hangs on the sign, on the image or on the map's edges here.
    features = distinct(rng, (1, 2, 7, 10), sign="positive")
    yield _call("two regions of one image", features, [0, 0], at((6, 9), (4, 6), (6, 9)), (2, 3))

    size = (6, 8)
    images = [2, 0, 1, 2]
    regions = at(size, (4, 6), (2, 3), (4, 3), (6, 6))
    yield _call("regions of three images, in any order", distinct(rng, (3, 2, *size)), images, regions, (2, 3), 1 / 16)

    features, regions = distinct(rng, (2, 2, *size)), at(size, (6, 2), (3, 4), (3, 8))
    args = {"features": features, "rois": _rois([1, 0, 1], regions, 1.0), "output_size": (3, 2)}
    yield Case("no scale given: the boxes are in cells", args)

    size = (7, 9)
    regions = at(size, (5, 7), (7, 5), (3, 8))
    yield _call("bins that share cells", distinct(rng, (2, 2, *size)), [1, 0, 1], regions, (2, 3), 0.125)

    regions = at(size, (2, 3), (3, 2))
    yield _call("fewer cells than bins", distinct(rng, (1, 3, *size)), [0, 0], regions, (4, 5))

    size = (5, 7)
    yield _call("a region of one cell", distinct(rng, (2, 3, *size)), [1], at(size, (1, 1)), (2, 3))

    regions = at(size, (3, 5), (4, 2))
    yield _call("a single bin", distinct(rng, (2, 2, *size)), [1, 0], regions, (1, 1), 0.5)

    regions = at(size, (4, 6), (5, 3))
    negative = distinct(rng, (2, 2, *size), sign="negative")
    yield _call("nothing but negative features", negative, [0, 1], regions, (2, 3), 0.5)

    # Halves are rounded up here, some from an even cell; `regions` are the rounded ones.
    size = (8, 10)
    row, column = (int(number) for number in rng.choice([1, 3], 2))
    regions = [(column - 0.5, row - 0.5, column + 4.5, row + 3.5), (0.5, 0.5, 6.5, 4.5)]
    yield _call("corners halfway between two cells", distinct(rng, (1, 3, *size)), [0, 0], regions, (2, 3))

    quarters = [float(number) for number in rng.permutation([0.25, -0.25, 0.25, -0.25])]
    moved = [(column + quarters[0], row + quarters[1], column + 5 + quarters[2], row + 3 + quarters[3])]
    moved += [(1.25, 1.25, 6.25, 4.25), (1.75, 0.75, 5.75, 5.75)]
    yield _call("corners between two cells", distinct(rng, (1, 2, *size)), [0, 0, 0], moved, (2, 3), 0.125)

    size = (6, 7)
    down, right = different(rng, 2, 3)
    beyond = [(3, 2, 6 + right, 5 + down), (4, 0, 5 + 2 * right, 3), (0, 3, 5, 4 + 2 * down)]
    yield _call("beyond the lower and the right edge", distinct(rng, (2, 2, *size)), [1, 0, 1], beyond, (3, 4))

    up, left = different(rng, 2, 3)
    before = [(-left, -up, 4, 5), (-2 * left, 1, 3, 4), (1, -2 * up - 0.5, 5, 3), (-left - 0.5, -0.5, 5.5, 3.25)]
    features = distinct(rng, (2, 2, *size))
    yield _call("above and to the left of the map", features, [0, 1, 1, 0], before, (3, 4), 0.5)

    around = [(-left, -up, 6 + right, 5 + down), (-2, 1, 9, 4), (4, -4, 12, 3)]
    negative = distinct(rng, (2, 2, *size), sign="negative")
    yield _call("around the map, and nothing but negative features", negative, [1, 0, 1], around, (3, 4))

    outside = [(9, 1, 12, 4), (-5, 1, -2, 4), (1, 8, 5, 11), (2, -6, 6, -2)]
    features = distinct(rng, (1, 2, *size), sign="positive")
    yield _call("outside the map: all bins are 0", features, [0] * 4, outside, (2, 3), 0.5)

    features, count = distinct(rng, (2, 3, *size)), int(rng.integers(2, 4))
    args = {"features": features, "rois": torch.zeros(0, 5), "output_size": (2, count), "spatial_scale": 0.5}
    yield Case("no region: empty", args)

    size = (4, 8)
    regions = at(size, (3, 5), (4, 7))
    yield _call("as many rows of bins as columns", distinct(rng, (2, 3, *size)), [1, 0], regions, (2, 2))

    features = thirds(rng, (2, 2, *size))
    regions = at(size, (3, 7), (4, 5))
    yield _call("float64, with values that float32 cannot hold", features, [1, 0], regions, (2, 3))

    case = _call("", distinct(rng, (2, 2, *size)), [0, 1], at(size, (3, 5), (2, 7)), (2, 3))
    inputs = dict(case.args)
    inputs["features"], inputs["rois"] = transposed(inputs["features"]), sliced(inputs["rois"])  # type: ignore[arg-type]
    yield Case("inputs that are not contiguous", inputs)

    regions = [*at(size, (3, 7), (4, 5), (4, 7)), (5, 2, 9, 5)]
    features = distinct(rng, (2, 2, *size))
    yield _call("gradients flow back to the features", features, [1, 0, 1, 0], regions, (2, 3), 0.5, gradient=True)


EXERCISE = Exercise(
    name="roi_pool",
    chapter=CHAPTER,
    points=9,
    minutes=30,
    difficulty=4,
    reference="solutions.fast_rcnn.definition:roi_pool",
    cases=cases,
    outputs=("pooled",),
    hints=(
        "Begin with one region and one bin: which image, which rows, which columns? The maximum over these, in every "
        "channel by itself, is one column of the result. Everything else is a loop around it.",
        "A slice of features that ends where it starts has no maximum, and torch raises. Such a bin is 0. And do not "
        "begin with a 0 to which you compare: where all features are negative, the maximum is negative, too.",
        "`features[image, :, y1:y2, x1:x2].amax(dim=(1, 2))` gives (C,), and keeps the way back for gradients. Collect "
        "the bins in lists and `torch.stack` them, rather than to write numbers into a tensor; without regions return "
        "`features.new_zeros(0, C, ph, pw)`.",
    ),
    forbidden=NO_REGIONS,
    forbidden_sentence=NO_REGIONS_SENTENCE,
    insight=(
        "A cell that lies in several bins, or in several regions, gets a gradient from each: all regions of an image "
        "train one map together. That, as much as the time saved, is what R-CNN's two thousand crops could not do."
    ),
)
