"""Golden numbers of chapter 5's widgets: losses of two models, and what is read off a hill on a grid, in float64."""

import torch
from torch import Tensor
from torchvision.ops import box_iou

from solutions.localization import multitask_loss
from solutions.pose import decode_heatmaps, gaussian_heatmaps

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Case = dict[str, Json]

SIDE = 64
"""The widget's picture, in pixels."""


def multitask_cases() -> list[Case]:
    """Return what models of several scores and boxes cost, with boxes in pixels and in shares of the picture's side."""
    target = torch.tensor([12.0, 18.0, 54.0, 52.0], dtype=torch.float64)
    models = [
        ([3.0, 0.5, -0.5], [8.0, 22.0, 48.0, 57.0]),
        ([0.25, 1.0, -0.25], [12.0, 17.0, 55.0, 52.0]),
        ([0.0, 0.0, 0.0], [12.0, 18.0, 54.0, 52.0]),
        ([40.0, -40.0, 10.0], [60.0, 60.0, 62.0, 62.0]),
        ([-300.0, 300.0, 0.0], [0.0, 0.0, 64.0, 64.0]),
    ]
    cases: list[Case] = []
    for scores, box in models:
        for label in (0, 2):
            for weight, pixels in ((1.0, True), (0.015625, True), (1.0, False), (100.0, False)):
                scale = 1 if pixels else SIDE
                boxes = (torch.tensor(box, dtype=torch.float64) / scale).expand(1, 3, 4)
                logits = torch.tensor([scores], dtype=torch.float64)
                loss = multitask_loss(logits, boxes, torch.tensor([label]), target[None] / scale, weight)
                cases.append(
                    {
                        "model": {"scores": [*scores], "box": [*box]},
                        "truth": {"label": label, "box": target.tolist()},
                        "weight": weight,
                        "pixels": pixels,
                        "expected": {name: value.item() for name, value in loss.items()},
                        "iou": box_iou(torch.tensor([box], dtype=torch.float64), target[None]).item(),
                    }
                )
    return cases


def heatmap_cases() -> list[Case]:
    """Return maps of one hill or two, and the points and scores that are read off them."""
    cases: list[Case] = []
    for x, y in ((2.8, 2.3), (4.5, 2.5), (0.2, 3.1), (8.9, 5.8), (5.0, 3.0), (3.25, 0.4), (6.15, 4.85)):
        for sigma in (0.5, 1.0, 2.0):
            for height in (0.0, 0.9, 1.1):
                first, second = (
                    gaussian_heatmaps(torch.tensor([[place]], dtype=torch.float64), (6, 9), sigma)
                    for place in ((x, y), (6.5, 4.5))
                )
                heatmaps: Tensor = first + height * second
                points, scores = decode_heatmaps(heatmaps)
                cases.append(
                    {
                        "place": [x, y],
                        "sigma": sigma,
                        "height": height,
                        "map": heatmaps[0, 0].tolist(),
                        "point": points[0, 0].tolist(),
                        "score": scores.item(),
                    }
                )
    return cases
