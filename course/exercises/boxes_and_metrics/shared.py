"""What several exercises of this chapter share: groups of boxes, laid out and shuffled, and what is off the table.

A group is written down in whole numbers around (0, 0), so that its overlaps can be seen: `row(0, 5, 10)` are three
boxes 20 wide, each 5 further to the right. Laying it out turns, enlarges and moves it, which changes no overlap.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

NO_SUPPRESSION = (r"nms", r"nonmax", r"^torchvision\.models\.detection", r"^pycocotools", r"^torchmetrics")
NO_SUPPRESSION_SENTENCE = "This exercise is to build the suppression yourself, without a library's own."

NO_METRICS = (r"^torchmetrics", r"^sklearn", r"^pycocotools")

Box = tuple[float, float, float, float]
Scores = Literal["any", "sure", "negative"]


def row(*offsets: float, height: float = 12) -> list[Box]:
    """Return boxes 20 wide, moved to the right by `offsets`.

    Of two that are d apart the IoU is (20 − d) / (20 + d): 0.82 at 2, 0.67 at 4, 0.6 at 5, 0.54 at 6, 0.43 at 8, 0.33
    at 10, 0.18 at 14, 0 from 20 on.
    """
    return [(offset, 0.0, 20.0 + offset, height) for offset in offsets]


def laid_out(
    rng: np.random.Generator,
    groups: Sequence[Sequence[Box]],
    low: int = 0,
    high: int = 40,
    scales: Sequence[float] = (1.0, 1.5, 2.0),
) -> Tensor:
    """Return the boxes (N, 4) of all groups, each turned and enlarged at random, far away from the others.

    The first group's corner lies between `low` and `high`, the others' are 200 further on, in x and in y.
    """
    placed = []
    for number, group in enumerate(groups):
        boxes = torch.tensor(group, dtype=torch.float32).reshape(-1, 4) * float(rng.choice(scales))
        if rng.integers(2):
            boxes = boxes[:, [1, 0, 3, 2]]  # x and y change places
        if rng.integers(2):
            boxes = -boxes[:, [2, 3, 0, 1]]  # turned by 180°
        corner = boxes[:, :2].amin(dim=0)
        place = torch.from_numpy(rng.integers(2 * low, 2 * high, 2)).float() / 2 + 200 * number
        placed.append(boxes + (place - corner).repeat(2))
    return torch.cat(placed)


def distinct_scores(rng: np.random.Generator, count: int, kind: Scores = "any") -> Tensor:
    """Draw `count` scores (N,), distinct multiples of 1/64 and the highest first.

    They lie between 0 and 1, the "sure" ones above ½, and the "negative" ones below −1.
    """
    drawn = np.sort(rng.choice(np.arange(33 if kind == "sure" else 1, 64), count, replace=False))[::-1] / 64
    return torch.tensor(2 * drawn - 3 if kind == "negative" else drawn, dtype=torch.float32)


def shuffled(rng: np.random.Generator, kept: Sequence[int], count: int) -> Tensor:
    """Draw an order (N,) of `count` boxes that are listed best first, and of which those at `kept` will be kept.

    Entry i says which box of the list comes at index i. The best never comes first, the boxes come neither best first
    nor worst first, and the indices of those that are kept do not rise; from three on they do not fall either. So an
    answer that forgets to sort, or sorts the wrong way, is seen.
    """
    while True:
        order = torch.from_numpy(rng.permutation(count))
        places = order.argsort()[list(kept)]
        rises, falls = bool((places.diff() > 0).all()), bool((places.diff() < 0).all())
        if count == 1 or (order[0] != 0 and len(kept) < 2):
            return order
        if order[0] == 0 or rises or (falls and len(kept) > 2):
            continue
        if count > 2 and bool((order.diff() < 0).all()):
            continue
        return order


def spread(x: Tensor) -> Tensor:
    """Return `x` (N,) with the same values, every other one of a tensor twice as long: no two lie side by side."""
    return torch.stack([x, x.flip(0)], dim=-1)[:, 0]
