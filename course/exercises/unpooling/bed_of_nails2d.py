"""`bed_of_nails2d`: each value stands in the corner of a block of zeros."""

from course.exercises.exercise import Exercise
from course.exercises.unpooling import CHAPTER
from course.exercises.unpooling.shared import enlarging

EXERCISE = Exercise(
    name="bed_of_nails2d",
    chapter=CHAPTER,
    points=4,
    minutes=10,
    difficulty=1,
    reference="solutions.unpooling:bed_of_nails2d",
    cases=enlarging,
    hints=(
        "Most of the output is zero. At which rows and columns does a value stand when scale is 2? And with 3?",
        "Start from zeros of the right shape, and take dtype and device from `x`. Value (i, j) belongs into the "
        "top-left corner of its block: row i·scale, column j·scale.",
        "A slice with a step names all those places at once, and it can be assigned to: every `scale`-th row and "
        "column, in all images and channels.",
    ),
    insight=(
        "A convolution with a filter of ones, `scale` × `scale`, turns the bed of nails into nearest neighbour. So "
        "a network that starts from nails can learn to copy, and it can learn something better."
    ),
)
