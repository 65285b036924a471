"""The whole term: students by chapters, each mark as its chapter's own report has it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograde.classroom.directory import Classroom, ClassroomError
from autograde.classroom.marks import Marks, Row, read
from autograde.reporting.attention import Notice, notices
from autograde.reporting.forms import Cells, as_csv, defused_name, for_moodle, grade
from course.exercises.catalogue import CHAPTERS


@dataclass(frozen=True)
class Term:
    """The marks of every chapter that was released to a class."""

    chapters: tuple[Marks, ...]

    @property
    def students(self) -> list[str]:
        """Everybody whom the gradebook knows."""
        return sorted({row.student for marks in self.chapters for row in marks.rows})

    @property
    def max_score(self) -> float:
        """The marks that could be had in all of them."""
        return sum(marks.max_score for marks in self.chapters)

    def rows(self, student: str) -> list[Row]:
        """Return a student's rows, one a chapter."""
        return [next(row for row in marks.rows if row.student == student) for marks in self.chapters]

    def score(self, student: str) -> float:
        """Return what a student has in all chapters together, as far as it is marked."""
        return round(sum(row.score for row in self.rows(student)), 2)


def collect(classroom: Classroom) -> Term:
    """Read the marks of all chapters that were released.

    Raises:
        ClassroomError: none was.
    """
    there = [one for one in CHAPTERS if (classroom.root / "source" / one / f"{one}.ipynb").exists()]
    if not there:
        raise ClassroomError("no chapter was released to this class; `autograde release CHAPTER` does it")
    return Term(tuple(read(classroom, chapter) for chapter in there))


def open_things(classroom: Classroom, term: Term) -> list[tuple[str, Notice]]:
    """Return what needs an instructor's eye, with its chapter."""
    return [(marks.chapter, one) for marks in term.chapters for one in notices(classroom, marks)]


def write(term: Term, form: str, file: TextIO) -> None:
    """Write the term as a table, JSON, CSV, or CSV as Canvas or Moodle imports it."""
    if form == "table":
        _write_table(term, file)
    elif form == "json":
        json.dump(as_json(term), file, indent=2, ensure_ascii=False)
        file.write("\n")
    else:
        file.write(as_csv({"csv": _csv, "canvas": _canvas, "moodle": _moodle}[form](term)))


def as_json(term: Term) -> dict[str, object]:
    """Return the term as REFERENCE_API has it."""
    return {
        "students": {
            student: {
                "score": term.score(student),
                "max_score": term.max_score,
                "chapters": {
                    marks.chapter: {"score": row.score, "max_score": row.max_score, "status": row.status}
                    for marks, row in zip(term.chapters, term.rows(student), strict=True)
                },
            }
            for student in term.students
        }
    }


def as_html(term: Term, classroom: Classroom) -> str:
    """Return the term as a page that needs no network and runs no script."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("term.html.j2").render(
        course=classroom.root.name, term=term, shown=_shown, grade=grade, open_things=open_things(classroom, term)
    )


def _shown(row: Row) -> str:
    """Return a mark for people: "–" for who handed nothing in, "…" after one that waits for a human."""
    return "–" if row.status == "missing" else f"{row.score:g}{' …' if row.waits else ''}"


def _settled(row: Row) -> str:
    return grade(row.score) if row.is_settled else ""


def _csv(term: Term) -> Iterable[Cells]:
    yield ["student", "last_name", "first_name", *(marks.chapter for marks in term.chapters), "score", "max_score"]
    for student in term.students:
        rows = term.rows(student)
        who = [defused_name(text) for text in (student, rows[0].last_name, rows[0].first_name)]
        yield [*who, *map(_settled, rows), term.score(student), term.max_score]


def _canvas(term: Term) -> Iterable[Cells]:
    chapters = [marks.chapter for marks in term.chapters]
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *chapters]
    yield ["    Points Possible", "", "", "", "", *(grade(marks.max_score) for marks in term.chapters)]
    for student in term.students:
        rows = term.rows(student)
        name = ", ".join(filter(None, (rows[0].last_name, rows[0].first_name))) or student
        who = [defused_name(text) for text in (name, rows[0].lms_id, "", student, "")]
        yield [*who, *map(_settled, rows)]


def _moodle(term: Term) -> Iterable[Cells]:
    kinds = ("Real", "Feedback")
    yield ["username", "email", *(f"{marks.chapter} ({kind})" for marks in term.chapters for kind in kinds)]
    for student in term.students:
        rows = term.rows(student)
        who = [defused_name(text) for text in (student, rows[0].email)]
        yield [*who, *(text for row in rows for text in (_settled(row), for_moodle(row.comment)))]


def _write_table(term: Term, file: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title="The term", title_justify="left", title_style="bold")
    shown.add_column("student", overflow="fold")
    for marks in term.chapters:
        shown.add_column(f"{marks.chapter}\nof {marks.max_score:g}", justify="right")
    shown.add_column(f"total\nof {term.max_score:g}", justify="right")
    for student in term.students:
        shown.add_row(Text(student), *map(_shown, term.rows(student)), f"[bold]{term.score(student):g}[/]")
    Console(file=file).print(shown)
