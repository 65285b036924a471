"""Each exercise runs once: public cases, then hidden ones, and nothing of it left in the room for the next."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograde.judging import verdicts
from autograde.judging.verdicts import Trace
from autograde.running.work import PRELOADED
from autograde.sandbox import client, tiers
from autograde.sandbox.client import Sandbox
from course.exercises.catalogue import CHAPTERS, find
from solutions import unpooling
from tests.autograde.sandbox.test_isolation import walls_called

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


@pytest.fixture(scope="module", params=["warm", pytest.param("single", marks=pytest.mark.slow), "landlock"])
def sandbox(walls: None, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    found = walls_called(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiers, "probe", lambda: found)
        with Sandbox() as box:
            yield box


def run(sandbox: Sandbox, *cells: str) -> Trace:
    with sandbox.submission() as room:
        return verdicts.run(room, FIRST, cells, SECRET)


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
        try:
            open(place, "a").write(str(args))
        except PermissionError:
            assert os.environ["TMPDIR"] != "/tmp"  # without mounts its own folder alone
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
    return right(*args, **options)
"""
    look = """
import os
print([os.path.exists(os.path.expanduser(place)) for place in ("/tmp/seen", "/dev/shm/seen", "~/seen")])
try:
    print(sum(name.isdigit() for name in os.listdir("/proc")))
except PermissionError:
    print(2)  # it sees none but itself
"""
    with sandbox.submission() as room:
        verdicts.run(room, FIRST, (keep,), SECRET)
        other = verdicts.run(room, SECOND, (look,), SECRET)
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
        verdicts.run(room, FIRST, ("import os\nos._exit(1)", RIGHT), SECRET)
        known = dict(room._deadly)
        trace = verdicts.run(room, SECOND, ("import os\nos._exit(1)", RIGHT), SECRET)
    assert list(known) == [0]
    assert list(trace.seen.deadly) == [0]


NOTED = {
    "files, closed and nested deep": """
import os
for place in PLACES:
    os.makedirs(place + "/" + "/".join(["d" * 200] * 15))
    os.chmod(place + "/" + "d" * 200, 0)
    os.symlink("/proc", place + "/link")""",
    "rights of the folders themselves": "import os\nfor place in PLACES: os.chmod(place, 0)",
    "times of the folders": "import os\nfor place in PLACES: os.utime(place, ns=(123456789, 987654321))",
    "attributes of the folders": """
import os
for place in PLACES:
    try:
        os.setxattr(place, "user.seen", b"hidden inputs")
    except OSError:
        pass""",
}
WHERE = """
import os
PLACES = sorted({os.environ["TMPDIR"], os.environ["HOME"], "/dev/shm"})
try:
    os.listdir("/dev/shm")
except PermissionError:  # the machine's own, where there are no mounts
    PLACES.remove("/dev/shm")
"""
SEES = f"""{WHERE}
found = []
for place in PLACES:
    about = os.stat(place)
    mode, moved = oct(about.st_mode), about.st_mtime_ns == 987654321
    found.append((mode, moved, os.listdir(place), os.listxattr(place)))
print(found)
"""


@pytest.mark.parametrize("how", NOTED)
def test_nothing_can_be_noted_in_a_room_for_the_next_exercise(how: str, sandbox: Sandbox) -> None:
    with sandbox.submission() as room:
        fresh = verdicts.run(room, SECOND, (SEES,), SECRET).seen
        noted = verdicts.run(room, FIRST, (WHERE + NOTED[how],), SECRET).seen
        channel = room._channel
        after = verdicts.run(room, SECOND, (SEES,), SECRET).seen
        assert channel is room._channel is not None, "it was another room"
    assert (fresh.failures, noted.failures, after.failures) == ({}, {}, {})
    assert after.output == fresh.output != ""


def test_a_room_that_cannot_be_renewed_is_left(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox.submission() as room:
        leave = "import tempfile\nopen(tempfile.gettempdir() + '/seen', 'w').close()"
        verdicts.run(room, FIRST, (leave,), SECRET)
        first = room._channel
        monkeypatch.setattr(client, "_SWEEPING", -1.0)  # no init is that quick
        verdicts.run(room, FIRST, (leave,), SECRET)
        assert room._channel is None
        monkeypatch.undo()
        trace = verdicts.run(room, SECOND, ("import os, tempfile\nprint(os.listdir(tempfile.gettempdir()))",), SECRET)
        assert room._channel is not first
    assert trace.seen.failures == {}
    assert "seen" not in trace.seen.output  # a checkout in /tmp has its own folder there


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_a_chapter_imports_of_the_course_is_imported_once_a_worker(chapter: str) -> None:
    source = (Path(unpooling.__file__).parents[1] / "course" / "chapters" / f"{chapter}.py").read_text()
    imports = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.module}
    mine = {name for name in imports if name.startswith("course.") and not name.startswith("course.widgets")}
    assert mine <= set(PRELOADED)


LEFT_RUNNING = {
    "the workers of an iterator, as in PyTorch's tutorial": """
from torch.utils.data import DataLoader
loader = DataLoader(list(range(8)), batch_size=2, num_workers=2)
first = next(left := iter(loader))""",
    "workers that persist": """
from torch.utils.data import DataLoader
loader = DataLoader(list(range(8)), num_workers=2, persistent_workers=True)
first = next(iter(loader))""",
    "a handler that raises when a child ends": """
import os, signal, time
def complain(*_):
    raise RuntimeError("a child has ended")
signal.signal(signal.SIGCHLD, complain)
if os.fork() == 0:
    time.sleep(60)""",
    "inference mode": "import torch\nmode = torch.inference_mode()\nmode.__enter__()",
    "an alarm": """
import signal
signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
signal.setitimer(signal.ITIMER_REAL, 2, 0.01)""",
}


@pytest.mark.parametrize("what", LEFT_RUNNING)
def test_what_a_scratch_cell_leaves_running_costs_nothing(what: str, sandbox: Sandbox) -> None:
    slow = f"""{RIGHT}
import time
right, began = bed_of_nails2d, []
def bed_of_nails2d(*args, **options):
    if not began and not began.append(1):
        time.sleep(2.5)
    return right(*args, **options)
"""
    trace = run(sandbox, LEFT_RUNNING[what], slow)
    result = verdicts.conclude(FIRST, trace, (slow,), SECRET)
    assert (trace.seen.failures, result.status, result.score) == ({}, "ok", FIRST.points)
