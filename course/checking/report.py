"""Check an answer on the public cases: the whole of what happens between `check(...)` and the page that shows it."""

from dataclasses import dataclass
from functools import cached_property

from course.checking import answers as stored
from course.checking.calling import Answer, Outcome, call
from course.checking.diagnosing import diagnose
from course.checking.guard import find_in_function
from course.checking.judging import Verdict, judge, score
from course.exercises.exercise import Case, Exercise


@dataclass(frozen=True)
class Report:
    """What a check found: a verdict a case, and the known mistake that the answer repeats, if any."""

    exercise: Exercise
    cases: tuple[Case, ...]
    expected: tuple[Outcome, ...]
    got: tuple[Outcome, ...]
    verdicts: tuple[Verdict, ...]
    diagnosis: str = ""

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


def examine(exercise: Exercise, answer: Answer) -> Report:
    """Run `answer` on the public cases of `exercise` and compare. Nothing is shown, and nothing that it does raises."""
    known = stored.load(exercise)
    named = find_in_function(answer, exercise.forbidden)
    if named:
        outcomes = (Outcome(forbidden=tuple(named)),) * len(known.cases)
    else:
        outcomes = tuple(call(exercise, answer, case) for case in known.cases)
    return report(exercise, known, outcomes)


def report(exercise: Exercise, known: stored.Answers, outcomes: tuple[Outcome, ...]) -> Report:
    """Judge what an answer did on the public cases, wherever it ran."""
    verdicts = tuple(
        judge(exercise, case.name, expected, outcome)
        for case, expected, outcome in zip(known.cases, known.expected, outcomes, strict=True)
    )
    diagnosis = diagnose(exercise, known, verdicts, outcomes)
    return Report(exercise, known.cases, known.expected, outcomes, verdicts, diagnosis)
