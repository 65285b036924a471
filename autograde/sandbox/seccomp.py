"""The system calls that a student's processes may not make, as a filter for the kernel.

A list of what is denied, not of what is allowed: Python, torch and IPython differ from version to version in what they
call, and the namespaces hold anyhow. What is denied answers EPERM, as it does to any process without privileges, so
that a library which only tries goes on. Starting programs is denied as well: a forbidden operator is taken away from a
process and those that it forks, and a fresh interpreter would have it back.
"""

import errno
import socket
import tempfile
from functools import cache

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
    "ustat", "sysfs", "_sysctl", "nfsservctl", "personality", "mknod", "mknodat",
)  # fmt: skip
"""Calls that no answer needs: into other namespaces, other processes, the kernel itself, and new programs."""

_NEW_NAMESPACES = (0x00000080, 0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)


class FilterError(Exception):
    """The filter cannot be made; the message says what is missing."""


@cache
def program() -> bytes:
    """Return the filter as the kernel takes it.

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
    for name in DENIED:
        if _is_known(name):
            rules.add_rule(denied, name)
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags lie in memory; libc falls back to clone
    for flag in _NEW_NAMESPACES:
        rules.add_rule(denied, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    for request in (_TIOCSTI, _TIOCLINUX):
        rules.add_rule(denied, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request))
    unsupported = pyseccomp.ERRNO(errno.EAFNOSUPPORT)
    for family in range(max(_FAMILIES)):
        if family not in _FAMILIES:
            rules.add_rule(unsupported, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    rules.add_rule(unsupported, "socket", pyseccomp.Arg(0, pyseccomp.GT, int(max(_FAMILIES))))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _is_known(name: str) -> bool:
    """Return whether this machine's architecture has a call of that name."""
    import pyseccomp

    try:
        number: int = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    except (RuntimeError, ValueError, OSError):
        return False
    return number >= 0
