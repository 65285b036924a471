"""What the banks of the two exercises on predictors share: what a cell says in rows, an IoU of centres and sizes."""

import torch


def rows_of(output, target):
    """Return what the predictors say, (N, S, S, B, 5), each in a row."""
    classes = target.shape[-1] - 5
    count = (output.shape[-1] - classes) // 5
    return output[..., :-classes].reshape(*output.shape[:3], count, 5)


def beside(target):
    """Return what is true, (N, S, S, 1, 5 + K), beside all predictors of the cell."""
    return target[..., None, :]


def iou_of(centre, size, true_centre, true_size):
    """Return the IoU of boxes by their centres and sizes, each (…, 2)."""
    first = torch.maximum(centre - size / 2, true_centre - true_size / 2)
    last = torch.minimum(centre + size / 2, true_centre + true_size / 2)
    shared = (last - first).clamp(min=0).prod(dim=-1)
    return shared / (size.prod(dim=-1) + true_size.prod(dim=-1) - shared)


def corners_of(output, target):
    """Return the first and the last corners of the predicted boxes, then of the true ones, as shares of the image."""
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    centre, size, true_centre, true_size = (
        said[..., :2] / grid,
        said[..., 2:4] ** 2,
        true[..., :2] / grid,
        true[..., 2:4],
    )
    return centre - size / 2, centre + size / 2, true_centre - true_size / 2, true_centre + true_size / 2


def overlaps(output, target):
    """Return the right IoU (N, S, S, B) of each predictor with the object of its cell."""
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    return iou_of(said[..., :2] / grid, said[..., 2:4] ** 2, true[..., :2] / grid, true[..., 2:4])


def best_of(scores, target):
    """Return which predictor has the highest of `scores` (N, S, S, B), and 0 in cells without an object."""
    return scores.argmax(dim=-1) * (target[..., 4] == 1)
