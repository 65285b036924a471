"""Which control groups are found, on machines with version 2, with version 1, and with none that may be used.

Version 2 with its controllers is seldom at hand, so `Kernel` answers as its documentation says: what a directory holds
when it is made, who may hand memory on, and where processes go. What a mounted hierarchy can show is tried on one.
"""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from autograde.sandbox import cgroups
from autograde.sandbox.cgroups import Group, Hierarchy


class Kernel:
    """Control groups of version 2 below a directory, which stands for /sys/fs/cgroup on a machine or in a container."""

    def __init__(self, root: Path, controllers: str = "cpu memory pids", machine: bool = True) -> None:
        self.root, self._machine = root, machine
        self._furnish(root, controllers)

    def make(self, folder: Path) -> None:
        folder.mkdir()
        self._furnish(folder, (folder.parent / "cgroup.subtree_control").read_text())

    def _furnish(self, folder: Path, controllers: str) -> None:
        (folder / "cgroup.controllers").write_text(controllers)
        for name in ("cgroup.subtree_control", "cgroup.procs"):
            (folder / name).write_text("")
        self._offer(folder, controllers)

    def _offer(self, folder: Path, controllers: str) -> None:
        for name in controllers.split():
            if folder != self.root:
                (folder / f"{name}.max").touch()

    def below(self, *names: str, processes: Sequence[int] = (), hands_on: str = "+memory +pids") -> Path:
        """Make a path of groups that hand controllers on, with processes in the last one."""
        folder = self.root
        for name in names:
            self.write(folder / "cgroup.subtree_control", hands_on)
            folder = folder / name
            self.make(folder)
        for pid in processes:
            self.write(folder / "cgroup.procs", str(pid))
        return folder

    def write(self, file: Path, text: str) -> None:
        folder = file.parent
        if not file.exists():
            raise OSError(errno.ENOENT, f"no such control: {file.name}")
        if file.name == "cgroup.procs":
            if (folder / "cgroup.subtree_control").read_text().strip() and not self._is_exempt(folder):
                raise OSError(errno.EBUSY, "no process may live in a group that hands controllers on")
            for other in self.root.rglob("cgroup.procs"):
                left = [pid for pid in other.read_text().split() if pid != text]
                other.write_text("".join(f"{pid}\n" for pid in left))
            file.write_text(f"{file.read_text()}{text}\n")
        elif file.name == "cgroup.subtree_control":
            wanted = {word.removeprefix("+") for word in text.split()}
            if not wanted <= set((folder / "cgroup.controllers").read_text().split()):
                raise OSError(errno.ENOENT, "no such controller here")
            if (folder / "cgroup.procs").read_text().strip() and not self._is_exempt(folder):
                raise OSError(errno.EBUSY, "processes live in this group itself")
            file.write_text(" ".join(sorted(wanted | set(file.read_text().split()))))
            for child in folder.iterdir():
                if child.is_dir():
                    (child / "cgroup.controllers").write_text(file.read_text())
                    self._offer(child, file.read_text())
        else:
            file.write_text(text)

    def _is_exempt(self, folder: Path) -> bool:
        """Only the machine's own root is; a container's looks like one and is not."""
        return folder == self.root and self._machine


MakeKernel = Callable[..., Kernel]


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeKernel:
    def boot(**how: object) -> Kernel:
        made = Kernel(tmp_path, **how)  # type: ignore[arg-type]
        monkeypatch.setattr(cgroups, "_write", made.write)
        monkeypatch.setattr(cgroups, "_make", made.make)
        return made

    return boot


