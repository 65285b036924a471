"""One object a picture: boxes and poses of several models beside the truth, several pictures at once."""

from collections.abc import Mapping, Sequence
from typing import Literal

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from torch import Tensor

from course.plotting.style import colour_of, draw_image, picture_axes, set_title

_DASHES: tuple[Literal["solid"] | tuple[float, Sequence[float]], ...] = (
    "solid",
    (0, (5, 2)),
    (0, (1, 1.5)),
    (0, (5, 2, 1, 2)),
)


def show_objects(images: Tensor, boxes: Mapping[str, Tensor], titles: Sequence[str] = (), columns: int = 4) -> Figure:
    """Draw on each of the images (N, 3, H, W) its box of every name in `boxes`, (N, 4) in shares of the picture.

    The names stand below; each has a colour and a dash of its own. `titles` are one a picture.

    Raises:
        ValueError: not one box a picture.
    """
    for name, values in boxes.items():
        if values.shape != (len(images), 4):
            raise ValueError(f"boxes of {name} must have shape ({len(images)}, 4), got {tuple(values.shape)}")
    figure, axes = picture_axes(len(images), columns=columns)
    height, width = images.shape[-2:]
    for number, image in enumerate(images):
        draw_image(axes[number], image)
        if titles:
            set_title(axes[number], titles[number])
        for place, values in enumerate(boxes.values()):
            x1, y1, x2, y2 = (values[number].detach().cpu() * values.new_tensor([width, height] * 2).cpu()).tolist()
            for colour, line in (("white", 3.5), (colour_of(place), 2.0)):
                axes[number].add_patch(Rectangle(
                    (x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=line,
                    linestyle=_DASHES[place % len(_DASHES)] if colour != "white" else "solid",
                ))  # fmt: skip
        axes[number].set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    handles = [
        Line2D([], [], color=colour_of(place), linestyle=_DASHES[place % len(_DASHES)], linewidth=2, label=name)
        for place, name in enumerate(boxes)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure


def show_poses(
    images: Tensor, poses: Mapping[str, Tensor], skeleton: Sequence[tuple[int, int]], visible: Tensor
) -> Figure:
    """Draw the images (N, 3, H, W) once for every name in `poses`, with its keypoints (N, J, 2) in pixels on them.

    `skeleton` are pairs of keypoints that a line joins; what is not `visible` (N, J) is not drawn.

    Raises:
        ValueError: not J keypoints a picture.
    """
    for name, points in poses.items():
        if points.shape != (*visible.shape, 2):
            raise ValueError(f"poses of {name} must have shape {(*visible.shape, 2)}, got {tuple(points.shape)}")
    figure, axes = picture_axes(len(images) * len(poses), columns=len(images))
    for row, (name, points) in enumerate(poses.items()):
        for number, image in enumerate(images):
            axis = axes[row * len(images) + number]
            draw_image(axis, image)
            set_title(axis, name if number == 0 else " ")
            x, y = (points[number].detach().cpu() - 0.5).T.tolist()
            seen = visible[number].tolist()
            for a, b in skeleton:
                if seen[a] and seen[b]:
                    axis.plot([x[a], x[b]], [y[a], y[b]], color="white", linewidth=3.5, solid_capstyle="round")
                    axis.plot([x[a], x[b]], [y[a], y[b]], color=colour_of(row), linewidth=2, solid_capstyle="round")
            for place in range(len(x)):
                if seen[place]:
                    axis.plot(x[place], y[place], "o", markersize=5, color=colour_of(row), markeredgecolor="black")
            axis.set(xlim=(-0.5, image.shape[-1] - 0.5), ylim=(image.shape[-2] - 0.5, -0.5))
    return figure
