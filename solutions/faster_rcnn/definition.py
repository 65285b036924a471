"""Sampling as the chapter asks for it: who is drawn is said by a priority, and nothing is left to chance.

`matching.sample_balanced` does the same, and without a priority draws as torchvision does. This one is for reading.
"""

import torch
from torch import Tensor

from solutions.require_anchors import require_sampling


def sample_balanced(labels: Tensor, batch_size: int, positive_fraction: float, priority: Tensor) -> Tensor:
    """Return which of `labels` (A,) are drawn, positives and negatives in a fixed share: (A,) bool.

    A label is 1 for a positive, 0 for a negative, −1 for what is never drawn. There are at most
    int(`batch_size` · `positive_fraction`) positives, and negatives until there are
    `batch_size` of both, or none is left. Of each kind those with the lowest `priority` (A,)
    are drawn. Ren et al. 2015, §3.1.3.

    Raises:
        TypeError: labels that are not int64, no int, no number, or no floating-point priority.
        ValueError: two shapes, a label below −1, a batch without room, a share outside 0 … 1, or NaN.

    >>> labels, priority = torch.tensor([1, 0, 1, -1, 0]), torch.tensor([0.9, 0.5, 0.2, 0.0, 0.1])
    >>> sample_balanced(labels, 2, 0.5, priority).tolist()
    [False, False, True, False, True]
    """
    require_sampling(labels, batch_size, positive_fraction, priority, None)
    drawn = torch.zeros_like(labels, dtype=torch.bool)
    room = int(batch_size * positive_fraction)
    for kind in (1, 0):
        (members,) = torch.where(labels == kind)
        chosen = members[priority[members].argsort()[:room]]
        drawn[chosen] = True
        room = batch_size - len(chosen)  # what the positives leave is for the negatives
    return drawn
