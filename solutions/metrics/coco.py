"""Mean average precision over a data set: the mark of a detector, as COCO's own evaluation gives it (Lin et al. 2014).

For each class, each IoU threshold and each range of sizes: detections are matched to targets picture by picture, all
of them are put in one order by their scores, and the envelope of precision is averaged over 101 recalls. Then comes the
mean over classes and thresholds. What is ignored, crowds and what lies outside a range of sizes, makes nobody wrong:
whoever finds it is not counted at all.

A class in a picture is a *group*: matching never crosses its border. So groups are matched many at a time, the first
detections of all, then the second ones, for all thresholds and ranges at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from solutions.metrics.overlaps import (
    COCO_SIGMAS,
    Floats,
    as_array,
    box_overlaps,
    flat_masks,
    keypoint_overlaps,
    mask_overlaps,
    pixels,
)
from solutions.metrics.require_scenes import require_scenes, require_sigmas, require_thresholds

Bools = NDArray[np.bool_]
Kind = Literal["bbox", "segm", "keypoints"]

_RANGES = {"all": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
"""Of areas, in square pixels, both ends included."""
_LIMITS: Mapping[Kind, int] = {"bbox": 100, "segm": 100, "keypoints": 20}
"""How many detections of a class in a picture count, the surest ones."""
_RECALLS = np.linspace(0, 1, 101)
_AT_ONCE = 256
"""Groups that are matched together. Groups of like size come together, so that little is padding."""


class MeanAveragePrecision(TypedDict):
    """Average precision, −1 where there is nothing to find: mean over classes, and over IoU thresholds but for two.

    `map` is over all thresholds, `map_50` and `map_75` at one; `map_small`, `map_medium` and `map_large` are of targets
    below 32², up to 96² and above. `per_class` has {label: AP over all thresholds} for labels with targets.
    """

    map: float
    map_50: float
    map_75: float
    map_small: float
    map_medium: float
    map_large: float
    per_class: dict[int, float]


@dataclass(frozen=True)
class _Group:
    """The detections of one label in one picture, best first, and its targets."""

    label: int
    scores: Floats  # (D,)
    areas: Floats  # (D,)
    overlaps: Floats  # (D, G)
    target_areas: Floats  # (G,)
    crowd: Bools  # (G,)
    ignored: Bools  # (G,)


@dataclass(frozen=True)
class _Outcome:
    """What became of a group's detections, for each range of sizes and each threshold."""

    found: Bools  # (ranges, thresholds, D)
    ignored: Bools  # (ranges, thresholds, D)
    targets: NDArray[np.int64]  # (ranges,): how many there are to find


