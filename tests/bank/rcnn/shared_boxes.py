"""What the banks of the two exercises on offsets share: a box as centre and sides, and the limit of decoding."""

import math

import torch

LIMIT = math.log(1000 / 16)


def sides(boxes):
    """Return width and height (N, 2)."""
    return boxes[:, 2:] - boxes[:, :2]


def centres(boxes):
    """Return x and y of the centres (N, 2)."""
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def weighing(like, weights):
    """Return the weights (4,) in the dtype of `like`."""
    return torch.tensor(weights, dtype=like.dtype)
