"""Two tasks of one object a picture: its class and box, and its keypoints."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

import torch
from torch import Tensor, nn

from course.localization import SingleObject, labels_and_boxes
from course.pose import keypoints_of, longer_sides
from solutions.boxes import box_iou
from solutions.localization import multitask_loss, select_class_boxes
from solutions.pose import PoseNet, decode_heatmaps, gaussian_heatmaps, keypoint_loss, pck
from solutions.training.data import Sample
from solutions.training.scores import Scores

_BOX_WEIGHT = 3.0  # of the two losses: between the best accuracy and the best boxes, see chapter 5
_SIGMA = 1.0  # of a heat map's hills, in its own pixels

Batch = tuple[Tensor, Sequence[SingleObject]]
Batches = Iterable[Batch]
Autocast = Callable[[], AbstractContextManager[object]]


def collate(samples: Sequence[Sample]) -> tuple[Any, Any]:
    """Stack images to (N, 3, H, W); targets stay a list."""
    images, targets = zip(*samples, strict=True)
    return torch.stack(images), list(targets)


class Localization:
    """The class and the box of the one object: cross-entropy and squared distance; accuracy and IoU."""

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)

    collate = staticmethod(collate)

    def losses(self, model: nn.Module, images: Tensor, targets: Sequence[SingleObject]) -> dict[str, Tensor]:
        """Return the loss of the class and the weighted loss of the box."""
        labels, boxes = labels_and_boxes(targets)
        scores, found = model(images)
        losses = multitask_loss(scores.float(), found.float(), labels, boxes)
        return {"classification": losses["classification"], "localization": _BOX_WEIGHT * losses["localization"]}

    @torch.no_grad()
    def evaluate(self, model: nn.Module, batches: Batches, autocast: Autocast) -> Scores:
        """Return accuracy, the mean IoU of the predicted classes' boxes, and the share of them at least ½."""
        rights, ious, labels = [], [], []
        for images, targets in batches:
            with autocast():
                scores, found = model(images)
            truth, boxes = labels_and_boxes(targets)
            predicted = scores.argmax(dim=1)
            own = _in_order(select_class_boxes(found.float(), predicted))
            ious.append(box_iou(own, boxes).diagonal())
            rights.append(predicted == truth)
            labels.append(truth)
        right, iou, label = torch.cat(rights), torch.cat(ious), torch.cat(labels)
        values = {
            "accuracy": float(right.double().mean()),
            "mean_IoU": float(iou.double().mean()),
            "IoU_50": float((iou >= 0.5).double().mean()),
        }
        names = self.classes[1:]  # the background is no class here
        per_class = {names[int(one)]: float(iou[label == one].mean()) for one in label.unique()}  # type: ignore[no-untyped-call]
        return Scores("mean_IoU", values, per_class)

    @torch.no_grad()
    def predict(self, model: nn.Module, images: Tensor) -> list[dict[str, Tensor]]:
        """Return for each image one box in pixels, its label from 1 and the class's probability."""
        scores, found = model(images)
        confidence, predicted = scores.softmax(dim=1).max(dim=1)
        boxes = _in_order(select_class_boxes(found.float(), predicted))
        boxes = boxes * boxes.new_tensor([images.shape[-1], images.shape[-2]] * 2)
        return [
            {"boxes": box[None], "labels": label[None] + 1, "scores": score[None]}
            for box, label, score in zip(boxes, predicted, confidence, strict=True)
        ]


class Pose:
    """The keypoints of the one object, by heat maps or by coordinates: squared distances; PCK."""

    def __init__(self, names: Sequence[str]) -> None:
        self.classes = tuple(names)

    collate = staticmethod(collate)

    def losses(self, model: nn.Module, images: Tensor, targets: Sequence[SingleObject]) -> dict[str, Tensor]:
        """Return the squared difference of the maps, summed over pixels, or the squared distance of the points."""
        answer = model(images).float()
        if answer.ndim == 4:
            points, visible = keypoints_of(targets, cast(tuple[int, int], tuple(answer.shape[-2:])))
            difference = (answer - gaussian_heatmaps(points, answer.shape[-2:], _SIGMA)).square().sum(dim=(2, 3))
            return {"heatmaps": (difference * visible).sum() / visible.sum().clamp(min=1)}
        points, visible = keypoints_of(targets, (1, 1))
        return {"coordinates": keypoint_loss(answer, points, visible)}

    @torch.no_grad()
    def evaluate(self, model: nn.Module, batches: Batches, autocast: Autocast) -> Scores:
        """Return PCK at 0.2 and 0.1 of the longer side of the object's box, and at 0.2 for each keypoint."""
        found, there, seen, sides = [], [], [], []
        for images, targets in batches:
            size = (images.shape[-2], images.shape[-1])
            with autocast():
                answer = model(images)
            points, visible = keypoints_of(targets, size)
            found.append(_points(answer.float(), size))
            there.append(points)
            seen.append(visible)
            sides.append(longer_sides(targets, size))
        pred, target, visible, scale = torch.cat(found), torch.cat(there), torch.cat(seen), torch.cat(sides)
        values = {f"PCK_{alpha}": float(pck(pred, target, visible, scale, alpha)) for alpha in (0.2, 0.1)}
        per_keypoint = {
            name: float(pck(pred[:, j, None], target[:, j, None], visible[:, j, None], scale))
            for j, name in enumerate(self.classes) if visible[:, j].any()
        }  # fmt: skip
        return Scores("PCK_0.2", values, per_keypoint)

    @torch.no_grad()
    def predict(self, model: nn.Module, images: Tensor) -> list[dict[str, Tensor]]:
        """Return for each image its keypoints (1, J, 3) in pixels, all of them as visible."""
        points = _points(model(images).float(), (images.shape[-2], images.shape[-1]))
        points = torch.cat([points, torch.full_like(points[..., :1], 2)], dim=-1)
        return [{"keypoints": one[None]} for one in points]


def _points(answer: Tensor, size: tuple[int, int]) -> Tensor:
    """Return keypoints (N, J, 2) in pixels of the image, from heat maps or from shares of its sides."""
    if answer.ndim == 4:
        return decode_heatmaps(answer)[0] * PoseNet.stride
    return answer * answer.new_tensor([size[1], size[0]])


def _in_order(boxes: Tensor) -> Tensor:
    """Return boxes (N, 4) whose corners may be exchanged, as those of a network are now and then, in order."""
    first, second = boxes[:, :2], boxes[:, 2:]
    return torch.cat([torch.minimum(first, second), torch.maximum(first, second)], dim=1)
