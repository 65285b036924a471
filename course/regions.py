"""What chapter 7 keeps of a region of an image: how large it is, the box around it, and two histograms of its looks."""

from typing import TypedDict

from torch import Tensor


class Region(TypedDict):
    """A part of an image, of which no pixel is kept.

    `colour` and `texture` each sum to 1, so that a small region can be compared with a large one.
    """

    size: int
    """How many pixels it has."""
    box: Tensor
    """(4,): x1, y1, x2, y2 of the smallest box around it, in pixels, the second corner outside."""
    colour: Tensor
    """(75,): the shares of 25 ranges of brightness, in each of three channels."""
    texture: Tensor
    """(240,): the shares of 10 ranges of slope, in each of 8 directions and three channels."""
