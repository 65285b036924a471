"""The trusted side's judgement: expected answers, marks, and what the student is told.

Marks come from the hidden cases alone, drawn with the class's secret; what is told comes from the public ones, whose
numbers everybody may see. Of a hidden case a student learns its name and of which kind the difference is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module

from autograde.reading import forbidden_calls
from autograde.results import CaseResult, ExerciseResult
from autograde.sandbox.client import Attempt, Program
from course.exercises import answers
from course.exercises.calling import Outcome, call
from course.exercises.checking import Report
from course.exercises.exercise import Case, Exercise
from course.exercises.judging import Kind, Verdict, judge, score

_IN_FILE = re.compile(r" \(<?[^()]*, line \d+\)$")  # what a SyntaxError adds to its message
_KINDS: dict[Kind, str] = {
    "unwritten": "it is not written yet",
    "raised": "your code raised an error",
    "forbidden": "it makes a forbidden call",
    "type": "it returns the wrong kind of thing",
    "shape": "the shape is wrong",
    "dtype": "the dtype is wrong",
    "values": "the values are wrong",
    "gradient": "the gradient is wrong",
    "modified": "it changes its input in place",
    "lost": "no answer came",
}


@dataclass(frozen=True)
class Oracle:
    """Cases and what the reference does on them."""

    cases: tuple[Case, ...]
    expected: tuple[Outcome, ...]


def public(exercise: Exercise) -> Oracle:
    """Return the public cases with the answers that the course ships."""
    known = answers.load(exercise)
    return Oracle(known.cases, known.expected)


@lru_cache(maxsize=256)
def hidden(exercise: Exercise, secret: int | str) -> Oracle:
    """Draw the hidden cases of `secret`, and have the reference answer them."""
    module, _, name = exercise.reference.partition(":")
    reference = getattr(import_module(module), name)
    cases = exercise.draw(secret)
    unwatched = replace(exercise, forbidden=())
    return Oracle(cases, tuple(call(unwatched, reference, case) for case in cases))


def program(exercise: Exercise, cells: tuple[str | None, ...], secret: int | str | None) -> Program:
    """Return what to run: the public cases first, then the hidden ones if there is a secret."""
    cases = public(exercise).cases + (hidden(exercise, secret).cases if secret is not None else ())
    return Program(exercise.name, exercise.forbidden, cells, cases)


def conclude(
    exercise: Exercise,
    attempt: Attempt,
    cells: tuple[str | None, ...],
    secret: int | str | None,
    discreet: bool = True,
    show: Callable[[Report], str] | None = None,
) -> ExerciseResult:
    """Judge what came of a program. Without a secret the public cases give the marks.

    `discreet` keeps the numbers of hidden cases from the messages. `show` turns the report on the public cases into a
    picture; no picture, then no time for it.
    """
    known = answers.load(exercise)
    oracle = hidden(exercise, secret) if secret is not None else None
    named = forbidden_calls([cell for cell in cells if cell], exercise.name, exercise.forbidden)
    count = len(known.cases)
    seen = _verdicts(exercise, public(exercise), attempt, attempt.outcomes[:count], named)
    unseen = _verdicts(exercise, oracle, attempt, attempt.outcomes[count:], named) if oracle else ()
    report = _report(exercise, known, attempt, seen)
    marks = score(exercise, unseen if oracle else seen)
    cases = [CaseResult(name=v.case, passed=v.passed, message=v.sentence) for v in seen]
    cases += [_hidden_result(verdict, discreet) for verdict in unseen]
    return ExerciseResult(
        score=marks,
        max_score=exercise.points,
        passed=all(verdict.passed for verdict in (*seen, *unseen)),
        status=attempt.status,
        message=_message(seen, unseen, attempt),
        diagnosis=report.diagnosis,
        cases=tuple(cases),
        picture=show(report) if show is not None else "",
    )


def _verdicts(
    exercise: Exercise, oracle: Oracle, attempt: Attempt, outcomes: tuple[Outcome | None, ...], named: list[str]
) -> tuple[Verdict, ...]:
    verdicts = []
    for case, expected, outcome in zip(oracle.cases, oracle.expected, outcomes, strict=True):
        if named:
            verdict = judge(exercise, case.name, expected, Outcome(forbidden=tuple(named)))
        elif outcome is not None:
            verdict = _judge_safely(exercise, case.name, expected, outcome)
        else:
            verdict = _unanswered(exercise, case.name, attempt)
        verdicts.append(verdict)
    return tuple(verdicts)


def _judge_safely(exercise: Exercise, case: str, expected: Outcome, outcome: Outcome) -> Verdict:
    """Judge values from a stranger: what cannot even be compared is wrong, and no reason to stop."""
    try:
        return judge(exercise, case, expected, outcome)
    except (RuntimeError, ValueError, TypeError, OverflowError, KeyError, IndexError) as error:
        return Verdict(case, "type", f"What your function returned cannot be compared ({type(error).__name__}).")


def _unanswered(exercise: Exercise, case: str, attempt: Attempt) -> Verdict:
    if attempt.lost:
        return Verdict(case, "lost", attempt.lost)
    if not attempt.found:
        sentence = f"There is no function called `{exercise.name}`."
        failure = attempt.failures[max(attempt.failures)] if attempt.failures else None
        if failure is not None:
            place = f" in line {failure.line}, `{failure.code}`" if failure.code else ""
            message = _IN_FILE.sub("", failure.message)
            sentence = f"{sentence} Before it was defined, your code raised {failure.type_name}{place}: {message}"
        elif attempt.deadly:
            sentence += f" A cell was stopped: {' '.join(attempt.deadly.values())}"
        return Verdict(case, "raised" if failure else "unwritten", sentence)
    return Verdict(case, "lost", "What your function returned could not be taken out of the sandbox.")


def _report(exercise: Exercise, known: answers.Answers, attempt: Attempt, seen: tuple[Verdict, ...]) -> Report:
    got = tuple(outcome or Outcome() for outcome in attempt.outcomes[: len(known.cases)])
    answered = all(outcome is not None for outcome in attempt.outcomes[: len(known.cases)])
    diagnosis = ""
    if answered and not any(verdict.kind == "forbidden" for verdict in seen):
        try:
            diagnosis = known.diagnose(exercise, seen, got)
        except (RuntimeError, ValueError, TypeError, KeyError, IndexError):  # values that nobody foresaw
            diagnosis = ""
    return Report(exercise, known.cases, known.expected, got, seen, diagnosis)


def _hidden_result(verdict: Verdict, discreet: bool) -> CaseResult:
    told = "" if verdict.passed else _KINDS[verdict.kind].capitalize() + "." if discreet else verdict.sentence
    return CaseResult(name=verdict.case, passed=verdict.passed, message=told, hidden=True)


def _message(seen: tuple[Verdict, ...], unseen: tuple[Verdict, ...], attempt: Attempt) -> str:
    """Say the first thing that is wrong; of a hidden case only its name and kind."""
    wrong = next((verdict for verdict in seen if not verdict.passed), None)
    if wrong is not None and wrong.kind == "unwritten":
        return wrong.sentence
    if wrong is not None:
        return f"{wrong.case}: {wrong.sentence}"
    wrong = next((verdict for verdict in unseen if not verdict.passed), None)
    if wrong is not None:
        return (
            f"All public cases are right, but one more of the kind “{wrong.case}”, with other numbers, is not: "
            f"{_KINDS[wrong.kind]}."
        )
    return attempt.lost
