"""What the functions on boxes ask of their arguments, each as one sentence: what came, and what was expected."""

from collections.abc import Sequence

import torch
from torch import Tensor

from solutions.require import require_int


def require_boxes(name: str, boxes: Tensor, *, like: Tensor | None = None, ordered: bool = True) -> None:
    """Raise unless `boxes` is a floating-point tensor (N, 4), where asked of the dtype of `like`.

    With `ordered`, x1 ≤ x2 and y1 ≤ y2 must hold, which NaN does not.

    Raises:
        TypeError: not a tensor, not floating point, or another dtype than `like`.
        ValueError: another shape, or a box whose corners are exchanged.
    """
    if not isinstance(boxes, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(boxes).__name__}")
    if not boxes.is_floating_point():
        raise TypeError(f"{name} must be a floating-point tensor, got {boxes.dtype}")
    if like is not None and boxes.dtype != like.dtype:
        raise TypeError(f"{name} must have the dtype of the other boxes, {like.dtype}, got {boxes.dtype}")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name} must have shape (N, 4), got {tuple(boxes.shape)}")
    if ordered and not bool((boxes[:, :2] <= boxes[:, 2:]).all()):
        wrong = int((~(boxes[:, :2] <= boxes[:, 2:]).all(dim=1)).nonzero()[0])
        raise ValueError(
            f"{name} must be (x1, y1, x2, y2) with x1 ≤ x2 and y1 ≤ y2, got {boxes[wrong].tolist()} in row {wrong}"
        )


def require_scores(scores: Tensor, boxes: Tensor, of: str = "boxes") -> None:
    """Raise unless `scores` is a floating-point tensor (N,), one number a box (or whatever `of` calls it), none NaN.

    Raises:
        TypeError: not a floating-point tensor.
        ValueError: another shape, or NaN among them.
    """
    if not isinstance(scores, Tensor) or not scores.is_floating_point():
        came = scores.dtype if isinstance(scores, Tensor) else type(scores).__name__
        raise TypeError(f"scores must be a floating-point tensor, got {came}")
    if tuple(scores.shape) != (len(boxes),):
        raise ValueError(f"scores must have shape ({len(boxes)},), one for each of {of}, got {tuple(scores.shape)}")
    if bool(scores.isnan().any()):
        raise ValueError("scores must be numbers that can be put in order, got NaN")


def require_labels(labels: Tensor, boxes: Tensor) -> None:
    """Raise unless `labels` is an int64 tensor (N,), one a box.

    Raises:
        TypeError: not an int64 tensor.
        ValueError: another shape.
    """
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
        came = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise TypeError(f"labels must be an int64 tensor, got {came}")
    if tuple(labels.shape) != (len(boxes),):
        raise ValueError(f"labels must have shape ({len(boxes)},), one for each of boxes, got {tuple(labels.shape)}")


def require_threshold(name: str, value: float) -> None:
    """Raise unless `value` is a number from 0 to 1.

    Raises:
        TypeError: not a number.
        ValueError: out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number from 0 to 1, got {value!r}")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be a number from 0 to 1, got {value}")


def require_size(name: str, size: Sequence[int], least: int = 0) -> None:
    """Raise unless `size` is (height, width) in whole numbers of at least `least`.

    Raises:
        TypeError: not a sequence of ints.
        ValueError: not two of them, or one that is too small.
    """
    if not isinstance(size, Sequence) or any(type(side) is not int for side in size):
        raise TypeError(f"{name} must be (height, width) in ints, got {size!r}")
    if len(size) != 2 or min(size) < least:
        raise ValueError(f"{name} must be (height, width), both at least {least}, got {tuple(size)}")


def require_window_sizes(window_sizes: Sequence[Sequence[int]], stride: int) -> None:
    """Raise unless `window_sizes` are pairs (height, width) of at least one pixel, and `stride` is 1 or more.

    Raises:
        TypeError: not a sequence of pairs of ints, or a stride that is not an int.
        ValueError: a window without pixels, or a stride below 1.
    """
    if not isinstance(window_sizes, Sequence):
        raise TypeError(f"window_sizes must be a sequence of pairs (height, width), got {window_sizes!r}")
    for number, size in enumerate(window_sizes):
        require_size(f"window_sizes[{number}]", size, least=1)
    require_int("stride", stride, least=1)


def require_curve(recall: Tensor, precision: Tensor) -> None:
    """Raise unless `recall` and `precision` are floating-point tensors (D,) and recall never falls.

    Raises:
        TypeError: not floating-point tensors.
        ValueError: two shapes, numbers outside 0 … 1, or a recall that falls.
    """
    for name, values in (("recall", recall), ("precision", precision)):
        if not isinstance(values, Tensor) or not values.is_floating_point():
            came = values.dtype if isinstance(values, Tensor) else type(values).__name__
            raise TypeError(f"{name} must be a floating-point tensor, got {came}")
        if not bool(((values >= 0) & (values <= 1)).all()):
            raise ValueError(f"{name} must lie between 0 and 1, got {values.tolist()}")
    if recall.ndim != 1 or recall.shape != precision.shape:
        raise ValueError(
            f"recall and precision must both have shape (D,), got {tuple(recall.shape)} and {tuple(precision.shape)}"
        )
    if bool((recall.diff() < 0).any()):
        raise ValueError("recall must never fall: sort the detections by descending score first")
