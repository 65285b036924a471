"""A GPU that is not here: what an answer sends to it stays on the CPU, where its inputs are and its result is wanted.

`x.cuda()`, `device="cuda"` and `torch.cuda.synchronize()` ran where the student worked, and change no number.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_WAITS = ("synchronize", "empty_cache", "ipc_collect", "reset_peak_memory_stats", "set_device", "init")
"""Functions of `torch.cuda` that return nothing and compute nothing."""


_NAMED = re.compile(r"""\bcuda\b|["']mps\b""")
"""How code names a GPU; `stamps` is none."""


class OnTheCPU(TorchFunctionMode):
    """Takes the CPU wherever a function of torch is asked for another device."""

    def __torch_function__(
        self, func: Callable[..., Any], types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:  # torch's own signature
        """Call `func` with what it is given, devices exchanged."""
        kwargs = {name: _here(value) if name == "device" else value for name, value in (kwargs or {}).items()}
        if func in _MOVES:
            return args[0]
        if func is torch.Tensor.to:
            args = tuple(map(_here, args))
        return func(*args, **kwargs)


_MOVES = frozenset({torch.Tensor.cuda, torch.Tensor.pin_memory})


def _here(value: object) -> object:
    """Return the CPU in the place of another device."""
    if isinstance(value, str) and value.split(":")[0] in ("cuda", "mps", "xpu"):
        return "cpu"
    return torch.device("cpu") if isinstance(value, torch.device) and value.type in ("cuda", "mps", "xpu") else value


def stay_here(cells: Iterable[str]) -> None:
    """Have what `cells` send to a GPU stay here, for as long as this process lives; nothing where none is named."""
    if torch.cuda.is_available() or not any(map(_NAMED.search, cells)):
        return
    OnTheCPU().__enter__()  # type: ignore[no-untyped-call]
    for name in _WAITS:
        setattr(torch.cuda, name, _doing_nothing(name))


def _doing_nothing(name: str) -> Callable[..., None]:
    """Return a function of its own that does nothing: torch keeps tables of its functions, with one place for each."""

    def nothing(*_: object, **__: object) -> None:
        pass

    nothing.__name__ = name
    return nothing
