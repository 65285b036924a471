"""What the functions of `solutions.sliding_window` ask of their arguments, each as one sentence.

As in `solutions.require`: the functions here only raise, and the notebooks leave their calls out.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from solutions.require import require_int


def require_image(name: str, image: Tensor, *, pixels: bool = False) -> None:
    """Raise unless `image` is a floating-point tensor (C, H, W), with at least one pixel where `pixels` asks for it.

    Raises:
        TypeError: not a tensor, or not floating point.
        ValueError: the wrong number of dimensions, or no pixel.
    """
    if not isinstance(image, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(image).__name__}")
    if not image.is_floating_point():
        raise TypeError(f"{name} must be a floating-point tensor, got {image.dtype}")
    if image.layout != torch.strided:
        raise TypeError(f"{name} must be a dense tensor, got {image.layout}")
    if image.ndim != 3:
        raise ValueError(f"{name} must have shape (C, H, W), got {tuple(image.shape)}")
    if pixels and min(image.shape[1:]) == 0:
        raise ValueError(f"{name} must have at least one pixel, got {tuple(image.shape)}")


def require_odd(name: str, size: int) -> None:
    """Raise unless `size` is an odd int above 0: only then has a window a pixel in its centre.

    Raises:
        TypeError: not an int.
        ValueError: even, or below 1.
    """
    require_int(name, size, least=1)
    if size % 2 == 0:
        raise ValueError(f"{name} must be odd, so that a window has a pixel in its centre, got {size}")


def require_module(name: str, module: nn.Module, kind: type[nn.Module] = nn.Module) -> None:
    """Raise unless `module` is a module of the given kind.

    Raises:
        TypeError: something else.
    """
    if not isinstance(module, kind):
        raise TypeError(f"{name} must be an nn.{kind.__name__}, got {type(module).__name__}")


def require_scores(scores: Tensor, count: int) -> None:
    """Raise unless a classifier gave scores (B, K) for the `count` patches that it got.

    Raises:
        ValueError: another shape.
    """
    if scores.ndim != 2 or len(scores) != count or scores.shape[1] == 0:
        raise ValueError(
            f"classifier must return scores (B, K), with B = {count} for {count} patches, got {tuple(scores.shape)}"
        )


def require_features(linear: nn.Linear, in_channels: int, kernel: Sequence[int]) -> None:
    """Raise unless a window of `in_channels` channels and `kernel` pixels has the features that `linear` takes.

    Raises:
        ValueError: another number.
    """
    features = in_channels * kernel[0] * kernel[1]
    if features != linear.in_features:
        raise ValueError(
            f"linear must take in_channels · kernel height · kernel width = {in_channels} · {kernel[0]} · {kernel[1]} "
            f"= {features} features, got {linear.in_features}"
        )


def require_layers(layers: Sequence[tuple[int, int, int]]) -> None:
    """Raise unless `layers` are convolutions (in_channels, out_channels, kernel_size), each taking what the last gives.

    Raises:
        TypeError: not a sequence of triples of ints.
        ValueError: no layer, a number below 1, or channels that do not fit.
    """
    if not isinstance(layers, Sequence) or not all(isinstance(layer, Sequence) and len(layer) == 3 for layer in layers):
        raise TypeError(f"layers must be a sequence of (in_channels, out_channels, kernel_size), got {layers!r}")
    if not layers:
        raise ValueError("layers must hold at least one convolution, got none")
    given = layers[0][0]
    for number, layer in enumerate(layers):
        for name, value in zip(("in_channels", "out_channels", "kernel_size"), layer, strict=True):
            require_int(f"layers[{number}]: {name}", value, least=1)
        if layer[0] != given:
            raise ValueError(f"layers[{number}] must take the {given} channels of the layer before it, got {layer[0]}")
        given = layer[1]


def require_stride_one(layer: nn.Module) -> None:
    """Raise where `layer` steps over pixels or pads: windows cut out before and after it would not be the same.

    Raises:
        ValueError: a convolution or a pooling with a stride or with padding, or a layer that looks at whole maps.
    """
    if not isinstance(layer, nn.Conv2d | nn.Linear | nn.Flatten | nn.ReLU | nn.Identity | nn.Dropout | nn.BatchNorm2d):
        raise ValueError(
            f"classifier must consist of convolutions, linear layers and ReLU, got a {type(layer).__name__}"
        )
    if isinstance(layer, nn.Conv2d):
        plain = layer.stride == (1, 1) and layer.padding in ((0, 0), "valid")
        if not plain:
            raise ValueError(
                f"classifier's convolutions must have stride 1 and no padding, got stride {layer.stride} and "
                f"padding {layer.padding}"
            )
