"""Cells of a grid against numbers worked out by hand, a loop over cells in fractions, and each other's inverse."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from solutions.yolo import decode_predictions, encode_targets
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])
sizes = st.tuples(st.integers(8, 70), st.integers(8, 70))


def test_an_object_stands_in_the_cell_of_its_centre() -> None:
    # 30 × 60 pixels in 3 × 3 cells of 10 × 20: the centre (35, 12) is in row 1, column 1, at (0.75, 0.2).
    target = encode_targets(torch.tensor([[20.0, 9.0, 50.0, 15.0]]), torch.tensor([3]), 3, 5, (30, 60))
    assert target.shape == (3, 3, 10)
    torch.testing.assert_close(target[1, 1], torch.tensor([0.75, 0.2, 0.5, 0.2, 1, 0, 0, 1, 0, 0]))
    target[1, 1] = 0
    assert not target.any()


def test_rows_come_from_y_and_columns_from_x() -> None:
    target = encode_targets(torch.tensor([[40.0, 2.0, 60.0, 6.0]]), torch.tensor([1]), 4, 1, (64, 64))
    assert target[..., 4].nonzero().tolist() == [[0, 3]]


def test_a_centre_on_an_edge_belongs_to_the_cell_after_it_but_on_the_far_edge_to_the_last() -> None:
    boxes = torch.tensor([[8.0, 4, 24, 12], [56, 60, 72, 68], [-4, 30, 4, 34]])  # (16, 8), (64, 64), (0, 32)
    target = encode_targets(boxes, torch.tensor([1, 1, 1]), 4, 1, (64, 64))
    assert target[..., 4].nonzero().tolist() == [[0, 1], [2, 0], [3, 3]]
    assert target[0, 1, :2].tolist() == [0, 0.5]
    assert target[2, 0, :2].tolist() == [0, 0]
    assert target[3, 3, :2].tolist() == [1, 1]


def test_the_first_of_several_keeps_a_cell() -> None:
    boxes = torch.tensor([[0.0, 0, 8, 8], [32, 32, 40, 40], [1, 1, 11, 9], [0, 0, 16, 16]])
    target = encode_targets(boxes, torch.tensor([2, 1, 3, 1]), 2, 3, (64, 64))
    assert target[0, 0].tolist() == [0.125, 0.125, 0.125, 0.125, 1, 0, 1, 0]
    assert target[1, 1, 5:].tolist() == [1, 0, 0]
    assert target[..., 4].sum() == 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_image_without_objects_is_a_grid_of_zeros(dtype: torch.dtype) -> None:
    target = encode_targets(torch.zeros(0, 4, dtype=dtype), torch.zeros(0, dtype=torch.int64), 5, 3, (20, 30))
    assert target.shape == (5, 5, 8)
    assert target.dtype == dtype
    assert not target.any()


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Tensor, Tensor, int, int, tuple[int, int]]:
    """Draw objects whose corners are whole pixels, and a grid that the image's sides are no multiples of."""
    height, width = draw(sizes)
    grid, classes, count = draw(st.integers(1, 9)), draw(st.integers(1, 6)), draw(st.integers(0, 12))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    side = torch.tensor([width, height])
    corners = (torch.rand(count, 2, 2, generator=generator) * (side + 1)).floor().sort(dim=1).values
    corners[:, 1] = torch.maximum(corners[:, 1], corners[:, 0] + 1)
    corners -= (corners[:, 1:] > side).float()  # a box of one pixel behind the far edge moves in
    labels = torch.randint(1, classes + 1, (count,), generator=generator)
    return corners.flatten(1).to(draw(dtypes)), labels, grid, classes, (height, width)


