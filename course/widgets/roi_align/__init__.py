"""RoIAlign: one box over one map, twice: RoI Pool's whole cells at the left, RoI Align's dots at the right.

First a prediction: the box moves by half a cell. Whose numbers change? Then the box is dragged by fractions of a pixel;
each dot says what it takes of its four cells, and below a staircase and a line show a result over the box's place
(chapter 11).
"""

from traitlets import Bool, Enum, Float, List

from course.widgets._base import CourseWidget
from course.widgets._boxes import boxes_on_the_picture


class RoIAlign(CourseWidget):
    """Predict whose numbers a move by half a cell changes, then drag the box.

    `box` is [x1, y1, x2, y2] in quarters of a pixel of an image of 192 × 128, or [] for the first one; it is 4 to 180
    pixels wide and 4 or more high. `stride` is how many pixels a cell of the map stands for. `sampling_ratio` and
    `aligned` are those of RoI Align: a bin has 1 × 1 or 2 × 2 dots or, with −1, as many as it has cells.
    """

    box = List(Float(), []).tag(sync=True)
    stride = Enum((16, 8), 16).tag(sync=True)
    sampling_ratio = Enum((1, 2, -1), 2).tag(sync=True)
    aligned = Bool(True).tag(sync=True)

    _must_be_a_box = boxes_on_the_picture("box")
