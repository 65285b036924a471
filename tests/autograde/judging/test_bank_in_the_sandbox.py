"""A right answer of the bank is right in the sandbox too, and a wrong one wrong: a sample, of each exercise some."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from autograde.building import bank
from autograde.judging import verdicts
from autograde.sandbox.client import Sandbox
from course.exercises.catalogue import CHAPTERS, of_chapter


def source_of(path: Path) -> str:
    """The file as one cell: what it takes from its neighbours stands above it, and its marks mean nothing."""
    text = path.read_text()
    for line, neighbour in re.findall(r"^(from \.(\w+) import .+)$", text, re.MULTILINE):
        text = text.replace(line, "", 1)
        text = f"{source_of(path.with_name(f'{neighbour}.py'))}\n{text}"
    marks = "mistake = form = lambda _: lambda answer: answer\nvariant = lambda answer: answer"
    return re.sub(r"^from autograde\.building\.bank import .+$", lambda _: marks, text, flags=re.MULTILINE)


@pytest.mark.slow
@pytest.mark.compute
@pytest.mark.usefixtures("walls")
@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize(("entries", "right"), [(bank.variants, True), (bank.mistakes, False)])
def test_the_bank_is_judged_alike_in_the_sandbox(
    chapter: str, entries: Callable[[str], list[bank.Entry]], right: bool
) -> None:
    exercises = {exercise.name: exercise for exercise in of_chapter(chapter)}
    wrongly_judged = []
    with Sandbox() as sandbox:
        for entry in entries(chapter)[:: 3 if right else 12]:  # all of them are judged in tests/test_bank.py
            source = source_of(bank.path_of(chapter, entry.exercise))
            exercise, cells = exercises[entry.exercise], (source, f"{entry.exercise} = {entry.name}")
            with sandbox.submission() as submission:
                trace = verdicts.run(submission, exercise, cells, 77)
            result = verdicts.conclude(exercise, trace, cells, 77)
            if result.passed is not right or result.status != "ok":  # a sandbox that fell silent refuses everything
                wrongly_judged.append(f"{entry.name}: {result.message}")
    assert not wrongly_judged
