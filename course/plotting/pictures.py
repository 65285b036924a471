"""Pictures with what is known or predicted about them: label maps, boxes, masks, keypoints.

A class has a colour, and a name or number beside it: nothing is told by colour alone.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from torch import Tensor

from course.plotting.style import (
    colour_of,
    colours_of,
    draw_image,
    picture_axes,
    require_planes,
    set_title,
)

IGNORE = 255


def show_images(images: Mapping[str, Tensor], columns: int | None = None) -> Figure:
    """Draw images (3, H, W) or (H, W) in [0, 1] side by side, each under its title.

    Raises:
        ValueError: an image of another shape.
    """
    figure, axes = picture_axes(len(images), columns)
    for axis, (title, image) in zip(axes, images.items(), strict=False):
        draw_image(axis, image)
        set_title(axis, title)
    return figure


def show_labels(
    image: Tensor,
    label_maps: Mapping[str, Tensor],
    classes: Sequence[str],
    columns: int | None = None,
    opacity: float = 1.0,
) -> Figure:
    """Draw an image (3, H, W) and label maps (H, W) of it, with a legend of the classes.

    With an `opacity` below 1 the labels lie over the picture. What is 255 belongs to no class and is drawn white.

    Raises:
        ValueError: a label map that is not (H, W), or more classes than colours.
    """
    require_planes(label_maps)
    colours = colours_of(classes)
    in_a_row = min(len(classes), 4)
    figure, axes = picture_axes(1 + len(label_maps), columns, legend_rows=-(-len(classes) // max(in_a_row, 1)))
    draw_image(axes[0], image)
    set_title(axes[0], "image")
    painted = ListedColormap([*colours, "#ffffff"])
    for axis, (title, labels) in zip(axes[1:], label_maps.items(), strict=False):
        if opacity < 1:
            draw_image(axis, image)
        numbers = labels.detach().cpu().numpy()
        shown = np.where(numbers == IGNORE, len(classes), numbers)
        axis.imshow(shown, cmap=painted, vmin=-0.5, vmax=len(classes) + 0.5, alpha=opacity, interpolation="nearest")
        set_title(axis, title)
    patches = [Patch(color=colour, label=name) for colour, name in zip(colours, classes, strict=True)]
    figure.legend(handles=patches, loc="outside lower center", ncols=in_a_row, frameon=False, fontsize=10)
    return figure


def show_boxes(
    image: Tensor,
    boxes: Tensor,
    labels: Tensor | None = None,
    scores: Tensor | None = None,
    classes: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Draw boxes (n, 4), x1, y1, x2, y2 in pixels, on an image (3, H, W), with names and scores where given.

    Raises:
        ValueError: `boxes` is not (n, 4), or labels or scores are not one for each box.
    """
    figure, (axis,) = _one_picture(image, title)
    _draw_boxes(axis, boxes, labels, scores, classes)
    return figure


