"""Stored answers: they travel as packets and hold no code, nor what another version of a library words otherwise."""

import pytest
import torch
from torch import Tensor

from course.checking.answers import (
    Answers,
    KnownMistake,
    behaviour_of,
    case_from_plain,
    case_to_plain,
    from_plain,
    load,
    to_plain,
)
from course.checking.calling import Answer, call
from course.checking.report import report
from course.exercises.exercise import Case, Exercise
from course.packet import dumps, loads

CASES = (
    Case("small", {"x": torch.tensor([1.0, 3.0])}),
    Case("gradients", {"x": torch.tensor([3.0, 4.0])}, gradient=True),
)
EXERCISE = Exercise("double", "00", 4, 1, 1, "nowhere:double", lambda rng: CASES, hints=())


def squares(x: Tensor) -> Tensor:
    return x**2


def raises(x: Tensor) -> Tensor:
    return x + torch.zeros(7)


def answers(*mistakes: Answer) -> Answers:
    expected = tuple(call(EXERCISE, lambda x: x * 2, case) for case in CASES)
    known = [
        KnownMistake(one.__name__, tuple(behaviour_of(call(EXERCISE, one, case)) for case in CASES)) for one in mistakes
    ]
    return Answers(CASES, expected, tuple(known))


def test_of_an_exception_only_its_kind_is_stored() -> None:
    (known,) = answers(raises).mistakes
    assert [one and one.error for one in known.behaviours] == ["shapes that do not fit"] * 2
    assert b"must match" not in dumps(to_plain(answers(raises)))


def test_answers_travel_as_a_packet() -> None:
    known = answers(squares, raises)
    data = dumps(to_plain(known))
    again = from_plain(loads(data))
    assert dumps(to_plain(again)) == data
    assert [mistake.sentence for mistake in again.mistakes] == ["squares", "raises"]
    got = tuple(call(EXERCISE, squares, case) for case in again.cases)
    assert report(EXERCISE, again, got).diagnosis == "squares"


def test_a_case_travels_with_its_layout_and_its_pairs() -> None:
    case = Case("a case", {"x": torch.ones(2, 3).T, "size": (3, 2), "stride": None}, {"padding": 1}, gradient=True)
    again = case_from_plain(loads(dumps(case_to_plain(case))))
    assert list(again.inputs) == ["x", "size", "stride", "padding"]
    assert (again.args["size"], again.args["stride"], again.gradient) == ((3, 2), None, True)
    assert isinstance(again.args["x"], Tensor)
    assert again.args["x"].stride() == (1, 3)


@pytest.mark.parametrize("plain", [None, {}, {"cases": [], "expected": []}, {"name": 1, "args": {}}])
def test_forged_answers_are_refused(plain: object) -> None:
    with pytest.raises(ValueError, match="not "):
        from_plain(plain)
    with pytest.raises(ValueError, match="not a case"):
        case_from_plain(plain)


def test_missing_answers_say_what_to_do() -> None:
    with pytest.raises(FileNotFoundError, match="`autograde build` writes them"):
        load(EXERCISE)
