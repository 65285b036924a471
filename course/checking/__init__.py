"""The check that a student calls under each exercise, its hints, and the choice whose functions a chapter goes on with.

>>> from course.checking import check
>>> check("max_unpool2d", max_unpool2d)  # doctest: +SKIP
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace
    from typing import Any

    from course.checking.report import Report
    from course.exercises.exercise import Exercise

__all__ = ["check", "chosen", "hint"]

_MISSING = object()


def check(name: "str | Callable[..., object]", function: object = _MISSING) -> float | None:
    """Check `function` on the public cases of the exercise `name`, and show what was found.

    A function alone is checked as the exercise of its own name. Each new wrong answer unfolds one more hint. Returns
    None; while nbgrader executes the notebook it returns the points instead, which is how nbgrader reads partial
    credit. Whoever presses the stop button is told where the answer was.
    """
    from course.checking.notebook import StoppedError, show

    if callable(name) and function is _MISSING:
        function = name
    elif callable(name) and isinstance(function, str):
        name, function = function, name
    exercise = _find("check", name)
    if exercise is None:
        return None
    if not callable(function):
        show(f"check: {_what_to_pass(exercise.name, function)}")
        return 0.0 if _nbgrader_executes() else None
    try:
        report = _examine(exercise, function)
    except KeyboardInterrupt as stopped:
        raise StoppedError(_told_stop(exercise.name, stopped)) from None
    return report.score if _nbgrader_executes() else None


def hint(name: "str | Callable[..., object]", number: int | None = None) -> None:
    """Show the hints of the exercise `name` up to `number`; without a number, those unfolded so far and one more.

    An exercise may be named by its function too.
    """
    from course.checking import tries
    from course.checking.notebook import show

    exercise = _find("hint", name)
    if exercise is None:
        return
    hints, remembered = exercise.hints, tries.of(exercise.name)
    wanted = remembered.hints + 1 if number is None else number
    last = max(1, min(wanted, len(hints)))
    remembered.hints = max(last, remembered.hints)
    numbered = [(f"Hint {count} of {len(hints)}", text) for count, text in enumerate(hints[:last], start=1)]
    end = ["There are no more hints; the check shows where your answer goes another way."] if wanted > last else []
    show(
        "\n".join([*(f"{title}: {text}" for title, text in numbered), *end]),
        markdown="\n\n".join([*(f"**{title}.** {text}" for title, text in numbered), *(f"*{line}*" for line in end)]),
    )


def chosen(whose: str, **instead: "Callable[..., Any]") -> "SimpleNamespace":
    """Return the parts that a chapter goes on with, each by the name of its exercise, and say whose they are.

    `whose` is "mine" or "the course's". A student's own function runs if its check was all right in this kernel and the
    function is still the same; `instead` has what runs where it does not. "mine, however slow" keeps an own function
    that takes far longer than the course's, too.

    Raises:
        ValueError: other words, or a name that is no exercise's.
    """
    from course.checking.parts import choose

    return choose(whose, instead)


def _examine(exercise: "Exercise", function: "Callable[..., object]") -> "Report":
    from course.checking import tries
    from course.checking.display import as_html, as_text
    from course.checking.notebook import show
    from course.checking.report import examine

    report = examine(exercise, function)
    hint_text = ""
    if not report.unwritten and not report.unknown_name:  # neither is a try: nothing was thought wrongly
        most = len(exercise.hints)
        count = tries.note(exercise.name, function, right=report.passed, most_hints=most)
        hint_text = "" if report.passed or not most else f"Hint {count} of {most}: {exercise.hints[count - 1]}"
    show(as_text(report, hint_text), html=as_html(report, hint_text))
    return report


def _find(asked: str, name: object) -> "Exercise | None":
    """Return the exercise called `name`, or as the function `name`; where there is none, say what to pass."""
    from course.checking.notebook import show
    from course.exercises import catalogue

    function = callable(name)
    wanted = _name_of(name) if callable(name) else name
    example = f'`{asked}("max_unpool2d", max_unpool2d)`' if asked == "check" else f'`{asked}("max_unpool2d")`'
    if not isinstance(wanted, str):
        show(f"{asked}: {_told(wanted)} is neither an exercise's name nor a function; pass both, as in {example}.")
        return None
    try:
        return catalogue.find(wanted)
    except KeyError as error:
        if function:
            show(f"{asked}: no exercise is called `{wanted}` as your function is; pass its name too, as in {example}.")
        else:
            show(f"{asked}: {error.args[0]}")
        return None


def _name_of(function: "Callable[..., object]") -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _what_to_pass(name: str, value: object) -> str:
    if value is _MISSING:
        return f'pass your function, too: `check("{name}", {name})`.'
    if value is None:
        return (
            f"`{name}` is None, no function: run the cell above that defines it, then this one. If you wrote "
            f"`{name}(…)` here, take the parentheses away."
        )
    return (
        f"you passed a value, {_told(value)}: that is what calling the function gives. Pass the function itself, "
        f'without parentheses: `check("{name}", {name})`.'
    )


def _told(value: object) -> str:
    """Say what a value is: "a tensor of shape (2, 3)"."""
    shape = getattr(value, "shape", None)
    kind = "tensor" if type(value).__name__ == "Tensor" else type(value).__name__
    article = "an" if kind[0].lower() in "aeiou" else "a"
    if isinstance(shape, tuple):
        return f"{article} {kind} of shape {tuple(shape)}"
    text = repr(value) if isinstance(value, bool | int | float | str | None) else ""
    return text if text and len(text) <= 40 else f"{article} {kind}"


def _told_stop(name: str, stopped: BaseException) -> str:
    from course.checking.calling import describe_exception

    failure = describe_exception(stopped)
    inside = failure.code and not failure.code.startswith("check(")  # the cell's own line says nothing
    place = f" while {name} was in line {failure.line} ({failure.code})" if inside else ""
    return f"Stopped{place}: nothing was checked."


def _nbgrader_executes() -> bool:
    return "NBGRADER_EXECUTION" in os.environ