def handed_over(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    monkeypatch.setattr(cgroups, "_is_delegated", lambda folder: folder in folders)


def members(folder: Path) -> list[int]:
    return list(map(int, (folder / "cgroup.procs").read_text().split()))


def test_the_root_group_of_a_machine_hands_memory_on_with_processes_in_it(kernel: MakeKernel, tmp_path: Path) -> None:
    made = kernel()
    made.write(tmp_path / "cgroup.procs", "7")
    assert cgroups.find("0::/\n", tmp_path) == Hierarchy("v2", tmp_path, tmp_path)
    assert members(tmp_path) == [7]


def test_a_scope_that_was_handed_over_makes_room_for_groups(
    kernel: MakeKernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `systemd-run --user --scope -p Delegate=yes uv run autograde grade` has it: uv and the grader are in it."""
    own = kernel().below("user.slice", "user@1000.service", "run-1.scope", processes=(70, 71))
    handed_over(monkeypatch, own)
    found = cgroups.find("0::/user.slice/user@1000.service/run-1.scope\n", tmp_path)
    assert found == Hierarchy("v2", own, own)
    assert (members(own), members(own / "autograde-graders")) == ([], [70, 71])
    group = Group(found, 1000, 7)
    group.add(72)
    (made,) = own.glob("autograde-[0-9]*")
    assert ((made / "memory.max").read_text(), (made / "pids.max").read_text(), members(made)) == ("1000", "7", [72])


def test_a_worker_finds_the_room_that_its_grader_made(
    kernel: MakeKernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = kernel().below("run-1.scope", processes=(70,))
    handed_over(monkeypatch, own)
    first = cgroups.find("0::/run-1.scope\n", tmp_path)
    assert cgroups.find("0::/run-1.scope/autograde-graders\n", tmp_path) == first == Hierarchy("v2", own, own)


def test_a_session_that_systemd_manages_is_left_as_it_is(kernel: MakeKernel, tmp_path: Path) -> None:
    """Of a login by ssh: root could move the shell elsewhere, and should not."""
    own = kernel().below("user.slice", "session-3.scope", processes=(60, 61, 62))
    assert cgroups.find("0::/user.slice/session-3.scope\n", tmp_path) is None
    assert members(own) == [60, 61, 62]
    assert not (own / "autograde-graders").exists()


def test_a_containers_own_group_makes_room_though_it_looks_like_a_root(kernel: MakeKernel, tmp_path: Path) -> None:
    made = kernel(machine=False)
    made.write(tmp_path / "cgroup.procs", "1")
    assert cgroups.find("0::/\n", tmp_path) == Hierarchy("v2", tmp_path, tmp_path)
    assert members(tmp_path / "autograde-graders") == [1]


def test_nothing_is_moved_where_memory_is_not_handed_down(
    kernel: MakeKernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a unit with `Delegate=pids`, or a SLURM step without `ConstrainRAMSpace`."""
    own = kernel().below("job_1", "step_0", processes=(5,), hands_on="+pids")
    handed_over(monkeypatch, own)
    assert cgroups.find("0::/job_1/step_0\n", tmp_path) is None
    assert members(own) == [5]


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


def test_limits_are_written_where_each_version_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version, limit in (("v1", "memory.limit_in_bytes"), ("v2", "memory.max")):
        folder = tmp_path / version
        folder.mkdir()
        with monkeypatch.context() as patch:
            patch.setattr(cgroups, "_write", lambda file, text: file.write_text(text))
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


STUBBORN = """
import os, signal, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
os.fork()
print("up", flush=True)
time.sleep(600)
"""


def killed_in(group: Group) -> bool:
    """Put a process and its fork, which ignore what they can, into a group; return whether closing it ends them."""
    command = [sys.executable, "-I", "-S", "-c", f"import sys\nsys.stdin.read()\n{STUBBORN}"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        group.add(process.pid)
        process.stdin.close()
        assert process.stdout.readline() + process.stdout.readline() == b"up\nup\n"
        group.close()
        return process.wait(10) == -signal.SIGKILL and process.stdout.read() == b""  # which ends with the last of them
    finally:
        process.kill()


def test_what_still_lives_in_a_group_dies_with_it() -> None:
    hierarchy = cgroups.detect()
    if hierarchy is None:
        pytest.skip("this machine lets this user make no control group")
    assert killed_in(Group(hierarchy, 2**30, 50))


def test_the_kernels_own_version_2_ends_a_group_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a mounted hierarchy, even one without controllers, such as the second one of a machine with version 1."""
    lines = Path("/proc/self/mounts").read_text().splitlines() if Path("/proc/self/mounts").exists() else []
    mounted = [Path(line.split()[1]) for line in lines if line.split()[2] == "cgroup2"]
    if not mounted or not os.access(mounted[0] / "cgroup.procs", os.W_OK):
        pytest.skip("no hierarchy of version 2 is mounted that this user may write")
    monkeypatch.setattr(Group, "_settings", lambda *_: {})
    group = Group(Hierarchy("v2", mounted[0], mounted[0]), 2**30, 50)
    folder = group._pids
    assert killed_in(group)
    assert not folder.exists()
