"""Read a chapter's marks back from nbgrader's gradebook.

The gradebook has the last word on every mark: an instructor may have changed one in formgrader. Status, diagnosis and
messages come from the results that are kept beside it.
"""

from dataclasses import dataclass, field
from datetime import datetime

from autograde.classroom.directory import Classroom, ClassroomError, require_released
from autograde.judging.results import SubmissionResult


@dataclass(frozen=True)
class Mark:
    """The marks of one exercise as the gradebook holds them, and what to say about them."""

    score: float
    max_score: float
    diagnosis: str = ""


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
        told = (f"{name}: {mark.diagnosis}" for name, mark in self.exercises.items() if mark.diagnosis)
        return self.reason or " ".join(told)

    @property
    def is_settled(self) -> bool:
        """Whether there is a mark to hand on: a notebook that could not be read is no zero until somebody says so."""
        return self.status != "missing" and not (self.status == "unreadable" and self.score == 0)


@dataclass(frozen=True)
class Marks:
    """The marks of a chapter: every student that the gradebook knows."""

    chapter: str
    max_score: float
    exercises: dict[str, float]
    rows: tuple[Row, ...]


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
            cell.name.removeprefix("check-"): float(cell.max_score)
            for notebook in assignment.notebooks
            for cell in notebook.grade_cells
        }
        submissions = {submission.student.id: submission for submission in gradebook.assignment_submissions(chapter)}
        rows = []
        for student in sorted(gradebook.students, key=lambda one: one.id):
            grades: dict[str, tuple[float, float]] = {}
            penalty, handed_in = 0.0, None
            if student.id in submissions:
                handed_in = submissions[student.id].timestamp
                for notebook in submissions[student.id].notebooks:
                    penalty += float(notebook.late_submission_penalty or 0)
                    for grade in notebook.grades:
                        grades[grade.name.removeprefix("check-")] = (float(grade.score or 0), float(grade.max_score))
            kept = classroom.stored(chapter, student.id)
            marks = _marks(grades, worth, kept)
            rows.append(
                Row(
                    student=student.id,
                    status="missing" if not grades else kept.status if kept is not None else "ok",
                    score=max(0.0, round(sum(mark.score for mark in marks.values()) - penalty, 2)),
                    max_score=sum(worth.values()),
                    exercises=marks,
                    first_name=student.first_name or "",
                    last_name=student.last_name or "",
                    lms_id=student.lms_user_id or "",
                    reason=kept.reason if kept is not None else "",
                    email=student.email or "",
                    penalty=penalty,
                    handed_in=handed_in,
                )
            )
    return Marks(chapter, sum(worth.values()), worth, tuple(rows))


def _marks(
    grades: dict[str, tuple[float, float]], worth: dict[str, float], kept: SubmissionResult | None
) -> dict[str, Mark]:
    marks = {}
    for name, points in worth.items():
        score, max_score = grades.get(name, (0.0, points))
        said = kept.exercises.get(name) if kept is not None else None
        diagnosis = (said.diagnosis or said.message) if said is not None and not said.passed else ""
        marks[name] = Mark(round(score, 2), max_score, diagnosis)
    return marks
