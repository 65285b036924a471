"""Scenes on disk, drawn once and memory-mapped from then on: `Farm(50_000, cache=True)`.

A cache is one folder, named after a hash of everything that decides its pictures: the drawing's version, seed, size,
length and recipe. It is written beside its place and renamed when it is whole, so nothing half-written is ever read and
two processes may build the same cache at once: the first to finish wins. Each scene carries a checksum; where one does
not match, the scene is drawn anew and the folder is rebuilt the next time.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
import warnings
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm  # type: ignore[import-untyped]

from course.farm.scene import Recipe, Scene, draw_scene

Table = NDArray[np.generic]

_PICTURES = ("image", "semantic", "instances")
"""Arrays with a row a scene; they are mapped, not read."""

_TABLES = ("boxes", "labels", "keypoints")
"""Arrays with a row an animal; `starts` says where each scene's rows begin."""

_ABOUT = "about.json"
_STALE = 24 * 3600  # seconds after which what a killed build left behind is swept away


@dataclass(frozen=True)
class Order:
    """Everything that decides the pictures of a farm."""

    version: int
    seed: int
    size: tuple[int, int]
    length: int
    recipe: Recipe

    @property
    def key(self) -> str:
        """Return the name of this farm's folder in a cache."""
        height, width = self.size
        words = json.dumps(asdict(self), sort_keys=True, default=lambda number: number.item())
        return f"farm-{height}x{width}-{hashlib.sha256(words.encode()).hexdigest()[:20]}"

    def draw(self, index: int) -> Scene:
        """Draw scene `index`."""
        return draw_scene(self.seed, index, *self.size, self.recipe)


