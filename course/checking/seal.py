"""Take away from a process what an exercise forbids: torch's operators, the ways around them, whole libraries.

For the grader's sandbox, where the guard's own ears can be stopped: an answer that calls what is forbidden, by whatever
name and from whatever thread, runs into a refusal. What Python code can change is not relied on: what closes a seal can
be kept where no name leads to it.
"""

import ctypes
import sys
import types
from collections.abc import Callable, Mapping
from functools import lru_cache

from course.checking.guard import LIBRARIES, matches, path_of


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
        self._libraries = tuple(name for name in LIBRARIES if matches(name, forbidden))
        self._without_mkldnn: Callable[[bool], object] | None = None
        if self._refusals:
            self._take_detours_away(forbidden)

    def _take_detours_away(self, forbidden: tuple[str, ...]) -> None:
        """Take away, before any cell runs, what does a forbidden operator's work without calling it later."""
        import torch

        # Who finds a registration could take it back.
        setattr(torch._C._DispatchModule, "reset", _nothing)  # noqa: B010
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
        if matches("torch.ops.aten.convolution.transposed", forbidden):
            # oneDNN is called for it without an operator of its own. Without oneDNN it is aten.slow_conv_transpose2d.
            self._without_mkldnn = torch._C._set_mkldnn_enabled
            torch._C._set_mkldnn_enabled = lambda arg: None

    def closing(self) -> tuple[tuple[Callable[..., object], tuple[object, ...]], ...]:
        """Return the calls that `close` makes, for who has a student's code run before and can be changed by it."""
        calls: list[tuple[Callable[..., object], tuple[object, ...]]] = [
            (implement, (operator, key, refusal, False))
            for implement, operator, refusal in self._refusals
            for key in _DISPATCH_KEYS
        ]
        if self._without_mkldnn is not None:
            calls.append((self._without_mkldnn, (False,)))
        if self._libraries:  # else touch no module: a process that shares them copies each page
            calls.append((_take_away, (self._libraries, self._refusal)))
        return tuple(calls)

    def close(self) -> None:
        """Take the operators and the libraries away."""
        for call, arguments in self.closing():
            call(*arguments)

    def _refusal(self, path: str) -> Callable[..., object]:
        attempts = self.attempts

        def refuse(*args: object, **options: object) -> object:
            attempts.append(path)
            raise RuntimeError(f"{path} is not allowed in this exercise")

        return refuse


def _take_away(libraries: tuple[str, ...], refusal: Callable[[str], Callable[..., object]]) -> None:
    """Let every function of `libraries` refuse; what a student has taken out of them before runs into one of these."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in libraries and isinstance(module, types.ModuleType):
            for attribute, value in list(vars(module).items()):
                if isinstance(value, types.FunctionType) and not attribute.startswith("__"):
                    setattr(module, attribute, refusal(f"{name}.{attribute}"))
    for library in libraries:
        sys.modules[library] = None  # type: ignore[assignment]  # importlib's own sign: this import fails


_DISPATCH_KEYS = ("CPU", "MkldnnCPU", "QuantizedCPU", "NestedTensorCPU", "SparseCPU")
"""Where torch keeps implementations of one operator: a tensor that was converted first takes another one. A sandbox has
no other device."""


_IMPLEMENTATIONS = ("torch._decomp", "torch._refs", "torch._inductor", "torch.nn.grad", "PIL.Image")
"""Where there are operators written in Python: torch's, out of other operators, and pictures' own."""

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
        if matches(path, forbidden):
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
    named += [(f"{path}.{name}", value) for path, kind in named if isinstance(kind, type) for name, value in _own(kind)]
    tables = torch._decomp.global_decomposition_table.values()
    named += [(path_of(operator), value) for table in tables for operator, value in list(table.items())]
    found: dict[int, types.FunctionType] = {}
    for path, value in named:
        if matches(path, forbidden):
            while isinstance(value, types.FunctionType) and value.__module__.startswith(_IMPLEMENTATIONS):
                found[id(value)] = value
                value = getattr(value, "__wrapped__", None)
    return tuple(found.values())


def _own(kind: type) -> list[tuple[str, object]]:
    return list(vars(kind).items()) if kind.__module__.startswith("PIL.") else []


def _nothing(*_: object) -> None:
    """Do nothing, in the place of what would undo a refusal."""


def _refusing(path: str) -> types.FunctionType:
    """Return a function whose code alone says that `path` is not allowed."""
    names: dict[str, types.FunctionType] = {}
    message = f"{path} is not allowed in this exercise"
    source = f"def refuse(*args, **options):\n    raise RuntimeError({message!r})"
    exec(compile(source, __file__, "exec"), {}, names)
    return names["refuse"]
