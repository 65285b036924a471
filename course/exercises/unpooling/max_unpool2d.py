"""`max_unpool2d`: put values back where pooling found them."""

from collections.abc import Iterator

import numpy as np
import torch

from course.exercises.draw import (
    different,
    distinct,
    thirds,
    transposed,
    with_largest_at,
)
from course.exercises.exercise import Case, Exercise
from course.exercises.unpooling import CHAPTER
from course.exercises.unpooling.shared import pooled


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `max_unpool2d`, called by position: x, indices, kernel_size, stride, padding, output_size."""
    x, indices = pooled(distinct(rng, (1, 1, 4, 6), sign="positive"), 2)
    while (indices.flatten().diff() > 0).all():  # the values' order is never that of their positions
        x, indices = pooled(distinct(rng, (1, 1, 4, 6), sign="positive"), 2)
    yield Case("2 × 2 windows on a small map", {"x": x, "indices": indices, "kernel_size": 2})

    height, width = different(rng, 2, 4)
    batch, channels = different(rng, 2, 3)
    _, indices = pooled(distinct(rng, (batch, channels, 2 * height, 2 * width)), 2)
    x = distinct(rng, indices.shape)
    yield Case(
        "several images and channels, values that changed since pooling",
        {"x": x, "indices": indices, "kernel_size": 2},
    )

    kernel, stride = ((3, 2), (4, 2)) if rng.integers(2) else ((2, 3), (2, 4))
    height, width = different(rng, 2, 3)
    size = ((height - 1) * stride[0] + kernel[0], (width - 1) * stride[1] + kernel[1])
    _, indices = pooled(distinct(rng, (1, 2, *size)), kernel, stride)
    x = distinct(rng, indices.shape)
    yield Case(
        "a kernel and a stride of their own for height and width",
        {"x": x, "indices": indices, "kernel_size": kernel, "stride": stride},
    )

    height, width = different(rng, 2, 3)
    x, indices = pooled(with_largest_at(distinct(rng, (1, 2, 2 * height + 1, 2 * width + 1)), 2, 2), 3, 2)
    yield Case(
        "overlapping windows give a position more than once",
        {"x": x, "indices": indices, "kernel_size": 3, "stride": 2},
    )

    height, width = different(rng, 2, 3)
    _, indices = pooled(distinct(rng, (2, 1, 3 * height - 1, 3 * width - 1)), 2, 3)
    x = distinct(rng, indices.shape)
    yield Case(
        "a stride larger than the window leaves gaps", {"x": x, "indices": indices, "kernel_size": 2, "stride": 3}
    )

    height, width = different(rng, 2, 4)
    x, indices = pooled(distinct(rng, (1, 2, 2 * height - 1, 2 * width - 1)), 3, 2, 1)
    yield Case("padding", {"x": x, "indices": indices, "kernel_size": 3, "stride": 2, "padding": 1})

    height, width = different(rng, 2, 3)
    _, indices = pooled(distinct(rng, (1, 2, 3 * height, 3 * width)), 3)
    x = distinct(rng, indices.shape)
    yield Case("windows of 3 × 3 side by side, stride=None", {"x": x, "indices": indices, "kernel_size": 3})

    kernel, padding = ((3, 4), (0, 2)) if rng.integers(2) else ((4, 3), (2, 0))
    height, width = different(rng, 2, 3)
    size = (height * kernel[0] - 2 * padding[0], width * kernel[1] - 2 * padding[1])
    _, indices = pooled(distinct(rng, (1, 2, *size)), kernel, None, padding)
    x = distinct(rng, indices.shape)
    yield Case(
        "padding of its own for height and width, stride=None",
        {"x": x, "indices": indices, "kernel_size": kernel, "stride": None, "padding": padding},
    )

    height, width = different(rng, 2, 3)
    _, indices = pooled(distinct(rng, (1, 2, 2 * height + 1, 2 * width + 1)), 2)
    x = distinct(rng, indices.shape)
    yield Case(
        "output_size says that a row and a column were left over",
        {
            "x": x,
            "indices": indices,
            "kernel_size": 2,
            "stride": None,
            "padding": 0,
            "output_size": (2 * height + 1, 2 * width + 1),
        },
    )

    height, width = different(rng, 2, 4)
    shape = (2, 3, 2 * height, 2 * width + 1)
    _, indices = pooled(distinct(rng, shape), 2, 2)
    x = distinct(rng, indices.shape)
    yield Case(
        "output_size as the full shape",
        {"x": x, "indices": indices, "kernel_size": 2, "stride": 2, "padding": 0, "output_size": shape},
    )

    height, width = different(rng, 2, 4)
    size = (2 * height, 2 * width)
    _, indices = pooled(distinct(rng, (1, 2, *size)), (3, 3), 2, 1)
    x = torch.zeros(indices.shape) + 7.0  # windows overlap: what stands at a shared position is the same
    x[:, 1] = -2.0
    yield Case(
        "output_size with padding and a stride smaller than the window",
        {"x": x, "indices": indices, "kernel_size": 3, "stride": 2, "padding": 1, "output_size": size},
    )

    _, indices = pooled(distinct(rng, (3, 2, 2, 3)), (2, 3))
    x = distinct(rng, indices.shape)
    yield Case("images of one pixel", {"x": x, "indices": indices, "kernel_size": (2, 3)})

    height, width = different(rng, 2, 3)
    x = torch.zeros(0, 3, height, width)
    yield Case("an empty batch", {"x": x, "indices": x.long(), "kernel_size": 2})

    height, width = different(rng, 2, 3)
    _, indices = pooled(distinct(rng, (1, 2, 2 * height, 2 * width)), 2)
    x = thirds(rng, indices.shape)
    yield Case(
        "float64, with values that float32 cannot hold", {"x": x, "indices": indices, "kernel_size": 2, "stride": 2}
    )

    height, width = different(rng, 2, 4)
    _, indices = pooled(distinct(rng, (2, 3, 2 * height, 2 * width)), 2)
    x = transposed(distinct(rng, indices.shape))
    yield Case(
        "inputs that are not contiguous",
        {"x": x, "indices": transposed(indices), "kernel_size": 2, "stride": 2},
    )

    height, width = different(rng, 2, 3)
    _, indices = pooled(distinct(rng, (1, 2, 2 * height, 2 * width)), 2)
    x = distinct(rng, indices.shape, step=0.25)
    yield Case("gradients flow back", {"x": x, "indices": indices, "kernel_size": 2}, gradient=True)


EXERCISE = Exercise(
    name="max_unpool2d",
    chapter=CHAPTER,
    points=8,
    minutes=25,
    difficulty=3,
    reference="solutions.unpooling:max_unpool2d",
    cases=cases,
    hints=(
        "Position 7 in a plane that is 6 wide is row 1, column 1. So the indices alone say where each value goes; "
        "what do kernel, stride and padding still have to tell you?",
        "They tell the size of the output: turn pooling's size formula round, once for the height and once for the "
        "width, unless `output_size` says it. Then think of each H × W plane as one row of H·W numbers.",
        "Make zeros of shape (N, C, H·W) like `x`, flatten the last two dimensions of `x` and of `indices`, let "
        "`scatter` along the last dimension put the values in, and view the result as (N, C, H, W).",
    ),
    forbidden=(r"maxunpool",),
    forbidden_sentence="This exercise is to build max unpooling yourself, without a library's max unpooling.",
    insight=(
        "Pool the result once more, with windows that do not overlap. Where `x` is positive it comes back, and "
        "where it is negative the zeros around it win. In SegNet what is unpooled comes out of a ReLU, so it never "
        "is."
    ),
)
