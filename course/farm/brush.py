"""A brush that paints one animal: ellipses, limbs and triangles on a small window, with exact coverage.

The window is painted at twice the picture's resolution and averaged down, which gives soft edges and, with them, the
share of each pixel that the animal covers. Coordinates are the animal's own: x forward, y up, the unit its body length.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from course.farm.randomness import Floats, cos, sin

OVERSAMPLING = 2  # samples a side of a pixel; `_average` knows it too
Colour = tuple[float, float, float]
Mask = NDArray[np.bool_]


def tinted(colour: Colour, *by: float, plus: float = 0.0) -> Colour:
    """Return `colour` times one factor, or one for each channel, plus an offset, kept between 0 and 1."""
    r, g, b = (min(max(c * t + plus, 0.0), 1.0) for c, t in zip(colour, by * 3 if len(by) == 1 else by, strict=True))
    return r, g, b


@dataclass(frozen=True)
class Frame:
    """Where an animal stands: its origin in the picture, pixels a unit, facing right (1) or left (−1)."""

    x: float
    y: float
    scale: float
    facing: int

    def to_picture(self, point: tuple[float, float]) -> tuple[float, float]:
        """Return a point of the animal in picture coordinates."""
        return self.x + self.facing * self.scale * point[0], self.y - self.scale * point[1]


class Brush:
    """Paints into the window rows top … bottom, columns left … right of the picture."""

    def __init__(self, frame: Frame, top: int, bottom: int, left: int, right: int) -> None:
        self.frame, self.top, self.left = frame, top, left
        step = 1 / OVERSAMPLING
        rows, columns = (bottom - top) * OVERSAMPLING, (right - left) * OVERSAMPLING
        y = (frame.y - (top + (np.arange(rows) + 0.5) * step)) / frame.scale  # falls from row to row
        x = ((left + (np.arange(columns) + 0.5) * step) - frame.x) / (frame.scale * frame.facing)
        self._y, self._x = y.astype(np.float32), x.astype(np.float32)
        self.rgb = np.zeros((rows, columns, 3), np.float32)
        self.covered = np.zeros((rows, columns), dtype=bool)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, angle: float = 0.0, light: float = 0.22
    ) -> None:
        """Paint an ellipse around (x, y), turned by `angle`, lit from above."""
        if max(rx, ry) * self.frame.scale * OVERSAMPLING < 0.5:
            return  # smaller than a sample
        reach_x, reach_y, a, ab, b = rx, ry, 1 / rx**2, 0.0, 1 / ry**2
        if angle:
            c, s = cos(angle), sin(angle)
            a, b, ab = (c / rx) ** 2 + (s / ry) ** 2, (s / rx) ** 2 + (c / ry) ** 2, 2 * c * s * (a - b)
            reach_x, reach_y = sqrt((rx * c) ** 2 + (ry * s) ** 2), sqrt((rx * s) ** 2 + (ry * c) ** 2)
        rows, columns = self._window(x - reach_x, x + reach_x, y - reach_y, y + reach_y)
        u, v = self._x[columns] - x, self._y[rows, None] - y
        squares = b * v * v + a * u * u
        inside = squares + (ab * v) * u < 1 if angle else squares < 1
        self._fill(rows, columns, inside, colour, (light / reach_y) * v)

    def limb(self, start: tuple[float, float], end: tuple[float, float], r0: float, r1: float, colour: Colour) -> None:
        """Paint a limb from `start` to `end` whose radius goes from r0 to r1."""
        (x0, y0), (x1, y1) = start, end
        rows, columns = self._window(
            min(x0 - r0, x1 - r1), max(x0 + r0, x1 + r1), min(y0 - r0, y1 - r1), max(y0 + r0, y1 + r1)
        )
        u, v = self._x[columns][None, :] - x0, self._y[rows][:, None] - y0
        dx, dy = x1 - x0, y1 - y0
        t = np.clip((u * dx + v * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
        radius = r0 + (r1 - r0) * t
        inside = (u - t * dx) ** 2 + (v - t * dy) ** 2 < radius * radius
        self._fill(rows, columns, inside, colour)

    def triangle(self, a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], colour: Colour) -> None:
        """Paint a triangle."""
        xs, ys = zip(a, b, c, strict=True)
        rows, columns = self._window(min(xs), max(xs), min(ys), max(ys))
        u, v = self._x[columns][None, :], self._y[rows][:, None]
        sides = [(p[0] - u) * (q[1] - v) - (q[0] - u) * (p[1] - v) for p, q in ((a, b), (b, c), (c, a))]
        inside = (sides[0] >= 0) & (sides[1] >= 0) & (sides[2] >= 0)
        inside |= (sides[0] <= 0) & (sides[1] <= 0) & (sides[2] <= 0)
        self._fill(rows, columns, inside, colour)

    def pattern(self, field: Floats, colour: Colour, before: Mask | None = None) -> None:
        """Colour what is covered (or was covered by `before`) where `field`, of the window's shape, is positive."""
        where = (field > 0) & (self.covered if before is None else before)
        grey = self.rgb.sum(axis=2) / 3
        own = max(sum(colour) / 3, 1e-3)
        shade = np.clip(grey / max(float(grey[where].mean()) if where.any() else own, 1e-3), 0.7, 1.3)
        np.copyto(self.rgb, np.asarray(colour) * shade[..., None], where=where[..., None])

    def finish(self) -> tuple[Floats, Floats]:
        """Return the colours (h, w, 3), weighted with the coverage, and the coverage (h, w) in [0, 1]."""
        covered = self.covered.astype(np.float32)
        return _average(self.rgb * covered[..., None]), _average(covered)

    def _window(self, x0: float, x1: float, y0: float, y1: float) -> tuple[slice, slice]:
        """Return the rows and columns whose centres lie in x0 … x1, y0 … y1."""
        rows, columns = self.covered.shape
        left, right = sorted(self.frame.to_picture((x, 0))[0] for x in (x0, x1))
        top, bottom = self.frame.y - self.frame.scale * y1, self.frame.y - self.frame.scale * y0
        return _clipped(top - self.top, bottom - self.top, rows), _clipped(left - self.left, right - self.left, columns)

    def _fill(self, rows: slice, columns: slice, inside: Mask, colour: Colour, light: Floats | None = None) -> None:
        shade: Floats = np.asarray(colour, np.float32)
        if light is not None:
            shade = shade * (1 + light)[..., None]
        np.copyto(self.rgb[rows, columns], shade, where=inside[..., None])
        self.covered[rows, columns] |= inside


def _clipped(start: float, end: float, count: int) -> slice:
    """Return the samples between two picture coordinates, a sample more on either side."""
    return slice(max(int(start * OVERSAMPLING) - 1, 0), min(max(int(end * OVERSAMPLING) + 2, 0), count))


def _average(fine: Floats) -> Floats:
    """Average blocks of 2 × 2 samples."""
    rows = fine[0::2] + fine[1::2]
    return (rows[:, 0::2] + rows[:, 1::2]) * 0.25
