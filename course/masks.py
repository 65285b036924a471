"""What chapter 11 goes on with where an exercise's answer is not wanted: values between cells, masks there and back.

    parts = chosen("the course's", bilinear_sample=values_between, project_masks=masks_to_learn, …)

Each function does what the exercise beside it in that cell asks for, by another way: one corner of a cell after the
other, torchvision's RoI Align, a softplus, and `F.grid_sample`. `corners_moved` is how far RoI Pool's rounding moves a
box, and `mean_mask_ap` is chapter 6's measure for masks.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import roi_align

from course.detection import ranked_curve, summed_up


def values_between(features: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Return the values (C, P) of a map at points, as chapter 11's exercise `bilinear_sample` asks for them."""
    height, width = features.shape[1:]
    outside = (y < -1) | (y > height) | (x < -1) | (x > width)
    y, x = y.clamp(0, height - 1), x.clamp(0, width - 1)
    total = features.new_zeros(len(features), len(y))
    for row in (y.floor(), y.floor() + 1):
        for column in (x.floor(), x.floor() + 1):
            area = (1 - (y - row).abs()) * (1 - (x - column).abs())
            cells = features[:, row.long().clamp(max=height - 1), column.long().clamp(max=width - 1)]
            total = total + area * cells
    return total.masked_fill(outside, 0)


def masks_to_learn(masks: Tensor, boxes: Tensor, matches: Tensor, size: int) -> Tensor:
    """Return what regions should draw (R, size, size), as chapter 11's exercise `project_masks` asks for it."""
    regions = torch.cat([matches[:, None].to(boxes), boxes], dim=1)
    cut: Tensor = roi_align(masks[:, None].to(boxes), regions, (size, size), 1.0)
    return cut[:, 0]


def cost_of_masks(logits: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """Return what masks cost, as chapter 11's exercise `mask_loss` asks for it."""
    index = labels[:, None, None, None].expand(-1, 1, *logits.shape[2:])
    own = logits.gather(1, index)[:, 0]
    cost = F.softplus(own) - own * targets  # −t · log σ(x) − (1 − t) · log(1 − σ(x))
    return cost.sum() / max(cost.numel(), 1)


def masks_in_picture(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Return masks stretched over their boxes (R, 1, H, W), as chapter 11's exercise `paste_masks` asks for it."""
    cells, (height, width) = masks.shape[-1] + 2, size
    half, centre = (boxes[:, 2:] - boxes[:, :2]) / 2, (boxes[:, 2:] + boxes[:, :2]) / 2
    half = half * (cells / (cells - 2))
    first, last = (centre - half).trunc(), (centre + half).trunc()
    pasted = masks.new_zeros(len(masks), 1, height, width)
    rows, columns = torch.arange(height).to(boxes), torch.arange(width).to(boxes)
    for number, mask in enumerate(masks):
        (x1, y1), (x2, y2) = first[number].tolist(), last[number].tolist()
        own_rows, own_columns = rows[(rows >= y1) & (rows <= y2)], columns[(columns >= x1) & (columns <= x2)]
        if not len(own_rows) or not len(own_columns):
            continue
        y = ((own_rows - y1 + 0.5) / (y2 - y1 + 1) * 2 - 1).to(mask)
        x = ((own_columns - x1 + 0.5) / (x2 - x1 + 1) * 2 - 1).to(mask)
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)[None]  # (1, h, w, 2) as x, y
        padded = F.pad(mask[None], (1, 1, 1, 1))
        drawn = F.grid_sample(padded, grid, padding_mode="border", align_corners=False)
        top, left = int(own_rows[0]), int(own_columns[0])
        pasted[number, :, top : top + len(own_rows), left : left + len(own_columns)] = drawn[0]
    return pasted


def corners_moved(boxes: Tensor, stride: int) -> Tensor:
    """Return how far rounding to a map's cells moves the corners of boxes (R, 4): (R, 4) in pixels of the image."""
    return (boxes / stride + 0.5).floor() * stride - boxes


def mask_iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the IoU (N, M) of the bool masks `a` (N, H, W) with `b` (M, H, W); 0 for two empty ones."""
    own, other = a.flatten(1).float(), b.flatten(1).float()
    both = own @ other.T
    either = own.sum(dim=1)[:, None] + other.sum(dim=1) - both
    return both / either.clamp(min=1)  # pixels are counted, so that less than one is none


def mean_mask_ap(
    found: Sequence[Mapping[str, Tensor]], targets: Sequence[Mapping[str, Tensor]], iou_threshold: float = 0.5
) -> float:
    """Return what `course.detection.mean_ap` does, by the IoU of `masks` (n, H, W) instead of boxes."""
    precisions = []
    for label in sorted({label for target in targets for label in target["labels"].tolist()}):
        correct, scores, wanted = [], [], 0
        for one, target in zip(found, targets, strict=True):
            own, there = one["labels"] == label, target["labels"] == label
            order = one["scores"][own].argsort(descending=True, stable=True)
            iou = mask_iou(one["masks"][own][order], target["masks"][there])
            scores.append(one["scores"][own][order])
            correct.append(torch.zeros(len(iou), dtype=torch.bool))
            for place in range(len(iou) if iou.shape[1] else 0):
                best = int(iou[place].argmax())
                if iou[place, best] >= iou_threshold:
                    correct[-1][place] = True
                    iou[:, best] = -1.0  # taken
            wanted += iou.shape[1]
        precision, recall = ranked_curve(torch.cat(correct), torch.cat(scores), wanted)
        precisions.append(summed_up(recall, precision))
    return sum(precisions) / len(precisions) if precisions else float("nan")
