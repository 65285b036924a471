"""Images of any size as one batch: normalised, resized, padded; and boxes there and back again.

As torchvision's `GeneralizedRCNNTransform`: the shorter side becomes `min_size`, unless the longer one would be more
than `max_size`; the batch is as large as its largest image, rounded up to what the coarsest map divides.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Size = tuple[int, int]


@dataclass(frozen=True)
class Resizing:
    """How images become a batch; mean and standard deviation are those of ImageNet."""

    min_size: tuple[int, ...] = (800,)
    max_size: int = 1333
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    divisible_by: int = 32

    def batch(self, images: Sequence[Tensor], training: bool) -> tuple[Tensor, list[Size]]:
        """Return `images`, (3, H, W) each, as one batch (N, 3, H, W), and what size each has in it.

        In `training` each image's shorter side is drawn from `min_size`, otherwise the last is taken.
        """
        resized = [self.resize(image, self.draw() if training else self.min_size[-1]) for image in images]
        sizes = [(image.shape[-2], image.shape[-1]) for image in resized]
        height, width = (
            math.ceil(max(sides) / self.divisible_by) * self.divisible_by for sides in zip(*sizes, strict=True)
        )
        padded = [F.pad(image, (0, width - w, 0, height - h)) for image, (h, w) in zip(resized, sizes, strict=True)]
        return torch.stack(padded), sizes

    def draw(self) -> int:
        """Return one of `min_size`; of a single one it is drawn as well, so that chance goes on as in torchvision."""
        return self.min_size[int(torch.empty(1).uniform_(0.0, float(len(self.min_size))).item())]

    def resize(self, image: Tensor, min_size: int) -> Tensor:
        """Return `image` (3, H, W), normalised; its shorter side is `min_size`, or its longer `max_size`."""
        mean, std = image.new_tensor(self.mean), image.new_tensor(self.std)
        normal = (image - mean[:, None, None]) / std[:, None, None]
        scale = min(min_size / min(image.shape[-2:]), self.max_size / max(image.shape[-2:]))
        resized: Tensor = F.interpolate(
            normal[None], scale_factor=scale, mode="bilinear", align_corners=False, recompute_scale_factor=True
        )
        return resized[0]


def resize_boxes(boxes: Tensor, before: Size, after: Size) -> Tensor:
    """Return `boxes` (N, 4) in an image of size `before`, (H, W), as they are when it has size `after`."""
    # In single precision whatever the boxes are: to the last digit what torchvision does.
    y, x = torch.tensor(after, dtype=torch.float32) / torch.tensor(before, dtype=torch.float32)
    return boxes * boxes.new_tensor([x, y, x, y])
