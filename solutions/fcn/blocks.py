"""What the networks of this package are made of: a pair of convolutions, a halving, a resizing."""

import torch.nn.functional as F
from torch import Tensor, nn

from solutions.require import require_images


def conv_block(before: int, after: int) -> nn.Sequential:
    """Two 3 × 3 convolutions that keep the size, each with batch norm and ReLU.

    Maps (N, before, H, W) to (N, after, H, W).
    """

    def one(inputs: int) -> tuple[nn.Module, ...]:
        return nn.Conv2d(inputs, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()

    return nn.Sequential(*one(before), *one(after))


def halve(x: Tensor) -> Tensor:
    """Max-pool 2 × 2: (N, C, H, W) becomes (N, C, ⌈H/2⌉, ⌈W/2⌉).

    An odd side rounds up, so that no pixel is lost and no map is ever empty.
    """
    return F.max_pool2d(x, 2, ceil_mode=True)


def resize_like(x: Tensor, like: Tensor) -> Tensor:
    """Bring `x` (N, C, h, w) to the height and width of `like` by bilinear interpolation."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


def require_colour(x: Tensor) -> None:
    """Raise ValueError or TypeError unless `x` is a batch of colour images (N, 3, H, W)."""
    require_images("x", x)
    if x.shape[1] != 3:
        raise ValueError(f"x must have shape (N, 3, H, W), got {tuple(x.shape)}")
