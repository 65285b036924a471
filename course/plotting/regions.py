"""Pictures cut into regions: each region in its mean colour, with a line around it."""

from collections.abc import Mapping

import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from torch import Tensor

from course.plotting.style import INK, draw_image, picture_axes, set_title


def show_regions(image: Tensor, regions: Mapping[str, Tensor], columns: int | None = None) -> Figure:
    """Draw an image (3, H, W) once for each map (H, W) of region numbers, regions in their mean colours, and lines
    between them.

    Raises:
        ValueError: a map of another size than the image.
    """
    for name, labels in regions.items():
        if labels.shape != image.shape[-2:]:
            raise ValueError(
                f"{name!r} must have the image's size {tuple(image.shape[-2:])}, got {tuple(labels.shape)}"
            )
    figure, axes = picture_axes(len(regions), columns)
    for axis, (name, labels) in zip(axes, regions.items(), strict=False):
        draw_regions(axis, image, labels)
        set_title(axis, f"{name}: {len(set(labels.flatten().tolist()))} regions")
    return figure


def draw_regions(axis: Axes, image: Tensor, labels: Tensor, width: float = 1.0) -> None:
    """Draw an image (3, H, W) with each region of `labels` (H, W) in its mean colour, and lines `width` points wide."""
    _, own = torch.unique(labels.flatten(), return_inverse=True)
    pixels, counts = image.flatten(1), own.bincount()
    means = torch.zeros(3, len(counts), dtype=image.dtype).index_add(1, own, pixels) / counts
    draw_image(axis, means[:, own].view_as(image))
    axis.add_collection(LineCollection(_borders(labels), colors=INK, linewidths=width, capstyle="round"))


def _borders(labels: Tensor) -> list[list[tuple[float, float]]]:
    """Return the sides of pixels between two regions, as lines from (x, y) to (x, y); centres are at whole numbers."""
    rows, columns = (labels[:, 1:] != labels[:, :-1]).nonzero(as_tuple=True)
    upright = [[(x + 0.5, y - 0.5), (x + 0.5, y + 0.5)] for y, x in zip(rows.tolist(), columns.tolist(), strict=True)]
    rows, columns = (labels[1:] != labels[:-1]).nonzero(as_tuple=True)
    level = [[(x - 0.5, y + 0.5), (x + 0.5, y + 0.5)] for y, x in zip(rows.tolist(), columns.tolist(), strict=True)]
    return upright + level
