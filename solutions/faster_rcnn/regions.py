"""The second stage: each proposal is cut out of a map of its level, and gets a class and a better box.

It is Fast R-CNN's head, with RoI Align in the place of RoI pooling, and a pyramid to cut from (Lin et al., 2017, §4.2).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from solutions.boxes import clip_boxes, decode_boxes, encode_boxes
from solutions.fast_rcnn.detector import BOX_WEIGHTS, as_regions
from solutions.fast_rcnn.losses import fast_rcnn_loss
from solutions.faster_rcnn.levels import assign_levels
from solutions.faster_rcnn.matching import sample_balanced
from solutions.faster_rcnn.rpn import at_least_single
from solutions.rcnn.steps import assign_labels
from solutions.roi_align import roi_align
from solutions.suppression import batched_nms

LEAST_SIDE = 1e-2
"""A detection that is narrower is none, in pixels."""


@dataclass(frozen=True)
class RegionSettings:
    """What the second stage cuts, samples and keeps; the defaults are torchvision's."""

    score_threshold: float = 0.05
    nms_threshold: float = 0.5
    detections_per_image: int = 100
    foreground: float = 0.5
    background: float = 0.5
    batch_size: int = 512
    positive_fraction: float = 0.25
    weights: tuple[float, float, float, float] = BOX_WEIGHTS
    output_size: int = 7
    sampling_ratio: int = 2
    canonical_size: float = 224
    canonical_level: int = 4


def steps_of(maps: Sequence[Tensor], image_sizes: Sequence[tuple[int, int]]) -> list[int]:
    """Return the level k of each of `maps`: it has 2^k pixels a cell.

    A map's scale is the power of two nearest to its height over that of the tallest image, from
    `image_sizes` before padding. That is torchvision's rule. Of an image that is less than
    0.71 times as high as its padding, such as 40 of 64 pixels, it is a power too much.
    """
    tallest = max(height for height, _ in image_sizes)
    return [round(math.log2(tallest / features.shape[-2])) for features in maps]


class Sample(NamedTuple):
    """Regions of an image from which the second stage learns.

    `regions` (n, 4) are what is cut, `labels` (n,) what each is, 0 for background, `goals` (n, 4)
    the box that it should have, and `matches` (n,) which of the image's objects that is, or −1.
    """

    regions: Tensor
    labels: Tensor
    goals: Tensor
    matches: Tensor

    def on_objects(self) -> "Sample":
        """Return those of the regions that are not background."""
        own = self.labels > 0
        return Sample(*(part[own] for part in self))


class BoxHead(nn.Module):
    """Two linear layers over a region's cells: (R, C, s, s) → (R, num_features)."""

    def __init__(self, num_cells: int, num_features: int) -> None:
        super().__init__()
        self.fc6, self.fc7 = nn.Linear(num_cells, num_features), nn.Linear(num_features, num_features)

    def forward(self, cells: Tensor) -> Tensor:
        """Return the features (R, num_features) of regions' `cells` (R, C, s, s)."""
        return F.relu(self.fc7(F.relu(self.fc6(cells.flatten(1)))))


