"""Mask R-CNN's choices, measured on the Farm: RoI Align or Pool, sigmoids or a softmax, and joints by the same head.

    python benchmarks/masks.py [align] [pool] [softmax] [keypoints] [--strides 8 16] [--steps 600] [--seeds 0 1]
                               [--train-images 1000] [--val-images 200] [--batch-size 8] [--device cpu] [--threads 1]

Each line is a `small_mask_rcnn` of our parts alone, trained on the same scenes of 96 × 96 pixels for as many steps:
COCO's average precision of its boxes and masks. With `keypoints` it draws joints as well, and the line has their
average precision, and of the animals that are found how many lie within a fifth of the longer side (PCK).
"""

import argparse
import time

import torch
from torch import Tensor, nn

from course.farm import CLASSES, KEYPOINTS, Farm
from course.training import endless_batches, schedule
from solutions.boxes import box_iou
from solutions.mask_rcnn import MaskRCNN, small_mask_rcnn
from solutions.metrics import mean_average_precision
from solutions.pose import pck

CHOICES = ("align", "pool", "softmax", "keypoints")
SIGMA = 0.1
"""Of every joint in the object keypoint similarity: the animals' are drawn, so that none is harder to place."""

Detections = list[dict[str, Tensor]]
Scenes = list[tuple[Tensor, dict[str, Tensor]]]


def built(choice: str, stride: int, size: int) -> MaskRCNN:
    """Return the network of a choice."""
    return small_mask_rcnn(
        len(CLASSES),
        stride=stride,  # type: ignore[arg-type]  # argparse knows which there are
        region="pool" if choice == "pool" else "align",
        masks="softmax" if choice == "softmax" else "sigmoid",
        num_keypoints=len(KEYPOINTS) if choice == "keypoints" else None,
        image_size=size,
    )


def train(model: nn.Module, scenes: Scenes, steps: int, batch_size: int, seed: int, device: torch.device) -> None:
    """Train for some steps, with the learning rate of `python -m solutions train`."""
    model.to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step, (images, targets) in enumerate(endless_batches(scenes, batch_size, seed, device)):
        if step == steps:
            return
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * schedule(step / steps)
        loss = torch.stack(list(model(list(images), targets).values())).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()


@torch.no_grad()
def measured(model: MaskRCNN, scenes: Scenes, device: torch.device) -> dict[str, float]:
    """Return what the trained network is worth."""
    model.eval()
    found, targets = [], [target for _, target in scenes]
    for image, _ in scenes:
        one = {name: value.cpu() for name, value in model([image.to(device)])[0].items()}
        found.append({**one, "masks": one["masks"][:, 0] > 0.5})
    values: dict[str, float] = {}
    for name, kind in (("box", "bbox"), ("mask", "segm")):
        result = mean_average_precision(found, targets, iou_type=kind)  # type: ignore[arg-type]
        values |= {f"{name} AP": result["map"], f"{name} AP50": result["map_50"], f"{name} AP75": result["map_75"]}
    if model.num_keypoints:
        sigmas = [SIGMA] * len(KEYPOINTS)
        values["joints AP"] = mean_average_precision(found, targets, None, "keypoints", sigmas)["map"]
        values["PCK"] = share_of_joints(found, targets)
    return values


def share_of_joints(found: Detections, targets: Detections) -> float:
    """Return PCK over the animals that are found: the joints of the best box of the right name, from an IoU of ½ up."""
    pointed, truth, longer = [], [], []
    for one, target in zip(found, targets, strict=True):
        if not len(one["boxes"]) or not len(target["boxes"]):
            continue
        same = target["labels"][:, None] == one["labels"]
        iou, best = (box_iou(target["boxes"], one["boxes"]) * same).max(dim=1)
        near = iou >= 0.5
        pointed.append(one["keypoints"][best[near], :, :2])
        truth.append(target["keypoints"][near])
        longer.append((target["boxes"][near, 2:] - target["boxes"][near, :2]).amax(dim=1))
    joints = torch.cat(truth)
    return float(pck(torch.cat(pointed), joints[..., :2], joints[..., 2] > 0, torch.cat(longer)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("choices", nargs="*", choices=CHOICES, default=list(CHOICES), metavar="choice")
    parser.add_argument("--strides", nargs="+", type=int, choices=(8, 16), default=[8, 16])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    numbers = {"steps": 600, "train-images": 1000, "val-images": 200, "batch-size": 8, "size": 96, "threads": 1}
    for name, value in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    size = (asked.size, asked.size)
    scenes, others = list(Farm(asked.train_images, seed=0, size=size)), list(Farm(asked.val_images, seed=1, size=size))
    for choice in asked.choices:
        for stride in asked.strides:
            for seed in asked.seeds:
                torch.manual_seed(seed)
                model, began = built(choice, stride, asked.size), time.process_time()
                train(model, scenes, asked.steps, asked.batch_size, seed, asked.device)
                spent = time.process_time() - began
                values = measured(model, others, asked.device)
                said = "  ".join(f"{name} {value:.3f}" for name, value in values.items())
                print(f"{choice:<9} stride {stride:<2} seed {seed}  {said}  {spent:.0f} CPU s", flush=True)


if __name__ == "__main__":
    main()
