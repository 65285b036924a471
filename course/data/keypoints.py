"""Names of keypoints, and which of them change places in a mirror: the left eye becomes the right one."""

from collections.abc import Sequence

COCO_KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
"""Of people, in the order of COCO's annotations."""


def mirror_pairs(names: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of places in `names` that differ in nothing but left and right.

    >>> mirror_pairs(["nose", "left_eye", "right_eye", "left_hand"])
    [(1, 2)]
    """
    places = {name: place for place, name in enumerate(names)}
    partners = {name: name.replace("left", "right") for name in names if "left" in name}
    return [(places[left], places[right]) for left, right in partners.items() if right in places]
