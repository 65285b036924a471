"""Chapter 9's two stages, for chapters that go on from there: what anchors and regions learn, and what is proposed.

    anchors = anchors_of_a_map((16, 16), (4, 4), anchors_of_a_place(SIZES, RATIOS))
    cost = sum(loss_of_anchors(logits, deltas, targets, anchors))
    proposals = proposed(logits, deltas, anchors, (64, 64))
    regions = drawn(target, proposals[0])  # some of them, with what they learn

Chapter 9's notebook has the same functions, put together from its exercises.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_iou, clip_boxes_to_image, remove_small_boxes

from course.anchors import best_proposals, boxes_to_learn, cost_of_anchors, half_and_half
from course.proposals import moved_by, offsets_to, taken_for

WEIGHTS = (10.0, 10.0, 5.0, 5.0)
"""Of the regions' offsets, which are small: regions begin at proposals."""


def loss_of_anchors(
    logits: Tensor, deltas: Tensor, targets: Sequence[Mapping[str, Tensor]], anchors: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what the objectness and the offsets of N images' anchors cost: `logits` (N, A), `deltas` (N, A, 4)."""
    labels, goals = zip(*(_taught(target["boxes"].to(anchors), anchors) for target in targets), strict=True)
    return cost_of_anchors(
        logits.flatten(), deltas.flatten(0, 1), torch.cat(labels).to(logits.device), torch.cat(goals).to(deltas)
    )


def _taught(boxes: Tensor, anchors: Tensor, count: int = 64) -> tuple[Tensor, Tensor]:
    """Return what an image's anchors learn, 1, 0 or −1 for not drawn, (A,), and the positives' offsets (A, 4)."""
    goals = torch.zeros_like(anchors)
    labels = torch.zeros(len(anchors), dtype=torch.int64)  # where there is no object, all are negative
    if len(boxes):
        matches = boxes_to_learn(box_iou(boxes, anchors))
        positive = matches >= 0
        labels = torch.where(positive, 1, torch.where(matches == -1, 0, -1))
        goals[positive] = offsets_to(boxes[matches[positive]], anchors[positive])
    sampled = half_and_half(labels, count, 0.5, torch.rand(len(labels)))
    return torch.where(sampled, labels, -1), goals


@torch.no_grad()
def proposed(
    logits: Tensor, deltas: Tensor, anchors: Tensor, image_size: tuple[int, int], first: int = 300, last: int = 100
) -> list[Tensor]:
    """Return the best boxes (P, 4) of each image, at most `last`, as numbers through which no gradient flows."""
    return [
        best_proposals(moved_by(moves, anchors), own, image_size, first, last)[0]
        for own, moves in zip(logits.float().cpu(), deltas.float().cpu(), strict=True)
    ]


class Drawn(NamedTuple):
    """Some regions (R, 4) of an image: their labels (R,), the boxes (R, 4) to which they move, whose they are (R,).

    The first ones lie on objects and have labels above 0. `matches` are indices of objects; of the background they
    mean nothing.
    """

    boxes: Tensor
    labels: Tensor
    goals: Tensor
    matches: Tensor

    def on_objects(self) -> "Drawn":
        """Return those that lie on objects."""
        count = int((self.labels > 0).sum())
        return Drawn(*(part[:count] for part in self))


def drawn(target: Mapping[str, Tensor], proposals: Tensor, count: int = 64) -> Drawn:
    """Return some of an image's proposals (P, 4) and of its objects' boxes: at most a quarter on an object."""
    boxes = torch.cat([target["boxes"], proposals.to(target["boxes"])])  # an object is a good proposal
    labels, matches = taken_for(boxes, target["boxes"], target["labels"])
    (on,), (off,) = torch.where(labels > 0), torch.where(labels == 0)
    on = on[torch.randperm(len(on))[: count // 4].to(on.device)]
    off = off[torch.randperm(len(off))[: count - len(on)].to(off.device)]
    some, goals = torch.cat([on, off]), torch.cat([target["boxes"][matches[on]], boxes[off]])
    return Drawn(boxes[some], labels[some], goals, matches[some])


def detections(
    logits: Tensor, deltas: Tensor, boxes: Tensor, image_size: tuple[int, int], least: float = 0.05
) -> dict[str, Tensor]:
    """Return what regions (R, 4) say by logits (R, K) and deltas (R, 4K): `boxes` (n, 4), `labels` and `scores` (n,).

    Each class moves a region by offsets of its own; kept is what has a score above `least`, lies in the image, and
    survives suppression, best first.
    """
    moved = moved_by(deltas.view(len(boxes), -1, 4)[:, 1:].flatten(1), boxes, WEIGHTS).view(len(boxes), -1, 4)
    scores = logits.softmax(dim=1)[:, 1:]
    which, label = torch.where(scores > least)
    found = clip_boxes_to_image(moved[which, label], list(image_size))
    large = remove_small_boxes(found, 1e-2)
    found, sure, label = found[large], scores[which, label][large], label[large]
    kept = batched_nms(found, sure, label, 0.3)[:100]
    return {"boxes": found[kept], "labels": label[kept] + 1, "scores": sure[kept]}
