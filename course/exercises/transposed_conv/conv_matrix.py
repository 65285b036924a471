"""`conv_matrix`: a convolution as one matrix; its transpose is the transposed convolution."""

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from course.exercises.draw import different, distinct, sliced, thirds
from course.exercises.exercise import Case, Exercise
from course.exercises.transposed_conv import CHAPTER


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `conv_matrix`, called by position."""

    def weight(*shape: int) -> Tensor:
        return distinct(rng, shape, step=0.5)

    kernel = distinct(rng, (1, 1, 2, 2), sign="positive")
    yield Case("one channel, a 2 × 2 filter on 3 × 4 pixels", {"weight": kernel, "input_size": (3, 4)})

    height, width = different(rng, 3, 4)
    outputs, inputs = different(rng, 2, 3)
    yield Case("several channels in and out", {"weight": weight(outputs, inputs, 2, 2), "input_size": (height, width)})

    height, width = different(rng, 4, 6)
    yield Case("a stride of 2", {"weight": weight(2, 1, 3, 2), "input_size": (height, width), "stride": 2})

    (height, width), turned = different(rng, 5, 6), bool(rng.integers(2))
    kernel, steps = (weight(1, 1, 3, 1), (1, 3)) if turned else (weight(1, 1, 1, 3), (3, 1))
    yield Case(
        "a filter and a stride of their own for height and width",
        {"weight": kernel, "input_size": (height, width), "stride": steps},
    )

    height, width = different(rng, 3, 4)
    yield Case("padding", {"weight": weight(1, 2, 3, 3), "input_size": (height, width), "stride": 1, "padding": 1})

    (height, width), turned = different(rng, 2, 4), bool(rng.integers(2))
    kernel, border = (weight(2, 1, 3, 2), (2, 0)) if turned else (weight(2, 1, 2, 3), (0, 2))
    yield Case(
        "padding of its own for height and width",
        {"weight": kernel, "input_size": (height, width), "stride": 1, "padding": border},
    )

    height, width = different(rng, 2, 3)
    yield Case(
        "stride and padding, and rows left over",
        {"weight": weight(1, 1, 3, 3), "input_size": (2 * height, 2 * width), "stride": 2, "padding": 1},
    )

    outputs, inputs = different(rng, 2, 4)
    yield Case("a filter as large as the image", {"weight": weight(outputs, inputs, 2, 3), "input_size": (2, 3)})

    yield Case(
        "an image of one pixel",
        {"weight": weight(2, 3, 3, 3), "input_size": (1, 1), "stride": int(rng.integers(1, 3)), "padding": 1},
    )

    height, width = different(rng, 2, 3)
    outputs, inputs = different(rng, 2, 4)
    yield Case("a filter of one pixel", {"weight": weight(outputs, inputs, 1, 1), "input_size": (height, width)})

    height, width = different(rng, 3, 4)
    yield Case(
        "float64, with values that float32 cannot hold",
        {"weight": thirds(rng, (2, 1, 2, 2)), "input_size": (height, width)},
    )

    height, width = different(rng, 3, 4)
    yield Case(
        "a weight that is not contiguous",
        {"weight": sliced(weight(2, 2, 2, 3)), "input_size": (height, width), "stride": 1, "padding": (1, 0)},
    )

    height, width = different(rng, 3, 4)
    yield Case(
        "gradients flow back",
        {"weight": weight(2, 2, 2, 2), "input_size": (height, width), "stride": 2, "padding": 1},
        gradient=True,
    )


EXERCISE = Exercise(
    name="conv_matrix",
    chapter=CHAPTER,
    points=6,
    minutes=20,
    difficulty=3,
    reference="solutions.transposed_conv:conv_matrix",
    cases=cases,
    hints=(
        "One row of M makes one output value. Which pixels of the image does that value look at, and with which "
        "weights? Everything else in the row is zero.",
        "Think of a row as an image: zeros, and the filter where its window lies. Build these images with padding "
        "around them, cut the padding off, and flatten each.",
        "Or ask the convolution itself: column j of a matrix is what it makes of the j-th unit vector. All unit "
        "images at once are `torch.eye(n).view(n, Cin, H, W)`, in the dtype of `weight`, a batch for `F.conv2d`.",
    ),
    outputs=("matrix",),
    insight=(
        "For one channel of 64 × 64 pixels and a 3 × 3 filter with padding 1, this matrix has nearly 17 million "
        "numbers, and fewer than 37 000 of them are not zero. The convolution keeps nine, and shares them."
    ),
)
