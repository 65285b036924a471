"""Find library calls that an exercise forbids, however they are spelled.

Two nets. `find_in_source` reads an answer's syntax tree and resolves names through imports, so that `F.max_unpool2d`,
`from torch.nn.functional import max_unpool2d as put_back` and `getattr(F, "max_unpool2d")` are all seen before anything
runs. `watch_operators` listens to the operators that torch dispatches while the answer runs, so that a call through
another library, a module or a string put together at run time is seen too. In the grader's sandbox a `Seal`
takes them away altogether.
"""

import ast
import ctypes
import inspect
import re
import sys
import textwrap
import types
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

_LIBRARIES = (
    "torch", "torchvision", "torchmetrics", "sklearn", "skimage", "scipy", "cv2", "PIL", "kornia", "tensorflow",
    "keras", "jax",
)  # fmt: skip


def _matches(path: str, forbidden: tuple[str, ...]) -> bool:
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
    path = _path(func)
    named = path if _matches(path, forbidden) else ""
    flags = ((argument.name, f"{path}.{argument.name}") for argument in func._schema.arguments)
    return named, tuple((flag, whole) for flag, whole in flags if not named and _matches(whole, forbidden))


def _is_set(func: Any, flag: str, args: tuple[object, ...], kwargs: Mapping[str, object]) -> bool:
    """Return whether the argument `flag` is True in a call of the operator `func`."""
    place = [argument.name for argument in func._schema.arguments].index(flag)
    return (args[place] if place < len(args) else kwargs.get(flag)) is True


class Seal:
    """Takes the operators and libraries that `forbidden` matches away from this process, from every thread, for good.

    For a process that does nothing but answer cases: a mode, as in `watch_operators`, listens to one thread alone and
    can be switched off. Everything is found out at construction, before any of the student's code could change it;
    `close` puts a refusal in the place of each operator, and of each function of a library that is forbidden as a
    whole, however it was imported. Ways around an operator, its kernel and torch's own Python for it, are closed from
    the beginning: an answer could keep what they return. `attempts` holds the path of each that was called. A process
    that is forked afterwards inherits the refusals.
    """

    def __init__(self, forbidden: tuple[str, ...]) -> None:
        import torch

        self.attempts: list[str] = []
        self._refusals: list[tuple[Callable[..., object], str, Callable[..., object]]] = []
        for namespace, found in operators(forbidden).items():
            # torch.library.Library takes its operators back when it is destroyed, and a student could destroy it.
            library = torch._C._dispatch_library("IMPL", namespace, "", __file__, 0)
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
            self._refusals += [(library.impl, operator, self._refusal(path)) for operator, path in found]
        self._libraries = tuple(name for name in _LIBRARIES if _matches(name, forbidden))
        self._without_mkldnn: Callable[[bool], object] | None = None
        if self._refusals:
            self._take_detours_away(forbidden)

    def _take_detours_away(self, forbidden: tuple[str, ...]) -> None:
        """Take away, before any cell runs, what does a forbidden operator's work without calling it later."""
        import torch

        # A kernel is called past the dispatcher, and what stands in its place there.
        kernel = "_dispatch_get_computed_kernel_for_dispatch_key"
        if hasattr(torch._C, kernel):  # newer versions of torch
            setattr(torch._C, kernel, _refusing("torch.library.get_kernel"))
        for function in implementations(forbidden):
            code = _refusing(f"{function.__module__}.{function.__qualname__}").__code__
            # Whoever holds the function holds the refusal: a list, a table of torch's, a partial.
            function.__code__ = code.replace(co_freevars=function.__code__.co_freevars)
        for name in _LATER:
            if name not in sys.modules:
                sys.modules[name] = None  # type: ignore[assignment]  # importlib's own sign: this import fails
        if _matches("torch.ops.aten.convolution.transposed", forbidden):
            # oneDNN is called for it without an operator of its own. Without oneDNN it is aten.slow_conv_transpose2d.
            self._without_mkldnn = torch._C._set_mkldnn_enabled
            torch._C._set_mkldnn_enabled = lambda arg: None

    def close(self) -> None:
        """Take the operators and the libraries away."""
        for implement, operator, refusal in self._refusals:
            for key in _DISPATCH_KEYS:
                implement(operator, key, refusal, False)
        self._refusals = []
        if self._without_mkldnn is not None:
            self._without_mkldnn(False)
            self._without_mkldnn = None
        if not self._libraries:
            return  # and touch no module: a process that shares them with the one it was forked from copies each page
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] in self._libraries and isinstance(module, types.ModuleType):
                self._empty(name, module)
        for library in self._libraries:
            sys.modules[library] = None  # type: ignore[assignment]  # importlib's own sign: this import fails

    def _empty(self, name: str, module: types.ModuleType) -> None:
        """Let every function of a module refuse; what a student has taken out of it before runs into one of them."""
        for attribute, value in list(vars(module).items()):
            if isinstance(value, types.FunctionType) and not attribute.startswith("__"):
                setattr(module, attribute, self._refusal(f"{name}.{attribute}"))

    def _refusal(self, path: str) -> Callable[..., object]:
        attempts = self.attempts

        def refuse(*args: object, **options: object) -> object:
            attempts.append(path)
            raise RuntimeError(f"{path} is not allowed in this exercise")

        return refuse


_DISPATCH_KEYS = ("CPU", "MkldnnCPU", "QuantizedCPU", "NestedTensorCPU", "SparseCPU")
"""Where torch keeps implementations of one operator: a tensor that was converted first takes another one. A sandbox has
no other device."""


_IMPLEMENTATIONS = ("torch._decomp", "torch._refs", "torch._inductor", "torch.nn.grad")
"""Where torch has operators written in Python, out of other operators."""

