"""Chapter 09, Faster R-CNN: the network makes its own proposals.

Anchors of one place and of a whole map, what each of them learns, which of them are asked, and what that costs; which
proposals go on, and from which map of a pyramid each of them is cut.
"""

CHAPTER = "09_faster_rcnn"

EXERCISES = (
    "base_anchors",
    "grid_anchors",
    "match_anchors",
    "sample_balanced",
    "rpn_loss",
    "filter_proposals",
    "assign_levels",
)
"""In the order of the chapter; each is a module beside this one."""
