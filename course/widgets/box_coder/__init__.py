"""BoxCoder: a proposal and an object, the four numbers between them, and the box that these numbers make again.

First a prediction, in hundredths: which four numbers take the proposal to the object? Then both boxes move, the numbers
can be set by hand, weights scale them, and a tiny proposal shows where decoding cuts off (chapter 07).
"""

from traitlets import Bool, Enum, Float, List, TraitError, validate

from course.widgets._base import CourseWidget

WIDTH, HEIGHT, LEAST = 320, 192, 4
PRESETS = ("near", "large", "tiny")


class BoxCoder(CourseWidget):
    """Predict the deltas of a box, then apply them.

    `preset` chooses a proposal and an object; `proposal` and `target` are other ones, [x1, y1, x2, y2] in pixels of a
    picture of 320 × 192, or [] for the preset's. `scaled` takes the weights (10, 10, 5, 5) for (1, 1, 1, 1), and
    `deltas` are four numbers set by hand, [] for those that encode the object.
    """

    preset = Enum(PRESETS, "near").tag(sync=True)
    proposal = List(Float(), []).tag(sync=True)
    target = List(Float(), []).tag(sync=True)
    scaled = Bool(False).tag(sync=True)
    deltas = List(Float(), []).tag(sync=True)

    @validate("proposal", "target")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
    def _must_be_a_box(self, proposal: dict[str, object]) -> object:
        box, name = proposal["value"], getattr(proposal["trait"], "name", "")
        assert isinstance(box, list)
        if not box:
            return box
        if len(box) != 4:
            raise TraitError(f"{name} must be [x1, y1, x2, y2] or [], got {box}")
        x1, y1, x2, y2 = box
        if not (0 <= x1 <= x2 - LEAST <= WIDTH - LEAST and 0 <= y1 <= y2 - LEAST <= HEIGHT - LEAST):
            raise TraitError(
                f"{name} must lie on {WIDTH} × {HEIGHT} pixels and be {LEAST} or more wide and high, got {box}"
            )
        return box

    @validate("deltas")  # type: ignore[untyped-decorator]
    def _must_be_four_or_none(self, proposal: dict[str, object]) -> object:
        deltas = proposal["value"]
        assert isinstance(deltas, list)
        if len(deltas) not in (0, 4):
            raise TraitError(f"deltas must be four numbers or [], got {len(deltas)}")
        return deltas
