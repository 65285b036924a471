"""How much average precision each kind of mistake costs: mend that kind alone, and measure again (Bolya et al., 2020).

The picture: a friend goes through all detections and mends one kind of mistake wherever she finds it. A wrong name is
corrected, a box is put where it belongs, what is left over is taken away. How much better is the detector then?
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from solutions.boxes import box_iou
from solutions.capstone.errors import ERROR_TYPES, claimed_targets, error_types
from solutions.metrics import mean_average_precision

Scene = Mapping[str, Tensor]


def worth_of_mending(
    predictions: Sequence[Scene], targets: Sequence[Scene], foreground: float = 0.5, background: float = 0.1
) -> dict[str, float]:
    """Return how much average precision at an IoU of `foreground` mending each kind of mistake would add.

    A prediction has `boxes` (D, 4), `scores` (D,) and `labels` (D,), a target `boxes` (G, 4)
    and `labels` (G,), a dict an image in each. The keys are those of `ERROR_TYPES` but the first,
    and "missed". A wrong class gets the name of the object that it lies on, a wrong location
    its box; where that object has been found already, or another has been put there before, it
    is taken away, as are all of the other kinds. Objects that no detection has found, not even
    with a wrong name or in a wrong place, are missed, and are mended by not counting them. The
    numbers do not add up to anything: one mistake may hide another. Bolya et al. 2020, §2.3.

    Raises:
        TypeError: as `error_types`.
        ValueError: as `error_types` and `mean_average_precision`.
    """

    def precision(found: Sequence[Scene], there: Sequence[Scene]) -> float:
        return max(mean_average_precision(found, there, iou_thresholds=[foreground])["map"], 0.0)

    before = precision(predictions, targets)
    worth = {}
    for kind in ERROR_TYPES[1:]:
        pairs = zip(predictions, targets, strict=True)
        mended = [_mended(kind, found, there, foreground, background) for found, there in pairs]
        worth[kind] = precision(mended, targets) - before
    pairs = zip(predictions, targets, strict=True)
    seen = [_without_missed(found, there, foreground, background) for found, there in pairs]
    worth["missed"] = precision(predictions, seen) - before
    return worth


def _judged(found: Scene, there: Scene, foreground: float, background: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the detections' kinds (D,), the objects that they take (D,) or −1, and the objects they are near (D,).

    A detection is near the best object of its own label where its location is wrong, and near that of
    another label where its name is wrong.
    """
    detections = (found["boxes"], found["scores"], found["labels"])
    kinds = error_types(*detections, there["boxes"], there["labels"], foreground, background)
    iou, own = box_iou(found["boxes"], there["boxes"]), found["labels"][:, None] == there["labels"]
    claimed = claimed_targets(iou, own, found["scores"], foreground)
    if not len(there["boxes"]):
        return kinds, claimed, claimed
    by_name = (kinds == ERROR_TYPES.index("class"))[:, None]
    near = torch.where(own ^ by_name, iou, -1.0).argmax(dim=1)
    return kinds, claimed, near


def _mended(kind: str, found: Scene, there: Scene, foreground: float, background: float) -> dict[str, Tensor]:
    """Return the detections of an image after all of one kind have been mended."""
    kinds, claimed, near = _judged(found, there, foreground, background)
    boxes, labels = found["boxes"].clone(), found["labels"].clone()
    wrong, kept = kinds == ERROR_TYPES.index(kind), torch.ones_like(kinds, dtype=torch.bool)
    taken = set(claimed.tolist())
    for detection in found["scores"].argsort(descending=True, stable=True).tolist():
        if not wrong[detection]:
            continue
        target = int(near[detection])
        if kind not in ("class", "location") or target in taken:
            kept[detection] = False
            continue
        taken.add(target)
        if kind == "class":
            labels[detection] = there["labels"][target]
        else:
            boxes[detection] = there["boxes"][target]
    return {"boxes": boxes[kept], "scores": found["scores"][kept], "labels": labels[kept]}


def _without_missed(found: Scene, there: Scene, foreground: float, background: float) -> dict[str, Tensor]:
    """Return an image's objects without those that nothing has found, not even by a wrong name or in a wrong place."""
    kinds, claimed, near = _judged(found, there, foreground, background)
    nearly = (kinds == ERROR_TYPES.index("class")) | (kinds == ERROR_TYPES.index("location"))
    reached = torch.zeros(len(there["boxes"]), dtype=torch.bool, device=there["boxes"].device)
    reached[claimed[claimed >= 0]] = True
    if len(reached):
        reached[near[nearly]] = True
    return {"boxes": there["boxes"][reached], "labels": there["labels"][reached]}
