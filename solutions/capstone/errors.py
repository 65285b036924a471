"""What is wrong with a detection: its name, its place, both, that it comes twice, or that there is nothing.

The picture: a detection looks for its object among those of its own name first. Where it finds none, the objects of
other names and those that are a little further off say what went wrong (Bolya et al., *TIDE*, 2020, §2).
"""

import torch
from torch import Tensor

from solutions.boxes import box_iou
from solutions.require_boxes import require_boxes, require_labels, require_scores, require_threshold

ERROR_TYPES = ("correct", "class", "location", "both", "duplicate", "background")
"""Names of the values of `error_types`, in their order."""


def error_types(
    boxes: Tensor,
    scores: Tensor,
    labels: Tensor,
    target_boxes: Tensor,
    target_labels: Tensor,
    foreground: float = 0.5,
    background: float = 0.1,
) -> Tensor:
    """Return what each of an image's detections is, (D,) int64: an index of `ERROR_TYPES`.

    `boxes` (D, 4), `scores` (D,) and `labels` (D,) are the detections, `target_boxes` (G, 4)
    and `target_labels` (G,) the objects. Detections choose in the order of their scores, of
    equal ones the lower index first. Each takes, of the objects of its label that are not
    taken yet, the one with the highest IoU, if that is at least `foreground`: it is correct.

    Of any other, `same` is the highest IoU with an object of its label and `other` with one of
    another label, taken or not, and 0 where there is none. The first that holds says what it is:
    a duplicate (`same` ≥ foreground), a wrong class (`other` ≥ foreground), a wrong location
    (`same` ≥ background), both (`other` ≥ background), or background. Bolya et al. 2020, §2.2.

    Raises:
        TypeError: boxes and scores that are not floating point, labels that are not int64, or thresholds that are
            no numbers.
        ValueError: other shapes, exchanged corners, NaN, thresholds outside 0 … 1, or a background above foreground.

    >>> boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.0], [2.0, 0.0, 6.0, 4.0], [7.0, 7.0, 9.0, 9.0]])
    >>> scores, labels = torch.tensor([0.5, 0.75, 0.25, 0.125]), torch.tensor([1, 1, 1, 2])
    >>> error_types(boxes, scores, labels, boxes[:1], labels[:1]).tolist()
    [4, 0, 2, 5]
    """
    require_boxes("boxes", boxes)
    require_scores(scores, len(boxes))
    require_labels(labels, len(boxes))
    require_boxes("target_boxes", target_boxes, like=boxes)
    require_labels(target_labels, len(target_boxes))
    require_threshold("foreground", foreground)
    require_threshold("background", background)
    if background > foreground:
        raise ValueError(f"background must be at most foreground, {foreground}, got {background}")
    iou, own = box_iou(boxes, target_boxes).detach(), labels[:, None] == target_labels  # (D, G) both
    same = torch.where(own, iou, 0).amax(dim=1) if len(target_boxes) else iou.new_zeros(len(boxes))
    other = torch.where(own, 0, iou).amax(dim=1) if len(target_boxes) else iou.new_zeros(len(boxes))

    kinds = torch.full_like(labels, ERROR_TYPES.index("background"))
    kinds[other >= background] = ERROR_TYPES.index("both")  # from the last to the first: each overrules those before
    kinds[same >= background] = ERROR_TYPES.index("location")
    kinds[other >= foreground] = ERROR_TYPES.index("class")
    kinds[same >= foreground] = ERROR_TYPES.index("duplicate")
    kinds[claimed_targets(iou, own, scores, foreground) >= 0] = ERROR_TYPES.index("correct")
    return kinds


def claimed_targets(iou: Tensor, own: Tensor, scores: Tensor, foreground: float) -> Tensor:
    """Return which object each detection takes, (D,), or −1, by the IoU (D, G) of those whose labels agree, `own`."""
    claimed = torch.full((len(iou),), -1, device=iou.device)
    left = torch.where(own, iou, -1.0)  # what can be taken still
    for detection in scores.argsort(descending=True, stable=True) if iou.shape[1] else ():
        best, target = left[detection].max(dim=0)
        if best >= foreground:
            claimed[detection] = target
            left[:, target] = -1.0
    return claimed
