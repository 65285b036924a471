"""Faster R-CNN whole against torchvision's: the same state dict, the same outputs, the same losses."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN as TorchvisionsFasterRCNN
from torchvision.models.detection import fasterrcnn_resnet50_fpn as torchvisions
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.ops import FeaturePyramidNetwork, FrozenBatchNorm2d, MultiScaleRoIAlign
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from solutions.faster_rcnn import (
    FasterRCNN,
    FeaturePyramid,
    PyramidBackbone,
    fasterrcnn_resnet50_fpn,
)
from solutions.faster_rcnn import FrozenBatchNorm2d as Frozen
from solutions.faster_rcnn.regions import cut_regions
from tests.sentences import assert_error_tells

Targets = list[dict[str, Tensor]]


class Stairs(nn.Module):
    """A body of four convolutions with strides 4, 2, 2 and 2, whose layers have the names of a ResNet's."""

    channels = (8, 12, 16, 20)

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(3, 8, 7, 4, padding=3), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Conv2d(8, 12, 3, 2, padding=1), nn.ReLU())
        self.layer3 = nn.Sequential(nn.Conv2d(12, 16, 3, 2, padding=1), nn.ReLU())
        self.layer4 = nn.Sequential(nn.Conv2d(16, 20, 3, 2, padding=1), nn.ReLU())

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            maps.append(x)
        return maps


SIZES = ((8,), (16,), (32,), (64,), (96,))


def small_pair(seed: int = 0, **options: object) -> tuple[FasterRCNN, TorchvisionsFasterRCNN]:
    """Return ours and torchvision's small detector with the same weights, which say something about every image."""
    torch.manual_seed(seed)
    layers = {f"layer{number}": str(number - 1) for number in range(1, 5)}
    backbone = BackboneWithFPN(Stairs(), layers, list(Stairs.channels), 16)
    anchors = AnchorGenerator(SIZES, ((0.5, 1.0, 2.0),) * 5)
    options = {"min_size": 96, "max_size": 128, **options}
    theirs = TorchvisionsFasterRCNN(backbone, 5, rpn_anchor_generator=anchors, **options)
    ours = FasterRCNN(PyramidBackbone(Stairs(), Stairs.channels, 16), 5, anchor_sizes=SIZES, **options)  # type: ignore[arg-type]
    make_decided(theirs)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def make_decided(model: nn.Module) -> None:
    """Scale what the heads say until objectness, classes and deltas differ clearly from place to place.

    Logits stay below ten: where the sigmoid is 1 in single precision, scores are equal, and
    torchvision then leaves the order of the proposals to a sort that is not stable.
    """
    scales = {"rpn.head.cls_logits.weight": 1.2, "roi_heads.box_predictor.cls_score.weight": 6.0}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith(("rpn.head", "roi_heads")) and name.endswith("weight"):
                parameter.copy_(torch.randn_like(parameter) * parameter[0].numel() ** -0.5 * scales.get(name, 1.5))


def images_of(*sizes: tuple[int, int], dtype: torch.dtype = torch.float32) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.rand(3, *size, generator=generator).to(dtype) for size in sizes]


def targets_of(*counts: int) -> Targets:
    """Return some objects an image, in images of at least 60 × 60 pixels."""
    generator = torch.Generator().manual_seed(2)
    targets = []
    for count in counts:
        corner, sides = (torch.rand(count, 2, generator=generator) * most for most in (30, 25))
        boxes = torch.cat([corner, corner + sides + 4], dim=1)
        targets.append({"boxes": boxes, "labels": torch.randint(1, 5, (count,), generator=generator)})
    return targets


def assert_same_detections(ours: nn.Module, theirs: nn.Module, images: list[Tensor], tolerance: float) -> None:
    with torch.no_grad():
        found, expected = ours.eval()(images), theirs.eval()(images)
    assert len(found) == len(expected)
    for own, other in zip(found, expected, strict=True):
        assert len(other["boxes"]) >= 5  # or there is nothing to compare
        assert torch.equal(own["labels"], other["labels"])
        torch.testing.assert_close(own["boxes"], other["boxes"], rtol=0, atol=tolerance)
        torch.testing.assert_close(own["scores"], other["scores"], rtol=0, atol=tolerance / 100)


