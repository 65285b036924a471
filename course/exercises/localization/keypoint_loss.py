"""`keypoint_loss`: the squared distance of those keypoints that can be seen."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.localization import CHAPTER
from course.exercises.localization.shared import draw_visible


def _pair(rng: np.random.Generator, count: int, joints: int, step: float = 0.125) -> dict[str, Tensor]:
    """Draw `pred` and `target` (N, J, 2)."""
    pred, target = distinct(rng, (2, count, joints, 2), step=step).unbind()
    return {"pred": pred, "target": target}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `keypoint_loss`, called by position as (pred, target, visible)."""
    points = _pair(rng, 2, 4)
    visible = torch.tensor([[True, True, True, False], [True, False, False, False]])[:, rng.permutation(4)]
    points["target"][~visible] = 0  # as data sets have it
    yield Case("two objects, not all of their joints visible", {**points, "visible": visible})

    yield Case("all joints are visible", {**_pair(rng, 3, 4), "visible": torch.ones(3, 4, dtype=torch.bool)})

    points, visible = _pair(rng, 3, 5), draw_visible(rng, (1, 4, 2), 5)
    yield Case("in each object another number is visible", {**points, "visible": visible})

    points, visible = _pair(rng, 3, 4), draw_visible(rng, (0, 3, 2), 4)
    yield Case("an object without a visible joint", {**points, "visible": visible})

    points, visible = _pair(rng, 2, 4), draw_visible(rng, (2, 3), 4)
    points["target"][~visible] += 1000.0
    points["pred"][~visible] -= 500.0
    yield Case("far-off numbers where nothing is visible", {**points, "visible": visible})

    points, visible = _pair(rng, 2, 2, step=0.5), draw_visible(rng, (1, 2), 2)
    yield Case("as many joints as objects: two", {**points, "visible": visible})

    points, visible = _pair(rng, 1, 5), draw_visible(rng, (1,), 5)
    yield Case("a single visible joint", {**points, "visible": visible})

    points = _pair(rng, 2, 3)
    yield Case(
        "none is visible: zero, and a gradient of zeros",
        {**points, "visible": torch.zeros(2, 3, dtype=torch.bool)},
        gradient=True,
    )

    joints = int(rng.integers(2, 6))
    nothing = {"pred": torch.zeros(0, joints, 2), "target": torch.zeros(0, joints, 2)}
    yield Case(
        "no object, an empty batch: zero", {**nothing, "visible": torch.zeros(0, joints, dtype=torch.bool)}, {}, True
    )

    pred, target = (thirds(rng, (2, 2, 4, 2)) / 4).unbind()
    yield Case(
        "float64, with values that float32 cannot hold",
        {"pred": pred, "target": target, "visible": draw_visible(rng, (3, 2), 4)},
    )

    points, visible = _pair(rng, 3, 4), draw_visible(rng, (2, 4, 1), 4)
    yield Case(
        "inputs that are not contiguous",
        {"pred": transposed(points["pred"]), "target": sliced(points["target"]), "visible": transposed(visible)},
    )

    points, visible = _pair(rng, 2, 4), draw_visible(rng, (1, 3), 4)
    yield Case("gradients flow back, to the visible joints", {**points, "visible": visible}, gradient=True)


EXERCISE = Exercise(
    name="keypoint_loss",
    chapter=CHAPTER,
    points=5,
    minutes=10,
    difficulty=2,
    reference="solutions.pose:keypoint_loss",
    cases=cases,
    outputs=("loss",),
    hints=(
        "One object has three joints; two of them are visible, one off by (3, 4) and one right. What is the loss? "
        "Which numbers are added up, and by how many do you divide?",
        "First one number a joint, the squared distance (N, J). Then only those that count. A mean over x *and* y is "
        "half of what is asked.",
        "`(pred - target).square().sum(dim=-1)` is (N, J); `[visible]` picks those that count. Divide their sum by "
        "how many they are, `visible.sum().clamp(min=1)`: with none of them, that is 0 / 1.",
    ),
    insight=(
        "Each visible joint has one voice. Had you averaged object by object, the one hoof that looks out of a bush "
        "would pull as hard on the network as all seven joints together of a cow that stands in the open."
    ),
)
