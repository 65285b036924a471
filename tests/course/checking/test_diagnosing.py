"""Diagnosis: a known mistake is recognised by what it does, and nothing is recognised that is something else."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from course.checking import patterns
from course.checking.answers import Answers, KnownMistake, behaviour_of
from course.checking.calling import Answer, call
from course.checking.judging import judge
from course.checking.report import Report, report
from course.exercises.exercise import Case, Exercise

CASES = (
    Case("small", {"x": torch.tensor([1.0, 2.0])}),
    Case("negative", {"x": torch.tensor([-1.0, 2.0])}),
    Case("transposed", {"x": torch.arange(6.0).reshape(2, 3).T}),
    Case("gradients", {"x": torch.tensor([3.0, 4.0])}, gradient=True),
)
EXERCISE = Exercise("double", "00", 4, 1, 1, "nowhere:double", lambda rng: CASES, hints=())


def double(x: Tensor) -> Tensor:
    return x * 2


def forgets_negatives(x: Tensor) -> Tensor:
    return (x * 2).clamp(min=0)


def squares(x: Tensor) -> Tensor:
    return x**2


def by_view(x: Tensor) -> Tensor:
    return x.view(-1).mul(2).view(x.shape)


def by_numpy(x: Tensor) -> Tensor:
    return torch.from_numpy(x.numpy() * 2)


def detached(x: Tensor) -> Tensor:
    return x.detach() * 2


def in_place(x: Tensor) -> Tensor:
    x.data.mul_(2)
    return x.clone()


MISTAKES = (forgets_negatives, squares, by_view, by_numpy, in_place)


def answers(*mistakes: Answer) -> Answers:
    expected = tuple(call(EXERCISE, double, case) for case in CASES)
    known = []
    for mistake in mistakes:
        outcomes = [call(EXERCISE, mistake, case) for case in CASES]
        passed = [judge(EXERCISE, "", right, got).passed for right, got in zip(expected, outcomes, strict=True)]
        behaviours = [None if right else behaviour_of(got) for right, got in zip(passed, outcomes, strict=True)]
        known.append(KnownMistake(mistake.__name__, tuple(behaviours)))
    return Answers(CASES, expected, tuple(known))


def check(answer: Answer, *mistakes: Answer) -> Report:
    return report(EXERCISE, answers(*mistakes), tuple(call(EXERCISE, answer, case) for case in CASES))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_recognised_among_others(mistake: Answer) -> None:
    assert check(mistake, *MISTAKES).diagnosis == mistake.__name__


def test_the_same_behaviour_by_another_way_is_recognised() -> None:
    assert check(lambda x: torch.relu(x) * 2, *MISTAKES).diagnosis == "forgets_negatives"
    assert check(lambda x: x * x, *MISTAKES).diagnosis == "squares"


def test_a_right_answer_has_no_diagnosis() -> None:
    found = check(lambda x: x + x, *MISTAKES)
    assert (found.diagnosis, found.passed, found.first_failure, found.score) == ("", True, None, 4)


def test_an_unknown_mistake_has_no_diagnosis() -> None:
    for answer in (lambda x: x * 3, lambda x: x * 2 + (x < 0), lambda x: None, lambda x: (x * 2).double()):
        assert check(answer, *MISTAKES).diagnosis == ""


def test_an_answer_that_is_right_where_the_mistake_is_wrong_is_not_that_mistake() -> None:
    answer = lambda x: x**2 if x.ndim == 1 else x * 2  # noqa: E731
    assert check(answer, squares).diagnosis == ""


def test_an_answer_that_is_wrong_where_the_mistake_is_right_is_not_that_mistake() -> None:
    answer = lambda x: forgets_negatives(x) + (0 if x.ndim == 1 else 1)  # noqa: E731
    assert check(answer, forgets_negatives).diagnosis == ""


def test_two_mistakes_at_once_are_told_by_the_one_that_shows() -> None:
    """Where the second raises, the case says nothing, and the first is still recognised."""
    answer = lambda x: forgets_negatives(x.view(-1)).view(x.shape)  # noqa: E731
    assert check(answer, forgets_negatives).diagnosis == "forgets_negatives"


def test_another_exception_is_not_the_known_one() -> None:
    """Both raise a RuntimeError on the transposed input; only one is about `.view`."""

    def adds_what_does_not_fit(x: Tensor) -> Tensor:
        return x * 2 + (torch.zeros(7) if x.ndim == 2 else 0)

    assert check(adds_what_does_not_fit, by_view).diagnosis == ""

    def raises_everywhere(x: Tensor) -> Tensor:
        return x + torch.zeros(7)

    assert check(raises_everywhere, *MISTAKES).diagnosis == ""


def test_a_diagnosis_speaks_of_the_case_that_is_shown() -> None:
    """The same exception on the transposed input; but shown is the case before it, where the mistake is right."""

    def raises_earlier(x: Tensor) -> Tensor:
        return by_view(x) + (torch.zeros(7) if x.ndim == 1 and x.min() < 0 else 0)

    assert check(raises_earlier, by_view).diagnosis == ""


def test_the_same_kind_of_exception_is_the_same_mistake_whatever_its_text() -> None:
    def one(x: Tensor) -> Tensor:
        return x * 2 + (torch.zeros(7) if x.ndim == 2 else 0)

    def other(x: Tensor) -> Tensor:
        return x.numpy() * 2 + np.zeros((5, 9)) if x.ndim == 2 else x * 2  # type: ignore[return-value]

    assert check(other, one).diagnosis == "one"


def test_the_stub_has_no_diagnosis() -> None:
    def stub(x: Tensor) -> Tensor:
        raise NotImplementedError

    found = check(stub, *MISTAKES)
    assert (found.diagnosis, found.unwritten, found.score, found.first_failure) == ("", True, 0, 0)


# --- other forms of the same ------------------------------------------------------------------------------------------


def minus_infinity_for_negatives(x: Tensor) -> Tensor:
    return (x * 2).masked_fill(x < 0, -torch.inf)


def test_another_number_for_infinity_is_the_same_mistake() -> None:
    assert check(lambda x: (x * 2).masked_fill(x < 0, -1e20), minus_infinity_for_negatives).diagnosis
    assert not check(lambda x: (x * 2).masked_fill(x < 0, 1e20), minus_infinity_for_negatives).diagnosis
    assert not check(lambda x: (x * 2).masked_fill(x < 0, -1e4), minus_infinity_for_negatives).diagnosis


def counted(x: Tensor) -> Tensor:
    return (x > 0).sum(dim=-1)


def test_whole_numbers_that_are_floats_are_one_mistake_in_any_float_dtype() -> None:
    def as_floats(x: Tensor) -> Tensor:
        return counted(x).float()

    for answer, told in (
        (lambda x: counted(x).double(), "as_floats"),
        (lambda x: counted(x).half(), "as_floats"),
        (lambda x: counted(x).int(), ""),
        (lambda x: counted(x).double() + 1, ""),
    ):
        assert examined(counted, answer, as_floats) == told, answer


def test_wrong_numbers_are_recognised_in_a_wrong_dtype_too() -> None:
    assert check(lambda x: squares(x).double(), squares).diagnosis == "squares"


def test_layers_with_the_same_wrong_arguments_are_one_mistake_whatever_numbers_were_drawn() -> None:
    def layer(bias: bool, stride: int = 1) -> nn.Linear | nn.Conv1d:
        made = nn.Conv1d(2, 3, 2, stride=stride, bias=bias)
        made.weight = nn.Parameter(torch.arange(12.0).view(3, 2, 2))
        return made

    def with_bias(x: Tensor) -> nn.Module:
        return layer(True)

    assert examined(lambda x: layer(False), lambda x: layer(True), with_bias) == "with_bias"
    assert examined(lambda x: layer(False), lambda x: layer(False, stride=2), with_bias) == ""


def examined(reference: Answer, answer: Answer, *mistakes: Answer) -> str:
    """What is said of `answer` where `reference` is right, on the cases without a gradient."""
    cases = CASES[:3]
    expected = tuple(call(EXERCISE, reference, case) for case in cases)
    known = []
    for mistake in mistakes:
        pairs = [(right, call(EXERCISE, mistake, case)) for right, case in zip(expected, cases, strict=True)]
        found = [None if judge(EXERCISE, "", right, got).passed else behaviour_of(got) for right, got in pairs]
        known.append(KnownMistake(mistake.__name__, tuple(found)))
    answers = Answers(cases, expected, tuple(known))
    said = report(EXERCISE, answers, tuple(call(EXERCISE, answer, case) for case in cases)).diagnosis
    return said if said in {mistake.__name__ for mistake in mistakes} else ""


# --- two faults, and too little to go by ------------------------------------------------------------------------------

MANY = (
    Case("many", {"x": torch.arange(1.0, 13.0)}),
    Case("more", {"x": torch.arange(2.0, 14.0)}),
    Case("negative", {"x": -torch.arange(1.0, 9.0)}),
    Case("transposed", {"x": torch.arange(3.0, 9.0).reshape(2, 3).T}),
)


def of_many(answer: Answer, *mistakes: Answer) -> str:
    expected = tuple(call(EXERCISE, double, case) for case in MANY)
    known = []
    for mistake in mistakes:
        pairs = [(right, call(EXERCISE, mistake, case)) for right, case in zip(expected, MANY, strict=True)]
        found = [None if judge(EXERCISE, "", right, got).passed else behaviour_of(got) for right, got in pairs]
        known.append(KnownMistake(mistake.__name__, tuple(found)))
    return report(
        EXERCISE, Answers(MANY, expected, tuple(known)), tuple(call(EXERCISE, answer, x) for x in MANY)
    ).diagnosis


def cubes(x: Tensor) -> Tensor:
    return x**3


def nothing_but_zeros(x: Tensor) -> Tensor:
    return torch.zeros_like(x)


def test_a_second_fault_does_not_hide_a_mistake_that_shows_in_many_numbers() -> None:
    answer = lambda x: cubes(x) + (7 if x.ndim == 2 else 0)  # noqa: E731
    assert of_many(answer, cubes, squares) == "cubes"


def test_where_half_of_the_cases_are_something_else_nothing_is_named() -> None:
    answer = lambda x: cubes(x) + (7 if x.ndim == 2 or x.min() < 0 else 0)  # noqa: E731
    assert of_many(answer, cubes) == ""


def test_zeros_are_no_evidence_where_nothing_else_is_right() -> None:
    answer = lambda x: torch.zeros_like(x) + (x.ndim == 2)  # noqa: E731
    assert of_many(answer, nothing_but_zeros) == ""
    assert of_many(torch.zeros_like, nothing_but_zeros) == "nothing_but_zeros"


def test_two_mistakes_that_fit_equally_well_are_not_named() -> None:
    def also_cubes(x: Tensor) -> Tensor:
        return x * x * x

    assert of_many(cubes, cubes, also_cubes) == ""
    several_forms = KnownMistake("one", ()), KnownMistake("one", ())
    assert len({mistake.sentence for mistake in several_forms}) == 1


def test_a_missing_gradient_alone_says_only_what_is_known() -> None:
    for answer in (detached, by_numpy, torch.no_grad()(double)):
        assert check(answer, *MISTAKES).diagnosis in (patterns.NO_GRADIENT, "by_numpy")
    assert check(detached, *MISTAKES).diagnosis == patterns.NO_GRADIENT
