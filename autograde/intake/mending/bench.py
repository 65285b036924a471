"""The notebook on the bench: what came back, what was released, and what has been done so far."""

from collections.abc import Iterable, Sequence

import nbformat
from nbformat import NotebookNode

from autograde.intake.marks import grade_id
from course.exercises.exercise import Exercise


class Bench:
    """A notebook under repair. `told` are the repairs so far, `put_back` how many of our cells were not there."""

    def __init__(self, notebook: NotebookNode, exercises: Sequence[Exercise], released: NotebookNode | None) -> None:
        self.notebook, self.exercises = notebook, exercises
        self.told: list[str] = []
        self.put_back = 0
        self.given = list(released.cells) if released else []
        self.templates = {grade_id(cell): cell for cell in self.given if grade_id(cell)}
        names = [exercise.name for exercise in exercises]
        self.known = {*self.templates, *names, *(f"check-{name}" for name in names)}
        self.given_sources = {cell.source.strip() for cell in self.given if not grade_id(cell)}
        self.passed: dict[str, str] = {}
        """What an exercise's check was rewritten to be called with."""

    @property
    def cells(self) -> list[NotebookNode]:
        """The cells as they stand now."""
        return self.notebook.cells  # type: ignore[no-any-return]

    def marked(self, name: str) -> list[NotebookNode]:
        """Return the cells that bear the mark `name`."""
        return [cell for cell in self.cells if grade_id(cell) == name]

    def leave_mark(self, name: str, kept: NotebookNode, marked: Sequence[NotebookNode]) -> None:
        """Leave the mark `name` on the cell `kept` alone, of all that are `marked` with it."""
        if len(marked) > 1:
            self.told.append(f"the cell {name} was there {len(marked)} times")
        for cell in marked:
            if cell is not kept:
                del cell.metadata["nbgrader"]
        kept.metadata["nbgrader"] = self.marks(name)

    def marks(self, name: str, points: int | None = None) -> NotebookNode:
        """Return nbgrader's metadata of a cell: as released, or as the builder writes it."""
        template = self.templates.get(name)
        if template is not None:
            return nbformat.from_dict(dict(template.metadata["nbgrader"]))
        marks: dict[str, object] = {
            "cell_type": "code", "grade": points is not None, "grade_id": name, "locked": points is not None,
            "schema_version": 3, "solution": points is None, "task": False,
        }  # fmt: skip
        return nbformat.from_dict(marks if points is None else {**marks, "points": points})

    def insert(self, cell: NotebookNode, before: str = "", after: str = "", place: int | None = None) -> NotebookNode:
        """Put `cell` in: at a place, before or after the cell of a name, or at the end; its id becomes its own."""
        names = [grade_id(present) for present in self.cells]
        taken = {present.id for present in self.cells}
        while cell.get("id") in taken:
            cell["id"] = nbformat.v4.new_code_cell("").id
        if place is None and before and before in names:
            place = names.index(before)
        if place is None and after and after in names:
            place = names.index(after) + 1
        self.cells.insert(len(self.cells) if place is None else place, cell)
        return cell


def code_cells(cells: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Return those of `cells` that hold code."""
    return [cell for cell in cells if cell.cell_type == "code"]


def place_of(cells: Sequence[NotebookNode], cell: NotebookNode) -> int:
    """Return where `cell` itself stands among `cells`."""
    return next(number for number, one in enumerate(cells) if one is cell)  # two cells may be equal
