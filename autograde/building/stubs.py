"""A reference function as a notebook cell: for a student without its body, for an instructor with it.

Nothing is written twice: signature, docstring and body are cut out of `solutions/`. Left out are the guards (calls of
`require_…`, which only raise) and the docstring's "Raises" section, since a student need not raise.
"""

import ast
import inspect
import re
import textwrap
from importlib import import_module
from typing import TypeGuard

STUB = 'raise NotImplementedError("not written yet")'
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def student_cell(reference: str) -> str:
    """Return the stub of `reference`, "module:function": signature, docstring, and a line that says it is not written.

    Raises:
        ValueError: `reference` is not a function with a docstring.
    """
    head, _ = _cut(reference)
    return f"{head}\n    {STUB}"


def instructor_cell(reference: str) -> str:
    """Return `reference` whole, its body between nbgrader's marks."""
    head, body = _cut(reference)
    return f"{head}\n    {BEGIN}\n{body}\n    {END}"


def given_cell(reference: str) -> str:
    """Return the source of a function or class as it stands in `solutions/`, without its guards."""
    source = _source(reference)
    return _without_raises("\n".join(_without_guards(source, ast.parse(source))))


def _cut(reference: str) -> tuple[str, str]:
    """Return the signature with its docstring, and the body, both as they stand in the source."""
    source = _source(reference)
    function = ast.parse(source).body[0]
    if not isinstance(function, ast.FunctionDef) or ast.get_docstring(function) is None:
        raise ValueError(f"{reference} must be a function with a docstring")
    lines = source.split("\n")
    docstring = function.body[0]
    assert docstring.end_lineno is not None
    signature = lines[: docstring.lineno - 1]
    text = _without_raises("\n".join(lines[docstring.lineno - 1 : docstring.end_lineno]))
    body = _without_guards(source, function, after=docstring.end_lineno)
    return "\n".join([*signature, text]), "\n".join(body).strip("\n")


def _source(reference: str) -> str:
    module, _, name = reference.partition(":")
    return textwrap.dedent(inspect.getsource(getattr(import_module(module), name))).rstrip()


def _without_guards(source: str, tree: ast.AST, after: int = 0) -> list[str]:
    """Return the lines of `source` below line `after` that are no part of a guard."""
    skipped = {number for node in ast.walk(tree) if _is_guard(node) for number in _span(node)}
    return [line for number, line in enumerate(source.split("\n"), start=1) if number > after and number not in skipped]


def _is_guard(node: ast.AST) -> TypeGuard[ast.Expr]:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name.startswith("require_")
    return False


def _span(node: ast.stmt) -> range:
    assert node.end_lineno is not None
    return range(node.lineno, node.end_lineno + 1)


def _without_raises(docstring: str) -> str:
    """Drop the indented block under "Raises:", with the blank line before it."""
    return re.sub(r'\n\n( *)Raises:\n(?:\1 +[^\n]*\n?)+(?=\n|\1"""| *"""|$)', "\n", docstring)
