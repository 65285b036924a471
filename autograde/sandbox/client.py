"""The trusted end of a sandbox: a warm worker that runs one submission after another, each as if it were the first.

A death costs the cases that were not answered yet. A cell that kills or outstays its time is left out when the exercise
is tried again, so that it costs what depends on it and no more. So is one that took long in an earlier exercise, once
time is short, where nothing else in the notebook needs it. When a sandbox dies, a fresh one takes its place.
"""

import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Literal, Self

from autograde.sandbox import bubblewrap, cgroups, protocol, seccomp, tiers
from autograde.sandbox.cgroups import Group
from autograde.sandbox.launch import Launched, start
from autograde.sandbox.limits import Limits
from autograde.sandbox.needless import without_needless
from autograde.sandbox.session import Attempt, Program, Session, Status

__all__ = ["Attempt", "Program", "Sandbox", "SandboxError", "Status", "Submission", "Tier"]

Tier = Literal["bubblewrap", "landlock", "unsafe"]
_SLOW = 5.0  # seconds after which a cell counts as one that takes long
_PATIENCE = 30.0  # seconds for the sandbox's own processes to answer, on a machine with too much to do
_SWEEPING = 10.0  # seconds for a room's files to be removed


class SandboxError(Exception):
    """The sandbox itself does not work: the machine's fault, not a student's."""


class Sandbox:
    """A worker that imports torch once, started at once in the background unless it is `launched` already.

    Use a `with`, from one thread, and one submission at a time.

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
        self.limits = limits or Limits()
        self.tier: Tier = "unsafe" if unsafe else tiers.probe().tier
        """Which walls there are, for the report."""
        self.resident = 0
        """Bytes of its own that the zygote held after the last submission."""
        self._preload = preload
        self._open: Submission | None = None
        self._spare: socket.socket | None = None
        self._is_leaving = False
        self._group: Group | None = None
        self._launched: Launched | None = launched or start(self.limits, unsafe, preload)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self.close()

    def submission(self) -> "Submission":
        """Return room for one submission, in which nothing of an earlier one is left. Use a `with`.

        Raises:
            RuntimeError: the last one is still open.
        """
        if self._open is not None:
            raise RuntimeError("a sandbox runs one submission at a time; close the last one first")
        self._open = Submission(self)
        return self._open

    def close(self) -> None:
        """Kill the sandbox and everything in it."""
        self._is_leaving = False
        if self._spare is not None:
            self._spare.close()
            self._spare = None
        if self._launched is not None:
            self._launched.kill()
            self._launched = None
        if self._group is not None:
            self._group.close()
            self._group = None

    def describe(self) -> str:
        """Return a sentence for the report: which walls there are, and who holds memory and processes."""
        if self.tier == "unsafe":
            return "none: students' code runs with the grader's rights"
        hierarchy = cgroups.detect()
        held = f"cgroup {hierarchy.version}" if hierarchy is not None else "resource limits"
        return f"{tiers.probe().describe()}; memory and processes held by {held}"

    def _enter(self) -> socket.socket:
        """Have an init made for a submission, and return the socket to it.

        The kernel takes its time for namespaces, so the next one is asked for as soon as this one is there.

        Raises:
            SandboxError: it cannot be made.
        """
        self._finish_leaving()
        control = self._ready()
        assert self._launched is not None
        ours: socket.socket | None = None
        try:
            ours, self._spare = self._spare or self._ask_for_room(control, self._launched), None
            hello, pid = protocol.receive_greeting(ours, time.monotonic() + _PATIENCE)
            if hello.get("version") != protocol.VERSION:
                raise protocol.ProtocolError(str(hello.get("reason", "no greeting")))
            self._hold(pid)
            if self._launched.kind == "warm":
                self._spare = self._ask_for_room(control, self._launched)
        except protocol.ProtocolError as error:
            if ours is not None:
                ours.close()
            self.close()
            raise SandboxError(f"no room can be made for a submission: {error}") from None
        return ours

    def _ask_for_room(self, control: socket.socket, launched: Launched) -> socket.socket:
        """Ask for an init, and return the socket on which it will greet."""
        ours, theirs = socket.socketpair()
        try:
            protocol.tell_sender(ours)
            protocol.request(control, self._opening(launched), (theirs.fileno(),), time.monotonic() + _PATIENCE)
        except protocol.ProtocolError:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours

    def _hold(self, pid: int | None) -> None:
        """Move a submission's init, before any of its code runs, into a group that holds what it takes together."""
        hierarchy = cgroups.detect() if self.tier != "unsafe" else None
        if hierarchy is None or pid is None:
            return
        try:
            if self._group is None:
                self._group = Group(hierarchy, self.limits.total_memory, self.limits.processes * 4)
            self._group.add(pid)
        except OSError as error:  # it worked when it was tried: do not go on with less
            raise protocol.ProtocolError(f"its control group refuses it: {error}") from None

    def _opening(self, launched: Launched) -> protocol.Frame:
        walled, namespaces = launched.kind != "unsafe", launched.kind != "landlock"
        return {
            "type": "open",
            "scratch": list(bubblewrap.SCRATCH),
            "scratch_size": self.limits.scratch,
            "memory": self.limits.total_memory,
            "filter": seccomp.program(namespaces).hex() if walled else "",
        }

    def _leave(self, channel: socket.socket | None, last: bool) -> None:
        """Have everything of the submission ended that is served on `channel`."""
        if last:
            self._open = None
        if channel is None:
            if last:
                self._finish_leaving()
            return
        channel.close()
        if self._launched is None:
            return
        if self._launched.kind == "single":
            self.close()
            if last:  # the next submission will want one; it starts while the grader judges this one
                self._launched = start(self.limits, False, self._preload)
            return
        try:
            protocol.request(self._launched.control, {"type": "close"}, (), time.monotonic() + _PATIENCE)
        except protocol.ProtocolError:
            self.close()
            return
        self._is_leaving = True
        if last:  # otherwise the grader judges meanwhile
            self._finish_leaving()

    def _finish_leaving(self) -> None:
        """Wait until everything is dead that was in the room which was left."""
        if not self._is_leaving or self._launched is None:
            return
        try:
            closed = protocol.receive(self._launched.control, time.monotonic() + _PATIENCE)
        except protocol.ProtocolError:
            self.close()
            return
        self._is_leaving = False
        if self._group is not None:
            self._group.kill()  # nothing, unless the sandbox itself was ended half-way
        resident = closed.get("resident")
        self.resident = resident if isinstance(resident, int) else 0

    def _ready(self) -> socket.socket:
        """Return the control socket of a sandbox that has imported what it needs."""
        if self._launched is None:
            self._launched = start(self.limits, self.tier == "unsafe", self._preload)
        if not self._launched.greeted:
            try:
                hello = protocol.receive(self._launched.control, time.monotonic() + self.limits.start)
            except protocol.ProtocolError as error:
                self._launched.process.kill()
                said = self._launched.last_words() or str(error)
                self.close()
                raise SandboxError(f"the sandbox does not start: {said}") from None
            if hello.get("version") != protocol.VERSION:
                raise SandboxError("the sandbox speaks another version of the protocol")
            self._launched.greeted = True
        return self._launched.control


