"""What runs inside the sandbox: a supervisor that imports torch once and forks a child for each exercise.

It sees the package `course` and the student's cells, and no solution. The child runs the cells in IPython, so magics
work and a traceback knows its lines, then calls the student's function on each case as the notebook's check does. All
that comes out of here is untrusted; nothing here decides a mark.
"""

import ctypes
import importlib
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from autograde.sandbox import protocol
from autograde.sandbox.protocol import Frame
from course.packet import Plain

if TYPE_CHECKING:
    from course.exercises.exercise import Exercise

_DUMPABLE, _CHILD_SUBREAPER = 4, 36  # of prctl(2)
_TICK = 0.1  # seconds between two looks at the number of processes


def main() -> None:
    """Serve a control socket until it closes. Arguments: its number, "contained" or "unsafe", modules to preload."""
    number, walls, *modules = sys.argv[1:]
    control = socket.socket(fileno=int(number))
    contained = walls == "contained"
    _protect()
    _preload(modules)
    protocol.send(control, {"type": "hello", "version": protocol.VERSION})
    child: int | None = None
    limit = 0
    while True:
        try:
            frame, descriptors = _next_request(control, limit if contained and child is not None else 0)
        except protocol.EndedError:
            break  # the grader is gone
        if frame["type"] == "start" and len(descriptors) == 2:
            limit = int(frame["processes"])  # type: ignore[call-overload]
            child = _fork(control, frame, *descriptors)
        elif frame["type"] == "stop" and child is not None:
            protocol.send(control, {"type": "ended", **_stop(child)})
            child = None
        for descriptor in descriptors:
            os.close(descriptor)
    if child is not None:
        _stop(child)


def _preload(modules: list[str]) -> None:
    """Import once what every submission needs, and `modules`; each child inherits it by fork."""
    import numpy  # noqa: F401
    import torch
    from IPython.core.interactiveshell import InteractiveShell  # noqa: F401

    import course.exercises.answers
    import course.exercises.calling  # noqa: F401

    for module in modules:
        with suppress(ImportError):
            importlib.import_module(module)
    torch.set_num_threads(1)  # a thread pool would not survive the fork


