"""Faster R-CNN: the network makes its own proposals (Ren, He, Girshick & Sun, 2015).

`anchors` are the boxes about which it is asked, `matching` says what each of them learns, `losses` what that costs,
`proposals` which of them go on to the second stage, and `levels` from which map of a pyramid each is cut. `backbones`
make the maps, `rpn` and `regions` are the two stages, `resizing` makes a batch of images, `detector` puts them
together, and `small` is a small one.
"""

from solutions.faster_rcnn.anchors import base_anchors, grid_anchors
from solutions.faster_rcnn.backbones import FeaturePyramid, FrozenBatchNorm2d, PyramidBackbone, ResNet50, SmallBackbone
from solutions.faster_rcnn.detector import FasterRCNN, fasterrcnn_resnet50_fpn
from solutions.faster_rcnn.levels import assign_levels
from solutions.faster_rcnn.losses import rpn_loss
from solutions.faster_rcnn.matching import match_anchors, sample_balanced
from solutions.faster_rcnn.proposals import filter_proposals
from solutions.faster_rcnn.regions import RegionHeads, RegionSettings
from solutions.faster_rcnn.rpn import ProposalSettings, RegionProposalNetwork
from solutions.faster_rcnn.small import small_faster_rcnn

__all__ = [
    "FasterRCNN", "FeaturePyramid", "FrozenBatchNorm2d", "ProposalSettings", "PyramidBackbone", "RegionHeads",
    "RegionProposalNetwork", "RegionSettings", "ResNet50", "SmallBackbone", "assign_levels", "base_anchors",
    "fasterrcnn_resnet50_fpn", "filter_proposals", "grid_anchors", "match_anchors", "rpn_loss", "sample_balanced",
    "small_faster_rcnn",
]  # fmt: skip
