"""The animals: how each is put together from parts, in which poses and coats, and where its keypoints are.

The coats come from one wardrobe for all: a white one may be a cow, a sheep, a duck or a cat. What tells them apart is
their shape. Lengths are in units of the animal's body.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course.farm.brush import Brush, Colour, tinted
from course.farm.randomness import Chance, cos, profile, sin, texture

KEYPOINTS = ("nose", "eye", "crown", "shoulder", "tail", "front_foot", "hind_foot")
"""Names of the keypoints; a duck's feet are its near and its far one."""

SKELETON = ((0, 1), (1, 2), (1, 3), (3, 4), (3, 5), (4, 6))
"""Pairs of keypoints that a drawing connects."""

Point = tuple[float, float]

COATS: tuple[Colour, ...] = (
    (0.93, 0.91, 0.86), (0.20, 0.18, 0.18), (0.50, 0.33, 0.20), (0.72, 0.70, 0.68), (0.86, 0.66, 0.40),
    (0.38, 0.36, 0.36), (0.66, 0.44, 0.26), (0.90, 0.82, 0.68),
)  # fmt: skip
_PINK: Colour = (0.87, 0.62, 0.58)
_DARK: Colour = (0.13, 0.11, 0.11)
_BEAK: Colour = (0.91, 0.58, 0.16)


@dataclass(frozen=True)
class Coat:
    """Main colour, second colour, pattern and the colour of the face."""

    main: Colour
    second: Colour
    pattern: str
    face: Colour
    table: np.ndarray
    legs: Colour

    @classmethod
    def draw(cls, chance: Chance) -> "Coat":
        """Draw a coat from the common wardrobe."""
        main, second = chance.choice(COATS), chance.choice(COATS)
        tint = 0.9 + 0.2 * chance.array(3)
        main = tinted(main, *(float(t) for t in tint))
        pattern = chance.choice(("plain", "plain", "patches", "patches", "patches", "stripes"))
        face = chance.choice((main, main, second, _DARK))
        legs = chance.choice((tinted(main, 0.8), tinted(main, 0.8), tinted(second, 0.7)))
        return cls(main, second, pattern, face, chance.array(5, 7), legs)


@dataclass(frozen=True)
class Pose:
    """How the animal stands: head up (1) or grazing (−1), where it is in its stride, and what its tail does."""

    head: float
    stride: float
    tail: float
    stout: float

    @classmethod
    def draw(cls, chance: Chance) -> "Pose":
        """Draw a pose."""
        return cls(chance.uniform(-1, 1), chance.uniform(-1, 1), chance.uniform(-1, 1), chance.uniform(0.88, 1.14))


