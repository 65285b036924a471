"""Keypoints in heat maps against torchvision's functions and places worked out by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.models.detection import roi_heads as torchvisions

from solutions.mask_rcnn import heatmaps_to_keypoints, keypoint_heatmap_loss, keypoints_to_heatmap
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])
quarters = st.integers(-20, 60).map(lambda number: number / 4)


@st.composite
def people(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Draw keypoints (R, J, 3), some absent, outside or on an edge of their region, and regions (R, 4) with area."""
    regions, joints, dtype = draw(st.integers(0, 4)), draw(st.integers(1, 4)), draw(dtypes)
    rois, keypoints = [], []
    for _ in range(regions):
        x, y, w, h = draw(quarters), draw(quarters), *(draw(st.integers(1, 60)) / 4 for _ in range(2))
        rois.append([x, y, x + w, y + h])
        for _ in range(joints):
            across, down = (draw(st.sampled_from([-0.5, 0, 0.25, 0.5, 0.75, 1, 1.25])) for _ in range(2))
            keypoints.append([x + across * w, y + down * h, draw(st.sampled_from([0, 1, 2]))])
    found = torch.tensor(keypoints, dtype=dtype).view(regions, joints, 3), torch.tensor(rois, dtype=dtype).view(-1, 4)
    if draw(st.booleans()):
        return found[0].permute(2, 0, 1).contiguous().permute(1, 2, 0), found[1].T.contiguous().T
    return found


@given(people(), st.sampled_from([1, 3, 4, 56]))
def test_cells_and_what_counts_are_torchvisions(case: tuple[Tensor, Tensor], size: int) -> None:
    before = [x.clone() for x in case]
    torch.testing.assert_close(keypoints_to_heatmap(*case, size), torchvisions.keypoints_to_heatmap(*case, size))
    assert all(torch.equal(*pair) for pair in zip(case, before, strict=True))


def test_the_far_edges_belong_to_the_last_cells_and_what_lies_beyond_to_none() -> None:
    rois = torch.tensor([[2.0, 4.0, 10.0, 8.0]])  # a cell of four is 2 wide and 1 high
    keypoints = torch.tensor([[[2.0, 4.0, 1.0], [10.0, 8.0, 2.0], [10.5, 8.0, 2.0], [1.5, 4.0, 2.0], [5.0, 7.5, 0.0]]])
    cells, counts = keypoints_to_heatmap(keypoints, rois, 4)
    assert cells.tolist() == [[0, 15, 0, 0, 0]]
    assert counts.tolist() == [[1, 1, 0, 0, 0]]


@given(people(), st.sampled_from([1, 4, 7]), st.integers(0, 1000))
def test_the_loss_and_its_gradient_are_torchvisions(case: tuple[Tensor, Tensor], size: int, seed: int) -> None:
    keypoints, rois = case
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(*keypoints.shape[:2], size, size, generator=generator, dtype=rois.dtype) * 3
    leaves = [logits.clone().requires_grad_() for _ in range(2)]
    found = keypoint_heatmap_loss(leaves[0], keypoints, rois)
    expected = torchvisions.keypointrcnn_loss(leaves[1], [rois], [keypoints], [torch.arange(len(rois))])
    for loss in (found, expected):
        (3 * loss).backward()
    assert found.shape == ()
    assert found.dtype == logits.dtype
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(leaves[0].grad, leaves[1].grad)


def test_a_joint_competes_for_one_place_alone() -> None:
    logits = torch.zeros(1, 2, 2, 2, dtype=torch.float64)
    logits[0, 0, 1, 0] = math.log(3)  # three sixths for the right cell
    logits[0, 1] = 100.0  # all the same: a quarter each
    keypoints = torch.tensor([[[0.5, 3.0, 2.0], [3.0, 3.0, 1.0]]], dtype=torch.float64)
    loss = keypoint_heatmap_loss(logits, keypoints, torch.tensor([[0.0, 0.0, 4.0, 4.0]], dtype=torch.float64))
    assert loss.item() == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_where_no_keypoint_counts_infinite_logits_cost_nothing() -> None:
    logits = torch.full((1, 1, 2, 2), torch.inf, requires_grad=True)
    loss = keypoint_heatmap_loss(logits, torch.zeros(1, 1, 3), torch.tensor([[0.0, 0.0, 4.0, 4.0]]))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


