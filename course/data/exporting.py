"""Farm scenes as Pascal VOC or COCO files, for tools that read those: `export(farm, folder, "coco")`.

What each format holds of a scene:

- both: boxes, labels, instance masks, and the semantic map.
- VOC has no keypoints. Its images are JPEG, which changes pixels a little (about 2 of 255 on average) and no
  annotation. Outlines are 255 in SegmentationClass and in SegmentationObject, as VOC draws its borders. Classes there
  are the things; SegmentationContext beside it holds the Farm's whole semantic map, stuff included.
- COCO's images are PNG, so nothing is lost. Masks are run lengths; `stuffthingmaps` holds the semantic maps.

Lists and annotation files are written last: what was interrupted is not found by a reader.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm  # type: ignore[import-untyped]

from course.farm import CLASSES, IGNORE, KEYPOINTS, SEMANTIC_CLASSES, SKELETON, STUFF, Farm
from course.farm.scene import Scene

FORMATS = ("voc", "coco")
_SPLITS = ("train", "val", "trainval", "test")
_QUALITY = 95


def export(farm: Farm, folder: str | Path, format: str, split: str = "train") -> Path:
    """Write every scene of `farm` into `folder` as the split `split`, in the format `voc` or `coco`.

    Return the folder that `course.data.load` takes as `root`. Scene i is the image i of both; VOC's files are laid out
    as those of 2007, the one year that has a test split.

    Raises:
        TypeError: something else than a Farm.
        ValueError: an unknown format or split.
        FileExistsError: the folder has this split already.
    """
    if not isinstance(farm, Farm):
        raise TypeError(f"farm must be a Farm, got {type(farm).__name__}")
    if format not in FORMATS:
        raise ValueError(f"format must be {' or '.join(FORMATS)}, got {format!r}")
    if split not in _SPLITS:
        raise ValueError(f"split must be one of {', '.join(_SPLITS)}, got {split!r}")
    root = Path(folder)
    return _export_voc(farm, root, split) if format == "voc" else _export_coco(farm, root, split)


def _export_voc(farm: Farm, root: Path, split: str) -> Path:
    base = root / "VOCdevkit" / "VOC2007"
    sets = base / "ImageSets"
    _require_new(sets / "Main" / f"{split}.txt")
    pictures = ("JPEGImages", "SegmentationClass", "SegmentationObject", "SegmentationContext")
    for name in (*pictures, "Annotations", "ImageSets/Main", "ImageSets/Segmentation"):
        (base / name).mkdir(parents=True, exist_ok=True)
    names, present = [], []
    for index, scene in _scenes(farm):
        name = f"{split}_{index:06d}"
        image = Image.fromarray(scene.image)
        image.save(base / "JPEGImages" / f"{name}.jpg", quality=_QUALITY, subsampling=0)
        void = scene.semantic == IGNORE
        things = np.where(scene.semantic >= len(STUFF), scene.semantic - len(STUFF) + 1, 0)
        _save_palette(np.where(void, IGNORE, things), base / "SegmentationClass" / f"{name}.png")
        _save_palette(np.where(void, IGNORE, scene.instances), base / "SegmentationObject" / f"{name}.png")
        _save_palette(scene.semantic, base / "SegmentationContext" / f"{name}.png")
        _voc_xml(scene, f"{name}.jpg").write(base / "Annotations" / f"{name}.xml", encoding="utf-8")
        names.append(name)
        present.append(set(scene.labels.tolist()))
    _write(base / "classes.txt", "\n".join(CLASSES[1:]))
    _write(base / "context_classes.txt", "\n".join(SEMANTIC_CLASSES))
    for label, title in enumerate(CLASSES[1:], start=1):
        lines = (f"{name} {1 if label in labels else -1:2d}" for name, labels in zip(names, present, strict=True))
        _write(sets / "Main" / f"{title}_{split}.txt", "\n".join(lines))
    _write(sets / "Segmentation" / f"{split}.txt", "\n".join(names))
    _write(sets / "Main" / f"{split}.txt", "\n".join(names))
    return root


def _voc_xml(scene: Scene, file: str) -> "ElementTree.ElementTree[ElementTree.Element]":
    height, width = scene.semantic.shape
    root = ElementTree.Element("annotation")
    _leaves(root, folder="VOC2007", filename=file)
    _leaves(ElementTree.SubElement(root, "source"), database="The Farm", annotation="drawn", image="drawn")
    _leaves(ElementTree.SubElement(root, "size"), width=width, height=height, depth=3)
    _leaves(root, segmented=1)
    for (x1, y1, x2, y2), label in zip(scene.boxes.astype(int).tolist(), scene.labels.tolist(), strict=True):
        item = ElementTree.SubElement(root, "object")
        cut = int(x1 == 0 or y1 == 0 or x2 == width or y2 == height)
        _leaves(item, name=CLASSES[label], pose="Unspecified", truncated=cut, difficult=0)
        # VOC counts from 1 and a box includes its last pixel.
        _leaves(ElementTree.SubElement(item, "bndbox"), xmin=x1 + 1, ymin=y1 + 1, xmax=x2, ymax=y2)
    ElementTree.indent(root, "\t")
    return ElementTree.ElementTree(root)


def _leaves(parent: ElementTree.Element, **values: object) -> None:
    for name, value in values.items():
        ElementTree.SubElement(parent, name).text = str(value)


def _export_coco(farm: Farm, root: Path, split: str) -> Path:
    notes = root / "annotations"
    _require_new(notes / f"instances_{split}.json")
    maps = root / "stuffthingmaps" / split
    for folder in (notes, root / split, maps):
        folder.mkdir(parents=True, exist_ok=True)
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    height, width = farm.size
    for index, scene in _scenes(farm):
        name = f"{index:012d}.png"
        Image.fromarray(scene.image).save(root / split / name)
        _save_palette(scene.semantic, maps / name)
        images.append({"id": index, "file_name": name, "width": width, "height": height})
        for number, (box, label, points) in enumerate(
            zip(scene.boxes.tolist(), scene.labels.tolist(), scene.keypoints, strict=True), start=1
        ):
            x1, y1, x2, y2 = box
            mask = scene.instances == number
            annotations.append(
                {
                    "id": len(annotations) + 1,  # COCOeval takes an id of 0 for "no match"
                    "image_id": index,
                    "category_id": label,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": int(mask.sum()),
                    "segmentation": {"size": [height, width], "counts": run_lengths(mask)},
                    "iscrowd": 0,
                    "keypoints": points.reshape(-1).tolist(),
                    "num_keypoints": int((points[:, 2] > 0).sum()),
                }
            )
    info = {"description": f"The Farm: {len(farm)} drawn scenes of seed {farm.seed}", "version": "1.0"}
    categories = [
        {"id": label, "name": name, "supercategory": "animal"} for label, name in enumerate(CLASSES[1:], start=1)
    ]
    joints = {"keypoints": list(KEYPOINTS), "skeleton": [[a + 1, b + 1] for a, b in SKELETON]}
    head = {"info": info, "licenses": [], "images": images}
    whole = {**head, "annotations": annotations, "categories": [{**category, **joints} for category in categories]}
    plain = [
        {key: value for key, value in item.items() if key not in ("keypoints", "num_keypoints")} for item in annotations
    ]
    _write(notes / f"keypoints_{split}.json", json.dumps(whole))
    _write(notes / f"instances_{split}.json", json.dumps({**head, "annotations": plain, "categories": categories}))
    return root


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """Return COCO's run lengths of a mask (H, W): down the columns, zeros first.

    >>> run_lengths(np.array([[False, True], [True, True]]))
    [1, 3]
    >>> run_lengths(np.array([[True, False]]))
    [0, 1, 1]
    """
    down = mask.T.reshape(-1)
    changes = np.flatnonzero(down[1:] != down[:-1]) + 1
    counts: list[int] = np.diff([0, *changes, len(down)]).tolist()
    return [0, *counts] if down[0] else counts


def _scenes(farm: Farm) -> Iterator[tuple[int, Scene]]:
    for index in tqdm(range(len(farm)), desc="Writing scenes", delay=2, leave=False, disable=None):
        yield index, farm.scene(index)


def _save_palette(numbers: NDArray[np.integer], path: Path) -> None:
    picture = Image.fromarray(numbers.astype(np.uint8))
    picture.putpalette(_voc_palette())
    picture.save(path)


def _voc_palette() -> bytes:
    """Return VOC's 256 colours: number n's bits are dealt in turn to red, green and blue, high bits first."""
    numbers = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        for channel in range(3):
            colours[:, channel] |= (((numbers >> (3 * bit + channel)) & 1) << (7 - bit)).astype(np.uint8)
    return colours.tobytes()


def _require_new(path: Path) -> None:
    if path.exists():
        raise FileExistsError(f"{path} exists already; choose another folder or split")


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    beside = path.with_name(f".{path.name}")
    beside.write_text(text + "\n" if text else "", encoding="utf-8")
    beside.replace(path)
