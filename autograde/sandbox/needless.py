"""Which of a notebook's slow cells an answer can do without, read from their syntax on the trusted side.

Training that a student forgot to tag runs again for every exercise. Where time is short such a cell is left out, if it
can be seen that nothing else needs what it does; in doubt it is needed.
"""

import ast
import re
from collections.abc import Collection, Sequence

from autograde.intake import definitions


def without_needless(cells: Sequence[str | None], slow: Collection[str], exercise: str) -> tuple[str | None, ...]:
    """Return `cells` without those of the `slow` ones that can be seen to matter to themselves alone.

    What a cell does is read from its syntax, and in doubt it is needed: where one of the others uses a name that it
    binds or an object that it reaches, where it defines or writes something, or sets something for all that follows.
    """
    spared = {number for number, cell in enumerate(cells) if cell is not None and cell in slow}
    while True:
        others = [cell for number, cell in enumerate(cells) if cell is not None and number not in spared]
        needed = {number for number in spared if _is_needed(cells[number] or "", others, exercise)}
        if not needed:
            return tuple(None if number in spared else cell for number, cell in enumerate(cells))
        spared -= needed


_LASTING = re.compile(
    r"set(_\w+|attr|err|state)|delattr|exec|eval|open|globals|locals|vars|get_ipython|__\w+__|chdir|environ|path|reload"
    r"|(save|write|dump|to_|use_|enable_|disable_|register|patch|mk|rm|unlink|rename|copy|filter|simplefilter)\w*"
)
"""Names by which something is done that outlasts a cell, though no name that is bound shows it."""
_HARMLESS = re.compile(
    r"time\.sleep|plt\..*|gc\.collect|torch\.cuda\.synchronize"
    r"|(torch|torch\.cuda|random|np\.random)\.(manual_)?seed(_all)?"
)
"""What of a library may be called for what it does. No check depends on numbers that a cell above it has drawn."""


def _is_needed(cell: str, others: Sequence[str], exercise: str) -> bool:
    """Return whether `others` may come out otherwise without `cell`."""
    try:
        tree = ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a magic, most often
        return True
    statements: dict[str, list[ast.stmt]] = {}
    imported = _imported(tree)
    for other in others:
        parsed = definitions.parse(other) or ast.Module([], [])
        imported |= _imported(parsed)
        for statement in parsed.body:
            for name in definitions.bound_by(statement):
                statements.setdefault(name, []).append(statement)
    bound = {name for statement in tree.body for name in definitions.bound_by(statement)}
    used = {exercise}.union(*map(_used, others))
    return (
        bool(bound & used)
        or bool(_reached(definitions.globals_of(cell) - bound, statements) & used)
        or any(_outlasts(node, bound - imported, imported) for node in ast.walk(tree))
    )


def _imported(tree: ast.Module) -> set[str]:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return {name for node in imports for name in definitions.bound_by(node)}


def _used(cell: str) -> frozenset[str]:
    """Return the names that a cell uses; of one with magics every word."""
    try:
        ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset(re.findall(r"\w+", cell))
    return definitions.globals_of(cell)


def _reached(names: frozenset[str], statements: dict[str, list[ast.stmt]]) -> set[str]:
    """Return the names of objects that may be changed by who uses `names`, through functions and other objects, too."""
    waiting, seen, objects = list(names), set(names), set[str]()
    while waiting:
        name = waiting.pop()
        for statement in statements.get(name, []):
            match statement:
                case ast.Import() | ast.ImportFrom() | ast.Assign(value=ast.Constant()):
                    continue
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    pass
                case _:
                    objects.add(name)
            found = definitions.globals_of(definitions.unparse(statement) or "") - seen
            seen |= found
            waiting += found
    return objects


def _outlasts(node: ast.AST, own: set[str], imported: set[str]) -> bool:
    """Return whether a node of a cell may do something that outlasts it; `own` are the objects that it made."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Global():
            return True
        case ast.ImportFrom(names=[ast.alias(name="*")]):
            return True
        case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
            return _root(node) not in own
        case ast.Expr(value=ast.Call(func=ast.Attribute() as called)) if _root(called) in {*imported, ""}:
            return not _HARMLESS.fullmatch(definitions.unparse(called) or "")
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            return _LASTING.fullmatch(name) is not None
    return False


def _root(node: ast.AST) -> str:
    """Return the name at the beginning of `name.one[2].three()`, or ""."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
