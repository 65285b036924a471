"""Marks on a cell: nbgrader's, the name under which it knows it, and the course's own tag on a picture."""

from nbformat import NotebookNode

PICTURE_TAG = "picture"
"""Marks a cell whose output is part of the chapter: it is seen before anything runs, and releasing keeps it."""


def grade_id(cell: NotebookNode) -> str:
    """Return the name under which nbgrader knows `cell`, or ""."""
    marks = cell.metadata.get("nbgrader")
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else ""
