"""A small Mask R-CNN from torchvision's own parts, for the models `tiny-mask…`, until one of our own takes its place.

Boxes alone are `solutions.faster_rcnn.small_faster_rcnn`'s. Two things can be chosen, because the chapter on masks asks
about them: the stride of the features, and how a region is cut from them: RoI Pool (Girshick, 2015) or RoI Align (He et
al., 2017).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from torch import Tensor, nn
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign, roi_pool

from solutions.faster_rcnn.backbones import SmallBackbone, Stride
from solutions.faster_rcnn.small import SMALL_RATIOS, SMALL_SIZES
from solutions.require import require_int

Region = Literal["align", "pool"]


class TinyDetector(nn.Module):
    """A small Mask R-CNN, with torchvision's call and output convention.

    In training `model(images, targets)` returns a dict of losses; in evaluation
    `model(images)` returns a dict an image: `boxes` (n, 4), `labels` (n,), `scores` (n,)
    and `masks` (n, 1, H, W) in [0, 1]. Images are a list of (3, H, W) in [0, 1]; their
    shorter side is resized to `image_size` inside, and the detections are brought back.

    Raises:
        TypeError: `num_classes` or `image_size` is not an int.
        ValueError: a stride other than 8 and 16, a region other than "align" and "pool".
    """

    def __init__(self, num_classes: int, stride: Stride = 8, region: Region = "align", image_size: int = 96) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=2)
        require_int("image_size", image_size, least=16)
        if region not in ("align", "pool"):
            raise ValueError(f'region must be "align" or "pool", got {region!r}')

        def cut(output_size: int) -> nn.Module:
            if region == "pool":
                return RoIPool(output_size, stride)
            aligned: nn.Module = MultiScaleRoIAlign(["0"], output_size, sampling_ratio=2)
            return aligned

        options = {
            "min_size": image_size,
            "max_size": 4 * image_size,
            "rpn_anchor_generator": AnchorGenerator(SMALL_SIZES, SMALL_RATIOS),
            "rpn_pre_nms_top_n_train": 400,
            "rpn_post_nms_top_n_train": 200,
            "rpn_pre_nms_top_n_test": 300,
            "rpn_post_nms_top_n_test": 60,
            "rpn_batch_size_per_image": 64,
            "box_batch_size_per_image": 48,
            "box_detections_per_img": 30,
            "box_roi_pool": cut(7),
            "box_head": TwoMLPHead(SmallBackbone.out_channels * 7 * 7, 128),
            "box_predictor": FastRCNNPredictor(128, num_classes),
        }
        self.model = MaskRCNN(
            SmallBackbone(stride),
            mask_roi_pool=cut(14),
            mask_head=MaskRCNNHeads(SmallBackbone.out_channels, (32, 32), 1),
            mask_predictor=MaskRCNNPredictor(32, 32, num_classes),
            **options,
        )
        self.model.rpn.head.register_forward_hook(_in_float32)
        self.model.roi_heads.box_predictor.register_forward_hook(_in_float32)

    def forward(
        self, images: Sequence[Tensor], targets: Sequence[Mapping[str, Tensor]] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        """Return the losses in training, and the detections of each image in evaluation."""
        result: dict[str, Tensor] | list[dict[str, Tensor]] = self.model(list(images), targets)
        return result


class RoIPool(MultiScaleRoIAlign):  # type: ignore[misc]
    """RoI Pool in the place of RoI Align, whose name torchvision's Mask R-CNN asks for, on one map of features."""

    def __init__(self, output_size: int, stride: int) -> None:
        super().__init__(["0"], output_size, sampling_ratio=2)
        self.stride = stride

    def forward(self, x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]) -> Tensor:
        """Return (R, C, s, s) for the features `x` {"0": (N, C, h, w)} and a list of boxes (n, 4) an image."""
        (features,) = x.values()
        pooled: Tensor = roi_pool(features.float(), boxes, self.output_size, 1 / self.stride)
        return pooled


def _in_float32(module: nn.Module, inputs: object, output: Any) -> Any:
    """Return what a head says in float32: in bfloat16, boxes would be decoded in steps of half a pixel."""
    if isinstance(output, Tensor):
        return output.float()
    return type(output)(_in_float32(module, inputs, one) for one in output)
