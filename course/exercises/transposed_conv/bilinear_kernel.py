"""`bilinear_kernel`: the filter with which stamps interpolate."""

from collections.abc import Iterator

import numpy as np

from course.exercises.exercise import Case, Exercise
from course.exercises.transposed_conv import CHAPTER


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `bilinear_kernel`, called by position."""

    def case(name: str, channels: int, kernel: int) -> Case:
        return Case(name, {"channels": channels, "kernel_size": kernel})

    yield case("one channel, a filter of 4 × 4", 1, 4)
    yield case("one channel, an odd size", 1, int(rng.choice([3, 5, 7])))
    yield case("several channels", int(rng.integers(2, 5)), 4)
    yield case("several channels, an odd size", int(rng.integers(2, 5)), 5)  # thirds: float32 does not hold them
    yield case("kernel 2: nothing to blend", int(rng.integers(1, 4)), 2)
    yield case("a kernel of one pixel", int(rng.integers(1, 4)), 1)
    yield case("a large kernel", int(rng.integers(1, 3)), int(rng.choice([8, 9, 10])))


EXERCISE = Exercise(
    name="bilinear_kernel",
    chapter=CHAPTER,
    points=4,
    minutes=12,
    difficulty=2,
    reference="solutions.transposed_conv:bilinear_kernel",
    cases=cases,
    hints=(
        "One dimension first: for kernel size 4 the weights are 1/4, 3/4, 3/4, 1/4. Where is the centre, and how "
        "far is each position from it?",
        "t(a) = 1 − |a − centre| / factor for a = 0 … k − 1. The square filter is the product of the one for rows "
        "and the one for columns. Each channel stamps into itself alone.",
        "`torch.arange(k)` gives the positions; `t[:, None] * t` the (k, k) product; `torch.eye(channels)` says "
        "which pairs of channels get it: multiply it, with two more dimensions, by the product.",
    ),
    outputs=("weight",),
    insight=(
        "At stride *factor* the stamps that meet at a pixel add up to 1, so that away from the border a constant "
        "picture stays constant: no checkerboard at the start. Nothing keeps it away, though, once training moves "
        "the weights."
    ),
)
