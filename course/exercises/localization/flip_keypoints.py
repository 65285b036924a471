"""`flip_keypoints`: the joints of the mirrored image, left and right exchanged."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.localization import CHAPTER


def _pose(rng: np.random.Generator, count: int, joints: int, width: int, step: float = 0.25) -> Tensor:
    """Draw keypoints (N, J, 3) inside an image: no x or y comes twice, and neighbours differ in visibility."""
    most = round(width / step)
    inside = np.delete(np.arange(1, most), most // 2 - 1)
    x, y = (rng.choice(inside, (count, joints), replace=False) * step for _ in range(2))
    visibility = np.resize(rng.permutation([1, 2]), (count, joints))
    return torch.tensor(np.stack((x, y, visibility), axis=-1), dtype=torch.float32)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `flip_keypoints`, called by position as (keypoints, width, pairs)."""

    def draw_width() -> int:
        return 2 * int(rng.integers(4, 7))

    # The two of a pair differ in visibility, since an odd number of rows lies between them.
    width, first = draw_width(), int(rng.integers(0, 2))
    keypoints = _pose(rng, 2, 5, width)
    yield Case(
        "two animals, one pair of joints", {"keypoints": keypoints, "width": width, "pairs": [(first, first + 3)]}
    )

    width = draw_width()
    pairs = [(1, 6), (5, 2), (3, 4)]
    rng.shuffle(pairs)
    keypoints = _pose(rng, 2, 7, width)
    yield Case("three pairs, and a joint without a partner", {"keypoints": keypoints, "width": width, "pairs": pairs})

    width = draw_width()
    yield Case("no pairs at all", {"keypoints": _pose(rng, 3, 4, width), "width": width, "pairs": []})

    width = draw_width()
    keypoints = _pose(rng, 2, 4, width)
    keypoints[0, 1], keypoints[1, 3] = 0, 0
    yield Case(
        "joints that are not there: (0, 0, 0) stays (0, 0, 0)",
        {"keypoints": keypoints, "width": width, "pairs": [(0, 3)]},
    )

    width = draw_width()
    keypoints = _pose(rng, 2, 4, width)
    keypoints[0, 0], keypoints[1, 2] = 0, 0
    yield Case(
        "of a pair only one is there: its place is now the other's",
        {"keypoints": keypoints, "width": width, "pairs": [(2, 0)]},
    )

    width = draw_width()
    keypoints = _pose(rng, 2, 5, width)
    keypoints[0, 2, 2] = keypoints[1, 4, 2] = 0
    yield Case(
        "joints of visibility 0 with numbers in x and y",
        {"keypoints": keypoints, "width": width, "pairs": [(1, 4)]},
    )

    width = draw_width()
    keypoints = _pose(rng, 2, 3, width)
    keypoints[0, 0] = torch.tensor([0.0, 0.0, 2.0])
    keypoints[1, 1, 0] = width
    keypoints[1, 2, :2] = torch.tensor([0.0, float(rng.integers(1, 5))])
    yield Case(
        "joints on the edges, and one in the corner (0, 0)",
        {"keypoints": keypoints, "width": width, "pairs": [(0, 1)]},
    )

    width = draw_width()
    keypoints = _pose(rng, 2, 3, width)
    keypoints[0, 1, 0] = -0.25 * float(rng.integers(1, 9))
    keypoints[1, 0, 0] = width + 0.25 * float(rng.integers(1, 9))
    yield Case("joints outside the image", {"keypoints": keypoints, "width": width, "pairs": [(1, 2)]})

    width = draw_width()
    keypoints = _pose(rng, 1, 2, width)
    yield Case(
        "a single animal whose two joints are a pair", {"keypoints": keypoints, "width": width, "pairs": [(0, 1)]}
    )

    joints, width = int(rng.integers(2, 5)), draw_width()
    yield Case("no animal: an empty batch", {"keypoints": torch.zeros(0, joints, 3), "width": width, "pairs": [(0, 1)]})

    width = draw_width()
    keypoints = _pose(rng, 2, 4, width).double()
    keypoints[..., :2] += 1 / 3 - 0.25
    yield Case(
        "float64, with values that float32 cannot hold",
        {"keypoints": keypoints, "width": width, "pairs": [(0, 3)]},
    )

    width = draw_width()
    keypoints = _pose(rng, 3, 4, width)
    keypoints[1, 1, 2] = 0
    layout = (transposed, sliced)[int(rng.integers(2))]
    yield Case(
        "keypoints that are not contiguous",
        {"keypoints": layout(keypoints), "width": width, "pairs": [(3, 0)]},
    )


EXERCISE = Exercise(
    name="flip_keypoints",
    chapter=CHAPTER,
    points=6,
    minutes=15,
    difficulty=2,
    reference="solutions.pose:flip_keypoints",
    cases=cases,
    outputs=("keypoints",),
    hints=(
        "A picture is 10 pixels wide; a keypoint in the middle of its first pixel has x = ½. Where is it in the "
        "mirrored picture? And a cow's left eye there: in which row of the list does it belong now?",
        "Three things happen, one after another: x is mirrored, rows change places, rows that are not there become "
        "zeros. For the second, think of a list that says which old row each new row takes: 0, 1, 2, … at first.",
        "Make `order = list(range(J))` and, for each pair, exchange two of its numbers; `keypoints[:, order]` is a "
        "copy with the rows in that order. Then mirror its x, and set to 0 every row whose visibility, in that copy, "
        "is 0.",
    ),
    insight=(
        "A network that learns from mirrored pictures without the exchange is told in half of them that a left eye is "
        "a right one. If it returns coordinates, it gives in and puts both in the middle. The loss falls all the "
        "same, and nothing ever raises an error."
    ),
)