def mean_average_precision(
    predictions: Sequence[Mapping[str, Tensor]],
    targets: Sequence[Mapping[str, Tensor]],
    iou_thresholds: Sequence[float] | None = None,
    iou_type: Kind = "bbox",
    keypoint_sigmas: Sequence[float] | None = None,
) -> MeanAveragePrecision:
    """Return COCO's mean average precision of `predictions` against `targets`, one dict a picture in each.

    A prediction has `boxes` (D, 4), `scores` (D,), `labels` (D,) and, by `iou_type`, `masks` (D, H, W) or (D, 1, H, W),
    bool or probabilities, or `keypoints` (D, J, 3). A target has `boxes` (G, 4), `labels` (G,), the same beside them,
    and may have `iscrowd` (G,) and `area` (G,), in square pixels; without it the area is the mask's, else the box's.

    `iou_thresholds` are 0.5, 0.55, … 0.95 by default. With keypoints they are of the object keypoint similarity;
    `keypoint_sigmas` (J,) are COCO's where J is 17 and must be given elsewhere, and a target without a labelled
    keypoint is ignored. At most 100 detections of a class in a picture count, 20 with keypoints.

    Raises:
        TypeError: a value of a wrong type.
        ValueError: lists of different lengths, a key that is missing, shapes that do not fit, an unknown `iou_type`.

    >>> import torch
    >>> boxes, labels = torch.tensor([[0.0, 0.0, 40.0, 40.0]]), torch.tensor([1])
    >>> found = {"boxes": boxes * torch.tensor([1, 1, 1, 0.7]), "labels": labels, "scores": torch.tensor([0.9])}
    >>> score = mean_average_precision([found], [{"boxes": boxes, "labels": labels}])["map"]
    >>> round(score, 6)  # the IoU is 0.7: right at 0.5, 0.55, … 0.7, wrong above
    0.5
    """
    require_scenes(predictions, targets, iou_type)
    thresholds = require_thresholds(iou_thresholds)
    sigmas = COCO_SIGMAS if keypoint_sigmas is None else tuple(keypoint_sigmas)
    if iou_type == "keypoints":
        require_sigmas(sigmas, predictions, targets)
    groups = [
        group
        for found, there in zip(predictions, targets, strict=True)
        for group in _groups(found, there, iou_type, sigmas)
    ]
    by_label: dict[int, list[tuple[_Group, _Outcome]]] = {}
    for group, outcome in zip(groups, _match(groups, thresholds), strict=True):
        by_label.setdefault(group.label, []).append((group, outcome))
    labels = sorted(by_label)
    ap = np.full((len(labels), len(_RANGES), len(thresholds)), np.nan)
    for place, label in enumerate(labels):
        ap[place] = _average_precisions(by_label[label], len(thresholds))
    names = list(_RANGES)

    def at(threshold: float) -> float:
        return _mean(ap[:, 0, np.isclose(thresholds, threshold)])

    return {
        "map": _mean(ap[:, 0]),
        "map_50": at(0.5),
        "map_75": at(0.75),
        "map_small": _mean(ap[:, names.index("small")]),
        "map_medium": _mean(ap[:, names.index("medium")]),
        "map_large": _mean(ap[:, names.index("large")]),
        "per_class": {
            label: _mean(own[0]) for label, own in zip(labels, ap, strict=True) if not np.isnan(own[0]).all()
        },
    }


def _groups(
    found: Mapping[str, Tensor], there: Mapping[str, Tensor], kind: Kind, sigmas: Sequence[float]
) -> Iterator[_Group]:
    """Yield the groups of one picture, by label."""
    crowd = as_array(there["iscrowd"]).astype(bool) if "iscrowd" in there else np.zeros(len(there["labels"]), bool)
    target_areas = _target_areas(there)
    ignored = crowd
    if kind == "segm":
        overlaps, areas = mask_overlaps(found, there, crowd), pixels(flat_masks(found))
    elif kind == "keypoints":
        overlaps = keypoint_overlaps(found, there, target_areas, sigmas)
        areas = np.ptp(as_array(found["keypoints"])[..., :2], axis=1).prod(axis=-1)  # of the box around them
        ignored = crowd | ~(as_array(there["keypoints"])[..., 2] > 0).any(axis=1)
    else:
        overlaps, areas = box_overlaps(found, there, crowd), _box_areas(found)
    scores = as_array(found["scores"])
    labels, target_labels = as_array(found["labels"]), as_array(there["labels"])
    for label in np.union1d(labels, target_labels):
        (own,) = np.nonzero(labels == label)
        own = own[np.argsort(-scores[own], kind="stable")][: _LIMITS[kind]]
        (wanted,) = np.nonzero(target_labels == label)
        yield _Group(
            int(label), scores[own], areas[own], overlaps[np.ix_(own, wanted)],
            target_areas[wanted], crowd[wanted], ignored[wanted],
        )  # fmt: skip


def _target_areas(there: Mapping[str, Tensor]) -> Floats:
    if "area" in there:
        return as_array(there["area"])
    return pixels(flat_masks(there)) if "masks" in there else _box_areas(there)


def _box_areas(one: Mapping[str, Tensor]) -> Floats:
    boxes = as_array(one["boxes"])
    areas: Floats = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return areas


def _match(groups: Sequence[_Group], thresholds: Floats) -> list[_Outcome]:
    """Match every group, those with about as many detections and targets together."""
    by_size = sorted(range(len(groups)), key=lambda number: groups[number].overlaps.shape, reverse=True)
    outcomes: dict[int, _Outcome] = {}
    for start in range(0, len(groups), _AT_ONCE):
        numbers = by_size[start : start + _AT_ONCE]
        outcomes |= zip(numbers, _match_together([groups[number] for number in numbers], thresholds), strict=True)
    return [outcomes[number] for number in range(len(groups))]


