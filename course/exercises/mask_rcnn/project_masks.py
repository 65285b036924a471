"""`project_masks`: what each region's small mask should look like, cut out of the mask of its own object."""

from collections.abc import Iterator, Sequence
from math import ceil

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.mask_rcnn import CHAPTER

Box = tuple[float, float, float, float]

_FAIR = 1 / 64
"""So far away from a decision that nobody's rounding makes it."""


def _objects(rng: np.random.Generator, count: int, size: tuple[int, int]) -> Tensor:
    """Draw masks (G, H, W) of 0 and 1: not like animals, but so that each pixel tells where it was."""
    return torch.from_numpy(rng.integers(0, 2, (count, *size)).astype(bool))


def _shares(rng: np.random.Generator, count: int, size: tuple[int, int]) -> Tensor:
    """Draw masks (G, H, W) of eighths from 0 to 1."""
    return torch.from_numpy(rng.integers(0, 9, (count, *size)) / 8).float()


def _is_fair(start: float, end: float, cells: int, length: int) -> bool:
    """Return whether nothing of this side of a box hangs on rounding: how many samples, and which of them reach."""
    side = max(end - start, 1.0) / cells
    samples = ceil(side)
    exact = cells & (cells - 1) == 0  # a power of two divides without rounding
    if not exact and abs(side - round(side)) < _FAIR:
        return False
    at = start + (np.arange(cells * samples) + 0.5) * side / samples
    return bool((np.abs(np.stack([at + 1, at - length])) > _FAIR).all())


def _side(
    rng: np.random.Generator, low: float, high: float, lengths: Sequence[float], cells: int, length: int
) -> tuple[float, float]:
    """Draw where a side of one of `lengths` lies within `low` … `high`, in eighths of a pixel that are no wholes."""
    while True:
        side = float(rng.choice(lengths))
        start = int(rng.integers(round(8 * low), round(8 * (high - side)), endpoint=True)) / 8
        if start % 1 and _is_fair(start, start + side, cells, length):
            return start, start + side


def _inside(
    rng: np.random.Generator,
    size: tuple[int, int],
    cells: int,
    widths: Sequence[float],
    heights: Sequence[float],
) -> Box:
    """Draw a box all of whose samples lie between the pixels of an image of `size` (H, W)."""
    (x1, x2), (y1, y2) = (
        _side(rng, 0, length - 1, lengths, cells, length) for lengths, length in ((widths, size[1]), (heights, size[0]))
    )
    return x1, y1, x2, y2


