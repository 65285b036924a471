"""Masks against torchvision's functions, torch's own loss and interpolation, and numbers worked out by hand."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.models.detection.roi_heads import maskrcnn_loss, paste_masks_in_image, project_masks_on_boxes

from solutions.mask_rcnn import mask_loss, paste_masks, project_masks
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])
quarters = st.integers(-40, 80).map(lambda number: number / 4)


def boxes_of(draw: st.DrawFn, count: int, dtype: torch.dtype) -> Tensor:
    """Draw boxes, some of them outside and some without area."""
    rows = []
    for _ in range(count):
        x, y, w, h = draw(quarters), draw(quarters), *(draw(st.integers(0, 80)) / 4 for _ in range(2))
        rows.append([x, y, x + w, y + h])
    return torch.tensor(rows, dtype=dtype).view(-1, 4)


@st.composite
def cuts(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor, int]:
    """Draw masks of either kind, boxes in the image and beyond, matches in any order, contiguous or not."""
    objects, height, width = draw(st.integers(0, 3)), draw(st.integers(1, 11)), draw(st.integers(1, 11))
    count = draw(st.integers(0, 5)) if objects else 0
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    masks = torch.rand(objects, height, width, generator=generator)
    kind = draw(st.sampled_from([torch.bool, torch.uint8, torch.float32, torch.float64]))
    masks = (masks > 0.5).to(kind) if draw(st.booleans()) or not kind.is_floating_point else masks.to(kind)
    boxes = boxes_of(draw, count, draw(dtypes))
    if draw(st.booleans()):
        masks, boxes = masks.permute(1, 2, 0).contiguous().permute(2, 0, 1), boxes.T.contiguous().T
    return masks, boxes, torch.randint(max(objects, 1), (count,), generator=generator), draw(st.sampled_from([1, 4, 7]))


@given(cuts())
def test_what_a_region_should_draw_is_torchvisions(case: tuple[Tensor, Tensor, Tensor, int]) -> None:
    masks, boxes, matches, _ = case
    before = masks.clone(), boxes.clone(), matches.clone()
    found = project_masks(*case)
    assert found.dtype == boxes.dtype
    torch.testing.assert_close(found, project_masks_on_boxes(*case))
    assert all(torch.equal(*pair) for pair in zip((masks, boxes, matches), before, strict=True))


def test_a_region_draws_its_own_object_by_hand() -> None:
    masks = torch.zeros(2, 4, 6, dtype=torch.uint8)
    masks[0, :, :3], masks[1, 2:, :] = 1, 1
    boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 4.0], [8.0, 8.0, 12.0, 12.0]])
    found = project_masks(masks, boxes, torch.tensor([1, 0, 0]), 2)
    # without `aligned`, sample points stand half a pixel before the pixels' middles: a bin's four at .5 and 1.5
    assert found.tolist() == [[[0.25, 0.25], [1, 1]], [[1, 0.25], [1, 0.25]], [[0, 0], [0, 0]]]


@st.composite
def drawings(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """Draw logits, labels and targets of R ≥ 0 regions, contiguous or not, some logits very sure."""
    regions, classes, side = draw(st.integers(0, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 5))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    dtype = draw(dtypes)
    logits = torch.randn(regions, classes, side, side, generator=generator, dtype=dtype)
    targets = torch.rand(regions, side, side, generator=generator, dtype=dtype)
    if draw(st.booleans()):
        logits, targets = (logits.mT.contiguous().mT * 500), targets.permute(2, 0, 1).contiguous().permute(1, 2, 0)
    return logits, torch.randint(classes, (regions,), generator=generator), targets


@given(drawings())
def test_the_loss_and_its_gradients_are_those_of_the_labels_channels(case: tuple[Tensor, Tensor, Tensor]) -> None:
    logits, labels, targets = case
    before = [x.clone() for x in case]
    leaves = [logits.clone().requires_grad_() for _ in range(2)]
    found = mask_loss(leaves[0], labels, targets)
    chosen = F.one_hot(labels, logits.shape[1])[..., None, None].to(logits).expand_as(logits)
    each = F.binary_cross_entropy_with_logits(leaves[1], targets[:, None].expand_as(logits), chosen, reduction="sum")
    expected = each / max(targets.numel(), 1)
    for loss in (found, expected):
        (3 * loss).backward()  # type: ignore[no-untyped-call]
    assert found.shape == ()
    assert found.dtype == logits.dtype
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(leaves[0].grad, leaves[1].grad)
    assert all(torch.equal(*pair) for pair in zip(case, before, strict=True))


@given(cuts(), st.integers(0, 1000))
def test_from_masks_to_the_loss_it_is_torchvisions(case: tuple[Tensor, Tensor, Tensor, int], seed: int) -> None:
    masks, boxes, matches, size = case
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(len(boxes), 4, size, size, generator=generator, dtype=boxes.dtype)
    labels = torch.randint(4, (len(masks),), generator=generator)
    expected = maskrcnn_loss(logits, [boxes], [masks], [labels], [matches])
    found = mask_loss(logits, labels[matches], project_masks(masks, boxes, matches, size))
    torch.testing.assert_close(found, expected)


def test_without_regions_the_loss_is_nothing_with_a_gradient() -> None:
    logits = torch.zeros(0, 3, 2, 2, requires_grad=True)
    loss = mask_loss(logits, torch.zeros(0, dtype=torch.int64), torch.zeros(0, 2, 2))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0
    assert logits.grad is not None


@st.composite
def pasted(draw: st.DrawFn) -> tuple[Tensor, Tensor, tuple[int, int]]:
    """Draw masks, boxes and an image's size; boxes may leave the image, but not miss it when enlarged."""
    count, side = draw(st.integers(0, 4)), draw(st.sampled_from([1, 2, 5, 28]))
    size = draw(st.tuples(st.integers(1, 24), st.integers(1, 24)))
    dtype = draw(dtypes)
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    masks = torch.rand(count, 1, side, side, generator=generator, dtype=dtype)
    boxes = boxes_of(draw, count, dtype)
    if draw(st.booleans()):
        masks, boxes = masks.mT.contiguous().mT, boxes.T.contiguous().T
    return masks, boxes, size


