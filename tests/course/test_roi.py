"""What chapter 8 goes on with, against the references."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from course.roi import as_regions, bins_on_map, class_and_box_loss, cut_in_two, each_smooth_l1
from solutions.fast_rcnn import fast_rcnn_loss, roi_bins, smooth_l1, truncated_svd

quarters = st.integers(-40, 160).map(lambda number: number / 4)


@settings(max_examples=80, deadline=None)
@given(st.lists(quarters, min_size=4, max_size=4), st.integers(1, 7), st.integers(1, 7), st.sampled_from([1.0, 0.25]))
def test_bins_are_those_of_the_reference(sides: list[float], ph: int, pw: int, scale: float) -> None:
    x1, x2 = sorted(sides[:2])
    y1, y2 = sorted(sides[2:])
    box = torch.tensor([x1, y1, x2, y2])
    for own, wanted in zip(
        bins_on_map(box, (ph, pw), scale, (9, 12)), roi_bins(box, (ph, pw), scale, (9, 12)), strict=True
    ):
        assert own.tolist() == wanted.tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 7), st.integers(2, 5), st.sampled_from([0.0, 1 / 9, 1.0]))
def test_losses_are_those_of_the_reference(seed: int, regions: int, classes: int, beta: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits, deltas = torch.randn(regions, classes, generator=generator), torch.randn(regions, 4 * classes)
    targets, labels = torch.randn(regions, 4, generator=generator), torch.randint(classes, (regions,))
    torch.testing.assert_close(each_smooth_l1(deltas[:, :4], targets, beta), smooth_l1(deltas[:, :4], targets, beta))
    for own, wanted in zip(
        class_and_box_loss(logits, deltas, labels, targets),
        fast_rcnn_loss(logits, deltas, labels, targets),
        strict=True,
    ):
        torch.testing.assert_close(own, wanted)


@pytest.mark.parametrize(("wide", "high", "rank"), [(9, 5, 3), (5, 9, 5), (6, 6, 1), (7, 3, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_in_two_is_that_of_the_reference(wide: int, high: int, rank: int, bias: bool) -> None:
    layer = nn.Linear(wide, high, bias=bias).double()
    own, wanted = cut_in_two(layer, rank), truncated_svd(layer, rank)
    assert [tuple(one.weight.shape) for one in own] == [(rank, wide), (high, rank)]  # type: ignore[union-attr]
    x = torch.randn(4, wide, dtype=torch.float64)
    torch.testing.assert_close(own(x), wanted(x))


def test_regions_begin_with_the_number_of_their_image() -> None:
    boxes = [torch.tensor([[1.0, 2, 3, 4]]), torch.zeros(0, 4), torch.tensor([[5.0, 6, 7, 8], [0, 0, 1, 1]])]
    assert as_regions(boxes).tolist() == [[0, 1, 2, 3, 4], [2, 5, 6, 7, 8], [2, 0, 0, 1, 1]]
