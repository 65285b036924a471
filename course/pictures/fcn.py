"""Draws the pictures of chapter 2. A function's docstring is what the picture says to who cannot see it."""

import torch
import torch.nn.functional as F
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from torch import Tensor

from course.farm import IGNORE, SEMANTIC_CLASSES, Farm
from course.labels import block_labels
from course.plotting.style import CARD, INK, PALETTE, colours_of, draw_image

SCENE = 6  # of the seed 1, the chapter's own
CENTRE = (31, 33)  # row and column of a pixel on a coat
SIGHT = 8  # pixels in each direction, of eight convolutions of 3 × 3


def sharp_or_far() -> Figure:
    """The same farm scene three times. Sharp but short-sighted: all is black but for a square of 17 × 17 pixels, which
    holds nothing but coat. Far-sighted but coarse: the whole scene in 8 × 8 blocks, where no outline can be made out.
    Wanted: the label map, which is right about the whole animal and about its outline.
    """
    image, truth = _scene()
    (row, column) = CENTRE
    square = slice(row - SIGHT, row + SIGHT + 1), slice(column - SIGHT, column + SIGHT + 1)
    near = torch.zeros_like(image)
    near[:, *square] = image[:, *square]
    coarse = F.interpolate(F.avg_pool2d(image[None], 8), scale_factor=8)[0]

    figure, axes = plt.subplots(1, 3, figsize=(7.4, 2.95), layout="constrained", facecolor=CARD)
    draw_image(axes[0], near)
    draw_image(axes[1], coarse)
    _draw_labels(axes[2], truth)
    axes[0].add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="white", linewidth=1.5))
    titles = ("17 × 17 pixels, sharp", "everything, coarse", "wanted")
    questions = ("whose coat is that?", "where does it end?", "every pixel, named")
    for axis, title, question in zip(axes, titles, questions, strict=True):
        axis.set_title(title, fontsize=13, color=INK)
        axis.set_xlabel(question, fontsize=13, color=INK, labelpad=6)
        _bare(axis)
    return figure


def down_and_up() -> Figure:
    """A network in the shape of a U. Down the left side the encoder's stages 0 to 3 work on maps of 64, 32, 16 and 8
    pixels a side, with 16, 32, 48 and 64 channels; between them a map is halved. Up the right side the decoder's stages
    work on 16, 32 and 64 pixels; between them a map is resized. At each of these three sizes the encoder's map is
    copied across and joined to the decoder's. A classifier at the top right gives each pixel its label.
    """
    image, truth = _scene()
    figure = plt.figure(figsize=(6.6, 6.9), facecolor=CARD)
    page = figure.add_axes((0, 0, 1, 1))
    page.set(xlim=(0, 6.6), ylim=(0, 6.9))
    page.set_axis_off()
    sides, bottoms, lefts, right = (1.5, 1.15, 0.95, 0.6), (4.75, 2.95, 1.35, 0.2), (0.1, 0.45, 0.65, 2.55), 5.0
    for stage, (side, bottom, left) in enumerate(zip(sides, bottoms, lefts, strict=True)):
        size, top, beside = 64 >> stage, bottom + side, left + side + 0.12
        draw_image(_box(figure, left, bottom, side), F.avg_pool2d(image[None], 2**stage)[0])
        shape = f"{size} × {size}\n{16 * (stage + 1)} channels"
        _write(page, beside, top, f"stage {stage}\n{shape}", va="top")
        if stage == 3:
            break
        labels = block_labels(truth[None], 2**stage, len(SEMANTIC_CLASSES))[0] if stage else truth
        _draw_labels(_box(figure, right, bottom, side), labels)
        _write(page, right - 0.12, top, f"join, stage\n{shape}", va="top", ha="right")
        _arrow(page, (beside, bottom + 0.1), (right - 0.08, bottom + 0.1), "--")
        _write(page, (beside + right) / 2, bottom + 0.14, "copy", ha="center")
        if stage < 2:
            middle = lefts[stage + 1] + sides[stage + 1] / 2
            _arrow(page, (middle, bottom), (middle, bottoms[stage + 1] + sides[stage + 1]))
            _write(page, middle + 0.12, bottom - 0.12, "halve", va="top")
            middle = right + sides[stage + 1] / 2
            _arrow(page, (middle, bottoms[stage + 1] + sides[stage + 1]), (middle, bottom))
            _write(page, middle - 0.12, bottom - 0.12, "resize", va="top", ha="right")
    low = bottoms[3] + sides[3] / 2
    _arrow(page, (lefts[2] + 0.4, bottoms[2]), (lefts[3], low), bend=0.25)
    _write(page, lefts[2] + 0.3, bottoms[2] - 0.45, "halve", va="top", ha="right")
    _arrow(page, (lefts[3] + sides[3] + 1.4, low), (right + 0.4, bottoms[2]), bend=0.25)
    _write(page, right + 0.45, bottoms[2] - 0.45, "resize", va="top")
    _arrow(page, (right + 0.75, bottoms[0] + sides[0]), (right + 0.75, 6.8))
    _write(page, right + 0.63, 6.54, "classifier: scores for each pixel", va="center", ha="right")
    return figure


def _scene() -> tuple[Tensor, Tensor]:
    image, target = Farm(SCENE + 1, seed=1)[SCENE]
    return image, target["semantic"]


def _draw_labels(axis: Axes, labels: Tensor) -> None:
    shown = labels.masked_fill(labels == IGNORE, len(SEMANTIC_CLASSES))
    colours = ListedColormap([*colours_of(SEMANTIC_CLASSES), CARD])
    axis.imshow(shown.numpy(), cmap=colours, vmin=-0.5, vmax=len(SEMANTIC_CLASSES) + 0.5, interpolation="nearest")


def _box(figure: Figure, left: float, bottom: float, side: float) -> Axes:
    """Return square axes at a place in inches."""
    width, height = figure.get_size_inches()
    axis = figure.add_axes((left / width, bottom / height, side / width, side / height))
    _bare(axis)
    return axis


def _bare(axis: Axes) -> None:
    axis.set_xticks([])
    axis.set_yticks([])


def _write(page: Axes, x: float, y: float, text: str, *, ha: str = "left", va: str = "bottom") -> None:
    page.text(x, y, text, fontsize=12.5, color=INK, ha=ha, va=va, linespacing=1.2)


def _arrow(page: Axes, start: tuple[float, float], end: tuple[float, float], line: str = "-", bend: float = 0) -> None:
    page.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=16, linewidth=1.8, linestyle=line, color=PALETTE[2],
            connectionstyle=f"arc3,rad={bend}",
        )
    )  # fmt: skip