_LATER = ("torch._inductor.decomposition", "torch._inductor.lowering")
"""Those of them that `import torch` leaves out, and that need a compiler, which a sandbox has not."""


@lru_cache(maxsize=1024)
def operators(forbidden: tuple[str, ...]) -> Mapping[str, list[tuple[str, str]]]:
    """Return torch's own operators that `forbidden` matches, by namespace, each as its name and its path."""
    import torch

    found: dict[str, list[tuple[str, str]]] = {}
    for name in torch._C._dispatch_get_all_op_names() if forbidden else ():
        namespace, _, operator = name.partition("::")
        path = f"torch.ops.{namespace}.{operator.split('.')[0]}"
        if _matches(path, forbidden):
            found.setdefault(namespace, []).append((operator, path))
    return found


@lru_cache(maxsize=1024)
def implementations(forbidden: tuple[str, ...]) -> tuple[types.FunctionType, ...]:
    """Return the Python functions in torch that do what an operator does that `forbidden` matches."""
    import torch._decomp

    named = [
        (f"{name}.{attribute}", value)
        for name, module in list(sys.modules.items())
        if name.startswith(_IMPLEMENTATIONS) and isinstance(module, types.ModuleType)
        for attribute, value in list(vars(module).items())
    ]
    tables = torch._decomp.global_decomposition_table.values()
    named += [(_path(operator), value) for table in tables for operator, value in list(table.items())]
    found: dict[int, types.FunctionType] = {}
    for path, value in named:
        if _matches(path, forbidden):
            while isinstance(value, types.FunctionType) and value.__module__.startswith(_IMPLEMENTATIONS):
                found[id(value)] = value
                value = getattr(value, "__wrapped__", None)
    return tuple(found.values())


def _path(operator: Any) -> str:
    """Return the path of an operator or of one of its overloads."""
    return f"torch.ops.{operator.name().split('.')[0].replace('::', '.')}"


def _refusing(path: str) -> types.FunctionType:
    """Return a function whose code alone says that `path` is not allowed."""
    names: dict[str, types.FunctionType] = {}
    message = f"{path} is not allowed in this exercise"
    exec(f"def refuse(*args, **options):\n    raise RuntimeError({message!r})", {}, names)
    return names["refuse"]


def find_in_source(source: str, forbidden: tuple[str, ...], known: Mapping[str, str] | None = None) -> list[str]:
    """Return the forbidden dotted paths that `source` names, in order of appearance.

    `known` says what names mean that the source itself does not import: {"F": "torch.nn.functional"}. Source that does
    not parse names nothing.
    """
    if not forbidden:
        return []
    try:
        tree = ast.parse(textwrap.dedent(source))
    except (SyntaxError, ValueError, RecursionError):
        return []
    meaning = imports(tree, known or {})
    found = [path for node in ast.walk(tree) for path in _paths(node, meaning)]
    return list(
        dict.fromkeys(_shortest(path, forbidden) for path in found if _is_library(path) and _matches(path, forbidden))
    )


def _shortest(path: str, forbidden: tuple[str, ...]) -> str:
    """Cut what follows the forbidden name: `torch.nn.functional.max_unpool2d.squeeze` names one call too many."""
    parts = path.split(".")
    shorter = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next(prefix for prefix in shorter if _matches(prefix, forbidden))


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
        names = _meaning_of_globals(current)
        found += find_in_source(source, forbidden, names)
        for name in (*current.__code__.co_names, *_names_of_inner_code(current.__code__)):
            used = current.__globals__.get(name)
            own = isinstance(used, types.FunctionType | type) and used.__module__ == current.__module__
            if own and id(used) not in known_functions:
                known_functions.add(id(used))
                waiting.append(used)
    return list(dict.fromkeys(found))


def imports(tree: ast.AST, known: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Return what each imported name of a syntax tree stands for, as a dotted path, and each name of `known`.

    What the tree itself defines or takes as a parameter hides a known name: a class called F is not torch's F.
    """
    nodes = list(ast.walk(tree))
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    meaning = {name: path for name, path in known.items() if name not in own}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                meaning[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                meaning[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    # `put_back = F.max_unpool2d` gives a name of one's own to a library's function.
    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            path = _dotted(node.value, meaning)
            if path is not None and _is_library(path) and node.targets[0].id not in meaning:
                meaning[node.targets[0].id] = path
    return meaning


def _paths(node: ast.AST, meaning: Mapping[str, str]) -> list[str]:
    if isinstance(node, ast.ImportFrom) and node.module:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
        path = _dotted(node, meaning)
        return [path] if path else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        match node.args:
            case [owner, ast.Constant(value=str(name)), *_]:
                path = _dotted(owner, meaning)
                return [f"{path}.{name}"] if path else []
    return []


def _dotted(node: ast.AST, meaning: Mapping[str, str]) -> str | None:
    """Return the dotted path that an expression `a.b.c` names, its first name replaced by what it stands for."""
    if isinstance(node, ast.Name):
        return meaning.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value, meaning)
        return f"{owner}.{node.attr}" if owner else None
    if isinstance(node, ast.Call):  # what a library's call returns is the library's: `Image.open(file).resize(size)`
        return _dotted(node.func, meaning)
    return None


def _is_library(path: str) -> bool:
    return path.split(".")[0] in _LIBRARIES


def _meaning_of_globals(function: types.FunctionType) -> dict[str, str]:
    meaning: dict[str, str] = {}
    for name in (*function.__code__.co_names, *_names_of_inner_code(function.__code__)):
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


def _names_of_inner_code(code: types.CodeType) -> list[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return [name for block in inner for name in (*block.co_names, *_names_of_inner_code(block))]
