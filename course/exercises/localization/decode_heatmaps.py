"""`decode_heatmaps`: keypoints read off a grid, to a quarter of a pixel."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import Sign, different, distinct, sliced, thirds, transposed, with_largest_at
from course.exercises.exercise import Case, Exercise
from course.exercises.localization import CHAPTER

_SIZES = ((6, 8), (8, 6), (6, 9), (9, 6))
"""In each of them row·W + column divided by H is another row, wherever the peak stands two pixels from the border."""

_WAYS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def _order(plane: Tensor, first: tuple[int, int], second: tuple[int, int], way: int) -> None:
    """Exchange two values where need be: the second is to be the higher one if `way` is 1, the first if it is −1."""
    if (plane[second] > plane[first]) != (way > 0):
        plane[first], plane[second] = plane[second].item(), plane[first].item()


def _plane(
    rng: np.random.Generator,
    size: Sequence[int],
    peak: tuple[int, int],
    way: tuple[int, int] = (1, 1),
    sign: Sign = "mixed",
    step: float = 0.125,
) -> Tensor:
    """Draw distinct values (H, W): the highest at `peak` (row, column), its higher neighbours at `way` (x, y)."""
    plane = with_largest_at(distinct(rng, size, sign=sign, step=step), *peak)
    row, column = peak
    if 0 < column < size[1] - 1:
        _order(plane, (row, column - 1), (row, column + 1), way[0])
    if 0 < row < size[0] - 1:
        _order(plane, (row - 1, column), (row + 1, column), way[1])
    return plane


def _inside(rng: np.random.Generator, size: Sequence[int]) -> tuple[int, int]:
    """Draw a row and a column, different ones, that are two pixels or more away from every border."""
    while True:
        row, column = int(rng.integers(2, size[0] - 2)), int(rng.integers(2, size[1] - 2))
        if row != column:
            return row, column


def _four(rng: np.random.Generator, size: Sequence[int], sign: Sign = "mixed", step: float = 0.125) -> Tensor:
    """Draw four maps (4, H, W) whose points have to move in the four different ways, in random order."""
    ways = [_WAYS[turn] for turn in rng.permutation(4)]
    return torch.stack([_plane(rng, size, _inside(rng, size), way, sign, step) for way in ways])


def _two_by_two(maps: Tensor) -> Tensor:
    """Return four maps (4, H, W) as those of two objects with two joints each (2, 2, H, W)."""
    return maps.reshape(2, 2, *maps.shape[-2:])


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `decode_heatmaps`, called as (heatmaps)."""

    def draw_size() -> tuple[int, int]:
        return _SIZES[int(rng.integers(4))]

    yield Case("two objects with two joints each", {"heatmaps": _two_by_two(_four(rng, draw_size(), "positive"))})

    yield Case("four joints of one object", {"heatmaps": _four(rng, draw_size(), "positive", 1 / 64)[None]})

    yield Case("four objects with one joint each", {"heatmaps": _four(rng, draw_size())[:, None]})

    yield Case("values below zero everywhere", {"heatmaps": _four(rng, draw_size(), "negative")[None]})

    size = draw_size()
    height, width = size
    peaks = [
        (int(rng.integers(2, height - 2)), 0),
        (int(rng.integers(2, height - 2)), width - 1),
        (0, int(rng.integers(2, width - 2))),
        (height - 1, int(rng.integers(2, width - 2))),
    ]
    maps = [_plane(rng, size, peak, _WAYS[turn]) for peak, turn in zip(peaks, rng.permutation(4), strict=True)]
    yield Case("peaks on the four borders", {"heatmaps": torch.stack(maps)[None]})

    size = draw_size()
    height, width = size
    corners = [(0, 0), (0, width - 1), (height - 1, 0), (height - 1, width - 1)]
    maps = [_plane(rng, size, peak, sign="positive") for peak in corners]
    yield Case("peaks in the four corners", {"heatmaps": torch.stack(maps)[:, None]})

    size = draw_size()
    height, width = size
    peaks = [(1, 2), (height - 2, 3), (2, 1), (3, width - 2)]
    maps = [_plane(rng, size, peak, _WAYS[turn]) for peak, turn in zip(peaks, rng.permutation(4), strict=True)]
    yield Case("peaks next to the border", {"heatmaps": torch.stack(maps)[None]})

    # Of each map's two highest, the first stands further to the right: reading by columns finds the other one first.
    size = draw_size()
    maps = []
    for way in _WAYS[:2]:
        (upper, lower), (left, right) = sorted(different(rng, 1, 4)), sorted(different(rng, 1, 4))
        plane = _plane(rng, size, (upper, right), way)
        plane[lower, left] = plane[upper, right].item()
        maps.append(plane)
    yield Case("two pixels are equally high", {"heatmaps": torch.stack(maps)[None]})

    size = draw_size()
    row, column = _inside(rng, size)
    beside, below = _plane(rng, size, (row, column), (-1, -1)), _plane(rng, size, (row, column), (-1, -1))
    beside[row, column + 1], below[row + 1, column] = beside.max().item(), below.max().item()
    yield Case("a pixel and its neighbour are equally high", {"heatmaps": torch.stack((beside, below))[:, None]})

    size = draw_size()
    row, column = _inside(rng, size)
    level, upright = _plane(rng, size, (row, column)), _plane(rng, size, (row, column))
    level[row, column - 1] = level[row, column + 1].item()
    upright[row - 1, column] = upright[row + 1, column].item()
    yield Case("left and right, or above and below, are equal", {"heatmaps": torch.stack((level, upright))[None]})

    size = (1, int(rng.integers(6, 9)))
    maps = [_plane(rng, size, (0, int(rng.integers(1, 4))), way) for way in _WAYS[1:3]]
    yield Case("maps of one row", {"heatmaps": torch.stack(maps)[None]})

    size = (int(rng.integers(6, 9)), 1)
    maps = [_plane(rng, size, (int(rng.integers(1, 4)), 0), way) for way in _WAYS[1:3]]
    yield Case("maps of one column", {"heatmaps": torch.stack(maps)[None]})

    yield Case("maps of one pixel", {"heatmaps": distinct(rng, (2, 3, 1, 1))})

    size = draw_size()
    yield Case("a single map", {"heatmaps": _plane(rng, size, _inside(rng, size), (-1, 1))[None, None]})

    height, width = different(rng, 3, 7)
    joints = int(rng.integers(2, 5))
    yield Case("no object: an empty batch", {"heatmaps": torch.zeros(0, joints, height, width)})

    size = draw_size()
    maps64 = thirds(rng, (2, *size))
    for plane in maps64:
        row, column = _inside(rng, size)
        plane.copy_(with_largest_at(plane, row, column))
        plane[row, column - 1], plane[row, column + 1] = plane[row, column] - 1e-9, plane[row, column] - 2e-9
        plane[row - 1, column], plane[row + 1, column] = plane[row, column] - 2e-9, plane[row, column] - 1e-9
    yield Case("float64, with differences that float32 cannot see", {"heatmaps": maps64[None]})

    layout = (transposed, sliced)[int(rng.integers(2))]
    yield Case("heat maps that are not contiguous", {"heatmaps": layout(_two_by_two(_four(rng, draw_size())))})


EXERCISE = Exercise(
    name="decode_heatmaps",
    chapter=CHAPTER,
    points=8,
    minutes=25,
    difficulty=3,
    reference="solutions.pose:decode_heatmaps",
    cases=cases,
    outputs=("points", "scores"),
    hints=(
        "A map has one row, 0.1 0.9 0.3. Which pixel is the highest, where is its centre, and to which side is the "
        "keypoint more likely to lie?",
        "Flatten each map, and `argmax` gives the first of the highest: row·W + column. Get the row and the column "
        "back by a division and its remainder. Decide left or right by comparing two values; what can you not compare "
        "at a border?",
        "`gather` from the flattened map the values at index − 1 and index + 1 (clamped so that they exist), and at "
        "index − W and index + W. `torch.sign(right - left) / 4` is the move in x, times a mask that is 1 where "
        "neither neighbour lies outside. The same in y.",
    ),
    insight=(
        "On a clean hill the highest pixel alone is off by up to half a pixel in x, a quarter on average; the quarter "
        "step halves both. If a map is a fourth of the image in size, four times as much is seen in the image."
    ),
)
