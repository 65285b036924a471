"""Unpooling: one 2 × 2 input and three synchronised 4 × 4 outputs, predicted cell by cell and then revealed.

Nearest neighbour, bed of nails and max unpooling with remembered positions, side by side (chapter 03).
"""

from traitlets import Int

from course.widgets._base import CourseWidget


class Unpooling(CourseWidget):
    """Predict what three ways of unpooling make of the same four numbers.

    `seed` chooses the numbers; the button "New numbers" counts it up.
    """

    seed = Int(1).tag(sync=True)
