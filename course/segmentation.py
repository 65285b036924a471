"""Train and measure networks that label every pixel: the pictures, the loss and the metric that `fit` asks for.

    train, test = SemanticSet(Farm(1000), keep=True), SemanticSet(Farm(200, seed=1), keep=True)
    fit(network, pixel_loss, train, validation=test, metric=mean_iou_of, minutes=1)
    class_iou(network, test)  # {"mean": 0.74, "sky": 0.98, …}

A pixel with the label 255 is nobody's: neither the loss nor the metric counts it. Intersection over union (IoU) is
torchmetrics' own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torchmetrics import MetricCollection

    from course.training import Samples

IGNORE = 255
"""The label of pixels that do not count: borders, and what nobody could name."""


class Scenes(Protocol):
    """A data set in the Farm's format: item i is (image (3, H, W), target with the key `semantic`)."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> tuple[Tensor, Any]: ...


class SemanticSet:
    """The pictures of `data` with their label maps alone: item i is (image (3, H, W), semantic (H, W) long).

    `data` is the Farm or any data set of `course.data` that has semantic maps. `size` (H, W) brings all of them to one
    size, images smoothly and labels by the nearest pixel, so that photographs can be stacked to batches. `keep`
    holds in memory what was seen once, about 50 kB for a picture of 64 × 64 pixels: a second epoch draws nothing.
    """

    def __init__(self, data: Scenes, *, size: tuple[int, int] | None = None, keep: bool = False) -> None:
        self.data, self.size, self.keep = data, size, keep
        self.classes: tuple[str, ...] = _classes_of(data)
        self._kept: dict[int, tuple[Tensor, Tensor]] = {}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if index in self._kept:
            image, labels = self._kept[index]
            return image, labels.long()
        image, target = self.data[index]
        labels = target["semantic"]
        if self.size is not None and self.size != tuple(labels.shape):
            image, labels = _resized(image, labels, self.size)
        if self.keep:
            self._kept[index] = image, labels.byte()  # classes and 255 fit into a byte
        return image, labels


def pixel_loss(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy over the pixels that count, of `images` (N, 3, H, W) and `targets` (N, H, W).

    Where no pixel counts it is 0 with a gradient of 0, so that one empty batch does not spoil the weights.
    """
    import torch.nn.functional as F

    total = F.cross_entropy(model(images).float(), targets, ignore_index=IGNORE, reduction="sum")
    return total / (targets != IGNORE).sum().clamp(min=1)


def mean_iou_of(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> float:
    """Return the mean IoU over all pixels of all batches: a metric for `fit`. Classes that are nowhere do not count."""
    return measure_pixels(model, batches)["mean"]


def class_iou(
    model: nn.Module,
    data: Samples,
    classes: Sequence[str] = (),
    *,
    batch_size: int = 32,
    device: str | None = None,
) -> dict[str, float]:
    """Return the intersection over union of `model` on all of `data`: first "mean", then each class by its name.

    Items of `data` are (image, semantic), as those of a `SemanticSet` or of a list. The names are `classes`, or
    `data.classes` where there are any. A class that is neither in the data nor in any prediction has no IoU: it is left
    out. The network is measured in eval mode, and left in the mode in which it came; `device` is where it is measured,
    by default where it is.
    """
    import torch

    from course.training import batches, in_eval_mode

    parameter = next(model.parameters(), None)
    here = torch.device("cpu") if parameter is None else parameter.device
    place = torch.device(device) if device else here
    model.to(place)
    with in_eval_mode(model), torch.no_grad():
        return measure_pixels(model, batches(data, batch_size, place), classes or getattr(data, "classes", ()))


def measure_pixels(
    model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], classes: Sequence[str] = ()
) -> dict[str, float]:
    """Return "mean" and the IoU of each class over all pixels of `batches`, with the model in the mode in which it is.

    The number of classes is that of the network's scores (N, K, H, W); without `classes` their names are "0", "1", …

    Raises:
        ValueError: no batch, or another number of names than the network has scores.
    """
    metrics: MetricCollection | None = None
    for images, targets in batches:
        scores = model(images)
        if metrics is None:
            metrics = pixel_metrics(scores.shape[1], scores.device)
        metrics.update(scores.argmax(dim=1), targets)
    if metrics is None:
        raise ValueError("there is nothing to measure on: no batch came")
    return named_scores(metrics, classes)


def pixel_metrics(num_classes: int, device: str | torch.device = "cpu") -> MetricCollection:
    """Return torchmetrics' IoU of each class, their mean, the pixel accuracy and the confusion matrix, 255 left out."""
    from torchmetrics import MetricCollection
    from torchmetrics.classification import (
        MulticlassAccuracy,
        MulticlassConfusionMatrix,
        MulticlassJaccardIndex,
    )

    # With many processes each one measures alone: a metric that waits for the others would wait for ever.
    options: dict[str, Any] = {"num_classes": num_classes, "ignore_index": IGNORE, "sync_on_compute": False}
    return MetricCollection(
        {
            "iou": MulticlassJaccardIndex(average="none", **options),
            "mean_iou": MulticlassJaccardIndex(average="macro", **options),
            "pixel_accuracy": MulticlassAccuracy(average="micro", **options),
            "confusion": MulticlassConfusionMatrix(**options),
        }
    ).to(device)


def named_scores(metrics: MetricCollection, classes: Sequence[str] = ()) -> dict[str, float]:
    """Return what `pixel_metrics` counted: "mean", then the IoU of each class that is anywhere, by its name.

    Raises:
        ValueError: another number of names than of classes.
    """
    values = metrics.compute()
    count = len(values["iou"])
    names = tuple(classes) or tuple(map(str, range(count)))
    if len(names) != count:
        raise ValueError(f"the network scores {count} classes, got {len(names)} names: {', '.join(names)}")
    anywhere = (values["confusion"].sum(dim=0) + values["confusion"].sum(dim=1) > 0).tolist()
    each = zip(names, values["iou"].tolist(), anywhere, strict=True)
    return {"mean": float(values["mean_iou"]), **{name: iou for name, iou, present in each if present}}


def _classes_of(data: Scenes) -> tuple[str, ...]:
    """Return the names of a data set's semantic classes, or nothing where it has none."""
    from course.farm import SEMANTIC_CLASSES, Farm

    return SEMANTIC_CLASSES if isinstance(data, Farm) else tuple(getattr(data, "classes", ()))


def _resized(image: Tensor, labels: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    import torch.nn.functional as F

    image = F.interpolate(image[None], size, mode="bilinear", antialias=True, align_corners=False)[0]
    small = labels[None, None].byte()
    return image, F.interpolate(small, size, mode="nearest-exact")[0, 0].long()
