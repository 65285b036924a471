"""RoI Align as one would write it down, one region after the other: points in bins, and their means (He et al., 2017).

`solutions.roi_align` gives the same numbers without a loop over the regions. This one is for reading, and what a
chapter shows.
"""

import math

import torch
from torch import Tensor

from solutions.require import require_int
from solutions.require_rois import require_cells, require_rois
from solutions.require_tensors import require_number, require_size, require_tensor
from solutions.roi_align import bilinear_sample


def roi_align(
    features: Tensor,
    rois: Tensor,
    output_size: tuple[int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    """Return for each region the means of `features` (N, C, H, W) in a grid of bins: (R, C, ph, pw).

    A row of `rois` (R, 5) is (batch index, x1, y1, x2, y2) in pixels of the image, of which
    the map is `spatial_scale` times the size; `output_size` is (ph, pw). A box is cut into
    ph × pw equal bins, a bin into `sampling_ratio` × `sampling_ratio` equal parts, and a bin
    is the mean of `bilinear_sample` at their middles. A ratio of 0 or less takes as many
    parts as a bin has cells, rounded up, in y and in x.

    With `aligned` the box is moved by half a cell up and to the left, since a cell's value
    belongs to its middle: that is right. Without it the first paper's code is repeated,
    which is half a cell off, and makes every box at least one cell wide and high. In the
    dtype of `features`; gradients flow back to them, not to the rois. He et al. 2017, §3;
    as `torchvision.ops.roi_align`.

    Raises:
        TypeError: not floating-point tensors of one dtype, or sizes that are not ints.
        ValueError: other shapes, a map without cells, a batch index that is none of the images, numbers that are not
            finite, a scale that is not positive, or sizes below 1.

    >>> features = torch.arange(16.0).view(1, 1, 4, 4)
    >>> roi_align(features, torch.tensor([[0.0, 1.0, 1.0, 3.0, 3.0]]), (2, 2), aligned=True)
    tensor([[[[ 5.,  6.],
              [ 9., 10.]]]])
    """
    require_cells("features", features)
    require_rois(rois, len(features))
    require_tensor("rois", rois, ("R", 5), like=features)
    require_size("output_size", output_size)
    require_number("spatial_scale", spatial_scale, above=0)
    require_int("sampling_ratio", sampling_ratio, least=-1)
    corners = rois[:, 1:].detach() * spatial_scale - (0.5 if aligned else 0.0)
    sides = corners[:, 2:] - corners[:, :2]  # (R, 2) as w, h
    if not aligned:
        sides = sides.clamp(min=1)
    bins = sides / sides.new_tensor(output_size).flip(0)  # a bin's width and height

    def points(start: Tensor, bin_side: Tensor, count: int) -> Tensor:
        parts = sampling_ratio if sampling_ratio > 0 else max(math.ceil(bin_side), 0)
        middles = (torch.arange(count * parts).to(rois) + 0.5) / max(parts, 1)  # in bins
        return (start + middles * bin_side).view(count, parts)

    pooled = []
    for image, corner, side in zip(rois[:, 0].long(), corners, bins, strict=True):
        y, x = points(corner[1], side[1], output_size[0]), points(corner[0], side[0], output_size[1])
        grid_y, grid_x = torch.meshgrid(y.flatten(), x.flatten(), indexing="ij")
        values = bilinear_sample(features[image], grid_y.flatten(), grid_x.flatten())  # (C, points)
        values = values.view(len(values), *y.shape, *x.shape)  # (C, ph, parts, pw, parts)
        pooled.append(values.sum(dim=(2, 4)) / max(y.shape[1] * x.shape[1], 1))  # inside out: no points, 0
    return torch.stack(pooled) if pooled else features.new_zeros(0, features.shape[1], *output_size)
