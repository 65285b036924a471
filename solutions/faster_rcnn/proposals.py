"""From tens of thousands of anchors to some hundred proposals (Ren et al., 2015, §3.3).

The order is half of it: the best by objectness first, so that suppression has few boxes to compare; what is cut off at
the image's edges and too small goes before suppression; the last cut comes after.
"""

import torch
from torch import Tensor

from solutions.boxes import clip_boxes
from solutions.require_anchors import require_filter
from solutions.suppression import nms


def filter_proposals(
    boxes: Tensor,
    objectness: Tensor,
    image_size: tuple[int, int],
    pre_nms_top_n: int,
    post_nms_top_n: int,
    nms_threshold: float = 0.7,
    min_size: float = 1e-3,
) -> tuple[Tensor, Tensor]:
    """Return the proposals of one image and one map: boxes (P, 4) and scores (P,), best first.

    Of `boxes` (A, 4) with the logits `objectness` (A,): the best `pre_nms_top_n` stay, and are
    clipped to the image of `image_size` (H, W); of those the ones whose width *and* height
    are at least `min_size`; of those what `nms` keeps at `nms_threshold`; of those the best
    `post_nms_top_n`. The scores are the sigmoid of the logits. No gradient flows back: the
    detector takes proposals as they are. Ren et al. 2015, §3.3; as
    `RegionProposalNetwork.filter_proposals` in torchvision.

    Raises:
        TypeError: not floating-point tensors of one dtype, or counts and sizes that are not numbers.
        ValueError: other shapes, exchanged corners, NaN, or a number out of range.

    >>> boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 5.0], [6.0, 0.0, 9.0, 2.0], [8.0, 0.0, 9.0, 2.0]])
    >>> found, scores = filter_proposals(boxes, torch.tensor([2.0, 0.0, 1.0, 3.0]), (4, 8), 4, 2)
    >>> found.tolist(), scores
    ([[0.0, 0.0, 4.0, 4.0], [6.0, 0.0, 8.0, 2.0]], tensor([0.8808, 0.7311]))
    """
    require_filter(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    order = objectness.detach().argsort(descending=True, stable=True)[:pre_nms_top_n]
    clipped, logits = clip_boxes(boxes.detach()[order], image_size), objectness.detach()[order]
    (large,) = torch.where((clipped[:, 2:] - clipped[:, :2] >= min_size).all(dim=1))
    clipped, logits = clipped[large], logits[large]
    kept = nms(clipped, logits, nms_threshold)[:post_nms_top_n]
    return clipped[kept], logits[kept].sigmoid()
