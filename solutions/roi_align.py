"""RoI Align: a region's grid of values, taken between the cells of a map and not from rounded ones (He et al., 2017).

The picture: the box lies on the map where it lies, nothing is rounded. Each bin has a few sample points, each point is
a mean of the four cells around it, weighted by how near they are, and a bin is the mean of its points. So a bin is a
weighted sum of cells, which is how it is computed here. `roi_align` gives what `torchvision.ops.roi_align` gives.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.require import require_int
from solutions.require_rois import require_cells, require_points, require_rois
from solutions.require_tensors import require_number, require_size, require_tensor


def bilinear_sample(features: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Return the values (C, P) of `features` (C, H, W) at P points (`y`, `x`), each (P,), between its cells.

    The coordinates are indices: the value of row i and column j stands at y = i, x = j. Between
    four of them it is their mean, weighted by how near they are. Up to one cell outside the map
    the nearest value on the edge counts; a point with y < −1, y > H, x < −1 or x > W is 0.
    Gradients flow back to the features, not to the points. He et al. 2017, §3, with the border
    of torchvision.

    Raises:
        TypeError: not floating-point tensors of one dtype.
        ValueError: other shapes, a map without cells, or coordinates that are not finite.

    >>> features = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])
    >>> bilinear_sample(features, torch.tensor([0.5, 1.5, 3.0]), torch.tensor([0.5, 0.0, 0.0]))
    tensor([[1.5000, 2.0000, 0.0000]])
    """
    require_points(features, y, x)
    height, width = features.shape[1:]
    reached = (y >= -1) & (y <= height) & (x >= -1) & (x <= width)
    y, x = y.detach().clamp(0, height - 1), x.detach().clamp(0, width - 1)
    top, left = y.floor().long(), x.floor().long()
    bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    down, along = y - top, x - left  # how much the second of two rows, and of two columns, counts
    above = (1 - along) * features[:, top, left] + along * features[:, top, right]  # (C, P)
    below = (1 - along) * features[:, bottom, left] + along * features[:, bottom, right]
    return torch.where(reached, (1 - down) * above + down * below, 0)


def _neighbours(at: Tensor, length: int) -> list[tuple[Tensor, Tensor]]:
    """Return the two cells around each position `at` (…) of a line of `length`, and how much each counts: (…) each."""
    reached = (at >= -1) & (at <= length)
    position = at.detach().clamp(0, length - 1)
    before = position.floor()
    share = position - before  # of the second one: 0 on the last cell, behind which there is none
    after = (before + 1).clamp(max=length - 1)
    return [(before.long(), (1 - share) * reached), (after.long(), share * reached)]


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
    if sampling_ratio > 0:
        counts = torch.full_like(bins, sampling_ratio, dtype=torch.int64)
    else:
        counts = bins.ceil().clamp(min=0).long()  # (R, 2)

    channels, height, width = features.shape[1:]
    table = features.permute(0, 2, 3, 1).reshape(-1, channels)  # a cell's channels side by side
    pooled = [table[:0].view(0, *output_size, channels)]  # none yet, but what has a gradient
    order = []
    for across, down in torch.unique(counts, dim=0).tolist():
        (own,) = torch.where((counts == counts.new_tensor([across, down])).all(dim=1))
        row, weight_y = _lines(corners[own, 1], bins[own, 1], output_size[0], down, height)  # (r, ph, 2 · down)
        column, weight_x = _lines(corners[own, 0], bins[own, 0], output_size[1], across, width)
        row = row + rois[own, 0].long()[:, None, None] * height  # of all images' rows, one below the other
        cells = row[:, :, None, :, None] * width + column[:, None, :, None, :]  # (r, ph, pw, 2 · down, 2 · across)
        weights = weight_y[:, :, None, :, None] * weight_x[:, None, :, None, :]
        cells, weights = (x.flatten(3).flatten(0, 2) for x in (cells, weights))  # a row a bin
        if across * down:
            bags = F.embedding_bag(cells, table, per_sample_weights=weights, mode="sum")
        else:  # a box turned inside out has no points
            bags = table.new_zeros(len(cells), channels)
        pooled.append(bags.view(len(own), *output_size, channels))
        order.append(own)
    place = torch.cat(order).argsort() if order else counts[:, 0]
    return torch.cat(pooled)[place].permute(0, 3, 1, 2)


def _lines(start: Tensor, side: Tensor, bins: int, samples: int, length: int) -> tuple[Tensor, Tensor]:
    """Return which lines of a map each bin of R regions takes, and how much of each: (R, `bins`, 2 · `samples`).

    `start` (R,) is where a region begins in one direction, `side` (R,) how long its bins are.
    """
    bin_number = torch.arange(bins, dtype=start.dtype, device=start.device)[:, None]
    sample = torch.arange(samples, dtype=start.dtype, device=start.device) + 0.5
    start, side = start[:, None, None], side[:, None, None]
    at = start + bin_number * side + sample * side / samples  # (R, bins, samples)
    cells, weights = zip(*_neighbours(at, length), strict=True)
    return torch.cat(cells, dim=-1), torch.cat(weights, dim=-1) / samples
