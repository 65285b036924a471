"""A page to draw a diagram on: pictures, words and arrows at places in inches, from the bottom left."""

from typing import Literal

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from course.plotting.style import CARD, INK, PALETTE

Place = tuple[float, float]

_TEXT = 12.5


class Page:
    """A card of `width` × `height` inches and what is put on it; `figure` is the whole."""

    def __init__(self, width: float, height: float) -> None:
        self.figure = plt.figure(figsize=(width, height), facecolor=CARD)
        self._size = (width, height)
        self._paper = self.figure.add_axes((0, 0, 1, 1))
        self._paper.set(xlim=(0, width), ylim=(0, height))
        self._paper.set_axis_off()

    def picture(self, left: float, bottom: float, width: float, height: float | None = None) -> Axes:
        """Return axes for a picture, a square one unless it has a `height`, with a thin frame and no ticks."""
        across, along = self._size
        axis = self.figure.add_axes((left / across, bottom / along, width / across, (height or width) / along))
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_color(INK)
        axis.spines[:].set_linewidth(0.8)
        return axis

    def write(
        self,
        x: float,
        y: float,
        text: str,
        *,
        across: Literal["left", "center", "right"] = "center",
        size: float = _TEXT,
        bold: bool = False,
        colour: str = INK,
    ) -> None:
        """Write words whose middle line is at `y`; `x` is their middle, or the side that `across` names."""
        self._paper.text(
            x, y, text, ha=across, va="center_baseline", fontsize=size, color=colour, linespacing=1.25,
            fontweight="bold" if bold else "normal",
        )  # fmt: skip

    def box(self, x: float, y: float, text: str, width: float, height: float = 0.42, colour: str = PALETTE[5]) -> None:
        """Write words into a rounded box around (x, y), tinted with `colour`."""
        corner = (x - width / 2, y - height / 2)
        for filled, face in ((True, colour), (False, "none")):
            self._paper.add_patch(
                FancyBboxPatch(
                    corner, width, height, boxstyle="round,pad=0,rounding_size=0.08", linewidth=1.2,
                    facecolor=face, edgecolor="none" if filled else INK, alpha=0.22 if filled else 1,
                )
            )  # fmt: skip
        self.write(x, y, text)

    def arrow(self, *places: Place, dashed: bool = False, colour: str = PALETTE[2]) -> None:
        """Draw an arrow that passes through `places` in straight lines."""
        *before, last = places
        line = "--" if dashed else "-"
        self._paper.plot(*zip(*before, strict=True), line, color=colour, linewidth=1.8)
        self._paper.add_patch(
            FancyArrowPatch(
                before[-1], last, arrowstyle="-|>", mutation_scale=15, linewidth=1.8, linestyle=line, color=colour,
                shrinkA=0, shrinkB=0,
            )
        )  # fmt: skip
