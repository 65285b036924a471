"""MultitaskLoss: two models look at one picture, and a weight decides whose total is lower.

What the models return stays, and with it their accuracy and their IoU; the weight alone, or the unit that boxes are
measured in, turns the order of the totals around (chapter 05).
"""

from traitlets import Bool, Enum, Float, TraitError, validate

from course.widgets._base import CourseWidget

PRESETS = ("traded", "wrong", "better")
LEAST, MOST = 1e-3, 1e3


class MultitaskLoss(CourseWidget):
    """Predict which of two models has the lower total, then move the weight.

    `preset` chooses the two models, `weight` is that of the box, 0.001 to 1000, and `pixels` says whether boxes are
    measured in pixels or in shares of the image.
    """

    preset = Enum(PRESETS, "traded").tag(sync=True)
    weight = Float(1.0).tag(sync=True)
    pixels = Bool(False).tag(sync=True)

    @validate("weight")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
    def _must_be_on_the_scale(self, proposal: dict[str, float]) -> float:
        weight = proposal["value"]
        if not LEAST <= weight <= MOST:
            raise TraitError(f"weight must be {LEAST:g} to {MOST:g}, got {weight:g}")
        return weight
