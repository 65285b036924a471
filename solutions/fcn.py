"""Fully convolutional networks: one forward pass labels every pixel.

A network that classifies a window becomes one that classifies all of them when nothing in it depends on the image's
size (Long, Shelhamer & Darrell, 2015). Pooling makes it cheap and lets it see far, and costs resolution: at stride 32
one score stands for 32 × 32 pixels. What brings them back is a decoder, or finer scores from earlier stages.
"""

from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from solutions.require import require_images, require_int

Variant = Literal["32s", "16s", "8s"]

_STRIDES: dict[Variant, tuple[int, ...]] = {"32s": (32,), "16s": (32, 16), "8s": (32, 16, 8)}
"""The strides whose scores a variant adds up, coarsest first."""

_WIDTHS = (16, 32, 48, 64, 96)
"""Channels after each halving of a backbone that suits a CPU; VGG16 has 64, 128, 256, 512, 512."""


class EncoderDecoderFCN(nn.Module):
    """Down three times, up three times: a small network that labels every pixel.

    Logits (N, K, H, W) for images (N, 3, H, W) of any size: pooling rounds up, and the way
    up goes to the size that was there before. At each size the encoder's map joins the
    decoder's (Ronneberger, Fischer & Brox, 2015), which knows where the edges are.

    Raises:
        TypeError: an argument that is not an int, or images that are not floating point.
        ValueError: fewer than one class or channel, or images that are not (N, 3, H, W).

    >>> EncoderDecoderFCN(num_classes=8)(torch.rand(2, 3, 37, 50)).shape
    torch.Size([2, 8, 37, 50])
    """

    def __init__(self, num_classes: int, width: int = 16) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=1)
        require_int("width", width, least=1)
        widths = (width, 2 * width, 3 * width, 4 * width)
        self.encoder = nn.ModuleList([_convolutions(before, after) for before, after in pairwise((3, *widths))])
        upwards = widths[::-1]
        self.decoder = nn.ModuleList([_convolutions(below + skip, skip) for below, skip in pairwise(upwards)])
        self.classifier = nn.Conv2d(width, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K, H, W) for images `x` (N, 3, H, W)."""
        _require_colour(x)
        skips: list[Tensor] = []
        for stage in self.encoder:
            x = stage(_halve(x) if skips else x)
            skips.append(x)
        skips.pop()  # the coarsest map is where the way up begins
        for stage in self.decoder:
            skip = skips.pop()
            x = stage(torch.cat([_resize(x, skip), skip], dim=1))
        logits: Tensor = self.classifier(x)
        return logits


class FCN(nn.Module):
    """FCN-32s, FCN-16s or FCN-8s on a backbone that suits a CPU.

    Logits (N, K, H, W) for images (N, 3, H, W) of any size. The backbone halves the image
    five times. A 1 × 1 convolution makes class scores at stride 32; "16s" adds scores from
    stride 16 to them, "8s" those from stride 8 too, and what remains is bilinear
    upsampling: the three differ in nothing else. (Long et al., 2015, figure 3.)

    Raises:
        TypeError: `num_classes` is not an int, or images that are not floating point.
        ValueError: an unknown variant, no class, or images that are not (N, 3, H, W).

    >>> FCN(num_classes=8, variant="8s")(torch.rand(2, 3, 37, 50)).shape
    torch.Size([2, 8, 37, 50])
    """

    def __init__(self, num_classes: int, variant: Variant = "8s") -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=1)
        if variant not in _STRIDES:
            raise ValueError(f'variant must be "32s", "16s" or "8s", got {variant!r}')
        self.strides = _STRIDES[variant]
        self.backbone = nn.ModuleList(
            [_convolutions(before, after) for before, after in pairwise((3, *_WIDTHS, _WIDTHS[-1]))]
        )
        channels = {2**depth: width for depth, width in enumerate((*_WIDTHS, _WIDTHS[-1]))}
        self.scores = nn.ModuleDict({str(s): nn.Conv2d(channels[s], num_classes, 1) for s in self.strides})

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K, H, W) for images `x` (N, 3, H, W)."""
        _require_colour(x)
        image = x
        features: dict[int, Tensor] = {}
        for depth, stage in enumerate(self.backbone):
            x = stage(_halve(x) if depth else x)
            features[2**depth] = x
        logits: Tensor | None = None
        for stride in self.strides:
            score = self.scores[str(stride)](features[stride])
            logits = score if logits is None else score + _resize(logits, score)
        assert logits is not None
        return _resize(logits, image)


def _convolutions(before: int, after: int) -> nn.Sequential:
    """Two 3 × 3 convolutions that keep the size, each with batch norm and ReLU."""

    def one(inputs: int) -> tuple[nn.Module, ...]:
        return nn.Conv2d(inputs, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()

    return nn.Sequential(*one(before), *one(after))


def _halve(x: Tensor) -> Tensor:
    """Pool 2 × 2; an odd side rounds up, so that no pixel is lost and no map is ever empty."""
    return F.max_pool2d(x, 2, ceil_mode=True)


def _resize(x: Tensor, like: Tensor) -> Tensor:
    """Bring `x` to the height and width of `like` by bilinear interpolation."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


def _require_colour(x: Tensor) -> None:
    require_images("x", x)
    if x.shape[1] != 3:
        raise ValueError(f"x must have shape (N, 3, H, W), got {tuple(x.shape)}")
