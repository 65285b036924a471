"""One exercise of one submission, in a process of its own inside the sandbox.

It runs the cells in IPython, so magics work and a traceback knows its lines, then calls the student's function on each
case as the notebook's check does. From the first cell on the student's code may have changed anything in this process:
what it sends is data that the grader compares, and no more.
"""

import ast
import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import course
from autograde.sandbox import protocol
from autograde.sandbox.elsewhere import after, make_do
from autograde.sandbox.later import TooEarly, came_too_early
from autograde.sandbox.protocol import Frame
from course import packet
from course.packet import Plain

if TYPE_CHECKING:
    from course.checking.seal import Seal
    from course.exercises.exercise import Exercise

_MOST_FAILURES = 20  # statements of a cell
_TIMED = re.compile(r"\A\s*%%time\b.*")
"""The first line of a cell that is timed, a magic that keeps to itself what the cell raised."""

_NO_PROGRAMS = "Programs cannot be started while a notebook is graded; this line was left out."


def warm_up() -> None:
    """Do once, before any fork, what every examination would do first. No thread may be left, and CUDA not touched."""
    import multiprocessing

    import torch

    from course.checking.calling import call, describe_exception
    from course.checking.guard import find_in_function
    from course.checking.seal import Seal, implementations, operators
    from course.exercises import catalogue
    from course.exercises.exercise import Case

    # The newer default starts a fresh interpreter, and programs cannot be started here.
    multiprocessing.set_start_method("fork", force=True)
    for known in catalogue.all_exercises():
        operators(known.forbidden)
        implementations(known.forbidden)
    exercise = _exercise_called("nothing", ("nothingiscalledthis",))
    Seal(exercise.forbidden)
    describe_exception(ValueError("nothing"))
    find_in_function(warm_up, exercise.forbidden)
    outcome = call(exercise, torch.neg, Case("nothing", {"x": torch.ones(1)}, {}, gradient=False))
    packet.loads(packet.dumps(outcome.to_plain()))
    shell = _shell()
    shell.run_cell("import torch\ntorch = None\n", store_history=False)
    shell.reset()


class Examination:
    """Serves one channel: cells first, then cases, until the grader closes it."""

    def __init__(self, channel: socket.socket, contained: bool) -> None:
        self._channel, self._contained = channel, contained
        self._request = protocol.receive(channel)
        self._nonce = self._request["nonce"]

    def run(self) -> None:
        """Run the cells, then answer cases until the grader closes the channel."""
        from course.checking.seal import Seal

        forbidden = self._request["forbidden"]
        assert isinstance(forbidden, tuple)
        exercise = _exercise_called(str(self._request["exercise"]), tuple(map(str, forbidden)))
        seal = Seal(exercise.forbidden)
        sys.addaudithook(_keep_code)
        # What closes the seal waits beside the cells under no name, and in nothing that they could change.
        closing, (names, failures) = seal.closing(), self._run_cells()
        for call, arguments in closing:
            call(*arguments)
        _take_signals_back()
        function = names.get(str(self._request["exercise"]))
        named = self._named_calls(exercise, function)
        self._send({"type": "ready", "failures": failures, "found": callable(function)})
        while True:
            try:
                frame = protocol.receive(self._channel)
            except protocol.EndedError:
                return
            outcome = self._answer(exercise, function, named, seal, frame)
            self._send({"type": "outcome", "number": frame["number"], "outcome": outcome})

    def _run_cells(self) -> tuple[dict[str, object], list[Plain]]:
        from autograde.sandbox.devices import stay_here

        shell = _shell()
        make_do(shell)
        if self._contained:
            _start_no_programs()
        failures: dict[int, Plain] = {}
        cells = self._request["cells"]
        assert isinstance(cells, list)
        stay_here(str(source) for source in cells if source is not None)
        too_early: list[tuple[int, TooEarly]] = []
        for number, source in enumerate(cells):
            if source is None:
                continue
            self._send({"type": "cell", "number": number})
            failure, waiting = _run_cell(shell, str(source))
            too_early += [(number, one) for one in waiting]
            if failure is not None:
                failures[number] = failure
        self._run_again(shell, too_early, failures)
        for stop in (sys.settrace, sys.setprofile):  # what a cell has set would see all that is called from here on
            stop(None)
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        return shell.user_ns, [{"cell": number, "failure": failure} for number, failure in failures.items()]

    def _named_calls(self, exercise: "Exercise", function: object) -> tuple[str, ...]:
        from course.checking.guard import find_in_function

        try:
            return tuple(find_in_function(function, exercise.forbidden)) if callable(function) else ()
        except Exception:  # a function that fights inspection; the grader reads the source itself
            return ()

    def _run_again(self, shell: "_Shell", too_early: list[tuple[int, TooEarly]], failures: dict[int, Plain]) -> None:
        """Run the definitions that came too early behind the last cell; forget the failures that this mends."""
        for number, one in too_early:
            if not one.still_missing(shell.user_ns):
                continue
            self._send({"type": "cell", "number": number})
            failure, _ = _run_cell(shell, one.source)
            told = failures.get(number)
            alone = sum(cell == number for cell, _ in too_early) == 1
            if failure is None and alone and isinstance(told, dict) and told["type_name"] == "NameError":
                del failures[number]

    def _answer(
        self, exercise: "Exercise", function: object, named: tuple[str, ...], seal: "Seal", frame: Frame
    ) -> Plain:
        from course.checking.answers import case_from_plain
        from course.checking.calling import Outcome, call, describe_exception

        if named:
            return Outcome(forbidden=named).to_plain()
        try:
            outcome: Plain = call(exercise, function, case_from_plain(frame["case"])).to_plain()  # type: ignore[arg-type]
        except BaseException as error:
            outcome = Outcome(failure=describe_exception(error)).to_plain()
        if seal.attempts:
            return Outcome(forbidden=tuple(dict.fromkeys(seal.attempts))).to_plain()
        return outcome

    def _send(self, frame: Frame) -> None:
        frame = {**frame, "nonce": self._nonce}
        try:
            protocol.send(self._channel, frame)
        except (protocol.TimedOutError, protocol.EndedError):
            raise
        except Exception:  # an answer that cannot be written down: a tensor that lies about itself, 4 GB of numbers
            protocol.send(self._channel, {"type": "unsendable", "number": frame.get("number"), "nonce": self._nonce})


