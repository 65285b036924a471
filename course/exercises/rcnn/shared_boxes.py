"""What the two exercises on offsets share: anchors and targets that no careless reading confuses, and what is off.

Of each pair one box is tall and the other wide, so that one side grows and the other shrinks, and a width is never a
height. Coordinates are quarters of a pixel, and may be told from whole numbers.
"""

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import distinct

NO_CODER = (r"^torchvision\.models\.detection", r"^torchvision\.ops\.(?!box)", r"boxcoder", r"^kornia", r"^detectron2")
NO_CODER_SENTENCE = "This exercise is to compute the offsets yourself, without a library's box coder."


def boxes_at(centres: Tensor, sides: Tensor) -> Tensor:
    """Return boxes (N, 4) with these `centres` (N, 2) and `sides` (N, 2), width and height."""
    return torch.cat([centres - sides / 2, centres + sides / 2], dim=1)


def draw_sides(rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
    """Draw width and height (N, 2) of `count` boxes and of as many others, no two of all these numbers equal.

    Where the first are tall, from 4.5 to 9 wide and from 12 to 20 high, the second are wide, and the other way round.
    """
    short, long = (
        torch.tensor(rng.permutation(np.arange(low, high))[: 2 * count].reshape(2, count) / 2, dtype=torch.float32)
        for low, high in ((9, 19), (24, 41))
    )
    tall, wide = torch.stack([short[0], long[0]], dim=1), torch.stack([long[1], short[1]], dim=1)
    exchanged = torch.from_numpy(rng.permutation(np.resize([True, False], count)))[:, None]
    return torch.where(exchanged, wide, tall), torch.where(exchanged, tall, wide)


def draw_centres(rng: np.random.Generator, count: int, low: int = 20, high: int = 60) -> Tensor:
    """Draw centres (N, 2) at distinct multiples of ½ from `low` to `high`."""
    drawn = rng.choice(np.arange(2 * low, 2 * high), (count, 2), replace=False) / 2
    return torch.tensor(drawn, dtype=torch.float32)


def draw_pairs(rng: np.random.Generator, count: int, low: int = 20, high: int = 60) -> tuple[Tensor, Tensor]:
    """Draw targets and anchors (N, 4), at most five to a call, each target some pixels away from its anchor."""
    anchor_sides, target_sides = draw_sides(rng, count)
    centres = draw_centres(rng, count, low, high)
    moved = centres + distinct(rng, (count, 2), step=0.75)
    return boxes_at(moved, target_sides), boxes_at(centres, anchor_sides)
