"""Mask R-CNN and Keypoint R-CNN whole against torchvision's: the same state dict, the same outputs, the same losses."""

import re
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.detection import MaskRCNN as TorchvisionsMaskRCNN
from torchvision.models.detection import keypointrcnn_resnet50_fpn as torchvisions_keypoints
from torchvision.models.detection import maskrcnn_resnet50_fpn as torchvisions_masks
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

from solutions.faster_rcnn import PyramidBackbone
from solutions.mask_rcnn import MaskRCNN, keypointrcnn_resnet50_fpn, maskrcnn_resnet50_fpn
from solutions.mask_rcnn.detector import resize_keypoints, resize_masks
from tests.sentences import assert_error_tells
from tests.solutions.faster_rcnn.test_detector import SIZES, Stairs, images_of, make_decided, settle, targets_of

Targets = list[dict[str, Tensor]]
LOSSES = {"loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg"}
JOINTS = 3


def small_pair(keypoints: bool, **options: Any) -> tuple[MaskRCNN, TorchvisionsMaskRCNN]:
    """Return ours and torchvision's small Mask R-CNN, where asked with keypoints as well, with the same weights.

    With keypoints it is another seed, since not every one will do: where two scores are the same, torchvision
    leaves the order to a sort that is not stable.
    """
    torch.manual_seed(int(keypoints))
    layers = {f"layer{number}": str(number - 1) for number in range(1, 5)}
    backbone = BackboneWithFPN(Stairs(), layers, list(Stairs.channels), 16)
    anchors = AnchorGenerator(SIZES, ((0.5, 1.0, 2.0),) * 5)
    options = {"min_size": 96, "max_size": 128, "box_detections_per_img": 20, **options}
    theirs = TorchvisionsMaskRCNN(backbone, 5, rpn_anchor_generator=anchors, **options)
    theirs.roi_heads.mask_head = MaskRCNNHeads(16, (12, 10), 1)
    theirs.roi_heads.mask_predictor = MaskRCNNPredictor(10, 10, 5)
    if keypoints:
        theirs.roi_heads.keypoint_roi_pool = MultiScaleRoIAlign(["0", "1", "2", "3"], 14, 2)
        theirs.roi_heads.keypoint_head = KeypointRCNNHeads(16, (12, 8))
        theirs.roi_heads.keypoint_predictor = KeypointRCNNPredictor(8, JOINTS)
    ours = MaskRCNN(
        PyramidBackbone(Stairs(), Stairs.channels, 16),
        5,
        mask_layers=(12, 10),
        num_keypoints=JOINTS if keypoints else None,
        keypoint_layers=(12, 8),
        anchor_sizes=SIZES,
        **options,
    )
    make_decided(theirs)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    return ours, theirs


def drawn_targets(images: list[Tensor], *counts: int) -> Targets:
    """Return some objects an image, with blots for masks and keypoints in and about their boxes, some absent."""
    targets = targets_of(*counts)
    generator = torch.Generator().manual_seed(4)
    for number, (image, target) in enumerate(zip(images, targets, strict=True)):
        corner, far = target["boxes"][:, :2], target["boxes"][:, 2:]
        kind = (torch.bool, torch.uint8)[number % 2]
        target["masks"] = (torch.rand(len(corner), *image.shape[1:], generator=generator) < 0.6).to(kind)
        places = corner[:, None] + (far - corner)[:, None] * (
            torch.rand(len(corner), JOINTS, 2, generator=generator) * 1.2 - 0.1
        )
        visible = torch.randint(3, (len(corner), JOINTS, 1), generator=generator)
        target["keypoints"] = torch.cat([places, visible], dim=2)
    return targets


def assert_same_detections(ours: nn.Module, theirs: nn.Module, images: list[Tensor], tolerance: float) -> None:
    with torch.no_grad():
        found, expected = ours.eval()(images), theirs.eval()(images)
    for image, own, other in zip(images, found, expected, strict=True):
        assert len(other["boxes"]) >= 5  # or there is nothing to compare
        assert set(own) == set(other)
        assert torch.equal(own["labels"], other["labels"])
        for name, smallest in (("boxes", 1.0), ("scores", 0.01), ("masks", 0.1), ("keypoints", 1.0)):
            if name in other:
                torch.testing.assert_close(
                    own[name], other[name], rtol=0, atol=tolerance * smallest, check_dtype=name != "keypoints"
                )
        if "masks" in other:
            assert own["masks"].shape == (len(own["boxes"]), 1, *image.shape[1:])
        if "keypoints" in other:
            torch.testing.assert_close(own["keypoints_scores"], other["keypoints_scores"], rtol=1e-4, atol=1e-4)


