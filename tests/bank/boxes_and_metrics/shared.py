"""What several banks of this chapter share: overlaps, the order of scores, suppression."""

import torch


def overlaps(a, b):
    """Return the IoU (N, M)."""
    sides = (torch.minimum(a[:, None, 2:], b[:, 2:]) - torch.maximum(a[:, None, :2], b[:, :2])).clamp(min=0)
    both = sides.prod(dim=-1)
    areas = [(x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (a, b)]
    return both / (areas[0][:, None] + areas[1] - both)


def best_first(scores):
    """Return the indices by descending score, of equal ones the lower first."""
    return scores.argsort(descending=True, stable=True)


def suppress(iou, order, threshold):
    """Return which indices are kept, as a list, where `order` says who chooses first."""
    left, kept = order.tolist(), []
    while left:
        first, *rest = left
        kept.append(first)
        left = [index for index in rest if not iou[first, index] > threshold]
    return kept


def indices(kept):
    """Return a list of indices as int64."""
    return torch.tensor(kept, dtype=torch.int64)
