"""The two stages that chapters go on with, against torchvision's and against what must hold of them."""

import pytest
import torch
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.ops import box_iou

from course.anchors import anchors_of_a_map, anchors_of_a_place
from course.farm import CLASSES, Farm
from course.two_stages import WEIGHTS, detections, drawn, loss_of_anchors, proposed

ANCHORS = anchors_of_a_map((8, 8), (8, 8), anchors_of_a_place((12, 20, 32), (0.5, 1.0, 2.0)))


def test_detections_are_those_of_torchvision() -> None:
    torch.manual_seed(0)
    kinds, count = len(CLASSES), 60
    corner = torch.rand(count, 2) * 50
    boxes = torch.cat([corner, corner + 4 + torch.rand(count, 2) * 20], dim=1)
    logits, deltas = torch.randn(count, kinds) * 3, torch.randn(count, 4 * kinds)
    theirs = RoIHeads(None, None, None, 0.5, 0.5, 64, 0.25, WEIGHTS, 0.05, 0.3, 100)  # type: ignore[arg-type]
    assert isinstance(theirs.box_coder, BoxCoder)
    wanted = theirs.postprocess_detections(logits, deltas, [boxes], [(48, 64)])
    own = detections(logits, deltas, boxes, (48, 64))
    for name, (other,) in zip(("boxes", "scores", "labels"), wanted, strict=True):
        torch.testing.assert_close(own[name], other)
    assert len(own["boxes"]) > 20


def test_where_there_is_no_object_anchors_cost_what_they_believe() -> None:
    target = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0).long()}
    logits, deltas = torch.full((1, len(ANCHORS)), 1.5), torch.randn(1, len(ANCHORS), 4)
    objectness, moved = loss_of_anchors(logits, deltas, [target], ANCHORS)
    assert objectness.item() == pytest.approx(torch.nn.functional.softplus(torch.tensor(1.5)).item())
    assert moved.item() == 0


def test_anchors_that_know_everything_cost_nothing() -> None:
    torch.manual_seed(0)
    boxes = Farm(3, seed=5)[2][1]["boxes"]
    assert len(boxes)
    iou = box_iou(boxes, ANCHORS)
    u, whose = iou.max(dim=0)
    positive = (u >= 0.7) | (iou == iou.amax(dim=1, keepdim=True)).any(dim=0)
    goals = BoxCoder((1.0, 1.0, 1.0, 1.0)).encode_single(boxes[whose], ANCHORS)
    losses = loss_of_anchors(torch.where(positive, 50.0, -50.0)[None], goals[None], [{"boxes": boxes}], ANCHORS)
    assert sum(float(loss) for loss in losses) < 1e-5


def test_proposals_of_the_right_offsets_begin_with_the_objects() -> None:
    boxes = torch.tensor([[4.0, 6.0, 30.0, 27.0], [33.0, 20.0, 60.0, 50.0]])
    whose = box_iou(boxes, ANCHORS).argmax(dim=0)
    deltas = BoxCoder((1.0, 1.0, 1.0, 1.0)).encode_single(boxes[whose], ANCHORS)
    (found,) = proposed(torch.randn(1, len(ANCHORS)), deltas[None], ANCHORS, (64, 64))
    assert box_iou(boxes, found).amax(dim=1).min() > 0.99
    assert len(found) == 2  # all others say the same


def test_at_most_a_quarter_of_the_regions_lies_on_objects() -> None:
    torch.manual_seed(0)
    target = Farm(3, seed=5)[2][1]
    near = (target["boxes"].repeat(30, 1) + torch.randn(30 * len(target["boxes"]), 4)).clamp(0, 64)
    some = drawn(target, torch.cat([near, ANCHORS.clamp(0, 64)]), 40)
    assert len(some.boxes) == 40
    own = some.on_objects()
    assert len(own.boxes) == 10
    goals = target["boxes"][own.matches]
    torch.testing.assert_close(own.goals, goals)
    torch.testing.assert_close(own.labels, target["labels"][own.matches])
    assert (box_iou(own.boxes, goals).diagonal() >= 0.5).all()
    assert (box_iou(some.boxes[10:], target["boxes"]) < 0.5).all()
