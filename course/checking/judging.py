"""Compare what an answer did with what the reference does, and say the first difference as a sentence.

The order is the order in which a student can act on it: a forbidden call, an exception, the kind of thing returned, its
shape, its dtype, its values, the gradients, and last whether the inputs were left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from course import layers
from course.checking.calling import Failure, Outcome
from course.exercises.exercise import Exercise
from course.packet import Opaque, Plain

Kind = Literal[
    "right", "unwritten", "raised", "forbidden", "type", "shape", "dtype", "values", "gradient", "modified", "lost"
]

_TOLERANCES = {torch.float64: (1e-9, 1e-10), torch.float32: (1e-4, 1e-5), torch.float16: (1e-2, 1e-3)}


_IN_PLACE = 0.75
"""What a right result is worth whose input was changed on the way: the caller may need it, and all else is right."""


@dataclass(frozen=True)
class Verdict:
    """Whether one case is right; if not, of which kind the difference is, a sentence, and where it is.

    `part` names the tensor of a returned layer that differs, `weight` or `bias`.
    """

    case: str
    kind: Kind
    sentence: str = ""
    output: int | None = None
    where: tuple[int, ...] | None = None
    part: str = ""

    @property
    def passed(self) -> bool:
        """Whether the case is right."""
        return self.kind == "right"

    @property
    def worth(self) -> float:
        """What of the case is earned."""
        return _IN_PLACE if self.kind == "modified" else float(self.passed)


def judge(exercise: Exercise, case: str, expected: Outcome, got: Outcome) -> Verdict:
    """Return the verdict on one call: `expected` is what the reference did, `got` what the answer did."""
    if got.forbidden:
        return Verdict(case, "forbidden", f"{exercise.forbidden_sentence} It uses {got.forbidden[0]}.")
    if got.failure is not None and not got.failure.in_gradient:
        return Verdict(case, *_tell_failure(got))
    difference = _compare(exercise, expected.value, got.value, exercise.outputs)
    if difference is not None:
        return Verdict(case, *difference)
    if got.failure is not None:
        return Verdict(case, *_tell_failure(got))
    if expected.gradients is not None:
        sentence = _compare_gradients(exercise, expected.gradients, got.gradients or {})
        if sentence:
            return Verdict(case, "gradient", sentence)
    if got.modified:
        names = " and ".join(f"`{name}`" for name in got.modified)
        return Verdict(case, "modified", f"The result is right, but your function changed its input {names} in place.")
    return Verdict(case, "right")


def score(exercise: Exercise, verdicts: Sequence[Verdict]) -> float:
    """Return the points for `verdicts`, in the order of the cases: their share, and none without the basic case.

    A right result that leaves its input changed is worth three quarters of a case, of the basic one too.
    """
    if not verdicts or not verdicts[0].worth or any(verdict.kind == "forbidden" for verdict in verdicts):
        return 0.0
    return round(exercise.points * sum(verdict.worth for verdict in verdicts) / len(verdicts), 2)


def same_values(exercise: Exercise, expected: Plain, got: Plain) -> bool:
    """Return whether two results are equal within the exercise's tolerance."""
    return _compare(exercise, expected, got, exercise.outputs) is None


class _Difference(NamedTuple):
    """The first difference of two results, as a `Verdict` has it."""

    kind: Kind
    sentence: str
    output: int | None
    where: tuple[int, ...] | None
    part: str = ""


def _tell_failure(got: Outcome) -> tuple[Kind, str]:
    failure = got.failure
    assert failure is not None
    if _is_stub(failure):
        return "unwritten", "Not written yet."
    place = f" in line {failure.line}, `{failure.code}`" if failure.code else ""
    when = "When gradients flow, your" if failure.in_gradient else "Your"
    message = f": {failure.message}" if failure.message else ""
    return "gradient" if failure.in_gradient else "raised", f"{when} code raised {failure.type_name}{place}{message}"


def _is_stub(failure: Failure) -> bool:
    """Return whether this is the stub's own exception; torch raises the type too, for what it cannot do."""
    if failure.type_name != "NotImplementedError":
        return False
    return failure.code.startswith("raise NotImplementedError") or failure.message in ("", "not written yet")


def _compare(exercise: Exercise, expected: Plain, got: Plain, names: Sequence[str]) -> _Difference | None:
    """Return the first difference of two results, or None. `names` are those of the outputs."""
    if isinstance(expected, tuple):
        return _compare_several(exercise, expected, got, names)
    if isinstance(expected, dict):
        return _compare_named(exercise, expected, got)
    return _compare_one(exercise, expected, got, names[0] if names else "output", 0)


