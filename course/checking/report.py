"""Check an answer on the public cases: the whole of what happens between `check(...)` and the page that shows it."""

import io
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import cached_property, partial

from course.checking import answers as stored
from course.checking import limits
from course.checking.calling import Answer, Failure, Outcome, call, describe_exception
from course.checking.diagnosing import diagnose
from course.checking.guard import find_in_function
from course.checking.judging import Verdict, judge, score
from course.exercises.exercise import Case, Exercise

_MOST_PRINTED = 2000  # characters; an endless loop may print for as long as it is let


@dataclass(frozen=True)
class Report:
    """What a check found: a verdict a case, and the known mistake that the answer repeats, if any.

    `printed` is what the answer printed in the case that is shown. Nothing is known of the last `untried` cases.
    """

    exercise: Exercise
    cases: tuple[Case, ...]
    expected: tuple[Outcome, ...]
    got: tuple[Outcome, ...]
    verdicts: tuple[Verdict, ...]
    diagnosis: str = ""
    printed: str = ""
    untried: int = 0

    @property
    def passed(self) -> bool:
        """Whether every case is right."""
        return all(verdict.passed for verdict in self.verdicts)

    @property
    def unwritten(self) -> bool:
        """Whether the stub still stands."""
        return any(verdict.kind == "unwritten" for verdict in self.verdicts)

    @property
    def score(self) -> float:
        """The points that these cases would give."""
        return score(self.exercise, self.verdicts)

    @cached_property
    def first_failure(self) -> int | None:
        """The number of the first case that is not right."""
        return next((number for number, verdict in enumerate(self.verdicts) if not verdict.passed), None)

    @property
    def unknown_name(self) -> str:
        """What the answer refers to that is not there, as where a cell was not run: a module, say; else ""."""
        failure = None if self.first_failure is None else self.got[self.first_failure].failure
        if failure is None or failure.type_name != "NameError":
            return ""
        return failure.message.split("'")[1] if failure.message.count("'") >= 2 else failure.message


def examine(exercise: Exercise, answer: Answer) -> Report:
    """Run `answer` on the public cases of `exercise` and compare.

    Nothing is shown, what it prints included, and nothing that it does raises, but for a KeyboardInterrupt. A case that
    does not end is ended, and the cases after it are not tried.
    """
    known = stored.load(exercise)
    named = find_in_function(answer, exercise.forbidden)
    if named:
        return report(exercise, known, (Outcome(forbidden=tuple(named)),) * len(known.cases))
    outcomes, printed = _call_all(exercise, answer, known.cases)
    untried = len(known.cases) - len(outcomes)
    found = report(exercise, known, (*outcomes, *[Outcome(failure=Failure("OutOfTimeError", ""))] * untried))
    found = replace(found, verdicts=_told_of_time(found, outcomes), untried=untried)
    shown = found.first_failure or 0
    if found.unknown_name:
        found = replace(found, diagnosis=_told_of_name(found.unknown_name))
    return replace(found, printed=printed[shown] if shown < len(printed) else "")


def report(exercise: Exercise, known: stored.Answers, outcomes: tuple[Outcome, ...]) -> Report:
    """Judge what an answer did on the public cases, wherever it ran."""
    verdicts = tuple(
        judge(exercise, case.name, expected, outcome)
        for case, expected, outcome in zip(known.cases, known.expected, outcomes, strict=True)
    )
    diagnosis = diagnose(exercise, known, verdicts, outcomes)
    return Report(exercise, known.cases, known.expected, outcomes, verdicts, diagnosis)


# --- calling ----------------------------------------------------------------------------------------------------------


def _call_all(exercise: Exercise, answer: Answer, cases: tuple[Case, ...]) -> tuple[tuple[Outcome, ...], list[str]]:
    """Call `answer` on one case after the other, as long as there is time; return what it did and what it printed."""
    outcomes: list[Outcome] = []
    printed: list[str] = []
    began, screen = time.monotonic(), sys.stdout

    def tell() -> None:
        print(
            f"`{exercise.name}` has been inside of one operation of a library for long. Python cannot end that: wait, "
            "or restart the kernel.",
            file=screen,
        )

    for case in cases:
        if time.monotonic() - began > limits.SECONDS_IN_ALL:
            break
        heard = _Heard()
        try:
            outcome = limits.within(
                limits.SECONDS_A_CASE, partial(call, exercise, _listened(answer, heard), case), tell
            )
        except limits.OutOfTimeError as error:  # it rang between the student's code and ours
            outcome = Outcome(failure=describe_exception(error))
        outcomes.append(outcome)
        printed.append(str(heard))
        if _is_out_of_time(outcome):
            break
    return tuple(outcomes), printed


def _listened(answer: Answer, heard: "_Heard") -> Answer:
    """Return `answer`, of which only `heard` hears what it prints; a second call, for gradients, says it all again."""
    streams = iter((heard,))

    def listened(*args: object, **options: object) -> object:
        with redirect_stdout(next(streams, _Heard())):
            return answer(*args, **options)

    return listened


class _Heard(io.TextIOBase):
    """A stream that keeps the beginning of what is written to it."""

    def __init__(self) -> None:
        self._kept, self._more = "", False

    def write(self, text: str) -> int:
        room = _MOST_PRINTED - len(self._kept)
        self._kept += text[:room]
        self._more = self._more or len(text) > room
        return len(text)

    def __str__(self) -> str:
        return self._kept.rstrip() + (" …" if self._more else "")


# --- what there is no verdict for -------------------------------------------------------------------------------------


def _is_out_of_time(outcome: Outcome) -> bool:
    return outcome.failure is not None and outcome.failure.type_name == limits.OutOfTimeError.__name__


def _told_of_time(found: Report, outcomes: tuple[Outcome, ...]) -> tuple[Verdict, ...]:
    """Return the verdicts, with a sentence where an answer did not end, or was not tried any more."""
    verdicts = list(found.verdicts)
    for number, outcome in enumerate(outcomes):
        if _is_out_of_time(outcome):
            verdicts[number] = Verdict(found.cases[number].name, "lost", _endless(outcome.failure))
    for number in range(len(outcomes), len(verdicts)):
        verdicts[number] = Verdict(
            found.cases[number].name,
            "lost",
            f"Not tried: the cases before it took {limits.SECONDS_IN_ALL:.0f} seconds together, where each should take "
            "a moment. Is there a loop that could be one operation on whole tensors?",
        )
    return tuple(verdicts)


def _endless(failure: Failure | None) -> str:
    place = f" in line {failure.line}, `{failure.code}`" if failure is not None and failure.code else ""
    return (
        f"It was stopped after {limits.SECONDS_A_CASE:.0f} seconds{place}. On so few numbers that is a loop without an "
        "end: what in it changes, and when does it stop?"
    )


def _told_of_name(name: str) -> str:
    return (
        f"Nothing is called `{name}` here. Has the cell been run that imports or defines it? After a restart of the "
        "kernel all of them have to run again, from the top. Or is it spelt otherwise?"
    )
