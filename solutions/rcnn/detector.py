"""R-CNN whole: proposals, a network that looks into each, machines that name it, regressions that move its box.

Girshick et al. (2014) in small. A network learns to name animals that are cut out of other pictures, and goes on with
proposals and the background as one more class. What its last layer sees is judged by a linear support vector machine
for each class, and what it saw before, while it still knew where, moves the box. Each ingredient can be left out, to
see what it brings.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.pieces import as_bytes
from solutions.boxes import clip_boxes, decode_boxes
from solutions.rcnn.linear_svm import LinearSVM
from solutions.rcnn.steps import assign_labels, warp_regions
from solutions.require import require_int, require_one_of
from solutions.require_boxes import require_threshold
from solutions.require_proposals import require_warp
from solutions.selective_search import selective_search
from solutions.suppression import batched_nms

Head = Literal["softmax", "svm"]
Propose = Callable[[Tensor], Tensor]

LEAST_SCORE = {"softmax": 0.05, "svm": -1.0}
"""What a detection must score: a share of the softmax, or more than the far side of a machine's margin."""

_AT_ONCE = 512  # regions through the network


def propose_regions(image: Tensor) -> Tensor:
    """Return selective search's boxes (P, 4) for an image (3, H, W) in [0, 1], with settings that suit the Farm."""
    return selective_search(as_bytes(image), 80.0, min_side=4).to(image)


class RegionNetwork(nn.Module):
    """A small network that looks at warped regions (R, 3, 32, 32): logits (R, num_classes).

    `pooled(regions)` (R, 1024) is the last map, which still knows where; `features(pooled)`
    (R, 128) is what the last layer, `classifier`, decides by.
    """

    size, num_pooled, num_features = 32, 64 * 4 * 4, 128

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((3, 16), (16, 32), (32, 64)):
            layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        self.pooled = nn.Sequential(*layers, nn.Flatten()).to(memory_format=torch.channels_last)  # quicker on a CPU
        self.features = nn.Sequential(nn.Linear(self.num_pooled, self.num_features), nn.ReLU())
        self.classifier = nn.Linear(self.num_features, num_classes)

    def forward(self, regions: Tensor) -> Tensor:
        """Return the logits (R, num_classes) of `regions` (R, 3, 32, 32)."""
        logits: Tensor = self.classifier(self.features(self.pooled(regions)))
        return logits


@dataclass(frozen=True)
class Look:
    """What the network sees in an image of (H, W): `boxes` (P, 4), `pooled` (P, 1024), `features` (P, 128)."""

    image_size: tuple[int, int]
    boxes: Tensor
    pooled: Tensor
    features: Tensor


