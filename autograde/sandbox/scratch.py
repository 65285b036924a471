"""A submission's own folder where no mount can hold it: how much lies in it, and how to be rid of it, whatever it is.

A student can nest folders deeper than a path may be long, and take the right to list them away. What is below is moved
up, a folder at a time, so that no path grows and nothing recurses.
"""

import os
import stat
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


def empty(folder: str, kept: str = "") -> None:
    """Remove everything in `folder` but the entry `kept`."""
    for name in os.listdir(folder):  # noqa: PTH208
        path = Path(folder) / name
        if name == kept:
            continue
        with suppress(FileNotFoundError):
            if path.is_dir() and not path.is_symlink():
                remove(str(path))
            else:
                path.unlink()
