"""Lay an LMS's export into a class: submitted/STUDENT/CHAPTER/, and who is who into the gradebook.

Nothing is written before it was shown, and nothing is lost: what a newer file takes the place of is kept in the class's
private folder.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from rich.markup import escape
from rich.table import Table

from autograde.classroom.directory import Classroom, require_released
from autograde.classroom.exports import Export, Piece
from autograde.classroom.roster import Student, gist

What = Literal["new", "newer", "the same"]


@dataclass(frozen=True)
class Planned:
    """What one student handed in: the files, what they are to the class, and how the student was told."""

    student: str
    name: str
    number: str
    files: tuple[Piece, ...]
    what: What
    late: bool
    by: Literal["number", "name", "nothing"]


def plan(classroom: Classroom, chapter: str, export: Export, known: Sequence[Student]) -> list[Planned]:
    """Return what is to be laid where. A student is whom the gradebook knows by the number, or else by the name.

    Raises:
        ClassroomError: the chapter was not released to the class.
    """
    require_released(classroom, chapter)
    by_number = {one.lms_id: one.id for one in known if one.lms_id} | {one.id: one.id for one in known}
    by_name = _by_name(known)
    found: dict[str, list[Piece]] = {}
    for piece in export.pieces:
        found.setdefault(piece.number, []).append(piece)
    planned = []
    for number, pieces in found.items():
        name = pieces[0].name
        student = by_number.get(number) or by_name.get(gist(name)) or number
        by = "number" if number in by_number else "name" if gist(name) in by_name else "nothing"
        what = _compare(classroom, chapter, student, pieces)
        late = any(piece.late for piece in pieces)
        planned.append(Planned(student, name, number, tuple(pieces), what, late, by))  # type: ignore[arg-type]
    return sorted(planned, key=lambda one: one.student)


def table(title: str, planned: Sequence[Planned]) -> Table:
    """Return the plan as a table, a row a student."""
    shown = Table(title=title, title_justify="left", title_style="bold")
    for heading in ("student", "in the export", "files", ""):
        shown.add_column(heading, overflow="fold")
    for one in planned:
        who = f"{one.name} ({one.number}{'' if one.by != 'nothing' else ', not in the gradebook'})"
        files = ", ".join(piece.file for piece in one.files[:3]) + (" …" if len(one.files) > 3 else "")
        shown.add_row(*map(escape, (one.student, who, files, f"{one.what}{', LATE' if one.late else ''}")))
    return shown


def lay(classroom: Classroom, chapter: str, planned: Sequence[Planned]) -> None:
    """Write what was planned."""
    from nbgrader.api import MissingEntry

    for one in planned:
        if one.what == "the same":
            continue
        folder = classroom.folder("submitted", one.student, chapter)
        if folder.exists():
            _keep(classroom, chapter, one.student)
        folder.mkdir(parents=True, exist_ok=True)
        for piece in one.files:
            path = folder / _safe(piece.file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(piece.read())
    with classroom.api().gradebook as gradebook:
        for one in planned:
            if one.by == "nothing":
                first, _, last = one.name.rpartition(" ")
                gradebook.update_or_create_student(
                    one.student, first_name=first or None, last_name=last, lms_user_id=one.number
                )
            elif one.by == "name":
                with suppress(MissingEntry):
                    gradebook.update_or_create_student(one.student, lms_user_id=one.number)


def _by_name(known: Sequence[Student]) -> Mapping[str, str]:
    """Return the ids of those whose name, either way round and without its signs, nobody else has."""
    found: dict[str, set[str]] = {}
    for one in known:
        words = one.name.split()
        for name in {one.name, " ".join([*words[-1:], *words[:-1]])}:
            found.setdefault(gist(name), set()).add(one.id)
    return {name: next(iter(ids)) for name, ids in found.items() if name and len(ids) == 1}


def _compare(classroom: Classroom, chapter: str, student: str, pieces: Sequence[Piece]) -> What:
    folder = classroom.folder("submitted", student, chapter)
    if not folder.exists():
        return "new"
    same = all(
        (folder / _safe(one.file)).is_file() and (folder / _safe(one.file)).read_bytes() == one.read() for one in pieces
    )
    return "the same" if same else "newer"


def _keep(classroom: Classroom, chapter: str, student: str) -> None:
    """Move what was handed in before to the class's private folder."""
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H-%M-%S-%f")
    place = classroom.private / "handed in before" / student / chapter / now
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(classroom.folder("submitted", student, chapter), place)


def _safe(file: str) -> PurePosixPath:
    """Return a file's place below the submission's folder: no way out of it."""
    parts = [part for part in PurePosixPath(file).parts if part not in ("..", ".", "/")]
    return PurePosixPath(*(re.sub(r"[\x00-\x1f]", "_", part) for part in parts[-3:] or ["file"]))
