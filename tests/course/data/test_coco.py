"""The COCO reader: polygons, run lengths, crowds, gaps in category ids, and files that are wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from course.data import CLASSES, load

SQUARE = [[2, 3, 8, 3, 8, 9, 2, 9]]


def annotation(**changes: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "id": 7, "image_id": 42, "category_id": 18, "bbox": [2, 3, 6, 6], "segmentation": SQUARE, "area": 36,
        "iscrowd": 0, "keypoints": [3, 4, 2, 0, 0, 0], "num_keypoints": 1,
    }  # fmt: skip
    return {**whole, **changes}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Return a function that writes annotations of one image, 20 wide and 10 high, as COCO 2017's val."""
    (tmp_path / "annotations").mkdir()
    (tmp_path / "val2017").mkdir()
    Image.new("L", (20, 10), 255).save(tmp_path / "val2017" / "000000000042.jpg")

    def files(*annotations: dict[str, object], **changes: object) -> Path:
        image = {"id": 42, "file_name": "000000000042.jpg", "width": 20, "height": 10}
        joints = {"keypoints": ["nose", "tail"], "skeleton": [[1, 2]]}
        categories = [{"id": 90, "name": "toothbrush", **joints}, {"id": 18, "name": "dog", **joints}]
        whole = {"images": [image], "annotations": list(annotations), "categories": categories, **changes}
        for name in ("instances", "person_keypoints"):
            (tmp_path / "annotations" / f"{name}_val2017.json").write_text(json.dumps(whole))
        return tmp_path

    return files


def test_widths_become_ends_and_category_ids_become_places(write: Any) -> None:
    last = annotation(id=9, category_id=90, bbox=[10, 0, 10, 10], segmentation=[[10, 0, 20, 0, 20, 10, 10, 10]])
    dataset = load("coco", "val", root=write(annotation(), last))
    image, target = dataset[0]
    assert image.shape == (3, 10, 20)  # grey on disk
    assert target["boxes"].tolist() == [[2, 3, 8, 9], [10, 0, 20, 10]]
    assert target["labels"].tolist() == [1, 2]
    assert dataset.classes == ("background", "dog", "toothbrush")
    assert target["masks"].flatten(1).sum(dim=1).tolist() == [36, 100]
    assert target["masks"][0, 3:9, 2:8].all()
    assert target["image_id"] == 42
    assert set(target) == {"boxes", "labels", "masks", "semantic", "image_id"}
    assert target["semantic"].unique().tolist() == [0, 1, 2]


def test_all_eighty_categories_have_their_place() -> None:
    assert len(CLASSES["coco"]) == 81
    assert CLASSES["coco"][1] == "person"
    assert CLASSES["coco"][80] == "toothbrush"


def test_run_lengths_are_masks_too(write: Any) -> None:
    counts = [23] + [6, 4] * 5 + [6, 121]  # six columns of six pixels, from column 2, row 3, ten pixels a column
    root = write(annotation(segmentation={"size": [10, 20], "counts": counts}))
    mask = load("coco", "val", root=root)[0][1]["masks"][0]
    assert mask.sum() == 36
    assert mask[3:9, 2:8].all()


def test_keypoints_come_on_request(write: Any) -> None:
    _, target = load("coco", "val", root=write(annotation()), task="keypoints")[0]
    assert target["keypoints"].tolist() == [[[3, 4, 2], [0, 0, 0]]]
    _, target = load("coco", "val", root=write(), task="keypoints")[0]
    assert target["keypoints"].shape == (0, 2, 3)


def test_crowds_are_ignored_or_marked(write: Any) -> None:
    rle = {"size": [10, 20], "counts": [100, 100]}
    crowd = annotation(id=8, iscrowd=1, bbox=[10, 0, 10, 10], segmentation=rle)
    root = write(annotation(), crowd)
    _, ignored = load("coco", "val", root=root)[0]
    assert len(ignored["boxes"]) == 1
    assert (ignored["semantic"][:, 10:] == 255).all()
    assert "iscrowd" not in ignored
    _, marked = load("coco", "val", root=root, crowd="mark")[0]
    assert marked["iscrowd"].tolist() == [False, True]
    assert marked["boxes"].tolist() == [[2, 3, 8, 9], [10, 0, 20, 10]]
    assert (marked["semantic"][:, 10:] == 255).all()


def test_pixels_of_two_classes_are_ignored_in_the_semantic_map(write: Any) -> None:
    _, target = load("coco", "val", root=write(annotation(), annotation(id=8, category_id=90)))[0]
    assert target["semantic"].unique().tolist() == [0, 255]
    _, target = load("coco", "val", root=write(annotation(), annotation(id=8)))[0]
    assert target["semantic"].unique().tolist() == [0, 1]


