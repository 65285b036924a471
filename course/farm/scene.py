"""One scene: land, animals painted from far to near, and annotations that are exact because the drawing knows.

Semantic map, instance masks (their visible part), tight boxes, labels and keypoints with visibility.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course.farm.animals import EXTENT, KEYPOINTS, PAINTERS, SIZES, Coat, Point, Pose
from course.farm.brush import Frame
from course.farm.clutter import Thing, draw_clutter
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


@dataclass(frozen=True)
class _Layers:
    """The land, whose each pixel is (0: no animal's), and the rim between an animal and what is behind it."""

    land: Land
    instances: NDArray[np.uint8]
    outline: NDArray[np.bool_]


def draw_scene(seed: int, index: int, height: int, width: int, recipe: Recipe) -> Scene:
    """Draw scene `index` of `seed`. It depends on nothing else."""
    chance = Chance(seed, index)
    land = draw_land(chance, height, width)
    things = draw_clutter(chance, land, recipe.clutter)
    animals = _place(chance, land, recipe)
    layers = _Layers(land, np.zeros((height, width), np.uint8), np.zeros((height, width), dtype=bool))
    points: list[dict[str, Point]] = [{} for _ in animals]
    numbers = {id(animal): number for number, animal in enumerate(animals)}
    figures: list[Thing | _Animal] = [*things, *animals]
    for figure in sorted(figures, key=lambda figure: figure.frame.y):  # far ones first
        if isinstance(figure, Thing):
            _paint_thing(layers, figure)
        else:
            number = numbers[id(figure)]
            points[number] = _paint_animal(layers, figure, number + 1)
    return _annotate(_develop(chance, land), layers, animals, points)


def _place(chance: Chance, land: Land, recipe: Recipe) -> list[_Animal]:
    """Choose who stands where. One that would hide another, or be hidden, too much looks elsewhere."""
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
    return animals


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


def _paint_thing(layers: _Layers, thing: Thing) -> None:
    brush = brush_for(layers.land, thing.frame, thing.extent)
    if brush is None:
        return
    thing.paint(brush)
    where, alpha = paint(layers.land, brush)
    opaque = alpha >= 0.5
    layers.land.stuff[where][opaque] = thing.stuff
    layers.instances[where][opaque] = 0
    layers.outline[where] &= ~opaque


def _paint_animal(layers: _Layers, animal: _Animal, number: int) -> dict[str, Point]:
    frame, land = animal.frame, layers.land
    _cast_shadow(land, frame)
    brush = brush_for(land, frame, EXTENT)
    if brush is None:
        return {}
    points = PAINTERS[THINGS[animal.label - 1]](brush, animal.coat, animal.pose)
    if animal.haze:
        brush.rgb *= 1 - animal.haze
        brush.rgb += animal.haze * land.air
    where, alpha = paint(land, brush)
    layers.instances[where][alpha >= 0.5] = number
    layers.outline[where] |= np.abs(alpha - 0.5) < 0.25
    layers.outline[where] &= alpha < 0.75
    return {name: frame.to_picture(point) for name, point in points.items()}


def _cast_shadow(land: Land, frame: Frame) -> None:
    """Darken the ground under an animal, softly towards the rim."""
    height, width = land.stuff.shape
    rx, ry = 0.55 * frame.scale, 0.09 * frame.scale
    rows = slice(max(int(frame.y - ry), 0), min(int(frame.y + ry) + 1, height))
    columns = slice(max(int(frame.x - rx), 0), min(int(frame.x + rx) + 1, width))
    y = (np.arange(rows.start, max(rows.stop, rows.start), dtype=np.float32)[:, None] + 0.5 - frame.y) / ry
    x = (np.arange(columns.start, max(columns.stop, columns.start), dtype=np.float32) + 0.5 - frame.x) / rx
    land.image[rows, columns] *= 1 - 0.4 * np.maximum(1 - x * x - y * y, 0)[..., None]


def _develop(chance: Chance, land: Land) -> NDArray[np.uint8]:
    """Set light, colour cast and grain of the picture."""
    light = chance.uniform(0.78, 1.12) * (0.95 + 0.1 * chance.array(3))
    grain = 0.05 * chance.grain(*land.stuff.shape)[..., None] - 0.025
    return np.round(np.clip(land.image * light.astype(np.float32) + grain, 0, 1) * 255).astype(np.uint8)


def _annotate(
    image: NDArray[np.uint8], layers: _Layers, animals: list[_Animal], points: list[dict[str, Point]]
) -> Scene:
    semantic, instances = layers.land.stuff, layers.instances
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
    semantic[layers.outline] = IGNORE
    return Scene(
        image,
        semantic,
        kept,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(keypoints, np.float32).reshape(-1, len(KEYPOINTS), 3),
    )


def _visibility(point: Point | None, mask: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return x, y and 2 where the keypoint lies on its animal's visible part, 1 where it is hidden, else zeros.

    A beak or a tail can be thinner than a pixel. A keypoint beside its animal's pixels by no more than one is moved to
    the nearest one's centre.
    """
    height, width = mask.shape
    if point is None or not (0 <= point[0] < width and 0 <= point[1] < height):
        return 0.0, 0.0, 0.0
    x, y = point
    row, column = int(y), int(x)
    if mask[row, column]:
        return x, y, 2.0
    top, left = max(row - 1, 0), max(column - 1, 0)
    rows, columns = np.nonzero(mask[top : row + 2, left : column + 2])
    if not len(rows):
        return x, y, 1.0
    near_y, near_x = top + rows + 0.5, left + columns + 0.5
    nearest = int(np.argmin((near_y - y) ** 2 + (near_x - x) ** 2))
    return float(near_x[nearest]), float(near_y[nearest]), 2.0
