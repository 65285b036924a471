"""Mean average precision equals pycocotools' on data that provoke its rules."""

import contextlib
import io
from typing import Any, get_args

import numpy as np
import pytest
import torch
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch import Tensor

from solutions.metrics import mean_average_precision
from solutions.metrics.coco import Kind
from tests.sentences import assert_error_tells

Scene = dict[str, Tensor]
KINDS = get_args(Kind)


def draw_scenes(
    seed: int, kind: Kind, pictures: int = 12, found: int = 12, there: int = 6, labels: int = 4
) -> tuple[list[Scene], list[Scene]]:
    """Draw predictions and targets: some pictures empty, labels that nobody has, crowds, small and large things.

    Detections are targets that were moved a little, or things out of nowhere; scores are often equal.
    """
    numbers = np.random.default_rng(seed)
    size = 64 if kind == "segm" else 160
    predictions, targets = [], []
    for _ in range(pictures):
        g = int(numbers.integers(0, there + 1))
        boxes = _boxes(numbers, g, size)
        target = {
            "boxes": torch.tensor(boxes),
            "labels": torch.tensor(numbers.integers(1, labels, g)),
            "iscrowd": torch.tensor(numbers.random(g) < 0.2),
        }
        d = int(numbers.integers(0, found + 1))
        moved = boxes[numbers.integers(0, g, d)] + numbers.integers(-5, 6, (d, 4)) if g else _boxes(numbers, d, size)
        stray = numbers.random(d) < 0.3
        moved[stray] = _boxes(numbers, int(stray.sum()), size)
        moved = np.concatenate([np.minimum(moved[:, :2], moved[:, 2:]), np.maximum(moved[:, :2], moved[:, 2:]) + 1], 1)
        prediction = {
            "boxes": torch.tensor(moved),
            "labels": torch.tensor(numbers.integers(1, labels + 1, d)),  # one label more than there is
            "scores": torch.tensor(numbers.integers(1, 9, d) / 8),
        }
        if kind == "segm":
            prediction["masks"], target["masks"] = _masks(prediction["boxes"], size), _masks(target["boxes"], size)
        if kind == "keypoints":
            points = _points(numbers, boxes)
            target["keypoints"] = torch.tensor(points)
            shaken = _points(numbers, moved)
            near = ~stray & (g > 0)
            shaken[near] = points[numbers.integers(0, max(g, 1), d)[near]] if g else shaken[near]
            shaken[..., :2] += numbers.integers(-6, 7, shaken[..., :2].shape)
            prediction["keypoints"] = torch.tensor(shaken)
            target["area"] = torch.tensor((boxes[:, 2:] - boxes[:, :2]).prod(1) * 0.6)
        predictions.append(prediction)
        targets.append(target)
    return predictions, targets


def _boxes(numbers: np.random.Generator, count: int, size: int) -> np.ndarray:
    corner = numbers.integers(0, size // 2, (count, 2))
    return np.concatenate([corner, corner + numbers.integers(4, size, (count, 2))], axis=1).astype(np.float64)


def _masks(boxes: Tensor, size: int) -> Tensor:
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    x1, y1, x2, y2 = (side[:, None, None] for side in boxes.unbind(1))
    return (x >= x1) & (x < x2) & (y >= y1) & (y < y2) & ((x + y) % 7 > 0)


def _points(numbers: np.random.Generator, boxes: np.ndarray) -> np.ndarray:
    places = boxes[:, None, :2] + numbers.random((len(boxes), 17, 2)) * (boxes[:, None, 2:] - boxes[:, None, :2])
    seen = numbers.integers(0, 3, (len(boxes), 17, 1)) * (numbers.random((len(boxes), 1, 1)) > 0.15)
    return np.concatenate([places.round(), seen.astype(np.float64)], axis=2)


def pycocotools(
    predictions: list[Scene], targets: list[Scene], kind: Kind, thresholds: list[float] | None = None
) -> dict[str, Any]:
    """Evaluate by pycocotools, and return what ours returns."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth, annotations, results = COCO(), [], []
        for picture, (found, there) in enumerate(zip(predictions, targets, strict=True), start=1):
            for number in range(len(there["labels"])):
                annotations.append(_annotation(there, number, kind, picture) | {"id": len(annotations) + 1})
            for number in range(len(found["labels"])):
                one = _annotation(found, number, kind, picture)
                kept = {"bbox": "bbox", "segm": "segmentation", "keypoints": "keypoints"}[kind]
                score = float(found["scores"][number])
                results.append({key: one[key] for key in ("image_id", "category_id", kept)} | {"score": score})
        truth.dataset = {
            "images": [
                {"id": picture, "height": side, "width": side}
                for side in [targets[0]["masks"].shape[-1] if "masks" in targets[0] else 0]
                for picture in range(1, len(targets) + 1)
            ],
            "annotations": annotations,
            "categories": [{"id": label} for label in range(1, 91)],
        }
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), kind)
        if thresholds is not None:
            evaluation.params.iouThrs = np.array(thresholds)
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][..., -1]  # thresholds, recalls, labels, ranges
    names = evaluation.params.areaRngLbl

    def mean(values: np.ndarray) -> float:
        return float(values[values > -1].mean()) if (values > -1).any() else -1.0

    result = {f"map_{name}": mean(precision[..., names.index(name)]) for name in names if name != "all"}
    result["map"] = mean(precision[..., 0])
    for name, threshold in (("map_50", 0.5), ("map_75", 0.75)):
        result[name] = mean(precision[np.isclose(evaluation.params.iouThrs, threshold)][..., 0])
    each = {label: mean(precision[:, :, place, 0]) for place, label in enumerate(evaluation.params.catIds)}
    result["per_class"] = {label: value for label, value in each.items() if value > -1}
    return result


def _annotation(scene: Scene, number: int, kind: Kind, picture: int) -> dict[str, Any]:
    x1, y1, x2, y2 = scene["boxes"][number].tolist()
    one: dict[str, Any] = {
        "image_id": picture, "category_id": int(scene["labels"][number]), "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": (x2 - x1) * (y2 - y1), "iscrowd": int(scene["iscrowd"][number]) if "iscrowd" in scene else 0,
    }  # fmt: skip
    if kind == "segm":
        mask = np.asfortranarray(scene["masks"][number].numpy().astype(np.uint8))
        one["segmentation"] = rle.encode(mask)
        one["area"] = float(mask.sum())
    if kind == "keypoints":
        one["keypoints"] = scene["keypoints"][number].flatten().tolist()
        one["num_keypoints"] = int((scene["keypoints"][number, :, 2] > 0).sum())
    if "area" in scene:
        one["area"] = float(scene["area"][number])
    return one


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
