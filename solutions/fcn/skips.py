"""FCN-32s, FCN-16s and FCN-8s: class scores at stride 32, sharpened by scores of earlier stages.

At stride 32 one score stands for 32 × 32 pixels. What brings the pixels back are finer scores from stages that have not
forgotten where things are (Long, Shelhamer & Darrell, 2015, figure 3).
"""

from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from solutions.fcn.blocks import conv_block, halve, require_colour, resize_like
from solutions.require import require_int

Variant = Literal["32s", "16s", "8s"]

_STRIDES: dict[Variant, tuple[int, ...]] = {"32s": (32,), "16s": (32, 16), "8s": (32, 16, 8)}
"""The strides whose scores a variant adds up, coarsest first."""

_WIDTHS = (16, 32, 48, 64, 96)
"""Channels after each halving of a backbone that suits a CPU; VGG16 has 64, 128, 256, 512, 512."""


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
            [conv_block(before, after) for before, after in pairwise((3, *_WIDTHS, _WIDTHS[-1]))]
        )
        channels = {2**depth: width for depth, width in enumerate((*_WIDTHS, _WIDTHS[-1]))}
        self.scores = nn.ModuleDict({str(s): nn.Conv2d(channels[s], num_classes, 1) for s in self.strides})

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K, H, W) for images `x` (N, 3, H, W)."""
        require_colour(x)
        image = x
        features: dict[int, Tensor] = {}
        for depth, stage in enumerate(self.backbone):
            x = stage(halve(x) if depth else x)
            features[2**depth] = x
        logits: Tensor | None = None
        for stride in self.strides:
            score = self.scores[str(stride)](features[stride])
            logits = score if logits is None else score + resize_like(logits, score)
        assert logits is not None
        return resize_like(logits, image)
