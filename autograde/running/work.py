"""The unit of work of a fleet: everything that grading one submission needs, as data, and the function that does it.

A worker keeps one warm sandbox for all its submissions. A student's code runs in the sandbox below the worker and never
in the worker itself. Nothing here needs the class's directory, so the worker may be on another machine. Who only sends
tasks imports no torch for it.
"""

import atexit
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import nbformat

from autograde.intake.handed_in import HandedIn
from autograde.judging import fingerprint
from autograde.judging.results import SubmissionResult, failed
from autograde.sandbox.launch import Launched, SandboxUnavailableError, start
from autograde.sandbox.limits import Limits

if TYPE_CHECKING:
    from autograde.sandbox.client import Sandbox

PRELOADED = (
    "matplotlib.pyplot", "course.anchors", "course.checking", "course.costs", "course.detection", "course.farm",
    "course.farm.meadow", "course.growing", "course.interpolation", "course.labels", "course.localization",
    "course.patches", "course.pieces", "course.plotting", "course.pose", "course.proposals", "course.regions",
    "course.roi", "course.segmentation", "course.shapes", "course.tables", "course.training", "course.yolo",
)  # fmt: skip
"""What the chapters' cells import beside torch: once a worker, not once an exercise."""

_ALSO = {"02_fcn": ("autograde.sandbox.shapes",)}
"""What a chapter's answers use beside that, and that takes its time."""


@dataclass(frozen=True)
class Task:
    """One submission to be graded, by whoever has the same `environment` installed."""

    handed_in: HandedIn
    chapter: str
    secret: str
    released: bytes | None
    environment: str
    limits: Limits
    unsafe: bool = False

    @property
    def student(self) -> str:
        """Who handed it in."""
        return self.handed_in.student

    @property
    def number(self) -> str:
        """The number of all that the result depends on."""
        return fingerprint.of_submission(
            self.handed_in, self.chapter, self.secret, self.released, self.limits, self.unsafe
        )


@dataclass(frozen=True)
class Done:
    """What came of a task: the result, and the mended notebook that the gradebook is to see."""

    result: SubmissionResult
    notebook: bytes | None = None


def work(task: Task) -> Done:
    """Grade one submission. Whatever is wrong comes back as a result; "infrastructure" asks for another try."""
    from autograde.judging.assessment import assess_handed_in

    here = fingerprint.environment(task.chapter)
    if here != task.environment:
        return trouble(task, f"a worker has another installation than the grader ({_installed()}); install the same")
    try:
        result, notebook = assess_handed_in(
            task.handed_in, task.chapter, task.secret, task.released,
            lambda: warm_sandbox(task.chapter, task.limits, task.unsafe),
        )  # fmt: skip
    except SandboxUnavailableError as error:
        return trouble(task, str(error).rstrip("."))
    except Exception as error:  # a fault of ours must cost one submission a second look, not the batch
        result, notebook = trouble(task, repr(error)).result, None
    if result.status == "infrastructure":
        close_sandbox()  # the next try gets a fresh one
        return Done(result)
    result = result.model_copy(update={"fingerprint": task.number})
    return Done(result, None if notebook is None else nbformat.writes(notebook).encode())


def trouble(task: Task, reason: str) -> Done:
    """Return that `task` has no verdict, and why."""
    return Done(failed(task.student, task.chapter, "infrastructure", f"The grader itself failed: {reason}."))


def preloaded(chapter: str) -> tuple[str, ...]:
    """Return the modules that a sandbox imports before any submission of a chapter comes."""
    return (*PRELOADED, *_ALSO.get(chapter, ()))


_early: dict[tuple[str, Limits, bool], Launched] = {}


def start_early(chapter: str, limits: Limits, unsafe: bool) -> None:
    """Start the sandbox of this process before a task asks for it; what is wrong is told by the task."""
    if (chapter, limits, unsafe) in _early:
        return  # Dask imports what it preloads, and then loads it again
    with suppress(SandboxUnavailableError):
        _early[chapter, limits, unsafe] = start(limits, unsafe, preloaded(chapter))


def statements_to_start_early(chapter: str, limits: Limits, unsafe: bool) -> str:
    """Return the statements with which a worker process starts its sandbox early."""
    imports = "from autograde.running import work\nfrom autograde.sandbox.limits import Limits"
    return f"{imports}\nwork.start_early({chapter!r}, {limits!r}, {unsafe})"


_warm = threading.local()  # a sandbox dies with the thread that started it
_made: "list[Sandbox]" = []


def warm_sandbox(chapter: str, limits: Limits, unsafe: bool) -> "Sandbox":
    """Return this thread's sandbox for a chapter, which has imported torch already unless it is new.

    Raises:
        SandboxUnavailableError: there are no walls here, and `unsafe` does not say to do without.
    """
    from autograde.sandbox.client import Sandbox

    wanted = chapter, limits, unsafe
    if getattr(_warm, "made_for", None) != wanted:
        close_sandbox()
        _warm.sandbox = Sandbox(limits, unsafe, preloaded(chapter), _early.pop(wanted, None))
        _warm.made_for = wanted
        _made.append(_warm.sandbox)
    sandbox: Sandbox = _warm.sandbox
    return sandbox


def close_sandbox() -> None:
    """End this thread's sandbox, if there is one."""
    sandbox: Sandbox | None = getattr(_warm, "sandbox", None)
    _warm.sandbox = _warm.made_for = None
    if sandbox is not None:
        _made.remove(sandbox)
        sandbox.close()


@atexit.register
def _close_all() -> None:
    while _made:
        _made.pop().close()
    while _early:
        _early.popitem()[1].kill()


def _installed() -> str:
    return ", ".join(f"{name} {said}" for name, said in fingerprint.versions().items())
