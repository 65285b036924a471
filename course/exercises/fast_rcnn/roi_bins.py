"""`roi_bins`: which cells of the feature map belong to which bin of a region."""

from collections.abc import Iterator

import numpy as np
import torch

from course.exercises.draw import different, sliced
from course.exercises.exercise import Case, Exercise
from course.exercises.fast_rcnn import CHAPTER
from course.exercises.fast_rcnn.shared import NO_REGIONS, NO_REGIONS_SENTENCE, Kind, draw_length, to_pixels

_SCALES = (1 / 4, 1 / 8, 1 / 16)


class _Draw:
    """Draws regions by their rows and columns of cells; what is not said is inside the map and comes out even."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def number(self, *choices: int) -> int:
        return int(self.rng.choice(choices))

    def sides(self, bins: tuple[int, int], kinds: tuple[Kind, Kind], most: int = 9) -> tuple[int, int]:
        """Draw a height and a width in cells, which are not the same."""
        while True:
            high, wide = (draw_length(self.rng, n, kind, most) for n, kind in zip(bins, kinds, strict=True))
            if high != wide:
                return high, wide

    def case(
        self,
        name: str,
        bins: tuple[int, int],
        sides: tuple[int, int],
        *,
        at: tuple[int, int] | None = None,
        off: tuple[float, float, float, float] = (0, 0, 0, 0),
        room: tuple[int, int] = (3, 5),
        scale: float | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Case:
        """Return the case of a region of `sides` cells, `at` (row, column), whose corners lie `off` the whole cell.

        `room` is how many cells there are below and to the right of it.
        """
        row, column = at or different(self.rng, 1, 4)
        corners = (column + off[0], row + off[1], column + sides[1] - 1 + off[2], row + sides[0] - 1 + off[3])
        scale = float(self.rng.choice(_SCALES)) if scale is None else scale
        size = (row + sides[0] + room[0], column + sides[1] + room[1])
        if dtype == torch.float64:
            box = torch.tensor(corners, dtype=torch.float64) / scale
        else:
            box = to_pixels(corners, scale)
        return Case(name, {"box": box, "output_size": bins, "spatial_scale": scale, "feature_size": size})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `roi_bins`, called by position as (box, output_size, spatial_scale, feature_size)."""
    draw = _Draw(rng)
    case, sides = draw.case, draw.sides

    far = (12, 15)  # so far from the edges that nothing hangs on them here
    yield case("two rows and three columns of bins, all of one size", (2, 3), sides((2, 3), ("even", "even")), room=far)
    yield case("more rows of bins than columns", (3, 2), sides((3, 2), ("even", "even")))
    yield case("neighbouring bins share a cell", (2, 3), sides((2, 3), ("uneven", "uneven")))
    yield case("many bins, and sides that do not come out even", (3, 4), sides((3, 4), ("uneven", "uneven"), 11))
    yield case("fewer cells than bins", (7, 5), sides((7, 5), ("few", "few")))
    yield case("a single bin", (1, 1), sides((1, 1), ("even", "even"), 6))
    yield case("a region of one cell", (2, 3), (1, 1))
    yield case("a scale of 1", (2, 3), sides((2, 3), ("even", "uneven")), scale=1.0)

    # Within a quarter of a cell of the whole cell, on either side.
    quarters = tuple(float(number) for number in rng.permutation([0.25, -0.25, 0.25, -0.25]))
    yield case("corners between two cells", (2, 3), sides((2, 3), ("even", "uneven")), off=quarters)  # type: ignore[arg-type]

    # Halves are rounded up here, one of them from an even cell and one from an odd one. `case` names the rounded cell.
    row, column = draw.number(1, 3), draw.number(2, 4)
    halves = (-0.5, -0.5, -0.5, -0.5)
    yield case("corners halfway between two cells", (2, 3), (4, 5), at=(row, column), off=halves, scale=1 / 8)
    yield case("one corner halfway", (2, 3), (4, 6), at=(draw.number(1, 3), draw.number(1, 3)), off=(-0.5, -0.5, 0, 0))

    row, column = different(rng, 2, 4)
    yield case("corners above and to the left of the map", (2, 3), (row + 4, column + 5), at=(-row, -column))
    row, column = different(rng, 2, 4)
    between = (0.25, 0.25, 0, 0) if rng.integers(2) else (0.25, 0.25, 0.25, 0.25)
    yield case("corners between two cells, below zero", (2, 3), (row + 3, column + 4), at=(-row, -column), off=between)
    row, column = draw.number(2, 4), draw.number(1, 3)
    yield case(
        "corners halfway, below zero: away from zero",
        (2, 3),
        (row + 3, column + 5),
        at=(-row, -column),
        off=(0.5, 0.5, 0, 0),
    )

    room = tuple(-number for number in different(rng, 2, 4))
    yield case("beyond the lower and the right edge", (3, 4), (7, 9), room=room)  # type: ignore[arg-type]
    row, column = different(rng, 1, 2)
    yield case("larger than the map on all sides", (3, 4), (10, 11), at=(-row, -column), room=(-2, -3))
    high, wide = different(rng, 2, 5)
    yield case(
        "right of the map altogether: no cells", (2, 3), (high, wide), at=(1, 3), room=(2, -wide - draw.number(0, 1))
    )
    yield case("above the map altogether: no cells", (2, 3), (high, wide), at=(-high - draw.number(0, 2), 2))

    high, wide = sides((7, 7), ("uneven", "uneven"), 20)
    yield case("seven by seven bins", (7, 7), (high, wide), scale=1 / 16, room=(21, 30))

    thirds = tuple(float(number) / 3 for number in rng.permutation([-1, 1, 1, -1]))
    doubled = case("", (2, 3), sides((2, 3), ("uneven", "even")), off=thirds, scale=1.0, dtype=torch.float64)  # type: ignore[arg-type]
    yield Case("float64, with values that float32 cannot hold", doubled.args)

    spread = dict(case("", (3, 2), sides((3, 2), ("uneven", "even"))).args)
    spread["box"] = sliced(torch.stack([spread["box"], spread["box"] + 9], dim=1))[:, 0]  # type: ignore[list-item,operator]
    yield Case("a box that is not contiguous", spread)


EXERCISE = Exercise(
    name="roi_bins",
    chapter=CHAPTER,
    points=8,
    minutes=25,
    difficulty=3,
    reference="solutions.fast_rcnn:roi_bins",
    cases=cases,
    outputs=("rows", "columns"),
    hints=(
        "Take a region that is 5 cells wide and cut it into 2 bins on paper: each is 2½ cells wide. Which cells does "
        "the first one touch, and which the second? Is there a cell that both touch?",
        "First the corners: times the scale, then rounded. `torch.round` takes halves to the even number; here they go "
        "away from 0, on either side of it. Both corner cells belong to the region, so from 3 to 5 it is three wide.",
        "With whole numbers ⌊k·w/n⌋ is `k * w // n`, and ⌈(k+1)·w/n⌉ is `-(-(k + 1) * w // n)`. Add the first cell, "
        "and only then clamp both numbers to 0 … H, or 0 … W: the bins of a region do not shrink because the map ends.",
    ),
    forbidden=NO_REGIONS,
    forbidden_sentence=NO_REGIONS_SENTENCE,
    insight=(
        "At a scale of 1/16 rounding moves a corner by up to 8 pixels, and each bin once more. A class does not mind. "
        "A mask of single pixels does, and that is why chapter 11 stops rounding."
    ),
)
