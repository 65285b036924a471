"""Assess one submission: from the bytes of a notebook to marks and messages. Nothing is recorded here."""

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial

import nbformat
from nbformat import NotebookNode

from autograde import verdicts
from autograde.handed_in import HandedIn
from autograde.intake import Submission, UnreadableError, read
from autograde.results import ExerciseResult, SubmissionResult, gravest
from autograde.sandbox.client import Attempt, Sandbox, SandboxError
from autograde.sandbox.client import Submission as Room
from course.exercises.catalogue import of_chapter
from course.exercises.checking import Report
from course.exercises.exercise import Exercise

Cells = tuple[str | None, ...]

_log = logging.getLogger(__name__)


def mended(handed_in: HandedIn, chapter: str, released: bytes | None) -> Submission:
    """Return the notebook to be run, and all that was mended in it.

    Raises:
        UnreadableError: there is none; the message is a sentence.
    """
    if handed_in.notebook is None:
        raise UnreadableError(handed_in.reason)
    try:
        submission = read(handed_in.notebook, of_chapter(chapter), parse(released))
    except UnreadableError as error:
        raise UnreadableError(f"The notebook could not be read: {error}.") from None
    return Submission(submission.notebook, (*handed_in.repairs, *submission.repairs))


def parse(notebook: bytes | None) -> NotebookNode | None:
    """Return a notebook of the class's own, such as the released one."""
    return None if notebook is None else nbformat.reads(notebook.decode(), as_version=4)


def assess_handed_in(
    handed_in: HandedIn, chapter: str, secret: str, released: bytes | None, sandbox: Callable[[], Sandbox]
) -> tuple[SubmissionResult, NotebookNode | None]:
    """Assess what a student handed in, whatever it is; return the result and the mended notebook, if there is one.

    `sandbox` makes or returns a warm sandbox; it is not asked for one where there is nothing to run.

    Raises:
        SandboxUnavailableError: there are no walls here, and nobody said to do without.
    """
    try:
        submission = mended(handed_in, chapter, released)
    except UnreadableError as error:
        return failed(handed_in.student, chapter, "unreadable", str(error)), None
    return assess(submission, handed_in.student, chapter, secret, sandbox()), submission.notebook


def assess(submission: Submission, student: str, chapter: str, secret: str, sandbox: Sandbox) -> SubmissionResult:
    """Run a mended notebook in `sandbox`, isolated from every other, and judge what it does."""
    results: dict[str, ExerciseResult] = {}
    output, failures = "", dict[str, str]()
    began = time.monotonic()
    try:
        with sandbox.submission() as running:
            exercises = [(exercise, submission.cells_for(exercise.name)) for exercise in of_chapter(chapter)]
            for (exercise, cells), (trace, seconds) in zip(exercises, _run(running, exercises, secret), strict=True):
                one = verdicts.conclude(exercise, trace, cells, secret, show=picture_of(exercise))
                results[exercise.name] = one.model_copy(update={"seconds": round(seconds, 2)})
                output = trace.seen.output or output
                failures |= _told_failures(trace.seen)
    except SandboxError as error:
        return failed(student, chapter, "infrastructure", f"The grader itself failed: {error}.")
    status = gravest([one.status for one in results.values()])
    reason = "" if status == "ok" else next((r.message for r in results.values() if r.status == status), "")
    return SubmissionResult(
        student=student, chapter=chapter, status=status, exercises=results, reason=reason,
        repairs=submission.repairs, output=output, failures=failures,
        tier=sandbox.tier, seconds=round(time.monotonic() - began, 2),
    )  # fmt: skip


def _run(running: Room, exercises: list[tuple[Exercise, Cells]], secret: str) -> Iterator[tuple[verdicts.Trace, float]]:
    """Yield what each exercise does, and how many seconds it took.

    What is shown of any exercise comes from before hidden inputs could be seen: from a room that none were in yet, or,
    where a room has its price, from the time before any.
    """
    if running.renews_cheaply:
        for exercise, cells in exercises:
            yield _timed(partial(verdicts.run_all, running, exercise, cells, secret))
        return
    traces = [_timed(partial(verdicts.run_public, running, *one)) for one in exercises]
    for (exercise, cells), (public, first) in zip(exercises, traces, strict=True):
        trace, second = _timed(partial(verdicts.run_hidden, running, exercise, cells, secret, public))
        yield trace, first + second


def _timed(run: Callable[[], verdicts.Trace]) -> tuple[verdicts.Trace, float]:
    """Return what `run` gives, and how many seconds it took."""
    began = time.monotonic()
    return run(), time.monotonic() - began


def failed(student: str, chapter: str, status: str, reason: str) -> SubmissionResult:
    """Return the result of a submission of which nothing could be run."""
    nothing = {
        exercise.name: ExerciseResult(score=0, max_score=exercise.points, passed=False, message=reason)
        for exercise in of_chapter(chapter)
    }
    return SubmissionResult.model_validate(
        {"student": student, "chapter": chapter, "status": status, "exercises": nothing, "reason": reason}
    )


def picture_of(exercise: Exercise) -> Callable[[Report], str]:
    """Return what turns a report into HTML, or into nothing where a stranger's values cannot be drawn."""
    from course.exercises.display import as_html

    def show(report: Report) -> str:
        try:
            return as_html(report)
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError, AssertionError, OverflowError) as error:
            _log.warning("the report on %s could not be drawn: %s", exercise.name, error)
            return ""

    return show


def _told_failures(attempt: Attempt) -> dict[str, str]:
    told = {
        str(cell): f"{failure.type_name}{f' in line {failure.line}' if failure.line else ''}: {failure.message}"
        for cell, failure in attempt.failures.items()
    }
    return told | {str(cell): f"This cell was stopped. {how}" for cell, how in attempt.deadly.items()}
