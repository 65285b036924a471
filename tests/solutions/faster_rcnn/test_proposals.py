"""The loss, the filter and the levels against torchvision's, and by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.rpn import RegionProposalNetwork
from torchvision.ops.poolers import LevelMapper

from solutions.faster_rcnn import assign_levels, filter_proposals, rpn_loss
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])
seeds = st.integers(0, 10_000)


def torchvisions(pre: int = 1000, post: int = 1000, nms_threshold: float = 0.7) -> RegionProposalNetwork:
    """Return torchvision's RPN around nothing; its sampler takes all that is labelled 1 or 0."""
    before, after = ({"training": count, "testing": count} for count in (pre, post))
    return RegionProposalNetwork(
        AnchorGenerator(((8,),), ((1.0,),)), nn.Identity(), 0.7, 0.3, 1000, 1.0, before, after, nms_threshold
    ).eval()


@st.composite
def samples(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw objectness, deltas, labels with at least one that counts, and targets, contiguous or not."""
    count, dtype = draw(st.integers(1, 12)), draw(dtypes)
    generator = torch.Generator().manual_seed(draw(seeds))
    labels = torch.randint(-1, 2, (count,), generator=generator)
    labels[draw(st.integers(0, count - 1))] = draw(st.sampled_from([0, 1]))
    objectness = torch.randn(count, generator=generator, dtype=dtype) * draw(st.sampled_from([1.0, 1000.0]))
    deltas = torch.randn(count, 4, generator=generator, dtype=dtype)
    targets = torch.randn(count, 4, generator=generator, dtype=dtype) * 0.3
    if draw(st.booleans()):
        deltas, targets = deltas.T.contiguous().T, targets.T.contiguous().T
    return objectness, deltas, labels, targets


@given(samples())
def test_the_loss_and_its_gradients_equal_torchvisions(case: tuple[Tensor, Tensor, Tensor, Tensor]) -> None:
    objectness, deltas, labels, targets = case
    before = [x.clone() for x in case]
    whole = torchvisions()
    found = []
    for loss in (rpn_loss, lambda a, b, c, d: whole.compute_loss(a[:, None], b, [c.to(a)], [d])):
        leaves = [x.clone().requires_grad_() for x in (objectness, deltas, targets)]
        classification, box = loss(leaves[0], leaves[1], labels, leaves[2])
        assert classification.shape == box.shape == ()
        (classification + 3 * box).backward()
        found.append((classification.detach(), box.detach(), *(leaf.grad for leaf in leaves)))
    assert found[0][0].dtype == found[0][1].dtype == objectness.dtype
    torch.testing.assert_close(found[0], found[1])
    assert all(torch.equal(*pair) for pair in zip(case, before, strict=True))


def test_the_loss_by_hand_counts_only_what_was_sampled() -> None:
    objectness = torch.tensor([0.0, math.log(3.0), torch.nan])
    deltas = torch.tensor([[1.0, -1.0, 0.0, 1 / 18], [torch.nan] * 4, [torch.nan] * 4])
    targets = torch.tensor([[0.0] * 4, [torch.inf] * 4, [torch.nan] * 4])
    classification, box = rpn_loss(objectness, deltas, torch.tensor([1, 0, -1]), targets)
    assert classification.item() == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert box.item() == pytest.approx((2 * (1 - 1 / 18) + 0.5 * 9 / 18**2) / 2)


def test_negatives_alone_have_no_box_to_pay_for_but_a_gradient() -> None:
    deltas = torch.ones(2, 4, requires_grad=True)
    _, box = rpn_loss(torch.zeros(2), deltas, torch.tensor([0, -1]), torch.zeros(2, 4))
    box.backward()  # type: ignore[no-untyped-call]
    assert box.item() == 0
    assert deltas.grad is not None
    assert not deltas.grad.any()


@st.composite
def candidates(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Draw boxes (A, 4) in quarters, some far outside of the image, and their logits without ties."""
    count, dtype = draw(st.integers(0, 40)), draw(dtypes)
    generator = torch.Generator().manual_seed(draw(seeds))
    corner = torch.randint(-40, 160, (count, 2), generator=generator).to(dtype) / 4
    sides = torch.randint(0, 120, (count, 2), generator=generator).to(dtype) / 4
    logits = torch.randperm(count, generator=generator).to(dtype) / 4 - 3
    return torch.cat([corner, corner + sides], dim=1), logits


@given(
    candidates(),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(1, 45), st.integers(1, 45)),
    st.sampled_from([0.25, 0.5, 0.7]),
)
def test_proposals_are_torchvisions(
    case: tuple[Tensor, Tensor], size: tuple[int, int], counts: tuple[int, int], nms_threshold: float
) -> None:
    boxes, objectness = case
    before = [x.clone() for x in case]
    whole = torchvisions(*counts, nms_threshold)
    ((expected_boxes,), (expected_scores,)) = whole.filter_proposals(boxes[None], objectness, [size], [len(boxes)])
    found, scores = filter_proposals(boxes.requires_grad_(), objectness, size, *counts, nms_threshold)
    assert not found.requires_grad
    assert torch.equal(found, expected_boxes.detach())
    torch.testing.assert_close(scores, expected_scores)
    assert all(torch.equal(*pair) for pair in zip(case, before, strict=True))