def cow(brush: Brush, coat: Coat, pose: Pose) -> dict[str, Point]:
    """Paint a cow: a long square body on four legs, horns, an udder, a tail with a tuft."""
    height, deep = 0.42, 0.25 * pose.stout
    middle = height + deep * 0.85
    feet = _legs(brush, coat, (-0.36, 0.34), height, 0.055, 0.045, pose.stride * 0.09, hoof=_DARK)
    tail = (-0.55 - 0.03 * pose.tail, height - 0.02 + 0.06 * pose.tail)
    brush.limb((-0.48, middle + deep * 0.6), tail, 0.022, 0.016, tinted(coat.main, 0.8))
    brush.ellipse(tail[0], tail[1], 0.035, 0.06, tinted(coat.second, 0.6))
    brush.ellipse(-0.12, height + 0.01, 0.1, 0.06, _PINK)
    brush.ellipse(-0.28, middle + 0.02, 0.25, deep * 1.0, coat.main)
    brush.ellipse(0.27, middle, 0.25, deep * 0.98, coat.main)
    brush.ellipse(0, middle - 0.01, 0.42, deep * 0.96, coat.main)
    _wear(brush, coat)
    head = (0.68 - 0.02 * abs(pose.head), middle + 0.12 + 0.2 * pose.head)
    brush.limb((0.38, middle + 0.06), (head[0] - 0.06, head[1] - 0.01), 0.15, 0.09, coat.main)
    tilt = -0.75 + 0.25 * pose.head
    along = (cos(tilt), sin(tilt))
    up = (-along[1], along[0])
    crown = (head[0] + 0.10 * up[0] - 0.03 * along[0], head[1] + 0.10 * up[1] - 0.03 * along[1])
    brush.limb(crown, (crown[0] - 0.02, crown[1] + 0.10), 0.022, 0.008, (0.90, 0.87, 0.76))
    brush.ellipse(crown[0] - 0.09, crown[1] - 0.03, 0.075, 0.032, tinted(coat.face, 0.8), angle=0.3)
    brush.ellipse(head[0], head[1], 0.145, 0.10, coat.face, angle=tilt)
    nose = (head[0] + 0.13 * along[0], head[1] + 0.13 * along[1])
    brush.ellipse(nose[0], nose[1], 0.075, 0.07, _PINK if coat.face != _DARK else (0.55, 0.45, 0.44))
    eye = (head[0] + 0.035 * up[0], head[1] + 0.035 * up[1])
    brush.ellipse(eye[0], eye[1], 0.018, 0.018, _DARK, light=0)
    return {
        "nose": nose,
        "eye": eye,
        "crown": crown,
        "shoulder": (0.36, middle + 0.1),
        "tail": (-0.48, middle + 0.08),
        **feet,
    }


def sheep(brush: Brush, coat: Coat, pose: Pose) -> dict[str, Point]:
    """Paint a sheep: a cloud of wool on thin legs, a narrow bare face with ears to the side."""
    height, deep = 0.26, 0.29 * pose.stout
    middle = height + deep * 0.85
    feet = _legs(brush, coat, (-0.24, 0.24), height + 0.05, 0.04, 0.03, pose.stride * 0.07, hoof=_DARK)
    wool, shade = coat.main, tinted(coat.main, 0.86)
    for k in range(10):
        angle = 2 * np.pi * k / 10 + 0.2
        x, y = 0.37 * cos(angle), middle + deep * 0.80 * sin(angle)
        brush.ellipse(x, y, 0.125, 0.115, wool if sin(angle) > -0.3 else shade)
    brush.ellipse(0, middle, 0.42, deep * 0.92, wool, light=0.12)
    _wear(brush, coat, curls=True)
    brush.ellipse(-0.46, middle + 0.07, 0.07, 0.06, wool)
    head = (0.49, middle + 0.12 + 0.17 * pose.head)
    brush.limb((0.32, middle + 0.05), head, 0.14, 0.09, wool)
    tilt = -0.9 + 0.3 * pose.head
    along, up = (cos(tilt), sin(tilt)), (-sin(tilt), cos(tilt))
    nose = (head[0] + 0.13 * along[0], head[1] + 0.13 * along[1])
    brush.limb(head, nose, 0.075, 0.045, coat.face)
    brush.ellipse(head[0] - 0.10, head[1] + 0.01, 0.075, 0.03, tinted(coat.face, 0.85), angle=0.5)
    crown = (head[0] + 0.06 * up[0], head[1] + 0.06 * up[1])
    brush.ellipse(crown[0] - 0.02, crown[1] + 0.015, 0.08, 0.06, wool)
    eye = (head[0] + 0.02 * up[0] + 0.03 * along[0], head[1] + 0.02 * up[1] + 0.03 * along[1])
    brush.ellipse(eye[0], eye[1], 0.016, 0.016, _DARK if sum(coat.face) > 0.8 else (0.9, 0.85, 0.6), light=0)
    return {
        "nose": nose,
        "eye": eye,
        "crown": crown,
        "shoulder": (0.28, middle + 0.08),
        "tail": (-0.45, middle + 0.06),
        **feet,
    }


