"""Keypoints by such a head: a heat map a joint over the object's box, in which one cell is right (He et al., 2017, §5).

`keypoints_to_heatmap` says which cell, `keypoint_heatmap_loss` what a wrong one costs, and `heatmaps_to_keypoints`
reads the joints off, finer than the cells. All three give what torchvision's functions behind Keypoint R-CNN give.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.require_masks import require_heatmaps, require_keypoints_in


def keypoints_to_heatmap(keypoints: Tensor, rois: Tensor, heatmap_size: int) -> tuple[Tensor, Tensor]:
    """Return in which cell of its region's heat map each keypoint lies, and which count: (R, J) int64 both.

    `keypoints` (R, J, 3) are x, y in pixels and the visibility of each region's own object,
    `rois` (R, 4) the regions, which have area. A region is cut into `heatmap_size` ×
    `heatmap_size` cells, M for short; the cell in row i and column j has the number i · M + j,
    and the region's right and lower edges belong to its last cells. A keypoint of visibility 0
    or outside the region does not count: both of its numbers are 0. As the function of that
    name in torchvision.

    Raises:
        TypeError: not floating-point tensors of one dtype, or no int.
        ValueError: shapes that do not fit, numbers that are not finite, a box without area, or a size below 1.

    >>> keypoints = torch.tensor([[[10.0, 20.0, 2.0], [14.0, 21.0, 1.0], [15.0, 21.0, 2.0]]])
    >>> cells, counts = keypoints_to_heatmap(keypoints, torch.tensor([[10.0, 20.0, 14.0, 24.0]]), 4)
    >>> cells.tolist(), counts.tolist()
    ([[0, 7, 0]], [[1, 1, 0]])
    """
    require_keypoints_in(keypoints, rois, heatmap_size)
    corner, far = rois[:, None, :2], rois[:, None, 2:]  # (R, 1, 2)
    place = keypoints[..., :2]
    cell = ((place - corner) * (heatmap_size / (far - corner))).floor().long()  # (R, J, 2) as x, y
    cell = torch.where(place == far, heatmap_size - 1, cell)
    inside = ((cell >= 0) & (cell < heatmap_size)).all(dim=-1)
    counts = (inside & (keypoints[..., 2] > 0)).long()
    return (cell[..., 1] * heatmap_size + cell[..., 0]) * counts, counts


def keypoint_heatmap_loss(logits: Tensor, keypoints: Tensor, rois: Tensor) -> Tensor:
    """Return what the heat maps of R regions cost: the mean over keypoints of a cross-entropy over cells.

    `logits` (R, J, M, M) are a heat map a joint. Of its M² cells one is right, that in which
    the joint lies by `keypoints_to_heatmap`, and they compete for it: a softmax over the
    places, one joint by itself. `keypoints` (R, J, 3) and `rois` (R, 4) are as there. Where
    no keypoint counts it is 0, with a gradient of zeros. In the dtype of `logits`, to which
    gradients flow back. He et al. 2017, §5; as `keypointrcnn_loss` in torchvision.

    Raises:
        TypeError: not floating-point tensors of one dtype.
        ValueError: shapes that do not fit, maps that are not square, or a box without area.

    >>> keypoints = torch.tensor([[[0.5, 0.5, 2.0]]])
    >>> keypoint_heatmap_loss(torch.zeros(1, 1, 4, 4), keypoints, torch.tensor([[0.0, 0.0, 4.0, 4.0]]))  # log 16
    tensor(2.7726)
    """
    require_heatmaps("logits", logits, rois)
    require_keypoints_in(keypoints, rois, logits.shape[-1])
    cells, counts = (x.flatten() for x in keypoints_to_heatmap(keypoints, rois, logits.shape[-1]))
    own = logits.flatten(2).flatten(0, 1)[counts > 0]  # (n, M²)
    if not len(own):
        return own.sum()  # the mean of nothing is NaN, the sum is 0
    return F.cross_entropy(own, cells[counts > 0])


def heatmaps_to_keypoints(maps: Tensor, rois: Tensor) -> tuple[Tensor, Tensor]:
    """Return where each heat map of `maps` (R, J, M, M) is highest in its region, and how high: (R, J, 3) and (R, J).

    A region's maps are resized to its own size in `rois` (R, 4), in pixels, rounded up and at
    least one, by bicubic interpolation, so that the answer is finer than a cell. The keypoint is
    the centre of the highest pixel, of equal ones the first row by row, and the third number
    is 1. Both are in the dtype of `maps`; torchvision's function of that name gives
    single precision always.

    Raises:
        TypeError: not floating-point tensors of one dtype.
        ValueError: shapes that do not fit, maps that are not square, or boxes that are not finite or exchanged.

    >>> maps = torch.zeros(1, 1, 2, 2)
    >>> maps[0, 0, 1, 0] = 4.0
    >>> places, heights = heatmaps_to_keypoints(maps, torch.tensor([[10.0, 20.0, 12.0, 22.0]]))
    >>> places.tolist(), heights.tolist()
    ([[[10.5, 21.5, 1.0]]], [[4.0]])
    """
    require_heatmaps("maps", maps, rois)
    sides = (rois[:, 2:] - rois[:, :2]).clamp(min=1)  # (R, 2) as w, h
    pixels = sides.ceil()
    cells, heights = [rois.new_zeros(0, maps.shape[1], 2)], [maps.new_zeros(0, maps.shape[1])]
    for own, (width, height) in zip(maps, pixels.long().tolist(), strict=True):
        fine = F.interpolate(own[:, None], size=(height, width), mode="bicubic", align_corners=False).flatten(1)
        highest, pixel = fine.max(dim=1)  # (J,), of equal ones the first
        cells.append(torch.stack([pixel % width, pixel // width], dim=1)[None] + 0.5)  # (1, J, 2) as x, y
        heights.append(highest[None])
    places = rois[:, None, :2] + torch.cat(cells) * (sides / pixels)[:, None]  # a pixel is a little less than one
    return F.pad(places, (0, 1), value=1.0), torch.cat(heights)
