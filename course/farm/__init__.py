"""The Farm: the course's own data set, drawn on the fly, with every annotation that a chapter needs.

    farm = Farm(1000, seed=0, size=(64, 64))
    image, target = farm[0]

Scene i of a seed is the same picture on every machine and depends on no other scene. Annotations come from the drawing
itself, so they are exact: semantic map, instance masks, tight boxes, labels, keypoints with visibility.
"""

import sys
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from course.farm.animals import KEYPOINTS, SKELETON
from course.farm.cache import Order, SceneCache, cache_folder
from course.farm.landscape import STUFF
from course.farm.scene import IGNORE, THINGS, Recipe, Scene, draw_scene

__all__ = [
    "CLASSES", "IGNORE", "KEYPOINTS", "SEMANTIC_CLASSES", "SKELETON", "STUFF", "THINGS", "VERSION",
    "Farm", "Recipe", "Target",
]  # fmt: skip

CLASSES = ("background", *THINGS)
"""Names of a detection's labels; `CLASSES[0]` is the background."""

SEMANTIC_CLASSES = (*STUFF, *THINGS)
"""Names of the values of a semantic map; 255 is none of them."""

VERSION = 1
"""Of the drawing: a change that changes pictures counts it up, and caches made before are not read."""


class Target(TypedDict):
    """A scene's annotations in torchvision's format, n animals, J keypoints.

    `semantic` (H, W) long with 255 = ignore, `boxes` (n, 4) x1, y1, x2, y2 in pixels with x2 − x1 the width, `labels`
    (n,) from 1, `masks` (n, H, W) bool of the visible part, `keypoints` (n, J, 3) as x, y, visibility (0 absent, 1
    hidden, 2 visible), `image_id`.
    """

    semantic: Tensor
    boxes: Tensor
    labels: Tensor
    masks: Tensor
    keypoints: Tensor
    image_id: int


class Farm(Dataset[tuple[Tensor, Target]]):
    """`length` scenes of `seed`, each (image (3, H, W) float32 in [0, 1], target).

    `animals` is the range of how many stand in a scene, `body` of their body lengths in shares of the shorter side;
    `occlusion` 0 … 1 says how much of one another may hide, `clutter` 0 … 1 how full the land is, `empty` the share of
    scenes without animals, `things` which kinds there are.

    `cache` keeps the scenes on disk, drawn once by `workers` processes and memory-mapped from then on: a folder, or
    True for the course's own (`COURSE_CACHE` moves it).

    Raises:
        ValueError: an option out of range; the sentence names it.
        OSError: the cache cannot be written.
    """

    def __init__(
        self,
        length: int,
        seed: int = 0,
        size: tuple[int, int] = (64, 64),
        *,
        animals: tuple[int, int] = (1, 4),
        body: tuple[float, float] = (0.30, 0.65),
        occlusion: float = 0.6,
        clutter: float = 0.5,
        empty: float = 0.05,
        things: tuple[str, ...] = THINGS,
        cache: bool | str | Path = False,
        workers: int = 1,
    ) -> None:
        _require_options(length, seed, size, animals, body)
        self.length, self.seed, self.size = length, seed, (size[0], size[1])
        self.recipe = Recipe(animals, body, occlusion, clutter, empty, things)
        _require_recipe(self.recipe)
        self._cache: SceneCache | None = None
        if cache and length:
            folder = cache_folder() / "farm" if cache is True else Path(cache)
            self._cache = SceneCache(Order(VERSION, seed, self.size, length, self.recipe), folder, workers)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Tensor, Target]:
        if not -self.length <= index < self.length:
            raise IndexError(f"scene {index} of a farm of {self.length}")
        index %= self.length
        return to_sample(self.scene(index), index)

    def scene(self, index: int) -> Scene:
        """Return scene `index`, from 0, as numpy arrays."""
        if not 0 <= index < self.length:
            raise IndexError(f"scene {index} of a farm of {self.length}")
        if self._cache is not None:
            return self._cache.scene(index)
        return draw_scene(self.seed, index, *self.size, self.recipe)


def to_sample(scene: Scene, index: int) -> tuple[Tensor, Target]:
    """Return a scene as torchvision's models take it."""
    image = torch.from_numpy(scene.image.copy()).permute(2, 0, 1).contiguous().float() / 255
    numbers = np.arange(1, len(scene.labels) + 1, dtype=np.uint8)[:, None, None]
    return image, {
        "semantic": torch.from_numpy(scene.semantic.astype(np.int64)),
        "boxes": torch.from_numpy(scene.boxes.copy()),
        "labels": torch.from_numpy(scene.labels.copy()),
        "masks": torch.from_numpy(scene.instances[None] == numbers),
        "keypoints": torch.from_numpy(scene.keypoints.copy()),
        "image_id": index,
    }


def _require_options(
    length: int, seed: int, size: tuple[int, int], animals: tuple[int, int], body: tuple[float, float]
) -> None:
    """Raise unless numbers are numbers and pairs are pairs, in their ranges."""
    if not _is_int(length) or length < 0:
        raise ValueError(f"length must be a number from 0 up, got {length!r}")
    if not _is_int(seed) or not 0 <= seed < sys.maxsize:
        raise ValueError(f"seed must be a number from 0 up, got {seed!r}")
    if not _is_pair(size) or not all(_is_int(side) and 32 <= side <= 512 for side in size):
        raise ValueError(f"size must be (height, width) with sides from 32 to 512, got {size!r}")
    if not _is_pair(animals) or not all(map(_is_int, animals)) or not 0 <= animals[0] <= animals[1] <= 60:
        raise ValueError(f"animals must be (fewest, most) with 0 ≤ fewest ≤ most ≤ 60, got {animals!r}")
    if not _is_pair(body) or not all(map(_is_number, body)) or not 0.05 <= body[0] <= body[1] <= 1.5:
        raise ValueError(f"body must be (smallest, largest) between 0.05 and 1.5, got {body!r}")


def _require_recipe(recipe: Recipe) -> None:
    for name in ("occlusion", "clutter", "empty"):
        share = getattr(recipe, name)
        if not _is_number(share) or not 0 <= share <= 1:
            raise ValueError(f"{name} must lie between 0 and 1, got {share!r}")
    classes = recipe.classes
    if not isinstance(classes, list | tuple) or not classes or any(name not in THINGS for name in classes):
        raise ValueError(f"things must be some of {', '.join(THINGS)}, got {classes!r}")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_pair(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2
