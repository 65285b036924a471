"""One object, some joints: keypoints that are mirrored, drawn as heat maps, read off again, and measured.

A keypoint is (x, y) in pixels, where pixel (i, j) has its centre at (j + ½, i + ½); of a third number, its visibility,
0 means that it is not there. A heat map is a picture a joint, highest where the joint is (Tompson et al., 2014); the
quarter pixel that mends its grid is Newell, Yang & Deng's (2016), and PCK Yang & Ramanan's (2013).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from solutions.fcn.blocks import conv_block, require_colour, resize_like
from solutions.require import require_int
from solutions.require_keypoints import require_pairs, require_scale, require_visible
from solutions.require_tensors import require_number, require_size, require_tensor


def flip_keypoints(
    keypoints: Tensor,
    width: int,
    pairs: Sequence[tuple[int, int]],
) -> Tensor:
    """Return the keypoints of the mirrored image, left and right exchanged: (N, J, 3).

    `keypoints` (N, J, 3) are x, y and visibility of the J joints of N objects, in an image
    that is `width` pixels wide. Mirroring takes the place x to width − x. What was the left
    eye is then the right one: for each (a, b) of `pairs`, joints a and b change places, with
    all three of their numbers. No joint stands in two pairs, and some in none. A joint of
    visibility 0 is (0, 0, 0). The result has the dtype of `keypoints`.

    Raises:
        TypeError: `keypoints` is not a floating-point tensor, `width` no number, or `pairs` no pairs of ints.
        ValueError: `keypoints` is not (N, J, 3), a negative width, or pairs that overlap or name no joint.

    >>> flip_keypoints(torch.tensor([[[1.0, 5.0, 2.0], [4.0, 6.0, 1.0]]]), 10, [(0, 1)])
    tensor([[[6., 6., 1.],
             [9., 5., 2.]]])
    """
    require_tensor("keypoints", keypoints, ("N", "J", 3))
    require_number("width", width, least=0)
    require_pairs("pairs", pairs, keypoints.shape[1])
    order = list(range(keypoints.shape[1]))
    for a, b in pairs:
        order[a], order[b] = b, a
    x, y, visibility = keypoints[:, order].unbind(dim=-1)  # (N, J) each
    mirrored = torch.stack((width - x, y, visibility), dim=-1)
    return mirrored.masked_fill(visibility[..., None] == 0, 0)


def gaussian_heatmaps(
    keypoints: Tensor,
    size: tuple[int, int],
    sigma: float,
) -> Tensor:
    """Draw one heat map a keypoint: a Gaussian about it, 1 where it is, (N, J, H, W).

    `keypoints` (N, J, 2) are x, y in pixels, `size` is (H, W). A pixel's value is
    exp(−d² / (2·sigma²)), where d is the distance from the pixel's centre to the keypoint;
    the centre of pixel (i, j) is x = j + ½, y = i + ½. It is neither normalised nor cut
    off, and a keypoint may lie outside. The result has the dtype of `keypoints`, and a
    gradient flows back to them.

    Raises:
        TypeError: `keypoints` is not a floating-point tensor, `size` no ints, or `sigma` no number.
        ValueError: `keypoints` is not (N, J, 2), a size without pixels, or a sigma that is not positive.

    >>> gaussian_heatmaps(torch.tensor([[[1.5, 0.5]]]), (1, 3), sigma=1.0)
    tensor([[[[0.6065, 1.0000, 0.6065]]]])
    """
    require_tensor("keypoints", keypoints, ("N", "J", 2))
    require_size("size", size)
    require_number("sigma", sigma, above=0)
    height, width = size
    x, y = keypoints[..., None].unbind(dim=2)  # (N, J, 1) each
    across = torch.arange(width, dtype=keypoints.dtype, device=keypoints.device) + 0.5 - x  # (N, J, W)
    down = torch.arange(height, dtype=keypoints.dtype, device=keypoints.device) + 0.5 - y  # (N, J, H)
    squared = down.square()[..., :, None] + across.square()[..., None, :]  # (N, J, H, W)
    return torch.exp(-squared / (2 * sigma**2))


def decode_heatmaps(heatmaps: Tensor) -> tuple[Tensor, Tensor]:
    """Read keypoints off their heat maps, to a quarter of a pixel.

    `heatmaps` (N, J, H, W) with at least one pixel. Returns the points (N, J, 2), x and y in
    pixels, and the scores (N, J), both in the dtype of `heatmaps`. A score is the highest
    value of its map. A point is the centre of the highest pixel, the first in row-major
    order where several are; in x it is moved ¼ pixel towards the higher of the pixel's left
    and right neighbours, and in y towards the higher of those above and below. Where the
    two are equal, or one of them lies outside the map, it is not moved in that direction.

    Raises:
        TypeError: `heatmaps` is not a floating-point tensor.
        ValueError: it is not (N, J, H, W), or has no pixels.

    >>> points, scores = decode_heatmaps(torch.tensor([[[[0.1, 0.9, 0.3], [0.0, 0.2, 0.0]]]]))
    >>> points, scores
    (tensor([[[1.7500, 0.5000]]]), tensor([[0.9000]]))
    """
    require_tensor("heatmaps", heatmaps, ("N", "J", "H", "W"))
    require_size("the size of heatmaps", tuple(heatmaps.shape[-2:]))
    height, width = heatmaps.shape[-2:]
    values = heatmaps.flatten(start_dim=-2)  # (N, J, H·W)
    highest = values.argmax(dim=-1, keepdim=True)  # (N, J, 1); the first one of several
    row, column = highest // width, highest % width

    def quarter(step: int, has_both: Tensor) -> Tensor:
        before = values.gather(-1, (highest - step).clamp(min=0))
        after = values.gather(-1, (highest + step).clamp(max=height * width - 1))
        towards = (after > before).to(heatmaps.dtype) - (after < before).to(heatmaps.dtype)
        return 0.25 * towards.masked_fill(~has_both, 0)

    x = column + 0.5 + quarter(1, (column > 0) & (column < width - 1))
    y = row + 0.5 + quarter(width, (row > 0) & (row < height - 1))
    return torch.cat((x, y), dim=-1), values.gather(-1, highest)[..., 0]


def keypoint_loss(
    pred: Tensor,
    target: Tensor,
    visible: Tensor,
) -> Tensor:
    """Return the squared distance of `pred` (N, J, 2) to `target` (N, J, 2), a mean over visible keypoints.

    A keypoint's squared distance is Δx² + Δy². `visible` (N, J) bool says which count; the
    others add nothing to the sum, to the number that it is divided by, or to the gradient.
    Where none is visible the result is 0, and so is its gradient. It has no dimension and
    the dtype of `pred`; gradients flow to `pred` and `target`.

    Raises:
        TypeError: not floating-point tensors of one dtype, or `visible` not a bool tensor.
        ValueError: shapes that do not fit.

    >>> pred = torch.tensor([[[3.0, 4.0], [9.0, 9.0]]])
    >>> keypoint_loss(pred, torch.zeros(1, 2, 2), torch.tensor([[True, False]]))
    tensor(25.)
    """
    require_visible(pred, target, visible)
    offsets = (pred - target).masked_fill(~visible[..., None], 0)  # (N, J, 2); of what is masked no gradient flows
    return offsets.square().sum() / visible.sum().clamp(min=1)


def pck(
    pred: Tensor,
    target: Tensor,
    visible: Tensor,
    scale: Tensor,
    alpha: float = 0.2,
) -> Tensor:
    """Return the percentage of correct keypoints, as a share of those that are visible.

    `pred` and `target` (N, J, 2) are x, y in pixels, `visible` (N, J) is bool, and `scale`
    (N,) says how large each of the N objects is, in pixels. A keypoint is correct where its
    distance to the target is at most `alpha` times the scale of its object. Each visible
    keypoint of the batch counts the same; where none is visible, the result is NaN. It has
    no dimension and the dtype of `pred`.

    Raises:
        TypeError: not floating-point tensors of one dtype, `visible` not a bool tensor, or `alpha` no number.
        ValueError: shapes that do not fit, a negative scale, or a negative alpha.

    >>> pred = torch.tensor([[[3.0, 4.0], [0.0, 2.0]]])
    >>> pck(pred, torch.zeros(1, 2, 2), torch.tensor([[True, True]]), torch.tensor([20.0]))
    tensor(0.5000)
    """
    require_visible(pred, target, visible)
    require_scale("scale", scale, pred)
    require_number("alpha", alpha, least=0)
    distances = (pred - target).square().sum(dim=-1).sqrt()  # (N, J)
    correct = distances <= alpha * scale[:, None]
    return correct[visible].to(pred.dtype).mean()  # the mean of nothing is NaN


def way_down() -> nn.Sequential:
    """Four stages, from images (N, 3, H, W) to maps (N, 64, …) at an eighth of their size, rounded up.

    The first halves the image at once, as pose networks do; before the third and the fourth
    the map is pooled.
    """
    stem = nn.Sequential(nn.Conv2d(3, 16, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(16), nn.ReLU())
    pooled = [nn.Sequential(nn.MaxPool2d(2, ceil_mode=True), conv_block(before, 64)) for before in (32, 64)]
    return nn.Sequential(stem, conv_block(16, 32), *pooled)


class PoseNet(nn.Module):
    """A heat map for each of `num_keypoints` joints, at a quarter of the image's size.

    Down to an eighth and up again to a quarter, where the map of that size from the way
    down joins in. Maps (N, J, ⌈H/4⌉, ⌈W/4⌉) for images (N, 3, H, W); a place
    on the map times `PoseNet.stride` is one in the image.

    Raises:
        TypeError: `num_keypoints` is not an int.
        ValueError: it is below 1.

    >>> PoseNet(num_keypoints=7)(torch.rand(2, 3, 48, 64)).shape
    torch.Size([2, 7, 12, 16])
    """

    stride = 4

    def __init__(self, num_keypoints: int) -> None:
        super().__init__()
        require_int("num_keypoints", num_keypoints, least=1)
        self.down = way_down()
        self.up = conv_block(64 + 64, 64)
        self.maps = nn.Conv2d(64, num_keypoints, kernel_size=1)

    def forward(self, images: Tensor) -> Tensor:
        """Return heat maps (N, J, ⌈H/4⌉, ⌈W/4⌉) for images (N, 3, H, W)."""
        require_colour(images)
        fine = self.down[:3](images)  # (N, 64, ⌈H/4⌉, ⌈W/4⌉)
        coarse = self.down[3:](fine)  # half of that
        return self.maps(self.up(torch.cat([fine, resize_like(coarse, fine)], dim=1)))  # type: ignore[no-any-return]


class CoordinateNet(nn.Module):
    """Two numbers for each of `num_keypoints` joints, straight from what the convolutions saw (Toshev & Szegedy, 2014).

    The same way down as `PoseNet`; then a grid of 4 × 4, two linear layers, and x, y in
    shares of the image's width and height: (N, J, 2) for images (N, 3, H, W).

    Raises:
        TypeError: `num_keypoints` is not an int.
        ValueError: it is below 1.

    >>> CoordinateNet(num_keypoints=7)(torch.rand(2, 3, 48, 64)).shape
    torch.Size([2, 7, 2])
    """

    def __init__(self, num_keypoints: int) -> None:
        super().__init__()
        require_int("num_keypoints", num_keypoints, least=1)
        self.down = way_down()
        self.points = nn.Sequential(
            nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * 64, 128), nn.ReLU(), nn.Linear(128, 2 * num_keypoints)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return keypoints (N, J, 2) in shares of the image for images (N, 3, H, W)."""
        require_colour(images)
        return self.points(self.down(images)).unflatten(1, (-1, 2))  # type: ignore[no-any-return]
