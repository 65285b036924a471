"""YoloGrid: a picture cut into cells, which of them answers for an animal, what it should say, what else costs.

First two predictions: which cell answers and how many numbers all of them say, and what is lost where two animals share
a cell. Then the animals are dragged while the numbers of their cells fill; or the two boxes that the cow's cell says,
while the five shares of the loss move (chapter 10).
"""

from traitlets import Bool, Enum, Float, Int, List, TraitError, validate

from course.widgets._base import CourseWidget

WIDTH, HEIGHT, LEAST, MOST, FINE = 192, 128, 4, 180, 0.25
STEPS = 20  # in which what a network says goes from 0 to 1
FEWEST, FINEST = 1, 9  # cells to a side


class YoloGrid(CourseWidget):
    """Predict which cell answers for the cow, then move it.

    `box` is the cow's and `other` the dog's, `one` and `two` are what the cow's cell says, each [x1, y1, x2, y2] in
    quarters of a pixel of a picture of 192 × 128, or [] for the first one; they are 4 to 180 pixels wide and 4 or more
    high. The picture has `grid` × `grid` cells. `view` is what they should say, where `second` says whether the dog is
    there, or what all of it costs: then the cow is alone. What the cells say is in steps of 0.05 between 0 and 1: the
    `confidences` of both boxes, that of all boxes of the other cells, `elsewhere`, and the `score` that the cow's cell
    gives to "cow". Without `weighted` both λ are 1.
    """

    box = List(Float(), []).tag(sync=True)
    other = List(Float(), []).tag(sync=True)
    one = List(Float(), []).tag(sync=True)
    two = List(Float(), []).tag(sync=True)
    grid = Int(4).tag(sync=True)
    view = Enum(("targets", "loss"), "targets").tag(sync=True)
    second = Bool(True).tag(sync=True)
    confidences = List(Float(), [0.9, 0.3]).tag(sync=True)
    elsewhere = Float(0.1).tag(sync=True)
    score = Float(0.7).tag(sync=True)
    weighted = Bool(True).tag(sync=True)

    @validate("box", "other", "one", "two")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
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

    @validate("grid")  # type: ignore[untyped-decorator]
    def _must_be_a_grid(self, proposal: dict[str, object]) -> object:
        grid = proposal["value"]
        assert isinstance(grid, int)
        if not FEWEST <= grid <= FINEST:
            raise TraitError(f"grid must be {FEWEST} to {FINEST} cells to a side, got {grid}")
        return grid

    @validate("confidences")  # type: ignore[untyped-decorator]
    def _must_be_two_shares(self, proposal: dict[str, object]) -> object:
        numbers = proposal["value"]
        assert isinstance(numbers, list)
        if len(numbers) != 2:
            raise TraitError(f"confidences must be two, one a box, got {numbers}")
        for number in numbers:
            _require_share("confidences", number)
        return numbers

    @validate("elsewhere", "score")  # type: ignore[untyped-decorator]
    def _must_be_a_share(self, proposal: dict[str, object]) -> object:
        number = proposal["value"]
        assert isinstance(number, float)
        _require_share(getattr(proposal["trait"], "name", ""), number)
        return number


def _require_share(name: str, number: float) -> None:
    if not 0 <= number <= 1 or abs(number * STEPS - round(number * STEPS)) > 1e-9:
        raise TraitError(f"{name} must lie between 0 and 1, in steps of 0.05, got {number}")
