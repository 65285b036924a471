"""NMS: boxes as cards in the order of their scores; say which of them the best one drops, then see.

When all cards are dealt with, the threshold can be moved: too low loses one of two cows that stand side by side, too
high keeps two boxes on one. A switch lets labels know nothing of each other (chapter 06).
"""

from traitlets import Bool, Enum, Float, TraitError, validate

from course.widgets._base import CourseWidget

SCENES = ("one", "two", "front")


class NMS(CourseWidget):
    """Predict the casualties of each step of non-maximum suppression.

    `scene` is one cow ("one"), two cows side by side ("two") or a dog in front of a cow ("front"), `threshold` the IoU
    above which a box is dropped, `per_class` whether only boxes of one label drop one another.
    """

    scene = Enum(SCENES, "one").tag(sync=True)
    threshold = Float(0.5).tag(sync=True)
    per_class = Bool(False).tag(sync=True)

    @validate("threshold")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
    def _must_be_a_share(self, proposal: dict[str, object]) -> float:
        value = float(str(proposal["value"]))
        if not 0 <= value <= 1:
            raise TraitError(f"threshold must be 0 to 1, got {value:g}")
        return value
