"""Repairs of a notebook as a whole: lost tags and marks, cells that were split, given code that is gone."""

import ast
from collections.abc import Iterable

import nbformat
from nbformat import NotebookNode

from autograde.intake import definitions
from autograde.intake.marks import grade_id
from autograde.intake.mending.bench import Bench, code_cells, place_of


def retag(bench: Bench) -> None:
    """Give cells that were not changed the tags that they were released with."""
    tags = {cell.source.strip(): cell.metadata.get("tags") for cell in bench.given}
    for cell in bench.cells:
        if not cell.metadata.get("tags") and tags.get(cell.source.strip()):
            cell.metadata["tags"] = list(tags[cell.source.strip()])


def recognise_ids(bench: Bench) -> None:
    """Mark cells that lost their metadata and kept their id."""
    there = {grade_id(cell) for cell in bench.cells}
    by_id = {cell.id: name for name, cell in bench.templates.items() if cell.get("id") and name not in there}
    for cell in bench.cells:
        name = by_id.pop(cell.get("id", ""), "")
        if name and not grade_id(cell):
            cell.metadata["nbgrader"] = {"grade_id": name}
            bench.told.append(f"the cell {name} had lost its metadata")


def join_split_cells(bench: Bench) -> None:
    """Put a function together again that was split into two cells in its middle."""
    number = 1
    while number < len(bench.cells):
        first, second = bench.cells[number - 1], bench.cells[number]
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
        del bench.cells[number]
        bench.told.append(f"the cell {grade_id(first) or number} had been split in two")


def mend_others(bench: Bench) -> None:
    """Leave the marks of what an instructor added, such as a free-text answer, on one cell each."""
    ours = {exercise.name for exercise in bench.exercises} | {f"check-{x.name}" for x in bench.exercises}
    for name, template in bench.templates.items():
        if name in ours:
            continue
        marked = bench.marked(name)
        if not marked:
            bench.insert(nbformat.from_dict(template), before=_next_name(bench.templates, name))
            bench.told.append(f"the cell {name} was missing")
            continue
        answered = [cell for cell in marked if cell.source.strip() != template.source.strip()]
        kept = (answered or marked)[-1]
        bench.leave_mark(name, kept, marked)


def put_back_given_code(bench: Bench) -> None:
    """Put back a given cell that is gone while what it brought is still used: imports, most of all."""
    sources = {cell.source.strip() for cell in bench.cells}
    gone = [cell for cell in code_cells(bench.given) if not grade_id(cell) and cell.source.strip() not in sources]
    gone = [cell for cell in gone if not cell.metadata.get("tags") or cell.metadata["tags"] == ["given"]]
    if not gone:
        return
    used, bound = set[str](), set[str]()
    for cell in code_cells(bench.cells):
        tree = definitions.parse(cell.source)
        used |= definitions.globals_of(cell.source) if tree is not None else set()
        for statement in tree.body if tree is not None else ():
            bound |= definitions.bound_by(statement)
    for cell in gone:
        tree = definitions.parse(cell.source)
        brought = {name for one in (tree.body if tree else ()) for name in definitions.bound_by(one)}
        if brought & (used - bound):
            bench.insert(nbformat.from_dict(cell), place=_released_place(bench, cell))
            bench.told.append(f"a given cell was missing: {cell.source.strip().splitlines()[0][:60]}")


def _released_place(bench: Bench, gone: NotebookNode) -> int:
    """Return where a released cell belongs: before the first that was released after it and is still there."""
    after = bench.given[place_of(bench.given, gone) + 1 :]
    ids = {cell.get("id") for cell in after} - {None}
    names = {grade_id(cell) for cell in after} - {""}
    sources = {cell.source.strip() for cell in after}
    for number, cell in enumerate(bench.cells):
        if cell.get("id") in ids or grade_id(cell) in names or cell.source.strip() in sources:
            return number
    return 0


def _next_name(names: Iterable[str], name: str) -> str:
    listed = list(names)
    return next(iter(listed[listed.index(name) + 1 :]), "")


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
