"""Penn-Fudan pedestrians: 170 street photographs, each person with a mask.

Wang, Shi, Song & Shen, "Object detection combining recognition and segmentation" (ACCV 2007).
"""

import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchvision.datasets.utils import download_and_extract_archive

from course.data.classes import CLASSES
from course.data.sample import (
    Sample,
    SampleSet,
    boxes_tensor,
    labels_tensor,
    masks_tensor,
    read_image,
    read_numbers,
    require_agreement,
    tight_box,
)

ADDRESS = "https://www.cis.upenn.edu/~jshi/ped_html/PennFudanPed.zip"
_EVERY = 5  # of the images in order of their names, one goes to val: both of the data set's places are in both splits
_BOX = re.compile(r"for object (\d+) .*: \((\d+), (\d+)\) - \((\d+), (\d+)\)")


def load_penn_fudan(name: str, split: str, folder: Path, download: bool, strict: bool = True) -> SampleSet:
    """Load Penn-Fudan; `folder` holds PennFudanPed, or is it."""
    if split not in ("all", "train", "val"):
        raise ValueError(f"split must be all, train or val for {name}, got {split!r}")
    base = folder if (folder / "PNGImages").is_dir() else folder / "PennFudanPed"
    if not base.is_dir():
        if not download:
            raise FileNotFoundError(
                f"{base} is missing; download=True fetches {name}, or root= names the folder of its PennFudanPed"
            )
        _download(folder)
    images = sorted((base / "PNGImages").glob("*.png"))
    if not images:
        raise FileNotFoundError(f"{base / 'PNGImages'} holds no .png; unpack {ADDRESS} into {folder}")
    chosen = [path for i, path in enumerate(images) if split == "all" or (i % _EVERY == 0) == (split == "val")]
    return PennFudan(base, chosen, strict)


def _download(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".penn-fudan-", dir=folder))
    try:
        download_and_extract_archive(ADDRESS, beside)
        (beside / "PennFudanPed").rename(folder / "PennFudanPed")
    except Exception as error:  # whatever the network, the archive or the disk did
        raise ConnectionError(
            f"Penn-Fudan cannot be downloaded ({error}); unpack {ADDRESS} into {folder} by hand"
        ) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


class PennFudan(SampleSet):
    """People with masks; their boxes are the masks'."""

    classes = CLASSES["penn_fudan"]

    def __init__(self, base: Path, images: list[Path], strict: bool) -> None:
        self.base, self.images, self.strict = base, images, strict

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Sample]:
        path = self.images[index]
        file = self.base / "PedMasks" / f"{path.stem}_mask.png"
        image, numbers = read_image(path), read_numbers(file)
        if image.shape[1:] != numbers.shape:
            pixels = [f"{shape[1]} × {shape[0]}" for shape in (numbers.shape, tuple(image.shape[1:]))]
            raise ValueError(f"{file} has {pixels[0]} pixels, its image {pixels[1]}")
        people = [int(number) for number in np.unique(numbers) if number]
        masks = [numbers == number for number in people]
        if self.strict:
            drawn = self._drawn(path.stem)
            for number, mask in zip(people, masks, strict=True):
                if number in drawn:
                    require_agreement(mask, drawn[number], f"object {number} of {file}")
        boxes = [box for box in map(tight_box, masks) if box is not None]
        return image, {
            "semantic": torch.from_numpy((numbers > 0).astype(np.int64)),
            "boxes": boxes_tensor(boxes),
            "labels": labels_tensor([1] * len(boxes)),
            "masks": masks_tensor(masks, (numbers.shape[0], numbers.shape[1])),
            "image_id": index,
        }

    def _drawn(self, stem: str) -> dict[int, tuple[float, float, float, float]]:
        """Return the boxes of the text beside the image, counted from 1 with their last pixel, in our convention."""
        text = self.base / "Annotation" / f"{stem}.txt"
        if not text.is_file():
            return {}
        found = _BOX.findall(text.read_text(encoding="latin-1"))
        return {int(n): (float(x1) - 1, float(y1) - 1, float(x2), float(y2)) for n, x1, y1, x2, y2 in found}
