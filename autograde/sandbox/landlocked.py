"""How a sandbox is started where no namespaces can be had: the runner walls itself in with the kernel's Landlock.

The second choice, and named as such. The same files, signals and sockets are out of reach as in bubblewrap, but the
table of processes, the disk under the scratch folder and the names of files are the machine's own. A grader that is
root runs it as nobody, or not at all.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from autograde.sandbox import bubblewrap, installation, landlock, scratch, seccomp
from autograde.sandbox.bubblewrap import SandboxUnavailableError, Walls
from autograde.sandbox.installation import INSIDE, MERGED, NOBODY, SYSTEM

WEAKER = (
    "Students' code runs behind Landlock instead: the same files, programs, signals and sockets are out of its reach, "
    "but it can ask whether there is a file of a name that it guesses, and fill the disk of the temporary folder with "
    "files that it deletes while they are open."
)

_LIBRARY, _ROOM, _HOME = "library", "room", "worker"
_BECOME_NOBODY = f"""
import json, os, sys
sys.path[:0] = [sys.argv[1]]
from autograde.sandbox import confinement
confinement.open_doors(json.loads(sys.argv[2]))
os.setgroups([])
os.setresgid({NOBODY}, {NOBODY}, {NOBODY})
os.setresuid({NOBODY}, {NOBODY}, {NOBODY})
os.execv(sys.argv[3], sys.argv[3:])
"""
_TRY = """
import os, signal, socket, sys
sys.path[:0] = [sys.argv[1]]
from autograde.sandbox import confinement, landlock
outside, filter, needed = sys.argv[2], sys.argv[3], sys.argv[4:]
def refused(what, call, *arguments):
    try:
        call(*arguments)
    except OSError:
        return
    sys.exit(f"{what} is not refused")
view = landlock.View.from_environment()
home = os.environ["HOME"]
os.mkdir(home)
landlock.confine_worker(view, os.path.dirname(home))
landlock.confine_init()
confinement.give_up_privileges(bytes.fromhex(filter))
reading, writing = os.pipe()
child = os.fork()
if not child:
    os.read(reading, 1)
    os._exit(0)
if child not in landlock.descendants() or not os.access(f"/proc/{child}/status", os.R_OK):
    sys.exit("/proc shows no child processes: it is mounted with hidepid, or the kernel has no list of them")
open(f"/proc/{child}/status").close()
os.kill(-1, signal.SIGKILL)
if os.waitpid(child, 0)[1] != signal.SIGKILL:
    sys.exit("signals do not reach a child")
landlock.confine_submission(view, home)
for name in needed:
    open(name, "rb").close()
open(os.path.join(home, "mark"), "w").close()
refused("reading a file outside", open, outside)
refused("writing a file outside", open, outside, "a")
refused("a signal to the grader", os.kill, os.getppid(), 0)
refused("a socket", socket.socket, socket.AF_UNIX)
"""
"""Makes the walls once, and leans on each."""


def probe(instead: str) -> Walls:
    """Start a process behind these walls once, and return them; `instead` says why there are no better ones.

    Raises:
        SandboxUnavailableError: the kernel has no Landlock or too old a one, or something does not hold.
    """
    complaint = _complaint()
    if complaint is not None:
        raise SandboxUnavailableError(complaint)
    return Walls("landlock", as_nobody=os.geteuid() == 0, warning=f"{instead} {WEAKER}")


@cache
def _complaint() -> str | None:
    """Return what keeps these walls from standing here, or None."""
    if sys.platform != "linux":
        return "it exists on Linux alone"
    found = landlock.version()
    if found < landlock.LEAST:
        has = f"has version {found}" if found else "has none, or it is switched off at boot (`lsm=`)"
        return f"the kernel {has}, and version {landlock.LEAST}, of Linux 6.12, is the first that holds signals"
    try:
        filter_ = seccomp.program(namespaces=False)
    except seccomp.FilterError as error:
        return str(error)
    with tempfile.TemporaryDirectory(prefix="autograde-") as folder, tempfile.NamedTemporaryFile() as outside:
        Path(outside.name).chmod(0o666)
        needed = [str(Path(folder) / _LIBRARY / "course" / "packet.py"), *bubblewrap.needed_packages()]
        arguments = [str(Path(folder) / _LIBRARY), outside.name, filter_.hex(), *needed]
        try:
            command = wrap(Path(folder), [sys.executable, "-I", "-S", "-B", "-c", _TRY, *arguments])
            made = subprocess.run(
                command, capture_output=True, timeout=30, env=environment(Path(folder)), cwd=folder,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired, SandboxUnavailableError) as error:
            return str(error)
        finally:
            clear(Path(folder))
    if not made.returncode:
        return None
    lines = made.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"status {made.returncode}"


def wrap(folder: Path, command: Sequence[str]) -> list[str]:
    """Make the new `folder` a place to run `command` from; return the command line, which gives up root first.

    Raises:
        SandboxUnavailableError: nobody cannot reach it.
    """
    library, room = folder / _LIBRARY, folder / _ROOM
    inside = library / "autograde" / "sandbox"
    inside.mkdir(parents=True)
    (library / "course").symlink_to(installation.course_folder())
    for name in INSIDE:
        (inside / name).symlink_to(installation.sandbox_folder() / name)
    room.mkdir(mode=0o700)
    if os.geteuid() != 0:
        return list(command)
    shut = [parent for parent in folder.parents if not installation.may_enter(parent)]
    if shut:
        raise SandboxUnavailableError(f"nobody may not enter {shut[-1]}: have TMPDIR name a folder that all may enter")
    folder.chmod(0o755)
    os.chown(room, NOBODY, NOBODY)
    closed = {str(place): [str(one) for one in below] for place, below in installation.closed_to_nobody().items()}
    return [sys.executable, "-I", "-S", "-B", "-c", _BECOME_NOBODY, str(library), json.dumps(closed), *command]


def environment(folder: Path) -> dict[str, str]:
    """Return the whole environment of a runner that lives in `folder`."""
    home = folder / _ROOM / _HOME
    return {
        **bubblewrap.environment(library=folder / _LIBRARY, home=home, scratch=home),
        landlock.VARIABLE: _view(folder / _LIBRARY).to_json(),
    }


def clear(folder: Path) -> None:
    """Remove what students' processes may have left below `folder`, however it lies there."""
    room = folder / _ROOM
    if room.is_dir():
        scratch.remove(str(room))


def _view(library: Path) -> landlock.View:
    """Return what may be read. Landlock allows a folder with all below it: one that hides something goes in parts."""
    hidden = installation.solutions()
    listed: list[str] = []
    folders = [Path(place) for place in (*SYSTEM, *MERGED)]
    folders += [installation.course_folder(), library]
    folders += [installation.sandbox_folder() / name for name in INSIDE]
    readable = [place for folder in folders if folder.exists() for place in _parts(folder.resolve(), [], listed)]
    for folder in installation.interpreter():
        readable += _parts(folder.resolve(), hidden, listed)
    return landlock.View(tuple(dict.fromkeys(map(str, readable))), tuple(listed))


def _parts(folder: Path, hidden: Sequence[Path], listed: list[str]) -> Iterator[Path]:
    if folder in hidden:
        return
    if not any(place.is_relative_to(folder) for place in hidden):
        yield folder
        return
    listed.append(str(folder))
    for below in sorted(folder.iterdir()):
        yield from _parts(below, hidden, listed)
