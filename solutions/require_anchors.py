"""What the functions of `solutions.faster_rcnn` ask of their arguments, each as one sentence.

As in `solutions.require`: the functions here only raise, and the notebooks leave their calls out.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from solutions.require import require_int
from solutions.require_boxes import require_boxes, require_filled, require_threshold
from solutions.require_tensors import require_indices, require_number, require_size, require_tensor


def require_positive(name: str, values: Sequence[float]) -> None:
    """Raise unless `values` is a sequence of numbers greater than 0.

    Raises:
        TypeError: not a sequence, or not numbers.
        ValueError: a number that is 0 or less, or not finite.
    """
    if not isinstance(values, Sequence):
        raise TypeError(f"{name} must be a sequence of numbers, got {values!r}")
    for number, value in enumerate(values):
        require_number(f"{name}[{number}]", value, above=0)


def require_grid(feature_size: Sequence[int], stride: Sequence[int], base: Tensor) -> None:
    """Raise unless `feature_size` and `stride` are pairs of ints, and `base` boxes (A, 4).

    Raises:
        TypeError: not pairs of ints, or not a floating-point tensor.
        ValueError: a negative size, a stride below 1, another shape, or exchanged corners.
    """
    require_size("feature_size", feature_size, least=0)
    require_size("stride", stride)
    require_boxes("base", base)


def require_overlaps(iou: Tensor, high: float, low: float) -> None:
    """Raise unless `iou` is (G, A), without NaN and with G, A ≥ 1, and `low` is at most `high`.

    Raises:
        TypeError: not a floating-point tensor, or thresholds that are no numbers.
        ValueError: another shape, no box, no anchor, NaN, or thresholds in the wrong order.
    """
    require_tensor("iou", iou, ("G", "A"))
    if not iou.numel():
        raise ValueError(f"iou must be of at least one box with at least one anchor, got {tuple(iou.shape)}")
    if bool(iou.isnan().any()):
        raise ValueError("iou must be numbers that can be compared, got NaN: a box and an anchor without area")
    require_number("high", high)
    require_number("low", low)
    if low > high:
        raise ValueError(f"low must be at most high, got {low} and {high}")


def require_sampling(
    labels: Tensor,
    batch_size: int,
    positive_fraction: float,
    priority: Tensor | None,
    generator: torch.Generator | None,
) -> None:
    """Raise unless `batch_size` entries can be drawn from `labels` (A,): −1 for neither, 0, and 1 or more.

    Raises:
        TypeError: labels that are not int64, no int, no number, no tensor or no generator.
        ValueError: two shapes, a label below −1, a batch without room, a share outside 0 … 1, or NaN.
    """
    require_tensor("labels", labels, ("A",), dtype=torch.int64)
    if len(labels) and int(labels.min()) < -1:
        raise ValueError(f"labels must be −1 (neither), 0 (negative) or from 1 up (positive), got {int(labels.min())}")
    require_int("batch_size", batch_size, least=1)
    require_threshold("positive_fraction", positive_fraction)
    if priority is not None:
        require_tensor("priority", priority, (len(labels),))
        _require_comparable("priority", priority)
    if generator is not None and not isinstance(generator, torch.Generator):
        raise TypeError(f"generator must be a torch.Generator or None, got {type(generator).__name__}")


def require_sampled(objectness: Tensor, deltas: Tensor, labels: Tensor, targets: Tensor) -> None:
    """Raise unless objectness (A,), deltas (A, 4), labels (A,) and targets (A, 4) belong together.

    Raises:
        TypeError: not floating-point tensors of one dtype, or labels that are not int64.
        ValueError: shapes that do not fit, a label that is none of 1, 0 and −1, or no anchor that was sampled.
    """
    require_tensor("objectness", objectness, ("A",))
    require_tensor("deltas", deltas, (len(objectness), 4), like=objectness)
    require_tensor("labels", labels, (len(objectness),), dtype=torch.int64)
    require_tensor("targets", targets, (len(objectness), 4), like=objectness)
    if bool((labels.abs() > 1).any()):
        raise ValueError(f"labels must be 1, 0 or −1, got {int(labels[labels.abs() > 1][0])}")
    if not bool((labels >= 0).any()):
        raise ValueError(f"labels must hold at least one sampled anchor, 1 or 0, got {len(labels)} times −1")


def require_filter(
    boxes: Tensor,
    objectness: Tensor,
    image_size: Sequence[int],
    pre_nms_top_n: int,
    post_nms_top_n: int,
    nms_threshold: float,
    min_size: float,
) -> None:
    """Raise unless `boxes` (A, 4) with `objectness` (A,) can be filtered down to some proposals.

    Raises:
        TypeError: not floating-point tensors of one dtype, or counts and sizes that are not numbers.
        ValueError: other shapes, exchanged corners, NaN, or a number out of range.
    """
    require_boxes("boxes", boxes)
    require_tensor("objectness", objectness, (len(boxes),), like=boxes)
    _require_comparable("objectness", objectness)
    require_size("image_size", image_size)
    require_int("pre_nms_top_n", pre_nms_top_n, least=1)
    require_int("post_nms_top_n", post_nms_top_n, least=1)
    require_threshold("nms_threshold", nms_threshold)
    require_number("min_size", min_size, least=0)


def require_levels(boxes: Tensor, first: int, last: int, canonical_size: float, canonical_level: int) -> None:
    """Raise unless `boxes` are (R, 4), and the levels go from `first` to `last`, neither below 0.

    Raises:
        TypeError: not a floating-point tensor, or levels that are not ints.
        ValueError: another shape, exchanged corners, a negative level, no level, or a size that is not positive.
    """
    require_boxes("boxes", boxes)
    require_int("first", first, least=0)
    require_int("last", last, least=0)
    if first > last:
        raise ValueError(f"first must be at most last, got {first} and {last}")
    require_number("canonical_size", canonical_size, above=0)
    require_int("canonical_level", canonical_level, least=0)


def require_pictures(images: Sequence[Tensor] | Tensor) -> None:
    """Raise unless `images` are (3, H, W) each, floating point, with a pixel.

    Raises:
        TypeError: not floating-point tensors.
        ValueError: another shape, or no pixel.
    """
    for number, image in enumerate(images):
        require_tensor(f"images[{number}]", image, (3, "H", "W"))
        if not image.numel():
            raise ValueError(f"images[{number}] must have at least one pixel, got {tuple(image.shape)}")


def require_targets(targets: Sequence[Mapping[str, Tensor]] | None, count: int, num_classes: int) -> None:
    """Raise unless there are `count` targets, each with `boxes` (G, 4) that have area and `labels` (G,).

    Raises:
        TypeError: boxes that are not floating point, or labels that are not int64.
        ValueError: another number of targets, shapes that do not fit, a box without area, or a label that is none.
    """
    if targets is None or len(targets) != count:
        raise ValueError(
            f"targets must be as many as images in training, {count}, got {'none' if targets is None else len(targets)}"
        )
    for number, target in enumerate(targets):
        name = f"targets[{number}]"
        for key in ("boxes", "labels"):
            if key not in target:
                raise ValueError(f"{name} must have {key}, got {sorted(target)}")
        require_filled(f"{name}['boxes']", target["boxes"])
        require_indices(f"{name}['labels']", target["labels"], (len(target["boxes"]),), num_classes)


def _require_comparable(name: str, values: Tensor) -> None:
    if bool(values.isnan().any()):
        raise ValueError(f"{name} must be numbers that can be put in order, got NaN")
