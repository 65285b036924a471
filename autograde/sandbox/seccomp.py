"""The system calls that a student's processes may not make, as a filter for the kernel.

A list of what is denied, not of what is allowed: Python, torch and IPython differ from version to version in what they
call, and the namespaces hold anyhow. What is denied answers EPERM, as it does to any process without privileges, so
that a library which only tries goes on. Starting programs is denied as well: a forbidden operator is taken away from a
process and those that it forks, and a fresh interpreter would have it back.

Without namespaces the filter holds more: what Landlock leaves to the rights of the user who grades.
"""

import errno
import socket
import tempfile
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyseccomp

DENIED = (
    "execve", "execveat",
    "unshare", "setns", "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "name_to_handle_at", "open_by_handle_at", "quotactl",
    "quotactl_fd", "fanotify_init",
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "move_pages",
    "migrate_pages",
    "keyctl", "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "memfd_secret", "syslog", "lookup_dcookie",
    "init_module", "finit_module", "delete_module", "create_module", "kexec_load", "kexec_file_load", "reboot",
    "swapon", "swapoff", "acct", "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "adjtimex",
    "stime", "sethostname", "setdomainname", "iopl", "ioperm", "modify_ldt", "vm86", "vm86old", "vhangup", "uselib",
    "ustat", "sysfs", "_sysctl", "nfsservctl", "personality", "mknod", "mknodat", "open_tree_attr", "file_setattr",
    # Memory and queues that belong to no process: no limit of one would count them.
    "shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl", "semget", "semop", "semtimedop", "semctl",
    "mq_open", "mq_unlink",
)  # fmt: skip
"""Calls that no answer needs: into other namespaces, other processes, the kernel itself, and new programs."""

_ABSENT = ("clone3", "memfd_create")
"""What answers that the kernel does not have it. Flags of `clone3` lie in memory, and libc falls back to `clone`; what
`memfd_create` makes is counted nowhere, and everybody falls back to a file."""

_OUTSIDE_DENIED = (
    "chown", "fchown", "fchownat", "lchown", "connect", "bind", "listen", "inotify_add_watch", "ioprio_set",
    "setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
)  # fmt: skip
"""Without namespaces: calls that would change a file or follow a folder that cannot be opened, or reach a socket."""
_OUTSIDE_IDLE = ("chmod", "fchmod", "fchmodat", "fchmodat2", "utime", "utimes", "utimensat", "futimesat")
"""Without namespaces: calls that say that they worked, since honest programs copy files, and do nothing."""
_OF_A_PROCESS = ("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr")
"""Without namespaces: calls whose first argument may be another process of the same user; only 0 is allowed."""
_FILE_FLAGS = (
    0x40086602,
    0x401C5820,
    0x40806685,
    0x6685,
)  # FS_IOC_SETFLAGS, FSSETXATTR, ENABLE_VERITY, with size and not
_NUMBERS = {
    "memfd_secret": 447, "fchmodat2": 452, "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467,
    "file_setattr": 469,
}  # fmt: skip
"""Numbers of calls, on every architecture, that are younger than many a libseccomp."""
_YOUNGER = range(470, 600)
"""Calls that did not exist when this list was made."""
_DATAGRAM, _SOCKET_KIND = 2, 0xF

_NEW_NAMESPACES = (0x00000080, 0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)


class FilterError(Exception):
    """The filter cannot be made; the message says what is missing."""


@cache
def program(namespaces: bool = True) -> bytes:
    """Return the filter as the kernel takes it, for a sandbox with namespaces or without.

    Raises:
        FilterError: pyseccomp or libseccomp is not installed.
    """
    try:
        import pyseccomp
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise FilterError(
            f"the filter of system calls cannot be made ({error}): install pyseccomp with `pip install pyseccomp`, and "
            "libseccomp with `apt install libseccomp2` or `dnf install libseccomp`"
        ) from None
    denied = pyseccomp.ERRNO(errno.EPERM)
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ALLOW)
    rules.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    for call in _known(DENIED):
        rules.add_rule(denied, call)
    for call in _known(_ABSENT):
        rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), call)
    for flag in _NEW_NAMESPACES:
        rules.add_rule(denied, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    for request in (_TIOCSTI, _TIOCLINUX):
        rules.add_rule(denied, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request))
    unsupported = pyseccomp.ERRNO(errno.EAFNOSUPPORT)
    if namespaces:
        for family in range(max(_FAMILIES)):
            if family not in _FAMILIES:
                rules.add_rule(unsupported, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
        rules.add_rule(unsupported, "socket", pyseccomp.Arg(0, pyseccomp.GT, int(max(_FAMILIES))))
    else:
        rules.add_rule(unsupported, "socket")
        _deny_the_outside(rules)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _deny_the_outside(rules: "pyseccomp.SyscallFilter") -> None:
    """Add what namespaces would hold: other processes of the same user, its files' rights, the machine's sockets."""
    import pyseccomp

    denied = pyseccomp.ERRNO(errno.EPERM)
    for call in _known(_OUTSIDE_DENIED):
        rules.add_rule(denied, call)
    for call in _known(_OUTSIDE_IDLE):
        rules.add_rule(pyseccomp.ERRNO(0), call)
    for call in _known(_OF_A_PROCESS):
        rules.add_rule(denied, call, pyseccomp.Arg(0, pyseccomp.NE, 0))
    for number in (0, 1):  # which kind of whom, and whom: a process, and oneself
        rules.add_rule(denied, "setpriority", pyseccomp.Arg(number, pyseccomp.NE, 0))
    for request in _FILE_FLAGS:
        rules.add_rule(denied, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request))
    # A pair that is connected stays so, but a datagram may be sent from it to any name.
    rules.add_rule(denied, "socketpair", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _SOCKET_KIND, _DATAGRAM))
    for younger in _YOUNGER:
        rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), younger)


def _known(names: Sequence[str]) -> list[str | int]:
    """Return those calls that this machine's architecture has, by name, or by number where libseccomp is older."""
    found = [name if _is_known(name) else _NUMBERS.get(name) for name in names]
    return [call for call in found if call is not None]


def _is_known(name: str) -> bool:
    """Return whether this machine's architecture has a call of that name."""
    import pyseccomp

    try:
        number: int = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    except (RuntimeError, ValueError, OSError):
        return False
    return number >= 0
