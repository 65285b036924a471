"""The loss of all pixels and the metrics against torch, torchmetrics and numbers worked out by hand."""

import inspect
import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchmetrics.functional.classification import multiclass_confusion_matrix, multiclass_jaccard_index
from torchmetrics.functional.segmentation import mean_iou as torchmetrics_mean_iou

from course.checking.guard import find_in_source
from solutions.fcn import confusion_matrix, mean_iou, pixel_cross_entropy, pixels
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=150)
settings.load_profile("repeatable")

ignored_labels = st.sampled_from([255, -1, -100, 0, 1])


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Tensor, Tensor, int]:
    """Draw logits (N, K, H, W), a target (N, H, W) and the label that it ignores, somewhere, everywhere or nowhere."""
    batch, classes = draw(st.integers(0, 3)), draw(st.integers(1, 5))
    size = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    scale = draw(st.sampled_from([1.0, 30.0, 1e4]))
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    logits = torch.randn(batch, classes, *size, generator=generator, dtype=dtype) * scale
    target = torch.randint(classes, (batch, *size), generator=generator)
    ignore = draw(ignored_labels)
    share = draw(st.sampled_from([0.0, 0.3, 1.0]))
    target[torch.rand(target.shape, generator=generator) < share] = ignore
    if draw(st.booleans()):
        logits = logits.to(memory_format=torch.channels_last)
        target = target.transpose(1, 2).contiguous().transpose(1, 2)
    return logits, target, ignore


# --- against torch and torchmetrics -----------------------------------------------------------------------------------


@given(pictures())
def test_the_loss_and_its_gradient_equal_torchs(picture: tuple[Tensor, Tensor, int]) -> None:
    logits, target, ignore = picture
    before = logits.clone(), target.clone()
    ours, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    loss = pixel_cross_entropy(ours, target, ignore)
    assert loss.shape == ()
    assert loss.dtype == logits.dtype
    loss.backward()  # type: ignore[no-untyped-call]
    assert torch.equal(logits, before[0])
    assert torch.equal(target, before[1])
    assert ours.grad is not None
    if not (target != ignore).any():  # torch divides zero by zero here
        assert loss == 0
        assert not ours.grad.any()
        return
    expected = F.cross_entropy(theirs, target, ignore_index=ignore)
    expected.backward()  # type: ignore[no-untyped-call]
    assert theirs.grad is not None
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(ours.grad, theirs.grad)


@given(pictures())
def test_a_confusion_matrix_equals_torchmetrics(picture: tuple[Tensor, Tensor, int]) -> None:
    logits, target, ignore = picture
    classes = max(logits.shape[1], 2)  # torchmetrics counts from two classes on
    pred = logits.argmax(dim=1)
    ours = confusion_matrix(pred, target, classes, ignore)
    assert ours.dtype == torch.int64
    assert torch.equal(ours, multiclass_confusion_matrix(pred, target, classes, ignore_index=ignore))


@given(pictures())
def test_the_mean_iou_equals_torchmetrics(picture: tuple[Tensor, Tensor, int]) -> None:
    logits, target, ignore = picture
    classes = max(logits.shape[1], 2)
    pred = logits.argmax(dim=1)
    confusion = confusion_matrix(pred, target, classes, ignore)
    ours = mean_iou(confusion)
    if not confusion.any():
        assert math.isnan(ours)
        return
    # With its own reduction torchmetrics leaves absent classes out too, but for an ignored one: do that by hand.
    each = multiclass_jaccard_index(pred, target, classes, average="none", ignore_index=ignore).double()
    present = (confusion.sum(0) + confusion.sum(1)) > 0
    assert ours == pytest.approx(float(each[present].mean()), rel=1e-6)


