"""Patterns: what is said where no known mistake fits is true, and where nothing is clear nothing is said."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from course.checking.answers import Answers
from course.checking.calling import Answer, call
from course.checking.patterns import NO_GRADIENT
from course.checking.report import report
from course.exercises.exercise import Case, Exercise


def diagnosis(reference: Answer, answer: Answer, *cases: Case) -> str:
    exercise = Exercise("it", "00", 4, 1, 1, "nowhere:it", lambda rng: cases, hints=())
    expected = tuple(call(exercise, reference, case) for case in cases)
    return report(
        exercise, Answers(cases, expected, ()), tuple(call(exercise, answer, case) for case in cases)
    ).diagnosis


def case(x: Tensor, **options: object) -> Case:
    return Case(f"{tuple(x.shape)} {options}", {"x": x}, options)


SMALL, WIDE = torch.arange(1.0, 7.0).reshape(2, 3), torch.arange(3.0, 15.0).reshape(3, 4)
EMPTY, FINE = torch.zeros(0, 3), torch.arange(1.0, 7.0).double().reshape(2, 3) / 3
GRADIENTS = Case("gradients", {"x": SMALL}, gradient=True)


def double(x: Tensor) -> Tensor:
    return x * 2


RELATIONS: list[tuple[Callable[[Tensor], Tensor], str]] = [
    (lambda x: double(x).T, "rows and columns exchanged"),
    (lambda x: double(x).flip(0), "mirrored along dimension 0"),
    (lambda x: double(x).flip(0, 1), "turned by 180°"),
    (lambda x: double(x).flatten(), "only the shape is not"),
    (lambda x: double(x)[None], "only the shape is not"),
    (lambda x: -double(x), "opposite sign"),
    (lambda x: double(x) / 4, "times 0.25"),
    (lambda x: double(x) + 1, "1 too large"),
    (lambda x: double(x).roll(1), "in the wrong order"),
]


@pytest.mark.parametrize(("answer", "told"), RELATIONS, ids=[told for _, told in RELATIONS])
def test_a_result_is_told_by_how_it_comes_from_the_right_one(answer: Answer, told: str) -> None:
    assert told in diagnosis(double, answer, case(SMALL), case(WIDE))


def test_a_relation_must_hold_wherever_the_answer_is_wrong() -> None:
    assert diagnosis(double, lambda x: double(x) + len(x), case(SMALL), case(WIDE)) == ""
    assert diagnosis(double, lambda x: double(x) / len(x), case(SMALL), case(WIDE)) == ""


def test_a_few_numbers_show_no_relation() -> None:
    assert diagnosis(double, lambda x: double(x) + 1, case(torch.tensor([1.0, 2.0]))) == ""


def test_things_in_the_wrong_order_are_told() -> None:
    said = diagnosis(lambda x: (x, x + 1), lambda x: (x + 1, x), case(SMALL), case(WIDE))
    assert said == "You return the right things in the wrong order."


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda x: double(x.float()), "float32 whatever comes in"),
        (lambda x: double(x.float()).to(x.dtype), "right to seven digits only"),
    ],
)
def test_lost_precision_is_told(answer: Answer, told: str) -> None:
    assert told in diagnosis(double, answer, case(SMALL), case(FINE))


def test_counts_in_floats_are_told() -> None:
    assert "they are floats" in diagnosis(lambda x: x.long(), lambda x: x, case(SMALL), case(WIDE))
    assert "int32 instead of int64" in diagnosis(lambda x: x.long(), lambda x: x.int(), case(SMALL))


def test_an_input_that_is_written_is_told() -> None:
    assert "you write into `x`" in diagnosis(double, lambda x: x.mul_(2).clone(), case(SMALL), case(WIDE))


def test_a_graph_that_is_cut_is_told_however_it_was() -> None:
    for answer in (lambda x: double(x.detach()), torch.no_grad()(double), lambda x: torch.tensor(double(x).tolist())):
        assert diagnosis(double, answer, case(SMALL), GRADIENTS) == NO_GRADIENT


def test_a_gradient_that_is_missing_in_one_of_several_cases_has_another_cause() -> None:
    sometimes = lambda x: double(x if x.max() > 6 else x.detach())  # noqa: E731
    wide = Case("wide", {"x": WIDE}, gradient=True)
    assert diagnosis(double, sometimes, GRADIENTS, wide) != NO_GRADIENT


def test_an_error_with_one_cause_is_told() -> None:
    assert "`.view` asks" in diagnosis(double, lambda x: double(x.view(-1)).view(x.shape), case(WIDE.T))
    assert "`//` does not" in diagnosis(double, lambda x: double(x)[: len(x) / 1], case(SMALL))  # type: ignore[misc]
    assert diagnosis(double, lambda x: double(x) + torch.zeros(7), case(SMALL)) == ""


def test_what_fails_on_nothing_alone_is_told() -> None:
    answer = lambda x: double(x) + 0 * x.mean() if len(x) else 1 // len(x)  # noqa: E731
    assert "only an empty input" in diagnosis(double, answer, case(SMALL), case(EMPTY))


def test_what_goes_by_the_order_in_memory_is_told() -> None:
    by_memory = lambda x: double(torch.as_strided(x, x.shape, (x.shape[1], 1)))  # noqa: E731
    assert "contiguous inputs only" in diagnosis(double, by_memory, case(SMALL), case(WIDE.T))


def test_what_lies_in_a_dict_counts_as_an_input() -> None:
    def size(region: dict[str, Tensor]) -> Tensor:
        return region["box"].sum() * 2

    def answer(region: dict[str, Tensor]) -> Tensor:
        return size(region) if region["box"].numel() else size(region) + 1

    cases = [Case(str(x.shape), {"region": {"box": x}}) for x in (SMALL, WIDE, EMPTY)]
    assert "only an empty input" in diagnosis(size, answer, *cases)


def times(x: Tensor, by: object = 2, plus: int = 0) -> Tensor:
    return x * (by if isinstance(by, int) else torch.tensor(by).sum()) + plus


def test_the_argument_that_makes_the_difference_is_told() -> None:
    cases = [case(SMALL), case(SMALL, by=3), case(WIDE, by=1), case(SMALL, plus=2), case(WIDE, plus=3)]
    assert "as long as `plus` is left out" in diagnosis(times, lambda x, by=2, plus=0: x * by - plus**2, *cases)
    assert diagnosis(times, lambda x, by=2, plus=0: x * by - plus**2, *cases[2:]) == "", "too few cases that are right"


def test_two_numbers_of_a_pair_that_are_confused_are_told() -> None:
    cases = [case(SMALL, by=3), case(SMALL, by=(2, 2)), case(WIDE, by=(1, 3)), case(SMALL, by=(4, 1))]
    said = diagnosis(times, lambda x, by: x * (by if isinstance(by, int) else 2 * by[0]), *cases)
    assert "pair holds two different numbers" in said


def test_a_range_is_no_pair_of_sizes() -> None:
    cases = [case(SMALL), case(SMALL, by=(0.0, 0.5)), case(WIDE, by=(0.25, 1.0))]
    said = diagnosis(times, lambda x, by=2: x * 2, *cases)
    assert "height" not in said
