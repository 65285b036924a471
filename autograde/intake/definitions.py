"""What the code of a cell defines and uses, read from its syntax on the trusted side. Nothing of it is run.

A stranger wrote it: what does not parse says nothing, and what would take long to read is read less thoroughly.
"""

import ast
import builtins
import copy
import re
import symtable
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

KEPT = 20_000
"""Characters of a text of which is remembered what was read from it: a syntax tree takes fifty times as much."""
_LONG = 100_000  # characters of a cell
_MOST_MAGICS = 20  # IPython reads the whole cell again for each
_MAGIC = re.compile(
    r"^[ \t]*+(?:[\w, \t]++=[ \t]*+)?[%!?].*$|^.*\?[ \t]*+$", re.MULTILINE
)  # never goes back: a line may be long
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

ALWAYS_THERE = frozenset(dir(builtins)) | {"get_ipython", "display", "In", "Out", "_", "__name__"}
"""The names that a notebook has before its first cell."""

Definition = Literal["none", "stub", "whole"]


def parse(cell: str) -> ast.Module | None:
    """Parse a cell as IPython would, magics left aside; None where it is no Python."""
    return _parse_kept(cell) if len(cell) < KEPT else _parse(cell)


def _parse(cell: str) -> ast.Module | None:
    for read in (str, _plain_python):  # what is Python already stays what it is
        try:
            return ast.parse(read(cell))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


_parse_kept = lru_cache(maxsize=512)(_parse)  # most exercises of a notebook share their cells


def _plain_python(cell: str) -> str:
    """Return a cell without its magics, as IPython runs it."""
    if len(cell) >= _LONG or len(_MAGIC.findall(cell)) > _MOST_MAGICS:
        return _MAGIC.sub("pass", cell)
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return str(TransformerManager().transform_cell(cell))
    except Exception:  # IPython gives up on what is no Python with errors of many kinds
        return cell


def bound_by(statement: ast.stmt) -> set[str]:
    """Return the names that a top-level statement binds: by definition, assignment or import, also within an `if`."""
    found: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        waiting += ast.iter_child_nodes(node)
    return found


def outside_functions(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes of a top-level statement in their order, leaving out what is within functions and classes."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def globals_of(source: str) -> frozenset[str]:
    """Return the names that `source` takes from outside, its own local names left out."""
    return _globals_kept(source) if len(source) < KEPT else _globals_of(source)


def _globals_of(source: str) -> frozenset[str]:
    try:
        table = symtable.symtable(source, "<answer>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    found: set[str] = set()
    waiting = [table]
    while waiting:
        current = waiting.pop()
        waiting += current.get_children()
        top = current.get_type() == "module"
        found |= {x.get_name() for x in current.get_symbols() if x.is_referenced() and (x.is_global() or top)}
    return frozenset(found)


_globals_kept = lru_cache(maxsize=2048)(_globals_of)


def unparse(node: ast.AST) -> str | None:
    """Return the source of `node`, or None where it is nested too deeply.

    A constant that cannot be written down, a number of 5000 digits or a no-break space within an f-string, becomes
    a plain one.

    >>> unparse(ast.parse("f'{x + 0x" + "F" * 5000 + "}'"))
    "f'{x + 0}'"
    """
    try:
        try:
            return ast.unparse(node)
        except ValueError:
            return ast.unparse(_Plain().visit(copy.deepcopy(node)))
    except (RecursionError, ValueError):
        return None


class _Plain(ast.NodeTransformer):
    """Puts a plain constant in the place of each that Python reads and does not write."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """Return the constant, or a plain one."""
        value = node.value
        if isinstance(value, str):
            value = "".join(sign if sign.isprintable() else " " for sign in value)
        elif isinstance(value, int) and abs(value) > 10**100:
            value = 0
        return ast.copy_location(ast.Constant(value), node)


def definition(cell: str, name: str) -> Definition:
    """Return how a cell defines `name`: not at all, as the stub that was given out, or as something of its own."""
    if name not in cell:
        return "none"
    tree = parse(cell)
    if tree is None:
        return (
            "whole"
            if re.search(rf"^[ \t]*+(async[ \t]++)?def[ \t]++{re.escape(name)}\b", cell, re.MULTILINE)
            else "none"
        )
    found: Definition = "none"
    for statement in tree.body:
        if name in bound_by(statement):
            found = "stub" if is_stub(statement) else "whole"
    return found


def defines_anew(cell: str, name: str) -> bool:
    """Return whether a cell defines `name` at its top level, as a function with a body of its own."""
    tree = parse(cell) if name in cell else None
    return tree is not None and any(
        isinstance(one, _FUNCTIONS) and one.name == name and not is_stub(one) for one in tree.body
    )


def is_stub(statement: ast.stmt) -> bool:
    """Return whether a statement is a function without a body but `raise NotImplementedError`."""
    if not isinstance(statement, _FUNCTIONS):
        return False
    match statement.body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest] | rest:
            pass
    match rest:
        case [ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError")) | ast.Name(id="NotImplementedError"))]:
            return True
    return all(isinstance(one, ast.Pass) for one in rest)


def is_only_stub(cell: str, name: str) -> bool:
    """Return whether a cell holds the stub of `name` and nothing else."""
    tree = parse(cell)
    return tree is not None and len(tree.body) == 1 and is_stub(tree.body[0]) and name in bound_by(tree.body[0])


def signatures(cell: str) -> list[tuple[str, str]]:
    """Return each function that a cell defines, and a text of its name and parameters by which to compare it."""
    tree = parse(cell)
    if tree is None:
        heads = re.findall(r"^[ \t]*+def[ \t]++(\w{1,80})[ \t]*+\(([^)]{0,400})", cell, re.MULTILINE)[:20]
        return [(name, " ".join([name, *re.findall(r"(\w+)\s*(?=[:=,]|$)", inside)])[:200]) for name, inside in heads]
    return [
        (one.name, " ".join([one.name, *(argument.arg for argument in one.args.args)])[:200])
        for one in tree.body[:200]
        if isinstance(one, ast.FunctionDef)
    ]


def ends_outside(cell: str) -> bool:
    """Return whether a cell is the rest of a function that stands above it: indented, with a `return` of its own."""
    first = next((line for line in cell.splitlines() if line.strip()), "")
    if not first[:1].isspace():
        return False
    tree = parse(cell)
    if tree is None:
        return True
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
    return False
