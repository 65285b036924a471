"""Mask R-CNN: Faster R-CNN, and a third branch that draws every object it finds (He et al., 2017).

`masks` is what the branch learns, what that costs, and how its small masks come back into the picture; `keypoints` is
the same for joints. `definition` is RoI Align for reading.
"""

from solutions.mask_rcnn.definition import roi_align as roi_align_one_by_one
from solutions.mask_rcnn.keypoints import heatmaps_to_keypoints, keypoint_heatmap_loss, keypoints_to_heatmap
from solutions.mask_rcnn.masks import mask_loss, paste_masks, project_masks

__all__ = [
    "heatmaps_to_keypoints", "keypoint_heatmap_loss", "keypoints_to_heatmap", "mask_loss", "paste_masks",
    "project_masks", "roi_align_one_by_one",
]  # fmt: skip