def test_the_order_of_the_cuts_by_hand() -> None:
    boxes = torch.tensor(
        [
            [-4.0, 0, 0.0, 4],  # the best, but clipped it has no width: it takes one of the first places for nothing
            [0.0, 0, 4, 4],
            [0.0, 0, 4, 5],  # IoU 0.8 with the one before
            [5.0, 0, 8, 2],  # good enough only if there were more places before suppression
        ]
    )
    objectness = torch.tensor([3.0, 2.0, 1.0, 0.0])
    found, scores = filter_proposals(boxes, objectness, (8, 8), 3, 3)
    assert found.tolist() == [[0, 0, 4, 4]]
    assert scores.tolist() == pytest.approx([1 / (1 + math.exp(-2))])
    assert filter_proposals(boxes, objectness, (8, 8), 4, 2)[0].tolist() == [[0, 0, 4, 4], [5, 0, 8, 2]]
    assert filter_proposals(boxes, objectness, (8, 8), 4, 1)[0].tolist() == [[0, 0, 4, 4]]
    assert filter_proposals(boxes, objectness, (8, 8), 4, 4, min_size=3)[0].tolist() == [[0, 0, 4, 4]]
    assert len(filter_proposals(boxes, objectness, (8, 8), 4, 4, nms_threshold=0.8)[0]) == 3  # not above it
    empty, none = filter_proposals(boxes[:0], objectness[:0], (8, 8), 4, 4)
    assert (empty.shape, none.shape) == ((0, 4), (0,))


@given(st.lists(st.tuples(st.floats(0, 3000, width=32), st.floats(0, 3000, width=32)), max_size=20), dtypes)
def test_levels_are_torchvisions(sides: list[tuple[float, float]], dtype: torch.dtype) -> None:
    boxes = torch.tensor([[3.0, 5.0, 3.0 + w, 5.0 + h] for w, h in sides], dtype=dtype).view(-1, 4)
    for first, last, size, level in ((2, 5, 224, 4), (3, 3, 224, 4), (0, 7, 56.0, 2)):
        found = assign_levels(boxes, first, last, size, level)
        assert found.dtype == torch.int64
        assert torch.equal(found, LevelMapper(first, last, size, level)([boxes]) + first)


def test_levels_by_hand_and_on_the_step() -> None:
    def square(side: float) -> list[float]:
        return [1.0, 1.0, 1.0 + side, 1.0 + side]

    boxes = torch.tensor([square(side) for side in (0, 56, 111, 112, 223, 224, 447, 448, 2000)])
    assert assign_levels(boxes).tolist() == [2, 2, 2, 3, 3, 4, 4, 5, 5]
    # a hair below the step in single precision: the millionth holds it there
    hair = torch.tensor([[0.0, 0.0, 223.99993896484375, 224.0]])
    assert assign_levels(hair).tolist() == [4]
    assert assign_levels(torch.tensor([[0.0, 0.0, 223.998, 224.0]])).tolist() == [3]


X, ONE = torch.zeros(2), torch.zeros(2, 4)
LABELS = torch.tensor([1, 0])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((X.long(), ONE, LABELS, ONE), TypeError, ("objectness", "floating-point")),
        ((X[:, None], ONE, LABELS, ONE), ValueError, ("objectness", "(A,)", "(2, 1)")),
        ((X, ONE.double(), LABELS, ONE), TypeError, ("deltas", "float32")),
        ((X, ONE[:1], LABELS, ONE), ValueError, ("deltas", "(2, 4)", "(1, 4)")),
        ((X, ONE, LABELS.float(), ONE), TypeError, ("labels", "int64")),
        ((X, ONE, LABELS + 1, ONE), ValueError, ("labels", "2")),
        ((X, ONE, LABELS * 0 - 1, ONE), ValueError, ("labels", "at least one sampled")),
        ((X[:0], ONE[:0], LABELS[:0], ONE[:0]), ValueError, ("labels", "at least one sampled")),
        ((X, ONE, LABELS, ONE[:, :3]), ValueError, ("targets", "(2, 4)", "(2, 3)")),
    ],
)
def test_an_error_names_what_is_wrong_with_the_loss(
    arguments: tuple[Tensor, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: rpn_loss(*arguments))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((ONE.long(), X, (8, 8), 2, 2), TypeError, ("boxes", "floating-point")),
        ((ONE - torch.arange(4), X, (8, 8), 2, 2), ValueError, ("boxes", "x1 ≤ x2")),
        ((ONE, X[:1], (8, 8), 2, 2), ValueError, ("objectness", "(2,)", "(1,)")),
        ((ONE, X.double(), (8, 8), 2, 2), TypeError, ("objectness", "float32")),
        ((ONE, X * torch.nan, (8, 8), 2, 2), ValueError, ("objectness", "NaN")),
        ((ONE, X, (8, 0), 2, 2), ValueError, ("image_size", "(8, 0)")),
        ((ONE, X, (8, 8), 0, 2), ValueError, ("pre_nms_top_n", "at least 1")),
        ((ONE, X, (8, 8), 2, 2.0), TypeError, ("post_nms_top_n", "2.0")),
        ((ONE, X, (8, 8), 2, 2, 2.0), ValueError, ("nms_threshold", "2")),
        ((ONE, X, (8, 8), 2, 2, 0.7, -1), ValueError, ("min_size", "-1")),
    ],
)
def test_an_error_names_what_is_wrong_with_the_filter(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: filter_proposals(*arguments))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((ONE.long(),), TypeError, ("boxes", "floating-point")),
        ((ONE[0],), ValueError, ("boxes", "(N, 4)", "(4,)")),
        ((ONE, 2.0), TypeError, ("first", "2.0")),
        ((ONE, -1), ValueError, ("first", "-1")),
        ((ONE, 5, 2), ValueError, ("first", "at most last", "5 and 2")),
        ((ONE, 2, 5, 0), ValueError, ("canonical_size", "greater than 0")),
        ((ONE, 2, 5, 224, 4.0), TypeError, ("canonical_level", "4.0")),
    ],
)
def test_an_error_names_what_is_wrong_with_levels(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: assign_levels(*arguments))  # type: ignore[arg-type]