def _exercise_called(name: str, forbidden: tuple[str, ...]) -> "Exercise":
    """Return as much of an exercise as a call needs: which operators to watch for."""
    from course.exercises.exercise import Exercise

    return Exercise(
        name=name, chapter="", points=0, minutes=0, difficulty=1, reference="",
        cases=lambda rng: (), hints=(), forbidden=forbidden, forbidden_sentence="Forbidden.",
    )  # fmt: skip


_OURS = tuple(str(Path(file).parent) + os.sep for file in (course.__file__, __file__))


def _keep_code(event: str, arguments: tuple[Any, ...], ours: tuple[str, ...] = _OURS) -> None:
    """Refuse to let a function of ours do something else under its name: a refusal is one, and so is what closes.

    It calls nothing that goes by a name which the cells could give to something else.
    """
    changes = event == "object.__setattr__" and arguments[1] in ("__code__", "__defaults__")
    if changes and arguments[0].__code__.co_filename.startswith(ours):
        raise RuntimeError("what grades cannot be changed while a notebook is graded")


def _take_signals_back() -> None:
    """Have no handler of the cells run between two cases, nor any alarm of theirs.

    A DataLoader's raises when one of its workers dies, and the workers that the cells left are about to.
    """
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(timer, 0)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)) and number != signal.SIGINT:
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _shell() -> "_Shell":
    """Return this process's IPython, made before the fork."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Minimal"
    InteractiveShell.enable_gui = lambda *_: None  # for `%matplotlib inline`: there is nobody to look
    shell: _Shell = InteractiveShell.instance(config=config)
    transform = InteractiveShell.transform_cell
    shell.transform_cell = lambda cell: cell if _is_plain(cell) else transform(shell, cell)
    return shell


def _is_plain(cell: str) -> bool:
    """Return whether a cell is Python as it stands, so that IPython, which takes its time, would leave it so.

    One line alone can be a magic without its sign, and `In [1]: x` is Python too.
    """
    if cell.count("\n") < 2 or not cell.endswith("\n") or cell.lstrip().startswith("In ["):
        return False
    try:
        ast.parse(cell)
    except Exception:  # a SyntaxError, mostly; a null byte, or nested too deeply
        return False
    return True


def _start_no_programs() -> None:
    """Have `!nvidia-smi` above an answer cost that line alone, and not the cell."""
    from IPython.core.interactiveshell import InteractiveShell

    for name in ("system", "system_piped", "system_raw"):
        setattr(InteractiveShell, name, _system)
    InteractiveShell.getoutput = lambda *_, **__: []


def _system(shell: "_Shell", command: str) -> None:
    print(_NO_PROGRAMS, file=sys.stderr)
    shell.user_ns["_exit_code"] = 126


def _run_cell(shell: "_Shell", source: str) -> tuple[Plain, list[TooEarly]]:
    """Run one cell as a notebook does. Return what it raised first, as plain values, or None, and what came too early.

    A statement that raises costs itself: the cell goes on below it. So does one that takes Python's streams away.
    """
    from dataclasses import asdict

    from course.checking.calling import describe_exception

    first: BaseException | None = None
    too_early: list[TooEarly] = []
    source = _TIMED.sub("#", source)
    source += "" if source.endswith("\n") else "\n"
    streams = sys.stdin, sys.stdout, sys.stderr
    for _ in range(_MOST_FAILURES):
        error: BaseException | None
        try:
            result = shell.run_cell(source, store_history=first is None)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as raised:
            error = raised
        sys.stdin, sys.stdout, sys.stderr = map(_open, streams)
        if error is None:
            break
        first = first or error
        try:
            too_early += came_too_early(shell.transform_cell(source), error, shell.user_ns)
            source = after(shell.transform_cell(source), error, shell.user_ns) if isinstance(error, Exception) else ""
        except Exception:  # what is no Python did not run at all
            break
        if not source:
            break
    return (None, []) if first is None else (asdict(describe_exception(first)), too_early)


def _open(stream: TextIO) -> TextIO:
    """Return a stream, or one that goes nowhere in the place of one that a cell has closed."""
    return Path(os.devnull).open("r+") if stream is None or stream.closed else stream


if TYPE_CHECKING:
    from codeop import Compile
    from typing import Protocol

    class _Result(Protocol):
        error_before_exec: BaseException | None
        error_in_exec: BaseException | None

    class _Shell(Protocol):
        compile: Compile
        run_cell: Callable[..., _Result]
        run_line_magic: Callable[..., object]
        transform_cell: Callable[[str], str]
        reset: Callable[[], None]
        user_ns: dict[str, object]
