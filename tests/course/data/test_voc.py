"""The VOC readers: hand-made files with numbers by hand, and every way in which files may be wrong."""

import shutil
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image

from course.data import CLASSES, load, voc

OBJECT = """<object><name>{name}</name><difficult>{difficult}</difficult><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin>
<xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"""


def xml(*objects: str) -> str:
    size = "<size><width>20</width><height>10</height><depth>3</depth></size>"
    return f"<annotation>{size}{''.join(objects)}</annotation>"


def thing(name: str, x1: float, y1: float, x2: float, y2: float, difficult: int = 0) -> str:
    return OBJECT.format(name=name, x1=x1, y1=y1, x2=x2, y2=y2, difficult=difficult)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """One image, 20 wide and 10 high: a dog at columns 2 … 7, rows 3 … 8 (from 0), a cat on the right edge."""
    base = tmp_path / "VOCdevkit" / "VOC2012"
    for name in ("JPEGImages", "Annotations", "SegmentationClass", "SegmentationObject"):
        (base / name).mkdir(parents=True)
    for name in ("Main", "Segmentation"):
        (base / "ImageSets" / name).mkdir(parents=True)
        (base / "ImageSets" / name / "train.txt").write_text("a\n")
    Image.new("RGB", (20, 10), (255, 0, 0)).save(base / "JPEGImages" / "a.jpg")
    (base / "Annotations" / "a.xml").write_text(xml(thing("dog", 3, 4, 8, 9), thing("cat", 15, 1, 20, 10, 1)))
    numbers = np.zeros((10, 20), np.uint8)
    numbers[3:9, 2:8] = 1
    numbers[0:10, 14:20] = 2
    classes = np.array([0, CLASSES["voc2012"].index("dog"), CLASSES["voc2012"].index("cat")], np.uint8)[numbers]
    for name, plane in (("SegmentationObject", numbers), ("SegmentationClass", classes)):
        plane = plane.copy()
        plane[2, 2:8] = 255
        picture = Image.fromarray(plane)
        picture.putpalette(list(range(256)) * 3)
        picture.save(base / name / "a.png")
    return base


def root(base: Path) -> Path:
    return base.parents[1]


def test_a_box_of_voc_loses_one_at_its_start_and_keeps_its_end(base: Path) -> None:
    image, target = load("voc2012", "train", root=root(base))[0]
    assert image.shape == (3, 10, 20)
    assert image.dtype == torch.float32
    assert image.max() <= 1
    assert target["boxes"].tolist() == [[2, 3, 8, 9], [14, 0, 20, 10]]
    assert [CLASSES["voc2012"][label] for label in target["labels"]] == ["dog", "cat"]
    assert target["difficult"].tolist() == [False, True]
    assert set(target) == {"boxes", "labels", "difficult", "image_id"}


def test_segmentation_gives_classes_masks_and_tight_boxes(base: Path) -> None:
    _, target = load("voc2012", "train", root=root(base), task="segmentation")[0]
    assert target["boxes"].tolist() == [[2, 3, 8, 9], [14, 0, 20, 10]]
    assert target["masks"].flatten(1).sum(dim=1).tolist() == [36, 60]
    assert target["semantic"].dtype == torch.long
    assert (target["semantic"] == 255).sum() == 6
    assert [CLASSES["voc2012"][label] for label in target["labels"]] == ["dog", "cat"]


def test_segmentation_without_instances_gives_the_map_alone(base: Path) -> None:
    shutil.rmtree(base / "SegmentationObject")
    _, target = load("voc2012", "train", root=root(base), task="segmentation")[0]
    assert set(target) == {"semantic", "image_id"}


def test_an_image_without_objects_has_empty_boxes(base: Path) -> None:
    (base / "Annotations" / "a.xml").write_text(xml())
    _, target = load("voc2012", "train", root=root(base))[0]
    assert target["boxes"].shape == (0, 4)
    assert target["labels"].shape == (0,)
    assert target["labels"].dtype == torch.long


@pytest.mark.parametrize(("box", "expected"), [((0, 1, 21, 10), [0, 0, 20, 10]), ((3.4, 1, 5.6, 2), [2.4, 0, 5.6, 2])])
def test_a_rounding_pixel_beyond_the_border_is_clipped(base: Path, box: tuple[float, ...], expected: list[int]) -> None:
    (base / "Annotations" / "a.xml").write_text(xml(thing("dog", *box)))
    boxes = load("voc2012", "train", root=root(base))[0][1]["boxes"]
    assert torch.allclose(boxes, torch.tensor([expected], dtype=torch.float32))


