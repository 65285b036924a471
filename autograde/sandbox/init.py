"""The first process of a room: forks a child an exercise, watches what it takes, ends and removes what it leaves.

The zygote (`runner`) forks it and walls it in. No student's code runs in it, only below it; it serves the grader until
its socket closes. Its own death is the room's end.
"""

import os
import resource
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from autograde.sandbox import landlock, protocol, scratch
from autograde.sandbox.confinement import bound_below
from autograde.sandbox.protocol import Frame
from course.packet import Plain

_TICK = 0.05  # seconds between two looks at what a submission takes
_SLOW_TICK = 0.25  # and at what it has written, where no mount bounds it
_PATIENCE = 3.0  # seconds for processes to be gone that were killed


@dataclass
class _Child:
    """The process of one exercise, and how it ended once it has."""

    pid: int
    state: int | None = None
    excess: str | None = None
    """"memory", "processes" or "scratch", where it was killed for too much of it."""
    processes: int = 0


class Init:
    """Serves one room. `view` is what of the machine an exercise may see, where there are no mounts to make it."""

    def __init__(
        self, control: socket.socket, kind: str, home: str, frame: Frame, view: landlock.View | None = None
    ) -> None:
        self._control, self._home, self._view = control, home, view
        self._places = _places(frame, home, kind)
        self._contained, self._namespaces = kind != "unsafe", kind in ("warm", "single")
        self._room, self._scratch = int(frame["memory"]), int(frame["scratch_size"])  # type: ignore[call-overload]
        self._looked = 0.0
        self._child: _Child | None = None
        self._own = _memory_of(os.getpid())

    def serve(self) -> None:
        """Answer requests until the grader closes the socket."""
        self._renew()  # where the zygote lived here too, its files lie here
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
            elif frame["type"] == "renew" and self._child is None:
                protocol.send(self._control, {"type": "renewed", "done": self._renew()})
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
            if self._view is not None:
                landlock.confine_submission(self._view, self._home)
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

    def _renew(self) -> bool:
        """Have the room be as it was before the last exercise; return whether it is. Nobody lives in it any more."""
        try:
            for place in self._places:
                place.renew()
        except OSError:
            return False
        return True

    def _kill_all(self) -> None:
        if self._contained:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(-1, signal.SIGKILL)  # all that this process can see, at once, a fork bomb too
            return
        for pid in _children():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _places(frame: Frame, home: str, kind: str) -> list[scratch.Place]:
    """Return the folders of the room that can be written."""
    if kind not in ("warm", "single"):
        return [scratch.Place(home)]
    places = frame["scratch"]
    assert isinstance(places, list)
    return [scratch.Place(str(place), bound_below(str(place))) for place in places]


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
    _limit(resource.RLIMIT_CPU, seconds, grace=2)  # the first signal says why, the second cannot be caught
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 1024)
    if tasks and namespaces:  # outside a user namespace it would count everything that the grader's user runs
        _limit(resource.RLIMIT_NPROC, tasks)


def _limit(which: int, value: int, grace: int = 0) -> None:
    most, hard = value + grace, resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(which, (min(value, most), most))
