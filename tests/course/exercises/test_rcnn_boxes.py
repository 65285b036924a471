"""The cases on warped regions, offsets and their regression are what they say, whatever is drawn."""

import math

import pytest
import torch
from torch import Tensor
from torchvision.models.detection._utils import BoxCoder

from autograde.building.answers import reference_of
from course.exercises.catalogue import find
from course.exercises.exercise import Case

SEEDS = [*range(15), *(f"hidden-{number}" for number in range(15))]


def drawn(exercise: str) -> list[Case]:
    return [case for seed in SEEDS for case in find(exercise).draw(seed)]


def tensor(case: Case, name: str) -> Tensor:
    value = case.inputs[name]
    assert isinstance(value, Tensor)
    return value


def number(case: Case, name: str) -> float:
    value = case.inputs[name]
    assert isinstance(value, int | float)
    return value


def sides(boxes: Tensor) -> Tensor:
    return boxes[:, 2:] - boxes[:, :2]


def weights_of(case: Case) -> tuple[float, float, float, float]:
    weights = case.inputs.get("weights", (1.0, 1.0, 1.0, 1.0))
    assert isinstance(weights, tuple)
    return weights


@pytest.mark.parametrize("exercise", ["encode_boxes", "decode_boxes"])
def test_coders_are_asked_for_what_torchvision_gives(exercise: str) -> None:
    for case in drawn(exercise):
        first, anchors = (tensor(case, name) for name in list(case.inputs)[:2])
        if not len(anchors):
            continue
        coder = BoxCoder(weights_of(case))
        if exercise == "encode_boxes":
            wanted = coder.encode_single(first, anchors)
        else:
            wanted = coder.decode_single(first, anchors)
        torch.testing.assert_close(reference_of(find(exercise))(*case.inputs.values()), wanted, rtol=1e-5, atol=1e-4)


def test_no_size_is_decoded_near_the_limit_where_rounding_would_decide() -> None:
    for case in drawn("decode_boxes"):
        sizes = (tensor(case, "deltas") / torch.tensor(weights_of(case)))[:, 2:]
        assert ((sizes - math.log(1000 / 16)).abs() > 0.2).all(), case.name


def test_a_limit_on_offsets_and_a_cut_at_zero_are_seen_where_a_case_says_so() -> None:
    for case in drawn("decode_boxes"):
        if "no limit for them" in case.name:
            assert (tensor(case, "deltas")[:, :2] > math.log(1000 / 16)).any()
            assert (tensor(case, "deltas")[:, :2] < -math.log(1000 / 16)).any()


def test_anchors_and_targets_are_no_squares_and_have_area() -> None:
    for exercise in ("encode_boxes", "decode_boxes"):
        for case in drawn(exercise):
            for boxes in (value for name, value in case.inputs.items() if name in ("targets", "anchors")):
                assert isinstance(boxes, Tensor)
                wide, high = sides(boxes).unbind(dim=1)
                assert ((wide > 0) & (high > 0) & (wide != high)).all()


def test_boxes_to_warp_have_area_and_leave_room_for_their_context() -> None:
    for case in drawn("warp_regions"):
        assert (sides(tensor(case, "boxes")) > 0).all()
        assert 2 * number(case, "context") < number(case, "size")
        height, width = tensor(case, "image").shape[1:]
        assert height != width


def test_no_sample_stands_on_the_centre_of_a_pixel_where_gradients_are_asked() -> None:
    """There the slope with respect to the box is another on either side, and two right answers may differ."""
    for case in (case for case in drawn("warp_regions") if case.gradient):
        boxes, size, context = tensor(case, "boxes"), int(number(case, "size")), int(number(case, "context"))
        inner = size - 2 * context
        cells = torch.arange(-context, inner + context) + 0.5  # in cells of the box, from its first edge
        places = boxes[:, :2, None] + sides(boxes)[:, :, None] / inner * cells
        distance = (places - 0.5 - (places - 0.5).round()).abs()
        assert distance.min() >= 1 / 16


def test_neighbours_of_an_image_differ_by_less_than_one_where_float32_is_asked() -> None:
    for case in drawn("warp_regions"):
        image = tensor(case, "image")
        if image.dtype == torch.float32:
            assert (image > 0).all()
            assert (image < 1).all()


def test_no_fit_hangs_on_rounding() -> None:
    for case in drawn("fit_box_regressor"):
        features, strength = tensor(case, "features").double(), number(case, "strength")
        gram = features.T @ features + strength * torch.eye(features.shape[1], dtype=torch.float64)
        assert torch.linalg.cond(gram) < 1000, case.name


def test_an_intercept_would_matter_in_the_basic_fit() -> None:
    for seed in SEEDS:
        case = find("fit_box_regressor").draw(seed)[0]
        assert tensor(case, "features").mean(dim=0).abs().max() > 0.1
        assert (tensor(case, "deltas").mean(dim=0).abs() > 0.01).all()
