"""What is blamed is what caused it: a cell that failed above, a library that is not here. No sandbox: by hand."""

from dataclasses import replace

import pytest

from autograde.judging import blame, verdicts
from autograde.judging.blame import Blame, Cause
from autograde.judging.verdicts import Trace
from autograde.sandbox.client import Attempt
from course.checking.calling import Failure, Outcome
from course.exercises.catalogue import find

EXERCISE = find("nearest_unpool2d")
CASES = verdicts.public(EXERCISE).cases
NO_LIBRARY = Failure("ModuleNotFoundError", "No module named 'nosuchlibrary'", 1, "import nosuchlibrary")
ANSWER = "def nearest_unpool2d(x, scale):\n    return nosuchlibrary.repeat(x)"


def missed(name: str, line: int = 2, code: str = "return it") -> Failure:
    return Failure("NameError", f"name '{name}' is not defined", line, code)


def cause(cells: list[str | None], failures: dict[int, Failure], name: str, **more: dict[int, str]) -> Cause | None:
    return Blame(cells, failures, more.get("deadly", {})).of_call(missed(name))


def test_a_library_that_is_not_here_is_the_headline_and_is_counted() -> None:
    outcomes = tuple(Outcome(failure=missed("nosuchlibrary")) for _ in CASES)
    attempt = Attempt("ok", outcomes, found=True, failures={0: NO_LIBRARY})
    result = verdicts.conclude(EXERCISE, Trace(attempt), ("import nosuchlibrary", ANSWER), None)
    assert result.message == (
        "This needs `nosuchlibrary`, which the grader does not have (line 1, `import nosuchlibrary`)."
    )
    assert (result.lacks, result.diagnosis) == ("nosuchlibrary", "")


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("import nosuchlibrary as n", "n"), ("from nosuchlibrary.layers import Rearrange", "Rearrange"),
        ("from nosuchlibrary import *", "rearrange"), ("import torch, nosuchlibrary", "nosuchlibrary"),
    ],
)  # fmt: skip
def test_a_library_is_named_however_it_is_imported(cell: str, name: str) -> None:
    found = cause([cell], {0: NO_LIBRARY}, name)
    assert found is not None
    assert found.lacks == "nosuchlibrary"


def test_an_import_within_the_answer_names_the_library() -> None:
    found = Blame([], {}, {}).of_call(replace(NO_LIBRARY, line=2))
    assert found is not None
    assert found.lacks == "nosuchlibrary"


def test_a_decorator_of_a_library_that_is_not_here_names_it() -> None:
    cells = ["import nosuchlibrary", f"@nosuchlibrary.njit\n{ANSWER}"]
    failures = {0: NO_LIBRARY, 1: missed("nosuchlibrary", 1, "@nosuchlibrary.njit")}
    attempt = Attempt("ok", (None,) * len(CASES), found=False, failures=failures)
    assert verdicts.conclude(EXERCISE, Trace(attempt), tuple(cells), None).lacks == "nosuchlibrary"


def test_a_library_that_is_here_is_none_that_lacks() -> None:
    for message in ("No module named 'torch.nosuch'", "No module named 'autograde'", "No module named '../x'"):
        assert blame.lacking(Failure("ModuleNotFoundError", message, 1, "import")) == ""


def test_a_helper_whose_cell_failed_is_blamed_at_that_cell() -> None:
    failure = Failure("SyntaxError", "'(' was never closed (<ipython-input-1-ab>, line 1)", 1, "def helper(x:")
    found = cause(["def helper(x:\n    return x", ANSWER], {0: failure}, "helper")
    assert found is not None
    assert found.sentence.startswith("Your code raised SyntaxError in line 1, `def helper(x:`: '(' was never closed;")
    assert found.sentence.endswith("so `helper` is not defined here.")


def test_blame_goes_on_to_what_was_missed_first() -> None:
    first = Failure("ValueError", "no", 1, "TABLE = make()")
    found = cause(["TABLE = make()", "WIDE = 2 * TABLE"], {0: first, 1: missed("TABLE", 1)}, "WIDE")
    assert found is not None
    assert "ValueError in line 1, `TABLE = make()`" in found.sentence
    assert "`WIDE`" in found.sentence


def test_a_cell_that_was_stopped_is_blamed() -> None:
    found = cause(["TABLE = os._exit(3)"], {}, "TABLE", deadly={0: "The process died"})
    assert found == Cause("A cell was stopped: The process died; so `TABLE` is not defined here.")


def test_a_name_that_no_failing_cell_brings_is_the_answers_own_mistake() -> None:
    assert cause(["x = 1 / 0", ANSWER], {0: Failure("ZeroDivisionError", "by zero", 1, "x = 1 / 0")}, "scael") is None
    assert Blame([ANSWER], {}, {}).of_call(Failure("ValueError", "bad", 2, "raise")) is None


def test_a_test_of_ones_own_below_is_not_what_kept_the_function_away() -> None:
    broken = Failure("SyntaxError", "invalid syntax", 1, "def nearest_unpool2d(x, scale")
    cells = ("def nearest_unpool2d(x, scale\n    return x", "assert nearest_unpool2d(1, 2)")
    failures = {0: broken, 1: missed("nearest_unpool2d", 1, "assert nearest_unpool2d(1, 2)")}
    attempt = Attempt("ok", (None,) * len(CASES), found=False, failures=failures)
    message = verdicts.conclude(EXERCISE, Trace(attempt), cells, None).message
    assert message.startswith("Your code raised SyntaxError in line 1, `def nearest_unpool2d(x, scale`")


def test_no_path_of_the_graders_machine_is_told() -> None:
    failure = Failure("ImportError", "cannot import name 'up' from 'torch' (/home/grader/torch/__init__.py)", 1, "from")
    found = cause(["from torch import up"], {0: failure}, "up")
    assert found is not None
    assert "/home" not in found.sentence


def test_a_cell_without_end_or_sense_is_read_in_time() -> None:
    for cell in ("(" * 50_000, " \t" * 50_000 + "helper", "def " * 50_000 + "helper", "\x00helper"):
        cause([cell], {0: NO_LIBRARY}, "helper")
