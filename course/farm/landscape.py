"""The land behind the animals: sky, a belt of trees, grass, now and then a pond."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course.farm.brush import Brush, Colour, Frame
from course.farm.randomness import Chance, Floats, profile, texture

STUFF = ("sky", "grass", "trees", "water")
SKY, GRASS, TREES, WATER = range(len(STUFF))

_SKIES: tuple[Colour, ...] = ((0.45, 0.66, 0.90), (0.62, 0.74, 0.86), (0.85, 0.70, 0.58), (0.55, 0.60, 0.70))
_GRASSES: tuple[Colour, ...] = ((0.42, 0.60, 0.28), (0.55, 0.62, 0.30), (0.34, 0.52, 0.30), (0.66, 0.62, 0.38))
LEAVES: tuple[Colour, ...] = ((0.22, 0.38, 0.20), (0.30, 0.42, 0.18), (0.55, 0.38, 0.18), (0.18, 0.33, 0.26))


@dataclass
class Land:
    """A picture in the making: colours (H, W, 3), the stuff at each pixel (H, W), and the row of the horizon."""

    image: Floats
    stuff: NDArray[np.uint8]
    horizon: float
    air: Floats


def draw_land(chance: Chance, height: int, width: int) -> Land:
    """Draw the bare land."""
    rows = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
    horizon = chance.uniform(0.22, 0.40)
    skyline = horizon + 0.03 * (profile(chance.array(4), width) - 0.5)
    sky, air = _sky(chance, height, width, rows)
    image, stuff = sky.astype(np.float32), np.zeros((height, width), np.uint8)

    crowns = skyline - 0.02 - chance.uniform(0.02, 0.16) * profile(chance.array(9), width) ** 2
    _lay(image, stuff, TREES, (rows > crowns) & (rows <= skyline), _foliage(chance, height, width))
    below = rows > skyline
    _lay(image, stuff, GRASS, below, _meadow(chance, rows, horizon, height, width))
    if chance.chance(0.45):
        _lay(image, stuff, WATER, _pond(chance, rows, horizon, height, width) & below, _water(chance, air, rows, width))
    return Land(image, stuff, horizon * height, air)


def paint(land: Land, brush: Brush) -> tuple[tuple[slice, slice], Floats]:
    """Blend what a brush painted into the picture; return where, and its coverage."""
    colours, alpha = brush.finish()
    where = (slice(brush.top, brush.top + alpha.shape[0]), slice(brush.left, brush.left + alpha.shape[1]))
    land.image[where] *= (1 - alpha)[..., None]
    land.image[where] += colours
    return where, alpha


def brush_for(land: Land, frame: Frame, extent: tuple[float, float, float, float]) -> Brush | None:
    """Return a brush on the part of the picture that `extent` (behind, ahead, below, above) covers, if there is any."""
    height, width = land.stuff.shape
    behind, ahead, below, above = extent
    xs = sorted(frame.to_picture((x, 0))[0] for x in (behind, ahead))
    top, bottom = max(int(frame.y - above * frame.scale), 0), min(int(frame.y - below * frame.scale) + 1, height)
    left, right = max(int(xs[0]), 0), min(int(xs[1]) + 1, width)
    return Brush(frame, top, bottom, left, right) if top < bottom and left < right else None


def _lay(image: Floats, stuff: NDArray[np.uint8], kind: int, where: NDArray[np.bool_], colours: Floats) -> None:
    np.copyto(image, colours, where=where[..., None])
    stuff[where] = kind


def _sky(chance: Chance, height: int, width: int, rows: Floats) -> tuple[Floats, Floats]:
    top = np.asarray(chance.choice(_SKIES)) * chance.uniform(0.85, 1.1)
    air = 0.45 * top + 0.5
    blend = np.clip(rows / 0.4, 0, 1)[..., None]
    clouds = np.clip(texture(chance.array(6, 5), height, width) - 0.55, 0, 1)[..., None] * chance.uniform(0, 2.2)
    colours = top * (1 - blend) + air * blend
    return colours + (0.96 - colours) * np.minimum(clouds, 0.9), air


def _foliage(chance: Chance, height: int, width: int) -> Floats:
    leaves = np.asarray(chance.choice(LEAVES)) * chance.uniform(0.85, 1.25)
    speckle = texture(chance.array(max(height // 4, 2), max(width // 4, 2)), height, width)
    colours: Floats = leaves * (0.75 + 0.5 * speckle)[..., None]
    return colours


def _meadow(chance: Chance, rows: Floats, horizon: float, height: int, width: int) -> Floats:
    near, far = (np.asarray(chance.choice(_GRASSES)) * chance.uniform(0.85, 1.1) for _ in range(2))
    depth = np.clip((rows - horizon) / (1 - horizon), 0, 1)[..., None]
    grain = chance.grain(height, width)
    tufts = texture(chance.array(10, 8), height, width)
    colours = far * (1 - depth) + near * depth
    drawn: Floats = colours * (0.82 + 0.24 * tufts + 0.14 * grain)[..., None]
    return drawn


def _pond(chance: Chance, rows: Floats, horizon: float, height: int, width: int) -> NDArray[np.bool_]:
    columns = (np.arange(width) + 0.5) / width
    y, x = chance.uniform(horizon + 0.12, 0.95), chance.uniform(0, 1)
    ry, rx = chance.uniform(0.05, 0.16), chance.uniform(0.2, 0.55)
    shore = 0.35 * (texture(chance.array(5, 6), height, width) - 0.5)
    inside: NDArray[np.bool_] = ((rows - y) / ry) ** 2 + ((columns - x) / rx) ** 2 + shore < 1
    return inside


def _water(chance: Chance, air: Floats, rows: Floats, width: int) -> Floats:
    height = rows.shape[0]
    water = 0.55 * air + 0.45 * np.array((0.20, 0.36, 0.45))
    ripples = texture(chance.array(max(height // 3, 2), 5), height, width)
    return water * (0.82 + 0.34 * ripples)[..., None]
