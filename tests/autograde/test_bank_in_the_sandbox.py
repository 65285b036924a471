"""A right answer of the bank is right in the sandbox too, and a wrong one wrong: a sample, of each exercise some."""

import re
from pathlib import Path

import pytest

from autograde.building import bank
from autograde.judging import verdicts
from autograde.sandbox.client import Sandbox
from course.exercises.catalogue import MODULES, find


@pytest.mark.slow
@pytest.mark.usefixtures("walls")
@pytest.mark.parametrize("chapter", MODULES)
@pytest.mark.parametrize(("folder", "right"), [("variants", True), ("mistakes", False)])
def test_the_bank_is_judged_alike_in_the_sandbox(chapter: str, folder: str, right: bool) -> None:
    topic = MODULES[chapter].rsplit(".", 1)[1]
    source = (Path(bank.CHECKOUT) / "tests" / folder / f"{topic}.py").read_text()
    source = re.sub(r"from autograde\.bank import (\w+)", r"def \1(*_):\n    return lambda answer: answer", source)
    wrongly_judged = []
    with Sandbox() as sandbox:
        for entry in getattr(bank, folder)(chapter)[
            :: 1 if right else 4
        ]:  # all of them are judged in tests/test_bank.py
            exercise, cells = find(entry.exercise), (source, f"{entry.exercise} = {entry.name}")
            with sandbox.submission() as submission:
                trace = verdicts.run(submission, exercise, cells, 77)
            result = verdicts.conclude(exercise, trace, cells, 77)
            if result.passed is not right or result.status != "ok":  # a sandbox that fell silent refuses everything
                wrongly_judged.append(f"{entry.name}: {result.message}")
    assert not wrongly_judged
