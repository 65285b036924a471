"""Say what the author of a wrong answer misunderstood: the known mistake that behaves as this answer does, if one does.

A wrong name is worse than none: it sends a student to look for a fault that is not there. So the rules are those of a
careful teacher, who looks at the first case that fails, since that one is shown, and then for what speaks against:

1. A mistake that would be wrong where this answer is right is not the one.
2. It must be wrong *in the same way* on the first failing case: the same numbers, the same wrong shape, the same kind
   of error. Another implementation of a misconception counts in another float dtype, writes −1e20 for −∞ or raises what
   another library says, and is still the same.
3. If it fits every failing case, it is named. An exception that it would not raise says nothing about the numbers, as
   long as no more cases raise than agree in them.
4. If it does not, the answer has a second fault, or is something else. Then the agreement must be no accident: eight
   wrong numbers that are equal, and twice as many cases that agree as do not. A zero or a NaN is evidence only where
   other numbers of the same result are right, since much gives nothing but zeros; an error is none.
5. If two mistakes fit equally well, neither is named.
6. Where all that is wrong is that no gradient arrives, `.detach()`, numpy and `no_grad` look alike: only this is said.

Where no known mistake fits, something may still be true of the answer whatever the exercise is; see `patterns`.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from course import layers
from course.checking import patterns
from course.checking.answers import Answers, Behaviour, KnownMistake, behaviour_of
from course.checking.calling import Outcome
from course.checking.judging import Verdict, close, same_values
from course.exercises.exercise import Exercise
from course.layers import Layer
from course.packet import Plain

_ENOUGH = 8  # equal wrong numbers that are no accident
_MAJORITY = 2  # cases that agree for one that does not
_EXTREME = 1e8  # from here on a number stands for infinity: no case draws one
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

Sign = Literal["same", "different", "second", "stopped", "spared"]
"""What one case says of a mistake. Both are wrong, in the same way or not; or this answer alone is wrong; or it raised
something, so that nobody knows what it would have returned; or the mistake alone is wrong."""


@dataclass(frozen=True)
class _Fit:
    """How well a mistake fits: on which cases it does the same, whether it explains all, and how many numbers agree."""

    sentence: str
    same: frozenset[int]
    different: int
    whole: bool
    evidence: int


def diagnose(exercise: Exercise, known: Answers, verdicts: Sequence[Verdict], got: Sequence[Outcome]) -> str:
    """Return the sentence that says what this answer's author misunderstood, or "" where nothing is sure."""
    failing = [number for number, verdict in enumerate(verdicts) if not verdict.passed]
    if not failing or any(verdict.kind in ("forbidden", "unwritten", "lost") for verdict in verdicts):
        return ""
    if patterns.lacks_all_gradients(known.cases, verdicts, got):
        return patterns.NO_GRADIENT
    fits = [_fit(exercise, known, mistake, verdicts, got) for mistake in known.mistakes]
    return _choose([fit for fit in fits if fit]) or patterns.describe(exercise, known, verdicts, got)


def _choose(fits: list[_Fit]) -> str:
    """Return the sentence of the one that fits best, or "" where another one fits as well."""
    whole = [fit for fit in fits if fit.whole]
    fits = whole or [fit for fit in fits if fit.evidence >= _ENOUGH and _MAJORITY * fit.different <= len(fit.same)]
    best = max(fits, key=lambda fit: len(fit.same), default=None)
    if best is None or any(fit.sentence != best.sentence and not fit.same < best.same for fit in fits):
        return ""
    return best.sentence


