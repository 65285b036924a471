"""Responsible predictors and the loss against hand-worked numbers, the paper's sums written as loops, and gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.ops import box_convert, box_iou

from solutions.yolo import responsible_predictors, yolo_loss
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=25)
settings.load_profile("repeatable")

PARTS = ["box", "object", "no_object", "classes", "total"]


def overlaps(output: Tensor, target: Tensor, image: int, row: int, column: int) -> list[float]:
    """Return the IoU of each predictor of a cell with its object, in pixels of an image that is not square."""
    grid, classes = target.shape[1], target.shape[-1] - 5
    pixels = torch.tensor([96.0, 40.0], dtype=torch.float64)

    def box(x: float, y: float, w: float, h: float) -> Tensor:
        centre = torch.tensor([column + x, row + y], dtype=torch.float64) / grid * pixels
        return box_convert(torch.cat([centre, torch.tensor([w, h], dtype=torch.float64) * pixels]), "cxcywh", "xyxy")

    truth = box(*target[image, row, column, :4].tolist())
    numbers = output[image, row, column].tolist()
    found = []
    for first in range(0, len(numbers) - classes, 5):
        x, y, root_w, root_h = numbers[first : first + 4]
        found.append(float(box_iou(box(x, y, root_w * root_w, root_h * root_h)[None], truth[None])))
    return found


def sums(output: Tensor, target: Tensor, lambda_coord: float, lambda_noobj: float) -> dict[str, float]:
    """Return the five sums of the paper's equation 3, cell after cell and predictor after predictor."""
    count, grid, _, depth = output.shape
    classes = target.shape[-1] - 5
    box = confident = no_object = kinds = 0.0
    for image in range(count):
        for row in range(grid):
            for column in range(grid):
                said, true = output[image, row, column].tolist(), target[image, row, column].tolist()
                iou = overlaps(output, target, image, row, column) if true[4] else []
                best = iou.index(max(iou)) if iou else -1
                for number in range((depth - classes) // 5):
                    x, y, root_w, root_h, confidence = said[5 * number : 5 * number + 5]
                    if number == best:
                        box += (x - true[0]) ** 2 + (y - true[1]) ** 2
                        box += (root_w - math.sqrt(true[2])) ** 2 + (root_h - math.sqrt(true[3])) ** 2
                        confident += (confidence - iou[best]) ** 2
                    else:
                        no_object += confidence**2
                if true[4]:
                    kinds += sum((p - q) ** 2 for p, q in zip(said[-classes:], true[5:], strict=True))
    total = lambda_coord * box + confident + lambda_noobj * no_object + kinds
    return {name: value / count for name, value in zip(PARTS, (box, confident, no_object, kinds, total), strict=True)}


@st.composite
def grids(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Draw what a network says of N ≥ 1 images and what is true, with no object, some, or one in each cell."""
    count, grid, predictors, classes = (draw(st.integers(1, most)) for most in (3, 4, 4, 6))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    shape = (count, grid, grid)
    output = torch.randn(*shape, 5 * predictors + classes, generator=generator, dtype=dtype)
    place = torch.rand(*shape, 2, generator=generator, dtype=dtype)
    side = torch.rand(*shape, 2, generator=generator, dtype=dtype) * 0.9 + 0.05
    kinds = torch.eye(classes, dtype=dtype)[torch.randint(classes, shape, generator=generator)]
    share = draw(st.sampled_from([0.0, 0.4, 1.0]))
    there = torch.rand(*shape, 1, generator=generator) < share
    target = torch.cat([place, side, torch.ones_like(place[..., :1]), kinds], dim=-1) * there
    if draw(st.booleans()):  # as a convolution's output is, seen by cells
        output = output.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
    return output, target


@given(grids())
def test_the_predictor_with_the_best_box_in_pixels_is_responsible(batch: tuple[Tensor, Tensor]) -> None:
    output, target = batch
    responsible = responsible_predictors(output, target)
    assert responsible.dtype == torch.int64
    assert responsible.shape == target.shape[:3]
    for image, row, column in torch.cartesian_prod(*map(torch.arange, target.shape[:3])).view(-1, 3).tolist():
        number = int(responsible[image, row, column])
        if target[image, row, column, 4]:
            iou = overlaps(output, target, image, row, column)
            assert iou[number] == pytest.approx(max(iou), abs=1e-6)
            assert max(iou) > 0 or number == 0
        else:
            assert number == 0


@given(grids(), st.sampled_from([(5.0, 0.5), (1.0, 1.0), (0.0, 2.0)]))
def test_the_loss_equals_the_papers_sums(batch: tuple[Tensor, Tensor], weights: tuple[float, float]) -> None:
    output, target = batch
    before = output.clone(), target.clone()
    losses = yolo_loss(output, target, *weights)
    assert list(losses) == PARTS
    for name, value in sums(output.double(), target.double(), *weights).items():
        assert losses[name].shape == ()
        assert losses[name].dtype == output.dtype
        assert losses[name].item() == pytest.approx(value, rel=1e-4, abs=1e-5)
    assert torch.equal(output, before[0])
    assert torch.equal(target, before[1])


@given(grids())
def test_gradients_are_those_of_the_papers_sums_with_the_iou_held(batch: tuple[Tensor, Tensor]) -> None:
    output, target = (part.double() for part in batch)
    classes = target.shape[-1] - 5
    leaf = output.clone().requires_grad_()
    yolo_loss(leaf, target)["total"].backward()  # type: ignore[no-untyped-call]
    expected = torch.zeros_like(output)
    for image, row, column in torch.cartesian_prod(*map(torch.arange, target.shape[:3])).view(-1, 3).tolist():
        said, true, to = output[image, row, column], target[image, row, column], expected[image, row, column]
        to[4:-classes:5] = said[4:-classes:5]  # 2 · ½ · confidence
        if true[4]:
            iou = overlaps(output, target, image, row, column)
            first = 5 * iou.index(max(iou))
            to[first : first + 2] = 10 * (said[first : first + 2] - true[:2])
            to[first + 2 : first + 4] = 10 * (said[first + 2 : first + 4] - true[2:4].sqrt())
            to[first + 4] = 2 * (said[first + 4] - max(iou))
            to[-classes:] = 2 * (said[-classes:] - true[5:])
    torch.testing.assert_close(leaf.grad, expected / len(output))


def test_each_part_but_the_confidence_is_as_finite_differences_say() -> None:
    generator = torch.Generator().manual_seed(3)
    output = torch.rand(2, 2, 2, 13, generator=generator, dtype=torch.float64).requires_grad_()
    target = torch.rand(2, 2, 2, 8, generator=generator, dtype=torch.float64)
    target[..., 4] = torch.tensor([1.0, 0.0])
    target[:, :, 1] = 0
    for name in ("box", "no_object", "classes"):
        assert torch.autograd.gradcheck(lambda x, name=name: yolo_loss(x, target)[name], (output,))  # type: ignore[misc]


def cell(*numbers: float) -> Tensor:
    return torch.tensor(numbers).view(1, 1, 1, -1)


def test_a_cell_by_hand() -> None:
    # The object fills ½ × ½ of the image; the second box is as wide and twice as high, the first lies beside it.
    output = cell(0.0, 0.0, 0.25, 0.25, 0.5, 0.5, 0.5, math.sqrt(0.5), 1.0, 0.75, 0.25, 0.5)
    target = cell(0.5, 0.5, 0.5, 0.5, 1, 0, 1)
    assert responsible_predictors(output, target).tolist() == [[[1]]]
    losses = yolo_loss(output, target)
    assert losses["box"].item() == pytest.approx((1 - math.sqrt(0.5)) ** 2)
    assert losses["object"].item() == pytest.approx(0.0625)  # ¾ against an IoU of ½
    assert losses["no_object"].item() == 0.25  # the other predictor of the same cell
    assert losses["classes"].item() == 0.25**2 + 0.5**2
    assert losses["total"].item() == pytest.approx(5 * (1 - math.sqrt(0.5)) ** 2 + 0.0625 + 0.125 + 0.3125)


def test_of_equal_boxes_and_of_boxes_that_all_miss_the_first_is_responsible() -> None:
    same, missing = [0.5, 0.5, 0.5, 0.5, 0.0], [3.0, 3.0, 0.125, 0.125, 0.0]
    target = cell(0.5, 0.5, 0.25, 0.25, 1, 1)
    assert responsible_predictors(cell(*missing, *same, *same, 1), target).tolist() == [[[1]]]
    assert responsible_predictors(cell(*missing, *missing, 1), target).tolist() == [[[0]]]
    assert responsible_predictors(cell(*missing, *same, 1), target * 0).tolist() == [[[0]]]


def test_a_negative_root_is_a_size_but_costs_as_a_negative_number() -> None:
    output, target = cell(0.5, 0.5, -0.5, -0.5, 1.0, 1.0), cell(0.5, 0.5, 0.25, 0.25, 1, 1)
    losses = yolo_loss(output, target)
    assert losses["object"].item() == 0  # its IoU is 1
    assert losses["box"].item() == 2


def test_without_objects_only_confidence_costs() -> None:
    output = torch.full((2, 3, 3, 12), 0.5, requires_grad=True)
    losses = yolo_loss(output, torch.zeros(2, 3, 3, 7))
    assert [loss.item() for loss in losses.values()] == [0, 0, 9 * 2 * 0.25, 0, 9 * 0.25]
    (losses["box"] + losses["object"] + losses["classes"]).backward()  # type: ignore[no-untyped-call]
    assert output.grad is not None
    assert not output.grad.any()


def test_no_image_has_no_responsible_predictor() -> None:
    assert responsible_predictors(torch.zeros(0, 3, 3, 12), torch.zeros(0, 3, 3, 7)).shape == (0, 3, 3)


OUTPUT, TARGET = torch.zeros(2, 3, 3, 12), torch.zeros(2, 3, 3, 7)
HALF, FLAT = TARGET.clone(), TARGET.clone()
HALF[0, 1, 1, 4], FLAT[0, 1, 1, 4] = 0.5, 1


@pytest.mark.parametrize("function", [responsible_predictors, yolo_loss])
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((OUTPUT.long(), TARGET), TypeError, ("output", "floating-point")),
        ((OUTPUT[0], TARGET), ValueError, ("output", "(N, S, S, B·5 + K)", "(3, 3, 12)")),
        ((OUTPUT, TARGET[:1]), ValueError, ("target", "(2, 3, 3, 5 + K)", "(1, 3, 3, 7)")),
        ((OUTPUT, TARGET.double()), TypeError, ("target", "float32", "float64")),
        ((OUTPUT[:, :2], TARGET[:, :2]), ValueError, ("output", "rows", "(2, 2, 3, 12)")),
        ((OUTPUT, TARGET[..., :5]), ValueError, ("target", "class", "(2, 3, 3, 5)")),
        ((OUTPUT[..., :11], TARGET), ValueError, ("output", "B·5 + 2", "11")),
        ((OUTPUT[..., :2], TARGET), ValueError, ("output", "B·5 + 2", "2")),
        ((OUTPUT, HALF), ValueError, ("target", "objectness of 0 or 1")),
        ((OUTPUT, FLAT), ValueError, ("target", "w and h above 0")),
    ],
)
def test_an_error_names_what_is_wrong_with_a_grid(
    function: object, arguments: tuple[Tensor, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: function(*arguments))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((OUTPUT[:0], TARGET[:0]), ValueError, ("output", "at least one image", "(0, 3, 3, 12)")),
        ((OUTPUT, TARGET, -1.0), ValueError, ("lambda_coord", "-1")),
        ((OUTPUT, TARGET, 5.0, "half"), TypeError, ("lambda_noobj", "'half'")),
    ],
)
def test_an_error_names_what_is_wrong_with_the_loss(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: yolo_loss(*arguments))  # type: ignore[arg-type]
