"""Grade a chapter for a class: sandboxes side by side, then one writer to the gradebook, and a table."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from rich.console import Console, Group
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autograde.assessment import assess_folder, failed
from autograde.classroom import Classroom, ClassroomError, require_released
from autograde.recording import Recorder
from autograde.results import SubmissionResult
from autograde.sandbox import bubblewrap
from autograde.sandbox.limits import Limits

_STYLES = {"ok": "green", "unreadable": "red", "infrastructure": "bold red"}


@dataclass(frozen=True)
class Graded:
    """A submission's result and its feedback page, if one was written."""

    result: SubmissionResult
    page: Path | None = None


def grade(
    classroom: Classroom,
    chapter: str,
    students: Sequence[str] = (),
    jobs: int | None = None,
    unsafe: bool = False,
    limits: Limits | None = None,
    console: Console | None = None,
) -> list[Graded]:
    """Grade what was handed in for `chapter`, of `students` or of all, and record it.

    A submission that is damaged, hostile or too slow has a verdict like any other and never stops the rest.

    Raises:
        ClassroomError: the chapter was not released, or a student handed nothing in.
        SandboxUnavailableError: there are no walls here, and `unsafe` does not say to do without.
    """
    require_released(classroom, chapter)
    present = classroom.students(chapter)
    missing = [student for student in students if student not in present]
    if missing:
        raise ClassroomError(f"nothing was handed in for {chapter} by {', '.join(missing)}")
    wanted = [student for student in present if not students or student in students]
    if not unsafe:
        bubblewrap.probe()
    recorder = Recorder(classroom, chapter) if wanted else None
    graded: list[Graded] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console or Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"Grading {chapter}", total=len(wanted))
        for result, notebook in _assess_all(classroom, chapter, wanted, jobs or os.cpu_count() or 1, unsafe, limits):
            assert recorder is not None
            graded.append(_record(recorder, result, notebook))
            progress.advance(task)
    return sorted(graded, key=lambda one: one.result.student)


def _assess_all(
    classroom: Classroom, chapter: str, students: Sequence[str], jobs: int, unsafe: bool, limits: Limits | None
) -> Iterator[tuple[SubmissionResult, NotebookNode | None]]:
    """Yield each result as soon as it is there; a failure of the grader's own is tried once more."""
    released, secret = classroom.released(chapter), classroom.secret

    def one(student: str) -> tuple[SubmissionResult, NotebookNode | None]:
        folder = classroom.folder("submitted", student, chapter)
        if set("[]*?") & set(student):
            sentence = "nbgrader cannot hold an id with one of [ ] * ? in it; rename the folder."
            return failed(student, chapter, "infrastructure", sentence), None
        for _ in range(2):
            try:
                result, submission = assess_folder(folder, student, chapter, secret, released, limits, unsafe)
            except Exception as error:  # a fault of ours must cost one submission a second look, not the batch
                result, submission = (
                    failed(student, chapter, "infrastructure", f"The grader itself failed: {error!r}."),
                    None,
                )
            if result.status != "infrastructure":
                break
        return result, submission.notebook if submission is not None else None

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        running = [pool.submit(one, student) for student in students]
        try:
            for future in as_completed(running):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _record(recorder: Recorder, result: SubmissionResult, notebook: NotebookNode | None) -> Graded:
    """Record a result; a submission without a verdict stays out of the gradebook, to be graded again."""
    if result.status == "infrastructure":
        return Graded(result)
    try:
        return Graded(result, recorder.record(result, notebook))
    except ClassroomError as error:
        return Graded(failed(result.student, result.chapter, "infrastructure", str(error)))
    except (OSError, ValueError) as error:  # a full disk, a name that no file system holds: this one's trouble alone
        return Graded(failed(result.student, result.chapter, "infrastructure", f"It could not be recorded: {error!r}."))


def has_verdicts(graded: Sequence[Graded]) -> bool:
    """Return whether every submission has a verdict that is in the gradebook."""
    return all(one.result.status != "infrastructure" for one in graded)


def table(chapter: str, results: Sequence[SubmissionResult]) -> Group:
    """Return the marks as a table, a row a student and a numbered column an exercise, and what to say to whom first."""
    names = list(results[0].exercises) if results else []
    shown = Table(title=chapter, title_justify="left", title_style="bold")
    shown.add_column("student", overflow="fold")
    for number in range(1, len(names) + 1):
        shown.add_column(str(number), justify="right")
    shown.add_column("total", justify="right", no_wrap=True)
    shown.add_column("status", no_wrap=True)
    for result in results:
        marks = [f"{result.exercises[name].score:g}" for name in names]
        total = f"[bold]{result.score:g}[/] / {result.max_score:g}"
        status = f"[{_STYLES.get(result.status, 'yellow')}]{result.status}[/]"
        shown.add_row(escape(result.student), *marks, total, status)
    return Group(shown, *legend(names), *notes([(one.student, one.diagnosis) for one in results]))


def legend(names: Sequence[str]) -> list[Text]:
    """Return the line that says which exercise each number is."""
    return [Text(" · ".join(f"{number} {name}" for number, name in enumerate(names, start=1)), style="dim")]


def notes(said: Sequence[tuple[str, str]]) -> list[Table]:
    """Return what to say to each student about whom there is something to say."""
    listing = Table.grid(padding=(0, 2))
    for student, diagnosis in said:
        if diagnosis:
            listing.add_row(Text(student), Text(shorten(diagnosis)))
    return [Table.grid(), listing] if listing.row_count else []


def shorten(text: str, length: int = 160) -> str:
    """Return the beginning of `text` on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
