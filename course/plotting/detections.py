"""Many boxes in many pictures, and the curve of precision and recall down a ranking."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course.plotting.style import INK, LINE_STYLES, PAGE, charts_axes, colour_of, draw_image, picture_axes, set_title

_FEW = 10  # boxes that are drawn boldly, each with its name; more are thin lines


def show_detections(
    images: Sequence[Tensor],
    found: Sequence[Mapping[str, Tensor]],
    classes: Sequence[str],
    titles: Sequence[str] = (),
    columns: int = 4,
) -> Figure:
    """Draw in each of the images (3, H, W) its boxes, in the colour of their label.

    `found` has a dict a picture: `boxes` (n, 4) in pixels, `labels` (n,) from 1 and, where the boxes are not the truth,
    `scores` (n,). A picture with few boxes has names and scores beside them. Boxes under `lost` (m, 4), where there
    are any, are dashed: what should have been found and was not.

    Raises:
        ValueError: not one dict a picture.
    """
    if len(found) != len(images):
        raise ValueError(f"found must have a dict for each of the {len(images)} pictures, got {len(found)}")
    figure, axes = picture_axes(len(images), columns=columns)
    for number, (axis, image, one) in enumerate(zip(axes, images, found, strict=False)):
        draw_image(axis, image)
        if titles:
            set_title(axis, titles[number])
        few = len(one["boxes"]) <= _FEW
        scores = one.get("scores")
        for place, (box, label) in enumerate(zip(one["boxes"].tolist(), one["labels"].tolist(), strict=True)):
            _draw_box(axis, box, colour_of(label - 1), bold=few)
            if few:
                name = classes[label] if scores is None else f"{classes[label]} {float(scores[place]):.1f}"
                axis.text(
                    max(box[0] - 0.5, 0), max(box[1] - 0.5, 5), name, fontsize=7.5, color=INK, va="bottom",
                    bbox={"facecolor": "white", "edgecolor": colour_of(label - 1), "boxstyle": "round,pad=0.12"},
                )  # fmt: skip
        for box in one["lost"].tolist() if "lost" in one else ():
            _draw_box(axis, box, INK, bold=True, style=LINE_STYLES[1])
        axis.set(xlim=(-0.5, image.shape[-1] - 0.5), ylim=(image.shape[-2] - 0.5, -0.5))
    return figure


def _draw_box(axis: Axes, box: Sequence[float], colour: str, bold: bool, style: str = "-") -> None:
    x1, y1, x2, y2 = box
    for ink, width, line in (("white", 3.5, "-"), (colour, 2.0, style)) if bold else ((colour, 0.8, style),):
        axis.add_patch(
            Rectangle(
                (x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False, edgecolor=ink, linewidth=width, linestyle=line
            )
        )


def show_rankings(curves: Mapping[str, tuple[Tensor, Tensor]], envelopes: bool = True) -> Figure:
    """Draw precision against recall down rankings, a chart for each, as (recall (D,), precision (D,)) by name.

    The line goes from detection to detection. With `envelopes` a second one is drawn: at each recall the highest
    precision from there on.

    Raises:
        ValueError: recall and precision of different lengths.
    """
    figure, axes = charts_axes(len(curves), width=PAGE if len(curves) > 1 else 4.6, height=3.0)
    for number, (axis, (name, (recall, precision))) in enumerate(zip(axes, curves.items(), strict=True)):
        if recall.shape != precision.shape:
            raise ValueError(f"{name!r} has {len(recall)} recalls and {len(precision)} precisions")
        reached, kept = recall.detach().cpu().numpy(), precision.detach().cpu().numpy()
        dots = "o" if len(kept) <= _FEW else ""
        axis.plot(reached, kept, color=colour_of(number), linewidth=1.3, marker=dots, markersize=5)
        if envelopes and len(kept):
            best = np.maximum.accumulate(kept[::-1])[::-1]
            places, heights = np.concatenate([[0], reached, reached[-1:]]), np.concatenate([best[:1], best, [0]])
            axis.step(places, heights, where="pre", color=INK, linewidth=1.3, linestyle=LINE_STYLES[1])
        axis.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="recall")
        set_title(axis, name)
    axes[0].set_ylabel("precision")
    return figure
