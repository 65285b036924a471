"""Find the cell that holds an answer, wherever it went, and leave the mark of its exercise on it alone."""

import difflib

import nbformat
from nbformat import NotebookNode

from autograde.intake import definitions
from autograde.intake.marks import grade_id
from autograde.intake.mending.bench import Bench, code_cells, place_of
from course.exercises.exercise import Exercise

_ALIKE = 0.8  # of a name with its parameters
_MOST_COMPARED = 500


def mend_answer(bench: Bench, exercise: Exercise) -> None:
    """Leave the mark of a solution on one code cell: the one that holds the answer."""
    name = exercise.name
    marked = _as_code(bench, name)
    whole = [cell for cell in marked if definitions.definition(cell.source, name) == "whole"]
    kept = whole[-1] if whole else None
    kept = _last_attempt(bench, name, kept) if kept is not None else _elsewhere(bench, name, marked)
    if kept is None:
        some = [cell for cell in marked if definitions.definition(cell.source, name) == "stub"]
        kept = (some or marked or [None])[-1]
        kept = kept if kept is not None else _alike(bench, exercise)
    if kept is None:
        kept = _put_back(bench, name)
    bench.leave_mark(name, kept, marked)
    if definitions.definition(kept.source, name) == "whole":
        _drop_stubs(bench, name, kept)
    else:
        _call_by_its_name(bench, exercise, kept)


def _as_code(bench: Bench, name: str) -> list[NotebookNode]:
    """Return the cells marked `name`; one that was turned into text becomes code again."""
    for number, cell in enumerate(bench.cells):
        if grade_id(cell) == name and cell.cell_type != "code":
            bench.cells[number] = nbformat.v4.new_code_cell(_without_fence(cell.source), metadata=cell.metadata)
            bench.told.append(f"the cell {name} was no code cell")
    return bench.marked(name)


def _last_attempt(bench: Bench, name: str, kept: NotebookNode) -> NotebookNode:
    """Return the last cell below the answer's check that defines it again, which the notebook ends with, or `kept`.

    Above its check a later attempt is run later anyway. A name that is bound otherwise, by a loop say, is no attempt.
    """
    checks = [number for number, cell in enumerate(bench.cells) if grade_id(cell) == f"check-{name}"]
    start = max(place_of(bench.cells, kept), *checks[-1:], 0)
    again = [
        cell
        for cell in bench.cells[start + 1 :]
        if cell.cell_type == "code"
        and not grade_id(cell)
        and cell.source.strip() not in bench.given_sources
        and definitions.defines_anew(cell.source, name)
    ]
    if not again:
        return kept
    bench.told.append(f"the answer {name} was written a second time below its check, and the last one was taken")
    return again[-1]


def _elsewhere(bench: Bench, name: str, marked: list[NotebookNode]) -> NotebookNode | None:
    """Return a cell without a mark that holds the answer: the last above the check, or else the first below."""
    checks = [number for number, cell in enumerate(bench.cells) if grade_id(cell) == f"check-{name}"]
    until = checks[0] if checks else len(bench.cells)
    found = [
        (number, cell)
        for number, cell in enumerate(bench.cells)
        if cell.cell_type == "code"
        and cell.source.strip() not in bench.given_sources
        and definitions.definition(cell.source, name) == "whole"
    ]
    free = [(number, cell) for number, cell in found if not grade_id(cell)]
    if free:
        above = [cell for number, cell in free if number < until]
        missed = f"the answer {name} stood in another cell" if marked else f"the cell {name} had lost its metadata"
        bench.told.append(missed)
        return above[-1] if above else free[0][1]
    if not found:
        return None
    other = grade_id(found[-1][1])
    bench.told.append(f"the answer {name} stood in the cell {other}")
    note = f"# {name} is answered in the cell {other}."
    if marked:
        marked[-1].source = note
        return marked[-1]
    return bench.insert(nbformat.v4.new_code_cell(note), before=f"check-{name}")


def _alike(bench: Bench, exercise: Exercise) -> NotebookNode | None:
    """Return the cell without a mark whose function looks most like the exercise's, if one does."""
    template = bench.templates.get(exercise.name)
    wanted = _signature(template.source if template is not None else "", exercise.name)
    others = {one.name for one in bench.exercises}
    scores: list[tuple[float, int]] = []
    for number, cell in enumerate(bench.cells):
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
    bench.told.append(f"the cell {exercise.name} had lost its metadata")
    return bench.cells[best[1]]


def _put_back(bench: Bench, name: str) -> NotebookNode:
    bench.put_back += 1
    bench.told.append(f"the cell {name} was missing")
    template = bench.templates.get(name)
    cell = nbformat.v4.new_code_cell("") if template is None else nbformat.from_dict(template)
    return bench.insert(cell, before=f"check-{name}")


def _drop_stubs(bench: Bench, name: str, kept: NotebookNode) -> None:
    """Take out what would put the stub in the place of the answer again."""
    bench.notebook.cells = [
        cell
        for cell in bench.cells
        if cell is kept
        or cell.cell_type != "code"
        or name not in cell.source
        or grade_id(cell)
        or not definitions.is_only_stub(cell.source, name)
    ]


def _call_by_its_name(bench: Bench, exercise: Exercise, kept: NotebookNode) -> None:
    """Give an answer the exercise's name where it was written under another, and there is no doubt which it is."""
    name = exercise.name
    template = bench.templates.get(name)
    wanted = _signature(template.source if template is not None else "", name)
    others = {one.name for one in bench.exercises}
    here = [(_likeness(text, wanted), called) for called, text in definitions.signatures(kept.source)]
    alike = max((pair for pair in here if pair[1] not in others), default=(0.0, ""))
    called = alike[1] if alike[0] >= _ALIKE else ""
    passed = bench.passed.get(name, "")
    if passed and any(definitions.definition(cell.source, passed) == "whole" for cell in code_cells(bench.cells)):
        called = passed
    if not called or called == name:
        return
    checks = [number for number, cell in enumerate(bench.cells) if grade_id(cell) == f"check-{name}"]
    defined = [
        number
        for number, cell in enumerate(bench.cells)
        if cell.cell_type == "code" and definitions.definition(cell.source, called) == "whole"
    ]
    above = [number for number in defined if not checks or number < checks[-1]]
    if not above and defined and definitions.is_only_stub(kept.source, name):
        kept.source = f"# {name} is called {called}, and stands below its check."  # the stub would hide it
    place = max(place_of(bench.cells, kept), *(above[-1:] or defined[:1])) + 1
    bench.cells.insert(place, nbformat.v4.new_code_cell(f"{name} = {called}"))
    bench.told.append(f"the function {name} was called {called}")


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