def duck(brush: Brush, coat: Coat, pose: Pose) -> dict[str, Point]:
    """Paint a duck: a boat of a body with a turned-up tail, a neck, a round head, a flat beak, two short legs."""
    height = 0.17
    deep = 0.20 * pose.stout
    middle = height + deep
    far, near = (0.02 - 0.08 * pose.stride, 0.02), (0.06 + 0.08 * pose.stride, 0.02)
    for foot, tone in ((far, 0.75), (near, 1.0)):
        brush.limb((0.04, height + 0.05), foot, 0.025, 0.02, tinted(_BEAK, tone))
        brush.ellipse(foot[0] + 0.045, foot[1], 0.07, 0.022, tinted(_BEAK, tone))
    tail = (-0.52, middle + 0.14 + 0.05 * pose.tail)
    brush.triangle((-0.25, middle + 0.10), (-0.30, middle - 0.12), tail, tinted(coat.main, 0.9))
    brush.ellipse(0.0, middle, 0.40, deep, coat.main, angle=0.12)
    brush.ellipse(0.22, middle + 0.03, 0.18, deep * 0.85, coat.main)
    _wear(brush, coat)
    wing = tinted(coat.second if coat.pattern != "plain" else coat.main, 0.85)
    brush.ellipse(-0.08, middle + 0.04, 0.25, deep * 0.55, wing, angle=0.2)
    head = (0.36 + 0.06 * (1 - pose.head), middle + 0.34 + 0.1 * pose.head)
    brush.limb((0.27, middle + 0.06), (head[0] - 0.02, head[1] - 0.04), 0.105, 0.075, coat.face)
    nose = (head[0] + 0.24, head[1] - 0.03)
    brush.limb((head[0] + 0.06, head[1] - 0.015), nose, 0.045, 0.028, _BEAK)
    brush.ellipse(head[0], head[1], 0.125, 0.115, coat.face)
    eye = (head[0] + 0.035, head[1] + 0.03)
    brush.ellipse(eye[0], eye[1], 0.02, 0.02, _DARK if sum(coat.face) > 0.8 else (0.95, 0.9, 0.7), light=0)
    crown = (head[0], head[1] + 0.09)
    return {
        "nose": (nose[0] - 0.01, nose[1]), "eye": eye, "crown": crown, "shoulder": (0.24, middle + 0.06),
        "tail": (-0.47, middle + 0.115 + 0.04 * pose.tail), "front_foot": near, "hind_foot": far,
    }  # fmt: skip