def assert_same_losses(ours: nn.Module, theirs: nn.Module, images: list[Tensor], targets: Targets) -> set[str]:
    """Assert that losses, gradients and what chance does next agree, and return what the losses are called.

    In double precision: in single, two of some thousand scores are equal now and then, and torchvision leaves
    the order of those to a sort that is not stable.
    """
    found = []
    images = [image.double() for image in images]
    for model in (ours.double().train(), theirs.double().train()):
        torch.manual_seed(3)
        losses = model(images, targets)
        model.zero_grad()
        sum(losses.values()).backward()
        gradients = {name: x.grad for name, x in model.named_parameters() if x.grad is not None}
        found.append(({name: loss.detach() for name, loss in losses.items()}, gradients, torch.rand(())))
    (losses, gradients, following), (expected, their_gradients, their_following) = found
    torch.testing.assert_close(losses, expected, rtol=1e-5, atol=1e-5, check_dtype=False)
    assert following == their_following  # as many random numbers were taken
    assert set(gradients) == set(their_gradients)
    for name, gradient in gradients.items():
        most = float(their_gradients[name].abs().max())  # nothing but rounding for a bias in front of a softmax
        torch.testing.assert_close(gradient, their_gradients[name], rtol=0, atol=most * 1e-3 + 1e-6)
    return set(losses)


@pytest.mark.parametrize("keypoints", [False, True])
@pytest.mark.parametrize("sizes", [[(60, 80)], [(96, 96), (75, 140), (200, 70)]])
def test_masks_and_keypoints_are_torchvisions(sizes: list[tuple[int, int]], keypoints: bool) -> None:
    ours, theirs = small_pair(keypoints)
    images = images_of(*sizes)
    before = [image.clone() for image in images]
    assert_same_detections(ours, theirs, images, 1e-3)
    assert all(torch.equal(*pair) for pair in zip(images, before, strict=True))


def test_in_double_precision_they_are_the_same_to_a_millionth() -> None:
    ours, theirs = small_pair(keypoints=False)
    images = images_of((70, 90), (96, 64), dtype=torch.float64)
    assert_same_detections(ours.double(), theirs.double(), images, 1e-6)


@pytest.mark.parametrize("counts", [(3, 1), (2, 0), (0, 0)])
@pytest.mark.parametrize("keypoints", [False, True])
def test_losses_and_gradients_are_torchvisions(counts: tuple[int, int], keypoints: bool) -> None:
    ours, theirs = small_pair(keypoints)
    images = images_of((60, 90), (100, 72))
    targets = drawn_targets(images, *counts)
    before = [{name: x.clone() for name, x in target.items()} for target in targets]
    names = assert_same_losses(ours, theirs, images, targets)
    assert names == LOSSES | {"loss_mask"} | ({"loss_keypoint"} if keypoints else set())
    torch.testing.assert_close(targets, before, rtol=0, atol=0)


def test_where_nothing_is_found_there_are_no_masks_and_no_keypoints() -> None:
    ours, _ = small_pair(keypoints=True, box_score_thresh=1.0)
    (found,) = ours.eval()(images_of((60, 80)))
    assert found["masks"].shape == (0, 1, 60, 80)
    assert found["keypoints"].shape == (0, JOINTS, 3)
    assert found["keypoints_scores"].shape == (0, JOINTS)
    assert ours([]) == []


@pytest.mark.slow
@pytest.mark.compute
@pytest.mark.parametrize("keypoints", [False, True])
def test_the_models_with_a_resnet_50_load_torchvisions_state_and_give_its_numbers(keypoints: bool) -> None:
    torch.manual_seed(0)
    options: dict[str, Any] = {"min_size": 96, "max_size": 128, "box_score_thresh": 0.1, "box_detections_per_img": 10}
    ours: nn.Module
    if keypoints:
        theirs = torchvisions_keypoints(
            weights=None, weights_backbone=None, num_classes=5, num_keypoints=JOINTS, **options
        )
        ours = keypointrcnn_resnet50_fpn(5, JOINTS, **options)
    else:
        theirs = torchvisions_masks(weights=None, weights_backbone=None, num_classes=5, **options)
        ours = maskrcnn_resnet50_fpn(5, **options)
    make_decided(theirs)
    settle(theirs)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    images = images_of((60, 80), (110, 70))
    assert_same_detections(ours, theirs, images, 1e-3)
    names = assert_same_losses(ours, theirs, images, drawn_targets(images, 3, 0))
    assert names == LOSSES | {"loss_keypoint" if keypoints else "loss_mask"}


