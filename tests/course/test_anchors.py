"""What chapter 9 goes on with, against the references."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from course.anchors import (
    anchors_of_a_map,
    anchors_of_a_place,
    best_proposals,
    boxes_to_learn,
    cost_of_anchors,
    half_and_half,
    levels_of,
    recall_by_count,
)
from solutions.faster_rcnn import (
    assign_levels,
    base_anchors,
    filter_proposals,
    grid_anchors,
    match_anchors,
    rpn_loss,
    sample_balanced,
)

seeds = st.integers(0, 2**32 - 1)


def drawn(generator: torch.Generator, count: int) -> Tensor:
    """Return some boxes (count, 4) around and inside an image of 48 × 64 pixels."""
    corner = torch.rand(count, 2, generator=generator) * torch.tensor([70.0, 54.0]) - 8
    return torch.cat([corner, corner + 1 + 30 * torch.rand(count, 2, generator=generator)], dim=1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(4, 60), min_size=1, max_size=3), st.lists(st.sampled_from([0.5, 1.0, 2.0]), max_size=3))
def test_anchors_are_those_of_the_reference(sizes: list[int], ratios: list[float]) -> None:
    base = anchors_of_a_place(sizes, ratios or [1.0])
    assert base.tolist() == base_anchors(sizes, ratios or [1.0]).tolist()
    assert anchors_of_a_map((3, 5), (4, 8), base).tolist() == grid_anchors((3, 5), (4, 8), base).tolist()


@settings(max_examples=40, deadline=None)
@given(seeds, st.booleans())
def test_anchors_learn_what_the_reference_says(seed: int, rule: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    iou = torch.randint(0, 9, (3, 20), generator=generator) / 8
    found = boxes_to_learn(iou, 0.75, 0.25, rule)
    assert found.tolist() == match_anchors(iou, 0.75, 0.25, rule).tolist()
    labels, priority = torch.randint(-1, 2, (20,), generator=generator), torch.rand(20, generator=generator)
    assert half_and_half(labels, 8, 0.5, priority).tolist() == sample_balanced(labels, 8, 0.5, priority).tolist()
    labels[0] = 1
    numbers = torch.randn(20, generator=generator), torch.randn(20, 4, generator=generator)
    goals = torch.randn(20, 4, generator=generator)
    for own, wanted in zip(cost_of_anchors(*numbers, labels, goals), rpn_loss(*numbers, labels, goals), strict=True):
        torch.testing.assert_close(own, wanted)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_proposals_and_levels_are_those_of_the_reference(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    boxes, logits = drawn(generator, 40), torch.randn(40, generator=generator)
    for own, wanted in zip(
        best_proposals(boxes, logits, (48, 64), 30, 10, 0.5, 2.0),
        filter_proposals(boxes, logits, (48, 64), 30, 10, 0.5, 2.0),
        strict=True,
    ):
        torch.testing.assert_close(own, wanted)
    assert levels_of(boxes * 16).tolist() == assign_levels(boxes * 16).tolist()


def test_recall_counts_the_objects_that_the_first_proposals_cover() -> None:
    cow, cat = torch.tensor([0.0, 0, 8, 8]), torch.tensor([20.0, 0, 24, 4])
    first = torch.stack([torch.tensor([50.0, 50, 60, 60]), cow])
    found = recall_by_count([first, cat[None], first[:0]], [torch.stack([cow, cat]), cat[None], cow[None]], (1, 2, 9))
    assert found == [0.25, 0.5, 0.5]


def test_recall_counts_nothing_where_nothing_is_proposed() -> None:
    assert recall_by_count([torch.zeros(0, 4)], [torch.tensor([[0.0, 0, 1, 1]])], (5,)) == [0.0]
    assert recall_by_count([torch.tensor([[0.0, 0, 4, 4]])], [torch.tensor([[0.0, 0, 4, 2]])], (1,), 0.5) == [1.0]
    assert recall_by_count([torch.tensor([[0.0, 0, 4, 4]])], [torch.tensor([[0.0, 0, 4, 2]])], (1,), 0.6) == [
        pytest.approx(0.0)
    ]
