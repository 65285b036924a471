"""Where an FCN's features come from: a small backbone for a CPU, and ResNets as torchvision has them.

A backbone maps images (N, 3, H, W) to features at strides 8, 16 and 32, {stride: (N, C, ⌈H/stride⌉, ⌈W/stride⌉)}, and
says in `channels` how many each has. Every halving rounds up, so no image is too small.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import cast
from urllib.error import URLError

import torch
from torch import Tensor, nn
from torchvision import models

from solutions.fcn.blocks import conv_block, halve

_WIDTHS = (16, 32, 48, 64, 96, 96)
"""Channels at strides 1, 2, …, 32 of the small backbone; VGG16 has 64 to 512."""


class SmallBackbone(nn.Module):
    """Six pairs of convolutions with a halving between them: features for a CPU.

    Maps images (N, 3, H, W) to {8: …, 16: …, 32: …}, features (N, C, ⌈H/s⌉, ⌈W/s⌉) at
    each stride s.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList([conv_block(before, after) for before, after in pairwise((3, *_WIDTHS))])
        self.channels = {2**depth: width for depth, width in enumerate(_WIDTHS) if depth >= 3}

    def forward(self, x: Tensor) -> dict[int, Tensor]:
        """Return the features of images `x` (N, 3, H, W) by their stride."""
        features: dict[int, Tensor] = {}
        for depth, stage in enumerate(self.stages):
            x = stage(halve(x) if depth else x)
            features[2**depth] = x
        return {stride: features[stride] for stride in self.channels}


class ResNetBackbone(nn.Module):
    """torchvision's ResNet without its classifier: features of the last three stages.

    Maps images (N, 3, H, W) in [0, 1] to {8: …, 16: …, 32: …}; they are normalised
    here, as torchvision's weights expect. Its state dict is that of `torchvision.models`
    without `fc.weight` and `fc.bias` (He, Zhang, Ren & Sun, 2016).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, name: str, weights: str | Path | None = None) -> None:
        super().__init__()
        resnet = _resnet(name, weights)
        for part, module in resnet.named_children():
            if part not in ("avgpool", "fc"):
                self.add_module(part, module)
        widths = [
            stage[-1].bn3.num_features if name == "resnet50" else stage[-1].bn2.num_features
            for stage in (resnet.layer2, resnet.layer3, resnet.layer4)
        ]
        self.channels = dict(zip((8, 16, 32), widths, strict=True))
        statistics = (("mean", (0.485, 0.456, 0.406)), ("std", (0.229, 0.224, 0.225)))  # of ImageNet, in RGB
        for key, values in statistics:
            self.register_buffer(key, torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, x: Tensor) -> dict[int, Tensor]:
        """Return the features of images `x` (N, 3, H, W) by their stride."""
        x = (x - self.mean) / self.std
        features: dict[int, Tensor] = {}
        for part, module in self.named_children():
            x = module(x)
            if part in _STRIDE_OF:
                features[_STRIDE_OF[part]] = x
        return features


_STRIDE_OF = {"layer2": 8, "layer3": 16, "layer4": 32}


def make_backbone(name: str, weights: str | Path | None = None) -> SmallBackbone | ResNetBackbone:
    """Return the backbone called `name`.

    `weights` is None for random ones, "imagenet" for torchvision's, or the file of a state dict of its ResNet.

    Raises:
        ValueError: an unknown backbone, weights for the small one, or a file of another network.
        OSError: there is no network, or no such file.
    """
    if name == "small":
        if weights is not None:
            raise ValueError(f'weights are for a ResNet: the backbone "small" has none, got {weights!r}')
        return SmallBackbone()
    return ResNetBackbone(name, weights)


def _resnet(name: str, weights: str | Path | None) -> models.ResNet:
    builders: dict[str, tuple[Callable[..., models.ResNet], object]] = {
        "resnet18": (models.resnet18, models.ResNet18_Weights.IMAGENET1K_V1),
        "resnet50": (models.resnet50, models.ResNet50_Weights.IMAGENET1K_V2),
    }
    if name not in builders:
        raise ValueError(f'backbone must be "small", "resnet18" or "resnet50", got {name!r}')
    build, imagenet = builders[name]
    if weights == "imagenet":
        try:
            return build(weights=imagenet)
        except URLError as error:
            raise OSError(
                f'weights="imagenet" must be downloaded once and there is no network ({error.reason}): pass '
                f"weights=None to start from random ones, or the file of a state dict of torchvision's {name}"
            ) from None
    resnet = build(weights=None)
    if weights is not None:
        state = cast(dict[str, Tensor], torch.load(weights, map_location="cpu", weights_only=True))
        try:
            resnet.load_state_dict({**{key: resnet.state_dict()[key] for key in ("fc.weight", "fc.bias")}, **state})
        except RuntimeError as error:
            raise ValueError(
                f"{weights} is not a state dict of torchvision's {name}: {str(error).splitlines()[0]}"
            ) from None
    return resnet