class Submission:
    """Room for one submission: what its exercises write is there for its later ones, until it is renewed or closed."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._limits = sandbox.limits
        self._channel: socket.socket | None = None
        self._deadly: dict[int, str] = {}
        self._slow: dict[str, float] = {}  # the seconds that a cell's text took
        self._is_short_of_time = False
        self._deadline: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End everything that the submission started, and forget everything that it wrote."""
        channel, self._channel = self._channel, None
        self._sandbox._leave(channel, last=True)

    def renew(self) -> None:
        """Have the room be as if nothing had run in it yet; where that fails, the next exercise gets another one.

        What exercises started has ended with them. How long they took is not forgotten.
        """
        if self._channel is None:
            return
        deadline = time.monotonic() + _SWEEPING
        try:
            protocol.request(self._channel, {"type": "renew"}, (), deadline)
            if protocol.receive(self._channel, deadline).get("done") is True:
                return
        except protocol.ProtocolError:
            pass
        channel, self._channel = self._channel, None
        self._sandbox._leave(channel, last=False)

    def run(self, program: Program) -> Attempt:
        """Run `program`; whatever it does comes back as an `Attempt`.

        Raises:
            SandboxError: the sandbox cannot be started.
        """
        while True:  # each time with fewer cells
            if self._channel is None:
                self._channel = self._sandbox._enter()
            self._deadline = self._deadline or time.monotonic() + self._limits.submission
            if time.monotonic() > self._deadline:
                lost = f"The submission took longer than {self._limits.submission:g} seconds."
                attempt = Attempt("timeout", (None,) * len((*program.cases, *program.later)), lost=lost)
                break
            cells = self._cells(program, self._deadline)
            part, group = replace(program, cells=cells), self._sandbox._group
            session = Session(self._channel, self._limits, part, self._deadline, group)
            attempt = session.run()
            if session.broken:
                channel, self._channel = self._channel, None
                self._sandbox._leave(channel, last=False)
            self._slow |= {cells[n] or "": seconds for n, seconds in session.seconds.items() if seconds > _SLOW}
            self._is_short_of_time |= session.is_late
            if session.is_late and self._cells(program, self._deadline) != cells and time.monotonic() < self._deadline:
                continue  # the time that this exercise lacked went into cells that it can do without
            killer = session.running_cell
            if attempt.status == "ok" or killer is None:
                break
            self._deadly[killer] = attempt.lost
        return replace(attempt, deadly={n: why for n, why in self._deadly.items() if n < len(program.cells)})

    def _cells(self, program: Program, deadline: float) -> tuple[str | None, ...]:
        """Return the cells to run: none that kills, and none that takes long for nothing where time is short.

        It is short when an exercise could not be answered for it, and when another one could not after these cells.
        """
        cells = tuple(None if number in self._deadly else cell for number, cell in enumerate(program.cells))
        took = sum(self._slow.get(cell, 0.0) for cell in cells if cell is not None)
        if not took or not (self._is_short_of_time or time.monotonic() + took + self._limits.exercise > deadline):
            return cells
        return without_needless(cells, self._slow.keys(), program.exercise)
