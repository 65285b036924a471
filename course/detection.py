"""What chapter 6 goes on with where an exercise's answer is not wanted: windows, matching, the curve and its area.

    parts = chosen("the course's", window_boxes=windows_inside, box_iou=torchvision.ops.box_iou, …)

Boxes are (x1, y1, x2, y2) in pixels. `agreement` and `twice_or_lost` are what a classifier that is always right would
say of windows, and what suppression then makes of it.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_iou

Definition = Literal["coco", "voc11", "area"]
Inside = Callable[[tuple[int, int], Sequence[tuple[int, int]], int], Tensor]

SIDE, STRIDE = 32, 4
"""Of the window that the chapter's classifier sees, in pixels of the resized image."""


def windows_inside(image_size: tuple[int, int], window_sizes: Sequence[tuple[int, int]], stride: int) -> Tensor:
    """Return the windows (N, 4) of each (h, w) inside an image of (H, W), as chapter 6's exercise asks for them."""
    height, width = image_size
    corners = [
        (x, y, x + w, y + h)
        for h, w in window_sizes
        for y in range(0, height - h + 1, stride)
        for x in range(0, width - w + 1, stride)
    ]
    return torch.tensor(corners, dtype=torch.float32).view(-1, 4)


def pyramid_windows(
    image_size: tuple[int, int], window_sizes: Sequence[tuple[int, int]], window_boxes: Inside = windows_inside
) -> Tensor:
    """Return all windows (N, 4) of a classifier that sees 32 × 32 pixels, 4 apart, and the image in many sizes.

    For each (h, w) of `window_sizes` the image of (H, W) is resized until such a window is 32 × 32 pixels, which
    `window_boxes` then lists; here they are in pixels of the image itself.
    """
    height, width = image_size
    boxes = [torch.zeros(0, 4)]
    for h, w in window_sizes:
        high, wide = round(SIDE * height / h), round(SIDE * width / w)
        own = window_boxes((high, wide), [(SIDE, SIDE)], STRIDE)
        boxes.append(own * torch.tensor([width / wide, height / high]).repeat(2))
    return torch.cat(boxes)


def claimed_targets(boxes: Tensor, scores: Tensor, targets: Tensor, iou_threshold: float = 0.5) -> Tensor:
    """Return for each detection (D,) the target that it is counted for, or −1, as chapter 6's exercise asks for it."""
    iou = box_iou(boxes, targets).cpu().numpy()
    claimed = np.full(len(boxes), -1)
    for detection in np.argsort(-scores.cpu().numpy(), kind="stable") if len(targets) else ():
        best = iou[detection].argmax()
        if iou[detection, best] >= iou_threshold:
            claimed[detection] = best
            iou[:, best] = -1.0  # taken
    return torch.from_numpy(claimed).to(boxes.device)


def ranked_curve(correct: Tensor, scores: Tensor, num_targets: int) -> tuple[Tensor, Tensor]:
    """Return precision and recall (D,) down the ranking, as chapter 6's exercise asks for them."""
    right = correct.cpu().numpy()[np.argsort(-scores.cpu().numpy(), kind="stable")].cumsum()
    precision, recall = right / np.arange(1, len(right) + 1), right / num_targets
    return torch.from_numpy(precision).float(), torch.from_numpy(recall).float()


def summed_up(recall: Tensor, precision: Tensor, method: Definition = "coco") -> float:
    """Return the average precision of a curve (D,), as chapter 6's exercise asks for it."""
    reached, kept = recall.cpu().numpy(), precision.cpu().double().numpy()

    def best_from(least: float) -> float:
        return float(kept[reached >= least].max(initial=0.0))

    if method == "area":
        steps = np.unique(np.concatenate([np.zeros(1, reached.dtype), reached]))
        return float(sum((float(high) - float(low)) * best_from(high) for low, high in pairwise(steps)))
    places = np.linspace(0, 1, 11 if method == "voc11" else 101).astype(reached.dtype)  # so that 7 of 10 reach 0.7
    return float(np.mean([best_from(place) for place in places]))


def agreement(windows: Tensor, target: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return for each window (N,) the highest IoU with an animal of `target`, and that animal's label.

    This is what a classifier that is always right could say of a window. Without animals both are zeros.
    """
    if not len(target["boxes"]):
        return torch.zeros(len(windows)), torch.zeros(len(windows), dtype=torch.int64)
    iou, which = box_iou(windows, target["boxes"]).max(dim=1)
    return iou, target["labels"][which]


def twice_or_lost(
    windows: Tensor, targets: Sequence[Mapping[str, Tensor]], iou_threshold: float, by_label: bool = True
) -> dict[str, float]:
    """Suppress the windows on which a classifier that is always right says yes, and count what comes out.

    "boxes an animal": how many windows are left, for each animal; "lost": the share of animals that no window is left
    for, of those that had one. Windows count from an IoU of ½ on, and the IoU is their score.
    """
    left, lost, animals = 0, 0, 0
    for target in targets:
        iou, labels = agreement(windows, target)
        (yes,) = torch.where(iou >= 0.5)
        groups = labels[yes] if by_label else torch.zeros_like(yes)
        kept = yes[batched_nms(windows[yes], iou[yes], groups, iou_threshold)]
        whose = box_iou(windows, target["boxes"]).argmax(dim=1) if len(target["boxes"]) else yes
        found = set(whose[kept].tolist())
        could = set(whose[yes].tolist())
        left, lost, animals = left + len(kept), lost + len(could - found), animals + len(could)
    return {"boxes an animal": left / max(animals, 1), "lost": lost / max(animals, 1)}
