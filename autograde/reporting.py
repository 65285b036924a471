"""Read a chapter's marks back from nbgrader's gradebook and print them, for people, programs and an LMS.

The gradebook has the last word on every mark: an instructor may have changed one in formgrader. Status, diagnosis and
messages come from the results that are kept beside it.
"""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TextIO

from autograde.classroom import Classroom, ClassroomError, require_released
from autograde.results import SubmissionResult


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

    @property
    def comment(self) -> str:
        """What to tell the student in one line."""
        told = (f"{name}: {mark.diagnosis}" for name, mark in self.exercises.items() if mark.diagnosis)
        return self.reason or " ".join(told)


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
            penalty = 0.0
            if student.id in submissions:
                for notebook in submissions[student.id].notebooks:
                    penalty += float(notebook.late_submission_penalty or 0)
                    for grade in notebook.grades:
                        grades[grade.name.removeprefix("check-")] = (float(grade.score or 0), float(grade.max_score))
            names = (student.first_name or "", student.last_name or "", student.lms_user_id or "")
            rows.append(_row(student.id, names, grades, worth, penalty, classroom.stored(chapter, student.id)))
    return Marks(chapter, sum(worth.values()), worth, tuple(rows))


def _row(
    student: str,
    names: tuple[str, str, str],
    grades: dict[str, tuple[float, float]],
    worth: dict[str, float],
    penalty: float,
    kept: SubmissionResult | None,
) -> Row:
    marks = {}
    for name, points in worth.items():
        score, max_score = grades.get(name, (0.0, points))
        said = kept.exercises.get(name) if kept is not None else None
        diagnosis = (said.diagnosis or said.message) if said is not None and not said.passed else ""
        marks[name] = Mark(round(score, 2), max_score, diagnosis)
    total = max(0.0, round(sum(mark.score for mark in marks.values()) - penalty, 2))
    status = "missing" if not grades else kept.status if kept is not None else "ok"
    reason = kept.reason if kept is not None else ""
    return Row(student, status, total, sum(worth.values()), marks, *names, reason)


def write(marks: Marks, form: str, file: TextIO) -> None:
    """Write `marks` to `file` as a table, JSON, CSV, or CSV as Canvas or Moodle imports it."""
    if form == "table":
        _write_table(marks, file)
    elif form == "json":
        json.dump(as_json(marks), file, indent=2, ensure_ascii=False)
        file.write("\n")
    else:
        rows = {"csv": csv_rows, "canvas": canvas_rows, "moodle": moodle_rows}[form](marks)
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([_defuse(value) for value in row] for row in rows)
        file.write(text.getvalue())


def as_json(marks: Marks) -> dict[str, object]:
    """Return the marks as REFERENCE_API has them."""
    students = {
        row.student: {
            "score": row.score,
            "max_score": row.max_score,
            "status": row.status,
            "exercises": {
                name: {"score": mark.score, "max_score": mark.max_score, "diagnosis": mark.diagnosis}
                for name, mark in row.exercises.items()
            },
        }
        for row in marks.rows
    }
    return {"students": students}


def csv_rows(marks: Marks) -> Iterable[list[object]]:
    """Yield one line a student, with everything."""
    names = list(marks.exercises)
    yield ["student", *names, "score", "max_score", "status", "comment"]
    for row in marks.rows:
        scores = [row.exercises[name].score for name in names]
        yield [row.student, *scores, row.score, row.max_score, row.status, row.comment]


def canvas_rows(marks: Marks) -> Iterable[list[object]]:
    """Yield a gradebook as Canvas imports it: five columns that say who, one for the assignment, points in line two.

    Canvas matches a student by ID or SIS Login ID; ours is the student's id in nbgrader.
    """
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", marks.chapter]
    yield ["    Points Possible", "", "", "", "", f"{marks.max_score:g}"]
    for row in marks.rows:
        name = ", ".join(filter(None, (row.last_name, row.first_name))) or row.student
        yield [name, row.lms_id, "", row.student, "", "" if row.status == "missing" else f"{row.score:g}"]


def moodle_rows(marks: Marks) -> Iterable[list[object]]:
    """Yield grades as Moodle's CSV import takes them: the user name to match by, the grade, and feedback."""
    yield ["username", f"{marks.chapter} (Real)", f"{marks.chapter} (Feedback)"]
    for row in marks.rows:
        yield [row.student, "" if row.status == "missing" else f"{row.score:g}", row.comment]


def _defuse(value: object) -> object:
    """Keep a spreadsheet from reading a text as a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value


def _write_table(marks: Marks, file: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from autograde.grading import legend, notes

    shown = Table(title=marks.chapter, title_justify="left", title_style="bold")
    shown.add_column("student", overflow="fold")
    for number in range(1, len(marks.exercises) + 1):
        shown.add_column(str(number), justify="right")
    shown.add_column("total", justify="right", no_wrap=True)
    shown.add_column("status", no_wrap=True)
    for row in marks.rows:
        scores = [f"{mark.score:g}" for mark in row.exercises.values()]
        shown.add_row(Text(row.student), *scores, f"{row.score:g} / {row.max_score:g}", row.status)
    console = Console(file=file)
    for part in (shown, *legend(list(marks.exercises)), *notes([(row.student, row.comment) for row in marks.rows])):
        console.print(part)
