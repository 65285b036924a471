"""Read what a student handed in, whatever state it is in, and find in it what is to be run.

Nothing here runs a line of it. `notebook_file` makes a notebook of bytes, `mending` finds the cells again that were
lost, doubled, split or changed, and here stands what comes of it: which code belongs to an exercise. Every repair is
told. What cannot be mended is `UnreadableError`, with the reason.
"""

import ast
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from autograde.intake import definitions, mending
from autograde.intake.handed_in import HandedIn
from autograde.intake.marks import grade_id
from autograde.intake.notebook_file import UnreadableError, load, read_bytes
from course.exercises.catalogue import of_chapter
from course.exercises.exercise import Exercise

__all__ = [
    "SKIPPED_TAGS", "Submission", "UnreadableError", "is_check", "mend", "mended", "parse", "read",
    "read_bytes",
]  # fmt: skip

SKIPPED_TAGS = frozenset({"skip-grading", "train", "widget", "setup"})
"""Cells that only install, train, draw or animate are not run."""


@dataclass(frozen=True)
class Submission:
    """A mended notebook: each check cell and each solution cell once, and the code cells to run, in their order."""

    notebook: NotebookNode
    repairs: tuple[str, ...]

    def cells_for(self, exercise: str) -> tuple[str | None, ...]:
        """Return what to run for `exercise`, by the cells' places: source to run, or None.

        These are the cells up to its check. Of other cells, such as one that trains and one that stands below, it is
        what the answer uses by name and no more: in the student's own kernel it was there.
        """
        cells = self.notebook.cells
        cut = self._cut(exercise)
        code = [_to_run(cell) if number < cut else None for number, cell in enumerate(cells)]
        others = {
            number: str(cells[number].source)
            for number in (*reversed(range(cut)), *range(cut, len(cells)))
            if code[number] is None and cells[number].cell_type == "code" and not is_check(cells[number])
        }
        for number, taken in _needed(exercise, [source for source in code if source is not None], others).items():
            code[number] = taken
        last = max((number for number, source in enumerate(code) if source is not None), default=-1)
        return tuple(code[: max(cut, last + 1)])

    def code(self, exercise: str) -> str:
        """Return all code that is run for `exercise`, for who reads it without running it."""
        return "\n\n".join(cell for cell in self.cells_for(exercise) if cell is not None)

    def _cut(self, exercise: str) -> int:
        """Return where to stop: after the solution and its check, whichever comes later."""
        wanted = {exercise, f"check-{exercise}"}
        places = [number for number, cell in enumerate(self.notebook.cells) if grade_id(cell) in wanted]
        return max(places, default=len(self.notebook.cells) - 1) + 1


def is_check(cell: NotebookNode) -> bool:
    """Return whether `cell` is a graded check."""
    return grade_id(cell).startswith("check-")


def mended(handed_in: HandedIn, chapter: str, released: bytes | None) -> Submission:
    """Return the notebook to be run, and all that was mended in it.

    Raises:
        UnreadableError: there is none; the message is a sentence.
    """
    if handed_in.notebook is None:
        raise UnreadableError(handed_in.reason)
    try:
        submission = read(handed_in.notebook, of_chapter(chapter), parse(released))
    except UnreadableError as error:
        raise UnreadableError(f"The notebook could not be read: {error}.") from None
    return Submission(submission.notebook, (*handed_in.repairs, *submission.repairs))


def parse(notebook: bytes | None) -> NotebookNode | None:
    """Return a notebook of the class's own, such as the released one."""
    return None if notebook is None else nbformat.reads(notebook.decode(), as_version=4)


def read(data: bytes, exercises: Sequence[Exercise], released: NotebookNode | None = None) -> Submission:
    """Read a notebook of any version and mend it against the one that was released.

    Raises:
        UnreadableError: it is no notebook.
    """
    notebook, repairs = load(data)
    return mend(notebook, exercises, released, repairs)


def mend(
    notebook: NotebookNode,
    exercises: Sequence[Exercise],
    released: NotebookNode | None = None,
    repairs: Sequence[str] = (),
) -> Submission:
    """Return `notebook` with each check and each solution cell of `exercises` in it once, as nbgrader expects them.

    Raises:
        UnreadableError: it holds no cell of the chapter.
    """
    told = mending.mend(notebook, exercises, released)
    return Submission(notebook, (*repairs, *told))


def _to_run(cell: NotebookNode) -> str | None:
    tags = set() if grade_id(cell) else set(map(str, cell.metadata.get("tags", [])))
    if cell.cell_type != "code" or is_check(cell) or SKIPPED_TAGS & tags or not cell.source.strip():
        return None
    return str(cell.source)


def _needed(exercise: str, cells: list[str], others: dict[int, str]) -> dict[int, str]:
    """Return what of `others` the answer uses by name, and what that uses: statements, by their cell's number.

    Of several that bind a name the first in the order of `others` gives it.
    """
    there = _statements(cells)
    given = there.keys() | definitions.ALWAYS_THERE | _given_by_stars(there)
    missing = ({exercise} | _used(exercise, there)) - given
    if not missing or not any(name in source for name in missing for source in others.values()):
        return {}
    elsewhere: dict[str, tuple[int, list[ast.stmt]]] = {}
    for number, source in others.items():
        for name, statements in _statements([source]).items():
            if "*" in there:  # the name may come from `from torch import *`: for that no loop is to be run
                statements = [one for one in statements if isinstance(one, _PLAIN)]
            if statements:
                elsewhere.setdefault(name, (number, statements))
    taken: dict[int, list[ast.stmt]] = {}
    waiting, seen = sorted(missing), set(missing)
    while waiting:
        number, statements = elsewhere.get(waiting.pop(), (-1, []))
        for statement in statements:
            if statement not in taken.setdefault(number, []):
                taken[number].append(statement)
                used = _globals(statement) - given - seen
                seen |= used
                waiting += sorted(used)
    return {
        number: "\n".join(definitions.unparse(one) or "" for one in sorted(parts, key=lambda one: one.lineno))
        for number, parts in taken.items()
    }


def _statements(cells: list[str]) -> dict[str, list[ast.stmt]]:
    """Return the top-level statements of `cells` by the names that they bind."""
    found: dict[str, list[ast.stmt]] = {}
    for cell in cells:
        tree = definitions.parse(cell)
        for statement in tree.body if tree is not None else ():
            for name in definitions.bound_by(statement):
                found.setdefault(name, []).append(statement)
    return found


_PLAIN = (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)


def _given_by_stars(there: dict[str, list[ast.stmt]]) -> set[str]:
    """Return what is known to come by `from math import *`; of a library that is not loaded here nothing is known."""
    modules = (one.module for one in there.get("*", []) if isinstance(one, ast.ImportFrom) and not one.level)
    return {name for module in modules for name in dir(sys.modules.get(module or "")) if not name.startswith("_")}


def _used(name: str, there: dict[str, list[ast.stmt]]) -> set[str]:
    """Return the names that what is bound to `name` uses, itself and through others."""
    waiting, seen, read = [name], {name}, set[int]()
    while waiting:
        for statement in there.get(waiting.pop(), []):
            if id(statement) not in read:
                read.add(id(statement))
                used = _globals(statement) - seen
                seen |= used
                waiting += used
    return seen - {name}


def _globals(statement: ast.stmt) -> frozenset[str]:
    return definitions.globals_of(definitions.unparse(statement) or "")
