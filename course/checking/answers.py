"""The expected answers of the public cases, as shipped with the course: numbers, and no code.

`autograde build` writes one packet an exercise: the cases, what the reference does on them, and what each known mistake
does, with the sentence that names its misconception. So a check can recognise a mistake without holding its code.
"""

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from torch import Tensor

from course import packet
from course.checking.calling import Outcome
from course.checking.errors import kind_of
from course.exercises.exercise import Case, Exercise

FOLDER = Path(__file__).resolve().parents[1] / "answers"


@dataclass(frozen=True)
class Behaviour:
    """What a known mistake does on one case on which it is wrong, told by nothing that another version words otherwise.

    `error` is the kind of an exception, see `errors.kind_of`, and "" where none was raised.
    """

    value: packet.Plain = None
    gradients: dict[str, Tensor | None] | None = None
    modified: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    error: str = ""
    in_gradient: bool = False


@dataclass(frozen=True)
class KnownMistake:
    """A misconception: the sentence that names it, and what one form of it does on each case (None: what is right)."""

    sentence: str
    behaviours: tuple[Behaviour | None, ...]


@dataclass(frozen=True)
class Answers:
    """The public cases of an exercise with everything known about them."""

    cases: tuple[Case, ...]
    expected: tuple[Outcome, ...]
    mistakes: tuple[KnownMistake, ...]


def behaviour_of(outcome: Outcome) -> Behaviour:
    """Return what `outcome` was: of an exception its kind, since its text and its line are those of one version."""
    failure = outcome.failure
    error, in_gradient = ("", False) if failure is None else (kind_of(failure), failure.in_gradient)
    return Behaviour(outcome.value, outcome.gradients, outcome.modified, outcome.forbidden, error, in_gradient)


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
                "behaviours": [
                    one and {key.name: getattr(one, key.name) for key in fields(one)} for one in mistake.behaviours
                ],
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
                    KnownMistake(one["sentence"], tuple(x and Behaviour(**x) for x in one["behaviours"]))
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
