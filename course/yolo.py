"""What chapter 10 goes on with where an exercise's answer is not wanted: cells, boxes, who answers, and what it costs.

    parts = chosen("the course's", encode_targets=cells_of_objects, decode_predictions=boxes_of_cells, …)

Each function does what the exercise beside it in that cell asks for, by another way: one object after the other, only
the boxes that are kept, and sums over all cells in which what does not count is multiplied by 0.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import box_convert

Encode = Callable[[Tensor, Tensor, int, int, tuple[int, int]], Tensor]
"""What makes targets (S, S, 5 + K) of boxes (n, 4) and labels (n,), given S, K and the image's (H, W)."""

Decode = Callable[[Tensor, tuple[int, int], int, float], tuple[Tensor, Tensor, Tensor]]
"""What makes boxes, scores and labels of an output (S, S, B·5 + K), given (H, W), K and the least score."""

Cost = Callable[[Tensor, Tensor, float, float], dict[str, Tensor]]
"""What outputs (N, S, S, B·5 + K) cost beside targets (N, S, S, 5 + K), given the weights of boxes and of no object."""


def cells_of_objects(boxes: Tensor, labels: Tensor, grid: int, num_classes: int, image_size: tuple[int, int]) -> Tensor:
    """Return what cells should say of objects, (S, S, 5 + K), as chapter 10's exercise `encode_targets` asks for it."""
    height, width = image_size
    target = boxes.new_zeros(grid, grid, 5 + num_classes)
    taken = set()
    for (x1, y1, x2, y2), label in zip(boxes.tolist(), labels.tolist(), strict=True):
        x, y = (x1 + x2) * grid / (2 * width), (y1 + y2) * grid / (2 * height)
        column, row = min(int(x), grid - 1), min(int(y), grid - 1)
        if (row, column) not in taken:
            taken.add((row, column))
            said = [x - column, y - row, (x2 - x1) / width, (y2 - y1) / height, 1.0]
            target[row, column, :5] = target.new_tensor(said)
            target[row, column, 4 + label] = 1
    return target


def boxes_of_cells(
    output: Tensor, image_size: tuple[int, int], num_classes: int, score_threshold: float = 0.0
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what cells say as boxes, scores and labels, as chapter 10's exercise `decode_predictions` asks for it."""
    grid, (height, width) = len(output), image_size
    best = output[..., -num_classes:].argmax(dim=-1)
    class_score = output[..., -num_classes:].gather(-1, best[..., None])
    score = output[..., 4:-num_classes:5] * class_score
    row, column, predictor = torch.where(score > score_threshold)
    numbers = torch.stack([output[row, column, 5 * predictor + place] for place in range(4)])
    cx, cy = (column + numbers[0]) * (width / grid), (row + numbers[1]) * (height / grid)
    boxes = box_convert(
        torch.stack([cx, cy, numbers[2] ** 2 * width, numbers[3] ** 2 * height], dim=1), "cxcywh", "xyxy"
    )
    return boxes, score[row, column, predictor], best[row, column] + 1


def nearest_predictors(output: Tensor, target: Tensor) -> Tensor:
    """Return who answers for each cell's object, as chapter 10's exercise `responsible_predictors` asks for it."""
    return _overlaps(output, target).argmax(dim=-1) * (target[..., 4] == 1)


def cost_of_cells(
    output: Tensor, target: Tensor, lambda_coord: float = 5.0, lambda_noobj: float = 0.5
) -> dict[str, Tensor]:
    """Return what cells cost, as chapter 10's exercise `yolo_loss` asks for it."""
    classes = target.shape[-1] - 5
    iou, there = _overlaps(output.detach(), target), target[..., 4:5]
    answers = F.one_hot(iou.argmax(dim=-1), iou.shape[-1]) * there  # (N, S, S, B), 1 or 0
    said = _predictors(output, classes)
    true_box = torch.cat([target[..., :2], target[..., 2:4].sqrt()], dim=-1)[..., None, :]
    squares = {
        "box": (said[..., :4] - true_box) ** 2 * answers[..., None],
        "object": (said[..., 4] - iou) ** 2 * answers,
        "no_object": said[..., 4] ** 2 * (1 - answers),
        "classes": (output[..., -classes:] - target[..., 5:]) ** 2 * there,
    }
    parts = {name: each.sum() / len(output) for name, each in squares.items()}
    weights = {"box": lambda_coord, "object": 1.0, "no_object": lambda_noobj, "classes": 1.0}
    return {**parts, "total": torch.stack([weights[name] * part for name, part in parts.items()]).sum()}


def _predictors(output: Tensor, classes: int) -> Tensor:
    """Return the boxes and confidences (N, S, S, B, 5) in `output` (N, S, S, B·5 + K)."""
    return output[..., :-classes].reshape(*output.shape[:-1], (output.shape[-1] - classes) // 5, 5)


def _overlaps(output: Tensor, target: Tensor) -> Tensor:
    """Return the IoU of each predictor's box with what stands in its cell, (N, S, S, B); 0 in empty cells."""
    said, wanted = _predictors(output, target.shape[-1] - 5), target[..., None, :]
    side, true_side = said[..., 2:4] ** 2, wanted[..., 2:4]
    apart = (said[..., :2] - wanted[..., :2]).abs() / target.shape[1]
    # Along one axis a and b share (a + b)/2 less what their centres are apart, but no more than the shorter one.
    both = torch.minimum((side + true_side) / 2 - apart, torch.minimum(side, true_side)).clamp(min=0).prod(dim=-1)
    return (both / (side.prod(dim=-1) + true_side.prod(dim=-1) - both)).nan_to_num(0.0)