def _protect() -> None:
    """Keep students' processes from reading this one's descriptors and memory, and adopt the orphans they leave."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_DUMPABLE, 0, 0, 0, 0)
        libc.prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)


def _next_request(control: socket.socket, process_limit: int) -> tuple[Frame, list[int]]:
    """Wait for a request; meanwhile, with a limit, end the whole sandbox at once when a fork bomb goes off in it."""
    while True:
        came = protocol.receive_request(control, _TICK if process_limit else None)
        if came is not None:
            return came
        if sum(name.isdigit() for name in os.listdir("/proc")) > process_limit:  # noqa: PTH208
            os._exit(70)


def _fork(control: socket.socket, frame: Frame, channel: int, output: int) -> int:
    child = os.fork()
    if child:
        return child
    status = 71
    try:
        os.setsid()
        control.close()
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        _set_limits(frame)
        _Examination(socket.socket(fileno=channel)).run()
        status = 0
    except protocol.ProtocolError:
        status = 72
    finally:
        os._exit(status)


def _set_limits(frame: Frame) -> None:
    memory, file_size, seconds = (int(frame[key]) for key in ("memory", "file_size", "seconds"))  # type: ignore[call-overload]
    used = 0
    with suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text().splitlines()
        used = 1024 * int(next(line for line in lines if line.startswith("VmData")).split()[1])
    _limit(resource.RLIMIT_DATA, used + memory)
    _limit(resource.RLIMIT_FSIZE, file_size)
    _limit(resource.RLIMIT_CPU, seconds)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(which: int, value: int) -> None:
    with suppress(OSError, ValueError):
        resource.setrlimit(which, (value, value))


def _stop(child: int) -> dict[str, Plain]:
    """Kill the child and all that it left behind; say how it ended: by a signal, by a status, or by us (neither)."""
    ended, state = _wait(child, os.WNOHANG)
    if not ended:
        time.sleep(0.005)  # a process that closed its socket by dying is about to be gone
        ended, state = _wait(child, os.WNOHANG)
    ours = not ended
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            if ours or kill is os.killpg:
                kill(child, signal.SIGKILL)
    while True:  # orphans become children of this process, so killing children until there are none leaves nothing
        for pid in _children():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            pid, status = os.waitpid(-1, 0)
        except ChildProcessError:
            break
        if pid == child:
            state = status
    if ours:
        return {"signal": None, "status": None}
    code = os.waitstatus_to_exitcode(state)
    return {"signal": -code if code < 0 else None, "status": code if code >= 0 else None}


def _wait(pid: int, options: int) -> tuple[bool, int]:
    try:
        ended, state = os.waitpid(pid, options)
    except ChildProcessError:
        return True, 0
    return ended == pid, state


def _children() -> list[int]:
    """Return the children of this process, of all its threads."""
    found: list[int] = []
    with suppress(OSError):
        for task in os.listdir("/proc/self/task"):  # noqa: PTH208
            found += map(int, Path(f"/proc/self/task/{task}/children").read_text().split())
    return found


class _Examination:
    """One exercise of one submission, in the forked child."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._request = protocol.receive(channel)
        self._nonce = self._request["nonce"]

    def run(self) -> None:
        """Run the cells, then answer cases until the grader closes the channel."""
        from course.exercises.calling import Outcome
        from course.exercises.guard import Seal

        exercise = self._exercise()
        seal = Seal(exercise.forbidden)
        names = self._run_cells()
        function = names.get(str(self._request["exercise"]))
        named = self._named_calls(exercise, function)
        seal.close()
        while True:
            try:
                frame = protocol.receive(self._channel)
            except protocol.EndedError:
                return
            outcome = self._answer(exercise, function, named, frame)
            if seal.attempts:
                outcome = Outcome(forbidden=tuple(dict.fromkeys(seal.attempts))).to_plain()
            self._send({"type": "outcome", "number": frame["number"], "outcome": outcome})

    def _run_cells(self) -> dict[str, object]:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.xmode = "Minimal"
        InteractiveShell.enable_gui = lambda *_: None  # for `%matplotlib inline`: there is nobody to look
        shell = InteractiveShell.instance(config=config)
        failures: list[Plain] = []
        cells = self._request["cells"]
        assert isinstance(cells, list)
        for number, source in enumerate(cells):
            if source is None:
                continue
            self._send({"type": "cell", "number": number})
            failure = _run_cell(shell, str(source))
            if failure is not None:
                failures.append({"cell": number, "failure": failure})
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        names: dict[str, object] = shell.user_ns
        function = names.get(str(self._request["exercise"]))
        self._send({"type": "ready", "failures": failures, "found": callable(function)})
        return names

    def _exercise(self) -> "Exercise":
        """Return as much of the exercise as a call needs: which operators to watch for."""
        from course.exercises.exercise import Exercise

        forbidden = self._request["forbidden"]
        assert isinstance(forbidden, tuple)
        return Exercise(
            name=str(self._request["exercise"]), chapter="", points=0, minutes=0, difficulty=1, reference="",
            cases=lambda rng: (), hints=(), forbidden=tuple(map(str, forbidden)), forbidden_sentence="Forbidden.",
        )  # fmt: skip

    def _named_calls(self, exercise: "Exercise", function: object) -> tuple[str, ...]:
        from course.exercises.guard import find_in_function

        try:
            return tuple(find_in_function(function, exercise.forbidden)) if callable(function) else ()
        except Exception:  # a function that fights inspection; the grader reads the source itself
            return ()

    def _answer(self, exercise: "Exercise", function: object, named: tuple[str, ...], frame: Frame) -> Plain:
        from course.exercises.answers import case_from_plain
        from course.exercises.calling import Outcome, call, describe_exception

        if named:
            return Outcome(forbidden=named).to_plain()
        try:
            return call(exercise, function, case_from_plain(frame["case"])).to_plain()  # type: ignore[arg-type]
        except BaseException as error:
            return Outcome(failure=describe_exception(error)).to_plain()

    def _send(self, frame: Frame) -> None:
        frame = {**frame, "nonce": self._nonce}
        try:
            protocol.send(self._channel, frame)
        except (protocol.TimedOutError, protocol.EndedError):
            raise
        except Exception:  # an answer that cannot be written down: a tensor that lies about itself, 4 GB of numbers
            protocol.send(self._channel, {"type": "unsendable", "number": frame.get("number"), "nonce": self._nonce})


def _run_cell(shell: "_Shell", source: str) -> Plain:
    """Run one cell as a notebook does. Return what it raised, as plain values, or None."""
    from dataclasses import asdict

    from course.exercises.calling import describe_exception

    try:
        result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
    except BaseException as raised:
        error = raised
    return None if error is None else asdict(describe_exception(error))


if TYPE_CHECKING:
    from typing import Protocol

    class _Result(Protocol):
        error_before_exec: BaseException | None
        error_in_exec: BaseException | None

    class _Shell(Protocol):
        run_cell: Callable[..., _Result]


if __name__ == "__main__":
    main()
