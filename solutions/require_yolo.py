"""What the functions of `solutions.yolo` ask of their arguments, each as one sentence.

As in `solutions.require`: the functions here only raise, and the notebooks leave their calls out.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from solutions.require import require_int
from solutions.require_boxes import require_filled
from solutions.require_tensors import require_number, require_size, require_tensor


def require_objects(boxes: Tensor, labels: Tensor, grid: int, num_classes: int, image_size: Sequence[int]) -> None:
    """Raise unless `boxes` (n, 4) with `labels` (n,) from 1 are objects whose centres lie in an image of (H, W).

    Raises:
        TypeError: boxes that are not floating point, labels that are not int64, or numbers that are not ints.
        ValueError: shapes that do not fit, a box without area, a centre outside, or a label that is no class.
    """
    require_int("grid", grid, least=1)
    require_int("num_classes", num_classes, least=1)
    require_size("image_size", image_size)
    require_filled("boxes", boxes)
    require_tensor("labels", labels, (len(boxes),), dtype=torch.int64)
    if len(labels) and (int(labels.min()) < 1 or int(labels.max()) > num_classes):
        raise ValueError(
            f"labels must lie between 1 and {num_classes}, got {int(labels.min())} to {int(labels.max())}: "
            f"0 is the background, which is no object"
        )
    height, width = image_size
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((centres >= 0) & (centres <= centres.new_tensor([width, height]))).all(dim=1)
    if not bool(inside.all()):
        wrong = int((~inside).nonzero()[0])
        raise ValueError(
            f"boxes must have their centres in the image of {height} × {width} pixels (H × W), "
            f"got (x, y) = {tuple(centres[wrong].tolist())} in row {wrong}"
        )


def require_output(output: Tensor, image_size: Sequence[int], num_classes: int, score_threshold: float) -> None:
    """Raise unless `output` (S, S, B·5 + K) says something of an image of (H, W) in B ≥ 1 boxes and K classes a cell.

    Raises:
        TypeError: not a floating-point tensor, or numbers that are none.
        ValueError: a grid that is not square, channels that do not fit, or an image without pixels.
    """
    require_int("num_classes", num_classes, least=1)
    require_size("image_size", image_size)
    require_number("score_threshold", score_threshold)
    require_tensor("output", output, ("S", "S", "B·5 + K"))
    _require_square("output", output)
    _require_channels(output, num_classes)


def require_cells_of_targets(output: Tensor, target: Tensor) -> None:
    """Raise unless `output` (N, S, S, B·5 + K) is what a network says where `target` (N, S, S, 5 + K) is true.

    Raises:
        TypeError: not floating-point tensors of one dtype.
        ValueError: shapes that do not fit, an objectness that is neither 0 nor 1, or an object without size.
    """
    require_tensor("output", output, ("N", "S", "S", "B·5 + K"))
    require_tensor("target", target, (*output.shape[:3], "5 + K"), like=output)
    _require_square("output", output)
    if target.shape[-1] < 6:
        raise ValueError(
            f"target must have five numbers and at least one class a cell, 5 + K, got {tuple(target.shape)}"
        )
    _require_channels(output, target.shape[-1] - 5)
    objectness = target[..., 4]
    if not bool(((objectness == 0) | (objectness == 1)).all()):
        raise ValueError("target must have an objectness of 0 or 1 at [..., 4]: there is no object in a cell, or one")
    if not bool((target[objectness == 1][:, 2:4] > 0).all()):
        raise ValueError("target must have w and h above 0 at [..., 2:4] of each cell with an object")


def require_images_in_batch(output: Tensor) -> None:
    """Raise unless `output` (N, S, S, B·5 + K) is of at least one image.

    Raises:
        ValueError: it is of none.
    """
    if not len(output):
        raise ValueError(f"output must be of at least one image, got {tuple(output.shape)}")


def _require_square(name: str, cells: Tensor) -> None:
    rows, columns = cells.shape[-3:-1]
    if rows != columns or not rows:
        raise ValueError(f"{name} must have as many rows of cells as columns, at least one, got {tuple(cells.shape)}")


def _require_channels(output: Tensor, num_classes: int) -> None:
    boxes = output.shape[-1] - num_classes
    if boxes < 5 or boxes % 5:
        raise ValueError(
            f"output must have B·5 + {num_classes} numbers a cell, five a predictor and one a class, "
            f"got {output.shape[-1]}"
        )
