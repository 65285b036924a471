"""The network that proposes regions: at each place of each map it asks of some anchors what they are (Ren et al.).

A 3 × 3 convolution, and two of 1 × 1 beside each other: a logit an anchor, and four deltas an anchor. It is the same
network on every map of a pyramid. What it proposes goes on as numbers: no gradient of the second stage comes back
through the proposals' corners.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from solutions.boxes import box_iou, decode_boxes, encode_boxes
from solutions.faster_rcnn.anchors import base_anchors, grid_anchors
from solutions.faster_rcnn.losses import rpn_loss
from solutions.faster_rcnn.matching import match_anchors, sample_balanced
from solutions.faster_rcnn.proposals import filter_proposals


@dataclass(frozen=True)
class ProposalSettings:
    """What the region proposal network matches, samples and keeps; the defaults are torchvision's."""

    pre_nms_top_n_train: int = 2000
    pre_nms_top_n_test: int = 1000
    post_nms_top_n_train: int = 2000
    post_nms_top_n_test: int = 1000
    nms_threshold: float = 0.7
    high: float = 0.7
    low: float = 0.3
    batch_size: int = 256
    positive_fraction: float = 0.5
    score_threshold: float = 0.0


class ProposalHead(nn.Module):
    """Says of each of `num_anchors` at each place whether there is an object, and where: logits and deltas."""

    def __init__(self, channels: int, num_anchors: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()))
        self.cls_logits = nn.Conv2d(channels, num_anchors, 1)
        self.bbox_pred = nn.Conv2d(channels, 4 * num_anchors, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (N, h·w·A) and deltas (N, h·w·A, 4) of a map (N, C, h, w), in the order of `grid_anchors`."""
        shared = self.conv(features)
        logits = self.cls_logits(shared).permute(0, 2, 3, 1).flatten(1)
        deltas = self.bbox_pred(shared).unflatten(1, (-1, 4)).permute(0, 3, 4, 1, 2).flatten(1, 3)
        return at_least_single(logits), at_least_single(deltas)


class Said(NamedTuple):
    """What the head says of the anchors (A, 4) of each map, of N images: logits (N, A) and deltas (N, A, 4)."""

    anchors: list[Tensor]
    objectness: list[Tensor]
    deltas: list[Tensor]


class RegionProposalNetwork(nn.Module):
    """Turns the maps of some images into proposals, and in training says what they cost.

    `sizes` and `aspect_ratios` have an entry for each map, and each map must get the same number
    of anchors a place.

    Raises:
        ValueError: another number of sizes than of aspect ratios, or maps with unequal numbers of anchors.
    """

    def __init__(
        self,
        channels: int,
        sizes: Sequence[Sequence[float]],
        aspect_ratios: Sequence[Sequence[float]],
        settings: ProposalSettings | None = None,
    ) -> None:
        super().__init__()
        if len(sizes) != len(aspect_ratios):
            raise ValueError(
                f"sizes must have an entry for each map, as aspect_ratios, got {len(sizes)} and {len(aspect_ratios)}"
            )
        self.bases = [base_anchors(own, ratios) for own, ratios in zip(sizes, aspect_ratios, strict=True)]
        counts = {len(base) for base in self.bases}
        if len(counts) != 1 or not min(counts):
            raise ValueError(f"sizes must give every map the same number of anchors a place, got {sorted(counts)}")
        self.head = ProposalHead(channels, counts.pop())
        self.settings = settings or ProposalSettings()

    def forward(
        self,
        maps: Sequence[Tensor],
        padded_size: tuple[int, int],
        image_sizes: Sequence[tuple[int, int]],
        targets: Sequence[Mapping[str, Tensor]] | None = None,
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Return the proposals (P, 4) of each image and, given `targets`, what they cost.

        `maps` (N, C, h, w) are those of a batch of images, padded to `padded_size`; within it
        an image has its own of `image_sizes`. The costs are `loss_objectness` and `loss_rpn_box_reg`.

        Raises:
            ValueError: another number of maps than there are sizes of anchors.
        """
        said = self.look(maps, padded_size)
        return self.propose(said, image_sizes), {} if targets is None else self.losses(said, targets)

    def look(self, maps: Sequence[Tensor], padded_size: tuple[int, int]) -> Said:
        """Return what is said of all anchors of all `maps` (N, C, h, w) of a batch of `padded_size` (H, W).

        Raises:
            ValueError: another number of maps than there are sizes of anchors.
        """
        if len(maps) != len(self.bases):
            raise ValueError(f"maps must be as many as sizes of anchors, {len(self.bases)}, got {len(maps)}")
        anchors, objectness, deltas = [], [], []
        for features, base in zip(maps, self.bases, strict=True):
            logits, moves = self.head(features)
            height, width = features.shape[-2:]
            stride = (padded_size[0] // height, padded_size[1] // width)
            anchors.append(grid_anchors((height, width), stride, base.to(logits)))
            objectness.append(logits)
            deltas.append(moves)
        return Said(anchors, objectness, deltas)

    def losses(self, said: Said, targets: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """Return what a sample of each image's anchors costs: `loss_objectness` and `loss_rpn_box_reg`."""
        every = torch.cat(said.anchors)
        labels, goals = zip(*(self.assign(every, target["boxes"].to(every)) for target in targets), strict=True)
        classification, box = rpn_loss(
            torch.cat(said.objectness, dim=1).flatten(),
            torch.cat(said.deltas, dim=1).flatten(0, 1),
            torch.cat(labels),
            encode_boxes(torch.cat(goals), every.repeat(len(targets), 1)),
        )
        return {"loss_objectness": classification, "loss_rpn_box_reg": box}

    @torch.no_grad()
    def propose(self, said: Said, sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
        """Return the proposals (P, 4) of each image, best first, from what was said; an image has its of `sizes`."""
        settings = self.settings
        before, after = settings.pre_nms_top_n_test, settings.post_nms_top_n_test
        if self.training:
            before, after = settings.pre_nms_top_n_train, settings.post_nms_top_n_train
        candidates = []
        for anchors, logits, moves in zip(*said, strict=True):
            # Only those that go on are decoded: of a large map's anchors one in a hundred.
            best = logits.argsort(dim=1, descending=True, stable=True)[:, :before]  # (N, n)
            deltas = moves.gather(1, best[:, :, None].expand(-1, -1, 4))
            boxes = decode_boxes(deltas.flatten(0, 1), anchors[best].flatten(0, 1)).view_as(deltas)
            candidates.append((boxes, logits.gather(1, best)))
        proposals = []
        for number, size in enumerate(sizes):
            found = [
                filter_proposals(boxes[number], logits[number], size, before, after, settings.nms_threshold)
                for boxes, logits in candidates
            ]
            boxes, scores = (torch.cat(parts) for parts in zip(*found, strict=True))
            (good,) = torch.where(scores >= settings.score_threshold)
            order = scores[good].argsort(descending=True, stable=True)[:after]
            proposals.append(boxes[good[order]])
        return proposals

    @torch.no_grad()
    def assign(self, anchors: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Return what each of `anchors` (A, 4) learns from an image's `boxes` (G, 4): label (A,) and box (A, 4).

        The label is 1 and 0 for positives and negatives that were sampled, −1 for the others.
        """
        settings = self.settings
        if not len(boxes):  # an image of background
            labels, goals = torch.zeros(len(anchors), dtype=torch.int64, device=anchors.device), anchors
        else:
            matches = match_anchors(box_iou(boxes, anchors), settings.high, settings.low)
            labels = torch.where(matches >= 0, 1, torch.where(matches == -1, 0, -1))
            goals = torch.where((matches >= 0)[:, None], boxes[matches.clamp(min=0)], anchors)
        drawn = sample_balanced(labels, settings.batch_size, settings.positive_fraction)
        return torch.where(drawn, labels, -1), goals


def at_least_single(x: Tensor) -> Tensor:
    """Return `x` in float32 if it has fewer bits: in bfloat16, boxes would be decoded in steps of half a pixel."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
