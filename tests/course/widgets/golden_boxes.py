"""Golden numbers of chapter 6's widgets: overlaps, what suppression keeps, and curves with their averages."""

import torch
from torch import Tensor

from solutions.boxes import batched_nms, box_iou, generalized_box_iou, nms
from solutions.metrics import average_precision, precision_recall

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Case = dict[str, Json]


def overlap_cases() -> list[Case]:
    """Return pairs of boxes: the same, halves, one inside another, touching, apart in one direction and in both."""
    pairs = [
        ([3.0, 3.0, 11.0, 9.0], [7.0, 3.0, 15.0, 9.0]),
        ([2.0, 2.0, 8.0, 8.0], [2.0, 2.0, 8.0, 8.0]),
        ([2.0, 2.0, 8.0, 8.0], [4.0, 2.0, 10.0, 8.0]),
        ([0.0, 0.0, 8.0, 8.0], [1.0, 2.0, 5.0, 6.0]),
        ([1.0, 1.0, 4.0, 5.0], [4.0, 1.0, 9.0, 5.0]),
        ([1.0, 1.0, 4.0, 5.0], [4.0, 5.0, 9.0, 7.5]),
        ([0.0, 0.0, 2.0, 12.0], [15.5, 3.0, 20.0, 4.5]),
        ([0.0, 0.0, 3.0, 2.0], [18.0, 10.5, 20.0, 12.0]),
        ([6.0, 0.5, 8.5, 11.0], [1.0, 4.0, 19.0, 6.5]),
    ]
    cases: list[Case] = []
    for a, b in pairs:
        first, second = torch.tensor([a], dtype=torch.float64), torch.tensor([b], dtype=torch.float64)
        iou, giou = box_iou(first, second).item(), generalized_box_iou(first, second).item()
        cases.append({"a": [*a], "b": [*b], "iou": iou, "giou": giou})
    return cases


def suppression_cases() -> list[Case]:
    """Return boxes in clusters, best first, with labels, and which are kept at several thresholds."""
    cases: list[Case] = []
    for seed in range(6):
        random = torch.Generator().manual_seed(seed)
        centres = torch.randint(20, 120, (3, 2), generator=random)[torch.arange(8) % 3]
        low = centres + torch.randint(-12, 13, (8, 2), generator=random)
        boxes = torch.cat([low, low + torch.randint(25, 60, (8, 2), generator=random)], dim=1).double()
        labels = torch.randint(0, 2, (8,), generator=random)
        scores = torch.arange(8, 0, -1).double()
        cases += [_suppressed(boxes, scores, labels, threshold) for threshold in (0.0, 0.2, 0.45, 0.7, 1.0)]
    return cases


def _suppressed(boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Case:
    return {
        "boxes": boxes.tolist(),
        "labels": labels.tolist(),
        "threshold": threshold,
        "kept": nms(boxes, scores, threshold).tolist(),
        "keptByLabel": batched_nms(boxes, scores, labels, threshold).tolist(),
    }


def curve_cases() -> list[Case]:
    """Return lists of right and wrong with their precision, recall, and average precision by three definitions."""
    lists = ["1101001100", "0011010101", "1111111000", "0000000000", "1000000000", "0000000001", "1010101010"]
    cases: list[Case] = []
    for right in lists:
        for targets in (7, 9, 13):
            correct = torch.tensor([digit == "1" for digit in right])
            precision, recall = precision_recall(correct, torch.linspace(1, 0, 10), targets)
            averages: Case = {
                "coco": average_precision(recall, precision, "coco"),
                "voc11": average_precision(recall, precision, "voc11"),
                "area": average_precision(recall, precision, "area"),
            }
            curve: Case = {"precision": precision.tolist(), "recall": recall.tolist()}
            cases.append({"correct": correct.tolist(), "targets": targets, **curve, "averages": averages})
    return cases
