"""What chapter 9 goes on with where an exercise's answer is not wanted: anchors, what they learn, what becomes of them.

    parts = chosen("the course's", base_anchors=anchors_of_a_place, match_anchors=boxes_to_learn, …)

Each function does what the exercise beside it in that cell asks for, by torchvision's own parts. `recall_by_count` is
how many objects the best of a ranking of proposals cover.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.models.detection._utils import Matcher
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.ops import box_iou, clip_boxes_to_image, nms, remove_small_boxes
from torchvision.ops.poolers import LevelMapper


def anchors_of_a_place(sizes: Sequence[float], aspect_ratios: Sequence[float]) -> Tensor:
    """Return the anchors (ratios · sizes, 4) of one place, as chapter 9's exercise `base_anchors` asks for them."""
    found: Tensor = AnchorGenerator().generate_anchors(list(sizes), list(aspect_ratios))
    return found


def anchors_of_a_map(feature_size: tuple[int, int], stride: tuple[int, int], base: Tensor) -> Tensor:
    """Return the anchors (h · w · A, 4) of a map, as chapter 9's exercise `grid_anchors` asks for them."""
    generator = AnchorGenerator(((1,),), ((1.0,),))
    generator.cell_anchors = [base]
    steps = [base.new_tensor(step, dtype=torch.int64) for step in stride]
    found: Tensor = generator.grid_anchors([list(feature_size)], [steps])[0]
    return found


def boxes_to_learn(iou: Tensor, high: float = 0.7, low: float = 0.3, allow_low_quality: bool = True) -> Tensor:
    """Return which box each anchor learns, (A,), as chapter 9's exercise `match_anchors` asks for it."""
    found: Tensor = Matcher(high, low, allow_low_quality_matches=allow_low_quality)(iou)
    return found


def half_and_half(labels: Tensor, batch_size: int, positive_fraction: float, priority: Tensor) -> Tensor:
    """Return which anchors are drawn, (A,) bool, as chapter 9's exercise `sample_balanced` asks for it."""
    kind, first = labels.cpu().numpy(), np.argsort(priority.cpu().numpy(), kind="stable")
    drawn = np.zeros(len(kind), dtype=bool)
    positives = first[kind[first] == 1][: int(batch_size * positive_fraction)]
    negatives = first[kind[first] == 0][: batch_size - len(positives)]
    drawn[positives], drawn[negatives] = True, True
    return torch.from_numpy(drawn).to(labels.device)


def cost_of_anchors(objectness: Tensor, deltas: Tensor, labels: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return what anchors cost, twice a number, as chapter 9's exercise `rpn_loss` asks for it."""
    counted, positive = labels >= 0, labels == 1
    sure = F.softplus(objectness[counted]) - objectness[counted] * labels[counted]  # −log σ(x), or −log(1 − σ(x))
    off = F.smooth_l1_loss(deltas[positive], targets[positive], beta=1 / 9, reduction="sum")
    return sure.mean(), off / counted.sum()


def best_proposals(
    boxes: Tensor,
    objectness: Tensor,
    image_size: tuple[int, int],
    pre_nms_top_n: int,
    post_nms_top_n: int,
    nms_threshold: float = 0.7,
    min_size: float = 1e-3,
) -> tuple[Tensor, Tensor]:
    """Return boxes (P, 4) and scores (P,), best first, as chapter 9's exercise `filter_proposals` asks for them."""
    logits, best = objectness.topk(min(pre_nms_top_n, len(objectness)))
    clipped = clip_boxes_to_image(boxes[best], list(image_size))
    large = remove_small_boxes(clipped, min_size)
    kept = large[nms(clipped[large], logits[large], nms_threshold)][:post_nms_top_n]
    return clipped[kept], logits[kept].sigmoid()


def levels_of(
    boxes: Tensor, first: int = 2, last: int = 5, canonical_size: float = 224, canonical_level: int = 4
) -> Tensor:
    """Return the level (R,) from which each box is cut, as chapter 9's exercise `assign_levels` asks for it."""
    found: Tensor = LevelMapper(first, last, canonical_size, canonical_level)([boxes])
    return found + first


def recall_by_count(
    proposals: Sequence[Tensor], targets: Sequence[Tensor], counts: Sequence[int], iou_threshold: float = 0.5
) -> list[float]:
    """Return the share of all `targets`, (G, 4) an image, that the best so many `proposals`, (P, 4), cover."""
    best_rank = []  # of each object the first proposal that covers it
    for own, boxes in zip(proposals, targets, strict=True):
        covers = torch.cat([box_iou(boxes, own) >= iou_threshold, torch.ones(len(boxes), 1, dtype=torch.bool)], dim=1)
        rank = covers.int().argmax(dim=1)
        best_rank.append(torch.where(rank < len(own), rank, torch.iinfo(torch.int64).max))
    ranks = torch.cat(best_rank)
    return [float((ranks < count).double().mean()) for count in counts]
