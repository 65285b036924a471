"""`max_pool2d_with_indices`: the largest value of each window, and where it stood."""

from collections.abc import Iterator

import numpy as np
import torch

from course.exercises.draw import (
    different,
    distinct,
    transposed,
    with_largest_at,
    with_near_ties,
    with_ties,
)
from course.exercises.exercise import Case, Exercise
from course.exercises.unpooling import CHAPTER


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `max_pool2d_with_indices`, called by position as (x, kernel_size, stride, padding)."""
    x = distinct(rng, (1, 1, 4, 6), sign="positive")
    yield Case("2 × 2 windows on a small map", {"x": x, "kernel_size": 2})

    height, width = different(rng, 2, 3)
    batch, channels = different(rng, 2, 3)
    x = distinct(rng, (batch, channels, 2 * height + 1, 2 * width + 1))
    x[..., -1, :] += 500  # the largest values stand where no whole window reaches
    x[..., :, -1] += 1000
    yield Case("several images and channels, with a row and a column left over", {"x": x, "kernel_size": 2})

    kernel, stride = ((3, 2), (1, 3)) if rng.integers(2) else ((2, 3), (3, 1))
    height, width = different(rng, 5, 7)
    x = distinct(rng, (1, 2, height, width))
    yield Case(
        "a kernel and a stride of their own for height and width", {"x": x, "kernel_size": kernel, "stride": stride}
    )

    height, width = different(rng, 5, 7)
    x = with_largest_at(distinct(rng, (1, 2, height, width)), 2, 2)
    yield Case("overlapping windows share a maximum", {"x": x, "kernel_size": 3, "stride": 2})

    height, width = different(rng, 5, 8)
    x = distinct(rng, (2, 1, height, width))
    yield Case("a stride larger than the window leaves gaps", {"x": x, "kernel_size": 2, "stride": 3})

    height, width = different(rng, 4, 6)
    x = distinct(rng, (1, 2, height, width), sign="negative")
    yield Case("padding, and every value negative", {"x": x, "kernel_size": 3, "stride": 2, "padding": 1})

    kernel, padding = ((3, 4), (0, 2)) if rng.integers(2) else ((4, 3), (2, 1))
    height, width = different(rng, 5, 7)
    x = distinct(rng, (1, 2, height, width))
    yield Case(
        "padding of its own for height and width, stride=None",
        {"x": x, "kernel_size": kernel, "stride": None, "padding": padding},
    )

    rows, columns = different(rng, 2, 3)
    x = with_ties(rng, 1, 1, rows, columns)
    x = torch.cat([x, torch.full_like(x, -3.0)], dim=1)  # and a plane where all pixels of all windows tie
    yield Case("ties go to the first pixel in row-major order", {"x": x, "kernel_size": 2})

    x = distinct(rng, (2, 3, 1, 1), sign="negative", step=1e30)  # no "very negative" number is low enough
    yield Case("images of one pixel under a larger window", {"x": x, "kernel_size": 3, "stride": 1, "padding": 1})

    height, width = different(rng, 4, 6)
    yield Case("an empty batch", {"x": torch.zeros(0, 3, height, width), "kernel_size": 2, "stride": 2})

    rows, columns = different(rng, 1, 3)
    x = with_near_ties(rng, 1, 2, rows, columns)
    yield Case("float64, with values that float32 cannot tell apart", {"x": x, "kernel_size": 2})

    height, width = different(rng, 4, 6)
    x = transposed(distinct(rng, (2, 3, height, width)))
    yield Case("an input that is not contiguous", {"x": x, "kernel_size": 2, "stride": 2})

    height, width = different(rng, 5, 7)
    x = with_largest_at(distinct(rng, (1, 2, height, width), step=0.25), 2, 2)
    yield Case("gradients flow back", {"x": x, "kernel_size": 3, "stride": 2}, gradient=True)


EXERCISE = Exercise(
    name="max_pool2d_with_indices",
    chapter=CHAPTER,
    points=8,
    minutes=30,
    difficulty=4,
    reference="solutions.unpooling:max_pool2d_with_indices",
    cases=cases,
    outputs=("values", "indices"),
    hints=(
        "Pool a 2 × 4 map by hand. For each window write down the largest value and how many pixels of the map you "
        "pass, reading row by row from its top-left corner, before you meet it.",
        "Cut the map into windows, (N, C, h, w, kh·kw), and find in each the place of its maximum. A place in a "
        "window is not yet a position in the map: add the row and the column where the window starts. Padding must "
        "never win, whatever the sign of the values.",
        "`x.unfold(dim, size, step)` cuts windows along one dimension; use it twice, then flatten. Place `a` is in "
        "row a // kw and column a % kw of its window. Add the window's start, i·sh − ph and j·sw − pw, and count "
        "row·W + column with the W of the unpadded map. Pad with −inf.",
    ),
    forbidden=(r"maxpool",),
    forbidden_sentence="This exercise is to build max pooling yourself, without a library's max pooling.",
    insight=(
        "The gradient of max pooling takes these very positions: all of it goes to the winner, and the other pixels "
        "of the window learn nothing. A 2 × 2 window has four places, so two bits would be enough to remember one."
    ),
)
