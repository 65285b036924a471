"""Find the cells of a released notebook again in what came back, and put back what is gone. Each repair is a sentence.

A cell is known by nbgrader's `grade_id`, then by its id, then by what it defines, then by its likeness. No repair takes
away code of a student's: what stood in the wrong cell is moved, and what is put back is what was released.
"""

import ast
import difflib
from collections.abc import Iterable, Sequence

import nbformat
from nbformat import NotebookNode

from autograde.intake import definitions
from autograde.intake.notebook_file import UnreadableError
from course.exercises.exercise import Exercise

_ALIKE = 0.8  # of a name with its parameters
_MOST_COMPARED = 500


def mend(notebook: NotebookNode, exercises: Sequence[Exercise], released: NotebookNode | None) -> list[str]:
    """Mend `notebook` in place; return what was done.

    Raises:
        UnreadableError: it holds no cell of this chapter.
    """
    mender = _Mender(notebook, exercises, released)
    mender.mend()
    if exercises and mender.put_back == 2 * len(exercises):
        raise UnreadableError("it holds no cell of this chapter")
    return list(dict.fromkeys(mender.told))


def grade_id(cell: NotebookNode) -> str:
    """Return the name under which nbgrader knows `cell`, or ""."""
    marks = cell.metadata.get("nbgrader")
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else ""


