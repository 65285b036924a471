"""A Faster R-CNN small enough for a processor: one map, fifteen anchors a place, and budgets that suit a farm.

It is the large model with other numbers: nine convolutions in the place of fifty and no pyramid, since the animals of
a scene that is 96 pixels high differ less in size than the anchors of one map do.
"""

from collections.abc import Sequence

from solutions.faster_rcnn.backbones import SmallBackbone, Stride
from solutions.faster_rcnn.detector import FasterRCNN
from solutions.require import require_int

SMALL_SIZES = ((16.0, 24.0, 36.0, 54.0, 80.0),)
SMALL_RATIOS = ((0.5, 1.0, 2.0),)
SMALL_BUDGETS = {
    "rpn_pre_nms_top_n_train": 400,
    "rpn_post_nms_top_n_train": 200,
    "rpn_pre_nms_top_n_test": 300,
    "rpn_post_nms_top_n_test": 60,
    "rpn_batch_size_per_image": 64,
    "box_batch_size_per_image": 48,
    "box_detections_per_img": 30,
    "num_features": 128,
}
"""How many regions are proposed, looked at and kept, and how wide the second stage is; Mask R-CNN's are the same."""


def small_faster_rcnn(
    num_classes: int,
    *,
    stride: Stride = 8,
    image_size: int = 96,
    anchor_sizes: Sequence[Sequence[float]] = SMALL_SIZES,
    aspect_ratios: Sequence[Sequence[float]] = SMALL_RATIOS,
) -> FasterRCNN:
    """Return a small detector for `num_classes`, with the background; images' shorter sides become `image_size`.

    Its one map has a cell for `stride` × `stride` pixels. It proposes 200 regions an image
    while it learns, of which 48 are looked at, and 60 afterwards.

    Raises:
        TypeError: a number that is none.
        ValueError: a stride other than 8 and 16, fewer than two classes, an image below 16 pixels, or anchors that do
            not fit one map.
    """
    require_int("image_size", image_size, least=16)
    return FasterRCNN(
        SmallBackbone(stride),
        num_classes,
        min_size=image_size,
        max_size=4 * image_size,
        anchor_sizes=anchor_sizes,
        aspect_ratios=aspect_ratios,
        **SMALL_BUDGETS,  # type: ignore[arg-type]
    )
