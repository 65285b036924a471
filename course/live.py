"""The curve that `course.training.fit` draws while it trains in a notebook: one picture that is replaced in place."""

import io
import time
from typing import TYPE_CHECKING

import numpy as np

from course.progress import in_notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from course.history import History

_SECONDS_BETWEEN = 1.0
_LARGEST_SHARE = 0.05  # of the time may go into drawing
_WINDOWS = 20  # the running mean is over a twentieth of the steps


class LiveCurve:
    """Shows a `History` while it grows; `metric` is what is measured on the validation set, None for the loss."""

    def __init__(self, metric: str | None) -> None:
        self.metric = metric
        self._in_notebook = in_notebook()
        self._handle: object = None
        self._next = 0.0

    def update(self, history: "History", *, last: bool = False) -> None:
        """Show what is new, in a notebook at most once a second; `last` shows it whatever the clock says."""
        if self._in_notebook and history.losses and (last or time.perf_counter() >= self._next):
            started = time.perf_counter()
            self._show(draw_curve(history, self.metric))
            now = time.perf_counter()
            self._next = now + max(_SECONDS_BETWEEN, (now - started) / _LARGEST_SHARE)

    def _show(self, figure: "Figure") -> None:
        from IPython.display import Image, display

        # Bytes of our own, not the figure: an update then replaces one image, and pyplot never shows it a second time.
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=110)
        alt = f"training curve: loss, and validation {self.metric or 'loss'}"
        picture = Image(file.getvalue(), width=round(110 * figure.get_figwidth()), alt=alt)
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)  # type: ignore[attr-defined]


def draw_curve(history: "History", metric: str | None) -> "Figure":
    """Draw the loss of each step, its running mean, and what was measured on the validation set.

    A loss on the validation set (`metric` None) is drawn on the axis of the training loss, to be compared with it; a
    metric has an axis of its own. The mean of a window of steps stands over the middle of the window.
    """
    from matplotlib.figure import Figure

    from course.plotting import PALETTE

    figure = Figure(figsize=(6.4, 2.6), layout="constrained", facecolor="white")
    axis = figure.add_subplot()
    losses = np.array(history.losses)
    axis.plot(np.arange(1, len(losses) + 1), losses, color=PALETTE[2], alpha=0.25, linewidth=0.8)
    middles, means = _running_mean(losses)
    axis.plot(middles, means, color=PALETTE[2], linewidth=2, label="training")
    axis.set_xlabel("step")
    axis.set_ylabel("loss" if metric is None else "training loss", color="black" if metric is None else PALETTE[2])
    highest, lowest = float(means.max()), float(losses.min())
    if history.metrics:
        steps, values = zip(*history.metrics, strict=True)
        other = axis if metric is None else axis.twinx()
        other.plot(steps, values, color=PALETTE[3], marker="o", markersize=4, label="validation")
        if metric is None:
            axis.legend(frameon=False)
            highest, lowest = max(highest, *values), min(lowest, *values)
        else:
            other.set_ylabel(f"validation {metric}", color=PALETTE[3])
            other.margins(y=0.2)  # room for the number
        last = (steps[-1], values[-1])
        other.annotate(f"{values[-1]:.3f}", last, (-4, 6), textcoords="offset points", ha="right", fontsize=9)
    if lowest >= 0:  # the first steps of all may lie above
        axis.set_ylim(0, max(highest * 1.2, 1e-6))
    return figure


def _running_mean(values: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    """Return the middles of windows of steps, counted from 1, and the means over them."""
    window = max(1, len(values) // _WINDOWS)
    means = np.convolve(values, np.ones(window) / window, mode="valid")
    return np.arange(len(means)) + (window + 1) / 2, means
