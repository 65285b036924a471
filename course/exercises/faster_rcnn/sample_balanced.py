"""`sample_balanced`: which anchors of an image are learned from, positives and negatives in a fixed share."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course.exercises.boxes_and_metrics.shared import spread
from course.exercises.draw import sliced
from course.exercises.exercise import Case, Exercise
from course.exercises.faster_rcnn import CHAPTER

_LABELS = {"+": 1, "0": 0, "-": -1}


def _order(rng: np.random.Generator, count: int) -> list[int]:
    """Draw in which order `count` anchors of one kind, the one of the lowest priority first, stand in `labels`.

    However many of them are asked, those of the lowest priorities are not those that stand first; from four on they are
    not those that stand last, either. From three on they do not stand where the order itself says, as they would for
    who takes an order for ranks.
    """
    while True:
        order: list[int] = rng.permutation(count).tolist()
        turned = np.argsort(order).tolist()
        several = [set(range(most)) for most in range(1, count)]
        first = any(set(order[: len(some)]) == some for some in several)
        last = count > 3 and any(set(order[: len(some)]) == {count - 1 - place for place in some} for some in several)
        itself = count > 2 and any(set(order[: len(some)]) == set(turned[: len(some)]) for some in several)
        if not (first or last or itself):
            return order


def _anchors(rng: np.random.Generator, kinds: str, *, factor: int = 1, offset: float = 0) -> dict[str, Tensor]:
    """Draw labels (A,) and priorities (A,): `kinds` are the anchors' by rising priority, + for 1, 0 and - for −1.

    The anchors come in an order in which those of each kind are not sorted. Priorities are different multiples of 1/64
    between 0 and 1, times `factor` and plus `offset`.
    """
    count = len(kinds)
    places = np.empty(count, dtype=np.int64)
    free = rng.permutation(count)
    for kind in _LABELS:
        own = np.array([rank for rank, letter in enumerate(kinds) if letter == kind], dtype=np.int64)
        taken, free = np.sort(free[: len(own)]), free[len(own) :]
        places[own] = taken[_order(rng, len(own))]
    values = np.sort(rng.choice(np.arange(1, 64), count, replace=False)) / 64
    labels, priority = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.float32)
    labels[places], priority[places] = [_LABELS[kind] for kind in kinds], factor * values + offset
    return {"labels": torch.from_numpy(labels), "priority": torch.from_numpy(priority)}


def _call(name: str, anchors: dict[str, Tensor], batch_size: int, positive_fraction: float) -> Case:
    args = {"labels": anchors["labels"], "batch_size": batch_size, "positive_fraction": positive_fraction}
    return Case(name, {**args, "priority": anchors["priority"]})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `sample_balanced`, called by position as (labels, batch_size, positive_fraction, priority)."""

    def case(name: str, kinds: str, batch_size: int, positive_fraction: float) -> Case:
        return _call(name, _anchors(rng, kinds), batch_size, positive_fraction)

    yield case("more than enough of both", "-00+0-0++0+-", 6, 0.5)
    yield case("one positive in four", "+-0++00+0-0", 4, 0.25)
    yield case("three positives in four", "0-0+0+0++0+-", 4, 0.75)

    yield case("positives are missing: negatives take their places", "00-0+000-0+0", 8, 0.5)
    yield case("negatives are missing: positives do not take their places", "++0+-+0++0", 8, 0.25)
    yield case("no positive at all", "0-0000-00", 4, 0.5)
    yield case("no negative at all", "+-+++-++", 8, 0.25)
    yield case("neither positives nor negatives", "-" * int(rng.integers(3, 9)), 4, 0.5)
    yield case("room for more than there are", "-+00+0-+00", 16, 0.5)
    yield case("room for more than there are, but not for that many positives", "0+-+0+++0", 12, 0.25)
    yield case("all have a label, and all of one kind come before the other", "0000++++", 4, 0.5)
    yield case("positives have the lowest priorities", "+++++00000", 6, 0.5)

    yield case("a share that is no whole number is rounded down: half of seven", "00+0-+0+0+00", 7, 0.5)
    yield case("a share that is no whole number is rounded down: a quarter of five", "+0+00+00+0", 5, 0.25)
    yield case("a share of less than one", "+0++0-0+00", 3, 0.25)
    yield case("no share for positives", "+0+00+-00+", 4, 0.0)
    yield case("positives may have all places, and there are enough", "00+0-++0++", 3, 1.0)
    yield case("positives may have all places, and there are too few", "0+0-0+0+00", 6, 1.0)
    yield case("room for a single one, and half of it is for positives", "+0++0+00-", 1, 0.5)

    yield _call("priorities below zero", _anchors(rng, "-00+0-0++0+-", factor=64, offset=-70.5), 6, 0.5)
    yield _call("priorities far above one", _anchors(rng, "-+0+0-0++0-0", factor=64, offset=1.5), 4, 0.5)
    yield _call("priorities of both signs", _anchors(rng, "0+0+-+0-+0", factor=64, offset=-31.5), 5, 0.5)
    yield _call("a single anchor, a positive", _anchors(rng, "+"), 2, 0.5)
    yield _call("a single anchor, a negative", _anchors(rng, "0"), 2, 0.5)
    nothing = {"labels": torch.zeros(0, dtype=torch.int64), "priority": torch.zeros(0)}
    yield _call("no anchors: empty", nothing, int(rng.integers(2, 9)), 0.5)

    near = _anchors(rng, "0+00+-0++0")
    ranks = near["priority"].argsort().argsort()
    near["priority"] = 1 / 3 + ranks.double() * 1e-9
    yield _call("float64, with differences that float32 cannot see", near, 6, 0.5)

    anchors = _anchors(rng, "-00+0-0++0+-")
    scattered = {"labels": spread(anchors["labels"]), "priority": sliced(anchors["priority"][:, None])[:, 0]}
    yield _call("inputs that are not contiguous", scattered, 6, 0.5)


EXERCISE = Exercise(
    name="sample_balanced",
    chapter=CHAPTER,
    points=6,
    minutes=20,
    difficulty=3,
    reference="solutions.faster_rcnn.definition:sample_balanced",
    cases=cases,
    outputs=("drawn",),
    hints=(
        "Ten negatives, two positives, and a batch of 8 of which half may be positive: how many of each are drawn? And "
        "with ten positives and two negatives? Only one kind takes the places that the other leaves.",
        "First `torch.where(labels == 1)[0]`, the places of the positives, sorted by their priorities and cut off. "
        "Only then you know how many negatives there is room for. Where fewer are left, a slice simply ends.",
        "`members[priority[members].argsort()[:room]]` are places in `labels`; start with a mask of False and write "
        "True there. For positives `room` is `int(batch_size * positive_fraction)`, for negatives `batch_size` less "
        "the positives that were *drawn*.",
    ),
    forbidden=(r"^torchvision\.models\.detection", r"^kornia"),
    forbidden_sentence="This exercise is to draw the sample yourself, without a library's sampler.",
    insight=(
        "In training the priorities are random numbers, new ones each time, so that in the end every anchor has its "
        "turn. With all of them at once, 20 positives would stand against 20,000 negatives, and “no object anywhere” "
        "would be nearly free of cost."
    ),
)
