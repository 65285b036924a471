"""What can be said of a wrong answer whatever the exercise is: a pattern in what it does, true by itself.

No list of known mistakes is complete. But a result that is the right one with two dimensions exchanged, an error that
has one cause, or a function that fails on empty inputs alone can be told for what it is. Each sentence here states what
was seen on the first failing case, the one that is shown, or on all of them; none guesses.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, permutations

import torch
from torch import Tensor

from course.checking.answers import Answers
from course.checking.calling import Outcome, flatten
from course.checking.errors import kind_of
from course.checking.judging import Verdict, close
from course.exercises.exercise import Case, Exercise
from course.packet import Plain

NO_GRADIENT = (
    "Your numbers are right, but no gradient can flow back: after `.detach()`, `.data`, `.item()` or numpy, under "
    "`torch.no_grad()`, or as plain numbers in a new tensor they are no longer part of the graph."
)

_SEVERAL = 3  # right cases that have something in common by no accident

_ERRORS = {
    "view": (
        "`.view` asks for numbers that lie side by side in memory, and here they do not; `.reshape` copies where "
        "it must."
    ),
    "minus one of nothing": (
        "In an empty tensor there is nothing from which torch could work out the −1 of a reshape: name every size."
    ),
    "nothing to join": (
        "Your list is empty here, and there is nothing to stack or to join. An empty result has a shape too."
    ),
    "nothing to choose from": (
        "Among no numbers there is no largest and no smallest: think of an input that is empty."
    ),
    "numpy": (
        "`.numpy()` works only while nobody needs gradients. Stay with torch's own operations, and gradients flow "
        "by themselves."
    ),
    "written in place": "You write into a tensor that is still needed for the gradients; write into a new one.",
    "written where memory is shared": (
        "You write into a view in which several positions are one number in memory; copy it first."
    ),
    "None": "You use something that is None here: what may be missing needs a look before it is used.",
    "a number, not several": (
        "You unpack or index what is a single number here. What may be one number or a pair has to become a pair first."
    ),
    "another number of items": (
        "You unpack another number of values than there are here. Did you count the dimensions of a shape, or the "
        "entries of an argument?"
    ),
    "several, not a number": "You calculate with a tuple or a list as if it were one number.",
    "a fraction, not a whole number": (
        "A size or a position must be a whole number, and yours is a float. `/` gives one even where nothing is "
        "left over; `//` does not."
    ),
    "what bincount does not take": (
        "`bincount` counts whole numbers from 0 up, in one row: nothing negative, no floats, no further dimensions."
    ),
    "dtypes that differ": (
        "Tensors of two dtypes meet here, and torch does not mix them in this operation. Was one made without a "
        "`dtype`, or converted?"
    ),
}
"""Errors with one cause, by their kind."""


def lacks_all_gradients(cases: Sequence[Case], verdicts: Sequence[Verdict], got: Sequence[Outcome]) -> bool:
    """Return whether all that is wrong is that wherever gradients were asked, none arrived."""
    return all(
        verdict.kind == "gradient" and outcome.failure is None and not _arrived(outcome)
        if case.gradient
        else verdict.passed
        for case, verdict, outcome in zip(cases, verdicts, got, strict=True)
    )


def _arrived(outcome: Outcome) -> bool:
    return any(gradient is not None for gradient in (outcome.gradients or {}).values())


def describe(exercise: Exercise, known: Answers, verdicts: Sequence[Verdict], got: Sequence[Outcome]) -> str:
    """Return what is true of this wrong answer, or "" where no pattern is seen."""
    failing = [number for number, verdict in enumerate(verdicts) if not verdict.passed]
    cases = [known.cases[number] for number in failing]
    others = [case for case, verdict in zip(known.cases, verdicts, strict=True) if verdict.passed]
    kinds = {verdicts[number].kind for number in failing}
    first = failing[0]
    failure = got[first].failure
    if failure is not None:
        return _ERRORS.get(kind_of(failure), "") or _by_inputs(cases, others, raised=True)
    if kinds == {"modified"}:
        names = sorted({name for number in failing for name in got[number].modified})
        return (
            f"Your result is right, but you write into {_listed(names)}. The caller still needs it: write into a copy."
        )
    if verdicts[first].kind == "dtype":
        return _by_dtype(exercise, known.expected[first].value, got[first].value, cases, others)
    if (
        kinds == {"values"}
        and all(map(_is_double, cases))
        and all(_agree_as_float32(known.expected[number].value, got[number].value) for number in failing)
    ):
        return "Your numbers are right to seven digits only: float64 comes in, and somewhere it becomes float32."
    where = _by_inputs(cases, others)
    if verdicts[first].kind in ("values", "shape"):
        returned = [number for number in failing if got[number].failure is None]
        results = [(known.expected[number].value, got[number].value) for number in returned]
        return _by_relation(exercise, results) or where or _by_order(exercise, results)
    return where


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


# --- what the failing cases have in common ----------------------------------------------------------------------------


def _by_inputs(cases: Sequence[Case], others: Sequence[Case], raised: bool = False) -> str:
    """Say what all failing inputs are and no other one is: this is where the fault lies, whatever it is."""
    if not others:
        return ""
    for is_so, sentence in _INPUTS:
        if not (raised and is_so is _is_scattered) and all(map(is_so, cases)) and not any(map(is_so, others)):
            return sentence
    return _of_an_argument(cases, others)


def _tensors(case: Case) -> list[Tensor]:
    return [x for x in flatten(list(case.inputs.values())) if isinstance(x, Tensor)]


def _is_empty(case: Case) -> bool:
    return any(x.numel() == 0 for x in _tensors(case))


def _is_scattered(case: Case) -> bool:
    return any(not x.is_contiguous() for x in _tensors(case))


def _is_double(case: Case) -> bool:
    return any(x.dtype == torch.float64 for x in _tensors(case))


def _pairs_of_sizes(case: Case) -> list[tuple[int, int]]:
    """Return the inputs that are (height, width): two whole numbers. A range or four weights are something else."""
    return [x for x in case.inputs.values() if isinstance(x, tuple) and len(x) == 2 and all(type(n) is int for n in x)]


def _has_unequal_pair(case: Case) -> bool:
    return any(high != wide for high, wide in _pairs_of_sizes(case))


def _has_pair(case: Case) -> bool:
    return bool(_pairs_of_sizes(case))


_INPUTS: tuple[tuple[Callable[[Case], bool], str], ...] = (
    (
        _is_empty,
        "Your function is right wherever there is something to compute; only an empty input is not looked after.",
    ),
    (
        _is_scattered,
        "Your function is right for contiguous inputs only. In a transposed or expanded one the numbers do not lie in "
        "memory in the order of their places.",
    ),
    (
        _has_unequal_pair,
        "Your function is right as long as height and width are asked the same. Wherever a pair holds two different "
        "numbers it is not: which of them belongs to the rows?",
    ),
    (_has_pair, "Your function is right for plain numbers only; an argument may also be a pair, (height, width)."),
)


def _of_an_argument(cases: Sequence[Case], others: Sequence[Case]) -> str:
    """Say which argument makes the difference: left out, or of one value, in all cases that are right and in no other.

    Only an argument that may be left out has such a value; sizes are 1 where everything is simple.
    """
    everywhere = (*cases, *others)
    for name in dict.fromkeys(name for case in everywhere for name in case.inputs):
        if all(name in case.inputs for case in everywhere) or any(
            isinstance(case.inputs.get(name), Tensor) for case in everywhere
        ):
            continue
        right = {_single(case.inputs.get(name)) for case in others}
        given = right - {None}
        if (
            None in right
            and len(others) >= _SEVERAL
            and len(given) < 2
            and not right & {_single(case.inputs.get(name)) for case in cases}
        ):
            value = " or ".join(["left out", *map(str, given)])
            return (
                f"Your function is right as long as `{name}` is {value}, and wrong wherever it is not: look at what "
                f"`{name}` does."
            )
    return ""


def _single(value: object) -> object:
    """Return one number for a pair of equal ones, and for what cannot be told apart its text."""
    if isinstance(value, tuple) and len(set(value)) == 1:
        return value[0]
    return value if value is None or isinstance(value, int | float | str) else str(value)


# --- how the result differs -------------------------------------------------------------------------------------------


def _by_dtype(exercise: Exercise, right: Plain, got: Plain, cases: Sequence[Case], others: Sequence[Case]) -> str:
    for wanted, came in _pairs(right, got):
        if wanted.dtype == came.dtype or wanted.shape != came.shape:
            continue
        coarse = came.dtype if came.is_floating_point() else wanted.dtype
        if not close(exercise, wanted.double(), came.double(), coarse).all():
            return ""
        if wanted.dtype == torch.float64 and all(map(_is_double, cases)) and not any(map(_is_double, others)):
            return "Your result is float32 whatever comes in; a tensor that you make takes its dtype from the input."
        if wanted.dtype == torch.int64 and came.is_floating_point():
            return "The numbers are right, but they are floats; what is counted or points somewhere is int64."
        if not wanted.is_floating_point() or not came.is_floating_point():
            dtypes = f"{_name(came.dtype)} instead of {_name(wanted.dtype)}"
            return f"The numbers are right, and only the dtype is not: {dtypes}."
    return ""


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _agree_as_float32(right: Plain, got: Plain) -> bool:
    pairs = list(_pairs(right, got))
    return bool(pairs) and all(
        wanted.shape == came.shape and wanted.dtype == came.dtype and torch.allclose(wanted, came, rtol=1e-5, atol=1e-6)
        for wanted, came in pairs
    )


def _pairs(right: Plain, got: Plain) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the tensors of two results that stand at the same place."""
    if isinstance(right, Tensor) and isinstance(got, Tensor):
        yield right, got
    elif isinstance(right, tuple | list) and isinstance(got, tuple | list) and len(right) == len(got):
        for wanted, came in zip(right, got, strict=True):
            yield from _pairs(wanted, came)


