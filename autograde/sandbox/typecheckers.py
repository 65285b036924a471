"""Libraries that only check annotations, where they are not installed: what they decorate stays what it is.

`from jaxtyping import Float` and `@beartype` say what an answer takes and returns, and change nothing that it computes.
Annotations themselves are not evaluated while a notebook is graded: their names may be of a library that is not here,
or stand further down.
"""

import __future__

import importlib.util
import typing
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

LIBRARIES = ("beartype", "jaxtyping", "torchtyping", "typeguard")

LAZY = __future__.annotations.compiler_flag
"""For a compiler: keep annotations as text."""


class Unchecked(ModuleType):
    """A module, or anything in one, that may be subscripted, called and joined, and gives a function back as it is."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(typing, name, None) or Unchecked(f"{self.__name__}.{name}")

    def __getitem__(self, key: object) -> "Unchecked":
        return self

    def __call__(self, *arguments: object, **options: object) -> object:
        """Return the one thing that is decorated; else what decorates."""
        return arguments[0] if len(arguments) == 1 and callable(arguments[0]) and not options else self

    def __or__(self, other: object) -> "Unchecked":
        return self

    __ror__ = __or__

    def __enter__(self) -> "Unchecked":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class TypeCheckers:
    """Finds a stand-in for each of `LIBRARIES` that is not installed, and for its submodules. To be asked last."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Return how to make the module `name`, or None where it is another."""
        if name.split(".")[0] not in LIBRARIES:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the stand-in."""
        module = Unchecked(spec.name)
        module.__path__ = []  # so that it can have submodules
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: there is nothing in it."""
