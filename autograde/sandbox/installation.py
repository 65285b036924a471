"""What of this machine a student's process may read: system libraries, the interpreter, `course`, and no solution.

The same list stands behind every tier: bubblewrap binds it, Landlock allows it. A grader that is root has its sandboxes
run as nobody, so the list also knows which directories nobody may enter.
"""

import site
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

NOBODY = 65534
SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/nix/store")
MERGED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""What is a link into /usr on some systems, and a directory of its own on others."""
INSIDE = (
    "confinement.py", "devices.py", "elsewhere.py", "examination.py", "init.py", "landlock.py", "later.py",
    "protocol.py", "runner.py", "scratch.py", "shapes.py", "sharing.py", "typecheckers.py",
)  # fmt: skip
"""The files of this package that run in the sandbox."""

_HIDDEN = ("solutions", "autograde", "tests")


@cache
def interpreter() -> list[Path]:
    """Return the directories of the interpreter and its packages, and every link that leads there."""
    places = [Path(place) for place in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)]
    places += [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")]
    places += map(Path, user_site())
    places += [hop.parent.parent for hop in _hops(Path(sys.executable))]
    wanted: list[Path] = []
    for place in sorted({*places, *(place.resolve() for place in places)}):
        already = ("/usr", *map(str, wanted))
        if not any(place.is_relative_to(parent) for parent in already) and place != Path("/"):
            wanted.append(place)
    return wanted


def user_site() -> list[str]:
    """Return where `pip install --user` puts packages, where it is in use."""
    return [site.getusersitepackages()] if site.ENABLE_USER_SITE and Path(site.getusersitepackages()).is_dir() else []


def _hops(path: Path) -> Iterator[Path]:
    yield path
    while path.is_symlink():
        path = path.parent / path.readlink()
        yield path


def solutions() -> list[Path]:
    """Return the directories inside what may be read that a student must not see."""
    import autograde

    root = Path(autograde.__file__).resolve().parents[1]
    found = {root / name for name in _HIDDEN}
    for name in ("solutions", "autograde"):
        spec = find_spec(name)
        found |= {Path(place).resolve() for place in (spec.submodule_search_locations or ())} if spec else set()
    bound = [Path("/usr"), *interpreter(), *(place.resolve() for place in interpreter())]
    return sorted(path for path in found if path.is_dir() and any(path.is_relative_to(parent) for parent in bound))


def course_folder() -> Path:
    """Return where the package `course` lies."""
    import course

    return Path(course.__file__).resolve().parent


def sandbox_folder() -> Path:
    """Return where this package lies, of which a few files run inside."""
    return Path(__file__).resolve().parent


def closed_to_nobody() -> dict[Path, list[Path]]:
    """Return the directories that nobody may not enter, each with the places below it that the sandbox needs."""
    closed: dict[Path, list[Path]] = {}
    for source in (*interpreter(), course_folder(), sandbox_folder()):
        for place in {source, source.resolve()}:
            shut = [parent for parent in reversed(place.parents) if not may_enter(parent)]
            if shut:
                closed.setdefault(shut[0], []).append(place)
    return {directory: sorted(places) for directory, places in sorted(closed.items())}


def may_enter(directory: Path) -> bool:
    """Return whether every user may enter `directory`."""
    try:
        return bool(directory.stat().st_mode & 0o001)
    except OSError:
        return False
