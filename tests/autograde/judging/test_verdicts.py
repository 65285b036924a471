"""Marks come from hidden cases, what is told comes from public ones. No sandbox here: outcomes are made by hand."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from autograde.judging import verdicts
from autograde.judging.verdicts import Oracle, Trace
from autograde.sandbox.client import Attempt
from course.checking.calling import Failure, Outcome, call
from course.exercises.catalogue import find
from course.packet import Opaque
from solutions.unpooling import nearest_unpool2d

EXERCISE = find("nearest_unpool2d")
SECRET = "a secret"
PUBLIC = verdicts.public(EXERCISE)
HIDDEN = verdicts.hidden(EXERCISE, SECRET)


def outcomes(answer: Callable[..., object], oracle: Oracle) -> tuple[Outcome, ...]:
    return tuple(call(EXERCISE, answer, case) for case in oracle.cases)


def attempt(*given: Outcome | None, **more: object) -> Attempt:
    return replace(Attempt("ok", given, found=True), **more)  # type: ignore[arg-type]


def tiles(x: torch.Tensor, scale: int) -> torch.Tensor:
    return x.repeat(1, 1, scale, scale)


RIGHT, WRONG = (
    lambda oracle: attempt(*outcomes(nearest_unpool2d, oracle)),
    lambda oracle: attempt(*outcomes(tiles, oracle)),
)


def test_hidden_cases_are_other_numbers_of_the_same_families() -> None:
    assert len(HIDDEN.cases) == len(PUBLIC.cases)
    assert HIDDEN.cases[0].name == PUBLIC.cases[0].name
    first = [oracle.cases[0].args["x"] for oracle in (PUBLIC, HIDDEN, verdicts.hidden(EXERCISE, "another"))]
    assert len({str(x) for x in first}) == 3


def test_a_right_answer_earns_everything() -> None:
    result = verdicts.conclude(EXERCISE, Trace(RIGHT(PUBLIC), RIGHT(HIDDEN)), (), SECRET)
    assert (result.score, result.passed, result.message, result.diagnosis) == (EXERCISE.points, True, "", "")


def test_marks_come_from_hidden_cases_alone() -> None:
    learnt_by_heart = verdicts.conclude(EXERCISE, Trace(RIGHT(PUBLIC), WRONG(HIDDEN)), (), SECRET)
    unlucky = verdicts.conclude(EXERCISE, Trace(WRONG(PUBLIC), RIGHT(HIDDEN)), (), SECRET)
    assert (learnt_by_heart.score, unlucky.score) == (0, EXERCISE.points)
    assert not learnt_by_heart.passed
    assert not unlucky.passed


def test_of_a_hidden_case_only_name_and_kind_are_told() -> None:
    result = verdicts.conclude(EXERCISE, Trace(RIGHT(PUBLIC), WRONG(HIDDEN)), (), SECRET)
    assert HIDDEN.cases[0].name in result.message
    assert "the values are wrong" in result.message
    told = result.message + " ".join(case.message for case in result.cases if case.hidden)
    assert not any(letter.isdigit() for letter in told.replace("float64", "").replace("float32", ""))


def test_a_known_mistake_is_diagnosed_from_the_public_cases() -> None:
    result = verdicts.conclude(EXERCISE, Trace(WRONG(PUBLIC), WRONG(HIDDEN)), (), SECRET)
    assert "tiles" in result.diagnosis


def test_an_error_in_a_hidden_case_does_not_tell_its_message() -> None:
    failing = attempt(*(Outcome(failure=Failure("ValueError", "x was 12345")) for _ in HIDDEN.cases))
    result = verdicts.conclude(EXERCISE, Trace(RIGHT(PUBLIC), failing), (), SECRET)
    assert "12345" not in result.model_dump_json()


def test_partial_credit_is_the_share_of_hidden_cases() -> None:
    given = outcomes(nearest_unpool2d, HIDDEN)
    half = attempt(*given[:5], *outcomes(tiles, HIDDEN)[5:8], *given[8:])
    result = verdicts.conclude(EXERCISE, Trace(RIGHT(PUBLIC), half), (), SECRET)
    wrong = sum(not case.passed for case in result.cases if case.hidden)
    assert 0 < wrong <= 3
    assert result.score == pytest.approx(EXERCISE.points * (1 - wrong / len(HIDDEN.cases)), abs=0.005)


def test_lost_cases_cost_themselves_and_say_why() -> None:
    given = outcomes(nearest_unpool2d, HIDDEN)
    died = attempt(*given[:-2], None, None, status="timeout", lost="It did not finish within 10 seconds.")
    result = verdicts.conclude(EXERCISE, Trace(RIGHT(PUBLIC), died), (), SECRET)
    assert result.score == pytest.approx(EXERCISE.points * (len(given) - 2) / len(given), abs=0.005)
    assert result.status == "timeout"


def test_a_forbidden_call_in_the_source_earns_nothing_even_if_the_sandbox_keeps_silent() -> None:
    source = "import torch.nn.functional as F\ndef nearest_unpool2d(x, scale):\n    return F.interpolate(x, (4, 4))"
    result = verdicts.conclude(EXERCISE, Trace(RIGHT(PUBLIC), RIGHT(HIDDEN)), (None, source), SECRET)
    assert result.score == 0
    assert EXERCISE.forbidden_sentence in result.message


def test_a_missing_function_is_told_with_what_raised_before_it() -> None:
    nothing = (None,) * len(PUBLIC.cases)
    failure = Failure("SyntaxError", "expected ':' (<ipython-input-1-15d9732a6dc5>, line 1)", 1, "def f(x)")
    missing = Attempt("ok", nothing, found=False, failures={0: failure})
    result = verdicts.conclude(EXERCISE, Trace(missing), (), None)
    assert result.score == 0
    assert result.message.endswith("your code raised SyntaxError in line 1, `def f(x)`: expected ':'")


@pytest.mark.parametrize(
    "value",
    [
        None, "text", 3, float("nan"), [], (), {}, Opaque("generator"), [[[1]]], torch.zeros(0), torch.tensor(1.0),
        torch.ones(2, dtype=torch.bool), torch.full((1, 1, 4, 6), float("nan")), torch.zeros(1, 1, 4, 6).bfloat16(),
        {"output": torch.ones(1)}, (torch.ones(1), 2), torch.ones(1, 1, 4, 6, dtype=torch.int64),
    ],
    ids=str,
)  # fmt: skip
def test_any_value_is_judged_and_none_but_the_right_one_is_right(value: object) -> None:
    strange = attempt(*(Outcome(value) for _ in PUBLIC.cases))
    result = verdicts.conclude(EXERCISE, Trace(strange), (), None)
    assert result.score == 0
    assert result.message
