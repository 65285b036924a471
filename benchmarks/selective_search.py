"""What selective search finds on the Farm, and how long it takes, beside published ones, all in one run on one machine.

    uv run --with opencv-contrib-python-headless --with selectivesearch \
        python benchmarks/selective_search.py [--scenes 50] [--seeds 1 2]

Every line searches the same scenes of 64 × 64 with one implementation, on one thread: OpenCV's (C++), one in Python
from PyPI, and ours. (Another there, selective-search, does not run with today's SciPy.) Recall is the share of animals
that some box covers with an IoU of 0.5 and of 0.7. The others run with their own settings, which are meant for
photographs, and with smaller segments, as small scenes ask for. One that is not installed is left out, with a sentence.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.ops import box_iou

from course.farm import Farm
from solutions.selective_search import selective_search

Picture = NDArray[np.uint8]
Search = Callable[[Picture], Tensor]


def ours() -> Iterator[tuple[str, Search]]:
    """Yield our own search, as it is and as R-CNN's chapter has it."""
    yield "ours", selective_search
    yield "ours, one scale", lambda picture: selective_search(picture, 80.0, min_side=4)


def opencv() -> Iterator[tuple[str, Search]]:
    """Yield OpenCV's, by its two presets and with smaller segments."""
    import cv2

    cv2.setNumThreads(1)

    def search(picture: Picture, mode: str, *settings: float) -> Tensor:
        searching = cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
        searching.setBaseImage(np.ascontiguousarray(picture[..., ::-1]))  # blue first
        getattr(searching, f"switchToSelectiveSearch{mode}")(*settings)
        boxes = torch.from_numpy(searching.process().astype(np.float32))
        return torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1)

    yield "OpenCV, fast", lambda picture: search(picture, "Fast")
    yield "OpenCV, fast, smaller segments", lambda picture: search(picture, "Fast", 20, 60, 0.4)
    yield "OpenCV, quality", lambda picture: search(picture, "Quality")
    yield "OpenCV, quality, smaller segments", lambda picture: search(picture, "Quality", 20, 60, 0.4)


def selectivesearch() -> Iterator[tuple[str, Search]]:
    """Yield the package selectivesearch, as it is and with smaller segments."""
    import selectivesearch as theirs

    def search(picture: Picture, **settings: float) -> Tensor:
        _, regions = theirs.selective_search(picture, **settings)
        boxes = torch.tensor([region["rect"] for region in regions], dtype=torch.float32).view(-1, 4)
        return torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:] + 1], dim=1).unique(dim=0)  # its maxima are inside

    yield "selectivesearch", search
    yield "selectivesearch, smaller segments", lambda picture: search(picture, scale=80, sigma=0.4, min_size=6)


def measure(search: Search, scenes: Sequence[tuple[Picture, Tensor]]) -> dict[str, float]:
    """Return recall, boxes and milliseconds of process time a scene."""
    best, boxes, seconds = [], 0, 0.0
    for picture, animals in scenes:
        started = time.process_time()
        found = search(picture)
        seconds += time.process_time() - started
        boxes += len(found)
        if len(animals):
            best.append(box_iou(animals, found).amax(dim=1))
    iou = torch.cat(best)
    recall = {f"recall {least}": float((iou >= least).double().mean()) for least in (0.5, 0.7)}
    return {**recall, "boxes": boxes / len(scenes), "ms": 1000 * seconds / len(scenes)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all searches on the same scenes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=50)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    chosen: Any = parser.parse_args(arguments)
    torch.set_num_threads(1)
    scenes = [
        ((image * 255).round().byte().permute(1, 2, 0).numpy(), target["boxes"])
        for seed in chosen.seeds
        for image, target in Farm(chosen.scenes, seed=seed)
    ]
    print(f"{len(scenes)} scenes, {sum(len(animals) for _, animals in scenes)} animals", flush=True)
    reference: dict[str, float] = {}
    for searches in (ours, opencv, selectivesearch):
        try:
            for name, search in searches():
                search(scenes[0][0])  # what is loaded at the first call does not count
                got = measure(search, scenes)
                reference = reference or got
                print(
                    f"{name:<36} recall {got['recall 0.5']:.3f} at 0.5, {got['recall 0.7']:.3f} at 0.7   "
                    f"{got['boxes']:6.0f} boxes   {got['ms']:7.1f} ms, {got['ms'] / reference['ms']:6.2f}× ours",
                    flush=True,
                )
        except ImportError as missing:
            print(f"{searches.__name__} is left out: {missing}", flush=True)


if __name__ == "__main__":
    main()
