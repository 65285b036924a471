"""Read an answer's source on the trusted side: does it call what the exercise forbids?

The sandbox looks too, but what it says can be forged. Only the answer counts and what it uses by name, so that a cell
which compares with the library's own operator costs nothing.
"""

import ast
import symtable
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

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
        tree = _parse(cell)
        if tree is None:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                imports.append(ast.unparse(node))
        for statement in tree.body:
            bound |= dict.fromkeys(_names(statement), _unparse(statement))
    try:
        return _follow(function, forbidden, bound, imports)
    except RecursionError:
        return [TOO_DEEP]


def _unparse(statement: ast.stmt) -> str | None:
    try:
        return ast.unparse(statement)
    except RecursionError:
        return None


def _follow(function: str, forbidden: tuple[str, ...], bound: dict[str, str | None], imports: list[str]) -> list[str]:
    """Look into what `function` is bound to, and then into what that uses."""
    found: list[str] = []
    waiting, seen = [function], {function}
    meaning = meaning_of(ast.parse("\n".join(line for line in imports if not find_in_source(line, forbidden))))
    hidden_imports = [line for line in imports if find_in_source(line, forbidden)]
    while waiting:
        name = waiting.pop()
        for line in hidden_imports:  # `from torch.nn.functional import max_unpool2d as put_back`
            for node in ast.walk(ast.parse(line)):
                if isinstance(node, ast.ImportFrom) and any((x.asname or x.name) == name for x in node.names):
                    found += find_in_source(line, forbidden)
        if name not in bound:
            continue
        source = bound[name]
        if source is None:
            return [TOO_DEEP]
        found += find_in_source(source, forbidden, meaning)
        for used in _globals_of(source) - seen:
            seen.add(used)
            waiting.append(used)
    return list(dict.fromkeys(found))


@lru_cache(maxsize=512)
def _parse(cell: str) -> ast.Module | None:
    """Parse a cell, which most exercises of a notebook share; None where it is no Python."""
    try:
        return ast.parse(_plain_python(cell))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _plain_python(cell: str) -> str:
    """Return a cell without its magics, as IPython runs it."""
    try:
        return str(TransformerManager().transform_cell(cell))
    except Exception:  # IPython gives up on what is no Python with errors of many kinds
        return cell


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


def _globals_of(source: str) -> set[str]:
    """Return the names that `source` takes from outside, its own local names left out."""
    try:
        table = symtable.symtable(source, "<answer>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found: set[str] = set()
    waiting = [table]
    while waiting:
        current = waiting.pop()
        waiting += current.get_children()
        top = current.get_type() == "module"
        found |= {x.get_name() for x in current.get_symbols() if x.is_referenced() and (x.is_global() or top)}
    return found
