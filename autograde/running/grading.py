"""Grade a chapter for a class: a fleet that runs and judges, one writer to the gradebook, and a table.

What is finished and unchanged since an earlier run is not graded again. A result is kept as soon as it is there, and
noted when the gradebook holds it, so a run that is stopped or killed anywhere is gone on with by the next one.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from autograde.classroom import roster
from autograde.classroom.directory import Classroom, ClassroomError, require_released
from autograde.classroom.recording import Recorder, page_of, write_page
from autograde.intake.handed_in import HandedIn, collect
from autograde.intake.submission import UnreadableError, mended
from autograde.judging import fingerprint
from autograde.judging.results import SubmissionResult, failed
from autograde.running.fleet import Fleet, Lost, open_fleet, usable_cores
from autograde.running.ledger import Ledger, sole_writer
from autograde.running.progress import Progress
from autograde.running.stopping import Stop, stoppable
from autograde.running.work import Done, Task, statements_to_start_early, trouble, work
from autograde.sandbox import cgroups, tiers
from autograde.sandbox.limits import Limits

_STYLES = {"ok": "green", "tampered": "bold red", "unreadable": "red", "infrastructure": "bold red"}


class StoppedError(Exception):
    """The run was stopped; the message says how far it is. `signal` is the number of the signal."""

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal


@dataclass(frozen=True)
class Graded:
    """A submission's result, its feedback page if one was written, and whether all of it was there before."""

    result: SubmissionResult
    page: Path | None = None
    unchanged: bool = False


def grade(
    classroom: Classroom,
    chapter: str,
    students: Sequence[str] = (),
    jobs: int | None = None,
    unsafe: bool = False,
    limits: Limits | None = None,
    console: Console | None = None,
    scheduler: str | None = None,
    regrade: bool = False,
    pages: bool = True,
    function: Callable[[Task], Done] = work,
) -> list[Graded]:
    """Grade what was handed in for `chapter`, of `students` or of all, and record it; write `pages` of feedback.

    A submission that is damaged, hostile or too slow has a verdict like any other and never stops the rest. `jobs`
    worker processes run here, or those of the Dask `scheduler`. With `regrade` nothing counts as finished.

    Raises:
        ClassroomError: the chapter was not released, a student handed nothing in, or another grader is at it.
        SandboxUnavailableError: there are no walls here, and `unsafe` does not say to do without.
        FleetError: there is no scheduler, or no more.
        StoppedError: SIGINT or SIGTERM came; what the gradebook holds is whole.
    """
    require_released(classroom, chapter)
    console = console or Console(stderr=True)
    looked = classroom.survey(chapter)
    for stray in looked.strays:
        _say(console, stray)
    present = looked.students
    missing = [student for student in students if student not in present]
    if missing:
        raise ClassroomError(f"nothing was handed in for {chapter} by {', '.join(missing)}")
    wanted = [student for student in present if not students or student in students]
    warning = ""
    if not unsafe and scheduler is None:
        warning = tiers.probe().warning
        cgroups.detect()  # before there are workers: they are to be born where it makes room
    if not wanted:
        return []
    with sole_writer(classroom), stoppable() as stop:
        before = {one.id for one in roster.students(classroom)}
        returning = sorted(
            student for student in wanted if student not in before and classroom.stored(chapter, student) is not None
        )
        for student in returning:
            _say(console, f"{student} was taken out of the gradebook since, and comes back with this submission.")
        roster.note_added(classroom, set(wanted) - before)
        run = _Run(classroom, chapter, limits or classroom.limits(), unsafe, regrade, console, stop)
        if warning:
            run.say(warning)
        run.grade(wanted, min(jobs or usable_cores(), len(wanted)), scheduler, function, pages)
        for remark in roster.remarks(classroom, present):
            _say(console, remark)
    return [run.graded[student] for student in wanted]


