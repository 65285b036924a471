"""The four trainings of R-CNN, one after another, as Girshick et al. (2014) ran them.

    crops = cut_out(Farm(1000, seed=5))
    pretrain(model, crops, steps=300)                       # to name what is cut out
    scenes = with_proposals(Farm(200))
    fine_tune(model, scenes, steps=400)                     # the same network, on proposals and background
    seen = look_into(model, scenes)
    fit_svms(model, seen)                                   # a machine a class, on the network's features
    fit_regressors(model, seen)                             # a regression a class, on its last map

Each asks for other examples: an IoU of ½ is enough for the network, a machine takes the objects themselves against what
has less than 0.3, and a regression learns from proposals that are nearly right, from 0.6 on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.history import History
from course.progress import Progress
from course.training import Samples, fit
from solutions.boxes import box_iou, encode_boxes
from solutions.rcnn.detector import RCNN, Propose, RegionNetwork, mirror_some, propose_regions
from solutions.rcnn.linear_svm import LinearSVM, fit_with_hard_negatives
from solutions.rcnn.steps import assign_labels, fit_box_regressor, warp_regions

Scene = tuple[Tensor, Mapping[str, Tensor]]

CLEARLY_NONE, NEARLY_RIGHT = 0.3, 0.6
"""A region below the one is a negative of a machine, and one from the other on teaches a regression."""


def with_proposals(scenes: Samples, propose: Propose = propose_regions) -> list[Scene]:
    """Return all scenes, each target with `boxes` (n, 4), `labels` (n,) and its image's `proposals` (P, 4)."""
    found: list[Scene] = []
    with Progress("proposals", len(scenes)) as progress:
        for number in range(len(scenes)):
            image, target = scenes[number]
            found.append((image, {"boxes": target["boxes"], "labels": target["labels"], "proposals": propose(image)}))
            progress.advance()
    return found


def without_some(scenes: Sequence[Scene], share: float, seed: int = 0) -> list[Scene]:
    """Return the scenes with a share of their objects taken out of the targets, as if nobody had labelled them."""
    generator = torch.Generator().manual_seed(seed)
    left: list[Scene] = []
    for image, target in scenes:
        stays = torch.rand(len(target["boxes"]), generator=generator) >= share
        left.append((image, {**target, "boxes": target["boxes"][stays], "labels": target["labels"][stays]}))
    return left


def cut_out(scenes: Samples, context: int = 4) -> list[tuple[Tensor, int]]:
    """Return all objects of `scenes`, each warped to (3, 32, 32), with its label less 1: there is no background."""
    crops: list[tuple[Tensor, int]] = []
    for number in range(len(scenes)):
        image, target = scenes[number]
        regions = warp_regions(image, target["boxes"].to(image), RegionNetwork.size, context)
        crops += list(zip(regions, (target["labels"] - 1).tolist(), strict=True))
    return crops


