"""Give pages back: one zip file, named as the learning platform named what was handed in, so that it finds everybody.

Moodle takes it as "Upload multiple feedback files in a zip", Canvas as "Upload submissions". Both find a student by the
beginning of a file's name, which `autograde collect` has noted. Pages of others lie in folders of their own.
"""

import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from autograde.classroom.collecting import beginnings
from autograde.classroom.directory import Classroom, ClassroomError, require_released
from autograde.classroom.recording import page_of
from autograde.classroom.roster import several
from autograde.running.ledger import Ledger


@dataclass(frozen=True)
class Packed:
    """Whose pages are in the file, and whose there under no name that a platform knows."""

    students: tuple[str, ...]
    unknown: tuple[str, ...]


def pack(classroom: Classroom, chapter: str, out: Path) -> Packed:
    """Write the pages of a chapter to the zip file `out`, for the owner's eyes alone.

    Raises:
        ClassroomError: there are none, or some do not show what the gradebook holds.
    """
    require_released(classroom, chapter)
    ledger = Ledger(classroom, chapter)
    students = ledger.recorded()
    stale = [student for student in students if not ledger.has_page(student)]
    if stale:
        raise ClassroomError(
            f"{len(stale)} pages are missing or show other marks than the gradebook ({several(stale)}), so nothing was "
            f"packed; `autograde feedback {chapter}` writes them"
        )
    if not students:
        raise ClassroomError(f"nobody has a mark for {chapter} yet; `autograde grade {chapter}` grades it")
    known = beginnings(classroom, chapter)
    out.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in students:
            name = f"{known.get(student, f'{student}/')}{chapter}.html"
            archive.write(page_of(classroom, student, chapter), name)
    Path(beside).replace(out)
    return Packed(tuple(students), tuple(student for student in students if student not in known))
