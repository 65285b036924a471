"""What chapter 6 goes on with, against the references; and what a classifier that is always right would give."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course.detection import (
    agreement,
    average_precisions,
    claimed_targets,
    kinds_of_detections,
    largest_share_inside,
    mean_ap,
    perfectly_found,
    pyramid_windows,
    ranked_curve,
    summed_up,
    twice_or_lost,
    windows_inside,
)  # fmt: skip
from solutions.boxes import window_boxes
from solutions.metrics import average_precision, match_detections, precision_recall
from solutions.sliding_window_detector import WINDOW_SIZES, SlidingWindowDetector
from tests.solutions.metrics.scenes import draw_scenes, pycocotools


def boxes(rng: np.random.Generator, count: int) -> torch.Tensor:
    corner, side = rng.uniform(0, 20, (count, 2)), rng.uniform(5, 20, (count, 2))
    return torch.from_numpy(np.concatenate([corner, corner + side], axis=1)).float()


@given(st.integers(0, 12), st.integers(0, 12), st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=3),
       st.integers(1, 4))  # fmt: skip
def test_windows_are_those_of_the_reference(h: int, w: int, sizes: list[tuple[int, int]], stride: int) -> None:
    torch.testing.assert_close(windows_inside((h, w), sizes, stride), window_boxes((h, w), sizes, stride))


def test_windows_of_many_sizes_are_those_of_the_detector() -> None:
    detector = SlidingWindowDetector(5)
    torch.testing.assert_close(pyramid_windows((64, 64), WINDOW_SIZES), detector.windows((64, 64)))
    torch.testing.assert_close(pyramid_windows((40, 71), WINDOW_SIZES, window_boxes), detector.windows((40, 71)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 8), st.integers(0, 5), st.sampled_from([0.1, 0.25, 0.5]))
def test_matching_and_the_curve_are_those_of_the_reference(seed: int, found: int, there: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    detected, targets, scores = boxes(rng, found), boxes(rng, there), torch.from_numpy(rng.random(found)).float()
    claimed = claimed_targets(detected, scores, targets, threshold)
    torch.testing.assert_close(claimed, match_detections(detected, scores, targets, threshold))
    for own, reference in zip(
        ranked_curve(claimed >= 0, scores, there + 1), precision_recall(claimed >= 0, scores, there + 1), strict=True
    ):
        torch.testing.assert_close(own, reference)


@pytest.mark.parametrize("method", ["coco", "voc11", "area"])
@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), max_size=30), st.sampled_from([7, 9, 11, 13, 17]))
def test_the_area_is_that_of_the_reference(method: str, right: list[bool], targets: int) -> None:
    found = torch.tensor(right, dtype=torch.float32).cumsum(dim=0)[: targets + 1].clamp(max=targets)
    recall, precision = found / targets, found / torch.arange(1, len(found) + 1)
    expected = float(average_precision(recall, precision, method))  # type: ignore[arg-type]
    assert summed_up(recall, precision, method) == pytest.approx(expected, abs=1e-6)  # type: ignore[arg-type]


@pytest.mark.parametrize("threshold", [0.5, 0.75])
def test_matched_class_by_class_ranked_and_summed_up_it_is_pycocotools_mark(threshold: float) -> None:
    compared = 0
    for seed in range(8):
        predictions, targets = draw_scenes(seed, "bbox")
        for target in targets:
            del target["iscrowd"]
        theirs = pycocotools(predictions, targets, "bbox", [threshold])["per_class"]
        assert 4 not in theirs  # it has detections and no target
        ours = average_precisions(predictions, targets, threshold)
        assert set(ours) == {1, 2, 3}
        assert mean_ap(predictions, targets, threshold) == pytest.approx(sum(ours.values()) / 3)
        for label in (1, 2, 3):
            there = sum(int((target["labels"] == label).sum()) for target in targets)
            if math.gcd(there, 10) > 1:  # a recall may be one of the 101, and pycocotools' own are rounded
                continue
            compared += 1
            assert ours[label] == pytest.approx(theirs[label], abs=1e-6)
    assert compared >= 8


def test_a_window_agrees_with_the_animal_that_it_overlaps_most() -> None:
    windows = torch.tensor([[0.0, 0, 10, 10], [0.0, 5, 10, 15], [30.0, 0, 40, 10]])
    target = {"boxes": torch.tensor([[0.0, 0, 10, 10], [0.0, 6, 10, 16]]), "labels": torch.tensor([4, 2])}
    iou, labels = agreement(windows, target)
    torch.testing.assert_close(iou, torch.tensor([1, 9 / 11, 0]))
    assert labels[:2].tolist() == [4, 2]
    nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    assert agreement(windows, nothing)[0].tolist() == [0, 0, 0]


def test_two_cows_side_by_side_are_one_too_few_or_one_too_many() -> None:
    target = {"boxes": torch.tensor([[0.0, 0, 10, 10], [3.0, 0, 13, 10]]), "labels": torch.tensor([1, 1])}
    windows = torch.tensor(
        [[0.0, 0, 10, 10], [0.0, 2, 10, 12], [3.0, 0, 13, 10]]
    )  # IoU of the cows 7/13, of the first two 2/3
    assert twice_or_lost(windows, [target], 0.5) == {"boxes an animal": 0.5, "twice": 0.0, "lost": 0.5}
    assert twice_or_lost(windows, [target], 0.6) == {"boxes an animal": 1.0, "twice": 0.0, "lost": 0.0}
    assert twice_or_lost(windows, [target], 0.9) == {"boxes an animal": 1.5, "twice": 0.5, "lost": 0.0}
    other = {**target, "labels": torch.tensor([1, 2])}
    assert twice_or_lost(windows, [other], 0.5) == {"boxes an animal": 1.0, "twice": 0.0, "lost": 0.0}
    assert twice_or_lost(windows, [other], 0.5, by_label=False) == {"boxes an animal": 0.5, "twice": 0.0, "lost": 0.5}
    assert perfectly_found(windows, target, 0.5)["lost"].tolist() == [[3, 0, 13, 10]]
    nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    assert [len(part) for part in perfectly_found(windows, nothing, 0.5).values()] == [0, 0, 0, 0]
    assert twice_or_lost(windows, [nothing], 0.5) == {"boxes an animal": 0.0, "twice": 0.0, "lost": 0.0}


def test_a_window_holds_a_share_of_the_pixels_of_an_animal() -> None:
    masks = torch.zeros(2, 6, 8, dtype=torch.bool)
    masks[0, 1:3, 2:6] = True  # 8 pixels
    masks[1, 4, 7] = True
    windows = torch.tensor([[0.0, 0, 2, 6], [0, 0, 4, 3], [0, 0, 4.2, 6], [4, 2, 8, 6], [0, 0, 8, 6]])
    assert largest_share_inside(windows, {"masks": masks}).tolist() == [0, 0.5, 0.75, 1, 1]
    assert largest_share_inside(windows, {"masks": masks[:0]}).tolist() == [0, 0, 0, 0, 0]


def test_a_wrong_detection_is_wrong_in_one_of_four_ways() -> None:
    cow, sheep = [0.0, 0, 10, 10], [20.0, 0, 30, 10]
    target = {"boxes": torch.tensor([cow, sheep]), "labels": torch.tensor([1, 2])}
    found = {
        "boxes": torch.tensor([cow, [0.0, 2, 10, 12], sheep, [0.0, 6, 10, 16], [40.0, 0, 50, 10]]),
        "labels": torch.tensor([1, 1, 3, 1, 2]),
        "scores": torch.tensor([0.6, 0.9, 0.5, 0.4, 0.7]),
    }
    assert kinds_of_detections(found, target) == {
        "right": 1, "second box": 1, "another name": 1, "badly placed": 1, "on nothing": 1,
    }  # fmt: skip
    nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    assert kinds_of_detections(found, nothing)["on nothing"] == 5
    assert sum(kinds_of_detections({**nothing, "scores": torch.zeros(0)}, target).values()) == 0
