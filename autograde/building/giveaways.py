"""Find what gives an exercise away: code of its chapter, above its check or right below, that answers it.

Two plain cases are found, and a chapter with one of them is not built:

1. a function that can be called like the answer and is right on the public cases;
2. a cell that takes all the telling steps of the reference. A step is an operator of torch that the reference calls,
   a slice with a step (`[::2]`) or a window (`[a : a + n]`); it tells something unless every other program takes it too
   (`view`, `sum`, …), or the task itself names it between backticks.

What is not found: an answer in prose or in a widget, a solution by another way than the reference's, plain arithmetic,
a function that needs a variable which only running the chapter would set, and one that answers no more than a part of
the cases. A function that calls what the exercise forbids gives nothing away.
"""

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Sequence

from autograde.building import stubs
from autograde.building.chapter import Cell, ChapterError
from course.checking.answers import Answers
from course.checking.calling import call
from course.checking.guard import find_in_function
from course.checking.judging import judge
from course.exercises.exercise import Exercise

_EVERYDAY = """
view reshape flatten unflatten permute transpose movedim squeeze unsqueeze expand expand_as view_as contiguous size
zeros ones full empty new_zeros new_ones new_full new_empty zeros_like ones_like arange tensor as_tensor from_numpy
rand randn randint manual_seed stack cat where clamp sum mean min max amin amax argmax abs any all equal
to type long int float double item tolist numel numpy clone detach no_grad backward requires_grad_ copy_
"""
"""Operators that say nothing of how an exercise is solved."""

_Function = Callable[..., object]


def refuse_giveaways(chapter: str, cells: Sequence[Cell], exercise: Exercise, known: Answers) -> None:
    """Raise if a cell of `chapter` gives `exercise` away; `known` are its public cases and what the reference does.

    Raises:
        ChapterError: the first such cell, and what in it does so.
    """
    task = next((cell.text for cell in cells if _is(cell, "exercise", exercise)), "")
    telling = telling_steps(exercise, task)
    names: dict[str, object] = {}
    for number, cell in enumerate(cells, start=1):
        if not _is_near(cells, number - 1, exercise):
            continue
        where = f"{chapter}, cell {number} stands above or right below the check of {exercise.name} and"
        source = stubs.given_cell(cell.argument) if cell.directive == "given" else cell.text
        for name, function in _functions_of(source, names):
            if _answers(exercise, known, function):
                raise ChapterError(f"{where} has an answer to it: the function {name}")
        if telling and telling <= steps_of(source):
            raise ChapterError(f"{where} takes its steps: {', '.join(sorted(telling))}")


def telling_steps(exercise: Exercise, task: str) -> set[str]:
    """Return the steps of the reference that a student has to find: neither everyday ones nor named in the `task`."""
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", task))))
    return steps_of(stubs.given_cell(exercise.reference)) - set(_EVERYDAY.split()) - named


def steps_of(source: str) -> set[str]:
    """Return the steps that source takes: operators of torch by their names, and slices with a step or of a window."""
    import torch
    import torch.nn.functional as F

    steps = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if any(hasattr(of, name) for of in (torch, torch.Tensor, F)):
                steps.add(name)
            case ast.Slice(step=ast.expr()):
                steps.add("[::n]")
            case ast.Slice(upper=ast.BinOp(op=ast.Add())):
                steps.add("[a : a + n]")
    return steps


def _is(cell: Cell, directive: str, exercise: Exercise) -> bool:
    return cell.directive == directive and cell.argument == exercise.name


def _is_near(cells: Sequence[Cell], place: int, exercise: Exercise) -> bool:
    """Return whether the cell at `place` holds code and stands above the check, or is the first with code below it."""
    if not _holds_code(cells[place]):
        return False
    check = next((number for number, cell in enumerate(cells) if _is(cell, "check", exercise)), len(cells))
    return place < check or not any(_holds_code(cell) for cell in cells[check + 1 : place])


def _holds_code(cell: Cell) -> bool:
    return cell.directive in ("code", "figure", "train", "given")


def _functions_of(source: str, names: dict[str, object]) -> Iterator[tuple[str, _Function]]:
    """Yield the functions that a cell defines, with its imports and constants in `names`; nothing else of it runs."""
    for statement in ast.parse(source).body:
        if not isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef) and not _is_constant(
            statement
        ):
            continue
        try:
            exec(compile(ast.Module([statement], []), "<chapter>", "exec"), names)
        except Exception:  # it needs something that only running the chapter would make
            continue
        if isinstance(statement, ast.FunctionDef):
            yield statement.name, names[statement.name]  # type: ignore[misc]  # a def binds a function


def _is_constant(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return all(isinstance(node, _LITERAL) for node in ast.walk(value))
    return False


_LITERAL = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop,
            ast.expr_context)  # fmt: skip


def _answers(exercise: Exercise, known: Answers, function: _Function) -> bool:
    """Return whether `function` is right on every public case, without a call that the exercise forbids."""
    if find_in_function(function, exercise.forbidden):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return all(
            judge(exercise, case.name, expected, call(exercise, function, case)).passed
            for case, expected in zip(known.cases, known.expected, strict=True)
        )