def test_without_choices_the_models_are_those_of_coco() -> None:
    with torch.device("meta"):
        for ours, theirs in (
            (maskrcnn_resnet50_fpn(), torchvisions_masks(weights=None, weights_backbone=None)),
            (keypointrcnn_resnet50_fpn(), torchvisions_keypoints(weights=None, weights_backbone=None)),
        ):
            shapes, expected = ({name: x.shape for name, x in model.state_dict().items()} for model in (ours, theirs))
            assert shapes == expected
            assert ours.resizing.min_size == theirs.transform.min_size


def test_names_from_before_torchvision_0_13_load_as_well() -> None:
    ours, theirs = small_pair(keypoints=False)
    state = theirs.state_dict()
    old = {
        re.sub(r"mask_head\.(\d)\.0", lambda it: f"mask_head.mask_fcn{int(it[1]) + 1}", name): x + 1
        for name, x in state.items()
    }
    assert {"roi_heads.mask_head.mask_fcn1.weight", "roi_heads.mask_head.mask_fcn2.bias"} <= set(old)
    ours.load_state_dict(old, strict=True)
    assert all(torch.equal(x, state[name] + 1) for name, x in ours.state_dict().items())


@pytest.mark.parametrize(("full", "kind"), [(1, torch.bool), (1, torch.uint8), (0.5, torch.float64)])
def test_masks_and_keypoints_go_with_their_image(full: float, kind: torch.dtype) -> None:
    masks = torch.tensor([[[full, 0], [full, full]]]).to(kind)
    rows = resize_masks(masks, (4, 3))[0].tolist()  # the middle column stands between two, and takes the first
    assert rows == [[full, full, 0], [full, full, 0], [full, full, full], [full, full, full]]
    keypoints = torch.tensor([[[2.0, 1.0, 2.0]]], dtype=torch.float64)
    assert resize_keypoints(keypoints, (4, 8), (8, 4)).tolist() == [[[1.0, 2.0, 2.0]]]


def backbone() -> nn.Module:
    return PyramidBackbone(Stairs(), Stairs.channels, 8)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"masks": "tanh"}, ValueError, ("masks", "sigmoid", "tanh")),
        ({"region": "crop"}, ValueError, ("region", "align", "crop")),
        ({"masks": None}, ValueError, ("masks", "num_keypoints")),
        ({"num_keypoints": 0}, ValueError, ("num_keypoints", "0")),
        ({"num_keypoints": 2.0}, TypeError, ("num_keypoints", "2.0")),
    ],
)
def test_an_error_names_what_is_wrong_with_a_choice(
    options: dict[str, Any], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: MaskRCNN(backbone(), 3, anchor_sizes=SIZES, **options))


def test_roi_pool_asks_for_a_single_map() -> None:
    model = MaskRCNN(backbone(), 3, anchor_sizes=SIZES, region="pool", min_size=64, mask_layers=(4,))
    assert_error_tells(ValueError, ("region", "align", "4"), lambda: model.eval()(images_of((64, 64))))


@pytest.mark.parametrize(
    ("key", "value", "error", "words"),
    [
        ("masks", None, ValueError, ("targets[1]", "masks", "boxes")),
        ("keypoints", None, ValueError, ("targets[1]", "keypoints")),
        ("masks", torch.zeros(2, 60, 90), ValueError, ("targets[1]['masks']", "(2, 100, 72)", "(2, 60, 90)")),
        ("masks", torch.zeros(2, 100, 72).long(), TypeError, ("targets[1]['masks']", "int64")),
        ("keypoints", torch.zeros(2, 4, 3), ValueError, ("targets[1]['keypoints']", "(2, 3, 3)", "(2, 4, 3)")),
        ("keypoints", torch.zeros(2, 3, 3).long(), TypeError, ("targets[1]['keypoints']", "int64")),
        ("labels", torch.tensor([1, 5]), ValueError, ("targets[1]['labels']", "5")),
    ],
)
def test_an_error_names_what_is_wrong_with_a_target(
    key: str, value: Tensor | None, error: type[Exception], words: tuple[str, ...]
) -> None:
    ours, _ = small_pair(keypoints=True)
    images = images_of((60, 90), (100, 72))
    targets = drawn_targets(images, 1, 2)
    del targets[1][key]
    if value is not None:
        targets[1][key] = value
    assert_error_tells(error, words, lambda: ours(images, targets))
