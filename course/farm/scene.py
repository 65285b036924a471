"""One scene: land, animals painted from far to near, and annotations that are exact because the drawing knows.

Semantic map, instance masks (their visible part), tight boxes, labels and keypoints with visibility.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course.farm.animals import EXTENT, KEYPOINTS, PAINTERS, SIZES, Coat, Pose
from course.farm.brush import Frame
from course.farm.landscape import STUFF, Land, brush_for, draw_land, paint
from course.farm.randomness import Chance

THINGS = tuple(PAINTERS)
IGNORE = 255
_LEAST_PIXELS = 6  # of an animal that is labelled; what shows less is neither this nor that


@dataclass(frozen=True)
class Recipe:
    """What a farm's scenes are like. `body` is the range of body lengths in shares of the picture's shorter side.

    `occlusion` is how much of an animal another may hide, 0 to 1; `clutter` how full of other things the land is;
    `empty` the share of scenes without animals.
    """

    animals: tuple[int, int] = (1, 4)
    body: tuple[float, float] = (0.30, 0.65)
    occlusion: float = 0.6
    clutter: float = 0.5
    empty: float = 0.05
    classes: tuple[str, ...] = THINGS


@dataclass(frozen=True)
class Scene:
    """A picture (H, W, 3) uint8 and its annotations, as numpy arrays in the format of `course.farm.Farm`."""

    image: NDArray[np.uint8]
    semantic: NDArray[np.uint8]
    instances: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    keypoints: NDArray[np.float32]


@dataclass(frozen=True)
class _Animal:
    label: int
    frame: Frame
    coat: Coat
    pose: Pose
    haze: float


def draw_scene(seed: int, index: int, height: int, width: int, recipe: Recipe) -> Scene:
    """Draw scene `index` of `seed`. It depends on nothing else."""
    chance = Chance(seed, index)
    land = draw_land(chance, height, width, recipe.clutter)
    animals = _place(chance, land, recipe)
    instances = np.zeros((height, width), np.uint8)
    outline = np.zeros((height, width), dtype=bool)
    points = []
    for number, animal in enumerate(animals, start=1):
        points.append(_paint_animal(land, animal, instances, outline, number))
    image = _develop(chance, land)
    return _annotate(image, land, animals, instances, outline, points)


def _place(chance: Chance, land: Land, recipe: Recipe) -> list[_Animal]:
    """Choose who stands where, far ones first. One that would hide another, or be hidden, too much looks elsewhere."""
    if recipe.animals[1] == 0 or chance.chance(recipe.empty):
        return []
    wanted = chance.integer(*recipe.animals)
    herd = chance.chance(0.4)
    animals: list[_Animal] = []
    taken: list[tuple[float, float, float, float]] = []
    for _ in range(wanted):
        name = (
            THINGS[animals[0].label - 1] if herd and animals and chance.chance(0.7) else chance.choice(recipe.classes)
        )
        coat = Coat.draw(chance)
        pose = Pose.draw(chance)
        for _ in range(8):
            frame, haze = _stand(chance, land, recipe, name)
            box = _reach(frame)
            if all(_hidden(box, other) <= recipe.occlusion for other in taken):
                animals.append(_Animal(THINGS.index(name) + 1, frame, coat, pose, haze))
                taken.append(box)
                break
    return sorted(animals, key=lambda animal: animal.frame.y)


def _stand(chance: Chance, land: Land, recipe: Recipe, name: str) -> tuple[Frame, float]:
    height, width = land.stuff.shape
    depth = chance.uniform()
    y = land.horizon + (0.18 + 0.80 * depth) * (height - land.horizon)
    body = recipe.body[0] + (recipe.body[1] - recipe.body[0]) * depth
    scale = body * min(height, width) * SIZES[name] * chance.uniform(0.85, 1.15)
    margin = 0.25 * scale
    x = chance.uniform(margin - 0.3 * scale, width - margin + 0.3 * scale)
    return Frame(x, y, scale, chance.choice((1, -1))), 0.22 * (1 - depth)


def _reach(frame: Frame) -> tuple[float, float, float, float]:
    half = 0.5 * frame.scale
    return frame.x - half, frame.y - 0.75 * frame.scale, frame.x + half, frame.y


def _hidden(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Return the share of the smaller box that the two have in common."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(wide, 0) * max(high, 0) / smaller


def _paint_animal(
    land: Land, animal: _Animal, instances: NDArray[np.uint8], outline: NDArray[np.bool_], number: int
) -> dict[str, tuple[float, float]]:
    frame = animal.frame
    shadow = brush_for(land, frame, (-0.62, 0.62, -0.12, 0.12))
    if shadow is not None:
        shadow.ellipse(0, 0.0, 0.48, 0.07, (0, 0, 0))
        _, alpha = shadow.finish()
        where = (slice(shadow.top, shadow.top + alpha.shape[0]), slice(shadow.left, shadow.left + alpha.shape[1]))
        land.image[where] *= 1 - 0.35 * alpha[..., None]
    brush = brush_for(land, frame, EXTENT)
    if brush is None:
        return {}
    points = PAINTERS[THINGS[animal.label - 1]](brush, animal.coat, animal.pose)
    if animal.haze:
        brush.rgb *= 1 - animal.haze
        brush.rgb += animal.haze * land.air
    where, alpha = paint(land, brush)
    instances[where][alpha >= 0.5] = number
    outline[where] |= np.abs(alpha - 0.5) < 0.25
    outline[where] &= alpha < 0.75
    return {name: frame.to_picture(point) for name, point in points.items()}


def _develop(chance: Chance, land: Land) -> NDArray[np.uint8]:
    """Set light, colour cast and grain of the picture."""
    light = chance.uniform(0.78, 1.12) * (0.95 + 0.1 * chance.array(3))
    grain = 0.05 * chance.grain(*land.stuff.shape)[..., None] - 0.025
    return np.round(np.clip(land.image * light.astype(np.float32) + grain, 0, 1) * 255).astype(np.uint8)


def _annotate(
    image: NDArray[np.uint8],
    land: Land,
    animals: list[_Animal],
    instances: NDArray[np.uint8],
    outline: NDArray[np.bool_],
    points: list[dict[str, tuple[float, float]]],
) -> Scene:
    semantic = land.stuff
    kept = np.zeros_like(instances)
    boxes, labels, keypoints = [], [], []
    for number, (animal, named) in enumerate(zip(animals, points, strict=True), start=1):
        mask = instances == number
        if int(mask.sum()) < _LEAST_PIXELS:
            semantic[mask] = IGNORE
            continue
        semantic[mask] = len(STUFF) - 1 + animal.label
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        labels.append(animal.label)
        kept[mask] = len(labels)
        keypoints.append([_visibility(named.get(name), mask) for name in KEYPOINTS])
    semantic[outline] = IGNORE
    return Scene(
        image,
        semantic,
        kept,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(keypoints, np.float32).reshape(-1, len(KEYPOINTS), 3),
    )


def _visibility(point: tuple[float, float] | None, mask: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return x, y and 2 where the keypoint lies on its animal's visible part, 1 where it is hidden, else zeros."""
    height, width = mask.shape
    if point is None or not (0 <= point[0] < width and 0 <= point[1] < height):
        return 0.0, 0.0, 0.0
    return point[0], point[1], 2.0 if mask[int(point[1]), int(point[0])] else 1.0
