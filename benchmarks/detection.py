"""Faster R-CNN beside torchvision's: a training step and a look, with the same weights and the same images.

    python benchmarks/detection.py [small] [resnet50] [--device cuda] [--bf16] [--channels-last] [--compile]
                                   [--size 192] [--images 4] [--threads 1] [--repeats 9] [--steps 60] [--profile]

The two models load one state dict and take turns, and medians are compared: of process time on a CPU, which a busy
machine changes little, of waited time on a GPU. Ratios are what counts: below 1 ours is the faster one. A step is a
forward pass with losses, the backward pass and AdamW's; a look is `model(images)` in evaluation.

`small` are 8 scenes of 96 × 96 pixels, after `--steps` of training, since what untrained layers say leaves more boxes
to suppress than there ever are later; `--steps 0` leaves them so. `resnet50` has random weights and random images of
`--size`, with as many proposals as it has with pictures.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN as TorchvisionsFasterRCNN
from torchvision.models.detection import fasterrcnn_resnet50_fpn as torchvisions
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign

from course.farm import CLASSES, Farm
from solutions.faster_rcnn import SmallBackbone, fasterrcnn_resnet50_fpn, small_faster_rcnn
from solutions.faster_rcnn.small import SMALL_RATIOS, SMALL_SIZES

Targets = list[dict[str, Tensor]]


@dataclass(frozen=True)
class Pair:
    """Two models with the same weights, and a batch for them."""

    ours: nn.Module
    theirs: nn.Module
    images: list[Tensor]
    targets: Targets


def small_pair(images: int, size: int, steps: int) -> Pair:
    """Return the small detector and the same of torchvision's parts, after some steps, with scenes of the Farm."""
    scenes = Farm(8 * images, size=(size, size))
    torch.manual_seed(0)
    theirs = TorchvisionsFasterRCNN(
        SmallBackbone(8), min_size=size, max_size=4 * size,
        rpn_anchor_generator=AnchorGenerator(SMALL_SIZES, SMALL_RATIOS),
        rpn_pre_nms_top_n_train=400, rpn_post_nms_top_n_train=200, rpn_pre_nms_top_n_test=300,
        rpn_post_nms_top_n_test=60, rpn_batch_size_per_image=64, box_batch_size_per_image=48,
        box_detections_per_img=30, box_roi_pool=MultiScaleRoIAlign(["0"], 7, 2),
        box_head=TwoMLPHead(64 * 49, 128), box_predictor=FastRCNNPredictor(128, len(CLASSES)),
    )  # fmt: skip
    ours = small_faster_rcnn(len(CLASSES), image_size=size)
    optimizer = torch.optim.AdamW(theirs.parameters(), lr=2e-3)
    for step in range(steps):
        some, targets = batch_of(scenes, range(step * images, (step + 1) * images))
        optimizer.zero_grad()
        sum(theirs(some, targets).values()).backward()
        optimizer.step()
    ours.load_state_dict(theirs.state_dict())
    return Pair(ours, theirs, *batch_of(scenes, range(images)))


def batch_of(scenes: Farm, numbers: range) -> tuple[list[Tensor], Targets]:
    """Return some scenes and what is in them; numbers past the end begin anew."""
    pictures, targets = zip(*(scenes[number % len(scenes)] for number in numbers), strict=True)
    return list(pictures), [{name: target[name] for name in ("boxes", "labels")} for target in targets]


