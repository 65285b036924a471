"""Mistakes × variants: every wrong answer of the bank is rejected and recognised, every right one accepted.

A mistake that survives means that a case is missing; a variant that is rejected, that a case asks too much. A test asks
one thing of all answers to one exercise, and names those that fail it. The tests of an exercise run one after the other
and share its draws and what each answer did on them: an answer is called once a draw, whatever is asked of it.
"""

import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import pytest
import torch
from torch import Tensor

from autograde.building import bank
from autograde.building.answers import one_thread, reference_of
from course import packet
from course.checking import answers as stored
from course.checking.answers import Answers
from course.checking.calling import Outcome, call, flatten
from course.checking.guard import find_in_function
from course.checking.judging import judge
from course.checking.report import Report, report
from course.exercises.catalogue import CHAPTERS, all_exercises
from course.exercises.exercise import PUBLIC_SEED, Case, Exercise

EXERCISES = {exercise.name: exercise for exercise in all_exercises()}
MISTAKES = [entry for chapter in CHAPTERS for entry in bank.mistakes(chapter)]
VARIANTS = [entry for chapter in CHAPTERS for entry in bank.variants(chapter)]

SEEDS = (PUBLIC_SEED, *(f"hidden-{number}" for number in range(39)))
"""The draws on which cases and reference are looked at: what happens in one draw of thirteen is seen with 95 %."""
DRAWS_OF_A_MISTAKE = 5
BASIC_DRAWS = 10
DRAWS_OF_A_VARIANT = 5
"""A draw that asks too much of one right answer asks it of others too. So each variant has draws of its own, and
together they have more of them than any one could be given."""

CAUGHT_BY_HIDDEN_CASES_ONLY: dict[str, str] = {}
"""Mistakes that the public cases cannot reject, each with the reason. None so far."""

WITHOUT_A_GRADIENT = {"rois"}
"""Inputs in floating point that no gradient reaches: the corners of regions are rounded to cells."""


@dataclass(frozen=True)
class Bank:
    """An exercise with the answers of the bank, and what they did."""

    exercise: Exercise

    @cached_property
    def mistakes(self) -> list[bank.Entry]:
        return [entry for entry in MISTAKES if entry.exercise == self.exercise.name]

    @cached_property
    def variants(self) -> list[bank.Entry]:
        return [entry for entry in VARIANTS if entry.exercise == self.exercise.name]

    @cached_property
    def known(self) -> Answers:
        """The public cases and what is known of them, as stored."""
        return stored.load(self.exercise)

    @cached_property
    def draws(self) -> dict[int | str, tuple[Case, ...]]:
        return {seed: self.exercise.draw(seed) for seed in SEEDS}

    @cached_property
    def expected(self) -> dict[int | str, tuple[Outcome, ...]]:
        """What the reference does on each draw."""
        return {seed: self.outcomes_of(reference_of(self.exercise), seed) for seed in SEEDS}

    @cached_property
    def public(self) -> dict[str, Report]:
        """What `check` finds in each answer, by its name."""
        return {entry.name: self.checked(entry.answer) for entry in (*self.mistakes, *self.variants)}

    def checked(self, answer: bank.Answer) -> Report:
        outcomes = tuple(call(self.exercise, answer, case) for case in self.known.cases)
        return report(self.exercise, self.known, outcomes)

    def outcomes_of(self, answer: bank.Answer, seed: int | str) -> tuple[Outcome, ...]:
        return tuple(call(self.exercise, answer, case) for case in self.draws[seed])

    def wrong_cases(self, answer: bank.Answer, seed: int | str) -> Iterator[str]:
        """The cases on which `answer` is wrong; who asks for one only has no more of them called."""
        for case, right in zip(self.draws[seed], self.expected[seed], strict=True):
            verdict = judge(self.exercise, case.name, right, call(self.exercise, answer, case))
            if not verdict.passed:
                yield f"{case.name}: {verdict}"

    def is_right_on_the_basic_case(self, answer: bank.Answer, seed: int | str) -> bool:
        case, right = self.draws[seed][0], self.expected[seed][0]
        return judge(self.exercise, case.name, right, call(self.exercise, answer, case)).passed

    def is_rejected(self, answer: bank.Answer, seed: int | str) -> bool:
        return any(self.wrong_cases(answer, seed))


@pytest.fixture(scope="module", params=EXERCISES.values(), ids=EXERCISES)
def of(request: pytest.FixtureRequest) -> Bank:
    """The bank of each exercise in turn; what it remembers goes with it."""
    return Bank(request.param)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


# --- mistakes ---------------------------------------------------------------------------------------------------------