def show_masks(
    image: Tensor,
    masks: Tensor,
    labels: Tensor | None = None,
    classes: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Draw instance masks (n, H, W) over an image (3, H, W): one colour, one outline and one number an instance.

    Raises:
        ValueError: masks of another size than the image, or labels that are not one for each mask.
    """
    if masks.ndim != 3 or masks.shape[1:] != image.shape[-2:]:
        raise ValueError(f"masks must have shape (n, {image.shape[-2]}, {image.shape[-1]}), got {tuple(masks.shape)}")
    _require_one_each("labels", labels, len(masks))
    figure, (axis,) = _one_picture(image, title)
    for number, mask in enumerate(masks.detach().cpu().numpy() > 0.5):
        if not mask.any():
            continue
        layer = np.zeros((*mask.shape, 4))
        layer[mask] = to_rgba(colour_of(number), 0.5)
        axis.imshow(layer, interpolation="nearest")
        axis.contour(mask, levels=[0.5], colors=[colour_of(number)], linewidths=1.5)
        row, column = (int(places.mean()) for places in np.nonzero(mask))
        _write(axis, column, row, _caption(number, labels, None, classes), colour_of(number), centred=True)
    return figure


def show_keypoints(
    image: Tensor,
    keypoints: Tensor,
    skeleton: Sequence[tuple[int, int]] = (),
    title: str = "",
) -> Figure:
    """Draw keypoints (n, J, 3), x, y, visibility, on an image (3, H, W), joined by `skeleton`.

    A visible one is a filled dot, a hidden one a ring, an absent one is not drawn.

    Raises:
        ValueError: `keypoints` is not (n, J, 3).
    """
    if keypoints.ndim != 3 or keypoints.shape[-1] != 3:
        raise ValueError(f"keypoints must have shape (n, J, 3), got {tuple(keypoints.shape)}")
    figure, (axis,) = _one_picture(image, title)
    for number, points in enumerate(keypoints.detach().cpu().numpy()):
        colour = colour_of(number)
        for a, b in skeleton:
            if points[a, 2] > 0 and points[b, 2] > 0:
                line = points[[a, b]] - (0.5, 0.5, 0)
                axis.plot(line[:, 0], line[:, 1], color="white", linewidth=3.5, solid_capstyle="round")
                axis.plot(line[:, 0], line[:, 1], color=colour, linewidth=2, solid_capstyle="round")
        for x, y, visibility in points[points[:, 2] > 0]:
            face = colour if visibility > 1 else "white"
            axis.plot(x - 0.5, y - 0.5, "o", markersize=6, markerfacecolor=face, markeredgecolor="black")
    _keep_picture(axis, image)
    return figure


def _one_picture(image: Tensor, title: str) -> tuple[Figure, list[Axes]]:
    figure, axes = picture_axes(1, side=4.2)
    draw_image(axes[0], image)
    set_title(axes[0], title)
    return figure, axes


def _draw_boxes(
    axis: Axes, boxes: Tensor, labels: Tensor | None, scores: Tensor | None, classes: Sequence[str] | None
) -> None:
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must have shape (n, 4), got {tuple(boxes.shape)}")
    _require_one_each("labels", labels, len(boxes))
    _require_one_each("scores", scores, len(boxes))
    for number, (x1, y1, x2, y2) in enumerate(boxes.detach().cpu().tolist()):
        colour = colour_of(number if labels is None else int(labels[number]) - 1)
        corner, width, height = (x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1  # a pixel's centre is drawn at whole numbers
        axis.add_patch(Rectangle(corner, width, height, fill=False, edgecolor="white", linewidth=3.5))
        axis.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=colour, linewidth=2))
        caption = _caption(number, labels, scores, classes)
        if labels is not None or scores is not None:
            _write(axis, corner[0], corner[1], caption, colour)


def _caption(number: int, labels: Tensor | None, scores: Tensor | None, classes: Sequence[str] | None) -> str:
    if labels is None:
        name = str(number)
    else:
        label = int(labels[number])
        name = classes[label] if classes is not None and 0 <= label < len(classes) else str(label)
    return name if scores is None else f"{name} {float(scores[number]):.2f}"


def _write(axis: Axes, x: float, y: float, text: str, colour: str, centred: bool = False) -> None:
    box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": colour, "linewidth": 1.2}
    across, along = ("center", "center") if centred else ("left", "bottom")
    axis.text(x, y, text, fontsize=8, color="black", ha=across, va=along, bbox=box, clip_on=True)


def _keep_picture(axis: Axes, image: Tensor) -> None:
    """Keep the axes on the picture where something was drawn outside it."""
    axis.set_xlim(-0.5, image.shape[-1] - 0.5)
    axis.set_ylim(image.shape[-2] - 0.5, -0.5)


def _require_one_each(name: str, values: Tensor | None, count: int) -> None:
    if values is not None and len(values) != count:
        raise ValueError(f"{name} must be one for each of the {count}, got {len(values)}")
