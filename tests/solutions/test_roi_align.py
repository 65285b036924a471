"""RoI Align against torchvision's, and bilinear sampling against it, against `grid_sample` and by hand."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.ops import roi_align as torchvisions

from solutions.mask_rcnn import roi_align_one_by_one
from solutions.roi_align import bilinear_sample, roi_align
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])
quarters = st.integers(-24, 60).map(lambda number: number / 4)


@st.composite
def regions(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Draw features (N, C, H, W) and regions (R, 5), some far outside, some without area, contiguous or not."""
    batch, channels, height, width = (draw(st.integers(1, most)) for most in (3, 3, 9, 9))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    dtype = draw(dtypes)
    features = torch.randn(batch, channels, height, width, generator=generator, dtype=dtype)
    rois = []
    for _ in range(draw(st.integers(0, 4))):
        x, y, w, h = draw(quarters), draw(quarters), *(draw(st.integers(0, 60)) / 4 for _ in range(2))
        rois.append([draw(st.integers(0, batch - 1)), x, y, x + w, y + h])
    regions = torch.tensor(rois, dtype=dtype).view(-1, 5)
    if draw(st.booleans()):
        features = features.permute(2, 3, 0, 1).contiguous().permute(2, 3, 0, 1)
        regions = regions.T.contiguous().T
    return features, regions


@given(
    regions(),
    st.tuples(st.integers(1, 3), st.integers(1, 4)),
    st.sampled_from([1.0, 0.5, 0.3]),
    st.sampled_from([-1, 0, 1, 2, 3]),
    st.booleans(),
)
def test_roi_align_and_its_gradient_equal_torchvisions(
    case: tuple[Tensor, Tensor], size: tuple[int, int], scale: float, ratio: int, aligned: bool
) -> None:
    features, rois = case
    before = [x.clone() for x in case]
    found = []
    for align in (roi_align, roi_align_one_by_one, torchvisions):
        leaf = features.clone().requires_grad_()
        pooled = align(leaf, rois, size, scale, ratio, aligned)
        total = (pooled * torch.arange(1, pooled.numel() + 1).view(pooled.shape)).sum()
        total = total + 0 * leaf.sum()  # without a region a loop has nothing that depends on the features
        total.backward()
        found.append((pooled.detach(), leaf.grad))
    assert found[0][0].shape == (len(rois), features.shape[1], *size)
    for ours in found[:2]:
        torch.testing.assert_close(ours, found[2])
    assert all(torch.equal(*pair) for pair in zip(case, before, strict=True))


@given(regions(), st.lists(st.tuples(quarters, quarters), max_size=8))
def test_a_sample_is_a_region_of_one_point(case: tuple[Tensor, Tensor], points: list[tuple[float, float]]) -> None:
    (features, *_), _ = case
    y, x = torch.tensor(points, dtype=features.dtype).view(-1, 2).unbind(dim=1)
    around = torch.stack([torch.zeros_like(x), x - 0.5, y - 0.5, x + 0.5, y + 0.5], dim=1)
    found = []
    leaves = [features.clone().requires_grad_() for _ in range(2)]
    found.append(bilinear_sample(leaves[0], y, x))
    found.append(torchvisions(leaves[1][None], around, 1, sampling_ratio=1)[:, :, 0, 0].T)
    for values in found:
        values.square().sum().backward()
    torch.testing.assert_close(found[0], found[1])
    torch.testing.assert_close(leaves[0].grad, leaves[1].grad)


def test_inside_the_map_a_sample_is_that_of_grid_sample() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(2, 5, 7, generator=generator, dtype=torch.float64)
    y, x = torch.rand(20, generator=generator).double() * 4, torch.rand(20, generator=generator).double() * 6
    grid = torch.stack([x / 6, y / 4], dim=-1) * 2 - 1
    expected = F.grid_sample(features[None], grid[None, None], align_corners=True)[0, :, 0]
    torch.testing.assert_close(bilinear_sample(features, y, x), expected)


def test_the_border_by_hand() -> None:
    features = torch.tensor([[[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]])
    x = torch.tensor([-1.0, -1.0000001, 3.0, 3.0000002, -0.5, 2.5, 1.25])
    assert bilinear_sample(features, torch.zeros(7), x).tolist() == [[1, 0, 4, 0, 1, 4, 2.5]]
    y = torch.tensor([-1.0, -1.0000001, 2.0, 2.0000002, 0.25])
    assert bilinear_sample(features, y, torch.zeros(5)).tolist() == [[1, 0, 8, 0, 2.75]]


def test_half_a_cell_is_what_aligned_mends() -> None:
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)  # the value of column j, whose middle is at j + ½
    roi = torch.tensor([[0.0, 2.0, 2.0, 6.0, 6.0]])
    assert roi_align(ramp, roi, (1, 2), aligned=True).flatten().tolist() == [2.5, 4.5]  # the middles less ½
    assert roi_align(ramp, roi, (1, 2), aligned=False).flatten().tolist() == [3, 5]


def test_a_box_turned_inside_out_has_no_points_when_aligned() -> None:
    rois = torch.tensor([[0.0, 3.0, 3.0, 1.0, 2.0], [0.0, 1.0, 1.0, 3.0, 3.0]])
    features = torch.ones(1, 1, 5, 5)
    for aligned in (True, False):
        expected = torchvisions(features, rois, 2, aligned=aligned)
        for align in (roi_align, roi_align_one_by_one):
            torch.testing.assert_close(align(features, rois, (2, 2), aligned=aligned), expected)


FEATURES, ROIS = torch.zeros(2, 3, 4, 5), torch.zeros(1, 5)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((FEATURES[0], ROIS, (2, 2)), ValueError, ("features", "(3, 4, 5)")),
        ((FEATURES.long(), ROIS, (2, 2)), TypeError, ("features", "floating-point")),
        ((FEATURES[:, :, :0], ROIS, (2, 2)), ValueError, ("features", "at least one cell")),
        ((FEATURES, ROIS.double(), (2, 2)), TypeError, ("rois", "float32")),
        ((FEATURES, ROIS[:, :4], (2, 2)), ValueError, ("rois", "(R, 5)", "(1, 4)")),
        ((FEATURES, ROIS + 2, (2, 2)), ValueError, ("rois", "0 … 1", "2.0")),
        ((FEATURES, ROIS * torch.nan, (2, 2)), ValueError, ("rois", "finite")),
        ((FEATURES, ROIS, (2, 0)), ValueError, ("output_size", "(2, 0)")),
        ((FEATURES, ROIS, (2, 2), 0), ValueError, ("spatial_scale", "greater than 0")),
        ((FEATURES, ROIS, (2, 2), 1.0, 2.0), TypeError, ("sampling_ratio", "2.0")),
    ],
)
def test_an_error_names_what_is_wrong_with_roi_align(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: roi_align(*arguments))  # type: ignore[arg-type]


MAP, AT = torch.zeros(3, 4, 5), torch.zeros(2)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((FEATURES, AT, AT), ValueError, ("features", "(C, H, W)")),
        ((MAP.long(), AT, AT), TypeError, ("features", "floating-point")),
        ((MAP[:, :0], AT, AT), ValueError, ("features", "at least one cell")),
        ((MAP, AT.double(), AT), TypeError, ("y", "float32")),
        ((MAP, AT, AT[:1]), ValueError, ("x", "(2,)", "(1,)")),
        ((MAP, AT * torch.inf, AT), ValueError, ("y", "finite")),
    ],
)
def test_an_error_names_what_is_wrong_with_a_sample(
    arguments: tuple[Tensor, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: bilinear_sample(*arguments))
