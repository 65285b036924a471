"""Where Faster R-CNN's features come from: a ResNet-50 with a pyramid of maps on top of it (Lin et al., 2017).

Fine maps see small things and know little of what they see; coarse maps know it and see nothing small. The pyramid
adds each coarse map, enlarged, to the next finer one, so that every level knows. Parameters have the names that they
have in torchvision, so that its state dicts load. `SmallBackbone` has one map, and learns on a processor.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from solutions.require import require_int

Norm = Callable[[int], nn.Module]
Stride = Literal[8, 16]


class FrozenBatchNorm2d(nn.Module):
    """Batch normalisation whose statistics, weight and bias are constants: x · scale + shift, a number a channel.

    A detector sees two images at a time, of which statistics would say nothing; so it keeps
    those of the pre-training. It loads the state of an `nn.BatchNorm2d`.
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
            self.register_buffer(name, torch.full((num_features,), value))
        self.register_load_state_dict_pre_hook(_without_count)  # type: ignore[no-untyped-call]

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` (N, C, H, W), normalised."""
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        shift = self.bias - self.running_mean * scale
        return x * scale[:, None, None] + shift[:, None, None]


def _without_count(module: nn.Module, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
    state.pop(f"{prefix}num_batches_tracked", None)  # which only a layer that learns needs


class Bottleneck(nn.Module):
    """Three convolutions beside a shortcut: 1 × 1 to fewer channels, 3 × 3 with the stride, 1 × 1 back.

    The first paper (He et al., 2016) has the stride in the first convolution, where three of four places are
    not looked at; torchvision has it in the second.
    """

    def __init__(self, before: int, width: int, stride: int, norm: Norm) -> None:
        super().__init__()
        after = 4 * width
        self.conv1, self.bn1 = nn.Conv2d(before, width, 1, bias=False), norm(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False), norm(width)
        self.conv3, self.bn3 = nn.Conv2d(width, after, 1, bias=False), norm(after)
        self.downsample = None
        if stride > 1 or before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), norm(after))

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, 4 · width, ⌈H/stride⌉, ⌈W/stride⌉) of `x` (N, before, H, W)."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet50(nn.Module):
    """A ResNet-50 without its classifier: features at strides 4, 8, 16 and 32, the finest first (He et al., 2016)."""

    channels = (256, 512, 1024, 2048)

    def __init__(self, norm: Norm = nn.BatchNorm2d) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False), norm(64)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        before = 64
        for number, (width, blocks) in enumerate(zip((64, 128, 256, 512), (3, 4, 6, 3), strict=True), start=1):
            layers = []
            for block in range(blocks):
                layers.append(Bottleneck(before, width, 2 if number > 1 and not block else 1, norm))
                before = 4 * width
            self.add_module(f"layer{number}", nn.Sequential(*layers))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the four maps of images `x` (N, 3, H, W)."""
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        maps = []
        for number in range(1, 5):
            x = self.get_submodule(f"layer{number}")(x)
            maps.append(x)
        return maps

    def freeze(self, trainable_layers: int) -> None:
        """Let only the last so many of five parts learn, from conv1 to layer4; with five of them bn1 learns too."""
        learning = ("layer4", "layer3", "layer2", "layer1", "conv1", "bn1")[
            : trainable_layers + (trainable_layers == 5)
        ]
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name.startswith(learning))


class FeaturePyramid(nn.Module):
    """Turns maps of several strides, the finest first, into as many with `out_channels` each, and one more.

    From the coarsest to the finest: a 1 × 1 convolution of a map, plus the sum so far, enlarged to
    its size by repeating cells; a 3 × 3 convolution of each sum is the level. The one more takes
    every second cell of the coarsest level, for the largest anchors (Lin et al. 2017, figure 3).
    """

    def __init__(self, in_channels: Sequence[int], out_channels: int = 256) -> None:
        super().__init__()
        self.inner_blocks = nn.ModuleList(nn.Sequential(nn.Conv2d(before, out_channels, 1)) for before in in_channels)
        self.layer_blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(out_channels, out_channels, 3, padding=1)) for _ in in_channels
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.kaiming_uniform_(module.weight, a=1)
                nn.init.zeros_(module.bias)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Return the levels (N, out_channels, h, w) of `maps` (N, C, h, w), and the one more."""
        levels: list[Tensor] = []
        total: Tensor | None = None
        for inner, layer, own in zip(self.inner_blocks[::-1], self.layer_blocks[::-1], maps[::-1], strict=True):
            lateral = inner(own)
            total = lateral if total is None else lateral + F.interpolate(total, size=lateral.shape[-2:])
            levels.insert(0, layer(total))
        return [*levels, levels[-1][:, :, ::2, ::2]]


class PyramidBackbone(nn.Module):
    """A body and the pyramid on top of it: images (N, 3, H, W) → a dict of maps, the finest first.

    `body` gives a list of maps and says in `channels` how many each has. The last map, "pool",
    is for anchors alone: no region is cut from it.
    """

    def __init__(self, body: nn.Module, channels: Sequence[int], out_channels: int = 256) -> None:
        super().__init__()
        self.body, self.fpn, self.out_channels = body, FeaturePyramid(channels, out_channels), out_channels

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return the maps of images `x` (N, 3, H, W), by their names "0", "1", … and "pool"."""
        levels = self.fpn(self.body(x))
        return {**{str(number): level for number, level in enumerate(levels[:-1])}, "pool": levels[-1]}


class SmallBackbone(nn.Module):
    """Nine convolutions that turn images (N, 3, H, W) into one map (N, 64, H/stride, W/stride).

    Raises:
        ValueError: a stride other than 8 and 16.
    """

    out_channels = 64

    def __init__(self, stride: Stride = 8) -> None:
        super().__init__()
        if stride not in (8, 16):
            raise ValueError(f"stride must be 8 or 16, got {stride!r}")
        # The same nine convolutions for both strides: what differs is where the last halving happens.
        self.body = nn.Sequential(
            *_convolution(3, 24, stride=2),
            *_convolution(24, 24),
            *_convolution(24, 48, stride=2),
            *_convolution(48, 48),
            *_convolution(48, 64, stride=2),
            *_convolution(64, 64),
            *_convolution(64, 64, stride=stride // 8),
            *_convolution(64, 64),
            *_convolution(64, self.out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the map of images `x` (N, 3, H, W)."""
        features: Tensor = self.body(x)
        return features


def _convolution(before: int, after: int, stride: int = 1) -> tuple[nn.Module, ...]:
    return nn.Conv2d(before, after, 3, stride, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()


def resnet50_pyramid(norm: Norm, trainable_layers: int) -> PyramidBackbone:
    """Return a ResNet-50 with a pyramid, of which the last `trainable_layers` of five parts learn.

    Raises:
        TypeError: not an int.
        ValueError: other than 0 to 5 layers.
    """
    require_int("trainable_backbone_layers", trainable_layers, least=0)
    if trainable_layers > 5:
        raise ValueError(f"trainable_backbone_layers must be at most 5, got {trainable_layers}")
    body = ResNet50(norm)
    body.freeze(trainable_layers)
    return PyramidBackbone(body, body.channels)


def as_maps(features: Tensor | Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what a backbone gave as a dict of maps: a single one is called "0"."""
    return {"0": features} if isinstance(features, Tensor) else dict(features)
