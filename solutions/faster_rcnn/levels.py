"""From which level of a pyramid of maps a region is cut: a large box from a coarse map (Lin et al., 2017, §4.2).

Level k has a stride of 2^k pixels. A box as large as a picture of ImageNet, 224 × 224, belongs to level 4, on which
networks with a single map cut all of their regions; half the side is one level finer.
"""

import torch
from torch import Tensor

from solutions.boxes import box_area
from solutions.require_anchors import require_levels


def assign_levels(
    boxes: Tensor, first: int = 2, last: int = 5, canonical_size: float = 224, canonical_level: int = 4
) -> Tensor:
    """Return the level from which each of `boxes` (R, 4) is cut, from `first` to `last`: (R,) int64.

    It is ⌊`canonical_level` + log2(√area / `canonical_size`) + 1e-6⌋, not below `first` and not
    above `last`; the millionth keeps a box that is exactly on a step from falling below it by
    rounding. A box without area belongs to `first`. Lin et al. 2017, equation 1; torchvision's
    `LevelMapper` returns this less `first`.

    Raises:
        TypeError: not a floating-point tensor, or levels that are not ints.
        ValueError: another shape, exchanged corners, a negative level, or a `first` above `last`.

    >>> assign_levels(torch.tensor([[0.0, 0.0, 112.0, 112.0], [0.0, 0.0, 448.0, 112.0], [0.0, 0.0, 9.0, 9.0]]))
    tensor([3, 4, 2])
    """
    require_levels(boxes, first, last, canonical_size, canonical_level)
    size = torch.sqrt(box_area(boxes))  # the side of a square of that area
    level = canonical_level + torch.log2(size / canonical_size) + 1e-6
    return level.floor().clamp(first, last).long()
