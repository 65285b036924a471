"""What RoI pooling, RoI Align and the functions around them ask of their arguments, each as one sentence.

As in `solutions.require`: the functions here only raise, and the notebooks leave their calls out.
"""

import torch
from torch import Tensor, nn

from solutions.require import require_images, require_int
from solutions.require_tensors import require_indices, require_tensor


def require_corners(name: str, box: Tensor) -> None:
    """Raise unless `box` is one box (4,), or boxes (R, 4), floating point and finite; corners may be exchanged.

    Raises:
        TypeError: not a tensor, or not floating point.
        ValueError: another shape, NaN or infinite numbers.
    """
    several = isinstance(box, Tensor) and box.ndim == 2
    require_tensor(name, box, ("R", 4) if several else (4,))
    if not bool(box.isfinite().all()):
        raise ValueError(f"{name} must hold finite numbers, got {box.tolist()}")


def require_cells(name: str, features: Tensor) -> None:
    """Raise unless `features` is a floating-point tensor (N, C, H, W) of which H and W are at least 1.

    Raises:
        TypeError: not a tensor, or not floating point.
        ValueError: another shape, or a map without cells.
    """
    require_images(name, features)
    if min(features.shape[2:]) < 1:
        raise ValueError(f"{name} must have at least one cell in each direction, got {tuple(features.shape)}")


def require_rois(rois: Tensor, batch: int) -> None:
    """Raise unless `rois` (R, 5) are finite, and begin with the number of one of `batch` images.

    Raises:
        TypeError: not a floating-point tensor.
        ValueError: another shape, numbers that are not finite, or a first number that is none of the images.
    """
    require_tensor("rois", rois, ("R", 5))
    if not bool(rois.isfinite().all()):
        raise ValueError("rois must hold finite numbers, got NaN or infinite ones")
    number = rois[:, 0]
    if not bool(((number >= 0) & (number < batch) & (number == number.trunc())).all()):
        raise ValueError(
            f"rois must begin with the number of an image, 0 … {batch - 1}, got {sorted(set(number.tolist()))}"
        )


def require_points(features: Tensor, y: Tensor, x: Tensor) -> None:
    """Raise unless `features` is a map (C, H, W) with a cell, and `y` and `x` are finite coordinates (P,).

    Raises:
        TypeError: not floating-point tensors of one dtype.
        ValueError: other shapes, a map without cells, NaN or infinite numbers.
    """
    require_tensor("features", features, ("C", "H", "W"))
    if min(features.shape[1:]) < 1:
        raise ValueError(f"features must have at least one cell in each direction, got {tuple(features.shape)}")
    require_tensor("y", y, ("P",), like=features)
    require_tensor("x", x, (len(y),), like=features)
    for name, values in (("y", y), ("x", x)):
        if not bool(values.isfinite().all()):
            raise ValueError(f"{name} must hold finite numbers, got NaN or infinite ones")


def require_class_deltas(logits: Tensor, deltas: Tensor, labels: Tensor, targets: Tensor) -> None:
    """Raise unless logits (R, K), deltas (R, K·4), labels (R,) and targets (R, 4) belong together; R, K ≥ 1.

    Raises:
        TypeError: not floating-point tensors of one dtype, or labels that are not int64.
        ValueError: no region, no class, shapes that do not fit, or a label outside 0 … K − 1.
    """
    require_tensor("logits", logits, ("R", "K"))
    regions, classes = logits.shape
    if not regions or not classes:
        raise ValueError(f"logits must hold at least one region and one class, got {tuple(logits.shape)}")
    require_tensor("deltas", deltas, (regions, 4 * classes), like=logits)
    require_indices("labels", labels, (regions,), classes)
    require_tensor("targets", targets, (regions, 4), like=logits)


def require_linear(linear: nn.Module, rank: int) -> None:
    """Raise unless `linear` is an `nn.Linear`, and `rank` from 1 to the smaller of its two sizes.

    Raises:
        TypeError: another layer, or a rank that is not an int.
        ValueError: a rank out of range.
    """
    if not isinstance(linear, nn.Linear):
        raise TypeError(f"linear must be an nn.Linear, got {type(linear).__name__}")
    require_int("rank", rank, least=1)
    most = min(linear.in_features, linear.out_features)
    if rank > most:
        raise ValueError(
            f"rank must be at most {most}, the smaller of {linear.in_features} inputs and {linear.out_features} "
            f"outputs, got {rank}"
        )
    if not torch.isfinite(linear.weight).all():
        raise ValueError("linear must have finite weights, got NaN or infinite ones")
