"""Charts of training and measuring: curves, a confusion matrix, precision against recall."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from course.plotting.style import INK, LINE_STYLES, chart_axes, colour_of

Numbers = Sequence[float] | Tensor
Curve = tuple[Numbers, Numbers]


def show_curves(curves: Mapping[str, Curve | Numbers], x: str = "step", y: str = "loss", log: bool = False) -> Figure:
    """Draw curves by name, each as values or as (places, values), told apart by colour and by line.

    Raises:
        ValueError: places and values of different lengths.
    """
    figure, axis = chart_axes()
    for number, (name, curve) in enumerate(curves.items()):
        places, values = _places_and_values(name, curve)
        style = LINE_STYLES[number % len(LINE_STYLES)]
        axis.plot(places, values, color=colour_of(number), linestyle=style, linewidth=2, label=name)
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    if log:
        axis.set_yscale("log")
    if len(curves) > 1:
        axis.legend(frameon=False)
    return figure


def show_precision_recall(curves: Mapping[str, Curve]) -> Figure:
    """Draw precision against recall, each curve as (recall, precision), with its area in the legend.

    Raises:
        ValueError: recall and precision of different lengths.
    """
    figure, axis = chart_axes(4.4, 4.0)
    for number, (name, curve) in enumerate(curves.items()):
        recall, precision = _places_and_values(name, curve)
        area = float((np.diff(recall) * (precision[1:] + precision[:-1]) / 2).sum())
        style = LINE_STYLES[number % len(LINE_STYLES)]
        axis.plot(
            recall, precision, color=colour_of(number), linestyle=style, linewidth=2, label=f"{name} ({area:.2f})"
        )
    axis.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
    axis.legend(frameon=False, loc="lower left")
    return figure


def show_confusion(matrix: Tensor, classes: Sequence[str]) -> Figure:
    """Draw a confusion matrix (K, K), rows the target, each row as shares of that target.

    Raises:
        ValueError: `matrix` is not (K, K) for the K classes.
    """
    count = len(classes)
    if tuple(matrix.shape) != (count, count):
        raise ValueError(f"matrix must have shape ({count}, {count}) for {count} classes, got {tuple(matrix.shape)}")
    counts = matrix.detach().cpu().double().numpy()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axis = chart_axes(0.62 * count + 1.6, 0.55 * count + 1.4)
    axis.grid(visible=False)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(count):
        for column in range(count):
            share = shares[row, column]
            ink = "white" if share > 0.55 else INK
            axis.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=9, color=ink)
    axis.set_xticks(range(count), classes, rotation=45, ha="right")
    axis.set_yticks(range(count), classes)
    axis.set(xlabel="predicted, % of the target", ylabel="target")
    return figure


def _places_and_values(name: str, curve: Curve | Numbers) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(curve, tuple):
        places, values = (np.asarray(part, dtype=float) for part in curve)
        if places.shape != values.shape:
            raise ValueError(f"{name!r} has {len(places)} places and {len(values)} values")
        return places, values
    values = np.asarray(curve, dtype=float)
    return np.arange(len(values)), values
