"""Each exercise runs once, in a room that ends with it: public cases, then hidden ones, nothing left for the next."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograde import assessment, verdicts
from autograde.sandbox.client import Sandbox, Submission
from autograde.verdicts import Trace
from autograde.work import PRELOADED
from course.exercises.catalogue import MODULES, find, of_chapter
from solutions import unpooling

SECRET = "a secret"
FIRST, SECOND = find("bed_of_nails2d"), find("nearest_unpool2d")
RIGHT = (
    "import torch\nfrom torch import Tensor\n"
    + "\n".join(
        f"def {name}(*_, **__): pass" for name, _ in inspect.getmembers(unpooling) if name.startswith("require_")
    )
    + "\n"
    + inspect.getsource(unpooling.bed_of_nails2d)
)
ASKED = sum(1 + case.gradient for case in verdicts.public(FIRST).cases)


@pytest.fixture(scope="module")
def sandbox(walls: None) -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


def run(sandbox: Sandbox, *cells: str) -> Trace:
    with sandbox.submission() as room:
        return verdicts.run_all(room, FIRST, cells, SECRET)


def test_cells_run_once_and_all_cases_are_answered(sandbox: Sandbox) -> None:
    trace = run(sandbox, RIGHT, "print('once')")
    result = verdicts.conclude(FIRST, trace, (RIGHT,), SECRET)
    assert (result.score, result.status, trace.seen.output) == (FIRST.points, "ok", "once\n")


def test_what_saw_hidden_inputs_is_gone_before_another_exercise_runs(sandbox: Sandbox) -> None:
    keep = f"""{RIGHT}
import os, socket, time
right = bed_of_nails2d
def bed_of_nails2d(*args, **options):
    for place in ("/tmp/seen", "/dev/shm/seen", os.path.expanduser("~/seen")):
        open(place, "a").write(str(args))
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
    return right(*args, **options)
"""
    look = """
import os
print([os.path.exists(os.path.expanduser(place)) for place in ("/tmp/seen", "/dev/shm/seen", "~/seen")])
print(sum(name.isdigit() for name in os.listdir("/proc")))
"""
    with sandbox.submission() as room:
        verdicts.run_all(room, FIRST, (keep,), SECRET)
        other = verdicts.run_all(room, SECOND, (look,), SECRET)
    assert other.seen.failures == {}
    assert other.seen.output == "[False, False, False]\n2\n"  # its init, and itself


def test_what_is_printed_while_hidden_inputs_are_there_is_not_kept(sandbox: Sandbox) -> None:
    prints = f"{RIGHT}\nright = bed_of_nails2d\ndef bed_of_nails2d(*args):\n    print(args)\n    return right(*args)"
    assert run(sandbox, prints).seen.output == ""


def test_a_death_on_a_public_case_leaves_the_hidden_ones_to_a_fresh_process(sandbox: Sandbox) -> None:
    dying = f"""{RIGHT}
import os
right, calls = bed_of_nails2d, []
def bed_of_nails2d(*args, **options):
    calls.append(1)
    return right(*args, **options) if len(calls) < 4 else os._exit(1)
"""
    trace = run(sandbox, dying)
    assert trace.unseen is not None
    assert any(trace.seen.outcomes)
    assert any(trace.unseen.outcomes)
    assert verdicts.conclude(FIRST, trace, (), SECRET).status == "crashed"


def test_a_death_on_a_hidden_case_says_nothing_of_the_public_ones(sandbox: Sandbox) -> None:
    dying = f"""{RIGHT}
import os
right, calls = bed_of_nails2d, []
def bed_of_nails2d(*args, **options):
    calls.append(1)
    return right(*args, **options) if len(calls) <= {ASKED} else os._exit(1)
"""
    trace = run(sandbox, dying)
    assert trace.unseen is not None
    assert (trace.seen.status, trace.seen.lost, trace.unseen.status) == ("ok", "", "crashed")
    assert all(trace.seen.outcomes)


def test_an_answer_is_not_wrong_for_what_it_was_asked_before(sandbox: Sandbox) -> None:
    """It holds for as many cases as a notebook's check has, and a notebook's check is what its writer saw."""
    tiring = f"""{RIGHT}
right, calls = bed_of_nails2d, []
def bed_of_nails2d(*args, **options):
    calls.append(1)
    return right(*args, **options) * (len(calls) <= {ASKED})
"""
    assert verdicts.conclude(FIRST, run(sandbox, tiring), (), SECRET).score == FIRST.points


def test_a_deadly_cell_is_waited_for_once_a_submission(sandbox: Sandbox) -> None:
    with sandbox.submission() as room:
        verdicts.run_all(room, FIRST, ("import os\nos._exit(1)", RIGHT), SECRET)
        known = dict(room._deadly)
        trace = verdicts.run_all(room, SECOND, ("import os\nos._exit(1)", RIGHT), SECRET)
    assert list(known) == [0]
    assert list(trace.seen.deadly) == [0]


def test_where_a_room_is_dear_all_public_cases_come_before_any_hidden_one(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(Submission, "renews_cheaply", False)
    monkeypatch.setattr(verdicts, "run_public", lambda *_: order.append("public"))
    monkeypatch.setattr(verdicts, "run_hidden", lambda *_: order.append("hidden"))
    exercises = [(exercise, ()) for exercise in of_chapter("03_unpooling")]
    list(assessment._run(Submission.__new__(Submission), exercises, SECRET))
    assert order == ["public"] * len(exercises) + ["hidden"] * len(exercises)


@pytest.mark.parametrize("chapter", MODULES)
def test_what_a_chapter_imports_of_the_course_is_imported_once_a_worker(chapter: str) -> None:
    source = (Path(unpooling.__file__).parents[1] / "course" / "chapters" / f"{chapter}.py").read_text()
    imports = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.module}
    mine = {name for name in imports if name.startswith("course.") and not name.startswith("course.widgets")}
    assert mine <= set(PRELOADED)
