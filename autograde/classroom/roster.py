"""Who is in a class: the students that nbgrader's gradebook holds, without those that grading itself put there."""

import json
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from autograde.classroom.directory import Classroom
from autograde.judging.results import write_private

_NOTE = "added.json"
"""In a class's private folder: who was not in the gradebook until they handed something in."""


@dataclass(frozen=True)
class Student:
    """A student as the gradebook holds one; what it does not know is ""."""

    id: str
    name: str = ""
    email: str = ""
    lms_id: str = ""


def students(classroom: Classroom) -> list[Student]:
    """Return everybody whom the gradebook holds."""
    with classroom.api().gradebook as gradebook:
        return [
            Student(
                one.id,
                f"{one.first_name or ''} {one.last_name or ''}".strip(),
                one.email or "",
                str(one.lms_user_id or ""),
            )
            for one in gradebook.students
        ]


def gist(name: str) -> str:
    """Return a name without case, spaces and signs, by which two spellings of it are one."""
    return re.sub(r"[\W_]+", "", name).casefold()


def added(classroom: Classroom) -> frozenset[str]:
    """Return whom grading has put into the gradebook."""
    with suppress(OSError, ValueError, TypeError):
        return frozenset(map(str, json.loads((classroom.private / _NOTE).read_text())))
    return frozenset()


def note_added(classroom: Classroom, students: Collection[str]) -> None:
    """Remember whom grading puts into the gradebook."""
    known = added(classroom)
    if not known >= set(students):
        write_private(classroom.private / _NOTE, json.dumps(sorted(known | set(students))) + "\n")


def remarks(classroom: Classroom, handed_in: Collection[str]) -> list[str]:
    """Return what to say of the roster when those who `handed_in` have been graded.

    Where nobody put students into the gradebook there is no roster, and nothing to say.
    """
    by_grading = added(classroom)
    listed = {one.id for one in students(classroom) if one.name or one.email or one.id not in by_grading}
    if not listed:
        return []
    said = []
    lacking = sorted(listed - set(handed_in))
    if lacking:
        said.append(f"{len(lacking)} of {len(listed)} on the roster handed nothing in: {_several(lacking)}.")
    strangers = sorted(set(handed_in) - listed)
    if strangers:
        said.append(
            f"{len(strangers)} handed in and {'is' if len(strangers) == 1 else 'are'} not on the roster, "
            f"but in the gradebook now: {_several(strangers)}."
        )
    return said


def _several(names: list[str], most: int = 12) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
