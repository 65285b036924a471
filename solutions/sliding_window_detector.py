"""A detector that looks everywhere: chapter 1's classifier, as a convolution, over one image at many sizes.

A window of 32 × 32 pixels slides over the image, and what it shows is scored. For things that are larger or smaller,
wider or taller, not the window changes but the image: it is resized until such a thing fills the window, as Dalal &
Triggs (2005) did it. That one pass answers for all positions is Sermanet et al.'s (2014). What is found twice, and it
all is, suppression takes away, class by class.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from solutions.boxes import batched_nms, box_iou, window_boxes
from solutions.require import require_int
from solutions.require_boxes import require_threshold, require_window_sizes

WINDOW_SIZES = ((12, 16), (18, 24), (26, 34), (36, 48), (46, 60), (18, 15), (26, 22), (38, 32))
"""(height, width) in pixels that suit the Farm's animals in scenes of 64 × 64: five wide ones and three tall."""


def window_classifier(num_classes: int) -> nn.Sequential:
    """Return a small network that scores windows (B, 3, 32, 32): (B, num_classes, 1, 1).

    No convolution is padded, and the last one is chapter 1's linear layer on what is left
    of a window. So a larger image gives a map of scores, one for every window of
    32 × 32 pixels, 4 apart.

    Raises:
        TypeError: `num_classes` is not an int.
        ValueError: it is below 1.
    """
    require_int("num_classes", num_classes, least=1)
    return nn.Sequential(
        nn.Conv2d(3, 16, 5, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),  # 14 × 14 of a window
        nn.Conv2d(16, 32, 3, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),  # 6 × 6
        nn.Conv2d(32, 64, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(),  # 4 × 4
        nn.Conv2d(64, num_classes, 4),  # 1 × 1
    ).to(memory_format=torch.channels_last)  # fmt: skip  # a third quicker on a CPU


class WindowScores(nn.Module):
    """Scores of every window of every size, by one pass of a window classifier for each size.

    `window_sizes` are (height, width) in pixels. For each of them the images are resized,
    so that such a window becomes 32 × 32 pixels. Returns (N, windows, num_classes) for
    images (N, 3, H, W): the first size first, row by row.

    Raises:
        TypeError: sizes that are not pairs of ints.
        ValueError: a window without pixels.
    """

    side, stride = 32, 4

    def __init__(self, num_classes: int, window_sizes: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        require_window_sizes(window_sizes, self.stride)
        self.num_classes, self.window_sizes = num_classes, tuple(window_sizes)
        self.classifier = window_classifier(num_classes)

    def resized(self, image_size: Sequence[int], window: tuple[int, int]) -> tuple[int, int]:
        """Return the size (H, W) at which a `window` of such an image is as large as the classifier's."""
        height, width = (round(self.side * whole / own) for whole, own in zip(image_size, window, strict=True))
        return height, width

    def forward(self, images: Tensor, window_sizes: Sequence[tuple[int, int]] | None = None) -> Tensor:
        """Return scores (N, windows, num_classes), of all sizes or of those that are given."""
        scores = [images.new_zeros(len(images), 0, self.num_classes)]
        for window in window_sizes or self.window_sizes:
            size = self.resized(images.shape[-2:], window)
            if min(size) >= self.side:  # else no such window fits
                there = F.interpolate(images, size, mode="bilinear", antialias=True)
                scores.append(self.classifier(there).flatten(2).mT)  # (N, windows of this size, num_classes)
        return torch.cat(scores, dim=1)


class SlidingWindowDetector(nn.Module):
    """Finds objects by scoring every window of every size, with torchvision's call and output convention.

    In training `model(images, targets)` returns a dict of one loss: of some sizes of
    windows, drawn anew at each call, those with an IoU of at least `foreground` with an
    object are its class, those below `background` are none, and the cross-entropy is the
    mean over the former and the hardest of the latter, three for each. In evaluation
    `model(images)` returns a dict an image: `boxes` (n, 4), which are windows, `labels`
    (n,) from 1 and `scores` (n,), best first. Images are a list of (3, H, W) in [0, 1], or
    a batch of them.

    Raises:
        TypeError: a number that is none, or sizes that are not pairs of ints.
        ValueError: a number out of range, or a window without pixels.
    """

    def __init__(
        self,
        num_classes: int,
        window_sizes: Sequence[tuple[int, int]] = WINDOW_SIZES,
        *,
        sizes_a_step: int = 2,
        foreground: float = 0.5,
        background: float = 0.4,
        score_threshold: float = 0.05,
        nms_threshold: float = 0.3,
        candidates_per_image: int = 1000,
        detections_per_image: int = 100,
    ) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=2)
        require_int("sizes_a_step", sizes_a_step, least=1)
        require_int("candidates_per_image", candidates_per_image, least=1)
        require_int("detections_per_image", detections_per_image, least=1)
        for name, value in {
            "foreground": foreground, "background": background,
            "score_threshold": score_threshold, "nms_threshold": nms_threshold,
        }.items():  # fmt: skip
            require_threshold(name, value)
        self.window_scores = WindowScores(num_classes, window_sizes)
        self.sizes_a_step, self.foreground, self.background = sizes_a_step, foreground, background
        self.score_threshold, self.nms_threshold = score_threshold, nms_threshold
        self.candidates_per_image, self.detections_per_image = candidates_per_image, detections_per_image

    def forward(
        self, images: Sequence[Tensor] | Tensor, targets: Sequence[Mapping[str, Tensor]] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        """Return the loss in training, and the detections of each image in evaluation.

        Raises:
            ValueError: in training, no targets, or not one for each image.
        """
        if not self.training:
            return [self.detect(image) for image in images]
        if targets is None or len(targets) != len(images):
            raise ValueError(f"in training each of the {len(images)} images needs its target")
        return {"loss_classifier": self.loss(images, targets)}

    def windows(self, image_size: Sequence[int], window_sizes: Sequence[tuple[int, int]] | None = None) -> Tensor:
        """Return all windows (N, 4) of an image of (H, W), in pixels and in the order of their scores."""
        height, width = image_size
        boxes = [torch.zeros(0, 4)]
        for window in window_sizes or self.window_scores.window_sizes:
            high, wide = self.window_scores.resized(image_size, window)
            side = self.window_scores.side
            own = window_boxes((high, wide), [(side, side)], self.window_scores.stride)
            boxes.append(own * torch.tensor([width / wide, height / high]).repeat(2))
        return torch.cat(boxes)

    def loss(self, images: Sequence[Tensor] | Tensor, targets: Sequence[Mapping[str, Tensor]]) -> Tensor:
        """Return the cross-entropy of windows on objects and of the hardest ones on none, a mean over both."""
        sizes = self.window_scores.window_sizes
        some = [sizes[number] for number in torch.randperm(len(sizes))[: self.sizes_a_step].tolist()]
        scores, labels = [], []
        for batch, of in _by_size(images):
            windows = self.windows(batch.shape[-2:], some).to(batch.device)
            if len(windows):
                scores.append(self.window_scores(batch, some).flatten(0, 1))
                labels += [self.label(windows, targets[number]) for number in of]
        if not scores:
            return sum(parameter.sum() * 0 for parameter in self.parameters())  # type: ignore[return-value]
        return hardest_cross_entropy(torch.cat(scores).float(), torch.cat(labels))

    def label(self, windows: Tensor, target: Mapping[str, Tensor]) -> Tensor:
        """Return for each window (N,) the class that it shows, 0 for the background, −1 for neither this nor that."""
        if not len(target["boxes"]):
            return torch.zeros(len(windows), dtype=torch.int64, device=windows.device)
        iou, which = box_iou(windows, target["boxes"].to(windows.dtype)).max(dim=1)
        between = torch.where(iou >= self.background, -1, 0)
        return torch.where(iou >= self.foreground, target["labels"][which], between)

    @torch.no_grad()
    def detect(self, image: Tensor) -> dict[str, Tensor]:
        """Return the detections in an image (3, H, W): boxes, labels and scores, best first."""
        windows = self.windows(image.shape[-2:]).to(image.device)
        scores = self.window_scores(image[None])[0].float().softmax(dim=-1)
        which, label = torch.where(scores[:, 1:] > self.score_threshold)  # a window may be in doubt between two
        confidence, best = scores[which, label + 1].sort(descending=True, stable=True)
        best = best[: self.candidates_per_image]
        boxes, label, confidence = windows[which[best]], label[best], confidence[: len(best)]
        kept = batched_nms(boxes, confidence, label, self.nms_threshold)[: self.detections_per_image]
        return {"boxes": boxes[kept], "labels": label[kept] + 1, "scores": confidence[kept]}


def hardest_cross_entropy(scores: Tensor, labels: Tensor, several: int = 3, least: int = 24) -> Tensor:
    """Return the cross-entropy of scores (M, K), a mean over what is on an object and the hardest of the background.

    `labels` (M,) are from 1 on an object, 0 on none and −1 where a window does not count.
    Nearly all windows show nothing, and most of those are easy; `several` of the worst are
    taken for each one on an object, and `least` where there are few of those or none.
    """
    each = F.cross_entropy(scores, labels, ignore_index=-1, reduction="none")
    objects, background = each[labels > 0], each[labels == 0]
    most = min(len(background), max(several * len(objects), least))
    worst = background.topk(most).values
    return (objects.sum() + worst.sum()) / max(len(objects) + most, 1)


def _by_size(images: Sequence[Tensor] | Tensor) -> list[tuple[Tensor, list[int]]]:
    """Return the images of each size as a batch, with their places in the list."""
    places: dict[torch.Size, list[int]] = {}
    for number, image in enumerate(images):
        places.setdefault(image.shape, []).append(number)
    return [(torch.stack([images[number] for number in of]), of) for of in places.values()]
