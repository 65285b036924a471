"""A box as offsets of another, against torchvision's coder, against laws, and against numbers worked out by hand."""

import math
from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torchvision.models.detection._utils import BoxCoder

from solutions.boxes import decode_boxes, encode_boxes
from tests.sentences import assert_error_tells
from tests.solutions.test_boxes import some_boxes

WEIGHTS = (10.0, 9.0, 5.0, 4.0)
BOX = torch.tensor([[0.0, 0.0, 4.0, 2.0]])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Draw as many targets as anchors."""
    targets = draw(some_boxes())
    return targets, draw(some_boxes(least=len(targets), most=len(targets)))


@given(pairs(), st.sampled_from([torch.float32, torch.float64]), st.sampled_from([(1.0, 1.0, 1.0, 1.0), WEIGHTS]))
def test_offsets_are_torchvisions_and_undoing_them_gives_the_target(
    boxes: tuple[Tensor, Tensor], dtype: torch.dtype, weights: tuple[float, float, float, float]
) -> None:
    targets, anchors = (each.to(dtype) for each in boxes)
    deltas = encode_boxes(targets, anchors, weights)
    torch.testing.assert_close(deltas, BoxCoder(weights).encode_single(targets, anchors))
    torch.testing.assert_close(decode_boxes(deltas, anchors, weights), targets, rtol=1e-5, atol=1e-5)


@given(some_boxes(least=1), st.integers(1, 4), st.integers(0, 100))
def test_boxes_of_several_classes_are_torchvisions(anchors: Tensor, classes: int, seed: int) -> None:
    deltas = 3 * torch.randn(len(anchors), 4 * classes, generator=torch.Generator().manual_seed(seed)).double()
    got = decode_boxes(deltas, anchors, WEIGHTS)
    assert got.shape == (len(anchors), 4 * classes)
    torch.testing.assert_close(got, BoxCoder(WEIGHTS).decode_single(deltas, anchors))


def test_offsets_by_hand() -> None:
    target = torch.tensor([[6.0, -2.0, 8.0, 6.0]])  # centre (7, 2), 2 × 8; the box has (2, 1) and 4 × 2
    wanted = torch.tensor([[5 / 4, 1 / 2, math.log(1 / 2), math.log(4)]])
    torch.testing.assert_close(encode_boxes(target, BOX), wanted)
    torch.testing.assert_close(encode_boxes(target, BOX, (2.0, 3.0, 4.0, 5.0)), wanted * torch.tensor([2.0, 3, 4, 5]))


def test_the_same_move_has_the_same_numbers_at_every_size_and_place() -> None:
    target = torch.tensor([[1.0, -1.0, 4.0, 5.0]])
    moved = torch.tensor([30.0, -7.0, 30.0, -7.0])
    torch.testing.assert_close(encode_boxes(16 * target + moved, 16 * BOX + moved), encode_boxes(target, BOX))


def test_no_box_grows_by_more_than_a_thousand_sixteenths_and_any_may_shrink() -> None:
    deltas = torch.tensor([[0.0, 0.0, 50.0, -20.0]], requires_grad=True)
    for weights in ((1.0, 1.0, 1.0, 1.0), (1.0, 1.0, 5.0, 5.0)):  # the clip comes after the division
        boxes = decode_boxes(deltas, BOX, weights)
        x1, y1, x2, y2 = boxes[0].tolist()
        assert x2 - x1 == pytest.approx(4 * 1000 / 16)
        assert 0 <= y2 - y1 == pytest.approx(2 * math.exp(-20 / weights[3]), abs=1e-6)
        (gradient,) = torch.autograd.grad(boxes[0, 2], deltas)
        assert gradient[0, 2] == 0  # what is clipped learns nothing from it


def test_gradients_are_those_of_differences() -> None:
    anchors = torch.tensor([[0.0, 1, 4, 3], [-2, 5, 1, 12]], dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([[1.0, 1, 4, 6], [-3, 2, 3, 9]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda one, two: encode_boxes(one, two, WEIGHTS), (targets, anchors))
    deltas = encode_boxes(targets, anchors).detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda one, two: decode_boxes(one, two, WEIGHTS), (deltas, anchors))


def test_without_boxes_there_are_no_offsets() -> None:
    assert encode_boxes(BOX[:0], BOX[:0]).shape == decode_boxes(BOX[:0], BOX[:0]).shape == (0, 4)
    assert decode_boxes(torch.zeros(0, 12), BOX[:0]).shape == (0, 12)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (ValueError, ["anchors", "have area", "row 0"], lambda: encode_boxes(BOX, BOX[:, [0, 1, 0, 3]])),
        (ValueError, ["targets", "have area", "row 0"], lambda: encode_boxes(BOX[:, [2, 1, 0, 3]], BOX)),
        (ValueError, ["targets", "(1, 4)", "(0, 4)"], lambda: encode_boxes(BOX[:0], BOX)),
        (TypeError, ["targets", "float32", "float64"], lambda: encode_boxes(BOX.double(), BOX)),
        (TypeError, ["weights", "four numbers"], lambda: encode_boxes(BOX, BOX, (1.0, 1.0))),
        (ValueError, ["weights[2]", "greater than 0"], lambda: decode_boxes(BOX, BOX, (1.0, 1.0, 0.0, 1.0))),
        (ValueError, ["deltas", "(N, K · 4)", "(1, 3)"], lambda: decode_boxes(BOX[:, :3], BOX)),
        (ValueError, ["deltas", "(2, 4)"], lambda: decode_boxes(BOX.repeat(2, 1), BOX)),
    ],
)
def test_bad_input_is_told_in_a_sentence(
    error: type[Exception], words: Sequence[str], call: Callable[[], object]
) -> None:
    assert_error_tells(error, words, call)
