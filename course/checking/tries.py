"""What a kernel remembers of a student's answers: how many wrong ones, how many hints, and which one is right.

An answer is known by its fingerprint: what its code does and what the student's own functions do that it calls. Another
comment or another line number makes no other answer; the same cell run once more makes none either.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import CodeType, FunctionType

from course.checking.guard import globals_read_by

Answer = Callable[..., object]


@dataclass
class Tries:
    """Of one exercise: how many hints are unfolded, the last answer, and the answer whose check was all right."""

    hints: int = 0
    last: int | None = None
    right: Answer | None = None
    right_fingerprint: int | None = None


_tries: dict[str, Tries] = {}


def of(name: str) -> Tries:
    """Return what is remembered of the exercise `name`."""
    return _tries.setdefault(name, Tries())


def forget() -> None:
    """Forget everything, as a fresh kernel does."""
    _tries.clear()


def note(name: str, answer: Answer, *, right: bool, most_hints: int) -> int:
    """Note a checked answer and return how many hints are unfolded: one more after each new wrong one."""
    tries, mark = of(name), fingerprint(answer)
    if right:
        tries.right, tries.right_fingerprint = answer, mark
    else:
        if mark != tries.last:
            tries.hints = min(tries.hints + 1, most_hints)
        if mark == tries.right_fingerprint:
            tries.right = tries.right_fingerprint = None
    tries.last = mark
    return tries.hints


def fingerprint(answer: Answer) -> int:
    """Return a number that stands for what `answer` does: its code, its defaults, and its own functions'."""
    parts: list[Hashable] = []
    waiting, met = [answer], {id(answer)}
    while waiting:
        current = waiting.pop()
        if not isinstance(current, FunctionType):
            parts.append(id(current))
            continue
        parts += [_essence(current.__code__), repr(current.__defaults__), repr(current.__kwdefaults__)]
        for name in globals_read_by(current.__code__):
            used = current.__globals__.get(name)
            if not isinstance(used, FunctionType) or used.__module__ != current.__module__ or id(used) in met:
                continue
            met.add(id(used))
            waiting.append(used)
    return hash(tuple(parts))


def _essence(code: CodeType) -> Hashable:
    """Return what code does, without its place in a file."""
    constants = tuple(_essence(one) if isinstance(one, CodeType) else (type(one), one) for one in code.co_consts)
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars


def current(name: str) -> Answer | None:
    """Return the answer of the exercise `name` that is right and still stands in the notebook, or None.

    It is looked for where the checked one was defined: a cell that has run again since has made a new function.
    """
    tries = of(name)
    if tries.right is None:
        return None
    names = getattr(tries.right, "__globals__", {})
    now = names.get(getattr(tries.right, "__name__", ""), tries.right)
    return now if callable(now) and fingerprint(now) == tries.right_fingerprint else None
