"""Draws the pictures of chapter 6. A function's docstring is what the picture says to who cannot see it."""

import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course.detection import SIDE, agreement, pyramid_windows
from course.farm import CLASSES, Farm, Target
from course.plotting.diagrams import Page
from course.plotting.style import INK, PALETTE, draw_image

SCENE = 79  # of the seed 2: a sheep, a cat and two ducks, one of them behind the other
LENGTH = 128  # of the scenes, in pixels
SIZES = ((24, 32), (36, 48), (52, 68), (72, 96), (92, 120), (36, 30), (52, 44), (76, 64))
"""Of windows, as (height, width): twice those that the chapter has for scenes half as large."""


def how_many() -> Figure:
    """A farm scene with a sheep, a cat and two ducks, three times. First it lies under a lattice of windows of several
    sizes: look everywhere. Then the windows that lie well on an animal are drawn, dozens of them, each animal wrapped
    in a bundle of boxes of its colour: yes, yes, yes. Last there is one box for each of the four, with its name.
    """
    image, target = _scene()
    windows = pyramid_windows((LENGTH, LENGTH), SIZES)
    iou, labels = agreement(windows, {"boxes": target["boxes"], "labels": target["labels"]})
    yes = iou >= 0.5
    page, side, bottom = Page(7.4, 3.1), 2.18, 0.5
    lefts = [0.1 + number * (side + 0.33) for number in range(3)]
    everywhere, often, once = (page.picture(left, bottom, side) for left in lefts)
    for axis in (everywhere, often, once):
        draw_image(axis, image)
    _draw(everywhere, windows[::19], ["white"] * len(windows), width=0.5, alpha=0.8)
    _draw(often, windows[yes], [PALETTE[int(label) - 1] for label in labels[yes]], width=0.8)
    names = [int(label) for label in target["labels"]]
    for colour, width in (("white", 4.0), ("", 2.4)):
        _draw(once, target["boxes"], [colour or PALETTE[label - 1] for label in names], width=width)
    for (x1, y1, _, _), label in zip(target["boxes"].tolist(), names, strict=True):
        once.text(
            max(x1, 1), max(y1, 12) - 2, CLASSES[label], fontsize=10, color=INK, va="bottom",
            bbox={"facecolor": "white", "edgecolor": PALETTE[label - 1], "boxstyle": "round,pad=0.15"},
        )  # fmt: skip
    titles = ("look everywhere", "say yes or no", "keep one of each")
    below = (f"{len(windows):,} windows", f"{int(yes.sum())} times yes", f"{len(names)} animals")
    for left, title, number in zip(lefts, titles, below, strict=True):
        page.write(left + side / 2, bottom + side + 0.2, title, size=13)
        page.write(left + side / 2, bottom - 0.25, number.replace(",", "\u2009"), size=13)
    return page.figure


def one_window_many_sizes() -> Figure:
    """The same scene in three sizes, large, middle and small, each with the same square frame of 32 × 32 pixels in it.
    In the largest the frame holds the sheep, in the middle one the cat, in the smallest the duck, which is nearest. An
    arrow leads to the scene as it was: the frames are boxes of three sizes there.
    """
    image, target = _scene()
    page = Page(7.4, 2.95)
    wanted = (("sheep", PALETTE[1]), ("cat", PALETTE[3]), ("duck", PALETTE[2]))
    inch, left, bottom = 0.0206, 0.1, 0.45  # of a pixel: the frame is as large on paper in all three
    whole = page.picture(5.42, bottom + 0.06, 1.9)
    draw_image(whole, image)
    for name, colour in wanted:
        box = _box_of(target, name)
        longer = float((box[2:] - box[:2]).max())
        size = round(SIDE * LENGTH / longer)
        inches = size * inch
        x, y = ((box[:2] + box[2:] - longer) / 2).clamp(0, LENGTH - longer).tolist()
        axis = page.picture(left, bottom, inches)
        draw_image(axis, F.interpolate(image[None], (size, size), mode="bilinear", antialias=True)[0])
        corner = [x * size / LENGTH, y * size / LENGTH]
        for ink, width in (("white", 3.6), (colour, 2.2)):
            _draw(axis, torch.tensor([[*corner, corner[0] + SIDE, corner[1] + SIDE]]), [ink], width=width)
            _draw(whole, torch.tensor([[x, y, x + longer, y + longer]]), [ink], width=width)
        page.write(left + inches / 2, bottom + inches + 0.17, f"{size} × {size}", size=11)
        left += inches + 0.12
    page.write(2.4, bottom - 0.25, f"one window, {SIDE} × {SIDE} pixels", size=12.5)
    page.arrow((left - 0.04, bottom + 0.52), (5.36, bottom + 0.52))
    page.write(6.37, bottom - 0.25, "three sizes", size=12.5)
    page.write(6.37, bottom + 1.9 + 0.23, f"{LENGTH} × {LENGTH}", size=11)
    return page.figure


def _scene() -> tuple[Tensor, Target]:
    return Farm(SCENE + 1, seed=2, size=(LENGTH, LENGTH))[SCENE]


def _box_of(target: Target, name: str) -> Tensor:
    """Return the box (4,) of the largest animal of that name."""
    boxes = target["boxes"][target["labels"] == CLASSES.index(name)]
    return boxes[(boxes[:, 2:] - boxes[:, :2]).prod(dim=1).argmax()]


def _draw(axis: Axes, boxes: Tensor, colours: list[str], width: float, alpha: float = 1.0) -> None:
    """Draw boxes (n, 4) on a picture, whose pixels' centres are at whole numbers."""
    for (x1, y1, x2, y2), colour in zip(boxes.tolist(), colours, strict=False):
        axis.add_patch(
            Rectangle(
                (x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=width, alpha=alpha
            )
        )
