"""Anchors against torchvision's `AnchorGenerator` and boxes worked out by hand."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.models.detection.anchor_utils import AnchorGenerator

from solutions.faster_rcnn import base_anchors, grid_anchors
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")

positive = st.integers(1, 600) | st.floats(0.05, 600)
ratios = st.lists(st.sampled_from([0.25, 1 / 3, 0.5, 1, 1.0, 2.0, 3, 4.0]), max_size=4)


@given(st.lists(positive, max_size=4), ratios)
def test_base_anchors_are_torchvisions(sizes: list[float], aspect_ratios: list[float]) -> None:
    generator = AnchorGenerator(((1,),), ((1.0,),))
    expected = generator.generate_anchors(sizes, aspect_ratios)
    found = base_anchors(tuple(sizes), aspect_ratios)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected.view(-1, 4))


def test_base_anchors_by_hand() -> None:
    # a ratio of 4 is four times as high as wide; 128² square pixels whatever the ratio
    assert base_anchors([128], [4.0, 0.25]).tolist() == [[-32, -128, 32, 128], [-128, -32, 128, 32]]
    # half of 5, 7 and 9 lie between two whole numbers, and go to the even one
    assert base_anchors([5, 7, 9], [1.0])[:, 2].tolist() == [2, 4, 4]
    assert base_anchors([], [1.0]).shape == base_anchors([8], []).shape == (0, 4)


@st.composite
def grids(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[int, int], Tensor]:
    """Draw a map's size, its strides and base anchors in either dtype, contiguous or not."""
    size, stride = (draw(st.tuples(st.integers(least, 7), st.integers(least, 9))) for least in (0, 1))
    count = draw(st.integers(0, 4))
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 1000)))
    half = torch.randint(1, 100, (count, 2), generator=generator).to(dtype) / 2
    base = torch.cat([-half, half], dim=1)
    return size, stride, base.T.contiguous().T if draw(st.booleans()) else base


@given(grids())
def test_anchors_of_a_map_are_torchvisions(case: tuple[tuple[int, int], tuple[int, int], Tensor]) -> None:
    size, stride, base = case
    before = base.clone()
    generator = AnchorGenerator(((1,),), ((1.0,),))
    generator.cell_anchors = [base]
    (expected,) = generator.grid_anchors([list(size)], [[torch.tensor(stride[0]), torch.tensor(stride[1])]])
    found = grid_anchors(size, stride, base)
    assert found.dtype == base.dtype
    assert torch.equal(found, expected)
    assert torch.equal(base, before)


def test_anchors_of_a_map_by_hand_go_row_by_row() -> None:
    base = torch.tensor([[-1.0, -1, 1, 1], [-4, -2, 4, 2]], dtype=torch.float64)
    assert grid_anchors((2, 2), (16, 8), base).tolist() == [
        [-1, -1, 1, 1], [-4, -2, 4, 2], [7, -1, 9, 1], [4, -2, 12, 2],
        [-1, 15, 1, 17], [-4, 14, 4, 18], [7, 15, 9, 17], [4, 14, 12, 18],
    ]  # fmt: skip


BASE = torch.tensor([[-1.0, -1.0, 1.0, 1.0]])


@pytest.mark.parametrize(
    ("sizes", "aspect_ratios", "error", "words"),
    [
        (16, [1.0], TypeError, ("sizes", "sequence", "16")),
        ("16", [1.0], TypeError, ("sizes[0]", "'1'")),
        ([16, 0], [1.0], ValueError, ("sizes[1]", "greater than 0", "0")),
        ([16], [-1.0], ValueError, ("aspect_ratios[0]", "-1")),
        ([16], ["1"], TypeError, ("aspect_ratios[0]", "'1'")),
        ([float("inf")], [1.0], ValueError, ("sizes[0]", "finite")),
    ],
)
def test_an_error_names_what_is_wrong_with_base_anchors(
    sizes: object, aspect_ratios: object, error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: base_anchors(sizes, aspect_ratios))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (((1.0, 2), (4, 4), BASE), TypeError, ("feature_size", "ints")),
        (((1, -2), (4, 4), BASE), ValueError, ("feature_size", "(1, -2)")),
        (((1, 2), 4, BASE), TypeError, ("stride", "4")),
        (((1, 2), (4, 0), BASE), ValueError, ("stride", "(4, 0)")),
        (((1, 2), (4, 4), BASE.long()), TypeError, ("base", "floating-point")),
        (((1, 2), (4, 4), BASE[:, :3]), ValueError, ("base", "(N, 4)", "(1, 3)")),
        (((1, 2), (4, 4), -BASE), ValueError, ("base", "x1 ≤ x2")),
    ],
)
def test_an_error_names_what_is_wrong_with_a_grid(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: grid_anchors(*arguments))  # type: ignore[arg-type]
