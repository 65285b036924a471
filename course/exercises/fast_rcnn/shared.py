"""What several exercises of this chapter share: regions on a feature map, counted in cells, and what is off the table.

Scales are powers of two, so that a box in pixels times its scale is exact in every dtype.
"""

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor

NO_REGIONS = (
    r"^torchvision\.ops",
    r"^torchvision\.models\.detection",
    r"^torch\.ops\.torchvision",
    r"^kornia",
    r"roipool",
)
NO_REGIONS_SENTENCE = "This exercise is to cut the region up yourself, without a library that does."

Kind = Literal["even", "uneven", "few"]


def draw_length(rng: np.random.Generator, bins: int, kind: Kind, most: int = 9) -> int:
    """Draw how many cells a side has that is cut into `bins`: so many a bin, not so many, or fewer than there are bins.

    Wherever somebody divides in floating point, in whatever order, the bins are still the exact ones.
    """
    fits = {
        "even": [n for n in range(2 * bins, most + 1) if n % bins == 0],
        "uneven": [n for n in range(bins + 1, most + 1) if n % bins],
        "few": [n for n in range(2, bins) if bins % n],
    }[kind]
    return int(rng.choice([n for n in fits if exact_in_floats(n, bins)]))


def exact_in_floats(length: int, bins: int) -> bool:
    """Return whether ⌊k·(length/bins)⌋ and ⌈(k + 1)·(length/bins)⌉ come out right in float32 and in float64."""
    for number in (np.float32, np.float64):
        step, inverse = number(length) / number(bins), number(1) / number(bins)
        for k in range(bins):
            starts = {math.floor(number(k) * step), math.floor(number(k * length) * inverse)}
            ends = {math.ceil(number(k + 1) * step), math.ceil(number((k + 1) * length) * inverse)}
            ends.add(math.ceil(number(k) * step + step))
            if starts != {k * length // bins} or ends != {-(-(k + 1) * length // bins)}:
                return False
    return True


def to_pixels(corners: tuple[float, float, float, float], scale: float) -> Tensor:
    """Return the box (4,) in pixels whose corners (x1, y1, x2, y2) on the map are these."""
    return torch.tensor(corners, dtype=torch.float32) / scale