@given(people(), st.sampled_from([1, 2, 7, 14]), st.integers(0, 1000))
def test_places_and_heights_are_torchvisions(case: tuple[Tensor, Tensor], size: int, seed: int) -> None:
    keypoints, rois = case
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(*keypoints.shape[:2], size, size, generator=generator, dtype=rois.dtype)
    before = maps.clone(), rois.clone()
    places, heights = heatmaps_to_keypoints(maps, rois)
    expected, scores = torchvisions.heatmaps_to_keypoints(maps, rois)
    assert places.dtype == heights.dtype == maps.dtype
    torch.testing.assert_close(places, expected, check_dtype=False)
    torch.testing.assert_close(heights, scores, check_dtype=False)
    assert all(torch.equal(*pair) for pair in zip((maps, rois), before, strict=True))


def test_a_region_of_three_and_a_half_pixels_is_read_in_four() -> None:
    maps = torch.zeros(1, 1, 4, 4)
    maps[0, 0, 1, 3] = 5.0
    places, heights = heatmaps_to_keypoints(maps, torch.tensor([[10.0, 20.0, 13.5, 24.0]]))
    assert places.tolist() == [[[10 + 3.5 * 3.5 / 4, 21.5, 1.0]]]
    assert heights.tolist() == [[5.0]]


def test_of_equal_heights_the_first_row_by_row_and_a_tiny_region_is_one_pixel() -> None:
    rois = torch.tensor([[0.0, 0.0, 4.0, 4.0], [7.0, 8.0, 7.25, 8.0]])
    places, _ = heatmaps_to_keypoints(torch.ones(2, 1, 4, 4), rois)
    assert places[:, 0].tolist() == [[0.5, 0.5, 1.0], [7.5, 8.5, 1.0]]


def test_what_was_drawn_is_read_off_again() -> None:
    rois = torch.tensor([[3.0, 5.0, 59.0, 33.0]])
    keypoints = torch.tensor([[[20.5, 14.25, 2.0], [58.5, 32.75, 2.0], [3.5, 5.25, 2.0]]])  # middles of cells
    cells, _ = keypoints_to_heatmap(keypoints, rois, 56)
    maps = torch.zeros(1, 3, 56 * 56).scatter(2, cells[..., None], 1.0).view(1, 3, 56, 56)
    places, _ = heatmaps_to_keypoints(maps, rois)
    assert (places[..., :2] - keypoints[..., :2]).abs().max() <= 0.5


KEYPOINTS, ROIS, MAPS = torch.zeros(2, 3, 3), torch.tensor([[0.0, 0.0, 2.0, 2.0]] * 2), torch.zeros(2, 3, 4, 4)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((KEYPOINTS.long(), ROIS, 4), TypeError, ("keypoints", "floating-point")),
        ((KEYPOINTS[..., :2], ROIS, 4), ValueError, ("keypoints", "(R, J, 3)", "(2, 3, 2)")),
        ((KEYPOINTS * torch.nan, ROIS, 4), ValueError, ("keypoints", "finite")),
        ((KEYPOINTS, ROIS.double(), 4), TypeError, ("rois", "float32")),
        ((KEYPOINTS, ROIS[:1], 4), ValueError, ("rois", "(2, 4)", "(1, 4)")),
        ((KEYPOINTS, ROIS * 0, 4), ValueError, ("rois", "area")),
        ((KEYPOINTS, ROIS, 0), ValueError, ("heatmap_size", "0")),
    ],
)
def test_an_error_names_what_is_wrong_with_keypoints(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: keypoints_to_heatmap(*arguments))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("maps", "rois", "error", "words"),
    [
        (MAPS.long(), ROIS, TypeError, ("floating-point",)),
        (MAPS[..., :3], ROIS, ValueError, ("M × M", "(2, 3, 4, 3)")),
        (MAPS[0], ROIS, ValueError, ("(R, J, M, M)",)),
    ],
)
def test_an_error_names_what_is_wrong_with_heat_maps(
    maps: Tensor, rois: Tensor, error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, ("maps", *words), lambda: heatmaps_to_keypoints(maps, rois))
    assert_error_tells(error, ("logits", *words), lambda: keypoint_heatmap_loss(maps, KEYPOINTS, rois))


def test_an_error_names_what_is_wrong_with_the_regions_of_heat_maps() -> None:
    assert_error_tells(ValueError, ("rois", "x1 ≤ x2"), lambda: heatmaps_to_keypoints(MAPS, -ROIS))
    assert_error_tells(TypeError, ("rois", "float32"), lambda: heatmaps_to_keypoints(MAPS, ROIS.double()))
