"""What a reference function asks of its arguments, each as one sentence: what came, and what was expected.

The functions here only raise; they compute nothing. The notebook builder leaves their calls out of the stub and of the
solution cell, so that a student reads the idea and not the guards.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor


def require_images(name: str, x: Tensor, *, unbatched: bool = False) -> None:
    """Raise unless `x` is a floating-point tensor (N, C, H, W), or (C, H, W) where `unbatched` allows it.

    Raises:
        TypeError: not a tensor, or not floating point.
        ValueError: the wrong number of dimensions.
    """
    _require_floating(name, x)
    if x.ndim != 4 and not (unbatched and x.ndim == 3):
        shapes = "(N, C, H, W) or (C, H, W)" if unbatched else "(N, C, H, W)"
        raise ValueError(f"{name} must have shape {shapes}, got {tuple(x.shape)}")


def require_ints(name: str, value: int | Sequence[int], *, least: int, most: int = 2) -> None:
    """Raise unless `value` is an int, or one to `most` ints, each at least `least`. `most` is 1 for signals.

    Raises:
        TypeError: something else than ints.
        ValueError: too many of them, or one that is too small.
    """
    numbers = tuple(value) if isinstance(value, Sequence) else (value,)
    if any(isinstance(number, bool) or not isinstance(number, int) for number in numbers):
        raise TypeError(f"{name} must be an int or a {'pair' if most == 2 else 'tuple'} of ints, got {value!r}")
    if not 1 <= len(numbers) <= most:
        several = "a pair (height, width)" if most == 2 else "a tuple of one"
        raise ValueError(f"{name} must be an int or {several}, got {value!r}")
    if any(number < least for number in numbers):
        raise ValueError(f"{name} must be at least {least}, got {value!r}")


def require_int(name: str, value: int, *, least: int) -> None:
    """Raise unless `value` is one int of at least `least`.

    Raises:
        TypeError: not an int.
        ValueError: too small.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def require_pooling(size: Sequence[int], kernel: Sequence[int], padding: Sequence[int]) -> None:
    """Raise unless a window of `kernel` fits into an image of `size` padded by `padding`.

    Raises:
        ValueError: the padding exceeds half the window, or the window exceeds the padded image.
    """
    for side, length, window, pad in zip(("height", "width"), size, kernel, padding, strict=True):
        if pad > window // 2:
            raise ValueError(f"padding must be at most half of kernel_size, got {pad} for a window of {side} {window}")
        if length + 2 * pad < window:
            raise ValueError(
                f"kernel_size must fit into the padded image, got a window of {side} {window} "
                f"for {length} + 2·{pad} = {length + 2 * pad} pixels"
            )


def require_positions(name: str, indices: Tensor, like: Tensor, count: int) -> None:
    """Raise unless `indices` holds one int64 position in 0 … count − 1 for each element of `like`.

    Raises:
        TypeError: not an int64 tensor.
        ValueError: another shape than `like`, or a position outside the output.
    """
    if not isinstance(indices, Tensor) or indices.dtype != torch.int64:
        came = indices.dtype if isinstance(indices, Tensor) else type(indices).__name__
        raise TypeError(f"{name} must be an int64 tensor, got {came}")
    if indices.shape != like.shape:
        raise ValueError(f"{name} must have the shape of x, {tuple(like.shape)}, got {tuple(indices.shape)}")
    if indices.numel() and (int(indices.min()) < 0 or int(indices.max()) >= count):
        raise ValueError(
            f"{name} must lie between 0 and {count - 1}, the positions of one output plane, "
            f"got {int(indices.min())} to {int(indices.max())}"
        )


