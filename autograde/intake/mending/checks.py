"""Put check cells as they were released; what a student wrote into one is kept in a cell above it."""

import ast

import nbformat

from autograde.intake import definitions
from autograde.intake.mending.bench import Bench, code_cells, place_of
from course.exercises.exercise import Exercise


def save_code(bench: Bench, exercise: Exercise) -> None:
    """Move code that a student wrote into a check cell to a cell above it: the check becomes as it was released."""
    name = f"check-{exercise.name}"
    for cell in bench.marked(name):
        passed, code = _read_check(cell.source, exercise.name)
        if passed:
            bench.passed[exercise.name] = passed
        if cell.cell_type == "code" and code and cell.source.strip() != _check_source(bench, exercise).strip():
            saved = nbformat.v4.new_code_cell(cell.source)
            bench.cells.insert(place_of(bench.cells, cell), saved)
            bench.told.append(f"code stood in the cell {name}")


def mend_check(bench: Bench, exercise: Exercise) -> None:
    """Put the check cell as it was released where it is, or where it belongs."""
    name = f"check-{exercise.name}"
    marked = bench.marked(name)
    if len(marked) > 1:
        bench.told.append(f"the cell {name} was there {len(marked)} times")
        for cell in marked[:-1]:
            del bench.cells[place_of(bench.cells, cell)]
    fresh = nbformat.v4.new_code_cell(_check_source(bench, exercise))
    fresh.metadata["nbgrader"] = bench.marks(name, exercise.points)
    same = [cell for cell in code_cells(bench.cells) if cell.source.strip() == fresh.source.strip()]
    if marked:
        old = marked[-1]
        if old.cell_type != "code" or old.source.strip() != fresh.source.strip():
            bench.told.append(f"the cell {name} had been changed")
    elif same:
        old = same[0]
        bench.told.append(f"the cell {name} had lost its metadata")
    else:
        bench.put_back += 1
        bench.told.append(f"the cell {name} was missing")
        bench.insert(fresh, after=exercise.name)
        return
    fresh.id = old.id
    bench.cells[place_of(bench.cells, old)] = fresh


def _check_source(bench: Bench, exercise: Exercise) -> str:
    template = bench.templates.get(f"check-{exercise.name}")
    return template.source if template is not None else f'check("{exercise.name}", {exercise.name})'


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
