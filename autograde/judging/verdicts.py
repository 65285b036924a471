"""The trusted side's judgement: expected answers, marks, and what the student is told.

Marks come from the hidden cases alone, drawn with the class's secret; what is told comes from the public ones, whose
numbers everybody may see. Of a hidden case a student learns its name and of which kind the difference is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module

from autograde.judging.reading import forbidden_calls
from autograde.judging.results import CaseResult, ExerciseResult, gravest
from autograde.sandbox.client import Attempt, Program, Submission
from course.checking import answers
from course.checking.calling import Outcome, call
from course.checking.diagnosing import diagnose
from course.checking.judging import Kind, Verdict, judge, score
from course.checking.report import Report
from course.exercises.exercise import Case, Exercise

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


@dataclass(frozen=True)
class Trace:
    """What an answer did: on the public cases, and on the hidden ones if they were asked."""

    seen: Attempt
    unseen: Attempt | None = None


def run(submission: Submission, exercise: Exercise, cells: tuple[str | None, ...], secret: int | str | None) -> Trace:
    """Run the cells, the public cases and then the hidden ones, in one process; renew the room for what comes next.

    What is shown to a student comes from before the hidden inputs were sent, and nothing of this exercise is there when
    another one runs. A process that died on a public case leaves the hidden ones to a fresh one. So does one that
    answers the public cases well and hidden ones not: an answer must not be wrong for what it was asked before.
    Without a secret there are no hidden cases.
    """
    seen_cases = public(exercise).cases
    oracle = Oracle((), ()) if secret is None else hidden(exercise, secret)
    program = Program(exercise.name, exercise.forbidden, cells, seen_cases, oracle.cases)
    try:
        whole = submission.run(program)
        count = len(seen_cases)
        seen, unseen = replace(whole, outcomes=whole.outcomes[:count]), replace(whole, outcomes=whole.outcomes[count:])
        if all(seen.outcomes) and whole.status != "tampered":
            seen = replace(seen, status="ok", lost="")
        if secret is None:
            return Trace(whole)
        died_early = any(seen.outcomes) and not all(seen.outcomes) and not any(unseen.outcomes)
        if died_early or (whole.status == "ok" and _is_worth_another_look(exercise, Trace(seen, unseen), oracle)):
            submission.renew()
            unseen = submission.run(replace(program, cases=oracle.cases, later=()))
        return Trace(seen, unseen)
    finally:
        submission.renew()


def _is_worth_another_look(exercise: Exercise, trace: Trace, oracle: Oracle) -> bool:
    """Return whether the public cases are right and a hidden one is not."""
    assert trace.unseen is not None
    seen = _verdicts(exercise, public(exercise), trace.seen, [])
    unseen = _verdicts(exercise, oracle, trace.unseen, [])
    return all(verdict.passed for verdict in seen) and not all(verdict.passed for verdict in unseen)


def conclude(
    exercise: Exercise,
    trace: Trace,
    cells: tuple[str | None, ...],
    secret: int | str | None,
    discreet: bool = True,
    show: Callable[[Report], str] | None = None,
) -> ExerciseResult:
    """Judge a trace. Without a secret the public cases give the marks.

    `discreet` keeps the numbers of hidden cases from the messages. `show` turns the report on the public cases into a
    picture.
    """
    known = answers.load(exercise)
    named = forbidden_calls([cell for cell in cells if cell], exercise.name, exercise.forbidden)
    seen = _verdicts(exercise, public(exercise), trace.seen, named)
    unseen: tuple[Verdict, ...] = ()
    if secret is not None and trace.unseen is not None:
        unseen = _verdicts(exercise, hidden(exercise, secret), trace.unseen, named)
    report = _report(exercise, known, trace.seen, seen)
    cases = [CaseResult(name=v.case, passed=v.passed, message=v.sentence) for v in seen]
    cases += [_hidden_result(verdict, discreet) for verdict in unseen]
    passed = all(verdict.passed for verdict in (*seen, *unseen))
    return ExerciseResult(
        score=score(exercise, unseen or seen),
        max_score=exercise.points,
        passed=passed,
        status=gravest([trace.seen.status, *([trace.unseen.status] if trace.unseen else [])]),
        message=_message(seen, unseen),
        diagnosis=report.diagnosis,
        cases=tuple(cases),
        picture=show(report) if show is not None else "",
        hints=() if passed else exercise.hints,
    )


def _verdicts(exercise: Exercise, oracle: Oracle, attempt: Attempt, named: list[str]) -> tuple[Verdict, ...]:
    verdicts = []
    for case, expected, outcome in zip(oracle.cases, oracle.expected, attempt.outcomes, strict=True):
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
    except Exception as error:  # of whatever kind: it must cost this case and nothing else
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
    got = tuple(outcome or Outcome() for outcome in attempt.outcomes)
    answered = all(outcome is not None for outcome in attempt.outcomes)
    diagnosis = ""
    if answered and not any(verdict.kind == "forbidden" for verdict in seen):
        try:
            diagnosis = diagnose(exercise, known, seen, got)
        except Exception:  # values that nobody foresaw
            diagnosis = ""
    return Report(exercise, known.cases, known.expected, got, seen, diagnosis)


def _hidden_result(verdict: Verdict, discreet: bool) -> CaseResult:
    told = "" if verdict.passed else _KINDS[verdict.kind].capitalize() + "." if discreet else verdict.sentence
    return CaseResult(name=verdict.case, passed=verdict.passed, message=told, hidden=True)


def _message(seen: tuple[Verdict, ...], unseen: tuple[Verdict, ...]) -> str:
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
    return ""
