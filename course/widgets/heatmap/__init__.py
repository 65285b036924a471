"""Heatmap: a keypoint that is dragged over a small grid, its hill as numbers, and the point that is read off again.

The highest pixel alone is off by up to half a pixel, with the quarter step by a quarter; the error is traced while the
keypoint moves. A second hill shows that the highest pixel need not be the right one (chapter 05).
"""

from traitlets import Enum, Float, TraitError, validate

from course.widgets._base import CourseWidget

ROWS, COLUMNS = 6, 9
SIGMAS = (0.5, 0.75, 1.0, 1.5, 2.0)
SECOND = ("none", "lower", "higher")


class Heatmap(CourseWidget):
    """Predict how far a decoded keypoint can be off, then drag it and see.

    `x` and `y` are the keypoint's place in pixels of a map of 6 × 9, `sigma` the width of its hill, and `second` says
    whether another hill stands beside it, a lower or a higher one.
    """

    x = Float(2.8).tag(sync=True)
    y = Float(2.3).tag(sync=True)
    sigma = Enum(SIGMAS, 1.0).tag(sync=True)
    second = Enum(SECOND, "none").tag(sync=True)

    @validate("x", "y")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
    def _must_be_on_the_map(self, proposal: dict[str, object]) -> float:
        value = float(str(proposal["value"]))
        name = getattr(proposal["trait"], "name", "")
        most = COLUMNS if name == "x" else ROWS
        if not 0 <= value <= most:
            raise TraitError(f"{name} must be 0 to {most}, got {value:g}")
        return value
