"""`assign_levels`: from which map of a pyramid each region is cut."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.faster_rcnn import CHAPTER

_LOW, _HIGH = 1.25, 1.75
"""How many times as large as a level's smallest box: nearer to this level's step, or to the next one's."""

NO_LEVELS = (
    r"^torchvision\.models\.detection",
    r"^torchvision\.ops\.poolers",
    r"multiscaleroi",
    r"levelmapper",
    r"^kornia",
)

Sides = tuple[float, float]
"""Width and height in pixels."""


def _sides(size: float, times: float, aspect: float = 1.0) -> Sides:
    """Return the sides of a box `times` as large as a square of `size`, so many times as wide as high, in eighths."""
    wide, high = size * times * aspect**0.5, size * times / aspect**0.5
    return round(8 * wide) / 8, round(8 * high) / 8


def _placed(rng: np.random.Generator, sides: Sequence[Sides], low: int = -300, high: int = 600) -> Tensor:
    """Return boxes (R, 4) of these sides in random order, each somewhere; corners are exact in float32."""
    drawn = torch.tensor(sides, dtype=torch.float64)[torch.from_numpy(rng.permutation(len(sides)))]
    corner = torch.from_numpy(rng.integers(2 * low, 2 * high, (len(sides), 2))) / 2
    return torch.cat([corner, corner + drawn], dim=1).float()


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `assign_levels`, called by position as (boxes, first, last, …)."""

    def case(name: str, boxes: Tensor, *levels: float) -> Case:
        names = ("first", "last", "canonical_size", "canonical_level")
        return Case(name, {"boxes": boxes, **dict(zip(names, levels, strict=False))})

    def several(sizes: Sequence[float], aspects: Sequence[float] = (1.0,)) -> list[Sides]:
        """Return boxes of `sizes`, each a little larger and nearly as large as the next step, in `aspects` in turn."""
        both = [(size, times) for size in sizes for times in (_LOW, _HIGH)]
        return [_sides(*one, aspects[number % len(aspects)]) for number, one in enumerate(both)]

    def around(size: float) -> list[float]:
        """Return the sizes of a level below, of its own and of a level above."""
        return [size / 2, size, 2 * size]

    yield case("squares of four levels", _placed(rng, several([56, 112, 224, 448]), 100))
    yield case("a single box", _placed(rng, [_sides(float(rng.choice([112, 224])), _HIGH)]))

    yield case("the area counts, not the longer side", _placed(rng, several([56, 112, 224, 448], (4.0, 1 / 4))))
    yield case("the area counts, not the shorter side", _placed(rng, several([112, 224, 448, 900], (1 / 9, 9.0))))

    yield case("squares exactly on a step", _placed(rng, [(side, side) for side in (112.0, 224.0, 448.0)]))
    exact: list[Sides] = [(56, 224), (224, 56), (64, 196), (112, 448), (1024, 49), (448, 112), (224, 896), (784, 256)]
    yield case("others exactly on a step", _placed(rng, exact))
    near: list[Sides] = [
        (111, 112),
        (224, 223),
        (447, 448),
        (113, 112),
        (224, 225),
        (449, 448),
        (440, 113),
        (113, 445),
        (430, 450),
        (110, 104),
    ]
    yield case("hardly smaller and hardly larger than a step", _placed(rng, near))

    yield case("too small for the first level", _placed(rng, several([3, 7, 14, 28, 56])))
    yield case("too large for the last level", _placed(rng, several([448, 900, 1800, 3600])))

    sizes = [56.0, 112.0, 224.0, 448.0, 896.0]
    first, last = (3, 4) if rng.integers(2) else (4, 5)
    yield case("other levels", _placed(rng, several([28.0, *sizes])), first, last)
    yield case("levels from 0", _placed(rng, several([5, 14, 28, 56, 112])), 0, int(rng.integers(2, 4)))
    yield case("levels up to 7", _placed(rng, several([112, 448, 896, 1792, 3600])), 3, 7)
    level = int(rng.integers(2, 6))
    yield case("a single level", _placed(rng, several(around(14.0 * 2**level), (2.0, 0.5))), level, level)

    size = int(rng.choice([96, 128, 160, 320]))
    yield case("another canonical size", _placed(rng, several(around(size))), 2, 5, size)
    size = int(rng.choice([96, 160, 192, 320]))
    squares: list[Sides] = [(side, side) for side in around(size)]
    uneven: list[Sides] = [(side / 2, 2 * side) for side in around(size)]
    yield case("exactly on a step of another canonical size", _placed(rng, [*squares, *uneven]), 2, 5, float(size))
    yield case(
        "another canonical level",
        _placed(rng, several(around(224), (1.0, 2.0))),
        2,
        6,
        224,
        3 + 2 * int(rng.integers(2)),
    )
    size, level = int(rng.choice([48, 64, 80])), int(rng.integers(2, 4))
    boxes = _placed(rng, several([size / 4, *around(size), 4 * size], (3.0, 0.5)))
    yield case("everything is another", boxes, 1, level + 1, size, level)

    wide, high = different(rng, 120, 500)
    flat: list[Sides] = [(wide, 0), (0, high), (0, 0)]
    yield case("boxes without area belong to the first", _placed(rng, [*flat, *several([112, 224])]))
    yield case("nothing but boxes without area", _placed(rng, flat), 0 if rng.integers(2) else 3, 5)
    yield Case("no boxes: empty", {"boxes": torch.zeros(0, 4)})

    doubled = _placed(rng, several([112, 224, 448], (1.0, 0.5))).double() / 3
    yield case("float64, with values that float32 cannot hold", doubled)
    boxes = _placed(rng, several([56, 112, 224], (1.0, 3.0)))
    yield case("boxes that are cut out of a larger tensor, not contiguous", sliced(boxes))
    yield case(
        "boxes whose columns lie side by side, not contiguous", transposed(boxes[torch.from_numpy(rng.permutation(6))])
    )


EXERCISE = Exercise(
    name="assign_levels",
    chapter=CHAPTER,
    points=5,
    minutes=15,
    difficulty=2,
    reference="solutions.faster_rcnn:assign_levels",
    cases=cases,
    outputs=("levels",),
    hints=(
        "With what is given by default a box of 224 × 224 is on level 4. On which level is one of 112 × 112, and one "
        "of 448 × 112? What about 300 × 300, which lies between two steps?",
        "`torch.log2(size / canonical_size)` is how many times the size was doubled, with size the root of the area. "
        "Add the canonical level, then round down, and at last clamp to the levels that there are.",
        "The logarithm of 0 is −∞ in torch, and an error in Python's `math`. In torch `.floor().clamp(first, last)` "
        "brings it to the first level, and `.long()` after that makes whole numbers, of no boxes too.",
    ),
    forbidden=NO_LEVELS,
    forbidden_sentence="This exercise is to find the levels yourself, without torchvision's own.",
    insight=(
        "Each region is cut from a map on which it is about as many cells wide, between 14 and 28, wherever that is "
        "possible. A head that sees all of them so has one thing less to learn: that objects come in sizes."
    ),
)
