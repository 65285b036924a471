"""What leaves the house of a graded chapter: marks for people, programs and an LMS, and the instructor's page.

`marks` reads them from the gradebook, `forms` and `rosters` write CSV, `page` the HTML with what `items` and
`similarity` find.
"""

import sys
from pathlib import Path

from autograde.classroom.directory import Classroom, ClassroomError
from autograde.reporting.forms import as_json, unsettled, write
from autograde.reporting.marks import Mark, Marks, Row, read

__all__ = ["Mark", "Marks", "Row", "as_json", "publish", "read", "write"]


def publish(
    classroom: Classroom,
    chapter: str,
    form: str,
    out: Path | None = None,
    roster: Path | None = None,
    column: str | None = None,
) -> None:
    """Write the marks of `chapter` in one of the forms, to `out` or standard output; what to know goes to stderr.

    Raises:
        ClassroomError: the chapter was not released, or the options do not fit together.
    """
    if roster is not None and form not in ("canvas", "moodle"):
        raise ClassroomError(f"--roster fills in an export of an LMS; it goes with canvas or moodle, not with {form}")
    if column is not None and (form != "canvas" or roster is None):
        raise ClassroomError("--column names an assignment in Canvas's export; it goes with --format canvas --roster")
    if form == "html":
        out = out or classroom.root / "reports" / f"{chapter}.html"
    if out is not None:
        _keep_from_students(classroom, out)
    marks = read(classroom, chapter)
    if form == "html":
        from autograde.reporting.page import write_page
        from autograde.reporting.papers import collect

        assert out is not None
        write_page(collect(classroom, marks), classroom, out.resolve())
        print(f"Report: {out}")
        return
    if roster is not None:
        from autograde.reporting.rosters import fill

        filled = fill(marks, form, roster, column)
        _deliver(filled.text, out)
        _remark(filled.remarks)
        return
    if out is None:
        write(marks, form, sys.stdout)
    else:
        with out.open("w", encoding="utf-8", newline="") as file:
            write(marks, form, file)
    empty = unsettled(marks.rows)
    if form in ("canvas", "moodle") and empty:
        _remark([f"handed in what cannot be read, so the mark was left empty: {', '.join(empty)}"])


def _keep_from_students(classroom: Classroom, out: Path) -> None:
    """Refuse a place that students' files are released from or collected to."""
    for folder in ("feedback", "release", "submitted", "source", "autograded"):
        if out.resolve().is_relative_to((classroom.root / folder).resolve()):
            raise ClassroomError(f"{out} is inside {folder}/, which nbgrader hands out or takes in; name another --out")


def _deliver(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8", newline="")


def _remark(remarks: list[str]) -> None:
    for remark in remarks:
        print(f"autograde: {remark}", file=sys.stderr)