def assert_same_losses(
    ours: nn.Module, theirs: nn.Module, images: list[Tensor], targets: Targets, tolerance: float
) -> None:
    """Compare in double precision: in single, two of some thousand scores are equal now and then.

    torchvision leaves the order of those to a sort that is not stable, and a proposal that
    stands elsewhere is drawn, or not.
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
    assert set(losses) == {"loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg"}
    torch.testing.assert_close(losses, expected, rtol=tolerance, atol=tolerance, check_dtype=False)
    assert all(loss > 0 for loss in losses.values())
    assert following == their_following  # as many random numbers were taken
    assert set(gradients) == set(their_gradients)
    for name, gradient in gradients.items():
        most = their_gradients[name].abs().max()
        torch.testing.assert_close(gradient, their_gradients[name], rtol=0, atol=float(most) * tolerance * 100)


@pytest.mark.parametrize("sizes", [[(60, 80)], [(96, 96), (75, 140), (200, 70)]])
def test_detections_are_torchvisions(sizes: list[tuple[int, int]]) -> None:
    ours, theirs = small_pair()
    images = images_of(*sizes)
    before = [image.clone() for image in images]
    assert_same_detections(ours, theirs, images, 1e-3)
    assert all(torch.equal(*pair) for pair in zip(images, before, strict=True))


def test_in_double_precision_they_are_the_same_to_a_millionth() -> None:
    ours, theirs = small_pair(seed=1)
    images = images_of((70, 90), (96, 64), dtype=torch.float64)
    assert_same_detections(ours.double(), theirs.double(), images, 1e-6)


def test_every_option_means_what_it_means_in_torchvision() -> None:
    options = {
        "min_size": (80, 96), "image_mean": [0.4, 0.5, 0.6], "image_std": [0.3, 0.2, 0.1],
        "rpn_pre_nms_top_n_test": 150, "rpn_post_nms_top_n_test": 40, "rpn_nms_thresh": 0.5, "rpn_score_thresh": 0.4,
        "rpn_pre_nms_top_n_train": 120, "rpn_post_nms_top_n_train": 60, "rpn_fg_iou_thresh": 0.6,
        "rpn_bg_iou_thresh": 0.2, "rpn_batch_size_per_image": 64, "rpn_positive_fraction": 0.25,
        "box_score_thresh": 0.2, "box_nms_thresh": 0.3, "box_detections_per_img": 7, "box_fg_iou_thresh": 0.6,
        "box_bg_iou_thresh": 0.4, "box_batch_size_per_image": 32, "box_positive_fraction": 0.5,
        "bbox_reg_weights": (8.0, 9.0, 4.0, 3.0),
    }  # fmt: skip
    ours, theirs = small_pair(**options)
    images = images_of((80, 100), (66, 66))
    assert_same_detections(ours, theirs, images, 1e-3)
    assert_same_losses(ours, theirs, images, targets_of(3, 2), 1e-5)


@pytest.mark.parametrize("counts", [(3, 1), (2, 0), (1, 4)])
def test_losses_and_gradients_are_torchvisions(counts: tuple[int, int]) -> None:
    ours, theirs = small_pair()
    targets = targets_of(*counts)
    before = [{name: x.clone() for name, x in target.items()} for target in targets]
    assert_same_losses(ours, theirs, images_of((60, 90), (100, 72)), targets, 1e-5)
    torch.testing.assert_close(targets, before, rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.compute
@pytest.mark.parametrize("frozen", [False, True])
def test_the_model_with_a_resnet_50_loads_torchvisions_state_and_gives_its_numbers(frozen: bool) -> None:
    torch.manual_seed(0)
    options = {"num_classes": 5, "min_size": 96, "max_size": 128, "box_score_thresh": 0.1}
    theirs = torchvisions(weights=None, weights_backbone=None, **options)
    norm: Callable[[int], nn.Module] = nn.BatchNorm2d
    if frozen:
        norm = partial(Frozen, eps=1e-5)
        freeze(theirs)
    ours = fasterrcnn_resnet50_fpn(norm=norm, **options)  # type: ignore[arg-type]
    make_decided(theirs)
    settle(theirs)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    images = images_of((60, 80), (110, 70))
    assert_same_detections(ours, theirs, images, 1e-3)
    assert_same_losses(ours, theirs, images, targets_of(3, 0), 1e-5)


def freeze(model: nn.Module) -> None:
    """Put torchvision's frozen normalisation in the place of the other."""
    for name, child in model.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(model, name, FrozenBatchNorm2d(child.num_features))
        freeze(child)


def settle(model: nn.Module) -> None:
    """Make the last normalisation of each block small, so that fifty layers of random weights stay in range."""
    with torch.no_grad():
        for name, values in model.state_dict().items():
            if name.endswith("bn3.weight"):
                values.fill_(0.2)


def test_names_from_before_torchvision_0_13_load_as_well() -> None:
    ours, theirs = small_pair()
    old = {
        name.replace("conv.0.0.", "conv.").replace("blocks.0.0.", "blocks.0.").replace("blocks.3.0.", "blocks.3."): x
        + 1
        for name, x in theirs.state_dict().items()
    }
    assert "rpn.head.conv.weight" in old
    ours.load_state_dict(old, strict=True)
    torch.testing.assert_close(ours.rpn.head.conv[0][0].weight, theirs.rpn.head.conv[0][0].weight + 1)


def test_frozen_normalisation_is_that_of_a_layer_in_evaluation() -> None:
    torch.manual_seed(0)
    layer = nn.BatchNorm2d(4)
    layer(torch.randn(8, 4, 5, 5) * 3 + 1)
    frozen = Frozen(4)
    frozen.load_state_dict(layer.state_dict(), strict=True)
    x = torch.randn(2, 4, 3, 5)
    torch.testing.assert_close(frozen(x), layer.eval()(x))
    assert not list(frozen.parameters())


