"""What runs inside the sandbox: a zygote that imports torch once and makes room for one submission after another.

For each room of a submission the zygote forks an *init*. It gets PID, IPC and mount namespaces of its own with nothing
in them, gives up every right, and forks a child for each exercise (see `examination`); killing it ends all that the
submission started, and its files go with its mounts. Where no namespace can be made inside another (`single`), the
zygote itself becomes the init, and the grader starts a sandbox for each submission. Where there are none at all
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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from autograde.sandbox import confinement, landlock, protocol, scratch, sharing
from autograde.sandbox.protocol import Frame
from course.packet import Plain

_TICK = 0.05  # seconds between two looks at what a submission takes
_SLOW_TICK = 0.25  # and at what it has written, where no mount bounds it
_PATIENCE = 3.0  # seconds for processes to be gone that were killed
_PAGE = resource.getpagesize()
_view: landlock.View | None = None  # of the machine, where there are no mounts to make it


def main() -> None:
    """Serve a control socket until it closes. Arguments: its number, which kind of sandbox, modules to preload."""
    number, kind, *modules = sys.argv[1:]
    control = socket.socket(fileno=int(number))
    confinement.adopt_orphans()
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

    import course.exercises.answers
    import course.exercises.calling
    import course.exercises.guard  # noqa: F401
    from autograde.sandbox import examination

    examination.warm_up()
    for module in modules:
        with suppress(ImportError):
            importlib.import_module(module)
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
    """Fork the init of a submission, and return its PID here.

    A PID namespace begins with the next child of who unshared it, so there is a process in between; it ends at once,
    and the zygote, which adopts orphans, becomes the init's parent.
    """
    reading, writing = os.pipe()
    between = os.fork()
    if not between:
        status = 71
        try:
            os.close(reading)
            control.close()
            if kind == "warm":
                confinement.unshare()
            init = os.fork()
            if not init:
                os.close(writing)
                _become_init(kind, frame, channel)
            os.write(writing, init.to_bytes(4, "little"))
            status = 0
        except OSError as error:
            with suppress(OSError, protocol.ProtocolError):
                protocol.request(socket.socket(fileno=channel), {"type": "failed", "reason": str(error)})
        finally:
            os._exit(status)
    os.close(writing)
    told = os.read(reading, 4)
    os.close(reading)
    _wait_for(between)
    return int.from_bytes(told, "little")


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
            Init(control, kind, home, frame).serve()
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
        confinement.furnish([str(place) for place in places], int(frame["scratch_size"]))  # type: ignore[call-overload]
    os.chdir(os.environ["HOME"])  # again, since what lay there lies below the new mount
    confinement.give_up_privileges(bytes.fromhex(str(frame["filter"])))
    return os.environ["HOME"]


@dataclass
class _Child:
    """The process of one exercise, and how it ended once it has."""

    pid: int
    state: int | None = None
    excess: str | None = None
    """"memory", "processes" or "scratch", where it was killed for too much of it."""
    processes: int = 0


class Init:
    """The first process of a submission: forks a child an exercise, watches what they take, ends what they leave."""

    def __init__(self, control: socket.socket, kind: str, home: str, frame: Frame) -> None:
        self._control, self._home = control, home
        self._contained, self._namespaces = kind != "unsafe", kind in ("warm", "single")
        self._room, self._scratch = int(frame["memory"]), int(frame["scratch_size"])  # type: ignore[call-overload]
        self._looked = 0.0
        self._child: _Child | None = None
        self._own = _memory_of(os.getpid())

    def serve(self) -> None:
        """Answer requests until the grader closes the socket."""
        while True:
            try:
                frame, descriptors = self._next_request()
            except protocol.ProtocolError:
                break
            if frame["type"] == "start" and len(descriptors) == 2 and self._child is None:
                self._child = self._fork(frame, *descriptors)
            elif frame["type"] == "alone" and self._child is not None:
                protocol.send(self._control, {"type": "alone", "done": self._leave_alone(self._child)})
            elif frame["type"] == "stop" and self._child is not None:
                protocol.send(self._control, {"type": "ended", **self._stop(self._child)})
                self._child = None
            for descriptor in descriptors:
                os.close(descriptor)
        if self._child is not None:
            self._stop(self._child)

    def _next_request(self) -> tuple[Frame, list[int]]:
        """Wait for a request; meanwhile look after what the submission takes."""
        while True:
            watched = self._contained and self._child is not None
            came = protocol.receive_request(self._control, _TICK if watched else None)
            if came is not None:
                return came
            if self._child is None:
                continue
            self._reap(self._child)
            if self._child.state is None and self._child.excess is None:
                self._child.excess = self._excess(self._child)
            if self._child.state is not None or self._child.excess:
                self._kill_all()  # what the exercise left would hold its channel open, and the grader up

    def _excess(self, child: _Child) -> str | None:
        """Return what the processes of the submission take too much of together.

        A cgroup holds this better where there is one; the resource limits hold each process, and this all of them.
        """
        others = [pid for pid in self._processes() if pid not in (1, os.getpid())]
        if len(others) > child.processes:
            return "processes"
        if sum(max(0, _memory_of(pid) - self._own) for pid in others) > self._room:
            return "memory"
        if not self._namespaces and time.monotonic() > self._looked + _SLOW_TICK:
            self._looked = time.monotonic()
            return "scratch" if scratch.exceeds(self._home, self._scratch) else None
        return None

    def _processes(self) -> list[int]:
        return _processes() if self._namespaces else landlock.descendants()

    def _fork(self, frame: Frame, channel: int, output: int) -> _Child:
        pid = os.fork()
        if pid:
            return _Child(pid, processes=int(frame["processes"]))  # type: ignore[call-overload]
        status = 71
        try:
            os.setsid()
            self._control.close()
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
            for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
                with suppress(OSError, ValueError):
                    signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # as Python has it: a write that fails raises
                signal.signal(number, signal.SIG_IGN)
            _set_limits(frame, self._namespaces)
            if _view is not None:
                landlock.confine_submission(_view, self._home)
            from autograde.sandbox.examination import Examination

            Examination(socket.socket(fileno=channel), self._contained).run()
            status = 0
        except protocol.ProtocolError:
            status = 72
        finally:
            os._exit(status)

    def _leave_alone(self, child: _Child) -> bool:
        """End every process but the exercise's own, so that what the cells started cannot help the answer."""
        deadline = time.monotonic() + _PATIENCE
        if self._contained and not self._namespaces:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(-1, signal.SIGSTOP)  # a process that hops from fork to fork could be missed
        try:
            while others := self._others(child):
                if time.monotonic() > deadline:
                    return False
                for pid in others:
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
                time.sleep(0.001)
                self._reap(child)
            return True
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(child.pid, signal.SIGCONT)

    def _others(self, child: _Child) -> list[int]:
        known = {1, os.getpid(), child.pid}
        there = self._processes() if self._contained else _children()
        return [pid for pid in there if pid not in known and not _is_dead(pid)]

    def _reap(self, child: _Child, options: int = os.WNOHANG) -> bool:
        """Collect the dead; return whether children are left."""
        while True:
            try:
                pid, state = os.waitpid(-1, options)
            except ChildProcessError:
                return False
            if not pid:
                return True
            if pid == child.pid:
                child.state = state

    def _stop(self, child: _Child) -> dict[str, Plain]:
        """Kill the child and what it left behind; say how it ended: by a signal, by a status, or by us (neither)."""
        self._reap(child)
        if child.state is None:
            time.sleep(0.002)  # a process that closed its socket by dying is about to be gone
            self._reap(child)
        ours = child.state is None
        if not self._contained:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
        while True:  # orphans become children of this process, so there is nothing left when it has none
            self._kill_all()
            if not self._reap(child):
                break
            time.sleep(0.001)
        if ours or child.state is None:
            return {"signal": None, "status": None, "excess": child.excess}
        code = os.waitstatus_to_exitcode(child.state)
        signal_, status = (-code, None) if code < 0 else (None, code)
        return {"signal": signal_, "status": status, "excess": child.excess}

    def _kill_all(self) -> None:
        if self._contained:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(-1, signal.SIGKILL)  # all that this process can see, at once, a fork bomb too
            return
        for pid in _children():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _memory_of(pid: int) -> int:
    """Return the bytes that a process holds by itself or shares without a file, 0 where it is gone."""
    with suppress(OSError, ValueError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return sum(1024 * int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssShmem")))
    return 0


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208


def _is_dead(pid: int) -> bool:
    """Return whether a process has ended in all its threads, though its parent has not asked how."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state in "ZX" and len(os.listdir(f"/proc/{pid}/task")) < 2  # noqa: PTH208
    except OSError:
        return True


def _children() -> list[int]:
    """Return the children of this process, of all its threads."""
    found: list[int] = []
    with suppress(OSError):
        for task in os.listdir("/proc/self/task"):  # noqa: PTH208
            found += map(int, Path(f"/proc/self/task/{task}/children").read_text().split())
    return found


def _set_limits(frame: Frame, namespaces: bool) -> None:
    memory, file_size, seconds, tasks = (
        int(frame[key])  # type: ignore[call-overload]
        for key in ("memory", "file_size", "seconds", "tasks")
    )
    used = 0
    with suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text().splitlines()
        used = 1024 * int(next(line for line in lines if line.startswith("VmData")).split()[1])
    _limit(resource.RLIMIT_DATA, used + memory)
    _limit(resource.RLIMIT_FSIZE, file_size)
    _limit(resource.RLIMIT_CPU, seconds)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 1024)
    if tasks and namespaces:  # outside a user namespace it would count everything that the grader's user runs
        _limit(resource.RLIMIT_NPROC, tasks)


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(which, (value, value))


if __name__ == "__main__":
    main()
