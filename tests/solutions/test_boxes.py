"""The references on boxes against torchvision's own operators, against laws, and against numbers worked out by hand."""

import ast
import inspect

import pytest
import torch
import torchvision.ops
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from solutions import boxes as module
from solutions.boxes import batched_nms, box_area, box_iou, clip_boxes, generalized_box_iou, nms, window_boxes
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=150)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])


@st.composite
def some_boxes(draw: st.DrawFn, *, least: int = 0, most: int = 8, dtype: torch.dtype = torch.float64) -> Tensor:
    """Draw boxes (N, 4) with area, at quarter pixels, some at negative places, sometimes not contiguous."""
    count = draw(st.integers(least, most))
    numbers = draw(st.lists(st.integers(-20, 20), min_size=2 * count, max_size=2 * count))
    sides = draw(st.lists(st.integers(1, 24), min_size=2 * count, max_size=2 * count))
    corner = torch.tensor(numbers, dtype=dtype).reshape(count, 2) / 4
    boxes = torch.cat([corner, corner + torch.tensor(sides, dtype=dtype).reshape(count, 2) / 4], dim=1)
    return boxes.T.contiguous().T if draw(st.booleans()) else boxes


@st.composite
def scored(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Draw boxes and scores, many of them equal."""
    boxes = draw(some_boxes(most=12))
    scores = draw(st.lists(st.integers(0, 4), min_size=len(boxes), max_size=len(boxes)))
    return boxes, torch.tensor(scores, dtype=torch.float64) / 4


@given(some_boxes(), some_boxes(), dtypes)
def test_overlaps_and_areas_are_torchvisions(a: Tensor, b: Tensor, dtype: torch.dtype) -> None:
    a, b = a.to(dtype), b.to(dtype)
    torch.testing.assert_close(box_area(a), torchvision.ops.box_area(a), rtol=0, atol=0)
    torch.testing.assert_close(box_iou(a, b), torchvision.ops.box_iou(a, b))
    torch.testing.assert_close(generalized_box_iou(a, b), torchvision.ops.generalized_box_iou(a, b))


@given(some_boxes(), some_boxes())
def test_overlap_is_symmetric_and_one_with_itself(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(box_iou(a, b), box_iou(b, a).T)
    torch.testing.assert_close(box_iou(a, a).diagonal(), torch.ones(len(a), dtype=a.dtype))
    assert bool((generalized_box_iou(a, b) <= box_iou(a, b) + 1e-12).all())


def test_overlap_of_boxes_by_hand() -> None:
    a = torch.tensor([[0.0, 0.0, 4.0, 4.0]])
    b = torch.tensor(
        [
            [0.0, 0.0, 4.0, 4.0],  # the same
            [2.0, 2.0, 6.0, 6.0],  # 4 of 16 + 16 − 4
            [1.0, 1.0, 3.0, 3.0],  # inside
            [4.0, 0.0, 8.0, 4.0],  # touching
            [9.0, 9.0, 12.0, 12.0],  # apart on both axes: two negative sides are no area
        ]
    )
    torch.testing.assert_close(box_iou(a, b), torch.tensor([[1.0, 4 / 28, 4 / 16, 0.0, 0.0]]))


def test_overlap_of_two_boxes_without_area_is_not_a_number() -> None:
    point = torch.tensor([[1.0, 1.0, 1.0, 1.0]])
    assert bool(box_iou(point, point).isnan())
    assert float(box_iou(point, torch.tensor([[0.0, 0.0, 2.0, 2.0]]))) == 0


@pytest.mark.parametrize("function", [box_iou, generalized_box_iou])
def test_gradients_of_overlaps_are_those_of_finite_differences(function: object) -> None:
    a = torch.tensor([[0.0, 0.25, 4.0, 3.5], [1.0, 1.0, 2.0, 2.0]], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([[0.5, 0.0, 3.0, 3.0], [1.25, 0.5, 6.0, 1.75]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(function, (a, b))  # type: ignore[arg-type]


def test_boxes_apart_have_a_gradient_in_the_generalised_overlap_alone() -> None:
    far = torch.tensor([[8.0, 0.0, 9.0, 1.0]], requires_grad=True)
    here = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    box_iou(far, here).sum().backward()  # type: ignore[no-untyped-call]
    assert far.grad is not None
    assert not bool(far.grad.any())
    generalized_box_iou(far, here).sum().backward()  # type: ignore[no-untyped-call]
    assert bool(far.grad.any())


@given(some_boxes(), st.integers(0, 4), st.integers(0, 4))
def test_clipping_is_torchvisions(boxes: Tensor, height: int, width: int) -> None:
    torch.testing.assert_close(
        clip_boxes(boxes, (height, width)), torchvision.ops.clip_boxes_to_image(boxes, (height, width)), rtol=0, atol=0
    )


@given(scored(), st.sampled_from([0.0, 0.25, 0.3, 0.5, 0.75, 1.0]))
def test_what_is_kept_is_what_torchvision_keeps(drawn: tuple[Tensor, Tensor], threshold: float) -> None:
    boxes, scores = drawn  # float64: torchvision compares a float32 overlap with a float64 threshold
    assert nms(boxes, scores, threshold).tolist() == torchvision.ops.nms(boxes, scores, threshold).tolist()


@given(scored(), st.data())
def test_label_by_label_is_torchvisions_where_no_coordinate_is_negative(
    drawn: tuple[Tensor, Tensor], data: st.DataObject
) -> None:
    boxes, scores = drawn
    boxes = boxes - boxes.min() if len(boxes) else boxes
    labels = torch.tensor(data.draw(st.lists(st.sampled_from([0, 3, 7]), min_size=len(boxes), max_size=len(boxes))))
    labels = labels.long()
    kept = batched_nms(boxes, scores, labels, 0.3)
    wanted = torchvision.ops.batched_nms(boxes, scores, labels, 0.3)
    assert kept.tolist() == wanted.tolist() or sorted(kept.tolist()) == sorted(wanted.tolist())
    assert scores[kept].tolist() == sorted(scores[kept].tolist(), reverse=True)


@given(scored())
def test_what_is_kept_overlaps_nothing_better_that_is_kept_and_what_is_not_does(drawn: tuple[Tensor, Tensor]) -> None:
    boxes, scores = drawn
    kept = nms(boxes, scores, 0.5).tolist()
    overlaps = box_iou(boxes, boxes)
    for place, index in enumerate(kept):
        assert all(overlaps[index, better] <= 0.5 for better in kept[:place])
    for index in set(range(len(boxes))) - set(kept):
        assert any(overlaps[index, better] > 0.5 and scores[better] >= scores[index] for better in kept)


def test_a_dropped_box_drops_no_other() -> None:
    chain = torch.tensor([[0.0, 0.0, 4.0, 1.0], [1.0, 0.0, 5.0, 1.0], [2.0, 0.0, 6.0, 1.0]])  # 3/5, 3/5, and 2/6
    assert nms(chain, torch.tensor([0.75, 0.5, 0.25]), 0.5).tolist() == [0, 2]


def test_an_overlap_of_exactly_the_threshold_is_kept() -> None:
    half = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 2.0]])
    assert nms(half, torch.tensor([0.5, 0.75]), 0.5).tolist() == [1, 0]


def test_labels_of_negative_coordinates_do_not_meet() -> None:
    boxes = torch.tensor([[-4.0, -4.0, -1.0, -1.0], [-8.0, -8.0, -4.0, -4.0], [-4.0, -4.0, -1.0, -1.0]])
    scores, labels = torch.tensor([0.25, 0.5, 0.75]), torch.tensor([0, 1, 2])
    assert batched_nms(boxes, scores, labels, 0.25).tolist() == [2, 1, 0]


@given(
    st.tuples(st.integers(0, 7), st.integers(0, 7)),
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=3),
    st.integers(1, 4),
)
def test_windows_are_those_that_a_loop_over_all_pixels_finds(
    image: tuple[int, int], sizes: list[tuple[int, int]], stride: int
) -> None:
    wanted = [
        [x, y, x + wide, y + high]
        for high, wide in sizes
        for y in range(image[0])
        for x in range(image[1])
        if y % stride == 0 and x % stride == 0 and y + high <= image[0] and x + wide <= image[1]
    ]
    windows = window_boxes(image, sizes, stride)
    assert windows.dtype == torch.float32
    assert windows.tolist() == wanted
    assert windows.shape == (len(wanted), 4)


def test_inputs_stay_as_they_are() -> None:
    boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [1.0, 1.0, 9.0, 5.0]])
    scores, labels, before = torch.tensor([0.5, 0.75]), torch.tensor([1, 1]), boxes.clone()
    for result in (
        box_iou(boxes, boxes), generalized_box_iou(boxes, boxes), clip_boxes(boxes, (3, 3)),
        nms(boxes, scores, 0.1), batched_nms(boxes, scores, labels, 0.1),
    ):  # fmt: skip
        assert result.data_ptr() != boxes.data_ptr()
    assert torch.equal(boxes, before)


BOX = torch.tensor([[0.0, 0.0, 2.0, 2.0]])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: box_area(BOX.long()), TypeError, ("boxes", "floating-point", "int64")),
        (lambda: box_iou(BOX, BOX.double()), TypeError, ("b", "float32", "float64")),
        (lambda: box_iou(BOX[0], BOX), ValueError, ("a", "(N, 4)", "(4,)")),
        (lambda: box_iou(BOX.flip(1), BOX), ValueError, ("a", "x1 ≤ x2", "row 0")),
        (lambda: box_iou(BOX * float("nan"), BOX), ValueError, ("a", "nan", "row 0")),
        (lambda: clip_boxes(BOX, (2, -1)), ValueError, ("size", "at least 0 × 0", "-1")),
        (lambda: clip_boxes(BOX, 7), TypeError, ("size", "(H, W)", "7")),  # type: ignore[arg-type]
        (lambda: nms(BOX, torch.ones(2), 0.5), ValueError, ("scores", "(1,)", "(2,)")),
        (lambda: nms(BOX, torch.ones(1).long(), 0.5), TypeError, ("scores", "floating-point", "int64")),
        (lambda: nms(BOX, torch.tensor([float("nan")]), 0.5), ValueError, ("scores", "NaN")),
        (lambda: nms(BOX, torch.ones(1), 50), ValueError, ("iou_threshold", "at most 1", "50")),
        (lambda: nms(BOX, torch.ones(1), "0.5"), TypeError, ("iou_threshold", "number", "0.5")),  # type: ignore[arg-type]
        (lambda: batched_nms(BOX, torch.ones(1), torch.ones(1), 0.5), TypeError, ("labels", "int64", "float32")),
        (lambda: batched_nms(BOX, torch.ones(1), torch.ones(1, 1).long(), 0.5), ValueError, ("labels", "(1, 1)")),
        (lambda: window_boxes((4, 4), [(0, 2)], 1), ValueError, ("window_sizes[0]", "at least 1 × 1", "(0, 2)")),
        (lambda: window_boxes((4, 4), [(2, 2)], 0), ValueError, ("stride", "at least 1", "0")),
        (lambda: window_boxes((4, 4), (2, 2), 1), TypeError, ("window_sizes[0]", "ints", "2")),  # type: ignore[list-item]
    ],
)
def test_nonsense_is_refused_in_a_sentence(call: object, error: type[Exception], words: tuple[str, ...]) -> None:
    assert_error_tells(error, words, call)  # type: ignore[arg-type]


def test_nothing_calls_what_it_re_creates() -> None:
    names = {node.attr for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Attribute)}
    assert "ops" not in names
    assert "torchvision" not in {name.split(".")[0] for name in vars(module)}
