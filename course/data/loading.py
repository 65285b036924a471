"""`load`: any data set by its name, every one in the Farm's format."""

import hashlib
import inspect
import os
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from course.data.sample import SampleSet
from course.farm import Farm
from course.farm.cache import cache_folder

SPLITS = {"train": 0, "val": 1, "test": 2}
"""The Farm's splits; each draws from seeds that no other one uses."""

LENGTHS = {"train": 2000, "val": 300, "test": 300}
PRIVATE_SEED = "COURSE_PRIVATE_SEED"


def load(
    name: str, split: str = "train", root: str | Path | None = None, download: bool = False, **options: object
) -> SampleSet:
    """Load the data set `name`: `farm`, `voc2007`, `voc2012`, `penn_fudan` or `coco`.

    `root` is the folder that holds its files, or will after `download=True`; the Farm needs neither. Items are
    (image (3, H, W) float in [0, 1], target); which keys a target has, and the options:

    - `farm`: all keys. `length`, `seed`, `private_seed` (of the split test) and every option of `course.farm.Farm`.
      Scenes of train, val and test come from different seeds. A private seed, any text or number, gives a test set that
      nobody has who does not know it; the environment variable `COURSE_PRIVATE_SEED` stands for the argument.
    - `voc2007`, `voc2012`: `task="detection"` gives boxes, labels, difficult; `task="segmentation"` semantic and, where
      there is a SegmentationObject, masks with their boxes and labels. Splits train, val, trainval, and 2007's test.
    - `penn_fudan`: semantic, boxes, labels, masks. Splits all, train, and val (every fifth image).
    - `coco`: semantic, boxes, labels, masks; `task="keypoints"` adds keypoints. `crowd="ignore"` makes crowds 255 in
      semantic and leaves them out elsewhere, `crowd="mark"` keeps them with the key iscrowd. Splits train and val.

    `classes=` (VOC) names the classes of files that are laid out like VOC. With `strict=False` (all that are read)
    boxes are clipped to their image and masks are not compared with boxes, instead of an error.

    Raises:
        ValueError: an unknown data set, split or option; a file that is damaged or contradicts another one.
        FileNotFoundError: the files are not there; the sentence says how to get them.
    """
    loaders = _loaders()
    if name not in loaders:
        near = get_close_matches(str(name).lower().replace("-", "_"), loaders, n=1, cutoff=0.5)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"there is no data set {name!r}, only {', '.join(loaders)}{guess}")
    loader = loaders[name]
    _require_options(name, loader, options)
    folder = cache_folder() / "datasets" / name if root is None else Path(root).expanduser()
    return loader(name, split, folder, download, **options)


def _loaders() -> dict[str, Callable[..., SampleSet]]:
    from course.data.coco import load_coco
    from course.data.penn_fudan import load_penn_fudan
    from course.data.voc import load_voc

    return {
        "farm": _load_farm, "voc2007": load_voc, "voc2012": load_voc, "penn_fudan": load_penn_fudan, "coco": load_coco,
    }  # fmt: skip


def farm_split(
    split: str, length: int | None = None, seed: int = 0, private_seed: str | int | None = None, **options: object
) -> Farm:
    """Return the Farm of a split: what `load("farm", split, …)` gives.

    Raises:
        ValueError: an unknown split, or an option out of range.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)} for the farm, got {split!r}")
    if private_seed is not None and split != "test":
        raise ValueError(f"private_seed is for the split 'test' alone, got split {split!r}")
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be a whole number from 0 up, got {seed!r}")
    secret = os.environ.get(PRIVATE_SEED) if private_seed is None else str(private_seed)
    number = _private(secret) if split == "test" and secret else len(SPLITS) * seed + SPLITS[split]
    return Farm(LENGTHS[split] if length is None else length, number, **options)  # type: ignore[arg-type]


def _load_farm(name: str, split: str, folder: Path, download: bool, **options: object) -> SampleSet:
    return cast(SampleSet, farm_split(split, **options))  # type: ignore[arg-type]  # a farm's targets have every key


def _private(secret: str) -> int:
    """Return a seed that no public split has, from any text; 2⁶² of them are too many to try."""
    return 2**62 + int.from_bytes(hashlib.sha256(secret.encode()).digest()[:8]) % 2**62


def _require_options(name: str, loader: Callable[..., SampleSet], options: dict[str, object]) -> None:
    given = (loader,) if name != "farm" else (farm_split, Farm)
    known = dict.fromkeys(key for each in given for key in inspect.signature(each).parameters if key not in _COMMON)
    for option in options:
        if option not in known:
            raise ValueError(f"{name} has the options {', '.join(known)}; got {option!r}")


_COMMON = ("name", "split", "folder", "download", "options")
