"""Call an answer once and note everything that a judge needs, as plain data.

The notebook's check and the grader's sandbox make the same call. Noted are the value, the gradients, inputs that were
changed, library calls that the exercise forbids, and an exception, told by the student's own line.
"""

import linecache
import os
import sysconfig
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, allclose, nn  # bound here: an answer may replace torch.allclose

from course import layers
from course.checking.guard import watch_operators
from course.exercises.exercise import Case, Exercise
from course.packet import Plain

Answer = Callable[..., object]


@dataclass(frozen=True)
class Failure:
    """An exception, told by the last line of the student's own code: its number in the cell and its text."""

    type_name: str
    message: str
    line: int | None = None
    code: str = ""
    in_gradient: bool = False


@dataclass(frozen=True)
class Outcome:
    """What one call did. `gradients` is None where none were asked, and holds None where none arrived."""

    value: Plain = None
    gradients: dict[str, Tensor | None] | None = None
    modified: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    failure: Failure | None = None

    def to_plain(self) -> dict[str, Plain]:
        """Return the outcome as plain values for a packet."""
        plain: dict[str, Plain] = {key: getattr(self, key) for key in ("value", "gradients", "modified", "forbidden")}
        plain["failure"] = None if self.failure is None else asdict(self.failure)
        return plain

    @classmethod
    def from_plain(cls, plain: Plain) -> "Outcome":
        """Read what `to_plain` gave, from a writer that is not trusted.

        Raises:
            ValueError: something else.
        """
        match plain:
            case {
                "value": value,
                "gradients": gradients,
                "modified": modified,
                "forbidden": forbidden,
                "failure": failure,
            } if (gradients is None or _is_gradients(gradients)) and _is_names(modified) and _is_names(forbidden):
                return cls(value, gradients, modified, forbidden, _failure_from_plain(failure))
        raise ValueError("not the outcome of a call")


def call(exercise: Exercise, answer: Answer, case: Case) -> Outcome:
    """Call `answer` on copies of the inputs of `case`. Never raises, but for a KeyboardInterrupt."""
    seen: list[str] = []
    inputs = _copies(case)
    try:
        with watch_operators(exercise.forbidden, seen):
            value = answer(*_values(case.args, inputs), **_named(case.options, inputs))
        result = _detached(value)  # a list that holds itself has no end
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Outcome(forbidden=tuple(seen), failure=describe_exception(error))
    modified = tuple(name for name, given in case.inputs.items() if not _same(given, inputs[name]))
    gradients, failure = _gradients(exercise, answer, case, seen) if case.gradient else (None, None)
    return Outcome(result, gradients, modified, tuple(dict.fromkeys(seen)), failure)


@torch.inference_mode(False)  # a cell may have entered it, or switched gradients off, and never come back
@torch.enable_grad()
def _gradients(
    exercise: Exercise, answer: Answer, case: Case, seen: list[str]
) -> tuple[dict[str, Tensor | None] | None, Failure | None]:
    """Differentiate a fixed weighted sum of the outputs with respect to every floating-point input but constants."""
    inputs = _copies(case)
    asked = [(name, x) for name, x in fields(inputs) if name not in exercise.constants]
    leaves = {name: x.requires_grad_() for name, x in asked if isinstance(x, Tensor) and x.is_floating_point()}
    try:
        with watch_operators(exercise.forbidden, seen):
            value = answer(*_values(case.args, inputs), **_named(case.options, inputs))
        outputs = [x for x in flatten(value) if isinstance(x, Tensor) and x.requires_grad]
        if not outputs:
            return dict.fromkeys(leaves), None
        total = torch.stack([(x * _weights(x)).sum() for x in outputs]).sum()
        found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        failure = describe_exception(error)
        return None, Failure(failure.type_name, failure.message, failure.line, failure.code, in_gradient=True)
    return dict(zip(leaves, found, strict=True)), None


def _weights(x: Tensor) -> Tensor:
    """Weights that tell neighbouring elements of an output apart, and that add and multiply without rounding."""
    steps = torch.arange(x.numel(), device=x.device) * 37 % 101 - 50
    return (steps.to(x.dtype) / 64).reshape(x.shape)


def _copies(case: Case) -> dict[str, object]:
    return {name: _copy(value) for name, value in case.inputs.items()}


