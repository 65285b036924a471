"""One loss for all pixels, and the counting that tells how good the labels are.

A label map is a classification a pixel: the loss is the mean of all those that count, and a confusion matrix holds all
that a metric needs to know. Pixels of the ignore label, a border or an unknown thing, count for neither. Mean
intersection over union is the metric of Pascal VOC (Everingham et al., 2010) and of Long, Shelhamer & Darrell (2015).
"""

import torch
from torch import Tensor

from solutions.require import require_images, require_int

_INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


def pixel_cross_entropy(
    logits: Tensor,
    target: Tensor,
    ignore_index: int = 255,
) -> Tensor:
    """Return the cross-entropy of `logits` (N, K, H, W), a mean over all pixels that count.

    `target` (N, H, W) int64 holds the right class of each pixel, 0 … K − 1. A pixel whose
    target is `ignore_index` does not count: it adds nothing to the sum, to the number
    that the sum is divided by, or to the gradient. Where no pixel counts, the result is
    0 and its gradient is 0. The result has no dimension and the dtype of `logits`.

    Raises:
        TypeError: `logits` is not a floating-point tensor, or `target` not an int64 tensor.
        ValueError: shapes that do not fit, or a label that is neither 0 … K − 1 nor `ignore_index`.

    >>> logits = torch.tensor([[2.0, 0.0, 9.0], [2.0, 0.0, 0.0]]).view(1, 2, 1, 3)
    >>> pixel_cross_entropy(logits, torch.tensor([[[0, 1, 255]]]))
    tensor(0.6931)
    """
    require_images("logits", logits)
    require_target("target", target, logits, ignore_index)
    counted = target != ignore_index  # (N, H, W)
    labels = target.masked_fill(~counted, 0)  # any class: what it costs is left out below
    log_probabilities = logits.log_softmax(dim=1)  # (N, K, H, W); large logits do no harm
    losses = -log_probabilities.gather(1, labels[:, None])[:, 0]  # (N, H, W)
    return losses.masked_fill(~counted, 0).sum() / counted.sum().clamp(min=1)


def confusion_matrix(
    pred: Tensor,
    target: Tensor,
    num_classes: int,
    ignore_index: int = 255,
) -> Tensor:
    """Count the pixels of each class (row) that were given each label (column).

    `pred` and `target` hold labels 0 … K − 1, K = `num_classes`, in tensors of one shape,
    whichever it is. A pixel whose *target* is `ignore_index` does not count. The result is
    (K, K) int64: its cell [i, j] says how many pixels are i and were called j.

    Raises:
        TypeError: `pred` or `target` are not tensors of integers.
        ValueError: shapes that differ, or a label outside 0 … K − 1 on a pixel that counts.

    >>> confusion_matrix(torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 1, 255]), num_classes=2)
    tensor([[1, 0],
            [1, 1]])
    """
    require_int("num_classes", num_classes, least=1)
    require_labels(pred, target, num_classes, ignore_index)
    pred, target = pred.long(), target.long()  # an unsigned type cannot be compared with −1
    counted = target != ignore_index
    # Each (target, pred) is a two-digit number in base K, and these are counted.
    cells = target[counted] * num_classes + pred[counted]
    return torch.bincount(cells, minlength=num_classes**2).view(num_classes, num_classes)


def mean_iou(confusion: Tensor) -> float:
    """Return the mean intersection over union of the classes, from their confusion matrix.

    `confusion` (K, K) counts pixels, rows the target and columns the prediction. The IoU
    of a class is the number of pixels that both call by its name, divided by the number
    that at least one does. A class that neither ever names is left out of the mean;
    where no class is left, the result is NaN.

    Raises:
        TypeError: `confusion` is not a tensor of numbers.
        ValueError: it is not square, or holds a negative count.

    >>> mean_iou(torch.tensor([[3, 1, 0], [0, 2, 0], [0, 0, 0]]))
    0.7083333333333333
    """
    require_confusion(confusion)
    both = confusion.diag()
    either = confusion.sum(dim=0) + confusion.sum(dim=1) - both
    present = either > 0
    return float((both[present].double() / either[present]).mean())


def require_target(name: str, target: Tensor, logits: Tensor, ignore_index: int) -> None:
    """Raise unless `target` (N, H, W) int64 holds a label of `logits` (N, K, H, W), or `ignore_index`, at each pixel.

    Raises:
        TypeError: not an int64 tensor, or an `ignore_index` that is not an int.
        ValueError: another size than `logits`, no class, or a label outside 0 … K − 1.
    """
    if not isinstance(target, Tensor) or target.dtype != torch.int64:
        came = target.dtype if isinstance(target, Tensor) else type(target).__name__
        raise TypeError(f"{name} must be an int64 tensor, got {came}")
    _require_ignore_index(ignore_index)
    batch, classes, *size = logits.shape
    if tuple(target.shape) != (batch, *size):
        raise ValueError(
            f"{name} must have shape {(batch, *size)}, that of logits without K, got {tuple(target.shape)}"
        )
    if not classes:
        raise ValueError(f"logits must have at least one class, got {tuple(logits.shape)}")
    _require_range(name, target[target != ignore_index], classes)


def require_labels(pred: Tensor, target: Tensor, num_classes: int, ignore_index: int) -> None:
    """Raise unless `pred` and `target` have one shape and hold labels 0 … `num_classes` − 1 where a pixel counts.

    Raises:
        TypeError: not tensors of integers, or an `ignore_index` that is not an int.
        ValueError: shapes that differ, or a label out of range.
    """
    for name, labels in (("pred", pred), ("target", target)):
        if not isinstance(labels, Tensor) or labels.dtype not in _INTEGERS:
            came = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
            raise TypeError(f"{name} must be a tensor of integer labels, got {came}")
    _require_ignore_index(ignore_index)
    if pred.shape != target.shape:
        raise ValueError(f"pred must have the shape of target, {tuple(target.shape)}, got {tuple(pred.shape)}")
    counted = target.long() != ignore_index
    _require_range("pred", pred[counted], num_classes)
    _require_range("target", target[counted], num_classes)


def require_confusion(confusion: Tensor) -> None:
    """Raise unless `confusion` is a square matrix of counts.

    Raises:
        TypeError: not a tensor of numbers.
        ValueError: not square, or a negative count.
    """
    if not isinstance(confusion, Tensor) or confusion.dtype == torch.bool or confusion.is_complex():
        came = confusion.dtype if isinstance(confusion, Tensor) else type(confusion).__name__
        raise TypeError(f"confusion must be a tensor of counts, got {came}")
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ValueError(f"confusion must have shape (K, K), got {tuple(confusion.shape)}")
    if confusion.numel() and confusion.min() < 0:
        raise ValueError(f"confusion must hold counts, from 0 up, got {confusion.min().item()}")


def _require_ignore_index(ignore_index: int) -> None:
    if isinstance(ignore_index, bool) or not isinstance(ignore_index, int):
        raise TypeError(f"ignore_index must be an int, got {ignore_index!r}")


def _require_range(name: str, labels: Tensor, classes: int) -> None:
    if labels.numel() and (int(labels.min()) < 0 or int(labels.max()) >= classes):
        raise ValueError(
            f"{name} must hold labels from 0 to {classes - 1}, or ignore_index, "
            f"got {int(labels.min())} to {int(labels.max())}"
        )
