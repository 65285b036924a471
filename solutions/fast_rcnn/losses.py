"""What a region costs: its class by cross-entropy, and the deltas of its own class by smooth L1 (Girshick, 2015, §2.3).

Squares make one box that is far off outweigh all others, and absolute values never settle near 0. Smooth L1 is a
parabola near 0 and a straight line further out, and the two meet without a step or a kink at β.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.require_rois import require_class_deltas
from solutions.require_tensors import require_number, require_tensor


def smooth_l1(pred: Tensor, target: Tensor, beta: float = 1.0) -> Tensor:
    """Return what each element of `pred` costs beside `target`; all three have the same shape.

    With d = pred − target it is ½·d²/`beta` where |d| < `beta`, and |d| − ½·`beta` elsewhere;
    a `beta` of 0 leaves |d|. In the dtype of `pred`; gradients flow back to both. As
    `torch.nn.functional.smooth_l1_loss` with reduction "none" (Girshick 2015, equation 3).

    Raises:
        TypeError: not floating-point tensors of one dtype, or a `beta` that is no number.
        ValueError: two shapes, or a negative `beta`.

    >>> smooth_l1(torch.tensor([0.0, 0.5, 1.0, -3.0]), torch.zeros(4))
    tensor([0.0000, 0.1250, 0.5000, 2.5000])
    """
    require_tensor("pred", pred, tuple(pred.shape) if isinstance(pred, Tensor) else ())
    require_tensor("target", target, tuple(pred.shape), like=pred)
    require_number("beta", beta, least=0)
    distance = (pred - target).abs()
    if beta == 0:  # the parabola has no room, and ½·d²/β no meaning
        return distance
    return torch.where(distance < beta, 0.5 * distance.square() / beta, distance - 0.5 * beta)


def fast_rcnn_loss(logits: Tensor, deltas: Tensor, labels: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return what R ≥ 1 regions cost in class and in place, two numbers without dimensions.

    `logits` (R, K) are the scores of K classes, of which 0 is the background, and `labels`
    (R,) int64 the true ones. `deltas` (R, K·4) holds four numbers a class, class after class;
    `targets` (R, 4) is what those of the true class should be. Both results have the dtype of
    `logits`, and gradients flow back to logits, deltas and targets:

    - classification: cross-entropy of the softmax, its mean over the regions;
    - localization: smooth L1 with β = 1/9, summed over the four deltas of the true class
      of each region with a label above 0, divided by R, the number of *all* regions.

    As `fastrcnn_loss` in `torchvision.models.detection.roi_heads` (Girshick 2015, equations 1–3).

    Raises:
        TypeError: not floating-point tensors of one dtype, or labels that are not int64.
        ValueError: no region, shapes that do not fit, or a label that is none of the K classes.

    >>> deltas = torch.tensor([[9.0, 9.0, 9.0, 9.0, 1.0, 0.0, 0.0, 0.0]])
    >>> losses = fast_rcnn_loss(torch.zeros(1, 2), deltas, torch.tensor([1]), torch.zeros(1, 4))
    >>> [round(loss.item(), 4) for loss in losses]
    [0.6931, 0.9444]
    """
    require_class_deltas(logits, deltas, labels, targets)
    classification = F.cross_entropy(logits, labels)
    (positive,) = torch.where(labels > 0)  # a region of background has no box
    own = deltas.reshape(len(deltas), -1, 4)[positive, labels[positive]]  # (positives, 4), the true class's
    localization = F.smooth_l1_loss(own, targets[positive], beta=1 / 9, reduction="sum") / len(labels)
    return classification, localization