def _copy(value: object) -> object:
    """Copy tensors, memory layout included, and modules; an expanded or sliced input stays one."""
    if isinstance(value, Tensor):
        if value.is_contiguous():
            return value.clone()
        offset = value.storage_offset()  # a piece stays in the middle of what it is a piece of
        base = torch.as_strided(value, (offset + _reach(value),), (1,), 0).clone()
        return torch.as_strided(base, value.shape, value.stride(), offset)
    if isinstance(value, nn.Module):
        return layers.copy(value)
    if isinstance(value, list | tuple):
        return type(value)(_copy(item) for item in value)
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return value


def _reach(x: Tensor) -> int:
    return 1 + sum((size - 1) * step for size, step in zip(x.shape, x.stride(), strict=True)) if x.numel() else 0


def _values(names: Mapping[str, object], inputs: dict[str, object]) -> list[object]:
    return [inputs[name] for name in names]


def _named(names: Mapping[str, object], inputs: dict[str, object]) -> dict[str, object]:
    return {name: inputs[name] for name in names}


def _same(given: object, now: object) -> bool:
    if isinstance(given, Tensor) and isinstance(now, Tensor):
        alike = given.shape == now.shape and given.dtype == now.dtype
        return alike and allclose(given, now, rtol=0, atol=0, equal_nan=True)
    if isinstance(given, nn.Module) and isinstance(now, nn.Module):
        return layers.same(given, now)  # `.eval()` is no change
    if isinstance(given, list | tuple) and isinstance(now, list | tuple):
        return len(given) == len(now) and all(map(_same, given, now))
    if isinstance(given, dict) and isinstance(now, dict):
        return given.keys() == now.keys() and all(_same(item, now[key]) for key, item in given.items())
    return type(given) is type(now) and given == now


def flatten(value: object) -> list[object]:
    """Return what lies in lists, tuples and dicts inside `value`, in order; anything else is itself."""
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in flatten(item)]
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in flatten(item)]
    return [value]


def fields(inputs: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield each input with its name; of a dict each value, named as Python would write it: `region["size"]`."""
    for name, value in inputs.items():
        if isinstance(value, dict):
            yield from ((f'{name}["{key}"]', item) for key, item in value.items())
        else:
            yield name, value


def _detached(value: object) -> Plain:
    """Cut tensors from the autograd graph and from memory shared with the inputs; leave other values as they are."""
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        return value.clone() if value.layout == torch.strided else value
    if isinstance(value, nn.Module):
        return layers.copy(value)
    if isinstance(value, tuple):
        return tuple(_detached(item) for item in value)
    if isinstance(value, list):
        return [_detached(item) for item in value]
    if isinstance(value, dict):
        return {key: _detached(item) for key, item in value.items()}
    if isinstance(value, np.generic | np.ndarray) and value.ndim == 0:  # numpy's numbers travel as Python's
        return value.item()
    return value


def describe_exception(error: BaseException) -> Failure:
    """Tell `error` by the innermost line that the student wrote, not by a line of torch or of the course."""
    line, code = None, ""
    trace: types.TracebackType | None = error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if not _is_library(filename):
            line, code = trace.tb_lineno, linecache.getline(filename, trace.tb_lineno).strip()
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.lineno is not None:
        line, code = error.lineno, (error.text or "").strip()
    try:
        message = str(error)
    except BaseException:
        message = "(its message could not be read)"
    return Failure(type(error).__name__, message[:2000], line, code[:500])


_LIBRARIES = tuple(
    {
        f"{folder}{os.sep}"  # with its end, or a student's `course-work` would be taken for `course`
        for folder in (
            Path(__file__).resolve().parents[1],
            Path(__file__).resolve().parents[2] / "autograde",  # the grader, which runs the cells where there is one
            Path(torch.__file__).resolve().parent,
            *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
        )
    }
)


def _is_library(filename: str) -> bool:
    return filename.startswith((*_LIBRARIES, "<frozen", "<string>", "<__array_function__"))


def _is_gradients(value: object) -> bool:
    return isinstance(value, dict) and all(x is None or isinstance(x, Tensor) for x in value.values())


def _is_names(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(name, str) for name in value)


def _failure_from_plain(plain: object) -> Failure | None:
    if plain is None:
        return None
    match plain:
        case {
            "type_name": str(type_name),
            "message": str(message),
            "line": int() | None as line,
            "code": str(code),
            "in_gradient": bool(in_gradient),
        }:
            return Failure(type_name, message, line, code, in_gradient)
    raise ValueError("not a failure")
