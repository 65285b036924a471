"""The command line: fast to start, a sentence for what cannot be done, and the exit statuses of the contract.

Most tests call the command in this process, which has torch already. Three ask the same of a process of its own.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from autograde import building
from autograde.cli import app

RIGHT = "def nearest_unpool2d(x, scale):\n    return x.repeat_interleave(scale, 2).repeat_interleave(scale, 3)\n"
TILED = "def nearest_unpool2d(x, scale):\n    return x.repeat(1, 1, scale, scale)\n"


def autograde(*arguments: object) -> Result:
    """Call the command in this process; what it does not tell in a sentence is raised here."""
    return CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)


def as_a_process(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograde", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answer.py"


def test_the_command_starts_without_torch_and_nbgrader() -> None:
    code = "import sys, autograde.cli; print([m for m in ('torch', 'nbgrader', 'nbformat') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_sandbox_is_launched_before_torch_is_imported() -> None:
    code = "import sys, autograde.sandbox.launch, autograde.judging.trying; print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


@pytest.mark.usefixtures("walls")
def test_trying_a_right_answer(file: Path) -> None:
    file.write_text(RIGHT)
    ran = as_a_process("try", "nearest_unpool2d", file, "--hidden", "--seed", 7, "--json")
    assert ran.returncode == 0, ran.stderr
    trial = json.loads(ran.stdout)
    assert list(trial) == ["exercise", "score", "max_score", "passed", "cases", "diagnosis"]
    assert (trial["score"], trial["max_score"], trial["passed"], trial["diagnosis"]) == (4, 4, True, "")
    assert {tuple(case) for case in trial["cases"]} == {("name", "passed", "message")}
    assert sum("(hidden)" in case["name"] for case in trial["cases"]) == len(trial["cases"]) / 2


@pytest.mark.usefixtures("walls")
def test_trying_a_wrong_answer_names_the_misconception(file: Path) -> None:
    file.write_text(TILED)
    ran = autograde("try", "nearest_unpool2d", file)
    assert ran.exit_code == 1
    assert "tiles" in ran.stdout
    assert "✗" in ran.stdout


@pytest.mark.usefixtures("walls")
@pytest.mark.parametrize(
    "source",
    [
        "",
        "def nearest_unpool2d(x, scale)\n",
        "raise SystemExit(0)",
        "import os\nos._exit(0)",
        "nearest_unpool2d = 3",
        "# é",
    ],
)
def test_trying_what_is_no_answer_fails_without_a_traceback(file: Path, source: str) -> None:
    file.write_text(source)
    ran = autograde("try", "nearest_unpool2d", file, "--json")
    assert ran.exit_code == 1, ran.stderr
    assert json.loads(ran.stdout)["score"] == 0
    assert "Traceback" not in ran.stderr


@pytest.mark.usefixtures("walls")
def test_many_files_are_tried_in_one_sandbox_a_line_each(tmp_path: Path) -> None:
    sources = {
        "right.py": RIGHT,
        "tiled.py": TILED,
        "binary.py": "# \xff\xfe\n",
        "dies.py": "import os\nos._exit(0)",
        "again.py": RIGHT,
    }
    files = []
    for name, source in sources.items():
        files.append(tmp_path / name)
        files[-1].write_text(source, encoding="latin-1")
    ran = autograde("try", "nearest_unpool2d", *files, tmp_path / "none.py", "--json", "--hidden")
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [Path(line["file"]).name for line in lines] == [*sources, "none.py"]
    assert [line.get("passed") for line in lines] == [True, False, None, False, True, None]
    assert "tiles" in lines[1]["diagnosis"]
    assert [list(line) for line in lines if "error" in line] == [["file", "error"]] * 2
    assert "is no Python source" in lines[2]["error"]
    assert "cannot be read" in lines[5]["error"]
    assert (ran.exit_code, ran.stderr) == (2, "")


@pytest.mark.usefixtures("walls")
def test_the_status_of_many_files_is_that_of_the_worst(tmp_path: Path) -> None:
    right, tiled = tmp_path / "right.py", tmp_path / "tiled.py"
    right.write_text(RIGHT)
    tiled.write_text(TILED)
    ran = autograde("try", "nearest_unpool2d", right, right)
    assert ran.exit_code == 0
    assert ran.stdout.count(str(right)) == ran.stdout.count("4 of 4 points") == 2
    assert autograde("try", "nearest_unpool2d", tiled, right).exit_code == 1
    ran = autograde("try", "nearest_unpool2d", right, tmp_path)
    assert ran.exit_code == 2
    assert ran.stderr == f"autograde: {tmp_path} cannot be read: Is a directory\n"


def test_what_cannot_be_tried_is_said_in_a_sentence(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"# \xff\xfe\n")
    for arguments in (
        ("nearest", file),
        ("nearest_unpool2d", tmp_path),
        ("nearest_unpool2d", tmp_path / "none.py"),
        ("nearest_unpool2d", file),
    ):
        ran = autograde("try", *arguments, "--unsafe")
        assert ran.exit_code == 2
        assert ran.stdout == ""
        assert ran.stderr.startswith("autograde: ")
        assert "Traceback" not in ran.stderr


def test_a_process_says_so_too(tmp_path: Path) -> None:
    ran = as_a_process("grade", "03_unpooling", "--class", tmp_path / "none")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("autograde: ")
    assert len(ran.stderr.splitlines()) == 1


def test_build_says_what_is_out_of_date_and_fails_where_it_is_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "build", lambda check, chapters: [tmp_path / "stale.ipynb"])
    ran = autograde("build", "--check")
    assert (ran.exit_code, ran.stdout) == (1, f"out of date {tmp_path / 'stale.ipynb'}\n")
    assert autograde("build").exit_code == 0
    monkeypatch.setattr(building, "build", lambda check, chapters: [])
    assert autograde("build", "--check").exit_code == 0


def test_classes_and_chapters_that_do_not_exist_are_said_in_a_sentence(tmp_path: Path) -> None:
    for arguments in (
        ("grade", "03_unpooling", "--class", tmp_path / "none"),
        ("report", "03_unpooling", "--class", tmp_path),
        ("release", "03_unpooling", "--class", tmp_path),
        ("init", Path(__file__)),
        ("demo", "--keep", Path(__file__).parent),
    ):
        ran = autograde(*arguments)
        assert ran.exit_code == 2, ran
        assert ran.stderr.startswith("autograde: ")
        assert len(ran.stderr.splitlines()) == 1


def test_without_bubblewrap_grading_says_so_and_is_refused_or_held_by_landlock(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(RIGHT)
    monkeypatch.setenv("PATH", "/nowhere")
    ran = as_a_process("try", "nearest_unpool2d", file)
    assert "apt install bubblewrap" in ran.stderr
    assert (ran.returncode, "behind Landlock instead" in ran.stderr) in ((0, True), (2, False))
    assert as_a_process("try", "nearest_unpool2d", file, "--unsafe").returncode == 0


@pytest.mark.slow
@pytest.mark.compute
def test_init_release_and_report_work_from_the_command_line(tmp_path: Path) -> None:
    assert autograde("init", tmp_path / "class").exit_code == 0
    ran = autograde("release", "03_unpooling", "--class", tmp_path / "class")
    assert ran.exit_code == 0, ran.stderr
    ran = autograde("report", "03_unpooling", "--class", tmp_path / "class", "--format", "json")
    assert json.loads(ran.stdout) == {"students": {}}
