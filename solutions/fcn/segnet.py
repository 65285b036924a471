"""SegNet: an encoder that remembers where its maxima stood, and a decoder that puts values back there.

Nothing but positions crosses from the way down to the way up: one number a window, where U-Net hands over whole feature
maps and FCN the class scores that it makes of them (Badrinarayanan, Kendall & Cipolla, 2017, figure 2).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from solutions.fcn.blocks import require_colour
from solutions.require import require_int, require_widths


class SegNet(nn.Module):
    """An encoder and its mirror image, joined by the positions that max pooling found.

    Logits (N, K, H, W) for images (N, 3, H, W) of any size: 2 × 2 pooling rounds up, and
    each unpooling goes back to the size that was there before. `widths` are the channels
    of the stages, one pooling each; `convolutions` is how many a stage has.
    `upsample(x, indices, size)` is the way up, by default max unpooling: another rule makes
    another network of the same parameters (Badrinarayanan et al., 2017, figure 2).

    Raises:
        TypeError: a number that is not an int, or images that are not floating point.
        ValueError: no class, stage, channel or convolution, or images not (N, 3, H, W).

    >>> import torch
    >>> SegNet(num_classes=8)(torch.rand(2, 3, 37, 50)).shape
    torch.Size([2, 8, 37, 50])
    """

    def __init__(
        self,
        num_classes: int,
        widths: Sequence[int] = (24, 32, 48, 64),
        convolutions: int = 1,
        upsample: Callable[[Tensor, Tensor, tuple[int, int]], Tensor] | None = None,
    ) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=1)
        require_widths("widths", widths)
        require_int("convolutions", convolutions, least=1)
        self.upsample = upsample or self.max_unpool

        def stage(before: int, after: int) -> nn.Sequential:
            layers: list[nn.Module] = []
            for inputs in (before, *[after] * (convolutions - 1)):
                convolution = nn.Conv2d(inputs, after, 3, padding=1, bias=False)
                layers += [convolution, nn.BatchNorm2d(after), nn.ReLU()]
            return nn.Sequential(*layers)

        down = list(pairwise((3, *widths)))
        up = list(pairwise((*reversed(widths), widths[0])))
        self.encoder = nn.ModuleList([stage(*channels) for channels in down])
        self.decoder = nn.ModuleList([stage(*channels) for channels in up])
        self.classifier = nn.Conv2d(widths[0], num_classes, 1)

    @staticmethod
    def max_unpool(x: Tensor, indices: Tensor, size: tuple[int, int]) -> Tensor:
        """Put each value of `x` (N, C, h, w) back where it stood in a map of `size`."""
        return F.max_unpool2d(x, indices, kernel_size=(2, 2), output_size=size)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K, H, W) for images `x` (N, 3, H, W)."""
        require_colour(x)
        remembered: list[tuple[Tensor, tuple[int, int]]] = []
        for encode in self.encoder:
            x = encode(x)
            size = (x.shape[-2], x.shape[-1])
            x, indices = F.max_pool2d(x, 2, ceil_mode=True, return_indices=True)
            remembered.append((indices, size))
        for decode in self.decoder:
            indices, size = remembered.pop()  # the last pooling is undone first
            x = decode(self.upsample(x, indices, size))
        logits: Tensor = self.classifier(x)
        return logits