class BoxPredictor(nn.Module):
    """Says of a region's features what it is, and of each class where: logits (R, K) and deltas (R, 4K)."""

    def __init__(self, num_features: int, num_classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(num_features, num_classes)
        self.bbox_pred = nn.Linear(num_features, 4 * num_classes)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (R, K) and deltas (R, 4K) of `features` (R, num_features)."""
        return at_least_single(self.cls_score(features)), at_least_single(self.bbox_pred(features))


def cut_regions(
    maps: Sequence[Tensor],
    proposals: Sequence[Tensor],
    image_sizes: Sequence[tuple[int, int]],
    output_size: int,
    sampling_ratio: int = 2,
    canonical_size: float = 224,
    canonical_level: int = 4,
) -> Tensor:
    """Return the cells (R, C, s, s) of all `proposals`, (P, 4) an image, each cut from the map of its level.

    Raises:
        ValueError: maps that are not each half the size of the one before.
    """
    rois = as_regions(proposals)
    steps = steps_of(maps, image_sizes)
    if steps != list(range(steps[0], steps[0] + len(maps))):
        raise ValueError(f"maps must each have half the size of the one before, got strides of {[2**k for k in steps]}")
    side = (output_size, output_size)
    if len(maps) == 1:  # then all regions are in order, and need not be copied into it
        return roi_align(at_least_single(maps[0]), rois, side, 2.0 ** -steps[0], sampling_ratio)
    levels = assign_levels(rois[:, 1:], steps[0], steps[-1], canonical_size, canonical_level)
    order, cells = [], []
    for step, features in zip(steps, maps, strict=True):
        (own,) = torch.where(levels == step)
        order.append(own)
        cells.append(roi_align(at_least_single(features), rois[own], side, 2.0**-step, sampling_ratio))
    return torch.cat(cells)[torch.cat(order).argsort()]


class RegionHeads(nn.Module):
    """Turns proposals into detections; in training it draws some of them and says what they cost."""

    def __init__(
        self, channels: int, num_classes: int, num_features: int = 1024, settings: RegionSettings | None = None
    ) -> None:
        super().__init__()
        self.settings = settings or RegionSettings()
        self.box_head = BoxHead(channels * self.settings.output_size**2, num_features)
        self.box_predictor = BoxPredictor(num_features, num_classes)

    def cut(
        self, maps: Sequence[Tensor], regions: Sequence[Tensor], image_sizes: Sequence[tuple[int, int]], side: int
    ) -> Tensor:
        """Return the cells (R, C, side, side) of all `regions`, (n, 4) an image, one image after the other."""
        own = self.settings
        return cut_regions(
            maps, regions, image_sizes, side, own.sampling_ratio, own.canonical_size, own.canonical_level
        )

    def look(
        self, maps: Sequence[Tensor], proposals: Sequence[Tensor], image_sizes: Sequence[tuple[int, int]]
    ) -> tuple[Tensor, Tensor]:
        """Return logits (R, K) and deltas (R, 4K) of all `proposals`, one image after the other."""
        cells = self.cut(maps, proposals, image_sizes, self.settings.output_size)
        logits, deltas = self.box_predictor(self.box_head(cells))
        return logits, deltas

    def losses(
        self,
        maps: Sequence[Tensor],
        proposals: Sequence[Tensor],
        image_sizes: Sequence[tuple[int, int]],
        targets: Sequence[Mapping[str, Tensor]],
    ) -> dict[str, Tensor]:
        """Return what some proposals of each image cost: `loss_classifier` and `loss_box_reg`."""
        drawn = [self.sample(own, target) for own, target in zip(proposals, targets, strict=True)]
        return self.losses_of(drawn, maps, image_sizes, targets)

    def losses_of(
        self,
        drawn: Sequence[Sample],
        maps: Sequence[Tensor],
        image_sizes: Sequence[tuple[int, int]],
        targets: Sequence[Mapping[str, Tensor]],
    ) -> dict[str, Tensor]:
        """Return what the regions cost that were `drawn`, a sample an image; for one who adds a branch to add to."""
        regions = [sample.regions for sample in drawn]
        logits, deltas = self.look(maps, regions, image_sizes)
        if not len(logits):  # neither an object nor a proposal in any image
            return {"loss_classifier": logits.sum(), "loss_box_reg": deltas.sum()}
        goals = torch.cat([sample.goals for sample in drawn])
        wanted = encode_boxes(goals, torch.cat(regions), self.settings.weights)
        labels = torch.cat([sample.labels for sample in drawn])
        classification, localization = fast_rcnn_loss(logits, deltas, labels, wanted)
        return {"loss_classifier": classification, "loss_box_reg": localization}

    @torch.no_grad()
    def sample(self, proposals: Tensor, target: Mapping[str, Tensor]) -> Sample:
        """Return some regions of an image, and what each should become."""
        own = self.settings
        objects, labels = target["boxes"].to(proposals), target["labels"].to(proposals.device)
        regions = torch.cat([proposals, objects])  # an object is a good proposal
        label, matched = assign_labels(regions, objects, labels, own.foreground, (0.0, own.background))
        (some,) = torch.where(sample_balanced(label, own.batch_size, own.positive_fraction))
        boxes, label, matched = regions[some], label[some], matched[some]
        goals = boxes.clone()  # background stays where it is
        goals[matched >= 0] = objects[matched[matched >= 0]]
        return Sample(boxes, label, goals, matched)

    def detect(
        self, maps: Sequence[Tensor], proposals: Sequence[Tensor], image_sizes: Sequence[tuple[int, int]]
    ) -> list[dict[str, Tensor]]:
        """Return the detections of each image among its `proposals`, (P, 4) each."""
        logits, deltas = self.look(maps, proposals, image_sizes)
        counts = [len(boxes) for boxes in proposals]
        said = zip(torch.split(logits, counts), torch.split(deltas, counts), proposals, image_sizes, strict=True)
        return [self.judge(*own) for own in said]

    @torch.no_grad()
    def judge(
        self, logits: Tensor, deltas: Tensor, proposals: Tensor, image_size: tuple[int, int]
    ) -> dict[str, Tensor]:
        """Return the detections of one image among its `proposals` (P, 4), from what was said of them."""
        own = self.settings
        scores = logits.softmax(dim=-1)[:, 1:]
        which, label = torch.where(scores > own.score_threshold)  # a region may be in doubt between two
        moves = deltas.view(len(deltas), -1, 4)[which, label + 1]
        boxes = clip_boxes(decode_boxes(moves, proposals[which], own.weights), image_size)
        confidence = scores[which, label]
        (large,) = torch.where((boxes[:, 2:] - boxes[:, :2] >= LEAST_SIDE).all(dim=1))
        boxes, confidence, label = boxes[large], confidence[large], label[large] + 1
        kept = batched_nms(boxes, confidence, label, own.nms_threshold)[: own.detections_per_image]
        return {"boxes": boxes[kept], "labels": label[kept], "scores": confidence[kept]}
