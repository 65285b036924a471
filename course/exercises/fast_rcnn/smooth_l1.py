"""`smooth_l1`: a parabola near 0, and a straight line further out."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, distinct, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.fast_rcnn import CHAPTER

_SIXTEENTH = 1 / 16


def _differences(rng: np.random.Generator, count: int, beta: float) -> Tensor:
    """Draw `count` differences (count,), multiples of 1/16: below `beta` and above it, of both signs, none of them 0.

    The magnitudes are all different, and none is `beta`. The first four are one of each kind.
    """
    edge = beta / _SIXTEENTH
    low = rng.permutation(np.arange(1, int(np.ceil(edge))))
    high = rng.permutation(np.arange(int(edge) + 1, int(edge) + 2 + count))
    few = min(len(low), count // 2)
    drawn = np.concatenate([low[:few], high[: count - few]])
    signs = np.where(np.arange(count) % 2, -1, 1)
    return torch.from_numpy(rng.permutation(drawn * signs)).float() * _SIXTEENTH


def _call(rng: np.random.Generator, name: str, d: Tensor, *beta: float, gradient: bool = False) -> Case:
    """Return the case of predictions that differ from their targets by `d`."""
    target = distinct(rng, tuple(d.shape), step=0.25)
    args = {"pred": target + d, "target": target, **({"beta": beta[0]} if beta else {})}
    return Case(name, args, gradient=gradient)


def _shaped(rng: np.random.Generator, shape: Sequence[int], beta: float) -> Tensor:
    return _differences(rng, int(np.prod(shape)), beta).reshape(tuple(shape))


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `smooth_l1`, called by position as (pred, target, beta)."""
    rows, columns = different(rng, 2, 4)
    yield _call(rng, "differences on both sides of 1", _shaped(rng, (rows, columns), 1.0))
    yield _call(rng, "four numbers in a row", _shaped(rng, (4,), 1.0))
    yield _call(rng, "a smaller beta", _shaped(rng, (2, 5), 0.5), 0.5)
    yield _call(rng, "a larger beta", _shaped(rng, (3, 4), 2.0), 2.0)

    edge = torch.tensor([1.0, -1.0, 0.5, -1.5])[torch.from_numpy(rng.permutation(4))]
    yield _call(rng, "a difference of exactly beta", edge.reshape(2, 2))
    beta = float(rng.choice([0.25, 0.5]))
    yield _call(rng, "a difference of exactly beta, which is small", edge.reshape(2, 2) * beta, beta)

    zeros = torch.tensor([0.0, 0.0, 0.5, -0.25])[torch.from_numpy(rng.permutation(4))]
    yield _call(rng, "no difference costs nothing", zeros)

    yield _call(rng, "a beta of 0: straight lines", _shaped(rng, (2, 4), 1.0), 0.0)
    yield _call(rng, "a beta of 0, and no difference", torch.cat([zeros, zeros.flip(0)]).reshape(2, 4), 0.0)
    yield _call(rng, "a beta that is an int", _shaped(rng, (3, 2), 2.0), 2)
    yield _call(rng, "far off", _shaped(rng, (2, 3), 1.0) * 256)
    yield _call(rng, "three dimensions", _shaped(rng, (2, 3, 4), 0.5), 0.5)
    sign = float(rng.choice([-1, 1]))
    yield _call(rng, "a single number without dimensions", torch.tensor(sign * float(rng.choice([0.25, 0.5, 1.75]))))

    columns = int(rng.integers(2, 6))
    yield Case("no numbers: empty", {"pred": torch.zeros(0, columns), "target": torch.zeros(0, columns)})
    yield Case(
        "no numbers and a beta of 0: empty",
        {"pred": torch.zeros(columns, 0), "target": torch.zeros(columns, 0), "beta": 0.0},
    )

    d = _shaped(rng, (3, 4), 1.0).double()
    d = d + torch.sign(d) * 1e-9 * torch.arange(1, 13).reshape(3, 4)
    target = distinct(rng, (3, 4), step=1 / 3, dtype=torch.float64)
    yield Case("float64, with values that float32 cannot hold", {"pred": target + d, "target": target, "beta": 1.0})

    target = distinct(rng, (4, 3), step=0.25)
    pred = target + _shaped(rng, (4, 3), 0.5)
    yield Case("inputs that are not contiguous", {"pred": transposed(pred), "target": sliced(target), "beta": 0.5})

    yield _call(rng, "gradients flow back", _shaped(rng, (3, 4), 1.0), 1.0, gradient=True)
    yield _call(rng, "gradients with a smaller beta", _shaped(rng, (2, 6), 0.5), 0.5, gradient=True)
    yield _call(rng, "gradients with a beta of 0", _shaped(rng, (5, 2), 1.0), 0.0, gradient=True)


EXERCISE = Exercise(
    name="smooth_l1",
    chapter=CHAPTER,
    points=5,
    minutes=15,
    difficulty=2,
    reference="solutions.fast_rcnn:smooth_l1",
    cases=cases,
    outputs=("loss",),
    hints=(
        "Work out three differences by hand, with β = 1: ½, 1 and 3. The parabola and the line have to give the same "
        "at 1. Do yours?",
        "Take the absolute difference first; then there is one place where the two pieces meet, and not two. For each "
        "number the piece depends on that number alone, so choose with a mask, not with `if`.",
        "`torch.where(distance < beta, …, …)` chooses for each element, and works out both pieces for all of them. "
        "With β = 0 the parabola would divide by 0: return the absolute difference before you come to it.",
    ),
    forbidden=(r"smoothl1", r"huber"),
    forbidden_sentence="This exercise is to build smooth L1 yourself, without torch's own smooth L1 or Huber loss.",
    insight=(
        "Its slope is never more than 1. However far off a box is, it pulls no harder than one that is off by β, and a "
        "few hopeless regions cannot tear the network's weights about. With squares they can."
    ),
)
