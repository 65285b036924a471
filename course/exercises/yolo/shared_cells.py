"""What the exercises about a grid's predictors and their cost share: cells in which it matters how boxes are compared.

A scene is an object and two boxes near it. One has the higher IoU by far, at least 0.06, and the other is ahead for
whoever compares otherwise: by the centre, by the shape, in other units, without the squares, in one direction only.
What one scene does not tell apart another one does, whichever way round they stand, in grids of 2, 3 and 4 cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import distinct

Box = tuple[int, int, int, int]
"""How far its centre is from the object's, in x and y, in 1/32 of the image; and √w, √h in 1/16."""


@dataclass(frozen=True)
class Scene:
    """An object's √w and √h in 1/16, the box that is nearest to it, and one that only seems so."""

    roots: tuple[int, int]
    near: Box
    other: Box


SCENES = (
    Scene((9, 7), (-6, 1, 12, 6), (-1, 0, 9, 13)),  # 0.32 and 0.25
    Scene((7, 6), (4, 1, 9, 6), (-8, 7, 5, 6)),  # 0.25 and 0
    Scene((7, 10), (-1, -3, 12, 7), (-4, 1, 7, 10)),  # 0.25 and 0.19
    Scene((8, 6), (-1, 0, 8, 10), (0, 0, 5, 10)),  # 0.30 and 0.23
    Scene((11, 8), (-5, 2, 9, 11), (-1, 6, 13, 10)),  # 0.29 and 0.20
    Scene((9, 11), (-2, 1, 6, 11), (0, 0, 4, 5)),  # 0.40 and 0.04
    Scene((9, 11), (-1, 5, 11, 13), (3, 0, 5, 12)),  # 0.39 and 0.29
    Scene((6, 8), (1, -2, 9, 5), (-2, -2, 12, 11)),  # 0.26 and 0.13
    Scene((10, 9), (2, -3, 9, 6), (-3, 6, 12, 7)),  # 0.30 and 0.12
    Scene((8, 11), (-1, -8, 10, 13), (8, 4, 12, 9)),  # 0.27 and 0.17
)

APART: Sequence[Box] = ((13, -14, 5, 6), (-17, 15, 4, 7))
"""Boxes that touch no object of the scenes, the nearest first."""

FAR: Sequence[Box] = ((1, 26, 5, 4), (26, -1, 4, 5), (23, 21, 5, 4))
"""Boxes further away: below, to the right, and both."""


@dataclass(frozen=True)
class Sizes:
    """N images of S × S cells, with B predictors and K classes."""

    count: int
    grid: int
    predictors: int
    classes: int


