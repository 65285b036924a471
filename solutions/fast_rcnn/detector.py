"""Fast R-CNN whole: one look at each image, and a class and a box for every proposal from the same map.

Girshick (2015) in small. The convolutions are those of R-CNN's `RegionNetwork`, but they see the whole image instead of
a hundred warped pieces of it, and their last max pooling is RoI pooling. Class and box come from one network with one
loss: nothing is kept on a disk, and there is one training instead of three.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from course.roi import Pool
from solutions.boxes import clip_boxes, decode_boxes, encode_boxes
from solutions.fast_rcnn.compression import truncated_svd
from solutions.fast_rcnn.losses import fast_rcnn_loss
from solutions.fast_rcnn.pooling import roi_pool
from solutions.rcnn.detector import Clock, Propose, RegionNetwork, propose_regions, sample_regions
from solutions.rcnn.steps import assign_labels
from solutions.require import require_int
from solutions.require_boxes import require_threshold
from solutions.suppression import batched_nms

BOX_WEIGHTS = (10.0, 10.0, 5.0, 5.0)
"""By them deltas have about the size of a normal distribution's numbers, as the paper normalises its targets."""

LEAST_SCORE = 0.05

_AT_ONCE = 4  # images through the network, when nothing is learnt: more of them leave a processor's cache


