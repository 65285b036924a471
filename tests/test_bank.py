"""Mistakes × variants: every wrong answer of the bank is rejected and recognised, every right one accepted.

A mistake that survives means that a case is missing; a variant that is rejected, that a case asks too much.
"""

import time
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
import torch
from torch import Tensor

from autograde.building import bank
from autograde.building.answers import compute_answers, reference_of
from course import packet
from course.checking import answers as stored
from course.checking.answers import Answers
from course.checking.calling import Outcome, call
from course.checking.guard import find_in_function
from course.checking.judging import Verdict, judge
from course.checking.report import Report, report
from course.exercises.catalogue import CHAPTERS, all_exercises
from course.exercises.exercise import PUBLIC_SEED, Case, Exercise

EXERCISES = {exercise.name: exercise for exercise in all_exercises()}
MISTAKES = [entry for chapter in CHAPTERS for entry in bank.mistakes(chapter)]
VARIANTS = [entry for chapter in CHAPTERS for entry in bank.variants(chapter)]

HIDDEN_SEEDS = [f"hidden-{number}" for number in range(20)]
CAUGHT_BY_HIDDEN_CASES_ONLY: dict[str, str] = {}
"""Mistakes that the public cases cannot reject, each with the reason. None so far."""

each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
each_mistake = pytest.mark.parametrize("entry", MISTAKES, ids=[entry.name for entry in MISTAKES])
each_variant = pytest.mark.parametrize("entry", VARIANTS, ids=[entry.name for entry in VARIANTS])


@cache
def known(exercise: Exercise) -> Answers:
    """The answers as `autograde build` stores them, read back from their bytes."""
    mine = [entry for entry in MISTAKES if entry.exercise == exercise.name]
    return stored.from_plain(packet.loads(packet.dumps(stored.to_plain(compute_answers(exercise, mine)))))


@cache
def expected(exercise: Exercise, seed: int | str) -> tuple[tuple[Case, Outcome], ...]:
    reference = reference_of(exercise)
    return tuple((case, call(exercise, reference, case)) for case in exercise.draw(seed))


def judged(exercise: Exercise, answer: bank.Answer, seed: int | str) -> list[Verdict]:
    return [judge(exercise, case.name, right, call(exercise, answer, case)) for case, right in expected(exercise, seed)]


def checked(exercise: Exercise, answer: bank.Answer) -> Report:
    """What `check` finds, from computed answers instead of the stored files."""
    answers = known(exercise)
    return report(exercise, answers, tuple(call(exercise, answer, case) for case in answers.cases))


def rejected(verdicts: list[Verdict]) -> bool:
    return not all(verdict.passed for verdict in verdicts)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """On tensors this small, threads only wait for each other: a third of the time on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- mistakes ---------------------------------------------------------------------------------------------------------


@each_mistake
def test_a_mistake_is_rejected(entry: bank.Entry) -> None:
    exercise = EXERCISES[entry.exercise]
    if entry.name in CAUGHT_BY_HIDDEN_CASES_ONLY:
        assert any(rejected(judged(exercise, entry.answer, seed)) for seed in HIDDEN_SEEDS[:5])
    else:
        assert rejected(judged(exercise, entry.answer, PUBLIC_SEED))


@each_mistake
def test_a_mistake_is_rejected_by_every_draw_of_the_hidden_cases(entry: bank.Entry) -> None:
    for seed in HIDDEN_SEEDS[:5]:
        assert rejected(judged(EXERCISES[entry.exercise], entry.answer, seed)), seed


@each_mistake
def test_a_mistake_is_recognised(entry: bank.Entry) -> None:
    """Each has behaviour of its own: where two collide, a case is missing or one of them is too many."""
    found = checked(EXERCISES[entry.exercise], entry.answer)
    assert found.diagnosis == entry.sentence
    assert found.score < EXERCISES[entry.exercise].points


@each_mistake
def test_a_mistake_raises_nothing_but_what_it_means_to(entry: bank.Entry) -> None:
    """A typo in the bank would be "rejected" too: NameError and AttributeError are no misconception, but for None's."""
    exercise = EXERCISES[entry.exercise]
    failures = [call(exercise, entry.answer, case).failure for case in exercise.draw(PUBLIC_SEED)]
    meant = [failure for failure in failures if failure and "'NoneType' object" not in failure.message]
    assert not {failure.type_name for failure in meant} & {"NameError", "AttributeError", "KeyError"}


@each_mistake
def test_a_sentence_speaks_to_its_reader(entry: bank.Entry) -> None:
    assert entry.sentence.endswith((".", "?"))
    assert 30 <= len(entry.sentence) <= 250
    assert "\n" not in entry.sentence


# --- variants ---------------------------------------------------------------------------------------------------------


@each_variant
def test_a_variant_is_accepted(entry: bank.Entry) -> None:
    for seed in [PUBLIC_SEED, *HIDDEN_SEEDS]:
        wrong = [verdict for verdict in judged(EXERCISES[entry.exercise], entry.answer, seed) if not verdict.passed]
        assert wrong == [], seed


@each_variant
def test_a_variant_calls_nothing_that_is_forbidden(entry: bank.Entry) -> None:
    assert find_in_function(entry.answer, EXERCISES[entry.exercise].forbidden) == []


@each_variant
def test_a_variant_gets_all_the_points_and_no_diagnosis(entry: bank.Entry) -> None:
    exercise = EXERCISES[entry.exercise]
    found = checked(exercise, entry.answer)
    assert (found.passed, found.score, found.diagnosis) == (True, exercise.points, "")


