"""`conv_transpose_output_size`: how large the image of stamps becomes."""

from collections.abc import Iterator

import numpy as np

from course.exercises.draw import different
from course.exercises.exercise import Case, Exercise
from course.exercises.transposed_conv import CHAPTER


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `conv_transpose_output_size`, called by position."""

    def case(name: str, size: int, kernel: int, *rest: int) -> Case:
        return Case(name, dict(zip(_SIZES, (size, kernel, *rest), strict=False)))

    size, kernel = different(rng, 4, 9)
    yield case("a stride of 2", size, kernel, 2)
    size, kernel = different(rng, 3, 8)
    yield case("size and kernel alone", size, kernel)
    size, kernel, stride = different(rng, 3, 8, 3)
    yield case("a stride", size, kernel, stride)
    size, kernel = different(rng, 2, 5)
    yield case("a stride larger than the kernel", size, kernel, kernel + int(rng.integers(1, 4)))
    size, kernel = different(rng, 5, 9)
    yield case("padding", size, kernel, 3, int(rng.integers(1, 4)))
    size, kernel, stride = different(rng, 4, 8, 3)
    yield case("output padding", size, kernel, stride, 0, int(rng.integers(1, stride)))
    size, kernel, stride = different(rng, 4, 8, 3)
    yield case(
        "padding and output padding", size, kernel, stride, int(rng.integers(1, 4)), int(rng.integers(1, stride))
    )
    size = int(rng.integers(5, 300))
    yield case("kernel 4, stride 2, padding 1", size, 4, 2, 1)
    stride = int(rng.integers(2, 9))
    yield case("a single pixel", 1, int(rng.integers(2, 9)), stride)
    size, stride = different(rng, 2, 9)
    yield case("a kernel of one pixel", size, 1, stride)
    size = int(rng.integers(10, 20))
    yield case("FCN-32s: kernel 64, stride 32", size, 64, 32)
    size, kernel = int(rng.integers(7, 12)), int(rng.integers(3, 6))
    yield case("padding that makes the output smaller than the input", size, kernel, 1, kernel - 1)
    padding = int(rng.integers(1, 5))
    yield case("an output of one pixel", 1 + padding, 1 + padding, 1, padding)


_SIZES = ("size", "kernel_size", "stride", "padding", "output_padding")


EXERCISE = Exercise(
    name="conv_transpose_output_size",
    chapter=CHAPTER,
    points=4,
    minutes=8,
    difficulty=1,
    reference="solutions.transposed_conv:conv_transpose_output_size",
    cases=cases,
    hints=(
        "Where does the first stamp start, and where the last? How far does the last one reach?",
        "The last of `size` stamps starts (size − 1) strides after the first and is `kernel_size` long. Then "
        "padding crops on both sides, and output padding adds on one.",
        "Take the convolution's formula, n = (m + 2·padding − kernel_size) / stride + 1, without its floor, and "
        "solve it for m.",
    ),
    insight=(
        "With kernel = stride + 2·padding the output is exactly *stride* times as long. (4, 2, 1) and (16, 8, 4) "
        "are such triples of kernel, stride and padding, and the networks at the end of this chapter use them."
    ),
)
