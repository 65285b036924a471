"""What the cases of several exercises of this chapter share: regions of an image, and what is off the table.

A region is drawn as selective search knows it: a size in pixels, the smallest box around them, and two histograms.
Few of a histogram's numbers are not 0, so that they can be read, and they are multiples of 1/64, which add up to 1
without rounding.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

COLOURS, TEXTURES = 75, 240

NO_DETECTION = (r"^torchvision\.models\.detection", r"^torchmetrics", r"^pycocotools")

Box = tuple[int, int, int, int]
Region = dict[str, object]


def histogram(rng: np.random.Generator, places: Sequence[int], bins: int) -> Tensor:
    """Draw a histogram (bins,) whose `places` hold different multiples of 1/64 that add up to 1, all others 0."""
    count = len(places)
    while True:
        parts = np.diff(np.concatenate([[0], np.sort(rng.choice(np.arange(1, 64), count - 1, replace=False)), [64]]))
        if len(set(parts)) == count:
            break
    filled = torch.zeros(bins)
    filled[list(places)] = torch.tensor(parts / 64, dtype=torch.float32)
    return filled


def two_histograms(rng: np.random.Generator, bins: int, shared: int = 3, own: int = 2) -> tuple[Tensor, Tensor]:
    """Draw two histograms (bins,): `shared` bins are filled in both, with other numbers, and `own` in each alone.

    In some shared bins the first has more, in others the second. The bins lie anywhere, one among the first nine.
    """
    while True:
        places = rng.permutation(
            np.concatenate([[rng.integers(9)], rng.choice(np.arange(9, bins), shared + 2 * own - 1, replace=False)])
        )
        both = places[:shared]
        first = histogram(rng, [*both, *places[shared : shared + own]], bins)
        second = histogram(rng, [*both, *places[shared + own :]], bins)
        more = first[both] > second[both]
        if shared < 2 or (bool(more.any()) and not bool(more.all()) and bool((first != second)[both].all())):
            return first, second


def region(size: int, box: Box, colour: Tensor, texture: Tensor) -> Region:
    """Return a region of `size` pixels within `box`."""
    return {"size": size, "box": torch.tensor(box, dtype=torch.float32), "colour": colour, "texture": texture}


def two_regions(
    rng: np.random.Generator, sizes: tuple[int, int], boxes: tuple[Box, Box], shared: int = 3
) -> tuple[Region, Region]:
    """Return two regions with histograms that are drawn, `shared` bins of each filled in both."""
    colours, textures = two_histograms(rng, COLOURS, shared), two_histograms(rng, TEXTURES, shared)
    first, second = (region(*parts) for parts in zip(sizes, boxes, colours, textures, strict=True))
    return first, second


def moved(box: Box, x: int, y: int) -> Box:
    """Return `box`, `x` pixels further to the right and `y` further down."""
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def in_float64(one: Region) -> Region:
    """Return `one` with tensors in float64, its histograms of numbers that float32 cannot hold: they add up to 1."""
    converted = {name: x.double() if isinstance(x, Tensor) else x for name, x in one.items()}
    for name in ("colour", "texture"):
        whole = converted[name]
        assert isinstance(whole, Tensor)
        uneven = whole * torch.linspace(1, 2, len(whole), dtype=torch.float64)
        converted[name] = uneven / uneven.sum()
    return converted


def scattered(one: Region) -> Region:
    """Return `one` with tensors of which no two numbers lie side by side in memory."""
    return {name: torch.stack([x, x + 1], dim=1)[:, 0] if isinstance(x, Tensor) else x for name, x in one.items()}
