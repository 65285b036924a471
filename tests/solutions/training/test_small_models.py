"""The models as proof: shapes at odd sizes, gradients everywhere, strides and regions that differ as they say."""

import pytest
import torch
from torch import Tensor, nn

from solutions.fcn import EncoderDecoderFCN
from solutions.mask_rcnn import small_mask_rcnn


@pytest.mark.parametrize("size", [(64, 64), (37, 50), (33, 31), (2, 5), (1, 1)])
def test_logits_have_the_size_of_the_image(size: tuple[int, int]) -> None:
    network = EncoderDecoderFCN(5).eval()
    assert network(torch.rand(2, 3, *size)).shape == (2, 5, *size)


def test_gradient_reaches_every_parameter_of_the_encoder_decoder() -> None:
    network = EncoderDecoderFCN(4)
    network(torch.rand(2, 3, 33, 48)).square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: EncoderDecoderFCN(3.0), TypeError, "num_classes must be an int, got 3.0"),
        (lambda: EncoderDecoderFCN(4)(torch.rand(3, 8, 8)), ValueError, r"x must have shape \(N, C, H, W\)"),
        (lambda: small_mask_rcnn(5, stride=4), ValueError, "stride must be 8 or 16, got 4"),
        (lambda: small_mask_rcnn(5, region="warp"), ValueError, 'region must be "align" or "pool", got \'warp\''),
        (lambda: small_mask_rcnn(1), ValueError, "num_classes must be at least 2, got 1"),
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
    detector = small_mask_rcnn(5, stride=stride, region=region, image_size=48)  # type: ignore[arg-type]
    losses = detector(images, targets)
    assert set(losses) == {"loss_classifier", "loss_box_reg", "loss_mask", "loss_objectness", "loss_rpn_box_reg"}
    sum(losses.values()).backward()  # type: ignore[union-attr,arg-type,operator]
    assert all(parameter.grad is not None for parameter in detector.parameters())
    for found in detector.eval()(images):
        assert found["boxes"].shape == (len(found["labels"]), 4)  # type: ignore[index]
        assert found["masks"].shape == (len(found["labels"]), 1, 48, 64)  # type: ignore[index]


def test_boxes_are_float32_under_bfloat16() -> None:
    torch.manual_seed(0)
    detector = small_mask_rcnn(5, image_size=48).eval()
    for parameter in detector.roi_heads.box_predictor.parameters():
        nn.init.normal_(parameter, std=0.5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        (found,) = detector([torch.rand(3, 48, 64)])
    assert len(found["boxes"]) > 0  # type: ignore[index]
    assert found["boxes"].dtype == torch.float32  # type: ignore[index]
    assert not torch.equal(found["boxes"], found["boxes"].bfloat16().float())  # type: ignore[index]
