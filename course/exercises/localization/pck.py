"""`pck`: the share of visible keypoints that lie near enough."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.localization import CHAPTER
from course.exercises.localization.shared import draw_visible

_DIRECTIONS = ((0.6, 0.8), (0.8, 0.6), (-0.6, 0.8), (0.6, -0.8), (-0.8, 0.6), (-0.8, -0.6))
"""Of length 1, and along neither axis."""

_HITS, _MISSES = (0.4, 0.6, 0.9), (1.1, 1.35, 1.6)
"""Distances in shares of the limit. 1.1 keeps it in x and in y, but not in both; 0.9 does not where they are added."""


def _keypoints(
    rng: np.random.Generator,
    ratios: Sequence[Sequence[float]],
    scale: Sequence[float],
    alpha: float = 0.2,
    way: tuple[float, float] | None = None,
) -> dict[str, Tensor]:
    """Draw `pred` and `target` (N, J, 2) so far apart as `ratios` say, in shares of the limit, and `scale` (N,).

    They lie apart along `way`, or each along a direction of its own.
    """
    shares = torch.tensor(ratios, dtype=torch.float32)
    count, joints = shares.shape
    target = torch.from_numpy(rng.integers(4, 60, (count, joints, 2)) / 2).float()
    turns = rng.integers(len(_DIRECTIONS), size=count * joints)
    ways = torch.tensor([_DIRECTIONS[turn] if way is None else way for turn in turns])
    limits = alpha * torch.tensor(scale, dtype=torch.float32)
    pred = target + ways.reshape(count, joints, 2) * (shares * limits[:, None])[..., None]
    return {"pred": pred, "target": target, "scale": torch.tensor(scale, dtype=torch.float32)}


def _case(name: str, points: dict[str, Tensor], visible: Tensor, alpha: float | None = None) -> Case:
    """Make a case of what was drawn; `alpha` is left out where it is None."""
    args: dict[str, object] = {
        "pred": points["pred"], "target": points["target"], "visible": visible, "scale": points["scale"]
    }  # fmt: skip
    return Case(name, args if alpha is None else {**args, "alpha": alpha})


def _ratios(rng: np.random.Generator, visible: Tensor, hits: Sequence[int], hidden: float = 0.4) -> list[list[float]]:
    """Draw ratios (N, J): of each object's visible joints as many hits as `hits` says; `hidden` for all others."""
    rows = []
    for seen, right in zip(visible.tolist(), hits, strict=True):
        drawn = [*rng.choice(_HITS, right), *rng.choice(_MISSES, sum(seen) - right)]
        rest = iter(rng.permutation(drawn).tolist())
        rows.append([next(rest) if one else hidden for one in seen])
    return rows


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `pck`, called by position as (pred, target, visible, scale, alpha)."""
    # 0.9 and 1.1 both come, so that a wrong kind of distance is seen. Of 4 + 1 visible joints 1 + 1 are right: 2 of 5.
    visible = torch.tensor([[True, True, True, True], [False, False, True, False]])[:, rng.permutation(4)]
    ratios = np.array([[0.9, 1.1, 1.35, 1.6], [0.9] * 4])
    ratios[0] = rng.permutation(ratios[0])
    points = _keypoints(rng, ratios.tolist(), (16.0, 16.0), way=(0.6, 0.8))
    yield _case("two objects of one size", points, visible)

    visible = draw_visible(rng, (3, 4, 4), 5)
    scale = rng.permutation([10.0, 30.0, 80.0]).tolist()
    yield _case(
        "each object has a size of its own", _keypoints(rng, _ratios(rng, visible, (2, 1, 2), 1.6), scale), visible
    )

    visible, alpha = draw_visible(rng, (3, 2), 4), float(rng.choice([0.05, 0.1]))
    points = _keypoints(rng, _ratios(rng, visible, (1, 1)), (40.0, 60.0), alpha)
    yield _case("a stricter alpha", points, visible, alpha)

    visible, alpha = draw_visible(rng, (4, 3), 5), float(rng.choice([0.6, 0.8]))
    points = _keypoints(rng, _ratios(rng, visible, (3, 0), 1.6), (20.0, 30.0), alpha)
    yield _case("a more generous alpha", points, visible, alpha)

    # 3-4-5 triangles times whole numbers: distance, limit and their quotient are exact.
    alpha, times = float(rng.choice([0.25, 0.5, 0.75])), 3 * int(rng.integers(1, 4))
    target = torch.from_numpy(rng.integers(4, 40, (1, 4, 2))).float()
    ways = torch.tensor([[[3.0, 4.0], [-4.0, 3.0], [3.0, -5.0], [0.0, -5.0]]]) * (4 * times)
    points = {"pred": target + ways, "target": target, "scale": torch.tensor([20 * times / alpha])}
    yield _case("some lie exactly at the limit", points, torch.ones(1, 4, dtype=torch.bool), alpha)

    # Mostly along y: 0.9 is a miss where |Δx| and |Δy| are added; 1.05 is a hit where each counts by itself, 1.48 where
    # they are averaged.
    points = _keypoints(rng, [rng.permutation([0.9, 1.05, 1.48, 1.6, 0.6]).tolist()], (40.0,), way=(5 / 13, -12 / 13))
    yield _case("off in one direction more than in the other", points, torch.ones(1, 5, dtype=torch.bool))

    # Very near and far off: without alpha, without scale, or with a root too many another number of them is right.
    points = _keypoints(rng, [rng.permutation([0.02, 0.1, 0.6, 3.0, 7.0, 30.0]).tolist()], (20.0,))
    yield _case("from very near to far off", points, torch.ones(1, 6, dtype=torch.bool))

    visible = draw_visible(rng, (1, 5, 2), 5)
    points = _keypoints(rng, _ratios(rng, visible, (1, 1, 0)), (20.0, 50.0, 35.0))
    yield _case("one object shows a single joint, which is right", points, visible)

    visible = draw_visible(rng, (0, 3, 2), 4)
    points = _keypoints(rng, _ratios(rng, visible, (0, 1, 2)), (20.0, 50.0, 35.0))
    yield _case("an object without a visible joint", points, visible)

    # The scales are so different that a joint measured by another object's is judged otherwise.
    visible = torch.ones(3, 3, dtype=torch.bool)
    points = _keypoints(rng, _ratios(rng, visible, (3, 2, 2)), rng.permutation([8.0, 40.0, 200.0]).tolist())
    yield _case("as many objects as joints: three", points, visible)

    visible = draw_visible(rng, (2, 3), 4)
    points = _keypoints(rng, _ratios(rng, visible, (2, 3), 1.6), (20.0, 30.0))
    yield _case("all that are visible are right", points, visible)

    points = _keypoints(rng, _ratios(rng, visible, (0, 0)), (20.0, 30.0))
    yield _case("none that is visible is right", points, visible)

    points = _keypoints(rng, [[0.4, 1.1, 0.6], [1.6, 0.9, 0.6]], (20.0, 30.0))
    yield _case("none is visible: NaN", points, torch.zeros(2, 3, dtype=torch.bool))

    joints = int(rng.integers(2, 5))
    empty = {"pred": torch.zeros(0, joints, 2), "target": torch.zeros(0, joints, 2), "scale": torch.zeros(0)}
    yield _case("no object, an empty batch: NaN", empty, torch.zeros(0, joints, dtype=torch.bool))

    visible = draw_visible(rng, (3, 4), 4)
    points = _keypoints(rng, _ratios(rng, visible, (1, 1)), (20.0, 30.0))
    points = {key: value.double() for key, value in points.items()}
    points["target"] += 1 / 3
    points["pred"] += 1 / 3
    yield _case("float64, with values that float32 cannot hold", points, visible)

    visible = draw_visible(rng, (3, 2, 4), 4)
    points = _keypoints(rng, _ratios(rng, visible, (1, 1, 3)), (20.0, 30.0, 45.0))
    points = {"pred": transposed(points["pred"]), "target": sliced(points["target"]), "scale": sliced(points["scale"])}
    yield _case("inputs that are not contiguous", points, transposed(visible))


EXERCISE = Exercise(
    name="pck",
    chapter=CHAPTER,
    points=5,
    minutes=15,
    difficulty=2,
    reference="solutions.pose:pck",
    cases=cases,
    outputs=("share",),
    hints=(
        "A cow has scale 50, and alpha is 0.2. How far may her nose be off? And that of a duck, of scale 10, beside "
        "her?",
        "Three tables of the shape (N, J): distances, limits, and which count. The limit of a row is the same for all "
        "of its joints. Which of the cells go above the line of the fraction, and which below it?",
        "`scale[:, None]` stands beside each joint of its object. Pick the visible cells of `distance <= alpha * "
        "scale[:, None]`, make them numbers of the dtype of `pred`, and take the mean: of nothing it is NaN by itself.",
    ),
    insight=(
        "PCK does not see *how far* a miss is: an ear on the other ear and an ear on the next cow cost the same. And "
        "without the scale a duck, on which everything is within ten pixels, would always look well done."
    ),
)
