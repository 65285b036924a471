"""What needs an instructor's eye: whatever grading left open, at the top of each report, with what to do about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograde.classroom.directory import Classroom
from autograde.classroom.marks import BY_HAND, Marks, Row
from autograde.classroom.roster import several
from autograde.intake.handed_in import LEFT_OUT
from autograde.intake.mending import SECOND_ATTEMPT
from autograde.judging.results import SubmissionResult
from autograde.running.ledger import Ledger
from autograde.running.table import lacking

_UNREMARKABLE = ("ok", "missing", BY_HAND)


@dataclass(frozen=True)
class Notice:
    """One kind of thing that is open: what, with whom, and what to do."""

    what: str
    students: tuple[str, ...]
    then: str = ""

    def __str__(self) -> str:
        """Return it as a sentence for the terminal."""
        who = f": {several(self.students)}" if self.students else ""
        return f"{self.what}{who}. {self.then}".rstrip()


def notices(classroom: Classroom, marks: Marks) -> tuple[Notice, ...]:
    """Return what is open in a chapter, the gravest first."""
    chapter = marks.chapter
    handed_in = classroom.survey(chapter)
    results = {row.student: classroom.stored(chapter, row.student) for row in marks.rows if row.status != "missing"}
    found = [_by_status(status, marks.rows) for status in sorted({row.status for row in marks.rows})]
    ungraded = [one for one in handed_in.students if one not in results]
    found.append(_notice("handed in and are not in the gradebook", ungraded, f"Run `autograde grade {chapter}`."))
    newer = [student for student in handed_in.students if student in results and _is_newer(classroom, chapter, student)]
    found.append(_notice("handed in anew since they were graded", newer, f"Run `autograde grade {chapter}`."))
    waiting = [f"{row.student} ({', '.join(row.waits)})" for row in marks.rows if row.waits]
    found.append(_notice("wait for a mark by hand", waiting, "Mark them in formgrader."))
    old = [row.student for row in marks.rows if any(mark.looks_old for mark in row.exercises.values())]
    found.append(_notice("were marked by hand and recorded anew since", old, "See whether the marks still hold."))
    found += [Notice(sentence.rstrip("."), ()) for sentence in lacking([one for one in results.values() if one])]
    for said, what, then in (
        (SECOND_ATTEMPT, "answered something a second time below its check", "The last attempt was taken."),
        (LEFT_OUT, "handed in other files as well", "Only the notebook is graded."),
    ):
        found.append(_notice(what, _with_repair(results, said), then))
    ledger = Ledger(classroom, chapter)
    stale = [student for student, one in results.items() if one is not None and not ledger.has_page(student)]
    found.append(_notice("have no page that shows these marks", stale, f"`autograde feedback {chapter}` writes it."))
    found += [Notice(stray.rstrip("."), ()) for stray in handed_in.strays]
    return tuple(one for one in found if one is not None)


def _by_status(status: str, rows: Sequence[Row]) -> Notice | None:
    """Return who has a status that tells of an incident."""
    who = [row.student for row in rows if row.status == status and status not in _UNREMARKABLE]
    return _notice(f"{'is' if len(who) == 1 else 'are'} *{status}*", who, "docs/THREAT_MODEL.md says what to do.")


def _notice(what: str, students: Iterable[str], then: str) -> Notice | None:
    who = tuple(students)
    return Notice(f"{len(who)} {what}", who, then) if who else None


def _with_repair(results: dict[str, SubmissionResult | None], said: str) -> list[str]:
    return [student for student, one in results.items() if one and any(said in repair for repair in one.repairs)]


def _is_newer(classroom: Classroom, chapter: str, student: str) -> bool:
    """Return whether a file of a submission is younger than what was graded of it."""
    graded = classroom.folder("autograded", student, chapter) / f"{chapter}.ipynb"
    try:
        newest = max(path.lstat().st_mtime for path in classroom.folder("submitted", student, chapter).iterdir())
        return newest > graded.stat().st_mtime
    except (OSError, ValueError):
        return False
