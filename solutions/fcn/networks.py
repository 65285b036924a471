"""Networks that label every pixel in one pass: at full resolution all the way, or down and up again.

A network that classifies a window becomes one that classifies all of them when nothing in it depends on the image's
size (Long, Shelhamer & Darrell, 2015). Pooling makes it cheap and lets it see far, and costs resolution; a decoder
brings the pixels back (Ronneberger, Fischer & Brox, 2015).
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from solutions.fcn.blocks import conv_block, halve, require_colour, resize_like
from solutions.require import require_int


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
        self.encoder = nn.ModuleList([conv_block(before, after) for before, after in pairwise((3, *widths))])
        upwards = widths[::-1]
        self.decoder = nn.ModuleList([conv_block(below + skip, skip) for below, skip in pairwise(upwards)])
        self.classifier = nn.Conv2d(width, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K, H, W) for images `x` (N, 3, H, W)."""
        require_colour(x)
        skips: list[Tensor] = []
        for stage in self.encoder:
            x = stage(halve(x) if skips else x)
            skips.append(x)
        skips.pop()  # the coarsest map is where the way up begins
        for stage in self.decoder:
            skip = skips.pop()
            x = stage(torch.cat([resize_like(x, skip), skip], dim=1))
        logits: Tensor = self.classifier(x)
        return logits
