"""What is there where a student worked and not where a notebook is graded: Colab's modules, GPUs, files, magics.

`from google.colab import drive` stands above the imports of many an honest notebook, in their cell. It must cost
nothing but itself: the name stands for something that takes whatever is done with it and does nothing.
"""

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class Shell(Protocol):
        """As much of IPython as is needed here."""

        run_line_magic: Callable[..., object]


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


class Colab:
    """Finds `google.colab` and what is in it where nobody else does: only a notebook that imports it sees it."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Return how to make the module `name`, or None where it is none of Colab's."""
        if name != "google" and not f"{name}.".startswith("google.colab."):
            return None
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return Nothing(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module with nothing."""


def make_do(shell: "Shell") -> None:
    """Have Colab's modules be there, and a magic that fails cost its line alone. Tensors stay where they can be."""
    import torch

    torch.set_default_device = lambda device: None  # there is the CPU alone, and an answer is given tensors there
    sys.meta_path.append(Colab())
    sys.path.insert(0, "")  # as in a notebook: `%%writefile helpers.py` and `import helpers`
    run = shell.run_line_magic

    def run_line_magic(magic_name: str, line: str, _stack_depth: int = 1) -> object:
        try:
            return run(magic_name, line, _stack_depth=_stack_depth + 1)
        except Exception as error:
            print(f"%{magic_name} does not work while a notebook is graded: {error}", file=sys.stderr)
            return None

    shell.run_line_magic = run_line_magic


def after(cell: str, error: BaseException, names: dict[str, object]) -> str:
    """Return what of a cell stands below the statement that raised, each line in its place, or "".

    `import einops` that fails above the other imports, or `assert torch.cuda.is_available()`, costs itself: where the
    student worked it did not fail, and the cell went on. `names` are the globals that the cell ran in.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals is not names:
        trace = trace.tb_next
    if trace is None:
        return ""
    raised = _place(trace)
    ends = [_end(one) for one in ast.parse(cell).body if _start(one) <= raised <= _end(one)]
    if not ends:
        return ""
    line, column = max(ends)
    lines = cell.split("\n")
    # `import einops; import torch`: what follows in the line is left, too. Positions count bytes.
    beside = lines[line - 1].encode()[column:].decode().lstrip(" \t;")
    rest = "\n".join([beside, *lines[line:]])
    # IPython cuts empty lines off the top of a cell, but no comments.
    return "#\n" * (line - 1) + (rest if beside else f"#{rest}") if rest.strip() else ""


def _place(trace: TracebackType) -> tuple[int, int]:
    """Return the line and column where a frame was when it raised."""
    line, _, column, _ = list(trace.tb_frame.f_code.co_positions())[trace.tb_lasti // 2]
    return line or trace.tb_lineno, column or 0


def _start(statement: ast.stmt) -> tuple[int, int]:
    """Return where a statement starts, with its decorators."""
    return min((node.lineno, node.col_offset) for node in (statement, *getattr(statement, "decorator_list", ())))


def _end(statement: ast.stmt) -> tuple[int, int]:
    return statement.end_lineno or statement.lineno, statement.end_col_offset or 0
