"""RoIPool: a box over a feature map, the whole cells that rounding makes of it, their bins, and the maxima.

First two predictions, each of a move by three pixels: the first changes nothing, the second moves the region by a whole
cell. Then the box is dragged, and the cells, the bins and the gradients follow (chapter 08).
"""

from traitlets import Bool, Enum, Float, List

from course.widgets._base import CourseWidget
from course.widgets._boxes import boxes_on_the_picture


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

    _must_be_a_box = boxes_on_the_picture("box")