def _compare_several(
    exercise: Exercise, expected: tuple[Plain, ...], got: Plain, names: Sequence[str]
) -> _Difference | None:
    listing = ", ".join(names)
    if not isinstance(got, list | tuple):
        sentence = f"Your function must return {len(expected)} things ({listing}); it returned {_tell(got)}."
        return _Difference("type", sentence, 0, None)
    if len(got) != len(expected):
        return _Difference(
            "type", f"Your function must return {len(expected)} things ({listing}); it returned {len(got)}.", 0, None
        )
    for number, (wanted, came) in enumerate(zip(expected, got, strict=True)):
        difference = _compare_one(exercise, wanted, came, names[number], number)
        if difference is not None:
            return difference
    return None


def _compare_named(exercise: Exercise, expected: dict[str, Plain], got: Plain) -> _Difference | None:
    listing = ", ".join(expected)
    if not isinstance(got, dict):
        return _Difference(
            "type", f"Your function must return a dict with {listing}; it returned {_tell(got)}.", 0, None
        )
    missing = [name for name in expected if name not in got]
    if missing:
        return _Difference("type", f"The returned dict must have {listing}; {', '.join(missing)} is missing.", 0, None)
    for number, name in enumerate(expected):
        difference = _compare_one(exercise, expected[name], got[name], name, number)
        if difference is not None:
            return difference
    return None


def _compare_one(exercise: Exercise, expected: Plain, got: Plain, name: str, number: int) -> _Difference | None:
    if isinstance(expected, nn.Module):
        return _compare_modules(exercise, expected, got, name, number)
    if not isinstance(expected, Tensor):
        return _compare_plain(exercise, expected, got, name, number)
    if expected.ndim == 0 and isinstance(got, int | float) and not isinstance(got, bool):
        got = torch.tensor(got, dtype=expected.dtype)  # a Python number will do where a 0-dim tensor is expected
    if not isinstance(got, Tensor):
        hint = " Did you forget `return`?" if got is None else ""
        return _Difference("type", f"The {name} must be a torch.Tensor; got {_tell(got)}.{hint}", number, None)
    if got.layout != torch.strided or got.device.type == "meta":
        return _Difference(
            "type", f"The {name} must be an ordinary dense tensor; got {got.layout} on {got.device}.", number, None
        )
    if got.shape != expected.shape:
        return _Difference("shape", _tell_shapes(name, expected, got), number, None)
    if got.dtype != expected.dtype:
        return _Difference(
            "dtype", f"The {name} must be {_short(expected.dtype)}; got {_short(got.dtype)}.", number, None
        )
    wrong = ~close(exercise, expected, got)
    if not wrong.any():
        return None
    where = tuple(torch.nonzero(wrong)[0].tolist()) if wrong.ndim else ()
    count, total = int(wrong.sum()), wrong.numel()
    values = _tell_numbers(expected[where], got[where])
    if not where:
        return _Difference("values", f"The {name} is wrong: {values}", number, where)
    place = f"The first is at [{', '.join(map(str, where))}]: {values}"
    return _Difference("values", f"{count} of {total} numbers of the {name} differ. {place}", number, where)


def _compare_modules(
    exercise: Exercise, expected: nn.Module, got: Plain, name: str, number: int, *, free: bool = False
) -> _Difference | None:
    """Compare layers by what they compute: their arguments, then their tensors, one spelling as good as another.

    Of a layer with a `free` weight, which is compared as part of a product, the weight's numbers are left out.
    """
    wanted = layers.describe(expected)
    assert wanted is not None
    came = layers.describe(got) if isinstance(got, nn.Module) else None
    if came is None or came.kind != wanted.kind or not isinstance(got, nn.Module):
        kind = wanted.kind.replace("torch.nn", "nn")
        return _Difference("type", f"The {name} must be an {kind}; got {_tell(got)}.", number, None)
    if len(came.parts) != len(wanted.parts):
        return _Difference(
            "type", f"The {name} must have {len(wanted.parts)} layers; got {len(came.parts)}.", number, None
        )
    arguments = layers.effective(came)
    for argument, value in layers.effective(wanted).items():
        if arguments[argument] != value:
            sentence = f"The {name} must have {argument} = {value!r}; yours has {arguments[argument]!r}."
            return _Difference("values", sentence, number, None)
    for part, tensor in wanted.tensors.items():
        mine = came.tensors.get(part)
        if free and part == "weight" and mine is not None and (mine.shape, mine.dtype) == (tensor.shape, tensor.dtype):
            continue
        difference = _compare_one(exercise, tensor, came.tensors.get(part), f"{name}'s {part}", number)
        if difference is not None:
            return difference._replace(part=part)
    together = layers.product(wanted) if exercise.product_only else None
    for place, (inner, other) in enumerate(zip(expected.children(), got.children(), strict=True)):
        label = f"{name}'s layer {place}"
        difference = _compare_modules(exercise, inner, other, label, number, free=together is not None)
        if difference is not None:
            return difference
    if together is not None:
        difference = _compare_one(
            exercise, together, layers.product(came), f"product of the weights in the {name}", number
        )
        return difference and difference._replace(part="product")
    return None


