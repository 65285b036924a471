"""Read an answer's source on the trusted side: does it call what the exercise forbids?

The sandbox looks too, but what it says can be forged. Only the answer counts and what it uses by name, so that a cell
which compares with the library's own operator costs nothing.
"""

import ast
import builtins
import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from autograde.intake.definitions import ALWAYS_THERE, KEPT, bound_by, outside_functions, parse, unparse
from course.checking.guard import forbidden_in
from course.checking.mentions import Mention, imported, mentions_in

TOO_DEEP = "code that is nested too deeply to be read"
"""Stands for a path where an answer runs but cannot be followed, as nobody writes it who has nothing to hide."""

_MOST_STEPS = 100_000
_END = math.inf
"""The moment at which an answer is called: every cell has run."""


def forbidden_calls(cells: list[str], function: str, forbidden: tuple[str, ...]) -> list[str]:
    """Return the forbidden dotted paths that `function` names, itself or in what it uses, in the code of `cells`.

    Cells that do not parse say nothing, nor does a name that is bound in a way that cannot be followed.
    """
    if not forbidden:
        return []
    try:
        names = _Names()
        for cell in cells:
            names.run((_contents if len(cell) < KEPT else _contents.__wrapped__)(cell))
        return _follow(function, forbidden, names)
    except RecursionError:
        return [TOO_DEEP]


@dataclass(frozen=True)
class _Binding:
    """What a statement binds a name to: what an import's dotted `path` leads to, or else what its `source` says."""

    name: str
    path: str
    source: str | None
    surely: bool
    """Whether it is bound if the cell runs at all: neither within an `if`, nor behind what stops the cell."""
    needs: frozenset[str]
    """The names without which the cell has stopped before."""


@dataclass(frozen=True)
class _Contents:
    """What each statement of a cell binds, and all the names that there are when it has run."""

    statements: tuple[tuple[_Binding, ...], ...]
    names: frozenset[str]


@lru_cache(maxsize=512)  # most cells of a class are those that it was given
def _contents(cell: str) -> _Contents:
    tree = parse(cell)
    if tree is None:
        return _Contents((), frozenset())
    statements: list[tuple[_Binding, ...]] = []
    names: set[str] = set()
    needs: frozenset[str] = frozenset()
    runs = True
    for statement in tree.body:
        runs = runs and not _stops(statement)
        bound = bound_by(statement) | _declared_global(statement)
        if "*" not in names:  # or any name may have come by `from math import *`
            needs |= _read_at_once(statement) - names - bound
        statements.append(tuple(_bindings(statement, runs, needs)))
        names |= bound
    return _Contents(tuple(statements), frozenset(names))


def _bindings(statement: ast.stmt, runs: bool, needs: frozenset[str]) -> Iterator[_Binding]:
    """Yield what a top-level statement binds, and what the statements within it do: those of an `if`, say."""
    declared, outside = _declared_global(statement), set(map(id, outside_functions(statement)))
    for node in ast.walk(statement) if declared else outside_functions(statement):
        if isinstance(node, ast.Import):
            paths = [imported(alias) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            paths = [imported(alias, node.module) for alias in node.names if node.module and not node.level]
        else:
            paths = [(name, "") for name in _names(node)]
        source = unparse(node) if any(not path for _, path in paths) else ""
        for name, path in paths:
            if id(node) in outside or name in declared:
                yield _Binding(name, path, source, runs and node is statement, needs)


def _names(node: ast.AST) -> list[str]:
    """Return the names that a statement, but none within it, binds to something of the student's own."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            return [name]
    return []


def _declared_global(statement: ast.stmt) -> set[str]:
    return {name for node in ast.walk(statement) if isinstance(node, ast.Global) for name in node.names}


def _read_at_once(statement: ast.stmt) -> frozenset[str]:
    """Return the names that must be there for a statement to run: not those that its functions use when called."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        statement = copy.copy(statement)
        statement.body = []
    try:
        return frozenset(one.outer for one in mentions_in(statement) if one.outer and not one.later)
    except RecursionError:
        return frozenset()


def _stops(statement: ast.stmt) -> bool:
    """Return whether a cell ends at `statement`, or may, as far as can be told without running it.

    What is bound below does not hide a forbidden import then. Only what nobody writes above an answer counts: `1 / 0`.
    """
    used, calls, picks = set[str](), False, False
    for node in outside_functions(statement):
        match node:
            case ast.Raise() | ast.Assert():
                return True
            case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod(), right=ast.Constant(value=0)):
                return True
            case ast.Call():
                calls = True
            case ast.Subscript():
                picks = True
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
    # Whoever means a line computes with what is there: not so `int("x")`, `exit()`, `[][0]`.
    return (calls and used <= _BUILTINS and not used <= _HARMLESS) or ((calls or picks) and not used)