def require_output_size(output_size: Sequence[int], x: Tensor, default: Sequence[int], stride: Sequence[int]) -> None:
    """Raise unless pooling an image of `output_size` could have given `x`: within one stride of `default`.

    Raises:
        TypeError: `output_size` is no sequence of ints.
        ValueError: `output_size` has neither two nor four numbers, another batch or other channels than `x`, or a side
            that is a stride or more away from `default`.
    """
    if not isinstance(output_size, Sequence) or any(type(size) is not int for size in output_size):
        raise TypeError(f"output_size must be (H, W) or (N, C, H, W) in ints, got {output_size!r}")
    if len(output_size) not in (2, 4):
        raise ValueError(f"output_size must be (H, W) or (N, C, H, W), got {tuple(output_size)}")
    if len(output_size) == 4 and x.ndim == 4 and tuple(output_size[:2]) != tuple(x.shape[:2]):
        raise ValueError(f"output_size must have the N and C of x, {tuple(x.shape[:2])}, got {tuple(output_size)}")
    for side, size, usual, step in zip(("height", "width"), output_size[-2:], default, stride, strict=True):
        if not usual - step < size < usual + step:
            raise ValueError(
                f"output_size must have a {side} between {usual - step + 1} and {usual + step - 1}, "
                f"the sizes that pool to this input, got {size}"
            )


def require_room(size: Sequence[int], padding: Sequence[int]) -> None:
    """Raise unless an output of `size` has pixels.

    Raises:
        ValueError: the padding leaves none.
    """
    if min(size) < 1:
        raise ValueError(f"padding must leave an output of at least one pixel, got {tuple(padding)}: {tuple(size)}")


def require_filters(weight: Tensor, bias: Tensor, x: Tensor) -> None:
    """Raise unless `weight` (D, C, 3, 3) and `bias` (D,) are those of a convolution of `x` (N, C, H, W).

    Raises:
        TypeError: not tensors, or not of the dtype of `x`.
        ValueError: shapes that do not fit.
    """
    for name, tensor in (("weight", weight), ("bias", bias)):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}")
        if tensor.dtype != x.dtype:
            raise TypeError(f"{name} must have the dtype of x, {x.dtype}, got {tensor.dtype}")
    if weight.ndim != 4 or tuple(weight.shape[1:]) != (x.shape[1], 3, 3):
        raise ValueError(f"weight must have shape (D, {x.shape[1]}, 3, 3), got {tuple(weight.shape)}")
    if tuple(bias.shape) != (weight.shape[0],):
        raise ValueError(f"bias must have shape ({weight.shape[0]},), got {tuple(bias.shape)}")


def require_signals(name: str, x: Tensor) -> None:
    """Raise unless `x` is a floating-point tensor (N, C, L) or (C, L).

    Raises:
        TypeError: not a tensor, or not floating point.
        ValueError: the wrong number of dimensions.
    """
    _require_floating(name, x)
    if x.ndim not in (2, 3):
        raise ValueError(f"{name} must have shape (N, C, L) or (C, L), got {tuple(x.shape)}")


def require_stamps(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    sides: int,
    shape: Sequence[int] | None = None,
    name: str = "x",
) -> None:
    """Raise unless `weight` (Cin, Cout, …) and `bias` (Cout,) fit a transposed convolution of `x` (…, Cin, …).

    `sides` is 1 for signals and 2 for images; `shape` is what must follow Cin where that is known; `name` is that of
    `x`.

    Raises:
        TypeError: not tensors, or not of the dtype of `x`.
        ValueError: shapes that do not fit, or an `x` or a `weight` without pixels.
    """
    for label, tensor in (("weight", weight), ("bias", bias)):
        if label == "bias" and tensor is None:
            continue
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{label} must be a torch.Tensor, got {type(tensor).__name__}")
        if tensor.dtype != x.dtype:
            raise TypeError(f"{label} must have the dtype of {name}, {x.dtype}, got {tensor.dtype}")
    channels = x.shape[-1 - sides]
    rest = ("Cout, k" if sides == 1 else "Cout, kh, kw") if shape is None else ", ".join(map(str, shape))
    fits = weight.ndim == 2 + sides and weight.shape[0] == channels and weight.numel() > 0
    if not fits or (shape is not None and tuple(weight.shape[1:]) != tuple(shape)):
        raise ValueError(f"weight must have shape ({channels}, {rest}), got {tuple(weight.shape)}")
    if bias is not None and tuple(bias.shape) != (weight.shape[1],):
        raise ValueError(f"bias must have shape ({weight.shape[1]},), got {tuple(bias.shape)}")
    if min(x.shape[-sides:]) < 1:
        raise ValueError(f"{name} must have at least one pixel in every direction, got {tuple(x.shape)}")


