"""`decode_predictions`: the boxes, scores and labels of what a network says in the cells of a grid."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.exercise import Case, Exercise
from course.exercises.yolo import CHAPTER

Size = tuple[int, int]

_OFFSETS = np.array([3, 4, 5, 6, 7, 9, 10, 11, 12, 13]) / 16
"""Where in its cell a centre lies, in x or in y, and never in the middle."""


def _call(name: str, said: Tensor, classes: Tensor, size: Size, *score_threshold: float) -> Case:
    """Return the case of cells with B predictors (S, S, B, 5) and with scores of classes (S, S, K)."""
    args = {
        "output": torch.cat([said.flatten(2), classes], dim=2),
        "image_size": size,
        "num_classes": classes.shape[2],
        **({"score_threshold": score_threshold[0]} if score_threshold else {}),
    }
    return Case(name, args)


def _boxes(rng: np.random.Generator, size: Size, grid: int, predictors: int) -> np.ndarray:
    """Draw x, y, √w, √h (S, S, B, 4), multiples of 1/16, of boxes inside the image of `size`.

    Of no box x and y are the same, nor √w and √h. All keep more than a pixel away from the image's edges, so that no
    corner is near 0, where rounding would tell; no two overlap so much that anybody would suppress one.
    """
    drawn: list[np.ndarray] = []
    taken: list[np.ndarray] = []
    for row, column in np.ndindex(grid, grid):
        while len(drawn) < predictors * (row * grid + column + 1):
            offsets = _OFFSETS[rng.integers(0, len(_OFFSETS), 2)]
            centre = (np.array([column, row]) + offsets) / grid
            most = np.floor(16 * np.sqrt(2 * np.minimum(centre, 1 - centre)))
            roots = rng.integers(np.ceil(most / 2), most, endpoint=True) / 16
            corners = np.concatenate([centre - roots**2 / 2, centre + roots**2 / 2])
            alike = offsets[0] in (offsets[1], 1 - offsets[1]) or roots[0] == roots[1]
            at_edge = (np.minimum(corners[:2], 1 - corners[2:]) * size[::-1] <= 1).any()
            if not alike and not at_edge and all(_iou(corners, other) < 0.45 for other in taken):
                drawn.append(np.concatenate([offsets, roots]))
                taken.append(corners)
    return np.array(drawn).reshape(grid, grid, predictors, 4)


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    shared = (np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).clip(min=0).prod()
    both = (a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod()
    return float(shared / (both - shared))


def _sixteenths(rng: np.random.Generator, shape: Sequence[int], low: int = 1, high: int = 15) -> np.ndarray:
    """Draw multiples of 1/16 from `low` to `high` sixteenths, both included: the product of two is exact."""
    drawn: np.ndarray = rng.integers(low, high, shape, endpoint=True) / 16
    return drawn


def _classes(rng: np.random.Generator, grid: int, count: int, best: tuple[int, int] = (8, 15)) -> np.ndarray:
    """Draw class scores (S, S, K), multiples of 1/16, all different within a cell; the highest lies between `best`.

    From cell to cell the classes take turns at being the best one.
    """
    scores = []
    for place in np.resize(rng.permutation(count), grid * grid):
        top = int(rng.integers(*best, endpoint=True))
        scores.append(np.insert(rng.choice(np.arange(1, top), count - 1, replace=False), place, top))
    return np.array(scores).reshape(grid, grid, count) / 16


def _joined(boxes: np.ndarray, confidences: np.ndarray) -> Tensor:
    return torch.from_numpy(np.concatenate([boxes, confidences[..., None]], axis=-1)).float()


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `decode_predictions`, called as (output, image_size, num_classes, score_threshold)."""

    def draw_size(grid: int, wide: bool = True, even: bool = False) -> Size:
        """Draw (H, W), of which the grid divides both sides or none."""
        short, long = (
            int(rng.choice([side for side in fits if grid == 1 or (side % grid == 0) == even]))
            for fits in (range(30, 44), range(50, 81))
        )
        return (short, long) if wide else (long, short)

    def draw(
        size: Size, grid: int, predictors: int, count: int, best: tuple[int, int] = (8, 15)
    ) -> tuple[np.ndarray, np.ndarray, Tensor]:
        """Draw boxes, confidences (S, S, B), all of them above 0, and class scores."""
        boxes, confidences = _boxes(rng, size, grid, predictors), _sixteenths(rng, (grid, grid, predictors))
        return boxes, confidences, torch.from_numpy(_classes(rng, grid, count, best)).float()

    size = draw_size(2, even=True)
    boxes, sure, classes = draw(size, 2, 2, 3)
    yield _call("two predictors a cell, and all boxes are kept", _joined(boxes, sure), classes, size)

    size = draw_size(3, wide=False)
    boxes, sure, classes = draw(size, 3, 1, 5)
    yield _call("one predictor a cell, and five classes", _joined(boxes, sure), classes, size)

    size = draw_size(2)
    boxes, sure, classes = draw(size, 2, 3, 6)
    yield _call("three predictors a cell, and six classes", _joined(boxes, sure), classes, size)

    size = draw_size(2, wide=False)
    boxes, sure, classes = draw(size, 2, 2, 1)
    yield _call("a single class", _joined(boxes, sure), classes, size)

    size = draw_size(1)
    boxes, sure, classes = draw(size, 1, 3, 2)
    boxes[0, 0, 1] = boxes[0, 0, 0] + [0, 0, 0, 1 / 16]
    yield _call("a single cell, and two of its boxes nearly the same", _joined(boxes, sure), classes, size)

    size = (int(rng.choice([40, 41, 43, 44, 46])),) * 2
    boxes, sure, classes = draw(size, 3, 1, 4)
    yield _call("a square image", _joined(boxes, sure), classes, size)

    # Some are sure of themselves, or of the class, and not of both.
    size, threshold = draw_size(3), float(rng.choice([0.3, 0.35]))
    boxes, _, classes = draw(size, 3, 2, 2, best=(8, 11))
    sure = rng.permutation(np.resize([13, 15, 6, 7, 2, 1], 18)).reshape(3, 3, 2) / 16
    yield _call("only some score enough", _joined(boxes, sure), classes, size, threshold)

    # A quarter is exact, whoever multiplies. Beside the box that has it stands one with more.
    size = draw_size(2, wide=False)
    boxes, sure, _ = draw(size, 2, 2, 3)
    best = rng.permutation([0.5, 0.5, 1.0, 1.0]).reshape(2, 2, 1)
    exactly = rng.permutation([True, True, False, False]).reshape(2, 2, 1) ^ np.array([True, False])
    sure = np.where(exactly, 0.25 / best, rng.choice([12, 14, 15], (2, 2, 2)) / 16)
    scores = np.concatenate([best, _sixteenths(rng, (2, 2, 2), 1, 7)], axis=2)
    classes = torch.from_numpy(rng.permuted(scores, axis=2)).float()
    yield _call("scores of exactly the threshold", _joined(boxes, sure), classes, size, 0.25)

    size = draw_size(2)
    boxes, sure, _ = draw(size, 2, 2, 4)
    ties = np.array([[0, 1, 0, 1], [1, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]])[rng.permutation(4)].reshape(2, 2, 4)
    scores = np.where(ties, _sixteenths(rng, (2, 2, 1), 9, 15), _sixteenths(rng, (2, 2, 4), 1, 8))
    yield _call("equal class scores: the lower label", _joined(boxes, sure), torch.from_numpy(scores).float(), size)

    size = draw_size(2, wide=False)
    boxes, sure, classes = draw(size, 2, 3, 2)
    sure *= rng.permutation(np.resize([1, -1], 12)).reshape(2, 2, 3)
    yield _call("confidences below zero", _joined(boxes, sure), classes, size)

    # In two cells the best class is above 0 and others are below, in two all are below: there two times minus is plus.
    size = draw_size(2)
    boxes, sure, classes = draw(size, 2, 2, 3)
    sure *= np.where(rng.permutation([1, 1, -1, -1]).reshape(2, 2, 1), [1, -1], [-1, 1])
    lower = torch.from_numpy(rng.permutation([1, 1, 2, 2])).reshape(2, 2, 1)
    is_best = classes == classes.amax(dim=2, keepdim=True)
    classes = torch.where(is_best & (lower == 1), classes, classes - 1)
    classes = torch.where(lower == 2, classes - 1 / 32, classes)
    yield _call("confidences and class scores below zero", _joined(boxes, sure), classes, size)

    # In the first of these cells all class scores are below 0, and both boxes are kept.
    size = draw_size(2, wide=False)
    boxes, _, classes = draw(size, 2, 2, 3)
    pairs = rng.permutation([[5, -14, 1], [9, -3, 0], [0, -15, 0], [0, -4, 0]])
    sure = rng.permuted(pairs[:, :2], axis=1).reshape(2, 2, 2) / 16
    classes -= torch.from_numpy(pairs[:, 2]).reshape(2, 2, 1)
    yield _call("a threshold below zero", _joined(boxes, sure), classes, size, -0.25)

    size = draw_size(2)
    boxes, sure, classes = draw(size, 2, 2, 2)
    boxes[..., 2:] *= rng.permutation([[1, -1], [-1, 1], [-1, -1], [1, 1]] * 2).reshape(2, 2, 2, 2)
    yield _call("negative numbers for √w and √h", _joined(boxes, sure), classes, size)

    size = draw_size(2, wide=False)
    boxes, sure, classes = draw(size, 2, 2, 3)
    boxes[..., :2] += rng.permutation([[1, 0], [-1, 0], [0, 1], [0, -1]] * 2).reshape(2, 2, 2, 2)
    boxes[..., 2:] += _sixteenths(rng, (2, 2, 2, 2), 8, 15)
    said = _joined(boxes, sure + 0.5)
    yield _call("centres in other cells, boxes beyond the image, scores above 1", said, classes + 1, size)

    size = draw_size(2)
    boxes, sure, classes = draw(size, 2, 2, 3)
    yield _call("nothing scores enough", _joined(boxes, sure), classes, size, float(rng.integers(16, 20)) / 16)

    size = draw_size(2, wide=False)
    boxes, sure, classes = draw(size, 2, 1, 2)
    sure = rng.permutation([0, 0, -4, -7]).reshape(2, 2, 1) / 16
    yield _call("a score of zero is not above zero: no boxes", _joined(boxes, sure), classes, size)

    # In float32 the first two classes are equal, and the first would be the best.
    size = draw_size(2)
    boxes, sure, classes = draw(size, 2, 2, 3)
    said = _joined(boxes, sure).double() * (1 + 1e-8 / 3)
    close = classes[..., 2:].double() / 32 + 2 / 3
    classes = torch.cat([close, close + 1e-8, classes[..., 2:].double() / 3], dim=2)
    yield _call("float64, with values that float32 cannot hold", said, classes, size)

    size = draw_size(3, wide=False)
    boxes, sure, classes = draw(size, 3, 1, 4)
    inputs = dict(_call("", _joined(boxes, sure), classes, size, 0.2).args)
    inputs["output"] = _turned(inputs["output"])  # type: ignore[arg-type]
    yield Case("channels that come first in memory: not contiguous", inputs)


