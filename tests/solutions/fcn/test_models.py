"""FCN and SegNet: any size, a gradient everywhere, an upsampling that starts bilinear, torchvision's own weights."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torch.nn.functional as F
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from course.farm import Farm
from course.segmentation import SemanticSet, class_iou, pixel_loss
from course.training import fit
from solutions.fcn import FCN, SegNet
from solutions.fcn.backbones import make_backbone

VARIANTS = ("32s", "16s", "8s")


def segnet(num_classes: int) -> nn.Module:
    return SegNet(num_classes, widths=(4, 6, 5), convolutions=1)


NETWORKS: dict[str, Callable[[int], nn.Module]] = {
    **{variant: partial(FCN, variant=variant) for variant in VARIANTS},
    "segnet": segnet,
}
SIZES = ((1, 1), (1, 9), (2, 5), (31, 33), (37, 50), (64, 64), (65, 32))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NETWORKS)
def test_logits_have_the_size_of_the_image(name: str, size: tuple[int, int]) -> None:
    assert NETWORKS[name](5).eval()(torch.rand(2, 3, *size)).shape == (2, 5, *size)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 70), width=st.integers(1, 70), batch=st.integers(0, 2))
def test_segnet_keeps_every_size(height: int, width: int, batch: int) -> None:
    assert segnet(3).eval()(torch.rand(batch, 3, height, width)).shape == (batch, 3, height, width)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradient_reaches_every_parameter(name: str) -> None:
    torch.manual_seed(0)
    network = NETWORKS[name](4)
    F.cross_entropy(network(torch.rand(2, 3, 67, 50)), torch.randint(0, 4, (2, 67, 50))).backward()  # type: ignore[no-untyped-call]
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("name", NETWORKS)
def test_network_computes_in_bfloat16_under_autocast(name: str) -> None:
    torch.manual_seed(0)
    network, images = NETWORKS[name](4).eval(), torch.rand(2, 3, 33, 40)
    exact = network(images)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = network(images)
    assert rounded.dtype == torch.bfloat16
    assert (rounded.float() - exact).abs().max() < 0.05 * exact.abs().max() + 0.05


@pytest.mark.parametrize("name", NETWORKS)
def test_state_dict_makes_the_same_network_again(name: str, tmp_path: Path) -> None:
    network, again = NETWORKS[name](4), NETWORKS[name](4)
    network(torch.rand(2, 3, 64, 64))  # batch norm sees something
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    again.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    images = torch.rand(1, 3, 20, 30)
    assert torch.equal(network.eval()(images), again.eval()(images))


@pytest.mark.parametrize("name", NETWORKS)
def test_network_computes_in_float64_and_leaves_the_image_alone(name: str) -> None:
    images = torch.rand(2, 3, 20, 30, dtype=torch.float64)
    before = images.clone()
    assert NETWORKS[name](3).double().eval()(images).dtype == torch.float64
    assert torch.equal(images, before)


# --- FCN --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("variant", "scale"), [("32s", 32), ("16s", 16), ("8s", 8)])
def test_upsampling_starts_as_bilinear_interpolation_inside(variant: str, scale: int) -> None:
    torch.manual_seed(0)
    coarse = torch.rand(2, 3, 5, 4)
    ours = FCN(3, variant).upsampling(coarse)
    theirs = F.interpolate(coarse, scale_factor=scale, mode="bilinear", align_corners=False)
    assert ours.shape == theirs.shape
    edge = scale // 2  # beyond the outermost centres, interpolation repeats the border and a stamp falls to zero
    inside = (slice(None), slice(None), slice(edge, -edge), slice(edge, -edge))
    torch.testing.assert_close(ours[inside], theirs[inside], atol=1e-6, rtol=0)
    assert not torch.allclose(ours, theirs)


def test_variants_share_a_backbone_and_add_one_score_and_one_doubling_each() -> None:
    names = {variant: set(FCN(4, variant).state_dict()) for variant in VARIANTS}
    assert names["16s"] - names["32s"] == {"scores.16.weight", "scores.16.bias", "doublings.16"}
    assert names["8s"] - names["16s"] == {"scores.8.weight", "scores.8.bias", "doublings.8"}
    assert names["32s"] < names["16s"] < names["8s"]


@pytest.mark.parametrize(("variant", "stride"), [("32s", 32), ("16s", 16), ("8s", 8)])
def test_logits_are_the_finest_scores_interpolated(variant: str, stride: int) -> None:
    """With the coarser scores silenced, the network is the finest scores, upsampled bilinearly."""
    torch.manual_seed(0)
    network = FCN(3, variant).eval()
    for name, score in network.scores.items():
        if name != str(stride):
            nn.init.zeros_(score.weight)  # type: ignore[arg-type]
            nn.init.zeros_(score.bias)  # type: ignore[arg-type]
    images = torch.rand(1, 3, 96, 128)
    with torch.no_grad():
        fine = network.scores[str(stride)](network.backbone(images)[stride])
        smooth = F.interpolate(fine, scale_factor=stride, mode="bilinear")
        logits = network(images)
    edge = stride // 2
    assert fine.shape == (1, 3, 96 // stride, 128 // stride)
    torch.testing.assert_close(logits[..., edge:-edge, edge:-edge], smooth[..., edge:-edge, edge:-edge])


@pytest.mark.parametrize(("name", "build"), [("resnet18", "resnet18"), ("resnet50", "resnet50")])
def test_resnet_backbone_loads_torchvisions_state_dict_and_computes_its_features(
    name: str, build: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    theirs = torchvision.models.get_model(build, weights=None).eval()
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):  # so that a buffer that is not loaded shows
            module.running_mean.uniform_(-0.1, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.9, 1.1)  # type: ignore[union-attr]
    torch.save(theirs.state_dict(), tmp_path / "resnet.pt")
    network = FCN(4, "8s", backbone=name, weights=tmp_path / "resnet.pt").eval()
    assert set(network.backbone.state_dict()) == set(theirs.state_dict()) - {"fc.weight", "fc.bias"}
    images = torch.rand(1, 3, 49, 40)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = (images - mean[:, None, None]) / std[:, None, None]
    with torch.no_grad():
        x = theirs.layer1(theirs.maxpool(theirs.relu(theirs.bn1(theirs.conv1(x)))))
        found = network.backbone(images)
        for stride, layer in ((8, theirs.layer2), (16, theirs.layer3), (32, theirs.layer4)):
            x = layer(x)
            torch.testing.assert_close(found[stride], x)
            assert found[stride].shape[1:] == (network.backbone.channels[stride], -(-49 // stride), -(-40 // stride))
        assert network(images).shape == (1, 4, 49, 40)


@pytest.mark.parametrize("size", [(1, 1), (33, 31), (64, 96)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_fcn_on_a_resnet_keeps_any_size(variant: str, size: tuple[int, int]) -> None:
    network = FCN(3, variant, backbone="resnet18").eval()
    assert network(torch.rand(1, 3, *size)).shape == (1, 3, *size)


def test_gradient_reaches_every_parameter_of_a_resnet() -> None:
    torch.manual_seed(0)
    network = FCN(3, "8s", backbone="resnet18")
    F.cross_entropy(network(torch.rand(2, 3, 64, 64)), torch.randint(0, 3, (2, 64, 64))).backward()  # type: ignore[no-untyped-call]
    assert [n for n, p in network.named_parameters() if p.grad is None] == []


def test_weights_without_a_network_are_answered_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*args: object, **options: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    with pytest.raises(OSError, match=r'weights="imagenet" must be downloaded once .* pass weights=None') as caught:
        FCN(3, backbone="resnet18", weights="imagenet")
    assert "\n" not in str(caught.value)


def test_a_file_of_other_weights_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=r"other\.pt is not a state dict of torchvision's resnet18") as caught:
        make_backbone("resnet18", tmp_path / "other.pt")
    assert "\n" not in str(caught.value)
    with pytest.raises(OSError, match=r"none\.pt"):
        make_backbone("resnet18", tmp_path / "none.pt")


# --- SegNet -----------------------------------------------------------------------------------------------------------


def test_the_decoder_mirrors_the_encoder() -> None:
    network = SegNet(5, widths=(4, 6, 8), convolutions=2)
    convolutions = [m for stage in network.encoder for m in stage.modules() if isinstance(m, nn.Conv2d)]
    mirrored = [m for stage in network.decoder for m in stage.modules() if isinstance(m, nn.Conv2d)]
    assert [(m.in_channels, m.out_channels) for m in convolutions] == [(3, 4), (4, 4), (4, 6), (6, 6), (6, 8), (8, 8)]
    assert [(m.in_channels, m.out_channels) for m in mirrored] == [(8, 6), (6, 6), (6, 4), (4, 4), (4, 4), (4, 4)]


def test_values_return_to_where_pooling_found_them() -> None:
    """A decoder that keeps what it gets shows the unpooled map: maxima in their places, zeros around."""
    network = SegNet(1, widths=(1, 1), convolutions=1).eval()
    for part in (*network.encoder, *network.decoder):
        part[0].weight.data.zero_()
        part[0].weight.data[0, 0, 1, 1] = 1.0
        part[1] = nn.Identity()
    nn.init.ones_(network.classifier.weight)
    nn.init.zeros_(network.classifier.bias)  # type: ignore[arg-type]
    image = torch.tensor([[1.0, 2, 3, 4, 9], [5, 6, 7, 8, 1], [9, 1, 2, 3, 4]])
    logits = network(image.expand(1, 3, 3, 5))[0, 0]
    # pooled: 6 8 9 / 9 3 4, again: 9 9; of equal values the first in reading order counts
    expected = torch.zeros(3, 5)
    expected[2, 0] = expected[0, 4] = 9.0
    assert torch.equal(logits, expected)


def test_another_way_up_is_another_network_of_the_same_parameters() -> None:
    sizes = []

    def nearest(x: Tensor, indices: Tensor, size: tuple[int, int]) -> Tensor:
        assert indices.shape == x.shape
        sizes.append(size)
        return F.interpolate(x, size=size)

    torch.manual_seed(0)
    network = SegNet(3, widths=(4, 4), upsample=nearest).eval()
    other = SegNet(3, widths=(4, 4)).eval()
    other.load_state_dict(network.state_dict())
    images = torch.rand(1, 3, 7, 10)
    assert not torch.allclose(network(images), other(images))
    assert sizes == [(4, 5), (7, 10)]


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: FCN(4, "4s"), ValueError, 'variant must be "32s", "16s" or "8s", got \'4s\''),
        (lambda: FCN(0), ValueError, "num_classes must be at least 1, got 0"),
        (lambda: FCN(4)(torch.rand(2, 1, 8, 8)), ValueError, r"x must have shape \(N, 3, H, W\), got \(2, 1, 8, 8\)"),
        (lambda: FCN(4, backbone="vgg"), ValueError, 'backbone must be "small", "resnet18" or "resnet50", got \'vgg\''),
        (lambda: FCN(4, weights="imagenet"), ValueError, 'the backbone "small" has none'),
        (lambda: SegNet(4, widths=()), ValueError, r"widths must hold at least one number of channels"),
        (lambda: SegNet(4, widths=16), TypeError, "widths must be a sequence of ints, got 16"),  # type: ignore[arg-type]
        (lambda: SegNet(4, widths=(4, 0)), ValueError, r"each at least 1, got \(4, 0\)"),
        (lambda: SegNet(4, convolutions=0), ValueError, "convolutions must be at least 1, got 0"),
        (lambda: SegNet(4)(torch.zeros(1, 3, 8, 8).long()), TypeError, "x must be a floating-point tensor"),
    ],
)
def test_wrong_arguments_are_answered_with_a_sentence(make: object, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        make()  # type: ignore[operator]


@pytest.mark.slow
@pytest.mark.compute
@pytest.mark.timeout(900)
def test_scores_at_stride_8_beat_those_at_stride_32_by_a_tenth_on_the_farm(monkeypatch: pytest.MonkeyPatch) -> None:
    """As chapter 04 trains them, with half the steps; at 400 steps the two reach 0.34 and 0.71."""
    for name in ("NBGRADER_EXECUTION", "COURSE_GRADING", "COURSE_TIER"):
        monkeypatch.delenv(name, raising=False)
    scenes, unseen = SemanticSet(Farm(400), keep=True), SemanticSet(Farm(100, seed=1), keep=True)
    reached = {}
    for variant in ("32s", "8s"):
        torch.manual_seed(0)
        network = FCN(len(unseen.classes), variant)
        fit(network, pixel_loss, scenes, steps=150, learning_rate=5e-3)
        reached[variant] = class_iou(network, unseen)["mean"]
    assert reached["8s"] >= reached["32s"] + 0.10
