"""How long mean average precision takes beside what one would use instead, all in one run on one machine.

    python benchmarks/average_precision.py [--pictures 1000] [--repeats 3]

Every line measures the same detections with ours, with pycocotools and with torchmetrics on top of pycocotools, in
turn, from tensors to the mark, and compares medians of process time. Beside the ratios stands how far ours lies
from pycocotools'.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torchmetrics.detection import MeanAveragePrecision

from solutions.metrics import mean_average_precision
from solutions.metrics.coco import Kind
from tests.solutions.metrics.scenes import Scene, draw_scenes, pycocotools


def by_torchmetrics(predictions: list[Scene], targets: list[Scene], kind: Kind) -> float:
    """Measure with torchmetrics, which calls pycocotools."""
    metric = MeanAveragePrecision(iou_type=kind, backend="pycocotools")  # type: ignore[arg-type]
    metric.update(predictions, targets)
    return float(metric.compute()["map"])


def measure(name: str, kind: Kind, scenes: tuple[list[Scene], list[Scene]], repeats: int) -> None:
    """Print a line: seconds of ours, and the others' as multiples of it."""
    rivals: dict[str, Callable[[], float]] = {
        "ours": lambda: mean_average_precision(*scenes, iou_type=kind)["map"],
        "pycocotools": lambda: float(pycocotools(*scenes, kind)["map"]),
    }
    if kind != "keypoints":  # which torchmetrics does not measure
        rivals["torchmetrics"] = lambda: by_torchmetrics(*scenes, kind)
    times: dict[str, list[float]] = {rival: [] for rival in rivals}
    marks: dict[str, float] = {}
    for _ in range(repeats):
        for rival, call in rivals.items():
            started = time.process_time()
            marks[rival] = call()
            times[rival].append(time.process_time() - started)
    seconds = {rival: statistics.median(all_of_it) for rival, all_of_it in times.items()}
    ratios = "  ".join(f"{rival} {seconds[rival] / seconds['ours']:5.1f}×" for rival in rivals if rival != "ours")
    apart = abs(marks["ours"] - marks["pycocotools"])
    print(f"{name:<44} ours {seconds['ours']:6.2f} s   {ratios}   off by {apart:.0e}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    chosen: Any = parser.parse_args(arguments)
    torch.set_num_threads(1)
    pictures = chosen.pictures
    for name, kind, options in (
        ("boxes, few detections of 4 classes", "bbox", {"found": 12, "labels": 4}),
        ("boxes, up to 100 detections of 4 classes", "bbox", {"found": 100, "labels": 4}),
        ("boxes, up to 100 detections of 80 classes", "bbox", {"found": 100, "labels": 80}),
        ("masks, few detections of 4 classes", "segm", {"found": 12, "labels": 4}),
        ("keypoints, few detections", "keypoints", {"found": 12, "labels": 2}),
    ):
        scenes = draw_scenes(0, kind, pictures=pictures, **options)  # type: ignore[arg-type]
        measure(f"{name}, {pictures} pictures", kind, scenes, chosen.repeats)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
