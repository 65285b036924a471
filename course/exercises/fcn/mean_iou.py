"""`mean_iou`: intersection over union of each class, and their mean, from the confusion matrix."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, distinct, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.fcn import CHAPTER
from course.exercises.fcn.shared import METRICS


def _counts(rng: np.random.Generator, classes: int) -> Tensor:
    """Draw a confusion matrix (K, K) of distinct counts, larger on the diagonal."""
    counts = distinct(rng, (classes, classes), sign="positive", step=1.0).long()
    return counts + torch.diag(torch.from_numpy(rng.integers(10, 60, classes)))


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `mean_iou`, called as (confusion)."""
    # One class is nearly always right and two seldom: none of them, nor any two, have the mean of all three.
    hits = torch.from_numpy(rng.permutation([200, 7, 1]))
    yield Case(
        "three classes", {"confusion": distinct(rng, (3, 3), sign="positive").long().fill_diagonal_(0) + hits.diag()}
    )
    yield Case("five classes", {"confusion": _counts(rng, 5)})

    confusion = _counts(rng, 4)
    confusion[0] = torch.tensor([int(rng.integers(4000, 6000)), 3, 5, 1])
    yield Case("most pixels are of one class", {"confusion": confusion})

    confusion = _counts(rng, 4)
    absent = int(rng.integers(4))
    confusion[absent], confusion[:, absent] = 0, 0
    yield Case("a class that is nowhere is left out", {"confusion": confusion})

    confusion = _counts(rng, 6)
    for absent in different(rng, 0, 5, 3):
        confusion[absent], confusion[:, absent] = 0, 0
    yield Case("several classes are nowhere", {"confusion": confusion})

    confusion = _counts(rng, 4)
    confusion[int(rng.integers(4))] = 0
    yield Case("a class that is predicted but never there", {"confusion": confusion})

    confusion = _counts(rng, 4)
    confusion[:, int(rng.integers(4))] = 0
    yield Case("a class that is there but never predicted", {"confusion": confusion})

    confusion = _counts(rng, 4)
    single = int(rng.integers(4))
    confusion[single], confusion[:, single] = 0, 0
    confusion[single, single] = 1
    yield Case("a class of a single pixel, which is right", {"confusion": confusion})

    confusion = _counts(rng, 3)
    yield Case("every pixel is right", {"confusion": torch.diag(confusion.diag())})

    confusion = _counts(rng, 3)
    yield Case("every pixel is wrong", {"confusion": confusion - torch.diag(confusion.diag())})

    classes = int(rng.integers(2, 7))
    yield Case("no class is there: NaN", {"confusion": torch.zeros(classes, classes, dtype=torch.int64)})

    yield Case("a single class", {"confusion": torch.tensor([[int(rng.integers(1, 100))]])})
    yield Case("more pixels than 32 bits can count", {"confusion": _counts(rng, 3) * 2**33})
    yield Case("a matrix that is not contiguous", {"confusion": transposed(_counts(rng, 4))})


EXERCISE = Exercise(
    name="mean_iou",
    chapter=CHAPTER,
    points=5,
    minutes=15,
    difficulty=2,
    reference="solutions.fcn.pixels:mean_iou",
    cases=cases,
    outputs=("mean IoU",),
    hints=(
        "Colour the cells of a 3 × 3 matrix that belong to class 1: those where it is the target, those where it "
        "is the prediction. Which cell has both colours?",
        "The intersection is on the diagonal. The union is the row and the column together, but the cell that "
        "lies in both must count once. Then ask which classes have a union at all.",
        "`confusion.diag()` and two sums, over dimension 0 and dimension 1. Keep only the classes whose union is "
        "above zero, divide, and average. The mean of nothing is NaN by itself.",
    ),
    forbidden=METRICS,
    forbidden_sentence="This exercise is to compute the metric yourself, without torchmetrics or scikit-learn.",
    insight=(
        "Of eight classes, one that is never found takes at least an eighth of the mark with it, however few pixels "
        "it has. In pixel accuracy a class of one pixel in a thousand weighs a thousandth."
    ),
)
