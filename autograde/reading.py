"""Read an answer's source on the trusted side: does it call what the exercise forbids?

The sandbox looks too, but what it says can be forged. Only the answer counts and what it uses by name, so that a cell
which compares with the library's own operator costs nothing.
"""

import ast
from dataclasses import dataclass
from functools import lru_cache

from autograde.definitions import KEPT, globals_of, parse, unparse
from course.exercises.guard import find_in_source
from course.exercises.guard import imports as meaning_of

TOO_DEEP = "code that is nested too deeply to be read"
"""Stands for a path where an answer runs but cannot be followed, as nobody writes it who has nothing to hide."""


def forbidden_calls(cells: list[str], function: str, forbidden: tuple[str, ...]) -> list[str]:
    """Return the forbidden dotted paths that `function` names, itself or in what it uses, in the code of `cells`.

    Cells that do not parse say nothing, nor does a name that is bound in a way that cannot be followed.
    """
    if not forbidden:
        return []
    bound: dict[str, str | None] = {}
    imports: list[str] = []
    for cell in cells:
        contents = (_contents if len(cell) < KEPT else _contents.__wrapped__)(cell)
        bound |= contents.bound
        imports += contents.imports
    try:
        return _follow(function, forbidden, bound, imports)
    except RecursionError:
        return [TOO_DEEP]


@dataclass(frozen=True)
class _Contents:
    """What a cell binds, each name with the source of it, and what it imports."""

    bound: dict[str, str | None]
    imports: tuple[str, ...]


@lru_cache(maxsize=512)  # most cells of a class are those that it was given
def _contents(cell: str) -> _Contents:
    tree = parse(cell)
    if tree is None:
        return _Contents({}, ())
    imports = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    bound = {name: unparse(statement) for statement in tree.body for name in _names(statement)}
    return _Contents(bound, tuple(imports))


@lru_cache(maxsize=512)
def _meaning(imports: tuple[str, ...]) -> dict[str, str]:
    return meaning_of(ast.parse("\n".join(imports)))


@lru_cache(maxsize=2048)
def _named_by(line: str, forbidden: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is forbidden of what an import names."""
    return tuple(find_in_source(line, forbidden))


def _follow(function: str, forbidden: tuple[str, ...], bound: dict[str, str | None], imports: list[str]) -> list[str]:
    """Look into what `function` is bound to, and then into what that uses."""
    found: list[str] = []
    waiting, seen = [function], {function}
    meaning = _meaning(tuple(line for line in imports if not _named_by(line, forbidden)))
    hidden = _hidden_imports([line for line in imports if _named_by(line, forbidden)], forbidden)
    while waiting:
        name = waiting.pop()
        found += hidden.get(name, [])
        if name not in bound:
            continue
        source = bound[name]
        if source is None:
            return [TOO_DEEP]
        found += find_in_source(source, forbidden, meaning)
        for used in globals_of(source) - seen:
            seen.add(used)
            waiting.append(used)
    return list(dict.fromkeys(found))


def _hidden_imports(lines: list[str], forbidden: tuple[str, ...]) -> dict[str, list[str]]:
    """Return what is forbidden of `from torch.nn.functional import max_unpool2d as put_back`, by the name it gets."""
    found: dict[str, list[str]] = {}
    for line in dict.fromkeys(lines):
        for node in ast.walk(ast.parse(line)):
            for alias in node.names if isinstance(node, ast.ImportFrom) else ():
                found.setdefault(alias.asname or alias.name, []).extend(_named_by(line, forbidden))
    return found


def _names(statement: ast.stmt) -> list[str]:
    """Return the names that a top-level statement binds to something of the student's own."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            return [name]
    return []
