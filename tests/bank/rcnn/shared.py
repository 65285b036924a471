"""What several banks of this chapter share: what two regions have in common, and overlaps."""

import torch


def common(first, second, name):
    """Return the intersection of two histograms."""
    return torch.minimum(first[name], second[name]).sum()


def around(first, second):
    """Return the smallest box (4,) around two regions."""
    a, b = first["box"], second["box"]
    return torch.cat([torch.minimum(a[:2], b[:2]), torch.maximum(a[2:], b[2:])])


def area(box):
    """Return the area of one box (4,)."""
    return (box[2] - box[0]) * (box[3] - box[1])


def overlaps(a, b):
    """Return the IoU (N, M)."""
    sides = (torch.minimum(a[:, None, 2:], b[:, 2:]) - torch.maximum(a[:, None, :2], b[:, :2])).clamp(min=0)
    both = sides.prod(dim=-1)
    areas = [(x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (a, b)]
    return both / (areas[0][:, None] + areas[1] - both)
