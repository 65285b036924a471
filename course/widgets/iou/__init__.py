"""IoU: two boxes to move and to stretch over a grid, what both share and what either covers, as areas and as numbers.

First a prediction: how large is the IoU of a box and the same box moved by half its width? Then three tasks, among them
"exactly ½", and the generalised IoU, which still says something where boxes are apart (chapter 06).
"""

from traitlets import Bool, Float, List, TraitError, validate

from course.widgets._base import CourseWidget

ROWS, COLUMNS = 12, 20


class IoU(CourseWidget):
    """Predict an intersection over union, then make one to order.

    `a` and `b` are the boxes, [x1, y1, x2, y2] in cells of a grid of 12 × 20, at halves; `around` shows the smallest
    box around both, and the generalised IoU.
    """

    a = List(Float(), [3.0, 3.0, 11.0, 9.0]).tag(sync=True)
    b = List(Float(), [7.0, 3.0, 15.0, 9.0]).tag(sync=True)
    around = Bool(False).tag(sync=True)

    @validate("a", "b")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
    def _must_be_a_box(self, proposal: dict[str, object]) -> object:
        box, name = proposal["value"], getattr(proposal["trait"], "name", "")
        assert isinstance(box, list)
        if len(box) != 4 or any(2 * number != round(2 * number) for number in box):
            raise TraitError(f"{name} must be [x1, y1, x2, y2] at whole or half cells, got {box}")
        x1, y1, x2, y2 = box
        if not (0 <= x1 <= x2 - 1 <= COLUMNS - 1 and 0 <= y1 <= y2 - 1 <= ROWS - 1):
            raise TraitError(f"{name} must lie on {ROWS} × {COLUMNS} cells and be 1 or more wide and high, got {box}")
        return box
