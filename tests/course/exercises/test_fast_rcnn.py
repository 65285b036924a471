"""The cases of chapter 08 are what they say: no floating point, no tie and no rounding decides what is right."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import roi_pool as torchvisions

from autograde.building.answers import reference_of
from course.exercises.catalogue import of_chapter
from course.exercises.exercise import Case
from course.exercises.fast_rcnn.shared import exact_in_floats

EXERCISES = {exercise.name: exercise for exercise in of_chapter("08_fast_rcnn")}
SEEDS = [*range(20), *(f"hidden-{number}" for number in range(10))]


def regions(case: Case) -> Tensor:
    """Return the regions of a case on the map, (R, 4) in cells, not rounded."""
    boxes = case.args["box"][None] if "box" in case.args else case.args["rois"][:, 1:]  # type: ignore[index]
    assert isinstance(boxes, Tensor)
    return boxes * case.args.get("spatial_scale", 1.0)


@pytest.mark.parametrize("name", ["roi_bins", "roi_pool"])
def test_bins_are_the_exact_ones_in_floating_point_too(name: str) -> None:
    for seed in SEEDS:
        for case in EXERCISES[name].draw(seed):
            cells = regions(case)
            assert (cells[:, :2] <= cells[:, 2:]).all()
            whole = (cells.sign() * (cells.abs() + 0.5).floor()).long()
            for x1, y1, x2, y2 in whole.tolist():
                for length, bins in zip((y2 - y1 + 1, x2 - x1 + 1), case.args["output_size"], strict=True):  # type: ignore[call-overload]
                    assert exact_in_floats(length, bins), (case.name, length, bins)
            away = (cells.abs() % 1 - 0.5).abs()  # from where rounding changes: there exactly, or far off
            assert ((away == 0) | (away > 0.15)).all(), case.name
            assert "halfway" in case.name or "edge" in case.name or "map" in case.name or (away > 0).all(), case.name


def test_roi_pools_cases_are_answered_as_torchvision_does_and_hold_no_tie() -> None:
    for seed in SEEDS:
        for case in EXERCISES["roi_pool"].draw(seed):
            features = case.args["features"]
            assert isinstance(features, Tensor)
            found = reference_of(EXERCISES["roi_pool"])(*case.args.values())
            torch.testing.assert_close(found, torchvisions(*case.args.values()))
            assert features.unique().numel() == features.numel()


def test_no_difference_lies_at_a_kink_where_gradients_are_asked() -> None:
    for seed in SEEDS:
        for case in EXERCISES["smooth_l1"].draw(seed):
            d = case.args["pred"] - case.args["target"]  # type: ignore[operator]
            assert not case.gradient or d.all()
            assert d.dtype == torch.float64 or torch.equal(d, (d * 64).round() / 64)  # no rounding


def test_the_singular_values_of_a_layer_lie_far_apart() -> None:
    for seed in SEEDS:
        for case in EXERCISES["truncated_svd"].draw(seed):
            linear, rank = case.args.values()
            assert isinstance(linear, nn.Linear)
            assert isinstance(rank, int)
            strengths = torch.linalg.svdvals(linear.weight.detach())
            assert (strengths[:-1] / strengths[1:] > 1.9).all()
            assert 1 <= rank <= len(strengths)