def _match_together(groups: Sequence[_Group], thresholds: Floats) -> Iterator[_Outcome]:
    """Yield the outcome of each group. B groups, padded to D detections and G targets, A ranges, T thresholds."""
    detections = max(group.overlaps.shape[0] for group in groups)
    wanted = max(group.overlaps.shape[1] for group in groups)
    shape = (len(_RANGES), len(thresholds), len(groups))
    overlaps = np.full((len(groups), detections, wanted), -1.0)  # of padding: below every threshold
    crowd = np.zeros((len(groups), wanted), bool)
    ignored, target_areas = np.ones((len(groups), wanted), bool), np.zeros((len(groups), wanted))
    areas = np.zeros((len(groups), detections))
    for number, group in enumerate(groups):
        d, g = group.overlaps.shape
        overlaps[number, :d, :g], areas[number, :d] = group.overlaps, group.areas
        crowd[number, :g], ignored[number, :g], target_areas[number, :g] = (
            group.crowd,
            group.ignored,
            group.target_areas,
        )
    low, high = np.array(list(_RANGES.values())).T[..., None, None]  # (A, 1, 1) each
    ignored = ignored | (target_areas < low) | (target_areas > high)  # (A, B, G)
    outside = (areas < low) | (areas > high)  # (A, B, D): detections of another size
    # A target's worth to a detection, in whole numbers: by IoU, of equal ones the last; first those that count.
    rank = overlaps.argsort(axis=-1, kind="stable").argsort(axis=-1)  # (B, D, G)
    worth = rank[None] + wanted * ~ignored[:, :, None]  # (A, B, D, G)
    least = np.minimum(thresholds, 1 - 1e-10)[:, None, None]  # (T, 1, 1)

    found = np.zeros((*shape, detections), bool)
    of_ignored = np.zeros((*shape, detections), bool)
    taken = np.zeros((*shape, wanted), bool)  # a crowd never is
    a, t, b = np.ogrid[: shape[0], : shape[1], : shape[2]]
    for d in range(detections if wanted else 0):
        fits = (overlaps[:, d] >= least) & ~taken  # (A, T, B, G)
        choice = np.where(fits, worth[:, None, :, d], -1)
        best = choice.argmax(axis=-1)  # (A, T, B)
        success = choice[a, t, b, best] >= 0
        found[..., d] = success
        of_ignored[..., d] = success & ignored[a, b, best]
        taken[a, t, b, best] |= success & ~crowd[b, best]
    of_ignored |= ~found & outside[:, None]
    for number, group in enumerate(groups):
        d, g = group.overlaps.shape
        yield _Outcome(
            found[:, :, number, :d], of_ignored[:, :, number, :d], (~ignored[:, number, :g]).sum(axis=-1),
        )  # fmt: skip


def _average_precisions(own: Sequence[tuple[_Group, _Outcome]], thresholds: int) -> Floats:
    """Return the average precision (ranges, thresholds) of one label, over all pictures; NaN where none is there."""
    groups, outcomes = zip(*own, strict=True)
    order = np.argsort(-np.concatenate([group.scores for group in groups]), kind="stable")
    found = np.concatenate([outcome.found for outcome in outcomes], axis=-1)[..., order]
    ignored = np.concatenate([outcome.ignored for outcome in outcomes], axis=-1)[..., order]
    targets = np.sum([outcome.targets for outcome in outcomes], axis=0)
    right, wrong = (found & ~ignored).cumsum(axis=-1), (~found & ~ignored).cumsum(axis=-1)
    result = np.full((len(_RANGES), thresholds), np.nan)
    for place in np.flatnonzero(targets):
        for threshold in range(thresholds):
            hits = right[place, threshold]
            precision = hits / (hits + wrong[place, threshold] + np.spacing(1))
            envelope = np.maximum.accumulate(precision[::-1])[::-1]
            rank = np.searchsorted(hits / targets[place], _RECALLS)
            result[place, threshold] = np.append(envelope, 0.0)[rank].mean()
    return result


def _mean(values: Floats) -> float:
    """Return the mean of what is no NaN, −1 where all is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else -1.0
