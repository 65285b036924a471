"""Anchors: the boxes of a few sizes and shapes at every place of a map, and which of them learn an object.

First two predictions: how many anchors are on the cow and how many are not, and why one is positive although it does
not reach the threshold. Then the animals, the thresholds and the rule are moved, and every anchor says what it is; the
chosen one says its IoU and the four numbers that it would learn (chapter 09).
"""

from traitlets import Bool, Float, List, TraitError, validate

from course.widgets._base import CourseWidget

WIDTH, HEIGHT, LEAST, MOST, FINE = 192, 128, 4, 180, 0.25
STEPS = 20  # in which the thresholds go from 0 to 1


class Anchors(CourseWidget):
    """Predict how many anchors learn an object, then move it.

    `box` is the cow's and `other` the dog's, [x1, y1, x2, y2] in quarters of a pixel of a picture of 192 × 128, or []
    for the first one; they are 4 to 180 pixels wide and 4 or more high. `second` says whether the dog is there. From
    an IoU of `high` on an anchor is positive, below `low` it is negative, both in steps of 0.05; with `low_quality`
    the best anchor of an object is positive whatever its IoU.
    """

    box = List(Float(), []).tag(sync=True)
    other = List(Float(), []).tag(sync=True)
    second = Bool(False).tag(sync=True)
    high = Float(0.7).tag(sync=True)
    low = Float(0.3).tag(sync=True)
    low_quality = Bool(True).tag(sync=True)

    @validate("box", "other")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
    def _must_be_a_box(self, proposal: dict[str, object]) -> object:
        box, name = proposal["value"], getattr(proposal["trait"], "name", "")
        assert isinstance(box, list)
        if not box:
            return box
        if len(box) != 4:
            raise TraitError(f"{name} must be [x1, y1, x2, y2] or [], got {box}")
        x1, y1, x2, y2 = box
        if min(x1, y1) < 0 or x2 > WIDTH or y2 > HEIGHT or not LEAST <= x2 - x1 <= MOST or y2 - y1 < LEAST:
            raise TraitError(
                f"{name} must lie on {WIDTH} × {HEIGHT} pixels, {LEAST} to {MOST} wide and {LEAST} or more high, "
                f"got {box}"
            )
        if any(side % FINE for side in box):
            raise TraitError(f"{name} must be in quarters of a pixel, got {box}")
        return box

    @validate("high", "low")  # type: ignore[untyped-decorator]
    def _must_be_thresholds(self, proposal: dict[str, object]) -> object:
        value, name = proposal["value"], getattr(proposal["trait"], "name", "")
        assert isinstance(value, float)
        if not 0 <= value <= 1 or abs(value * STEPS - round(value * STEPS)) > 1e-9:
            raise TraitError(f"{name} must lie between 0 and 1, in steps of 0.05, got {value}")
        if self.low > self.high:
            raise TraitError(f"low must not be above high, got {self.low} and {self.high}")
        return value
