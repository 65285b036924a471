"""How a process inside the sandbox walls itself in, for one submission: namespaces, mounts, capabilities, seccomp.

bubblewrap has made the outer walls already; these are the inner ones, between two submissions of one warm sandbox. The
one capability that making them takes, CAP_SYS_ADMIN in a user namespace of its own, is given up before any of a
student's code runs, and with the filter there is no way back. Linux alone; every step that fails is an `OSError`.
"""

import ctypes
import errno
import os
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_NEWNS, _NEWIPC, _NEWPID = 0x00020000, 0x08000000, 0x20000000  # of unshare(2)
_READ_ONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8  # of mount(2)
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 32, 4096, 16384, 1 << 18
_SET_DUMPABLE, _SET_SECCOMP, _CAPBSET_READ, _CAPBSET_DROP = 4, 22, 23, 24  # of prctl(2)
_SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS, _CAP_AMBIENT = 36, 38, 47
_FILTER, _CLEAR_ALL = 2, 4
_CAPABILITY_VERSION = 0x20080522

HOST_PROC = "/grader/proc"
"""Where a complete /proc lies for the kernel to look at: it lets nobody mount another one who cannot see all of one."""

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def own_processes() -> None:
    """Go on as the first process of a PID namespace that belongs to this user namespace, as `new_processes` needs it.

    bubblewrap's own one belongs to the user namespace around it. This process waits for the one that goes on.
    """
    _check(_libc.unshare(_NEWPID), "a PID namespace")
    child = os.fork()
    if child:
        os._exit(max(0, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


@contextmanager
def new_processes() -> Iterator[None]:
    """Have a child that is forked in the body be the first process of a PID namespace of its own. It stays there."""
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.unshare(_NEWPID), "a PID namespace")
        try:
            yield
        finally:
            _check(_libc.setns(own, _NEWPID), "setns")
    finally:
        os.close(own)


def unshare() -> None:
    """Give this process mounts and IPC objects of its own."""
    _check(_libc.unshare(_NEWNS | _NEWIPC), "unshare")


def furnish(scratch: Sequence[str], size: int) -> None:
    """Lay an own /proc and fresh, empty, bounded memory over the places `scratch` that can be written.

    What is bound below such a place stays there: a checkout under /tmp has its interpreter there.
    """
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    # Read-only, since a process that is root outside may otherwise write to /proc/sys without any capability.
    _mount(None, "/proc", None, _REMOUNT | _BIND | _READ_ONLY | _NOSUID | _NODEV | _NOEXEC)
    for place in scratch:
        mode = "0700" if place.startswith("/home") else "1777"
        kept = {point: os.open(point, os.O_PATH | os.O_CLOEXEC) for point in bound_below(place)}
        _mount("tmpfs", place, "tmpfs", _NOSUID | _NODEV, f"size={size},nr_inodes=65536,mode={mode}")
        for point, descriptor in kept.items():
            Path(point).mkdir(parents=True)
            _mount(f"/proc/self/fd/{descriptor}", point, None, _BIND | _RECURSIVE)
            os.close(descriptor)
    if Path(HOST_PROC).is_dir():
        _mount("tmpfs", HOST_PROC, "tmpfs", _READ_ONLY | _NOSUID | _NODEV | _NOEXEC, "size=4096,mode=0000")


def open_doors(closed: Mapping[str, Sequence[str]]) -> None:
    """For a process that is root and its children: lay over each directory one that all may enter and that holds the
    places below it that are named, and nothing else.
    """
    if not closed:
        return
    _check(_libc.unshare(_NEWNS), "nobody may not reach the interpreter, and a view in which it may cannot be made")
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    for directory, places in closed.items():
        kept = {place: os.open(place, os.O_PATH | os.O_CLOEXEC) for place in places}
        _mount("tmpfs", directory, "tmpfs", _NOSUID | _NODEV, "size=1m,mode=0755")
        for place, descriptor in kept.items():
            Path(place).mkdir(parents=True, exist_ok=True)
            _mount(f"/proc/self/fd/{descriptor}", place, None, _BIND | _RECURSIVE)
            os.close(descriptor)


def bound_below(place: str) -> list[str]:
    """Return the directories below `place` at which something is mounted, without those inside of one another."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    escaped = {line.split()[4] for line in lines}  # a blank stands as \040
    points = sorted(re.sub(r"\\(\d{3})", lambda sign: chr(int(sign[1], 8)), point) for point in escaped)
    found: list[str] = []
    for point in points:
        if point.startswith(f"{place}/") and not any(point.startswith(f"{outer}/") for outer in found):
            found.append(point)
    return found


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    words = [None if word is None else word.encode() for word in (source, target, kind, options)]
    _check(_libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]), f"mount on {target}")


def give_up_privileges(program: bytes) -> None:
    """Drop every capability for good, and install the seccomp filter `program` on this process and its children."""
    for capability in range(64):
        if _libc.prctl(_CAPBSET_READ, capability, 0, 0, 0) == 1:
            # Dropping it from the bounding set takes CAP_SETPCAP. Without, no_new_privs does: nothing can be gained.
            _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)
    _check(_libc.prctl(_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0), "ambient capabilities")
    header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION, 0))
    nothing = ctypes.create_string_buffer(struct.pack("6I", 0, 0, 0, 0, 0, 0))
    _check(_libc.capset(header, nothing), "capset")
    _check(_libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _set_dumpable(False)
    instructions = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
    _check(_libc.prctl(_SET_SECCOMP, _FILTER, ctypes.create_string_buffer(described), 0, 0), "seccomp")
    if _capabilities() or _libc.prctl(_SET_NO_NEW_PRIVS + 1, 0, 0, 0, 0) != 1:
        raise OSError(errno.EPERM, "the capabilities could not be given up")


def _capabilities() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1], 16) for line in lines if line.startswith(("CapEff", "CapPrm", "CapInh", "CapAmb")))


def adopt_orphans() -> None:
    """Become the parent of processes whose own parent ends, and keep others from reading this one's memory."""
    if hasattr(_libc, "prctl"):
        _set_dumpable(False)
        _libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _set_dumpable(wanted: bool) -> None:
    _libc.prctl(_SET_DUMPABLE, int(wanted), 0, 0, 0)


def close_all_but(kept: Sequence[int]) -> None:
    """Close every file descriptor from 3 on that is not `kept`."""
    with suppress(OSError):
        for name in os.listdir("/proc/self/fd" if Path("/proc/self/fd").is_dir() else "/dev/fd"):  # noqa: PTH208
            if int(name) > 2 and int(name) not in kept:
                with suppress(OSError):
                    os.close(int(name))
