"""The walls: a bubblewrap command line around the runner, and a probe that fails closed where it cannot be had.

Inside there is no network, no other process, no file but a read-only system, the interpreter and its packages without
the solutions, and the package `course`. What can be written lies in memory, is bounded, and goes with the sandbox.
"""

import os
import shutil
import site
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from autograde.sandbox.limits import Limits

INSTALL = "install it with `apt install bubblewrap` (Debian, Ubuntu) or `dnf install bubblewrap` (Fedora)"
_LIBRARY = Path("/grader")
_HOME = Path("/home/student")
_HIDDEN = ("solutions", "autograde", "tests")
_SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/nix/store")
_MERGED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")


class SandboxUnavailableError(Exception):
    """This machine cannot make the sandbox; the message says what to do."""


@cache
def probe() -> None:
    """Start a sandbox once, and return if it works.

    Raises:
        SandboxUnavailableError: bubblewrap is missing, or the system forbids what it needs.
    """
    if shutil.which("bwrap") is None:
        where = INSTALL if sys.platform == "linux" else "it exists on Linux alone"
        raise SandboxUnavailableError(
            f"Grading runs students' code in bubblewrap, which is not here: {where}. "
            "With --unsafe their code runs unprotected, with your rights."
        )
    try:
        made = subprocess.run([*wrap(Limits()), sys.executable, "-I", "-S", "-c", ""], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxUnavailableError(f"bubblewrap does not start: {error}") from None
    if made.returncode:
        said = made.stderr.decode(errors="replace").strip().splitlines()
        raise SandboxUnavailableError(
            f"bubblewrap cannot make a sandbox here ({said[-1] if said else f'status {made.returncode}'}). "
            "Ubuntu 24.04 and later forbid it unless AppArmor knows it: give bwrap an AppArmor profile with `userns,`, "
            "or run `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`. A container must allow it too. "
            "With --unsafe students' code runs unprotected, with your rights."
        )


def environment(unsafe: bool = False, home: Path = _HOME, scratch: Path = Path("/tmp")) -> dict[str, str]:
    """Return the whole environment of the runner; nothing of the grader's own gets in."""
    kept = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}
    if unsafe:
        package_root = str(Path(__file__).resolve().parents[2])
        kept |= {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
        kept |= {"PYTHONPATH": package_root}
    else:
        kept |= {"PYTHONPATH": os.pathsep.join([str(_LIBRARY), *_user_site()])}
    return kept | {
        "HOME": str(home),
        "IPYTHONDIR": str(scratch / "ipython"),
        "LANG": "C.UTF-8",
        "LOGNAME": "student",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(scratch / "matplotlib"),
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(scratch),
        "TZ": "UTC",
        "USER": "student",
    }


def wrap(limits: Limits) -> list[str]:
    """Return the command line that confines what follows it."""
    command = [shutil.which("bwrap") or "bwrap", "--unshare-all", "--unshare-user"]
    command += ["--disable-userns"] if "--disable-userns" in _help() else []
    command += ["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    command += ["--uid", "65534", "--gid", "65534", "--hostname", "grader"]
    for name, value in environment().items():
        command += ["--setenv", name, value]
    for path in _SYSTEM:
        command += ["--ro-bind-try", path, path]
    for path in _MERGED:
        if Path(path).is_symlink():
            command += ["--symlink", os.readlink(path), path]  # noqa: PTH115
        elif Path(path).exists():
            command += ["--ro-bind", path, path]
    size = ["--size", str(limits.scratch)] if "--size" in _help() else []
    command += ["--proc", "/proc", "--dev", "/dev", *size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    # Scratch space comes before what may lie in it: a checkout under /tmp has its environment there.
    command += [*size, "--tmpfs", "/tmp", *size, "--tmpfs", str(_HOME)]
    for source in _interpreter():
        command += ["--ro-bind", str(source.resolve()), str(source)]
    for hidden in _solutions():
        command += ["--tmpfs", str(hidden), "--remount-ro", str(hidden)]
    command += _course()
    return [*command, "--remount-ro", "/", "--chdir", str(_HOME), "--"]


def runner(descriptor: int, unsafe: bool = False, preload: Sequence[str] = ()) -> list[str]:
    """Return the command line of the runner, which serves the control socket `descriptor`."""
    walls = "unsafe" if unsafe else "contained"
    return [sys.executable, "-P", "-m", "autograde.sandbox.runner", str(descriptor), walls, *preload]


@cache
def _help() -> str:
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout


def _interpreter() -> list[Path]:
    """Return the directories of the interpreter and its packages, and every link that leads there."""
    places = [Path(place) for place in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)]
    places += [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")]
    places += map(Path, _user_site())
    places += [hop.parent.parent for hop in _hops(Path(sys.executable))]
    wanted: list[Path] = []
    for place in sorted({*places, *(place.resolve() for place in places)}):
        already = ("/usr", *map(str, wanted))
        if not any(place.is_relative_to(parent) for parent in already) and place != Path("/"):
            wanted.append(place)
    return wanted


def _user_site() -> list[str]:
    """Return where `pip install --user` puts packages, where it is in use."""
    return [site.getusersitepackages()] if site.ENABLE_USER_SITE and Path(site.getusersitepackages()).is_dir() else []


def _hops(path: Path) -> Iterator[Path]:
    yield path
    while path.is_symlink():
        path = path.parent / path.readlink()
        yield path


def _solutions() -> list[Path]:
    """Return the directories inside what is bound that a student must not see."""
    import autograde

    root = Path(autograde.__file__).resolve().parents[1]
    found = {root / name for name in _HIDDEN}
    for name in ("solutions", "autograde"):
        spec = find_spec(name)
        found |= {Path(place).resolve() for place in (spec.submodule_search_locations or ())} if spec else set()
    bound = [Path("/usr"), *_interpreter(), *(place.resolve() for place in _interpreter())]
    return sorted(path for path in found if path.is_dir() and any(path.is_relative_to(parent) for parent in bound))


def _course() -> list[str]:
    """Bind `course`, and of this package the two files of the runner, into one directory."""
    import course

    here, target = Path(__file__).resolve().parent, _LIBRARY / "autograde" / "sandbox"
    command = ["--ro-bind", str(Path(course.__file__).resolve().parent), str(_LIBRARY / "course")]
    for name in ("protocol.py", "runner.py"):
        command += ["--ro-bind", str(here / name), str(target / name)]
    return command
