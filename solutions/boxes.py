"""Boxes: where windows lie, how much two boxes share, which of many detections stay, and a box as offsets of another.

A box is (x1, y1, x2, y2) in pixels: two corners of which the second is outside, so that x2 − x1 is the width and
nothing has a "+1" in it. `box_iou`, `generalized_box_iou`, `clip_boxes`, `nms` and `batched_nms` give what
`torchvision.ops` gives; here the formula stands beside the line that computes it.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from solutions.require_boxes import (
    require_boxes,
    require_deltas,
    require_filled,
    require_labels,
    require_scores,
    require_threshold,
    require_weights,
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


def encode_boxes(
    targets: Tensor, anchors: Tensor, weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
) -> Tensor:
    """Return the offsets (N, 4) from each of `anchors` (N, 4) to its row of `targets` (N, 4).

    With centre (cx, cy), width w and height h of the anchor, and the same of the target with a
    prime, they are `weights` · ((cx′ − cx) / w, (cy′ − cy) / h, log(w′ / w), log(h′ / h)): the
    same move of a small and of a large anchor has the same numbers. Gradients flow to both.
    Girshick et al. 2014, appendix C; as torchvision's `BoxCoder`.

    Raises:
        TypeError: not floating-point tensors of one dtype, or weights that are not four numbers.
        ValueError: other shapes, a box without area, or a weight that is not greater than 0.

    >>> encode_boxes(torch.tensor([[2.0, 1.0, 6.0, 5.0]]), torch.tensor([[0.0, 1.0, 4.0, 3.0]]))
    tensor([[0.5000, 0.5000, 0.0000, 0.6931]])
    """
    require_filled("anchors", anchors)
    require_filled("targets", targets, like=anchors)
    require_weights(weights)
    sides = anchors[:, 2:] - anchors[:, :2]  # (N, 2) as w, h
    target_sides = targets[:, 2:] - targets[:, :2]
    centres, target_centres = anchors[:, :2] + sides / 2, targets[:, :2] + target_sides / 2
    deltas = torch.cat([(target_centres - centres) / sides, (target_sides / sides).log()], dim=1)
    return deltas * deltas.new_tensor(weights)


def decode_boxes(
    deltas: Tensor, anchors: Tensor, weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
) -> Tensor:
    """Return the boxes (N, 4) to which `deltas` (N, 4) lead from `anchors` (N, 4).

    This undoes `encode_boxes`. The deltas are divided by `weights` and are (dx, dy, dw, dh)
    then; the centre moves by (dx · w, dy · h) and the sides grow to (w · exp(dw), h ·
    exp(dh)), where dw and dh count as log(1000/16) if they are larger. `deltas` may
    hold several boxes a row, (N, K · 4): then so does the result. Gradients flow to
    both. As torchvision's `BoxCoder`.

    Raises:
        TypeError: not floating-point tensors of one dtype, or weights that are not four numbers.
        ValueError: other shapes, an anchor without area, or a weight that is not greater than 0.

    >>> decode_boxes(torch.tensor([[0.5, 0.5, 0.0, 0.0]]), torch.tensor([[0.0, 1.0, 4.0, 3.0]]))
    tensor([[2., 2., 6., 4.]])
    """
    require_filled("anchors", anchors)
    require_deltas(deltas, anchors)
    require_weights(weights)
    several = deltas.reshape(len(deltas), deltas.shape[1] // 4, 4) / deltas.new_tensor(weights)  # (N, K, 4)
    sides = (anchors[:, 2:] - anchors[:, :2])[:, None]  # (N, 1, 2), the same for all K
    centres = anchors[:, None, :2] + sides / 2 + several[..., :2] * sides
    most = math.log(1000 / 16)  # an exponential of what an untrained layer says would overflow
    half = sides * several[..., 2:].clamp(max=most).exp() / 2
    return torch.cat([centres - half, centres + half], dim=-1).flatten(1)
