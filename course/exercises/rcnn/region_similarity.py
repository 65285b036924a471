"""`region_similarity`: how well two regions go together, by colour, texture, size and fill."""

from collections.abc import Iterator

import numpy as np

from course.exercises.exercise import Case, Exercise
from course.exercises.rcnn import CHAPTER
from course.exercises.rcnn.shared import Box, Region, in_float64, moved, scattered, two_regions


def _call(name: str, pair: tuple[Region, Region], image_size: int) -> Case:
    return Case(name, {"first": pair[0], "second": pair[1], "image_size": image_size})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `region_similarity`, called by position as (first, second, image_size)."""

    def corner() -> tuple[int, int]:
        x, y = rng.choice(np.arange(3, 12), 2, replace=False)
        return int(x), int(y)

    def some(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    # 40 × 60: the boxes are apart, and neither is full.
    x, y = corner()
    boxes: tuple[Box, Box] = (x, y, x + 10, y + 14), (x + 13, y + 4, x + 33, y + 26)
    yield _call("two regions side by side", two_regions(rng, (some(40, 70), some(200, 300)), boxes), 40 * 60)

    x, y = corner()
    boxes = (x, y, x + 30, y + 20), (x + 4, y + 6, x + 12, y + 17)
    yield _call("one box inside the other", two_regions(rng, (some(300, 400), some(30, 60)), boxes), 50 * 48)

    boxes = boxes[1], boxes[0]
    yield _call("one box around the other", two_regions(rng, (some(30, 60), some(300, 400)), boxes), 50 * 48)

    x, y = corner()
    boxes = (x + 9, y, x + 30, y + 16), (x, y + 7, x + 14, y + 40)
    yield _call("boxes that overlap", two_regions(rng, (some(150, 200), some(230, 330)), boxes), 60 * 45)

    x, y = corner()
    boxes = (x + 60, y, x + 71, y + 8), (x, y + 50, x + 6, y + 61)
    yield _call("far apart: most of the box around both belongs to others",
                two_regions(rng, (some(50, 80), some(20, 40)), boxes), 90 * 84)  # fmt: skip

    x, y = corner()
    boxes = (x, y, x + 2, y + 3), (x + 2, y + 1, x + 90, y + 70)
    yield _call("a tiny region beside a large one", two_regions(rng, (some(3, 5), some(3000, 5000)), boxes), 120 * 90)

    x, y = corner()
    boxes = (x, y, x + 16, y + 8), (x, y + 8, x + 16, y + 28)
    yield _call("regions that fill their boxes, and both the box around them", two_regions(rng, (128, 320), boxes),
                64 * some(40, 60))  # fmt: skip

    high, wide, left = some(20, 28), some(36, 44), some(12, 16)
    boxes = (0, 0, left, high), (left, 0, wide, high)
    yield _call("together they are the whole image", two_regions(rng, (left * high, (wide - left) * high), boxes),
                wide * high)  # fmt: skip

    high, wide = some(20, 28), some(36, 44)
    boxes = (0, 0, wide, high), (10, 6, 19, 14)
    inside = some(30, 60)
    yield _call("a region around all four edges, and the hole in it",
                two_regions(rng, (wide * high - inside, inside), boxes), wide * high)  # fmt: skip

    x, y = corner()
    boxes = (x, y, x + 1, y + 1), (x + 1, y, x + 2, y + 1)
    yield _call("two neighbours of one pixel each", two_regions(rng, (1, 1), boxes), 8 * 6)

    x, y = corner()
    boxes = (x, y, x + 12, y + 18), (x + 5, y + 12, x + 40, y + 20)
    first, second = two_regions(rng, (some(80, 120), some(160, 200)), boxes)
    yield _call("the same colours and the same texture",
                (first, {**second, "colour": first["colour"], "texture": first["texture"]}), 60 * 50)  # fmt: skip
    yield _call("the same colours, another texture", (first, {**second, "colour": first["colour"]}), 60 * 50)

    first, second = two_regions(rng, (some(160, 200), some(80, 120)), (boxes[1], boxes[0]))
    yield _call("other colours, the same texture", (first, {**second, "texture": first["texture"]}), 60 * 50)

    boxes = moved(boxes[0], 3, 0), moved(boxes[1], 3, 0)
    yield _call("nothing in common: no colour and no texture",
                two_regions(rng, (some(80, 120), some(160, 200)), boxes, shared=0), 60 * 50)  # fmt: skip

    x, y = corner()
    boxes = (x, y, x + 200, y + 90), (x + 150, y + 70, x + 320, y + 410)
    yield _call("a large image", two_regions(rng, (some(9000, 12000), some(30000, 40000)), boxes), 500 * 375)

    x, y = corner()
    boxes = (x, y, x + 10, y + 14), (x + 8, y + 4, x + 33, y + 26)
    first, second = two_regions(rng, (some(40, 70), some(200, 300)), boxes)
    yield _call("float64, with shares that float32 cannot hold", (in_float64(first), in_float64(second)), 47 * 61)

    first, second = two_regions(rng, (some(40, 70), some(200, 300)), boxes)
    yield _call("tensors that are not contiguous", (scattered(first), scattered(second)), 47 * 61)


EXERCISE = Exercise(
    name="region_similarity",
    chapter=CHAPTER,
    points=6,
    minutes=15,
    difficulty=2,
    reference="solutions.region_proposals:region_similarity",
    cases=cases,
    outputs=("similarity",),
    hints=(
        "Two regions of 6 and 10 pixels lie side by side in an image of 40, and the smallest box around both has 20. "
        "What are size and fill? How would each change if the regions were larger?",
        "Of two histograms the smaller number of each bin is what they have in common: take it in each bin, then add "
        "up. The box around both begins at the smaller x1 and y1 and ends at the larger x2 and y2. Which of its "
        "pixels belong to neither region?",
        '`torch.minimum(first["colour"], second["colour"]).sum()`, and the same of the texture. With `left_top` the '
        "minimum of both `box[:2]` and `right_bottom` the maximum of both `box[2:]`, the area is "
        "`(right_bottom - left_top).prod()`. Size and fill are each 1 minus a share of `image_size`.",
    ),
    insight=(
        "Add size and fill on paper: the sizes cancel, and 2 − box / image is left. Whatever the regions are, the two "
        "terms together ask only for a small box around both. What would be merged first if only colour counted?"
    ),
)
