"""The walls: a bubblewrap command line around the runner, and a probe that fails closed where they cannot be had.

Inside there is no network, no other process, no file but a read-only system, the interpreter and its packages without
the solutions, and the package `course`. What can be written lies in memory, is bounded, and goes with the submission.

A grader that is root runs the sandbox as `nobody`, through a view of the file system in which nobody can reach the
interpreter. Where namespaces cannot be made inside the sandbox, each submission gets a sandbox of its own: slower, with
the same walls.
"""

import os
import shutil
import site
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from autograde.sandbox import seccomp
from autograde.sandbox.confinement import HOST_PROC
from autograde.sandbox.limits import Limits

INSTALL = "install it with `apt install bubblewrap` (Debian, Ubuntu) or `dnf install bubblewrap` (Fedora)"
SCRATCH = ("/tmp", "/home/student", "/dev/shm")
"""What can be written inside."""

_NOBODY = 65534
_LIBRARY = Path("/grader")
_HOME = Path("/home/student")
_HIDDEN = ("solutions", "autograde", "tests")
_SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/nix/store")
_MERGED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_INSIDE = ("confinement.py", "examination.py", "protocol.py", "runner.py")
_BECOME_NOBODY = (
    f"import ctypes, os, sys; os.setgroups([]); os.setresgid(*[{_NOBODY}] * 3); os.setresuid(*[{_NOBODY}] * 3); "
    "ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
)  # 1, 9: to be killed with its parent is forgotten when the user changes
_TRY = f"""
import os, sys
sys.path[:0] = [sys.argv[1]]
from autograde.sandbox import confinement
for name in sys.argv[3:]:
    open(name, "rb").close()
if sys.argv[2] == "warm":
    confinement.unshare()
    child = os.fork()
    if not child:
        try:
            confinement.furnish({SCRATCH!r}, 2**20)
        except OSError as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Makes the inner walls once, and reads a file of each package."""


class SandboxUnavailableError(Exception):
    """This machine cannot make the sandbox; the message says what to do."""


@dataclass(frozen=True)
class Walls:
    """How sandboxes are made on this machine."""

    kind: Literal["warm", "single"]
    """Whether one sandbox serves many submissions, or each has its own."""
    as_nobody: bool
    """Whether the grader is root and the sandbox is not."""

    def describe(self) -> str:
        """Return a sentence for the report."""
        served = "one warm sandbox a worker" if self.kind == "warm" else "one sandbox a submission"
        return f"bubblewrap, {served}{', run as nobody' if self.as_nobody else ''}"


@cache
def probe() -> Walls:
    """Start a sandbox once in each way that there is, and return the first that works.

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
        seccomp.program()
    except seccomp.FilterError as error:
        raise SandboxUnavailableError(f"Grading runs students' code behind a filter, but {error}.") from None
    said: list[str] = []
    root = os.geteuid() == 0
    kinds: tuple[Literal["warm", "single"], ...] = ("warm", "single")
    for kind in kinds:
        for as_nobody in (True, False) if root else (False,):
            walls = Walls(kind, as_nobody)
            complaint = _try(walls)
            if complaint is None:
                return walls
            said.append(complaint)
    raise SandboxUnavailableError(
        f"bubblewrap cannot make a sandbox here ({said[-1]}). "
        "Ubuntu 24.04 and later forbid it unless AppArmor knows it: give bwrap an AppArmor profile with `userns,`, "
        "or run `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`. A container must allow it too. "
        "With --unsafe students' code runs unprotected, with your rights."
    )


def _try(walls: Walls) -> str | None:
    """Return what goes wrong in a sandbox with these walls, or None."""
    packages = (find_spec(name) for name in ("torch", "numpy", "IPython", "safetensors"))
    needed = [found.origin for found in packages if found is not None and found.origin]
    needed.append(str(_LIBRARY / "course" / "packet.py"))
    script = [sys.executable, "-I", "-S", "-c", _TRY, str(_LIBRARY), walls.kind, *needed]
    try:
        made = subprocess.run([*wrap(Limits(), walls), *script], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it does not start: {error}"
    if not made.returncode:
        return None
    lines = made.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"status {made.returncode}"


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


def wrap(limits: Limits, walls: Walls) -> list[str]:
    """Return the command line that confines what follows it."""
    command = [_bwrap(), "--unshare-all", "--unshare-user"]
    command += ["--disable-userns"] if "--disable-userns" in _help() else []
    command += ["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    # What the zygote makes the walls between two submissions with; each submission gives it up before it begins.
    # Without it the runner is the first process itself: bubblewrap's own one has no filter, and memory to write to.
    command += ["--cap-add", "CAP_SYS_ADMIN"] if walls.kind == "warm" else ["--as-pid-1"]
    command += ["--uid", str(_NOBODY), "--gid", str(_NOBODY), "--hostname", "grader"]
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
    if walls.kind == "warm" and os.geteuid() == 0 and not walls.as_nobody:
        command += ["--bind", "/proc", HOST_PROC]  # bubblewrap covers parts of its own when it is root
    command += ["--remount-ro", "/", "--chdir", str(_HOME), "--"]
    return [*_view_of_nobody(), *command] if walls.as_nobody else command


def _view_of_nobody() -> list[str]:
    """Return the command line that lets root's bubblewrap start another as nobody, who can read what that one binds.

    A directory such as /root, which nobody may enter, is replaced by one that holds nothing but what is bound.
    """
    command = [_bwrap(), "--die-with-parent", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    command += ["--dev-bind", "/", "/"]
    closed: dict[Path, list[Path]] = {}
    for source in _sources():
        for place in {source, source.resolve()}:
            shut = [parent for parent in reversed(place.parents) if not _may_enter(parent)]
            if shut:
                closed.setdefault(shut[0], []).append(place)
    for directory, places in sorted(closed.items()):
        command += ["--tmpfs", str(directory)]
        between = {parent for place in places for parent in place.parents if parent.is_relative_to(directory)}
        for parent in sorted(between - {directory}):
            command += ["--dir", str(parent)]
        for place in sorted(places):
            command += ["--ro-bind", str(place.resolve()), str(place)]
    return [*command, "--", sys.executable, "-I", "-S", "-c", _BECOME_NOBODY]


def _may_enter(directory: Path) -> bool:
    try:
        return bool(directory.stat().st_mode & 0o001)
    except OSError:
        return False


def runner(descriptor: int, kind: str, preload: Sequence[str] = ()) -> list[str]:
    """Return the command line of the runner, which serves the control socket `descriptor`."""
    return [sys.executable, "-P", "-m", "autograde.sandbox.runner", str(descriptor), kind, *preload]


def _bwrap() -> str:
    return shutil.which("bwrap") or "bwrap"


@cache
def _help() -> str:
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout


@cache
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


def _course_folder() -> Path:
    import course

    return Path(course.__file__).resolve().parent


def _sources() -> list[Path]:
    return [*_interpreter(), _course_folder(), Path(__file__).resolve().parent]


def _course() -> list[str]:
    """Bind `course`, and of this package the files that run inside, into one directory."""
    here, target = Path(__file__).resolve().parent, _LIBRARY / "autograde" / "sandbox"
    command = ["--ro-bind", str(_course_folder()), str(_LIBRARY / "course")]
    for name in _INSIDE:
        command += ["--ro-bind", str(here / name), str(target / name)]
    return command
