"""Planes of numbers as grids, as one would write them on paper, and the maps of a network side by side."""

from collections.abc import Mapping

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course.plotting.style import CARD, INK, PALE, PALETTE, picture_axes, require_planes, set_title


def show_grids(planes: Mapping[str, Tensor], marked: Mapping[str, Tensor] | None = None) -> Figure:
    """Draw planes (H, W) as grids of numbers side by side, each under its title; zeros are pale.

    `marked` names, by title, a boolean plane of the cells to outline.

    Raises:
        ValueError: a plane that is not (H, W).
    """
    require_planes(planes)
    heights, widths = zip(*(plane.shape for plane in planes.values()), strict=True)
    size = (0.55 * sum(widths) + 0.5 * len(planes), 0.55 * max(heights) + 0.5)
    figure, axes = plt.subplots(
        1, len(planes), figsize=size, gridspec_kw={"width_ratios": widths}, squeeze=False, layout="constrained",
        facecolor=CARD,
    )  # fmt: skip
    for axis, (title, plane) in zip(axes[0], planes.items(), strict=True):
        _draw_grid(axis, title, plane, (marked or {}).get(title))
    return figure


def show_feature_maps(features: Tensor, columns: int = 8, limit: int = 32) -> Figure:
    """Draw the first `limit` maps of `features` (C, H, W), each numbered, all on one scale around zero.

    Raises:
        ValueError: not (C, H, W).
    """
    if features.ndim != 3:
        raise ValueError(f"features must have shape (C, H, W), got {tuple(features.shape)}")
    maps = features[:limit].detach().cpu().float()
    figure, axes = picture_axes(len(maps), columns, side=1.15)
    reach = max(float(maps.abs().max()), 1e-12)
    for number, (axis, plane) in enumerate(zip(axes, maps, strict=False)):
        shown = axis.imshow(plane.numpy(), cmap="PuOr_r", vmin=-reach, vmax=reach, interpolation="nearest")
        set_title(axis, str(number))
    figure.colorbar(shown, ax=axes, shrink=0.8, pad=0.01)
    return figure


def _draw_grid(axis: Axes, title: str, plane: Tensor, marked: Tensor | None) -> None:
    values = plane.detach().cpu().numpy()
    height, width = values.shape
    axis.imshow(values != 0, cmap=ListedColormap(["#ffffff", "#dcebf5"]), vmin=0, vmax=1)
    for row in range(height):
        for column in range(width):
            value = values[row, column]
            text = f"{value:.3g}".replace("-", "−")
            axis.text(column, row, text, ha="center", va="center", fontsize=10, color=INK if value else PALE)
            if marked is not None and bool(marked[row, column]):
                corner = (column - 0.45, row - 0.45)
                axis.add_patch(Rectangle(corner, 0.9, 0.9, fill=False, edgecolor=PALETTE[3], linewidth=2))
    axis.set_xticks(np.arange(width + 1) - 0.5, labels=[])
    axis.set_yticks(np.arange(height + 1) - 0.5, labels=[])
    axis.grid(color="#9a9a9a", linewidth=0.7)
    axis.tick_params(length=0)
    set_title(axis, title)
