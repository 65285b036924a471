"""The box of the true class and the two losses, against loops, torch's own losses and numbers worked out by hand."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from solutions.localization import multitask_loss, select_class_boxes
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])


@st.composite
def batches(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw scores (N, K), boxes (N, K, 4), labels (N,) and target boxes (N, 4), contiguous or not."""
    count, classes = draw(st.integers(0, 5)), draw(st.integers(1, 6))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    dtype = draw(dtypes)
    scores = torch.randn(count, classes, generator=generator, dtype=dtype) * draw(st.sampled_from([1.0, 50.0]))
    boxes = torch.randn(count, classes, 4, generator=generator, dtype=dtype)
    labels = torch.randint(classes, (count,), generator=generator)
    targets = torch.randn(count, 4, generator=generator, dtype=dtype)
    if draw(st.booleans()):
        boxes = boxes.transpose(1, 2).contiguous().transpose(1, 2)
        scores, targets = scores.T.contiguous().T, targets.T.contiguous().T
    return scores, boxes, labels, targets


@given(batches())
def test_each_image_gets_the_box_of_its_own_class(batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> None:
    _, boxes, labels, _ = batch
    before = boxes.clone(), labels.clone()
    chosen = select_class_boxes(boxes, labels)
    assert chosen.shape == (len(labels), 4)
    assert chosen.dtype == boxes.dtype
    assert [box.tolist() for box in chosen] == [boxes[n, label].tolist() for n, label in enumerate(labels.tolist())]
    assert torch.equal(boxes, before[0])
    assert torch.equal(labels, before[1])


@given(batches())
def test_a_gradient_reaches_the_boxes_that_were_taken_and_no_others(
    batch: tuple[Tensor, Tensor, Tensor, Tensor],
) -> None:
    _, boxes, labels, _ = batch
    leaf = boxes.clone().requires_grad_()
    select_class_boxes(leaf, labels).sum().backward()
    assert leaf.grad is not None
    assert torch.equal(leaf.grad, F.one_hot(labels, boxes.shape[1])[..., None].expand_as(boxes).to(boxes.dtype))


@given(batches(), st.sampled_from([0.0, 0.25, 1.0, 3]))
def test_the_losses_and_their_gradients_equal_torchs_where_there_are_images(
    batch: tuple[Tensor, Tensor, Tensor, Tensor], weight: float
) -> None:
    scores, boxes, labels, targets = batch
    ours = [x.clone().requires_grad_() for x in (scores, boxes, targets)]
    loss = multitask_loss(ours[0], ours[1], labels, ours[2], weight)
    assert set(loss) == {"classification", "localization", "total"}
    assert all(value.shape == () and value.dtype == scores.dtype for value in loss.values())
    loss["total"].backward()  # type: ignore[no-untyped-call]
    if not len(labels):
        assert all(value == 0 for value in loss.values())
        assert all(x.grad is not None for x in ours)
        return
    theirs = [x.clone().requires_grad_() for x in (scores, boxes, targets)]
    classification = F.cross_entropy(theirs[0], labels)
    own = torch.stack([theirs[1][n, label] for n, label in enumerate(labels.tolist())])
    localization = 4 * F.mse_loss(own, theirs[2])  # a mean over N · 4 numbers
    (classification + weight * localization).backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(loss["classification"], classification)
    torch.testing.assert_close(loss["localization"], localization)
    torch.testing.assert_close(loss["total"], classification + weight * localization)
    for mine, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, their.grad)


def test_two_images_by_hand() -> None:
    boxes = torch.zeros(2, 3, 4)
    boxes[0, 2] = torch.tensor([1.0, 1.0, 2.0, 3.0])
    boxes[1, 0] = torch.tensor([0.0, 5.0, 0.0, 0.0])
    labels = torch.tensor([2, 0])
    loss = multitask_loss(torch.zeros(2, 3), boxes, labels, torch.zeros(2, 4), box_weight=0.5)
    assert loss["localization"].item() == (1 + 1 + 4 + 9 + 25) / 2
    assert loss["classification"].item() == pytest.approx(1.0986123)  # log 3
    assert loss["total"].item() == pytest.approx(1.0986123 + 10)


def test_without_images_every_loss_carries_a_gradient() -> None:
    scores, boxes = torch.zeros(0, 3, requires_grad=True), torch.zeros(0, 3, 4, requires_grad=True)
    loss = multitask_loss(scores, boxes, torch.zeros(0, dtype=torch.int64), torch.zeros(0, 4))
    assert all(value.requires_grad and value.item() == 0 for value in loss.values())


BOXES, LABELS = torch.zeros(2, 3, 4), torch.tensor([2, 0])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((BOXES.long(), LABELS), TypeError, ("boxes", "floating-point")),
        ((BOXES[..., 0], LABELS), ValueError, ("boxes", "(N, K, 4)", "(2, 3)")),
        ((BOXES[:, :0], LABELS), ValueError, ("boxes", "at least one class")),
        ((BOXES, LABELS.int()), TypeError, ("labels", "int64", "int32")),
        ((BOXES, LABELS[:1]), ValueError, ("labels", "(2,)", "(1,)")),
        ((BOXES, LABELS + 1), ValueError, ("labels", "0 and 2", "1 to 3")),
        ((BOXES, [2, 0]), TypeError, ("labels", "list")),
    ],
)
def test_an_error_names_what_is_wrong_with_boxes_and_labels(
    arguments: tuple[Tensor, Tensor], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: select_class_boxes(*arguments))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"scores": torch.zeros(2, 4)}, ValueError, ("scores", "(2, 3)", "(2, 4)")),
        ({"scores": torch.zeros(2, 3).double()}, TypeError, ("scores", "float32", "float64")),
        ({"target_boxes": torch.zeros(3, 4)}, ValueError, ("target_boxes", "(2, 4)", "(3, 4)")),
        ({"box_weight": -1.0}, ValueError, ("box_weight", "at least 0", "-1.0")),
        ({"box_weight": float("nan")}, ValueError, ("box_weight", "finite")),
        ({"box_weight": "1"}, TypeError, ("box_weight", "number")),
    ],
)
def test_an_error_names_what_is_wrong_with_the_rest(
    change: dict[str, Tensor], error: type[Exception], words: tuple[str, ...]
) -> None:
    arguments = {"scores": torch.zeros(2, 3), "boxes": BOXES, "labels": LABELS, "target_boxes": torch.zeros(2, 4)}
    assert_error_tells(error, words, lambda: multitask_loss(**{**arguments, **change}))  # type: ignore[arg-type]
