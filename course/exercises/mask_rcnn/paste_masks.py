"""`paste_masks`: small masks, each stretched over its box in the picture."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.mask_rcnn import CHAPTER

Box = tuple[float, float, float, float]

_FAIR = 1 / 16
"""So far away from whole pixels lie the corners of an enlarged box: nobody's rounding says where they are cut."""


def _masks(rng: np.random.Generator, count: int, cells: int) -> Tensor:
    """Draw masks (R, 1, M, M) of distinct numbers between 0 and 1, as a sigmoid gives them."""
    fits = 64 if count * cells * cells < 64 else 512
    return distinct(rng, (count, 1, cells, cells), sign="positive", step=1 / fits)


def _enlarged(first: float, last: float, cells: int) -> tuple[float, float]:
    centre, half = (first + last) / 2, (last - first) / 2 * (cells + 2) / cells
    return centre - half, centre + half


def _is_fair(first: float, last: float, cells: int) -> bool:
    return all(abs(corner - round(corner)) > _FAIR for corner in (first, last, *_enlarged(first, last, cells)))


def _draw(
    rng: np.random.Generator,
    cells: int,
    sides: Sequence[float],
    fits: Callable[[float, float], bool],
    low: float,
    high: float,
) -> tuple[float, float]:
    """Draw a side of a box, (first, last), in eighths of a pixel between `low` and `high`; its enlarged corners fit."""
    while True:
        side = float(rng.choice(sides))
        first = int(rng.integers(round(8 * low), round(8 * (high - side)), endpoint=True)) / 8
        if _is_fair(first, first + side, cells) and fits(*_enlarged(first, first + side, cells)):
            return first, first + side


def _between(low: float, high: float) -> Callable[[float, float], bool]:
    return lambda first, last: first > low and last < high


def _over(end: float) -> Callable[[float, float], bool]:
    """Return whether a box begins at least a pixel before the `end` of an image, and ends as much behind it."""
    return lambda first, last: end - 4 < first < end - 1 and last > end + 1


def _inside(
    rng: np.random.Generator, cells: int, size: tuple[int, int], widths: Sequence[float], heights: Sequence[float]
) -> Box:
    """Draw a box that lies in an image of `size` (H, W) even when it is enlarged."""
    (x1, x2), (y1, y2) = (
        _draw(rng, cells, sides, _between(0, length), 0, length)
        for sides, length in ((widths, size[1]), (heights, size[0]))
    )
    return x1, y1, x2, y2


def _fractions(boxes: Sequence[Box], cells: int) -> list[np.ndarray]:
    """Return what stands behind the point of the first and of the last corners of enlarged boxes."""
    pairs = [_enlarged(box[axis], box[axis + 2], cells) for box in boxes for axis in (0, 1)]
    return [np.array(corners) % 1 for corners in zip(*pairs, strict=True)]


def _telling(
    rng: np.random.Generator, cells: int, size: tuple[int, int], sides: Sequence[Sequence[float]]
) -> list[Box]:
    """Draw two boxes inside the image, of which some corners lie before the middle of a pixel and some behind it."""
    while True:
        boxes = [_inside(rng, cells, size, *pair) for pair in (sides, sides[::-1])]
        if all((corner < 0.5).any() and (corner > 0.5).any() for corner in _fractions(boxes, cells)):
            return boxes


def _basic(rng: np.random.Generator, cells: int, size: tuple[int, int], sides: Sequence[Sequence[float]]) -> list[Box]:
    """Draw two boxes inside the image: who enlarges them otherwise, or cuts them before, gets other pixels."""
    while True:
        boxes = _telling(rng, cells, size, sides)
        right = _whole(boxes, (cells + 2) / cells)
        ratios = (1, 30 / 28, (cells + 1) / cells, (cells + 4) / (cells + 2), (cells + 4) / cells)
        wrong = [_whole(boxes, ratio) for ratio in ratios]
        for early in (np.trunc(boxes), np.round(boxes)):
            wrong.append(_whole(early.tolist(), (cells + 2) / cells))
        wrong.append(_whole((np.array(boxes) + np.array([-1, -1, 1, 1])).tolist(), 1))
        if right not in wrong:
            return boxes


def _whole(boxes: Sequence[Sequence[float]], ratio: float) -> list[int]:
    """Return the corners of boxes that are `ratio` times as large, cut to whole pixels."""
    corners = np.array(boxes)
    centre, half = (corners[:, 2:] + corners[:, :2]) / 2, (corners[:, 2:] - corners[:, :2]) / 2 * ratio
    whole: list[int] = np.trunc(np.concatenate([centre - half, centre + half])).astype(int).flatten().tolist()
    return whole


