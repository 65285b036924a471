"""`extract_patches`: cut an image into windows, row by row."""

from collections.abc import Iterator

import numpy as np

from course.exercises.draw import different, distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.sliding_window import CHAPTER


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `extract_patches`, called by position as (image, size, stride)."""
    yield Case("windows of 2 × 2 in one channel", {"image": distinct(rng, (1, 3, 4), sign="positive"), "size": 2})

    height, width = different(rng, 5, 7)
    image = distinct(rng, (int(rng.integers(2, 4)), height, width))
    yield Case("several channels, height ≠ width", {"image": image, "size": 3})

    height, width = different(rng, 6, 8)
    image = distinct(rng, (2, height, width))
    yield Case("a stride of 2", {"image": image, "size": 3, "stride": 2})

    rows, columns = different(rng, 2, 3)
    image = distinct(rng, (2, 3 * rows + 1, 3 * columns + 2))
    yield Case("a row and two columns are left over", {"image": image, "size": 3, "stride": 3})

    rows, columns = different(rng, 2, 3)
    image = distinct(rng, (1, 3 * rows, 3 * columns - 1))
    yield Case("a stride larger than the window leaves gaps", {"image": image, "size": 2, "stride": 3})

    size = int(rng.integers(3, 6))
    yield Case("the window is the whole image", {"image": distinct(rng, (3, size, size)), "size": size})

    size = int(rng.integers(2, 4))
    image = distinct(rng, (2, size, size + int(rng.integers(2, 5))))
    yield Case("the window is as high as the image", {"image": image, "size": size})

    height, width = different(rng, 2, 4)
    yield Case("windows of one pixel", {"image": distinct(rng, (3, height, width)), "size": 1})

    yield Case(
        "an image of one pixel", {"image": distinct(rng, (int(rng.integers(2, 6)), 1, 1)), "size": 1, "stride": 2}
    )

    height, width = different(rng, 2, 3)
    image = distinct(rng, (2, height, width))
    yield Case("no window fits: it is larger than the image", {"image": image, "size": 4})

    image = distinct(rng, (3, 2, int(rng.integers(4, 7))))
    yield Case("no window fits: it is higher than the image", {"image": image, "size": 3})

    image = distinct(rng, (3, int(rng.integers(4, 7)), 2))
    yield Case("no window fits: it is wider than the image", {"image": image, "size": 3, "stride": 2})

    height, width = different(rng, 3, 5)
    yield Case("float64, with values that float32 cannot hold", {"image": thirds(rng, (2, height, width)), "size": 2})

    height, width = different(rng, 2, 4)
    yield Case("no window fits a float64 image", {"image": thirds(rng, (2, height, width)), "size": 4})

    height, width = different(rng, 4, 6)
    image = transposed(distinct(rng, (2, height, width)))
    yield Case("an image that is not contiguous: transposed in memory", {"image": image, "size": 3})

    height, width = different(rng, 4, 6)
    image = sliced(distinct(rng, (3, height, width)))
    yield Case("an image that is not contiguous: a piece of a larger one", {"image": image, "size": 2, "stride": 2})

    height, width = different(rng, 3, 5)
    image = distinct(rng, (1, height, width)).expand(3, height, width)
    yield Case("an image that is not contiguous: grey, expanded to three channels", {"image": image, "size": 2})

    height, width = different(rng, 3, 5)
    image = distinct(rng, (2, height, width), step=0.25)
    yield Case("gradients flow back, from every window that holds a pixel", {"image": image, "size": 2}, gradient=True)


EXERCISE = Exercise(
    name="extract_patches",
    chapter=CHAPTER,
    points=6,
    minutes=20,
    difficulty=2,
    reference="solutions.sliding_window:extract_patches",
    cases=cases,
    outputs=("patches",),
    hints=(
        "Number the pixels of a 3 × 4 image from 0 to 11 and write down its 2 × 2 windows in the order in which "
        "you read a page. What is the top-left number of each?",
        "Two loops over the top-left corners, `range(0, H − size + 1, stride)` and the same for columns, slice "
        "image[:, top:top + size, left:left + size]; then stack the slices. What does your code do where there "
        "is no slice at all?",
        "Without loops: `image.unfold(1, size, stride).unfold(2, size, stride)` has shape (C, h, w, size, size). "
        "Bring the channels behind the two window dimensions, *then* join those two. Return `image.new_zeros(0, C, "
        "size, size)` where the image is smaller than the window.",
    ),
    insight=(
        "The 44 × 44 patches of 21 × 21 pixels of a 64 × 64 image hold 208 times as many numbers as the image. "
        "`Tensor.unfold` copies none of them, for what it returns is a view; they are copied when two of its "
        "dimensions become one."
    ),
)
