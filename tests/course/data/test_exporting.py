"""What `export` writes, read back by torchvision's and pycocotools' own readers, annotation by annotation."""

import io
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
import torch
from pycocotools.coco import COCO
from torchvision.datasets import CocoDetection, VOCDetection, VOCSegmentation

from course.data import CLASSES, export, load
from course.farm import IGNORE, KEYPOINTS, SEMANTIC_CLASSES, SKELETON, STUFF, Farm

FARM = Farm(8, seed=4, size=(64, 96), animals=(0, 5), empty=0.2)


@pytest.fixture(scope="module")
def voc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(FARM, tmp_path_factory.mktemp("voc"), "voc")


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(FARM, tmp_path_factory.mktemp("coco"), "coco", "val")


def opened(file: Path) -> COCO:
    with redirect_stdout(io.StringIO()):
        return COCO(str(file))


def test_the_scenes_hold_animals_and_an_empty_one() -> None:
    counts = [len(FARM.scene(i).labels) for i in range(len(FARM))]
    assert 0 in counts
    assert max(counts) >= 3


def test_voc_boxes_and_labels_come_back_through_torchvision(voc: Path) -> None:
    reader = VOCDetection(voc, year="2007", image_set="train")
    assert len(reader) == len(FARM)
    for index, (_, tree) in enumerate(reader):
        scene, notes = FARM.scene(index), tree["annotation"]
        size = [int(notes["size"][key]) for key in ("height", "width", "depth")]
        assert size == [64, 96, 3]
        names = [item["name"] for item in notes["object"]]
        assert names == [CLASSES["farm"][label] for label in scene.labels]
        ends = [[int(item["bndbox"][key]) for key in ("xmin", "ymin", "xmax", "ymax")] for item in notes["object"]]
        assert ends == [[int(x1) + 1, int(y1) + 1, int(x2), int(y2)] for x1, y1, x2, y2 in scene.boxes]


def test_voc_maps_come_back_through_torchvision(voc: Path) -> None:
    reader = VOCSegmentation(voc, year="2007", image_set="train")
    for index, (_, picture) in enumerate(reader):
        scene = FARM.scene(index)
        assert picture.mode == "P"
        assert picture.getpalette()[:12] == [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]  # VOC's first four colours
        labels, void = np.array(picture), scene.semantic == IGNORE
        assert np.array_equal(labels == 255, void)
        things = scene.semantic >= len(STUFF)
        assert np.array_equal(labels[things & ~void], scene.semantic[things & ~void] - len(STUFF) + 1)
        assert not labels[~things & ~void].any()


def test_voc_images_lose_little(voc: Path) -> None:
    for index, (picture, _) in enumerate(VOCDetection(voc, year="2007", image_set="train")):
        difference = np.abs(np.array(picture).astype(int) - FARM.scene(index).image)
        assert difference.mean() < 3
        assert difference.max() < 40


def test_voc_boxes_are_ours_through_load(voc: Path) -> None:
    dataset = load("voc2007", "train", root=voc, classes=CLASSES["farm"])
    for index in range(len(FARM)):
        (image, target), (_, drawn) = dataset[index], FARM[index]
        assert image.shape == (3, 64, 96)
        assert torch.equal(target["boxes"], drawn["boxes"])
        assert torch.equal(target["labels"], drawn["labels"])
        assert not target["difficult"].any()
        assert target["image_id"] == index


def test_voc_masks_are_ours_but_for_the_outlines(voc: Path) -> None:
    dataset = load("voc2007", "train", root=voc, task="segmentation", classes=CLASSES["farm"])
    for index in range(len(FARM)):
        (_, target), (_, drawn) = dataset[index], FARM[index]
        inner = drawn["masks"] & (drawn["semantic"] != IGNORE)
        left = inner.flatten(1).any(dim=1)
        assert torch.equal(target["masks"], inner[left])
        assert torch.equal(target["labels"], drawn["labels"][left])
        ignored = drawn["semantic"] == IGNORE
        assert torch.equal(target["semantic"] == IGNORE, ignored)


def test_voc_context_holds_the_whole_semantic_map(voc: Path) -> None:
    from PIL import Image

    base = voc / "VOCdevkit" / "VOC2007"
    for index in range(len(FARM)):
        read = np.array(Image.open(base / "SegmentationContext" / f"train_{index:06d}.png"))
        assert np.array_equal(read, FARM.scene(index).semantic)
    assert (base / "context_classes.txt").read_text().split() == list(SEMANTIC_CLASSES)


def test_voc_lists_say_which_classes_an_image_holds(voc: Path) -> None:
    lists = voc / "VOCdevkit" / "VOC2007" / "ImageSets" / "Main"
    for label, name in enumerate(CLASSES["farm"][1:], start=1):
        lines = [line.split() for line in (lists / f"{name}_train.txt").read_text().splitlines()]
        assert [mark == "1" for _, mark in lines] == [label in FARM.scene(i).labels for i in range(len(FARM))]


