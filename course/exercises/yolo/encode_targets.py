"""`encode_targets`: what the cells of a grid should say of an image's objects."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.yolo import CHAPTER

Size = tuple[int, int]
Cell = tuple[int, int]

_OFFSETS = np.array([3, 4, 5, 6, 7, 9, 10, 11, 12, 13]) / 16
"""Where in its cell a centre lies, in x or in y: away from the edges, whatever is rounded, and never in the middle."""


def _call(name: str, boxes: Tensor, labels: Sequence[int] | Tensor, grid: int, num_classes: int, size: Size) -> Case:
    labels = labels if isinstance(labels, Tensor) else torch.tensor(labels, dtype=torch.int64)
    return Case(name, {"boxes": boxes, "labels": labels, "grid": grid, "num_classes": num_classes, "image_size": size})


def _objects(rng: np.random.Generator, size: Size, grid: int, cells: Sequence[Cell]) -> Tensor:
    """Draw one box (n, 4) for each of `cells` (row, column), with its centre in there, inside the image of `size`.

    Coordinates are multiples of ¼ pixel. Of no box the offsets in x and y are the same, nor the sides or their shares.
    """
    return torch.stack([_object(rng, size, grid, cell) for cell in cells])


def _object(rng: np.random.Generator, size: Size, grid: int, cell: Cell) -> Tensor:
    image = np.array(size[::-1])
    while True:
        offsets = rng.choice(_OFFSETS, 2, replace=False)
        centre = np.round((np.array(cell[::-1]) + offsets) * image / grid * 4) / 4
        most = 4 * np.minimum(centre, image - centre)  # in halves of a pixel, as the sides are
        sides = rng.integers(np.ceil(most / 2), most, endpoint=True) / 2
        wide, high = sides / image
        if offsets.sum() != 1 and sides[0] != sides[1] and abs(wide - high) > 1 / 64 and wide * high:
            return _box(centre, sides)


def _box(centre: Sequence[float] | np.ndarray, sides: Sequence[float] | np.ndarray) -> Tensor:
    """Return the box (4,) about `centre` (x, y), `sides` (w, h) large."""
    middle, half = np.array(centre), np.array(sides) / 2
    return torch.from_numpy(np.concatenate([middle - half, middle + half])).float()


def _draw_size(rng: np.random.Generator, grid: int, kind: str) -> Size:
    """Draw (H, W), a "wide" or a "tall" image that the grid divides, or an "uneven" one of which it divides no side."""
    if kind == "uneven":
        fits = [side for side in range(12 * grid, 16 * grid) if side % grid]
        high, wide = rng.choice(fits), rng.choice(fits) + 4 * grid
        return int(high), int(wide)
    short, long = int(rng.integers(8, 11)) * grid, int(rng.integers(12, 17)) * grid
    return (long, short) if kind == "tall" else (short, long)


def _centres(boxes: Tensor) -> Tensor:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _by_area(boxes: Tensor, *, largest_first: bool) -> Tensor:
    area = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
    return boxes[area.argsort(descending=largest_first)]


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `encode_targets`, called by position as (boxes, labels, grid, num_classes, image_size)."""
    # One box covers several cells. No cell lies on the diagonal, and of no two do the row and the column change places.
    size = _draw_size(rng, 4, "wide")
    boxes = _objects(rng, size, 4, [(1, 2), (3, 1), (0, 3)])
    yield _call("three objects in a wide image", boxes, [2, 1, 3], 4, 4, size)

    size = _draw_size(rng, 3, "tall")
    boxes = _objects(rng, size, 3, [(2, 1), (0, 2), (1, 0), (1, 1)])
    yield _call("four objects in a tall image", boxes, rng.permutation([1, 2, 3, 3]).tolist(), 3, 3, size)

    size = _draw_size(rng, 3, "uneven")
    boxes = _objects(rng, size, 3, [(1, 2), (2, 0), (0, 1)])
    yield _call("sides that the grid does not divide", boxes, [1, 3, 2], 3, 3, size)

    side = 3 * int(rng.integers(12, 16))
    boxes = _objects(rng, (side, side), 3, [(0, 1), (2, 1)])
    yield _call("a square image", boxes, [2, 1], 3, 2, (side, side))

    size, many = _draw_size(rng, 2, "wide"), int(rng.integers(6, 9))
    boxes = _objects(rng, size, 2, [(0, 1), (1, 1), (0, 0)])
    yield _call("many classes, the first and the last", boxes, [many, 1, 5], 2, many, size)

    size = _draw_size(rng, 3, "tall")
    boxes = _objects(rng, size, 3, [(2, 0), (1, 2)])
    yield _call("a single class", boxes, [1, 1], 3, 1, size)

    high, wide = different(rng, 20, 30)
    size = (high, wide)
    yield _call("a single cell: the whole image", _objects(rng, size, 1, [(0, 0)]), [2], 1, 3, size)

    # Image and grid are powers of two: whoever divides first, multiplies first or compares is right on an edge, too.
    def around(*centres: tuple[int, int]) -> Tensor:
        return torch.stack([_box(centre, rng.choice([6, 10, 14], 2, replace=False)) for centre in centres])

    size, (row, column) = (32, 64), (int(number) for number in rng.integers(1, 4, 2))
    boxes = around(
        (16 * column, 8 * row),
        (16 * (column % 3 + 1), 8 * (row % 3) + 11),
        (16 * ((column + 1) % 3) + 22, 8 * ((row + 1) % 3 + 1)),
    )
    yield _call("centres on edges between cells", boxes, rng.permutation([1, 2, 3]).tolist(), 4, 3, size)

    row, column = (int(number) for number in rng.integers(0, 3, 2))
    boxes = around((64, 8 * row + 3), (16 * column + 6, 32), (64, 32))
    yield _call("centres on the right and on the lower edge", boxes, [1, 2, 3], 4, 3, size)
    boxes = around((0, 8 * row + 13), (16 * column + 22, 0), (0, 0))
    yield _call("centres on the left and on the upper edge", boxes, [3, 1, 2], 4, 3, size)

    # Of one cell the first object is the smaller one, of the other the larger one; so it is with the labels.
    size = _draw_size(rng, 3, "wide")
    first = _by_area(_objects(rng, size, 3, [(1, 2)] * 2), largest_first=False)
    second = _by_area(_objects(rng, size, 3, [(2, 1)] * 2), largest_first=True)
    alone = _objects(rng, size, 3, [(0, 2)])
    boxes = torch.stack([first[0], second[0], second[1], alone[0], first[1]])
    yield _call("two objects in a cell, and two in another", boxes, [1, 4, 2, 3, 2], 3, 4, size)

    size = _draw_size(rng, 3, "tall")
    three = _objects(rng, size, 3, [(1, 0)] * 3)
    middle = torch.tensor([1 / 6, 1 / 2]) * torch.tensor(size[::-1])
    far, near, nearer = three[(_centres(three) - middle).norm(dim=1).argsort(descending=True)]
    boxes = torch.stack([far, near, _object(rng, size, 3, (0, 1)), nearer])
    yield _call("three objects of one class in a cell", boxes, [2, 2, 1, 2], 3, 2, size)

    # Below, to the right and above, and around the whole image.
    size = _draw_size(rng, 3, "uneven")
    sides = (np.array([(0.5, 1.0), (0.75, 0.5), (1.25, 1.5)]) * size[::-1]).round()
    centres = _centres(_objects(rng, size, 3, [(2, 1), (0, 2), (1, 1)])).numpy()
    boxes = torch.stack([_box(*both) for both in zip(centres, sides, strict=True)])
    yield _call("boxes that reach out of the image", boxes, [2, 1, 3], 3, 3, size)

    size = _draw_size(rng, 3, "wide")
    centres = _centres(_objects(rng, size, 3, [(0, 2), (2, 0)])).numpy() + 1 / 8
    boxes = torch.stack([_box(*both) for both in zip(centres, np.array([(0.5, 0.25), (0.25, 0.75)]), strict=True)])
    yield _call("objects smaller than a pixel", boxes, [1, 2], 3, 2, size)

    none, nothing = torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)
    yield _call("no objects: empty", none, nothing, 3, int(rng.integers(2, 5)), _draw_size(rng, 3, "wide"))
    yield _call("no objects in double precision: empty", none.double(), nothing, 2, 3, _draw_size(rng, 2, "tall"))

    size = _draw_size(rng, 3, "uneven")
    boxes = _objects(rng, size, 3, [(1, 2), (2, 0)]).double() + torch.tensor([1, 1, 2, 2], dtype=torch.float64) / 3
    yield _call("float64, with values that float32 cannot hold", boxes, [3, 2], 3, 3, size)

    size = _draw_size(rng, 3, "tall")
    boxes = transposed(_objects(rng, size, 3, [(0, 1), (2, 1), (1, 2), (0, 1)]))
    labels = sliced(torch.tensor([2, 1, 3, 1], dtype=torch.int64))
    yield _call("inputs that are not contiguous", boxes, labels, 3, 3, size)


EXERCISE = Exercise(
    name="encode_targets",
    chapter=CHAPTER,
    points=7,
    minutes=25,
    difficulty=3,
    reference="solutions.yolo:encode_targets",
    cases=cases,
    outputs=("target",),
    hints=(
        "An image is 60 wide and has three cells a row. An object's centre lies at x = 50. How many cells lie to the "
        "left of it, counted with a fraction? Its whole part is one thing that you need, and the rest another.",
        "Count centres in cells: times S, divided by the image's side, the width for x and the height for y. The "
        "column is ⌊x⌋ and the row ⌊y⌋, at most S − 1; what is left are the offsets. Width and height are shares of "
        "the image. Before you write into a cell, look whether an earlier object is there.",
        "A loop over the objects is all it takes: `target = boxes.new_zeros(grid, grid, 5 + num_classes)`; "
        "`column = min(int(x), grid - 1)`; where `target[row, column, 4]` is 1, go on with the next object; else set "
        "the first five numbers, and number 5 + label − 1 to 1.",
    ),
    insight=(
        "Two objects with their centres in one cell, and one of them is never learnt: no network can make up for "
        "what its target does not say. With how many cells do the animals of a herd come apart?"
    ),
)
