"""The branches beside class and box: small convolutional networks over a region's cells (He et al., 2017, figure 4).

A mask is not squeezed through linear layers, which forget where things are; convolutions keep the grid. Parameters have
the names that they have in torchvision, so that its state dicts load.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from solutions.faster_rcnn.rpn import at_least_single


class MaskHead(nn.Sequential):
    """A 3 × 3 convolution for each of `widths`: a region's cells (R, channels, s, s) → (R, widths[-1], s, s)."""

    def __init__(self, channels: int, widths: Sequence[int]) -> None:
        convolutions = [nn.Conv2d(*pair, 3, padding=1) for pair in pairwise((channels, *widths))]
        super().__init__(*(nn.Sequential(convolution, nn.ReLU()) for convolution in convolutions))
        _start(convolutions)


class MaskPredictor(nn.Module):
    """Doubles the grid, and draws a mask a class: (R, channels, s, s) → logits (R, K, 2s, 2s)."""

    def __init__(self, channels: int, width: int, num_classes: int) -> None:
        super().__init__()
        self.conv5_mask = nn.ConvTranspose2d(channels, width, 2, stride=2)
        self.mask_fcn_logits = nn.Conv2d(width, num_classes, 1)
        _start([self.conv5_mask, self.mask_fcn_logits])

    def forward(self, cells: Tensor) -> Tensor:
        """Return the logits (R, K, 2s, 2s) of `cells` (R, channels, s, s)."""
        return at_least_single(self.mask_fcn_logits(F.relu(self.conv5_mask(cells))))


class KeypointHead(nn.Sequential):
    """A 3 × 3 convolution for each of `widths`: a region's cells (R, channels, s, s) → (R, widths[-1], s, s)."""

    def __init__(self, channels: int, widths: Sequence[int]) -> None:
        convolutions = [nn.Conv2d(*pair, 3, padding=1) for pair in pairwise((channels, *widths))]
        super().__init__(*(layer for convolution in convolutions for layer in (convolution, nn.ReLU())))
        _start(convolutions)


class KeypointPredictor(nn.Module):
    """Makes a heat map a joint, four times as fine: (R, channels, s, s) → logits (R, J, 4s, 4s)."""

    def __init__(self, channels: int, num_keypoints: int) -> None:
        super().__init__()
        self.kps_score_lowres = nn.ConvTranspose2d(channels, num_keypoints, 4, stride=2, padding=1)
        _start([self.kps_score_lowres])

    def forward(self, cells: Tensor) -> Tensor:
        """Return the logits (R, J, 4s, 4s) of `cells` (R, channels, s, s)."""
        logits = at_least_single(self.kps_score_lowres(cells))
        return F.interpolate(logits, scale_factor=2.0, mode="bilinear", align_corners=False)


def _start(layers: Sequence[nn.Conv2d | nn.ConvTranspose2d]) -> None:
    """Draw the weights for layers with ReLU behind them (He et al., 2015), and set the biases to 0."""
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