Results = Sequence[tuple[Plain, Plain]]


def _by_relation(exercise: Exercise, results: Results) -> str:
    """Say how the results come from the right ones, if they all do in the same way and enough numbers show it."""
    right, got = results[0]
    if isinstance(right, tuple) and isinstance(got, tuple | list) and len(right) == len(got) == 2:
        swapped = all(
            isinstance(wanted, tuple) and _are_equal(exercise, wanted[::-1], came) for wanted, came in results
        )
        return "You return the right things in the wrong order." if swapped else ""
    return _common(results, lambda right, got: _of_one(exercise, right, got))


def _by_order(exercise: Exercise, results: Results) -> str:
    def sentence(right: Tensor, got: Tensor) -> list[str]:
        same = right.shape == got.shape and right.is_floating_point() == got.is_floating_point()
        ordered = same and _equal(exercise, right.flatten().sort().values, got.flatten().sort().values)
        return ["Your numbers are the right ones, in the wrong order."] if ordered else []

    return _common(results, sentence)


def _common(results: Results, sentences: Callable[[Tensor, Tensor], list[str]]) -> str:
    """Return the first sentence that is true of all results; the first of them must have four different numbers."""
    common: list[str] = []
    for number, (right, got) in enumerate(results):
        if not isinstance(right, Tensor) or not isinstance(got, Tensor):
            return ""
        if number == 0 and len(set(right.flatten().tolist())) < 4:
            return ""
        true = sentences(right, got)
        common = [one for one in common if one in true] if number else true
    return next(iter(common), "")