def _compare_plain(exercise: Exercise, expected: Plain, got: Plain, name: str, number: int) -> _Difference | None:
    if isinstance(got, Tensor) and got.ndim == 0:
        got = got.item()
    if isinstance(expected, bool | str) or expected is None:
        right = type(got) is type(expected) and got == expected
    elif isinstance(expected, int):
        right = isinstance(got, int | float) and got == expected  # False is 0: `fits and (…)` counts as none
    elif isinstance(expected, float) and isinstance(got, int | float) and not isinstance(got, bool):
        right = bool(close(exercise, torch.tensor(expected).double(), torch.tensor(got).double(), torch.float32))
    elif isinstance(expected, list) and isinstance(got, list | tuple):
        right = len(got) == len(expected) and all(
            _compare_one(exercise, wanted, came, name, number) is None
            for wanted, came in zip(expected, got, strict=True)
        )
    else:
        right = False
    if right:
        return None
    kind: Kind = "values" if isinstance(got, int | float | str | list | tuple) else "type"
    return _Difference(kind, f"The {name} must be {expected!r}; got {_tell(got)}.", number, None)


def _compare_gradients(
    exercise: Exercise, expected: dict[str, Tensor | None], got: dict[str, Tensor | None]
) -> str | None:
    for name, wanted in expected.items():
        came = got.get(name)
        if wanted is None:
            continue
        if came is None:
            if not wanted.any() and any(other is not None for other in got.values()):
                continue  # nothing flows here, but the result is part of the graph
            return (
                f"The values are right, but no gradient reaches `{name}`: somewhere the result is cut from the graph, "
                "by `.detach()`, `.data`, `.item()`, numpy or torch.no_grad()."
            )
        if came.shape != wanted.shape or not close(exercise, wanted, came.to(wanted.dtype)).all():
            return f"The values are right, but the gradient with respect to `{name}` is not."
    return None


def close(exercise: Exercise, expected: Tensor, got: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Return where two tensors of one shape and dtype are equal within the exercise's tolerance, that of `dtype`."""
    if not expected.is_floating_point():
        return expected == got
    rtol, atol = exercise.tolerance or _TOLERANCES.get(dtype or expected.dtype, (1e-2, 1e-2))
    return torch.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)


def _tell_shapes(name: str, expected: Tensor, got: Tensor) -> str:
    sentence = f"The {name} must have shape {tuple(expected.shape)}; got {tuple(got.shape)}."
    if expected.ndim == got.ndim:
        wrong = [axis for axis, (a, b) in enumerate(zip(expected.shape, got.shape, strict=True)) if a != b]
        if len(wrong) == expected.ndim > 2:
            return f"{sentence} No dimension is right."
        return f"{sentence} Look at dimension {' and '.join(map(str, wrong))}."
    dimensions = "dimension" if got.ndim == 1 else "dimensions"
    return f"{sentence} That is {got.ndim} {dimensions} instead of {expected.ndim}."


def _tell(value: Plain) -> str:
    if value is None:
        return "None"
    if isinstance(value, Opaque):
        return f"a {value.type_name}"
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, bool | int | float | str):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}…"
    kind = type(value)
    return f"a {kind.__qualname__}" if kind.__module__ == "builtins" else f"a {kind.__module__}.{kind.__qualname__}"


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _tell_numbers(expected: Tensor, got: Tensor) -> str:
    """Say two numbers with as many digits as tell them apart."""
    for digits in (4, 9, 17):
        wanted, came = _number(expected, digits), _number(got, digits)
        if wanted != came:
            break
    lost = expected.dtype == torch.float64 and bool(expected.float() == got.float())
    reason = " They agree as float32: somewhere the numbers lost their float64 precision." if lost else ""
    return f"expected {wanted}, yours {came}.{reason}"


def _number(x: Tensor, digits: int) -> str:
    item = x.item()
    return f"{item:.{digits}g}" if isinstance(item, float) else str(item)
