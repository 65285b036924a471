"""What a reference function asks of tensors whose shape is a word, (N, K, 4), (N, J), of numbers and of sizes.

As in `require`, the functions here only raise, and the notebook builder leaves their calls out.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def require_tensor(
    name: str, x: Tensor, shape: Sequence[int | str], *, like: Tensor | None = None, dtype: torch.dtype | None = None
) -> None:
    """Raise unless `x` is a dense tensor of `shape`, in which a letter stands for any size.

    Without `dtype` it must be floating point, and of the dtype of `like` where that is given.

    Raises:
        TypeError: not a tensor, or another dtype.
        ValueError: another shape.

    >>> require_tensor("boxes", torch.zeros(3, 5), ("N", 4))
    Traceback (most recent call last):
    ...
    ValueError: boxes must have shape (N, 4), got (3, 5)
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(x).__name__}")
    if x.layout != torch.strided:
        raise TypeError(f"{name} must be a dense tensor, got {x.layout}")
    if dtype is None and not x.is_floating_point():
        raise TypeError(f"{name} must be a floating-point tensor, got {x.dtype}")
    wanted = dtype if dtype is not None else x.dtype if like is None else like.dtype
    if x.dtype != wanted:
        raise TypeError(
            f"{name} must be {str(wanted).removeprefix('torch.')}, got {str(x.dtype).removeprefix('torch.')}"
        )
    if x.ndim != len(shape) or any(
        isinstance(size, int) and size != got for size, got in zip(shape, x.shape, strict=True)
    ):
        text = ", ".join(map(str, shape))
        raise ValueError(f"{name} must have shape ({text}{',' if len(shape) == 1 else ''}), got {tuple(x.shape)}")


def require_indices(name: str, x: Tensor, shape: Sequence[int | str], count: int) -> None:
    """Raise unless `x` is an int64 tensor of `shape` that holds indices 0 … `count` − 1.

    Raises:
        TypeError: not an int64 tensor.
        ValueError: another shape, or an index out of range.
    """
    require_tensor(name, x, shape, dtype=torch.int64)
    if x.numel() and (int(x.min()) < 0 or int(x.max()) >= count):
        raise ValueError(f"{name} must lie between 0 and {count - 1}, got {int(x.min())} to {int(x.max())}")


def require_number(
    name: str,
    value: float,
    *,
    least: float = float("-inf"),
    above: float = float("-inf"),
    most: float = float("inf"),
) -> None:
    """Raise unless `value` is a finite number, at least `least`, greater than `above` and at most `most`.

    Raises:
        TypeError: not an int or a float.
        ValueError: out of range, infinite or NaN.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not float("-inf") < value < float("inf"):
        raise ValueError(f"{name} must be finite, got {value}")
    if value < least:
        raise ValueError(f"{name} must be at least {least:g}, got {value}")
    if value <= above:
        raise ValueError(f"{name} must be greater than {above:g}, got {value}")
    if value > most:
        raise ValueError(f"{name} must be at most {most:g}, got {value}")


def require_size(name: str, size: Sequence[int], *, least: int = 1) -> None:
    """Raise unless `size` is (H, W) in ints, each at least `least`.

    Raises:
        TypeError: something else than two ints.
        ValueError: a side that is too short.
    """
    if not isinstance(size, Sequence) or len(size) != 2 or any(type(side) is not int for side in size):
        raise TypeError(f"{name} must be (H, W) in ints, got {size!r}")
    if min(size) < least:
        raise ValueError(
            f"{name} must be at least {least} × {least} {'pixel' if least == 1 else 'pixels'}, got {tuple(size)}"
        )
