"""`pixel_cross_entropy`: one loss for all pixels that count."""

from collections.abc import Iterator

import numpy as np
import torch

from course.exercises.draw import different, distinct, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.fcn import CHAPTER
from course.exercises.fcn.shared import IGNORE, draw_labels, with_ignored


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `pixel_cross_entropy`, called by position as (logits, target, ignore_index)."""
    logits = distinct(rng, (1, 3, 2, 4), step=0.125)
    yield Case("one small image, every pixel counts", {"logits": logits, "target": draw_labels(rng, (1, 2, 4), 3)})

    height, width = different(rng, 3, 5)
    logits = distinct(rng, (2, 6, height, width), step=1 / 32)
    target = draw_labels(rng, (2, height, width), 6)
    yield Case("several images, height ≠ width", {"logits": logits, "target": target})

    height, width = different(rng, 3, 5)
    logits = distinct(rng, (3, 4, height, width), step=1 / 32)
    target = with_ignored(rng, draw_labels(rng, (3, height, width), 4), IGNORE, 2)
    yield Case("some pixels are ignored, in each image another number", {"logits": logits, "target": target})

    height, width = different(rng, 2, 4)
    logits = distinct(rng, (2, 3, height, width), step=1 / 16)
    target = draw_labels(rng, (2, height, width), 3)
    target[int(rng.integers(2))] = IGNORE
    yield Case("of two images one is ignored altogether", {"logits": logits, "target": target})

    height, width = different(rng, 2, 4)
    logits = distinct(rng, (2, 3, height, width), step=1 / 16)
    target = with_ignored(rng, draw_labels(rng, (2, height, width), 3), -1, 1)
    yield Case("another label is ignored: −1", {"logits": logits, "target": target, "ignore_index": -1})

    height, width = different(rng, 2, 4)
    logits = distinct(rng, (1, 4, height, width), step=1 / 16)
    target = draw_labels(rng, (1, height, width), 4)
    target[0, 0, 0], target[0, -1, -1] = 1, 2
    ignored = int(rng.integers(1, 3))
    yield Case("the label that is ignored is a class", {"logits": logits, "target": target, "ignore_index": ignored})

    height, width = different(rng, 2, 4)
    logits = distinct(rng, (2, 3, height, width), step=0.125)
    target = torch.full((2, height, width), IGNORE)
    yield Case(
        "no pixel counts: the loss is zero, and so is its gradient", {"logits": logits, "target": target}, {}, True
    )

    height, width = different(rng, 2, 3)
    logits = distinct(rng, (2, 4, height, width), step=250.0)
    target = with_ignored(rng, draw_labels(rng, (2, height, width), 4), IGNORE, 1)
    yield Case("very large logits, with their gradient", {"logits": logits, "target": target}, gradient=True)

    height, width = different(rng, 2, 4)
    logits = distinct(rng, (1, 1, height, width))
    target = with_ignored(rng, torch.zeros(1, height, width, dtype=torch.int64), IGNORE, 1)
    yield Case("a single class, which costs nothing", {"logits": logits, "target": target})

    logits = distinct(rng, (3, 4, 1, 1), step=0.125)
    yield Case("images of one pixel", {"logits": logits, "target": torch.tensor([2, IGNORE, 0]).view(3, 1, 1)})

    height, width = different(rng, 2, 4)
    logits, target = torch.zeros(0, 3, height, width), torch.zeros(0, height, width, dtype=torch.int64)
    yield Case("an empty batch", {"logits": logits, "target": target})

    height, width = different(rng, 2, 3)
    target = with_ignored(rng, draw_labels(rng, (2, height, width), 3), IGNORE, 1)
    logits = thirds(rng, (2, 3, height, width)) / 4
    yield Case("float64, with values that float32 cannot hold", {"logits": logits, "target": target})

    height, width = different(rng, 3, 5)
    logits = distinct(rng, (2, height, width, 4), step=1 / 32).permute(0, 3, 1, 2)
    target = transposed(with_ignored(rng, draw_labels(rng, (2, height, width), 4), IGNORE, 2))
    yield Case("inputs that are not contiguous", {"logits": logits, "target": target})

    height, width = different(rng, 2, 3)
    logits = distinct(rng, (2, 4, height, width), step=1 / 16)
    target = with_ignored(rng, draw_labels(rng, (2, height, width), 4), IGNORE, 1)
    yield Case("gradients flow back, to the pixels that count", {"logits": logits, "target": target}, gradient=True)


_LOSSES = (
    r"(^|\.|linear)crossentropy",  # cross_entropy, CrossEntropyLoss, aten.cross_entropy_loss; not binary_cross_entropy
    r"(^|\.)nllloss",  # nll_loss, NLLLoss, aten.nll_loss2d_forward
    r"^(tensorflow|keras|jax)\..*(categorical|softmax)crossentropy",
)


EXERCISE = Exercise(
    name="pixel_cross_entropy",
    chapter=CHAPTER,
    points=8,
    minutes=20,
    difficulty=3,
    reference="solutions.fcn.pixels:pixel_cross_entropy",
    cases=cases,
    outputs=("loss",),
    hints=(
        "Take one pixel with scores (2, 0) and the right class 0. What is its loss? Now think of 4096 of them, of "
        "which 100 do not count: which numbers are added up, and by how many do you divide?",
        "Take the logarithm of the softmax over the classes, which are dimension 1, and pick at each pixel the "
        "one of its right class. A pixel that is ignored needs some valid class to pick, too; its loss is thrown "
        "away afterwards. And what happens to your division when nothing counts?",
        "`log_softmax(dim=1)` keeps large logits from overflowing. `gather(1, labels[:, None])` picks along the "
        "classes, where `labels` is the target with a 0 wherever it is ignored. Set the ignored losses to 0, sum, "
        "and divide by the number that counts, or by 1 where that is 0.",
    ),
    forbidden=_LOSSES,
    forbidden_sentence="This exercise is to build the loss yourself, without a library's cross-entropy.",
    insight=(
        "A network that gives each of K classes the same score has the loss log K: 2.08 for the Farm's eight. An "
        "untrained network should start near it; one that starts far above is confident, and wrong, before it has "
        "learnt anything."
    ),
)
