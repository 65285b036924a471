"""Read a chapter's marks back from nbgrader's gradebook.

The gradebook has the last word on every mark: an instructor may have changed one in formgrader. Status, diagnosis and
messages come from the results that are kept beside it. Tables, pages, reports and exports all show what is read here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from autograde.classroom.contents import points_of
from autograde.classroom.directory import Classroom, ClassroomError, require_released
from autograde.classroom.roster import several
from autograde.judging.results import ExerciseResult, SubmissionResult

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from sqlalchemy.orm import InstrumentedAttribute

BY_HAND = "by hand"
"""The status of who is graded but for what a human marks: the mark is not whole yet."""

WAITS = "It waits for a mark by hand."
GIVEN = "Your instructor gave this mark."
_ROUNDED = 0.006  # marks are kept with two decimals


@dataclass(frozen=True)
class Mark:
    """The marks of one exercise as the gradebook holds them, and what to say about them."""

    score: float
    max_score: float
    diagnosis: str = ""
    waits: bool = False
    """Whether it is to be marked by hand and nobody has."""
    looks_old: bool = False
    """Whether it was marked by hand and handed in or recorded anew since."""


@dataclass(frozen=True)
class Row:
    """One student. Without a submission the status is "missing"."""

    student: str
    status: str
    score: float
    max_score: float
    exercises: dict[str, Mark] = field(default_factory=dict)
    first_name: str = ""
    last_name: str = ""
    lms_id: str = ""
    reason: str = ""
    email: str = ""
    penalty: float = 0.0
    """Points that nbgrader takes off for being late."""
    handed_in: datetime | None = None

    @property
    def comment(self) -> str:
        """What to tell the student in one line."""
        told = [f"{name}: {one.diagnosis}" for name, one in self.exercises.items() if one.diagnosis and not one.waits]
        told = [self.reason] if self.reason else told
        return " ".join([*told, *([f"Not marked yet: {', '.join(self.waits)}."] if self.waits else [])])

    @property
    def waits(self) -> tuple[str, ...]:
        """What of it is to be marked by hand and nobody has."""
        return tuple(name for name, mark in self.exercises.items() if mark.waits)

    @property
    def is_settled(self) -> bool:
        """Whether there is a mark to hand on.

        A notebook that could not be read is no zero until somebody says so, and a mark is none before it is whole.
        """
        return self.status != "missing" and not (self.status == "unreadable" and self.score == 0) and not self.waits


@dataclass(frozen=True)
class Marks:
    """The marks of a chapter: every student that the gradebook knows."""

    chapter: str
    max_score: float
    exercises: dict[str, float]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class _Grade:
    """What the gradebook says of one cell of one student's."""

    score: float
    waits: bool
    looks_old: bool
    comment: str = ""


def read(classroom: Classroom, chapter: str) -> Marks:
    """Read the marks of `chapter` from the gradebook.

    Raises:
        ClassroomError: the chapter was not released.
    """
    require_released(classroom, chapter)
    from nbgrader.api import MissingEntry

    with classroom.api().gradebook as gradebook:
        try:
            assignment = gradebook.find_assignment(chapter)
        except MissingEntry:
            raise ClassroomError(
                f"{chapter} is not in the gradebook; `autograde release {chapter}` puts it there"
            ) from None
        worth = {
            plain_name(cell.name): float(cell.max_score)
            for notebook in assignment.notebooks
            for cell in (*notebook.grade_cells, *notebook.task_cells)
        }
        given = _grades(gradebook, assignment.id)
        submissions = {submission.student_id: submission for submission in gradebook.assignment_submissions(chapter)}
        rows = []
        for student in sorted(gradebook.students, key=lambda one: one.id):
            grades, submission = given.get(student.id, {}), submissions.get(student.id)
            kept = classroom.stored(chapter, student.id)
            marks = _marks(grades, worth, kept)
            penalty = float(submission.late_submission_penalty or 0) if submission is not None else 0.0
            rows.append(
                Row(
                    student=student.id,
                    status=_status(bool(grades), kept, marks),
                    score=max(0.0, round(sum(mark.score for mark in marks.values()) - penalty, 2)),
                    max_score=sum(worth.values()),
                    exercises=marks,
                    first_name=student.first_name or "",
                    last_name=student.last_name or "",
                    lms_id=student.lms_user_id or "",
                    reason=kept.reason if kept is not None else "",
                    email=student.email or "",
                    penalty=penalty,
                    handed_in=submission.timestamp if submission is not None else None,
                )
            )
    return Marks(chapter, sum(worth.values()), worth, tuple(rows))