def test_an_object_outside_of_its_image_names_the_file(base: Path) -> None:
    (base / "Annotations" / "a.xml").write_text(xml(thing("dog", 3, 4, 40, 9)))
    with pytest.raises(ValueError, match=r"a\.xml has the box \(2, 3, 40, 9\), which leaves its image of 20 × 10"):
        load("voc2012", "train", root=root(base))[0]
    _, target = load("voc2012", "train", root=root(base), strict=False)[0]
    assert target["boxes"].tolist() == [[2, 3, 20, 9]]


def test_a_mask_that_disagrees_with_its_box_names_the_file(base: Path) -> None:
    (base / "Annotations" / "a.xml").write_text(xml(thing("dog", 12, 1, 20, 4), thing("cat", 15, 1, 20, 10)))
    message = r"object 1 of .*SegmentationObject.*a\.png has a mask that disagrees with its box"
    with pytest.raises(ValueError, match=message):
        load("voc2012", "train", root=root(base), task="segmentation")[0]
    load("voc2012", "train", root=root(base), task="segmentation", strict=False)[0]


@pytest.mark.parametrize("task", ["detection", "segmentation"])
def test_a_truncated_image_names_the_file(base: Path, task: str) -> None:
    file = base / "JPEGImages" / "a.jpg"
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"a\.jpg is not a whole image: "):
        load("voc2012", "train", root=root(base), task=task)[0]


@pytest.mark.parametrize("folder", ["SegmentationClass", "SegmentationObject"])
@pytest.mark.parametrize("damage", ["short", "text", "gone", "size"])
def test_a_damaged_map_names_the_file(base: Path, folder: str, damage: str) -> None:
    file = base / folder / "a.png"
    if damage == "short":
        file.write_bytes(file.read_bytes()[:-40])
    elif damage == "text":
        file.write_text("not a picture")
    elif damage == "gone":
        file.unlink()
    else:
        Image.new("L", (7, 5)).save(file)
    with pytest.raises((ValueError, FileNotFoundError), match=rf"{folder}.a\.png (is|has)") as caught:
        load("voc2012", "train", root=root(base), task="segmentation")[0]
    assert "\n" not in str(caught.value)


def test_a_damaged_annotation_names_the_file(base: Path) -> None:
    file = base / "Annotations" / "a.xml"
    for text, message in (
        ("<annotation><object>", r"a\.xml is not whole XML"),
        (xml("<object><name>dog</name></object>"), r"a\.xml has an object, number 1, without a name and a box"),
        (xml(thing("dgo", 1, 1, 2, 2)), r"a\.xml has an object of the class 'dgo'"),
    ):
        file.write_text(text)
        with pytest.raises(ValueError, match=message):
            load("voc2012", "train", root=root(base))[0]
    file.unlink()
    with pytest.raises(FileNotFoundError, match=r"a\.xml is missing"):
        load("voc2012", "train", root=root(base))[0]


def test_a_class_that_does_not_exist_names_the_file(base: Path) -> None:
    Image.fromarray(np.full((10, 20), 77, np.uint8)).save(base / "SegmentationClass" / "a.png")
    with pytest.raises(ValueError, match=r"a\.png has the class 77, and there are classes 0 to 20"):
        load("voc2012", "train", root=root(base), task="segmentation")[0]


def test_an_object_without_a_class_names_the_file(base: Path) -> None:
    Image.fromarray(np.zeros((10, 20), np.uint8)).save(base / "SegmentationClass" / "a.png")
    with pytest.raises(ValueError, match=r"has the object 1, where .* has no class"):
        load("voc2012", "train", root=root(base), task="segmentation")[0]


def test_a_missing_folder_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"VOC2007 is missing; download=True fetches voc2007, or root= names"):
        load("voc2007", "train", root=tmp_path)


def test_splits_that_were_never_published_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"split must be one of train, val, trainval for voc2012, got 'test'; the anno"
    ):
        load("voc2012", "test", root=tmp_path)
    with pytest.raises(ValueError, match="task must be detection or segmentation"):
        load("voc2012", "train", root=tmp_path, task="boxes")


def test_a_download_without_network_says_where_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reader(*arguments: object, **options: object) -> None:
        assert options["download"]
        raise URLError("no route to host")

    monkeypatch.setitem(voc._TASKS, "detection", (reader, "Main"))
    with pytest.raises(ConnectionError, match=r"voc2012 cannot be downloaded .*; unpack its archive from http.* into"):
        load("voc2012", "train", root=tmp_path, download=True)
