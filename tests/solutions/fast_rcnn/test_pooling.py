"""RoI pooling against torchvision's, against exact fractions, and against its definition one bin after the other."""

from fractions import Fraction
from math import ceil, floor

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.ops import roi_pool as torchvisions

from solutions.fast_rcnn import roi_bins, roi_pool, roi_pool_one_by_one
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])
scales = st.sampled_from([1.0, 0.5, 0.25, 1 / 16])
sizes = st.tuples(st.integers(1, 4), st.integers(1, 7))
quarters = st.integers(-80, 160).map(lambda number: number / 4)


def by_fractions(box: list[float], size: tuple[int, int], scale: float, map_size: tuple[int, int]) -> list[list[int]]:
    """Return rows and columns, [start, end] one after the other, worked out without a float."""
    corners = []
    for number in box:
        exact = Fraction(number) * Fraction(scale)
        corners.append((1 if exact >= 0 else -1) * floor(abs(exact) + Fraction(1, 2)))
    found = []
    for first, last, count, limit in ((1, 3, size[0], map_size[0]), (0, 2, size[1], map_size[1])):
        side = Fraction(max(corners[last] - corners[first] + 1, 1))
        for k in range(count):
            edges = floor(k * side / count), ceil((k + 1) * side / count)
            found.append([min(max(corners[first] + edge, 0), limit) for edge in edges])
    return found


@given(
    st.lists(quarters, min_size=4, max_size=4), sizes, scales, st.tuples(st.integers(1, 30), st.integers(1, 30)), dtypes
)
def test_bins_are_those_of_exact_fractions(
    box: list[float], size: tuple[int, int], scale: float, map_size: tuple[int, int], dtype: torch.dtype
) -> None:
    rows, columns = roi_bins(torch.tensor(box, dtype=dtype), size, scale, map_size)
    assert rows.dtype == columns.dtype == torch.int64
    assert rows.shape == (size[0], 2)
    assert columns.shape == (size[1], 2)
    assert [*rows.tolist(), *columns.tolist()] == by_fractions(box, size, scale, map_size)


