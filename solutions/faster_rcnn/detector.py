"""Faster R-CNN whole: one network that proposes regions and says what they are (Ren et al., 2015).

Images become one batch, a backbone looks at them once, the region proposal network and the second stage share what it
saw, and four losses are added up. `fasterrcnn_resnet50_fpn` is torchvision's model of that name: the names of its
parameters are the same, so a state dict of one is a state dict of the other.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn

from solutions.faster_rcnn.backbones import Norm, as_maps, resnet50_pyramid
from solutions.faster_rcnn.regions import RegionHeads, RegionSettings
from solutions.faster_rcnn.resizing import Resizing, Size, resize_boxes
from solutions.faster_rcnn.rpn import ProposalSettings, RegionProposalNetwork
from solutions.require import require_int
from solutions.require_anchors import require_pictures, require_targets

PYRAMID_SIZES = ((32,), (64,), (128,), (256,), (512,))
PYRAMID_RATIOS = ((0.5, 1.0, 2.0),) * 5


class FasterRCNN(nn.Module):
    """Finds objects in images, with torchvision's call and output convention.

    In training `model(images, targets)` returns a dict of four losses: `loss_objectness` and
    `loss_rpn_box_reg` of the proposals, `loss_classifier` and `loss_box_reg` of the regions.
    In evaluation `model(images)` returns a dict an image: `boxes` (n, 4), `labels` (n,) from
    1 and `scores` (n,), best first. Images are a list of (3, H, W) in [0, 1], of any sizes,
    or a batch of them; a target has `boxes` (G, 4) with area and `labels` (G,) from 1,
    both empty where there is nothing.

    `backbone` maps images (N, 3, H, W) to one map or to a dict of maps, the finest first, each
    half the size of the one before, and says in `out_channels` how many channels they have. The
    map called "pool" is for anchors alone. `anchor_sizes` and `aspect_ratios` have an entry for
    each map. What else can be chosen has torchvision's names and defaults; `num_features` is
    the width of the second stage, `roi_…` how a region is cut, and `heads` makes that stage, for
    one who adds a branch to it.

    Raises:
        TypeError: a number that is none.
        ValueError: a number out of range, or anchors that do not fit together.
    """

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        *,
        min_size: int | Sequence[int] = 800,
        max_size: int = 1333,
        image_mean: Sequence[float] = Resizing.mean,
        image_std: Sequence[float] = Resizing.std,
        size_divisible: int = 32,
        anchor_sizes: Sequence[Sequence[float]] = PYRAMID_SIZES,
        aspect_ratios: Sequence[Sequence[float]] = PYRAMID_RATIOS,
        rpn_pre_nms_top_n_train: int = 2000,
        rpn_pre_nms_top_n_test: int = 1000,
        rpn_post_nms_top_n_train: int = 2000,
        rpn_post_nms_top_n_test: int = 1000,
        rpn_nms_thresh: float = 0.7,
        rpn_fg_iou_thresh: float = 0.7,
        rpn_bg_iou_thresh: float = 0.3,
        rpn_batch_size_per_image: int = 256,
        rpn_positive_fraction: float = 0.5,
        rpn_score_thresh: float = 0.0,
        box_score_thresh: float = 0.05,
        box_nms_thresh: float = 0.5,
        box_detections_per_img: int = 100,
        box_fg_iou_thresh: float = 0.5,
        box_bg_iou_thresh: float = 0.5,
        box_batch_size_per_image: int = 512,
        box_positive_fraction: float = 0.25,
        bbox_reg_weights: tuple[float, float, float, float] = RegionSettings.weights,
        num_features: int = 1024,
        roi_output_size: int = 7,
        roi_sampling_ratio: int = 2,
        roi_canonical_size: float = 224,
        roi_canonical_level: int = 4,
        heads: Callable[[int, int, int, RegionSettings], RegionHeads] = RegionHeads,
    ) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=2)
        require_int("size_divisible", size_divisible, least=1)
        shorter = (min_size,) if isinstance(min_size, int) else tuple(min_size)
        for side in (*shorter, max_size):
            require_int("min_size and max_size", side, least=1)
        channels = getattr(backbone, "out_channels", None)
        if not isinstance(channels, int):
            raise ValueError(f"backbone must say its out_channels, an int, got {channels!r}")
        self.resizing = Resizing(shorter, max_size, tuple(image_mean), tuple(image_std), size_divisible)
        self.backbone = backbone
        self.rpn = RegionProposalNetwork(
            channels,
            anchor_sizes,
            aspect_ratios,
            ProposalSettings(
                rpn_pre_nms_top_n_train,
                rpn_pre_nms_top_n_test,
                rpn_post_nms_top_n_train,
                rpn_post_nms_top_n_test,
                rpn_nms_thresh,
                rpn_fg_iou_thresh,
                rpn_bg_iou_thresh,
                rpn_batch_size_per_image,
                rpn_positive_fraction,
                rpn_score_thresh,
            ),
        )
        self.roi_heads = heads(
            channels,
            num_classes,
            num_features,
            RegionSettings(
                box_score_thresh,
                box_nms_thresh,
                box_detections_per_img,
                box_fg_iou_thresh,
                box_bg_iou_thresh,
                box_batch_size_per_image,
                box_positive_fraction,
                bbox_reg_weights,
                roi_output_size,
                roi_sampling_ratio,
                roi_canonical_size,
                roi_canonical_level,
            ),
        )
        self.num_classes = num_classes
        self.register_load_state_dict_pre_hook(_with_new_names)  # type: ignore[no-untyped-call]

    def forward(
        self, images: Sequence[Tensor] | Tensor, targets: Sequence[Mapping[str, Tensor]] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        """Return the losses in training, and the detections of each image in evaluation.

        Raises:
            TypeError: images or boxes that are not floating point, or labels that are not int64.
            ValueError: other shapes, in training not as many targets as images, a box without area, or a label that
                is none of the classes.
        """
        self.check(images, targets)
        if not len(images):
            return {} if self.training else []
        batch, sizes = self.resizing.batch(list(images), self.training)
        originals = [(image.shape[-2], image.shape[-1]) for image in images]
        maps = as_maps(self.backbone(batch))
        cut = [features for name, features in maps.items() if name != "pool"]
        padded = (batch.shape[-2], batch.shape[-1])
        if self.training and targets is not None:
            resized = [self.resize(target, *change) for target, *change in zip(targets, originals, sizes, strict=True)]
            proposals, losses = self.rpn(list(maps.values()), padded, sizes, resized)
            return {**self.roi_heads.losses(cut, proposals, sizes, resized), **losses}
        proposals, _ = self.rpn(list(maps.values()), padded, sizes)
        found = self.roi_heads.detect(cut, proposals, sizes)
        return [self.restore(own, *change) for own, *change in zip(found, sizes, originals, strict=True)]

    def check(self, images: Sequence[Tensor] | Tensor, targets: Sequence[Mapping[str, Tensor]] | None) -> None:
        """Raise where `forward` says so."""
        require_pictures(images)
        if self.training:
            require_targets(targets, len(images), self.num_classes)

    def resize(self, target: Mapping[str, Tensor], before: Size, after: Size) -> dict[str, Tensor]:
        """Return the target of an image of size `before`, (H, W), for one of size `after`."""
        return {"boxes": resize_boxes(target["boxes"], before, after), "labels": target["labels"]}

    def restore(self, detections: Mapping[str, Tensor], before: Size, after: Size) -> dict[str, Tensor]:
        """Return the detections in an image of size `before`, the resized one's, for the original, of size `after`."""
        return {**detections, "boxes": resize_boxes(detections["boxes"], before, after)}


def fasterrcnn_resnet50_fpn(
    num_classes: int = 91, *, norm: Norm = nn.BatchNorm2d, trainable_backbone_layers: int = 5, **options: object
) -> FasterRCNN:
    """Return a Faster R-CNN over a ResNet-50 with a pyramid, with the parameters of torchvision's model of that name.

    It loads that model's state dict, and gives its outputs and losses. `options` are those of
    `FasterRCNN`. torchvision's weights from COCO are made for `norm=partial(FrozenBatchNorm2d,
    eps=0.0)` and three trainable layers; its model without weights has what is the default here.

    Raises:
        ValueError: other than 0 to 5 trainable layers, or an option out of range.
    """
    return FasterRCNN(resnet50_pyramid(norm, trainable_backbone_layers), num_classes, **options)  # type: ignore[arg-type]


_OLD_NAME = re.compile(r"(rpn\.head\.conv|fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$")


def _with_new_names(module: nn.Module, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
    """Rename what has its name from before torchvision 0.13, as the published weights from COCO have."""
    for name in list(state):
        if match := _OLD_NAME.search(name):
            inner = "0.0" if match[1].endswith("conv") else "0"
            state[f"{name[: match.start()]}{match[1]}.{inner}.{match[2]}"] = state.pop(name)
