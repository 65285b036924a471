"""What is asked of a model: a label a pixel, boxes (and masks), or what the one object is and where.

Each task knows its batches, loss and metric; the two of one object are in `single`.

Metrics are the field's own: intersection over union of torchmetrics, average precision of `solutions.metrics`,
which is equal to COCO's.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from course.segmentation import named_scores, pixel_loss, pixel_metrics
from solutions.metrics import mean_average_precision
from solutions.training.data import Sample
from solutions.training.models import Asked
from solutions.training.scores import Scores
from solutions.training.single import Localization, Pose

Batch = tuple[Any, Any]
Batches = Iterable[Batch]
Autocast = Callable[[], AbstractContextManager[object]]

_DETECTION_KEYS = ("boxes", "labels", "masks")


class Semantic:
    """A label for each pixel: cross-entropy, and mean intersection over union; 255 counts for neither."""

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)

    def collate(self, samples: Sequence[Sample]) -> Batch:
        """Stack images to (N, 3, H, W) and semantic maps to (N, H, W)."""
        images, targets = zip(*samples, strict=True)
        return torch.stack(images), torch.stack(targets)

    def losses(self, model: nn.Module, images: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return the mean cross-entropy over the pixels that count; 0 with a gradient where none does."""
        return {"cross_entropy": pixel_loss(model, images, targets)}

    @torch.no_grad()
    def evaluate(self, model: nn.Module, batches: Batches, autocast: Autocast) -> Scores:
        """Return mIoU and pixel accuracy over all pixels of all images; a class that is nowhere does not count."""
        metrics = pixel_metrics(len(self.classes))
        for images, targets in batches:
            with autocast():
                logits = model(images)
            metrics.to(logits.device).update(logits.argmax(dim=1), targets)
        iou = named_scores(metrics, self.classes)
        mean = iou.pop("mean")
        return Scores("mIoU", {"mIoU": mean, "pixel_accuracy": float(metrics.compute()["pixel_accuracy"])}, iou)

    @torch.no_grad()
    def predict(self, model: nn.Module, images: Tensor) -> list[dict[str, Tensor]]:
        """Return for each image its semantic map (H, W)."""
        return [{"semantic": labels} for labels in model(images).argmax(dim=1)]


class Detection:
    """Boxes and, where asked, masks: the losses of torchvision's models, and COCO's average precision."""

    def __init__(self, classes: Sequence[str], masks: bool) -> None:
        self.classes, self.masks = tuple(classes), masks

    def collate(self, samples: Sequence[Sample]) -> Batch:
        """Return images (3, H, W) and targets as lists, as torchvision's models take them."""
        keys = _DETECTION_KEYS if self.masks else _DETECTION_KEYS[:2]
        images, targets = zip(*samples, strict=True)
        return list(images), [{key: target[key] for key in keys} for target in targets]

    def losses(self, model: nn.Module, images: list[Tensor], targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Return the losses that the model itself reports, by name."""
        losses: dict[str, Tensor] = model(images, targets)
        return losses

    @torch.no_grad()
    def evaluate(self, model: nn.Module, batches: Batches, autocast: Autocast) -> Scores:
        """Return COCO's average precision of boxes and, where asked, of masks."""
        found: list[dict[str, Tensor]] = []
        there: list[dict[str, Tensor]] = []
        for images, targets in batches:
            with autocast():
                found += map(_on_cpu, self.predict(model, images))
            there += map(_on_cpu, targets)
        boxes = mean_average_precision(found, there)
        results = {"mAP": boxes}
        if self.masks:
            results["mask_mAP"] = mean_average_precision(found, there, iou_type="segm")
        values: dict[str, float] = {}
        for name, result in results.items():
            for suffix, value in (("", result["map"]), ("_50", result["map_50"]), ("_75", result["map_75"])):
                values[name + suffix] = max(value, 0.0)  # COCO says −1 where there is nothing
        return Scores("mAP", values, {self.classes[label]: value for label, value in boxes["per_class"].items()})

    @torch.no_grad()
    def predict(self, model: nn.Module, images: list[Tensor]) -> list[dict[str, Tensor]]:
        """Return the detections of each image, masks as (n, H, W) bool."""
        found: list[dict[str, Tensor]] = model(list(images))
        for one in found:
            if "masks" in one:
                one["masks"] = one["masks"][:, 0] > 0.5
        return found


Task = Semantic | Detection | Localization | Pose


def task_for(asked: Asked, classes: Sequence[str]) -> Task:
    """Return the task of a model that answers `asked`."""
    if asked == "semantic":
        return Semantic(classes)
    if asked == "object":
        return Localization(classes)
    return Pose(classes) if asked == "keypoints" else Detection(classes, masks=asked == "masks")


def _on_cpu(one: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        key: value.float().cpu() if value.is_floating_point() else value.cpu()
        for key, value in one.items()
        if key in (*_DETECTION_KEYS, "scores")
    }