def cat(brush: Brush, coat: Coat, pose: Pose) -> dict[str, Point]:
    """Paint a cat: a slender body, a long curved tail, a round head with two pointed ears."""
    height, deep = 0.30, 0.145 * pose.stout
    middle = height + deep * 0.8
    feet = _legs(brush, coat, (-0.30, 0.28), height + 0.02, 0.05, 0.036, pose.stride * 0.1, hoof=tinted(coat.legs, 1.1))
    root = (-0.38, middle + 0.05)
    bend = (-0.60, middle + 0.16 + 0.08 * pose.tail)
    tip = (-0.58 + 0.14 * pose.tail, middle + 0.42 + 0.08 * pose.tail)
    brush.limb(root, bend, 0.05, 0.045, coat.main)
    brush.limb(bend, tip, 0.045, 0.032, tinted(coat.main, 0.92))
    brush.ellipse(-0.26, middle + 0.01, 0.18, deep * 1.12, coat.main)
    brush.ellipse(0.0, middle, 0.36, deep, coat.main)
    brush.ellipse(0.24, middle + 0.01, 0.16, deep * 1.06, coat.main)
    _wear(brush, coat)
    head = (0.45, middle + 0.17 + 0.13 * pose.head)
    brush.limb((0.30, middle + 0.05), head, 0.11, 0.09, coat.main)
    left, right = (head[0] - 0.11, head[1] + 0.03), (head[0] + 0.115, head[1] + 0.03)
    brush.triangle(left, (head[0] - 0.01, head[1] + 0.12), (head[0] - 0.115, head[1] + 0.24), tinted(coat.face, 0.8))
    brush.triangle(right, (head[0] + 0.01, head[1] + 0.12), (head[0] + 0.105, head[1] + 0.24), tinted(coat.face, 0.9))
    brush.ellipse(head[0], head[1], 0.15, 0.135, coat.face)
    nose = (head[0] + 0.10, head[1] - 0.045)
    brush.ellipse(nose[0] - 0.01, nose[1] - 0.01, 0.07, 0.05, tinted(coat.face, 0.5, plus=0.45))
    brush.ellipse(nose[0] + 0.02, nose[1] + 0.012, 0.02, 0.015, _PINK, light=0)
    eye = (head[0] + 0.035, head[1] + 0.035)
    for x in (eye[0] - 0.085, eye[0] + 0.03):
        brush.ellipse(x, eye[1], 0.024, 0.026, (0.62, 0.72, 0.25), light=0)
        brush.ellipse(x, eye[1], 0.009, 0.024, _DARK, light=0)
    crown = (head[0], head[1] + 0.11)
    return {
        "nose": nose, "eye": (eye[0] + 0.03, eye[1]), "crown": crown, "shoulder": (0.24, middle + 0.06), "tail": tip,
        **feet,
    }  # fmt: skip


PAINTERS: dict[str, Callable[[Brush, Coat, Pose], dict[str, Point]]] = {
    "cow": cow, "sheep": sheep, "duck": duck, "cat": cat,
}  # fmt: skip

SIZES = {"cow": 1.0, "sheep": 0.86, "duck": 0.74, "cat": 0.80}
"""Body lengths beside a cow's: stylised, as in a picture book, so that size alone does not give the class away."""

EXTENT = (-0.80, 0.98, -0.06, 1.16)
"""No animal reaches further than this: behind, ahead, below and above its origin."""


def _legs(
    brush: Brush,
    coat: Coat,
    places: tuple[float, float],
    height: float,
    thick: float,
    thin: float,
    swing: float,
    hoof: Colour,
) -> dict[str, Point]:
    """Paint four legs, the far pair darker, and return the near feet."""
    back, front = places
    for x, side, tone in ((back + 0.06, -1, 0.7), (front - 0.06, 1, 0.7), (back, 1, 1.0), (front, -1, 1.0)):
        foot = (x + side * swing, 0.03)
        brush.limb((x, height + 0.06), foot, thick, thin, tinted(coat.legs, tone))
        brush.ellipse(foot[0] + 0.012, 0.022, thin * 1.25, 0.03, tinted(hoof, tone))
    return {"front_foot": (front - swing, 0.03), "hind_foot": (back + swing, 0.03)}


def _wear(brush: Brush, coat: Coat, curls: bool = False) -> None:
    """Put the coat's pattern on what is painted so far, but the legs."""
    height, width = brush.covered.shape
    above = brush._y > 0.24
    worn = brush.covered & above[:, None]
    if curls:
        rows = np.modf(np.abs(brush._y * 9 + 0.3 * profile(coat.table[:, 0], height)))[0] < 0.3
        columns = np.modf(np.abs(brush._x * 8))[0] < 0.45
        brush.pattern(np.where(rows[:, None] & columns[None, :], 1.0, 0.0), tinted(coat.main, 0.84), worn)
        return
    if coat.pattern == "patches":
        brush.pattern(texture(coat.table, height, width) - 0.56, coat.second, worn)
    elif coat.pattern == "stripes":
        wave = np.modf(np.abs(brush._x * 6.5 + 0.1))[0]
        brush.pattern(
            np.where(wave < 0.35, 1.0, 0.0)[None, :] * (brush._y > 0.32)[:, None], tinted(coat.main, 0.6), worn
        )
