"""What Python source names of what stands around it or of what it imports, with the language's own rules for names.

`F.max_unpool2d` in a function means what F is where the function stands, unless the function, or a comprehension in it,
binds an F of its own; `put_back = F.max_unpool2d` gives it another name. Nothing is run.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple


class Mention(NamedTuple):
    """A dotted path that source names: `F.max_unpool2d` is `.max_unpool2d` of what F is around it."""

    outer: str
    """The name it takes from around itself, or "" where the path begins with an import of the source's own."""
    path: str
    later: bool
    """Whether the name is looked up only when a function is called, not already where that is defined."""


class _Scope:
    """The names that a module, a class or a function binds, and what of a library each may stand for."""

    def __init__(self, outer: "_Scope | None", node: ast.AST) -> None:
        self.outer = outer
        self.is_class = isinstance(node, ast.ClassDef)
        self.is_function = not isinstance(node, ast.Module | ast.ClassDef)
        self.later: bool = isinstance(node, _FUNCTIONS) or (outer is not None and outer.later)
        self.home: _Scope = outer.home if outer is not None and isinstance(node, _COMPREHENSIONS) else self
        self.bound: dict[str, dict[str | _Alias, None]] = {}
        self.elsewhere: dict[str, bool] = {}  # whether a name is declared global; if not, it is nonlocal
        self.meanings: dict[tuple[str, str, int], list[Mention]] = {}  # of the paths that were looked up already
        self._surely: dict[str, int] = {}  # the line below which a module or a class has a name
        if isinstance(node, ast.Module | ast.ClassDef):
            for statement in node.body:
                for name in _plainly_bound(statement):
                    self._surely.setdefault(name, statement.end_lineno or statement.lineno)

    def bind(self, name: str | None, *meanings: "str | _Alias") -> None:
        """Write down that `name` is bound here, and what it may stand for."""
        if name is not None:
            self.bound.setdefault(name, {}).update(dict.fromkeys(meanings))

    def alias(self, name: str, value: ast.expr) -> None:
        """Write down that `name` is bound to `value`: `put_back = F.max_unpool2d` gives a library's function a name."""
        reference = _reference(value)
        self.home.bind(name, *([] if reference is None else [_Alias(*reference, self, self.line(value))]))

    def line(self, node: ast.expr) -> int:
        """Return where a name is read, or 0 where that makes no difference."""
        return 0 if self.later and self.is_function else node.lineno

    def around(self, name: str) -> "Iterator[_Scope]":
        """Yield the scopes in which Python looks for a name that is read here, the innermost first."""
        scope: _Scope | None = self
        while scope is not None:
            if scope.elsewhere.get(name):
                while scope.outer is not None:
                    scope = scope.outer
            if scope is self or not scope.is_class:  # a method does not see the names of its class
                yield scope
            scope = scope.outer

    def hides(self, name: str, reader: "_Scope", line: int) -> bool:
        """Return whether `name`, read in `reader`, can be none but what is bound here."""
        if self.is_function:
            return name in self.bound  # also where it is bound below: Python looks nowhere else
        return name in self._surely and (reader.later > self.later or line > self._surely[name])


class _Alias(NamedTuple):
    """A name with a path behind it, as it is read on a line of a scope."""

    name: str
    path: str
    scope: _Scope
    line: int


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_MOST_MENTIONS, _MOST_ALIASES, _LONGEST = 50_000, 500, 5000  # a path's letters; nobody honest writes as many


def mentions_in(tree: ast.AST) -> list[Mention]:
    """Return what a syntax tree names of what stands around it or of what it imports, in order of appearance.

    Raises:
        RecursionError: it names more than can be followed.
    """
    nodes = _by_scope(tree)
    nodes.sort(key=lambda one: (getattr(one[0], "lineno", 0), getattr(one[0], "col_offset", 0)))
    found: dict[Mention, None] = {}
    for node, scope in nodes:
        found.update(dict.fromkeys(_mentions(node, scope)))
        if len(found) > _MOST_MENTIONS:
            raise RecursionError
    return list(found)


def _by_scope(tree: ast.AST) -> list[tuple[ast.AST, _Scope]]:
    """Return each node with the scope in which it looks up names, every scope with what it binds."""
    module = _Scope(None, tree if isinstance(tree, ast.Module) else ast.Module([], []))
    waiting: list[tuple[ast.AST, _Scope]] = [(tree, module)]
    scopes = [module]
    for node, scope in waiting:  # which grows
        _bind(node, scope)
        inside = _inside(node)
        within = scope
        if inside:
            within = _Scope(scope, node)
            scopes.append(within)
            for argument in _arguments(node):
                within.bind(argument.arg)
        for child in _children(node):
            waiting.append((child, within if id(child) in inside else scope))
    for scope in scopes:
        for name, is_global in scope.elsewhere.items():
            meanings: dict[str | _Alias, None] = scope.bound.pop(name, {})
            for outer in [module] if is_global else scope.around(name):
                if is_global or name in outer.bound:
                    outer.bind(name, *meanings)
    return waiting


