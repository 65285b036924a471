"""Detections and targets that provoke COCO's rules, and what pycocotools makes of them: for tests and benchmarks."""

import contextlib
import io
from typing import Any, get_args

import numpy as np
import torch
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch import Tensor

from solutions.metrics.coco import Kind

Scene = dict[str, Tensor]
KINDS = get_args(Kind)


def draw_scenes(
    seed: int, kind: Kind, pictures: int = 12, found: int = 12, there: int = 6, labels: int = 4
) -> tuple[list[Scene], list[Scene]]:
    """Draw predictions and targets: some pictures empty, labels that nobody has, crowds, small and large things.

    Detections are targets that were moved a little, or things out of nowhere; scores are often equal.
    """
    numbers = np.random.default_rng(seed)
    size = 64 if kind == "segm" else 160
    predictions, targets = [], []
    for _ in range(pictures):
        g = int(numbers.integers(0, there + 1))
        boxes = _boxes(numbers, g, size)
        target = {
            "boxes": torch.tensor(boxes),
            "labels": torch.tensor(numbers.integers(1, labels, g)),
            "iscrowd": torch.tensor(numbers.random(g) < 0.2),
        }
        d = int(numbers.integers(0, found + 1))
        moved = boxes[numbers.integers(0, g, d)] + numbers.integers(-5, 6, (d, 4)) if g else _boxes(numbers, d, size)
        stray = numbers.random(d) < 0.3
        moved[stray] = _boxes(numbers, int(stray.sum()), size)
        moved = np.concatenate([np.minimum(moved[:, :2], moved[:, 2:]), np.maximum(moved[:, :2], moved[:, 2:]) + 1], 1)
        prediction = {
            "boxes": torch.tensor(moved),
            "labels": torch.tensor(numbers.integers(1, labels + 1, d)),  # one label more than there is
            "scores": torch.tensor(numbers.integers(1, 9, d) / 8),
        }
        if kind == "segm":
            prediction["masks"], target["masks"] = _masks(prediction["boxes"], size), _masks(target["boxes"], size)
        if kind == "keypoints":
            points = _points(numbers, boxes)
            target["keypoints"] = torch.tensor(points)
            shaken = _points(numbers, moved)
            near = ~stray & (g > 0)
            shaken[near] = points[numbers.integers(0, max(g, 1), d)[near]] if g else shaken[near]
            shaken[..., :2] += numbers.integers(-6, 7, shaken[..., :2].shape)
            prediction["keypoints"] = torch.tensor(shaken)
            target["area"] = torch.tensor((boxes[:, 2:] - boxes[:, :2]).prod(1) * 0.6)
        predictions.append(prediction)
        targets.append(target)
    return predictions, targets


def _boxes(numbers: np.random.Generator, count: int, size: int) -> np.ndarray:
    corner = numbers.integers(0, size // 2, (count, 2))
    return np.concatenate([corner, corner + numbers.integers(4, size, (count, 2))], axis=1).astype(np.float64)


def _masks(boxes: Tensor, size: int) -> Tensor:
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    x1, y1, x2, y2 = (side[:, None, None] for side in boxes.unbind(1))
    return (x >= x1) & (x < x2) & (y >= y1) & (y < y2) & ((x + y) % 7 > 0)


def _points(numbers: np.random.Generator, boxes: np.ndarray) -> np.ndarray:
    places = boxes[:, None, :2] + numbers.random((len(boxes), 17, 2)) * (boxes[:, None, 2:] - boxes[:, None, :2])
    seen = numbers.integers(0, 3, (len(boxes), 17, 1)) * (numbers.random((len(boxes), 1, 1)) > 0.15)
    return np.concatenate([places.round(), seen.astype(np.float64)], axis=2)


def pycocotools(
    predictions: list[Scene], targets: list[Scene], kind: Kind, thresholds: list[float] | None = None
) -> dict[str, Any]:
    """Evaluate by pycocotools, and return what ours returns."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth, annotations, results = COCO(), [], []
        for picture, (found, there) in enumerate(zip(predictions, targets, strict=True), start=1):
            for number in range(len(there["labels"])):
                annotations.append(_annotation(there, number, kind, picture) | {"id": len(annotations) + 1})
            for number in range(len(found["labels"])):
                one = _annotation(found, number, kind, picture)
                kept = {"bbox": "bbox", "segm": "segmentation", "keypoints": "keypoints"}[kind]
                score = float(found["scores"][number])
                results.append({key: one[key] for key in ("image_id", "category_id", kept)} | {"score": score})
        truth.dataset = {
            "images": [
                {"id": picture, "height": side, "width": side}
                for side in [targets[0]["masks"].shape[-1] if "masks" in targets[0] else 0]
                for picture in range(1, len(targets) + 1)
            ],
            "annotations": annotations,
            "categories": [{"id": label} for label in range(1, 91)],
        }
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), kind)
        if thresholds is not None:
            evaluation.params.iouThrs = np.array(thresholds)
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][..., -1]  # thresholds, recalls, labels, ranges
    names = evaluation.params.areaRngLbl

    def mean(values: np.ndarray) -> float:
        return float(values[values > -1].mean()) if (values > -1).any() else -1.0

    result = {f"map_{name}": mean(precision[..., names.index(name)]) for name in names if name != "all"}
    result["map"] = mean(precision[..., 0])
    for name, threshold in (("map_50", 0.5), ("map_75", 0.75)):
        result[name] = mean(precision[np.isclose(evaluation.params.iouThrs, threshold)][..., 0])
    each = {label: mean(precision[:, :, place, 0]) for place, label in enumerate(evaluation.params.catIds)}
    result["per_class"] = {label: value for label, value in each.items() if value > -1}
    return result


def _annotation(scene: Scene, number: int, kind: Kind, picture: int) -> dict[str, Any]:
    x1, y1, x2, y2 = scene["boxes"][number].tolist()
    one: dict[str, Any] = {
        "image_id": picture, "category_id": int(scene["labels"][number]), "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": (x2 - x1) * (y2 - y1), "iscrowd": int(scene["iscrowd"][number]) if "iscrowd" in scene else 0,
    }  # fmt: skip
    if kind == "segm":
        mask = np.asfortranarray(scene["masks"][number].numpy().astype(np.uint8))
        one["segmentation"] = rle.encode(mask)
        one["area"] = float(mask.sum())
    if kind == "keypoints":
        one["keypoints"] = scene["keypoints"][number].flatten().tolist()
        one["num_keypoints"] = int((scene["keypoints"][number, :, 2] > 0).sum())
    if "area" in scene:
        one["area"] = float(scene["area"][number])
    return one
