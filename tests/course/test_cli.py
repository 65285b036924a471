"""The command `course`: copies chapters without touching one's own, and the doctor says what is wrong."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from course import cli, doctor


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


def test_lab_is_opened_on_the_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(cli.subprocess, "call", lambda command: called.append(command) or 0)
    result = CliRunner().invoke(cli.app, ["--folder", str(tmp_path / "x"), "--port", "8999", "--no-browser"])
    assert result.exit_code == 0
    assert "03_unpooling.ipynb" in result.output
    (command,) = called
    assert {f"--ServerApp.root_dir={tmp_path / 'x'}", "--ServerApp.port=8999", "--no-browser"} <= set(command)


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