def disagreements(classroom: Classroom, chapter: str) -> list[str]:
    """Return sentences on where source, release and gradebook say otherwise what is graded and for how many points."""
    from nbgrader.api import MissingEntry

    source, given = (points_of(classroom.root / step / chapter / f"{chapter}.ipynb") for step in ("source", "release"))
    with classroom.api().gradebook as gradebook:
        try:
            notebooks = gradebook.find_assignment(chapter).notebooks
        except MissingEntry:
            notebooks = []
        held = {one.name: float(one.max_score) for book in notebooks for one in (*book.grade_cells, *book.task_cells)}
    said = []
    for name, other in (("the release", given), ("the gradebook", held)):
        differ = sorted(cell for cell in source.keys() | other.keys() if source.get(cell) != other.get(cell))
        told = [f"{plain_name(one)} ({_points(source, one)} and {_points(other, one)})" for one in differ]
        if told:
            said.append(
                f"The source and {name} disagree on what is graded: {several(told)}. "
                f"`autograde release {chapter}` makes them one; once something is graded, only points may change."
            )
    return said


def _points(there: Mapping[str, float], cell: str) -> str:
    return f"{there[cell]:g}" if cell in there else "none"


def plain_name(cell: str) -> str:
    """Return the name of a graded cell as people know it: that of its exercise, or its own."""
    return cell.removeprefix("check-")


def why(score: float, points: float, result: ExerciseResult | None, waits: bool = False, comment: str = "") -> str:
    """Return the first thing to say about a mark: what waits, that it is an instructor's, or what grading found."""
    if waits:
        return WAITS
    if result is None:
        return comment
    found = "" if result.passed else result.diagnosis or result.message
    share = result.score / result.max_score if result.max_score else 0.0
    if abs(share * points - score) > _ROUNDED:
        found = GIVEN
    return " ".join(filter(None, (found, comment)))


def waiting(gradebook: "Gradebook", assignment: str, student: str) -> set[str]:
    """Return what of one submission is to be marked by hand and nobody has, by the names of its cells."""
    found = _grades(gradebook, gradebook.find_assignment(assignment).id, student).get(student, {})
    return {name for name, grade in found.items() if grade.waits}


def _grades(gradebook: "Gradebook", assignment: str, student: str = "") -> dict[str, dict[str, _Grade]]:
    """Return what the gradebook holds, by student and cell, in as few questions as it takes."""
    from nbgrader.api import BaseCell, Comment, Grade, SubmittedAssignment, SubmittedNotebook

    def asked(*columns: "InstrumentedAttribute[object]") -> list[tuple[object, ...]]:
        table = columns[0].class_
        query = gradebook.db.query(SubmittedAssignment.student_id, BaseCell.name, *columns).select_from(table)
        query = query.join(BaseCell, table.cell_id == BaseCell.id)
        query = query.join(SubmittedNotebook, table.notebook_id == SubmittedNotebook.id)
        query = query.join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        query = query.filter(SubmittedAssignment.assignment_id == assignment)
        return list(query.filter(SubmittedAssignment.student_id == student) if student else query)

    said = {(who, plain_name(str(name))): str(text or "") for who, name, text in asked(Comment.manual_comment)}
    found: dict[str, dict[str, _Grade]] = {}
    for who, cell, score, is_open, manual in asked(Grade.score, Grade.needs_manual_grade, Grade.manual_score):
        name, old = plain_name(str(cell)), bool(is_open) and manual is not None
        one = _Grade(float(str(score or 0)), bool(is_open) and not old, old, said.get((who, name), ""))
        found.setdefault(str(who), {})[name] = one
    return found


def _status(has_grades: bool, kept: SubmissionResult | None, marks: Mapping[str, Mark]) -> str:
    if not has_grades:
        return "missing"
    status = kept.status if kept is not None else "ok"
    return BY_HAND if status == "ok" and any(mark.waits for mark in marks.values()) else status


def _marks(grades: Mapping[str, _Grade], worth: dict[str, float], kept: SubmissionResult | None) -> dict[str, Mark]:
    marks = {}
    for name, points in worth.items():
        grade = grades.get(name, _Grade(0.0, False, False))
        said = kept.exercises.get(name) if kept is not None else None
        told = why(grade.score, points, said, grade.waits, grade.comment)
        marks[name] = Mark(round(grade.score, 2), points, told, grade.waits, grade.looks_old)
    return marks
