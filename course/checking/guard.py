"""Find library calls that an exercise forbids, however they are spelled.

Two nets. `find_in_source` reads an answer's syntax tree and resolves names through imports, so that `F.max_unpool2d`,
`from torch.nn.functional import max_unpool2d as put_back` and `getattr(F, "max_unpool2d")` are all seen before anything
runs. `watch_operators` listens to the operators that torch dispatches while the answer runs, so that a call through
another library, a module or a string put together at run time is seen too. In the grader's sandbox a `seal.Seal` takes
them away altogether.
"""

import ast
import dis
import inspect
import re
import textwrap
import types
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache, lru_cache
from typing import Any

from course.checking.mentions import mentions_in

LIBRARIES = (
    "torch", "torchvision", "torchmetrics", "pycocotools", "sklearn", "skimage", "scipy", "cv2", "PIL", "kornia",
    "tensorflow", "keras", "jax",
)  # fmt: skip


def matches(path: str, forbidden: tuple[str, ...]) -> bool:
    """Return whether one of the patterns `forbidden` is found in a dotted path."""
    return bool(forbidden) and _any_of(forbidden).search(path.lower().replace("_", "")) is not None


@lru_cache(maxsize=1024)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


@contextmanager
def watch_operators(forbidden: tuple[str, ...], seen: list[str]) -> Generator[None]:
    """Append to `seen` the path of each dispatched operator that `forbidden` matches, `torch.ops.aten.max_unpool2d`.

    One operator may do several things: a call with `transposed=True` is `torch.ops.aten.convolution.transposed` too.
    """
    if not forbidden:
        yield
        return
    with _watch()(forbidden, seen):
        yield


@cache
def _watch() -> Callable[[tuple[str, ...], list[str]], AbstractContextManager[object]]:
    """Return the mode that listens. Its class is made once: a new one has Python forget what it knows of all others."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __init__(self, forbidden: tuple[str, ...], seen: list[str]) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self._forbidden, self._seen = forbidden, seen

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False  # or torch imports its compiler at the first operator: two seconds, for nothing

        def __torch_dispatch__(
            self, func: Any, types: object, args: tuple[object, ...] = (), kwargs: dict[str, object] | None = None
        ) -> object:
            named, flags = _forbidden_spellings(func, self._forbidden)
            if named:
                self._seen.append(named)
            elif flags:
                self._seen.extend([path for flag, path in flags if _is_set(func, flag, args, kwargs or {})][:1])
            return func(*args, **(kwargs or {}))

    return Watch


@lru_cache(maxsize=4096)
def _forbidden_spellings(func: Any, forbidden: tuple[str, ...]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the path of an operator if it is forbidden, or "", and which of its arguments make it so when True."""
    path = path_of(func)
    named = path if matches(path, forbidden) else ""
    flags = ((argument.name, f"{path}.{argument.name}") for argument in func._schema.arguments)
    return named, tuple((flag, whole) for flag, whole in flags if not named and matches(whole, forbidden))


def _is_set(func: Any, flag: str, args: tuple[object, ...], kwargs: Mapping[str, object]) -> bool:
    """Return whether the argument `flag` is True in a call of the operator `func`."""
    place = [argument.name for argument in func._schema.arguments].index(flag)
    return (args[place] if place < len(args) else kwargs.get(flag)) is True


def path_of(operator: Any) -> str:
    """Return the path of one of torch's operators, or of one of its overloads."""
    return f"torch.ops.{operator.name().split('.')[0].replace('::', '.')}"


def find_in_source(source: str, forbidden: tuple[str, ...], known: Mapping[str, str] | None = None) -> list[str]:
    """Return the forbidden dotted paths that `source` names, in order of appearance.

    `known` says what names mean that the source itself does not import: {"F": "torch.nn.functional"}. What the source
    binds itself hides them where Python would see its own: a class called F is not torch's F. Source that does not
    parse names nothing.
    """
    if not forbidden:
        return []
    try:
        mentions = mentions_in(ast.parse(textwrap.dedent(source)))
    except (SyntaxError, ValueError, RecursionError):
        return []
    starts = {**(known or {}), "": ""}
    paths = [f"{starts[mention.outer]}{mention.path}" for mention in mentions if mention.outer in starts]
    return list(dict.fromkeys(named for path in paths for named in forbidden_in(path, forbidden)))


def forbidden_in(path: str, forbidden: tuple[str, ...]) -> list[str]:
    """Return, of the dotted path of a library, what is forbidden of it, if anything is."""
    return [_shortest(path, forbidden)] if _is_library(path) and matches(path, forbidden) else []


def _shortest(path: str, forbidden: tuple[str, ...]) -> str:
    """Cut what follows the forbidden name: `torch.nn.functional.max_unpool2d.squeeze` names one call too many."""
    parts = path.split(".")
    shorter = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next(prefix for prefix in shorter if matches(prefix, forbidden))


def find_in_function(function: Callable[..., object], forbidden: tuple[str, ...]) -> list[str]:
    """Return the forbidden calls in the source of `function` and of the student's own functions that it uses."""
    found: list[str] = []
    waiting: list[object] = [function]
    known_functions = {id(function)}
    while waiting:
        current = waiting.pop()
        if isinstance(current, type):
            methods = (getattr(member, "__func__", member) for member in vars(current).values())
            waiting += [method for method in methods if isinstance(method, types.FunctionType)]
        if not isinstance(current, types.FunctionType):
            continue
        try:
            source = inspect.getsource(current)
        except (OSError, TypeError, IndentationError):
            continue
        names = globals_read_by(current.__code__)
        found += find_in_source(source, forbidden, _meaning_of_globals(current, names))
        for name in names:
            used = current.__globals__.get(name)
            own = isinstance(used, types.FunctionType | type) and used.__module__ == current.__module__
            if own and id(used) not in known_functions:
                known_functions.add(id(used))
                waiting.append(used)
    return list(dict.fromkeys(found))


def _is_library(path: str) -> bool:
    return path.split(".")[0] in LIBRARIES


def _meaning_of_globals(function: types.FunctionType, names: Iterable[str]) -> dict[str, str]:
    meaning: dict[str, str] = {}
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, types.ModuleType):
            meaning[name] = value.__name__
        elif isinstance(value, types.BuiltinFunctionType) and not getattr(value, "__module__", None):
            meaning[name] = f"torch._C.{value.__name__}"  # torch's own builtins often name no module
        elif isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
            meaning[name] = f"{value.__module__}.{value.__qualname__}"
        elif value is not None:  # an instance, such as `unpool = nn.MaxUnpool2d(2)`
            meaning[name] = f"{type(value).__module__}.{type(value).__qualname__}"
    return meaning


def globals_read_by(code: types.CodeType) -> list[str]:
    """Return the names that code and the code within it look up as globals: no attribute, and nothing local."""
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    read = [one.argval for one in dis.get_instructions(code) if one.opname in _READS_GLOBAL]
    return list(dict.fromkeys([*read, *(name for block in inner for name in globals_read_by(block))]))


_READS_GLOBAL = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
