"""What the cases of several exercises of this chapter share."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

IGNORE = 255


def draw_labels(rng: np.random.Generator, shape: Sequence[int], classes: int) -> Tensor:
    """Draw labels 0 … K − 1 in which each class comes as often as any other, give or take one."""
    return torch.from_numpy(rng.permutation(np.resize(np.arange(classes), int(np.prod(shape))))).reshape(tuple(shape))


def with_ignored(rng: np.random.Generator, target: Tensor, ignore_index: int, count: int) -> Tensor:
    """Return `target` (N, H, W) with `count` pixels ignored in the first image, one more in the next, and so on."""
    target = target.clone()
    for number, image in enumerate(target):
        pixels = rng.choice(image.numel(), count + number, replace=False)
        image.view(-1)[torch.from_numpy(pixels)] = ignore_index
    return target


METRICS = (r"^torchmetrics", r"^sklearn")
