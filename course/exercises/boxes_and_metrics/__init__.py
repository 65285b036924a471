"""Chapter 06, Boxes and metrics: how many objects are there, and how good is who says so?

Windows, the overlap of boxes, suppression with and without labels, matching, the curve of precision and recall, and
its area.
"""

CHAPTER = "06_boxes_and_metrics"

EXERCISES = (
    "window_boxes",
    "box_iou",
    "nms",
    "batched_nms",
    "match_detections",
    "precision_recall",
    "average_precision",
)
"""In the order of the chapter; each is a module beside this one."""
