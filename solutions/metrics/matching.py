"""Which detection found which target: one to one, the surest detection first (COCO's rule)."""

import torch
from torch import Tensor

from solutions.boxes import box_iou
from solutions.require_boxes import require_boxes, require_scores, require_threshold


def match_detections(boxes: Tensor, scores: Tensor, targets: Tensor, iou_threshold: float = 0.5) -> Tensor:
    """Return for each of the `boxes` (D, 4) the index of the target that it is counted for, or −1.

    Detections choose in the order of their `scores` (D,), of equal ones the lower index
    first. Each takes, of the `targets` (G, 4) that are not taken yet, the one with the
    highest IoU, if that is at least `iou_threshold`. The result (D,), int64, is in the order
    of `boxes`.

    Raises:
        TypeError: not floating-point tensors, or a threshold that is no number.
        ValueError: other shapes, exchanged corners, NaN, or a threshold outside 0 … 1.

    >>> boxes = torch.tensor([[0.0, 0.0, 4.0, 3.0], [0.0, 0.0, 4.0, 4.0], [8.0, 8.0, 9.0, 9.0]])
    >>> match_detections(boxes, torch.tensor([0.5, 0.75, 0.25]), torch.tensor([[0.0, 0.0, 4.0, 4.0]]))
    tensor([-1,  0, -1])
    """
    require_boxes("boxes", boxes)
    require_scores(scores, len(boxes))
    require_boxes("targets", targets, like=boxes)
    require_threshold("iou_threshold", iou_threshold)
    matched = torch.full((len(boxes),), -1, device=boxes.device)
    if len(targets) == 0:
        return matched
    overlaps = box_iou(boxes, targets).detach()  # (D, G)
    for detection in scores.argsort(descending=True, stable=True):
        iou, target = overlaps[detection].max(dim=0)
        if iou >= iou_threshold:
            matched[detection] = target
            overlaps[:, target] = -1  # taken
    return matched
