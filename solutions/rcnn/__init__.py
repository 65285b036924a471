"""R-CNN: proposals, one network that looks into each, machines that name it, regressions that move its box.

`steps` has what is done with a proposal, `linear_svm` the machine and its hunt for hard negatives, `detector` the whole
with torchvision's call and output convention, `training` its four trainings one after the other (Girshick et al. 2014).
"""

from solutions.rcnn.detector import RCNN, RegionNetwork
from solutions.rcnn.linear_svm import LinearSVM, mine_hard_negatives
from solutions.rcnn.steps import assign_labels, fit_box_regressor, svm_loss, warp_regions

__all__ = [
    "RCNN",
    "LinearSVM",
    "RegionNetwork",
    "assign_labels",
    "fit_box_regressor",
    "mine_hard_negatives",
    "svm_loss",
    "warp_regions",
]
