"""The folders that a submission may write to: how much lies in them, and how to be rid of it, whatever it is.

A student can nest folders deeper than a path may be long, and take the right to list them away. What is below is moved
up, a folder at a time, so that no path grows and nothing recurses.
"""

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_FILES = 65536
"""As many as a sandbox's own mounts would hold."""


def taken(folder: str) -> tuple[int, int]:
    """Return the bytes and the number of files below `folder`; of more than can be allowed, only that it is more."""
    size, number, waiting = 0, 0, [folder]
    while waiting and number <= _FILES:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                number += 1
                with suppress(OSError):
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return size, number


def exceeds(folder: str, size: int) -> bool:
    """Return whether more than `size` bytes, or too many files, lie in `folder`."""
    bytes_, number = taken(folder)
    return bytes_ > size or number > _FILES


def remove(folder: str) -> None:
    """Remove `folder` and all below it, as its owner; nothing may be running that writes there.

    Raises:
        OSError: something stays.
    """
    place = Path(folder)
    waiting, number = [place], 0
    while waiting:
        here = waiting.pop()
        here.chmod(stat.S_IRWXU)
        below = []
        with os.scandir(here) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    Path(entry.path).unlink()
                    continue
                number += 1
                raised = place.parent / f".{place.name}-{number}"
                Path(entry.path).chmod(stat.S_IRWXU)
                Path(entry.path).rename(raised)
                below.append(raised)
        here.rmdir()
        waiting += below


def empty(folder: str, kept: Sequence[str] = ()) -> None:
    """Remove everything in `folder` but the paths `kept` and the folders that lead to them.

    Raises:
        OSError: something stays.
    """
    for name in os.listdir(folder):  # noqa: PTH208
        path = Path(folder) / name
        if str(path) in kept:
            continue
        with suppress(FileNotFoundError):
            if not path.is_dir() or path.is_symlink():
                path.unlink()
            elif any(Path(one).is_relative_to(path) for one in kept):
                path.chmod(0o755)
                empty(str(path), kept)
            else:
                remove(str(path))


class Place:
    """A folder as it was before a student's code saw it, to be made so again. `kept` is what was in it already."""

    def __init__(self, path: str, kept: Sequence[str] = ()) -> None:
        self._path, self._kept = path, kept
        self._was = Path(path).stat()

    def renew(self) -> None:
        """Remove what was written, and what a student can note on the folder itself: rights, times, attributes.

        Raises:
            OSError: something stays.
        """
        path = Path(self._path)
        path.chmod(stat.S_IRWXU)
        empty(self._path, self._kept)
        for name in os.listxattr(path):
            os.removexattr(path, name)
        path.chmod(stat.S_IMODE(self._was.st_mode))
        os.utime(path, ns=(self._was.st_atime_ns, self._was.st_mtime_ns))
