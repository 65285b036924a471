"""How good is a detector? Detections are matched to what is there, the curve is drawn, and its area is the mark.

`matching` decides which detection found which target, `curves` turns right and wrong by rank into precision, recall and
average precision, `overlaps` says how far boxes, masks or keypoints agree, and `coco` puts all of it together over a
data set, as pycocotools does.
"""

from solutions.metrics.coco import MeanAveragePrecision, mean_average_precision
from solutions.metrics.curves import average_precision, precision_recall
from solutions.metrics.matching import match_detections

__all__ = [
    "MeanAveragePrecision", "average_precision", "match_detections", "mean_average_precision", "precision_recall",
]  # fmt: skip
