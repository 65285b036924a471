"""What the references about keypoints ask of their arguments: pairs of joints, scales, what is visible.

As in `require`, the functions here only raise, and the notebook builder leaves their calls out.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from solutions.require_tensors import require_tensor


def require_pairs(name: str, pairs: Sequence[tuple[int, int]], joints: int) -> None:
    """Raise unless `pairs` holds pairs of joints 0 … `joints` − 1, none of them twice.

    Raises:
        TypeError: something else than pairs of ints.
        ValueError: an index that is no joint, or a joint that stands there twice.
    """
    if not isinstance(pairs, Sequence) or any(
        not isinstance(pair, Sequence) or len(pair) != 2 or any(type(joint) is not int for joint in pair)
        for pair in pairs
    ):
        raise TypeError(f"{name} must be a sequence of pairs of ints, got {pairs!r}")
    named = [joint for pair in pairs for joint in pair]
    if named and not 0 <= min(named) <= max(named) < joints:
        raise ValueError(f"{name} must name joints from 0 to {joints - 1}, got {pairs!r}")
    if len(set(named)) < len(named):
        raise ValueError(f"{name} must be disjoint, each joint in one pair at most, got {pairs!r}")


def require_visible(pred: Tensor, target: Tensor, visible: Tensor) -> None:
    """Raise unless `pred` and `target` are (N, J, 2) of one dtype, and `visible` (N, J) is bool.

    Raises:
        TypeError: not floating-point tensors of one dtype, or `visible` not a bool tensor.
        ValueError: shapes that do not fit.
    """
    require_tensor("pred", pred, ("N", "J", 2))
    require_tensor("target", target, tuple(pred.shape), like=pred)
    require_tensor("visible", visible, tuple(pred.shape[:2]), dtype=torch.bool)


def require_scale(name: str, scale: Tensor, pred: Tensor) -> None:
    """Raise unless `scale` (N,) holds a length from 0 up for each object of `pred` (N, J, 2).

    Raises:
        TypeError: not a floating-point tensor of the dtype of `pred`.
        ValueError: another shape, or a length below 0 or NaN.
    """
    require_tensor(name, scale, (len(pred),), like=pred)
    if not bool((scale >= 0).all()):
        raise ValueError(f"{name} must hold lengths from 0 up, got {scale.min().item()}")
