"""The quick suppression against torchvision's, and against the readable one where torchvision's order is open."""

import pytest
import torch
import torchvision
from torch import Tensor

from solutions import boxes as readable
from solutions import suppression
from solutions.suppression import batched_nms, nms
from tests.sentences import assert_error_tells


def some_boxes(count: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    """Return boxes that overlap, scores and labels."""
    generator = torch.Generator().manual_seed(count)
    corner = torch.rand(count, 2, generator=generator, dtype=dtype) * 40
    boxes = torch.cat([corner, corner + 5 + 20 * torch.rand(count, 2, generator=generator, dtype=dtype)], dim=1)
    return boxes, torch.rand(count, generator=generator, dtype=dtype), torch.randint(5, (count,), generator=generator)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("count", [0, 1, 40, 300])
def test_it_keeps_what_torchvision_keeps(count: int, threshold: float) -> None:
    boxes, scores, labels = some_boxes(count)
    assert nms(boxes, scores, threshold).tolist() == torchvision.ops.nms(boxes, scores, threshold).tolist()
    expected = torchvision.ops.batched_nms(boxes, scores, labels, threshold)
    assert batched_nms(boxes, scores, labels, threshold).tolist() == expected.tolist()


@pytest.mark.parametrize("block", [1, 7, 64])
def test_it_makes_no_difference_how_many_come_at_once(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(suppression, "_BLOCK", block)
    boxes, scores, labels = some_boxes(100, torch.float64)
    assert nms(boxes, scores, 0.4).tolist() == torchvision.ops.nms(boxes, scores, 0.4).tolist()
    expected = torchvision.ops.batched_nms(boxes, scores, labels, 0.4)
    assert batched_nms(boxes, scores, labels, 0.4).tolist() == expected.tolist()


def test_ties_boxes_without_area_and_negative_coordinates_are_as_in_the_readable_one() -> None:
    generator = torch.Generator().manual_seed(0)
    corner = torch.randint(-8, 8, (200, 2), generator=generator).float()
    boxes = torch.cat([corner, corner + torch.randint(0, 5, (200, 2), generator=generator)], dim=1)
    scores = torch.randint(4, (200,), generator=generator).float()  # most of them are equal to others
    labels = torch.randint(-2, 2, (200,), generator=generator)
    for threshold in (0.0, 0.25, 0.5):
        assert nms(boxes, scores, threshold).tolist() == readable.nms(boxes, scores, threshold).tolist()
        expected = readable.batched_nms(boxes, scores, labels, threshold)
        assert batched_nms(boxes, scores, labels, threshold).tolist() == expected.tolist()


def test_its_overlaps_are_those_of_box_iou_to_the_last_bit() -> None:
    a, b = some_boxes(70)[0], some_boxes(90)[0]
    assert torch.equal(suppression._overlaps(a, b), readable.box_iou(a, b))


def test_a_box_that_was_dropped_drops_no_other_along_a_chain_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    left = torch.arange(20.0)
    boxes = torch.stack([left, torch.zeros(20), left + 3, torch.ones(20)], dim=1)  # neighbours have an IoU of ½
    for block in (512, 5):
        monkeypatch.setattr(suppression, "_BLOCK", block)
        assert nms(boxes, torch.arange(20.0, 0, -1), 0.3).tolist() == list(range(0, 20, 2))


def test_what_came_stays_as_it_was_and_what_cannot_be_is_said() -> None:
    boxes, scores, labels = some_boxes(30)
    before = boxes.clone(), scores.clone(), labels.clone()
    batched_nms(boxes.requires_grad_(), scores, labels, 0.5)
    assert all(torch.equal(*pair) for pair in zip((boxes, scores, labels), before, strict=True))
    assert_error_tells(ValueError, ("scores", "NaN"), lambda: nms(boxes, scores * torch.nan, 0.5))
    assert_error_tells(ValueError, ("iou_threshold", "1.5"), lambda: nms(boxes, scores, 1.5))
    assert_error_tells(TypeError, ("labels", "int64"), lambda: batched_nms(boxes, scores, labels.float(), 0.5))
    assert_error_tells(ValueError, ("boxes", "row 0"), lambda: nms(boxes.flip(1), scores, 0.5))