def _fit(
    exercise: Exercise, known: Answers, mistake: KnownMistake, verdicts: Sequence[Verdict], got: Sequence[Outcome]
) -> _Fit | None:
    """Return how well `mistake` fits, or None: it is not the one."""
    signs: dict[int, Sign] = {}
    evidence = 0
    for number, (behaviour, verdict) in enumerate(zip(mistake.behaviours, verdicts, strict=True)):
        if behaviour is None and verdict.passed:
            continue
        right = known.expected[number]
        signs[number] = sign = _sign(exercise, right, behaviour, verdict, got[number])
        if sign == "spared" or (sign != "same" and "same" not in signs.values()):
            return None
        if sign == "same":
            assert behaviour is not None
            evidence += _weight(exercise, right, behaviour)
    same = frozenset(number for number, sign in signs.items() if sign == "same")
    count = Counter(signs.values())
    returned = sum(got[number].failure is None for number in same)
    whole = count["different"] == count["second"] == 0 and (not count["stopped"] or returned >= count["stopped"])
    return _Fit(mistake.sentence, same, count["different"], whole, evidence)


def _sign(exercise: Exercise, right: Outcome, known: Behaviour | None, verdict: Verdict, got: Outcome) -> Sign:
    if verdict.passed:
        return "spared"
    mine = behaviour_of(got)
    if mine.error:
        told = known is not None and (known.error, known.in_gradient) == (mine.error, mine.in_gradient)
        return "same" if told else "stopped"
    if known is None:
        return "second"
    if known.error or known.forbidden:
        return "different"
    same = alike(exercise, right.value, known.value, mine.value)
    if same and verdict.kind == "gradient":
        same = _same_gradients(exercise, known, mine)
    if same and verdict.kind == "modified":
        same = known.modified == mine.modified
    return "same" if same else "different"


def alike(exercise: Exercise, right: Plain, known: Plain, got: Plain) -> bool:
    """Return whether `got` is wrong as `known` is: up to the dtype of what is not `right`, and to what stands for ∞."""
    if isinstance(known, dict) and isinstance(got, dict):
        right = [right.get(name) for name in known] if isinstance(right, dict) else None
        return known.keys() == got.keys() and alike(
            exercise, right, list(known.values()), [got[name] for name in known]
        )
    if isinstance(known, tuple | list) and isinstance(got, tuple | list):
        rights = right if isinstance(right, tuple | list) and len(right) == len(known) else (None,) * len(known)
        return len(known) == len(got) and all(alike(exercise, *three) for three in zip(rights, known, got, strict=True))
    if isinstance(known, tuple | list | dict):
        return False
    if isinstance(known, nn.Module) and isinstance(got, nn.Module) and isinstance(right, nn.Module):
        return _same_arguments(exercise, right, known, got) or same_values(exercise, known, got)
    if not isinstance(known, Tensor) or not isinstance(got, Tensor):
        return same_values(exercise, known, got)
    if known.shape != got.shape or not known.layout == got.layout == torch.strided:
        return False
    if known.dtype != got.dtype and not _same_slip(exercise, right, known, got.dtype):
        return False
    coarsest = min((x.dtype for x in (known, got) if x.is_floating_point()), key=_precision, default=torch.float64)
    mine, theirs = _without_extremes(got), _without_extremes(known)
    return bool(close(exercise, theirs, mine, coarsest).all())


def _same_arguments(exercise: Exercise, right: nn.Module, known: nn.Module, got: nn.Module) -> bool:
    """Return whether two layers were made with the same wrong arguments; their numbers may be drawn at random.

    Where a product is asked, this holds for the two layers in a row as for one.
    """
    wanted, theirs, mine = (layers.describe(module) for module in (right, known, got))
    if (
        wanted is None
        or theirs is None
        or mine is None
        or not wanted.kind == theirs.kind == mine.kind
        or (wanted.parts and not exercise.product_only)
    ):
        return False
    if wanted.parts:
        told = [[(part.kind, layers.effective(part)) for part in layer.parts] for layer in (wanted, theirs, mine)]
        return told[1] == told[2] != told[0]
    return layers.effective(theirs) == layers.effective(mine) != layers.effective(wanted)


def _same_slip(exercise: Exercise, right: Plain, known: Tensor, got: torch.dtype) -> bool:
    """Return whether the answer's dtype, which is not the known mistake's, says nothing against it.

    Either both are wrong in the same manner, as float32 and float64 where whole numbers are asked, or the numbers are
    wrong too, and the answer's dtype is a fault of its own.
    """
    if not isinstance(right, Tensor) or got == right.dtype:
        return False
    if known.dtype == right.dtype:
        coarse = got if got in _FLOATS else right.dtype
        return not close(exercise, right.double(), known.double(), coarse).all() if right.shape == known.shape else True
    return _manner(known.dtype, right.dtype) == _manner(got, right.dtype)


