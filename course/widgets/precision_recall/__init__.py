"""PrecisionRecall: ten detections in the order of their scores, each right or wrong, and the curve that they draw.

Two predictions first: what can recall do, what can precision do, when the threshold on the score is lowered? Then any
detection can be made right or wrong; a point walks along the curve, the envelope lies over it, and three definitions of
average precision ask it at different places (chapter 06).
"""

from traitlets import Bool, Enum, Float, List, TraitError, validate

from course.widgets._base import CourseWidget

SCORES = (0.97, 0.93, 0.88, 0.81, 0.74, 0.66, 0.52, 0.41, 0.33, 0.18)
TARGETS = (7, 9, 13)
METHODS = ("coco", "voc11", "area")


class PrecisionRecall(CourseWidget):
    """Predict how precision and recall move, then flip detections and see.

    `correct` says of each of ten detections whether it is right, best score first; `targets` is how many there are to
    find, `threshold` the score from which on a detection is reported; `envelope` shows p(r), `method` where a
    definition of average precision asks it.
    """

    correct = List(Bool(), [True, True, False, True, False, False, True, True, False, False]).tag(sync=True)
    targets = Enum(TARGETS, 7).tag(sync=True)
    threshold = Float(0.7).tag(sync=True)
    envelope = Bool(False).tag(sync=True)
    method = Enum(METHODS, "coco").tag(sync=True)

    @validate("correct")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
    def _must_be_ten(self, proposal: dict[str, object]) -> object:
        value = proposal["value"]
        assert isinstance(value, list)
        if len(value) != len(SCORES):
            raise TraitError(f"correct must say of {len(SCORES)} detections whether they are right, got {len(value)}")
        return value

    @validate("threshold")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
    def _must_be_a_score(self, proposal: dict[str, object]) -> float:
        value = float(str(proposal["value"]))
        if not 0 <= value <= 1:
            raise TraitError(f"threshold must be 0 to 1, got {value:g}")
        return value