class _Mender:
    def __init__(self, notebook: NotebookNode, exercises: Sequence[Exercise], released: NotebookNode | None) -> None:
        self.notebook, self.exercises, self.released = notebook, exercises, released
        self.told: list[str] = []
        self.put_back = 0
        self.given = list(released.cells) if released else []
        self.templates = {grade_id(cell): cell for cell in self.given if grade_id(cell)}
        names = [exercise.name for exercise in exercises]
        self.known = {*self.templates, *names, *(f"check-{name}" for name in names)}
        self.given_sources = {cell.source.strip() for cell in self.given if not grade_id(cell)}
        self.passed: dict[str, str] = {}  # what a check was rewritten to be called with

    @property
    def cells(self) -> list[NotebookNode]:
        return self.notebook.cells  # type: ignore[no-any-return]

    def mend(self) -> None:
        for cell in self.cells:
            if "nbgrader" in cell.metadata and grade_id(cell) not in self.known:
                del cell.metadata["nbgrader"]
        self._retag()
        self._recognise_ids()
        for exercise in self.exercises:
            self._save_code_in_check(exercise)
        self._join_split_cells()
        for exercise in self.exercises:
            self._mend_solution(exercise)
            self._mend_check(exercise)
        self._mend_others()
        self._put_back_given_code()

    def _marked(self, name: str) -> list[NotebookNode]:
        return [cell for cell in self.cells if grade_id(cell) == name]

    def _retag(self) -> None:
        """Give cells that were not changed the tags that they were released with."""
        tags = {cell.source.strip(): cell.metadata.get("tags") for cell in self.given}
        for cell in self.cells:
            if not cell.metadata.get("tags") and tags.get(cell.source.strip()):
                cell.metadata["tags"] = list(tags[cell.source.strip()])

    def _recognise_ids(self) -> None:
        """Mark cells that lost their metadata and kept their id."""
        there = {grade_id(cell) for cell in self.cells}
        by_id = {cell.id: name for name, cell in self.templates.items() if cell.get("id") and name not in there}
        for cell in self.cells:
            name = by_id.pop(cell.get("id", ""), "")
            if name and not grade_id(cell):
                cell.metadata["nbgrader"] = {"grade_id": name}
                self.told.append(f"the cell {name} had lost its metadata")

    def _save_code_in_check(self, exercise: Exercise) -> None:
        """Move code that a student wrote into a check cell to a cell above it: the check becomes as it was released."""
        name = f"check-{exercise.name}"
        for cell in self._marked(name):
            passed, code = _read_check(cell.source, exercise.name)
            if passed:
                self.passed[exercise.name] = passed
            if cell.cell_type == "code" and code and cell.source.strip() != self._check_source(exercise).strip():
                saved = nbformat.v4.new_code_cell(cell.source)
                self.cells.insert(_place(self.cells, cell), saved)
                self.told.append(f"code stood in the cell {name}")

    def _join_split_cells(self) -> None:
        """Put a function together again that was split into two cells in its middle."""
        number = 1
        while number < len(self.cells):
            first, second = self.cells[number - 1], self.cells[number]
            number += 1
            if not (first.cell_type == second.cell_type == "code") or not definitions.ends_outside(second.source):
                continue
            joined = f"{first.source.rstrip()}\n{second.source}"
            if not _is_python(joined):
                continue
            first.source = joined
            if not grade_id(first) and grade_id(second):
                first.metadata["nbgrader"] = second.metadata["nbgrader"]
            number -= 1
            del self.cells[number]
            self.told.append(f"the cell {grade_id(first) or number} had been split in two")

    def _mend_solution(self, exercise: Exercise) -> None:
        """Leave the mark of a solution on one code cell: the one that holds the answer."""
        name = exercise.name
        marked = self._as_code(name)
        whole = [cell for cell in marked if definitions.definition(cell.source, name) == "whole"]
        kept = whole[-1] if whole else None
        if kept is None:
            kept = self._elsewhere(name, marked)
        if kept is None:
            some = [cell for cell in marked if definitions.definition(cell.source, name) == "stub"]
            kept = (some or marked or [None])[-1]
            kept = kept if kept is not None else self._alike(exercise)
        if kept is None:
            kept = self._put_back(name)
        self._leave_mark(name, kept, marked)
        if definitions.definition(kept.source, name) == "whole":
            self._drop_stubs(name, kept)
        else:
            self._call_by_its_name(exercise, kept)

    def _as_code(self, name: str) -> list[NotebookNode]:
        """Return the cells marked `name`; one that was turned into text becomes code again."""
        for number, cell in enumerate(self.cells):
            if grade_id(cell) == name and cell.cell_type != "code":
                self.cells[number] = nbformat.v4.new_code_cell(_without_fence(cell.source), metadata=cell.metadata)
                self.told.append(f"the cell {name} was no code cell")
        return self._marked(name)

    def _elsewhere(self, name: str, marked: list[NotebookNode]) -> NotebookNode | None:
        """Return a cell without a mark that holds the answer: the last above the check, or else the first below."""
        checks = [number for number, cell in enumerate(self.cells) if grade_id(cell) == f"check-{name}"]
        until = checks[0] if checks else len(self.cells)
        found = [
            (number, cell)
            for number, cell in enumerate(self.cells)
            if cell.cell_type == "code"
            and cell.source.strip() not in self.given_sources
            and definitions.definition(cell.source, name) == "whole"
        ]
        free = [(number, cell) for number, cell in found if not grade_id(cell)]
        if free:
            above = [cell for number, cell in free if number < until]
            missed = f"the answer {name} stood in another cell" if marked else f"the cell {name} had lost its metadata"
            self.told.append(missed)
            return above[-1] if above else free[0][1]
        if not found:
            return None
        other = grade_id(found[-1][1])
        self.told.append(f"the answer {name} stood in the cell {other}")
        note = f"# {name} is answered in the cell {other}."
        if marked:
            marked[-1].source = note
            return marked[-1]
        return self._insert(nbformat.v4.new_code_cell(note), before=f"check-{name}")

    def _alike(self, exercise: Exercise) -> NotebookNode | None:
        """Return the cell without a mark whose function looks most like the exercise's, if one does."""
        template = self.templates.get(exercise.name)
        wanted = _signature(template.source if template is not None else "", exercise.name)
        others = {one.name for one in self.exercises}
        scores: list[tuple[float, int]] = []
        for number, cell in enumerate(self.cells):
            if cell.cell_type != "code" or grade_id(cell) or len(scores) > _MOST_COMPARED:
                continue
            scores += [
                (_likeness(signature, wanted), number)
                for name, signature in definitions.signatures(cell.source)
                if name not in others
            ]
        best = max(scores, default=(0.0, 0))
        if best[0] < _ALIKE:
            return None
        self.told.append(f"the cell {exercise.name} had lost its metadata")
        return self.cells[best[1]]

    def _put_back(self, name: str) -> NotebookNode:
        self.put_back += 1
        self.told.append(f"the cell {name} was missing")
        template = self.templates.get(name)
        cell = nbformat.v4.new_code_cell("") if template is None else nbformat.from_dict(template)
        return self._insert(cell, before=f"check-{name}")

    def _drop_stubs(self, name: str, kept: NotebookNode) -> None:
        """Take out what would put the stub in the place of the answer again."""
        self.notebook.cells = [
            cell
            for cell in self.cells
            if cell is kept
            or cell.cell_type != "code"
            or name not in cell.source
            or grade_id(cell)
            or not definitions.is_only_stub(cell.source, name)
        ]

    def _call_by_its_name(self, exercise: Exercise, kept: NotebookNode) -> None:
        """Give an answer the exercise's name where it was written under another, and there is no doubt which it is."""
        name = exercise.name
        template = self.templates.get(name)
        wanted = _signature(template.source if template is not None else "", name)
        others = {one.name for one in self.exercises}
        here = [(_likeness(text, wanted), called) for called, text in definitions.signatures(kept.source)]
        alike = max((pair for pair in here if pair[1] not in others), default=(0.0, ""))
        called = alike[1] if alike[0] >= _ALIKE else ""
        passed = self.passed.get(name, "")
        if passed and any(definitions.definition(cell.source, passed) == "whole" for cell in _code(self.cells)):
            called = passed
        if not called or called == name:
            return
        checks = [number for number, cell in enumerate(self.cells) if grade_id(cell) == f"check-{name}"]
        defined = [
            number
            for number, cell in enumerate(self.cells)
            if cell.cell_type == "code" and definitions.definition(cell.source, called) == "whole"
        ]
        above = [number for number in defined if not checks or number < checks[-1]]
        if not above and defined and definitions.is_only_stub(kept.source, name):
            kept.source = f"# {name} is called {called}, and stands below its check."  # the stub would hide it
        place = max(_place(self.cells, kept), *(above[-1:] or defined[:1])) + 1
        self.cells.insert(place, nbformat.v4.new_code_cell(f"{name} = {called}"))
        self.told.append(f"the function {name} was called {called}")

    def _check_source(self, exercise: Exercise) -> str:
        template = self.templates.get(f"check-{exercise.name}")
        return template.source if template is not None else f'check("{exercise.name}", {exercise.name})'

    def _mend_check(self, exercise: Exercise) -> None:
        """Put the check cell as it was released where it is, or where it belongs."""
        name = f"check-{exercise.name}"
        marked = self._marked(name)
        if len(marked) > 1:
            self.told.append(f"the cell {name} was there {len(marked)} times")
            for cell in marked[:-1]:
                del self.cells[_place(self.cells, cell)]
        fresh = nbformat.v4.new_code_cell(self._check_source(exercise))
        fresh.metadata["nbgrader"] = self._marks(name, exercise.points)
        same = [cell for cell in _code(self.cells) if cell.source.strip() == fresh.source.strip()]
        if marked:
            old = marked[-1]
            if old.cell_type != "code" or old.source.strip() != fresh.source.strip():
                self.told.append(f"the cell {name} had been changed")
        elif same:
            old = same[0]
            self.told.append(f"the cell {name} had lost its metadata")
        else:
            self.put_back += 1
            self.told.append(f"the cell {name} was missing")
            self._insert(fresh, after=exercise.name)
            return
        fresh.id = old.id
        self.cells[_place(self.cells, old)] = fresh

    def _mend_others(self) -> None:
        """Leave the marks of what an instructor added, such as a free-text answer, on one cell each."""
        ours = {exercise.name for exercise in self.exercises} | {f"check-{x.name}" for x in self.exercises}
        for name, template in self.templates.items():
            if name in ours:
                continue
            marked = self._marked(name)
            if not marked:
                self._insert(nbformat.from_dict(template), before=_next_name(self.templates, name))
                self.told.append(f"the cell {name} was missing")
                continue
            answered = [cell for cell in marked if cell.source.strip() != template.source.strip()]
            kept = (answered or marked)[-1]
            self._leave_mark(name, kept, marked)

    def _leave_mark(self, name: str, kept: NotebookNode, marked: Sequence[NotebookNode]) -> None:
        """Leave the mark `name` on the cell `kept` alone, of all that are `marked` with it."""
        if len(marked) > 1:
            self.told.append(f"the cell {name} was there {len(marked)} times")
        for cell in marked:
            if cell is not kept:
                del cell.metadata["nbgrader"]
        kept.metadata["nbgrader"] = self._marks(name)

    def _put_back_given_code(self) -> None:
        """Put back a given cell that is gone while what it brought is still used: imports, most of all."""
        sources = {cell.source.strip() for cell in self.cells}
        gone = [cell for cell in _code(self.given) if not grade_id(cell) and cell.source.strip() not in sources]
        gone = [cell for cell in gone if not cell.metadata.get("tags") or cell.metadata["tags"] == ["given"]]
        if not gone:
            return
        used, bound = set[str](), set[str]()
        for cell in _code(self.cells):
            tree = definitions.parse(cell.source)
            used |= definitions.globals_of(cell.source) if tree is not None else set()
            for statement in tree.body if tree is not None else ():
                bound |= definitions.bound_by(statement)
        for cell in gone:
            tree = definitions.parse(cell.source)
            brought = {name for one in (tree.body if tree else ()) for name in definitions.bound_by(one)}
            if brought & (used - bound):
                self._insert(nbformat.from_dict(cell), place=self._released_place(cell))
                self.told.append(f"a given cell was missing: {cell.source.strip().splitlines()[0][:60]}")

    def _released_place(self, gone: NotebookNode) -> int:
        """Return where a released cell belongs: before the first that was released after it and is still there."""
        after = self.given[_place(self.given, gone) + 1 :]
        ids = {cell.get("id") for cell in after} - {None}
        names = {grade_id(cell) for cell in after} - {""}
        sources = {cell.source.strip() for cell in after}
        for number, cell in enumerate(self.cells):
            if cell.get("id") in ids or grade_id(cell) in names or cell.source.strip() in sources:
                return number
        return 0

    def _marks(self, name: str, points: int | None = None) -> NotebookNode:
        """Return nbgrader's metadata of a cell: as released, or as the builder writes it."""
        template = self.templates.get(name)
        if template is not None:
            return nbformat.from_dict(dict(template.metadata["nbgrader"]))
        marks: dict[str, object] = {
            "cell_type": "code", "grade": points is not None, "grade_id": name, "locked": points is not None,
            "schema_version": 3, "solution": points is None, "task": False,
        }  # fmt: skip
        return nbformat.from_dict(marks if points is None else {**marks, "points": points})

    def _insert(self, cell: NotebookNode, before: str = "", after: str = "", place: int | None = None) -> NotebookNode:
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


