"""What a chapter's numbers are made from: a fingerprint a part, which changes when the numbers may have changed.

The parts are the code cells of the instructor's notebook, and the modules of the course that they import, directly or
through others. Comments, docstrings, formatting and the words of an error change none of them, nor does another version
of Python or of a library.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbformat import NotebookNode

CELLS = "the chapter's cells"

_COMPUTE_NOTHING = (
    "course.checking", "course.cli", "course.doctor", "course.exercises", "course.lab", "course.live",
    "course.pictures", "course.plotting", "course.progress", "course.settings", "course.tables", "course.threads",
    "course.widgets",
)  # fmt: skip
"""Modules, with all below them, that check, draw or show: no number of a chapter comes from them."""

_IN_PLACE = frozenset({"ctx", "kind", "type_comment"})
"""Fields of a syntax tree that say nothing of what a program does."""


def parts(notebook: NotebookNode, root: Path) -> dict[str, str]:
    """Return what the numbers of an instructor's `notebook` are made from; `root` is the checkout with the course.

    The keys are `CELLS` and names of modules, the values eight hexadecimal digits.
    """
    trees = [ast.parse(cell.source) for cell in notebook.cells if _computes(cell)]
    found = {CELLS: _number("\n".join(map(_meaning, trees)))}
    waiting = {name for tree in trees for name in _imports(tree, root)}
    while waiting:
        name = waiting.pop()
        tree = ast.parse(_file(name, root).read_text())
        found[name] = _number(_meaning(tree))
        package = name if _file(name, root).name == "__init__.py" else name.rpartition(".")[0]
        waiting |= {other for other in _imports(tree, root, package) if other not in found}
    return {CELLS: found.pop(CELLS), **dict(sorted(found.items()))}


def _computes(cell: NotebookNode) -> bool:
    """Return whether a cell can make a number: it is code, and no check, widget, picture or set-up."""
    graded = cell.metadata.get("nbgrader", {}).get("grade", False)
    apart = cell.id == "setup" or graded or not {"widget", "picture"}.isdisjoint(cell.metadata.get("tags", []))
    return cell.cell_type == "code" and not apart


def _imports(tree: ast.AST, root: Path, package: str = "") -> Iterator[str]:
    """Yield the modules of the course that compute something and that `tree`, of `package`, imports anywhere."""
    for node in _walk(tree):
        names: Iterable[str] = ()
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        for name in names:
            steps = name.split(".")
            for length in range(2, len(steps) + 1):  # `course` itself holds nothing but its version
                inner = ".".join(steps[:length])
                if inner.startswith("course.") and not _computes_nothing(inner) and _file(inner, root).exists():
                    yield inner


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree, without what stands under `if TYPE_CHECKING`, which never runs."""
    for node in ast.iter_child_nodes(tree):
        if not _is_for_types(node):
            yield node
            yield from _walk(node)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _computes_nothing(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in _COMPUTE_NOTHING)


def _file(module: str, root: Path) -> Path:
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


class _Essence(ast.NodeTransformer):
    """Leaves out what changes no number: docstrings, the words of an error, what only checks, draws or has types."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.Raise()

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if _is_for_types(node) else self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if _computes_nothing(node.module or "") else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """Join an f-string's texts, which versions of Python cut differently."""
        self.generic_visit(node)
        values: list[ast.expr] = []
        for part in node.values:
            match part, values[-1:]:
                case ast.Constant(value=str(text)), [ast.Constant(value=str(before))]:
                    values[-1] = ast.Constant(before + text)
                case ast.Constant(value=""), _:
                    pass
                case _:
                    values.append(part)
        return ast.JoinedStr(values)


def _meaning(tree: ast.AST) -> str:
    return _written(_Essence().visit(tree))


def _written(node: object) -> str:
    """Write a syntax tree out, without fields that are empty: one that a later Python adds is no change then."""
    if isinstance(node, ast.AST):
        fields = ((name, value) for name, value in ast.iter_fields(node) if name not in _IN_PLACE)
        inside = ",".join(f"{name}={_written(value)}" for name, value in fields if value is not None and value != [])
        return f"{type(node).__name__}({inside})"
    if isinstance(node, list):
        return f"[{','.join(map(_written, node))}]"
    return repr(node)


def _number(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
