"""How far a detection and a target agree, from 0 to 1: by box, by mask, or by keypoints, as COCO has it.

A *crowd* is a target that stands for many objects at once: what counts there is how much of the detection lies in it.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float64]

COCO_SIGMAS = (
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087,
    0.089, 0.089,
)  # fmt: skip
"""How far people disagree on each of COCO's 17 keypoints, from nose to ankles, in shares of an object's size."""


def box_overlaps(found: Mapping[str, Tensor], there: Mapping[str, Tensor], crowd: NDArray[np.bool_]) -> Floats:
    """Return the IoU (D, G) of detected `boxes` (D, 4) with those that are there (G, 4), in float64."""
    a, b = as_array(found["boxes"]), as_array(there["boxes"])
    sides = np.minimum(a[:, None, 2:], b[:, 2:]) - np.maximum(a[:, None, :2], b[:, :2])
    intersection = sides.clip(min=0).prod(axis=-1)
    return _over_union(intersection, (a[:, 2:] - a[:, :2]).prod(axis=-1), (b[:, 2:] - b[:, :2]).prod(axis=-1), crowd)


def mask_overlaps(found: Mapping[str, Tensor], there: Mapping[str, Tensor], crowd: NDArray[np.bool_]) -> Floats:
    """Return the IoU (D, G) of detected `masks` (D, H, W) or (D, 1, H, W) with those that are there (G, H, W)."""
    a, b = flat_masks(found), flat_masks(there)
    if not len(a) or not len(b):
        return np.zeros((len(a), len(b)))
    intersection = (a.float() @ b.float().T).double().numpy()  # whole numbers below 2²⁴: exact
    return _over_union(intersection, pixels(a), pixels(b), crowd)


def keypoint_overlaps(
    found: Mapping[str, Tensor], there: Mapping[str, Tensor], areas: Floats, sigmas: Sequence[float]
) -> Floats:
    """Return the object keypoint similarity (D, G) of `keypoints` (D, J, 3) found with those there (G, J, 3).

    The mean, over the keypoints that are labelled (visibility above 0), of exp(−d² / (2 · area · (2σ)²)). A target
    without any is compared by how far the detection's keypoints lie outside its box, doubled around its centre.
    """
    a, b, boxes = as_array(found["keypoints"]), as_array(there["keypoints"]), as_array(there["boxes"])
    if not len(a) or not len(b):
        return np.zeros((len(a), len(b)))
    labelled = b[..., 2] > 0  # (G, J)
    distance = a[:, None, :, :2] - b[None, :, :, :2]  # (D, G, J, 2)
    sides = boxes[:, 2:] - boxes[:, :2]
    low, high = (boxes[:, :2] - sides)[:, None], (boxes[:, :2] + 2 * sides)[:, None]  # (G, 1, 2)
    points = a[:, None, :, :2]
    outside = (low - points).clip(min=0) + (points - high).clip(min=0)
    unlabelled: NDArray[np.bool_] = (labelled.sum(axis=1) == 0)[:, None]  # (G, 1)
    squared = (np.where(unlabelled[:, :, None], outside, distance) ** 2).sum(axis=-1)
    variances = (2 * np.asarray(sigmas, dtype=np.float64)) ** 2
    likeness = np.exp(-squared / variances / (areas[:, None] + np.spacing(1)) / 2)
    counted = labelled | unlabelled
    similarity: Floats = (likeness * counted).sum(axis=-1) / counted.sum(axis=-1)
    return similarity


def flat_masks(one: Mapping[str, Tensor]) -> Tensor:
    """Return masks (n, H, W) or (n, 1, H, W), bool or probabilities that count above ½, as bool (n, H·W)."""
    masks = one["masks"].detach().cpu()
    return (masks > 0.5 if masks.is_floating_point() else masks.bool()).flatten(1)


def pixels(masks: Tensor) -> Floats:
    """Return how many pixels each of the flat masks (n, H·W) has, (n,)."""
    counts: Floats = masks.sum(dim=1).double().numpy()
    return counts


def as_array(values: Tensor) -> Floats:
    """Return a tensor's values as float64."""
    array: Floats = values.detach().to("cpu", torch.float64).numpy()
    return array


def _over_union(intersection: Floats, areas: Floats, target_areas: Floats, crowd: NDArray[np.bool_]) -> Floats:
    """Divide by the union; for a crowd by the detection's own area. 0 where nothing is shared."""
    union = np.where(crowd, areas[:, None], areas[:, None] + target_areas - intersection)
    return np.divide(intersection, union, out=np.zeros_like(intersection), where=intersection > 0)
