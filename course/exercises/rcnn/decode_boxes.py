"""`decode_boxes`: move and enlarge a box by what was predicted for it."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.rcnn import CHAPTER
from course.exercises.rcnn.shared_boxes import NO_CODER, NO_CODER_SENTENCE, boxes_at, draw_centres, draw_sides

Weights = tuple[float, float, float, float]


def _call(
    name: str, deltas: Tensor, anchors: Tensor, weights: Weights | None = None, *, gradient: bool = False
) -> Case:
    given = {} if weights is None else {"weights": weights}
    return Case(name, {"deltas": deltas, "anchors": anchors, **given}, gradient=gradient)


def _draw_weights(rng: np.random.Generator) -> Weights:
    """Draw four different weights above 1, which make every delta smaller."""
    x, y, wide, high = (float(weight) for weight in rng.permutation([2.0, 4.0, 5.0, 10.0]))
    return x, y, wide, high


def _draw_anchors(rng: np.random.Generator, count: int, low: int = 20, high: int = 60) -> Tensor:
    """Draw anchors (N, 4) of 4.5 to 20 pixels, each of them tall or wide."""
    sides, _ = draw_sides(rng, count)
    return boxes_at(draw_centres(rng, count, low, high), sides)


def _draw_deltas(rng: np.random.Generator, count: int, step: float = 0.0625) -> Tensor:
    """Draw distinct deltas (N, 4); with the usual step all are at most 1, and so no side grows more than threefold.

    The first box grows in x and shrinks in y, or the other way round, and no delta is larger than what it grows by: so
    no answer is right by luck in the basic case.
    """
    deltas = distinct(rng, (count, 4), step=step)
    grows, shrinks = (int(column) for column in rng.permutation([2, 3]))
    largest = divmod(int(deltas.abs().argmax()), 4)
    deltas[largest], deltas[0, grows] = deltas[0, grows].item(), deltas[largest].abs()
    deltas[0, shrinks] = -deltas[0, shrinks].abs()
    return deltas


def _with_sizes(rng: np.random.Generator, sizes: Sequence[Sequence[float]]) -> Tensor:
    """Draw deltas (N, 4) that end with dw and dh as given, a row each and in random order."""
    offsets = distinct(rng, (len(sizes), 2), step=0.125)
    return torch.cat([offsets, torch.tensor(sizes, dtype=torch.float32)[rng.permutation(len(sizes))]], dim=1)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `decode_boxes`, called by position as (deltas, anchors, weights).

    Weights stand only where they are asked: who misreads them and something else is told of both in turn. A box that
    grows to hundreds of pixels lies far from 0, where its corners are not differences of equal numbers.
    """

    def draw_eighths(low: int, high: int, count: int) -> list[float]:
        return [float(number) / 8 for number in rng.choice(np.arange(8 * low, 8 * high), count, replace=False)]

    yield _call("three boxes", _draw_deltas(rng, 3), _draw_anchors(rng, 3, 40, 80))
    yield _call("four different weights", _draw_deltas(rng, 3, 0.25), _draw_anchors(rng, 3), _draw_weights(rng))
    yield _call("the weights of Fast R-CNN", _draw_deltas(rng, 2, 0.5), _draw_anchors(rng, 2), (10.0, 10.0, 5.0, 5.0))
    yield _call(
        "four boxes, as many as a box has numbers", _draw_deltas(rng, 4), _draw_anchors(rng, 4), (2.0, 1.0, 0.5, 4.0)
    )
    yield _call("a single box", _draw_deltas(rng, 1, 0.25), _draw_anchors(rng, 1))

    yield _call("nothing to do: the anchors themselves", torch.zeros(2, 4), _draw_anchors(rng, 2))

    deltas = torch.cat([distinct(rng, (2, 2), step=0.375), torch.zeros(2, 2)], dim=1)
    yield _call("moved, and as large as before", deltas, _draw_anchors(rng, 2))
    deltas = torch.cat([torch.zeros(2, 2), distinct(rng, (2, 2), step=0.375)], dim=1)
    yield _call("of another size about the same centre", deltas, _draw_anchors(rng, 2))

    far = torch.tensor(rng.permutation([5.0, 6.5, 7.0, 8.5]).reshape(2, 2), dtype=torch.float32)
    deltas = torch.cat([far * torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), torch.zeros(2, 2)], dim=1)
    yield _call("centres that move by many sides: no limit for them", deltas, _draw_anchors(rng, 2))

    # The limit, log(1000 / 16), is 4.135.
    a, b, c, d = draw_eighths(5, 8, 4)
    deltas = _with_sizes(rng, [(a, -0.5), (0.25, b), (c, d)])
    yield _call("sizes beyond the limit", deltas, _draw_anchors(rng, 3, 2000, 2100))
    a, b = draw_eighths(20, 60, 2)
    yield _call("sizes far beyond the limit", _with_sizes(rng, [(a, 0.5), (-1, b)]), _draw_anchors(rng, 2, 2000, 2100))

    a, b = draw_eighths(10, 16, 2)
    deltas = _with_sizes(rng, [(a, 3.5), (-2.5, b)])
    yield _call(
        "large numbers that their weights bring below the limit", deltas, _draw_anchors(rng, 2), (1.0, 1.0, 8.0, 16.0)
    )
    a, b = draw_eighths(2, 4, 2)
    deltas = _with_sizes(rng, [(a, 0.25), (-0.5, b)])
    anchors = _draw_anchors(rng, 2, 2000, 2100)
    yield _call("small numbers that their weights bring beyond the limit", deltas, anchors, (1.0, 1.0, 0.25, 0.375))

    a, b, c = draw_eighths(-16, -5, 3)
    yield _call("sizes far below zero: no limit there", _with_sizes(rng, [(a, 0.5), (b, c)]), _draw_anchors(rng, 2))

    yield _call("anchors at negative coordinates", _draw_deltas(rng, 3), _draw_anchors(rng, 3, -80, -40))
    yield _call("over the corner of the image: not cut off", _draw_deltas(rng, 3), _draw_anchors(rng, 3, -4, 8))

    yield _call("anchors smaller than a pixel", _draw_deltas(rng, 2, 0.25), _draw_anchors(rng, 2, 0, 30) / 32)

    yield _call("no boxes at all: empty", torch.zeros(0, 4), torch.zeros(0, 4))

    anchors = _draw_anchors(rng, 3).double() * 10 / 3
    yield _call("float64, with values that float32 cannot hold", thirds(rng, (3, 4)) / 8, anchors)

    deltas, anchors = transposed(_draw_deltas(rng, 3)), sliced(_draw_anchors(rng, 3))
    yield _call("inputs that are not contiguous", deltas, anchors)

    yield _call("gradients flow back", _draw_deltas(rng, 3), _draw_anchors(rng, 3), gradient=True)

    a, b = draw_eighths(5, 8, 2)
    yield _call(
        "no gradient for a size beyond the limit",
        _with_sizes(rng, [(a, -0.5), (0.25, b), (-0.75, 0.5)]),
        _draw_anchors(rng, 3, 2000, 2100),
        gradient=True,
    )


EXERCISE = Exercise(
    name="decode_boxes",
    chapter=CHAPTER,
    points=7,
    minutes=15,
    difficulty=2,
    reference="solutions.boxes:decode_boxes",
    cases=cases,
    outputs=("boxes",),
    hints=(
        "Take an anchor from 0 to 10 and dx = 0.5, dw = log 2, with weights of 1. Where is its new centre, how wide is "
        "it now, and where are its two edges?",
        "Undo what encoding did, in the opposite order: divide by the weights first, then limit dw and dh from above, "
        "and only then comes `exp`. The centre moves by sides of the anchor, not of the new box.",
        "With the anchors' centres and sides, (N, 2) each, and `deltas / weights` in two halves: "
        "new centres are centres + offsets · sides, new sides are sides · exp(sizes), where "
        "`sizes.clamp(max=math.log(1000 / 16))` is the limit. A corner lies half a side from the centre; "
        "`torch.cat` joins both.",
    ),
    forbidden=NO_CODER,
    forbidden_sentence=NO_CODER_SENTENCE,
    insight=(
        "Without the limit a network that has learned nothing yet may say dw = 100. Then a box is 10 to the 43 "
        "anchors wide, float32 has no such number, and inf − inf is NaN from there on."
    ),
)
