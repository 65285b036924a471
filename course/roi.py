"""What chapter 8 goes on with where an exercise's answer is not wanted: bins, two losses, a layer cut in two.

    parts = chosen("the course's", roi_bins=bins_on_map, roi_pool=torchvision.ops.roi_pool, …)

Each function does what the exercise beside it in that cell asks for: by exact fractions, by torch's and torchvision's
own losses, by the eigenvectors of WᵀW.
"""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection.roi_heads import fastrcnn_loss

Pool = Callable[[Tensor, Tensor, tuple[int, int], float], Tensor]
"""What cuts regions out of a map: features (N, C, H, W), regions (R, 5), the grid's size and the spatial scale."""


def bins_on_map(
    box: Tensor, output_size: tuple[int, int], spatial_scale: float, feature_size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Return the rows (ph, 2) and columns (pw, 2) of each bin, as chapter 8's exercise `roi_bins` asks for them."""
    x1, y1, x2, y2 = (int(Decimal(side).to_integral_value(ROUND_HALF_UP)) for side in (box * spatial_scale).tolist())

    def cut(first: int, last: int, count: int, limit: int) -> Tensor:
        share = Fraction(max(last - first + 1, 1), count)
        edges = [(first + floor(k * share), first + ceil((k + 1) * share)) for k in range(count)]
        return torch.tensor(edges, device=box.device).clamp(0, limit)

    (ph, pw), (height, width) = output_size, feature_size
    return cut(y1, y2, ph, height), cut(x1, x2, pw, width)


def each_smooth_l1(pred: Tensor, target: Tensor, beta: float = 1.0) -> Tensor:
    """Return what each number costs, as chapter 8's exercise `smooth_l1` asks for it."""
    return F.smooth_l1_loss(pred, target, reduction="none", beta=beta)


def class_and_box_loss(logits: Tensor, deltas: Tensor, labels: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return what regions cost, as chapter 8's exercise `fast_rcnn_loss` asks for it."""
    classification, localization = fastrcnn_loss(logits, deltas, [labels], [targets])
    return classification, localization


def cut_in_two(linear: nn.Linear, rank: int) -> nn.Sequential:
    """Return two thin layers for one, as chapter 8's exercise `truncated_svd` asks for them."""
    weight = linear.weight.detach()
    _, vectors = torch.linalg.eigh(weight.T @ weight)
    kept = vectors[:, -rank:]  # (in, rank): where the layer stretches most
    first = nn.Linear(weight.shape[1], rank, bias=False).to(weight)
    second = nn.Linear(rank, weight.shape[0], bias=linear.bias is not None).to(weight)
    with torch.no_grad():
        first.weight.copy_(kept.T)
        second.weight.copy_(weight @ kept)
        if linear.bias is not None:
            second.bias.copy_(linear.bias)
    return nn.Sequential(first, second)


def as_regions(boxes: Sequence[Tensor]) -> Tensor:
    """Return the boxes (P, 4) of some images as regions (R, 5), each with the number of its image before it."""
    numbers = torch.cat([own.new_full((len(own), 1), number) for number, own in enumerate(boxes)])
    return torch.cat([numbers, torch.cat(list(boxes))], dim=1)
