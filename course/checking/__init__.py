"""The exercises of every chapter and the check that a student calls under each of them.

>>> from course.checking import check
>>> check("max_unpool2d", max_unpool2d)  # doctest: +SKIP
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from course.checking.report import Report

__all__ = ["check", "hint"]

_tries: dict[str, tuple[int, int]] = {}
"""For each exercise, how many different wrong answers were checked, and a fingerprint of the last one."""


def check(name: str, function: "Callable[..., object] | None" = None) -> float | None:
    """Check `function` on the public cases of the exercise `name`, and show what was found.

    Each new wrong answer unfolds one more hint. Returns None; while nbgrader executes the notebook it returns the
    points instead, which is how nbgrader reads partial credit.
    """
    from course.checking.report import examine
    from course.exercises import catalogue

    try:
        exercise = catalogue.find(name)
    except KeyError as error:
        print(f"check: {error.args[0]}")
        return None
    if not callable(function):
        print(f"check: `{name}` is not a function yet; run the cell above that defines it, then this one.")
        return 0.0 if _nbgrader_executes() else None
    report = examine(exercise, function)
    _show(report, _next_hint(report, function))
    return report.score if _nbgrader_executes() else None


def hint(name: str, number: int | None = None) -> None:
    """Print the hints of the exercise `name` up to `number`; without a number, those unfolded so far and one more."""
    from course.exercises import catalogue

    try:
        exercise = catalogue.find(name)
    except KeyError as error:
        print(f"hint: {error.args[0]}")
        return
    shown, fingerprint = _tries.get(name, (0, 0))
    last = min(shown + 1 if number is None else number, len(exercise.hints))
    _tries[name] = (max(last, shown), fingerprint)
    for count, text in enumerate(exercise.hints[:last], start=1):
        print(f"Hint {count} of {len(exercise.hints)}: {text}")


def _next_hint(report: "Report", function: "Callable[..., object]") -> str:
    """Return the hint for this try: one further for each answer that differs from the last, none when it is right."""
    hints = report.exercise.hints
    if report.passed or report.unwritten or not hints:
        return ""
    code = getattr(function, "__code__", None)
    fingerprint = hash((code.co_code, code.co_consts, code.co_names)) if code is not None else id(function)
    count, last = _tries.get(report.exercise.name, (0, 0))
    if fingerprint != last:
        count = min(count + 1, len(hints))
    _tries[report.exercise.name] = (count, fingerprint)
    return f"Hint {count} of {len(hints)}: {hints[count - 1]}"


def _show(report: "Report", hint_text: str) -> None:
    from course.checking.display import as_html, as_text

    try:
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
    except ImportError:
        shell = None
    if shell is not None and getattr(shell, "kernel", None) is not None:
        from IPython.display import display

        data = {"text/html": as_html(report, hint_text), "text/plain": as_text(report, hint_text)}
        display(data, raw=True)
    else:
        print(as_text(report, hint_text))


def _nbgrader_executes() -> bool:
    return "NBGRADER_EXECUTION" in os.environ
