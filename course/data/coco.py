"""COCO through pycocotools: boxes, masks from polygons or run lengths, keypoints, crowds.

Its category ids have gaps, so labels are the categories' places from 1. Files that are laid out like COCO but without
the year (`annotations/instances_train.json`, `train/`), such as those of `course data export`, are read as well.
"""

import contextlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from course.data.sample import (
    Box,
    Mask,
    Sample,
    SampleSet,
    box_inside,
    boxes_tensor,
    labels_tensor,
    masks_tensor,
    read_image,
    require_agreement,
)

if TYPE_CHECKING:
    from pycocotools.coco import COCO  # type: ignore[import-untyped]

Annotation = dict[str, object]
_FILES = {"instances": ("instances",), "keypoints": ("person_keypoints", "keypoints")}
_YEARS = ("2017", "2014", "")


def load_coco(
    name: str,
    split: str,
    folder: Path,
    download: bool,
    task: str = "instances",
    crowd: str = "ignore",
    strict: bool = True,
) -> SampleSet:
    """Load COCO's instances or keypoints; `folder` holds `annotations` and the images' folders."""
    if task not in _FILES:
        raise ValueError(f"task must be instances or keypoints for {name}, got {task!r}")
    if crowd not in ("ignore", "mark"):
        raise ValueError(f"crowd must be ignore or mark, got {crowd!r}")
    for year in _YEARS:
        for kind in _FILES[task]:
            file = folder / "annotations" / f"{kind}_{split}{year}.json"
            if file.is_file():
                return Coco(_opened(file), file, folder / f"{split}{year}", task, crowd == "mark", strict)
    first = folder / "annotations" / f"{_FILES[task][0]}_{split}{_YEARS[0]}.json"
    where = "COCO has no download here, because it is 19 GB" if download else "root= names the folder that holds it"
    raise FileNotFoundError(
        f"{first} is missing; {where}; get annotations and images from https://cocodataset.org/#download"
    )


def _opened(file: Path) -> "COCO":
    try:
        from pycocotools.coco import COCO
    except ModuleNotFoundError:
        raise ModuleNotFoundError("reading COCO needs pycocotools: pip install pycocotools") from None
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it tells how long it took
            return COCO(str(file))
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AssertionError) as error:
        raise ValueError(f"{file} is not a whole COCO annotation file: {error}") from None


class Coco(SampleSet):
    """Samples of one annotation file. A box without area, as COCO has a few, is left out."""

    def __init__(self, coco: "COCO", file: Path, images: Path, task: str, mark: bool, strict: bool) -> None:
        if not images.is_dir():
            raise FileNotFoundError(f"{images} is missing, the folder of the images that {file} describes")
        self.coco, self.file, self.folder, self.strict, self.mark = coco, file, images, strict, mark
        categories = coco.loadCats(sorted(coco.getCatIds()))
        self.classes = ("background", *(category["name"] for category in categories))
        self.labels = {category["id"]: label for label, category in enumerate(categories, start=1)}
        self.keypoint_names = tuple(categories[0].get("keypoints", ())) if task == "keypoints" and categories else ()
        self.points = len(self.keypoint_names)
        self.ids = sorted(coco.imgs)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> tuple[Tensor, Sample]:
        record = self.coco.imgs[self.ids[index]]
        path = self.folder / record["file_name"]
        image = read_image(path)
        size = (int(image.shape[1]), int(image.shape[2]))
        if (record["height"], record["width"]) != size:
            named = f"{record['width']} × {record['height']}"
            raise ValueError(f"{path} has {size[1]} × {size[0]} pixels, {self.file} says {named}")
        boxes: list[Box] = []
        labels: list[int] = []
        masks: list[Mask] = []
        points: list[Tensor] = []
        crowds: list[bool] = []
        ignored = np.zeros(size, dtype=bool)
        for annotation in self.coco.imgToAnns[self.ids[index]]:
            mask = self._mask(annotation, size)
            crowd = bool(annotation.get("iscrowd", 0))
            if crowd:
                ignored |= mask
                if not self.mark:
                    continue
            box = self._box(annotation, size, None if crowd else mask)
            if box is None:
                continue
            boxes.append(box)
            labels.append(self._label(annotation))
            masks.append(mask)
            crowds.append(crowd)
            if self.points:
                points.append(self._keypoints(annotation))
        target: Sample = {
            "boxes": boxes_tensor(boxes),
            "labels": labels_tensor(labels),
            "masks": masks_tensor(masks, size),
            "image_id": self.ids[index],
        }
        target["semantic"] = _painted(masks, labels, crowds, ignored)
        if self.mark:
            target["iscrowd"] = torch.tensor(crowds, dtype=torch.bool)
        if self.points:
            target["keypoints"] = torch.stack(points) if points else torch.zeros(0, self.points, 3)
        return image, target

    def _what(self, annotation: Annotation) -> str:
        return f"annotation {annotation.get('id')} of {self.file}"

    def _label(self, annotation: Annotation) -> int:
        category = annotation.get("category_id")
        if category not in self.labels:
            raise ValueError(f"{self._what(annotation)} has the category {category!r}, which the file does not list")
        return self.labels[category]

    def _mask(self, annotation: Annotation, size: tuple[int, int]) -> Mask:
        try:
            mask: Mask = self.coco.annToMask(annotation).astype(bool)
        except Exception as error:  # pycocotools raises whatever its C code stumbled on
            raise ValueError(
                f"{self._what(annotation)} has no polygons or run lengths that can be read: {error!r}"
            ) from None
        if mask.shape != size:
            raise ValueError(f"{self._what(annotation)} has a mask of shape {mask.shape}, its image is {size}")
        return mask

    def _box(self, annotation: Annotation, size: tuple[int, int], mask: Mask | None) -> Box | None:
        try:
            x, y, w, h = (float(number) for number in annotation["bbox"])  # type: ignore[attr-defined]
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{self._what(annotation)} has no bbox of four numbers") from None
        box = box_inside((x, y, x + w, y + h), size, self._what(annotation), self.strict)
        if box is not None and mask is not None and self.strict:
            require_agreement(mask, box, self._what(annotation))
        return box

    def _keypoints(self, annotation: Annotation) -> Tensor:
        numbers = annotation.get("keypoints", [0] * 3 * self.points)
        if not isinstance(numbers, list) or len(numbers) != 3 * self.points:
            raise ValueError(f"{self._what(annotation)} must have {self.points} keypoints of x, y, visibility")
        return torch.tensor(numbers, dtype=torch.float32).reshape(-1, 3)


def _painted(masks: list[Mask], labels: list[int], crowds: list[bool], ignored: Mask) -> Tensor:
    """Return a semantic map: 0 where no mask is, 255 where crowds are or masks of different classes lap over."""
    semantic = np.zeros(ignored.shape, np.int64)
    for mask, label, crowd in zip(masks, labels, crowds, strict=True):
        if not crowd:
            semantic[mask] = np.where((semantic[mask] == 0) | (semantic[mask] == label), label, 255)
    semantic[ignored & (semantic == 0)] = 255
    return torch.from_numpy(semantic)
