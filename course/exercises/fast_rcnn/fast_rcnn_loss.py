"""`fast_rcnn_loss`: what the classes and the boxes of many regions cost."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import distinct, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.fast_rcnn import CHAPTER

_SMALL = np.array([1, 2, 3]) / 32
_LARGE = np.array([5, 6, 7, 9, 11, 13, 17, 21, 26]) / 16
"""How far a delta is off: below 1/9, where the loss is a parabola, and above it."""


def _labels(rng: np.random.Generator, positives: int, background: int, classes: int) -> Tensor:
    """Draw labels (R,) in random order: so many above 0, in turn of each class, and so many 0.

    There is a background before a positive where there are both, so that the first rows are not the positive ones.
    """
    own = np.resize(rng.permutation(np.arange(1, classes)), positives)
    while True:
        labels = rng.permutation(np.concatenate([own, np.zeros(background, dtype=int)]).astype(np.int64))
        if positives == 0 or background == 0 or labels[0] == 0:
            return torch.from_numpy(labels)


def _off(rng: np.random.Generator, count: int, sizes: Sequence[np.ndarray]) -> Tensor:
    """Draw by how much the deltas of `count` regions are off (count, 4), of each of `sizes` in turn, of both signs."""
    drawn = [[float(rng.choice(sizes[(region + place) % len(sizes)])) for place in range(4)] for region in range(count)]
    signs = rng.choice([-1.0, 1.0], (count, 4))
    return torch.tensor(np.array(drawn).reshape(count, 4) * signs, dtype=torch.float32)


def _batch(
    rng: np.random.Generator,
    positives: int,
    background: int,
    classes: int,
    *,
    step: float = 0.25,
    sizes: Sequence[np.ndarray] = (_SMALL, _LARGE),
) -> dict[str, Tensor]:
    """Draw the arguments. No region has its highest logit at its label, and other classes' deltas are far off."""
    count = positives + background
    labels = _labels(rng, positives, background, classes)
    logits = distinct(rng, (count, classes), step=step)
    for region, label in enumerate(labels.tolist()):
        best, other = int(logits[region].argmax()), (label + 1) % classes
        logits[region, [best, other]] = logits[region, [other, best]]
    targets = distinct(rng, (count, 4), step=1 / 16)
    deltas = distinct(rng, (count, classes, 4), step=1 / 16)
    deltas[torch.arange(count), labels] = targets + _off(rng, count, sizes)
    return {"logits": logits, "deltas": deltas.reshape(count, classes * 4), "labels": labels, "targets": targets}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `fast_rcnn_loss`, called by position as (logits, deltas, labels, targets)."""
    yield Case("three regions with an object and two without", {**_batch(rng, 3, 2, 3)})
    yield Case("every region has an object", {**_batch(rng, 4, 0, 3)})
    yield Case("most regions are background", {**_batch(rng, 1, 6, 3)})
    yield Case("nothing but background: no box to pay for", {**_batch(rng, 0, 4, 3)})
    yield Case("one class and the background", {**_batch(rng, 3, 2, 2)})
    yield Case("more classes than regions", {**_batch(rng, 1, 1, 3)})
    yield Case("as many regions as classes: three", {**_batch(rng, 2, 1, 3)})
    yield Case("a single region, with an object", {**_batch(rng, 1, 0, 2)})
    yield Case("a single region, without one", {**_batch(rng, 0, 1, 3)})
    yield Case("boxes that are nearly right", {**_batch(rng, 3, 2, 3, sizes=(_SMALL,))})
    yield Case("boxes that are far off", {**_batch(rng, 3, 2, 3, sizes=(_LARGE,))})
    yield Case("very large logits", {**_batch(rng, 3, 2, 3, step=100.0)})

    batch = _batch(rng, 3, 2, 3)
    for name in ("logits", "deltas", "targets"):
        batch[name] = batch[name].double() / 3
    yield Case("float64, with values that float32 cannot hold", {**batch})

    batch = _batch(rng, 3, 2, 3)
    batch = {
        "logits": transposed(batch["logits"]),
        "deltas": transposed(batch["deltas"]),
        "labels": sliced(batch["labels"]),
        "targets": sliced(batch["targets"]),
    }
    yield Case("inputs that are not contiguous", {**batch})

    yield Case("gradients flow back", {**_batch(rng, 4, 2, 3)}, gradient=True)
    yield Case("zero gradients for the boxes of background alone", {**_batch(rng, 0, 3, 3)}, gradient=True)


EXERCISE = Exercise(
    name="fast_rcnn_loss",
    chapter=CHAPTER,
    points=8,
    minutes=25,
    difficulty=3,
    reference="solutions.fast_rcnn:fast_rcnn_loss",
    cases=cases,
    outputs=("classification", "localization"),
    hints=(
        "Two regions, one of them background, three classes: write down 2 × 12 deltas as letters. Which four of them "
        "cost something? By what do you divide?",
        "Seen as (R, K, 4), the deltas of each class are a row, and `labels` says which row of each region is meant: a "
        "pair of indices, region and label, and no slice. Background drops out before that, with `labels > 0`.",
        "`own = deltas.reshape(R, -1, 4)[positive, labels[positive]]` with `positive = torch.where(labels > 0)[0]`. "
        'Then `F.smooth_l1_loss(…, beta=1 / 9, reduction="sum")` over R, and that is 0 where no region is positive.',
    ),
    forbidden=(r"^torchvision\.models\.detection", r"fastrcnnloss"),
    forbidden_sentence="This exercise is to write the loss of Fast R-CNN yourself, without torchvision's.",
    insight=(
        "Divided by all regions, an image with few objects pays little for their boxes, and most of its gradient is "
        "about classes. Divide by the positives, and a single one would pull as hard as thirty do: with one wrong box, "
        "hard into the wrong direction."
    ),
)
