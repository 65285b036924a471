"""Mask R-CNN: Faster R-CNN, and a third branch that draws every object it finds (He et al., 2017).

`masks` is what the branch learns, what that costs, and how its small masks come back into the picture; `keypoints` is
the same for joints. `heads` are the networks of both, `branches` is the second stage with them, and `detector` puts
everything together; `small` is one for Farm. `definition` is RoI Align for reading.
"""

from solutions.mask_rcnn.branches import BranchedHeads
from solutions.mask_rcnn.definition import roi_align as roi_align_one_by_one
from solutions.mask_rcnn.detector import MaskRCNN, keypointrcnn_resnet50_fpn, maskrcnn_resnet50_fpn
from solutions.mask_rcnn.heads import KeypointHead, KeypointPredictor, MaskHead, MaskPredictor
from solutions.mask_rcnn.keypoints import heatmaps_to_keypoints, keypoint_heatmap_loss, keypoints_to_heatmap
from solutions.mask_rcnn.masks import competing_mask_loss, mask_loss, paste_masks, project_masks
from solutions.mask_rcnn.small import small_mask_rcnn

__all__ = [
    "BranchedHeads", "KeypointHead", "KeypointPredictor", "MaskHead", "MaskPredictor", "MaskRCNN",
    "competing_mask_loss", "heatmaps_to_keypoints", "keypoint_heatmap_loss", "keypointrcnn_resnet50_fpn",
    "keypoints_to_heatmap", "mask_loss", "maskrcnn_resnet50_fpn", "paste_masks", "project_masks",
    "roi_align_one_by_one", "small_mask_rcnn",
]  # fmt: skip
