"""The cases of chapter 03 are what they say: no accident makes a wrong answer look right, or two right ones differ."""

import pytest
import torch
from torch import Tensor

from autograde.building.answers import reference_of
from course.exercises.catalogue import of_chapter
from course.exercises.exercise import Exercise

EXERCISES = {exercise.name: exercise for exercise in of_chapter("03_unpooling")}
SEEDS = [*range(40), *(f"hidden-{number}" for number in range(20))]


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_cases_hold_no_accidental_tie_and_no_accidental_square(exercise: Exercise) -> None:
    for seed in SEEDS:
        cases = exercise.draw(seed)
        assert not any("empty" in case.name for case in cases[:1])
        for case in cases:
            x = case.inputs["x"]
            assert isinstance(x, Tensor)
            one_pixel = "pixel" in case.name and "first pixel" not in case.name
            assert one_pixel or x.shape[2] != x.shape[3], case.name
            if case is not cases[0]:
                assert x.shape[0] != x.shape[1], case.name
            if "empty" in case.name:
                assert x.shape[0] == 0
                continue
            indices = case.inputs.get("indices")
            overlapping = case.name == "padding" or "more than once" in case.name or "smaller than" in case.name
            if isinstance(indices, Tensor) and not overlapping:
                assert all(plane.unique().numel() == plane.numel() for plane in indices.flatten(0, 1)), case.name
            if not any(word in case.name for word in ("ties", "tell apart", "expanded", "more than once", "padding")):
                assert x.unique().numel() == x.numel(), case.name


def test_a_maximum_is_shared_and_a_position_comes_twice_where_a_case_says_so() -> None:
    for seed in SEEDS:
        cases = {case.name: case for case in EXERCISES["max_unpool2d"].draw(seed)}
        case = cases["overlapping windows give a position more than once"]
        for values, places in zip(case.args["x"].flatten(0, 1), case.args["indices"].flatten(0, 1), strict=True):  # type: ignore[attr-defined]
            found: dict[int, float] = {}
            assert places.unique().numel() < places.numel()
            for place, value in zip(places.flatten().tolist(), values.flatten().tolist(), strict=True):
                assert found.setdefault(place, value) == value  # the same value, as overlapping pooling gives it
        cases = {case.name: case for case in EXERCISES["max_pool2d_with_indices"].draw(seed)}
        case = cases["overlapping windows share a maximum"]
        _, indices = reference_of(EXERCISES["max_pool2d_with_indices"])(*case.args.values())  # type: ignore[misc]
        assert all(plane.unique().numel() < plane.numel() for plane in indices.flatten(0, 1))


def test_gradient_cases_hold_no_tie_no_repeated_position_and_no_kink() -> None:
    """There right implementations differ: torch shares the gradient of a tie or not, as it likes."""
    for exercise in EXERCISES.values():
        for case in exercise.draw("gradients"):
            x = case.inputs["x"]
            assert isinstance(x, Tensor)
            assert not case.gradient or x.unique().numel() == x.numel()
    for seed in range(40):
        for case in EXERCISES["decoder_stage"].draw(seed):
            x, indices, size, weight, bias = case.args.values()
            sparse = torch.nn.functional.max_unpool2d(x, indices, 2, output_size=size)  # type: ignore[arg-type]
            before = torch.nn.functional.conv2d(sparse, weight, bias, padding=1)  # type: ignore[arg-type]
            if case.gradient:
                assert before.abs().min() > 0.05
            if before.numel():
                assert (before > 0).any(), case.name
                assert (before < 0).any(), case.name
