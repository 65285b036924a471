"""Which anchors learn what: a positive is on an object, a negative on none, and a few of each are drawn.

Nearly all of an image's anchors are on no object. So neither all of them count nor a blind choice does: half of the
sample may be positive (Ren et al., 2015, §3.1.2). `match_anchors` gives what torchvision's `Matcher` gives, and
`sample_balanced` draws what its `BalancedPositiveNegativeSampler` draws.
"""

import torch
from torch import Tensor

from solutions.require_anchors import require_overlaps, require_sampling


def match_anchors(iou: Tensor, high: float = 0.7, low: float = 0.3, allow_low_quality: bool = True) -> Tensor:
    """Return for each anchor the index of the box that it learns, −1 for background, −2 for neither: (A,).

    `iou` (G, A) holds the overlaps of G ≥ 1 boxes with A ≥ 1 anchors. With u an anchor's best
    one, it learns that box (of equal ones the lowest index) if u ≥ `high`; it is background
    if u < `low`; what is between is left out. With `allow_low_quality` no box goes without
    an anchor: each anchor that reaches a box's highest IoU, ties included, learns the box
    with which it has *its own* best IoU, however low that is. int64. Ren et al. 2015, §3.1.2;
    as torchvision's `Matcher`.

    Raises:
        TypeError: not a floating-point tensor, or thresholds that are no numbers.
        ValueError: another shape, no box, no anchor, NaN, or a `low` above `high`.

    >>> iou = torch.tensor([[0.75, 0.5, 0.1, 0.0], [0.0, 0.4, 0.2, 0.2]])
    >>> match_anchors(iou, allow_low_quality=False).tolist(), match_anchors(iou).tolist()
    ([0, -2, -1, -1], [0, 0, -1, -1])
    """
    require_overlaps(iou, high, low)
    best, own = iou.max(dim=0)  # (A,) each; of equal ones the first
    matches = torch.where(best >= high, own, torch.where(best < low, -1, -2))
    if allow_low_quality:
        highest = iou.amax(dim=1, keepdim=True)  # (G, 1)
        matches = torch.where((iou == highest).any(dim=0), own, matches)
    return matches


def sample_balanced(
    labels: Tensor,
    batch_size: int,
    positive_fraction: float,
    priority: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return which entries of `labels` (A,) are drawn, positives and negatives in a fixed share: (A,) bool.

    A label is 1 (or more) for a positive, 0 for a negative, −1 for what is never drawn. There
    are at most int(`batch_size` · `positive_fraction`) positives, and negatives until there
    are `batch_size` of both, or none is left. Of each kind those with the lowest
    `priority` (A,) are drawn. Without `priority` chance decides: the first entries of
    `torch.randperm` of the positives, then of that of the negatives, which are the draws
    of torchvision's `BalancedPositiveNegativeSampler`. Ren et al. 2015, §3.1.3.

    Raises:
        TypeError: labels that are not int64, no int, no number, or no floating-point priority.
        ValueError: two shapes, a label below −1, a batch without room, a share outside 0 … 1, or NaN.

    >>> labels, priority = torch.tensor([1, 0, 1, -1, 0]), torch.tensor([0.9, 0.5, 0.2, 0.0, 0.1])
    >>> sample_balanced(labels, 2, 0.5, priority).tolist()
    [False, False, True, False, True]
    """
    require_sampling(labels, batch_size, positive_fraction, priority, generator)
    drawn = torch.zeros_like(labels, dtype=torch.bool)
    room = int(batch_size * positive_fraction)
    for kind in (labels >= 1, labels == 0):
        (members,) = torch.where(kind)
        if priority is None:
            device = labels.device if generator is None else generator.device
            order = torch.randperm(len(members), generator=generator, device=device).to(labels.device)
        else:
            order = priority[members].argsort()
        chosen = members[order[:room]]
        drawn[chosen] = True
        room = batch_size - len(chosen)  # what the positives leave is for the negatives
    return drawn
