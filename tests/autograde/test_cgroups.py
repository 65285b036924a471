"""Which control groups are found, on machines with version 2, with version 1, and with none that may be used."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograde.sandbox import cgroups
from autograde.sandbox.cgroups import Group, Hierarchy


def test_version_2_is_used_where_its_controllers_reach_the_own_group(tmp_path: Path) -> None:
    own = tmp_path / "user.slice" / "grader.scope"
    own.mkdir(parents=True)
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (own / "cgroup.subtree_control").write_text("cpu memory pids\n")
    assert cgroups.find("0::/user.slice/grader.scope\n", tmp_path) == Hierarchy("v2", own, own)


def test_version_2_is_left_alone_where_it_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").mkdir()  # what cannot be written, even by root
    assert cgroups.find("0::/\n", tmp_path) is None


def test_version_1_has_a_directory_a_controller(tmp_path: Path) -> None:
    for name in ("memory/grader", "pids"):
        (tmp_path / name).mkdir(parents=True)
    own = "9:name=systemd:/\n8:pids:/elsewhere\n4:memory:/grader\n0::/\n"
    assert cgroups.find(own, tmp_path) == Hierarchy("v1", tmp_path / "memory" / "grader", tmp_path / "pids")


def test_nothing_is_found_where_nothing_is_mounted(tmp_path: Path) -> None:
    assert cgroups.find("0::/\n", tmp_path) is None


def test_limits_are_written_where_each_version_reads_them(tmp_path: Path) -> None:
    for version, limit in (("v1", "memory.limit_in_bytes"), ("v2", "memory.max")):
        folder = tmp_path / version
        folder.mkdir()
        group = Group(Hierarchy(version, folder, folder), 1000, 7)  # type: ignore[arg-type]
        (made,) = folder.iterdir()
        assert (made / limit).read_text() == "1000"
        assert (made / "pids.max").read_text() == "7"
        events = "memory.events" if version == "v2" else "memory.oom_control"
        (made / events).write_text("low 0\noom_kill 3\n" if version == "v2" else "under_oom 0\noom_kill 3\n")
        assert group.oom_kills() == 3


def test_the_kernel_holds_what_is_moved_into_a_group() -> None:
    hierarchy = cgroups.detect()
    if hierarchy is None:
        pytest.skip("this machine lets this user make no control group")
    group = Group(hierarchy, 64 * 2**20, 50)
    hungry = "import sys\nsys.stdin.read()\nhoard = b'x' * 2**28"
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", hungry], stdin=subprocess.PIPE)
    try:
        group.add(process.pid)
        process.communicate(b"", timeout=60)
        assert process.returncode == -9
        assert group.oom_kills() == 1
    finally:
        process.kill()
        group.close()
    assert not list(hierarchy.memory.glob(f"autograde-{os.getpid()}-*"))


def test_the_group_of_a_dead_grader_is_removed() -> None:
    hierarchy = cgroups.detect()
    if hierarchy is None:
        pytest.skip("this machine lets this user make no control group")
    dead = subprocess.run([sys.executable, "-I", "-S", "-c", "import os; print(os.getpid())"], capture_output=True)
    left = hierarchy.memory / f"autograde-{int(dead.stdout)}-0"
    left.mkdir()
    time.sleep(0.05)
    cgroups._sweep(hierarchy)
    assert not left.exists()
