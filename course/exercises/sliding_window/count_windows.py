"""`count_windows`: count the windows that fit, without cutting one."""

from collections.abc import Iterator

import numpy as np

from course.exercises.draw import different
from course.exercises.exercise import Case, Exercise
from course.exercises.sliding_window import CHAPTER


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `count_windows`, called by position as (height, width, size, stride)."""

    def case(name: str, height: int, width: int, size: int, *stride: int) -> Case:
        sizes = {"height": height, "width": width, "size": size}
        return Case(name, {**sizes, "stride": stride[0]} if stride else sizes)

    height, width = different(rng, 5, 9)
    yield case("a window at every place where it fits", height, width, 3)
    rows, columns = different(rng, 2, 6)
    yield case("a stride that fits exactly", 2 * rows + 3, 2 * columns + 3, 3, 2)
    rows, columns = different(rng, 2, 6)
    yield case("a stride that leaves rows and columns over", 4 * rows + 2, 4 * columns + 3, 3, 4)
    rows, columns = different(rng, 2, 6)
    yield case("a stride that leaves columns over, but no rows", 3 * rows + 2, 3 * columns + 4, 2, 3)
    height, width = different(rng, 2, 9)
    yield case("windows of one pixel", height, width, 1)
    rows, columns = different(rng, 2, 6)
    yield case("a stride larger than the window", 5 * rows + 3, 5 * columns + 4, 2, 5)
    size = int(rng.integers(2, 9))
    yield case("the window is the whole image", size, size, size, int(rng.integers(1, 4)))
    size = int(rng.integers(2, 5))
    yield case("the window is as wide as the image", size + int(rng.integers(3, 9)), size, size)
    size = int(rng.integers(6, 9))
    yield case("a window higher than the image", size - 3, size + 6, size)
    size = int(rng.integers(6, 9))
    yield case("a window wider than the image", size + 7, size - 4, size, 2)
    size = int(rng.integers(6, 9))
    yield case("a window larger than the image in both directions", size - 4, size - 3, size)
    size = int(rng.integers(6, 9))
    yield case("a window one pixel too high, with a larger stride", size - 1, size + 5, size, 3)
    yield case("an image of one pixel", 1, 1, 1, int(rng.integers(1, 6)))
    height, width = (int(number) for number in rng.integers(400, 900, 2))
    yield case("a photograph", height, width, 21, 4)


EXERCISE = Exercise(
    name="count_windows",
    chapter=CHAPTER,
    points=4,
    minutes=8,
    difficulty=1,
    reference="solutions.sliding_window:count_windows",
    cases=cases,
    outputs=("number of windows",),
    hints=(
        "Draw a row of 7 pixels and put a window of 3 on it. At which pixels can its left edge stand? And if you "
        "move it two pixels at a time?",
        "Count rows and columns each by itself. The first window starts at 0, the last one at height − size at "
        "most; count the steps between them, and do not forget the first window.",
        "In one direction there are ⌊(height − size) / stride⌋ + 1 windows, and none if the window is longer than "
        "the image. Two directions that are both too short must not give a product above zero.",
    ),
    insight=(
        "A photograph of 480 × 640 pixels has 273 441 windows of 32 × 32 at stride 1, and 1131 at stride 16. "
        "Whoever chooses the stride chooses the bill."
    ),
)
