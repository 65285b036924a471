"""What a case tests, the task says: each property that a case of an exercise has is named in the task or in the stub.

A task is the prose above the answer's cell and the docstring that stands in it. The words are looked for, not their
sense: that a task says the right thing about them, its reader has to see.
"""

import re
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from autograde.building import bank, stubs
from autograde.building.chapter import read
from course.checking.calling import flatten
from course.exercises.catalogue import CHAPTERS, all_exercises
from course.exercises.exercise import PUBLIC_SEED, Case, Exercise

EXERCISES = {exercise.name: exercise for exercise in all_exercises()}
TASKS = {
    cell.argument: cell.text
    for chapter in CHAPTERS
    for cell in read(bank.CHECKOUT / "course" / "chapters" / f"{chapter}.py")
    if cell.directive == "exercise"
}


def tensors(case: Case) -> list[Tensor]:
    return [value for value in flatten(list(case.inputs.values())) if isinstance(value, Tensor)]


def is_empty(case: Case) -> bool:
    return any(tensor.numel() == 0 for tensor in tensors(case))


def is_not_contiguous(case: Case) -> bool:
    return any(not tensor.is_contiguous() for tensor in tensors(case))


def is_in_float64(case: Case) -> bool:
    return any(tensor.dtype == torch.float64 for tensor in tensors(case))


def asks_for_gradients(case: Case) -> bool:
    return case.gradient


def could_be_changed(case: Case) -> bool:
    """Every call is looked at afterwards: an input that was written into is wrong."""
    return any(isinstance(value, Tensor | nn.Module | dict) for value in case.inputs.values())


def has_pairs(case: Case) -> bool:
    return any(isinstance(value, tuple) and len(value) == 2 for value in case.inputs.values())


def has_none(case: Case) -> bool:
    return any(value is None for value in case.inputs.values())


SAID: dict[Callable[[Case], bool], str] = {
    is_empty: r"may be 0|empty|maybe none|\bN is 0|no window fits",
    is_not_contiguous: r"not always contiguous",
    is_in_float64: r"floating|float64|[Dd]type of|same dtype",
    asks_for_gradients: r"[Gg]radient",
    could_be_changed: r"left (alone|as)|stays? as|has to be the same afterwards|(none|neither) of them is changed",
    has_pairs: r"\(height, width\)|\(kh, kw\)|\(H, W\)|\(H,W\)|pair",
    has_none: r"\bNone\b",
}


def properties() -> Iterator[tuple[str, Callable[[Case], bool]]]:
    for name, exercise in EXERCISES.items():
        cases = exercise.draw(PUBLIC_SEED)
        yield from ((name, holds) for holds in SAID if any(map(holds, cases)))


@pytest.mark.parametrize(
    ("name", "holds"), [pytest.param(name, holds, id=f"{name}-{holds.__name__}") for name, holds in properties()]
)
def test_what_a_case_tests_the_task_says(name: str, holds: Callable[[Case], bool]) -> None:
    told = f"{TASKS[name]}\n{stubs.student_cell(EXERCISES[name].reference)}"
    assert re.search(SAID[holds], " ".join(told.split())), (
        f"a case {holds.__name__.replace('_', ' ')}; the task is silent"
    )


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_what_is_off_the_table_the_task_says(exercise: Exercise) -> None:
    if exercise.forbidden:
        assert re.search(r"[Nn]ot allowed|off the table", TASKS[exercise.name])
