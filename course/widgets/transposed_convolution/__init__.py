"""TransposedConvolution: each input value times the filter is a stamp; stamps land a stride apart and are summed.

The output's size and values are predicted, then the stamps are laid one by one; a map of a larger output counts how
many stamps hit each cell, and so shows where a checkerboard comes from. The other way to see it: zeros between the
inputs, and an ordinary convolution with the filter turned by half (chapter 04).
"""

from traitlets import Enum, Int

from course.widgets._base import CourseWidget


class TransposedConvolution(CourseWidget):
    """Lay a transposed convolution stamp by stamp: stride, kernel, padding and output_padding can be changed.

    `way` is the picture of it: "stamps", or "zeros" for an input with zeros that an ordinary convolution runs over.
    The input has 2 rows and `columns` columns. `seed` 0 is the example [[1, 2], [3, 4]]; any other seed draws numbers,
    and the button "New numbers" counts it up. Of settings that torch refuses, such as an output_padding that is not
    smaller than the stride, the view lowers output_padding first and then padding.
    """

    way = Enum(["stamps", "zeros"], "stamps").tag(sync=True)
    seed = Int(0).tag(sync=True)
    columns = Enum([2, 3], 2).tag(sync=True)
    stride = Enum([1, 2, 3], 2).tag(sync=True)
    kernel_size = Enum([2, 3, 4], 3).tag(sync=True)
    padding = Enum([0, 1, 2], 0).tag(sync=True)
    output_padding = Enum([0, 1, 2], 0).tag(sync=True)