class _Run:
    """One run over a chapter's submissions."""

    def __init__(
        self,
        classroom: Classroom,
        chapter: str,
        limits: Limits,
        unsafe: bool,
        regrade: bool,
        console: Console,
        stop: Stop,
    ) -> None:
        self._classroom, self._chapter, self._regrade = classroom, chapter, regrade
        self._console, self._stop = console, stop
        self._secret, self._released = classroom.secret, classroom.released_bytes(chapter)
        self._given = classroom.root / "release" / chapter
        self._environment = fingerprint.environment(chapter)
        self._limits, self._unsafe = limits, unsafe
        self._ledger, self._recorder = Ledger(classroom, chapter), Recorder(classroom, chapter)
        self.graded: dict[str, Graded] = {}

    def grade(
        self,
        students: Sequence[str],
        jobs: int,
        scheduler: str | None,
        function: Callable[[Task], Done],
        pages: bool,
    ) -> None:
        """Fill `graded`."""
        waiting = [student for student in students if not self._go_on(student)]
        self._check_stopped(len(students))
        if waiting:
            first = statements_to_start_early(self._chapter, self._limits, self._unsafe) if function is work else ""
            with open_fleet(min(jobs, len(waiting)), scheduler, self.say, first) as fleet:
                self._assess(fleet, waiting, function)
                self._check_stopped(len(students))
                if pages and scheduler is None:
                    self._write_pages(fleet)
                    return
        lacking = sum(map(self._lacks_page, students))
        if pages and lacking:  # workers elsewhere cannot see the class, so those here write its pages
            with open_fleet(min(jobs, lacking), say=self.say) as fleet:
                self._write_pages(fleet)

    def renew_pages(self, jobs: int | None) -> tuple[list[str], int]:
        """Write the pages that do not show what the gradebook holds; return whose, and how many did show it."""
        current = 0
        for student in self._ledger.recorded():
            kept = self._classroom.stored(self._chapter, student)
            if kept is None or kept.status == "infrastructure":
                continue
            if self._ledger.has_page(student):
                current += 1
            else:
                self.graded[student] = Graded(kept, unchanged=True)
        lacking = list(self.graded)
        if lacking:
            with open_fleet(min(jobs or usable_cores(), len(lacking)), say=self.say) as fleet:
                self._write_pages(fleet)
        return [student for student in lacking if not self._lacks_page(student)], current

    def say(self, sentence: str) -> None:
        """Tell who grades what they should know, while it runs."""
        _say(self._console, sentence)

    def _check_stopped(self, total: int) -> None:
        if self._stop.is_set():
            done = sum(one.result.status != "infrastructure" for one in self.graded.values())
            raise StoppedError(
                f"stopped; {done} of {total} submissions are recorded, and the same command goes on from there",
                self._stop.signal,
            )

    def _task(self, student: str) -> Task:
        handed_in = collect(
            self._classroom.folder("submitted", student, self._chapter), student, self._chapter, self._given
        )
        return Task(
            handed_in, self._chapter, self._secret, self._released, self._environment, self._limits, self._unsafe
        )

    def _go_on(self, student: str) -> bool:
        """Take over what an earlier run finished, record what it could not any more; return whether that is all."""
        if self._stop.is_set():
            return True
        if set("[]*?") & set(student):
            sentence = "nbgrader cannot hold an id with one of [ ] * ? in it; rename the folder."
            self.graded[student] = Graded(failed(student, self._chapter, "infrastructure", sentence))
            return True
        kept = None if self._regrade else self._classroom.stored(self._chapter, student)
        if kept is None or not kept.fingerprint:
            return False
        task = self._task(student)
        if kept.fingerprint != task.number:
            return False
        if self._ledger.is_recorded(student, self._ledger.number(kept.fingerprint, task.handed_in)):
            page = page_of(self._classroom, student, self._chapter)
            has_page = self._ledger.has_page(student)
            self.graded[student] = Graded(kept, page if has_page else None, unchanged=True)
        else:
            try:
                notebook = nbformat.writes(mended(task.handed_in, self._chapter, self._released).notebook).encode()
            except UnreadableError:
                notebook = None
            self._record(kept, notebook, task.handed_in)
        return True

    def _assess(self, fleet: Fleet, students: Sequence[str], function: Callable[[Task], Done]) -> None:
        tasks = map(self._task, students)
        outcomes = fleet.map(function, tasks, self._stop, again=lambda done: done.result.status == "infrastructure")
        with closing(outcomes), Progress(f"Grading {self._chapter}", len(students), self._console) as progress:
            for task, outcome in outcomes:
                done = trouble(task, outcome.reason) if isinstance(outcome, Lost) else outcome
                if done.result.status == "infrastructure":  # no verdict: it stays out, to be graded again
                    self.graded[task.student] = Graded(done.result)
                else:
                    self._record(done.result, done.notebook, task.handed_in)
                progress.advance()

    def _record(self, result: SubmissionResult, notebook: bytes | None, handed_in: HandedIn) -> None:
        student = result.student
        try:
            self._classroom.store(result)
            with self._ledger.recording(student, self._ledger.number(result.fingerprint, handed_in)):
                self._recorder.record(result, notebook, handed_in)
            self.graded[student] = Graded(result)
        except ClassroomError as error:
            self.graded[student] = Graded(failed(student, self._chapter, "infrastructure", str(error)))
        except (OSError, ValueError) as error:  # a full disk, a name that no file system holds: this one's trouble
            reason = f"It could not be recorded: {error!r}."
            self.graded[student] = Graded(failed(student, self._chapter, "infrastructure", reason))

    def _lacks_page(self, student: str) -> bool:
        one = self.graded.get(student)
        return one is not None and one.page is None and one.result.status != "infrastructure"

    def _write_pages(self, fleet: Fleet) -> None:
        """Write the pages that are missing. One that fails is told, and costs no verdict."""
        lacking = [student for student in self.graded if self._lacks_page(student)]
        classroom, chapter = self._classroom, self._chapter
        outcomes = fleet.map(_write_page, [(classroom, chapter, student) for student in lacking], self._stop)
        with closing(outcomes), Progress("Feedback pages", len(lacking), self._console, "pages") as progress:
            for (_, _, student), outcome in outcomes:
                if isinstance(outcome, Lost):
                    self.say(f"{student}'s feedback page could not be written: {outcome.reason}")
                else:
                    self._ledger.wrote_page(student)
                    self.graded[student] = replace(self.graded[student], page=page_of(classroom, student, chapter))
                progress.advance()
        self._ledger.note_marks(student for student in lacking if not self._lacks_page(student))
        self._check_stopped(len(self.graded))