def _code(cells: Iterable[NotebookNode]) -> list[NotebookNode]:
    return [cell for cell in cells if cell.cell_type == "code"]


def _place(cells: Sequence[NotebookNode], cell: NotebookNode) -> int:
    return next(number for number, one in enumerate(cells) if one is cell)  # two cells may be equal


def _next_name(names: Iterable[str], name: str) -> str:
    listed = list(names)
    return next(iter(listed[listed.index(name) + 1 :]), "")


def _read_check(source: str, exercise: str) -> tuple[str, bool]:
    """Return the name that a check was called with instead of the exercise's, and whether there is other code."""
    tree = definitions.parse(source)
    if tree is None:
        return "", "def " in source
    passed, code = "", False
    for statement in tree.body:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Name(id="check"), args=[ast.Constant(called), ast.Name(id=name)])):
                passed = name if called == exercise != name else passed
            case ast.Expr(value=ast.Constant() | ast.Call(func=ast.Name(id="check" | "hint" | "print"))):
                pass
            case _:
                code = True
    return passed, code


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _signature(source: str, name: str) -> str:
    return next((text for called, text in definitions.signatures(source) if called == name), name)


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _without_fence(source: str) -> str:
    """Return the code of a Markdown cell: what stands between ``` marks, or all of it."""
    lines = source.strip().splitlines()
    if len(lines) >= 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return source