def test_a_mistake_is_rejected(of: Bank) -> None:
    survivors = {entry.name for entry in of.mistakes if of.public[entry.name].passed}
    hidden_only = {entry.name for entry in of.mistakes} & set(CAUGHT_BY_HIDDEN_CASES_ONLY)
    assert survivors - hidden_only == set()


def test_a_mistake_is_rejected_by_every_draw_of_the_hidden_cases(of: Bank) -> None:
    hidden = SEEDS[1 : 1 + DRAWS_OF_A_MISTAKE]
    assert [(one.name, seed) for one in of.mistakes for seed in hidden if not of.is_rejected(one.answer, seed)] == []


def test_the_basic_case_says_the_same_of_a_mistake_with_every_seed(of: Bank) -> None:
    """Without the basic case nothing counts: a mark must not hang on what the class's secret happens to draw."""
    hanging = {}
    for entry in of.mistakes:
        verdicts = {seed: of.is_right_on_the_basic_case(entry.answer, seed) for seed in SEEDS[:BASIC_DRAWS]}
        if len(set(verdicts.values())) > 1:
            hanging[entry.name] = verdicts
    assert hanging == {}


def test_a_mistake_is_recognised(of: Bank) -> None:
    """Each has behaviour of its own: where two collide, a case is missing, or they are one mistake in two forms."""
    told = {entry.name: of.public[entry.name].diagnosis for entry in of.mistakes}
    assert told == {entry.name: entry.sentence for entry in of.mistakes}


def test_a_mistake_does_not_get_all_the_points(of: Bank) -> None:
    assert [entry.name for entry in of.mistakes if of.public[entry.name].score >= of.exercise.points] == []


def test_a_mistake_raises_nothing_but_what_it_means_to(of: Bank) -> None:
    """A typo in the bank would be "rejected" too: NameError and AttributeError are no misconception, but for None's."""
    typos = [
        (entry.name, outcome.failure)
        for entry in of.mistakes
        for outcome in of.public[entry.name].got
        if outcome.failure and outcome.failure.type_name in ("NameError", "AttributeError", "KeyError")
        if "'NoneType' object" not in outcome.failure.message
    ]
    assert typos == []


def test_a_form_behaves_otherwise_than_the_others_of_its_mistake(of: Bank) -> None:
    behaviours = Counter(packet.dumps(stored.to_plain(replace(of.known, mistakes=(one,)))) for one in of.known.mistakes)
    assert max(behaviours.values()) == 1


def test_a_sentence_speaks_to_its_reader(of: Bank) -> None:
    for entry in of.mistakes:
        assert entry.sentence.endswith((".", "?")), entry.name
        assert 30 <= len(entry.sentence) <= 250, entry.name
        assert "\n" not in entry.sentence, entry.name


# --- variants ---------------------------------------------------------------------------------------------------------


def test_a_variant_is_accepted(of: Bank) -> None:
    hidden = SEEDS[1:]
    for number, entry in enumerate(of.variants):
        first = number * DRAWS_OF_A_VARIANT
        for seed in (hidden[turn % len(hidden)] for turn in range(first, first + DRAWS_OF_A_VARIANT)):
            assert list(of.wrong_cases(entry.answer, seed)) == [], (entry.name, seed)


def test_a_variant_calls_nothing_that_is_forbidden(of: Bank) -> None:
    named = {entry.name: find_in_function(entry.answer, of.exercise.forbidden) for entry in of.variants}
    assert named == {entry.name: [] for entry in of.variants}


def test_a_variant_gets_all_the_points_and_no_diagnosis(of: Bank) -> None:
    found = {entry.name: of.public[entry.name] for entry in of.variants}
    wrong = {name: [verdict for verdict in one.verdicts if not verdict.passed] for name, one in found.items()}
    assert wrong == {name: [] for name in found}
    assert {(one.score, one.diagnosis) for one in found.values()} == {(of.exercise.points, "")}


def test_a_form_belongs_to_a_mistake_above_it() -> None:
    form = next(entry for entry in MISTAKES if entry.form_of)
    first = next(entry for entry in MISTAKES if entry.name == form.form_of)
    assert first.sentence == form.sentence
    for answer in (VARIANTS[0].answer, form.answer, print):
        with pytest.raises(ValueError, match="is none"):
            bank.form(answer)


# --- the bank as a whole ----------------------------------------------------------------------------------------------


def test_the_bank_is_large_enough(of: Bank) -> None:
    assert len([entry for entry in of.mistakes if not entry.form_of]) >= 8
    assert len(of.variants) >= 4


def test_names_and_sentences_are_unique() -> None:
    assert len({entry.name for entry in MISTAKES + VARIANTS}) == len(MISTAKES) + len(VARIANTS)
    sentences = Counter((entry.exercise, entry.sentence) for entry in MISTAKES if not entry.form_of)
    assert [sentence for sentence, count in sentences.items() if count > 1] == []


