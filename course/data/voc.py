"""Pascal VOC through torchvision's readers, in our convention.

VOC counts pixels from 1 and its boxes include their last pixel, so the box 1 … W covers a whole image of width W. In
ours that is 0 … W: xmin and ymin lose one, xmax and ymax stay.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError
from xml.etree import ElementTree

import numpy as np
import torch
from torch import Tensor
from torchvision.datasets import VOCDetection, VOCSegmentation

from course.data.classes import CLASSES
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
    read_numbers,
    require_agreement,
    tight_box,
    to_image,
    unreadable,
)

_TASKS = {"detection": (VOCDetection, "Main"), "segmentation": (VOCSegmentation, "Segmentation")}
_VOID = 255


def load_voc(
    name: str,
    split: str,
    folder: Path,
    download: bool,
    task: str = "detection",
    classes: Sequence[str] | None = None,
    strict: bool = True,
) -> SampleSet:
    """Load VOC 2007 or 2012 for detection or segmentation; `folder` holds VOCdevkit."""
    splits = ("train", "val", "trainval", "test")[: 4 if name == "voc2007" else 3]
    if split not in splits:
        never = "; the annotations of its test set were never published" if split == "test" else ""
        raise ValueError(f"split must be one of {', '.join(splits)} for {name}, got {split!r}{never}")
    if task not in _TASKS:
        raise ValueError(f"task must be detection or segmentation for {name}, got {task!r}")
    reader, sets = _TASKS[task]
    year = name.removeprefix("voc")
    base = folder / "VOCdevkit" / f"VOC{year}"
    listed = base / "ImageSets" / sets / f"{split}.txt"
    missing = not listed.is_file()
    if missing and not download:
        what = f"{listed} is missing" if base.is_dir() else f"{base} is missing"
        raise FileNotFoundError(f"{what}; download=True fetches {name}, or root= names the folder of its VOCdevkit")
    try:
        files = reader(folder, year=year, image_set=split, download=missing)
    except (URLError, RuntimeError) as error:
        raise ConnectionError(
            f"{name} cannot be downloaded ({error}); unpack its archive from "
            f"http://host.robots.ox.ac.uk/pascal/VOC/ into {folder}"
        ) from None
    names = tuple(CLASSES[name] if classes is None else classes)
    return Detection(files, names, strict) if task == "detection" else Segmentation(files, base, names, strict)


class Detection(SampleSet):
    """VOC's boxes, labels and `difficult` flags."""

    def __init__(self, files: VOCDetection, classes: tuple[str, ...], strict: bool) -> None:
        self.files, self.classes, self.strict = files, classes, strict

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, Sample]:
        path = self.files.annotations[index]
        try:
            picture, tree = self.files[index]
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{error.filename} is missing") from None
        except ElementTree.ParseError as error:
            raise ValueError(f"{path} is not whole XML: {error}") from None
        except (OSError, SyntaxError) as error:
            raise unreadable(self.files.images[index], error) from None
        boxes, labels, difficult = [], [], []
        for name, box, hard in objects(tree, path):
            if name not in self.classes:
                raise ValueError(f"{path} has an object of the class {name!r}, which is not one of {self.classes}")
            inside = box_inside(box, (picture.height, picture.width), path, self.strict)
            if inside is not None:
                boxes.append(inside)
                labels.append(self.classes.index(name))
                difficult.append(hard)
        return to_image(picture), {
            "boxes": boxes_tensor(boxes),
            "labels": labels_tensor(labels),
            "difficult": torch.tensor(difficult, dtype=torch.bool),
            "image_id": index,
        }


class Segmentation(SampleSet):
    """VOC's class map and, where there is a SegmentationObject, masks with their tight boxes and labels.

    The border that VOC draws around its objects is 255 in the class map and belongs to no mask.
    """

    def __init__(self, files: VOCSegmentation, base: Path, classes: tuple[str, ...], strict: bool) -> None:
        self.files, self.classes, self.strict = files, classes, strict
        self.base, self.instances = base, (base / "SegmentationObject").is_dir()

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, Sample]:
        path = Path(self.files.masks[index])
        image, semantic = read_image(Path(self.files.images[index])), read_numbers(path)
        size = (image.shape[1], image.shape[2])
        _require_size(path, semantic, size)
        unknown = semantic[(semantic >= len(self.classes)) & (semantic != _VOID)]
        if len(unknown):
            raise ValueError(f"{path} has the class {unknown[0]}, and there are classes 0 to {len(self.classes) - 1}")
        target: Sample = {"semantic": torch.from_numpy(semantic.astype(np.int64)), "image_id": index}
        if not self.instances:
            return image, target
        boxes, labels, masks = self._objects(path, semantic, size)
        target["boxes"], target["labels"] = boxes_tensor(boxes), labels_tensor(labels)
        target["masks"] = masks_tensor(masks, size)
        return image, target

    def _objects(
        self, path: Path, semantic: np.ndarray, size: tuple[int, int]
    ) -> tuple[list[Box], list[int], list[Mask]]:
        file = self.base / "SegmentationObject" / path.name
        numbers = read_numbers(file)
        _require_size(file, numbers, size)
        xml = self.base / "Annotations" / f"{path.stem}.xml"
        drawn = list(objects(_parsed(xml), str(xml))) if self.strict and xml.is_file() else []
        boxes, labels, masks = [], [], []
        for number in np.setdiff1d(numbers, (0, _VOID)):
            mask = numbers == number
            inside = semantic[mask]
            label = int(np.bincount(inside[inside != _VOID], minlength=1).argmax())
            if label == 0:
                if self.strict:
                    raise ValueError(f"{file} has the object {number}, where {path} has no class")
                continue
            if number <= len(drawn):  # object i of the picture is object i of the XML
                require_agreement(mask, drawn[number - 1][1], f"object {number} of {file}", numbers == _VOID)
            box = tight_box(mask)
            assert box is not None
            boxes.append(box)
            labels.append(label)
            masks.append(mask)
        return boxes, labels, masks


def objects(tree: dict[str, dict[str, list[dict[str, object]]]], path: str) -> list[tuple[str, Box, bool]]:
    """Return name, box in our convention and `difficult` of each object in a tree that torchvision parsed.

    Raises:
        ValueError: an object without a name or a box of four numbers.
    """
    found = []
    for number, item in enumerate(tree.get("annotation", {}).get("object", []), start=1):
        try:
            ends = item["bndbox"]
            assert isinstance(ends, dict)
            x1, y1, x2, y2 = (float(ends[side]) for side in ("xmin", "ymin", "xmax", "ymax"))
            found.append((str(item["name"]), (x1 - 1, y1 - 1, x2, y2), str(item.get("difficult", 0)) == "1"))
        except (KeyError, TypeError, ValueError, AssertionError):
            raise ValueError(f"{path} has an object, number {number}, without a name and a box of numbers") from None
    return found


def _parsed(xml: Path) -> dict[str, dict[str, list[dict[str, object]]]]:
    try:
        root = ElementTree.parse(xml).getroot()
    except ElementTree.ParseError as error:
        raise ValueError(f"{xml} is not whole XML: {error}") from None
    tree: dict[str, dict[str, list[dict[str, object]]]] = VOCDetection.parse_voc_xml(root)
    return tree


def _require_size(path: Path, numbers: np.ndarray, size: tuple[int, int]) -> None:
    if numbers.shape != size:
        raise ValueError(f"{path} has {numbers.shape[1]} × {numbers.shape[0]} pixels, its image {size[1]} × {size[0]}")
