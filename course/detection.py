"""What chapter 6 goes on with where an exercise's answer is not wanted: windows, matching, the curve and its area.

    parts = chosen("the course's", window_boxes=windows_inside, box_iou=torchvision.ops.box_iou, …)

Boxes are (x1, y1, x2, y2) in pixels. `agreement` is what a classifier that is always right would say of windows,
`perfectly_found` and `twice_or_lost` are what suppression then makes of it. `kinds_of_detections` says in what way a
detection is wrong.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
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


def average_precisions(
    found: Sequence[Mapping[str, Tensor]], targets: Sequence[Mapping[str, Tensor]], iou_threshold: float = 0.5
) -> dict[int, float]:
    """Return each class's average precision at one IoU, over scenes with a dict of detections each; COCO's 101 points.

    A class that no target has is not there.
    """
    precisions = {}
    for label in sorted({label for target in targets for label in target["labels"].tolist()}):
        correct, scores, wanted = [], [], 0
        for one, target in zip(found, targets, strict=True):
            own, there = one["labels"] == label, target["labels"] == label
            boxes = target["boxes"][there].to(one["boxes"])
            correct.append(claimed_targets(one["boxes"][own], one["scores"][own], boxes, iou_threshold) >= 0)
            scores.append(one["scores"][own])
            wanted += int(there.sum())
        precision, recall = ranked_curve(torch.cat(correct), torch.cat(scores), wanted)
        precisions[label] = summed_up(recall, precision)
    return precisions


def mean_ap(
    found: Sequence[Mapping[str, Tensor]], targets: Sequence[Mapping[str, Tensor]], iou_threshold: float = 0.5
) -> float:
    """Return the mean of the classes' average precisions at one IoU; NaN without targets."""
    precisions = average_precisions(found, targets, iou_threshold)
    return sum(precisions.values()) / len(precisions) if precisions else float("nan")


def agreement(windows: Tensor, target: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return for each window (N,) the highest IoU with an animal of `target`, and that animal's label.

    This is what a classifier that is always right could say of a window. Without animals both are zeros.
    """
    if not len(target["boxes"]):
        return torch.zeros(len(windows)), torch.zeros(len(windows), dtype=torch.int64)
    iou, which = box_iou(windows, target["boxes"]).max(dim=1)
    return iou, target["labels"][which]


def largest_share_inside(windows: Tensor, target: Mapping[str, Tensor]) -> Tensor:
    """Return for each window (N,) how much it holds of an animal of `target`, of the one that it holds most of.

    That is a share of the animal's visible pixels, from `masks` (n, H, W); a pixel that a window only touches counts.
    """
    masks = target["masks"].float()
    if not len(masks):
        return torch.zeros(len(windows))
    height, width = masks.shape[1:]
    above_left = F.pad(masks.cumsum(dim=1).cumsum(dim=2), (1, 0, 1, 0))  # [:, y, x]: of the pixels above y, left of x
    x1, y1 = windows[:, :2].floor().long().unbind(dim=1)
    x2, y2 = windows[:, 2:].ceil().long().unbind(dim=1)
    x2, y2 = x2.clamp(max=width), y2.clamp(max=height)
    inside = above_left[:, y2, x2] - above_left[:, y1, x2] - above_left[:, y2, x1] + above_left[:, y1, x1]
    return (inside / masks.sum(dim=(1, 2)).clamp(min=1)[:, None]).amax(dim=0)


def perfectly_found(
    windows: Tensor, target: Mapping[str, Tensor], iou_threshold: float, by_label: bool = True
) -> dict[str, Tensor]:
    """Return what suppression leaves of the windows on which a classifier that is always right says yes.

    Those are the windows with an IoU of at least ½ with an animal, and the IoU is their score. Beside `boxes`, `labels`
    and `scores` there is `lost`, the boxes (n, 4) of the animals that had a window and are left without one.
    """
    iou, labels = agreement(windows, target)
    (yes,) = torch.where(iou >= 0.5)
    groups = labels[yes] if by_label else torch.zeros_like(yes)
    kept = yes[batched_nms(windows[yes], iou[yes], groups, iou_threshold)]
    lost = sorted(set(_whose(windows[yes], target)) - set(_whose(windows[kept], target)))
    return {"boxes": windows[kept], "labels": labels[kept], "scores": iou[kept], "lost": target["boxes"][lost]}


def twice_or_lost(
    windows: Tensor, targets: Sequence[Mapping[str, Tensor]], iou_threshold: float, by_label: bool = True
) -> dict[str, float]:
    """Suppress the windows on which a classifier that is always right says yes, and count what comes out.

    "boxes an animal": how many windows are left, for each animal; "twice": the share of animals with more than one;
    "lost": the share with none. Animals that had no window to begin with do not count.
    """
    left, twice, lost, animals = 0, 0, 0, 0
    for target in targets:
        found = perfectly_found(windows, target, iou_threshold, by_label)
        times = Counter(_whose(found["boxes"], target))
        left += len(found["boxes"])
        twice += sum(count > 1 for count in times.values())
        lost += len(found["lost"])
        animals += len(times) + len(found["lost"])
    counts = {"boxes an animal": left, "twice": twice, "lost": lost}
    return {name: count / max(animals, 1) for name, count in counts.items()}


def _whose(boxes: Tensor, target: Mapping[str, Tensor]) -> list[int]:
    """Return for each box the animal with which its IoU is highest; without animals there must be no box."""
    return box_iou(boxes, target["boxes"]).argmax(dim=1).tolist() if len(boxes) else []


def kinds_of_detections(
    found: Mapping[str, Tensor], target: Mapping[str, Tensor], iou_threshold: float = 0.5
) -> dict[str, int]:
    """Count the detections of a scene that are right, and those that are wrong by the way in which they are.

    "right" is one that has found an animal; "second box" lies on an animal of its name that a surer one has found;
    "another name" lies on animals of other names only. To lie on an animal takes an IoU of `iou_threshold`; "badly
    placed" has less with all of them, but at least 0.1 with one, and "on nothing" not even that (the bounds of Bolya
    et al. 2020).
    """
    kinds = dict.fromkeys(("right", "second box", "another name", "badly placed", "on nothing"), 0)
    for label in set(found["labels"].tolist()):
        own, named = found["labels"] == label, target["labels"] == label
        boxes, wanted = found["boxes"][own], target["boxes"][named]
        claimed = claimed_targets(boxes, found["scores"][own], wanted, iou_threshold) >= 0
        on_its_own = (box_iou(boxes, wanted) >= iou_threshold).any(dim=1)
        on_any, near_any = ((box_iou(boxes, target["boxes"]) >= least).any(dim=1) for least in (iou_threshold, 0.1))
        kinds["right"] += int(claimed.sum())
        kinds["second box"] += int((on_its_own & ~claimed).sum())
        kinds["another name"] += int((on_any & ~on_its_own).sum())
        kinds["badly placed"] += int((near_any & ~on_any).sum())
        kinds["on nothing"] += int((~near_any).sum())
    return kinds
