"""`window_boxes`: every window of every size that lies inside the image."""

from collections.abc import Iterator

import numpy as np

from course.exercises.boxes_and_metrics import CHAPTER
from course.exercises.draw import different
from course.exercises.exercise import Case, Exercise


def _call(name: str, image_size: tuple[int, ...], window_sizes: list[tuple[int, int]], stride: int) -> Case:
    return Case(name, {"image_size": image_size, "window_sizes": window_sizes, "stride": stride})


def _fitting(
    window: tuple[int, int], steps: tuple[int, int], stride: int, rest: tuple[int, int] = (0, 0)
) -> tuple[int, int]:
    """Return the size of an image in which a window goes `steps` steps down and right, and `rest` pixels are left."""
    return window[0] + steps[0] * stride + rest[0], window[1] + steps[1] * stride + rest[1]


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `window_boxes`, called by position as (image_size, window_sizes, stride)."""

    def draw_window() -> tuple[int, int]:
        high, wide = different(rng, 2, 5)
        return high, wide

    # In both directions the last window ends at the border, and there are more steps in one than in the other.
    # Windows of 4 pixels or more: then dividing the image by the stride gives too many.
    high, wide = different(rng, 4, 6)
    window, stride = (high, wide), 2
    yield _call("one size of window", _fitting(window, (1, 3), stride), [window], stride)

    window = draw_window()
    yield _call("stride 1", _fitting(window, (3, 2), 1), [window], 1)

    window, stride = draw_window(), int(rng.integers(3, 5))
    yield _call(
        "a strip is left at the right and at the bottom",
        _fitting(window, (2, 1), stride, (stride - 1, 1)),
        [window],
        stride,
    )

    (high, wide), stride = draw_window(), int(rng.integers(2, 4))
    sizes = [(high + 1, wide), (high, wide + 2), (high, wide)]
    yield _call(
        "three sizes of windows, not in order of size", _fitting(sizes[1], (2, 1), stride, (1, 0)), sizes, stride
    )

    high, wide = different(rng, 3, 6)
    yield _call("a tall one and a wide one in a square image", (9, 9), [(high + 3, wide - 2), (high - 2, wide + 3)], 2)

    window = draw_window()
    stride = max(window) + int(rng.integers(1, 3))
    yield _call("a stride larger than the window", _fitting(window, (1, 2), stride, (1, 1)), [window], stride)

    (high, wide) = image = different(rng, 4, 7)
    yield _call("windows as large as the image, and as high or as wide", image, [(high, wide), (high, 2), (2, wide)], 1)

    (high, wide) = image = different(rng, 4, 7)
    sizes = [(high + 1, 2), (2, 3), (2, wide + 1), (high + 2, wide + 3)]
    yield _call("some sizes are larger than the image", image, sizes, 2)

    (high, wide) = image = different(rng, 3, 6)
    yield _call("no window fits at all", image, [(high + 1, wide), (high, wide + 1)], 1)

    yield _call("no sizes at all", different(rng, 3, 9), [], 1)

    high, wide = different(rng, 2, 5)
    yield _call("windows of one pixel", (high, wide), [(1, 1)], 1)

    window = draw_window()
    yield _call("a stride so large that each size comes once", (9, 8), [window, (1, 2)], int(rng.integers(10, 15)))


EXERCISE = Exercise(
    name="window_boxes",
    chapter=CHAPTER,
    points=5,
    minutes=15,
    difficulty=1,
    reference="solutions.boxes:window_boxes",
    cases=cases,
    outputs=("boxes",),
    hints=(
        "An image is 7 wide, a window 3, the stride 2. Write down all x1 that are possible. What is the largest, and "
        "how does it follow from 7 and 3?",
        "A window may start at 0, stride, 2·stride, … as long as it does not start after W − w. Which end does "
        "`range` or `torch.arange` then have to get, so that W − w itself is still in? Which loop is outside, y or x?",
        "For each (h, w): `for y in range(0, H - h + 1, stride)`, in it `for x in range(0, W - w + 1, stride)`, "
        "append (x, y, x + w, y + h). At the end a float32 tensor; `.reshape(-1, 4)` helps where nothing was found.",
    ),
    insight=(
        "Count them once: a picture of 640 × 480, a window of 64 × 64 and stride 1 are 240 609 windows, of a single "
        "size. How many would be left at stride 8?"
    ),
)
