"""Chapter 07, R-CNN: where to look, when windows are too many, and what to ask of each place.

Regions that are merged, how many targets their boxes cover, pieces of one size, labels by overlap, boxes as deltas, and
the two machines that are fitted to features: a classifier with a margin and a regressor.
"""

CHAPTER = "07_rcnn"

EXERCISES = (
    "region_similarity",
    "merge_regions",
    "proposal_recall",
    "warp_regions",
    "assign_labels",
    "encode_boxes",
    "decode_boxes",
    "svm_loss",
    "fit_box_regressor",
)
"""In the order of the chapter; each is a module beside this one."""
