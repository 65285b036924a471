"""Assess one submission: from the bytes of a notebook to marks and messages. Nothing is recorded here."""

import logging
from collections.abc import Callable
from pathlib import Path

from nbformat import NotebookNode

from autograde import verdicts
from autograde.intake import Submission, UnreadableError, find_notebook, mend, read, read_bytes
from autograde.results import ExerciseResult, SubmissionResult, gravest
from autograde.sandbox.client import Attempt, Sandbox, SandboxError
from autograde.sandbox.limits import Limits
from course.exercises.catalogue import of_chapter
from course.exercises.checking import Report
from course.exercises.exercise import Exercise

_PRELOADED = ("matplotlib.pyplot", "course.plotting")
"""What the chapters' first cell imports beside torch: once a submission, not once an exercise."""

_log = logging.getLogger(__name__)


def assess_folder(
    folder: Path,
    student: str,
    chapter: str,
    secret: str,
    released: NotebookNode | None = None,
    limits: Limits | None = None,
    unsafe: bool = False,
) -> tuple[SubmissionResult, Submission | None]:
    """Assess what a student handed in, whatever it is; return the result and the mended notebook, if there is one.

    Raises:
        SandboxUnavailableError: there are no walls here, and `unsafe` does not say to do without.
    """
    try:
        path, renamed = find_notebook(folder, chapter)
        submission = read(read_bytes(path), of_chapter(chapter), released)
        submission = Submission(submission.notebook, (*renamed, *submission.repairs))
    except (UnreadableError, OSError) as error:
        return failed(student, chapter, "unreadable", f"The notebook could not be read: {error}."), None
    return assess(submission, student, chapter, secret, limits, unsafe), submission


def assess_notebook(
    notebook: NotebookNode,
    student: str,
    chapter: str,
    secret: str,
    released: NotebookNode | None = None,
    unsafe: bool = False,
) -> SubmissionResult:
    """Assess a notebook that nbgrader has read."""
    return assess(mend(notebook, of_chapter(chapter), released), student, chapter, secret, unsafe=unsafe)


def assess(
    submission: Submission,
    student: str,
    chapter: str,
    secret: str,
    limits: Limits | None = None,
    unsafe: bool = False,
) -> SubmissionResult:
    """Run a mended notebook in a sandbox of its own and judge what it does."""
    results: dict[str, ExerciseResult] = {}
    output, failures = "", dict[str, str]()
    try:
        with Sandbox(limits, unsafe, _PRELOADED) as sandbox:
            exercises = [(exercise, submission.cells_for(exercise.name)) for exercise in of_chapter(chapter)]
            # All public cases before any hidden one: what is shown comes from before hidden inputs could be seen.
            traces = [verdicts.run_public(sandbox, exercise, cells) for exercise, cells in exercises]
            for (exercise, cells), public in zip(exercises, traces, strict=True):
                trace = verdicts.run_hidden(sandbox, exercise, cells, secret, public)
                results[exercise.name] = verdicts.conclude(exercise, trace, cells, secret, show=picture_of(exercise))
                output = public.seen.output or output
                failures |= _told_failures(public.seen)
    except SandboxError as error:
        return failed(student, chapter, "infrastructure", f"The grader itself failed: {error}.")
    status = gravest([one.status for one in results.values()])
    reason = "" if status == "ok" else next((r.message for r in results.values() if r.status == status), "")
    return SubmissionResult(
        student=student, chapter=chapter, status=status, exercises=results, reason=reason,
        repairs=submission.repairs, output=output, failures=failures,
    )  # fmt: skip


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
