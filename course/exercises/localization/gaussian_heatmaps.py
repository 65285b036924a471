"""`gaussian_heatmaps`: a hill for each keypoint, highest where the keypoint is."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.localization import CHAPTER


def _points(rng: np.random.Generator, count: int, joints: int, size: Sequence[int]) -> Tensor:
    """Draw keypoints (N, J, 2) inside a map of `size`, off the pixels' centres and edges; x and y lie apart."""
    height, width = size
    points: list[list[float]] = []
    while len(points) < count * joints:
        column, row = int(rng.integers(width)), int(rng.integers(height))
        if abs(column - row) >= 2 or min(size) < 4:
            points.append([column + rng.choice([0.125, 0.25, 0.75]), row + rng.choice([0.25, 0.75, 0.875])])
    return torch.tensor(points, dtype=torch.float32).reshape(count, joints, 2)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `gaussian_heatmaps`, called by position as (keypoints, size, sigma)."""

    def draw_size(low: int = 5, high: int = 8) -> tuple[int, int]:
        height, width = different(rng, low, high)
        return height, width

    def draw_sigma() -> float:
        return float(rng.choice([1.25, 1.5, 1.75]))

    # Far from both the border and each other; the first one's hill is as good as flat in the opposite corner.
    size = draw_size(7, 9)
    first = [
        rng.integers(0, 2) + rng.choice([0.125, 0.25, 0.75]),
        size[0] - rng.integers(2, 4) + rng.choice([0.25, 0.75]),
    ]
    second = [size[1] - rng.integers(2, 5) + rng.choice([0.25, 0.75]), rng.integers(0, 2) + rng.choice([0.25, 0.875])]
    keypoints = torch.tensor([[first, second]], dtype=torch.float32)
    yield Case(
        "two keypoints of one object", {"keypoints": keypoints, "size": size, "sigma": float(rng.choice([1.25, 1.5]))}
    )

    size = draw_size()
    yield Case("three objects", {"keypoints": _points(rng, 3, 2, size), "size": size, "sigma": draw_sigma()})

    size = draw_size()
    keypoints = _points(rng, 1, 3, size).floor() + 0.5
    yield Case("keypoints at the centres of pixels", {"keypoints": keypoints, "size": size, "sigma": draw_sigma()})

    size = draw_size()
    keypoints = _points(rng, 1, 3, size).floor() + torch.tensor([1.0, 0.0])
    yield Case("keypoints where four pixels meet", {"keypoints": keypoints, "size": size, "sigma": draw_sigma()})

    size = draw_size()
    yield Case("a narrow hill", {"keypoints": _points(rng, 2, 2, size), "size": size, "sigma": 0.5})

    size = draw_size()
    yield Case(
        "a hill wider than the map",
        {"keypoints": _points(rng, 2, 1, size), "size": size, "sigma": float(rng.integers(4, 7))},
    )

    size = draw_size(9, 12)
    keypoints = torch.tensor([[[0.75, 0.25]]])
    yield Case("far away the hill goes on", {"keypoints": keypoints, "size": size, "sigma": draw_sigma()})

    size = draw_size(4, 6)
    outside = torch.tensor([[[-1.25, 1.75], [size[1] + 0.75, 2.25]], [[2.25, -0.75], [size[1] + 1.25, size[0] + 0.25]]])
    outside += torch.from_numpy(rng.choice([0.0, 0.125], (2, 2, 2))).float()
    yield Case("keypoints outside the map", {"keypoints": outside, "size": size, "sigma": draw_sigma()})

    side = int(rng.integers(5, 7))
    keypoints = _points(rng, 1, 2, (side, side))
    yield Case("a square map", {"keypoints": keypoints, "size": (side, side), "sigma": draw_sigma()})

    size = (1, int(rng.integers(4, 7)))
    yield Case("maps of one row", {"keypoints": _points(rng, 1, 2, size), "size": size, "sigma": draw_sigma()})

    yield Case("maps of one pixel", {"keypoints": _points(rng, 2, 3, (1, 1)), "size": (1, 1), "sigma": draw_sigma()})

    size = draw_size()
    yield Case(
        "a single keypoint of each object", {"keypoints": _points(rng, 3, 1, size), "size": size, "sigma": draw_sigma()}
    )

    joints, size = int(rng.integers(2, 5)), draw_size()
    yield Case(
        "no object: an empty batch", {"keypoints": torch.zeros(0, joints, 2), "size": size, "sigma": draw_sigma()}
    )

    size = draw_size()
    keypoints = _points(rng, 1, 2, size).double() + 1 / 3 - 0.25
    yield Case(
        "float64, with values that float32 cannot hold",
        {"keypoints": keypoints, "size": size, "sigma": draw_sigma()},
    )

    size, layout = draw_size(), (transposed, sliced)[int(rng.integers(2))]
    yield Case(
        "keypoints that are not contiguous",
        {"keypoints": layout(_points(rng, 2, 3, size)), "size": size, "sigma": draw_sigma()},
    )

    size = draw_size(4, 6)
    yield Case(
        "gradients flow back",
        {"keypoints": _points(rng, 2, 2, size), "size": size, "sigma": draw_sigma()},
        gradient=True,
    )


EXERCISE = Exercise(
    name="gaussian_heatmaps",
    chapter=CHAPTER,
    points=6,
    minutes=15,
    difficulty=2,
    reference="solutions.pose:gaussian_heatmaps",
    cases=cases,
    outputs=("heat maps",),
    hints=(
        "A keypoint lies at x = 1½, y = ½, in a map of one row and three columns. Which pixel's centre does it hit? "
        "Work out the three numbers with σ = 1.",
        "Make the x of all columns' centres, W numbers, and the y of all rows' centres, H numbers. d² is (Δx)² + "
        "(Δy)², and each of the two needs only its own list.",
        "`torch.arange(W) + 0.5`, in the dtype of `keypoints`, minus `keypoints[..., 0, None]` is (N, J, W); likewise "
        "(N, J, H). Square both, give the first shape (N, J, 1, W) and the second (N, J, H, 1), add them, and "
        "`torch.exp(-d2 / (2 * sigma**2))`.",
    ),
    insight=(
        "A Gaussian of two dimensions is a column of numbers times a row of numbers, since exp(a + b) = exp(a) · "
        "exp(b). Of the H · W numbers only H + W have to go through `exp`."
    ),
)
