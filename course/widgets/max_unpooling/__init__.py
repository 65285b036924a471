"""MaxUnpooling: find each window's maximum, let the network change the values, and put them back where they belong.

A tray keeps the positions between pooling and unpooling; a switch forgets them, and edges shift (chapter 03).
"""

from traitlets import Enum

from course.widgets._base import CourseWidget


class MaxUnpooling(CourseWidget):
    """Play max pooling and max unpooling by hand, with the positions or without.

    `preset` is the example to begin with: "windows", "tie", "overlap" or "edge".
    """

    preset = Enum(["windows", "tie", "overlap", "edge"], "windows").tag(sync=True)
