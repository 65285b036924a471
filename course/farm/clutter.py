"""Things on the land that are no animals: rocks, bushes, hay bales, flowers, a fence.

Rocks and bales wear the animals' colours, so that a blob of white or brown is not yet an animal.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course.farm.animals import COATS
from course.farm.brush import Brush, Colour, Frame, tinted
from course.farm.landscape import GRASS, LEAVES, TREES, Land
from course.farm.randomness import Chance, cos

_FLOWERS: tuple[Colour, ...] = ((0.95, 0.93, 0.85), (0.93, 0.80, 0.25), (0.80, 0.35, 0.45), (0.55, 0.45, 0.80))
_BUSHES = tuple(leaves for leaves in LEAVES if leaves[1] > leaves[0])  # green ones: a brown bush is a rock to the eye


@dataclass(frozen=True)
class Thing:
    """One thing: what it is, where it stands, its colour, and the numbers that make it different from its like."""

    kind: str
    frame: Frame
    colour: Colour
    chances: NDArray[np.float64]
    reach: float = 1.2

    @property
    def stuff(self) -> int:
        """What its pixels are labelled as."""
        return TREES if self.kind == "bush" else GRASS

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """How far it reaches behind, ahead, below and above its origin."""
        return (-1.2, self.reach, -0.1, 1.6)

    def paint(self, brush: Brush) -> None:
        """Paint it."""
        {"rock": _rock, "bush": _bush, "bale": _bale, "flowers": _flowers, "fence": _fence}[self.kind](brush, self)


def draw_clutter(chance: Chance, land: Land, clutter: float) -> list[Thing]:
    """Draw what stands about, from nothing at `clutter` 0 to a good deal at 1."""
    height, width = land.stuff.shape
    things = []
    for _ in range(round(clutter * chance.uniform(0, 7))):
        depth = chance.uniform(0.05, 1)
        y = land.horizon + depth * (height - land.horizon)
        size = (0.05 + 0.13 * depth) * min(height, width) * chance.uniform(0.6, 1.6)
        frame = Frame(chance.uniform(0, width), y, size, chance.choice((1, -1)))
        kind = chance.choice(("rock", "rock", "bush", "bale", "flowers"))
        colours = {"bush": _BUSHES, "flowers": _FLOWERS}.get(kind, COATS)
        colour = tinted(chance.choice(colours), chance.uniform(0.7, 1.05))
        things.append(Thing(kind, frame, colour, chance.array(9, 2)))
    if clutter and chance.chance(0.3 * clutter + 0.1):
        size = chance.uniform(0.10, 0.2) * height
        y = land.horizon + size + chance.uniform(0, 0.4) * (height - land.horizon - size)
        wood = tinted(chance.choice(COATS), 0.85)
        things.append(Thing("fence", Frame(0, y, size, 1), wood, chance.array(9, 2), reach=width / size + 1))
    return things


def _rock(brush: Brush, rock: Thing) -> None:
    lean, lean_too = rock.chances[0]
    brush.ellipse(0, 0.3, 0.9, 0.42, rock.colour, angle=0.6 * float(lean) - 0.3)
    brush.ellipse(0.3, 0.42, 0.5, 0.35, rock.colour, angle=float(lean_too) - 0.5)


def _bush(brush: Brush, bush: Thing) -> None:
    for k in range(7):
        x = -0.7 + 0.23 * k
        height = 0.35 + 0.25 * cos(1.7 * x) * (0.6 + 0.7 * float(bush.chances[k, 0]))
        brush.ellipse(x, height, 0.32, 0.34, tinted(bush.colour, 0.85 + 0.3 * float(bush.chances[k, 1])))


def _bale(brush: Brush, bale: Thing) -> None:
    brush.ellipse(0, 0.55, 0.62, 0.58, bale.colour)
    brush.ellipse(0.08, 0.55, 0.4, 0.42, tinted(bale.colour, 0.88))
    brush.ellipse(0.1, 0.55, 0.2, 0.22, bale.colour)


def _flowers(brush: Brush, flowers: Thing) -> None:
    for x, height in flowers.chances:
        brush.ellipse(2 * float(x) - 1, 0.7 * float(height), 0.1, 0.1, flowers.colour, light=0)


def _fence(brush: Brush, fence: Thing) -> None:
    first, second = fence.chances[0]
    for rail, slope in ((0.4, float(first)), (0.8, float(second))):
        brush.limb((-1, rail), (fence.reach, rail + 0.2 * slope - 0.1), 0.045, 0.045, fence.colour)
    gap = 0.8 + 0.7 * float(fence.chances[1, 0])
    for k in range(int(fence.reach / gap) + 1):
        brush.limb(((k - 0.5) * gap, 0), ((k - 0.5) * gap, 1.0), 0.06, 0.05, fence.colour)
