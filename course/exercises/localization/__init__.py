"""Chapter 05, Localization: one object, its class, its box and its joints.

The box of the true class, two losses in one, and keypoints: mirrored, drawn as heat maps, read off again, and measured.
"""

CHAPTER = "05_localization"

EXERCISES = (
    "select_class_boxes",
    "multitask_loss",
    "flip_keypoints",
    "gaussian_heatmaps",
    "decode_heatmaps",
    "keypoint_loss",
    "pck",
)
"""In the order of the chapter; each is a module beside this one."""
