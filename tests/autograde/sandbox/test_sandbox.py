"""What students' code cannot do, and what it costs when it tries."""

import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from autograde.sandbox import client
from autograde.sandbox.bubblewrap import Walls, wrap
from autograde.sandbox.client import Attempt, Program, Sandbox
from autograde.sandbox.limits import Limits
from autograde.sandbox.needless import without_needless
from autograde.sandbox.protocol import EndedError
from autograde.sandbox.session import _tell
from course.exercises.exercise import Case

LIMITS = replace(Limits(), cell=5.0, case=3.0, exercise=20.0)
CASE = Case("basic", {"x": torch.arange(4.0).reshape(1, 1, 2, 2)}, {"scale": 2})
GOOD = "def f(x, scale):\n    return x * scale"

Run = Callable[..., Attempt]


@pytest.fixture(scope="module", params=[False, True], ids=["walls", "unsafe"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    if not request.param:
        request.getfixturevalue("walls")
    with Sandbox(LIMITS, unsafe=request.param) as box:
        yield box


@pytest.fixture(scope="module")
def walled(walls: None) -> Iterator[Sandbox]:
    with Sandbox(LIMITS) as box:
        yield box


def run(sandbox: Sandbox, *cells: str, cases: int = 1, forbidden: tuple[str, ...] = ()) -> Attempt:
    with sandbox.submission() as submission:
        return submission.run(Program("f", forbidden, cells, (CASE,) * cases))


def value(attempt: Attempt, number: int = 0) -> object:
    outcome = attempt.outcomes[number]
    assert outcome is not None
    assert outcome.failure is None
    return outcome.value


def test_an_answer_comes_back_as_plain_numbers(sandbox: Sandbox) -> None:
    attempt = run(sandbox, "import torch", GOOD, cases=2)
    assert attempt.status == "ok"
    assert torch.equal(value(attempt, 1), torch.arange(4.0).reshape(1, 1, 2, 2) * 2)  # type: ignore[arg-type]


def test_magics_run_and_a_failing_cell_stops_nothing(sandbox: Sandbox) -> None:
    attempt = run(sandbox, "%matplotlib agg", "1 / 0", "!true", GOOD)
    assert attempt.failures[1].type_name == "ZeroDivisionError"
    assert attempt.found


def test_an_exception_is_told_by_the_students_line(sandbox: Sandbox) -> None:
    failure = run(sandbox, "def f(x, scale):\n    y = 1\n    return x.nothing").outcomes[0].failure  # type: ignore[union-attr]
    assert failure is not None
    assert (failure.type_name, failure.line, failure.code) == ("AttributeError", 3, "return x.nothing")


def test_a_dead_process_costs_the_cases_not_yet_answered(sandbox: Sandbox) -> None:
    dying = """
import os
calls = []
def f(x, scale):
    calls.append(1)
    return os._exit(0) if len(calls) == 2 else x
"""
    attempt = run(sandbox, dying, cases=3)
    assert [outcome is not None for outcome in attempt.outcomes] == [True, False, False]
    assert attempt.status == "crashed"
    assert run(sandbox, GOOD).status == "ok"


def test_a_cell_that_ends_the_process_costs_itself_alone(sandbox: Sandbox) -> None:
    attempt = run(sandbox, "import os\nos._exit(0)", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", GOOD)
    assert (attempt.status, sorted(attempt.deadly)) == ("ok", [0, 1])


def test_a_loop_that_catches_everything_is_killed_in_time(sandbox: Sandbox) -> None:
    loop = """
def f(x, scale):
    while True:
        try:
            while True: pass
        except BaseException: pass
"""
    attempt = run(sandbox, loop, cases=2)
    assert attempt.status == "timeout"
    assert "3 seconds" in attempt.lost


def test_memory_is_bounded(sandbox: Sandbox) -> None:
    attempt = run(sandbox, "import torch\ndef f(x, scale):\n    return torch.ones(10 * 2**30, dtype=torch.uint8)")
    assert attempt.status == "out of memory"


def test_an_answer_too_large_to_send_is_no_answer(sandbox: Sandbox) -> None:
    attempt = run(sandbox, "import torch\ndef f(x, scale):\n    return torch.ones(20_000_000)", cases=2)
    assert attempt.outcomes == (None, None)
    assert attempt.status == "ok"


def test_what_cells_print_is_kept_in_part_and_what_answers_print_is_not(sandbox: Sandbox) -> None:
    attempt = run(sandbox, "print('a' * 3_000_000)\nprint('the end')", "def f(x, scale):\n    print(x)\n    return x")
    assert len(attempt.output) <= LIMITS.output
    assert attempt.output.endswith("the end\n")


def test_forged_frames_on_every_descriptor_are_no_answers(sandbox: Sandbox) -> None:
    forging = """
import os
from autograde.sandbox import protocol
from course import packet
right = {"value": 1, "gradients": None, "modified": (), "forbidden": (), "failure": None}
body = packet.dumps({"type": "outcome", "number": 0, "nonce": "00", "outcome": right})
frame = protocol._HEADER.pack(protocol.MAGIC, len(body)) + body
for descriptor in range(256):
    try:
        os.write(descriptor, frame)
    except OSError:
        pass
"""
    attempt = run(sandbox, forging, GOOD)
    outcome = attempt.outcomes[0]
    assert outcome is None or not isinstance(outcome.value, int)
    assert run(sandbox, GOOD).status == "ok"


def test_a_forbidden_operator_is_seen_however_it_is_reached(sandbox: Sandbox) -> None:
    pattern = (r"upsample|interpolate",)
    named = run(
        sandbox, "import torch.nn.functional as F\ndef f(x, scale):\n    return F.interpolate(x)", forbidden=pattern
    )
    hidden = "import torch\ndef f(x, scale):\n    return getattr(torch._C._nn, 'up' + 'sample_nearest2d')(x, (4, 4))"
    for attempt in (named, run(sandbox, hidden, forbidden=pattern)):
        outcome = attempt.outcomes[0]
        assert outcome is not None
        assert outcome.forbidden


def test_killing_the_supervisor_costs_what_comes_of_that_cell_alone(walled: Sandbox) -> None:
    attempt = run(walled, "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", GOOD)
    assert attempt.found
    assert run(walled, GOOD).status == "ok"


@pytest.mark.parametrize(
    "secret_place",
    [
        "import solutions",
        "import autograde.judging.verdicts",
        "import autograde.classroom.directory",
        "open('/etc/passwd')",
    ],
)
def test_nothing_of_the_grader_can_be_seen(walled: Sandbox, secret_place: str) -> None:
    assert set(run(walled, secret_place, GOOD).failures) == {0}


def test_no_solution_lies_anywhere_in_the_sandbox(walled: Sandbox) -> None:
    looking = """
import os
found = []
for folder, folders, files in os.walk("/"):
    elsewhere = "/site-packages/" in folder and "/solutions" not in folder
    if elsewhere or folder.startswith(("/proc", "/sys", "/dev", "/usr")):
        folders[:] = []
        continue
    found += [os.path.join(folder, name) for name in files if "solution" in folder or name.startswith("solution")]
def f(x, scale):
    return found
"""
    assert value(run(walled, looking)) == []


def test_there_is_no_network(walled: Sandbox) -> None:
    calling = """
import socket
def f(x, scale):
    with open("/proc/net/dev") as file:
        names = [line.split(":")[0].strip() for line in file if ":" in line]
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    except OSError as error:
        return [names, type(error).__name__]
"""
    names, error = value(run(walled, calling))  # type: ignore[misc]
    assert (names, error) == (["lo"], "OSError")


def test_only_bounded_scratch_can_be_written(walled: Sandbox) -> None:
    writing = """
import os
places = ["/", "/usr", "/grader", "/etc", "/dev", os.path.dirname(os.__file__)]
def f(x, scale):
    written = []
    for place in places:
        try:
            open(os.path.join(place, "mark"), "w").close()
            written.append(place)
        except OSError:
            pass
    try:
        for number in range(100):
            open(f"/tmp/{number}", "wb").write(bytes(2**25))
    except OSError as error:
        written.append(error.strerror)
    return written
"""
    assert value(run(walled, writing)) == ["No space left on device"]


def test_a_fork_bomb_ends_with_its_sandbox(walled: Sandbox) -> None:
    attempt = run(walled, "import os\nwhile True:\n    os.fork()", GOOD)
    assert attempt.found
    assert run(walled, GOOD).status == "ok"


def test_a_daemon_does_not_outlive_its_exercise(walled: Sandbox) -> None:
    run(
        walled,
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(600)",
        GOOD,
    )
    count = "import os\ndef f(x, scale):\n    return len([name for name in os.listdir('/proc') if name.isdigit()])"
    assert value(run(walled, count)) == 2  # the submission's init, and this one


IN_A_THREAD = """\
import threading, torch
def f(x, scale):
    found = []
    def work():
        found.append(getattr(torch.nn.functional, "max_" + "pool2d")(x, scale))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0] if found else x
"""
WITHOUT_MODES = """\
import torch
from torch.utils import _python_dispatch as dispatch
def f(x, scale):
    with dispatch._disable_current_modes():
        return getattr(torch.nn.functional, "max_" + "pool1d")(x[0], scale)
"""


@pytest.mark.parametrize("source", [IN_A_THREAD, WITHOUT_MODES], ids=["in a thread", "without modes"])
def test_a_forbidden_operator_is_out_of_reach_of_every_thread(sandbox: Sandbox, source: str) -> None:
    (outcome,) = run(sandbox, source, forbidden=("maxpool",)).outcomes
    assert outcome is not None
    assert outcome.forbidden[0].startswith("torch.ops.aten.max_pool")
    assert outcome.value is None


def test_a_forbidden_operator_is_free_in_the_cells_around_the_answer(sandbox: Sandbox) -> None:
    around = (
        "import torch\nseen = torch.nn.functional.max_pool2d(torch.ones(1, 1, 4, 4), 2)\nassert seen.shape[-1] == 2"
    )
    attempt = run(sandbox, around, GOOD, forbidden=("maxpool",))
    assert attempt.failures == {}
    assert attempt.outcomes[0] is not None
    assert attempt.outcomes[0].forbidden == ()


def test_the_commonest_first_line_of_a_notebook_costs_nothing(sandbox: Sandbox) -> None:
    attempt = run(sandbox, "%matplotlib inline\nimport torch", GOOD)
    assert attempt.failures == {}
    assert attempt.status == "ok"


@pytest.mark.usefixtures("walls")
def test_scratch_space_hides_no_environment_that_lies_in_it() -> None:
    """A checkout under /tmp has its interpreter there; the scratch /tmp must be laid first."""
    command = wrap(LIMITS, Walls("warm", as_nobody=False))
    scratch = list(itertools.pairwise(command)).index(("--tmpfs", "/tmp"))
    assert scratch < command.index(str(Path(sys.prefix)))


def test_as_many_cells_may_die_as_there_are(sandbox: Sandbox) -> None:
    deaths = ("_exit(0)", "abort()", "kill(os.getpid(), 9)", "kill(os.getpid(), 11)", "_exit(1)")
    attempt = run(sandbox, *(f"import os\nos.{death}" for death in deaths), GOOD)
    assert (attempt.status, sorted(attempt.deadly)) == ("ok", [0, 1, 2, 3, 4])


def test_a_kill_is_told_as_what_it_is_where_somebody_counts_kills_for_memory(sandbox: Sandbox) -> None:
    attempt = run(sandbox, "import os\ndef f(x, scale):\n    os.kill(os.getpid(), 9)")
    told = {
        True: ("crashed", "The process was killed by signal 9."),
        False: ("out of memory", "The process was killed, probably for the memory that it took."),
    }
    assert (attempt.status, attempt.lost) == told[sandbox._group is not None]
    for counted in (True, False):
        assert _tell(EndedError(), {"signal": 9}, LIMITS, False, counted) == told[counted]
    assert _tell(EndedError(), {"signal": 9, "excess": "memory"}, LIMITS, False, True)[0] == "out of memory"


def test_a_line_of_the_graders_is_not_told_as_the_students(sandbox: Sandbox) -> None:
    failure = run(sandbox, f"x = {'+'.join('1' * 20_000)}").failures[0]
    assert (failure.type_name, failure.line, failure.code) == ("RecursionError", None, "")


COLAB = """
try:
    from google.colab import drive
    import os
    os.chdir("/content/drive")
    SPREAD = 2
except ImportError:
    SPREAD = 3
from google.colab import files
files.upload()
"""


def test_a_notebook_that_asks_is_told_that_this_is_not_colab(sandbox: Sandbox) -> None:
    attempt = run(sandbox, COLAB, "def f(x, scale):\n    return SPREAD")
    assert (value(attempt), attempt.failures) == (3, {})


SLEEPS = "import time\ntime.sleep(2)"


def test_cells_that_together_take_an_exercises_time_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_SLOW", 1.0)
    with Sandbox(replace(LIMITS, exercise=5.0), unsafe=True) as box, box.submission() as room:
        cells = (SLEEPS, SLEEPS, "import torch", SLEEPS, GOOD)
        for _ in range(3):
            attempt = room.run(Program("f", (), cells, (CASE,)))
            assert (attempt.status, attempt.deadly) == ("ok", {})


def test_a_slow_cell_is_run_as_long_as_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_SLOW", 1.0)
    with Sandbox(replace(LIMITS, exercise=4.0, submission=12.0), unsafe=True) as box, box.submission() as room:
        attempts = [room.run(Program("f", (), (f"{SLEEPS}\nprint('it ran')", GOOD), (CASE,))) for _ in range(7)]
    assert [attempt.status for attempt in attempts] == ["ok"] * 7
    assert attempts[1].output == "it ran\n"
    assert attempts[-1].output == ""


AROUND = (
    "import torch, os\nfrom course.training import fit",
    "TABLE, net, K = {}, torch.nn.Linear(2, 2), 2",
    "SCALE = 2",
    "def fill():\n    TABLE[0] = 1",
    "def helper(x):\n    return x * SCALE",
    "def f(x, scale):\n    return helper(x) + TABLE.get(0, y)",
)


@pytest.mark.parametrize(
    "cell",
    [
        "import time\ntime.sleep(25)",
        "x = torch.ones(9)\nfor _ in range(10**4):\n    helper(x)",
        "torch.manual_seed(0)\nmine = torch.nn.Linear(2, SCALE)\nfit(mine, [1])\nlosses = {}\nlosses[0] = 1",
        "optimizer = torch.optim.SGD(net.parameters())\nnet(torch.ones(2)).sum().backward()\noptimizer.step()",
    ],
)
def test_a_cell_that_matters_to_itself_alone_can_be_left_out(cell: str) -> None:
    cells = (*AROUND, cell)
    assert without_needless(cells, {cell}, "f") == (*AROUND, None)


@pytest.mark.parametrize(
    "cell",
    [
        "y = 3",
        "def f(x, scale):\n    return x",
        "TABLE[0] = 1",
        "TABLE.update({0: 1})",
        "table = TABLE\ntable.update({0: 1})",
        "fill()",
        "[fill() for _ in range(3)]",
        "helper.scale = 2",
        "torch.set_default_dtype(torch.float64)",
        "_ = torch.set_grad_enabled(False)",
        "torch.backends.mkldnn.enabled = False",
        "os.environ['HOME'] = '/tmp'",
        "os.nice(1)",
        "import pathlib\npathlib.Path('table.txt').touch()",
        "torch.save(net, 'net.pt')",
        "with open('table.txt', 'w') as file:\n    print(1, file=file)",
        "from torch import *",
        "exec('y = 3')",
        "%run helpers.py",
        "def f(",
    ],
)
def test_a_cell_that_may_matter_is_not_left_out(cell: str) -> None:
    cells = (*AROUND, cell)
    assert without_needless(cells, {cell}, "f") == cells


def test_a_slow_cell_that_another_slow_one_needs_goes_with_it_or_stays_with_it() -> None:
    first, second, third = "scenes = list(range(9))", "seen = len(scenes)", "y = len(scenes)"
    assert without_needless((*AROUND, first, second), {first, second}, "f") == (*AROUND, None, None)
    assert without_needless((*AROUND, first, third), {first, third}, "f") == (*AROUND, first, third)
