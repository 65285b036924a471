"""Mask R-CNN whole: Faster R-CNN that draws what it finds, and says where its joints are (He et al., 2017).

`maskrcnn_resnet50_fpn` and `keypointrcnn_resnet50_fpn` are torchvision's models of these names: the names of their
parameters are the same, so a state dict of one is a state dict of the other.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from solutions.faster_rcnn import FasterRCNN
from solutions.faster_rcnn.backbones import Norm, resnet50_pyramid
from solutions.faster_rcnn.resizing import Size
from solutions.mask_rcnn.branches import Activation, BranchedHeads, Region
from solutions.mask_rcnn.masks import paste_masks
from solutions.require import require_int
from solutions.require_masks import require_drawn


class MaskRCNN(FasterRCNN):
    """Finds objects, with a mask or keypoints each, or both, in torchvision's call and output convention.

    It is called as `FasterRCNN`. With `masks`, by "sigmoid" as in the paper or by "softmax",
    a target has `masks` too, (G, H, W), bool, uint8 or floating point, of the image's size;
    training has a fifth loss, `loss_mask`, and a detection its `masks` (n, 1, H, W) in
    0 … 1. With `num_keypoints` a target has `keypoints` (G, J, 3), x, y in pixels and the
    visibility, 0 for absent; training has `loss_keypoint`, and a detection `keypoints`
    (n, J, 3) and `keypoints_scores` (n, J).

    `mask_layers` and `keypoint_layers` are the widths of the branches' convolutions, and
    `region` says how a region is cut: by RoI Align, or from a single map by RoI Pool.
    `options` are those of `FasterRCNN`.

    Raises:
        TypeError: a number that is none.
        ValueError: neither masks nor keypoints, a choice that is none, or an option out of range.
    """

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        *,
        masks: Activation | None = "sigmoid",
        mask_layers: Sequence[int] = (256,) * 4,
        num_keypoints: int | None = None,
        keypoint_layers: Sequence[int] = (512,) * 8,
        region: Region = "align",
        **options: object,
    ) -> None:
        if masks not in ("sigmoid", "softmax", None):
            raise ValueError(f'masks must be "sigmoid", "softmax" or None, got {masks!r}')
        if region not in ("align", "pool"):
            raise ValueError(f'region must be "align" or "pool", got {region!r}')
        if num_keypoints is not None:
            require_int("num_keypoints", num_keypoints, least=1)
        elif masks is None:
            raise ValueError("masks must not be None without num_keypoints: then it is a FasterRCNN")
        heads = partial(
            BranchedHeads,
            masks=masks,
            mask_layers=mask_layers,
            num_keypoints=num_keypoints,
            keypoint_layers=keypoint_layers,
            region=region,
        )
        super().__init__(backbone, num_classes, heads=heads, **options)  # type: ignore[arg-type]
        self.masks, self.num_keypoints = masks, num_keypoints
        self.register_load_state_dict_pre_hook(_with_new_names)  # type: ignore[no-untyped-call]

    def check(self, images: Sequence[Tensor] | Tensor, targets: Sequence[Mapping[str, Tensor]] | None) -> None:
        """Raise where `forward` says so, and in training where a mask or keypoints are missing."""
        super().check(images, targets)
        if self.training and targets is not None:
            require_drawn(images, targets, self.masks is not None, self.num_keypoints)

    def resize(self, target: Mapping[str, Tensor], before: Size, after: Size) -> dict[str, Tensor]:
        """Return the target of an image of size `before`, (H, W), for one of size `after`."""
        resized = super().resize(target, before, after)
        if self.masks is not None:
            resized["masks"] = resize_masks(target["masks"], after)
        if self.num_keypoints is not None:
            resized["keypoints"] = resize_keypoints(target["keypoints"], before, after)
        return resized

    def restore(self, detections: Mapping[str, Tensor], before: Size, after: Size) -> dict[str, Tensor]:
        """Return the detections in an image of size `before`, the resized one's, for the original, of size `after`."""
        restored = super().restore(detections, before, after)
        if self.masks is not None:
            with torch.autocast(restored["boxes"].device.type, enabled=False):  # in few bits an edge would move
                restored["masks"] = paste_masks(detections["masks"], restored["boxes"], after)
        if self.num_keypoints is not None:
            restored["keypoints"] = resize_keypoints(detections["keypoints"], before, after)
        return restored


def resize_masks(masks: Tensor, size: Size) -> Tensor:
    """Return `masks` (G, H, W), bool, uint8 or floating point, in another `size`: the nearest pixel's value."""
    values = masks.to(torch.uint8) if masks.dtype == torch.bool else masks
    resized: Tensor = F.interpolate(values[:, None], size=size)
    return resized[:, 0]


def resize_keypoints(keypoints: Tensor, before: Size, after: Size) -> Tensor:
    """Return `keypoints` (N, J, 3) in an image of size `before`, (H, W), as they are when it has size `after`."""
    y, x = torch.tensor(after, dtype=torch.float32) / torch.tensor(before, dtype=torch.float32)
    return keypoints * keypoints.new_tensor([x, y, 1])


def maskrcnn_resnet50_fpn(
    num_classes: int = 91, *, norm: Norm = nn.BatchNorm2d, trainable_backbone_layers: int = 5, **options: object
) -> MaskRCNN:
    """Return a Mask R-CNN over a ResNet-50 with a pyramid, with the parameters of torchvision's model of that name.

    It loads that model's state dict, and gives its outputs and losses. `options` are those of
    `MaskRCNN`. For torchvision's weights from COCO `fasterrcnn_resnet50_fpn` says what to choose.

    Raises:
        TypeError: a number that is none.
        ValueError: other than 0 to 5 trainable layers, or an option out of range.
    """
    return MaskRCNN(resnet50_pyramid(norm, trainable_backbone_layers), num_classes, **options)  # type: ignore[arg-type]


def keypointrcnn_resnet50_fpn(
    num_classes: int = 2,
    num_keypoints: int = 17,
    *,
    norm: Norm = nn.BatchNorm2d,
    trainable_backbone_layers: int = 5,
    **options: object,
) -> MaskRCNN:
    """Return a Keypoint R-CNN over a ResNet-50 with a pyramid, with the parameters of torchvision's model of that name.

    It loads that model's state dict, and gives its outputs and losses. There are no masks; in
    training images get one of six sizes. `options` are those of `MaskRCNN`.

    Raises:
        TypeError: a number that is none.
        ValueError: other than 0 to 5 trainable layers, or an option out of range.
    """
    own = {"masks": None, "num_keypoints": num_keypoints, "min_size": (640, 672, 704, 736, 768, 800), **options}
    return MaskRCNN(resnet50_pyramid(norm, trainable_backbone_layers), num_classes, **own)  # type: ignore[arg-type]


_OLD_NAME = re.compile(r"mask_head\.mask_fcn(\d+)\.(weight|bias)$")


def _with_new_names(module: nn.Module, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
    """Rename what has its name from before torchvision 0.13, as the published weights from COCO have."""
    for name in list(state):
        if match := _OLD_NAME.search(name):
            state[f"{name[: match.start()]}mask_head.{int(match[1]) - 1}.0.{match[2]}"] = state.pop(name)
