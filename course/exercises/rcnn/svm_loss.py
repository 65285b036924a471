"""`svm_loss`: what a linear support vector machine costs, which classifies by a line with a margin."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from course.exercises.boxes_and_metrics.shared import spread
from course.exercises.draw import distinct, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.rcnn import CHAPTER

Kind = Literal["wrong", "inside", "outside"]

_MARGINS: dict[Kind, tuple[float, float]] = {"wrong": (-4, -0.2), "inside": (0.2, 0.8), "outside": (1.3, 5)}
"""What y(x·w + b) lies between: no example is near a margin, where the loss has a kink."""


def _machine(rng: np.random.Generator, size: int, bias: float | None = None) -> tuple[Tensor, Tensor]:
    """Draw a weight (D,) of different magnitudes and, unless it is given, a bias () that is not 0.

    A single number is 2 or −2: then examples can lie on either side of any bias.
    """
    weight = distinct(rng, (size,), step=0.5 if size > 1 else 2.0)
    shift = float(rng.choice([-1.5, -0.75, 0.75, 1.5])) if bias is None else bias
    return weight, torch.tensor(shift)


def _examples(
    rng: np.random.Generator, weight: Tensor, bias: Tensor, kinds: Sequence[Kind], labels: Sequence[float] = ()
) -> tuple[Tensor, Tensor]:
    """Draw features (N, D) and labels (N,), an example of each of `kinds`; labels are mixed where none are given."""
    count = len(kinds)
    signs = list(labels) or rng.permutation(np.resize([1.0, -1.0], count)).tolist()
    rows = []
    for kind, sign in zip(kinds, signs, strict=True):
        low, high = _MARGINS[kind]
        while True:
            row = torch.from_numpy(rng.integers(-48, 49, len(weight))).float() / 16
            if low < float(sign * (row @ weight + bias)) < high and bool(row.any()):
                break
        rows.append(row)
    order = torch.from_numpy(rng.permutation(count))
    return torch.stack(rows)[order], torch.tensor(signs)[order]


def _call(
    name: str, machine: tuple[Tensor, Tensor], examples: tuple[Tensor, Tensor], strength: float, gradient: bool = False
) -> Case:
    args = dict(zip(("weight", "bias", "features", "labels"), (*machine, *examples), strict=True))
    return Case(name, {**args, "strength": strength}, gradient=gradient)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `svm_loss`, called by position as (weight, bias, features, labels, strength)."""

    def strong() -> float:
        return float(rng.choice([2.5, 3.5, 4.5]))

    def weak() -> float:
        return float(rng.choice([0.125, 0.25, 0.375]))

    def draw(name: str, size: int, kinds: Sequence[Kind], strength: float, gradient: bool = False) -> Case:
        machine = _machine(rng, size)
        return _call(name, machine, _examples(rng, *machine, kinds), strength, gradient)

    # Of both labels some cost something and some do not, so that each is seen where it is confused.
    mixed: tuple[Kind, ...] = ("outside", "wrong", "inside", "wrong", "outside")
    machine, sign = _machine(rng, 3), float(rng.choice([-1.0, 1.0]))
    yield _call("five examples: on the right side, inside the margin and on the wrong side", machine,
                _examples(rng, *machine, mixed, [sign, sign, -sign, -sign, -sign]), strong())  # fmt: skip

    yield draw("a weak strength, more numbers than examples", 5, ("wrong", "outside", "inside"), weak())
    yield draw("as many numbers as examples", 4, ("inside", "wrong", "outside", "wrong"), strong())
    yield draw("a strength of 1", 2, mixed, 1.0)
    yield draw("a strength of 0: only the weight costs", 3, ("wrong", "inside", "outside"), 0.0)
    yield draw("all on the right side, outside the margin", 3, ("outside",) * 4, strong())
    yield draw("all inside the margin", 3, ("inside",) * 4, strong())
    yield draw("all on the wrong side", 3, ("wrong",) * 4, weak())
    yield draw("a single example", 4, ("inside",), strong())
    yield draw("one number an example", 1, ("wrong", "inside", "outside"), weak())

    machine = _machine(rng, 3)
    label = float(rng.choice([-1.0, 1.0]))
    yield _call("one label for all", machine, _examples(rng, *machine, mixed, [label] * 5), strong())

    machine = _machine(rng, 3, bias=float(rng.choice([-5.0, 5.0])))
    yield _call("a large bias, which costs nothing by itself", machine, _examples(rng, *machine, mixed), weak())
    machine = _machine(rng, 4, bias=0.0)
    yield _call("a bias of 0", machine, _examples(rng, *machine, mixed), strong())

    features = distinct(rng, (4, 3), step=0.25)
    machine = torch.zeros(3), torch.tensor(float(rng.choice([-0.25, 0.25])))
    yield _call("a weight of zeros", machine, (features, torch.tensor([1.0, -1.0, -1.0, 1.0])), strong())

    # 1 on the margin, 0 on the line itself, −1; where the loss has a kink no gradient is asked.
    values = rng.permutation(np.array([1.0, -1.0, 0.0, 2.0, -2.0, 1.0]))
    labels = torch.from_numpy(np.where(values == 0, rng.choice([-1.0, 1.0]), np.sign(values))).float()
    machine = torch.tensor([0.0, 2.0]), torch.tensor(1.0)
    features = torch.stack([distinct(rng, (6,), step=0.5), (torch.from_numpy(values).float() - 1) / 2], dim=1)
    yield _call("exactly on the margin, and on the line itself", machine, (features, labels), strong())

    size = int(rng.integers(2, 6))
    nothing = torch.zeros(0, size), torch.zeros(0)
    yield _call("no examples: empty, and a zero gradient of the bias", _machine(rng, size), nothing, strong(), True)

    weight, bias = _machine(rng, 3)
    features, labels = _examples(rng, weight, bias, mixed)
    machine = thirds(rng, (3,)), bias.double() / 7
    yield _call("float64, with numbers that float32 cannot hold", machine, (features.double() / 3, labels.double()),
                weak())  # fmt: skip

    weight, bias = _machine(rng, 3)
    features, labels = _examples(rng, weight, bias, mixed)
    yield _call("inputs that are not contiguous", (spread(weight), bias), (transposed(features), spread(labels)),
                strong())  # fmt: skip

    yield draw("gradients flow back", 3, mixed, strong(), gradient=True)
    yield draw(
        "gradients where no example costs anything: zero but for the weight", 3, ("outside",) * 3, strong(), True
    )
    yield draw(
        "gradients where each example costs something", 4, ("wrong", "inside", "wrong", "wrong", "inside"), weak(), True
    )


EXERCISE = Exercise(
    name="svm_loss",
    chapter=CHAPTER,
    points=5,
    minutes=15,
    difficulty=2,
    reference="solutions.rcnn:svm_loss",
    cases=cases,
    outputs=("loss",),
    hints=(
        "One number an example, weight 2, bias −1. The examples are 1.5, 0.75 and 0.75, their labels 1, 1 and −1. What "
        "is the value of x·w + b of each, and what does each cost?",
        "The label turns the sign of the value, so that positive always means right. What is missing from there to 1 "
        "is the cost, and never less than 0. Which part is multiplied by the strength, and is there an N anywhere?",
        "`values = features @ weight + bias` (N,), then `(1 - labels * values).clamp(min=0).sum()`. Half the sum of "
        "the squared weights comes once, without the strength and without the bias.",
    ),
    constants=("labels",),
    insight=(
        "An example that is right by more than the margin has no gradient: the machine is held up by the others alone, "
        "the *support vectors*. So it pays to look for the negatives that still cost something: the hard ones."
    ),
)
