"""Definitions that came too early: their decorator, default or base stands further down, and was there in the kernel.

A student writes and runs cells in any order. When a definition raises a NameError while a notebook is graded, it is
tried again behind the last cell.
"""

import ast
from dataclasses import dataclass

from autograde.sandbox.elsewhere import raising

_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


@dataclass(frozen=True)
class TooEarly:
    """A statement that needs a name from further down, at its place in its cell, and what its names stood for then."""

    source: str
    before: dict[str, object]

    def still_missing(self, names: dict[str, object]) -> bool:
        """Return whether nothing further down has given its names to something else: that would be the later one."""
        return all(names.get(name) is value for name, value in self.before.items())


def came_too_early(cell: str, error: BaseException, names: dict[str, object]) -> list[TooEarly]:
    """Return the definition of a cell that raised for want of a name, if that is what happened."""
    if not isinstance(error, NameError) or isinstance(error, UnboundLocalError):
        return []
    return [
        TooEarly(_alone(cell, one), {name: names.get(name) for name in _bound(one)})
        for one in raising(cell, error, names)
        if isinstance(one, _DEFINES)
    ]


def _alone(cell: str, statement: ast.stmt) -> str:
    """Return a statement by itself, each line at its number, so that an error in it names the line that was written."""
    first = min(node.lineno for node in (statement, *getattr(statement, "decorator_list", ())))
    lines = cell.split("\n")
    return "\n".join(["#"] * (first - 1) + lines[first - 1 : statement.end_lineno])


def _bound(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return [statement.name] if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []
