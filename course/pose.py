"""Poses: keypoints as heat maps and back, and what of them is right. Chapter 5 starts from these.

Keypoints are x, y in pixels of the map, whose pixel (i, j) has its centre at (j + ½, i + ½).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from course.localization import SingleObject


def keypoints_of(targets: Sequence[SingleObject], size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return keypoints (N, J, 2) of N pictures' objects, in pixels of a map of `size` (H, W), and which count (N, J).

    A keypoint that is hidden counts, one that is not there does not.
    """
    return on_grid(torch.stack([one["keypoints"] for one in targets]), size)


def on_grid(keypoints: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return keypoints (N, J, 3) in shares of their pictures as (N, J, 2) in pixels of a map, and which count."""
    return keypoints[..., :2] * keypoints.new_tensor([size[1], size[0]]), keypoints[..., 2] > 0


def longer_sides(targets: Sequence[SingleObject], size: tuple[int, int]) -> Tensor:
    """Return the longer side (N,) of each object's box, in pixels of a picture of `size` (H, W)."""
    boxes = torch.stack([one["box"] for one in targets])
    return ((boxes[:, 2:] - boxes[:, :2]) * boxes.new_tensor([size[1], size[0]])).amax(dim=1)


def mirrored(keypoints: Tensor, width: float, pairs: Sequence[tuple[int, int]]) -> Tensor:
    """Return the keypoints (N, J, 3) of the mirrored picture, those of `pairs` in each other's rows."""
    result = keypoints.clone()
    result[..., 0] = width - keypoints[..., 0]
    for a, b in pairs:
        result[:, [a, b]] = result[:, [b, a]]
    return result * (result[..., 2:] > 0)


def hills(keypoints: Tensor, size: tuple[int, int], sigma: float) -> Tensor:
    """Draw a hill for each keypoint (N, J, 2), as a row of numbers times a column: (N, J, H, W)."""
    x = torch.arange(size[1], dtype=keypoints.dtype, device=keypoints.device) + 0.5
    y = torch.arange(size[0], dtype=keypoints.dtype, device=keypoints.device) + 0.5
    across = torch.exp(-((x - keypoints[..., 0, None]) / sigma).square() / 2)  # (N, J, W)
    down = torch.exp(-((y - keypoints[..., 1, None]) / sigma).square() / 2)
    return down[..., :, None] * across[..., None, :]


def summits(heatmaps: Tensor) -> tuple[Tensor, Tensor]:
    """Return the highest pixel's centre, a quarter pixel towards its higher neighbour, and its height."""
    width = heatmaps.shape[-1]
    heights, places = heatmaps.flatten(2).max(dim=-1)  # (N, J)
    row, column = places // width, places % width
    around = F.pad(heatmaps, (1, 1, 1, 1), value=torch.nan).flatten(2)  # what is outside compares as unequal to all
    here = (row + 1) * (width + 2) + column + 1

    def at(offset: int) -> Tensor:
        return around.gather(2, (here + offset)[..., None])[..., 0]

    x = torch.sign(at(1) - at(-1)).nan_to_num(0) / 4
    y = torch.sign(at(width + 2) - at(-width - 2)).nan_to_num(0) / 4
    return torch.stack([column + 0.5 + x, row + 0.5 + y], dim=-1).to(heatmaps.dtype), heights


def mean_squared_distance(pred: Tensor, target: Tensor, visible: Tensor) -> Tensor:
    """Return the mean squared distance over the keypoints (N, J, 2) that are `visible` (N, J)."""
    distances = (pred - target)[visible].square().sum(dim=-1)
    return distances.sum() / max(len(distances), 1)


def share_near_enough(pred: Tensor, target: Tensor, visible: Tensor, scale: Tensor, alpha: float = 0.2) -> Tensor:
    """Return the share of the visible keypoints that lie within `alpha` times their object's `scale` (N,)."""
    near = (pred - target).square().sum(dim=-1).sqrt() <= alpha * scale[:, None]
    return near[visible].to(pred.dtype).mean()
