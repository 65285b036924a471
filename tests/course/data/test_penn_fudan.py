"""The Penn-Fudan reader, on files laid out like the real ones."""

import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from PIL import Image

from course.data import load, penn_fudan

TEXT = """Image filename : "PennFudanPed/PNGImages/FudanPed00001.png"
# Details for pedestrian 1 ("PASpersonWalking")
Original label for object 1 "PASpersonWalking" : "PennFudanPed"
Bounding box for object 1 "PASpersonWalking" (Xmin, Ymin) - (Xmax, Ymax) : ({}, {}) - ({}, {})
Pixel mask for object 1 "PASpersonWalking" : "PennFudanPed/PedMasks/FudanPed00001_mask.png"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    base = tmp_path / "PennFudanPed"
    for name in ("PNGImages", "PedMasks", "Annotation"):
        (base / name).mkdir(parents=True)
    for index in range(1, 8):
        numbers = np.zeros((10, 20), np.uint8)
        numbers[3:9, 2:8] = 1
        numbers[0:4, 10 : 10 + index] = 2
        name = f"FudanPed{index:05d}"
        Image.new("RGB", (20, 10), (index, 0, 0)).save(base / "PNGImages" / f"{name}.png")
        Image.fromarray(numbers).save(base / "PedMasks" / f"{name}_mask.png")
        (base / "Annotation" / f"{name}.txt").write_text(TEXT.format(3, 4, 8, 9))
    return tmp_path


def test_boxes_are_the_masks(root: Path) -> None:
    image, target = load("penn_fudan", "all", root=root)[2]
    assert round(float(image[0].max()) * 255) == 3
    assert target["boxes"].tolist() == [[2, 3, 8, 9], [10, 0, 13, 4]]
    assert target["labels"].tolist() == [1, 1]
    assert target["masks"].flatten(1).sum(dim=1).tolist() == [36, 12]
    assert int(target["semantic"].sum()) == 48
    assert set(target) == {"semantic", "boxes", "labels", "masks", "image_id"}


def test_splits_share_no_image_and_leave_none_out(root: Path) -> None:
    def reds(split: str) -> list[int]:
        dataset = load("penn_fudan", split, root=root)
        return [round(float(dataset[i][0].max()) * 255) for i in range(len(dataset))]

    assert reds("val") == [1, 6]
    assert sorted(reds("train") + reds("val")) == reds("all") == list(range(1, 8))


def test_the_folder_itself_may_be_named(root: Path) -> None:
    assert len(load("penn_fudan", "all", root=root / "PennFudanPed")) == 7


def test_a_mask_that_disagrees_with_its_box_names_the_file(root: Path) -> None:
    (root / "PennFudanPed" / "Annotation" / "FudanPed00001.txt").write_text(TEXT.format(12, 1, 20, 4))
    with pytest.raises(
        ValueError, match=r"object 1 of .*FudanPed00001_mask\.png has a mask that disagrees with its box"
    ):
        load("penn_fudan", "all", root=root)[0]
    load("penn_fudan", "all", root=root, strict=False)[0]


def test_damaged_files_are_named(root: Path) -> None:
    base = root / "PennFudanPed"
    dataset = load("penn_fudan", "all", root=root)
    image = base / "PNGImages" / "FudanPed00001.png"
    image.write_bytes(image.read_bytes()[:-30])
    with pytest.raises(ValueError, match=r"FudanPed00001\.png is not a whole image"):
        dataset[0]
    mask = base / "PedMasks" / "FudanPed00002_mask.png"
    Image.new("L", (4, 4)).save(mask)
    with pytest.raises(ValueError, match=r"FudanPed00002_mask\.png has 4 × 4 pixels, its image 20 × 10"):
        dataset[1]
    mask.unlink()
    with pytest.raises(FileNotFoundError, match=r"FudanPed00002_mask\.png is missing"):
        dataset[1]


def test_missing_folders_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="PennFudanPed is missing; download=True fetches penn_fudan, or root="):
        load("penn_fudan", root=tmp_path)
    (tmp_path / "PennFudanPed" / "PNGImages").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"PNGImages holds no \.png; unpack https"):
        load("penn_fudan", root=tmp_path)
    with pytest.raises(ValueError, match="split must be all, train or val for penn_fudan, got 'test'"):
        load("penn_fudan", "test", root=tmp_path)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serve the folder `there` on this machine, and give its address."""
    (tmp_path / "there").mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "there"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/PennFudanPed.zip"
        server.shutdown()


def test_a_download_is_unpacked_whole_or_not_at_all(
    root: Path, tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "there" / "PennFudanPed"), "zip", root, "PennFudanPed"))
    monkeypatch.setattr(penn_fudan, "ADDRESS", server)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    here = tmp_path / "here"
    assert len(load("penn_fudan", "all", root=here, download=True)) == 7
    assert [path.name for path in here.iterdir()] == ["PennFudanPed"]
    archive.write_bytes(archive.read_bytes()[:500])
    for _ in range(2):  # what the first try left does not count as downloaded
        with pytest.raises(ConnectionError, match=r"Penn-Fudan cannot be downloaded \(.*\); unpack http.* by hand"):
            load("penn_fudan", "all", root=tmp_path / "third", download=True)
        assert not list((tmp_path / "third").iterdir())
