"""Golden numbers of chapter 10's widget: targets of objects under grids, who answers in their cells, and what it costs.

Among them centres on lines and on the far edge, cells that two and three objects share, boxes that tie or touch
nothing, sizes below zero, one and three boxes a cell, and a picture without objects. Everything in float64.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from solutions.yolo import encode_targets, responsible_predictors, yolo_loss

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Case = dict[str, Json]


class Picture(NamedTuple):
    """Objects of a picture of `size` (H, W) under a grid."""

    name: str
    grid: int
    size: tuple[int, int]
    boxes: list[list[float]]
    labels: list[int]


COW, DOG = [81.0, 28.0, 135.0, 68.0], [106.0, 40.0, 142.0, 76.0]
PICTURES = [
    Picture("the cow of the beginning", 4, (128, 192), [COW], [1]),
    Picture("one cell for two: the first keeps it", 4, (128, 192), [COW, DOG], [1, 2]),
    Picture("the other way round", 4, (128, 192), [DOG, COW], [2, 1]),
    *(Picture(f"cow and dog, S = {grid}", grid, (128, 192), [COW, DOG], [1, 2]) for grid in (1, 2, 3, 5, 6, 7, 8, 9)),
    Picture("on a line, on two lines", 4, (128, 192), [[80, 30, 112, 50], [30, 90, 66, 102]], [3, 1]),
    Picture("on the far edges", 3, (60, 90), [[80, 10, 100, 20], [10, 50, 20, 70], [70, 40, 110, 80]], [1, 2, 3]),
    Picture("three in one cell", 2, (10, 10), [[0, 0, 4, 4], [1, 1, 4, 4], [0, 1, 5, 3]], [2, 2, 1]),
    Picture("quarters, a size that the grid does not divide", 7, (100, 130), [[3.25, 7.5, 61.75, 99.25]], [2]),
    Picture("no object", 3, (40, 60), [], []),
]
WEIGHTS = [(5.0, 0.5), (1.0, 1.0), (0.0, 2.0)]


def targets_of(picture: Picture, classes: int = 3) -> Tensor:
    """Return what the cells of a picture should say, (S, S, 5 + K) in float64."""
    boxes = torch.tensor(picture.boxes, dtype=torch.float64).reshape(-1, 4)
    labels = torch.tensor(picture.labels, dtype=torch.int64)
    return encode_targets(boxes, labels, picture.grid, classes, picture.size)


def target_cases() -> list[Case]:
    """Return each picture's objects and its targets."""
    return [
        {
            "name": picture.name,
            "grid": picture.grid,
            "size": [*picture.size],
            "boxes": [[*map(float, box)] for box in picture.boxes],
            "labels": [*picture.labels],
            "target": targets_of(picture).tolist(),
        }
        for picture in PICTURES
    ]


def loss_cases() -> list[Case]:
    """Return outputs of one and of several boxes a cell beside targets, who answers, and the shares of the loss.

    Centres and sizes are two sums in the widget and one in the reference: here both are taken from who answers.
    """
    cases: list[Case] = []
    for seed, picture in enumerate(PICTURES):
        target = targets_of(picture)
        predictors = 1 + seed % 3
        output = _said(target, predictors, torch.Generator().manual_seed(seed))
        responsible = responsible_predictors(output[None], target[None])[0]
        there = target[..., 4] == 1
        own = output[there][:, :-3].reshape(-1, predictors, 5)[torch.arange(int(there.sum())), responsible[there]]
        squares = (own[:, :4] - torch.cat([target[there][:, :2], target[there][:, 2:4].sqrt()], dim=1)).square()
        losses: list[Json] = []
        for coord, noobj in WEIGHTS:
            parts = yolo_loss(output[None], target[None], coord, noobj)
            losses.append({"coord": coord, "noobj": noobj, **{key: _nine(parts[key]) for key in parts}})
        cases.append(
            {
                "name": f"{picture.name}, B = {predictors}",
                "output": output.tolist(),
                "target": target.tolist(),
                "responsible": responsible.tolist(),
                "centre": _nine(squares[:, :2].sum()),
                "size": _nine(squares[:, 2:].sum()),
                "losses": losses,
            }
        )
    return cases


def _nine(number: Tensor) -> float:
    """Return a sum with nine decimals: the last bits depend on the order in which a processor adds."""
    return round(number.item(), 9)


def _said(target: Tensor, predictors: int, random: torch.Generator) -> Tensor:
    """Return what a network says: eighths about the truth, far away where S is odd and above 3."""
    grid = len(target)
    noise = torch.randint(-3, 4, (grid, grid, predictors, 5), generator=random).double() / 8
    truth = torch.cat([target[..., :2], target[..., 2:4].sqrt(), target[..., 4:5]], dim=-1)
    said = truth[:, :, None] + noise
    if predictors == 3:
        said[:, :, 1:, :4] = said[:, :, 1:2, :4]  # the second and the third have one box
    said[..., 2] = torch.where(noise[..., 4] < 0, -said[..., 2], said[..., 2])  # a square forgets the sign
    if grid % 2 and grid > 3:
        said[..., 0] += 9  # far away: touches nothing
    scores = torch.randint(-2, 9, (grid, grid, 3), generator=random).double() / 8
    return torch.cat([said.flatten(2), scores], dim=-1)
