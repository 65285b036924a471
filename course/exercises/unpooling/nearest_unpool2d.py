"""`nearest_unpool2d`: each value becomes a block of equal values."""

from course.exercises.exercise import Exercise
from course.exercises.unpooling import CHAPTER
from course.exercises.unpooling.shared import enlarging

_RESIZING = (
    r"interpolate",
    r"upsampl",  # upsample, Upsample, UpsamplingNearest2d, aten.upsample_nearest2d, keras's UpSampling2D
    r"^(torchvision|skimage|cv2|kornia|tensorflow|jax|pil)\..*(resize|rescale)",
    r"^(cv2|kornia|skimage)\..*pyr(amid)?(up|expand)",
    r"^scipy\..*(zoom|imresize)",
)


EXERCISE = Exercise(
    name="nearest_unpool2d",
    chapter=CHAPTER,
    points=4,
    minutes=10,
    difficulty=1,
    reference="solutions.unpooling:nearest_unpool2d",
    cases=enlarging,
    hints=(
        "Take the row [1, 2] and scale 2 and write the enlarged row on paper. Which value stands left of which?",
        "Enlarge one direction at a time: first let every row appear `scale` times in a row, then every column. A "
        "value's copies must be neighbours; whole images side by side are something else.",
        "Look for the torch function that repeats each *element* along a dimension and keeps the copies together. "
        "You need it once for dimension 2 and once for dimension 3.",
    ),
    forbidden=_RESIZING,
    forbidden_sentence="This exercise is to build nearest-neighbour upsampling yourself, without a library's own.",
    insight=(
        "Backwards, copies add up: each value gets the gradients of its whole block. Try it: after "
        "`nearest_unpool2d(x, 3).sum().backward()` the gradient of `x` is 9 everywhere."
    ),
)
