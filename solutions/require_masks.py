"""What Mask R-CNN's functions ask of masks, heat maps and the boxes that they belong to, each as one sentence.

As in `solutions.require`: the functions here only raise, and the notebooks leave their calls out.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from solutions.require import require_int
from solutions.require_boxes import require_boxes, require_filled
from solutions.require_tensors import require_indices, require_size, require_tensor

_FLAT = (torch.bool, torch.uint8)
"""What a mask may be beside floating point: inside or outside."""


def require_projection(masks: Tensor, boxes: Tensor, matches: Tensor, size: int) -> None:
    """Raise unless `boxes` (R, 4) can be cut, `size` × `size`, out of the `masks` (G, H, W) that `matches` (R,) name.

    Raises:
        TypeError: masks that are neither bool, uint8 nor floating point, boxes that are not floating point, matches
            that are not int64, or no int.
        ValueError: other shapes, masks without pixels, boxes that are not finite or exchanged, a match that is no
            mask, or a size below 1.
    """
    flat = getattr(masks, "dtype", None) in _FLAT
    require_tensor("masks", masks, ("G", "H", "W"), dtype=masks.dtype if flat else None)
    if min(masks.shape[1:]) < 1:
        raise ValueError(f"masks must have at least one pixel in each direction, got {tuple(masks.shape)}")
    require_boxes("boxes", boxes)
    _require_finite("boxes", boxes)
    require_indices("matches", matches, (len(boxes),), len(masks))
    require_int("size", size, least=1)


def require_mask_logits(logits: Tensor, labels: Tensor, targets: Tensor) -> None:
    """Raise unless logits (R, K, M, M), labels (R,) and targets (R, M, M) belong together; K and M are at least 1.

    Raises:
        TypeError: not floating-point tensors of one dtype, or labels that are not int64.
        ValueError: shapes that do not fit, no class, no cell, or a label outside 0 … K − 1.
    """
    require_tensor("logits", logits, ("R", "K", "M", "M"))
    _require_square("logits", logits)
    regions, classes, side, _ = logits.shape
    if not classes:
        raise ValueError(f"logits must hold at least one class, got {tuple(logits.shape)}")
    require_indices("labels", labels, (regions,), classes)
    require_tensor("targets", targets, (regions, side, side), like=logits)


def require_pasting(masks: Tensor, boxes: Tensor, size: Sequence[int]) -> None:
    """Raise unless `masks` (R, 1, M, M) have a box each of `boxes` (R, 4), and `size` is (H, W).

    Raises:
        TypeError: not floating-point tensors of one dtype, or a size that is not in ints.
        ValueError: shapes that do not fit, masks without cells, boxes that are not finite or exchanged, or no pixel.
    """
    require_tensor("masks", masks, ("R", 1, "M", "M"))
    _require_square("masks", masks)
    require_tensor("boxes", boxes, (len(masks), 4), like=masks)
    require_boxes("boxes", boxes)
    _require_finite("boxes", boxes)
    require_size("size", size)


def require_keypoints_in(keypoints: Tensor, rois: Tensor, heatmap_size: int) -> None:
    """Raise unless `keypoints` (R, J, 3) have a box with area each, `rois` (R, 4), and a heat map a side.

    Raises:
        TypeError: not floating-point tensors of one dtype, or no int.
        ValueError: shapes that do not fit, numbers that are not finite, a box without area, or a size below 1.
    """
    require_tensor("keypoints", keypoints, ("R", "J", 3))
    _require_finite("keypoints", keypoints)
    require_tensor("rois", rois, (len(keypoints), 4), like=keypoints)
    require_filled("rois", rois)
    _require_finite("rois", rois)
    require_int("heatmap_size", heatmap_size, least=1)


def require_heatmaps(name: str, maps: Tensor, rois: Tensor) -> None:
    """Raise unless `maps` (R, J, M, M) are square, have a cell, and a box each, `rois` (R, 4).

    Raises:
        TypeError: not floating-point tensors of one dtype.
        ValueError: shapes that do not fit, maps that are not square, or boxes that are not finite or exchanged.
    """
    require_tensor(name, maps, ("R", "J", "M", "M"))
    _require_square(name, maps)
    require_tensor("rois", rois, (len(maps), 4), like=maps)
    require_boxes("rois", rois)
    _require_finite("rois", rois)


def require_drawn(
    images: Sequence[Tensor] | Tensor, targets: Sequence[Mapping[str, Tensor]], masks: bool, num_keypoints: int | None
) -> None:
    """Raise unless each of `targets` has a mask an object where `masks` are asked, and its keypoints where these are.

    Raises:
        TypeError: masks that are neither bool, uint8 nor floating point, or keypoints that are not floating point.
        ValueError: one of the two is missing, or has another shape.
    """
    wanted: dict[str, tuple[int | str, ...]] = {}
    for number, (image, target) in enumerate(zip(images, targets, strict=True)):
        count = len(target["boxes"])
        if masks:
            wanted["masks"] = (count, *image.shape[-2:])
        if num_keypoints is not None:
            wanted["keypoints"] = (count, num_keypoints, 3)
        for key, shape in wanted.items():
            name = f"targets[{number}]"
            if key not in target:
                raise ValueError(f"{name} must have {key}, got {sorted(target)}")
            drawn = target[key]
            flat = key == "masks" and getattr(drawn, "dtype", None) in _FLAT
            require_tensor(f"{name}['{key}']", drawn, shape, dtype=drawn.dtype if flat else None)


def _require_square(name: str, maps: Tensor) -> None:
    height, width = maps.shape[-2:]
    if height != width or not height:
        raise ValueError(f"{name} must end in M × M cells, M at least 1, got {tuple(maps.shape)}")


def _require_finite(name: str, values: Tensor) -> None:
    if not bool(values.isfinite().all()):
        raise ValueError(f"{name} must hold finite numbers, got NaN or infinite ones")