def resnet_pair(images: int, size: int) -> Pair:
    """Return our model with a ResNet-50 and torchvision's, with random weights in range, and random images."""
    torch.manual_seed(0)
    options = {"min_size": size, "max_size": 2 * size}
    theirs = torchvisions(weights=None, weights_backbone=None, **options)
    with torch.no_grad():
        for name, values in theirs.state_dict().items():
            if name.endswith("bn3.weight"):  # or fifty layers of random weights leave the range of numbers
                values.fill_(0.2)
            if name.startswith(("rpn.head", "roi_heads")) and name.endswith("weight"):
                values.copy_(torch.randn_like(values) * values[0].numel() ** -0.5)
    ours = fasterrcnn_resnet50_fpn(**options)  # type: ignore[arg-type]
    ours.load_state_dict(theirs.state_dict())
    corners, sides = torch.rand(images, 6, 2) * size / 2, torch.rand(images, 6, 2) * size / 2 + 4
    boxes = torch.cat([corners, corners + sides], dim=2)
    targets = [{"boxes": own, "labels": torch.randint(1, 91, (6,))} for own in boxes]
    return Pair(ours, theirs, [torch.rand(3, size, size * 5 // 4) for _ in range(images)], targets)


def step_of(
    model: nn.Module, pair: Pair, precision: Callable[[], AbstractContextManager[object]]
) -> Callable[[], object]:
    """Return a call that trains `model` by a step on the pair's batch."""
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-6)

    def step() -> None:
        model.train()
        with precision():
            loss = torch.stack(list(model(pair.images, pair.targets).values())).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def look_of(
    model: nn.Module, pair: Pair, precision: Callable[[], AbstractContextManager[object]]
) -> Callable[[], object]:
    """Return a call that asks `model` for the detections in the pair's images."""

    def look() -> object:
        model.eval()
        with torch.no_grad(), precision():
            return model(pair.images)

    return look


def medians(calls: dict[str, Callable[[], object]], repeats: int, device: torch.device) -> dict[str, float]:
    """Return the median milliseconds of each call; they take turns, and each begins with the same random numbers."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    took: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + 2):
        for name, call in calls.items():
            torch.manual_seed(turn)
            wait(device)
            began = clock()
            call()
            wait(device)
            took[name].append(1000 * (clock() - began))
    return {name: statistics.median(times[2:]) for name, times in took.items()}  # the first ones warm up


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def tell(name: str, pair: Pair, asked: argparse.Namespace) -> None:
    """Print what a step and a look of both take, and the ratio."""
    device = torch.device(asked.device)

    def precision() -> AbstractContextManager[object]:
        return torch.autocast(device.type, dtype=torch.bfloat16) if asked.bf16 else nullcontext()

    for what, call_of in (("training step", step_of), ("look", look_of)):
        calls = {"ours": call_of(pair.ours, pair, precision), "torchvision's": call_of(pair.theirs, pair, precision)}
        took = medians(calls, asked.repeats, device)
        ours, theirs = took.values()
        print(
            f"{name:10} {what:14} ours {ours:9.2f} ms   torchvision's {theirs:9.2f} ms   ratio {ours / theirs:.2f}",
            flush=True,
        )
        if asked.profile:
            show_profile(calls)


def show_profile(calls: dict[str, Callable[[], object]]) -> None:
    """Print which operators take the time of each call."""
    for name, call in calls.items():
        with torch.profiler.profile() as profile:
            call()
        print(f"\n{name}\n{profile.key_averages().table(sort_by='self_cpu_time_total', row_limit=14)}")


def prepared(pair: Pair, asked: argparse.Namespace) -> Pair:
    """Return the pair on its device, in the layout of memory that was asked for, its networks compiled if asked."""
    layout = torch.channels_last if asked.channels_last else torch.contiguous_format
    models = [model.to(asked.device).to(memory_format=layout) for model in (pair.ours, pair.theirs)]
    if asked.compile:  # the convolutions; what follows has shapes that depend on the numbers in it
        for model in models:
            model.backbone.compile()
    images = [image.to(asked.device) for image in pair.images]
    targets = [{key: value.to(asked.device) for key, value in target.items()} for target in pair.targets]
    return Pair(*models, images, targets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="small, resnet50, or both")
    parser.add_argument("--device", default="cpu")
    for option in ("bf16", "channels-last", "compile", "profile"):
        parser.add_argument(f"--{option}", action="store_true")
    for option, default in (("size", 192), ("images", 4), ("threads", 1), ("repeats", 9), ("steps", 60)):
        parser.add_argument(f"--{option}", type=int, default=default)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    print(f"torch {torch.__version__}, {asked.device}, {asked.threads} threads")
    models = asked.models or ["small", "resnet50"]
    if "small" in models:
        tell("small", prepared(small_pair(2 * asked.images, 96, asked.steps), asked), asked)
    if "resnet50" in models:
        tell("resnet50", prepared(resnet_pair(asked.images, asked.size), asked), asked)


if __name__ == "__main__":
    main()
