"""Fill marks into a file that the LMS itself exported: Canvas's gradebook, or the grading worksheet of Moodle.

So its own ids, sections, dates and numbers stay as they came, and its importer finds everybody. Students are matched by
what identifies them, by name only where nothing else does; who is not matched by exactly one line is told, not guessed.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograde.classroom.directory import ClassroomError
from autograde.classroom.roster import gist
from autograde.reporting.forms import for_moodle, grade, unsettled
from autograde.reporting.marks import Marks, Row

_ASSIGNMENT = re.compile(r"\s*\(\d+\)\s*$")  # Canvas appends an assignment's number to its name
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_Identities = Callable[[Sequence[str]], set[str]]  # what a line says of who it is

_NOT_STUDENTS = re.compile(r"\s*(Points Possible|Manual Posting|Muted)", re.IGNORECASE)


@dataclass
class Filled:
    """The file as the LMS imports it, and what an instructor should know about it."""

    text: str
    remarks: list[str] = field(default_factory=list)


@dataclass
class _Sheet:
    """A CSV file as it came: its lines of cells, and how it was written."""

    lines: list[list[str]]
    delimiter: str
    ending: str
    mark: str

    def column(self, *names: str) -> int | None:
        """Return the number of the column that has one of `names`, in any case, or None."""
        heading = [text.strip().casefold() for text in self.lines[0]]
        return next((heading.index(name) for name in names if name in heading), None)

    def text(self) -> str:
        file = io.StringIO(newline="")
        csv.writer(file, delimiter=self.delimiter, lineterminator=self.ending).writerows(self.lines)
        return self.mark + file.getvalue()


def fill(marks: Marks, form: str, roster: Path, column: str | None = None) -> Filled:
    """Return the export `roster` of Canvas or Moodle with the marks in it. `column` names Canvas's assignment.

    Raises:
        ClassroomError: it is no such export; the message says what is missing.
    """
    sheet = _read(roster)
    return _fill_canvas(marks, sheet, roster, column) if form == "canvas" else _fill_moodle(marks, sheet, roster)


def _read(path: Path) -> _Sheet:
    data = path.read_bytes()
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    first = text.splitlines()[0] if text else ""
    delimiter = max(",;\t", key=first.count)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    if not lines or len(lines[0]) < 3:
        raise ClassroomError(f"{path} is no CSV file with columns; export the gradebook or the worksheet again")
    return _Sheet(lines, delimiter, "\r\n" if "\r\n" in text else "\n", mark)


def _fill_canvas(marks: Marks, sheet: _Sheet, path: Path, wanted: str | None) -> Filled:
    """Fill in a gradebook as Canvas exports it ("How do I export grades in the Gradebook?", Canvas Instructor Guide).

    Student, ID, SIS User ID, SIS Login ID, Section, then "Name (number)" an assignment; a line of points possible whose
    cells say "(read only)" over the columns that Canvas computes. "EX" is an excused student's.
    """
    number, user, login = sheet.column("id"), sheet.column("sis user id"), sheet.column("sis login id")
    if number is None or sheet.column("student") is None:
        raise ClassroomError(f"{path} is no gradebook of Canvas: it needs the columns Student and ID")
    remarks = []
    place = _assignment(sheet, marks.chapter, wanted)
    possible = next((line for line in sheet.lines[1:] if line and "Points Possible" in line[0]), None)
    if place is None:
        place = len(sheet.lines[0])
        remarks.append(
            f"there is no column for {marks.chapter}, so one was added; Canvas makes a new assignment of it. "
            "Name an existing one with --column"
        )
        for line in sheet.lines:
            line += [""] * (place + 1 - len(line))
        sheet.lines[0][place] = marks.chapter
        if possible is not None:
            possible[place] = grade(marks.max_score)
    title = sheet.lines[0][place]
    if possible is not None and len(possible) > place:
        if "read only" in possible[place]:
            raise ClassroomError(f"Canvas computes the column “{title}” itself; name an assignment's with --column")
        remarks += _other_points(marks, title, possible[place])
    students = [line for line in sheet.lines[1:] if line and not _NOT_STUDENTS.match(" ".join(line))]
    found, told = _match(marks.rows, students, _canvas_identities(number, user, login), 0)
    excused = []
    for line, row in found:
        line += [""] * (place + 1 - len(line))
        if line[place].strip().upper() == "EX":
            excused.append(row.student)
        elif row.is_settled:
            line[place] = grade(row.score)
    if excused:
        remarks.append(f"excused in Canvas, so left alone: {_listed(excused)}")
    return Filled(sheet.text(), remarks + told)


def _assignment(sheet: _Sheet, chapter: str, wanted: str | None) -> int | None:
    """Return the column of the assignment called `wanted`, or like the chapter: "03 Unpooling (1234)"."""
    heading = sheet.lines[0]
    exact = [number for number, title in enumerate(heading) if title == wanted]
    names = [gist(_ASSIGNMENT.sub("", title)) for title in heading]
    alike = exact or [number for number, name in enumerate(names) if name == gist(wanted or chapter)]
    if wanted is not None and not alike:
        raise ClassroomError(f"there is no column “{wanted}”; there are {', '.join(heading[4:])}")
    if len(alike) > 1:
        titles = ", ".join(heading[number] for number in alike)
        raise ClassroomError(f"several columns could be {chapter}: {titles}; name one with --column")
    return alike[0] if alike else None


def _fill_moodle(marks: Marks, sheet: _Sheet, path: Path) -> Filled:
    """Fill in the worksheet of Moodle's "Offline grading worksheet" (MoodleDocs, "Assignment settings").

    Moodle finds a line by its identifier, "Participant 123", and leaves a grade alone that is newer than "Last modified
    (grade)". It takes no grade above the maximum, and none where "Grade can be changed" says No.
    """
    identifier, mark = sheet.column("identifier"), sheet.column("grade")
    if identifier is None or mark is None or sheet.column("last modified (grade)") is None:
        raise ClassroomError(
            f"{path} is no grading worksheet of Moodle in English: it needs the columns Identifier, Grade and "
            "Last modified (grade); set your language to English in Moodle and download it again"
        )
    named = [sheet.column("full name"), sheet.column("id number", "username"), sheet.column("email address")]
    most, open_, said = (sheet.column(x) for x in ("maximum grade", "grade can be changed", "feedback comments"))
    found, told = _match(marks.rows, sheet.lines[1:], _moodle_identities(identifier, named), named[0])
    remarks, locked, commented = list[str](), list[str](), list[str]()
    for line, row in found:
        line += [""] * (len(sheet.lines[0]) - len(line))
        if open_ is not None and line[open_].strip().casefold() == "no":
            locked.append(row.student)
            continue
        if row.is_settled:
            comma = most is not None and re.fullmatch(r"\d+,\d+", line[most].strip())
            line[mark] = f"{row.score:.2f}".replace(".", "," if comma else ".")
        if said is not None and line[said].strip() and row.comment:
            commented.append(row.student)
        elif said is not None:
            line[said] = line[said] or for_moodle(row.comment)
    if most is not None and len(sheet.lines) > 1:
        remarks += _other_points(marks, "Grade", sheet.lines[1][most])
    if locked:
        remarks.append(f"Moodle lets these grades not be changed, so they were left alone: {_listed(locked)}")
    if commented:
        remarks.append(f"there was a comment already, which was kept: {_listed(commented)}")
    return Filled(sheet.text(), remarks + told)


def _canvas_identities(number: int, user: int | None, login: int | None) -> _Identities:
    def of_line(line: Sequence[str]) -> set[str]:
        own = {f"lms:{_cell(line, number)}"}
        for place in (user, login):
            own |= {_cell(line, place), _cell(line, place).partition("@")[0]}
        return own

    return of_line


def _moodle_identities(identifier: int, named: Sequence[int | None]) -> _Identities:
    def of_line(line: Sequence[str]) -> set[str]:
        participant = _NUMBER.findall(_cell(line, identifier))
        own = {f"lms:{participant[-1]}", participant[-1]} if participant else set[str]()
        for place in named[1:]:
            own |= {_cell(line, place), _cell(line, place).partition("@")[0]}
        return own

    return of_line


def _match(
    rows: Sequence[Row], lines: Iterable[list[str]], identities: _Identities, name: int | None
) -> tuple[list[tuple[list[str], Row]], list[str]]:
    """Return each line with its student, where one belongs to the other without doubt, and sentences on the rest."""
    known: dict[str, set[str]] = {}
    names: dict[str, set[str]] = {}
    for row in rows:
        for key in (row.student, row.email, f"lms:{row.lms_id}" if row.lms_id else ""):
            known.setdefault(key.casefold(), set()).add(row.student)
        for full in (f"{row.first_name} {row.last_name}", f"{row.last_name}, {row.first_name}"):
            names.setdefault(full.casefold(), set()).add(row.student)
    by_id = {row.student: row for row in rows}
    claims: dict[str, list[list[str]]] = {}
    unknown, doubtful = list[str](), list[str]()
    for line in lines:
        if not any(cell.strip() for cell in line):
            continue
        hits = {student for key in identities(line) if key for student in known.get(key, ())}
        hits = hits or set(names.get(_cell(line, name), ()))
        if len(hits) == 1:
            claims.setdefault(hits.pop(), []).append(line)
        else:
            (doubtful if hits else unknown).append(_cell(line, name) or " ".join(filter(None, line))[:40])
    found = [(lines[0], by_id[student]) for student, lines in claims.items() if len(lines) == 1]
    twice = [student for student, lines in claims.items() if len(lines) > 1]
    lost = [row.student for row in rows if row.student not in claims and row.is_settled]
    remarks = [
        (lost, "have a mark but no line in the file"),
        (unknown, "are in the file but not in the gradebook"),
        (doubtful, "could be several students, so nothing was written"),
        (twice, "have several lines in the file, so nothing was written"),
        (unsettled(row for _, row in found), "handed in what cannot be read, so no zero was written"),
    ]
    return found, [f"{len(who)} {what}: {_listed(who)}" for who, what in remarks if who]


def _other_points(marks: Marks, title: str, cell: str) -> list[str]:
    """Return the sentence to say where the LMS counts up to another number than the chapter does."""
    points = _NUMBER.search(cell)
    if points is None or float(points[0].replace(",", ".")) == marks.max_score:
        return []
    return [
        f"“{title}” counts up to {points[0]} and {marks.chapter} to {grade(marks.max_score)}; marks were not rescaled, "
        "so set the LMS's maximum to the chapter's before you import"
    ]


def _cell(line: Sequence[str], place: int | None) -> str:
    return line[place].strip().casefold() if place is not None and place < len(line) else ""


def _listed(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
