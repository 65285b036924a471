"""Boxes: where windows lie, how much two boxes share, and which of many detections of one object stay.

A box is (x1, y1, x2, y2) in pixels: two corners of which the second is outside, so that x2 − x1 is the width and
nothing has a "+1" in it. `box_iou`, `generalized_box_iou`, `clip_boxes`, `nms` and `batched_nms` give what
`torchvision.ops` gives; here the formula stands beside the line that computes it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from solutions.require_boxes import (
    require_boxes,
    require_labels,
    require_scores,
    require_threshold,
    require_window_sizes,
)
from solutions.require_tensors import require_size


def window_boxes(image_size: tuple[int, int], window_sizes: Sequence[tuple[int, int]], stride: int) -> Tensor:
    """Return every window of each (height, width) in `window_sizes` that lies inside the image, as boxes (N, 4).

    `image_size` is (H, W). The windows of the first size come first; those of one size go
    row by row, `stride` pixels apart in both directions, from the top-left corner of the
    image. None reaches over an edge, so a size larger than the image gives none. float32.

    Raises:
        TypeError: sizes or a stride that are not ints.
        ValueError: sizes without pixels, or a stride below 1.

    >>> window_boxes((3, 4), [(2, 3)], stride=1).tolist()
    [[0.0, 0.0, 3.0, 2.0], [1.0, 0.0, 4.0, 2.0], [0.0, 1.0, 3.0, 3.0], [1.0, 1.0, 4.0, 3.0]]
    """
    require_size("image_size", image_size, least=0)
    require_window_sizes(window_sizes, stride)
    height, width = image_size
    boxes = [torch.zeros(0, 4)]
    for high, wide in window_sizes:
        top = torch.arange(0, max(height - high + 1, 0), stride)
        left = torch.arange(0, max(width - wide + 1, 0), stride)
        y, x = torch.meshgrid(top, left, indexing="ij")  # row by row
        boxes.append(torch.stack([x, y, x + wide, y + high], dim=-1).reshape(-1, 4).float())
    return torch.cat(boxes)


def box_area(boxes: Tensor) -> Tensor:
    """Return the areas (N,) of `boxes` (N, 4), in square pixels and the dtype of `boxes`.

    Raises:
        TypeError: not a floating-point tensor.
        ValueError: another shape, or corners that are exchanged.

    >>> box_area(torch.tensor([[1.0, 2.0, 4.0, 4.0]]))
    tensor([6.])
    """
    require_boxes("boxes", boxes)
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def box_iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union (N, M) of each box in `a` (N, 4) with each in `b` (M, 4).

    0 where two boxes are apart or only touch, 1 where they are the same. The result has
    the dtype of `a`, and gradients flow back to both. Two boxes without area have no
    union: NaN. As `torchvision.ops.box_iou`.

    Raises:
        TypeError: not floating-point tensors of one dtype.
        ValueError: other shapes, or corners that are exchanged.

    >>> box_iou(torch.tensor([[0.0, 0.0, 4.0, 2.0]]), torch.tensor([[2.0, 0.0, 6.0, 2.0], [5.0, 0.0, 6.0, 2.0]]))
    tensor([[0.3333, 0.0000]])
    """
    require_boxes("a", a)
    require_boxes("b", b, like=a)
    top_left = torch.maximum(a[:, None, :2], b[:, :2])  # (N, M, 2)
    bottom_right = torch.minimum(a[:, None, 2:], b[:, 2:])
    sides = (bottom_right - top_left).clamp(min=0)  # each side on its own: two negative ones would make an area
    intersection = sides[..., 0] * sides[..., 1]  # (N, M)
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    union = area_a[:, None] + area_b - intersection
    return intersection / union


