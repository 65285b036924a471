"""Mask R-CNN's second stage: Faster R-CNN's, and beside its class and box a mask, or joints, or both.

The branches learn from the regions that lie on objects alone. Afterwards they look at the detections, with the better
boxes, and not at the proposals: a mask is drawn over the box that is shown.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from solutions.fast_rcnn import roi_pool
from solutions.fast_rcnn.detector import as_regions
from solutions.faster_rcnn.regions import RegionHeads, RegionSettings, Sample, steps_of
from solutions.faster_rcnn.rpn import at_least_single
from solutions.mask_rcnn.heads import KeypointHead, KeypointPredictor, MaskHead, MaskPredictor
from solutions.mask_rcnn.keypoints import heatmaps_to_keypoints, keypoint_heatmap_loss
from solutions.mask_rcnn.masks import competing_mask_loss, mask_loss, project_masks

Activation = Literal["sigmoid", "softmax"]
Region = Literal["align", "pool"]

CELLS = 14
"""The side of the grid that is cut for a branch: twice the box's, since where things are matters more there."""


class BranchedHeads(RegionHeads):
    """Turns proposals into detections with masks and keypoints; in training it says what they cost.

    With an activation for `masks`, each region gets a mask a class, of which that of its own
    class counts: by itself with "sigmoid", against the other classes with "softmax". With
    `num_keypoints` it gets as many heat maps. `mask_layers` and `keypoint_layers` are the
    widths of the branches' convolutions, `region` is how a region is cut, by RoI Align
    or, from a single map, by RoI Pool.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int,
        num_features: int = 1024,
        settings: RegionSettings | None = None,
        *,
        masks: Activation | None = "sigmoid",
        mask_layers: Sequence[int] = (256,) * 4,
        num_keypoints: int | None = None,
        keypoint_layers: Sequence[int] = (512,) * 8,
        region: Region = "align",
    ) -> None:
        super().__init__(channels, num_classes, num_features, settings)
        self.masks, self.num_keypoints, self.region = masks, num_keypoints, region
        if masks is not None:
            self.mask_head = MaskHead(channels, mask_layers)
            self.mask_predictor = MaskPredictor(mask_layers[-1], mask_layers[-1], num_classes)
        if num_keypoints is not None:
            self.keypoint_head = KeypointHead(channels, keypoint_layers)
            self.keypoint_predictor = KeypointPredictor(keypoint_layers[-1], num_keypoints)

    def cut(
        self, maps: Sequence[Tensor], regions: Sequence[Tensor], image_sizes: Sequence[tuple[int, int]], side: int
    ) -> Tensor:
        """Return the cells (R, C, side, side) of all `regions`, (n, 4) an image, one image after the other.

        Raises:
            ValueError: RoI Pool from several maps.
        """
        if self.region == "align":
            return super().cut(maps, regions, image_sizes, side)
        if len(maps) != 1:
            raise ValueError(f'region must be "align" for more than one map, got "pool" for {len(maps)}')
        (step,) = steps_of(maps, image_sizes)
        return roi_pool(at_least_single(maps[0]), as_regions(regions), (side, side), 2.0**-step)

    def losses_of(
        self,
        drawn: Sequence[Sample],
        maps: Sequence[Tensor],
        image_sizes: Sequence[tuple[int, int]],
        targets: Sequence[Mapping[str, Tensor]],
    ) -> dict[str, Tensor]:
        """Return what the regions cost that were `drawn`, of those on objects `loss_mask` and `loss_keypoint` too."""
        losses = super().losses_of(drawn, maps, image_sizes, targets)
        positives = [sample.on_objects() for sample in drawn]
        regions = [own.regions for own in positives]
        if self.masks is not None:
            logits = self.draw(maps, regions, image_sizes)
            wanted = [
                project_masks(target["masks"].to(own.regions.device), own.regions, own.matches, logits.shape[-1])
                for target, own in zip(targets, positives, strict=True)
            ]
            cost = mask_loss if self.masks == "sigmoid" else competing_mask_loss
            losses["loss_mask"] = cost(logits, torch.cat([own.labels for own in positives]), torch.cat(wanted))
        if self.num_keypoints is not None:
            heatmaps = self.point(maps, regions, image_sizes)
            keypoints = [
                target["keypoints"].to(own.regions)[own.matches] for target, own in zip(targets, positives, strict=True)
            ]
            losses["loss_keypoint"] = keypoint_heatmap_loss(heatmaps, torch.cat(keypoints), torch.cat(regions))
        return losses

    def detect(
        self, maps: Sequence[Tensor], proposals: Sequence[Tensor], image_sizes: Sequence[tuple[int, int]]
    ) -> list[dict[str, Tensor]]:
        """Return the detections of each image among its `proposals`, (P, 4) each.

        `masks` (n, 1, M, M) lie over the boxes; `keypoints` (n, J, 3) are in pixels, and `keypoints_scores` (n, J)
        how high the heat maps are there.
        """
        found = super().detect(maps, proposals, image_sizes)
        boxes = [detections["boxes"] for detections in found]
        counts = [len(own) for own in boxes]
        if self.masks is not None:
            logits = self.draw(maps, boxes, image_sizes)
            drawn = logits.sigmoid() if self.masks == "sigmoid" else logits.softmax(dim=1)
            labels = torch.cat([detections["labels"] for detections in found])
            drawn = drawn[torch.arange(len(labels), device=labels.device), labels][:, None]
            for detections, own in zip(found, torch.split(drawn, counts), strict=True):
                detections["masks"] = own
        if self.num_keypoints is not None:
            heatmaps = self.point(maps, boxes, image_sizes)
            for detections, own in zip(found, torch.split(heatmaps, counts), strict=True):
                detections["keypoints"], detections["keypoints_scores"] = heatmaps_to_keypoints(
                    own, detections["boxes"]
                )
        return found

    def draw(self, maps: Sequence[Tensor], regions: Sequence[Tensor], image_sizes: Sequence[tuple[int, int]]) -> Tensor:
        """Return the masks' logits (R, K, M, M) of all `regions`, one image after the other."""
        logits: Tensor = self.mask_predictor(self.mask_head(self.cut(maps, regions, image_sizes, CELLS)))
        return logits

    def point(
        self, maps: Sequence[Tensor], regions: Sequence[Tensor], image_sizes: Sequence[tuple[int, int]]
    ) -> Tensor:
        """Return the heat maps' logits (R, J, M, M) of all `regions`, one image after the other."""
        logits: Tensor = self.keypoint_predictor(self.keypoint_head(self.cut(maps, regions, image_sizes, CELLS)))
        return logits