@given(scenes())
def test_targets_equal_those_of_a_loop_in_fractions(scene: tuple[Tensor, Tensor, int, int, tuple[int, int]]) -> None:
    boxes, labels, grid, classes, (height, width) = scene
    before = boxes.clone(), labels.clone()
    cells: dict[tuple[int, int], list[float]] = {}
    for (x1, y1, x2, y2), label in zip(boxes.long().tolist(), labels.tolist(), strict=True):
        x, y = Fraction(x1 + x2, 2) * grid / width, Fraction(y1 + y2, 2) * grid / height
        row, column = min(int(y), grid - 1), min(int(x), grid - 1)
        kind = [float(number == label) for number in range(1, classes + 1)]
        said = [float(x - column), float(y - row), (x2 - x1) / width, (y2 - y1) / height, 1.0, *kind]
        cells.setdefault((row, column), said)
    target = encode_targets(*scene)
    assert target.dtype == boxes.dtype
    assert {(row, column) for row, column in target[..., 4].nonzero().tolist()} == set(cells)
    for row in range(grid):
        for column in range(grid):
            wanted = torch.tensor(cells.get((row, column), [0.0] * (5 + classes)), dtype=boxes.dtype)
            torch.testing.assert_close(target[row, column], wanted, atol=1e-5, rtol=0)
    assert torch.equal(boxes, before[0])
    assert torch.equal(labels, before[1])


@given(scenes())
def test_what_the_targets_say_is_decoded_to_the_objects(
    scene: tuple[Tensor, Tensor, int, int, tuple[int, int]],
) -> None:
    boxes, labels, _, classes, size = scene
    target = encode_targets(*scene)
    said = torch.cat([target[..., :2], target[..., 2:4].sqrt(), target[..., 4:]], dim=-1)
    found, scores, kinds = decode_predictions(said, size, classes)
    rows = [int((boxes - box).abs().sum(dim=1).argmin()) for box in found]
    torch.testing.assert_close(found, boxes[rows], atol=1e-4, rtol=1e-5)
    assert scores.tolist() == [1] * len(found)
    assert all(
        bool(((boxes == boxes[row]).all(dim=1) & (labels == kind)).any()) for row, kind in zip(rows, kinds, strict=True)
    )
    assert len(found) == int(target[..., 4].sum())


def test_a_prediction_by_hand() -> None:
    output = torch.zeros(2, 2, 13)  # two predictors, three classes
    output[1, 0] = torch.tensor([0.5, 0.25, 0.5, 0.25, 0.5, 1.0, 0.0, -0.25, 1.0, 2.0, 0.25, 0.75, 0.75])
    boxes, scores, labels = decode_predictions(output, (64, 128), 3)
    # centres (32, 40) and (64, 32), sizes ¼ · 128 by 1/16 · 64, and 1/16 · 128 by 64
    assert boxes.tolist() == [[16, 38, 48, 42], [60, 0, 68, 64]]
    assert scores.tolist() == [0.375, 1.5]
    assert labels.tolist() == [2, 2]


