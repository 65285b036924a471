"""What the proposals cost: is there an object, and how far is the anchor from it (Ren et al., 2015, equation 1).

Both are divided by the number of anchors that were sampled, so that the second does not grow where there are many
objects. torchvision divides so; the paper divides the second by the number of places, with a weight that comes to
about the same.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.require_anchors import require_sampled


def rpn_loss(objectness: Tensor, deltas: Tensor, labels: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return what A anchors cost: their objectness and their boxes, each without dimensions.

    `objectness` (A,) are logits and `deltas` (A, 4) the predicted offsets; `labels` (A,) int64
    say 1 for a sampled positive, 0 for a sampled negative and −1 for what was not sampled, at
    least one of them 1 or 0; `targets` (A, 4) are the offsets that positives should have.
    Both results have the dtype of `objectness`, and gradients flow back to it, to the deltas
    and to the targets:

    - objectness: binary cross-entropy, its mean over the sampled anchors;
    - box: smooth L1 with β = 1/9, summed over the four deltas of the positives, divided by
      the number of *sampled* anchors, both kinds.

    As `RegionProposalNetwork.compute_loss` in torchvision (Ren et al. 2015, equation 1).

    Raises:
        TypeError: not floating-point tensors of one dtype, or labels that are not int64.
        ValueError: shapes that do not fit, a label that is none of 1, 0 and −1, or no anchor that was sampled.

    >>> labels = torch.tensor([1, 0, -1])
    >>> objectness, box = rpn_loss(torch.zeros(3), torch.ones(3, 4), labels, torch.zeros(3, 4))
    >>> round(objectness.item(), 4), round(box.item(), 4)
    (0.6931, 1.8889)
    """
    require_sampled(objectness, deltas, labels, targets)
    (sampled,), (positive,) = torch.where(labels >= 0), torch.where(labels == 1)
    wanted = labels[sampled].to(objectness.dtype)
    classification = F.binary_cross_entropy_with_logits(objectness[sampled], wanted)
    box = F.smooth_l1_loss(deltas[positive], targets[positive], beta=1 / 9, reduction="sum") / len(wanted)
    return classification, box
