"""Rewrite `golden.json`, the fingerprints of some scenes: `python tests/course/farm/golden.py`.

Do so only together with a new `course.farm.VERSION`: whoever has a cache keeps the pictures of the old one.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from course.farm import VERSION, Farm

FILE = Path(__file__).with_name("golden.json")

FARMS: dict[str, dict[str, object]] = {
    "small": {},
    "wide": {"seed": 7, "size": (48, 96)},
    "large": {"seed": 2, "size": (256, 192)},
    "crowd": {"seed": 3, "size": (128, 128), "animals": (40, 40), "body": (0.1, 0.25), "occlusion": 0.9},
    "single": {"seed": 1, "animals": (1, 1), "empty": 0.0, "clutter": 1.0},
}
SCENES = 4


def fingerprints() -> dict[str, list[str]]:
    """Return, for each farm, a hash of each of its first scenes: the uint8 picture and every annotation."""
    return {name: [_hash(Farm(SCENES, **options), index) for index in range(SCENES)] for name, options in FARMS.items()}  # type: ignore[arg-type]


def _hash(farm: Farm, index: int) -> str:
    scene = farm.scene(index)
    digest = hashlib.sha256()
    for array in (scene.image, scene.semantic, scene.instances, scene.boxes, scene.labels):
        digest.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    digest.update(np.round(scene.keypoints * 100).astype(np.int64).tobytes())  # to a hundredth of a pixel
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    if "--print" in sys.argv:
        print(json.dumps(fingerprints()))
    else:
        FILE.write_text(json.dumps({"version": VERSION, "scenes": fingerprints()}, indent=2) + "\n")
