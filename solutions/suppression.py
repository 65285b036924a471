"""`nms` and `batched_nms` of `solutions.boxes` once more, as detectors call them: the same results, many times as fast.

Greedy suppression is a loop, since a box that was dropped drops no other. What is slow in it is to ask a tensor for one
number after the other. Here all overlaps are compared at once, what a box drops becomes the bits of a whole number, and
the loop puts such numbers together. Many boxes come in blocks, the best first: what a block keeps drops what it covers
from the rest, so that overlaps with boxes that are gone are never computed.
"""

import numpy as np
import torch
from torch import Tensor

from solutions.require_boxes import require_boxes, require_labels, require_scores, require_threshold

_BLOCK = 512  # its overlaps stay in a processor's cache


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Return the indices of the `boxes` (N, 4) that `solutions.boxes.nms` keeps, in its order.

    Raises:
        TypeError: not floating-point tensors, or a threshold that is no number.
        ValueError: other shapes, exchanged corners, NaN, or a threshold outside 0 … 1.
    """
    return _suppress(boxes, scores, None, iou_threshold)


def batched_nms(boxes: Tensor, scores: Tensor, labels: Tensor, iou_threshold: float) -> Tensor:
    """Return the indices of the `boxes` (N, 4) that `solutions.boxes.batched_nms` keeps, in its order.

    Raises:
        TypeError: not floating-point tensors, labels that are not int64, or a threshold that is no number.
        ValueError: other shapes, exchanged corners, NaN, or a threshold outside 0 … 1.
    """
    require_labels(labels, len(boxes))
    return _suppress(boxes, scores, labels, iou_threshold)


def _suppress(boxes: Tensor, scores: Tensor, labels: Tensor | None, iou_threshold: float) -> Tensor:
    require_boxes("boxes", boxes)
    require_scores(scores, len(boxes))
    require_threshold("iou_threshold", iou_threshold)
    boxes = boxes.detach()

    def drops(one: Tensor, other: Tensor) -> Tensor:
        """Return whether each of `one` (n,), indices of boxes, drops each of `other` (m,) if it is better: (n, m)."""
        covers = _overlaps(boxes[one], boxes[other]) > iou_threshold
        return covers if labels is None else covers & (labels[one][:, None] == labels[other])

    rest = scores.argsort(descending=True, stable=True)
    kept = [rest[:0]]
    while len(rest):
        block, rest = rest[:_BLOCK], rest[_BLOCK:]
        own = block[_undropped(drops(block, block))]
        kept.append(own)
        if len(rest):
            rest = rest[~drops(own, rest).any(dim=0)]
    return torch.cat(kept)


def _overlaps(a: Tensor, b: Tensor) -> Tensor:
    """Return what `box_iou` returns, (N, M), to the last bit, with half as much new memory: that costs most of it."""
    x1, y1, x2, y2 = a[:, :, None].unbind(dim=1)  # (N, 1) each
    left, top, right, bottom = b.unbind(dim=1)
    width = torch.minimum(x2, right).sub_(torch.maximum(x1, left)).clamp_(min=0)  # (N, M)
    height = torch.minimum(y2, bottom).sub_(torch.maximum(y1, top)).clamp_(min=0)
    intersection = width.mul_(height)
    union = ((x2 - x1) * (y2 - y1) + (right - left) * (bottom - top)).sub_(intersection)
    return intersection.div_(union)


def _undropped(drops: Tensor) -> list[int]:
    """Return which of n boxes, the best first, stay: those that none before them drops that stays itself.

    `drops` (n, n) bool says in row i what box i drops; itself and what is better do no harm.
    """
    bits = np.packbits(drops.cpu().numpy(), axis=1, bitorder="little")
    kept, dropped = [], 0
    for number, row in enumerate(bits):
        if not dropped >> number & 1:
            kept.append(number)
            dropped |= int.from_bytes(row.tobytes(), "little")
    return kept
