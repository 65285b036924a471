"""A Mask R-CNN small enough for a processor: the small Faster R-CNN, and two convolutions more for what it draws.

What chapters ask about can be chosen: the stride of the one map, how a region is cut from it, and whether the classes'
masks compete.
"""

from solutions.faster_rcnn.backbones import SmallBackbone, Stride
from solutions.faster_rcnn.small import SMALL_BUDGETS, SMALL_RATIOS, SMALL_SIZES
from solutions.mask_rcnn.branches import Activation, Region
from solutions.mask_rcnn.detector import MaskRCNN
from solutions.require import require_int


def small_mask_rcnn(
    num_classes: int,
    *,
    stride: Stride = 8,
    region: Region = "align",
    masks: Activation | None = "sigmoid",
    num_keypoints: int | None = None,
    image_size: int = 96,
) -> MaskRCNN:
    """Return a small detector that draws `num_classes`, with the background; images' shorter sides become `image_size`.

    Its one map has a cell for `stride` × `stride` pixels, from which every region is cut by
    `region`, RoI Align or RoI Pool. `masks` and `num_keypoints` are those of `MaskRCNN`; the
    budgets are those of `small_faster_rcnn`.

    Raises:
        TypeError: a number that is none.
        ValueError: a stride other than 8 and 16, fewer than two classes, an image below 16 pixels, or a choice that
            is none.
    """
    require_int("image_size", image_size, least=16)
    return MaskRCNN(
        SmallBackbone(stride),
        num_classes,
        masks=masks,
        mask_layers=(32, 32),
        num_keypoints=num_keypoints,
        keypoint_layers=(64, 64, 64),
        region=region,
        min_size=image_size,
        max_size=4 * image_size,
        anchor_sizes=SMALL_SIZES,
        aspect_ratios=SMALL_RATIOS,
        **SMALL_BUDGETS,
    )
