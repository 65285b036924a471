"""`rpn_loss`: what the sampled anchors cost, in whether there is an object, and in where it is."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.boxes_and_metrics.shared import spread
from course.exercises.draw import distinct, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.faster_rcnn import CHAPTER

_SMALL = np.array([1, 2, 3]) / 32
_LARGE = np.array([5, 6, 7, 9, 11, 13, 17, 21, 26]) / 16
"""How far a delta is off: below 1/9, where the loss is a parabola, and above it."""


def _labels(rng: np.random.Generator, positives: int, negatives: int, ignored: int) -> Tensor:
    """Draw labels (A,) in random order: so many 1, so many 0 and so many −1.

    The first is −1 where there is one, else 0 where there is one: the first rows are never those that pay for a box.
    """
    labels = np.repeat([1, 0, -1], [positives, negatives, ignored])
    while True:
        drawn = rng.permutation(labels)
        if drawn[0] == labels.min():
            return torch.from_numpy(drawn.astype(np.int64))


def _off(rng: np.random.Generator, count: int, sizes: Sequence[np.ndarray]) -> Tensor:
    """Draw by how much the deltas of `count` anchors are off (count, 4), of each of `sizes` in turn, of both signs."""
    drawn = [[float(rng.choice(sizes[(row + place) % len(sizes)])) for place in range(4)] for row in range(count)]
    signs = rng.choice([-1.0, 1.0], (count, 4))
    return torch.tensor(np.array(drawn).reshape(count, 4) * signs, dtype=torch.float32)


def _batch(
    rng: np.random.Generator,
    positives: int,
    negatives: int,
    ignored: int,
    *,
    step: float = 0.25,
    sizes: Sequence[np.ndarray] = (_SMALL, _LARGE),
) -> dict[str, Tensor]:
    """Draw the arguments. The deltas of positives are off by `sizes`, those of all others by anything.

    Of each kind that was sampled, one has a logit that is wrong about it.
    """
    count = positives + negatives + ignored
    labels = _labels(rng, positives, negatives, ignored)
    targets, deltas = distinct(rng, (count, 4), step=1 / 16), distinct(rng, (count, 4), step=1 / 16)
    positive = labels == 1
    deltas[positive] = targets[positive] + _off(rng, positives, sizes)
    objectness = distinct(rng, (count,), step=step)
    for kind, sign in ((1, -1), (0, 1)):
        for row in torch.where(labels == kind)[0][:1]:
            objectness[row] = sign * objectness[row].abs()
    return {"objectness": objectness, "deltas": deltas, "labels": labels, "targets": targets}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `rpn_loss`, called by position as (objectness, deltas, labels, targets)."""
    yield Case("two positives, three negatives, and four that were not sampled", {**_batch(rng, 2, 3, 4)})
    yield Case("all anchors were sampled", {**_batch(rng, 2, 4, 0)})
    yield Case("most anchors were not sampled", {**_batch(rng, 1, 2, 8)})
    yield Case("many positives, few negatives", {**_batch(rng, 6, 1, 2)})
    yield Case("as many positives as negatives", {**_batch(rng, 3, 3, 2)})
    yield Case("as many anchors as deltas: four", {**_batch(rng, 1, 2, 1)})
    yield Case("no positive: no box to pay for", {**_batch(rng, 0, 3, 2)})
    yield Case("no negative", {**_batch(rng, 3, 0, 2)})
    yield Case("a single one was sampled, a positive", {**_batch(rng, 1, 0, 4)})
    yield Case("a single one was sampled, a negative", {**_batch(rng, 0, 1, 4)})
    yield Case("a single anchor", {**_batch(rng, 1, 0, 0)})
    yield Case("boxes that are nearly right", {**_batch(rng, 3, 2, 3, sizes=(_SMALL,))})
    yield Case("boxes that are far off", {**_batch(rng, 3, 2, 3, sizes=(_LARGE,))})

    batch = _batch(rng, 2, 3, 4)
    yield Case("logits of 0: no opinion", {**batch, "objectness": torch.zeros(9)})

    # Every sampled one is wrong, by hundreds: there the sigmoid is 0 or 1, and its logarithm −∞.
    batch = _batch(rng, 2, 3, 2, step=125.0)
    size, (sampled,) = batch["objectness"].abs() + 125, torch.where(batch["labels"] >= 0)
    signs = torch.where(batch["labels"] == 1, -1.0, 1.0)
    signs[sampled[-1]] *= -1  # one that is right costs nothing
    yield Case("logits of hundreds", {**batch, "objectness": size * signs})

    batch = _batch(rng, 2, 3, 4)
    away = batch["labels"] == -1
    batch["objectness"][away] *= 400
    batch["deltas"][away] *= 900
    batch["targets"][away] *= -700
    yield Case("what was not sampled is far out", {**batch})

    batch = _batch(rng, 2, 3, 4)
    away = batch["labels"] == 0
    batch["deltas"][away] *= 900
    batch["targets"][away] *= -700
    yield Case("the boxes of negatives are far out", {**batch})

    batch = _batch(rng, 3, 2, 3)
    for name in ("objectness", "deltas", "targets"):
        batch[name] = batch[name].double() / 3
    yield Case("float64, with values that float32 cannot hold", {**batch})

    batch = _batch(rng, 3, 2, 3)
    batch = {
        "objectness": spread(batch["objectness"]),
        "deltas": transposed(batch["deltas"]),
        "labels": spread(batch["labels"]),
        "targets": transposed(batch["targets"]),
    }
    yield Case("inputs that are not contiguous", {**batch})

    yield Case("gradients flow back", {**_batch(rng, 3, 2, 3)}, gradient=True)
    yield Case("gradients, and only one was sampled", {**_batch(rng, 1, 0, 5)}, gradient=True)
    yield Case("zero gradients for the deltas where no anchor is positive", {**_batch(rng, 0, 3, 2)}, gradient=True)


EXERCISE = Exercise(
    name="rpn_loss",
    chapter=CHAPTER,
    points=6,
    minutes=20,
    difficulty=2,
    reference="solutions.faster_rcnn:rpn_loss",
    cases=cases,
    outputs=("objectness", "box"),
    constants=("targets",),
    hints=(
        "Nine anchors: two are labelled 1, three 0 and four −1. How many binary cross-entropies are there, how many "
        "numbers of smooth L1? By what is each sum divided?",
        "Two choices of rows, by two masks: the sampled ones, `labels >= 0`, for the objectness, and the positive "
        "ones, `labels == 1`, for the boxes. `F.binary_cross_entropy_with_logits` wants its targets as floats.",
        "`F.binary_cross_entropy_with_logits(objectness[sampled], labels[sampled].to(objectness.dtype))` is a mean "
        'already. `F.smooth_l1_loss(…, beta=1 / 9, reduction="sum")` of the positive rows is 0 where there is none; '
        "it is divided by `sampled.sum()`.",
    ),
    forbidden=(r"^torchvision\.models\.detection",),
    forbidden_sentence="This exercise is to write the loss of the proposals yourself, without torchvision's.",
    insight=(
        "An image has tens of thousands of anchors and a handful of objects. Had all of them a say, the answer "
        "“nothing here” would be right nearly everywhere, and the network would learn just that. Sampling is what "
        "makes the question worth asking."
    ),
)