@pytest.mark.parametrize("kind", ["instances", "keypoints"])
def test_coco_annotations_come_back_through_pycocotools(coco: Path, kind: str) -> None:
    reader = opened(coco / "annotations" / f"{kind}_val.json")
    assert sorted(reader.getAnnIds()) == list(range(1, 1 + sum(len(FARM.scene(i).labels) for i in range(len(FARM)))))
    assert [item["name"] for item in reader.loadCats([1, 2, 3, 4])] == list(CLASSES["farm"][1:])
    for index in range(len(FARM)):
        scene = FARM.scene(index)
        found = reader.loadAnns(reader.getAnnIds(imgIds=[index]))
        assert [item["category_id"] for item in found] == scene.labels.tolist()
        for number, item in enumerate(found):
            x, y, w, h = item["bbox"]
            assert [x, y, x + w, y + h] == scene.boxes[number].tolist()
            mask = scene.instances == number + 1
            assert np.array_equal(reader.annToMask(item).astype(bool), mask)
            assert item["area"] == mask.sum()
            assert item["iscrowd"] == 0
            if kind == "keypoints":
                points = np.array(item["keypoints"], np.float32).reshape(-1, 3)
                assert np.array_equal(points, scene.keypoints[number])
                assert item["num_keypoints"] == (points[:, 2] > 0).sum()


def test_coco_categories_carry_the_skeleton(coco: Path) -> None:
    for category in opened(coco / "annotations" / "keypoints_val.json").loadCats([1, 2, 3, 4]):
        assert category["keypoints"] == list(KEYPOINTS)
        assert category["skeleton"] == [[a + 1, b + 1] for a, b in SKELETON]  # COCO counts joints from 1


def test_coco_images_come_back_unchanged_through_torchvision(coco: Path) -> None:
    with redirect_stdout(io.StringIO()):
        reader = CocoDetection(str(coco / "val"), str(coco / "annotations" / "instances_val.json"))
    for index, (picture, _) in enumerate(reader):
        assert np.array_equal(np.array(picture), FARM.scene(index).image)


def test_coco_is_ours_through_load(coco: Path) -> None:
    dataset = load("coco", "val", root=coco, task="keypoints")
    assert dataset.classes == CLASSES["farm"]
    for index in range(len(FARM)):
        (image, target), (drawn_image, drawn) = dataset[index], FARM[index]
        assert torch.equal(image, drawn_image)
        for key in ("boxes", "labels", "masks", "keypoints"):
            assert torch.equal(target[key], drawn[key]), key  # type: ignore[literal-required]
        things = torch.where(drawn["masks"].any(dim=0), target["semantic"], 0)
        assert torch.equal(things, target["semantic"])


def test_coco_evaluation_finds_the_truth_perfect(coco: Path) -> None:
    from pycocotools.cocoeval import COCOeval

    truth = opened(coco / "annotations" / "keypoints_val.json")
    results = [{**item, "score": 1.0} for item in truth.loadAnns(truth.getAnnIds())]
    with redirect_stdout(io.StringIO()):
        for kind in ("bbox", "segm"):
            evaluation = COCOeval(truth, truth.loadRes([dict(item) for item in results]), kind)
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
            assert evaluation.stats[0] == pytest.approx(1.0)


def test_splits_share_a_folder_and_none_is_overwritten(tmp_path: Path) -> None:
    for format, name in (("voc", "voc2007"), ("coco", "coco")):
        for split, seed in (("train", 0), ("test", 1)):
            export(Farm(1, seed=seed), tmp_path / format, format, split)
            with pytest.raises(FileExistsError, match=rf"{split}.* exists already; choose another folder or split"):
                export(Farm(1), tmp_path / format, format, split)
        options = {"classes": CLASSES["farm"]} if format == "voc" else {}
        images = [load(name, split, root=tmp_path / format, **options)[0][0] for split in ("train", "test")]  # type: ignore[arg-type]
        assert not torch.equal(*images)


def test_an_interrupted_export_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    farm = Farm(3)
    draw = farm.scene
    for format, name in (("voc", "voc2007"), ("coco", "coco")):
        with monkeypatch.context() as patch:
            patch.setattr(farm, "scene", lambda index: draw(index) if index < 2 else exec("raise KeyboardInterrupt"))
            with pytest.raises(KeyboardInterrupt):
                export(farm, tmp_path, format)
        with pytest.raises(FileNotFoundError, match="is missing"):
            load(name, "train", root=tmp_path)
        export(farm, tmp_path, format)
        assert len(load(name, "train", root=tmp_path)) == 3


def test_bad_arguments_are_one_sentence_each(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="farm must be a Farm, got list"):
        export([], tmp_path, "voc")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="format must be voc or coco, got 'yolo'"):
        export(Farm(1), tmp_path, "yolo")
    with pytest.raises(ValueError, match="split must be one of train, val, trainval, test, got 'trian'"):
        export(Farm(1), tmp_path, "voc", "trian")
