"""`merge_regions`: what two regions are when they are one."""

from collections.abc import Iterator

import numpy as np

from course.exercises.exercise import Case, Exercise
from course.exercises.rcnn import CHAPTER
from course.exercises.rcnn.shared import Region, in_float64, scattered, two_regions


def _call(name: str, pair: tuple[Region, Region]) -> Case:
    return Case(name, {"first": pair[0], "second": pair[1]})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `merge_regions`, called by position as (first, second)."""

    def corner() -> tuple[int, int]:
        x, y = rng.choice(np.arange(3, 12), 2, replace=False)
        return int(x), int(y)

    def some(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    # Sizes of 1 : 3, no box is full, and the first lies to the left of the second and below it.
    x, y = corner()
    size = some(20, 30)
    boxes = (x, y + 9, x + 10, y + 21), (x + 13, y, x + 33, y + 17)
    yield _call("one region three times as large as the other", two_regions(rng, (size, 3 * size), boxes))

    size = some(20, 30)
    yield _call("the first is the larger one", two_regions(rng, (7 * size, size), (boxes[1], boxes[0])))

    x, y = corner()
    size = some(20, 40)
    boxes = (x + 4, y + 6, x + 14, y + 17), (x, y, x + 30, y + 20)
    yield _call("one box inside the other", two_regions(rng, (size, 7 * size), boxes))

    x, y = corner()
    size = some(20, 40)
    boxes = (x, y, x + 34, y + 25), (x + 5, y + 8, x + 13, y + 18)
    yield _call("one box around the other", two_regions(rng, (5 * size, size), boxes))

    x, y = corner()
    boxes = (x + 9, y, x + 30, y + 16), (x, y + 7, x + 14, y + 40)  # they overlap
    size = some(30, 60)
    yield _call("as large as each other", two_regions(rng, (size, size), (boxes[1], boxes[0])))

    x, y = corner()
    boxes = (x + 3, y, x + 4, y + 1), (x, y + 1, x + 120, y + 100)
    yield _call("one pixel and a large region", two_regions(rng, (1, some(4000, 6000)), boxes))

    x, y = corner()
    size = some(20, 40)
    boxes = (x, y, x + 12, y + 18), (x + 15, y + 12, x + 40, y + 20)
    first, second = two_regions(rng, (2 * size, 3 * size), boxes)
    yield _call("the same histograms", (first, {**second, "colour": first["colour"], "texture": first["texture"]}))

    yield _call("nothing in common: no colour and no texture", two_regions(rng, (3 * size, size), boxes, shared=0))

    x, y = corner()
    boxes = (x, y, x + 10, y + 14), (x + 8, y + 4, x + 33, y + 26)
    first, second = two_regions(rng, (some(40, 70), some(200, 300)), boxes)
    yield _call("float64, with shares that float32 cannot hold", (in_float64(first), in_float64(second)))

    first, second = two_regions(rng, (some(40, 70), some(200, 300)), boxes)
    yield _call("tensors that are not contiguous", (scattered(first), scattered(second)))


EXERCISE = Exercise(
    name="merge_regions",
    chapter=CHAPTER,
    points=4,
    minutes=10,
    difficulty=1,
    reference="solutions.region_proposals:merge_regions",
    cases=cases,
    outputs=("size", "box", "colour", "texture"),
    hints=(
        "One region has 30 pixels, all of them red, the other 10, all of them green. You count the colours of all 40 "
        "anew: which share is red?",
        "A histogram of shares times its region's size is the number of pixels in each bin. Those can be added, and "
        "become shares again by what? The box is the one that you found for the fill of `region_similarity`.",
        'With `size = first["size"] + second["size"]`, the colours are `(first["size"] * first["colour"] + '
        'second["size"] * second["colour"]) / size`. Put everything into a new dict; do not write into `first`.',
    ),
    insight=(
        "The image was not needed. Thousands of merges cost a few numbers each, and the pixels are looked at once, "
        "before the first of them."
    ),
)
