"""The small Mask R-CNN: torchvision's parts with the same numbers, and what its choices change."""

import itertools
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.models.detection import MaskRCNN as TorchvisionsMaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign, roi_pool

from solutions.faster_rcnn import SmallBackbone
from solutions.faster_rcnn.backbones import Stride
from solutions.mask_rcnn import BranchedHeads, competing_mask_loss, small_mask_rcnn
from solutions.mask_rcnn.branches import Activation, Region
from tests.sentences import assert_error_tells
from tests.solutions.faster_rcnn.test_detector import images_of, make_decided
from tests.solutions.mask_rcnn.test_detector import (
    JOINTS,
    LOSSES,
    assert_same_detections,
    assert_same_losses,
    drawn_targets,
)


class Pool(MultiScaleRoIAlign):  # type: ignore[misc]
    """Torchvision's RoI Pool on one map, where its Mask R-CNN asks for a `MultiScaleRoIAlign`."""

    def __init__(self, side: int, stride: int) -> None:
        super().__init__(["0"], side, 2)
        self.stride = stride

    def forward(self, maps: dict[str, Tensor], boxes: list[Tensor], sizes: list[tuple[int, int]]) -> Tensor:
        pooled: Tensor = roi_pool(maps["0"], boxes, self.output_size, 1 / self.stride)
        return pooled


@pytest.mark.parametrize(("stride", "region"), [(8, "align"), (16, "align"), (8, "pool"), (16, "pool")])
def test_it_is_what_torchvisions_parts_make_of_the_same_numbers(stride: Stride, region: Region) -> None:
    torch.manual_seed(2)  # some seeds give two proposals the same score, and torchvision's order is then by chance
    cut = [Pool(side, stride) if region == "pool" else MultiScaleRoIAlign(["0"], side, 2) for side in (7, 14)]
    theirs = TorchvisionsMaskRCNN(
        SmallBackbone(stride), min_size=96, max_size=384,
        rpn_anchor_generator=AnchorGenerator(((16, 24, 36, 54, 80),), ((0.5, 1.0, 2.0),)),
        rpn_pre_nms_top_n_train=400, rpn_post_nms_top_n_train=200, rpn_pre_nms_top_n_test=300,
        rpn_post_nms_top_n_test=60, rpn_batch_size_per_image=64, box_batch_size_per_image=48,
        box_detections_per_img=30, box_roi_pool=cut[0], box_head=TwoMLPHead(64 * 49, 128),
        box_predictor=FastRCNNPredictor(128, 5), mask_roi_pool=cut[1], mask_head=MaskRCNNHeads(64, (32, 32), 1),
        mask_predictor=MaskRCNNPredictor(32, 32, 5),
    )  # fmt: skip
    ours = small_mask_rcnn(5, stride=stride, region=region)
    make_decided(theirs)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    images = images_of((96, 96), (72, 110))
    assert_same_detections(ours, theirs, images, 1e-3)
    assert assert_same_losses(ours, theirs, images, drawn_targets(images, 3, 0)) == LOSSES | {"loss_mask"}


def test_competing_masks_are_shares_of_one_in_every_cell() -> None:
    torch.manual_seed(0)
    found = {}
    activations: tuple[Activation, ...] = ("sigmoid", "softmax")
    for masks in activations:
        heads = small_mask_rcnn(3, masks=masks).eval().roi_heads
        assert isinstance(heads, BranchedHeads)
        box, last = heads.box_predictor, heads.mask_predictor.mask_fcn_logits
        with torch.no_grad():
            for layer in (box.bbox_pred, box.cls_score, last):  # each class has the proposal, and a third of the score
                for parameter in layer.parameters():
                    parameter.zero_()
            last.load_state_dict({"weight": last.weight, "bias": torch.tensor([1.0, 3.0, 4.0]).log()})
            (own,) = heads.detect([torch.randn(1, 64, 12, 12)], [torch.tensor([[8.0, 8.0, 80.0, 64.0]])], [(96, 96)])
        assert own["masks"].shape == (2, 1, 28, 28)
        found[masks] = {label.item(): mask[0, 0, 0] for label, mask in zip(own["labels"], own["masks"], strict=True)}
    assert found["sigmoid"] == {1: pytest.approx(3 / 4), 2: pytest.approx(4 / 5)}
    assert found["softmax"] == {1: pytest.approx(3 / 8), 2: pytest.approx(4 / 8)}


def test_the_loss_of_competing_masks_by_torchs_cross_entropy() -> None:
    generator = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(3, 4, 2, 2, generator=generator, dtype=torch.float64), torch.tensor([3, 1, 2])
    targets = torch.tensor([[0.0, 0.25], [0.5, 1.0]], dtype=torch.float64).expand(3, 2, 2)
    cells = [  # in the second row the object fills half of each cell or more
        F.cross_entropy(logits[region, :, row, column], labels[region] * row)
        for region, row, column in itertools.product(range(3), range(2), range(2))
    ]
    torch.testing.assert_close(competing_mask_loss(logits, labels, targets), torch.stack(cells).mean())
    nothing = competing_mask_loss(logits[:0].requires_grad_(), labels[:0], targets[:0])
    assert nothing.item() == 0
    assert nothing.requires_grad


@pytest.mark.parametrize(
    "choices", [{"num_keypoints": JOINTS}, {"masks": None, "num_keypoints": JOINTS}, {"masks": "softmax"}]
)
def test_every_choice_learns_and_finds(choices: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model = small_mask_rcnn(5, image_size=64, **choices)
    images = images_of((64, 80), (64, 64))
    losses = model(images, drawn_targets(images, 2, 0))
    sum(losses.values()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    (found, _) = model.eval()(images)
    drawn = {"masks"} if choices.get("masks", "sigmoid") else set()
    joints = {"keypoints", "keypoints_scores"} if "num_keypoints" in choices else set()
    assert set(found) == {"boxes", "labels", "scores"} | drawn | joints


def test_what_is_drawn_is_float32_under_bfloat16() -> None:
    torch.manual_seed(0)
    model = small_mask_rcnn(5, image_size=64, num_keypoints=JOINTS).eval()
    make_decided(model)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        (found,) = model(images_of((64, 64)))
    assert len(found["boxes"])
    assert {found[name].dtype for name in ("boxes", "masks", "keypoints", "keypoints_scores")} == {torch.float32}


def test_what_it_cannot_be_is_said() -> None:
    assert_error_tells(ValueError, ("stride", "8 or 16", "4"), lambda: small_mask_rcnn(5, stride=4))  # type: ignore[arg-type]
    assert_error_tells(ValueError, ("region", "pool", "crop"), lambda: small_mask_rcnn(5, region="crop"))  # type: ignore[arg-type]
    assert_error_tells(ValueError, ("num_classes", "2", "1"), lambda: small_mask_rcnn(1))
    assert_error_tells(TypeError, ("image_size", "int", "96.0"), lambda: small_mask_rcnn(5, image_size=96.0))  # type: ignore[arg-type]
