"""Matching and sampling against torchvision's `Matcher` and sampler, and by hand."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler, Matcher

from solutions.faster_rcnn import definition, match_anchors, sample_balanced
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=200)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])
eighths = st.integers(0, 8)


@st.composite
def overlaps(draw: st.DrawFn) -> Tensor:
    """Draw IoUs (G, A) in eighths, so that there are many ties, contiguous or not."""
    boxes, anchors = draw(st.integers(1, 5)), draw(st.integers(1, 12))
    numbers = draw(st.lists(eighths, min_size=boxes * anchors, max_size=boxes * anchors))
    iou = torch.tensor(numbers, dtype=draw(dtypes)).view(boxes, anchors) / 8
    return iou.T.contiguous().T if draw(st.booleans()) else iou


@given(overlaps(), st.tuples(eighths, eighths).map(sorted), st.booleans())
def test_matches_are_torchvisions(iou: Tensor, thresholds: list[int], allow_low_quality: bool) -> None:
    before = iou.clone()
    low, high = thresholds[0] / 8, thresholds[1] / 8
    expected = Matcher(high, low, allow_low_quality)(iou)
    found = match_anchors(iou, high, low, allow_low_quality)
    assert found.dtype == torch.int64
    assert torch.equal(found, expected)
    assert torch.equal(iou, before)


def test_the_best_anchor_of_a_box_keeps_its_own_best_box() -> None:
    iou = torch.tensor([[0.75, 0.5, 0.25], [0.1, 0.4, 0.2]])  # the second box's best anchor prefers the first box
    assert match_anchors(iou).tolist() == [0, 0, -1]
    assert match_anchors(iou, allow_low_quality=False).tolist() == [0, -2, -1]


def test_all_anchors_that_reach_a_boxs_highest_overlap_are_positive() -> None:
    assert match_anchors(torch.tensor([[0.2, 0.5, 0.5]])).tolist() == [-1, 0, 0]
    assert match_anchors(torch.zeros(1, 3)).tolist() == [0, 0, 0]  # no anchor reaches the box: all do


def test_thresholds_belong_to_the_side_above() -> None:
    iou = torch.tensor([[0.25, 0.5, 0.75, 0.2, 1.0]])
    assert match_anchors(iou, high=0.75, low=0.25).tolist() == [-2, -2, 0, -1, 0]


@st.composite
def samples(draw: st.DrawFn) -> tuple[Tensor, int, float, int]:
    """Draw labels (A,), a batch size, a share and a seed."""
    labels = draw(st.lists(st.sampled_from([-1, 0, 0, 0, 1, 1, 3]), max_size=30))
    share = draw(st.sampled_from([0, 0.25, 0.3, 0.5, 1.0]))
    return torch.tensor(labels, dtype=torch.int64), draw(st.integers(1, 20)), share, draw(st.integers(0, 1000))


@given(samples(), st.booleans())
def test_the_draws_are_torchvisions(case: tuple[Tensor, int, float, int], own_generator: bool) -> None:
    labels, batch_size, share, seed = case
    before = labels.clone()
    torch.manual_seed(seed)
    ((positive,), (negative,)) = BalancedPositiveNegativeSampler(batch_size, share)([labels])
    following = torch.rand(())
    generator = torch.Generator().manual_seed(seed) if own_generator else None
    torch.manual_seed(seed)
    found = sample_balanced(labels, batch_size, share, generator=generator)
    assert found.dtype == torch.bool
    assert torch.equal(found, (positive | negative).bool())
    assert torch.equal(torch.rand((), generator=generator), following)  # as many numbers were taken
    assert torch.equal(labels, before)


@given(samples(), dtypes)
def test_without_chance_the_lowest_priorities_are_drawn(
    case: tuple[Tensor, int, float, int], dtype: torch.dtype
) -> None:
    labels, batch_size, share, seed = case
    priority = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).to(dtype) - 7
    drawn = sample_balanced(labels, batch_size, share, priority)
    positives = sorted((priority[i].item(), i) for i in range(len(labels)) if labels[i] >= 1)
    negatives = sorted((priority[i].item(), i) for i in range(len(labels)) if labels[i] == 0)
    some = positives[: int(batch_size * share)]
    expected = {i for _, i in some + negatives[: batch_size - len(some)]}
    assert set(torch.where(drawn)[0].tolist()) == expected


def test_negatives_fill_up_and_positives_do_not() -> None:
    priority = torch.arange(6.0)
    few = torch.tensor([0, 0, 1, 0, 0, 0])
    assert sample_balanced(few, 4, 0.5, priority).tolist() == [True, True, True, True, False, False]
    many = torch.tensor([1, 1, 1, 1, 0, -1])
    assert sample_balanced(many, 4, 0.5, priority).tolist() == [True, True, False, False, True, False]


IOU = torch.zeros(2, 3)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((IOU.long(),), TypeError, ("iou", "floating-point")),
        ((IOU[0],), ValueError, ("iou", "(G, A)", "(3,)")),
        ((IOU[:0],), ValueError, ("iou", "at least one box", "(0, 3)")),
        ((IOU[:, :0],), ValueError, ("iou", "(2, 0)")),
        ((IOU * torch.nan,), ValueError, ("iou", "NaN")),
        ((IOU, "0.7"), TypeError, ("high", "'0.7'")),
        ((IOU, 0.3, 0.5), ValueError, ("low", "at most high", "0.5 and 0.3")),
    ],
)
def test_an_error_names_what_is_wrong_with_matching(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: match_anchors(*arguments))  # type: ignore[arg-type]


LABELS, PRIORITY = torch.tensor([1, 0, -1]), torch.zeros(3)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((LABELS.float(), 2, 0.5), TypeError, ("labels", "int64")),
        ((LABELS - 1, 2, 0.5), ValueError, ("labels", "-2")),
        ((LABELS, 2.0, 0.5), TypeError, ("batch_size", "2.0")),
        ((LABELS, 0, 0.5), ValueError, ("batch_size", "at least 1")),
        ((LABELS, 2, 1.5), ValueError, ("positive_fraction", "1.5")),
        ((LABELS, 2, 0.5, PRIORITY[:2]), ValueError, ("priority", "(3,)", "(2,)")),
        ((LABELS, 2, 0.5, PRIORITY.long()), TypeError, ("priority", "floating-point")),
        ((LABELS, 2, 0.5, PRIORITY * torch.nan), ValueError, ("priority", "NaN")),
        ((LABELS, 2, 0.5, None, 7), TypeError, ("generator", "int")),
    ],
)
def test_an_error_names_what_is_wrong_with_sampling(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: sample_balanced(*arguments))  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
def test_the_definition_draws_what_the_sampler_draws(seed: int, batch_size: int, fraction: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    labels, priority = torch.randint(-1, 2, (15,), generator=generator), torch.rand(15, generator=generator)
    drawn = definition.sample_balanced(labels, batch_size, fraction, priority)
    assert drawn.tolist() == sample_balanced(labels, batch_size, fraction, priority).tolist()
    kinds = labels[drawn].tolist()
    assert kinds.count(1) == min(labels.tolist().count(1), int(batch_size * fraction))
    assert kinds.count(0) == min(labels.tolist().count(0), batch_size - kinds.count(1))
