"""A cache gives the same scenes as the drawing, whatever happens to its files or to those who build it."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from course.farm import Farm, cache
from course.farm.cache import cache_folder


def assert_same(one: Farm, other: Farm) -> None:
    assert len(one) == len(other)
    for index in range(len(one)):
        (image, target), (cached, read) = one[index], other[index]
        assert torch.equal(image, cached)
        assert target.keys() == read.keys()
        for key, value in target.items():
            if isinstance(value, torch.Tensor):
                assert value.dtype == read[key].dtype  # type: ignore[literal-required]
                assert torch.equal(value, read[key])  # type: ignore[literal-required]
            else:
                assert value == read[key]  # type: ignore[literal-required]


def only_folder(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize("size", [(64, 64), (40, 96)])
def test_scenes_are_the_same_with_and_without_a_cache(tmp_path: Path, size: tuple[int, int]) -> None:
    drawn = Farm(6, seed=3, size=size, empty=0.4)
    assert_same(drawn, Farm(6, seed=3, size=size, empty=0.4, cache=tmp_path))
    assert_same(drawn, Farm(6, seed=3, size=size, empty=0.4, cache=str(tmp_path)))


def test_a_farm_without_any_animal_can_be_cached(tmp_path: Path) -> None:
    assert_same(Farm(2, animals=(0, 0)), Farm(2, animals=(0, 0), cache=tmp_path))


def test_a_farm_without_scenes_makes_no_cache(tmp_path: Path) -> None:
    assert len(Farm(0, cache=tmp_path)) == 0
    assert not list(tmp_path.iterdir())


def test_scenes_are_drawn_once_and_mapped_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Farm(3, cache=tmp_path)
    monkeypatch.setattr(cache, "draw_scene", None)
    scene = Farm(3, cache=tmp_path).scene(1)
    assert isinstance(scene.image.base, np.memmap)
    assert not scene.image.flags.writeable


def test_every_option_that_changes_pictures_has_a_cache_of_its_own(tmp_path: Path) -> None:
    for options in (
        {}, {"seed": 1}, {"size": (32, 32)}, {"animals": (1, 1)}, {"body": (0.3, 0.4)}, {"occlusion": 0.1},
        {"clutter": 0.1}, {"empty": 0.5}, {"things": ("cow",)},
    ):  # fmt: skip
        Farm(1, cache=tmp_path, **options)  # type: ignore[arg-type]
    Farm(2, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 10


def test_a_new_drawing_does_not_read_the_cache_of_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Farm(1, cache=tmp_path)
    monkeypatch.setattr("course.farm.VERSION", 10_000)
    Farm(1, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_what_was_returned_can_be_changed_without_changing_the_cache(tmp_path: Path) -> None:
    farm = Farm(1, cache=tmp_path, empty=0)
    image, target = farm[0]
    for tensor in (image, target["boxes"], target["semantic"], target["keypoints"], target["labels"]):
        tensor.zero_()
    assert_same(Farm(1, empty=0), farm)


@pytest.mark.parametrize("name", ["image", "semantic", "instances", "boxes", "labels", "keypoints", "starts", "sums"])
@pytest.mark.parametrize("damage", ["missing", "short", "empty", "other"])
def test_damaged_files_are_built_anew_with_a_sentence(tmp_path: Path, name: str, damage: str) -> None:
    Farm(3, cache=tmp_path, empty=0)
    file = only_folder(tmp_path) / f"{name}.npy"
    if damage == "missing":
        file.unlink()
    elif damage == "short":
        file.write_bytes(file.read_bytes()[:-7])
    elif damage == "empty":
        file.write_bytes(b"")
    else:
        np.save(file, np.zeros((2, 3)))
    with pytest.warns(UserWarning, match=r"the cache .* is damaged \(.*\) and is built anew"):
        farm = Farm(3, cache=tmp_path, empty=0)
    assert_same(Farm(3, empty=0), farm)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Farm(3, cache=tmp_path, empty=0)
    assert only_folder(tmp_path).name.startswith("farm-64x64-")


@pytest.mark.parametrize("name", ["image", "semantic", "instances", "boxes", "labels", "keypoints", "sums"])
def test_a_changed_byte_never_shows(tmp_path: Path, name: str) -> None:
    Farm(2, cache=tmp_path, empty=0)
    file = only_folder(tmp_path) / f"{name}.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 0x40
    file.write_bytes(content)
    farm = Farm(2, cache=tmp_path, empty=0)
    with pytest.warns(UserWarning, match=r"scene 1 of the cache .* is damaged and is drawn anew"):
        assert_same(Farm(2, empty=0), farm)
    with pytest.warns(UserWarning, match="is built anew"):
        Farm(2, cache=tmp_path, empty=0)


def test_several_processes_fill_the_same_cache_as_one(tmp_path: Path) -> None:
    assert_same(Farm(40, size=(32, 32)), Farm(40, size=(32, 32), cache=tmp_path, workers=2))


def test_two_builders_at_once_leave_one_whole_cache(tmp_path: Path) -> None:
    code = "import sys; from course.farm import Farm; Farm(30, size=(32, 32), cache=sys.argv[1])[7]"
    builders = [subprocess.Popen([sys.executable, "-W", "error", "-c", code, str(tmp_path)]) for _ in range(2)]
    assert [builder.wait() for builder in builders] == [0, 0]
    only_folder(tmp_path)
    assert_same(Farm(30, size=(32, 32)), Farm(30, size=(32, 32), cache=tmp_path))


def test_a_killed_build_leaves_nothing_that_is_read(tmp_path: Path) -> None:
    code = "import sys; from course.farm import Farm; Farm(2000, cache=sys.argv[1])"
    builder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    limit = time.monotonic() + 60
    while not list(tmp_path.glob("*/image.npy")) and time.monotonic() < limit:
        time.sleep(0.02)
    builder.send_signal(signal.SIGKILL)
    builder.wait()
    left = only_folder(tmp_path)
    assert left.name.startswith(".")
    Farm(2, cache=tmp_path)
    assert left.exists()  # it might belong to a builder at work
    os.utime(left, (0, 0))
    Farm(3, cache=tmp_path)
    assert not left.exists()


def test_a_build_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = cache.draw_scene

    def stop(seed: int, index: int, *rest: object) -> object:
        if index == 2:
            raise KeyboardInterrupt
        return draw(seed, index, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(cache, "draw_scene", stop)
    with pytest.raises(KeyboardInterrupt):
        Farm(4, cache=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_of_a_loader_read_the_cache(tmp_path: Path, start: str) -> None:
    farm = Farm(4, size=(32, 32), cache=tmp_path)
    farm[0]
    loader = DataLoader(farm, batch_size=None, num_workers=1, multiprocessing_context=start)
    assert torch.equal(torch.stack([image for image, _ in loader]), torch.stack([farm[i][0] for i in range(4)]))


def test_a_pickled_farm_holds_no_pictures(tmp_path: Path) -> None:
    farm = Farm(20, size=(64, 64), cache=tmp_path)
    farm[0]
    assert len(pickle.dumps(farm)) < 2000


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"^cannot write the cache .*file.*: "):
        Farm(1, cache=tmp_path / "file")


def test_a_cache_larger_than_the_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: SimpleNamespace(free=1e6))
    with pytest.raises(OSError, match="it needs 20 MB, and 1 MB are free"):
        Farm(1000, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_default_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == Path.home() / ".cache" / "pixels-to-instances"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "pixels-to-instances"
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "mine"))
    Farm(1, cache=True)
    (path,) = (tmp_path / "mine" / "farm").iterdir()
    assert json.loads((path / "about.json").read_text())["length"] == 1