def pretrain(model: RCNN, crops: Samples, *, steps: int, seed: int = 0, batch_size: int = 64) -> History:
    """Train the network to name crops, then give it a new last layer, which knows nothing yet and has a background."""
    network = model.network
    classes = network.classifier.out_features
    torch.manual_seed(seed)
    network.classifier = nn.Linear(network.num_features, classes - 1)

    def loss(network: nn.Module, crops: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(network(mirror_some(crops)).float(), labels)

    history = fit(network, loss, crops, steps=steps, batch_size=batch_size, learning_rate=2e-3, seed=seed)
    # Not by the same seed again: the old layer began with those numbers, and its cow would be the new one's background.
    torch.manual_seed(seed + 1)
    network.classifier = nn.Linear(network.num_features, classes).to(network.classifier.weight)
    return history


def fine_tune(model: RCNN, scenes: Samples, *, steps: int, seed: int = 0, batch_size: int = 4) -> History:
    """Train the network on proposals, with the background as a class; `batch_size` counts images."""

    def loss(model: nn.Module, images: Tensor, targets: list[Mapping[str, Tensor]]) -> Tensor:
        losses: dict[str, Tensor] = model(images, targets)
        return losses["loss_classifier"]

    return fit(model, loss, scenes, steps=steps, batch_size=batch_size, learning_rate=2e-3, seed=seed)


@dataclass(frozen=True)
class Seen:
    """What a network sees of R regions in many scenes: all proposals and all objects.

    `features` (R, D); `overlaps` (R, K − 1), the best IoU with an object of each class;
    `objects` (R,), the label where a region is an object's own box, else 0. Of the S
    proposals that are nearly right there are `pooled` (S, E), `deltas` (S, 4) to their
    objects, and the objects' `labels` (S,).
    """

    features: Tensor
    overlaps: Tensor
    objects: Tensor
    pooled: Tensor
    deltas: Tensor
    labels: Tensor


def look_into(model: RCNN, scenes: Samples) -> Seen:
    """Return what `model` sees in the proposals and the objects of `scenes`, in eval mode."""
    model.eval()
    device = model.regressors.device
    rows: list[tuple[Tensor, ...]] = []
    with Progress("features", len(scenes)) as progress:
        for number in range(len(scenes)):
            image, target = scenes[number]
            image, boxes, labels = image.to(device), target["boxes"].to(image).to(device), target["labels"].to(device)
            proposals = model.proposals(image, target)
            seen = model.look(image, torch.cat([boxes, proposals]))
            overlaps = [_best_overlap(seen.boxes, boxes[labels == label]) for label in range(1, len(model.svms) + 1)]
            objects = torch.cat([labels, labels.new_zeros(len(proposals))])
            _, matched = assign_labels(proposals, boxes, labels, foreground=NEARLY_RIGHT)
            near, own = matched >= 0, matched[matched >= 0]
            pooled, deltas = seen.pooled[len(boxes) :][near], encode_boxes(boxes[own], proposals[near])
            rows.append((seen.features, torch.stack(overlaps, dim=1), objects, pooled, deltas, labels[own]))
            progress.advance()
    return Seen(*(torch.cat(column) for column in zip(*rows, strict=True)))


def fit_svms(
    model: RCNN,
    seen: Seen,
    *,
    strength: float = 0.01,
    positive_weight: float = 2.0,
    first: int = 1000,
    most: int = 1000,
) -> list[list[int]]:
    """Fit a machine for each class, and have the model judge by them; return how many negatives each had, by round.

    Its positives are the objects of its class, its negatives the proposals that are clearly
    none of them. What lies between is left out, and of the negatives the easy ones.
    """
    counts = []
    for label, svm in enumerate(model.svms, start=1):
        positives = seen.features[seen.objects == label]
        negatives = seen.features[(seen.objects == 0) & (seen.overlaps[:, label - 1] < CLEARLY_NONE)]
        fitted = LinearSVM(seen.features.shape[1], strength, positive_weight)
        counts.append(fit_with_hard_negatives(fitted, positives, negatives, first, most))
        svm.load_state_dict(fitted.state_dict())
    model.head = "svm"
    return counts


def fit_regressors(model: RCNN, seen: Seen, *, strength: float = 1000.0) -> list[int]:
    """Fit a regression for each class, and have the model move boxes; return how many proposals each learnt from."""
    counts = []
    for label in range(1, len(model.svms) + 1):
        own = seen.labels == label
        model.regressors[label - 1] = fit_box_regressor(seen.pooled[own], seen.deltas[own], strength)
        counts.append(int(own.sum()))
    model.regression = True
    return counts


def _best_overlap(regions: Tensor, boxes: Tensor) -> Tensor:
    """Return the best IoU (R,) of each region with any of `boxes` (n, 4); 0 where there are none."""
    return box_iou(regions, boxes).amax(dim=1) if len(boxes) else regions.new_zeros(len(regions))
