"""The Farm: the same scenes everywhere, annotations that agree with one another, options that do what they say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import masks_to_boxes

from course.farm import CLASSES, IGNORE, KEYPOINTS, SEMANTIC_CLASSES, SKELETON, STUFF, THINGS, VERSION, Farm, Target

GOLDEN = Path(__file__).with_name("golden.py")


def run_golden(**environment: str) -> dict[str, list[str]]:
    command = [sys.executable, str(GOLDEN), "--print"]
    run = subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, text=True)
    scenes: dict[str, list[str]] = json.loads(run.stdout)
    return scenes


def test_scenes_are_those_of_the_committed_fingerprints() -> None:
    golden = json.loads(GOLDEN.with_suffix(".json").read_text())
    told = "the drawing changed: count course.farm.VERSION up and run python tests/course/farm/golden.py"
    assert golden["version"] == VERSION, told
    assert golden["scenes"] == run_golden(PYTHONHASHSEED="1", OMP_NUM_THREADS="1"), told


@pytest.mark.slow
@pytest.mark.compute
@pytest.mark.parametrize("threads", ["1", "4"])
@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_processes_draw_the_same_scenes(threads: str, hash_seed: str) -> None:
    golden = json.loads(GOLDEN.with_suffix(".json").read_text())
    found = run_golden(PYTHONHASHSEED=hash_seed, OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads)
    assert found == golden["scenes"]


@pytest.mark.slow
@pytest.mark.compute
def test_processors_with_fewer_vector_units_draw_the_same_scenes() -> None:
    golden = json.loads(GOLDEN.with_suffix(".json").read_text())
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    assert run_golden(NPY_DISABLE_CPU_FEATURES=" ".join(found)) == golden["scenes"]


def assert_same(one: tuple[torch.Tensor, Target], other: tuple[torch.Tensor, Target]) -> None:
    assert torch.equal(one[0], other[0])
    for key, value in one[1].items():
        if key != "image_id":
            assert torch.equal(value, other[1][key]), key  # type: ignore[arg-type, literal-required]


def test_a_scene_depends_on_no_other() -> None:
    forward, backward = Farm(12, seed=9), Farm(500, seed=9)
    late = {index: backward[index] for index in reversed(range(12))}
    np.random.seed(0)
    torch.manual_seed(0)
    for index in range(12):
        assert_same(forward[index], late[index])


def test_seeds_and_places_give_different_scenes() -> None:
    images = [Farm(5, seed=seed)[index][0] for seed in range(5) for index in range(5)]
    assert len({image.numpy().tobytes() for image in images}) == 25


def test_large_seeds_share_no_scene_with_small_ones() -> None:
    assert not torch.equal(Farm(1, seed=5 + 7 * 2**32)[0][0], Farm(8, seed=5)[7][0])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**40),
    size=st.tuples(st.integers(32, 160), st.integers(32, 160)),
    most=st.integers(0, 12),
    occlusion=st.floats(0, 1),
    clutter=st.floats(0, 1),
    smallest=st.floats(0.05, 1.0),
)
def test_annotations_agree(
    seed: int, size: tuple[int, int], most: int, occlusion: float, clutter: float, smallest: float
) -> None:
    farm = Farm(1, seed, size, animals=(0, most), occlusion=occlusion, clutter=clutter, body=(smallest, 1.2))
    assert_annotations_agree(farm, 0)


@pytest.mark.parametrize("size", [(32, 32), (32, 512), (512, 32), (512, 512), (33, 47), (64, 64), (200, 120)])
def test_every_size_is_drawn(size: tuple[int, int]) -> None:
    farm = Farm(4, seed=1, size=size, empty=0)
    for index in range(4):
        assert_annotations_agree(farm, index)


def test_forty_animals_fit_in_a_scene() -> None:
    farm = Farm(3, size=(256, 256), animals=(40, 40), body=(0.08, 0.2), occlusion=0.9, empty=0)
    for index in range(3):
        assert_annotations_agree(farm, index)
        assert len(farm[index][1]["labels"]) >= 34


def assert_annotations_agree(farm: Farm, index: int) -> None:
    image, target = farm[index]
    height, width = farm.size
    count = len(target["labels"])
    assert image.shape == (3, height, width)
    assert image.dtype == torch.float32
    assert 0 <= float(image.min()) <= float(image.max()) <= 1
    assert target["masks"].shape == (count, height, width)
    assert target["masks"].dtype == torch.bool
    assert target["keypoints"].shape == (count, len(KEYPOINTS), 3)
    assert target["boxes"].dtype == target["keypoints"].dtype == torch.float32
    assert target["labels"].dtype == target["semantic"].dtype == torch.long
    # Boxes are tight, x2 − x1 the width.
    if count:
        edges = masks_to_boxes(target["masks"]) + torch.tensor([0, 0, 1, 1])
        assert torch.equal(target["boxes"], edges)
        assert 1 <= int(target["labels"].min()) <= int(target["labels"].max()) < len(CLASSES)
    # Nobody shares a pixel, and the semantic map is what the instances paint, but for ignored pixels.
    assert int(target["masks"].sum(dim=0).max()) <= 1 if count else True
    painted = (target["masks"].long() * (target["labels"] + len(STUFF) - 1)[:, None, None]).sum(dim=0)
    counted = target["semantic"] != IGNORE
    things = target["semantic"] >= len(STUFF)
    assert torch.equal(target["semantic"][counted & (painted > 0)], painted[counted & (painted > 0)])
    assert not bool((things & counted & (painted == 0)).any())
    # Visible keypoints lie on their animal, hidden ones in the picture, absent ones nowhere.
    for mask, points in zip(target["masks"], target["keypoints"], strict=True):
        for x, y, visibility in points.tolist():
            assert visibility in (0, 1, 2)
            if visibility == 0:
                assert x == y == 0
            else:
                assert 0 <= x < width
                assert 0 <= y < height
                assert bool(mask[int(y), int(x)]) == (visibility == 2)


def test_ignored_pixels_are_thin_outlines() -> None:
    farm = Farm(15, seed=3, size=(128, 128))
    shares = [float((farm[index][1]["semantic"] == IGNORE).float().mean()) for index in range(15)]
    assert 0.001 < np.mean(shares) < 0.06
    for index in range(15):
        _, target = farm[index]
        near = torch.nn.functional.max_pool2d(target["masks"].any(dim=0)[None].float(), 5, 1, 2)[0] > 0
        assert bool(near[target["semantic"] == IGNORE].float().mean() > 0.97) or not near.any()


def test_all_classes_appear() -> None:
    farm = Farm(80, seed=0)
    labels = torch.cat([farm[index][1]["labels"] for index in range(80)])
    counts = torch.bincount(labels, minlength=len(CLASSES))[1:]
    assert int(counts.min()) > 0.1 * len(labels)
    seen = torch.cat([farm[index][1]["semantic"].unique() for index in range(80)])
    assert set(seen.tolist()) == {*range(len(SEMANTIC_CLASSES)), IGNORE}


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_of_empty_scenes_is_about_what_was_asked(share: float) -> None:
    farm = Farm(200, size=(32, 32), empty=share, body=(0.4, 0.6))
    found = np.mean([len(farm.scene(index).labels) == 0 for index in range(200)])
    assert found == pytest.approx(share, abs=0.1)


def test_single_animals_are_single() -> None:
    farm = Farm(40, animals=(1, 1), empty=0)
    counts = [len(farm.scene(index).labels) for index in range(40)]
    assert max(counts) == 1
    assert sum(counts) >= 38  # one that stands almost outside of the picture is not labelled


def test_only_the_things_that_were_asked_for_appear() -> None:
    farm = Farm(20, things=("duck", "cow"), empty=0)
    labels = {int(label) for index in range(20) for label in farm.scene(index).labels}
    assert labels == {CLASSES.index("duck"), CLASSES.index("cow")}


def test_bodies_are_as_large_as_was_asked() -> None:
    def width(body: tuple[float, float]) -> float:
        farm = Farm(30, animals=(1, 1), body=body, empty=0)
        boxes = torch.cat([farm[index][1]["boxes"] for index in range(30)])
        return float((boxes[:, 2] - boxes[:, 0]).mean())

    assert width((0.15, 0.2)) < width((0.3, 0.4)) < width((0.6, 0.8))


def test_less_occlusion_hides_less() -> None:
    def overlap(occlusion: float) -> float:
        farm = Farm(40, size=(96, 96), animals=(6, 6), occlusion=occlusion, empty=0)
        return float(np.mean([(farm.scene(i).keypoints[..., 2] == 1).sum() for i in range(40)]))

    assert overlap(0.0) < overlap(0.5) < overlap(1.0)


def test_names_and_numbers_fit() -> None:
    assert ("background", *THINGS) == CLASSES
    assert (*STUFF, *THINGS) == SEMANTIC_CLASSES
    assert len(THINGS) >= 4
    assert 6 <= len(KEYPOINTS) <= 8
    assert all(0 <= a < len(KEYPOINTS) and 0 <= b < len(KEYPOINTS) for a, b in SKELETON)


def test_places_count_from_the_end_too_and_stop() -> None:
    farm = Farm(3)
    assert_same(farm[-1], farm[2])
    assert farm[-1][1]["image_id"] == 2
    for index in (3, -4):
        with pytest.raises(IndexError, match=rf"scene {index} of a farm of 3"):
            farm[index]
    assert len(list(farm)) == 3  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"length": -1}, "length"),
        ({"seed": -1}, "seed"),
        ({"size": (31, 64)}, "size"),
        ({"size": (64, 513)}, "size"),
        ({"animals": (3, 2)}, "animals"),
        ({"animals": (0, 61)}, "animals"),
        ({"body": (0.0, 0.5)}, "body"),
        ({"body": (0.5, 0.3)}, "body"),
        ({"occlusion": 1.1}, "occlusion"),
        ({"clutter": -0.1}, "clutter"),
        ({"empty": 2}, "empty"),
        ({"things": ("cow", "dragon")}, "things"),
        ({"things": ()}, "things"),
    ],
)
def test_a_bad_option_is_one_sentence_that_names_it(options: dict[str, object], name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must .*, got ") as caught:
        Farm(**{"length": 3, **options})  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_images_can_be_changed_without_changing_the_farm() -> None:
    farm = Farm(1)
    image, _ = farm[0]
    image.zero_()
    assert farm[0][0].any()