class Cells:
    """Draws what a network says of N images, `output` (N, S, S, B·5 + K), and what is true, `target` (N, S, S, 5 + K).

    The predictors take turns, in an order that is drawn, at having the nearest box to an object. One more box only
    seems near, and a third lies apart. The nearest box never has the highest confidence. Offsets are multiples of
    1/32 and roots of 1/16: all of them, and the squares, are exact.
    """

    def __init__(self, rng: np.random.Generator, sizes: Sizes, objects: int) -> None:
        self.rng, self.sizes = rng, sizes
        count, grid, predictors, classes = sizes.count, sizes.grid, sizes.predictors, sizes.classes
        places = rng.permutation(count * grid * grid)
        self.objects = np.sort(places[:objects])
        """The cells that have an object, counted row by row and image by image."""
        self.nearest = rng.permutation(np.resize(rng.permutation(predictors), objects))
        """Which predictor is nearest to each of them."""
        self.truth = torch.zeros(len(places), 5 + classes)
        self.said = torch.zeros(len(places), predictors, 5)
        self.scores = torch.from_numpy(rng.integers(-8, 25, (len(places), classes)) / 16).float()
        sure = distinct(rng, (len(places), predictors), step=1 / 16)
        self.said[..., 4] = sure + sure.sign() / 2  # not near to an IoU
        turns = _Turn.draw(rng)
        scenes = [SCENES[number] for number in np.resize(rng.permutation(len(SCENES)), objects)]
        kinds = np.resize(rng.permutation(classes), objects)
        for cell, nearest, scene, kind in zip(self.objects, self.nearest, scenes, kinds, strict=True):
            self._fill(int(cell), int(nearest), turns.scene(scene))
            self.truth[cell, 5 + int(kind)] = 1
        self._fill_empty_cells()

    def _fill(self, cell: int, nearest: int, scene: Scene) -> None:
        """Put the object of `scene` into a cell, and boxes around it; the predictor `nearest` has the nearest one."""
        x, y = self.rng.choice(np.arange(2, 15), 2, replace=False) / 16
        root_w, root_h = np.array(scene.roots) / 16
        self.truth[cell, :5] = torch.tensor([x, y, root_w**2, root_h**2, 1])
        boxes = self.rng.permutation(np.array([scene.other, *APART])[: self.sizes.predictors - 1].reshape(-1, 4))
        self.place(cell, [tuple(box) for box in np.insert(boxes, nearest, scene.near, axis=0).tolist()])
        if self.sizes.predictors > 1:
            sure = self.said[cell, :, 4]
            best, mine = int(sure.argmax()), nearest
            if best == mine:
                best = (mine + 1) % len(sure)
                sure[[best, mine]] = sure[[mine, best]]

    def place(self, cell: int, boxes: Sequence[Box]) -> None:
        """Have the predictors of a cell say `boxes`, counted from its object."""
        for predictor, (right, down, root_w, root_h) in enumerate(boxes):
            centre = self.truth[cell, :2] + torch.tensor([right, down]) * self.sizes.grid / 32
            self.said[cell, predictor, :2] = centre
            self.said[cell, predictor, 2:4] = torch.tensor([root_w, root_h]) / 16

    def have_classes_look_like_a_box(self) -> None:
        """Let the first class scores be what a perfect predictor would say, where it is after the last predictor."""
        for cell in self.objects:
            self.scores[cell, :2] = self.truth[cell, :2]
            self.scores[cell, 2:4] = self.truth[cell, 2:4].sqrt()

    def _fill_empty_cells(self) -> None:
        for cell in np.setdiff1d(np.arange(len(self.truth)), self.objects):
            self.said[cell, :, :2] = torch.from_numpy(self.rng.integers(1, 16, (self.sizes.predictors, 2)) / 16)
            self.said[cell, :, 2:4] = torch.from_numpy(self.rng.integers(4, 14, (self.sizes.predictors, 2)) / 16)

    def batch(self) -> dict[str, Tensor]:
        """Return the arguments `output` and `target`."""
        shape = (self.sizes.count, self.sizes.grid, self.sizes.grid, -1)
        output = torch.cat([self.said.flatten(1), self.scores], dim=1)
        return {"output": output.reshape(shape).clone(), "target": self.truth.reshape(shape).clone()}


@dataclass(frozen=True)
class _Turn:
    """One of the eight ways in which a picture can lie; no IoU changes."""

    right: int
    down: int
    swapped: bool

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "_Turn":
        right, down = rng.choice([-1, 1], 2)
        return cls(int(right), int(down), bool(rng.integers(2)))

    def scene(self, scene: Scene) -> Scene:
        first, second = scene.roots
        roots = (second, first) if self.swapped else (first, second)
        return Scene(roots, self._box(scene.near), self._box(scene.other))

    def _box(self, box: Box) -> Box:
        x, y, root_w, root_h = self.right * box[0], self.down * box[1], box[2], box[3]
        return (y, x, root_h, root_w) if self.swapped else (x, y, root_w, root_h)


def cells(rng: np.random.Generator, sizes: tuple[int, int, int, int], objects: int) -> Cells:
    """Draw the cells of (N, S, B, K) = `sizes`, of which `objects` have an object."""
    return Cells(rng, Sizes(*sizes), objects)


def nested(rng: np.random.Generator, sizes: tuple[int, int, int, int], objects: int) -> tuple[Cells, list[float]]:
    """Draw float64 cells in which an object holds the box that is nearest, with another box inside that; and the IoUs.

    So an IoU is the quotient of two areas. No number but 0 and 1 is one that float32 holds. The box inside is smaller
    by less than float32 can tell, and stands before the other one wherever it can.
    """
    drawn = cells(rng, sizes, objects)
    drawn.truth, drawn.said, drawn.scores = drawn.truth.double(), drawn.said.double(), drawn.scores.double() / 3
    drawn.said += 1 / 96
    overlaps = []
    for cell in drawn.objects:
        (x, y), (wide, high) = (drawn.rng.choice(np.arange(low, low + 6), 2, replace=False) for low in (4, 9))
        shrunk = drawn.rng.choice([0.7, 0.8, 0.9], 2, replace=False)
        drawn.truth[cell, :4] = torch.tensor([x / 15, y / 15, (wide / 15) ** 2, (high / 15) ** 2])
        near = torch.tensor([x / 15, y / 15, wide / 15 * shrunk[0], high / 15 * shrunk[1]])
        drawn.said[cell, :, :4] = near
        drawn.said[cell, :-1, 2:4] *= 1 - 1e-9
        overlaps.append(float(np.prod(shrunk) ** 2))
    return drawn, overlaps
