"""What runs inside the sandbox: a zygote that imports torch once and makes room for one submission after another.

For each submission the zygote forks an *init* (see `init`). It gets PID, IPC and mount namespaces of its own with
nothing in them, gives up every right, and forks a child for each exercise (see `examination`); killing it ends all that
the submission started, and its files go with its mounts. Where no namespace can be made inside another (`single`),
the zygote itself becomes the init, and the grader starts a sandbox for each submission. Where there are none at all
(`landlock`), zygote, init and examination take rights away from themselves, each more than the last, and a signal to
all whom one may reach takes the place of the end of a namespace.

It sees the package `course` and the student's cells, and no solution. All that comes out of here is untrusted; nothing
here decides a mark.
"""

import ctypes
import gc
import importlib
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from autograde.sandbox import confinement, landlock, protocol, scratch, sharing
from autograde.sandbox.init import Init
from autograde.sandbox.protocol import Frame

_PAGE = resource.getpagesize()
_view: landlock.View | None = None  # of the machine, where there are no mounts to make it


def main() -> None:
    """Serve a control socket until it closes. Arguments: its number, which kind of sandbox, modules to preload."""
    number, kind, *modules = sys.argv[1:]
    control = socket.socket(fileno=int(number))
    confinement.adopt_orphans()
    if kind == "warm":
        confinement.own_processes()
    if kind == "landlock":
        _confine_worker()
    _preload(modules)
    if kind == "landlock":
        sharing.do_without_shared_memory()
    protocol.send(control, {"type": "hello", "version": protocol.VERSION})
    inits: list[int] = []  # from the oldest; the last may be of a room that nobody has entered yet
    while True:
        try:
            request = protocol.receive_request(control)
        except protocol.EndedError:
            break  # the grader is gone
        assert request is not None
        frame, descriptors = request
        if frame["type"] == "open" and len(descriptors) == 1:
            if kind == "single":
                control.close()
                _become_init(kind, frame, descriptors[0])
            inits.append(_fork_init(kind, control, frame, descriptors[0]))
        elif frame["type"] == "close" and inits:
            _end_init(inits.pop(0), kind)
            protocol.send(control, {"type": "closed", "resident": _resident()})
        for descriptor in descriptors:
            os.close(descriptor)
    for init in inits:
        _end_init(init, kind)


def _confine_worker() -> None:
    """Keep this process to its view, to the folder above its home, and its signals to what it starts."""
    global _view
    _view = landlock.View.from_environment()
    home = Path(os.environ["HOME"])
    home.mkdir(exist_ok=True)
    landlock.confine_worker(_view, str(home.parent))


def _preload(modules: Sequence[str]) -> None:
    """Import once what every submission needs, and `modules`; each child inherits it by fork. CUDA is not touched."""
    import numpy  # noqa: F401
    import torch
    from IPython.core.interactiveshell import InteractiveShell  # noqa: F401

    import course.checking.answers
    import course.checking.calling
    import course.checking.guard  # noqa: F401
    from autograde.sandbox import examination

    for module in modules:
        with suppress(ImportError):
            importlib.import_module(module)
    examination.warm_up()
    torch.set_num_threads(1)  # a thread pool would not survive the fork
    gc.collect()
    gc.freeze()  # a collection in a child must not touch, and so copy, every page of this
    with suppress(OSError, ValueError, AttributeError):
        _use_large_pages()


def _use_large_pages() -> None:
    """Have this process's memory lie in pages of 2 MB where the kernel can: a fork then takes a third of the time."""
    size, collapse = 2 * 2**20, 25  # of madvise(2), from Linux 6.1 on
    libc = ctypes.CDLL(None, use_errno=True)
    for line in Path("/proc/self/maps").read_text().splitlines():
        region, rights, _, _, _, *name = line.split()
        if rights != "rw-p" or name not in ([], ["[heap]"]):
            continue
        first, last = (int(number, 16) for number in region.split("-"))
        first, last = -(-first // size) * size, last // size * size
        if last > first:  # where it is refused the small pages stay
            libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), collapse)


