"""`count_multiply_adds`: count what a network multiplies, layer by layer."""

from collections.abc import Iterator, Sequence

import numpy as np

from course.exercises.draw import different
from course.exercises.exercise import Case, Exercise
from course.exercises.sliding_window import CHAPTER


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `count_multiply_adds`, called by position as (layers, height, width)."""

    def case(name: str, kernels: Sequence[int], more: Sequence[int], channels: Sequence[int] = ()) -> Case:
        """Return a case whose image is larger than the window by `more` (rows, columns)."""
        (taller, wider), channels = more, channels or different(rng, 1, 9, len(kernels) + 1)
        layers = list(zip(channels, channels[1:], kernels, strict=False))
        size = 1 + sum(kernel - 1 for kernel in kernels)
        return Case(name, {"layers": layers, "height": size + taller, "width": size + wider})

    yield case("two layers, one channel each", (3, 2), different(rng, 1, 4), channels=(1, 1, 1))
    yield case("a single layer", (3,), different(rng, 2, 6))
    yield case("two layers, several channels", (3, 4), different(rng, 2, 6))
    yield case("three layers", (5, 3, 2), different(rng, 2, 6))
    yield case("a linear layer at the end", (3, 3, int(rng.integers(5, 9))), different(rng, 3, 9))
    yield case("two linear layers at the end: the second sees one pixel", (5, 7, 1), different(rng, 3, 9))
    yield case("layers that see one pixel", (1, 1), different(rng, 3, 9))
    yield case("as many channels in as out", (3, 3), different(rng, 3, 9), channels=(4, 4, 4))
    yield case("an image as large as the window", (3, 5), (0, 0))
    yield case("an image as high as the window", (4, 3), (0, int(rng.integers(2, 7))))
    yield case("an image of one pixel", (1,), (0, 0))
    yield case("an image that is too low for the window", (3, 5), (-1, int(rng.integers(2, 7))))
    yield case("an image that is too narrow for the window", (2, 6), (int(rng.integers(2, 7)), -2))
    yield case("an image that is smaller than the window in both directions", (4, 4), (-2, -1))
    height, width = (int(number) for number in rng.integers(300, 600, 2))
    yield case("a photograph", (5, 5, 5, 9), (height, width), channels=(3, 8, 16, 16, 8))


EXERCISE = Exercise(
    name="count_multiply_adds",
    chapter=CHAPTER,
    points=6,
    minutes=20,
    difficulty=3,
    reference="solutions.sliding_window:count_multiply_adds",
    cases=cases,
    outputs=("apart count", "shared count"),
    hints=(
        "Take one 3 × 3 convolution from 1 to 1 channel on 5 × 6 pixels. How many numbers does it put out, and how "
        "many multiply–adds does each of them take?",
        "A layer's cost is its output's pixels · out_channels · in_channels · kernel_size². The output shrinks by "
        "kernel_size − 1 from layer to layer. The same sum gives both answers: once for an input of the size of "
        "the window, once for the whole image.",
        "Write an inner function that adds up the layers for an input of rows × columns. The window is 1 + the sum "
        "of all (kernel_size − 1). `apart` is the number of windows times the cost of one; `shared` is the cost "
        "of the image; where there is no window, both are 0.",
    ),
    insight=(
        "Let the image grow and look at `apart / shared`. For a single layer it is 1 whatever the size; for several "
        "it climbs towards a limit, what one window costs divided by what one more position costs the pass."
    ),
)