def generalized_box_iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the generalised IoU (N, M) of each box in `a` (N, 4) with each in `b` (M, 4), from −1 to 1.

    IoU less the share of the smallest box around both that neither fills. Where two boxes
    are apart, IoU is 0 however far; this one falls with the distance, and has a gradient
    (Rezatofighi et al. 2019). As `torchvision.ops.generalized_box_iou`.

    Raises:
        TypeError: not floating-point tensors of one dtype.
        ValueError: other shapes, or corners that are exchanged.

    >>> generalized_box_iou(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([[3.0, 0.0, 4.0, 1.0]]))
    tensor([[-0.5000]])
    """
    iou = box_iou(a, b)
    around_top_left = torch.minimum(a[:, None, :2], b[:, :2])
    around_bottom_right = torch.maximum(a[:, None, 2:], b[:, 2:])
    around = (around_bottom_right - around_top_left).prod(dim=-1)  # (N, M)
    areas = box_area(a)[:, None] + box_area(b)
    union = areas / (1 + iou)  # intersection = iou · union, and areas = union + intersection
    return iou - (around - union) / around


def clip_boxes(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Return `boxes` (N, 4) cut off at the edges of an image of `size` (H, W).

    What lies outside altogether becomes a box without area on the edge. As
    `torchvision.ops.clip_boxes_to_image`.

    Raises:
        TypeError: not a floating-point tensor, or sizes that are not ints.
        ValueError: another shape, or a negative size.

    >>> clip_boxes(torch.tensor([[-1.0, 2.0, 9.0, 4.0]]), (3, 8)).tolist()
    [[0.0, 2.0, 8.0, 3.0]]
    """
    require_boxes("boxes", boxes, ordered=False)
    require_size("size", size, least=0)
    height, width = size
    x, y = boxes[:, 0::2].clamp(0, width), boxes[:, 1::2].clamp(0, height)
    return torch.stack([x, y], dim=-1).flatten(1)  # x1, y1, x2, y2 again


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Return the indices of the `boxes` (N, 4) that are kept, best score first: non-maximum suppression.

    The box with the best of the `scores` (N,) is kept, and every box whose IoU with it is
    *greater* than `iou_threshold` is dropped; then the best of the rest is kept, and so on.
    A box that was dropped drops no other. Of equal scores the lower index comes first.
    int64. As `torchvision.ops.nms`.

    Raises:
        TypeError: not floating-point tensors, or a threshold that is no number.
        ValueError: other shapes, exchanged corners, NaN, or a threshold outside 0 … 1.

    >>> boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 1.0, 4.0, 5.0], [8.0, 0.0, 9.0, 4.0]])
    >>> nms(boxes, torch.tensor([0.5, 0.75, 0.25]), iou_threshold=0.5)
    tensor([1, 2])
    """
    require_boxes("boxes", boxes)
    require_scores(scores, len(boxes))
    require_threshold("iou_threshold", iou_threshold)
    order = scores.argsort(descending=True, stable=True)
    best_first = boxes[order].detach()
    drops = (box_iou(best_first, best_first) > iou_threshold).cpu()  # the loop asks one number at a time
    keep = torch.ones(len(boxes), dtype=torch.bool)
    for rank in range(len(boxes)):
        if keep[rank]:  # what was dropped before drops nothing
            keep[rank + 1 :] &= ~drops[rank, rank + 1 :]
    return order[keep.to(order.device)]


def batched_nms(boxes: Tensor, scores: Tensor, labels: Tensor, iou_threshold: float) -> Tensor:
    """Return the indices of the `boxes` (N, 4) that are kept when only boxes of one label suppress one another.

    As `nms` within each of the `labels` (N,), whatever numbers they are; all that are kept
    come in one order, best score first, of equal scores the lower index. int64. As
    `torchvision.ops.batched_nms`, which moves the labels' boxes apart by an offset; that
    fails where coordinates are negative.

    Raises:
        TypeError: not floating-point tensors, labels that are not int64, a threshold that is no number.
        ValueError: other shapes, exchanged corners, NaN, or a threshold outside 0 … 1.

    >>> boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 1.0, 4.0, 5.0], [0.0, 0.0, 4.0, 5.0]])
    >>> batched_nms(boxes, torch.tensor([0.5, 0.75, 0.25]), torch.tensor([7, 3, 7]), iou_threshold=0.5)
    tensor([1, 0])
    """
    require_boxes("boxes", boxes)
    require_scores(scores, len(boxes))
    require_labels(labels, len(boxes))
    require_threshold("iou_threshold", iou_threshold)
    keep = torch.zeros_like(labels, dtype=torch.bool)
    for label in set(labels.tolist()):
        (own,) = torch.where(labels == label)
        keep[own[nms(boxes[own], scores[own], iou_threshold)]] = True
    (kept,) = torch.where(keep)  # by index, so that a stable sort leaves equal scores in that order
    return kept[scores[kept].argsort(descending=True, stable=True)]
