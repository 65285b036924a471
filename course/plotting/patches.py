"""Patches of an image, each enlarged, and where in the image they lie."""

from collections.abc import Mapping

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course.plotting.pictures import show_boxes
from course.plotting.style import draw_image, picture_axes, set_title

Centres = Mapping[str, tuple[int, int]]
"""By name, the row and the column of a patch's middle pixel."""


def show_patches(image: Tensor, centres: Centres, size: int) -> Figure:
    """Draw the patches of `size` × `size` pixels of an image (3, H, W), `size` odd, with the middle pixel framed.

    What lies outside the image is black.
    """
    figure, axes = picture_axes(len(centres), columns=3)
    reach = size // 2 + 0.5  # a pixel's centre is drawn at whole numbers
    for axis, (name, (row, column)) in zip(axes, centres.items(), strict=False):
        axis.add_patch(Rectangle((column - reach, row - reach), size, size, color="black", zorder=0))
        draw_image(axis, image)
        axis.set_xlim(column - reach, column + reach)
        axis.set_ylim(row + reach, row - reach)
        for colour, width in (("white", 3), ("black", 1)):
            frame = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=colour, linewidth=width)
            axis.add_patch(frame)
        set_title(axis, f"patch {name}")
    return figure


def show_places(image: Tensor, centres: Centres, size: int) -> Figure:
    """Draw where in an image (3, H, W) the patches of `size` × `size` pixels lie, each with its name."""
    middles = torch.tensor([[column + 0.5, row + 0.5] for row, column in centres.values()])
    boxes = torch.cat([middles - size / 2, middles + size / 2], dim=1)
    return show_boxes(image, boxes, torch.arange(len(centres)), classes=list(centres), title="where they were")
