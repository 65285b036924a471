"""torch's threads: told how to wait before torch is loaded, and no more of them than a container may use."""

import subprocess
import sys
from pathlib import Path

import pytest

from course.threads import cpu_quota, settle

SHORT = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}


@pytest.fixture
def _before_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr("course.threads.cpu_quota", lambda: 3)


@pytest.mark.usefixtures("_before_torch")
def test_threads_wait_without_burning_a_core_and_fit_into_the_container() -> None:
    environment: dict[str, str] = {}
    settle(environment)
    assert environment == {**SHORT, "OMP_NUM_THREADS": "3"}


@pytest.mark.usefixtures("_before_torch")
def test_what_the_user_has_set_stays() -> None:
    environment = {"OMP_WAIT_POLICY": "ACTIVE", "OMP_NUM_THREADS": "1"}
    settle(environment)
    assert environment == {"OMP_WAIT_POLICY": "ACTIVE", "OMP_NUM_THREADS": "1"}


def test_after_torch_it_is_too_late_and_nothing_is_pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", sys)
    environment: dict[str, str] = {}
    settle(environment)
    assert environment == {}


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, None),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 1),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "6400000 100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
    ],
)
def test_quota_of_a_container_is_read_from_its_control_group(
    files: dict[str, str], cores: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("course.threads.os.cpu_count", lambda: 64)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert cpu_quota(tmp_path) == cores


@pytest.mark.skipif(sys.platform != "linux", reason="torch's wheels have GNU's OpenMP on Linux alone")
@pytest.mark.parametrize("module", ["course", "solutions.__main__", "course.training"])
def test_openmp_has_read_it_when_torch_runs(module: str) -> None:
    code = f"import {module}, torch"
    environment = {"OMP_DISPLAY_ENV": "VERBOSE", "PATH": ""}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in run.stderr
    assert "GOMP_SPINCOUNT = '1000'" in run.stderr