def _of_one(exercise: Exercise, right: Tensor, got: Tensor) -> list[str]:
    return list(_true_of(exercise, right, got))


def _true_of(exercise: Exercise, right: Tensor, got: Tensor) -> Iterator[str]:
    axes = range(right.ndim)
    for first, second in combinations(axes, 2):
        if _equal(exercise, right.transpose(first, second), got):
            last = {first, second} == {right.ndim - 2, right.ndim - 1}
            which = "rows and columns" if last else f"dimensions {first} and {second}"
            yield f"Your result is the right one with {which} exchanged."
    for order in permutations(axes) if right.ndim <= 5 else ():
        if _equal(exercise, right.permute(order), got):
            yield f"Your result is the right one with its dimensions in another order, {order}."
    if got.numel() == right.numel() and got.shape != right.shape and _equal(exercise, right.flatten(), got.flatten()):
        yield "Your numbers are right and in the right order; only the shape is not."
    if got.shape != right.shape or got.is_floating_point() != right.is_floating_point():
        return
    for dimension in axes:
        if _equal(exercise, right.flip(dimension), got):
            yield f"Your result is the right one, mirrored along dimension {dimension}."
    if right.ndim > 1 and _equal(exercise, right.flip(-2, -1), got):
        yield "Your result is the right one, turned by 180°: mirrored along both of its last dimensions."
    yield from _factors(exercise, right, got)


def _factors(exercise: Exercise, right: Tensor, got: Tensor) -> Iterator[str]:
    """Say that all numbers are the same times, or the same amount, too large or too small."""
    a, b = right.double(), got.double()
    if not a.any() or not (a.isfinite().all() and b.isfinite().all()):
        return
    place = a.abs().argmax()
    factor = float(b.flatten()[place] / a.flatten()[place])
    if factor and abs(factor) < 1e6 and _equal(exercise, (a * factor).to(right.dtype), got):
        yield (
            "Your result is the right one with the opposite sign."
            if abs(factor + 1) < 1e-6
            else f"Your result is the right one times {factor:.4g}, everywhere."
        )
    offset = float(b.flatten()[0] - a.flatten()[0])
    if _equal(exercise, (a + offset).to(right.dtype), got):
        yield f"Each of your numbers is {abs(offset):.4g} too {'large' if offset > 0 else 'small'}."


def _are_equal(exercise: Exercise, right: Plain, got: Plain) -> bool:
    pairs = list(_pairs(right, got))
    return bool(pairs) and all(_equal(exercise, *two) for two in pairs)


def _equal(exercise: Exercise, right: Tensor, got: Tensor) -> bool:
    if right.shape != got.shape or got.layout != torch.strided:
        return False
    coarse = got.dtype if got.is_floating_point() else right.dtype
    return bool(close(exercise, right.double(), got.double(), coarse).all())
