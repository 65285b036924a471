"""Control groups, where this process may make one: the kernel then holds a submission's processes and memory together.

Version 2, version 1 or none is found out at the first use. Without one the sandbox's init looks every few milliseconds,
and resource limits hold each process by itself.

In version 2 a group that hands memory on to groups below it may hold no process of its own. Where a whole group was
handed over to who grades (`systemd-run --user --scope -p Delegate=yes`, or a container's own), its processes are moved
into a group below it first. What systemd manages itself is left alone: it would not expect it.
https://docs.kernel.org/admin-guide/cgroup-v2.html, https://systemd.io/CGROUP_DELEGATION/
"""

import itertools
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Version = Literal["v1", "v2"]
_ROOT = Path("/sys/fs/cgroup")
_PREFIX = "autograde-"
_GRADERS = f"{_PREFIX}graders"  # the group below one's own that the grader and its workers are moved into
_CONTROLLERS = frozenset({"memory", "pids"})
_numbers = itertools.count()


@dataclass(frozen=True)
class Hierarchy:
    """Where groups can be made: one directory for both controllers (v2), or one each (v1)."""

    version: Version
    memory: Path
    pids: Path


class Group:
    """A group for one submission at a time: its first process is moved in, and its children are born there."""

    def __init__(self, hierarchy: Hierarchy, memory: int, processes: int) -> None:
        name = f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
        self._version = hierarchy.version
        self._memory, self._pids = hierarchy.memory / name, hierarchy.pids / name
        try:
            for folder in self._folders():
                _make(folder)
            for file, value in self._settings(memory, processes).items():
                _write(file, str(value))
            for file in (self._memory / "memory.swap.max", self._memory / "memory.memsw.limit_in_bytes"):
                with suppress(OSError):  # a kernel that does not count swap
                    if file.exists():
                        _write(file, "0" if self._version == "v2" else str(memory))
        except OSError:
            self.close()
            raise

    def add(self, pid: int) -> None:
        """Move the process `pid` in.

        Raises:
            OSError: the kernel refuses.
        """
        for folder in self._folders():
            _write(folder / "cgroup.procs", str(pid))

    def oom_kills(self) -> int:
        """Return how many processes the kernel has killed here for the memory that they took together."""
        name = "memory.events" if self._version == "v2" else "memory.oom_control"
        with suppress(OSError, ValueError):
            words = dict(line.split() for line in (self._memory / name).read_text().splitlines())
            return int(words.get("oom_kill", 0))
        return 0

    def kill(self) -> None:
        """Kill what still lives in the group; the sandbox ends a submission itself, and this is the second net."""
        if not any(_members(folder) for folder in self._folders()):
            return
        with suppress(OSError):
            _write(self._pids / "cgroup.kill", "1")  # from Linux 5.14 on, all at once
            return
        for _ in range(100):
            living = _members(self._pids)
            for pid in living:
                self._kill_member(pid)
            if not living:
                return

    def _kill_member(self, pid: int) -> None:
        """Kill a process that is a member now. Its number may be another's by then, its handle not."""
        with suppress(OSError):
            handle = os.pidfd_open(pid)
            try:
                if pid in _members(self._pids):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            finally:
                os.close(handle)

    def close(self) -> None:
        """Remove the group, and whatever still lives in it."""
        self.kill()
        for folder in self._folders():
            for _ in range(50):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)
                else:
                    break

    def _folders(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys((self._memory, self._pids)))

    def _settings(self, memory: int, processes: int) -> Mapping[Path, int]:
        limit = "memory.max" if self._version == "v2" else "memory.limit_in_bytes"
        return {self._memory / limit: memory, self._pids / "pids.max": processes}


@cache
def detect() -> Hierarchy | None:
    """Return where this process may make groups that hold memory and processes, or None."""
    try:
        own = Path("/proc/self/cgroup").read_text()
    except OSError:
        return None
    found = find(own, _ROOT)
    if found is None:
        return None
    _sweep(found)
    try:
        Group(found, 2**30, 100).close()
    except OSError:
        return None
    return found


