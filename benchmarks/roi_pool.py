"""How fast RoI pooling is beside torchvision's own, both in one run on one machine, forward and backward.

    python benchmarks/roi_pool.py [--device cuda] [--threads 1] [--repeats 9]

The map is 1 × 256 × 50 × 68, an image of 800 × 1088 pixels at a sixteenth, and there are 512 regions of 7 × 7 bins. The
two take turns, and medians are compared: of process time on a CPU, which a busy machine changes little, of waited time
on a GPU. Ratios are what counts. Beside them stands in how many of the results the two differ: torchvision's bins are
those of floating point, which leaves the exact bin where a region is 57 cells wide.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torchvision
from torch import Tensor

from solutions.fast_rcnn import roi_pool

Operator = Callable[..., Tensor]
SIZES = {
    "small regions, 16 to 128 pixels": (16, 128),
    "middling, 32 to 512": (32, 512),
    "large, 200 to 1000": (200, 1000),
}
SCALE = 1 / 16


def draw_regions(generator: torch.Generator, shortest: float, longest: float, count: int = 512) -> Tensor:
    """Draw regions (R, 5) of one image of 800 × 1088 pixels, cut off at its edges."""
    centres = torch.rand(count, 2, generator=generator) * torch.tensor([1088.0, 800.0])
    sides = shortest + (longest - shortest) * torch.rand(count, 2, generator=generator)
    boxes = torch.cat([centres - sides / 2, centres + sides / 2], dim=1)
    boxes[:, 0::2].clamp_(0, 1088)
    boxes[:, 1::2].clamp_(0, 800)
    return torch.cat([torch.zeros(count, 1), boxes], dim=1)


def measure(operators: tuple[Operator, Operator], features: Tensor, rois: Tensor, repeats: int) -> list[list[float]]:
    """Return for each operator the median seconds forward and backward; they take turns."""
    clock = time.process_time if features.device.type == "cpu" else time.perf_counter
    times: list[list[list[float]]] = [[[], []] for _ in operators]
    for _ in range(repeats + 1):
        for operator, (forward, backward) in zip(operators, times, strict=True):
            leaf = features.clone().requires_grad_()
            wait(features.device)
            started = clock()
            pooled = operator(leaf, rois, (7, 7), SCALE)
            wait(features.device)
            between = clock()
            pooled.sum().backward()  # type: ignore[no-untyped-call]
            wait(features.device)
            forward.append(between - started)
            backward.append(clock() - between)
    return [[statistics.median(kept[1:]) for kept in both] for both in times]


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    generator = torch.Generator().manual_seed(0)
    for features_name, rectified in (("features of both signs", False), ("after a ReLU", True)):
        features = torch.randn(1, 256, 50, 68, generator=generator)
        features = (features.relu() if rectified else features).to(chosen.device)
        for name, (shortest, longest) in SIZES.items():
            rois = draw_regions(generator, shortest, longest).to(chosen.device)
            (forward, backward), (theirs, back) = measure(
                (roi_pool, torchvision.ops.roi_pool), features, rois, chosen.repeats
            )
            mine, their = (operator(features, rois, (7, 7), SCALE) for operator in (roi_pool, torchvision.ops.roi_pool))
            ours, both = 1000 * (forward + backward), (forward + backward) / (theirs + back)
            print(
                f"{features_name}, {name:<32} ours {ours:4.0f} ms   torchvision {1000 * (theirs + back):4.0f} ms   "
                f"forward {forward / theirs:4.2f}×   backward {backward / back:4.2f}×   both {both:4.2f}×   "
                f"{int((mine != their).sum())} results differ",
                flush=True,
            )


if __name__ == "__main__":
    main()
