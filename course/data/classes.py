"""The names of each data set's classes: `CLASSES[name][label]`, where 0 is the background of detection."""

from course.data.keypoints import COCO_KEYPOINTS
from course.farm import CLASSES as FARM_CLASSES
from course.farm import KEYPOINTS as FARM_KEYPOINTS
from course.farm import SEMANTIC_CLASSES as FARM_SEMANTIC_CLASSES

_VOC = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip

_COCO = (
    "background", "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat",
    "traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep",
    "cow", "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich",
    "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed",
    "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven",
    "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip

CLASSES: dict[str, tuple[str, ...]] = {
    "farm": FARM_CLASSES,
    "voc2007": _VOC,
    "voc2012": _VOC,
    "penn_fudan": ("background", "person"),
    "coco": _COCO,
}
"""Names of a detection's labels, by data set. COCO's are contiguous: its own category ids run to 90 with gaps."""

SEMANTIC_CLASSES: dict[str, tuple[str, ...]] = {**CLASSES, "farm": FARM_SEMANTIC_CLASSES}
"""Names of the values of a semantic map, by data set. Only the Farm names what lies behind the things."""

KEYPOINT_NAMES: dict[str, tuple[str, ...]] = {"farm": FARM_KEYPOINTS, "coco": COCO_KEYPOINTS}
"""Names of an object's keypoints, by data set; the others have none."""