# --- the bank as a whole ----------------------------------------------------------------------------------------------


@each_exercise
def test_the_bank_is_large_enough(exercise: Exercise) -> None:
    wrong, right = (Counter(entry.exercise for entry in entries) for entries in (MISTAKES, VARIANTS))
    assert wrong[exercise.name] >= 8
    assert right[exercise.name] >= 4


def test_names_and_sentences_are_unique() -> None:
    assert len({entry.name for entry in MISTAKES + VARIANTS}) == len(MISTAKES) + len(VARIANTS)
    for exercise in EXERCISES:
        sentences = [entry.sentence for entry in MISTAKES if entry.exercise == exercise]
        assert len(set(sentences)) == len(sentences)


def test_an_exercise_has_the_same_path_where_it_is_asked_and_where_it_is_answered() -> None:
    def files(folder: str) -> set[str]:
        found = (bank.CHECKOUT / folder).glob("*/*.py")
        return {f"{path.parent.name}/{path.stem}" for path in found if path.stem not in ("__init__", "shared")}

    catalogued = {f"{CHAPTERS[exercise.chapter]}/{name}" for name, exercise in EXERCISES.items()}
    assert files("course/exercises") == files("tests/bank") == catalogued


# --- the reference and its cases --------------------------------------------------------------------------------------


@each_exercise
def test_the_reference_is_accepted(exercise: Exercise) -> None:
    for seed in range(50):
        assert not rejected(judged(exercise, reference_of(exercise), seed))


@each_exercise
def test_the_reference_raises_on_no_case(exercise: Exercise) -> None:
    """A case on which the reference fails would accept whatever fails in the same way."""
    for seed in range(50):
        for case, right in expected(exercise, seed):
            assert right.failure is None, case.name
            assert right.modified == right.forbidden == ()
            if case.gradient:
                assert right.gradients
                assert all(gradient is not None for gradient in right.gradients.values())
                zero = "zero" in case.name  # a gradient may vanish only where a case says so
                assert zero or all(gradient.any() for gradient in right.gradients.values() if gradient is not None)


@each_exercise
def test_the_answers_are_the_same_each_time(exercise: Exercise) -> None:
    mine = [entry for entry in MISTAKES if entry.exercise == exercise.name]
    first, second = (packet.dumps(stored.to_plain(compute_answers(exercise, mine))) for _ in range(2))
    assert first == second
    assert len(first) < 1_000_000


@each_exercise
def test_the_stored_answers_hold_no_code(exercise: Exercise) -> None:
    failures = [x.failure for one in known(exercise).mistakes for x in one.outcomes if x is not None and x.failure]
    assert all(failure.code == "" and failure.line is None for failure in failures)


@each_exercise
def test_case_names_are_unique_and_do_not_depend_on_the_seed(exercise: Exercise) -> None:
    names = [case.name for case in exercise.draw(PUBLIC_SEED)]
    assert len(set(names)) == len(names)
    for seed in [*range(1, 20), *HIDDEN_SEEDS]:
        assert [case.name for case in exercise.draw(seed)] == names


@each_exercise
def test_a_seed_always_draws_the_same_and_another_seed_something_else(exercise: Exercise) -> None:
    def drawn(seed: int | str) -> list[packet.Plain]:
        return [stored.case_to_plain(case) for case in exercise.draw(seed)]

    assert packet.dumps(drawn("a")) == packet.dumps(drawn("a"))
    assert packet.dumps(drawn("a")) != packet.dumps(drawn("b"))
    several = [drawn(str(seed)) for seed in range(8)]
    for number, (case, versions) in enumerate(zip(exercise.draw("a"), zip(*several, strict=True), strict=True)):
        # The basic case may be the same for all where it holds nothing but settings: no mark hangs on which ones.
        may_be_the_same = "empty" in case.name or (number == 0 and not tensors_of(case))
        assert len({packet.dumps(version) for version in versions}) > 1 or may_be_the_same, case.name


@each_exercise
def test_cases_are_small(exercise: Exercise) -> None:
    """Small enough for a failing case to be shown as a grid, and for a check below one second."""
    for seed in [*range(20), *HIDDEN_SEEDS]:
        total = 0
        for case in exercise.draw(seed):
            tensors = tensors_of(case)
            assert all(max(x.shape[-2:], default=0) <= 12 for x in tensors)
            total += sum(x.numel() for x in tensors)
        assert total <= 4000


@each_exercise
def test_a_check_is_quick(exercise: Exercise, capsys: pytest.CaptureFixture[str]) -> None:
    known(exercise)
    start = time.perf_counter()
    found = checked(exercise, reference_of(exercise))
    with capsys.disabled():
        print(f" {exercise.name}: {len(found.cases)} cases in {1000 * (time.perf_counter() - start):.0f} ms", end="")
    assert found.passed


@each_exercise
def test_cases_keep_the_promises_of_their_names(exercise: Exercise) -> None:
    for seed in [PUBLIC_SEED, *range(1, 40), *HIDDEN_SEEDS]:
        cases = exercise.draw(seed)
        assert "empty" not in cases[0].name
        for case in cases:
            tensors = tensors_of(case)
            if "empty" in case.name:
                assert any(x.numel() == 0 for x in tensors), case.name
            elif "float64" in case.name:
                assert any(x.dtype == torch.float64 and not torch.equal(x.float().double(), x) for x in tensors)
            if "not contiguous" in case.name:
                assert any(not x.is_contiguous() for x in tensors), case.name


def tensors_of(case: Case) -> list[Tensor]:
    return [x for x in case.inputs.values() if isinstance(x, Tensor)]
