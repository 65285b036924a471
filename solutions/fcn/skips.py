"""FCN-32s, FCN-16s and FCN-8s: class scores at stride 32, sharpened by scores of earlier stages.

At stride 32 one score stands for 32 × 32 pixels. What brings the pixels back are finer scores from stages that have not
forgotten where things are, and upsampling that starts as bilinear interpolation and is learnt (Long, Shelhamer &
Darrell, 2015, figure 3).
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from solutions.fcn.backbones import make_backbone
from solutions.fcn.blocks import require_colour
from solutions.require import require_int, require_one_of
from solutions.transposed_conv import bilinear_kernel as bilinear_start
from solutions.transposed_conv import fuse_skip as double_and_add


class FCN(nn.Module):
    """FCN-32s, FCN-16s or FCN-8s: scores of every pixel, from coarse to fine.

    Logits (N, K, H, W) for images (N, 3, H, W) of any size. The backbone halves the image
    five times, and a 1 × 1 convolution makes class scores at stride 32. "16s" doubles
    them and adds scores at stride 16, "8s" doubles the sum and adds those at stride 8.
    One upsampling to the size of the image is left. Every upsampling is a transposed
    convolution that starts as bilinear interpolation; the last has a filter for each class
    by itself. (Long, Shelhamer & Darrell, 2015, figure 3; they keep the last one fixed.)

    `backbone` is "small", for a CPU, or torchvision's "resnet18" or "resnet50"; `weights`
    are None, "imagenet", or the file of a state dict of torchvision's.

    Raises:
        TypeError: `num_classes` is not an int, or images that are not floating point.
        ValueError: an unknown variant or backbone, no class, or images not (N, 3, H, W).
        OSError: weights that cannot be had.

    >>> FCN(num_classes=8, variant="8s")(torch.rand(2, 3, 37, 50)).shape
    torch.Size([2, 8, 37, 50])
    """

    def __init__(
        self,
        num_classes: int,
        variant: str = "8s",
        backbone: str = "small",
        weights: str | Path | None = None,
    ) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=1)
        require_one_of("variant", variant, ("32s", "16s", "8s"))
        finest = int(variant.removesuffix("s"))
        self.strides = [stride for stride in (32, 16, 8) if stride >= finest]
        self.backbone = make_backbone(backbone, weights)
        self.scores = nn.ModuleDict()
        self.doublings = nn.ParameterDict()
        for stride in self.strides:
            channels = self.backbone.channels[stride]
            self.scores[str(stride)] = nn.Conv2d(channels, num_classes, kernel_size=1)
            if stride < 32:
                self.doublings[str(stride)] = bilinear_start(num_classes, 4)
        self.upsampling = nn.ConvTranspose2d(
            num_classes, num_classes, kernel_size=2 * finest, stride=finest,
            padding=finest // 2, groups=num_classes, bias=False,
        )  # fmt: skip
        with torch.no_grad():
            self.upsampling.weight.copy_(bilinear_start(1, 2 * finest))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K, H, W) for images `x` (N, 3, H, W)."""
        require_colour(x)
        height, width = x.shape[-2:]
        features = self.backbone(x)  # {stride: (N, C, ⌈H/stride⌉, ⌈W/stride⌉)}
        coarsest, *finer = self.strides
        logits: Tensor = self.scores[str(coarsest)](features[coarsest])
        for stride in finer:
            skip = self.scores[str(stride)](features[stride])
            weight = self.doublings[str(stride)].type_as(logits)  # as autocast has it
            logits = double_and_add(logits, skip, weight)
        logits = self.upsampling(logits)
        return logits[..., :height, :width]
