"""One object a picture: what chapter 5 trains on, the loss that it starts from, and what is measured.

    train_set = SingleObjects(Farm(800, animals=(1, 1), empty=0))
    image, target = train_set[0]          # target: label, box and keypoints in shares of the picture

Coordinates are relative to the picture, x to its width and y to its height, so that no number depends on its size.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import box_iou

from course.training import in_eval_mode


class Scenes(Protocol):
    """A data set in the Farm's format: item i is (image (3, H, W), target with `labels`, `boxes` and any more)."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> tuple[Tensor, Any]: ...


class SingleObject(TypedDict):
    """The one object of a picture: `label` from 0, `box` (4,) and `keypoints` (J, 3) in shares of the picture.

    `label` is one less than the data set's, which keeps 0 for the background; here there is none.
    """

    label: Tensor
    box: Tensor
    keypoints: Tensor


class SingleObjects:
    """The pictures of `data` with exactly one object, kept in memory: item i is (image (3, H, W), `SingleObject`)."""

    def __init__(self, data: Scenes) -> None:
        self._samples: list[tuple[Tensor, SingleObject]] = []
        for image, target in (data[index] for index in range(len(data))):
            if len(target["labels"]) == 1:
                self._samples.append((image, _relative(target, image.shape[-2:])))

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[Tensor, SingleObject]:
        return self._samples[index]


def _relative(target: Mapping[str, Tensor], size: Sequence[int]) -> SingleObject:
    height, width = size
    points = target.get("keypoints", torch.zeros(1, 0, 3))[0]
    return {
        "label": target["labels"][0] - 1,
        "box": target["boxes"][0] / torch.tensor([width, height, width, height]),
        "keypoints": points / torch.tensor([width, height, 1]),
    }


def labels_and_boxes(targets: Sequence[SingleObject]) -> tuple[Tensor, Tensor]:
    """Return the labels (N,) and the boxes (N, 4) of N pictures' objects."""
    return torch.stack([one["label"] for one in targets]), torch.stack([one["box"] for one in targets])


def own_boxes(boxes: Tensor, labels: Tensor) -> Tensor:
    """Return from `boxes` (N, K, 4) those (N, 4) of the classes `labels` (N,)."""
    return boxes.take_along_dim(labels[:, None, None], dim=1)[:, 0]


def class_and_box_loss(
    scores: Tensor, boxes: Tensor, labels: Tensor, target_boxes: Tensor, box_weight: float = 1.0
) -> dict[str, Tensor]:
    """Return the losses of class and box, and their weighted sum, as chapter 5's exercise asks for them."""
    own = own_boxes(boxes, labels)
    each = F.cross_entropy(scores, labels), F.mse_loss(own, target_boxes) * 4
    return {"classification": each[0], "localization": each[1], "total": each[0] + box_weight * each[1]}


@torch.no_grad()
def measure_boxes(model: nn.Module, data: SingleObjects, box_weight: float = 1.0) -> dict[str, float]:
    """Return what a model that returns scores and boxes costs and what it is worth, on all of `data`.

    "total" with that weight, "classification" and "localization" are the losses; "accuracy" is the share of right
    classes, "mean IoU" that of the boxes of the *predicted* classes, "IoU over half" the share of those.
    """
    images, labels, boxes = _stacked(model, data)
    with in_eval_mode(model):
        scores, found = model(images)
    losses = class_and_box_loss(scores, found, labels, boxes, box_weight)
    predicted = scores.argmax(dim=1)
    iou = box_iou(in_order(own_boxes(found, predicted)), boxes).diagonal()  # of each with its own target
    return {
        **{name: float(losses[name]) for name in ("total", "classification", "localization")},
        "accuracy": float((predicted == labels).double().mean()),
        "mean IoU": float(iou.double().mean()),
        "IoU over half": float((iou >= 0.5).double().mean()),
    }


def _stacked(model: nn.Module, data: SingleObjects) -> tuple[Tensor, Tensor, Tensor]:
    images, targets = zip(*(data[index] for index in range(len(data))), strict=True)
    device = next(model.parameters()).device
    labels, boxes = labels_and_boxes(targets)
    return torch.stack(images).to(device), labels.to(device), boxes.to(device)


def in_order(boxes: Tensor) -> Tensor:
    """Return boxes (N, 4) whose corners may be exchanged, as those of a network are now and then, in order."""
    first, second = boxes[:, :2], boxes[:, 2:]
    return torch.cat([torch.minimum(first, second), torch.maximum(first, second)], dim=1)