def _call(name: str, masks: Tensor, boxes: Sequence[Box], size: tuple[int, int], *, gradient: bool = False) -> Case:
    given = torch.tensor(boxes, dtype=masks.dtype).reshape(-1, 4)
    return Case(name, {"masks": masks, "boxes": given, "size": size}, gradient=gradient)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `paste_masks`, called by position as (masks, boxes, size)."""

    def draw_size(low: int = 7, high: int = 9) -> tuple[int, int]:
        height, width = different(rng, low, high)
        return height, width

    def over(cells: int, size: tuple[int, int], sides: Sequence[float], within: Sequence[float]) -> list[Box]:
        """Draw a box over each edge: the left one, the upper, the right and the lower one, by a pixel and more."""
        height, width = size
        left, up = (_draw(rng, cells, sides, lambda a, b: a < -1.1 and 1 < b < 5, -6, 6) for _ in range(2))
        right, down = (_draw(rng, cells, sides, _over(end), end - 5, end + 8) for end in (width, height))
        boxes = []
        for x, y in ((left, None), (None, up), (right, None), (None, down)):
            x = x or _draw(rng, cells, within, _between(0, width), 0, width)
            y = y or _draw(rng, cells, within, _between(0, height), 0, height)
            boxes.append((x[0], y[0], x[1], y[1]))
        return boxes

    size = draw_size()
    boxes = _basic(rng, 2, size, ((3.0, 3.25), (2.25, 2.5)))
    yield _call("two boxes inside the image", _masks(rng, 2, 2), boxes, size)

    size = draw_size()
    boxes = _telling(rng, 6, size, ((3.25, 4.5), (2.25, 2.75)))
    yield _call("boxes of fewer pixels than the mask has cells", _masks(rng, 2, 6), boxes, size)

    size = draw_size()
    boxes = _telling(rng, 3, size, ((3.5, 3.75), (2.25, 2.5)))
    yield _call("an odd number of cells", _masks(rng, 2, 3), boxes, size)

    size = draw_size()
    boxes = _telling(rng, 1, size, ((1.875, 2.125), (1.25, 1.625)))
    yield _call("a mask of one cell", _masks(rng, 2, 1), boxes, size)

    size = draw_size()
    boxes = [_inside(rng, 5, size, *sides) for sides in (((4.25, 4.625), (1.25, 1.75)), ((1.25, 1.5), (4.375, 4.5)))]
    yield _call("a flat box and a narrow one", _masks(rng, 2, 5), boxes, size)

    size = draw_size()
    boxes = [_inside(rng, 3, size, (3.25, 3.75), (2.5, 3.5)) for _ in range(3)]
    yield _call("three boxes that may overlap", _masks(rng, 3, 3), boxes, size)

    size = draw_size()
    boxes = [_inside(rng, 4, size, (3.25, 4.25), (2.5, 3.75))]
    yield _call("a single box", _masks(rng, 1, 4), boxes, size)

    size = draw_size()
    yield _call("boxes over each edge of the image", _masks(rng, 4, 3), over(3, size, (4.25, 5.5), (3.25, 3.75)), size)

    # One enlarged box begins between −1 and 0, one ends there: cut towards zero, it begins or ends at 0.
    size = draw_size()
    begins = _draw(rng, 4, (3.25, 4.75), lambda a, b: -0.95 < a < -0.1, 0, 6)
    ends = _draw(rng, 4, (3.25, 4.75), lambda a, b: -0.95 < b < -0.1, -9, 0)
    deep = _draw(rng, 4, (2.75, 3.25), _between(1, min(size)), 0, min(size))
    boxes = [(begins[0], deep[0], begins[1], deep[1]), (deep[0], ends[0], deep[1], ends[1])]
    if rng.integers(2):
        boxes = [(y1, x1, y2, x2) for x1, y1, x2, y2 in boxes]
    yield _call("corners between −1 and 0", _masks(rng, 2, 4), boxes, size)

    height, width = size = draw_size(5, 7)
    a, b, c, d = (float(number) / 8 for number in rng.choice([9, 10, 13, 14, 18, 19, 21, 22], 4))
    boxes = [(-a - 0.0625, -b - 0.0625, width + c + 0.0625, height + d + 0.0625)]
    yield _call("a box around the whole image", _masks(rng, 1, 4), boxes, size)

    height, width = size = draw_size()
    sides = (3.25, 3.75)
    misses = [
        (_draw(rng, 3, sides, lambda a, b: b < -1.1, -12, -2), None),
        (None, _draw(rng, 3, sides, lambda a, b: b < -1.1, -12, -2)),
        (_draw(rng, 3, sides, lambda a, b: a > width + 0.1, width + 1, width + 9), None),
        (None, _draw(rng, 3, sides, lambda a, b: a > height + 0.1, height + 1, height + 9)),
    ]
    boxes = [_inside(rng, 3, size, sides, sides)]
    for x, y in misses:
        x = x or _draw(rng, 3, sides, _between(0, width), 0, width)
        y = y or _draw(rng, 3, sides, _between(0, height), 0, height)
        boxes.append((x[0], y[0], x[1], y[1]))
    yield _call("boxes that miss the image, on each side: zero", _masks(rng, 5, 3), boxes, size)

    size = draw_size()
    boxes = [_inside(rng, 4, size, *sides) for sides in (((0.25, 0.5), (0.5, 0.75)), ((0,), (0,)), ((3.5,), (0.25,)))]
    yield _call("boxes of less than a pixel, and of none", _masks(rng, 3, 4), boxes, size)

    cells, size = int(rng.integers(2, 5)), draw_size()
    yield _call("no mask at all: empty", torch.zeros(0, 1, cells, cells), [], size)

    size = draw_size()
    boxes = [_inside(rng, 3, size, (3.5, 3.75), (2.75, 3.25))]
    case = _call("", thirds(rng, (1, 1, 3, 3)).abs() / 8, boxes, size)
    args = {**case.args, "boxes": case.args["boxes"] + 1 / 60}  # type: ignore[operator]
    yield Case("float64, with values that float32 cannot hold", args)

    size = draw_size()
    boxes = [_inside(rng, 3, size, (3.5, 3.75), (2.75, 3.25)) for _ in range(2)]
    masks, given = transposed(_masks(rng, 2, 3)), sliced(torch.tensor(boxes))
    yield Case("masks and boxes that are not contiguous", {"masks": masks, "boxes": given, "size": size})

    size = draw_size()
    boxes = [_inside(rng, 3, size, (3.5, 3.75), (2.75, 3.25)) for _ in range(2)]
    yield _call("gradients flow back to the masks", _masks(rng, 2, 3), boxes, size, gradient=True)

    size = draw_size()
    boxes = over(2, size, (3.5, 4.25), (2.25, 3.25))
    far = size[1] + 6.375
    boxes[int(rng.integers(4))] = (far, 2.375, far + 3.25, 5.625)
    yield _call("gradients of boxes over the edges, and of one outside", _masks(rng, 4, 2), boxes, size, gradient=True)


EXERCISE = Exercise(
    name="paste_masks",
    chapter=CHAPTER,
    points=10,
    minutes=35,
    difficulty=4,
    reference="solutions.mask_rcnn:paste_masks",
    cases=cases,
    outputs=("pasted",),
    constants=("boxes",),
    hints=(
        "Take one mask of 2 × 2 and a box from 3 to 7. With a cell of zeros on each side there are four; how wide "
        "must the box be, so that the two cells in the middle stay where they were, and where does it begin?",
        "Of a whole box, from pixel `first` to pixel `last`, resize the padded mask to last − first + 1 pixels in each "
        "direction. What lies in the image are the pixels from max(first, 0) up to min(last + 1, W). In the resized "
        "mask these begin `first` earlier; and where the one is not below the other, there are none.",
        '`F.interpolate(padded[r : r + 1], size=(h, w), mode="bilinear", align_corners=False)`, then copy the slice '
        "into `masks.new_zeros(H, W)`. Or all at once, with `F.grid_sample`: pixel j of the image is "
        "(j − first + ½) / side · 2 − 1 there, and outside of the padded mask all is 0 anyway.",
    ),
    forbidden=(r"^torchvision\.models\.detection", r"pastemasksinimage", r"^detectron2"),
    forbidden_sentence="This exercise is to find the pixels of a mask yourself, without a library that pastes it.",
    insight=(
        "A mask of 28 × 28 over a cow of 300 pixels: a cell is nearly eleven pixels wide, and no line that the network "
        "draws can be finer. That is why borders look soft, and why a threshold comes last, in the picture, and not "
        "before, on the grid."
    ),
)
