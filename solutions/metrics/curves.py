"""From right and wrong, in the order of the scores, to precision, recall and the area under their curve.

"At least this sure" is a choice; each rank is one. Going down the ranks recall can only rise, precision goes up and
down. Average precision weighs all choices at once. Three definitions are in use: COCO's, VOC's until 2009 and VOC's
since 2010.
"""

from typing import Literal

import torch
from torch import Tensor

from solutions.require import require_int, require_one_of
from solutions.require_boxes import require_curve, require_scores
from solutions.require_tensors import require_tensor


def precision_recall(correct: Tensor, scores: Tensor, num_targets: int) -> tuple[Tensor, Tensor]:
    """Return precision (D,) and recall (D,) of the best 1, 2, … D detections, float32.

    `correct` (D,), bool, says which detections found a target, and `scores` (D,) how sure
    each was; of equal scores the lower index comes first. `num_targets`, 1 or more, is how
    many there were to find.

    Raises:
        TypeError: `correct` is not bool, `scores` not floating point, `num_targets` not an int.
        ValueError: two shapes, NaN, or a `num_targets` below 1.

    >>> precision_recall(torch.tensor([False, True, True]), torch.tensor([0.5, 0.75, 0.25]), num_targets=4)
    (tensor([1.0000, 0.5000, 0.6667]), tensor([0.2500, 0.2500, 0.5000]))
    """
    require_tensor("correct", correct, ("D",), dtype=torch.bool)
    require_scores(scores, len(correct))
    require_int("num_targets", num_targets, least=1)
    order = scores.argsort(descending=True, stable=True)
    found = correct[order].cumsum(dim=0).float()  # among the best 1, 2, … D
    ranks = torch.arange(1, len(scores) + 1, device=scores.device)
    return found / ranks, found / num_targets


def average_precision(
    recall: Tensor,
    precision: Tensor,
    method: Literal["coco", "voc11", "area"] = "coco",
) -> float:
    """Return the average precision of a curve: one number from 0 to 1.

    `recall` (D,) never falls, `precision` (D,) belongs to the same ranks. The precision
    *at* a recall r is the highest that is reached at any recall of at least r, and 0 where
    none is: the envelope of the curve. `method` says what of it is averaged:

    - "coco": at r = 0, 0.01, …, 1 (COCO's evaluation code);
    - "voc11": at r = 0, 0.1, …, 1 (PASCAL VOC until 2009);
    - "area": everywhere, the area under the envelope from 0 to 1 (PASCAL VOC since 2010).

    Without detections it is 0.

    Raises:
        TypeError: not floating-point tensors.
        ValueError: two shapes, numbers outside 0 … 1, a recall that falls, an unknown method.

    >>> recall, precision = torch.tensor([0.25, 0.25, 0.5]), torch.tensor([1.0, 0.5, 0.75])
    >>> average_precision(recall, precision, "area")  # 0.25 · 1 + 0.25 · 0.75
    0.4375
    """
    require_curve(recall, precision)
    require_one_of("method", method, ("coco", "voc11", "area"))
    if len(recall) == 0:
        return 0.0
    envelope = precision.double().flip(0).cummax(dim=0).values.flip(0)  # the highest from here on
    if method == "area":
        steps = recall.double().diff(prepend=recall.new_zeros(1, dtype=torch.float64))
        return float((steps * envelope).sum())
    points = 101 if method == "coco" else 11
    wanted = torch.linspace(0, 1, points, dtype=torch.float64, device=recall.device).to(recall.dtype)  # 0.7 meets 7/10
    # The first whose recall is at least that; D where there is none.
    rank = torch.searchsorted(recall.contiguous(), wanted)
    return float(torch.cat([envelope, envelope.new_zeros(1)])[rank].mean())
