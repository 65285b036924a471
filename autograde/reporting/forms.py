"""Write marks as a table, as JSON, and as CSV for a spreadsheet, Canvas or Moodle."""

import csv
import html
import io
import json
import re
from collections.abc import Iterable
from typing import TextIO

from autograde.reporting.marks import Marks, Row

Cells = list[object]

_DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")  # what makes a spreadsheet read a text as a formula, OWASP, "CSV Injection"
_HARMLESS_NAME = re.compile(r"[-+@]?\w[\w.@'+-]*( [\w.@'+-]+)*")  # nothing in it that a formula could call or divide by


def write(marks: Marks, form: str, file: TextIO) -> None:
    """Write `marks` to `file` as a table, JSON, CSV, or CSV as Canvas or Moodle imports it."""
    if form == "table":
        _write_table(marks, file)
    elif form == "json":
        json.dump(as_json(marks), file, indent=2, ensure_ascii=False)
        file.write("\n")
    else:
        file.write(as_csv({"csv": csv_rows, "canvas": canvas_rows, "moodle": moodle_rows}[form](marks)))


def as_csv(rows: Iterable[Cells]) -> str:
    """Return `rows` as the text of a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


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


def csv_rows(marks: Marks) -> Iterable[Cells]:
    """Yield one line a student, with everything."""
    names = list(marks.exercises)
    yield ["student", *names, "score", "max_score", "status", "comment"]
    for row in marks.rows:
        scores = [row.exercises[name].score for name in names]
        yield [defused_name(row.student), *scores, row.score, row.max_score, row.status, defused(row.comment)]


def canvas_rows(marks: Marks) -> Iterable[Cells]:
    """Yield a gradebook as Canvas imports it: five columns that say who, one for the assignment, points in line two.

    Canvas looks for a student by ID, then by SIS User ID, SIS Login ID and name ("How do I import grades in the
    Gradebook?", Canvas Instructor Guide); the login is the student's id in nbgrader. A column whose name does not end
    in the number of an assignment, "Name (123)", becomes a new assignment: `--roster` fills in an existing one.
    """
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", marks.chapter]
    yield ["    Points Possible", "", "", "", "", grade(marks.max_score)]
    for row in marks.rows:
        name = ", ".join(filter(None, (row.last_name, row.first_name))) or row.student
        who = [defused_name(text) for text in (name, row.lms_id, "", row.student, "")]
        yield [*who, grade(row.score) if row.is_settled else ""]


def moodle_rows(marks: Marks) -> Iterable[Cells]:
    """Yield grades as Moodle's gradebook imports them ("Grade import", MoodleDocs).

    Its form maps `username` or `email` to a user, and each other column to a grade or its feedback. Both
    must be mapped: "If both columns are not included then all grades for that activity will be lost."
    """
    yield ["username", "email", f"{marks.chapter} (Real)", f"{marks.chapter} (Feedback)"]
    for row in marks.rows:
        who = [defused_name(text) for text in (row.student, row.email)]
        yield [*who, grade(row.score) if row.is_settled else "", for_moodle(row.comment)]


def grade(score: float) -> str:
    """Return a mark with at most two decimals, as an LMS shows it: "11.5".

    >>> grade(11.5), grade(12.0), grade(1234.25)
    ('11.5', '12', '1234.25')
    """
    return f"{score:.2f}".rstrip("0").rstrip(".")


def for_moodle(comment: str) -> str:
    """Return a comment as Moodle stores it, which is HTML: what a student's code said must not become any."""
    return defused(html.escape(comment, quote=False))


def defused(text: str) -> str:
    """Keep a spreadsheet from reading a text as a formula."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def defused_name(text: str) -> str:
    """Do so for what an LMS looks a student up by, and leave alone what is no formula: "-anna", "+49 170", "@ben".

    >>> defused_name("-anna"), defused_name("=1+1"), defused_name("-2+cmd|' /C calc'!A0")
    ('-anna', "'=1+1", "'-2+cmd|' /C calc'!A0")
    """
    return text if _HARMLESS_NAME.fullmatch(text) else defused(text)


def unsettled(rows: Iterable[Row]) -> list[str]:
    """Return the students whose notebook could not be read and who have no mark by hand: their cell stays empty."""
    return [row.student for row in rows if row.status == "unreadable" and not row.is_settled]


def _write_table(marks: Marks, file: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from autograde.running.grading import legend, notes

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
