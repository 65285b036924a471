"""Let a student's own functions run in the rest of a chapter, in the place of the course's.

    parts = chosen("mine", max_unpool2d=F.max_unpool2d)
    parts.max_unpool2d(x, indices, 2)  # the student's, if its check was all right; else the course's

The names are those of the exercises; with each stands what runs where the student's own does not. Against that an own
function is measured, on the same numbers: once gradients flow through it, since training calls it hundreds of times,
and when it has taken long without. One that would make the chapter wait gives way.
"""

import copy
import math
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from course.checking import tries
from course.checking.calling import describe_exception
from course.checking.notebook import SaidError, show
from course.training import is_graded

Whose = Literal["mine", "the course's", "mine, however slow"]
Function = Callable[..., Any]

_WHOSE: tuple[Whose, ...] = ("mine", "the course's", "mine, however slow")
_PATIENCE = 5.0
"""Seconds that an own function may take without gradients, all calls together, before it is measured."""

_LONG = 0.1
"""Seconds of one call above which training takes minutes; a short one may well take ten times as long as torch's."""

_SLOW = 3.0
"""So many times as long as the course's is slow: below that it is the work that takes its time."""

_LARGER = 4
"""A call on so many times as many numbers as were measured is measured anew."""


class PartError(SaidError, RuntimeError):
    """A student's own function raised, far from its check."""


def choose(whose: str, instead: dict[str, Function]) -> SimpleNamespace:
    """Return the parts by their names, and say whose they are.

    Raises:
        ValueError: `whose` is none of the words, or a name is no exercise's.
    """
    from course.exercises import catalogue

    for name in instead:
        try:
            catalogue.find(name)
        except KeyError as error:
            raise ValueError(f"chosen: {error.args[0]}") from None
    wish = whose.strip().lower().replace("’", "'")
    if wish not in _WHOSE:
        raise ValueError(f"chosen: write one of {', '.join(map(repr, _WHOSE))}, got {whose!r}")
    if is_graded():  # a mark does not hang on which parts a student preferred
        return SimpleNamespace(**instead)
    own = {name: answer for name in instead if (answer := tries.current(name)) is not None}
    if wish == "the course's":
        show(_tell_courses(list(instead), list(own)))
        return SimpleNamespace(**instead)
    show(_tell_mine(list(instead), list(own)))
    patience = _PATIENCE if wish == "mine" else math.inf
    mine = {name: _Part(name, answer, instead[name], patience) for name, answer in own.items()}
    return SimpleNamespace(**{**instead, **mine})


class _Part:
    """A student's function at work: what it raises is said in a sentence, and how long it takes is watched."""

    def __init__(self, name: str, own: Function, given: Function, patience: float) -> None:
        self.__name__, self._own, self._given, self._patience = name, own, given, patience
        self._seconds, self._measured = 0.0, 0

    def __call__(self, *args: Any, **options: Any) -> Any:
        if self._own is self._given:
            return self._given(*args, **options)
        began = time.perf_counter()
        try:
            result = self._own(*args, **options)
        except Exception as error:
            raise PartError(self._told(error)) from error
        took = time.perf_counter() - began
        self._seconds += took
        if self._patience < math.inf and self._is_due(args):
            self._measure(took, args, options)
        return result

    def _is_due(self, args: tuple[Any, ...]) -> bool:
        tensors = [x for x in args if isinstance(x, Tensor)]
        numbers = sum(x.numel() for x in tensors)
        if torch.is_grad_enabled() and any(x.requires_grad for x in tensors) and numbers >= _LARGER * self._measured:
            self._measured = max(numbers, 1)
            return True
        return self._seconds > self._patience

    def _measure(self, took: float, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Compare both functions on the same call, back and forth if gradients flow; let the own one go if it is slow.

        `took` is what the own one has just needed forwards: where that is slow already, it need not run again.
        """
        given = max(min(_seconds(self._given, args, options) for _ in range(2)), 1e-9)
        if took < max(_LONG, _SLOW * given):
            took = _seconds(self._own, args, options)
        self._seconds = 0.0
        if took < max(_LONG, _SLOW * given):
            self._patience *= 2
            return
        times = f"{took / given:,.0f}"
        show(
            f"Your `{self.__name__}` is right, but slow: a call takes {took:.2g} s here, about {times} times "
            "as long as the course's. From here on the course's runs in its place. If you would rather wait for your "
            'own, write `"mine, however slow"` where the parts are chosen; or look for a loop that could be one '
            "operation."
        )
        self._own = self._given

    def _told(self, error: Exception) -> str:
        failure = describe_exception(error)
        place = f" in line {failure.line}, `{failure.code}`" if failure.code else ""
        message = f": {failure.message}" if failure.message else "."
        if "same device" in failure.message:
            message += "\nA tensor that you make has to be made where the input is, as `x.new_zeros(…)` does."
        return (
            f"Your {self.__name__} raised {failure.type_name}{place}{message}\n"
            f'Its check knows no such case. Mend it and check it again, or write "the course\'s" where the parts are '
            "chosen, run that cell, and go on from there."
        )


def _seconds(function: Function, args: tuple[Any, ...], options: dict[str, Any]) -> float:
    """Return how long one call takes, with its gradients where they flow; nothing that comes in is touched."""
    with torch.random.fork_rng():
        copies = [_copy(value) for value in args]
        began = time.perf_counter()
        outcome = function(*copies, **options)
        outputs = outcome if isinstance(outcome, tuple) else (outcome,)
        ends = [x.sum() for x in outputs if isinstance(x, Tensor) and x.requires_grad]
        if ends:
            total = torch.stack(ends).sum()
            total.backward()  # type: ignore[no-untyped-call]
            total.item()  # a GPU has to finish before the clock is read
        return time.perf_counter() - began


def _copy(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return copy.deepcopy(value) if isinstance(value, nn.Module) else value  # a batch norm remembers what it sees


def _tell_courses(names: list[str], own: list[str]) -> str:
    if not own:
        return "From here on the course's parts run. Parts of your own can run instead once their checks are all right."
    all_of_them = "All of yours are" if len(own) == len(names) else f"Of yours, {_listed(own)} {_are(own)}"
    return (
        f'From here on the course\'s parts run. {all_of_them} right: write `"mine"` above, and {_they(own)} will run.'
    )


def _tell_mine(names: list[str], own: list[str]) -> str:
    reasons: dict[str, list[str]] = {}
    for name in names:
        if name not in own:
            reasons.setdefault(_reason(name), []).append(name)
    others = "; ".join(f"{_listed(alike)} ({reason})" for reason, alike in reasons.items())
    if not own:
        return f"Nothing of your own can run yet, so the course's parts run: {others}."
    first = f"From here on your own {_listed(own)} {'runs' if len(own) == 1 else 'run'}."
    return first + (f" The course's run in the place of {others}." if others else "")


def _reason(name: str) -> str:
    remembered = tries.of(name)
    if remembered.right is not None:
        return "changed since its check was right: run the check again"
    return "its check was not all right" if remembered.last is not None else "not checked since the kernel started"


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _they(names: list[str]) -> str:
    return "it" if len(names) == 1 else "they"
