"""What all figures share: the palette of Okabe & Ito (2008), the ink, the card that they lie on, rows of axes.

A figure is a white card with a margin, in a light notebook and in a dark one: its colours were chosen on white.
"""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course.widgets.palette import okabe_ito

_ORDER = ("bluish-green", "orange", "blue", "vermillion", "reddish-purple", "sky-blue", "yellow", "black")
PALETTE = tuple(okabe_ito()[name] for name in _ORDER)
"""The colours of labels, in order."""

INK = "#1a1a1a"
PALE = "#767676"
LINE_STYLES = ("-", "--", "-.", ":")

CARD = "white"
PAGE = 9.0
"""Inches: how wide a row of pictures is. A page of 900 pixels shows it as it is, a narrower one makes it smaller."""

_LARGEST = 3.2  # inches, of one picture in a row

# A notebook crops a figure to what is drawn and puts this margin around it.
mpl.rcParams.update({"figure.facecolor": CARD, "savefig.facecolor": CARD, "savefig.pad_inches": 0.2})


def colour_of(number: int) -> str:
    """Return the colour of class or curve `number`; there are eight, and then they come again."""
    return PALETTE[number % len(PALETTE)]


_NATURAL = {
    "sky": "sky-blue", "grass": "bluish-green", "meadow": "bluish-green", "trees": "black", "water": "blue",
    "cow": "vermillion", "sheep": "yellow", "duck": "orange", "cat": "reddish-purple",
}  # fmt: skip


def colours_of(classes: Sequence[str]) -> list[str]:
    """Return a colour for each class: the one that its name suggests, else the first of the palette that is free.

    Raises:
        ValueError: more classes than colours.
    """
    if len(classes) > len(PALETTE):
        raise ValueError(f"there are colours for {len(PALETTE)} classes, got {len(classes)}")
    suggested = {name: okabe_ito()[_NATURAL[name]] for name in classes if name in _NATURAL}
    free = [colour for colour in PALETTE if colour not in suggested.values()]
    return [suggested[name] if name in suggested else free.pop(0) for name in classes]


def picture_axes(
    count: int, columns: int | None = None, side: float | None = None, legend_rows: int = 0
) -> tuple[Figure, list[Axes]]:
    """Return a figure with `count` axes for pictures, in rows of `columns`, and room for a legend below.

    A picture is `side` inches wide; by default a row is as wide as the page, with pictures of a sensible size.
    """
    columns = min(count, columns or count)
    rows = -(-count // columns)
    side = side or min(_LARGEST, PAGE / columns)
    size = (side * columns, (side + 0.2) * rows + 0.25 * legend_rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained", facecolor=CARD)
    flat = list(axes.flat)
    for axis in flat:
        axis.set_axis_off()
    return figure, flat


def chart_axes(width: float = 5.2, height: float = 3.4) -> tuple[Figure, Axes]:
    """Return a figure with one chart on it: two spines and a pale grid."""
    figure, (axis,) = charts_axes(1, width, height)
    return figure, axis


def charts_axes(count: int, width: float = PAGE, height: float = 3.2) -> tuple[Figure, list[Axes]]:
    """Return a figure with `count` charts side by side, as `chart_axes` has one."""
    figure, axes = plt.subplots(1, count, figsize=(width, height), squeeze=False, layout="constrained", facecolor=CARD)
    for axis in axes[0]:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(color="#e2e2e2", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.tick_params(colors=INK)
    return figure, list(axes[0])


def set_title(axis: Axes, title: str) -> None:
    """Write a title as all figures do."""
    axis.set_title(title, fontsize=10, color=INK)


def draw_image(axis: Axes, image: Tensor) -> None:
    """Draw an image (3, H, W) or (H, W) in [0, 1], pixels as squares.

    Raises:
        ValueError: another shape.
    """
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[0] == 3)):
        raise ValueError(f"an image must have shape (3, H, W) or (H, W), got {tuple(image.shape)}")
    pixels = image.detach().cpu().float().clamp(0, 1)
    pixels = pixels.permute(1, 2, 0) if image.ndim == 3 else pixels
    axis.imshow(pixels.numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")


def require_planes(planes: Mapping[str, Tensor]) -> None:
    """Raise unless every plane is (H, W).

    Raises:
        ValueError: one is not; the sentence names it.
    """
    for title, plane in planes.items():
        if plane.ndim != 2:
            raise ValueError(f"{title!r} must have shape (H, W), got {tuple(plane.shape)}")
