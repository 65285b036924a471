"""The small detector against torchvision's parts with the same numbers, and what it says of odd pictures."""

import pytest
import torch
from torch import Tensor
from torchvision.models.detection import FasterRCNN as TorchvisionsFasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign

from solutions.faster_rcnn import FasterRCNN, SmallBackbone, small_faster_rcnn
from solutions.faster_rcnn.backbones import Stride
from tests.sentences import assert_error_tells
from tests.solutions.faster_rcnn.test_detector import (
    assert_same_detections,
    assert_same_losses,
    images_of,
    make_decided,
    targets_of,
)


def pair(stride: Stride) -> tuple[FasterRCNN, TorchvisionsFasterRCNN]:
    """Return our small detector, and the same of torchvision's parts, with the same weights."""
    torch.manual_seed(0)
    theirs = TorchvisionsFasterRCNN(
        SmallBackbone(stride), min_size=96, max_size=384,
        rpn_anchor_generator=AnchorGenerator(((16, 24, 36, 54, 80),), ((0.5, 1.0, 2.0),)),
        rpn_pre_nms_top_n_train=400, rpn_post_nms_top_n_train=200, rpn_pre_nms_top_n_test=300,
        rpn_post_nms_top_n_test=60, rpn_batch_size_per_image=64, box_batch_size_per_image=48,
        box_detections_per_img=30, box_roi_pool=MultiScaleRoIAlign(["0"], 7, 2),
        box_head=TwoMLPHead(64 * 49, 128), box_predictor=FastRCNNPredictor(128, 5),
    )  # fmt: skip
    ours = small_faster_rcnn(5, stride=stride)
    make_decided(theirs)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    return ours, theirs


@pytest.mark.parametrize("stride", [8, 16])
def test_it_is_what_torchvisions_parts_make_of_the_same_numbers(stride: Stride) -> None:
    ours, theirs = pair(stride)
    images = images_of((96, 96), (72, 110))
    assert_same_detections(ours, theirs, images, 1e-3)
    assert_same_losses(ours, theirs, images, targets_of(3, 0), 1e-4)


@pytest.mark.parametrize(("stride", "size"), [(8, (6, 8)), (16, (3, 4))])
def test_its_backbone_has_its_stride_and_the_same_parameters(stride: Stride, size: tuple[int, int]) -> None:
    backbone = SmallBackbone(stride)
    assert backbone(torch.rand(1, 3, 48, 64)).shape == (1, 64, *size)
    assert sum(p.numel() for p in backbone.parameters()) == sum(p.numel() for p in SmallBackbone(8).parameters())


def test_it_proposes_200_regions_while_it_learns_and_60_afterwards() -> None:
    torch.manual_seed(0)
    model = small_faster_rcnn(5, image_size=64)
    maps, sizes = [torch.randn(1, 64, 16, 16)], [(128, 128)]
    assert len(model.rpn(maps, (128, 128), sizes)[0][0]) == 200
    assert len(model.eval().rpn(maps, (128, 128), sizes)[0][0]) == 60


def test_boxes_are_float32_under_bfloat16() -> None:
    ours, _ = pair(8)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = ours.eval()(images_of((96, 96)))
    boxes: Tensor = found[0]["boxes"]  # type: ignore[index]
    assert len(boxes)
    assert boxes.dtype == torch.float32
    assert not torch.equal(boxes, boxes.bfloat16().float())


def test_what_it_cannot_be_is_said() -> None:
    assert_error_tells(ValueError, ("stride", "8 or 16", "4"), lambda: small_faster_rcnn(5, stride=4))  # type: ignore[arg-type]
    assert_error_tells(ValueError, ("num_classes", "2", "1"), lambda: small_faster_rcnn(1))
    assert_error_tells(TypeError, ("image_size", "int", "96.0"), lambda: small_faster_rcnn(5, image_size=96.0))  # type: ignore[arg-type]
