"""What the second stage keeps, against torchvision's `postprocess_detections`, and what it draws, by hand."""

import math

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.ops import MultiScaleRoIAlign

from solutions.faster_rcnn import ProposalSettings, RegionHeads, RegionProposalNetwork, RegionSettings
from solutions.faster_rcnn.rpn import Said


def torchvisions(settings: RegionSettings) -> RoIHeads:
    own = settings
    return RoIHeads(
        MultiScaleRoIAlign(["0"], 7, 2), nn.Identity(), nn.Identity(), own.foreground, own.background, own.batch_size,
        own.positive_fraction, own.weights, own.score_threshold, own.nms_threshold, own.detections_per_image,
    )  # fmt: skip


def said(count: int, classes: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return logits, deltas far beyond their clamp here and there, and proposals of some regions."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(count, classes, generator=generator) * 2
    deltas = torch.randn(count, 4 * classes, generator=generator) * 4
    deltas[::5, 2::4] = 60.0  # log(1000/16) is 4.1; by the weight of 5 this is 12
    corner, sides = (torch.rand(count, 2, generator=generator) * most for most in (70, 40))
    return logits, deltas, torch.cat([corner, corner + sides + 1], dim=1)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "settings",
    [
        RegionSettings(),
        RegionSettings(score_threshold=0.3, nms_threshold=0.25, weights=(1.0, 2.0, 3.0, 4.0)),
        RegionSettings(score_threshold=0.0, detections_per_image=9),
    ],
)
def test_detections_are_torchvisions(settings: RegionSettings, seed: int) -> None:
    logits, deltas, proposals = said(40, 4, seed)
    (boxes,), (scores,), (labels,) = torchvisions(settings).postprocess_detections(
        logits, deltas, [proposals], [(80, 100)]
    )
    found = RegionHeads(2, 4, 8, settings).judge(logits, deltas, proposals, (80, 100))
    assert len(boxes) > 5
    assert torch.equal(found["labels"], labels)
    torch.testing.assert_close((found["boxes"], found["scores"]), (boxes, scores))


def test_a_score_must_be_above_the_threshold_and_a_side_not_below_a_hundredth() -> None:
    heads = RegionHeads(2, 2, 8, RegionSettings(score_threshold=0.5))
    proposals = torch.tensor([[0.0, 0, 8, 8], [10, 0, 18, 8], [19.75, 0, 28, 8], [19.984375, 8, 28, 16]])
    deltas = torch.zeros(4, 8)
    logits = torch.tensor([[0.0, 0.0], [0.0, 1e-3], [0.0, 1.0], [0.0, 0.5]])
    found = heads.judge(logits, deltas, proposals, (20, 20))
    assert found["boxes"].tolist() == [[19.75, 0, 20, 8], [19.984375, 8, 20, 16], [10, 0, 18, 8]]
    found = heads.judge(logits, deltas, proposals + torch.tensor([0.0078125, 0, 0, 0]), (20, 20))
    assert found["boxes"][:, 0].tolist() == [19.7578125, 10.0078125]  # 0.0078 pixels are no side


def test_objects_are_proposals_and_background_stays_where_it_is() -> None:
    heads = RegionHeads(2, 5, 8, RegionSettings(batch_size=4, positive_fraction=0.5, background=0.25))
    target = {"boxes": torch.tensor([[0.0, 0, 8, 8]], dtype=torch.float64), "labels": torch.tensor([3])}
    # the same place as the object by 3/4, by 3/8, which is neither, and not at all
    proposals = torch.tensor([[0.0, 0, 8, 6], [0, 0, 8, 3], [20, 20, 24, 24]])
    boxes, labels, goals, matches = heads.sample(proposals, target)
    assert boxes.tolist() == [[0, 0, 8, 6], [20, 20, 24, 24], [0, 0, 8, 8]]
    assert labels.tolist() == [3, 0, 3]
    assert matches.tolist() == [0, -1, 0]
    assert goals.tolist() == [[0, 0, 8, 8], [20, 20, 24, 24], [0, 0, 8, 8]]


def test_proposals_of_several_maps_compete_only_for_the_last_places() -> None:
    rpn = RegionProposalNetwork(
        2,
        [(8,), (8,)],
        [(1.0,)] * 2,
        ProposalSettings(pre_nms_top_n_test=2, post_nms_top_n_test=3, score_threshold=0.5),
    ).eval()
    same = torch.tensor([[0.0, 0, 8, 8]])
    anchors = [torch.cat([same, same + 20, same + 40]), torch.cat([same, same + 30])]
    zero = [torch.zeros(1, 3, 4), torch.zeros(1, 2, 4)]

    def left_of(*logits: list[float]) -> list[float]:
        (proposals,) = rpn.propose(Said(anchors, [torch.tensor([own]) for own in logits], zero), [(64, 64)])
        return proposals[:, 0].tolist()

    # the same box on two maps stays twice; the first map has two places before suppression
    assert left_of([3.0, 2.0, 1.5], [1.0, -0.5]) == [0, 20, 0]
    assert left_of([3.0, 0.0, -1.0], [4.0, 2.0]) == [0, 0, 30]
    assert left_of([0.0, -1.0, -2.0], [-1.0, -2.0]) == [0]  # a half is enough, less is not


def test_what_an_anchor_learns() -> None:
    rpn = RegionProposalNetwork(2, [(8,)], [(1.0,)], ProposalSettings(batch_size=8, high=0.75, low=0.25))
    boxes = torch.tensor([[0.0, 0, 8, 8], [40, 0, 48, 8]])
    # 3/4 of the first box, half of it, none; of the second its best at 1/8, below the lower threshold
    anchors = torch.tensor([[0.0, 0, 8, 6], [0, 0, 8, 4], [20, 0, 28, 8], [40, 0, 41, 8]])
    labels, goals = rpn.assign(anchors, boxes)
    assert labels.tolist() == [1, -1, 0, 1]
    assert goals.tolist() == [boxes[0].tolist(), anchors[1].tolist(), anchors[2].tolist(), boxes[1].tolist()]
    labels, goals = rpn.assign(anchors, boxes[:0])
    assert labels.tolist() == [0, 0, 0, 0]
    assert torch.equal(goals, anchors)


def test_no_gradient_goes_back_through_a_proposals_corners() -> None:
    torch.manual_seed(0)
    rpn = RegionProposalNetwork(2, [(8,)], [(1.0,)])
    proposals, losses = rpn([torch.randn(1, 2, 4, 4, requires_grad=True)], (32, 32), [(32, 32)])
    assert losses == {}
    assert not proposals[0].requires_grad
    assert len(proposals[0]) > 0
    assert math.isfinite(float(proposals[0].sum()))
