"""`course data`: both commands, and one sentence for each mistake."""

from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from course.cli import app
from course.data import CLASSES, load, preview


@pytest.mark.parametrize(
    ("format", "name", "options"), [("voc", "voc2007", {"classes": CLASSES["farm"]}), ("coco", "coco", {})]
)
def test_export_writes_what_load_reads(tmp_path: Path, format: str, name: str, options: dict[str, object]) -> None:
    command = ["data", "export", str(tmp_path), "--format", format, "--count", "3", "--seed", "2", "--size", "96x128"]
    result = CliRunner().invoke(app, [*command, "--split", "val"])
    assert result.exit_code == 0, result.output
    assert f"load('{name}', 'val', root=" in result.output
    exported, drawn = load(name, "val", root=tmp_path, **options), load("farm", "val", length=3, seed=2, size=(96, 128))  # type: ignore[arg-type]
    assert len(exported) == 3
    for index in range(3):
        assert exported[index][0].shape == (3, 96, 128)
        assert exported[index][1]["boxes"].tolist() == drawn[index][1]["boxes"].tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "coco", "--size", "96by128"], "must be HEIGHTxWIDTH"),
        (["--format", "coco", "--size", "8x8"], "size must be (height, width) with sides from 32 to 512"),
        (["--format", "coco", "--split", "trian"], "split must be one of train, val, test"),
        (["--format", "yolo"], "'yolo' is not one of"),
        (["--format", "voc", "--count", "0"], "--count"),
        (["--format", "voc", "--seed", "-4"], "seed must be a whole number from 0 up"),
    ],
)
def test_a_wrong_option_is_one_sentence(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["data", "export", str(tmp_path / "x"), *arguments])
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("│", " ").split())
    assert "Traceback" not in result.output
    assert not (tmp_path / "x").exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(app, ["data", "export", str(tmp_path / "file"), "--format", "coco", "--count", "1"])
    assert result.exit_code == 2
    assert result.output.startswith("course data: ")


def test_preview_draws_a_sheet(tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    result = CliRunner().invoke(app, ["data", "preview", "--count", "4", "--out", str(out), "--size", "48x64"])
    assert result.exit_code == 0, result.output
    with Image.open(out) as sheet:
        assert sheet.width > 3 * 3 * 192
        assert len(sheet.convert("RGB").getcolors(maxcolors=2**24) or []) > 1000


def test_preview_shows_other_data_sets_and_says_what_is_missing(tmp_path: Path) -> None:
    command = ["data", "preview", "--data", "coco", "--split", "val", "--out", str(tmp_path / "sheet.png")]
    result = CliRunner().invoke(app, [*command, "--root", str(tmp_path)])
    assert result.exit_code == 2
    assert "instances_val2017.json is missing" in result.output
    CliRunner().invoke(app, ["data", "export", str(tmp_path), "--format", "coco", "--count", "2", "--split", "val"])
    result = CliRunner().invoke(app, [*command, "--root", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "Drew 2 samples of coco" in result.output


def test_preview_of_nothing_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        preview(load("farm"), 0)
    with pytest.raises(ValueError, match="there are no samples to draw"):
        preview(load("farm", length=0))
