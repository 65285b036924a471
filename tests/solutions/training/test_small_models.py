"""The models as proof: shapes at odd sizes, gradients everywhere, strides and regions that differ as they say."""

import pytest
import torch
from torch import Tensor, nn

from solutions.fcn import FCN, EncoderDecoderFCN
from solutions.tiny_detector import RoIPool, SmallBackbone, TinyDetector


@pytest.mark.parametrize("size", [(64, 64), (37, 50), (33, 31), (2, 5), (1, 1)])
@pytest.mark.parametrize("build", [EncoderDecoderFCN, FCN])
def test_logits_have_the_size_of_the_image(build: type[nn.Module], size: tuple[int, int]) -> None:
    network = build(5).eval()
    assert network(torch.rand(2, 3, *size)).shape == (2, 5, *size)


@pytest.mark.parametrize("variant", ["32s", "16s", "8s"])
def test_gradient_reaches_every_parameter_of_an_fcn(variant: str) -> None:
    network = FCN(4, variant)  # type: ignore[arg-type]
    network(torch.rand(2, 3, 64, 48)).square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_gradient_reaches_every_parameter_of_the_encoder_decoder() -> None:
    network = EncoderDecoderFCN(4)
    network(torch.rand(2, 3, 33, 48)).square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_variants_share_a_backbone_and_add_one_score_each() -> None:
    shapes = {
        variant: {k: v.shape for k, v in FCN(4, variant).state_dict().items()} for variant in ("32s", "16s", "8s")
    }  # type: ignore[arg-type]
    assert set(shapes["16s"]) - set(shapes["32s"]) == {"scores.16.weight", "scores.16.bias"}
    assert set(shapes["8s"]) - set(shapes["16s"]) == {"scores.8.weight", "scores.8.bias"}
    assert shapes["32s"].items() <= shapes["16s"].items() <= shapes["8s"].items()


def test_a_score_at_stride_8_moves_pixels_that_stride_32_cannot_tell_apart() -> None:
    network = FCN(2, "8s").eval()
    for parameter in network.scores.parameters():
        nn.init.zeros_(parameter)
    with torch.no_grad():
        network.scores["8"].weight[1] = 1.0  # type: ignore[index,operator]
    score = network(torch.rand(1, 3, 64, 64))[0, 1]
    coarse = nn.functional.interpolate(score[None, None], (2, 2), mode="area")
    smooth = nn.functional.interpolate(coarse, (64, 64), mode="bilinear")[0, 0]
    assert (score - smooth).abs().max() > 1e-4


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: FCN(4, "4s"), ValueError, 'variant must be "32s", "16s" or "8s", got \'4s\''),
        (lambda: FCN(0), ValueError, "num_classes must be at least 1, got 0"),
        (lambda: EncoderDecoderFCN(3.0), TypeError, "num_classes must be an int, got 3.0"),
        (lambda: FCN(4)(torch.rand(2, 1, 8, 8)), ValueError, r"x must have shape \(N, 3, H, W\), got \(2, 1, 8, 8\)"),
        (lambda: EncoderDecoderFCN(4)(torch.rand(3, 8, 8)), ValueError, r"x must have shape \(N, C, H, W\)"),
        (lambda: TinyDetector(5, stride=4), ValueError, "stride must be 8 or 16, got 4"),
        (lambda: TinyDetector(5, region="warp"), ValueError, 'region must be "align" or "pool", got \'warp\''),
        (lambda: TinyDetector(1), ValueError, "num_classes must be at least 2, got 1"),
    ],
)
def test_wrong_arguments_are_answered_with_a_sentence(make: object, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        make()  # type: ignore[operator]


def _scene() -> tuple[list[Tensor], list[dict[str, Tensor]]]:
    masks = torch.zeros(2, 48, 64, dtype=torch.bool)
    masks[0, 4:30, 6:40] = masks[1, 20:44, 30:60] = True
    boxes = torch.tensor([[6.0, 4, 40, 30], [30, 20, 60, 44]])
    empty = {"boxes": boxes[:0], "labels": torch.zeros(0, dtype=torch.long), "masks": masks[:0]}
    full = {"boxes": boxes, "labels": torch.tensor([1, 3]), "masks": masks}
    return [torch.rand(3, 48, 64), torch.rand(3, 48, 64)], [full, empty]


@pytest.mark.parametrize(("stride", "region"), [(8, "align"), (16, "align"), (16, "pool")])
def test_detector_learns_from_full_and_empty_scenes_and_answers_in_torchvisions_format(
    stride: int, region: str
) -> None:
    torch.manual_seed(0)
    images, targets = _scene()
    detector = TinyDetector(5, stride, region, masks=True, image_size=48)  # type: ignore[arg-type]
    losses = detector(images, targets)
    assert set(losses) == {"loss_classifier", "loss_box_reg", "loss_mask", "loss_objectness", "loss_rpn_box_reg"}
    sum(losses.values()).backward()  # type: ignore[union-attr,arg-type,operator]
    assert all(parameter.grad is not None for parameter in detector.parameters())
    for found in detector.eval()(images):
        assert found["boxes"].shape == (len(found["labels"]), 4)  # type: ignore[index]
        assert found["masks"].shape == (len(found["labels"]), 1, 48, 64)  # type: ignore[index]


@pytest.mark.parametrize(("stride", "size"), [(8, (6, 8)), (16, (3, 4))])
def test_backbone_has_its_stride_and_the_same_parameters(stride: int, size: tuple[int, int]) -> None:
    backbone = SmallBackbone(stride)  # type: ignore[arg-type]
    assert backbone(torch.rand(1, 3, 48, 64)).shape == (1, 64, *size)
    assert sum(p.numel() for p in backbone.parameters()) == sum(p.numel() for p in SmallBackbone(8).parameters())


def test_roi_pool_takes_the_largest_value_of_each_cell() -> None:
    features = torch.arange(16.0).view(1, 1, 4, 4)
    pooled = RoIPool(2, stride=8)({"0": features}, [torch.tensor([[0.0, 0, 31, 31]])], [(32, 32)])
    # round(31 / 8) = 4 covers five cells, 0 to 4; what lies beyond the map does not count
    assert pooled.shape == (1, 1, 2, 2)
    assert pooled.max() == 15


def test_boxes_are_float32_under_bfloat16() -> None:
    torch.manual_seed(0)
    detector = TinyDetector(5, image_size=48).eval()
    for parameter in detector.model.roi_heads.box_predictor.parameters():
        nn.init.normal_(parameter, std=0.5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        (found,) = detector([torch.rand(3, 48, 64)])
    assert len(found["boxes"]) > 0  # type: ignore[index]
    assert found["boxes"].dtype == torch.float32  # type: ignore[index]
    assert not torch.equal(found["boxes"], found["boxes"].bfloat16().float())  # type: ignore[index]