class RCNN(nn.Module):
    """Finds objects by looking into proposals, with torchvision's call and output convention.

    In training `model(images, targets)` returns a dict of one loss, the network's: of each
    image, proposals with an IoU of at least ½ with an object are its class and the others
    background, one of the former to three of the latter. In evaluation `model(images)`
    returns a dict an image: `boxes` (n, 4), `labels` (n,) from 1 and `scores` (n,), best
    first. Images are a list of (3, H, W) in [0, 1], or a batch of them. A target may bring
    the `proposals` (P, 4) of its image; where there are none, `propose(image)` is asked, and
    asked once for each picture in training.

    `head` says who names a region, the network's own "softmax" or a machine a class, "svm",
    whose scores are distances from the margin; with `regression` boxes are moved. Machines
    and regressions are fitted when the network has been trained: `solutions.rcnn.training`.

    Raises:
        TypeError: a number that is none.
        ValueError: a number out of range, or an unknown head.
    """

    regressors: Tensor

    def __init__(
        self,
        num_classes: int,
        *,
        propose: Propose = propose_regions,
        head: Head = "softmax",
        regression: bool = False,
        context: int = 4,
        regions_per_image: int = 32,
        foreground_share: float = 0.25,
        nms_threshold: float = 0.3,
        detections_per_image: int = 100,
    ) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=2)
        require_one_of("head", head, LEAST_SCORE)
        require_warp(torch.zeros(3, 1, 1), RegionNetwork.size, context)
        require_int("regions_per_image", regions_per_image, least=1)
        require_int("detections_per_image", detections_per_image, least=1)
        require_threshold("foreground_share", foreground_share)
        require_threshold("nms_threshold", nms_threshold)
        self.propose, self.head, self.regression, self.context = propose, head, regression, context
        self.regions_per_image, self.foreground_share = regions_per_image, foreground_share
        self.nms_threshold, self.detections_per_image = nms_threshold, detections_per_image
        self.network = RegionNetwork(num_classes)
        self.svms = nn.ModuleList(LinearSVM(self.network.num_features) for _ in range(num_classes - 1))
        self.register_buffer("regressors", torch.zeros(num_classes - 1, self.network.num_pooled, 4))
        self._known: dict[bytes, Tensor] = {}

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

    def loss(self, images: Sequence[Tensor] | Tensor, targets: Sequence[Mapping[str, Tensor]]) -> Tensor:
        """Return the mean cross-entropy of some regions of each image, half of them mirrored."""
        regions, labels = [], []
        for image, target in zip(images, targets, strict=True):
            boxes = torch.cat(
                [target["boxes"].to(image), self.proposals(image, target)]
            )  # an object is a good proposal
            each, _ = assign_labels(boxes, target["boxes"].to(image), target["labels"])
            some = sample_regions(each, self.regions_per_image, self.foreground_share)
            regions.append(warp_regions(image, boxes[some], self.network.size, self.context))
            labels.append(each[some])
        batch = mirror_some(torch.cat(regions))
        return F.cross_entropy(self.network(batch).float(), torch.cat(labels))

    def proposals(self, image: Tensor, target: Mapping[str, Tensor]) -> Tensor:
        """Return the proposals (P, 4) that a target brings, or else those of its image, which are kept."""
        if "proposals" in target:
            return target["proposals"].to(image)
        key = image.detach().cpu().numpy().tobytes()
        if key not in self._known:
            self._known[key] = self.propose(image).cpu()
        return self._known[key].to(image)

    @torch.no_grad()
    def look(self, image: Tensor, boxes: Tensor) -> Look:
        """Return what the network sees in each of `boxes` (P, 4) of an image (3, H, W)."""
        pooled = [image.new_zeros(0, self.network.num_pooled)]
        for some in torch.split(boxes.to(image), _AT_ONCE):
            pooled.append(self.network.pooled(warp_regions(image, some, self.network.size, self.context)).to(image))
        seen = torch.cat(pooled)
        return Look((image.shape[1], image.shape[2]), boxes.to(image), seen, self.network.features(seen).to(image))

    @torch.no_grad()
    def judge(self, seen: Look) -> dict[str, Tensor]:
        """Return the detections among what was seen: boxes, labels and scores, best first."""
        with torch.autocast(seen.boxes.device.type, enabled=False):  # half a pixel, or a rank, is not to be rounded off
            scores = self.scores(seen.features)
            which, label = torch.where(scores > LEAST_SCORE[self.head])  # a region may be in doubt between two
            boxes, confidence = seen.boxes[which], scores[which, label]
            if self.regression:
                deltas = torch.stack([seen.pooled @ weights.to(boxes) for weights in self.regressors])[label, which]
                boxes = clip_boxes(decode_boxes(deltas, boxes), seen.image_size)
        kept = batched_nms(boxes, confidence, label, self.nms_threshold)[: self.detections_per_image]
        return {"boxes": boxes[kept], "labels": label[kept] + 1, "scores": confidence[kept]}

    def scores(self, features: Tensor) -> Tensor:
        """Return what the chosen head says of features (P, 128): (P, num_classes − 1), without the background."""
        if self.head == "softmax":
            logits: Tensor = self.network.classifier(features)
            return logits.softmax(dim=-1)[:, 1:]
        return torch.stack([svm(features) for svm in self.svms], dim=1)

    def detect(self, image: Tensor, proposals: Tensor | None = None) -> dict[str, Tensor]:
        """Return the detections in an image (3, H, W), looking into `proposals` (P, 4) or into its own."""
        return self.judge(self.look(image, self.propose(image) if proposals is None else proposals))

    @torch.no_grad()
    def seconds_by_part(self, image: Tensor) -> dict[str, float]:
        """Return how long each part takes for an image (3, H, W): proposals, warping, network, heads."""
        clock = Clock(image.device)
        boxes = self.propose(image)
        clock.note("proposals")
        regions = warp_regions(image, boxes, self.network.size, self.context)
        clock.note("warping")
        pooled = self.network.pooled(regions)
        features = self.network.features(pooled)
        clock.note("network")
        self.judge(Look((image.shape[1], image.shape[2]), boxes, pooled, features))
        clock.note("heads")
        return clock.seconds


def sample_regions(labels: Tensor, count: int, foreground_share: float) -> Tensor:
    """Return the indices of at most `count` regions, drawn from those on an object and from the background.

    `labels` (P,) are from 1 on an object, 0 on none and −1 where a region does not count. At
    most `foreground_share` of `count` are on objects, and background fills up the rest.
    """
    (objects,), (background,) = torch.where(labels > 0), torch.where(labels == 0)
    most = round(count * foreground_share)
    objects = objects[torch.randperm(len(objects), device=labels.device)[:most]]
    background = background[torch.randperm(len(background), device=labels.device)[: count - len(objects)]]
    return torch.cat([objects, background])


def mirror_some(regions: Tensor) -> Tensor:
    """Return regions (R, C, s, s), about half of them mirrored."""
    mirrored = torch.rand(len(regions), 1, 1, 1, device=regions.device) < 0.5
    return torch.where(mirrored, regions.flip(-1), regions)


class Clock:
    """Notes how long it is since the last note, and waits for a GPU to be done before it looks."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.seconds = device, dict[str, float]()
        self.last = self._now()

    def note(self, name: str) -> None:
        """Write down what has passed since the last note as the seconds of `name`."""
        now = self._now()
        self.seconds[name], self.last = now - self.last, now

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()