def _call(name: str, masks: Tensor, boxes: Sequence[Box], matches: Sequence[int], size: int) -> Case:
    args = {
        "masks": masks,
        "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        "matches": torch.tensor(matches, dtype=torch.int64),
        "size": size,
    }
    return Case(name, args)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `project_masks`, called by position as (masks, boxes, matches, size)."""

    def draw_size() -> tuple[int, int]:
        height, width = different(rng, 8, 10)
        return height, width

    # Bins of one to two pixels, so of two samples; wide and tall ones.
    size = draw_size()
    boxes = [_inside(rng, size, 4, *sides) for sides in (((6, 6.5), (4.5, 5)), ((4.5, 5.5), (6, 6.5)), ((5.75,), (5,)))]
    yield _call("three regions of two objects, inside the image", _objects(rng, 2, size), boxes, [1, 0, 1], 4)

    size = draw_size()
    boxes = [_inside(rng, size, 4, (5.25, 6.5), (4.5, 6.25)) for _ in range(3)]
    matches = [[1, 2, 0], [2, 0, 1]][int(rng.integers(2))]
    yield _call("as many regions as objects, in another order", _objects(rng, 3, size), boxes, matches, 4)

    size = draw_size()
    boxes = [_inside(rng, size, 2, (3, 4.5), (2.5, 3.5)) for _ in range(2)]
    matches = [int(number) for number in rng.permutation([2, 3])]
    yield _call("more objects than regions", _objects(rng, 4, size), boxes, matches, 2)

    size = draw_size()
    boxes = [_inside(rng, size, 2, (3, 3.5), (4.5, 5)) for _ in range(4)]
    yield _call("a single object, and four regions of it", _objects(rng, 1, size), boxes, [0] * 4, 2)

    size = draw_size()
    boxes = [_inside(rng, size, 4, (4.5, 5.5), (6.25, 6.5))]
    yield _call("a single region", _objects(rng, 2, size), boxes, [1], 4)

    size = draw_size()
    boxes = [_inside(rng, size, 2, *sides) for sides in (((6.25, 6.5), (1.25, 1.75)), ((1.5, 1.75), (6.25, 6.75)))]
    yield _call("a wide region and a tall one: many samples in one direction", _objects(rng, 2, size), boxes, [1, 0], 2)

    size = draw_size()
    boxes = [_inside(rng, size, 8, (2.25, 3.5, 4.75), (2.5, 3.25, 4.5)) for _ in range(2)]
    yield _call("bins smaller than a pixel", _objects(rng, 2, size), boxes, [1, 0], 8)

    size = draw_size()
    boxes = [_inside(rng, size, 2, *sides) for sides in (((2,), (4,)), ((6,), (2,)))]
    yield _call("bins of exactly one pixel and two", _objects(rng, 2, size), boxes, [0, 1], 2)

    size = draw_size()
    boxes = [_inside(rng, size, 3, (4.5, 6.25), (5.5, 6.5)) for _ in range(2)]
    yield _call("an odd size", _objects(rng, 2, size), boxes, [1, 0], 3)

    size = draw_size()
    boxes = [_inside(rng, size, 1, (2.5, 3.5), (4.25, 5.5)) for _ in range(3)]
    yield _call("size 1: one number a region", _objects(rng, 2, size), boxes, [1, 0, 1], 1)

    height, width = size = draw_size()
    beyond = [
        (*_side(rng, -4, 4, (5.25, 6.5), 4, width), *_side(rng, 1, height - 2, (4.5, 5), 4, height)),
        (*_side(rng, 1, width - 2, (4.5, 5), 4, width), *_side(rng, -4, 4, (5.25, 6.5), 4, height)),
        (*_side(rng, width - 4, width + 4, (5.25, 6.5), 4, width), *_side(rng, 1, height - 2, (4.5, 5), 4, height)),
        (*_side(rng, 1, width - 2, (4.5, 5), 4, width), *_side(rng, height - 4, height + 4, (5.25, 6.5), 4, height)),
    ]
    boxes = [(x1, y1, x2, y2) for x1, x2, y1, y2 in beyond]
    yield _call("regions over each edge of the image", _objects(rng, 2, size), boxes, [0, 1, 1, 0], 4)

    # Between the last pixel's index and the image's edge lies as much as a pixel, in which the last value holds.
    height, width = size = draw_size()
    masks = _objects(rng, 2, size)
    masks[:, -1], masks[:, :, -1] = True, True
    boxes = [(0.0, 0.0, float(width), float(height)), (width - 2.5, height - 3.5, float(width), float(height))]
    yield _call("the whole image, and its last corner", masks, boxes, [1, 0], 8)

    # The edge's value holds a pixel further; what is in the image in one direction may be outside in the other.
    height, width = size = draw_size()
    masks = _objects(rng, 1, size)
    masks[:, 0], masks[:, :, 0] = True, True
    boxes = [(-2.25, -1.25, 1.75, 2.75), (-1.75, -2.75, 2.25, 1.25)]
    yield _call("around the first corner of the image", masks, boxes, [0, 0], 4)

    height, width = size = draw_size()
    far = float(rng.integers(4, 9))
    outside = [
        (width + far, 1.5, width + far + 5, 6.5),
        (-far - 5, 2.5, -far, 5.5),
        (1.5, -far - 4, 6.5, -far),
        (2.5, height + far, 5.5, height + far + 3),
    ]
    yield _call("regions outside of the image: all zero", _objects(rng, 2, size), outside, [0, 1, 0, 1], 2)

    height, width = size = draw_size()
    a, b, c, d = (float(number) / 8 for number in rng.choice([9, 10, 11, 13, 14, 15], 4))
    boxes = [(a + 2, b + 2, a + 2.5, b + 4.5), (c + 1, d + 2, c + 1, d + 2), (a, d, a + 3.5, d + 0.25)]
    yield _call("regions of less than a pixel, and of none", _objects(rng, 2, size), boxes, [1, 0, 1], 4)

    size = draw_size()
    boxes = [_inside(rng, size, 4, (5.5, 6.5), (4.5, 6.25)) for _ in range(2)]
    case = _call("", _objects(rng, 2, size).byte(), boxes, [1, 0], 4)
    yield Case("masks in uint8", case.args)

    size = draw_size()
    boxes = [_inside(rng, size, 4, (5.5, 6.5), (4.5, 6.25)) for _ in range(2)]
    yield _call("masks in floating point: shares of a pixel", _shares(rng, 2, size), boxes, [1, 0], 4)

    size = draw_size()
    boxes = [_inside(rng, size, 4, (5.5, 6.5), (4.5, 6.25)) for _ in range(2)]
    yield _call("masks in double precision, and boxes in single", _shares(rng, 2, size).double(), boxes, [1, 0], 4)

    size = draw_size()
    boxes = [_inside(rng, size, 4, (5.5, 6.5), (4.5, 6.25)) for _ in range(2)]
    args = dict(_call("", _objects(rng, 2, size), boxes, [1, 0], 4).args)
    args["boxes"] = args["boxes"].double() + 1 / 60  # type: ignore[attr-defined]
    yield Case("boxes in float64, with values that float32 cannot hold", args)

    yield _call("no region: empty", _objects(rng, 1, draw_size()), [], [], int(rng.integers(2, 5)))
    masks = torch.zeros(0, *draw_size(), dtype=torch.bool)
    yield _call("no object and no region: empty", masks, [], [], int(rng.integers(2, 5)))

    size = draw_size()
    boxes = [_inside(rng, size, 4, (5.5, 6.5), (4.5, 6.25)) for _ in range(3)]
    args = dict(_call("", _objects(rng, 3, size), boxes, [2, 0, 2], 4).args)
    args["masks"] = transposed(args["masks"])  # type: ignore[arg-type]
    args["boxes"], args["matches"] = sliced(args["boxes"]), sliced(args["matches"])  # type: ignore[arg-type]
    yield Case("inputs that are not contiguous", args)


EXERCISE = Exercise(
    name="project_masks",
    chapter=CHAPTER,
    points=6,
    minutes=20,
    difficulty=3,
    reference="solutions.mask_rcnn:project_masks",
    cases=cases,
    outputs=("targets",),
    hints=(
        "There is nothing to invent: this is RoI Align on a map of one channel, whose values are 0 and 1. What is the "
        "map's scale, if it is as large as the image? And which map belongs to region r?",
        "RoI Align wants (N, C, H, W) and regions of five numbers, of which the first says in which of the N maps a "
        "region lies. Let each object's mask be such a map. What number stands first then?",
        "`torch.cat([matches[:, None].to(boxes), boxes], dim=1)` are the regions, `masks[:, None].to(boxes)` the maps. "
        "With `sampling_ratio=-1` and `aligned=False` RoI Align returns (R, 1, size, size).",
    ),
    forbidden=(r"^torchvision\.models\.detection", r"projectmasksonboxes"),
    forbidden_sentence="This exercise is to say yourself what is cut out of what, without a library's masks on boxes.",
    insight=(
        "The target hangs on the region, not on the object alone: a region that is a little too far left sees the cow "
        "a little too far right, and learns to draw her there. And where its edge runs through a cell, a share is "
        "asked, and neither 0 nor 1."
    ),
)
