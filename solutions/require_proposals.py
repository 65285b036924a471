"""What proposals and the pieces of R-CNN ask of their arguments, each as one sentence: what came, what was expected."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from course.pieces import COLOURS
from solutions.require import require_int, require_one_of
from solutions.require_tensors import require_number, require_tensor


def require_warp(image: Tensor, size: int, context: int) -> None:
    """Raise unless `image` is (C, H, W) with a pixel, and a rim of `context` leaves something of `size` × `size`.

    Raises:
        TypeError: not a floating-point tensor, or sizes that are not ints.
        ValueError: another shape, no pixel, or a rim that leaves nothing.
    """
    require_tensor("image", image, ("C", "H", "W"))
    if min(image.shape[1:]) < 1:
        raise ValueError(f"image must have at least one pixel, got {tuple(image.shape)}")
    require_int("size", size, least=1)
    require_int("context", context, least=0)
    if 2 * context >= size:
        raise ValueError(f"context must leave room for the box: 2 · context < size, got {context} and {size}")


def require_ranges(foreground: float, background: tuple[float, float]) -> None:
    """Raise unless `foreground` is a number and `background` is two, the lower one first.

    Raises:
        TypeError: not numbers, or not two.
        ValueError: the higher one comes first.
    """
    require_number("foreground", foreground)
    if not isinstance(background, tuple | list) or len(background) != 2:
        raise TypeError(f"background must be (low, high), got {background!r}")
    for name, value in zip(("low", "high"), background, strict=True):
        require_number(f"background's {name}", value)
    if background[0] > background[1]:
        raise ValueError(f"background must be (low, high) with low ≤ high, got {tuple(background)}")


def require_signs(labels: Tensor, features: Tensor) -> None:
    """Raise unless `labels` are +1 or −1, one for each row of `features` and in its dtype.

    Raises:
        TypeError: another dtype.
        ValueError: another shape, or another number.
    """
    require_tensor("labels", labels, (len(features),), like=features)
    if not bool((labels.abs() == 1).all()):
        raise ValueError(f"labels must be 1 or −1, got {labels[labels.abs() != 1][0].item():g}")


Picture = Tensor | NDArray[np.uint8]


def require_picture(image: Picture) -> None:
    """Raise unless `image` is a uint8 picture (H, W, 3) with a pixel, as a tensor or as an array.

    Raises:
        TypeError: neither a tensor nor an array, or not uint8.
        ValueError: another shape, or no pixel.
    """
    if not isinstance(image, Tensor | np.ndarray):
        raise TypeError(f"image must be a tensor or an array (H, W, 3), got {type(image).__name__}")
    if image.dtype not in (torch.uint8, np.uint8):
        raise TypeError(f"image must be uint8, from 0 to 255, got {str(image.dtype).removeprefix('torch.')}")
    shape = tuple(image.shape)
    if len(shape) != 3 or shape[2] != 3 or min(shape) < 1:
        raise ValueError(f"image must have shape (H, W, 3) with at least one pixel, got {shape}")


def require_pieces(scale: float, sigma: float, min_size: int, colours: str) -> None:
    """Raise unless an image can be cut into pieces so: scale > 0, sigma ≥ 0, min_size ≥ 0, a known colour space.

    Raises:
        TypeError: not numbers.
        ValueError: out of range, or another colour space.
    """
    require_number("scale", scale, above=0)
    require_number("sigma", sigma, least=0)
    require_int("min_size", min_size, least=0)
    require_one_of("colours", colours, COLOURS)


def require_search(
    scales: Sequence[float], sigma: float, min_size: int, colours: Sequence[str], most: int, min_side: float
) -> None:
    """Raise unless there is a scale and a colour space, each as `require_pieces` asks, `most` ≥ 1 and `min_side` ≥ 0.

    Raises:
        TypeError: not sequences, or not numbers.
        ValueError: empty, or out of range.
    """
    for name, several in (("scale", scales), ("colours", colours)):
        if isinstance(several, str) or not isinstance(several, Sequence):
            raise TypeError(f"{name} must be a sequence, got {several!r}")
        if not several:
            raise ValueError(f"{name} must have at least one entry, got {several!r}")
    for scale in scales:
        for space in colours:
            require_pieces(scale, sigma, min_size, space)
    require_int("most", most, least=1)
    require_number("min_side", min_side, least=0)