def cache_folder() -> Path:
    """Return where the course keeps what it can make again: `COURSE_CACHE`, or the platform's folder for caches."""
    if chosen := os.environ.get("COURSE_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pixels-to-instances"


class SceneCache:
    """The scenes of `order`, read from `folder`; what is missing or damaged there is built, by `workers` processes.

    Raises:
        OSError: the folder cannot be written, or has too little room.
    """

    def __init__(self, order: Order, folder: Path, workers: int = 1) -> None:
        self.order, self.path = order, folder / order.key
        self._arrays: dict[str, Table] | None = None
        if (damage := _damage(self.path, order)) is None:
            return
        if self.path.exists():
            warnings.warn(f"the cache {self.path} is damaged ({damage}) and is built anew", stacklevel=3)
        try:
            _build(order, self.path, workers)
        except OSError as error:
            raise OSError(f"cannot write the cache {self.path}: {error.strerror or error}") from None

    def __getstate__(self) -> dict[str, object]:
        # A worker process maps the files itself; a mapped array that is sent to it would be copied whole.
        return {**self.__dict__, "_arrays": None}

    def scene(self, index: int) -> Scene:
        """Return scene `index`, the same as the drawing gives; the pictures are views that cannot be written."""
        if self._arrays is None:
            self._arrays = _open(self.path)
        arrays = self._arrays
        start, end = (int(number) for number in arrays["starts"][index : index + 2])
        rows = {name: np.asarray(arrays[name][index]) for name in _PICTURES}
        rows |= {name: arrays[name][start:end] for name in _TABLES}
        scene = Scene(**rows)
        if _checksum(scene) == arrays["sums"][index]:
            return scene
        warnings.warn(f"scene {index} of the cache {self.path} is damaged and is drawn anew", stacklevel=2)
        (self.path / _ABOUT).unlink(missing_ok=True)  # so that the next one who opens the folder builds it anew
        return self.order.draw(index)


def _build(order: Order, path: Path, workers: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    height, width = order.size
    need, free = order.length * height * width * 5, shutil.disk_usage(path.parent).free
    if need > free:
        raise OSError(f"it needs {need / 1e6:.0f} MB, and {free / 1e6:.0f} MB are free")
    partial_path = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        _fill(order, partial_path, workers)
        _put(partial_path, path, order)
    finally:
        shutil.rmtree(partial_path, ignore_errors=True)


def _put(partial_path: Path, path: Path, order: Order) -> None:
    """Rename a finished folder to its place, unless another process was first; a damaged one makes way."""
    for _ in range(5):
        try:
            partial_path.rename(path)
            return
        except OSError:
            if _damage(path, order) is None:
                return
        aside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            path.rename(aside / "damaged")
        except FileNotFoundError:
            pass  # another process has just moved it
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    raise OSError("other processes keep writing there")


def _fill(order: Order, folder: Path, workers: int) -> None:
    """Write every scene of `order` into `folder`, a file an array, and what they are last."""
    height, width = order.size
    shapes = {"image": (height, width, 3), "semantic": (height, width), "instances": (height, width)}
    tables: dict[str, list[Table]] = {name: [] for name in _TABLES}
    starts, sums = [0], []
    files = {name: (folder / f"{name}.npy").open("wb") for name in _PICTURES}
    try:
        for name, file in files.items():
            header = {"descr": "|u1", "fortran_order": False, "shape": (order.length, *shapes[name])}
            np.lib.format.write_array_header_1_0(file, header)
        bar = tqdm(
            _drawn(order, workers), total=order.length, desc="Drawing the farm", delay=2, leave=False, disable=None
        )
        for scene in bar:
            for name, file in files.items():
                file.write(getattr(scene, name).tobytes())
            for name, rows in tables.items():
                rows.append(getattr(scene, name))
            starts.append(starts[-1] + len(scene.labels))
            sums.append(_checksum(scene))
    finally:
        for file in files.values():
            file.close()
    for name, rows in tables.items():
        np.save(folder / f"{name}.npy", np.concatenate(rows))
    np.save(folder / "starts.npy", np.array(starts, np.int64))
    np.save(folder / "sums.npy", np.array(sums, np.uint32))
    (folder / _ABOUT).write_text(json.dumps(asdict(order), indent=1, default=lambda number: number.item()))


def _drawn(order: Order, workers: int) -> Iterator[Scene]:
    if workers <= 1:
        yield from map(order.draw, range(order.length))
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(partial(_draw, order), range(order.length), chunksize=16)


def _draw(order: Order, index: int) -> Scene:
    return order.draw(index)


def _open(path: Path) -> dict[str, Table]:
    arrays: dict[str, Table] = {name: np.load(path / f"{name}.npy", mmap_mode="r") for name in _PICTURES}
    for name in (*_TABLES, "starts", "sums"):
        arrays[name] = np.load(path / f"{name}.npy")
        arrays[name].flags.writeable = False
    return arrays


def _damage(path: Path, order: Order) -> str | None:
    """Return what is wrong with a cache, or None. The scenes' own bytes are compared when each is read."""
    try:
        json.loads((path / _ABOUT).read_bytes())
        arrays = _open(path)
    except (OSError, ValueError, EOFError) as error:
        return str(error)
    animals = len(arrays["labels"])
    expected: dict[str, tuple[tuple[int, ...], str]] = {
        "image": ((order.length, *order.size, 3), "u1"),
        "semantic": ((order.length, *order.size), "u1"),
        "instances": ((order.length, *order.size), "u1"),
        "boxes": ((animals, 4), "f4"),
        "labels": ((animals,), "i8"),
        "starts": ((order.length + 1,), "i8"),
        "sums": ((order.length,), "u4"),
    }
    for name, (shape, kind) in expected.items():
        found = arrays[name]
        if found.shape != shape or found.dtype.str[1:] != kind:
            return f"{name}.npy is {found.dtype} {found.shape}, not {kind} {shape}"
    if arrays["keypoints"].shape[:1] != (animals,):
        return f"keypoints.npy has {len(arrays['keypoints'])} rows, not {animals}"
    return None


def _checksum(scene: Scene) -> int:
    total = 0
    for name in (*_PICTURES, *_TABLES):
        total = zlib.crc32(getattr(scene, name).tobytes(), total)
    return total


def _sweep(folder: Path) -> None:
    """Remove what killed builds left behind long ago."""
    for left in folder.glob(".farm-*"):
        try:
            old = time.time() - left.stat().st_mtime > _STALE
        except FileNotFoundError:
            continue
        if old:
            shutil.rmtree(left, ignore_errors=True)