def _turned(output: Tensor) -> Tensor:
    """Return `output` with the same values, in memory (B·5 + K, S, S) as it comes out of a convolution."""
    return output.permute(2, 0, 1).contiguous().permute(1, 2, 0)


EXERCISE = Exercise(
    name="decode_predictions",
    chapter=CHAPTER,
    points=8,
    minutes=30,
    difficulty=4,
    reference="solutions.yolo:decode_predictions",
    cases=cases,
    outputs=("boxes", "scores", "labels"),
    hints=(
        "Take one cell and one predictor. In which row and column does it stand? Then x says how many cells its "
        "centre lies from the left: the column and a bit. And how many pixels is a cell wide, in this image?",
        "The last K numbers of a cell belong to all its predictors; what stands before them are B times five. Centre "
        "in pixels: (column + x) / S · W and (row + y) / S · H. Size: the square of √w times W, the square of √h "
        "times H. The class is chosen once a cell, before any confidence is multiplied.",
        "Three nested loops, rows outside, predictors inside, and three lists are a right answer. Without loops: "
        "`output[..., :-num_classes].reshape(S, S, -1, 5)`, `output[..., -num_classes:].max(dim=-1)`, and a mask "
        "(S, S, B) `scores > score_threshold` that chooses from boxes (S, S, B, 4), scores and labels in this order.",
    ),
    insight=(
        "One pass of the network and a few lines of arithmetic: no proposals, no second look. And yet a cow across "
        "four cells may well be found four times. The suppression of chapter 6 is still to come."
    ),
)