def require_output_padding(output_padding: Sequence[int], stride: Sequence[int]) -> None:
    """Raise unless each `output_padding` is smaller than its `stride`.

    Raises:
        ValueError: a larger one.
    """
    if any(extra >= step for extra, step in zip(output_padding, stride, strict=True)):
        raise ValueError(f"output_padding must be smaller than stride, {tuple(stride)}, got {tuple(output_padding)}")


def require_convolution(weight: Tensor, size: Sequence[int], padding: Sequence[int]) -> None:
    """Raise unless `weight` (Cout, Cin, kh, kw) are filters that fit an image of `size` padded by `padding`.

    Raises:
        TypeError: not a floating-point tensor.
        ValueError: a wrong shape, or a filter that exceeds the padded image.
    """
    _require_floating("weight", weight)
    if weight.ndim != 4 or weight.numel() == 0:
        raise ValueError(f"weight must have shape (Cout, Cin, kh, kw), none of them 0, got {tuple(weight.shape)}")
    for side, length, window, pad in zip(("height", "width"), size, weight.shape[-2:], padding, strict=True):
        if length + 2 * pad < window:
            raise ValueError(
                f"weight must fit into the padded image, got a filter of {side} {window} "
                f"for {length} + 2·{pad} = {length + 2 * pad} pixels"
            )


def require_halved(coarse: Tensor, skip: Tensor) -> None:
    """Raise unless `coarse` (N, K, ⌈H/2⌉, ⌈W/2⌉) has half the size of `skip` (N, K, H, W).

    Raises:
        TypeError: two dtypes.
        ValueError: another shape.
    """
    if skip.dtype != coarse.dtype:
        raise TypeError(f"skip must have the dtype of coarse, {coarse.dtype}, got {skip.dtype}")
    batch, channels, height, width = skip.shape
    wanted = (batch, channels, -(-height // 2), -(-width // 2))
    if tuple(coarse.shape) != wanted:
        raise ValueError(
            f"coarse must have half the size of skip, {wanted} for {tuple(skip.shape)}, got {tuple(coarse.shape)}"
        )


def _require_floating(name: str, x: Tensor) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(x).__name__}")
    if not x.is_floating_point():
        raise TypeError(f"{name} must be a floating-point tensor, got {x.dtype}")
    if x.layout != torch.strided:
        raise TypeError(f"{name} must be a dense tensor, got {x.layout}")


def require_one_of(name: str, value: object, known: Iterable[str]) -> None:
    """Raise unless `value` is one of the words in `known`.

    Raises:
        ValueError: it is not.
    """
    words = tuple(known)
    if value not in words:
        *others, last = (f'"{word}"' for word in words)
        raise ValueError(f"{name} must be {', '.join(others)} or {last}, got {value!r}")


def require_widths(name: str, widths: Sequence[int]) -> None:
    """Raise unless `widths` is a sequence of one int or more, each a number of channels.

    Raises:
        TypeError: not a sequence of ints.
        ValueError: no width, or one below 1.
    """
    if not isinstance(widths, Sequence) or any(type(width) is not int for width in widths):
        raise TypeError(f"{name} must be a sequence of ints, got {widths!r}")
    if not widths or min(widths) < 1:
        raise ValueError(f"{name} must hold at least one number of channels, each at least 1, got {tuple(widths)}")
