"""`confusion_matrix`: count which class was taken for which."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.fcn import CHAPTER
from course.exercises.fcn.shared import IGNORE, METRICS, draw_labels, with_ignored


def _maps(rng: np.random.Generator, shape: Sequence[int], classes: int) -> tuple[Tensor, Tensor]:
    """Draw a prediction and a target of `shape`: about half of the pixels are right, and errors have a direction.

    Of any two classes one is taken for the other, and never the other way round; which one, chance decides.
    """
    while True:
        target = draw_labels(rng, shape, classes)
        wrong = torch.from_numpy(rng.random(tuple(shape)) < 0.5)
        # A pixel that is wrong was given a lower class, and then the classes change their names.
        pred = torch.where(wrong, (target * torch.from_numpy(rng.random(tuple(shape)))).long(), target)
        right = (pred == target).double().mean()
        if classes == 1 or 0.2 < right < 0.9:
            names = torch.from_numpy(rng.permutation(classes))
            return names[pred], names[target]


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `confusion_matrix`, called by position as (pred, target, num_classes, ignore_index)."""
    pred, target = _maps(rng, (3, 4), 3)
    pred[-1, -1] = target[-1, -1] = 2  # the last class is there, and right at least once
    yield Case("two small label maps", {"pred": pred, "target": target, "num_classes": 3})

    height, width = different(rng, 4, 6)
    pred, target = _maps(rng, (3, height, width), 5)
    yield Case("a batch of label maps", {"pred": pred, "target": target, "num_classes": 5})

    height, width = different(rng, 4, 6)
    pred, target = _maps(rng, (2, height, width), 4)
    target = with_ignored(rng, target, IGNORE, 3)
    yield Case("some pixels of the target are ignored", {"pred": pred, "target": target, "num_classes": 4})

    height, width = different(rng, 3, 5)
    pred, target = _maps(rng, (2, height, width), 3)
    target = with_ignored(rng, target, -1, 2)
    yield Case("another label is ignored: −1", {"pred": pred, "target": target, "num_classes": 3, "ignore_index": -1})

    height, width = different(rng, 4, 5)
    pred, target = _maps(rng, (2, height, width), 4)
    ignored = int(rng.integers(1, 3))
    pred[0, 0, 0], target[0, 0, 0] = ignored, 3  # the network may well call a pixel so
    pred[1, 0, 0], target[1, 0, 0] = 0, ignored
    yield Case(
        "the label that is ignored is a class",
        {"pred": pred, "target": target, "num_classes": 4, "ignore_index": ignored},
    )

    height, width = different(rng, 4, 6)
    pred, target = _maps(rng, (2, height, width), 3)
    yield Case("some classes are nowhere: the last two", {"pred": pred, "target": target, "num_classes": 5})

    height, width = different(rng, 3, 5)
    pred, target = _maps(rng, (height, width), 3)
    yield Case("a class that is nowhere: the first", {"pred": pred + 1, "target": target + 1, "num_classes": 4})

    height, width = different(rng, 2, 4)
    pred, target = _maps(rng, (height, width), 3)
    yield Case("no pixel counts", {"pred": pred, "target": torch.full_like(target, IGNORE), "num_classes": 3})

    height, width = different(rng, 2, 4)
    _, target = _maps(rng, (1, height, width), 1)
    yield Case(
        "a single class",
        {"pred": torch.zeros_like(target), "target": with_ignored(rng, target, IGNORE, 1), "num_classes": 1},
    )

    height, width = different(rng, 2, 4)
    nothing = torch.zeros(0, height, width, dtype=torch.int64)
    yield Case("an empty batch", {"pred": nothing, "target": nothing.clone(), "num_classes": int(rng.integers(2, 5))})

    # Labels of two digits in base K: no byte holds them.
    height, width = different(rng, 4, 6)
    classes = int(rng.integers(17, 20))
    pred, target = _maps(rng, (3, height, width), classes)
    yield Case("many classes", {"pred": pred, "target": target, "num_classes": classes})

    pred, target = _maps(rng, (3, 10, 12), 3)
    frequent = int(rng.integers(3))
    for labels in (pred.view(-1), target.view(-1)):
        labels[: int(rng.integers(280, 300))] = frequent
    yield Case("many pixels, most of one class", {"pred": pred, "target": target, "num_classes": 3})

    pred, target = _maps(rng, (int(rng.integers(9, 13)),), 3)
    yield Case("a list of pixels instead of a map", {"pred": pred, "target": target, "num_classes": 3})

    height, width = different(rng, 4, 6)
    pred, target = _maps(rng, (2, height, width), 4)
    target = with_ignored(rng, target, IGNORE, 2)
    yield Case(
        "inputs that are not contiguous",
        {"pred": sliced(pred), "target": transposed(target), "num_classes": 4, "ignore_index": IGNORE},
    )


EXERCISE = Exercise(
    name="confusion_matrix",
    chapter=CHAPTER,
    points=6,
    minutes=15,
    difficulty=2,
    reference="solutions.fcn.pixels:confusion_matrix",
    cases=cases,
    outputs=("matrix",),
    hints=(
        "Write down the matrix of three pixels that are 0, 0, 1 and were called 0, 1, 1. In which row does the "
        "wrong one stand?",
        "Throw away the pixels whose target is ignored, first of all. A loop over those that are left is a right "
        "answer. For a quick one, give each pair (target, pred) one number of its own.",
        "`target * num_classes + pred` is such a number, between 0 and K² − 1. `torch.bincount` counts numbers; "
        "tell it with `minlength` how many cells there are, then reshape them to (K, K).",
    ),
    forbidden=METRICS,
    forbidden_sentence="This exercise is to count yourself, without torchmetrics or scikit-learn.",
    insight=(
        "The matrices of two batches simply add up. So a data set of any size is measured batch by batch, to the "
        "last pixel, and all that has to be remembered are K² numbers."
    ),
)
