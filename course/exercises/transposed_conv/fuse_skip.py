"""`fuse_skip`: fCN's skip: coarse scores, enlarged and cut, plus fine ones."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, distinct, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.transposed_conv import CHAPTER


def _scores(rng: np.random.Generator, batch: int, classes: int, height: int, width: int) -> dict[str, Tensor]:
    """Draw the arguments of `fuse_skip` for scores of size height × width."""
    coarse = distinct(rng, (batch, classes, -(-height // 2), -(-width // 2)), step=0.5)
    skip = distinct(rng, (batch, classes, height, width), step=4.0)
    return {"coarse": coarse, "skip": skip, "weight": distinct(rng, (classes, classes, 4, 4), step=0.25)}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `fuse_skip`, called by position."""
    yield Case("one class, from 2 × 3 to 4 × 6", _scores(rng, 1, 1, 4, 6))

    height, width = different(rng, 1, 3)
    batch, classes = different(rng, 2, 3)
    yield Case("several images and classes", _scores(rng, batch, classes, 2 * height, 2 * width))
    height, width = different(rng, 1, 3)
    yield Case("an odd height and width", _scores(rng, 1, 2, 2 * height + 1, 2 * width + 1))
    height, width = different(rng, 2, 3)
    yield Case("an odd width only", _scores(rng, 2, 1, 2 * height, 2 * width - 1))
    height, width = different(rng, 2, 3)
    yield Case("an odd height only", _scores(rng, 1, 3, 2 * height - 1, 2 * width))
    yield Case("scores of one pixel", _scores(rng, int(rng.integers(2, 4)), 2, 1, 1))
    yield Case("a single coarse score for 2 × 1 pixels", _scores(rng, 3, 2, 2, 1))

    height, width = different(rng, 2, 5)
    arguments = _scores(rng, 1, 1, height, width)
    slope = torch.tensor([0.25, 0.75, 0.75, 0.25])
    yield Case("a bilinear filter", {**arguments, "weight": (slope[:, None] * slope)[None, None]})

    height, width = different(rng, 2, 5)
    yield Case("an empty batch", _scores(rng, 0, 2, height, width))

    height, width = different(rng, 3, 5)
    arguments = {name: x.double() / 3 for name, x in _scores(rng, 1, 2, height, width).items()}
    yield Case("float64, with values that float32 cannot hold", arguments)

    height, width = different(rng, 3, 5)
    arguments = _scores(rng, 2, 3, height, width)
    apart = {"coarse": sliced(arguments["coarse"]), "skip": transposed(arguments["skip"])}
    yield Case("inputs that are not contiguous", {**arguments, **apart})

    height, width = different(rng, 3, 5)
    yield Case("gradients flow back", _scores(rng, 2, 2, height, width), gradient=True)


EXERCISE = Exercise(
    name="fuse_skip",
    chapter=CHAPTER,
    points=6,
    minutes=12,
    difficulty=2,
    reference="solutions.transposed_conv:fuse_skip",
    cases=cases,
    hints=(
        "Kernel 4, stride 2, padding 1: how large does the transposed convolution make h pixels? And how large is "
        "the skip, where its height is odd?",
        "Twice h is either H or H + 1. The row that is too many is the last one: the halving rounded up at the "
        "bottom and on the right.",
        "Enlarge with `F.conv_transpose2d(coarse, weight, stride=2, padding=1)`, keep the first H rows and W "
        "columns by slicing, and add the skip.",
    ),
    insight=(
        "Long, Shelhamer and Darrell let the weights of a new skip start at zero. So FCN-16s begins with the very "
        "picture of a trained FCN-32s, and only learns what to add."
    ),
)
