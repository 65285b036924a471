"""`base_anchors`: boxes of a few sizes and shapes around 0."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from course.exercises.draw import different
from course.exercises.exercise import Case, Exercise
from course.exercises.faster_rcnn import CHAPTER
from course.exercises.faster_rcnn.shared import NO_ANCHORS, NO_ANCHORS_SENTENCE

_CLEAR = 0.02
"""How far half a side stays from k + ½ where a case does not ask for halves: no order of operations decides there."""

_SHAPES = (0.5, 1.0, 2.0)


def _half_sides(size: float, ratio: float) -> tuple[float, float]:
    """Return half the width and half the height."""
    return size / math.sqrt(ratio) / 2, size * math.sqrt(ratio) / 2


def _is_clear(half: float) -> bool:
    return abs(half % 1 - 0.5) >= _CLEAR


def _both_ways(half: float) -> bool:
    """Return whether `half` is no whole number, so that rounding down, up or not at all shows."""
    return 0.1 <= half % 1 <= 0.9


def _rounds_twice(half: float) -> bool:
    """Return whether it shows when the whole side is rounded first, and half of that again."""
    return round(round(2 * half) / 2) != round(half)


def _draw_sizes(
    rng: np.random.Generator,
    candidates: Sequence[float],
    ratios: Sequence[float],
    count: int,
    *tells: Callable[[float], bool],
) -> list[float]:
    """Draw `count` different sizes, rising, with which no half side is nearly k + ½.

    Each of `tells` is true of one half side at least.
    """
    sizes = [size for size in candidates if all(_is_clear(x) for ratio in ratios for x in _half_sides(size, ratio))]
    while True:
        drawn = sorted(float(size) for size in rng.choice(sizes, count, replace=False))
        halves = [half for size in drawn for ratio in ratios for half in _half_sides(size, ratio)]
        if all(any(map(tell, halves)) for tell in tells):
            return drawn


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `base_anchors`, called by position as (sizes, aspect_ratios).

    Two whole numbers in a tuple would look like a height and a width: pairs are lists, or not whole.
    """

    def case(name: str, sizes: Sequence[float], ratios: Sequence[float]) -> Case:
        return Case(name, {"sizes": sizes, "aspect_ratios": ratios})

    def down(half: float) -> bool:
        return _both_ways(half) and half % 1 < 0.5

    def up(half: float) -> bool:
        return _both_ways(half) and half % 1 > 0.5

    # All half sides are whole numbers, and nothing is rounded.
    sizes = [float(rng.choice([16, 24])), float(rng.choice([40, 56]))]
    yield case("two sizes in three shapes", sizes, [0.25, 1.0, 4.0])

    yield case("one size in one shape", [8.0 * float(rng.integers(2, 9))], [float(rng.choice([0.25, 4.0]))])
    few = _draw_sizes(rng, range(12, 60), (0.5, 1.0, 2.0, 3.0), 1)
    yield case("one size in four shapes", few, [0.5, 1.0, 2.0, 3.0])
    yield case("four sizes in one shape", _draw_sizes(rng, range(8, 60), (2.0,), 4), [2.0])
    yield case("as many sizes as shapes", _draw_sizes(rng, range(8, 60), _SHAPES, 3), list(_SHAPES))

    yield case("sides that are no whole numbers", _draw_sizes(rng, range(9, 50), _SHAPES, 2, down, up), list(_SHAPES))
    sizes = _draw_sizes(rng, range(9, 50), (0.5, 2.0), 2, _rounds_twice, down, up)
    yield case("rounded once, after halving", sizes, [0.5, 2.0])
    sizes = _draw_sizes(rng, range(10, 60), (1 / 3, 3.0), 2, down, up)
    yield case("shapes of one third and of three", sizes, [1 / 3, 3.0])

    # Exact in every order of operations: the root of the ratio is 1, 2 or ½.
    low, high = (int(number) for number in rng.integers(1, 6, 2))
    yield case("halves go to the even number", [4.0 * low + 1, 4.0 * high + 3], [1.0])
    low, high = (int(number) for number in rng.integers(1, 5, 2))
    yield case("halves on two of the four sides", [8.0 * low + 2, 8.0 * high + 6], [0.25, 4.0])
    low, high = (int(number) for number in rng.integers(1, 5, 2))
    yield case("whole numbers, some of them odd", [8 * low + 1, 8 * low + 4, 8 * high + 7], [1, 4])

    sizes = _draw_sizes(rng, range(8, 60), _SHAPES, 2, down, up)[::-1]
    order = [[2.0, 0.5, 1.0], [1.0, 2.0, 0.5], [1.0, 0.5, 2.0]][int(rng.integers(3))]
    yield case("neither sizes nor shapes in order", sizes, order)
    yield case("tuples", tuple(_draw_sizes(rng, range(8, 60), (0.75, 1.25, 2.5), 3)), (0.75, 1.25, 2.5))
    fractions = [number / 4 for number in range(33, 160) if number % 4]
    yield case("sizes that are no whole numbers", _draw_sizes(rng, fractions, (0.5, 1.5), 2, down, up), [0.5, 1.5])
    yield case("sizes of a large image", _draw_sizes(rng, range(96, 544, 16), _SHAPES, 2, down), list(_SHAPES))
    small = sorted(size / 2 for size in different(rng, 3, 7))
    yield case("so narrow that half a side rounds to 0", small, [16.0, 1 / 16])


EXERCISE = Exercise(
    name="base_anchors",
    chapter=CHAPTER,
    points=6,
    minutes=20,
    difficulty=2,
    reference="solutions.faster_rcnn:base_anchors",
    cases=cases,
    outputs=("anchors",),
    hints=(
        "An anchor of size 16 and ratio 4 has 256 square pixels, and is four times as high as wide. How wide is it? "
        "Check both: width times height, and height over width.",
        "From w · h = s² and h / w = ratio follow h = s · √ratio and w = s / √ratio. The box around 0 reaches half a "
        "width to either side, and half a height. Round these halves, and nothing before them.",
        "Two loops, the ratios outside and the sizes inside, append (−w/2, −h/2, w/2, h/2). `torch.tensor(…, "
        "dtype=torch.float32).round()` rounds as it is asked here, and Python's `round` does, too.",
    ),
    forbidden=NO_ANCHORS,
    forbidden_sentence=NO_ANCHORS_SENTENCE,
    insight=(
        "Since the area stays, sizes say how large an object is and ratios what shape it has, and one can be changed "
        "without the other. On a pyramid of maps each level needs a single size, and all of them the same ratios."
    ),
)
