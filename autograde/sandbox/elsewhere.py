"""What is there where a student worked and not where a notebook is graded: Colab's modules, and magics that fail here.

`from google.colab import drive` stands above the imports of many an honest notebook, in their cell. It must cost
nothing but itself: the name stands for something that takes whatever is done with it and does nothing.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
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
    """Have Colab's modules be there, and a magic that fails cost its line alone."""
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
