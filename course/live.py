"""The curve that `course.training.fit` draws while it trains: one picture that is replaced, never a growing stack.

In a notebook it is a figure that updates in place; in a terminal, a line of text for each look at the validation set.
"""

import io
import time
from typing import TYPE_CHECKING

import numpy as np
from tqdm.auto import tqdm  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from course.history import History

_SECONDS_BETWEEN = 1.0
_LARGEST_SHARE = 0.05  # of the time may go into drawing


class LiveCurve:
    """Shows a `History` while it grows. `name` is what is measured on the validation set."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._in_notebook = _in_notebook()
        self._handle: object = None
        self._next = 0.0
        self._told = 0

    def update(self, history: "History", *, last: bool = False) -> None:
        """Show what is new, in a notebook at most once a second; `last` shows it whatever the clock says."""
        if not self._in_notebook:
            for step, value in history.metrics[self._told :]:
                loss = history.losses[max(step - 1, 0)]
                tqdm.write(f"step {step}: loss {loss:.3f}, validation {self.name} {value:.3f}")
            self._told = len(history.metrics)
        elif history.losses and (last or time.perf_counter() >= self._next):
            started = time.perf_counter()
            self._show(draw_curve(history, self.name))
            now = time.perf_counter()
            self._next = now + max(_SECONDS_BETWEEN, (now - started) / _LARGEST_SHARE)

    def _show(self, figure: "Figure") -> None:
        from IPython.display import Image, display

        # Bytes of our own, not the figure: an update then replaces one image, and pyplot never shows it a second time.
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=110)
        picture = Image(file.getvalue(), width=round(110 * figure.get_figwidth()), alt=f"training curve: {self.name}")
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)  # type: ignore[attr-defined]


def draw_curve(history: "History", name: str) -> "Figure":
    """Draw the loss of each step, its running mean, and what was measured on the validation set."""
    from matplotlib.figure import Figure

    from course.plotting import PALETTE

    figure = Figure(figsize=(6.4, 2.6), layout="constrained", facecolor="white")
    left = figure.add_subplot()
    losses = np.array(history.losses)
    left.plot(np.arange(1, len(losses) + 1), losses, color=PALETTE[2], alpha=0.25, linewidth=0.8)
    window = max(1, len(losses) // 20)
    smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
    left.plot(np.arange(window, len(losses) + 1), smooth, color=PALETTE[2], linewidth=2)
    left.set_xlabel("step")
    left.set_ylabel("training loss", color=PALETTE[2])
    left.set_ylim(0, max(float(smooth.max()) * 1.2, 1e-6) if smooth.min() >= 0 else None)
    if history.metrics:
        steps, values = zip(*history.metrics, strict=True)
        right = left.twinx()
        right.plot(steps, values, color=PALETTE[3], marker="o", markersize=4)
        right.set_ylabel(f"validation {name}", color=PALETTE[3])
        right.margins(y=0.2)  # room for the number
        right.annotate(
            f"{values[-1]:.3f}", (steps[-1], values[-1]), (-4, 6), textcoords="offset points", ha="right", fontsize=9
        )
    return figure


def _in_notebook() -> bool:
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None
