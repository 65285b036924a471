"""What chapter 10 goes on with, against the references."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course.yolo import boxes_of_cells, cells_of_objects, cost_of_cells, nearest_predictors
from solutions.yolo import decode_predictions, encode_targets, responsible_predictors, yolo_loss

seeds, few = st.integers(0, 2**32 - 1), st.integers(1, 5)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(0, 12), st.integers(1, 9), few, st.sampled_from([(64, 64), (37, 50), (33, 20)]))
def test_cells_of_objects_are_those_of_the_reference(
    seed: int, count: int, grid: int, classes: int, size: tuple[int, int]
) -> None:
    generator = torch.Generator().manual_seed(seed)
    side = torch.tensor([size[1], size[0]])
    centres = (torch.rand(count, 2, generator=generator) * (side + 1)).floor()  # whole pixels, the far edge too
    half = torch.randint(1, 40, (count, 2), generator=generator) / 2
    boxes, labels = torch.cat([centres - half, centres + half], dim=1), torch.randint(1, classes + 1, (count,))
    own, wanted = (make(boxes, labels, grid, classes, size) for make in (cells_of_objects, encode_targets))
    torch.testing.assert_close(own, wanted, atol=1e-5, rtol=0)


@settings(max_examples=60, deadline=None)
@given(seeds, few, few, few, st.sampled_from([0.0, 0.25, -9.0]), st.sampled_from([torch.float32, torch.float64]))
def test_boxes_of_cells_are_those_of_the_reference(
    seed: int, grid: int, predictors: int, classes: int, threshold: float, dtype: torch.dtype
) -> None:
    generator = torch.Generator().manual_seed(seed)
    output = torch.randint(-8, 9, (grid, grid, 5 * predictors + classes), generator=generator).to(dtype) / 8
    own, wanted = (make(output, (33, 50), classes, threshold) for make in (boxes_of_cells, decode_predictions))
    for one, other in zip(own, wanted, strict=True):
        torch.testing.assert_close(one, other)


@settings(max_examples=60, deadline=None)
@given(seeds, few, few, few, few, st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([(5.0, 0.5), (1.0, 2.0)]))
def test_who_answers_and_what_it_costs_are_those_of_the_reference(
    seed: int, count: int, grid: int, predictors: int, classes: int, share: float, weights: tuple[float, float]
) -> None:
    generator = torch.Generator().manual_seed(seed)
    output = torch.randn(count, grid, grid, 5 * predictors + classes, generator=generator, dtype=torch.float64)
    target = torch.rand(count, grid, grid, 5 + classes, generator=generator, dtype=torch.float64) + 0.01
    target[..., 4] = 1
    target *= torch.rand(count, grid, grid, 1, generator=generator) < share
    assert torch.equal(nearest_predictors(output, target), responsible_predictors(output, target))
    found = []
    for cost in (cost_of_cells, yolo_loss):
        leaf = output.clone().requires_grad_()
        losses = cost(leaf, target, *weights)
        losses["total"].backward()  # type: ignore[no-untyped-call]
        found.append(({name: loss.detach() for name, loss in losses.items()}, leaf.grad))
    torch.testing.assert_close(found[0], found[1])


def test_a_cell_that_says_nothing_of_nothing_costs_nothing() -> None:
    output = torch.zeros(1, 2, 2, 12, requires_grad=True)
    losses = cost_of_cells(output, torch.zeros(1, 2, 2, 7))
    losses["total"].backward()  # type: ignore[no-untyped-call]
    assert losses["total"].item() == pytest.approx(0)
    assert output.grad is not None
    assert not output.grad.any()  # and none of it is NaN
