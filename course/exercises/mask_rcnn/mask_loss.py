"""`mask_loss`: what the masks of many regions cost, each in the channel of its class alone."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course.exercises.draw import distinct, sliced, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.mask_rcnn import CHAPTER


def _batch(
    rng: np.random.Generator, labels: Sequence[int], classes: int, side: int, *, step: float = 1 / 16
) -> dict[str, Tensor]:
    """Draw the arguments.

    In no region the channel of its label is the one with the highest logit, nor the one with the highest mean; and
    whoever takes channels that lie further on gets another loss.
    """
    count, own = len(labels), torch.tensor(labels, dtype=torch.int64)
    while True:
        logits = distinct(rng, (count, classes, side, side), step=step)
        for region, label in enumerate(labels):
            means = logits[region].mean(dim=(1, 2))
            peaks = logits[region].amax(dim=(1, 2))
            if label in (int(means.argmax()), int(peaks.argmax())):
                logits[region, label] = -logits[region, label].abs()
                other = (label + 1) % classes
                logits[region, other] = logits[region, other].abs()
        targets = _targets(rng, count, side)
        costs = [_cost(logits, (own + further) % classes, targets) for further in range(classes)]
        if all(abs(cost - costs[0]) > 0.01 * costs[0] for cost in costs[1:]):
            return {"logits": logits, "labels": own, "targets": targets}


def _cost(logits: Tensor, channels: Tensor, targets: Tensor) -> float:
    chosen = logits[torch.arange(len(channels)), channels]
    return float((F.softplus(chosen) - chosen * targets).mean())


def _targets(rng: np.random.Generator, count: int, side: int) -> Tensor:
    """Draw shares (R, M, M) in eighths, never four: nobody has to say whether a half is inside.

    A region of several cells has an empty one, a full one and a share. Inside and outside never weigh the same.
    """
    while True:
        eighths = rng.choice([0, 1, 2, 3, 5, 6, 7, 8], (count, side * side))
        if side > 1:
            eighths[:, :3] = [0, 8, 3]
        if 2 * (eighths > 4).sum() != eighths.size and 2 * eighths.sum() != 8 * eighths.size:
            return torch.from_numpy(rng.permuted(eighths, axis=1) / 8).float().reshape(count, side, side)


def _flat(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the batch with targets of 0 and 1, as masks have them nearly everywhere."""
    return {**batch, "targets": (batch["targets"] > 0.5).float()}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `mask_loss`, called by position as (logits, labels, targets)."""

    def shuffled(*labels: int) -> list[int]:
        return [int(label) for label in rng.permutation(labels)]

    # The first row is not that of class 1, and one class comes twice.
    labels = [[3, 1, 3, 2], [2, 3, 1, 3], [3, 2, 3, 1]][int(rng.integers(3))]
    yield Case("four regions and four classes, one of them the background", {**_batch(rng, labels, 4, 3, step=1 / 32)})
    yield Case("a single class and the background", {**_batch(rng, [1, 1, 1], 2, 3)})
    yield Case("more classes than regions", {**_batch(rng, shuffled(5, 2), 6, 2)})
    yield Case("a single region", {**_batch(rng, [int(rng.integers(2, 4))], 4, 4)})
    yield Case("one class has most of the regions", {**_batch(rng, shuffled(2, 2, 2, 2, 1), 3, 3)})
    yield Case("as many regions as classes and as cells in a row: three", {**_batch(rng, shuffled(2, 1, 2), 3, 3)})
    yield Case("a mask of one cell", {**_batch(rng, shuffled(1, 2, 3), 4, 1)})
    yield Case("targets of 0 and 1 alone", {**_flat(_batch(rng, shuffled(1, 2, 2), 3, 4))})

    batch = _batch(rng, shuffled(1, 2), 3, 3)
    full = rng.permutation([0.0, 1.0])
    batch["targets"] = torch.from_numpy(full).float()[:, None, None].expand(2, 3, 3).contiguous()
    yield Case("a region without a cell of its object, and a full one", {**batch})

    batch = _batch(rng, shuffled(1, 2, 2), 3, 3)
    yield Case("logits of 0: no opinion", {**batch, "logits": torch.zeros(3, 3, 3, 3)})

    yield Case("very large logits", {**_batch(rng, shuffled(1, 2, 2), 3, 3, step=12.0)})

    batch = _batch(rng, shuffled(1, 2, 2), 3, 3)
    batch = {**batch, "logits": batch["logits"].double() / 3, "targets": batch["targets"].double() / 3 + 0.1}
    # The mean alone may come out right in float32 by accident; its gradients do not.
    yield Case("float64, with values that float32 cannot hold", {**batch}, gradient=True)

    batch = _batch(rng, shuffled(3, 1, 3), 4, 3)
    maps = batch["logits"].permute(0, 2, 3, 1).contiguous()  # channels last, as some networks give them
    batch = {
        "logits": maps.permute(0, 3, 1, 2),
        "labels": sliced(batch["labels"]),
        "targets": transposed(batch["targets"]),
    }
    yield Case("inputs that are not contiguous", {**batch})

    count, side = int(rng.integers(2, 6)), int(rng.integers(2, 6))
    yield Case("no region: an empty batch costs nothing", {**_nothing(count, side)})
    yield Case(
        "gradients flow back to the channels of the labels", {**_batch(rng, shuffled(3, 1, 2), 4, 3)}, gradient=True
    )
    yield Case("gradients of very large logits", {**_batch(rng, shuffled(2, 1), 3, 3, step=16.0)}, gradient=True)
    yield Case("zero gradients for an empty batch", {**_nothing(side, count)}, gradient=True)


def _nothing(classes: int, side: int) -> dict[str, Tensor]:
    return {
        "logits": torch.zeros(0, classes, side, side),
        "labels": torch.zeros(0, dtype=torch.int64),
        "targets": torch.zeros(0, side, side),
    }


EXERCISE = Exercise(
    name="mask_loss",
    chapter=CHAPTER,
    points=6,
    minutes=15,
    difficulty=2,
    reference="solutions.mask_rcnn:mask_loss",
    cases=cases,
    outputs=("loss",),
    constants=("targets",),
    hints=(
        "A region draws K masks, and one of them costs something. Two regions, three classes, masks of 2 × 2: how many "
        "of the 24 logits matter, and by what number do you divide?",
        "`labels` says for each region which channel is its own: a pair of indices, region and label, and not a "
        "slice. What is left has the shape of `targets`, and each cell is a yes-or-no question of its own. What is the "
        "mean of no numbers?",
        "`own = logits[torch.arange(R), labels]` is (R, M, M). For these `F.binary_cross_entropy_with_logits` takes "
        "the sigmoid and the logarithm together, so that nothing overflows. Without a region return `own.sum()`, which "
        "is 0 and still part of the graph.",
    ),
    forbidden=(r"^torchvision\.models\.detection", r"maskrcnnloss"),
    forbidden_sentence="This exercise is to write the loss of masks yourself, without torchvision's.",
    insight=(
        "The class is asked elsewhere, by the box head. So the mask branch need not know whether it is a cow or a "
        "sheep, only how one would be drawn if it were: the paper's table 2b says what that is worth, 5.5 points of AP "
        "against a softmax."
    ),
)
