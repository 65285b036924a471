"""The trusted end of a sandbox: start it, have one exercise's cells run and its cases answered, read what comes out.

A death costs the cases that were not answered yet. A cell that kills or outstays its time is left out when the exercise
is tried again, so that it costs what depends on it and no more. When the sandbox itself dies, the next exercise gets a
fresh one.
"""

import os
import secrets
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Literal, Self

from autograde.sandbox import protocol
from autograde.sandbox.launch import Launched, start
from autograde.sandbox.limits import Limits
from course.exercises.answers import case_to_plain
from course.exercises.calling import Failure, Outcome
from course.exercises.exercise import Case

Status = Literal["ok", "timeout", "out of memory", "crashed"]
_REPEATS = 3  # how often an exercise is tried again without a cell that killed it


class SandboxError(Exception):
    """The sandbox itself does not work: the machine's fault, not a student's."""


@dataclass(frozen=True)
class Program:
    """What to run for one exercise: the cells up to its check (None: left out), then each case. No expected values."""

    exercise: str
    forbidden: tuple[str, ...]
    cells: tuple[str | None, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Attempt:
    """What came of a program. An outcome is missing where none came or could be read; `lost` says why."""

    status: Status
    outcomes: tuple[Outcome | None, ...]
    found: bool = False
    """Whether the cells define a function of the exercise's name."""
    failures: dict[int, Failure] = field(default_factory=dict)
    """What cells raised, by their number."""
    deadly: dict[int, str] = field(default_factory=dict)
    """Cells that were left out since they ended the process, and how."""
    output: str = ""
    lost: str = ""


class Sandbox:
    """A sandbox for one submission, started at once in the background unless it is `launched` already. Use a `with`.

    Raises:
        SandboxUnavailableError: there are no walls here, and `unsafe` does not say to do without.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        unsafe: bool = False,
        preload: Sequence[str] = (),
        launched: Launched | None = None,
    ) -> None:
        self._preload = preload
        self._limits = limits or Limits()
        self._unsafe = unsafe
        self._deadly: dict[int, str] = {}
        self._deadline: float | None = None
        self._launched: Launched | None = launched or start(self._limits, unsafe, preload)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self.close()

    def run(self, program: Program) -> Attempt:
        """Run `program`; whatever it does comes back as an `Attempt`.

        Raises:
            SandboxError: the sandbox cannot be started.
        """
        for _ in range(_REPEATS):
            control = self._ready()
            self._deadline = self._deadline or time.monotonic() + self._limits.submission
            if time.monotonic() > self._deadline:
                lost = f"The submission took longer than {self._limits.submission:g} seconds."
                attempt = Attempt("timeout", (None,) * len(program.cases), lost=lost)
                break
            cells = tuple(None if number in self._deadly else cell for number, cell in enumerate(program.cells))
            session = _Session(control, self._limits, replace(program, cells=cells), self._deadline)
            attempt = session.run()
            if session.broken:
                self.close()
            killer = session.running_cell
            if attempt.status == "ok" or killer is None:
                break
            self._deadly[killer] = attempt.lost
        return replace(attempt, deadly={n: why for n, why in self._deadly.items() if n < len(program.cells)})

    def forget_time(self) -> None:
        """Let the time of a submission begin anew, for who runs more than one submission of their own in here."""
        self._deadline = None

    def close(self) -> None:
        """Kill the sandbox and everything in it."""
        if self._launched is not None:
            self._launched.kill()
            self._launched = None

    def _ready(self) -> socket.socket:
        """Return the control socket of a sandbox that has imported what it needs."""
        if self._launched is None:
            self._launched = start(self._limits, self._unsafe, self._preload)
        if not self._launched.greeted:
            try:
                hello = protocol.receive(self._launched.control, time.monotonic() + self._limits.start)
            except protocol.ProtocolError as error:
                self._launched.process.kill()
                said = self._launched.last_words() or str(error)
                self.close()
                raise SandboxError(f"the sandbox does not start: {said}") from None
            if hello.get("version") != protocol.VERSION:
                raise SandboxError("the sandbox speaks another version of the protocol")
            self._launched.greeted = True
        return self._launched.control


class _Session:
    """One program in one child of the sandbox."""

    def __init__(self, control: socket.socket, limits: Limits, program: Program, deadline: float) -> None:
        self._control, self._limits, self._program = control, limits, program
        self._nonce = secrets.token_hex(16)
        self._deadline = min(deadline, time.monotonic() + limits.exercise)
        self._outcomes: list[Outcome | None] = [None] * len(program.cases)
        self._failures: dict[int, Failure] = {}
        self._found = False
        self._tail = b""
        self.running_cell: int | None = None
        """The cell that was running when it ended, or None."""
        self.broken = False
        """Whether the sandbox is no longer of use."""

    def run(self) -> Attempt:
        self._channel, theirs = socket.socketpair()
        self._output, output = os.pipe()
        os.set_blocking(self._output, False)
        self._keeps_output = True
        try:
            request = {
                "type": "start",
                "memory": self._limits.memory,
                "file_size": self._limits.file_size,
                "seconds": int(self._limits.exercise) + 1,
                "processes": self._limits.processes,
            }
            try:
                protocol.request(self._control, dict(request), (theirs.fileno(), output), self._deadline)
            finally:
                theirs.close()
                os.close(output)
            return self._attempt(self._converse())
        finally:
            self._channel.close()
            os.close(self._output)

    def _converse(self) -> protocol.ProtocolError | None:
        """Have the cells run and the cases answered; return what ended it early."""
        try:
            self._run_cells()
            # From here on nothing that is printed is kept: hidden inputs are about to be seen in there.
            self._keeps_output = False
            for number, case in enumerate(self._program.cases if self._found else ()):
                self._outcomes[number] = self._ask(number, case)
        except protocol.ProtocolError as error:
            return error
        return None

    def _run_cells(self) -> None:
        program = self._program
        run = {"exercise": program.exercise, "forbidden": program.forbidden, "cells": list(program.cells)}
        self._send({"type": "run", **run}, self._limits.cell)
        while True:
            frame = self._receive(self._limits.cell)
            match frame:
                case {"type": "cell", "number": int(number)} if 0 <= number < len(program.cells):
                    self.running_cell = number
                case {"type": "ready", "failures": list(failures), "found": bool(found)}:
                    self.running_cell, self._found = None, found
                    self._failures = dict(map(_cell_failure, failures))
                    return
                case _:
                    raise protocol.ProtocolError("what came is no progress of the cells")

    def _ask(self, number: int, case: Case) -> Outcome | None:
        """Return what the answer does on one case, or None where it cannot be told in numbers."""
        self._send({"type": "case", "number": number, "case": case_to_plain(case)}, self._limits.case)
        frame = self._receive(self._limits.case)
        if frame.get("number") != number:
            raise protocol.ProtocolError("the answer to another case")
        if frame["type"] != "outcome":
            return None
        try:
            return Outcome.from_plain(frame.get("outcome"))
        except ValueError as error:
            raise protocol.ProtocolError(str(error)) from None

    def _send(self, frame: protocol.Frame, seconds: float) -> None:
        deadline = min(time.monotonic() + seconds, self._deadline)
        protocol.send(self._channel, {**frame, "nonce": self._nonce}, deadline)

    def _receive(self, seconds: float) -> protocol.Frame:
        frame = protocol.receive(self._channel, min(time.monotonic() + seconds, self._deadline), self._drain_until)
        if frame.get("nonce") != self._nonce:
            raise protocol.ProtocolError("a frame of another request")
        return frame

    def _drain_until(self, deadline: float | None) -> None:
        """Read what the cells print, so that they never wait for it, until the channel can be read."""
        assert deadline is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            selector.register(self._output, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select(max(0.0, deadline - time.monotonic()))}
                if self._output in ready and not self._drain():
                    selector.unregister(self._output)
                if self._channel in ready:
                    return
                if time.monotonic() >= deadline:
                    raise protocol.TimedOutError("no answer came in time")

    def _drain(self) -> bool:
        """Keep the last bytes of what was printed; return whether more may come."""
        try:
            piece = os.read(self._output, 2**16)
        except BlockingIOError:
            return True
        if self._keeps_output:
            self._tail = (self._tail + piece)[-self._limits.output :]
        return bool(piece)

    def _attempt(self, ended: protocol.ProtocolError | None) -> Attempt:
        how = self._stop()
        while self._keeps_output and self._drain_now():
            pass
        raised = [*self._failures.values(), *(outcome.failure for outcome in self._outcomes if outcome is not None)]
        memory = any(map(_is_out_of_memory, raised))
        status, lost = _tell(ended, how, self._limits, self.running_cell is not None)
        if status == "ok" and memory:
            status = "out of memory"
        output = self._tail.decode(errors="replace")
        return Attempt(status, tuple(self._outcomes), self._found, self._failures, {}, output, lost)

    def _drain_now(self) -> bool:
        before = self._tail
        return self._drain() and self._tail != before

    def _stop(self) -> protocol.Frame:
        """Have the child and everything it started killed, and return how it had ended."""
        try:
            deadline = time.monotonic() + 10.0
            protocol.request(self._control, {"type": "stop"}, (), deadline)
            return protocol.receive(self._control, deadline)
        except protocol.ProtocolError:
            self.broken = True
            return {}


def _tell(
    ended: protocol.ProtocolError | None, how: protocol.Frame, limits: Limits, in_cell: bool
) -> tuple[Status, str]:
    """Say in a word and in a sentence why answers are missing."""
    from signal import SIGKILL, SIGXCPU

    if ended is None:
        return "ok", ""
    if isinstance(ended, protocol.TimedOutError) or how.get("signal") == SIGXCPU:
        seconds = limits.cell if in_cell else limits.case
        return "timeout", f"It did not finish within {seconds:g} seconds."
    if isinstance(ended, protocol.EndedError):
        if how.get("signal") == SIGKILL:
            return "out of memory", "The process was killed, probably for the memory that it took."
        number = how.get("signal")
        return "crashed", f"The process died{f' of signal {number}' if isinstance(number, int) else ''}."
    return "crashed", f"The answer could not be read: {ended}."


def _cell_failure(plain: object) -> tuple[int, Failure]:
    match plain:
        case {"cell": int(cell), "failure": dict(failure)}:
            told = Outcome.from_plain(
                {"value": None, "gradients": None, "modified": (), "forbidden": (), "failure": failure}
            ).failure
            if told is not None:
                return cell, told
    raise protocol.ProtocolError("what came is no failure of a cell")


def _is_out_of_memory(failure: Failure | None) -> bool:
    if failure is None:
        return False
    told = failure.message.lower()
    return failure.type_name == "MemoryError" or "not enough memory" in told or "can't allocate memory" in told
