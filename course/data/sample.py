"""What every data set gives: an image and a target, and the checks that each reader makes of what it read."""

import struct
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

Box = tuple[float, float, float, float]
Mask = NDArray[np.bool_]


class Sample(TypedDict, total=False):
    """A target in the Farm's format, n objects, J keypoints; a data set leaves out the keys that it cannot give.

    `semantic` (H, W) long with 255 = ignore, `boxes` (n, 4) float x1, y1, x2, y2 in pixels with x2 − x1 the width,
    `labels` (n,) long from 1, `masks` (n, H, W) bool, `keypoints` (n, J, 3) as x, y, visibility (0 absent, 1 hidden,
    2 visible), `image_id`. VOC's detection adds `difficult` (n,) bool, COCO on request `iscrowd` (n,) bool.
    """

    semantic: Tensor
    boxes: Tensor
    labels: Tensor
    masks: Tensor
    keypoints: Tensor
    image_id: int
    difficult: Tensor
    iscrowd: Tensor


class SampleSet(Dataset[tuple[Tensor, Sample]]):
    """A map-style data set of samples: it has a length and gives (image (3, H, W) float in [0, 1], target)."""

    classes: tuple[str, ...]

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, index: int) -> tuple[Tensor, Sample]:
        raise NotImplementedError


def to_image(picture: Image.Image) -> Tensor:
    """Return a picture as (3, H, W) float in [0, 1]."""
    return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1).contiguous().float() / 255


def read_image(path: Path) -> Tensor:
    """Read an image file as (3, H, W) float in [0, 1].

    Raises:
        FileNotFoundError, ValueError: no such file, or one that is no whole image.
    """
    return to_image(_opened(path, "RGB"))


def read_numbers(path: Path) -> NDArray[np.uint8]:
    """Read an image file of numbers, such as a mask, as (H, W); a palette's colours are left alone.

    Raises:
        FileNotFoundError, ValueError: no such file, or one that is no whole picture of one number a pixel.
    """
    numbers = np.array(_opened(path, None))
    if numbers.ndim != 2:
        raise ValueError(f"{path} must hold one number a pixel, got shape {numbers.shape}")
    return numbers.astype(np.uint8)


def _opened(path: Path, mode: str | None) -> Image.Image:
    try:
        with Image.open(path) as picture:
            picture.load()
            return picture.convert(mode) if mode else picture.copy()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing") from None
    except (OSError, SyntaxError, struct.error, EOFError) as error:
        raise unreadable(path, error) from None


def unreadable(path: Path | str, error: Exception) -> ValueError:
    """Return the error for a file that is no whole image."""
    return ValueError(f"{path} is not a whole image: {error}")


def box_inside(box: Box, size: tuple[int, int], what: str, strict: bool) -> Box | None:
    """Return `box` clipped to an image of `size` (H, W), or None where nothing is left of it.

    Annotators round, so one pixel beyond the border is clipped without a word; more is an error when `strict`.

    Raises:
        ValueError: a box outside of the image, beginning with `what`.
    """
    x1, y1, x2, y2 = box
    height, width = size
    if strict and (min(x1, y1) < -1 or x2 > width + 1 or y2 > height + 1):
        numbers = ", ".join(f"{number:g}" for number in box)
        raise ValueError(f"{what} has the box ({numbers}), which leaves its image of {width} × {height} pixels")
    x1, y1, x2, y2 = max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))
    return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None


def tight_box(mask: Mask) -> Box | None:
    """Return the box around a mask's pixels, or None for an empty mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def require_agreement(mask: Mask, box: Box, what: str, void: Mask | None = None) -> None:
    """Require that a mask fills its box: each side within two pixels, or an intersection over union of a half.

    That is generous, because the two are often drawn by different hands. `void` marks pixels that may be the object's
    too, such as VOC's border.

    Raises:
        ValueError: a mask that disagrees with its box, beginning with `what`.
    """
    x1, y1, x2, y2 = box
    found = tight_box(mask)
    if found is None and min(x2 - x1, y2 - y1) <= 2:
        return  # thinner than a pixel: no centre of one lies inside
    candidates = [found]
    if void is not None:
        grown = mask.copy()
        inside = (slice(int(max(y1, 0)), int(np.ceil(y2))), slice(int(max(x1, 0)), int(np.ceil(x2))))
        grown[inside] |= void[inside]
        candidates.append(tight_box(grown))
    for candidate in candidates:
        if candidate is not None and (_apart(candidate, box) <= 2 or _iou(candidate, box) >= 0.5):
            return
    numbers = ", ".join(f"{number:g}" for number in box)
    where = "is empty" if found is None else "spans (" + ", ".join(f"{number:g}" for number in found) + ")"
    raise ValueError(f"{what} has a mask that disagrees with its box: the mask {where}, the box is ({numbers})")


def _apart(a: Box, b: Box) -> float:
    return max(abs(p - q) for p, q in zip(a, b, strict=True))


def _iou(a: Box, b: Box) -> float:
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(wide, 0) * max(high, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def boxes_tensor(boxes: list[Box]) -> Tensor:
    """Return boxes as (n, 4) float."""
    return torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)


def labels_tensor(labels: list[int]) -> Tensor:
    """Return labels as (n,) long."""
    return torch.tensor(labels, dtype=torch.long)


def masks_tensor(masks: list[Mask], size: tuple[int, int]) -> Tensor:
    """Return masks as (n, H, W) bool."""
    return torch.from_numpy(np.array(masks, dtype=bool).reshape(-1, *size))
