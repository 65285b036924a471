"""Who is in a class: the students that nbgrader's gradebook holds, without those that grading itself put there."""

import json
from collections.abc import Collection
from contextlib import suppress

from autograde.classroom.directory import Classroom
from autograde.judging.results import write_private

_NOTE = "added.json"
"""In a class's private folder: who was not in the gradebook until they handed something in."""


def students(classroom: Classroom) -> dict[str, bool]:
    """Return everybody whom the gradebook holds, and whether it knows more of them than the id."""
    from nbgrader.api import Gradebook

    with Gradebook(classroom.api().coursedir.db_url) as gradebook:
        return {one.id: bool(one.first_name or one.last_name or one.email) for one in gradebook.students}


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
    listed = {student for student, known in students(classroom).items() if known or student not in by_grading}
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
