"""Walls for machines that forbid namespaces: a process takes rights away from itself, with the kernel's Landlock.

It holds what can be read and written, TCP, and to whom signals and abstract sockets reach. It does not hold what only
asks (does a file of this name exist, how large is it), nor rights and times of files, nor sockets that have a name: the
seccomp filter of this tier answers those. Every layer only takes away; a child inherits all of its parent's.
https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import json
import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LEAST = 6
"""The version that this tier needs, of Linux 6.12. Before it a student's process could signal the grader's, and no call
would end all that a submission started at once."""
VARIABLE = "AUTOGRADE_VIEW"
"""The environment variable in which the grader names what may be read."""

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_ASK_VERSION, _PATH_BENEATH = 1, 1
_SET_NO_NEW_PRIVS = 38  # of prctl(2)
_WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _DEVICE_IOCTL = 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_REFER = 1 << 13
_MAKE_DEVICES = 1 << 6 | 1 << 11
_ALL_FILE_RIGHTS = (1 << 16) - 1
_ALL_TCP_RIGHTS, _ALL_SCOPES = 3, 3
_OF_A_FILE = 1 | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE_IOCTL
_READ = _READ_FILE | _READ_DIR
_WRITE = _ALL_FILE_RIGHTS & ~(1 | _MAKE_DEVICES | _DEVICE_IOCTL)  # programs are not started, nor devices made
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
_RANDOM = ("/dev/random", "/dev/urandom")
_MACHINE = tuple(
    f"/proc/{name}"
    for name in ("cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "filesystems", "sys/kernel/osrelease",
                 "sys/kernel/ostype", "sys/kernel/pid_max", "sys/kernel/cap_last_cap", "sys/vm/overcommit_memory")
)  # fmt: skip
"""What libraries ask the machine. Of other processes a submission sees nothing: /proc has only its own directory."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class View:
    """What a sandbox sees of the machine, as absolute paths."""

    readable: tuple[str, ...]
    listed: tuple[str, ...] = ()
    """Directories of which the names can be listed, since something below them must stay closed."""

    def to_json(self) -> str:
        """Return the text that `from_environment` reads."""
        return json.dumps([self.readable, self.listed])

    @classmethod
    def from_environment(cls) -> "View":
        """Take the view out of this process's environment."""
        readable, listed = json.loads(os.environ.pop(VARIABLE))
        return cls(tuple(readable), tuple(listed))


def version() -> int:
    """Return which version of Landlock the kernel has, 0 for none."""
    return max(0, int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION)))


def confine_worker(view: View, room: str) -> None:
    """Keep this process, which serves submissions, to the view, /proc and its folder `room`, and its signals inside."""
    _restrict([*_shared(view), ("/proc", _READ), (room, _READ | _WRITE)])


def confine_init() -> None:
    """Keep the signals of this process and its children to what they start: `kill(-1)` then ends exactly that."""
    # Every layer forbids to move a file to another folder, unless it says otherwise.
    _restrict([("/", _REFER)], files=_REFER, tcp=0)


def confine_submission(view: View, scratch: str, also: Sequence[str] = ()) -> None:
    """Keep this process and its children to the view, its own folder `scratch`, and what may be read `also`."""
    own = [(path, _READ) for path in ("/proc/self", *_MACHINE, *also)]
    _restrict([*_shared(view), *own, (scratch, _READ | _WRITE)])


def descendants() -> list[int]:
    """Return the processes that come from this one, orphans too where it adopts them. Stop them first to miss none."""
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        pid = waiting.pop()
        below: list[int] = []
        with suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
                below += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        found += below
        waiting += below
    return found


def _shared(view: View) -> list[tuple[str, int]]:
    rules = [(path, _READ) for path in view.readable] + [(path, _READ_DIR) for path in view.listed]
    rules += [(path, _READ_FILE | _WRITE_FILE | _TRUNCATE) for path in _DEVICES]
    return rules + [(path, _READ_FILE) for path in _RANDOM]


def _restrict(rules: Sequence[tuple[str, int]], files: int = _ALL_FILE_RIGHTS, tcp: int = _ALL_TCP_RIGHTS) -> None:
    """Add a layer: of the rights `files` and `tcp` these on these paths, and below them; signals go no further out.

    Raises:
        OSError: the kernel refuses.
    """
    attributes = ctypes.create_string_buffer(struct.pack("=QQQ", files, tcp, _ALL_SCOPES), 24)
    ruleset = _check(_libc.syscall(_CREATE, attributes, ctypes.c_size_t(24), 0), "landlock_create_ruleset")
    try:
        for path, rights in rules:
            _allow(ruleset, path, rights)
        _check(_libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
        _check(_libc.syscall(_RESTRICT, ruleset, 0), "landlock_restrict_self")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # a system without it
    try:
        kind = os.fstat(place).st_mode & 0o170000
        if kind != 0o040000:
            rights &= _OF_A_FILE
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, place), 12)
        _check(_libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0), f"landlock_add_rule for {path}")
    finally:
        os.close(place)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
