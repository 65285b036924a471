"""`fit_box_regressor`: the weights that turn what a network sees of a region into how its box is to be moved."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.rcnn import CHAPTER


def _draw_features(rng: np.random.Generator, count: int, features: int) -> Tensor:
    """Draw features (N, D), small halves of which more are positive: an intercept would matter."""
    return torch.tensor(rng.integers(-2, 6, (count, features)) / 2, dtype=torch.float32)


def _draw_deltas(rng: np.random.Generator, count: int) -> Tensor:
    """Draw deltas (N, 4): no column is like another, and none has a mean of 0."""
    return distinct(rng, (count, 4), step=0.125) + torch.tensor([0.5, -0.25, 0.25, 0.75])


def _call(name: str, features: Tensor, deltas: Tensor, strength: float) -> Case:
    return Case(name, {"features": features, "deltas": deltas, "strength": strength})


def _fit(rng: np.random.Generator, name: str, count: int, features: int, strength: float) -> Case:
    return _call(name, _draw_features(rng, count, features), _draw_deltas(rng, count), strength)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `fit_box_regressor`, called by position as (features, deltas, strength).

    No strength is 1, 2, 4 or ½ unless a case says so: its square, its root or its double would be another of them. None
    is so small that a right answer in float32 would hang on rounding.
    """
    yield _fit(rng, "six examples with three features", 6, 3, float(rng.choice([1.5, 2.5, 5.0])))
    yield _fit(rng, "a large strength", 7, 3, float(rng.choice([24.5, 30.5, 40.5])))
    yield _fit(rng, "a strength below 1", 8, 3, float(rng.choice([0.625, 0.75])))
    yield _fit(rng, "a strength of 1", 5, 3, 1.0)
    yield _fit(rng, "four examples with four features", 4, 4, float(rng.choice([1.25, 2.5, 3.5])))
    yield _fit(rng, "fewer examples than features", 3, 6, float(rng.choice([1.5, 2.5, 3.5])))
    yield _fit(rng, "a single example", 1, 3, float(rng.choice([1.5, 2.5, 3.5])))
    yield _fit(rng, "a single feature", 5, 1, float(rng.choice([1.5, 2.5, 3.5])))
    yield _fit(rng, "many examples", 12, 2, float(rng.choice([1.5, 2.5, 5.5])))

    features = _draw_features(rng, 6, 3)
    weights = torch.from_numpy(rng.integers(1, 5, (3, 4)) * rng.choice([-1, 1], (3, 4))).float() / 4
    strength = float(rng.choice([1.5, 2.5, 5.5]))
    yield _call("deltas that a plain regression would hit", features, features @ weights, strength)

    features = _draw_features(rng, 6, 4)
    same = features[:, [0, 1, 0, 2]].clone()
    yield _call("two features that are always equal", same, _draw_deltas(rng, 6), float(rng.choice([2.5, 3.5])))

    features = _draw_features(rng, 6, 4)
    features[:, rng.integers(4)] = 0
    yield _call("a feature that is always 0", features, _draw_deltas(rng, 6), float(rng.choice([1.5, 2.5, 3.5])))

    features = _draw_features(rng, 5, 2) + torch.tensor([3.0, -2.5])
    yield _call("features that are far from 0", features, _draw_deltas(rng, 5), float(rng.choice([2.5, 3.5])))

    features = _draw_features(rng, 6, 3) * torch.tensor(rng.permutation([0.25, 1.0, 4.0]), dtype=torch.float32)
    yield _call("a strong feature and a weak one", features, _draw_deltas(rng, 6), float(rng.choice([1.5, 2.5])))

    count = int(rng.choice([2, 3, 5]))
    yield _call("no example, an empty set: weights of zero", torch.zeros(0, count), torch.zeros(0, 4), 1.5)

    strength = float(rng.choice([1.5, 2.5, 3.5]))
    features, deltas = thirds(rng, (5, 3)) / 2, thirds(rng, (5, 4)) / 4
    yield _call("float64, with values that float32 cannot hold", features, deltas, strength)

    features, deltas = _draw_features(rng, 6, 3), _draw_deltas(rng, 6)
    strength = float(rng.choice([1.5, 2.5, 3.5]))
    yield _call("inputs that are not contiguous", transposed(features), sliced(deltas), strength)


EXERCISE = Exercise(
    name="fit_box_regressor",
    chapter=CHAPTER,
    points=6,
    minutes=20,
    difficulty=3,
    reference="solutions.rcnn:fit_box_regressor",
    cases=cases,
    outputs=("weights",),
    hints=(
        "Take one feature and one number to predict: features 1 and 2, numbers 3 and 6, strength 5. The cost is a "
        "parabola in the one weight w. Where is its lowest point, and where would it be with a strength of 0?",
        "Set the gradient of the cost to zero. It is 2 Xᵀ(X W − T) + 2 · strength · W, and so a system of D linear "
        "equations for each column of W. Where does the strength stand in its matrix, and where does it not?",
        "The matrix is `features.T @ features` with `strength` added on its diagonal, `torch.eye` in the dtype of the "
        "features; the right side is `features.T @ deltas`. `torch.linalg.solve` takes all four columns at once, also "
        "without examples.",
    ),
    forbidden=(r"^sklearn",),
    forbidden_sentence="This exercise is to fit the weights yourself, without a library's ridge regression.",
    insight=(
        "With 4,096 features and some hundred examples infinitely many weights would hit every target. The strength "
        "picks the smallest that nearly does; R-CNN's authors found that it mattered, and took 1,000."
    ),
)
