"""What chapter 7 goes on with where an exercise's answer is not wanted: regions, labels, warps, offsets, a machine.

    parts = chosen("the course's", region_similarity=alike, merge_regions=joined, …)

Boxes are (x1, y1, x2, y2) in pixels. Each function does what the exercise beside it in that cell asks for, by another
way: what two histograms differ by, an affine map, torchvision's coder, a least-squares problem with more rows.
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torchvision.models.detection._utils import BoxCoder
from torchvision.ops import box_iou

from course.regions import Region

Weights = tuple[float, float, float, float]


def alike(first: Region, second: Region, image_size: int) -> float:
    """Return how much two regions belong together, as chapter 7's exercise `region_similarity` asks for it."""
    looks = [np.abs(a - b).sum() / 2 for a, b in zip(_looks(first), _looks(second), strict=True)]
    x1, y1, x2, y2 = _around(first, second)
    # Of two histograms that sum to 1 the shared part is what they do not differ by. In size and fill the pixels cancel.
    return float(len(looks) - sum(looks) + 2 - (x2 - x1) * (y2 - y1) / image_size)


def joined(first: Region, second: Region) -> Region:
    """Return the region that two make together, as chapter 7's exercise `merge_regions` asks for it."""
    sizes = [first["size"], second["size"]]
    colour, texture = (
        torch.from_numpy(np.average(both, axis=0, weights=sizes)).to(first["box"])
        for both in zip(_looks(first), _looks(second), strict=True)
    )
    box = torch.tensor(_around(first, second)).to(first["box"])
    return {"size": sum(sizes), "box": box, "colour": colour, "texture": texture}


def _looks(region: Region) -> list[NDArray[np.float64]]:
    return [np.asarray(region["colour"].cpu(), np.float64), np.asarray(region["texture"].cpu(), np.float64)]


def _around(first: Region, second: Region) -> list[float]:
    corners = np.array([first["box"].tolist(), second["box"].tolist()])
    return [*corners[:, :2].min(axis=0).tolist(), *corners[:, 2:].max(axis=0).tolist()]


def share_covered(proposals: Tensor, targets: Tensor, iou_threshold: float = 0.5) -> float:
    """Return the share of targets that a proposal covers, as chapter 7's exercise `proposal_recall` asks for it."""
    covered = [bool((box_iou(target[None], proposals) >= iou_threshold).any()) for target in targets]
    return float(np.mean(covered)) if covered else float("nan")


def cut_out(image: Tensor, boxes: Tensor, size: int, context: int = 16) -> Tensor:
    """Return what an image shows in each box, at one size, as chapter 7's exercise `warp_regions` asks for it."""
    if not len(boxes):
        return image.new_zeros(0, len(image), size, size)  # affine_grid refuses an empty batch
    height, width = image.shape[-2:]
    whole = boxes.new_tensor([width, height])
    grown = (boxes[:, 2:] - boxes[:, :2]) / whole * (size / (size - 2 * context))
    moved = (boxes[:, :2] + boxes[:, 2:]) / whole - 1
    maps = torch.cat(
        [torch.diag_embed(grown), moved[:, :, None]], dim=2
    )  # (R, 2, 3), from −1 … 1 to the image's −1 … 1
    with torch.autocast(image.device.type, enabled=False):  # in bfloat16 a place would be off by pixels
        grid = F.affine_grid(maps, [len(boxes), image.shape[0], size, size], align_corners=False)
    return F.grid_sample(image[None].repeat(len(boxes), 1, 1, 1), grid, align_corners=False)


def taken_for(
    proposals: Tensor,
    boxes: Tensor,
    labels: Tensor,
    foreground: float = 0.5,
    background: tuple[float, float] = (0.0, 0.5),
) -> tuple[Tensor, Tensor]:
    """Return what each proposal is trained as, as chapter 7's exercise `assign_labels` asks for it."""
    iou = F.pad(box_iou(proposals, boxes), (0, 1))  # one more column, so that there is a best without objects, too
    best, which = iou.cpu().numpy().max(axis=1), iou.cpu().numpy().argmax(axis=1)
    low, high = background
    names = np.append(labels.cpu().numpy(), -1)
    on = (best >= foreground) & (which < len(boxes))
    given = np.where(on, names[which], np.where((best >= low) & (best < high), 0, -1))
    found = np.where(on, which, -1)
    return torch.from_numpy(given).to(proposals.device), torch.from_numpy(found).to(proposals.device)


def offsets_to(targets: Tensor, anchors: Tensor, weights: Weights = (1.0, 1.0, 1.0, 1.0)) -> Tensor:
    """Return the four offsets from each anchor to its target, as chapter 7's exercise `encode_boxes` asks for them."""
    offsets: Tensor = BoxCoder(weights).encode_single(targets, anchors)
    return offsets


def moved_by(deltas: Tensor, anchors: Tensor, weights: Weights = (1.0, 1.0, 1.0, 1.0)) -> Tensor:
    """Return where each anchor's offsets lead, as chapter 7's exercise `decode_boxes` asks for it."""
    boxes: Tensor = BoxCoder(weights).decode_single(deltas, anchors)
    return boxes


def cost_of_machine(weight: Tensor, bias: Tensor, features: Tensor, labels: Tensor, strength: float) -> Tensor:
    """Return what a support vector machine costs, as chapter 7's exercise `svm_loss` asks for it."""
    scores = torch.addmv(bias.expand(len(features)), features, weight)
    wrong = F.hinge_embedding_loss(labels * scores, -torch.ones_like(scores), reduction="sum")  # max(0, 1 − y·score)
    return torch.dot(weight, weight) / 2 + strength * wrong


def least_squares(features: Tensor, deltas: Tensor, strength: float) -> Tensor:
    """Return the weights of the ridge regression that chapter 7's exercise `fit_box_regressor` asks for.

    `strength` more is what rows √strength · I with the target 0 cost: a plain least-squares problem with D more rows.
    """
    count = features.shape[1]
    rows = torch.cat([features, strength**0.5 * torch.eye(count).to(features)])
    solution: Tensor = torch.linalg.lstsq(rows, F.pad(deltas, (0, 0, 0, count))).solution
    return solution
