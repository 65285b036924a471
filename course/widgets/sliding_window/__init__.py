"""SlidingWindow: classify patch by patch, or all windows in one shared pass; count every multiplication.

One linear layer has nothing to share; with two layers, overlapping windows share their features (chapter 01).
"""

from traitlets import Enum, Int

from course.widgets._base import CourseWidget


class SlidingWindow(CourseWidget):
    """Predict what a sliding window costs, run it patch by patch and as one pass, and compare score by score.

    `layers` is the classifier's depth: 1 looks at 3 × 3 pixels, 2 at 5 × 5. `stride` is the window's step, `size` the
    image's: "small" (6 × 8) or "large" (7 × 9). `seed` chooses the numbers; "New numbers" counts it up.
    """

    layers = Enum([1, 2], 1).tag(sync=True)
    stride = Enum([1, 2, 3], 1).tag(sync=True)
    size = Enum(["small", "large"], "small").tag(sync=True)
    seed = Int(1).tag(sync=True)
