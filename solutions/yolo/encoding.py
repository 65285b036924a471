"""A grid of cells for an image: objects as numbers in the cells of their centres, and back (Redmon et al., 2016, §2).

The image is cut into S × S cells, whatever its shape. The cell in which an object's centre lies has to find it: there
stand where in the cell the centre is, and how large the object is beside the whole image. A network says the same B
times a cell, with a confidence each, and once for each class.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.require_yolo import require_objects, require_output


def encode_targets(
    boxes: Tensor,
    labels: Tensor,
    grid: int,
    num_classes: int,
    image_size: tuple[int, int],
) -> Tensor:
    """Return what S × S cells should say of an image's objects: (S, S, 5 + K), `[row, column]`.

    `boxes` (n, 4) are x1, y1, x2, y2 in pixels of an image of `image_size` (H, W), with area
    and with their centres in the image; `labels` (n,) int64 are 1 to K = `num_classes`; S is
    `grid`. The cell of an object's centre holds

    - x, y: where in the cell the centre lies, 0 at its left and top edge, 1 at the other;
    - w, h: the object's width and height as shares of the image's;
    - 1, the objectness, and then K numbers of which that of the label is 1.

    A cell has room for one object: the first in the list keeps it. A centre on an edge between
    two cells belongs to the right or lower one; on the image's own far edge there is none, and
    it stays in the last cell with an offset of 1. Empty cells are zero. In the dtype of `boxes`.
    Redmon et al. 2016, section 2.

    Raises:
        TypeError: boxes that are not floating point, labels that are not int64, or numbers that are not ints.
        ValueError: shapes that do not fit, a box without area, a centre outside, or a label that is no class.

    >>> boxes, labels = torch.tensor([[2.0, 0.0, 6.0, 2.0]]), torch.tensor([2])
    >>> target = encode_targets(boxes, labels, grid=2, num_classes=3, image_size=(4, 8))
    >>> target[0, 1].tolist(), target.count_nonzero().item()
    ([0.0, 0.5, 0.5, 0.5, 1.0, 0.0, 1.0, 0.0], 5)
    """
    require_objects(boxes, labels, grid, num_classes, image_size)
    height, width = image_size
    size = boxes.new_tensor([width, height])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2  # (n, 2), as x, y
    places = centres * grid / size  # counted in cells; edges between them stay exact, multiplied first
    cells = places.floor().clamp(max=grid - 1)
    sides = (boxes[:, 2:] - boxes[:, :2]) / size
    classes = F.one_hot(labels - 1, num_classes)  # (n, K)
    said = torch.cat([places - cells, sides, torch.ones_like(sides[:, :1]), classes.to(sides)], dim=1)
    column, row = cells.long().unbind(dim=1)
    number = row * grid + column
    late = (number[:, None] == number).tril(diagonal=-1).any(dim=1)  # an earlier object has that cell
    target = boxes.new_zeros(grid, grid, 5 + num_classes)
    target[row[~late], column[~late]] = said[~late]
    return target


def decode_predictions(
    output: Tensor, image_size: tuple[int, int], num_classes: int, score_threshold: float = 0.0
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the boxes, scores and labels of what a network says of one image.

    `output` (S, S, B·5 + K) holds for each cell, `[row, column]`, B times x, y, √w, √h and a
    confidence, and then the scores of K = `num_classes` classes, which the cell's B boxes
    share. x and y are offsets in the cell as `encode_targets` has them, w and h shares of the
    image: squares of what stands there, so that a negative number is a size, too. The label
    of a box is 1 + the class with the highest score, of equal ones the lowest; its score is
    its confidence times that class's score. Kept is what scores *more* than
    `score_threshold`, in the order of rows, columns and predictors:

    - boxes (n, 4) in pixels of an image of `image_size` (H, W), not cut off at its edges;
    - scores (n,) in the dtype of `output`, as the boxes are; labels (n,) int64 from 1.

    Redmon et al. 2016, equation 1.

    Raises:
        TypeError: not a floating-point tensor, or numbers that are none.
        ValueError: a grid that is not square, channels that do not fit, or an image without pixels.

    >>> output = torch.tensor([0.5, 0.5, 0.5, 1.0, 0.75, 0.25, 1.0]).view(1, 1, 7)
    >>> decode_predictions(output, (10, 16), num_classes=2)
    (tensor([[ 6.,  0., 10., 10.]]), tensor([0.7500]), tensor([2]))
    """
    require_output(output, image_size, num_classes, score_threshold)
    grid, (height, width) = len(output), image_size
    predictors = (output.shape[-1] - num_classes) // 5
    size = output.new_tensor([width, height])
    said = output[..., :-num_classes].reshape(grid, grid, predictors, 5)
    number = torch.arange(grid, device=output.device, dtype=output.dtype)
    row, column = torch.meshgrid(number, number, indexing="ij")
    cells = torch.stack([column, row], dim=-1)[:, :, None]  # (S, S, 1, 2), as x, y
    centres = (cells + said[..., :2]) / grid * size
    half = said[..., 2:4].square() * size / 2
    boxes = torch.cat([centres - half, centres + half], dim=-1)  # (S, S, B, 4)
    best, label = output[..., -num_classes:].max(dim=-1, keepdim=True)  # (S, S, 1)
    scores = said[..., 4] * best  # (S, S, B)
    kept = scores > score_threshold
    return boxes[kept], scores[kept], (1 + label).expand_as(kept)[kept]