def _resident() -> int:
    """Return the bytes of memory that this process holds by itself, 0 where the system does not say."""
    with suppress(OSError, ValueError, IndexError):
        numbers = Path("/proc/self/statm").read_text().split()
        return (int(numbers[1]) - int(numbers[2])) * _PAGE
    return 0


def _fork_init(kind: str, control: socket.socket, frame: Frame, channel: int) -> int:
    """Fork the init of a room, and return its PID here, 0 where it cannot be."""
    try:
        with confinement.new_processes() if kind == "warm" else nullcontext():
            init = os.fork()
            if not init:
                control.close()
                _become_init(kind, frame, channel)
        return init
    except OSError as error:
        with suppress(OSError, protocol.ProtocolError):
            protocol.request(socket.socket(fileno=os.dup(channel)), {"type": "failed", "reason": str(error)})
        return 0


def _end_init(init: int, kind: str) -> None:
    """Kill an init, and with it whatever lives in its namespace, and wait until nothing of that does."""
    if not init:
        return
    if kind == "landlock":
        _end_all()
        home = Path(os.environ["HOME"])
        scratch.empty(str(home.parent), kept=home.name)
        return
    if kind == "unsafe":  # no namespace ends with it: let it clear up first
        for _ in range(100):
            if _wait_for(init, os.WNOHANG):
                return
            time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.kill(init, signal.SIGKILL)
    _wait_for(init)


def _end_all() -> None:
    """Kill all that this process started, at once, and wait until nothing of it lives. Signals reach no one else."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:  # orphans become children of this process
            os.waitpid(-1, 0)


def _wait_for(pid: int, options: int = 0) -> bool:
    try:
        return os.waitpid(pid, options)[0] == pid
    except ChildProcessError:
        return True


def _become_init(kind: str, frame: Frame, channel: int) -> None:
    """Wall this process in, serve one submission, and end. Never returns."""
    status = 71
    try:
        control = socket.socket(fileno=channel)
        try:
            for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
                with suppress(OSError, ValueError):
                    signal.signal(number, signal.SIG_IGN)  # a student may send any
            nothing = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1, 2):
                os.dup2(nothing, standard)
            home = _wall_in(kind, frame)
            confinement.close_all_but((channel,))
            with suppress(PermissionError):  # it leads a session already
                os.setsid()
            protocol.request(control, {"type": "hello", "version": protocol.VERSION})
        except (OSError, ValueError) as error:
            protocol.request(control, {"type": "failed", "reason": str(error)})
            os._exit(status)
        try:
            Init(control, kind, home, frame, _view).serve()
        finally:
            if kind == "unsafe":
                shutil.rmtree(home, ignore_errors=True)
        status = 0
    finally:
        os._exit(status)


def _wall_in(kind: str, frame: Frame) -> str:
    """Take this process's view and rights away; return where it may write."""
    if kind in ("unsafe", "landlock"):
        confinement.adopt_orphans()
        home = tempfile.mkdtemp(
            prefix="submission-", dir=Path(os.environ["HOME"]).parent if kind == "landlock" else None
        )
        os.environ |= {"HOME": home, "TMPDIR": home, "IPYTHONDIR": f"{home}/ipython"}
        tempfile.tempdir = None
        os.chdir(home)
        if kind == "landlock":
            landlock.confine_init()
            confinement.give_up_privileges(bytes.fromhex(str(frame["filter"])))
        return home
    places = frame["scratch"]
    assert isinstance(places, list)
    if kind == "warm":
        confinement.unshare()
        confinement.furnish([str(place) for place in places], int(frame["scratch_size"]))  # type: ignore[call-overload]
    os.chdir(os.environ["HOME"])  # again, since what lay there lies below the new mount
    confinement.give_up_privileges(bytes.fromhex(str(frame["filter"])))
    return os.environ["HOME"]


if __name__ == "__main__":
    main()
