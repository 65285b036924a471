"""What the cases of several exercises of this chapter share."""

import numpy as np
import torch
from torch import Tensor


def draw_labels(rng: np.random.Generator, count: int, classes: int) -> Tensor:
    """Draw `count` labels 0 … K − 1: each class comes as often as any other, give or take one, and never in order.

    The first label is not 0, and the labels are not those that an index has by itself, 0, 1, 2 and so on.
    """
    while True:
        labels = rng.permutation(np.resize(rng.permutation(classes), count))
        if labels[0] and (count == 1 or (labels != np.sort(labels)).any()):
            return torch.from_numpy(labels)


def draw_visible(rng: np.random.Generator, seen: tuple[int, ...], joints: int) -> Tensor:
    """Draw which of `joints` keypoints of each object are visible (N, J): as many as `seen` says."""
    rows = [rng.permutation(np.arange(joints) < count) for count in seen]
    return torch.from_numpy(np.array(rows, dtype=bool).reshape(len(seen), joints))
