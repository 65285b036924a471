"""nbgrader's mark on a cell: the name under which it knows it."""

from nbformat import NotebookNode


def grade_id(cell: NotebookNode) -> str:
    """Return the name under which nbgrader knows `cell`, or ""."""
    marks = cell.metadata.get("nbgrader")
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else ""