_HARMLESS = frozenset({"print", "range", "list", "dict", "set", "tuple", "float"})
_BUILTINS = frozenset({*dir(builtins), "exit", "quit"})


@dataclass
class _Names:
    """What each name is bound to, and since which statement, while one cell runs after the other."""

    history: dict[str, list[tuple[int, bool, _Binding]]] = field(default_factory=dict)
    there: set[str] = field(default_factory=lambda: set(ALWAYS_THERE))
    now: int = 0

    def run(self, cell: _Contents) -> None:
        """Go on to what is there when `cell` has run too."""
        for statement in cell.statements:
            self.now += 1
            for binding in statement:
                surely = binding.surely and ("*" in self.there or binding.needs <= self.there)
                self.history.setdefault(binding.name, []).append((self.now, surely, binding))
        self.there |= cell.names

    def bound(self, name: str, moment: float) -> Iterator[tuple[float, _Binding]]:
        """Yield what `name` may be bound to at a moment: the last, and what that may have left in force."""
        for since, surely, binding in reversed(self.history.get(name, [])):
            if since < moment:
                yield since, binding
                if surely:
                    return


def _follow(function: str, forbidden: tuple[str, ...], names: _Names) -> list[str]:
    """Look into what `function` is bound to, and then into what that uses.

    What a statement reads is what was there when it ran, and what a function reads is what is there when it is called:
    in the end, or at once by the statement that led to it.
    """
    found: list[str] = []
    waiting: list[tuple[str, float]] = [(function, _END)]
    seen, steps = set(waiting), 0
    while waiting:
        name, moment = waiting.pop()
        for since, binding in names.bound(name, moment):
            if binding.path:
                found += forbidden_in(binding.path, forbidden)
                continue
            if binding.source is None:
                return [TOO_DEEP]
            for mention in _mentions(binding.source):
                moments: set[float] = {moment, _END} if mention.later else {since}
                found += _forbidden(mention, moments, forbidden, names)
                used = {(mention.outer, one) for one in moments} - seen if mention.outer else set()
                seen |= used
                waiting += used
                steps += 1
        if steps > _MOST_STEPS:
            return [TOO_DEEP]
    return list(dict.fromkeys(found))


def _forbidden(mention: Mention, moments: set[float], forbidden: tuple[str, ...], names: _Names) -> list[str]:
    """Return what is forbidden of what is mentioned, whatever the import is that its name stands for."""
    if not mention.outer:
        return forbidden_in(mention.path, forbidden)
    if not mention.path:  # a name alone, which is followed
        return []
    starts = {binding.path for moment in moments for _, binding in names.bound(mention.outer, moment)} - {""}
    return [path for start in sorted(starts) for path in forbidden_in(start + mention.path, forbidden)]


def _mentions(source: str) -> tuple[Mention, ...]:
    return _mentions_kept(source) if len(source) < KEPT else _mentions_read(source)


def _mentions_read(source: str) -> tuple[Mention, ...]:
    try:
        return tuple(mentions_in(ast.parse(source)))
    except (SyntaxError, ValueError):
        return ()


_mentions_kept = lru_cache(maxsize=2048)(_mentions_read)
