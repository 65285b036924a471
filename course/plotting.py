"""The figures that chapters need: planes of numbers, images side by side, label maps, in one colour-blind-safe palette.

The colours are those of Okabe & Ito (2008), which the widgets use too. Figures have a light background of their own, so
that they read the same in a light and a dark notebook.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course.widgets.palette import okabe_ito

_ORDER = ("bluish-green", "orange", "blue", "vermillion", "reddish-purple", "sky-blue", "yellow", "black")
PALETTE = tuple(okabe_ito()[name] for name in _ORDER)
"""The colours of labels, in order."""

_INK = "#1a1a1a"


def show_grids(planes: Mapping[str, Tensor], marked: Mapping[str, Tensor] | None = None) -> Figure:
    """Draw planes (H, W) as grids of numbers side by side, each under its title; zeros are pale.

    `marked` names, by title, a boolean plane of the cells to outline.

    Raises:
        ValueError: a plane that is not (H, W).
    """
    _require_planes(planes, 2, "(H, W)")
    heights, widths = zip(*(plane.shape for plane in planes.values()), strict=True)
    figure, axes = plt.subplots(
        1, len(planes), figsize=(0.55 * sum(widths) + 0.5 * len(planes), 0.55 * max(heights) + 0.5),
        gridspec_kw={"width_ratios": widths}, squeeze=False, layout="constrained",
    )  # fmt: skip
    for axis, (title, plane) in zip(axes[0], planes.items(), strict=True):
        _draw_grid(axis, title, plane, (marked or {}).get(title))
    return figure


def show_images(images: Mapping[str, Tensor], columns: int | None = None) -> Figure:
    """Draw images (3, H, W) or (H, W) in [0, 1] side by side, each under its title.

    Raises:
        ValueError: an image of another shape.
    """
    flat = {title: image.permute(1, 2, 0) if image.ndim == 3 else image for title, image in images.items()}
    figure, axes = _row_of_axes(len(flat), columns)
    for axis, (title, image) in zip(axes, flat.items(), strict=False):
        axis.imshow(image.detach().clamp(0, 1).numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axis.set_title(title, fontsize=10, color=_INK)
    return figure


def show_labels(
    image: Tensor, label_maps: Mapping[str, Tensor], classes: Sequence[str], columns: int | None = None
) -> Figure:
    """Draw an image (3, H, W) and label maps (H, W) of it, with a legend of the classes.

    Raises:
        ValueError: a label map that is not (H, W), or more classes than colours.
    """
    _require_planes(label_maps, 2, "(H, W)")
    if len(classes) > len(PALETTE):
        raise ValueError(f"there are colours for {len(PALETTE)} classes, got {len(classes)}")
    colours = ListedColormap(PALETTE[: len(classes)])
    figure, axes = _row_of_axes(1 + len(label_maps), columns)
    axes[0].imshow(image.permute(1, 2, 0).clamp(0, 1).numpy(), interpolation="nearest")
    axes[0].set_title("image", fontsize=10, color=_INK)
    for axis, (title, labels) in zip(axes[1:], label_maps.items(), strict=False):
        axis.imshow(labels.numpy(), cmap=colours, vmin=-0.5, vmax=len(classes) - 0.5, interpolation="nearest")
        axis.set_title(title, fontsize=10, color=_INK)
    patches = [Rectangle((0, 0), 1, 1, color=colours(number)) for number in range(len(classes))]
    figure.legend(patches, classes, loc="outside lower center", ncols=len(classes), frameon=False, fontsize=10)
    return figure


def _draw_grid(axis: Axes, title: str, plane: Tensor, marked: Tensor | None) -> None:
    values = plane.detach().numpy()
    height, width = values.shape
    axis.imshow(values != 0, cmap=ListedColormap(["#ffffff", "#dcebf5"]), vmin=0, vmax=1)
    for row in range(height):
        for column in range(width):
            value = values[row, column]
            text = f"{value:.3g}".replace("-", "−")
            axis.text(column, row, text, ha="center", va="center", fontsize=10, color=_INK if value else "#767676")
            if marked is not None and bool(marked[row, column]):
                corner = (column - 0.45, row - 0.45)
                box = Rectangle(corner, 0.9, 0.9, fill=False, edgecolor=PALETTE[3], linewidth=2)
                axis.add_patch(box)
    axis.set_xticks(np.arange(width + 1) - 0.5, labels=[])
    axis.set_yticks(np.arange(height + 1) - 0.5, labels=[])
    axis.grid(color="#9a9a9a", linewidth=0.7)
    axis.tick_params(length=0)
    axis.set_title(title, fontsize=10, color=_INK)


def _row_of_axes(count: int, columns: int | None) -> tuple[Figure, list[Axes]]:
    columns = min(count, columns or count)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(2.3 * columns, 2.5 * rows), squeeze=False, layout="constrained")
    flat = list(axes.flat)
    for axis in flat:
        axis.set_axis_off()
    return figure, flat


def _require_planes(planes: Mapping[str, Tensor], ndim: int, shape: str) -> None:
    for title, plane in planes.items():
        if plane.ndim != ndim:
            raise ValueError(f"{title!r} must have shape {shape}, got {tuple(plane.shape)}")