def find(own: str, root: Path) -> Hierarchy | None:
    """Return the hierarchy under `root` for a process whose /proc/self/cgroup reads `own`."""
    places: dict[str, str] = {}
    for line in own.splitlines():
        _, controllers, path = line.split(":", 2)
        places |= dict.fromkeys(controllers.split(","), path)
    if (root / "cgroup.controllers").exists():
        return _find_v2(_own_folder(root, places.get("", "/")), root)
    if places.keys() >= _CONTROLLERS and (root / "memory").is_dir() and (root / "pids").is_dir():
        folders = (_own_folder(root / name, places[name]) for name in ("memory", "pids"))
        return Hierarchy("v1", *folders)
    return None


def _find_v2(own: Path, root: Path) -> Hierarchy | None:
    """Return where a process of the group `own` may make groups, after it has made room for that if need be."""
    if own.name == _GRADERS:  # a grader has made room before, and this is one of its workers
        return Hierarchy("v2", own.parent, own.parent) if _hands_on(own.parent) else None
    with suppress(OSError):  # refused where it is another's, and by the kernel where processes live in the group itself
        if not _hands_on(own):
            _hand_on(own)
        return Hierarchy("v2", own, own) if _hands_on(own) else None
    may = own == root or _is_delegated(own)
    if not may or not _words(own / "cgroup.controllers") >= _CONTROLLERS or 0 in _members(own):
        return None  # a process with the number 0 is outside this container, and not ours to move
    with suppress(OSError):
        _make_room(own)
        return Hierarchy("v2", own, own) if _hands_on(own) else None
    return None


def _make_room(own: Path) -> None:
    """Move the processes of a group that was handed over into one below it, and have it hand memory on."""
    below = own / _GRADERS
    if not below.is_dir():
        _make(below)
    for _ in range(10):  # processes may be born meanwhile
        for pid in _members(own):
            with suppress(ProcessLookupError):
                _write(below / "cgroup.procs", str(pid))
        if not _members(own):
            break
    _hand_on(own)


def _is_delegated(folder: Path) -> bool:
    """Return whether systemd says that this group, with all below it, is its owner's to arrange."""
    for name in ("user.delegate", "trusted.delegate"):
        with suppress(OSError):
            if os.getxattr(folder, name) == b"1":
                return True
    return False


def _hands_on(folder: Path) -> bool:
    return _words(folder / "cgroup.subtree_control") >= _CONTROLLERS


def _hand_on(folder: Path) -> None:
    _write(folder / "cgroup.subtree_control", " ".join(f"+{name}" for name in sorted(_CONTROLLERS)))


def _words(file: Path) -> set[str]:
    with suppress(OSError):
        return set(file.read_text().split())
    return set()


def _members(folder: Path) -> list[int]:
    return sorted(map(int, _words(folder / "cgroup.procs")))


def _make(folder: Path) -> None:
    folder.mkdir()


def _write(file: Path, text: str) -> None:
    """Write to a file of the kernel's, which answers an error that is to be heard; it is never made by writing."""
    opened = os.open(file, os.O_WRONLY)
    try:
        os.write(opened, text.encode())
    finally:
        os.close(opened)


def _own_folder(root: Path, path: str) -> Path:
    """Return a process's own group; in a container the path may be one of the machine outside, which is not there."""
    folder = root / path.lstrip("/")
    return folder if folder.is_dir() else root


def _sweep(hierarchy: Hierarchy) -> None:
    """Remove groups that a grader which was killed left behind."""
    for parent in {hierarchy.memory, hierarchy.pids}:
        for folder in parent.glob(f"{_PREFIX}*"):
            pid = folder.name.removeprefix(_PREFIX).split("-")[0]
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                with suppress(OSError):
                    folder.rmdir()
