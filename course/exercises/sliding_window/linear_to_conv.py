"""`linear_to_conv`: turn a linear layer on patches into a convolution on the image."""

from collections.abc import Iterator

import numpy as np
import torch

from course.exercises.draw import different, distinct
from course.exercises.exercise import Case, Exercise
from course.exercises.sliding_window import CHAPTER
from course.exercises.sliding_window.shared import draw_linear


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `linear_to_conv`, called by position as (linear, in_channels, kernel_size)."""

    def case(
        name: str,
        channels: int,
        kernel: int | tuple[int, int],
        outputs: int,
        *,
        bias: bool = True,
        dtype: torch.dtype = torch.float32,
    ) -> Case:
        height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        weight = distinct(rng, (outputs, channels * height * width))
        offsets = distinct(rng, (outputs,), step=0.5)
        if dtype == torch.float64:
            weight, offsets = weight.double() / 3, offsets.double() / 3
        linear = draw_linear(weight, offsets if bias else None)
        return Case(name, {"linear": linear, "in_channels": channels, "kernel_size": kernel})

    def either(shape: tuple[int, int]) -> tuple[int, int]:
        return shape if rng.integers(2) else (shape[1], shape[0])

    yield case("one channel, a window of 3 × 3", 1, 3, 2)
    channels, outputs = different(rng, 2, 4)
    yield case("several channels", channels, 2, outputs)
    channels, outputs = different(rng, 2, 4)
    yield case("a window that is not square", channels, either((2, 3)), outputs)
    yield case("a window of one row", 3, (1, int(rng.integers(2, 5))), 2)
    yield case("a window of one column", 2, (int(rng.integers(2, 5)), 1), 3)
    yield case("a square window, given as a pair", 2, (3, 3), 4)
    yield case("a window of one pixel", int(rng.integers(4, 7)), 1, 3)
    yield case("as many channels as rows and columns", 3, 3, 3)
    yield case("a layer without bias", 2, 3, 3, bias=False)
    yield case("a layer without bias on a window that is not square", 3, either((2, 4)), 2, bias=False)
    channels, kernel = different(rng, 2, 3)
    yield case("a single output", channels, kernel, 1)
    yield case("in double precision", 2, either((3, 2)), 3, dtype=torch.float64)
    yield case("in double precision, without bias", 3, 2, 2, bias=False, dtype=torch.float64)


EXERCISE = Exercise(
    name="linear_to_conv",
    chapter=CHAPTER,
    points=6,
    minutes=15,
    difficulty=2,
    reference="solutions.sliding_window:linear_to_conv",
    cases=cases,
    outputs=("convolution",),
    hints=(
        "One output of a linear layer is a weighted sum of all numbers of the window. One output channel of a "
        "convolution at one place is a weighted sum of all numbers of the window. Which weight belongs to which "
        "pixel?",
        "`nn.Flatten` reads a window channel by channel, each row by row. A row of the linear layer's weight has "
        "its numbers in the same order, and a convolution's weight has the shape (out, in, kh, kw).",
        "Make `nn.Conv2d(in_channels, linear.out_features, kernel_size, …)` with a bias only if `linear` has one, "
        "in the dtype of `linear.weight`. Then copy the weight, viewed in the shape of the convolution's, and the "
        "bias.",
    ),
    insight=(
        "No number has changed, only its place, and the same weights now answer for every window of an image of any "
        "size. That is how VGG16 became fully convolutional: its first linear layer is a 7 × 7 convolution, and the "
        "two after it are 1 × 1."
    ),
)