def test_the_pyramid_is_torchvisions_for_maps_of_any_size() -> None:
    torch.manual_seed(0)
    theirs = FeaturePyramidNetwork([4, 6, 8], 5, LastLevelMaxPool())
    ours = FeaturePyramid([4, 6, 8], 5)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    maps = [torch.randn(2, 4, 15, 22), torch.randn(2, 6, 8, 11), torch.randn(2, 8, 4, 6)]
    expected = theirs({str(number): features for number, features in enumerate(maps)})
    torch.testing.assert_close(ours(maps), list(expected.values()))


def test_regions_are_cut_from_the_maps_that_torchvision_cuts_them_from() -> None:
    generator = torch.Generator().manual_seed(0)
    maps = [torch.randn(2, 3, 128 // 2**k, 160 // 2**k, generator=generator) for k in (2, 3, 4, 5)]
    sides = torch.tensor([8.0, 50, 111, 112, 223, 224, 400, 448, 700])  # over all levels, and outside of the image
    boxes = [torch.stack([sides * 0, sides * 0 + 3, sides, sides + 3], dim=1), torch.rand(0, 4)]
    pool = MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2)
    shapes = [(100, 160), (128, 90)]
    expected = pool({str(number): features for number, features in enumerate(maps)}, boxes, shapes)
    torch.testing.assert_close(cut_regions(maps, boxes, shapes, 7), expected)


class OneMap(nn.Module):
    """A backbone with a single map at stride 8."""

    out_channels = 8

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Conv2d(3, 8, 8, 8)

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.layers(x)
        return features


def test_any_backbone_will_do_and_empty_batches_too() -> None:
    torch.manual_seed(0)
    model = FasterRCNN(OneMap(), 3, min_size=64, anchor_sizes=[(16, 32)], aspect_ratios=[(1.0,)], num_features=16)
    losses = model(torch.rand(2, 3, 64, 64), targets_of(0, 0))
    assert isinstance(losses, dict)
    assert losses["loss_rpn_box_reg"] == losses["loss_box_reg"] == 0
    sum(losses.values()).backward()  # type: ignore[union-attr]
    assert model([], []) == {}
    model.eval()
    assert model([]) == []
    (found,) = model(torch.rand(1, 3, 64, 64))
    assert found["boxes"].shape[1:] == (4,)


IMAGE, TARGET = torch.rand(3, 64, 64), {"boxes": torch.tensor([[0.0, 0, 9, 9]]), "labels": torch.tensor([1])}


@pytest.mark.parametrize(
    ("images", "targets", "error", "words"),
    [
        ([IMAGE[0]], [TARGET], ValueError, ("images[0]", "(3, H, W)", "(64, 64)")),
        ([IMAGE.long()], [TARGET], TypeError, ("images[0]", "floating-point")),
        ([IMAGE[:, :0]], [TARGET], ValueError, ("images[0]", "at least one pixel")),
        ([IMAGE], None, ValueError, ("targets", "1", "none")),
        ([IMAGE], [], ValueError, ("targets", "0")),
        ([IMAGE], [{"boxes": TARGET["boxes"]}], ValueError, ("targets[0]", "labels")),
        ([IMAGE], [{**TARGET, "boxes": torch.zeros(1, 4)}], ValueError, ("targets[0]['boxes']", "area")),
        ([IMAGE], [{**TARGET, "labels": torch.tensor([3])}], ValueError, ("targets[0]['labels']", "3")),
    ],
)
def test_an_error_names_what_is_wrong_with_a_batch(
    images: list[Tensor], targets: Targets | None, error: type[Exception], words: tuple[str, ...]
) -> None:
    model = FasterRCNN(OneMap(), 3, anchor_sizes=[(16,)], aspect_ratios=[(1.0,)], num_features=4)
    assert_error_tells(error, words, lambda: model(images, targets))


def test_what_does_not_fit_together_is_said() -> None:
    one = [(1.0,)]
    for words, build in (
        (("backbone", "out_channels"), lambda: FasterRCNN(nn.Identity(), 3)),
        (("num_classes", "1"), lambda: FasterRCNN(OneMap(), 1)),
        (("sizes", "2 and 1"), lambda: FasterRCNN(OneMap(), 3, anchor_sizes=[(1,), (2,)], aspect_ratios=one)),
        (("sizes", "[1, 2]"), lambda: FasterRCNN(OneMap(), 3, anchor_sizes=[(1,), (2, 3)], aspect_ratios=one * 2)),
        (
            ("maps", "2", "1"),
            lambda: FasterRCNN(OneMap(), 3, anchor_sizes=[(8,)] * 2, aspect_ratios=one * 2).eval()([IMAGE]),
        ),
        (("trainable_backbone_layers", "6"), lambda: fasterrcnn_resnet50_fpn(3, trainable_backbone_layers=6)),
    ):
        assert_error_tells(ValueError, words, build)
