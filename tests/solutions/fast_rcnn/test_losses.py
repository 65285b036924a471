"""Smooth L1 and Fast R-CNN's loss against torch's, torchvision's and numbers worked out by hand."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.models.detection.roi_heads import fastrcnn_loss

from solutions.fast_rcnn import fast_rcnn_loss, smooth_l1
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])
shapes = st.sampled_from([(), (0,), (5,), (3, 4), (2, 0, 3), (2, 3, 4)])


@given(shapes, dtypes, st.sampled_from([0, 0.0, 1 / 9, 0.5, 1.0, 2]), st.integers(0, 1000))
def test_smooth_l1_and_its_gradients_equal_torchs(
    shape: tuple[int, ...], dtype: torch.dtype, beta: float, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    first, second = (torch.randn(shape, generator=generator, dtype=dtype) * 2 for _ in range(2))
    found = []
    for loss in (smooth_l1, lambda a, b, beta: F.smooth_l1_loss(a, b, beta=beta, reduction="none")):
        leaves = [x.clone().requires_grad_() for x in (first, second)]
        each = loss(*leaves, beta)
        (each * torch.arange(each.numel()).view(shape)).sum().backward()
        found.append((each.detach(), *(leaf.grad for leaf in leaves)))
    assert found[0][0].dtype == dtype
    torch.testing.assert_close(found[0], found[1])


def test_smooth_l1_by_hand_meets_the_line_at_beta() -> None:
    d = torch.tensor([0.0, 0.25, -0.25, 0.5, -0.5, 0.75, 3.0])
    assert smooth_l1(d, torch.zeros(7), beta=0.5).tolist() == [0, 0.0625, 0.0625, 0.25, 0.25, 0.5, 2.75]
    assert smooth_l1(torch.zeros(2), torch.tensor([1.0, -4.0]), beta=0).tolist() == [1, 4]


@st.composite
def regions(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw logits, deltas, labels and targets of R ≥ 1 regions, contiguous or not."""
    count, classes = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    dtype = draw(dtypes)
    logits = torch.randn(count, classes, generator=generator, dtype=dtype) * draw(st.sampled_from([1.0, 100.0]))
    deltas = torch.randn(count, 4 * classes, generator=generator, dtype=dtype)
    targets = torch.randn(count, 4, generator=generator, dtype=dtype) * 0.3
    labels = torch.randint(classes, (count,), generator=generator)
    if draw(st.booleans()):
        deltas, logits = deltas.T.contiguous().T, logits.T.contiguous().T
    return logits, deltas, labels, targets


@given(regions())
def test_the_loss_and_its_gradients_equal_torchvisions(batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> None:
    logits, deltas, labels, targets = batch
    before = [x.clone() for x in batch]
    found = []
    for loss in (fast_rcnn_loss, lambda a, b, c, d: fastrcnn_loss(a, b, [c], [d])):
        leaves = [x.clone().requires_grad_() for x in (logits, deltas, targets)]
        classification, localization = loss(leaves[0], leaves[1], labels, leaves[2])
        assert classification.shape == localization.shape == ()
        (classification + 3 * localization).backward()
        found.append((classification.detach(), localization.detach(), *(leaf.grad for leaf in leaves)))
    assert found[0][0].dtype == found[0][1].dtype == logits.dtype
    torch.testing.assert_close(found[0], found[1])
    assert all(torch.equal(*pair) for pair in zip(batch, before, strict=True))


def test_two_regions_by_hand() -> None:
    deltas = torch.full((2, 12), 100.0)
    deltas[1, 8:] = torch.tensor([1.0, -1.0, 0.0, 1 / 18])  # class 2
    classification, localization = fast_rcnn_loss(torch.zeros(2, 3), deltas, torch.tensor([0, 2]), torch.zeros(2, 4))
    assert classification.item() == pytest.approx(1.0986123)  # log 3
    assert localization.item() == pytest.approx((2 * (1 - 1 / 18) + 0.5 * 9 / 18**2) / 2)


def test_background_alone_has_no_box_to_pay_for_but_a_gradient() -> None:
    deltas = torch.ones(2, 8, requires_grad=True)
    _, localization = fast_rcnn_loss(torch.zeros(2, 2), deltas, torch.tensor([0, 0]), torch.zeros(2, 4))
    localization.backward()  # type: ignore[no-untyped-call]
    assert localization.item() == 0
    assert deltas.grad is not None
    assert not deltas.grad.any()


X = torch.zeros(2, 3)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((X.long(), X), TypeError, ("pred", "floating-point")),
        ((0.5, X), TypeError, ("pred", "float")),
        ((X, X.double()), TypeError, ("target", "float64")),
        ((X, X[0]), ValueError, ("target", "(2, 3)", "(3,)")),
        ((X, X, -1.0), ValueError, ("beta", "-1")),
        ((X, X, "1"), TypeError, ("beta", "'1'")),
    ],
)
def test_an_error_names_what_is_wrong_with_smooth_l1(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: smooth_l1(*arguments))  # type: ignore[arg-type]


LOGITS, DELTAS, LABELS, TARGETS = torch.zeros(2, 3), torch.zeros(2, 12), torch.tensor([0, 2]), torch.zeros(2, 4)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((LOGITS.long(), DELTAS, LABELS, TARGETS), TypeError, ("logits", "floating-point")),
        ((LOGITS[:0], DELTAS[:0], LABELS[:0], TARGETS[:0]), ValueError, ("logits", "at least one region")),
        ((LOGITS, DELTAS[:, :8], LABELS, TARGETS), ValueError, ("deltas", "(2, 12)", "(2, 8)")),
        ((LOGITS, DELTAS.double(), LABELS, TARGETS), TypeError, ("deltas", "float32")),
        ((LOGITS, DELTAS, LABELS.int(), TARGETS), TypeError, ("labels", "int64")),
        ((LOGITS, DELTAS, LABELS + 1, TARGETS), ValueError, ("labels", "0 and 2", "1 to 3")),
        ((LOGITS, DELTAS, LABELS, TARGETS[:1]), ValueError, ("targets", "(2, 4)", "(1, 4)")),
    ],
)
def test_an_error_names_what_is_wrong_with_the_loss(
    arguments: tuple[Tensor, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: fast_rcnn_loss(*arguments))
