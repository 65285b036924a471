"""What `mean_average_precision` asks of its arguments, each as one sentence: what came, and what was expected."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from solutions.require import require_one_of
from solutions.require_boxes import require_threshold

_WITH = {"bbox": (), "segm": ("masks",), "keypoints": ("keypoints",)}


def require_scenes(
    predictions: Sequence[Mapping[str, Tensor]], targets: Sequence[Mapping[str, Tensor]], iou_type: str
) -> None:
    """Raise unless each picture has a prediction and a target with all that `iou_type` needs, of one length each.

    Raises:
        TypeError: something that is not a tensor.
        ValueError: lists of different lengths, a missing key, lengths or shapes that do not fit, an unknown `iou_type`.
    """
    require_one_of("iou_type", iou_type, _WITH)
    if len(predictions) != len(targets):
        raise ValueError(
            f"predictions and targets must be one each a picture, got {len(predictions)} and {len(targets)}"
        )
    for side, scenes, keys in (
        ("predictions", predictions, ("boxes", "labels", "scores", *_WITH[iou_type])),
        ("targets", targets, ("boxes", "labels", *_WITH[iou_type])),
    ):
        optional = ("iscrowd", "area") if side == "targets" else ()
        for number, scene in enumerate(scenes):
            _require_scene(f"{side}[{number}]", scene, keys, optional)
    if iou_type == "segm":
        for number, (found, there) in enumerate(zip(predictions, targets, strict=True)):
            sizes = tuple(found["masks"].shape[-2:]), tuple(there["masks"].shape[-2:])
            if sizes[0] != sizes[1] and len(found["masks"]) and len(there["masks"]):
                raise ValueError(f"masks of picture {number} must have one size, got {sizes[0]} and {sizes[1]}")


def _require_scene(name: str, scene: Mapping[str, Tensor], keys: Sequence[str], optional: Sequence[str]) -> None:
    for key in keys:
        if key not in scene:
            raise ValueError(f'{name} must have "{key}", it has {", ".join(map(str, scene)) or "nothing"}')
    for key in (*keys, *(key for key in optional if key in scene)):
        value = scene[key]
        if not isinstance(value, Tensor):
            raise TypeError(f'{name}["{key}"] must be a torch.Tensor, got {type(value).__name__}')
        if value.ndim == 0 or len(value) != len(scene["labels"]):
            raise ValueError(
                f'{name}["{key}"] must have one entry for each of {len(scene["labels"])} labels, '
                f"got shape {tuple(value.shape)}"
            )
        wanted = {"boxes": "(n, 4)", "labels": "(n,)", "scores": "(n,)", "keypoints": "(n, J, 3)"}.get(key)
        fits = {
            "boxes": value.shape[1:] == (4,),
            "keypoints": value.ndim == 3 and value.shape[-1] == 3,
            "masks": value.ndim == 3 or (value.ndim == 4 and value.shape[1] == 1),
        }.get(key, value.ndim == 1)
        if not fits:
            raise ValueError(f'{name}["{key}"] must have shape {wanted or "(n, H, W)"}, got {tuple(value.shape)}')
        if key in ("boxes", "scores", "keypoints", "area") and bool(value.isnan().any()):
            raise ValueError(f'{name}["{key}"] must be numbers, got NaN')


def require_thresholds(thresholds: Sequence[float] | None) -> NDArray[np.float64]:
    """Return IoU thresholds as an array, COCO's ten where there are none; raise unless all lie between 0 and 1.

    Raises:
        TypeError: not numbers.
        ValueError: none, or one out of range.
    """
    if thresholds is None:
        return np.linspace(0.5, 0.95, 10)
    if len(thresholds) == 0:
        raise ValueError("iou_thresholds must be at least one, or None for 0.5, 0.55, … 0.95")
    for threshold in thresholds:
        require_threshold("each of iou_thresholds", threshold)
    return np.asarray(thresholds, dtype=np.float64)


def require_sigmas(
    sigmas: Sequence[float], predictions: Sequence[Mapping[str, Tensor]], targets: Sequence[Mapping[str, Tensor]]
) -> None:
    """Raise unless there is a positive sigma for each keypoint.

    Raises:
        ValueError: too few or too many, or one that is not positive.
    """
    for scene in (*predictions, *targets):
        count = scene["keypoints"].shape[1]
        if len(scene["keypoints"]) and count != len(sigmas):
            raise ValueError(f"keypoint_sigmas must have one number for each of {count} keypoints, got {len(sigmas)}")
    if min(sigmas, default=0) <= 0:
        raise ValueError(f"keypoint_sigmas must be positive, got {tuple(sigmas)}")