def renew_pages(
    classroom: Classroom, chapter: str, jobs: int | None = None, console: Console | None = None
) -> tuple[list[str], int]:
    """Write the feedback pages anew that do not show what the gradebook holds now. Nothing is graded.

    Return whose pages were written, and how many pages showed it already.

    Raises:
        ClassroomError: the chapter was not released, or a grader is at it.
        StoppedError: SIGINT or SIGTERM came.
    """
    require_released(classroom, chapter)
    with sole_writer(classroom), stoppable() as stop:
        run = _Run(classroom, chapter, classroom.limits(), False, False, console or Console(stderr=True), stop)
        return run.renew_pages(jobs)


def _say(console: Console, sentence: str) -> None:
    console.print(f"autograde: {sentence}", style="yellow", highlight=False, soft_wrap=True, markup=False)


def _write_page(what: tuple[Classroom, str, str]) -> None:
    classroom, chapter, student = what
    write_page(classroom, chapter, student)


def has_verdicts(graded: Sequence[Graded]) -> bool:
    """Return whether every submission has a verdict that is in the gradebook."""
    return all(one.result.status != "infrastructure" for one in graded)


def remarks(graded: Sequence[Graded]) -> list[str]:
    """Return what to say below the table: what was not graded again, and which walls the others were run in."""
    said = []
    unchanged = sum(one.unchanged for one in graded)
    if unchanged:
        said.append(f"{unchanged} of {len(graded)} were finished and unchanged, and were not graded again.")
    tiers = sorted({one.result.tier for one in graded if one.result.tier})
    if tiers:
        said.append(f"Isolation: {', '.join(tiers)}")
    return said


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