def test_bins_are_exact_where_floating_point_is_not() -> None:
    for width in (29, 57, 58):
        _, columns = roi_bins(torch.tensor([0.0, 0.0, width - 1.0, 0.0]), (1, 7), 1.0, (1, 100))
        assert columns[:, 0].tolist() == [k * width // 7 for k in range(7)]
        assert columns[:, 1].tolist() == [-(-(k + 1) * width // 7) for k in range(7)]


def test_halves_are_rounded_away_from_zero() -> None:
    _, columns = roi_bins(torch.tensor([0.5, 0.0, 2.5, 0.0]), (1, 1), 1.0, (8, 8))
    assert columns.tolist() == [[1, 4]]
    rows, columns = roi_bins(torch.tensor([-0.5, -2.5, 0.49999997, 0.5]), (1, 5), 1.0, (8, 8))
    assert rows.tolist() == [[0, 2]]  # from −3 to 1
    assert columns.tolist() == [[0, 0], [0, 0], [0, 1], [0, 1], [0, 1]]  # −1 and 0, cut into five
    assert roi_bins(torch.tensor([-0.5, 0.0, 0.0, 0.0]), (1, 2), 1.0, (1, 4))[1].tolist() == [[0, 0], [0, 1]]


def test_several_boxes_give_the_bins_of_each() -> None:
    boxes = torch.tensor([[0.0, 3.0, 7.0, 9.0], [2.0, 2.0, 30.0, 4.0], [-4.0, 1.0, -2.0, 60.0]])
    rows, columns = roi_bins(boxes, (2, 3), 0.5, (6, 9))
    for box, own_rows, own_columns in zip(boxes, rows, columns, strict=True):
        alone = roi_bins(box, (2, 3), 0.5, (6, 9))
        assert torch.equal(own_rows, alone[0])
        assert torch.equal(own_columns, alone[1])
    assert [x.shape for x in roi_bins(boxes[:0], (2, 3), 0.5, (6, 9))] == [(0, 2, 2), (0, 3, 2)]


@st.composite
def pools(draw: st.DrawFn) -> tuple[Tensor, Tensor, tuple[int, int], float]:
    """Draw features, regions, an output size and a scale; no width where torchvision's floats leave the exact bin."""
    batch, channels, height, width, regions = (draw(st.integers(low, 5)) for low in (1, 0, 1, 1, 0))
    height, width = 3 * height, 4 * width
    scale, dtype = draw(scales), draw(dtypes)
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    features = torch.randn(batch, channels, height, width, generator=generator, dtype=dtype)
    if draw(st.booleans()):
        features = features.mul(2).round()  # ties
    if draw(st.booleans()):
        features = features.transpose(2, 3).contiguous().transpose(2, 3)
    ends = torch.randint(-8, 4 * width + 16, (regions, 2, 2), generator=generator) / (4 * scale)
    boxes = torch.cat([ends.amin(dim=1), ends.amax(dim=1)], dim=1)
    images = torch.randint(batch, (regions, 1), generator=generator)
    rois = torch.cat([images, boxes], dim=1).to(dtype)
    return features, rois, draw(sizes), scale


@given(pools())
def test_roi_pool_and_its_gradient_equal_torchvisions(pool: tuple[Tensor, Tensor, tuple[int, int], float]) -> None:
    features, rois, size, scale = pool
    before = features.clone(), rois.clone()
    found = []
    for operator in (roi_pool, torchvisions):
        leaf = features.clone().requires_grad_()
        pooled = operator(leaf, rois, size, scale)
        (pooled * torch.arange(pooled.numel()).view(pooled.shape)).sum().backward()
        found.append((pooled.detach(), leaf.grad))
    (ours, our_gradient), (theirs, their_gradient) = found
    assert ours.shape == (len(rois), features.shape[1], *size)
    assert ours.dtype == features.dtype
    assert ours.is_contiguous()
    assert torch.equal(ours, theirs)
    torch.testing.assert_close(our_gradient, their_gradient)  # of a tie, too: both take the first
    assert torch.equal(features, before[0])
    assert torch.equal(rois, before[1])


@given(pools())
def test_roi_pool_equals_its_definition(pool: tuple[Tensor, Tensor, tuple[int, int], float]) -> None:
    assert torch.equal(roi_pool(*pool), roi_pool_one_by_one(*pool))


def test_the_definition_has_the_gradient_of_torchvision_where_nothing_is_tied() -> None:
    features = torch.randperm(2 * 3 * 6 * 8).double().view(2, 3, 6, 8) - 100
    rois = torch.tensor([[1.0, 0.0, 0.0, 5.0, 3.0], [0.0, 2.0, 1.0, 30.0, 5.0]], dtype=torch.float64)
    found = []
    for operator in (roi_pool_one_by_one, torchvisions):
        leaf = features.clone().requires_grad_()
        operator(leaf, rois, (2, 3)).square().sum().backward()
        found.append(leaf.grad)
    assert torch.equal(*found)  # type: ignore[arg-type]


def test_second_derivatives_are_right() -> None:
    features = torch.randperm(24).double().view(1, 2, 3, 4).requires_grad_()
    rois = torch.tensor([[0.0, 0.0, 0.0, 3.0, 2.0], [0.0, 1.0, 1.0, 9.0, 9.0]], dtype=torch.float64)
    assert torch.autograd.gradgradcheck(lambda x: roi_pool(x.square(), rois, (2, 2)), (features + 1,))


def test_more_cells_than_a_short_number_can_count() -> None:
    features = torch.randn(2, 1, 130, 257, generator=torch.Generator().manual_seed(0))
    rois = torch.tensor([[1.0, 3.0, 5.0, 250.0, 120.0], [0.0, 100.0, 0.0, 256.0, 129.0]])
    assert torch.equal(roi_pool(features, rois, (3, 4)), torchvisions(features, rois, (3, 4)))


def test_no_region_and_no_image_are_nothing_with_a_shape() -> None:
    features = torch.randn(0, 3, 4, 5, requires_grad=True)
    pooled = roi_pool(features, torch.zeros(0, 5), (2, 3))
    assert pooled.shape == (0, 3, 2, 3)
    pooled.sum().backward()
    assert features.grad is not None


def test_half_precision_features_with_regions_in_full() -> None:
    features = torch.randn(1, 2, 6, 8).half()
    rois = torch.tensor([[0.0, 1.0, 1.0, 6.0, 4.0]])
    pooled = roi_pool(features, rois, (2, 2))
    assert pooled.dtype == torch.float16
    assert torch.equal(pooled, torchvisions(features.float(), rois, (2, 2)).half())


BOX, FEATURES, ROIS = torch.tensor([0.0, 0.0, 4.0, 4.0]), torch.zeros(2, 3, 4, 5), torch.zeros(1, 5)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((BOX.long(), (2, 2), 1.0, (4, 5)), TypeError, ("box", "floating-point")),
        ((BOX[:3], (2, 2), 1.0, (4, 5)), ValueError, ("box", "(4,)", "(3,)")),
        ((BOX / 0, (2, 2), 1.0, (4, 5)), ValueError, ("box", "finite")),
        ((BOX, 2, 1.0, (4, 5)), TypeError, ("output_size", "2")),
        ((BOX, (0, 2), 1.0, (4, 5)), ValueError, ("output_size", "(0, 2)")),
        ((BOX, (2, 2), 0.0, (4, 5)), ValueError, ("spatial_scale", "0")),
        ((BOX, (2, 2), "1", (4, 5)), TypeError, ("spatial_scale", "'1'")),
        ((BOX, (2, 2), 1.0, (4, 0)), ValueError, ("feature_size", "(4, 0)")),
    ],
)
def test_an_error_names_what_is_wrong_with_a_box(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: roi_bins(*arguments))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((FEATURES.long(), ROIS, (2, 2)), TypeError, ("features", "floating-point")),
        ((FEATURES[0], ROIS, (2, 2)), ValueError, ("features", "(N, C, H, W)", "(3, 4, 5)")),
        ((FEATURES[..., :0], ROIS, (2, 2)), ValueError, ("features", "one cell")),
        ((FEATURES, ROIS[:, 1:], (2, 2)), ValueError, ("rois", "(R, 5)", "(1, 4)")),
        ((FEATURES, ROIS.long(), (2, 2)), TypeError, ("rois", "floating-point")),
        ((FEATURES, ROIS + 2, (2, 2)), ValueError, ("rois", "0 … 1", "2.0")),
        ((FEATURES, ROIS + 0.5, (2, 2)), ValueError, ("rois", "0 … 1", "0.5")),
        ((FEATURES, ROIS / 0, (2, 2)), ValueError, ("rois", "finite")),
        ((FEATURES, ROIS, (2, 2), -1.0), ValueError, ("spatial_scale", "-1")),
    ],
)
def test_an_error_names_what_is_wrong_with_features_and_regions(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: roi_pool(*arguments))  # type: ignore[arg-type]
