"""Anchors: boxes of a few sizes and shapes at every place of a feature map (Ren et al., 2015, §3.1.1).

The picture: a small network slides over the map, and at each place it asks of the same k boxes whether one of them is
nearly an object. `base_anchors` are these k boxes around 0, and `grid_anchors` puts them at each place. Both give
what torchvision's `AnchorGenerator` gives.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from solutions.require_anchors import require_grid, require_positive


def base_anchors(sizes: Sequence[float], aspect_ratios: Sequence[float]) -> Tensor:
    """Return the anchors of one place, centred on 0: boxes (R · S, 4) for R `aspect_ratios` and S `sizes`.

    A ratio is height / width, and a size s stands for an area of s² square pixels, whatever
    the ratio: h = s · √ratio and w = s / √ratio. All sizes of the first ratio come first.
    The corners, half a width and half a height from 0, are rounded to whole numbers, halves
    to even ones. float32. Ren et al. 2015, §3.1.1; as torchvision's `AnchorGenerator`.

    Raises:
        TypeError: not sequences of numbers.
        ValueError: a number that is not greater than 0.

    >>> base_anchors([16, 32], [0.25, 1.0]).tolist()
    [[-16.0, -4.0, 16.0, 4.0], [-32.0, -8.0, 32.0, 8.0], [-8.0, -8.0, 8.0, 8.0], [-16.0, -16.0, 16.0, 16.0]]
    """
    require_positive("sizes", sizes)
    require_positive("aspect_ratios", aspect_ratios)
    size = torch.tensor(sizes, dtype=torch.float32)
    high = torch.tensor(aspect_ratios, dtype=torch.float32).sqrt()[:, None]  # (R, 1)
    h, w = (high * size).flatten(), (1 / high * size).flatten()  # (R · S,), ratios outer
    return (torch.stack([-w, -h, w, h], dim=1) / 2).round()


def grid_anchors(feature_size: tuple[int, int], stride: tuple[int, int], base: Tensor) -> Tensor:
    """Return the anchors of every place of a map: `base` (A, 4) moved there, (h · w · A, 4).

    `feature_size` is (h, w) and `stride` (sy, sx), the pixels from one place to the next. At
    row i and column j the `base` anchors move by (j · sx, i · sy), without half a cell. The
    places go row by row, and the anchors of one place stand next to each other. In the dtype
    of `base`. As torchvision's `AnchorGenerator`.

    Raises:
        TypeError: sizes or strides that are not ints, or not a floating-point tensor.
        ValueError: another shape, exchanged corners, or a stride below 1.

    >>> grid_anchors((1, 2), (4, 8), torch.tensor([[-1.0, -2.0, 1.0, 2.0]])).tolist()
    [[-1.0, -2.0, 1.0, 2.0], [7.0, -2.0, 9.0, 2.0]]
    """
    require_grid(feature_size, stride, base)
    (height, width), (sy, sx) = feature_size, stride
    down = torch.arange(height, dtype=base.dtype, device=base.device) * sy
    along = torch.arange(width, dtype=base.dtype, device=base.device) * sx
    y, x = torch.meshgrid(down, along, indexing="ij")
    shifts = torch.stack([x, y, x, y], dim=-1).reshape(-1, 1, 4)  # (h · w, 1, 4), row by row
    return (shifts + base).flatten(0, 1)
