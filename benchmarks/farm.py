"""How fast the Farm is: scenes a second on one core, drawn, from the cache, and beside PNG files of the same scenes.

    python benchmarks/farm.py [--scenes 200] [--size 64 --size 256]

"core" counts process time, which a busy machine does not change; "wall" is what one waits. The PNG files stand for what
one would do without a Farm: a picture, a semantic map and an instance map a scene, read by PIL or torchvision.io, and
the target made from them. The issue asks for 300 drawn scenes a second a core at 64 × 64 and 40 at 256 × 256.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.io import read_image

from course.farm import Farm
from course.farm.cache import SceneCache
from course.farm.scene import Scene

ASKED = {64: 300, 256: 40}


def rate(call: Callable[[int], object], scenes: int, passes: int = 3) -> tuple[float, float]:
    """Return the best of `passes` in scenes a second of process time, and of wall time."""
    call(0)
    core, wall = [], []
    for _ in range(passes):
        at, began = time.process_time(), time.perf_counter()
        for index in range(scenes):
            call(index)
        core.append(scenes / (time.process_time() - at))
        wall.append(scenes / (time.perf_counter() - began))
    return max(core), max(wall)


def write_files(farm: Farm, folder: Path) -> None:
    for index in range(len(farm)):
        scene = farm.scene(index)
        for name in ("image", "semantic", "instances"):
            Image.fromarray(getattr(scene, name)).save(folder / f"{index}-{name}.png")
        np.savez(folder / f"{index}.npz", labels=scene.labels, keypoints=scene.keypoints)


def target_from(
    image: torch.Tensor, semantic: torch.Tensor, instances: torch.Tensor, notes: Path
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    with np.load(notes) as rows:
        labels, keypoints = torch.from_numpy(rows["labels"]), torch.from_numpy(rows["keypoints"])
    masks = instances[None] == torch.arange(1, len(labels) + 1)[:, None, None]
    boxes = []
    for mask in masks:
        ys, xs = torch.where(mask)
        boxes.append([int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1])
    target = {"semantic": semantic.long(), "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)}
    return image.float() / 255, {**target, "labels": labels, "masks": masks, "keypoints": keypoints}


def by_pil(folder: Path, index: int) -> object:
    planes = [
        torch.from_numpy(np.array(Image.open(folder / f"{index}-{name}.png")))
        for name in ("image", "semantic", "instances")
    ]
    return target_from(planes[0].permute(2, 0, 1), planes[1], planes[2], folder / f"{index}.npz")


def by_torchvision(folder: Path, index: int) -> object:
    planes = [read_image(str(folder / f"{index}-{name}.png")) for name in ("image", "semantic", "instances")]
    return target_from(planes[0], planes[1][0], planes[2][0], folder / f"{index}.npz")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--size", type=int, action="append")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for side in options.size or [64, 256]:
        scenes = max(options.scenes * 64 // side, 20)
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder) / "files"
            files.mkdir()
            farm = Farm(scenes, size=(side, side))
            write_files(farm, files)
            cached = Farm(scenes, size=(side, side), cache=Path(folder) / "cache")
            assert isinstance(cached._cache, SceneCache)
            assert isinstance(cached.scene(0), Scene)
            rows = {
                "drawn, numpy": rate(farm.scene, scenes),
                "drawn": rate(farm.__getitem__, scenes),
                "cached": rate(cached.__getitem__, scenes),
                "PNG, PIL": rate(lambda index: by_pil(files, index), scenes),  # noqa: B023
                "PNG, torchvision": rate(lambda index: by_torchvision(files, index), scenes),  # noqa: B023
            }
        best = max(rows["PNG, PIL"][0], rows["PNG, torchvision"][0])
        print(f"\n{side} × {side}, {scenes} scenes{'':<8}core/s    wall/s   beside the faster PNG reader")
        for name, (core, wall) in rows.items():
            print(f"  {name:<22}{core:>9.0f} {wall:>9.0f}   {core / best:>6.2f}×")
        if side in ASKED:
            met = "met" if rows["drawn"][0] >= ASKED[side] else "MISSED"
            print(f"  asked for {ASKED[side]} drawn scenes a second a core: {met}")


if __name__ == "__main__":
    main()
