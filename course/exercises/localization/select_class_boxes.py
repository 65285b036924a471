"""`select_class_boxes`: of one box a class, the box of each image's own class."""

from collections.abc import Iterator

import numpy as np
import torch

from course.exercises.draw import different, distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.localization import CHAPTER
from course.exercises.localization.shared import draw_labels


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `select_class_boxes`, called by position as (boxes, labels)."""
    labels = torch.tensor([4, *sorted(different(rng, 0, 3), reverse=True)])  # in no order that an index has by itself
    yield Case("three images, five classes", {"boxes": distinct(rng, (3, 5, 4)), "labels": labels})

    boxes = distinct(rng, (5, 3, 4), step=0.5)
    yield Case("more images than classes", {"boxes": boxes, "labels": draw_labels(rng, 5, 3)})

    boxes = distinct(rng, (4, 4, 4), step=0.25)
    yield Case("as many images as classes: four", {"boxes": boxes, "labels": draw_labels(rng, 4, 4)})

    boxes, label = distinct(rng, (3, 4, 4), step=0.25), int(rng.integers(1, 3))
    yield Case("all images of one class", {"boxes": boxes, "labels": torch.full((3,), label)})

    boxes = distinct(rng, (4, 6, 4), step=0.125)
    yield Case(
        "classes without an image: the last ones", {"boxes": boxes, "labels": torch.tensor(different(rng, 0, 3, 4))}
    )

    yield Case("a single image", {"boxes": distinct(rng, (1, 3, 4)), "labels": torch.tensor([int(rng.integers(1, 3))])})

    yield Case("a single class", {"boxes": distinct(rng, (3, 1, 4)), "labels": torch.zeros(3, dtype=torch.int64)})

    classes = int(rng.integers(2, 6))
    yield Case("an empty batch", {"boxes": torch.zeros(0, classes, 4), "labels": torch.zeros(0, dtype=torch.int64)})

    yield Case(
        "float64, with values that float32 cannot hold",
        {"boxes": thirds(rng, (3, 4, 4)), "labels": draw_labels(rng, 3, 4)},
    )

    boxes = transposed(distinct(rng, (3, 5, 4), step=0.25))
    yield Case(
        "inputs that are not contiguous",
        {"boxes": boxes, "labels": sliced(draw_labels(rng, 3, 5))},
    )

    boxes = distinct(rng, (4, 3, 4), step=0.25)
    yield Case("gradients flow back", {"boxes": boxes, "labels": draw_labels(rng, 4, 3)}, gradient=True)


EXERCISE = Exercise(
    name="select_class_boxes",
    chapter=CHAPTER,
    points=4,
    minutes=10,
    difficulty=1,
    reference="solutions.localization:select_class_boxes",
    cases=cases,
    outputs=("boxes",),
    hints=(
        "Two images, three classes, labels 2 and 0. Which two of the six boxes are wanted? Write down the two indices "
        "of each.",
        "Image 0 goes with the first label, image 1 with the second, and so on: the two indices walk *together*. What "
        "does `boxes[:, labels]` do instead, and of which shape is that?",
        "Indexing with two tensors of the same length takes them pair by pair. One of them is `labels`; the other "
        "counts the images, `torch.arange(len(labels))`.",
    ),
    insight=(
        "The boxes of the other classes got no gradient at all. They are free to say anything, and what they say "
        "about a picture of another class means nothing: read them only together with the class."
    ),
)