class RegionHead(nn.Module):
    """Turns regions' cells (R, 64, 4, 4) into logits (R, K) and deltas (R, 4K)."""

    def __init__(self, num_cells: int, num_features: int, num_classes: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(num_cells, num_features), nn.ReLU())
        self.second = nn.Sequential(nn.Linear(num_features, num_features), nn.ReLU())
        self.classifier = nn.Linear(num_features, num_classes)
        self.mover = nn.Linear(num_features, 4 * num_classes)

    def forward(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (R, K) and deltas (R, 4K) of R regions."""
        features = self.second(self.first(cells.flatten(1)))
        return self.classifier(features), self.mover(features)


class FastRCNNNetwork(nn.Module):
    """Sees images (N, 3, H, W) once, and says of regions (R, 5) what they are, and where.

    A region is (number of its image, x1, y1, x2, y2). With the `seen` network of R-CNN it
    begins with that one's convolutions and first linear layer. Those end with a max pooling
    from 8 × 8 to 4 × 4 cells; here RoI pooling takes its place, so that the map has a cell
    for 4 × 4 pixels.
    """

    stride, grid = 4, (4, 4)

    def __init__(self, num_classes: int, seen: RegionNetwork | None = None, pool: Pool = roi_pool) -> None:
        super().__init__()
        source = RegionNetwork(num_classes) if seen is None else deepcopy(seen)
        self.pool = pool
        self.body = source.pooled[:-2]  # without its last max pooling, and without flattening
        self.head = RegionHead(source.num_pooled, source.num_features, num_classes)
        self.head.first = source.features

    def forward(self, images: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (R, K) and deltas (R, 4K) of `regions` (R, 5) in `images` (N, 3, H, W)."""
        cells = self.pool(self.body(images).to(regions), regions, self.grid, 1 / self.stride)
        logits, deltas = self.head(cells)
        return logits.to(regions), deltas.to(regions)  # as exact as boxes are, in mixed precision too


class FastRCNN(nn.Module):
    """Finds objects in proposals that come with the images, with torchvision's call and output convention.

    In training `model(images, targets)` returns a dict of two losses. Of each image
    `regions_per_image` proposals are drawn, a quarter of them with an IoU of at least ½ with
    an object, whose class and box they learn; the others are background. Objects' own boxes
    count as proposals, and half of the images are mirrored. In evaluation `model(images)`
    returns a dict an image: `boxes` (n, 4), `labels` (n,) from 1 and `scores` (n,), best
    first. Images are a list of (3, H, W) in [0, 1], or a batch of them; those of one size go
    through the network together.

    Proposals are given as a list, (P, 4) an image: `model(images, proposals=proposals)`. A
    target may bring the `proposals` of its image, too. Where there are none, `propose(image)`
    is asked, and asked once for each picture in training.

    Without `regression` no box is moved. `seen` is a network that R-CNN has trained, and
    `pool` what cuts regions out of the map.

    Raises:
        TypeError: a number that is none.
        ValueError: a number out of range.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        seen: RegionNetwork | None = None,
        propose: Propose = propose_regions,
        pool: Pool = roi_pool,
        regression: bool = True,
        regions_per_image: int = 64,
        foreground_share: float = 0.25,
        nms_threshold: float = 0.3,
        detections_per_image: int = 100,
    ) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=2)
        require_int("regions_per_image", regions_per_image, least=1)
        require_int("detections_per_image", detections_per_image, least=1)
        require_threshold("foreground_share", foreground_share)
        require_threshold("nms_threshold", nms_threshold)
        self.propose, self.regression = propose, regression
        self.regions_per_image, self.foreground_share = regions_per_image, foreground_share
        self.nms_threshold, self.detections_per_image = nms_threshold, detections_per_image
        self.network = FastRCNNNetwork(num_classes, seen, pool)
        self._known: dict[bytes, Tensor] = {}

    def forward(
        self,
        images: Sequence[Tensor] | Tensor,
        targets: Sequence[Mapping[str, Tensor]] | None = None,
        proposals: Sequence[Tensor] | None = None,
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        """Return the losses in training, and the detections of each image in evaluation.

        Raises:
            ValueError: not as many targets or proposals as images, or in training no targets.
        """
        count = len(images)
        if proposals is not None and len(proposals) != count:
            raise ValueError(f"each of the {count} images needs its proposals, got {len(proposals)}")
        if not self.training:
            given = [self.propose(image) for image in images] if proposals is None else proposals
            return self.detect(images, [boxes.to(image) for boxes, image in zip(given, images, strict=True)])
        if targets is None or len(targets) != count:
            raise ValueError(f"in training each of the {count} images needs its target")
        if proposals is not None:
            targets = [{**target, "proposals": own} for target, own in zip(targets, proposals, strict=True)]
        return self.losses(images, targets)

    def losses(self, images: Sequence[Tensor] | Tensor, targets: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """Return what some regions of each image cost: `loss_classifier` and `loss_box_reg`."""
        pictures, regions, labels, goals = [], [], [], []
        for image, target in zip(images, targets, strict=True):
            sampled, own, goal = self.sample(target, self.proposals(image, target))
            mirrored = bool(torch.rand(()) < 0.5)
            if mirrored:
                sampled, goal = (mirror_boxes(boxes, image.shape[-1]) for boxes in (sampled, goal))
            pictures.append(image.flip(-1) if mirrored else image)
            regions.append(sampled)
            labels.append(own)
            goals.append(goal)
        logits, deltas = self.look(pictures, regions)
        label, box, goal = torch.cat(labels), torch.cat(regions), torch.cat(goals)
        classification, localization = fast_rcnn_loss(logits, deltas, label, encode_boxes(goal, box, BOX_WEIGHTS))
        return {"loss_classifier": classification, "loss_box_reg": localization * self.regression}

    def sample(self, target: Mapping[str, Tensor], proposals: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return some regions (n, 4) of an image, what each is, (n,), and the box (n, 4) that it should have."""
        objects, labels = target["boxes"].to(proposals), target["labels"].to(proposals.device)
        regions = torch.cat([objects, proposals])  # an object is a good proposal
        label, matched = assign_labels(regions, objects, labels)
        some = sample_regions(label, self.regions_per_image, self.foreground_share)
        boxes = regions[some]
        on_object = matched[some] >= 0
        goals = boxes.clone()  # background stays where it is
        goals[on_object] = objects[matched[some][on_object]]
        return boxes, label[some], goals

    def proposals(self, image: Tensor, target: Mapping[str, Tensor]) -> Tensor:
        """Return the proposals (P, 4) that a target brings, or else those of its image, which are kept."""
        if "proposals" in target:
            return target["proposals"].to(image)
        key = image.detach().cpu().numpy().tobytes()
        if key not in self._known:
            self._known[key] = self.propose(image).cpu()
        return self._known[key].to(image)

    def look(self, images: Sequence[Tensor], proposals: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return logits (R, K) and deltas (R, 4K) of all proposals of all images, one image after the other."""
        said: dict[int, tuple[Tensor, Tensor]] = {}
        for numbers, batch in of_one_size(images):
            own = [proposals[number] for number in numbers]
            lengths = [len(boxes) for boxes in own]
            logits, deltas = self.network(batch, as_regions(own))
            said |= dict(zip(numbers, zip(logits.split(lengths), deltas.split(lengths), strict=True), strict=True))
        in_order = [said[number] for number in range(len(images))]
        return torch.cat([logits for logits, _ in in_order]), torch.cat([deltas for _, deltas in in_order])

    @torch.no_grad()
    def detect(self, images: Sequence[Tensor] | Tensor, proposals: Sequence[Tensor]) -> list[dict[str, Tensor]]:
        """Return the detections in each image among its `proposals` (P, 4)."""
        found: dict[int, dict[str, Tensor]] = {}
        for numbers, batch in of_one_size(images, _AT_ONCE):
            regions = as_regions([proposals[number] for number in numbers])
            logits, deltas = self.network(batch, regions)
            found |= dict(zip(numbers, self.judge(logits, deltas, regions, batch), strict=True))
        return [found[number] for number in range(len(images))]

    @torch.no_grad()
    def judge(self, logits: Tensor, deltas: Tensor, regions: Tensor, images: Tensor) -> list[dict[str, Tensor]]:
        """Return the detections in `images` (N, 3, H, W) among `regions` (R, 5), from what the network says of them."""
        scores = logits.softmax(dim=-1)[:, 1:]
        which, label = torch.where(scores > LEAST_SCORE)  # a region may be in doubt between two
        image, boxes, confidence = regions[which, 0].long(), regions[which, 1:], scores[which, label]
        if self.regression:
            moves = deltas.view(len(deltas), -1, 4)[which, label + 1]
            boxes = clip_boxes(decode_boxes(moves, boxes, BOX_WEIGHTS), (images.shape[-2], images.shape[-1]))
        kept = batched_nms(boxes, confidence, image * scores.shape[1] + label, self.nms_threshold)
        found = []
        for number in range(len(images)):
            own = kept[image[kept] == number][: self.detections_per_image]
            found.append({"boxes": boxes[own], "labels": label[own] + 1, "scores": confidence[own]})
        return found

    @torch.no_grad()
    def seconds_by_part(self, image: Tensor) -> dict[str, float]:
        """Return how long each part takes for an image (3, H, W): proposals, map, pooling, layers, suppression."""
        network, clock = self.network, Clock(image.device)
        regions = as_regions([self.propose(image)])
        clock.note("proposals")
        cells = network.body(image[None])
        clock.note("map")
        pooled = network.pool(cells, regions, network.grid, 1 / network.stride)
        clock.note("pooling")
        logits, deltas = network.head(pooled)
        clock.note("layers")
        self.judge(logits, deltas, regions, image[None])
        clock.note("suppression")
        return clock.seconds


def as_regions(proposals: Sequence[Tensor]) -> Tensor:
    """Return the boxes (P, 4) of some images as regions (R, 5), which begin with the number of their image."""
    numbers = [boxes.new_full((len(boxes), 1), number) for number, boxes in enumerate(proposals)]
    return torch.cat([torch.cat(numbers), torch.cat(list(proposals))], dim=1)


def mirror_boxes(boxes: Tensor, width: int) -> Tensor:
    """Return where `boxes` (N, 4) are in the mirrored image, which is `width` pixels wide."""
    x1, y1, x2, y2 = boxes.unbind(dim=1)
    return torch.stack([width - x2, y1, width - x1, y2], dim=1)


def of_one_size(images: Sequence[Tensor] | Tensor, most: int | None = None) -> Iterator[tuple[list[int], Tensor]]:
    """Yield the numbers of at most so many images (3, H, W) of one size, and them as a batch (N, 3, H, W)."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for number, image in enumerate(images):
        by_size.setdefault(tuple(image.shape), []).append(number)
    for same in by_size.values():
        for first in range(0, len(same), most or len(same)):
            numbers = same[first : first + (most or len(same))]
            yield numbers, torch.stack([images[number] for number in numbers])


def compress(model: FastRCNN, ranks: tuple[int, int]) -> FastRCNN:
    """Return a copy of `model` with its two linear layers behind RoI pooling cut to `ranks` (Girshick 2015, §3.1).

    Raises:
        ValueError: a rank out of range.
    """
    small = deepcopy(model)
    head = small.network.head
    for layers, rank in zip((head.first, head.second), ranks, strict=True):
        linear: nn.Linear = layers[0]  # type: ignore[assignment]
        layers[0] = truncated_svd(linear, rank)
    return small
