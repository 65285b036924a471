"""Mean average precision equals pycocotools' on data that provoke its rules."""

from typing import Any

import pytest
import torch

from solutions.metrics import mean_average_precision
from solutions.metrics.coco import Kind
from tests.sentences import assert_error_tells
from tests.solutions.metrics.scenes import KINDS, draw_scenes, pycocotools


def assert_equal(ours: Any, theirs: dict[str, Any]) -> None:
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(8))
def test_it_is_pycocotools(kind: Kind, seed: int) -> None:
    predictions, targets = draw_scenes(seed, kind)
    ours = mean_average_precision(predictions, targets, iou_type=kind)
    assert 0 < ours["map"] < 1
    assert_equal(ours, pycocotools(predictions, targets, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_more_detections_than_count(kind: Kind) -> None:
    predictions, targets = draw_scenes(1, kind, pictures=3, found=300, labels=2)
    assert max(len(one["labels"]) for one in predictions) > 120
    assert_equal(mean_average_precision(predictions, targets, iou_type=kind), pycocotools(predictions, targets, kind))


def test_other_thresholds() -> None:
    predictions, targets = draw_scenes(2, "bbox")
    ours = mean_average_precision(predictions, targets, iou_thresholds=[0.3, 0.75])
    assert_equal(ours, pycocotools(predictions, targets, "bbox", [0.3, 0.75]))
    assert ours["map_50"] == -1


def test_areas_that_are_given_decide_what_is_small() -> None:
    predictions, targets = draw_scenes(3, "bbox")
    for target in targets:
        target["area"] = (target["boxes"][:, 2:] - target["boxes"][:, :2]).prod(dim=1) / 20
    assert_equal(mean_average_precision(predictions, targets), pycocotools(predictions, targets, "bbox"))


def test_a_crowd_is_nobodys_mistake_however_many_find_it() -> None:
    crowd = torch.tensor([[0.0, 0.0, 50.0, 50.0], [60.0, 60.0, 90.0, 90.0]])
    target = {"boxes": crowd, "labels": torch.tensor([1, 1]), "iscrowd": torch.tensor([True, False])}
    boxes = torch.cat([torch.tensor([[1.0, 1.0, 9.0, 9.0], [20.0, 20.0, 40.0, 40.0]]), crowd[1:]])
    found = {"boxes": boxes, "labels": torch.ones(3).long(), "scores": torch.tensor([0.9, 0.8, 0.7])}
    assert mean_average_precision([found], [target])["map"] == pytest.approx(1)
    target["iscrowd"] = torch.tensor([False, False])
    assert mean_average_precision([found], [target])["map"] < 0.5


def test_a_label_that_nobody_has_costs_nothing_and_one_that_nobody_finds_everything() -> None:
    box = torch.tensor([[0.0, 0.0, 40.0, 40.0]])
    target = {"boxes": box.repeat(2, 1), "labels": torch.tensor([1, 2])}
    found = {"boxes": box.repeat(2, 1), "labels": torch.tensor([1, 3]), "scores": torch.tensor([0.5, 0.9])}
    result = mean_average_precision([found], [target])
    assert result["per_class"] == {1: pytest.approx(1), 2: 0}
    assert result["map"] == pytest.approx(0.5)


def test_where_nothing_is_there_is_nothing_to_measure() -> None:
    empty = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0).long()}
    nothing = {**empty, "scores": torch.zeros(0)}
    stray = {"boxes": torch.tensor([[0.0, 0.0, 1.0, 1.0]]), "labels": torch.tensor([1]), "scores": torch.ones(1)}
    for predictions, targets in (([], []), ([nothing], [empty]), ([stray], [empty])):
        result = mean_average_precision(predictions, targets)
        assert result["map"] == result["map_50"] == result["map_small"] == -1
        assert result["per_class"] == {}
    here = {"boxes": stray["boxes"], "labels": stray["labels"]}
    assert mean_average_precision([nothing], [here])["map"] == 0


def test_masks_may_be_probabilities_with_a_channel_as_torchvision_gives_them() -> None:
    predictions, targets = draw_scenes(4, "segm")
    soft = [{**one, "masks": one["masks"][:, None] * 0.4 + 0.3} for one in predictions]
    ours = mean_average_precision(soft, targets, iou_type="segm")
    assert ours == mean_average_precision(predictions, targets, iou_type="segm")


def test_keypoints_that_are_not_cocos_need_sigmas_of_their_own() -> None:
    predictions, targets = draw_scenes(5, "keypoints")
    few = [[{**one, "keypoints": one["keypoints"][:, :4]} for one in scenes] for scenes in (predictions, targets)]
    words = ("keypoint_sigmas", "4 keypoints", "17")
    assert_error_tells(ValueError, words, lambda: mean_average_precision(*few, iou_type="keypoints"))
    loose = mean_average_precision(*few, iou_type="keypoints", keypoint_sigmas=[0.2] * 4)
    strict = mean_average_precision(*few, iou_type="keypoints", keypoint_sigmas=[0.02] * 4)
    assert loose["map"] > strict["map"]


GOOD = {"boxes": torch.tensor([[0.0, 0.0, 1.0, 1.0]]), "labels": torch.tensor([1]), "scores": torch.ones(1)}


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: mean_average_precision([GOOD], []), ValueError, ("predictions and targets", "one each", "1 and 0")),
        (lambda: mean_average_precision([GOOD], [GOOD], None, "box"), ValueError, ("iou_type", "'box'")),  # type: ignore[arg-type]
        (lambda: mean_average_precision([GOOD], [GOOD], iou_type="segm"), ValueError, ("predictions[0]", '"masks"')),
        (lambda: mean_average_precision([GOOD], [GOOD], [1.5]), ValueError, ("each of iou_thresholds", "1.5")),
        (lambda: mean_average_precision([GOOD], [GOOD], []), ValueError, ("iou_thresholds", "at least one")),
        (
            lambda: mean_average_precision([{**GOOD, "scores": torch.ones(2)}], [GOOD]),
            ValueError, ("predictions[0]", '"scores"', "1 labels", "(2,)"),
        ),
        (lambda: mean_average_precision([GOOD], [{**GOOD, "labels": [1]}]), TypeError, ("targets[0]", "list")),  # type: ignore[dict-item]
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_a_sentence(
    call: object, error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, call)  # type: ignore[arg-type]
