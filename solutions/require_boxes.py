"""What the functions on boxes ask of their arguments, each as one sentence: what came, and what was expected."""

from collections.abc import Sequence

import torch
from torch import Tensor

from solutions.require import require_int
from solutions.require_tensors import require_indices, require_number, require_size, require_tensor


def require_boxes(name: str, boxes: Tensor, *, like: Tensor | None = None, ordered: bool = True) -> None:
    """Raise unless `boxes` is a floating-point tensor (N, 4), where asked of the dtype of `like`.

    With `ordered`, x1 ≤ x2 and y1 ≤ y2 must hold, which NaN does not.

    Raises:
        TypeError: not a tensor, not floating point, or another dtype than `like`.
        ValueError: another shape, or a box whose corners are exchanged.
    """
    require_tensor(name, boxes, ("N", 4), like=like)
    if ordered and not bool((boxes[:, :2] <= boxes[:, 2:]).all()):
        wrong = int((~(boxes[:, :2] <= boxes[:, 2:]).all(dim=1)).nonzero()[0])
        raise ValueError(
            f"{name} must be (x1, y1, x2, y2) with x1 ≤ x2 and y1 ≤ y2, got {boxes[wrong].tolist()} in row {wrong}"
        )


def require_class_boxes(boxes: Tensor, labels: Tensor) -> None:
    """Raise unless `boxes` is (N, K, 4) with at least one class, and `labels` (N,) names one of them an image.

    Raises:
        TypeError: `boxes` is not a floating-point tensor, or `labels` not an int64 tensor.
        ValueError: shapes that do not fit, no class, or a label outside 0 … K − 1.
    """
    require_tensor("boxes", boxes, ("N", "K", 4))
    batch, classes, _ = boxes.shape
    if not classes:
        raise ValueError(f"boxes must hold at least one class, got {tuple(boxes.shape)}")
    require_indices("labels", labels, (batch,), classes)


def require_scores(scores: Tensor, count: int) -> None:
    """Raise unless `scores` is a floating-point tensor (`count`,) without NaN.

    Raises:
        TypeError: not a floating-point tensor.
        ValueError: another shape, or NaN among them.
    """
    require_tensor("scores", scores, (count,))
    if bool(scores.isnan().any()):
        raise ValueError("scores must be numbers that can be put in order, got NaN")


def require_labels(labels: Tensor, count: int) -> None:
    """Raise unless `labels` is an int64 tensor (`count`,).

    Raises:
        TypeError: not an int64 tensor.
        ValueError: another shape.
    """
    require_tensor("labels", labels, (count,), dtype=torch.int64)


def require_threshold(name: str, value: float) -> None:
    """Raise unless `value` is a number from 0 to 1.

    Raises:
        TypeError: not a number.
        ValueError: out of range.
    """
    require_number(name, value, least=0, most=1)


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
    """Raise unless `recall` and `precision` are floating-point tensors (D,) from 0 to 1, and recall never falls.

    Raises:
        TypeError: not floating-point tensors.
        ValueError: two shapes, numbers outside 0 … 1, or a recall that falls.
    """
    require_tensor("recall", recall, ("D",))
    require_tensor("precision", precision, (len(recall),))
    for name, values in (("recall", recall), ("precision", precision)):
        if not bool(((values >= 0) & (values <= 1)).all()):
            raise ValueError(f"{name} must lie between 0 and 1, got {values.tolist()}")
    if bool((recall.diff() < 0).any()):
        raise ValueError("recall must never fall: sort the detections by descending score first")


def require_filled(name: str, boxes: Tensor, *, like: Tensor | None = None) -> None:
    """Raise unless `boxes` is a floating-point tensor (N, 4) of boxes with area, where asked of the dtype of `like`.

    Raises:
        TypeError: not a tensor, not floating point, or another dtype than `like`.
        ValueError: another shape than (N, 4), another number of boxes than `like` has, or a box without area.
    """
    require_tensor(name, boxes, ("N" if like is None else len(like), 4), like=like)
    empty = ~(boxes[:, :2] < boxes[:, 2:]).all(dim=1)
    if bool(empty.any()):
        wrong = int(empty.nonzero()[0])
        raise ValueError(f"{name} must have area, x1 < x2 and y1 < y2, got {boxes[wrong].tolist()} in row {wrong}")


def require_deltas(deltas: Tensor, anchors: Tensor) -> None:
    """Raise unless `deltas` is (N, K · 4) for N `anchors`, with at least one box a row, and in their dtype.

    Raises:
        TypeError: not a floating-point tensor of that dtype.
        ValueError: another shape.
    """
    require_tensor("deltas", deltas, (len(anchors), "4, or K · 4"), like=anchors)
    if not deltas.shape[1] or deltas.shape[1] % 4:
        raise ValueError(f"deltas must have four numbers a box, (N, 4) or (N, K · 4), got {tuple(deltas.shape)}")


def require_weights(weights: Sequence[float]) -> None:
    """Raise unless `weights` are four numbers greater than 0.

    Raises:
        TypeError: not four numbers.
        ValueError: one that is 0 or less.
    """
    if not isinstance(weights, Sequence) or len(weights) != 4:
        raise TypeError(f"weights must be four numbers, got {weights!r}")
    for number, weight in enumerate(weights):
        require_number(f"weights[{number}]", weight, above=0)
