"""What the banks of the two exercises on offsets share: a box as centre and sides, and weights as a row."""

import torch


def sides(boxes):
    """Return width and height (N, 2)."""
    return boxes[:, 2:] - boxes[:, :2]


def centres(boxes):
    """Return x and y of the centres (N, 2)."""
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def weighing(like, weights):
    """Return the weights (4,) in the dtype of `like`."""
    return torch.tensor(weights, dtype=like.dtype)