def test_an_exercise_has_the_same_path_where_it_is_asked_and_where_it_is_answered() -> None:
    def files(folder: str) -> set[str]:
        found = (bank.CHECKOUT / folder).glob("*/*.py")
        return {f"{path.parent.name}/{path.stem}" for path in found if not path.stem.startswith(("__init__", "shared"))}

    catalogued = {f"{CHAPTERS[exercise.chapter]}/{name}" for name, exercise in EXERCISES.items()}
    assert files("course/exercises") == files("tests/bank") == catalogued


# --- the reference and its cases --------------------------------------------------------------------------------------


def test_the_reference_is_accepted(of: Bank) -> None:
    """By what is stored, and by what it did itself a moment ago."""
    reference = reference_of(of.exercise)
    assert of.checked(reference).passed
    assert [case for seed in SEEDS[:10] for case in of.wrong_cases(reference, seed)] == []


def test_the_reference_raises_on_no_case(of: Bank) -> None:
    """A case on which the reference fails would accept whatever fails in the same way."""
    for seed, cases in of.draws.items():
        for case, right in zip(cases, of.expected[seed], strict=True):
            assert right.failure is None, case.name
            assert right.modified == right.forbidden == ()
            if case.gradient:
                assert right.gradients
                missing = {name for name, gradient in right.gradients.items() if gradient is None}
                assert missing <= WITHOUT_A_GRADIENT
                zero = "zero" in case.name  # a gradient may vanish only where a case says so
                assert zero or all(gradient.any() for gradient in right.gradients.values() if gradient is not None)


def test_the_stored_answers_hold_neither_code_nor_texts_of_libraries(of: Bank) -> None:
    data = stored.path_of(of.exercise).read_bytes()
    for text in ("must match", "out of bounds", "object is not", "torch.zeros(", "return "):
        said = sum(text in mistake.sentence for mistake in of.known.mistakes)
        assert data.count(text.encode()) <= said, text


def test_the_stored_answers_are_small(of: Bank) -> None:
    assert stored.path_of(of.exercise).stat().st_size < 1_000_000


def test_case_names_are_unique_and_do_not_depend_on_the_seed(of: Bank) -> None:
    names = [case.name for case in of.draws[PUBLIC_SEED]]
    assert len(set(names)) == len(names)
    for cases in of.draws.values():
        assert [case.name for case in cases] == names


def test_a_seed_always_draws_the_same_and_another_seed_something_else(of: Bank) -> None:
    def dumped(cases: tuple[Case, ...]) -> list[bytes]:
        return [packet.dumps(stored.case_to_plain(case)) for case in cases]

    several = {seed: dumped(of.draws[seed]) for seed in SEEDS[:9]}
    first, second, *_ = SEEDS
    assert dumped(of.exercise.draw(first)) == several[first] != several[second]
    for number, (case, versions) in enumerate(zip(of.draws[first], zip(*several.values(), strict=True), strict=True)):
        # The basic case may be the same for all where it holds nothing but settings: no mark hangs on which ones.
        may_be_the_same = "empty" in case.name or (number == 0 and not tensors_of(case))
        assert len(set(versions)) > 1 or may_be_the_same, case.name


def test_cases_are_small(of: Bank) -> None:
    """Small enough for a failing case to be shown as a grid, and for a check below one second.

    A few rows may be longer: what a cell of a grid says are five numbers a box and one a class.
    """
    for cases in of.draws.values():
        shown = [x[x != 0] if is_histogram(x) else x for case in cases for x in tensors_of(case)]
        sides = [x.shape[-2:] for x in shown]
        assert all(max(side, default=0) <= 12 or (max(side) <= 24 and math.prod(side) <= 72) for side in sides)
        assert sum(x.numel() for x in shown) <= 4000


def test_a_check_is_quick(of: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    of.known  # noqa: B018 - read before the clock starts
    start = time.perf_counter()
    found = of.checked(reference_of(of.exercise))
    with capsys.disabled():
        milliseconds = 1000 * (time.perf_counter() - start)
        print(f" {of.exercise.name}: {len(found.cases)} cases in {milliseconds:.0f} ms", end="")
    assert found.passed


def test_cases_keep_the_promises_of_their_names(of: Bank) -> None:
    for cases in of.draws.values():
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
    return [x for x in flatten(list(case.inputs.values())) if isinstance(x, Tensor)]


def is_histogram(x: Tensor) -> bool:
    """Whether `x` is a long row of shares, of which only those are shown that are not 0."""
    return x.ndim == 1 and len(x) > 36 and bool((x >= 0).all()) and abs(float(x.sum()) - 1) < 1e-6
