"""What the pieces of R-CNN ask of their arguments, each as one sentence: what came, and what was expected."""

from torch import Tensor

from solutions.require import require_int
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
