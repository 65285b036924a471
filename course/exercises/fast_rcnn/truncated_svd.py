"""`truncated_svd`: two thin linear layers that do nearly what a large one does."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from course.exercises.draw import different
from course.exercises.exercise import Case, Exercise
from course.exercises.fast_rcnn import CHAPTER


def _orthogonal(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Draw a matrix (rows, columns) with columns of length 1 at right angles."""
    found: np.ndarray = np.linalg.qr(rng.standard_normal((rows, columns)))[0]
    return found


def _layer(rng: np.random.Generator, inputs: int, outputs: int, bias: bool, dtype: torch.dtype) -> nn.Linear:
    """Draw a linear layer whose singular values are 4, 2, 1, ½ …: each far from the next, so that no rounding chooses.

    No entry of the bias is near 0.
    """
    least = min(inputs, outputs)
    strengths = 4.0 * 0.5 ** np.arange(least)
    weight = _orthogonal(rng, outputs, least) * strengths @ _orthogonal(rng, inputs, least).T
    linear = nn.Linear(inputs, outputs, bias=bias, dtype=dtype)
    linear.weight = nn.Parameter(torch.from_numpy(weight).to(dtype))
    if bias:
        offsets = rng.permutation(np.arange(1, outputs + 1)) * rng.choice([-0.5, 0.5], outputs)
        linear.bias = nn.Parameter(torch.from_numpy(offsets / 3).to(dtype))
    return linear


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `truncated_svd`, called by position as (linear, rank)."""

    def case(
        name: str, inputs: int, outputs: int, rank: int, *, bias: bool = True, dtype: torch.dtype = torch.float32
    ) -> Case:
        return Case(name, {"linear": _layer(rng, inputs, outputs, bias, dtype), "rank": rank})

    few, many = different(rng, 4, 6)
    few, many = min(few, many), max(few, many)
    yield case("more inputs than outputs", many, few, 2)
    yield case("more outputs than inputs", few, many, 3)
    yield case("a layer without bias", many, few, 2, bias=False)
    yield case("more outputs than inputs, without bias", few, many, 2, bias=False)
    size = int(rng.integers(4, 6))
    yield case("as many inputs as outputs", size, size, 2)
    yield case("rank 1: a single number in between", many + 1, few, 1)
    yield case("rank 1 of a layer that widens", few, many + 1, 1, bias=False)
    yield case("the full rank, fewer outputs than inputs: nothing is lost", many, 3, 3)
    yield case("the full rank, fewer inputs than outputs: nothing is lost", 3, many, 3)
    yield case("one less than the full rank", few + 3, few, few - 1)
    yield case("a single output", int(rng.integers(3, 7)), 1, 1)
    yield case("a single input", 1, int(rng.integers(3, 7)), 1, bias=False)
    yield case("in double precision", many, few, 2, dtype=torch.float64)
    yield case("in double precision, without bias", few, many, 2, bias=False, dtype=torch.float64)


EXERCISE = Exercise(
    name="truncated_svd",
    chapter=CHAPTER,
    points=6,
    minutes=20,
    difficulty=3,
    reference="solutions.fast_rcnn:truncated_svd",
    cases=cases,
    outputs=("network",),
    product_only=True,
    hints=(
        "Two linear layers in a row are one linear layer, with the product of their weights. Which of the two is "
        "applied first, and on which side of the product does it stand?",
        "`torch.linalg.svd(weight, full_matrices=False)` gives U, S and Vh, strongest first: W is U · diag(S) · Vh. "
        "Keep the first `rank` columns of U, numbers of S and rows of Vh. The inputs meet Vh first.",
        "`nn.Linear(inputs, rank, bias=False)` has a weight (rank, inputs): `S[:rank, None] * Vh[:rank]` fits. The "
        "second layer gets `U[:, :rank]` and the bias, if there is one. Copy under `torch.no_grad()`, in its dtype.",
    ),
    insight=(
        "A layer from 25,088 numbers to 4,096 has 103 million weights; with rank 1,024 both halves together have 30 "
        "million. It pays only while rank · (in + out) is less than in · out: here below a rank of 3,521."
    ),
)
