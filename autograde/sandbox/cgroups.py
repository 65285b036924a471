"""Control groups, where this process may make one: the kernel then holds a submission's processes and memory together.

Version 2, version 1 or none is found out at the first use. Without one the sandbox's init looks every few milliseconds,
and resource limits hold each process by itself.
"""

import itertools
import os
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
                folder.mkdir()
            for file, value in self._settings(memory, processes).items():
                file.write_text(str(value))
            for file in (self._memory / "memory.swap.max", self._memory / "memory.memsw.limit_in_bytes"):
                with suppress(OSError):  # a kernel that does not count swap
                    if file.exists():
                        file.write_text("0" if self._version == "v2" else str(memory))
        except OSError:
            self.close()
            raise

    def add(self, pid: int) -> None:
        """Move the process `pid` in.

        Raises:
            OSError: the kernel refuses.
        """
        for folder in self._folders():
            (folder / "cgroup.procs").write_text(str(pid))

    def oom_kills(self) -> int:
        """Return how many processes the kernel has killed here for the memory that they took together."""
        name = "memory.events" if self._version == "v2" else "memory.oom_control"
        with suppress(OSError, ValueError):
            words = dict(line.split() for line in (self._memory / name).read_text().splitlines())
            return int(words.get("oom_kill", 0))
        return 0

    def close(self) -> None:
        """Remove the group, once nothing lives in it."""
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
        folder = _own_folder(root, places.get("", "/"))
        handed_on = folder / "cgroup.subtree_control"
        with suppress(OSError):  # refused where it is another's, or where processes live in the group itself
            if not {"memory", "pids"} <= set(handed_on.read_text().split()):
                handed_on.write_text("+memory +pids")
            if {"memory", "pids"} <= set(handed_on.read_text().split()):
                return Hierarchy("v2", folder, folder)
        return None
    if {"memory", "pids"} <= places.keys() and (root / "memory").is_dir() and (root / "pids").is_dir():
        folders = (_own_folder(root / name, places[name]) for name in ("memory", "pids"))
        return Hierarchy("v1", *folders)
    return None


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