@given(st.integers(0, 1000), st.integers(2, 5))
def test_the_mean_iou_equals_the_segmentation_metric_where_every_class_is_there(seed: int, classes: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    target = torch.arange(classes).repeat(12)[torch.randperm(12 * classes, generator=generator)].view(1, classes, 12)
    pred = torch.randint(classes, target.shape, generator=generator)
    theirs = torchmetrics_mean_iou(pred, target, num_classes=classes, input_format="index")
    assert mean_iou(confusion_matrix(pred, target, classes)) == pytest.approx(float(theirs), rel=1e-6)


def test_gradcheck() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 2, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    target = torch.randint(3, (2, 2, 4), generator=generator)
    target[0, 0] = 255
    assert torch.autograd.gradcheck(lambda x: pixel_cross_entropy(x, target), logits)
    assert torch.autograd.gradcheck(lambda x: pixel_cross_entropy(x, torch.full_like(target, 255)), logits)
    assert torch.autograd.gradgradcheck(lambda x: pixel_cross_entropy(x, target), logits)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes() -> None:
    loss = pixel_cross_entropy(torch.zeros(2, 5, 3, 4), torch.full((2, 3, 4), 3))
    assert loss.item() == pytest.approx(math.log(5))


def test_an_ignored_pixel_counts_neither_above_nor_below_the_line() -> None:
    logits = torch.tensor([[1.0, 7.0], [1.0, -7.0]]).view(1, 2, 1, 2)
    assert pixel_cross_entropy(logits, torch.tensor([[[0, 255]]])).item() == pytest.approx(math.log(2))


def test_pixels_weigh_the_same_whichever_image_they_are_in() -> None:
    logits = torch.tensor([[0.0, 0.0], [10.0, -10.0]]).view(2, 2, 1, 1).expand(2, 2, 1, 3)
    target = torch.tensor([[[0, 0, 0]], [[1, 255, 255]]])
    expected = (3 * math.log(2) + math.log1p(math.exp(20))) / 4
    assert pixel_cross_entropy(logits, target).item() == pytest.approx(expected)


def test_large_logits_do_not_overflow() -> None:
    logits = torch.tensor([3e4, -3e4]).view(1, 2, 1, 1).expand(1, 2, 1, 2).clone().requires_grad_()
    loss = pixel_cross_entropy(logits, torch.tensor([[[0, 1]]]))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 3e4
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_stays_half_precision(dtype: torch.dtype) -> None:
    logits = torch.tensor([2.0, 0.0]).view(1, 2, 1, 1).to(dtype)
    loss = pixel_cross_entropy(logits, torch.tensor([[[1]]]))
    assert loss.dtype == dtype
    assert loss.item() == pytest.approx(2.1269, rel=1e-2)


def test_a_confusion_matrix_by_hand() -> None:
    target = torch.tensor([[0, 0, 1], [2, 255, 1]])
    pred = torch.tensor([[0, 2, 1], [1, 1, 1]])
    assert confusion_matrix(pred, target, 3).tolist() == [[1, 0, 1], [0, 2, 0], [0, 1, 0]]
    assert confusion_matrix(pred[:0], target[:0], 3).tolist() == [[0] * 3] * 3
    assert confusion_matrix(torch.tensor(1), torch.tensor(0), 2).tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_small_integers_are_counted_without_overflow(dtype: torch.dtype) -> None:
    labels = torch.full((3, 4), 19, dtype=dtype)
    assert confusion_matrix(labels, labels, 20)[19, 19] == 12
    assert confusion_matrix(labels, labels, 20, ignore_index=-1)[19, 19] == 12


def test_only_the_target_decides_what_is_ignored() -> None:
    pred, target = torch.tensor([1, 0]), torch.tensor([0, 1])
    assert confusion_matrix(pred, target, 2, ignore_index=1).tolist() == [[0, 1], [0, 0]]


def test_a_mean_iou_by_hand() -> None:
    # class 0: 3 of 4 · class 1: 2 of 3 · class 2: predicted once, never there · class 3: nowhere
    confusion = torch.tensor([[3, 0, 1, 0], [0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    confusion[1, 0] = 0
    assert mean_iou(confusion) == pytest.approx((3 / 4 + 2 / 2 + 0 / 1) / 3)
    assert math.isnan(mean_iou(torch.zeros(3, 3, dtype=torch.int64)))
    assert math.isnan(mean_iou(torch.zeros(0, 0, dtype=torch.int64)))


def test_a_mean_iou_of_large_counts_is_exact() -> None:
    count = 2**53
    assert mean_iou(torch.tensor([[count, count], [0, count]])) == 0.5


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=4, max_size=4), st.permutations(range(4)))
def test_names_of_classes_and_sides_do_not_matter(counts: list[list[int]], order: list[int]) -> None:
    confusion = torch.tensor(counts)
    before = confusion.clone()
    value = mean_iou(confusion)
    assert mean_iou(confusion[order][:, order]) == pytest.approx(value, nan_ok=True)
    assert mean_iou(confusion.T) == pytest.approx(value, nan_ok=True)
    assert mean_iou(3 * confusion) == pytest.approx(value, nan_ok=True)
    assert torch.equal(confusion, before)


# --- errors -----------------------------------------------------------------------------------------------------------

logits = torch.zeros(2, 3, 4, 6)
target = torch.zeros(2, 4, 6, dtype=torch.int64)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (TypeError, ["logits", "list"], lambda: pixel_cross_entropy([1.0], target)),  # type: ignore[arg-type]
        (TypeError, ["logits", "int64"], lambda: pixel_cross_entropy(logits.long(), target)),
        (ValueError, ["logits", "(3, 4, 6)"], lambda: pixel_cross_entropy(logits[0], target)),
        (ValueError, ["logits", "class"], lambda: pixel_cross_entropy(logits[:, :0], target)),
        (TypeError, ["target", "float32"], lambda: pixel_cross_entropy(logits, target.float())),
        (TypeError, ["target", "NoneType"], lambda: pixel_cross_entropy(logits, None)),  # type: ignore[arg-type]
        (ValueError, ["target", "(2, 4, 6)", "(2, 6, 4)"], lambda: pixel_cross_entropy(logits, target.mT)),
        (ValueError, ["target", "0 to 2", "3"], lambda: pixel_cross_entropy(logits, target + 3)),
        (ValueError, ["target", "-1"], lambda: pixel_cross_entropy(logits, target - 1)),
        (TypeError, ["ignore_index", "2.0"], lambda: pixel_cross_entropy(logits, target, 2.0)),  # type: ignore[arg-type]
        (TypeError, ["pred", "float32"], lambda: confusion_matrix(target.float(), target, 3)),
        (TypeError, ["target", "bool"], lambda: confusion_matrix(target, target.bool(), 3)),
        (ValueError, ["pred", "(2, 4, 6)", "(4, 6)"], lambda: confusion_matrix(target[0], target, 3)),
        (ValueError, ["pred", "0 to 2", "3"], lambda: confusion_matrix(target + 3, target, 3)),
        (ValueError, ["target", "0 to 2", "255"], lambda: confusion_matrix(target, target + 255, 3, -1)),
        (ValueError, ["num_classes", "0"], lambda: confusion_matrix(target, target, 0)),
        (TypeError, ["num_classes", "3.0"], lambda: confusion_matrix(target, target, 3.0)),  # type: ignore[arg-type]
        (TypeError, ["ignore_index", "None"], lambda: confusion_matrix(target, target, 3, None)),  # type: ignore[arg-type]
        (TypeError, ["confusion", "list"], lambda: mean_iou([[1]])),  # type: ignore[arg-type]
        (TypeError, ["confusion", "bool"], lambda: mean_iou(torch.eye(2).bool())),
        (ValueError, ["confusion", "(2, 3)"], lambda: mean_iou(torch.zeros(2, 3))),
        (ValueError, ["confusion", "-1"], lambda: mean_iou(-torch.eye(2).long())),
    ],
)
def test_an_error_names_the_argument_and_what_came(
    error: type[Exception], words: list[str], call: Callable[[], object]
) -> None:
    assert_error_tells(error, words, call)


def test_what_is_wrong_only_where_nothing_counts_is_no_error() -> None:
    pred = torch.tensor([0, 77])
    assert confusion_matrix(pred, torch.tensor([0, 255]), 2).sum() == 1


def test_no_reference_calls_what_it_recreates() -> None:
    source = inspect.getsource(pixels)
    forbidden = ("crossentropy", "nllloss", "torchmetrics", "sklearn")
    assert find_in_source(source, forbidden, {"nn": "torch.nn"}) == []
    assert "torchmetrics" not in source