def _bind(node: ast.AST, scope: _Scope) -> None:
    """Write down in `scope` what `node` binds."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            scope.bind(name)
        case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
            scope.bind(name)
        case ast.MatchMapping(rest=name):
            scope.bind(name)
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            scope.bind(name)
        case ast.Import(names=names):
            for alias in names:
                scope.bind(*imported(alias))
        case ast.ImportFrom(module=str(module), names=names, level=0):
            for alias in names:
                scope.bind(*imported(alias, module))
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name):
                    scope.alias(target.id, value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            scope.alias(name, value)
        case ast.NamedExpr(target=target, value=value):
            scope.alias(target.id, value)
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            scope.elsewhere |= dict.fromkeys(names, isinstance(node, ast.Global))


def imported(alias: ast.alias, module: str = "") -> tuple[str, str]:
    """Return the name that an import binds and the dotted path that it stands for then."""
    if module:
        return alias.asname or alias.name, f"{module}.{alias.name}"
    first = alias.name.split(".")[0]
    return (alias.asname, alias.name) if alias.asname else (first, first)


def _plainly_bound(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
    return []


def _inside(node: ast.AST) -> set[int]:
    """Return which children of `node` look up their names in a scope that it opens."""
    if isinstance(node, ast.Lambda):
        return {id(node.body)}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return set(map(id, node.body))
    if isinstance(node, _COMPREHENSIONS):
        return {id(child) for child in _children(node)} - {id(node.generators[0].iter)}
    return set()


def _children(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.NamedExpr):
        return [node.value]
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, _COMPREHENSIONS):  # the first iterable is looked up outside
        first, *others = node.generators
        return [*(child for child in children if child is not first), first.target, *first.ifs, *others, first.iter]
    return children


def _arguments(node: ast.AST) -> list[ast.arg]:
    """Return the parameters of a function."""
    if not isinstance(node, _FUNCTIONS):
        return []
    own = node.args
    rest = [argument for argument in (own.vararg, own.kwarg) if argument is not None]
    return [*own.posonlyargs, *own.args, *own.kwonlyargs, *rest]


def _mentions(node: ast.AST, scope: _Scope) -> list[Mention]:
    """Return what one node names."""
    if isinstance(node, ast.ImportFrom) and node.module:
        return [Mention("", f"{node.module}.{alias.name}", scope.later) for alias in node.names]
    if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
        return _dotted(node, scope)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        match node.args:
            case [owner, ast.Constant(value=str(name)), *_]:
                return [one._replace(path=f"{one.path}.{name}") for one in _dotted(owner, scope)]
    return []


def _dotted(node: ast.expr, scope: _Scope) -> list[Mention]:
    """Return the dotted paths that an expression `a.b.c` may name, its first name replaced by what it stands for."""
    reference = _reference(node)
    if reference is None:
        return []
    name, path = reference
    key = name, path, scope.line(node)
    if key not in scope.meanings:
        scope.meanings[key] = _meanings(_Alias(name, path, scope, key[2]))
    return scope.meanings[key]


def _reference(node: ast.expr) -> tuple[str, str] | None:
    """Return the first name of an expression `a.b.c` and the path behind it, `.b.c`."""
    path: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            path.append(f".{node.attr}")
            node = node.value
        elif isinstance(node, ast.Call):  # what a library's call returns is the library's: `Image.open(file).resize()`
            node = node.func
        elif isinstance(node, ast.NamedExpr):
            node = node.value
        else:
            return None
    return node.id, "".join(reversed(path))


def _meanings(read: _Alias) -> list[Mention]:
    """Return what a name may stand for where it is read, each other name that leads there followed once."""
    found: dict[Mention, None] = {}
    waiting, seen = [read], set[tuple[int, str]]()
    for name, path, reader, line in waiting:  # which grows
        if len(waiting) > _MOST_ALIASES or len(path) > _LONGEST:
            raise RecursionError
        for scope in reader.around(name):
            if (id(scope), name) not in seen:
                seen.add((id(scope), name))
                for meaning in scope.bound.get(name, {}):
                    if isinstance(meaning, str):
                        found[Mention("", meaning + path, reader.later)] = None
                    else:
                        waiting.append(meaning._replace(path=meaning.path + path))
            if scope.hides(name, reader, line):
                break
        else:
            found[Mention(name, path, reader.later)] = None
    return list(found)
