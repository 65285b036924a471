"""What is there where a student worked and not where a notebook is graded: Colab's modules, GPUs, files, magics.

`from google.colab import drive` stands above the imports of many an honest notebook, in their cell. It must cost
nothing but itself: the name stands for something that takes whatever is done with it and does nothing. Where a notebook
asks whether it is on Colab, by an import that it expects to fail elsewhere, the answer is no.
"""

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING

from autograde.sandbox.typecheckers import LAZY, TypeCheckers

if TYPE_CHECKING:
    from codeop import Compile
    from typing import Protocol

    class Shell(Protocol):
        """As much of IPython as is needed here."""

        run_line_magic: Callable[..., object]
        compile: Compile


class Nothing(ModuleType):
    """A module whose every name is a function that does nothing and returns another of its kind."""

    def __getattr__(self, name: str) -> "Nothing":
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing(f"{self.__name__}.{name}")

    def __call__(self, *_: object, **__: object) -> "Nothing":
        """Do nothing."""
        return self

    def __iter__(self) -> Iterator[object]:
        return iter(())


_STAND_IN = "nothing_of_colab"
_CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def without_colab(cell: ast.AST) -> ast.AST:
    """Have a cell take nothing in the place of what it imports of Colab, but where it expects that it cannot.

    `google.colab` itself is never there, since `"google.colab" in sys.modules` and
    `importlib.util.find_spec("google.colab")` ask, too. The tree is changed in place, and read by its statements alone:
    an expression may be nested deeper than a function can call itself.
    """
    waiting = [cell]
    while waiting:
        node = waiting.pop()
        expected = _expects_no_module(node)
        for name, value in ast.iter_fields(node):
            if not isinstance(value, list) or (name == "body" and expected):
                continue
            value[:] = [put for one in value for put in _without_colab(one)]
            waiting += [one for one in value if isinstance(one, ast.stmt | ast.excepthandler | ast.match_case)]
    return cell


def _expects_no_module(node: ast.AST) -> bool:
    """Return whether what stands in the body of `node` may fail to import something."""
    match node:
        case ast.Try(handlers=handlers) | ast.TryStar(handlers=handlers):
            return any(one.type is None or _catches(one.type) for one in handlers)
        case ast.With(items=items):
            return any(
                isinstance(one.context_expr, ast.Call)
                and _last_name(one.context_expr.func) == "suppress"
                and any(map(_catches, one.context_expr.args))
                for one in items
            )
    return False


def _catches(kinds: ast.expr) -> bool:
    return any(_last_name(one) in _CAUGHT for one in (kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]))


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _without_colab(statement: ast.AST) -> list[ast.AST]:
    """Return what to put in the place of a statement: itself, or of an import of Colab's one of the stand-in."""
    match statement:
        case ast.Import(names=names) if any(map(_is_colab, names)):
            put: list[ast.stmt] = [ast.Import([one]) for one in names if not _is_colab(one)]
            for one in filter(_is_colab, names):  # `import google.colab.drive` binds the name `google`
                stand_in = ast.alias(_STAND_IN, one.asname or "google")
                put.append(ast.Import([ast.copy_location(stand_in, one)]))
        case ast.ImportFrom(module=str(module), names=names, level=0) if f"{module}.".startswith("google.colab."):
            put = [ast.ImportFrom(_STAND_IN, names, 0)]
        case ast.ImportFrom(module="google", names=names, level=0) if any(one.name == "colab" for one in names):
            rest = [one for one in names if one.name != "colab"]
            put = [ast.ImportFrom("google", rest, 0)] if rest else []
            put += [ast.ImportFrom(_STAND_IN, [one], 0) for one in names if one.name == "colab"]
        case _:
            return [statement]
    sys.modules.setdefault(_STAND_IN, Nothing("google"))
    return [ast.copy_location(one, statement) for one in put]


def _is_colab(imported: ast.alias) -> bool:
    return f"{imported.name}.".startswith("google.colab.")


class Google:
    """Finds an empty package `google` where nobody has put something into it, so that one may ask what is in there."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Return how to make the module `name`, or None where it is another."""
        return ModuleSpec(name, None, is_package=True) if name == "google" else None


def make_do(shell: "Shell") -> None:
    """Have an import of Colab's modules do nothing, and a magic that fails cost its line alone. Tensors stay here."""
    import torch
    from IPython.core.interactiveshell import InteractiveShell

    torch.set_default_device = lambda device: None  # there is the CPU alone, and an answer is given tensors there
    setattr(torch, "compile", _uncompiled)  # noqa: B010  # a compiler is a program; the numbers are the same
    sys.meta_path += [Google(), TypeCheckers()]
    shell.compile.flags |= LAZY
    sys.path.insert(0, "")  # as in a notebook: `%%writefile helpers.py` and `import helpers`
    transform = InteractiveShell.transform_ast
    InteractiveShell.transform_ast = lambda shell, cell: transform(shell, without_colab(cell))
    run = shell.run_line_magic

    def run_line_magic(magic_name: str, line: str, _stack_depth: int = 1) -> object:
        try:
            return run(magic_name, line, _stack_depth=_stack_depth + 1)
        except Exception as error:
            print(f"%{magic_name} does not work while a notebook is graded: {error}", file=sys.stderr)
            return None

    shell.run_line_magic = run_line_magic


def _uncompiled(model: Callable[..., object] | None = None, **options: object) -> object:
    """Return what was to be compiled, or what decorates it so."""
    return _uncompiled if model is None else model


def after(cell: str, error: BaseException, names: dict[str, object]) -> str:
    """Return what of a cell stands below the statement that raised, each line in its place, or "".

    `import einops` that fails above the other imports, or `assert torch.cuda.is_available()`, costs itself: where the
    student worked it did not fail, and the cell went on. `names` are the globals that the cell ran in.
    """
    ends = [_end(one) for one in raising(cell, error, names)]
    if not ends:
        return ""
    line, column = max(ends)
    lines = cell.split("\n")
    # `import einops; import torch`: what follows in the line is left, too. Positions count bytes.
    beside = lines[line - 1].encode()[column:].decode().lstrip(" \t;")
    rest = "\n".join([beside, *lines[line:]])
    # IPython cuts empty lines off the top of a cell, but no comments.
    return "#\n" * (line - 1) + (rest if beside else f"#{rest}") if rest.strip() else ""


def raising(cell: str, error: BaseException, names: dict[str, object]) -> list[ast.stmt]:
    """Return the top-level statement of a cell that raised, or nothing where none did; `names` are its globals."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals is not names:
        trace = trace.tb_next
    if trace is None:
        return []
    raised = _place(trace)
    return [one for one in ast.parse(cell).body if _start(one) <= raised <= _end(one)]


def _place(trace: TracebackType) -> tuple[int, int]:
    """Return the line and column where a frame was when it raised."""
    line, _, column, _ = list(trace.tb_frame.f_code.co_positions())[trace.tb_lasti // 2]
    return line or trace.tb_lineno, column or 0


def _start(statement: ast.stmt) -> tuple[int, int]:
    """Return where a statement starts, with its decorators."""
    return min((node.lineno, node.col_offset) for node in (statement, *getattr(statement, "decorator_list", ())))


def _end(statement: ast.stmt) -> tuple[int, int]:
    return statement.end_lineno or statement.lineno, statement.end_col_offset or 0
