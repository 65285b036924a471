"""One exercise of one submission as the grader sees it: send cells and cases, take what comes, say how it ended."""

import os
import platform
import re
import secrets
import selectors
import socket
import sys
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from autograde.sandbox import protocol
from autograde.sandbox.cgroups import Group
from autograde.sandbox.limits import Limits
from course.checking.answers import case_to_plain
from course.checking.calling import Failure, Outcome
from course.exercises.exercise import Case

Status = Literal["ok", "timeout", "out of memory", "crashed", "tampered"]

_PATIENCE = 30.0  # seconds for the init to answer, on a machine with too much to do
_TASKS = 256  # processes and threads that a user may have in the sandbox
_KERNEL = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
_COUNTS_BY_NAMESPACE = sys.platform == "linux" and _KERNEL >= (5, 14)
"""Whether the kernel counts a user's processes for each user namespace; before, a limit would count the grader's."""


@dataclass(frozen=True)
class Program:
    """What to run for one exercise: the cells up to its check (None: left out), then each case. No expected values.

    The cases of `later` follow those of `cases` in the same process, with the time of an exercise of their own.
    """

    exercise: str
    forbidden: tuple[str, ...]
    cells: tuple[str | None, ...]
    cases: tuple[Case, ...]
    later: tuple[Case, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """What came of a program, on `cases` and then `later`. An outcome is missing where none came; `lost` says why."""

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


class Session:
    """One program in one child of a submission's init."""

    def __init__(
        self, control: socket.socket, limits: Limits, program: Program, deadline: float, group: Group | None = None
    ) -> None:
        self._control, self._limits, self._program, self._group = control, limits, program, group
        self._killed_before = group.oom_kills() if group is not None else 0
        self._nonce = secrets.token_hex(16)
        self._last = deadline
        self._deadline = min(deadline, time.monotonic() + limits.exercise)
        self._outcomes: list[Outcome | None] = [None] * (len(program.cases) + len(program.later))
        self._failures: dict[int, Failure] = {}
        self._found = False
        self._tail = b""
        self.running_cell: int | None = None
        """The cell that was running when it ended, or None."""
        self.seconds: dict[int, float] = {}
        """How long each cell ran that began."""
        self.is_late = False
        """Whether it ended with the time of the exercise, and not only of the cell or the case."""
        self.broken = False
        """Whether the sandbox is no longer of use."""

    def run(self) -> Attempt:
        """Run the program in a process of its own."""
        self._channel, theirs = socket.socketpair()
        self._output, output = os.pipe()
        os.set_blocking(self._output, False)
        self._keeps_output = True
        self._selector = selectors.DefaultSelector()
        for source in (self._channel, self._output):
            self._selector.register(source, selectors.EVENT_READ)
        try:
            request = {
                "type": "start",
                "memory": self._limits.memory,
                "file_size": self._limits.file_size,
                "seconds": int(self._limits.exercise) * (2 if self._program.later else 1) + 1,
                "processes": self._limits.processes,
                "tasks": _TASKS if _COUNTS_BY_NAMESPACE else 0,
            }
            try:
                protocol.request(self._control, dict(request), (theirs.fileno(), output), self._deadline)
            finally:
                theirs.close()
                os.close(output)
            return self._attempt(self._converse())
        finally:
            self._selector.close()
            self._channel.close()
            os.close(self._output)

    def _converse(self) -> protocol.ProtocolError | None:
        """Have the cells run and the cases answered; return what ended it early."""
        try:
            self._run_cells()
            self._leave_alone()
            # From here on nothing that is printed is kept: hidden inputs are about to be seen in there.
            self._keeps_output = False
            program = self._program
            for number, case in enumerate((*program.cases, *program.later) if self._found else ()):
                if number == len(program.cases):
                    self._deadline = min(self._last, time.monotonic() + self._limits.exercise)
                self._outcomes[number] = self._ask(number, case)
        except protocol.ProtocolError as error:
            return error
        return None

    def _run_cells(self) -> None:
        program = self._program
        run = {"exercise": program.exercise, "forbidden": program.forbidden, "cells": list(program.cells)}
        self._send({"type": "run", **run}, self._limits.cell)
        there = {number for number, cell in enumerate(program.cells) if cell is not None}
        while True:
            frame = self._timed(self.running_cell)
            match frame:
                case {"type": "cell", "number": int(number)} if number in there:
                    self.running_cell = number
                case {"type": "ready", "failures": list(failures), "found": bool(found)}:
                    self.running_cell, self._found = None, found
                    self._failures = dict(map(_cell_failure, failures))
                    return
                case _:
                    raise protocol.ProtocolError("what came is no progress of the cells")

    def _timed(self, cell: int | None) -> protocol.Frame:
        """Receive the next frame, and note how long the cell ran that comes before it."""
        began = time.monotonic()
        try:
            return self._receive(self._limits.cell)
        finally:
            if cell is not None:
                self.seconds[cell] = time.monotonic() - began

    def _leave_alone(self) -> None:
        """Have every other process of the submission ended: none that the cells started may help with the answers."""
        deadline = min(time.monotonic() + self._limits.case, self._deadline)
        protocol.request(self._control, {"type": "alone"}, (), deadline)
        frame = protocol.receive(self._control, deadline)
        if frame.get("type") != "alone" or frame.get("done") is not True:
            raise protocol.ProtocolError("processes that the cells started cannot be ended")

    def _ask(self, number: int, case: Case) -> Outcome | None:
        """Return what the answer does on one case, or None where it cannot be told in numbers."""
        deadline = min(time.monotonic() + self._limits.case, self._deadline)
        protocol.send_bytes(self._channel, _encoded(number, case), deadline)
        frame = self._receive(self._limits.case)
        if frame.get("number") != number:
            raise protocol.ProtocolError("the answer to another case")
        if frame["type"] != "outcome":
            return None
        try:
            return Outcome.from_plain(frame.get("outcome"))
        except ValueError as error:
            raise protocol.ForgedError(str(error)) from None

    def _send(self, frame: protocol.Frame, seconds: float) -> None:
        deadline = min(time.monotonic() + seconds, self._deadline)
        protocol.send(self._channel, {**frame, "nonce": self._nonce}, deadline)

    def _receive(self, seconds: float) -> protocol.Frame:
        frame = protocol.receive(self._channel, min(time.monotonic() + seconds, self._deadline), self._drain_until)
        if frame.get("nonce") != self._nonce:
            raise protocol.ForgedError("a frame of another request")
        return frame

    def _drain_until(self, deadline: float | None) -> None:
        """Read what the cells print, so that they never wait for it, until the channel can be read."""
        assert deadline is not None
        while True:
            ready = {key.fileobj for key, _ in self._selector.select(max(0.0, deadline - time.monotonic()))}
            if self._output in ready and not self._drain():
                self._selector.unregister(self._output)
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
        self.is_late = isinstance(ended, protocol.TimedOutError) and time.monotonic() >= self._deadline
        how = self._stop()
        if ended is not None and self._group is not None and self._group.oom_kills() > self._killed_before:
            how = {**how, "excess": "memory"}
        while self._keeps_output and self._drain_now():
            pass
        raised = [outcome.failure for outcome in self._outcomes if outcome is not None]
        raised += () if self._found else self._failures.values()  # a figure that took too much costs nothing
        memory = any(map(_is_out_of_memory, raised))
        counted = self._group is not None
        status, lost = _tell(ended, how, self._limits, self.running_cell is not None, counted)
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
            deadline = time.monotonic() + _PATIENCE
            protocol.request(self._control, {"type": "stop"}, (), deadline)
            return protocol.receive(self._control, deadline)
        except protocol.ProtocolError:
            self.broken = True
            return {}


def _tell(
    ended: protocol.ProtocolError | None, how: protocol.Frame, limits: Limits, in_cell: bool, counted: bool
) -> tuple[Status, str]:
    """Say in a word and in a sentence why answers are missing.

    `counted` says that a control group counts whom the kernel kills for memory; it would have told in `how`.
    """
    from signal import SIGKILL, SIGXCPU

    if ended is None:
        return "ok", ""
    if how.get("excess") == "memory":
        return "out of memory", f"It took more than {limits.total_memory / 2**30:g} GB of memory."
    if how.get("excess") == "processes":
        return "crashed", f"It started more than {limits.processes} processes."
    if how.get("excess") == "scratch":
        return "crashed", f"It wrote more than {limits.scratch // 2**20} MB of files."
    if isinstance(ended, protocol.ForgedError):
        return "tampered", f"Something wrote to the line to the grader: {ended}."
    if isinstance(ended, protocol.TimedOutError) or how.get("signal") == SIGXCPU:
        seconds = limits.cell if in_cell else limits.case
        return "timeout", f"It did not finish within {seconds:g} seconds."
    if isinstance(ended, protocol.EndedError):
        if how.get("signal") == SIGKILL and counted:
            return "crashed", f"The process was killed by signal {int(SIGKILL)}."
        if how.get("signal") == SIGKILL:
            return "out of memory", "The process was killed, probably for the memory that it took."
        number = how.get("signal")
        return "crashed", f"The process died{f' of signal {number}' if isinstance(number, int) else ''}."
    return "crashed", f"The answer could not be read: {ended}."


_sent: OrderedDict[tuple[int, int], tuple[Case, bytes]] = OrderedDict()
_SENT = 1024  # cases that a class's submissions have in common, at some kilobytes each


def _encoded(number: int, case: Case) -> bytes:
    """Return the frame of a case: the same for every submission, so it carries no nonce."""
    key = (number, id(case))
    known = _sent.get(key)
    if known is None:
        frame = protocol.encode({"type": "case", "number": number, "case": case_to_plain(case)})
        known = _sent[key] = (case, frame)  # with the case, whose id is its own as long as it lives
        while len(_sent) > _SENT:
            with suppress(KeyError):  # another thread was faster
                _sent.popitem(last=False)
    return known[1]


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