def _manner(dtype: torch.dtype, right: torch.dtype) -> tuple[bool, bool, bool]:
    floating = dtype in _FLOATS
    finer = floating and right in _FLOATS and _precision(dtype) > _precision(right)
    return floating, dtype == torch.bool, finer


def _precision(dtype: torch.dtype) -> int:
    return _FLOATS.index(dtype)


def _without_extremes(x: Tensor) -> Tensor:
    """Return `x` as float64, with what is as good as infinite made so."""
    x = x.double()
    return torch.where(x.abs() >= _EXTREME, x.sign() * torch.inf, x)


def _same_gradients(exercise: Exercise, known: Behaviour, got: Behaviour) -> bool:
    if known.gradients is None or got.gradients is None:
        return known.gradients is got.gradients
    return known.gradients.keys() == got.gradients.keys() and all(
        same_values(exercise, gradient, got.gradients[name]) for name, gradient in known.gradients.items()
    )


def _weight(exercise: Exercise, right: Outcome, known: Behaviour) -> int:
    """Return how many wrong numbers a mistake shows on a case that nobody gets by accident."""
    if known.error:
        return 0
    wrong = _wrong_numbers(exercise, right.value, known.value)
    if not wrong and known.gradients and right.gradients:
        wrong = _wrong_numbers(exercise, list(right.gradients.values()), list(known.gradients.values()))
    return wrong


def _wrong_numbers(exercise: Exercise, right: Plain, known: Plain) -> int:
    """Return how many different numbers of `known` are wrong; of zeros and NaN, how many stand among right numbers."""
    if isinstance(known, dict) and isinstance(right, dict):
        return sum(_wrong_numbers(exercise, right.get(name), value) for name, value in known.items())
    if isinstance(known, tuple | list) and isinstance(right, tuple | list) and len(known) == len(right):
        return sum(_wrong_numbers(exercise, *two) for two in zip(right, known, strict=True))
    if isinstance(known, nn.Module):
        return _wrong_parts(exercise, right, known)
    if isinstance(known, int | float):
        known = torch.tensor(float(known))
    if not isinstance(known, Tensor) or known.layout != torch.strided:
        return 0
    among = 0
    if isinstance(right, Tensor) and right.shape == known.shape:
        wrong = ~close(exercise, right.double(), known.double(), right.dtype)
        among = min(int(wrong.sum()), int((right != 0)[~wrong].sum()))
        known = known[wrong]
    telling = {number for number in known.flatten().tolist() if number and math.isfinite(number)}
    return max(len(telling), among)


def _wrong_parts(exercise: Exercise, right: Plain, known: nn.Module) -> int:
    wanted, theirs = layers.describe(right) if isinstance(right, nn.Module) else None, layers.describe(known)
    if wanted is None or theirs is None or wanted.kind != theirs.kind:
        return 1
    return _wrong_in_layer(exercise, wanted, theirs)


def _wrong_in_layer(exercise: Exercise, wanted: Layer, theirs: Layer, *, free: bool = False) -> int:
    arguments = layers.effective(wanted).items() - layers.effective(theirs).items()
    tensors = {name: (wanted.tensors.get(name), tensor) for name, tensor in theirs.tensors.items()}
    if free:
        tensors.pop("weight", None)
    together = layers.product(theirs) if exercise.product_only else None
    if together is not None:
        tensors["product"] = layers.product(wanted), together
    inside = zip(wanted.parts, theirs.parts, strict=True) if len(wanted.parts) == len(theirs.parts) else ()
    return (
        len(arguments)
        + sum(_wrong_numbers(exercise, *two) for two in tensors.values())
        + sum(
            _wrong_in_layer(exercise, *two, free=together is not None) for two in inside if two[0].kind == two[1].kind
        )
    )
