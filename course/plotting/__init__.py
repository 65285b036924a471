"""The figures that chapters need, in one colour-blind-safe palette that the widgets use too.

Numbers as grids, pictures with their annotations, and charts of training and measuring. Every function returns the
figure. Figures lie on a white card of their own, so that they read the same in a light and a dark notebook.
"""

from course.plotting.charts import show_confusion, show_curves, show_precision_recall
from course.plotting.detections import show_detections, show_rankings
from course.plotting.grids import show_feature_maps, show_grids
from course.plotting.objects import show_objects, show_poses
from course.plotting.patches import show_patches, show_places
from course.plotting.pictures import show_boxes, show_images, show_keypoints, show_labels, show_masks
from course.plotting.regions import show_regions
from course.plotting.style import PALETTE, chart_axes, charts_axes
from course.plotting.upsampling import show_put_back, show_stamps, show_ways_up

__all__ = [
    "PALETTE",
    "chart_axes",
    "charts_axes",
    "show_boxes",
    "show_confusion",
    "show_curves",
    "show_detections",
    "show_feature_maps",
    "show_grids",
    "show_images",
    "show_keypoints",
    "show_labels",
    "show_masks",
    "show_objects",
    "show_patches",
    "show_places",
    "show_poses",
    "show_precision_recall",
    "show_put_back",
    "show_rankings",
    "show_regions",
    "show_stamps",
    "show_ways_up",
]