def test_an_image_without_annotations_is_empty(write: Any) -> None:
    _, target = load("coco", "val", root=write())[0]
    assert target["boxes"].shape == (0, 4)
    assert target["masks"].shape == (0, 10, 20)
    assert not target["semantic"].any()


def test_a_box_without_area_is_left_out(write: Any) -> None:
    _, target = load("coco", "val", root=write(annotation(bbox=[2, 3, 0, 6]), annotation(id=8)))[0]
    assert len(target["boxes"]) == len(target["masks"]) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bbox": [2, 3, 60, 6]}, r"has the box \(2, 3, 62, 9\), which leaves its image of 20 × 10 pixels"),
        ({"bbox": [12, 0, 6, 3]}, r"has a mask that disagrees with its box: the mask spans \(2, 3, 8, 9\), the box is"),
        (
            {"segmentation": {"size": [10, 20], "counts": [200]}},
            "has a mask that disagrees with its box: the mask is empty",
        ),
        ({"bbox": "all of it"}, "has no bbox of four numbers"),
        ({"category_id": 3}, "has the category 3, which the file does not list"),
        ({"segmentation": "a dog"}, "has no polygons or run lengths that can be read"),
        ({"segmentation": {"size": [5, 5], "counts": [25]}}, "has a mask of shape"),
        ({"keypoints": [1, 2]}, "must have 2 keypoints of x, y, visibility"),
    ],
)
def test_an_annotation_that_is_wrong_names_file_and_number(write: Any, changes: Any, message: str) -> None:
    dataset = load("coco", "val", root=write(annotation(**changes)), task="keypoints")
    with pytest.raises(ValueError, match=rf"annotation 7 of .*person_keypoints_val2017\.json {message}"):
        dataset[0]


def test_a_wrong_box_is_clipped_when_not_strict(write: Any) -> None:
    _, target = load("coco", "val", root=write(annotation(bbox=[2, 3, 60, 6])), strict=False)[0]
    assert target["boxes"].tolist() == [[2, 3, 20, 9]]


def test_files_that_are_damaged_or_missing_are_named(write: Any) -> None:
    root = write(annotation())
    image = root / "val2017" / "000000000042.jpg"
    content = image.read_bytes()
    dataset = load("coco", "val", root=root)
    image.write_bytes(content[:-100])
    with pytest.raises(ValueError, match=r"000000000042\.jpg is not a whole image"):
        dataset[0]
    image.unlink()
    with pytest.raises(FileNotFoundError, match=r"000000000042\.jpg is missing"):
        dataset[0]
    Image.new("RGB", (5, 5)).save(image)
    with pytest.raises(ValueError, match=r"000000000042\.jpg has 5 × 5 pixels, .*instances_val2017\.json says 20 × 10"):
        dataset[0]
    image.unlink()
    image.parent.rmdir()
    with pytest.raises(FileNotFoundError, match=r"val2017 is missing, the folder of the images"):
        load("coco", "val", root=root)
    (root / "annotations" / "instances_val2017.json").write_text('{"images": [')
    with pytest.raises(ValueError, match=r"instances_val2017\.json is not a whole COCO annotation file"):
        load("coco", "val", root=root)


@pytest.mark.parametrize("download", [False, True])
def test_a_missing_folder_says_where_to_get_it(tmp_path: Path, download: bool) -> None:
    with pytest.raises(FileNotFoundError, match=r"instances_train2017\.json is missing; .*https://cocodataset\.org"):
        load("coco", "train", root=tmp_path, download=download)


def test_options_that_do_not_exist_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="crowd must be ignore or mark, got 'drop'"):
        load("coco", "val", root=tmp_path, crowd="drop")
    with pytest.raises(ValueError, match="task must be instances or keypoints for coco, got 'stuff'"):
        load("coco", "val", root=tmp_path, task="stuff")


def test_reading_says_nothing(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    load("coco", "val", root=write(annotation()))[0]
    assert capsys.readouterr().out == ""


def test_a_batch_comes_through_a_loader(write: Any) -> None:
    from torch.utils.data import DataLoader

    loader = DataLoader(load("coco", "val", root=write(annotation())), batch_size=None, num_workers=1)
    ((image, target),) = list(loader)
    assert isinstance(image, torch.Tensor)
    assert target["boxes"].tolist() == [[2, 3, 8, 9]]
