"""The walls: a bubblewrap command line around the runner, and a probe that fails closed where they cannot be had.

Inside there is no network, no other process, no file but a read-only system, the interpreter and its packages without
the solutions, and the package `course`. What can be written lies in memory, is bounded, and goes with the submission.

A grader that is root runs the sandbox as `nobody`, through a view of the file system in which nobody can reach the
interpreter. Where namespaces cannot be made inside the sandbox, each submission gets a sandbox of its own: slower, with
the same walls.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from autograde.sandbox import installation, seccomp
from autograde.sandbox.confinement import HOST_PROC
from autograde.sandbox.installation import INSIDE, MERGED, NOBODY, SYSTEM
from autograde.sandbox.limits import Limits

INSTALL = "install it with `apt install bubblewrap` (Debian, Ubuntu) or `dnf install bubblewrap` (Fedora)"
SCRATCH = ("/tmp", "/home/student", "/dev/shm")
"""What can be written inside."""

_LIBRARY = Path("/grader")
_HOME = Path("/home/student")
_BECOME_NOBODY = (
    f"import ctypes, os, sys; os.setgroups([]); os.setresgid(*[{NOBODY}] * 3); os.setresuid(*[{NOBODY}] * 3); "
    "ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
)  # 1, 9: to be killed with its parent is forgotten when the user changes
_TRY = f"""
import os, sys
sys.path[:0] = [sys.argv[1]]
from autograde.sandbox import confinement
for name in sys.argv[3:]:
    open(name, "rb").close()
if sys.argv[2] == "warm":
    confinement.own_processes()
    with confinement.new_processes():
        child = os.fork()
        if not child:
            try:
                confinement.unshare()
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

    kind: Literal["warm", "single", "landlock"]
    """Whether one sandbox serves many submissions, or each has its own, or there are no namespaces at all."""
    as_nobody: bool
    """Whether the grader is root and the sandbox is not."""
    warning: str = ""
    """Why there are no better walls here and what is weaker, for who grades; "" where there are none better."""

    @property
    def tier(self) -> Literal["bubblewrap", "landlock"]:
        """What makes the walls."""
        return "landlock" if self.kind == "landlock" else "bubblewrap"

    def describe(self) -> str:
        """Return a sentence for the report."""
        served = "one sandbox a submission" if self.kind == "single" else "one warm sandbox a worker"
        return f"{self.tier}, {served}{', run as nobody' if self.as_nobody else ''}"


def probe() -> Walls:
    """Start a sandbox once in each way that there is, and return the first that works.

    Raises:
        SandboxUnavailableError: bubblewrap is missing, or the system forbids what it needs.
    """
    found = _probed()
    if isinstance(found, str):
        raise SandboxUnavailableError(found)
    return found


@cache
def _probed() -> Walls | str:
    if shutil.which("bwrap") is None:
        where = INSTALL if sys.platform == "linux" else "it exists on Linux alone"
        return f"Grading runs students' code in bubblewrap, which is not here: {where}."
    try:
        seccomp.program()
    except seccomp.FilterError as error:
        return f"Grading runs students' code behind a filter, but {error}."
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
    return (
        f"bubblewrap cannot make a sandbox here ({said[-1]}). "
        "Ubuntu 24.04 and later forbid it unless AppArmor knows it: give bwrap an AppArmor profile with `userns,`, "
        "or run `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`. A container must allow it too."
    )


def _try(walls: Walls) -> str | None:
    """Return what goes wrong in a sandbox with these walls, or None."""
    needed = [*needed_packages(), str(_LIBRARY / "course" / "packet.py")]
    script = [sys.executable, "-I", "-S", "-c", _TRY, str(_LIBRARY), walls.kind, *needed]
    try:
        made = subprocess.run([*wrap(Limits(), walls), *script], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it does not start: {error}"
    if not made.returncode:
        return None
    lines = made.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"status {made.returncode}"


def needed_packages() -> list[str]:
    """Return a file of each package that a sandbox must be able to read."""
    packages = (find_spec(name) for name in ("torch", "numpy", "IPython", "safetensors"))
    return [found.origin for found in packages if found is not None and found.origin]


def environment(
    unsafe: bool = False, home: Path = _HOME, scratch: Path = Path("/tmp"), library: Path = _LIBRARY
) -> dict[str, str]:
    """Return the whole environment of the runner; nothing of the grader's own gets in."""
    kept = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}
    if unsafe:
        package_root = str(Path(__file__).resolve().parents[2])
        kept |= {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
        kept |= {"PYTHONPATH": package_root}
    else:
        kept |= {"PYTHONPATH": os.pathsep.join([str(library), *installation.user_site()])}
    return kept | {
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # what is copied by large pages is forked sooner
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
    command += ["--uid", str(NOBODY), "--gid", str(NOBODY), "--hostname", "grader"]
    for name, value in environment().items():
        command += ["--setenv", name, value]
    for path in SYSTEM:
        command += ["--ro-bind-try", path, path]
    for path in MERGED:
        if Path(path).is_symlink():
            command += ["--symlink", os.readlink(path), path]  # noqa: PTH115
        elif Path(path).exists():
            command += ["--ro-bind", path, path]
    size = ["--size", str(limits.scratch)] if "--size" in _help() else []
    command += ["--proc", "/proc", "--dev", "/dev", *size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    # Scratch space comes before what may lie in it: a checkout under /tmp has its environment there.
    command += [*size, "--tmpfs", "/tmp", *size, "--tmpfs", str(_HOME)]
    for source in installation.interpreter():
        command += ["--ro-bind", str(source.resolve()), str(source)]
    for hidden in installation.solutions():
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
    for directory, places in installation.closed_to_nobody().items():
        command += ["--tmpfs", str(directory)]
        between = {parent for place in places for parent in place.parents if parent.is_relative_to(directory)}
        for parent in sorted(between - {directory}):
            command += ["--dir", str(parent)]
        for place in places:
            command += ["--ro-bind", str(place.resolve()), str(place)]
    return [*command, "--", sys.executable, "-I", "-S", "-c", _BECOME_NOBODY]


def runner(descriptor: int, kind: str, preload: Sequence[str] = ()) -> list[str]:
    """Return the command line of the runner, which serves the control socket `descriptor`."""
    return [sys.executable, "-P", "-m", "autograde.sandbox.runner", str(descriptor), kind, *preload]


def _bwrap() -> str:
    return shutil.which("bwrap") or "bwrap"


@cache
def _help() -> str:
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout


def _course() -> list[str]:
    """Bind `course`, and of this package the files that run inside, into one directory."""
    here, target = installation.sandbox_folder(), _LIBRARY / "autograde" / "sandbox"
    command = ["--ro-bind", str(installation.course_folder()), str(_LIBRARY / "course")]
    for name in INSIDE:
        command += ["--ro-bind", str(here / name), str(target / name)]
    return command
