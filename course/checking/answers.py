"""The expected answers of the public cases, as shipped with the course: numbers, and no code.

`autograde build` writes one packet an exercise: the cases, what the reference does on them, and what each known mistake
does, with the sentence that names its misconception. So a check can recognise a mistake without holding its code.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from course import packet
from course.checking.calling import Failure, Outcome
from course.checking.judging import Verdict, same_values
from course.exercises.exercise import Case, Exercise

FOLDER = Path(__file__).resolve().parents[1] / "answers"


@dataclass(frozen=True)
class KnownMistake:
    """A misconception: the sentence that names it, and what it does on each case (None: it does what is right)."""

    sentence: str
    outcomes: tuple[Outcome | None, ...]


@dataclass(frozen=True)
class Answers:
    """The public cases of an exercise with everything known about them."""

    cases: tuple[Case, ...]
    expected: tuple[Outcome, ...]
    mistakes: tuple[KnownMistake, ...]

    def diagnose(self, exercise: Exercise, verdicts: Sequence[Verdict], got: Sequence[Outcome]) -> str:
        """Return the sentence of the known mistake that does the same as this answer, or "".

        The same means: right where the answer is right, equal on the first case where it is wrong (the one that is
        shown), different on none. A later case on which the answer raised something else says nothing, since an answer
        can hold two mistakes.
        """
        for mistake in self.mistakes:
            agreements = [
                _agreement(exercise, known, verdict, outcome)
                for known, verdict, outcome in zip(mistake.outcomes, verdicts, got, strict=True)
            ]
            told = [agreement for agreement, verdict in zip(agreements, verdicts, strict=True) if not verdict.passed]
            if told and told[0] == "same" and "different" not in agreements:
                return mistake.sentence
        return ""


def _agreement(
    exercise: Exercise, known: Outcome | None, verdict: Verdict, got: Outcome
) -> Literal["same", "different", "silent"]:
    if verdict.passed:
        return "silent" if known is None else "different"
    if got.failure is not None:
        alike = known is not None and known.failure is not None and _gist(known.failure) == _gist(got.failure)
        return "same" if alike else "silent"
    if known is None or known.failure is not None or verdict.kind == "forbidden":
        return "different"
    same = same_values(exercise, known.value, got.value)
    if same and verdict.kind == "gradient":
        same = _same_gradients(exercise, known, got)
    if same and verdict.kind == "modified":
        same = known.modified == got.modified
    return "same" if same else "different"


def _gist(failure: Failure) -> tuple[str, bool, str]:
    """Return what two exceptions share that come from the same cause on the same case: all but the student's names."""
    message = re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`", "…", failure.message.partition("\n")[0])
    return failure.type_name, failure.in_gradient, " ".join(message.split())


def _same_gradients(exercise: Exercise, known: Outcome, got: Outcome) -> bool:
    if known.gradients is None or got.gradients is None:
        return known.gradients is got.gradients
    return known.gradients.keys() == got.gradients.keys() and all(
        same_values(exercise, gradient, got.gradients[name]) for name, gradient in known.gradients.items()
    )


def path_of(exercise: Exercise) -> Path:
    """Return where the answers of `exercise` are stored."""
    return FOLDER / exercise.chapter / f"{exercise.name}.safetensors"


@cache
def load(exercise: Exercise) -> Answers:
    """Read the stored answers of `exercise`.

    Raises:
        FileNotFoundError: they were never built; the message says how.
    """
    path = path_of(exercise)
    if not path.exists():
        raise FileNotFoundError(f"the answers of {exercise.name} are missing; `autograde build` writes them")
    return from_plain(packet.loads(path.read_bytes()))


def to_plain(answers: Answers) -> packet.Plain:
    """Return `answers` as plain values for a packet."""
    return {
        "cases": [case_to_plain(case) for case in answers.cases],
        "expected": [outcome.to_plain() for outcome in answers.expected],
        "mistakes": [
            {
                "sentence": mistake.sentence,
                "outcomes": [outcome and outcome.to_plain() for outcome in mistake.outcomes],
            }
            for mistake in answers.mistakes
        ],
    }


def from_plain(plain: packet.Plain) -> Answers:
    """Read what `to_plain` gave."""
    match plain:
        case {"cases": list(cases), "expected": list(expected), "mistakes": list(mistakes)}:
            return Answers(
                tuple(map(case_from_plain, cases)),
                tuple(map(Outcome.from_plain, expected)),
                tuple(
                    KnownMistake(one["sentence"], tuple(x and Outcome.from_plain(x) for x in one["outcomes"]))
                    for one in mistakes
                ),
            )
    raise ValueError("not the answers of an exercise")


def case_to_plain(case: Case) -> packet.Plain:
    """Return `case` as plain values for a packet."""
    return {"name": case.name, "args": dict(case.args), "options": dict(case.options), "gradient": case.gradient}


def case_from_plain(plain: packet.Plain) -> Case:
    """Read what `case_to_plain` gave.

    Raises:
        ValueError: something else.
    """
    match plain:
        case {"name": str(name), "args": dict(args), "options": dict(options), "gradient": bool(gradient)}:
            return Case(name, args, options, gradient)
    raise ValueError("not a case")
