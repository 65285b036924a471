"""`bilinear_sample`: the value of a map between its cells."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.mask_rcnn import CHAPTER

# Shares of a cell. In whole numbers weighed by them there is no rounding, in whatever order they are added.
_SHARES = (0.125, 0.25, 0.375, 0.625, 0.75, 0.875)


def _between(rng: np.random.Generator, rows: Sequence[int], columns: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Draw a point behind each (row, column): y and x (P,), neither in the middle, nor both as far behind."""
    down, along = zip(*(rng.choice(_SHARES, 2, replace=False) for _ in rows), strict=True)
    return _floats(np.add(rows, down)), _floats(np.add(columns, along))


def _floats(numbers: Sequence[float] | np.ndarray) -> Tensor:
    return torch.tensor(np.asarray(numbers), dtype=torch.float32)


def _call(name: str, features: Tensor, y: Tensor, x: Tensor, *, gradient: bool = False) -> Case:
    return Case(name, {"features": features, "y": y.to(features), "x": x.to(features)}, gradient=gradient)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `bilinear_sample`, called by position as (features, y, x)."""

    def inside(count: int, height: int, width: int) -> tuple[Tensor, Tensor]:
        rows, columns = rng.integers(0, height - 1, count), rng.integers(0, width - 1, count)
        return _between(rng, rows.tolist(), columns.tolist())

    def share() -> float:
        return float(rng.choice(_SHARES))

    # No last row or column is asked here, no column that would not be a row, and nothing hangs on the sign.
    yield _call("points between cells", distinct(rng, (2, 6, 8), sign="positive"), *inside(5, 5, 6))

    yield _call("a single channel", distinct(rng, (1, 4, 7)), *inside(6, 4, 7))
    yield _call("more channels than points", distinct(rng, (5, 5, 4)), *inside(2, 5, 4))
    yield _call("as many channels as points", distinct(rng, (3, 4, 6)), *inside(3, 4, 6))
    yield _call("a single point", distinct(rng, (2, 5, 3)), *inside(1, 5, 3))

    row, column = int(rng.integers(1, 3)), int(rng.integers(1, 5))
    y, x = _floats([0, 3, row, 3, 0, row, 3, 0]), _floats([0, 5, column, column, 5, 5, 0, column])
    yield _call("points on cells, in the last row and the last column, too", distinct(rng, (2, 4, 6)), y, x)

    y = _floats([0, 3, row, 3, share(), row + share(), 2 + share()])
    x = _floats([share(), column + share(), 4 + share(), 4 + share(), 0, column, 5])
    yield _call("points between two cells of a row or a column", distinct(rng, (2, 4, 6)), y, x)

    features, (y, x) = distinct(rng, (3, 4, 6)), _between(rng, [2, row, 2, 0], [4, 4, column, 4])
    yield _call("behind the last row but one, and the last column but one", features, y, x)

    features = distinct(rng, (2, 5, 4))
    y = _floats([-share(), 4 + share(), share(), 2 + share(), -share(), 4 + share(), -share(), 4 + share()])
    x = _floats([1 + share(), share(), -share(), 3 + share(), -share(), 3 + share(), 3 + share(), -share()])
    yield _call("less than a cell outside the map", features, y, x)

    y = _floats([-1, 5, 1 + share(), 3 + share(), -1, 5, -1, 5, -share(), 5])
    x = _floats([1 + share(), share(), -1, 4, -1, 4, 4, -1, 4, 3 + share()])
    yield _call("exactly one cell outside the map", distinct(rng, (2, 5, 4)), y, x)

    y = _floats([-1 - share(), 5 + share(), 1 + share(), 2 + share(), -1 - share(), 5 + share(), 3 + share()])
    x = _floats([2 + share(), share(), -1 - share(), 4 + share(), 4 + share(), -1 - share(), 2 + share()])
    yield _call("more than a cell outside: 0", distinct(rng, (2, 5, 4), sign="positive"), y, x)

    far = [float(number) for number in rng.integers(20, 2000, 4)]
    y, x = _floats([-far[0], 2, 1.5, far[1], 6, 0.5]), _floats([0.5, far[2], 3.25, 4, 2.5, -far[3]])
    yield _call("far outside, and in a map of negative numbers", distinct(rng, (2, 7, 4), sign="negative"), y, x)

    y = _floats([0, -share(), -1, share(), 1, -1 - share(), 1 + share()])
    x = _floats([1 + share(), 2 + share(), 4 + share(), 5 + share(), 6, 3, share()])
    yield _call("a map of one row", distinct(rng, (2, 1, 6)), y, x)
    yield _call("a map of one column", distinct(rng, (2, 6, 1)), x, y)

    repeated = rng.permutation([0, 0, 1, 1, 1, 2])
    y, x = (points[repeated] for points in inside(3, 5, 7))
    yield _call("a point that is asked several times", distinct(rng, (2, 5, 7)), y, x)

    yield _call("no point: empty", distinct(rng, (3, 4, 5)), torch.zeros(0), torch.zeros(0))

    # Places in thirds and sevenths, far from what is one cell outside.
    y, x = (torch.from_numpy(rng.integers(0, 9, 6)).double() / n for n in (3, 7))
    y, x = torch.cat([y - 1 / 3, y[:1] + 5 / 3]), torch.cat([x - 1 / 7, x[:1] + 2 / 3])
    yield _call("float64, with values that float32 cannot hold", thirds(rng, (2, 4, 3)), y, x)

    y, x = torch.stack(inside(6, 5, 7), dim=1).unbind(dim=1)
    yield _call("a map and points that are not contiguous", transposed(distinct(rng, (2, 5, 7))), y, x)
    y, x = torch.stack(inside(6, 5, 7)).repeat_interleave(2, dim=1)[:, ::2]
    yield _call("a map cut out of a larger one, not contiguous", sliced(distinct(rng, (2, 5, 7))), y, x)

    yield _call("gradients flow back to the map", distinct(rng, (2, 4, 6)), *inside(6, 4, 6), gradient=True)

    y = _floats([1.25, 1.25, -share(), 4, 3, 4 + share(), 2 + share(), -1])
    x = _floats([2.5, 2.5, 1 + share(), 3 + share(), 5, 2, 6 + share(), -1])
    yield _call("gradients of points that repeat, and of some outside", distinct(rng, (2, 4, 6)), y, x, gradient=True)


EXERCISE = Exercise(
    name="bilinear_sample",
    chapter=CHAPTER,
    points=8,
    minutes=25,
    difficulty=3,
    reference="solutions.roi_align:bilinear_sample",
    cases=cases,
    outputs=("values",),
    constants=("y", "x"),
    hints=(
        "On paper: four cells 0, 1 above 2, 3, and the point y = ½, x = ¼. First go along the upper row, then along "
        "the lower one, and from the two numbers down. How much does each of the four cells count in the end?",
        "Remember first which points are too far out, then move all others into the map. After that there are no "
        "special cases but one: on the last row there is none below. How much would that one count?",
        "With `top = y.floor().long()`, `features[:, top, left]` is (C, P): the upper left cells of all points. "
        "The row below is `(top + 1).clamp(max=H - 1)`, and counts `y - top`. `torch.where` puts the zeros.",
    ),
    forbidden=(
        r"gridsample",
        r"interpolate",
        r"upsampl",
        r"mapcoordinates",
        r"^(cv2|kornia|skimage|scipy\.ndimage)",
        r"^torchvision\.(ops|models\.detection)",
        r"^torch\.ops\.torchvision",
    ),
    forbidden_sentence="This exercise is to blend the cells yourself, without a library that samples or resizes.",
    insight=(
        "The gradient of a point goes to four cells, as much to each as it counted, and to no others. A pooled maximum "
        "has one cell to thank, and a small move of the box often changes nothing, and then all of it; here a small "
        "move is a small change."
    ),
)