def expected_pasted(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Return what torchvision pastes, and zeros where a box misses the image, of which it makes an error."""
    pasted = []
    for mask, box in zip(masks[:, None], boxes[:, None], strict=True):
        try:
            pasted.append(paste_masks_in_image(mask, box, size))
        except RuntimeError:
            pasted.append(masks.new_zeros(1, 1, *size))
    return torch.cat([masks.new_zeros(0, 1, *size), *pasted])


@given(pasted())
def test_pasted_masks_and_their_gradients_are_torchvisions(case: tuple[Tensor, Tensor, tuple[int, int]]) -> None:
    masks, boxes, size = case
    before = masks.clone(), boxes.clone()
    leaves = [masks.clone().requires_grad_() for _ in range(2)]
    found, expected = paste_masks(leaves[0], boxes, size), expected_pasted(leaves[1], boxes, size)
    assert found.dtype == masks.dtype
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    factors = torch.arange(found.numel()).view(found.shape) / 100
    for image, leaf in zip((found, expected), leaves, strict=True):
        total = (image * factors).sum() + 0 * leaf.sum()  # torchvision's may not depend on any mask
        total.backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(leaves[0].grad, leaves[1].grad, rtol=1e-5, atol=1e-4)
    assert all(torch.equal(*pair) for pair in zip((masks, boxes), before, strict=True))


def test_a_pasted_mask_by_hand() -> None:
    # (3 + 2) / 3 about the centre: from (3, 2, 9, 8) to (1, 0, 11, 10), eleven pixels both ways, five padded cells
    masks = torch.ones(1, 1, 3, 3, dtype=torch.float64)
    found = paste_masks(masks, torch.tensor([[3.0, 2.0, 9.0, 8.0]], dtype=torch.float64), (11, 14))[0, 0]
    at = [(number + 0.5) * 5 / 11 - 0.5 for number in range(11)]
    line = torch.tensor([0.0, *(min(max(p, 0), 1, max(4 - p, 0)) for p in at), 0, 0], dtype=torch.float64)
    torch.testing.assert_close(found, line[1:12, None] * line)


def test_a_box_that_misses_the_image_leaves_nothing() -> None:
    boxes = torch.tensor(
        [[-30.0, 2.0, -20.0, 6.0], [40.0, 2.0, 50.0, 6.0], [2.0, 30.0, 6.0, 35.0], [1.0, 1.0, 3.0, 3.0]]
    )
    found = paste_masks(torch.ones(4, 1, 4, 4), boxes, (8, 10))
    assert found.flatten(1).any(dim=1).tolist() == [False, False, False, True]


MASKS, BOXES, MATCHES = torch.zeros(2, 3, 4).bool(), torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([1])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((MASKS.long(), BOXES, MATCHES, 2), TypeError, ("masks", "floating-point", "int64")),
        ((MASKS.tolist(), BOXES, MATCHES, 2), TypeError, ("masks", "list")),
        ((MASKS[0], BOXES, MATCHES, 2), ValueError, ("masks", "(G, H, W)", "(3, 4)")),
        ((MASKS[:, :0], BOXES, MATCHES, 2), ValueError, ("masks", "at least one pixel")),
        ((MASKS, BOXES.long(), MATCHES, 2), TypeError, ("boxes", "floating-point")),
        ((MASKS, -BOXES, MATCHES, 2), ValueError, ("boxes", "x1 ≤ x2")),
        ((MASKS, BOXES * torch.tensor(torch.inf), MATCHES, 2), ValueError, ("boxes",)),
        ((MASKS, BOXES, MATCHES + 1, 2), ValueError, ("matches", "0 and 1", "2")),
        ((MASKS, BOXES, MATCHES.float(), 2), TypeError, ("matches", "int64")),
        ((MASKS, BOXES, MATCHES, 2.0), TypeError, ("size", "2.0")),
    ],
)
def test_an_error_names_what_is_wrong_with_a_projection(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: project_masks(*arguments))  # type: ignore[arg-type]


LOGITS, LABELS, TARGETS = torch.zeros(2, 3, 4, 4), torch.tensor([0, 2]), torch.zeros(2, 4, 4)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((LOGITS.long(), LABELS, TARGETS), TypeError, ("logits", "floating-point")),
        ((LOGITS[..., :3], LABELS, TARGETS), ValueError, ("logits", "M × M", "(2, 3, 4, 3)")),
        ((LOGITS[:, :0], LABELS, TARGETS), ValueError, ("logits", "at least one class")),
        ((LOGITS, LABELS + 1, TARGETS), ValueError, ("labels", "0 and 2", "3")),
        ((LOGITS, LABELS.int(), TARGETS), TypeError, ("labels", "int64")),
        ((LOGITS, LABELS, TARGETS.double()), TypeError, ("targets", "float32")),
        ((LOGITS, LABELS, TARGETS[:, :3]), ValueError, ("targets", "(2, 4, 4)", "(2, 3, 4)")),
    ],
)
def test_an_error_names_what_is_wrong_with_the_loss(
    arguments: tuple[Tensor, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: mask_loss(*arguments))


SMALL = torch.zeros(1, 1, 4, 4)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((SMALL.bool(), BOXES, (4, 5)), TypeError, ("masks", "floating-point")),
        ((SMALL[:, 0], BOXES, (4, 5)), ValueError, ("masks", "(R, 1, M, M)", "(1, 4, 4)")),
        ((SMALL[..., :3], BOXES, (4, 5)), ValueError, ("masks", "M × M")),
        ((SMALL, BOXES.double(), (4, 5)), TypeError, ("boxes", "float32")),
        ((SMALL, BOXES[:0], (4, 5)), ValueError, ("boxes", "(1, 4)", "(0, 4)")),
        ((SMALL, BOXES * torch.tensor(torch.nan), (4, 5)), ValueError, ("boxes",)),
        ((SMALL, BOXES, 4), TypeError, ("size", "4")),
        ((SMALL, BOXES, (4, 0)), ValueError, ("size", "(4, 0)")),
    ],
)
def test_an_error_names_what_is_wrong_with_pasting(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: paste_masks(*arguments))  # type: ignore[arg-type]
