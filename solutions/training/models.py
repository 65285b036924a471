"""The models that can be trained by name: how each is built, what is asked of it, and a configuration that suits it.

One line a model, and nothing registers itself. torch is imported when a model is built, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from solutions.training.config import TrainConfig, TrainingError, choose

if TYPE_CHECKING:
    from torch import nn

    from solutions.faster_rcnn.backbones import Stride
    from solutions.mask_rcnn.branches import Region

Asked = Literal["semantic", "boxes", "masks", "object", "keypoints"]
"""What a model answers: a label a pixel, boxes, boxes with masks; of one object its class and box, or its joints."""


@dataclass(frozen=True)
class Reference:
    """A model that can be trained: `build(number of classes, image size)`, what it answers, its own defaults.

    Where it is `pretrained`, `build` takes `weights` to start from: "imagenet", or a file.
    """

    summary: str
    asked: Asked
    build: Callable[..., nn.Module]
    defaults: Mapping[str, Any]
    pretrained: bool = False


def reference(name: str) -> Reference:
    """Return the model called `name`.

    Raises:
        TrainingError: there is none.
    """
    return MODELS[choose("model", name, MODELS)]


def new_model(config: TrainConfig, classes: int) -> nn.Module:
    """Return the model of a run, with the weights that it starts from.

    Raises:
        TrainingError: the weights cannot be had, or the model takes none.
    """
    wanted = reference(config.model)
    if config.weights is None:
        return wanted.build(classes, config.size)
    if not wanted.pretrained:
        able = ", ".join(name for name, model in MODELS.items() if model.pretrained)
        raise TrainingError(f"{config.model} takes no --weights; there are some for {able}")
    try:
        return wanted.build(classes, config.size, weights=config.weights)
    except (OSError, ValueError) as error:
        raise TrainingError(f"--weights {config.weights}: {error}") from None


def _encoder_decoder(classes: int, size: tuple[int, int]) -> nn.Module:
    from solutions.fcn import EncoderDecoderFCN

    return EncoderDecoderFCN(classes)


def _full_resolution(classes: int, size: tuple[int, int]) -> nn.Module:
    from solutions.fcn import FullResolutionFCN

    return FullResolutionFCN(classes)


def _segnet(classes: int, size: tuple[int, int]) -> nn.Module:
    from solutions.fcn import SegNet

    return SegNet(classes)


def _fcn(
    classes: int, size: tuple[int, int], variant: str, backbone: str = "small", weights: str | None = None
) -> nn.Module:
    from solutions.fcn import FCN

    return FCN(classes, variant, backbone, weights)


def _faster_rcnn(classes: int, size: tuple[int, int]) -> nn.Module:
    from solutions.faster_rcnn import small_faster_rcnn

    return small_faster_rcnn(classes, image_size=min(size))


def _mask_rcnn(classes: int, size: tuple[int, int], stride: Stride = 8, region: Region = "align") -> nn.Module:
    from solutions.mask_rcnn import small_mask_rcnn

    return small_mask_rcnn(classes, stride=stride, region=region, image_size=min(size))


def _sliding_window(classes: int, size: tuple[int, int]) -> nn.Module:
    from solutions.sliding_window_detector import WINDOW_SIZES, SlidingWindowDetector

    larger = min(size) / 64  # than the scenes that those windows suit
    return SlidingWindowDetector(classes, [(round(larger * h), round(larger * w)) for h, w in WINDOW_SIZES])


def _rcnn(classes: int, size: tuple[int, int]) -> nn.Module:
    from solutions.rcnn.detector import RCNN

    return RCNN(classes)


def _fast_rcnn(classes: int, size: tuple[int, int]) -> nn.Module:
    from solutions.fast_rcnn import FastRCNN

    return FastRCNN(classes)


def _yolo(classes: int, size: tuple[int, int]) -> nn.Module:
    from solutions.yolo import YOLO

    return YOLO(classes)


def _localizer(classes: int, size: tuple[int, int], box_per_class: bool = True) -> nn.Module:
    from solutions.localization import Localizer

    return Localizer(classes - 1, box_per_class=box_per_class)  # there is no background


def _pose(keypoints: int, size: tuple[int, int]) -> nn.Module:
    from solutions.pose import PoseNet

    return PoseNet(keypoints)


def _coordinates(keypoints: int, size: tuple[int, int]) -> nn.Module:
    from solutions.pose import CoordinateNet

    return CoordinateNet(keypoints)


_PIXELS = {"size": (64, 64), "batch_size": 16, "lr": 3e-3}
_PHOTOGRAPHS = {"size": (128, 128), "batch_size": 16, "lr": 1e-3}
_REGIONS = {"size": (96, 96), "batch_size": 8, "lr": 2e-3, "clip_norm": 5.0, "train_images": 1500, "val_images": 200}

MODELS: dict[str, Reference] = {
    "encoder-decoder": Reference("per-pixel encoder–decoder with skips", "semantic", _encoder_decoder, _PIXELS),
    "full-resolution": Reference("convolutions at full resolution", "semantic", _full_resolution, _PIXELS),
    "fcn-32s": Reference("FCN, scores at stride 32", "semantic", partial(_fcn, variant="32s"), _PIXELS),
    "fcn-16s": Reference("FCN, scores at strides 32, 16", "semantic", partial(_fcn, variant="16s"), _PIXELS),
    "fcn-8s": Reference("FCN, scores at strides 32, 16, 8", "semantic", partial(_fcn, variant="8s"), _PIXELS),
    **{
        f"fcn-{variant}-{backbone}": Reference(
            f"FCN-{variant} on torchvision's {backbone}", "semantic",
            partial(_fcn, variant=variant, backbone=backbone), _PHOTOGRAPHS, pretrained=True,
        )
        for backbone in ("resnet18", "resnet50") for variant in ("32s", "16s", "8s")
    },
    "segnet": Reference("SegNet: max unpooling by remembered positions", "semantic", _segnet, _PIXELS),
    "localizer": Reference("class and box of one object, a box a class", "object", _localizer, _PIXELS),
    "localizer-one-box": Reference(
        "class and box of one object, one box for all", "object", partial(_localizer, box_per_class=False), _PIXELS
    ),
    "pose-net": Reference("keypoints of one object by heat maps", "keypoints", _pose, _PIXELS),
    "coordinate-net": Reference("keypoints of one object by coordinates", "keypoints", _coordinates, _PIXELS),
    "sliding-window": Reference(
        "a classifier of windows at every place, in eight sizes", "boxes", _sliding_window,
        {"size": (64, 64), "batch_size": 8, "lr": 3e-3, "train_images": 1500, "val_images": 200},
    ),
    "rcnn": Reference(
        "R-CNN's network on warped proposals, by its softmax", "boxes", _rcnn,
        {"size": (64, 64), "batch_size": 4, "lr": 2e-3, "train_images": 500, "val_images": 200},
    ),
    "fast-rcnn": Reference(
        "Fast R-CNN: one look at the image, RoI pooling, class and box from one loss", "boxes", _fast_rcnn,
        {"size": (64, 64), "batch_size": 2, "lr": 2e-3, "train_images": 500, "val_images": 200},
    ),
    "faster-rcnn": Reference(
        "small Faster R-CNN: proposals of its own, one map at stride 8, RoI Align", "boxes", _faster_rcnn, _REGIONS
    ),
    "yolo": Reference(
        "YOLO: a grid of cells that say class and box at once, no proposals", "boxes", _yolo,
        {"size": (64, 64), "batch_size": 16, "lr": 6e-3, "train_images": 2000, "val_images": 200},
    ),
    "mask-rcnn": Reference("small Mask R-CNN, stride 8, RoI Align", "masks", _mask_rcnn, _REGIONS),
    "mask-rcnn-16-align": Reference(
        "small Mask R-CNN, stride 16, RoI Align", "masks", partial(_mask_rcnn, stride=16), _REGIONS
    ),
    "mask-rcnn-16-pool": Reference(
        "small Mask R-CNN, stride 16, RoI Pool", "masks", partial(_mask_rcnn, stride=16, region="pool"), _REGIONS
    ),
}  # fmt: skip
