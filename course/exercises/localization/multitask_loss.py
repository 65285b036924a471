"""`multitask_loss`: what a class and a box cost, and both together."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.localization import CHAPTER
from course.exercises.localization.shared import draw_labels


def _batch(rng: np.random.Generator, count: int, classes: int, step: float = 0.25) -> dict[str, Tensor]:
    """Draw the first four arguments. The first image has its highest score at its label; no other image has."""
    labels = draw_labels(rng, count, classes)
    scores = distinct(rng, (count, classes), step=step)
    for image, label in enumerate(labels.tolist()):
        wanted = label if image == 0 else (label + 1 + int(rng.integers(classes - 1))) % classes
        best = int(scores[image].argmax())
        scores[image, [wanted, best]] = scores[image, [best, wanted]]
    boxes, targets = distinct(rng, (count, classes, 4), step=0.125), distinct(rng, (count, 4), step=0.25)
    return {"scores": scores, "boxes": boxes, "labels": labels, "target_boxes": targets}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `multitask_loss`, called by position as (scores, boxes, labels, target_boxes, box_weight)."""
    yield Case("three images, five classes", {**_batch(rng, 3, 5)})

    weight = float(rng.choice([0.125, 0.25, 0.375]))
    yield Case("the box weighs less", {**_batch(rng, 3, 5), "box_weight": weight})

    weight = float(rng.choice([2.5, 3.5, 5.0]))
    yield Case("the box weighs more; more images than classes", {**_batch(rng, 5, 3), "box_weight": weight})

    yield Case("a weight of 0: the box is measured all the same", {**_batch(rng, 2, 4), "box_weight": 0.0})

    yield Case("as many images as classes: four", {**_batch(rng, 4, 4), "box_weight": 0.5})

    yield Case("a single image", {**_batch(rng, 1, 3)})

    batch = {
        "scores": distinct(rng, (3, 1)),
        "boxes": distinct(rng, (3, 1, 4), step=0.5),
        "labels": torch.zeros(3, dtype=torch.int64),
        "target_boxes": distinct(rng, (3, 4), step=0.25),
    }
    yield Case("a single class, whose scores cost nothing", batch)

    yield Case("very large scores", {**_batch(rng, 3, 4, step=250.0)})

    batch = _batch(rng, 3, 4)
    batch["boxes"], batch["target_boxes"] = 16 * batch["boxes"] + 100, 8 * batch["target_boxes"] + 100
    yield Case("boxes in pixels", {**batch, "box_weight": 0.0625})

    classes = int(rng.integers(2, 6))
    batch = {
        "scores": torch.zeros(0, classes),
        "boxes": torch.zeros(0, classes, 4),
        "labels": torch.zeros(0, dtype=torch.int64),
        "target_boxes": torch.zeros(0, 4),
    }
    yield Case("an empty batch: zeros that carry a gradient", batch, gradient=True)

    batch = {
        "scores": thirds(rng, (3, 4)) / 4,
        "boxes": thirds(rng, (3, 4, 4)) / 8,
        "labels": draw_labels(rng, 3, 4),
        "target_boxes": thirds(rng, (3, 4)) / 4,
    }
    yield Case("float64, with values that float32 cannot hold", batch)

    batch = _batch(rng, 3, 5)
    batch = {
        "scores": transposed(batch["scores"]),
        "boxes": transposed(batch["boxes"]),
        "labels": sliced(batch["labels"]),
        "target_boxes": sliced(batch["target_boxes"]),
    }
    yield Case("inputs that are not contiguous", {**batch, "box_weight": 0.5})

    yield Case("gradients flow back", {**_batch(rng, 3, 4), "box_weight": 0.75}, gradient=True)


EXERCISE = Exercise(
    name="multitask_loss",
    chapter=CHAPTER,
    points=8,
    minutes=20,
    difficulty=3,
    reference="solutions.localization:multitask_loss",
    cases=cases,
    outputs=("classification", "localization", "total"),
    hints=(
        "One image: scores (0, 0), true class 1, its box (0, 0, 0, 0), the target (0, 0, 3, 4), weight ½. Work out "
        "the three numbers by hand. How would they change if the same image came twice?",
        "The box is taken as in the last exercise, by the true label. Square the differences: over which dimension "
        "do you sum, and over which do you average? `F.mse_loss` averages over both.",
        'With `reduction="sum"`, `F.cross_entropy` gives a sum over the images; divide it, and the sum of all squared '
        "differences, by the number of images. Divide by 1 where there are none: then 0 stays 0 and part of the graph.",
    ),
    insight=(
        "The two parts have no common unit, nats and squared pixels or shares of a side. Measure the boxes in pixels "
        "instead of shares of an image 64 pixels wide, and the same mistake costs 4,096 times as much: the weight has "
        "to know."
    ),
)