def test_kept_is_what_scores_more_in_the_order_of_rows_columns_and_predictors() -> None:
    output = torch.zeros(2, 2, 11)
    output[..., 2:4] = output[..., 7:9] = 0.5
    output[..., 10] = torch.tensor([[1.0, 1.0], [-1.0, 1.0]])
    output[..., 4] = torch.tensor([[0.5, 0.25], [-0.75, 0.0]])
    output[..., 9] = torch.tensor([[0.75, 0.125], [0.5, 1.0]])
    _, scores, labels = decode_predictions(output, (8, 8), 1, 0.25)
    assert scores.tolist() == [0.5, 0.75, 0.75, 1]  # two negative numbers are a positive score
    assert labels.tolist() == [1] * 4
    assert decode_predictions(output, (8, 8), 1, -1.0)[1].tolist() == [0.5, 0.75, 0.25, 0.125, 0.75, -0.5, 0, 1]
    assert [len(part) for part in decode_predictions(output, (8, 8), 1, 1.0)] == [0, 0, 0]


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 6), sizes, dtypes, st.booleans(), st.integers(0, 9999))
def test_predictions_equal_those_of_a_loop(
    grid: int, predictors: int, classes: int, size: tuple[int, int], dtype: torch.dtype, turned: bool, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    output = torch.randint(-8, 13, (grid, grid, 5 * predictors + classes), generator=generator).to(dtype) / 8
    if turned:  # as a convolution's output is, seen by cells
        output = output.permute(2, 0, 1).contiguous().permute(1, 2, 0)
    before, (height, width) = output.clone(), size
    expected = []
    for row in range(grid):
        for column in range(grid):
            numbers = output[row, column].tolist()
            kinds = numbers[5 * predictors :]
            for own in range(predictors):
                x, y, root_w, root_h, confidence = numbers[5 * own : 5 * own + 5]
                w, h = root_w * root_w * width, root_h * root_h * height
                left, top = (column + x) * width / grid - w / 2, (row + y) * height / grid - h / 2
                if confidence * max(kinds) > 0.25:
                    score, kind = confidence * max(kinds), 1 + kinds.index(max(kinds))
                    expected.append(((left, top, left + w, top + h), score, kind))
    boxes, scores, labels = decode_predictions(output, size, classes, 0.25)
    assert boxes.dtype == scores.dtype == dtype
    assert labels.dtype == torch.int64
    assert boxes.shape == (len(expected), 4)
    wanted = torch.tensor([box for box, _, _ in expected], dtype=dtype).view(-1, 4)
    torch.testing.assert_close(boxes, wanted, atol=1e-4, rtol=1e-5)
    assert scores.tolist() == [score for _, score, _ in expected]
    assert labels.tolist() == [kind for _, _, kind in expected]
    assert torch.equal(output, before)


BOXES, LABELS = torch.tensor([[0.0, 0.0, 4.0, 4.0], [2.0, 2.0, 8.0, 6.0]]), torch.tensor([1, 2])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((BOXES.long(), LABELS, 2, 2, (8, 8)), TypeError, ("boxes", "floating-point")),
        ((BOXES[:, :3], LABELS, 2, 2, (8, 8)), ValueError, ("boxes", "(N, 4)", "(2, 3)")),
        ((BOXES.flip(1), LABELS, 2, 2, (8, 8)), ValueError, ("boxes", "area")),
        ((BOXES, LABELS.float(), 2, 2, (8, 8)), TypeError, ("labels", "int64")),
        ((BOXES, LABELS[:1], 2, 2, (8, 8)), ValueError, ("labels", "(2,)", "(1,)")),
        ((BOXES, LABELS - 1, 2, 2, (8, 8)), ValueError, ("labels", "between 1 and 2", "0 to 1")),
        ((BOXES, LABELS + 1, 2, 2, (8, 8)), ValueError, ("labels", "between 1 and 2", "2 to 3")),
        ((BOXES, LABELS, 0, 2, (8, 8)), ValueError, ("grid", "at least 1")),
        ((BOXES, LABELS, 2.0, 2, (8, 8)), TypeError, ("grid", "2.0")),
        ((BOXES, LABELS, 2, 0, (8, 8)), ValueError, ("num_classes", "at least 1")),
        ((BOXES, LABELS, 2, 2, (8, 0)), ValueError, ("image_size", "1 × 1")),
        ((BOXES, LABELS, 2, 2, (8, 4)), ValueError, ("boxes", "centres", "8 × 4", "(5.0, 4.0)", "row 1")),
        ((BOXES - 4, LABELS, 2, 2, (8, 8)), ValueError, ("boxes", "centres", "(-2.0, -2.0)", "row 0")),
    ],
)
def test_an_error_names_what_is_wrong_with_the_objects(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: encode_targets(*arguments))  # type: ignore[arg-type]


OUTPUT = torch.zeros(3, 3, 12)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((OUTPUT.long(), (8, 8), 2), TypeError, ("output", "floating-point")),
        ((OUTPUT[None], (8, 8), 2), ValueError, ("output", "(S, S, B·5 + K)", "(1, 3, 3, 12)")),
        ((OUTPUT[:2], (8, 8), 2), ValueError, ("output", "rows", "(2, 3, 12)")),
        ((OUTPUT, (8, 8), 3), ValueError, ("output", "B·5 + 3", "12")),
        ((OUTPUT, (8, 8), 12), ValueError, ("output", "B·5 + 12", "12")),
        ((OUTPUT, 8, 2), TypeError, ("image_size", "8")),
        ((OUTPUT, (8, 8), 2, "much"), TypeError, ("score_threshold", "'much'")),
    ],
)
def test_an_error_names_what_is_wrong_with_the_output(
    arguments: tuple[object, ...], error: type[Exception], words: tuple[str, ...]
) -> None:
    assert_error_tells(error, words, lambda: decode_predictions(*arguments))  # type: ignore[arg-type]
