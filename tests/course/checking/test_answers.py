"""Diagnosis: a known mistake is recognised by what it does, and nothing is recognised that is something else."""

import pytest
import torch
from torch import Tensor

from course.checking.answers import Answers, KnownMistake, case_from_plain, case_to_plain, from_plain, load, to_plain
from course.checking.calling import Answer, call
from course.checking.judging import judge
from course.checking.report import Report, report
from course.exercises.exercise import Case, Exercise
from course.packet import dumps, loads

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


MISTAKES = (forgets_negatives, squares, by_view, by_numpy, detached, in_place)


def answers(*mistakes: Answer) -> Answers:
    expected = tuple(call(EXERCISE, double, case) for case in CASES)
    known = []
    for mistake in mistakes:
        outcomes = [call(EXERCISE, mistake, case) for case in CASES]
        wrong = [not judge(EXERCISE, "", right, got).passed for right, got in zip(expected, outcomes, strict=True)]
        known.append(
            KnownMistake(mistake.__name__, tuple(x if bad else None for x, bad in zip(outcomes, wrong, strict=True)))
        )
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


def test_the_same_exception_over_other_sizes_is_another_mistake() -> None:
    def one(x: Tensor) -> Tensor:
        return x * 2 + (torch.zeros(7) if x.ndim == 2 else 0)

    def other(x: Tensor) -> Tensor:
        return x * 2 + (torch.zeros(9) if x.ndim == 2 else 0)

    assert check(one, one).diagnosis == "one"
    assert check(other, one).diagnosis == ""


def test_the_stub_has_no_diagnosis() -> None:
    def stub(x: Tensor) -> Tensor:
        raise NotImplementedError

    found = check(stub, *MISTAKES)
    assert (found.diagnosis, found.unwritten, found.score, found.first_failure) == ("", True, 0, 0)


def test_answers_travel_as_a_packet() -> None:
    known = answers(*MISTAKES)
    data = dumps(to_plain(known))
    again = from_plain(loads(data))
    assert dumps(to_plain(again)) == data
    assert [mistake.sentence for mistake in again.mistakes] == [mistake.__name__ for mistake in MISTAKES]
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
