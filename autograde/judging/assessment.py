"""Assess one submission: from the bytes of a notebook to marks and messages. Nothing is recorded here."""

import logging
import time
from collections.abc import Callable

from nbformat import NotebookNode

from autograde.intake.handed_in import HandedIn
from autograde.intake.submission import Submission, UnreadableError, mended
from autograde.judging import verdicts
from autograde.judging.results import ExerciseResult, SubmissionResult, failed, gravest
from autograde.sandbox.client import Attempt, Sandbox, SandboxError
from course.checking.report import Report
from course.exercises.catalogue import of_chapter
from course.exercises.exercise import Exercise

_log = logging.getLogger(__name__)


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
            for exercise in of_chapter(chapter):
                cells, started = submission.cells_for(exercise.name), time.monotonic()
                trace = verdicts.run(running, exercise, cells, secret)
                seconds = round(time.monotonic() - started, 2)
                one = verdicts.conclude(exercise, trace, cells, secret, show=picture_of(exercise))
                results[exercise.name] = one.model_copy(update={"seconds": seconds})
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


def picture_of(exercise: Exercise) -> Callable[[Report], str]:
    """Return what turns a report into HTML, or into nothing where a stranger's values cannot be drawn."""
    from course.checking.display import as_html

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
