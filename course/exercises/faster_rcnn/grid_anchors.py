"""`grid_anchors`: the anchors of one place, put at every place of a feature map."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.faster_rcnn import CHAPTER
from course.exercises.faster_rcnn.shared import NO_ANCHORS, NO_ANCHORS_SENTENCE


def _base(rng: np.random.Generator, count: int, step: float = 1.0) -> Tensor:
    """Draw anchors (A, 4) around 0, float32: half widths and half heights are different multiples of `step`."""
    halves = rng.permutation(np.arange(2, 2 + 2 * count)).reshape(count, 2)
    return torch.from_numpy(np.concatenate([-halves, halves], axis=1)).float() * step


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `grid_anchors`, called by position as (feature_size, stride, base)."""

    def case(name: str, size: tuple[int, ...], stride: tuple[int, ...], base: Tensor) -> Case:
        return Case(name, {"feature_size": size, "stride": stride, "base": base})

    def sides(low: int = 2, high: int = 4) -> tuple[int, ...]:
        return different(rng, low, high)

    def strides() -> tuple[int, ...]:
        return tuple(4 * number for number in different(rng, 1, 5))

    same = int(rng.integers(2, 9))
    yield case("two anchors at every place", sides(), strides(), _base(rng, 2))
    yield case("one place", (1, 1), strides(), _base(rng, 3))
    yield case("one row", (1, int(rng.integers(3, 6))), strides(), _base(rng, 2))
    yield case("one column", (int(rng.integers(3, 6)), 1), strides(), _base(rng, 2))
    yield case("one anchor at every place", sides(2, 5), strides(), _base(rng, 1))
    yield case("the same stride in both directions", sides(), (2 * same, 2 * same), _base(rng, 3))
    yield case("as many rows as columns", (3, 3), strides(), _base(rng, 2))
    yield case("as many anchors as columns", (2, 3), strides(), _base(rng, 3))
    yield case("odd strides", sides(), tuple(2 * number + 1 for number in different(rng, 1, 6)), _base(rng, 2))
    yield case("a stride of 1 down", sides(), (1, 2 * same), _base(rng, 2))
    yield case("a stride of 1 to the right", sides(), (2 * same, 1), _base(rng, 2))
    yield case("large strides", sides(), tuple(32 * number for number in different(rng, 1, 3)), _base(rng, 2, 8.0))
    yield case("corners between two pixels", sides(), strides(), _base(rng, 2, 0.5))

    corner = torch.from_numpy(rng.integers(-9, 10, (2, 2))).float()
    size = torch.from_numpy(rng.integers(3, 9, (2, 2))).float()
    yield case("a base that is not around 0", sides(), strides(), torch.cat([corner, corner + size], dim=1))

    yield case("no rows: no anchors", (0, int(rng.integers(2, 5))), strides(), _base(rng, 2))
    yield case("no columns: no anchors", (int(rng.integers(2, 5)), 0), strides(), _base(rng, 3))

    doubled = _base(rng, 2).double() / 3
    yield case("float64, with values that float32 cannot hold", sides(), strides(), doubled)
    yield case("a base that is cut out of a larger tensor, not contiguous", sides(), strides(), sliced(_base(rng, 2)))
    yield case("a base whose columns lie side by side, not contiguous", sides(), strides(), transposed(_base(rng, 3)))


EXERCISE = Exercise(
    name="grid_anchors",
    chapter=CHAPTER,
    points=6,
    minutes=15,
    difficulty=2,
    reference="solutions.faster_rcnn:grid_anchors",
    cases=cases,
    outputs=("anchors",),
    hints=(
        "A map of 2 rows and 3 columns, one anchor, strides of 4 down and 8 along: write down the six boxes in their "
        "order. Which numbers grow from one column to the next, and which from one row to the next?",
        "A box moves as a whole: x1 and x2 by j · sx, y1 and y2 by i · sy. So each place has a shift of four numbers, "
        "and every anchor of that place gets the same shift.",
        '`torch.meshgrid(…, …, indexing="ij")` makes rows and columns of places out of two `arange`s. With the shifts '
        "(h · w, 4) row by row, `shifts[:, None] + base` is (h · w, A, 4), and `.reshape(-1, 4)` is the list.",
    ),
    forbidden=NO_ANCHORS,
    forbidden_sentence=NO_ANCHORS_SENTENCE,
    insight=(
        "An image of 800 × 1,000 pixels at a stride of 16 has 50 · 62 places, and with nine anchors each some 28,000 "
        "boxes, made without a look at the image. All that an image decides is which of them are kept."
    ),
)
