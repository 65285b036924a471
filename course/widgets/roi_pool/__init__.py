"""RoIPool: a box over a feature map, the whole cells that rounding makes of it, their bins, and the maxima.

First two predictions, each of a move by three pixels: the first changes nothing, the second moves the region by a whole
cell. Then the box is dragged, and the cells, the bins and the gradients follow (chapter 08).
"""

from traitlets import Bool, Enum, Float, List, TraitError, validate

from course.widgets._base import CourseWidget

WIDTH, HEIGHT, LEAST, MOST, FINE = 192, 128, 4, 180, 0.25


class RoIPool(CourseWidget):
    """Predict what a small move of a box changes, then drag it.

    `box` is [x1, y1, x2, y2] in quarters of a pixel of an image of 192 × 128, or [] for the first one; it is 4 to 180
    pixels wide and 4 or more high. `stride` is how many pixels a cell of the map stands for, `size` how many rows and
    columns the result has, and `gradients` shows where the results' gradients go.
    """

    box = List(Float(), []).tag(sync=True)
    stride = Enum((16, 8), 16).tag(sync=True)
    size = Enum((2, 3, 7), 2).tag(sync=True)
    gradients = Bool(False).tag(sync=True)

    @validate("box")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
    def _must_be_a_box(self, proposal: dict[str, object]) -> object:
        box = proposal["value"]
        assert isinstance(box, list)
        if not box:
            return box
        if len(box) != 4:
            raise TraitError(f"box must be [x1, y1, x2, y2] or [], got {box}")
        x1, y1, x2, y2 = box
        if min(x1, y1) < 0 or x2 > WIDTH or y2 > HEIGHT or not LEAST <= x2 - x1 <= MOST or y2 - y1 < LEAST:
            raise TraitError(
                f"box must lie on {WIDTH} × {HEIGHT} pixels, {LEAST} to {MOST} wide and {LEAST} or more high, got {box}"
            )
        if any(side % FINE for side in box):
            raise TraitError(f"box must be in quarters of a pixel, got {box}")
        return box
