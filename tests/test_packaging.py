"""The three ways to install the course name the same things, and a student's wheel holds no solution."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
STUDENT = tomllib.loads((ROOT / "course" / "pyproject.toml").read_text())


def test_conda_environment_names_what_pyproject_names() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (from_pip,) = [line["pip"] for line in environment["dependencies"] if isinstance(line, dict)]
    conda = {line.replace("pytorch", "torch") for line in environment["dependencies"] if isinstance(line, str)}
    project = PROJECT["project"]
    extras = project["optional-dependencies"].values()
    pip = {*project["dependencies"], *(requirement for extra in extras for requirement in extra)}
    assert from_pip.pop() == "--editable ."
    assert {*conda, *from_pip} - {"pip"} == pip | {f"python{project['requires-python']}"}


def test_student_distribution_needs_what_the_whole_needs_but_for_a_jupyter_of_its_own() -> None:
    lab = STUDENT["project"]["optional-dependencies"]["lab"]
    assert sorted([*STUDENT["project"]["dependencies"], *lab]) == PROJECT["project"]["dependencies"]
    assert [requirement.split(">")[0] for requirement in lab] == ["jupyterlab"]
    for key in ("version", "requires-python", "license"):
        assert STUDENT["project"][key] == PROJECT["project"][key]


def test_versions_agree_with_the_package() -> None:
    from course import __version__

    assert PROJECT["project"]["version"] == __version__


def test_torch_is_never_pinned_for_a_student() -> None:
    for requirement in PROJECT["project"]["dependencies"]:
        assert re.fullmatch(r"[a-z-]+>=[\d.]+", requirement), requirement


def test_wheel_of_the_course_holds_no_solution(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT / "course", check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert {"course/__init__.py", "course/notebooks/03_unpooling.ipynb"} <= set(names)
        assert "course/lab/labconfig/page_config.json" in names
        assert "course/answers/03_unpooling/max_unpool2d.safetensors" in names
        assert {name.split("/")[0] for name in names} == {"course", f"{wheel.name.split('-py3')[0]}.dist-info"}
        text = b"".join(archive.read(name) for name in names)
    assert b"BEGIN SOLUTION" not in text
    body = "planes.scatter(-1, indices.flatten(-2), x.flatten(-2))"
    assert body in (ROOT / "solutions" / "unpooling.py").read_text()
    assert body.encode() not in text


@pytest.mark.parametrize("module", ["course", "course.cli", "course.widgets", "course.exercises", "autograde.cli"])
def test_command_lines_start_without_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
