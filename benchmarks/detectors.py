"""R-CNN beside Fast R-CNN: how long each takes for a scene, by part, and what each finds.

    OMP_NUM_THREADS=1 python benchmarks/detectors.py [--scenes 100] [--training 400] [--steps 400] [--long 1200]

Both begin with the same network, which has learnt to name animals that are cut out, and get the same proposals. R-CNN
is trained for `--steps`, of 4 scenes × 32 regions, and its boxes are moved by its regressions. Fast R-CNN is trained
for as many steps, of 2 scenes × 64 regions, and once more for `--long` ones, which take about as long as R-CNN's.

Milliseconds are process time, the best of some passes that take turns, so that a busy machine does them the same
wrong. Proposals are made once, for all. The issue asks for ten times fewer seconds a scene without them.
"""

import argparse
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course.farm import CLASSES, Farm
from course.training import fit
from solutions.fast_rcnn import FastRCNN, compress
from solutions.fast_rcnn.detector import as_regions, of_one_size
from solutions.metrics import mean_average_precision
from solutions.rcnn import RCNN, warp_regions
from solutions.rcnn.training import Scene, cut_out, fine_tune, fit_regressors, look_into, pretrain, with_proposals

RANKS = ((64, 64), (32, 32), (16, 32), (8, 16))
AT_ONCE = 4


def milliseconds(calls: dict[str, Callable[[], object]], scenes: int, passes: int = 5) -> dict[str, float]:
    """Return the best of `passes` of each call in milliseconds of process time a scene; the calls take turns."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(passes):
        for name, call in calls.items():
            began = time.process_time()
            call()
            best[name] = min(best[name], 1000 * (time.process_time() - began) / scenes)
    return best


def trained(model: FastRCNN, scenes: Sequence[Scene], steps: int, batch_size: int = 2) -> float:
    """Train Fast R-CNN, and return the seconds of process time."""
    began = time.process_time()
    fit(
        model, lambda model, *batch: sum(model(*batch).values()), scenes,
        steps=steps, batch_size=batch_size, learning_rate=2e-3,
    )  # fmt: skip
    return time.process_time() - began


def parts_of_rcnn(model: RCNN, images: list[Tensor], proposals: list[Tensor]) -> dict[str, Callable[[], object]]:
    """Return a call for each part of R-CNN, on what the part before gives."""
    network, pairs = model.network, list(zip(images, proposals, strict=True))
    warped = [warp_regions(image, boxes, network.size, model.context) for image, boxes in pairs]
    seen = [model.look(image, boxes) for image, boxes in pairs]
    return {
        "warping": lambda: [warp_regions(image, boxes, network.size, model.context) for image, boxes in pairs],
        "convolutions": lambda: [network.pooled(regions) for regions in warped],
        "linear layers": lambda: [network.features(look.pooled) for look in seen],
        "boxes and suppression": lambda: [model.judge(look) for look in seen],
    }


def parts_of_fast_rcnn(
    model: FastRCNN, images: list[Tensor], proposals: list[Tensor]
) -> dict[str, Callable[[], object]]:
    """Return a call for each part of Fast R-CNN, on what the part before gives."""
    network = model.network
    batches = [(batch, as_regions([proposals[n] for n in some])) for some, batch in of_one_size(images, AT_ONCE)]
    maps = [network.body(batch) for batch, _ in batches]
    own = [(cells, regions) for cells, (_, regions) in zip(maps, batches, strict=True)]
    pooled = [network.pool(cells, regions, network.grid, 1 / network.stride) for cells, regions in own]
    said = [network.head(cells) for cells in pooled]
    last = list(zip(said, batches, strict=True))
    return {
        "convolutions": lambda: [network.body(batch) for batch, _ in batches],
        "RoI pooling": lambda: [network.pool(*one, network.grid, 1 / network.stride) for one in own],
        "linear layers": lambda: [network.head(cells) for cells in pooled],
        "boxes and suppression": lambda: [model.judge(*answer, regions, batch) for answer, (batch, regions) in last],
    }


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("scenes", 100), ("training", 400), ("steps", 400), ("long", 1200), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    train, test = with_proposals(Farm(asked.training, seed=0)), with_proposals(Farm(asked.scenes, seed=1))
    images, truth = [image for image, _ in test], [dict(target) for _, target in test]
    proposals = [target["proposals"] for target in truth]
    print(f"{len(test)} scenes, {sum(map(len, proposals)) / len(test):.0f} proposals each\n")

    def tell(name: str, found: list[dict[str, Tensor]], note: str = "") -> None:
        result = mean_average_precision(found, truth)
        print(f"{name:38} AP50 {result['map_50']:.3f}   AP75 {result['map_75']:.3f}   {note}", flush=True)

    with torch.enable_grad():
        rcnn = RCNN(len(CLASSES))
        pretrain(rcnn, cut_out(Farm(300, seed=7)), steps=150, seed=asked.seed)
        fast, longer = FastRCNN(len(CLASSES), seen=rcnn.network), FastRCNN(len(CLASSES), seen=rcnn.network)
        began = time.process_time()
        fine_tune(rcnn, train, steps=asked.steps, seed=asked.seed)
        cost = {"R-CNN": time.process_time() - began}
        cost["Fast R-CNN"], cost["longer"] = trained(fast, train, asked.steps), trained(longer, train, asked.long)
    tell("R-CNN, softmax", [rcnn.detect(*one) for one in zip(images, proposals, strict=True)], f"{cost['R-CNN']:.0f} s")
    fit_regressors(rcnn, look_into(rcnn, train))
    tell("R-CNN, softmax, boxes moved", [rcnn.detect(*one) for one in zip(images, proposals, strict=True)])
    tell(f"Fast R-CNN, {asked.steps} steps", fast(images, proposals=proposals), f"{cost['Fast R-CNN']:.0f} s")
    tell(f"Fast R-CNN, {asked.long} steps", longer(images, proposals=proposals), f"{cost['longer']:.0f} s")
    small = {ranks: compress(longer, ranks).eval() for ranks in RANKS}
    for ranks, model in small.items():
        tell(f"    its layers cut to ranks {ranks}", model(images, proposals=proposals))

    pairs = list(zip(images, proposals, strict=True))
    wholes: dict[str, Callable[[], object]] = {
        "R-CNN": lambda: [rcnn.detect(*one) for one in zip(images, proposals, strict=True)],
        "Fast R-CNN": lambda: longer(images, proposals=proposals),
        "Fast R-CNN, a scene at a time": lambda: [longer(i[None], proposals=[p]) for i, p in pairs],
        **{f"Fast R-CNN, ranks {r}": lambda m=m: m(images, proposals=proposals) for r, m in small.items()},
    }
    took = milliseconds(wholes, len(test))
    print("\nmilliseconds a scene, without proposals")
    for name, each in took.items():
        print(f"{name:38} {each:7.2f}   {took['R-CNN'] / each:5.1f}× as fast as R-CNN")
    for name, parts in (
        ("R-CNN", parts_of_rcnn(rcnn, images, proposals)),
        ("Fast R-CNN", parts_of_fast_rcnn(longer, images, proposals)),
    ):
        print(f"\n{name}, by part")
        for part, each in milliseconds(parts, len(test)).items():
            print(f"    {part:34} {each:7.2f}")


if __name__ == "__main__":
    main()
