"""The command `course`: copies chapters without touching one's own, and the doctor says what is wrong."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from course import cli, doctor, lab


def test_chapters_are_copied_once_and_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    added = cli.copy_chapters(folder)
    assert [path.name for path in added] == [path.name for path in sorted(cli.NOTEBOOKS.glob("*.ipynb"))]
    own = added[0]
    own.write_text("my answers")
    assert cli.copy_chapters(folder) == []
    assert own.read_text() == "my answers"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(cli.app, ["--folder", str(tmp_path / "file"), "--no-browser"])
    assert result.exit_code == 2
    assert "cannot write to" in result.output
    assert "Traceback" not in result.output


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str, int, bool]]:
    """What would be opened: folder, notebook, port, and whether in a browser."""
    seen: list[tuple[Path, str, int, bool]] = []

    def open_lab(folder: Path, notebook: str, port: int, *, browser: bool) -> int:
        seen.append((folder, notebook, port, browser))
        return 0

    monkeypatch.setattr(lab, "open_lab", open_lab)
    return seen


@pytest.mark.parametrize(
    ("said", "notebook"),
    [
        ([], "01_sliding_window.ipynb"),
        (["03"], "03_unpooling.ipynb"),
        (["3"], "03_unpooling.ipynb"),
        (["unpooling"], "03_unpooling.ipynb"),
        (["03_unpooling"], "03_unpooling.ipynb"),
        (["my-course/03_unpooling.ipynb"], "03_unpooling.ipynb"),
        (["open", "02"], "02_fcn.ipynb"),
    ],
)
def test_the_chapter_that_was_asked_for_is_opened_else_the_first(
    said: list[str], notebook: str, tmp_path: Path, opened: list[object]
) -> None:
    result = CliRunner().invoke(cli.app, [*said, "--folder", str(tmp_path), "--port", "8999", "--no-browser"])
    assert result.exit_code == 0, result.output
    assert opened == [(tmp_path, notebook, 8999, False)]
    assert (tmp_path / notebook).exists()


def test_a_chapter_that_there_is_not_is_one_sentence(opened: list[object]) -> None:
    result = CliRunner().invoke(cli.app, ["77"])
    assert result.exit_code == 2
    assert result.stderr.startswith("course: there is no chapter '77'; there are 01_sliding_window, ")
    assert opened == []


def test_without_jupyterlab_it_says_so(monkeypatch: pytest.MonkeyPatch, opened: list[object]) -> None:
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: None)
    result = CliRunner().invoke(cli.app, ["03"])
    assert (result.exit_code, opened) == (2, [])
    assert "JupyterLab is missing" in result.stderr


def test_the_users_own_settings_come_after_the_students_lab_and_are_not_written(tmp_path: Path) -> None:
    environment = lab._environment({"JUPYTER_CONFIG_PATH": "/mine", "JUPYTER_TOKEN": "secret"})
    assert environment == {"JUPYTER_CONFIG_PATH": f"{lab.CONFIGURATION}{os.pathsep}/mine", "JUPYTER_TOKEN": "secret"}
    assert len(lab._environment({})["JUPYTER_TOKEN"]) == 48


def test_doctor_finds_this_environment_fine() -> None:
    result = CliRunner().invoke(cli.app, ["doctor"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert all(line.startswith("[OK] ") for line in lines)
    assert any("exercises with" in line for line in lines)


def test_doctor_says_how_to_mend_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "torchvision":
            raise doctor.installed.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(doctor.installed, "version", version)
    result = CliRunner().invoke(cli.app, ["doctor"])
    assert result.exit_code == 1
    lines = result.output.splitlines()
    place = lines.index("[FAIL] torchvision is missing")
    assert "uv sync" in lines[place + 1]
