"""What one submission may try against the next, against its sandbox, and against the machine."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from autograde.sandbox import bubblewrap, cgroups, landlocked, tiers
from autograde.sandbox.client import Attempt, Program, Sandbox, Submission
from autograde.sandbox.limits import Limits
from course.exercises.exercise import Case
from tests.autograde.sandbox.processes import lives

LIMITS = replace(Limits(), cell=20.0, case=10.0, exercise=60.0, total_memory=2**30)
CASE = Case("basic", {"x": torch.ones(2)}, {})
PROBE = tiers.probe
GOOD = "def f(x):\n    return x * 2"


def walls_called(kind: str) -> bubblewrap.Walls:
    """Return the walls of that kind, or skip the test where this machine cannot make them."""
    try:
        return landlocked.probe("") if kind == "landlock" else replace(bubblewrap.probe(), kind=kind)  # type: ignore[arg-type]
    except bubblewrap.SandboxUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=["warm", pytest.param("single", marks=pytest.mark.slow), "landlock"])
def sandbox(walls: None, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox of the kind that this machine makes, and of those that it would make if it could do less."""
    if request.param == "warm" and bubblewrap.probe().kind != "warm":
        pytest.skip("this machine makes no namespaces inside a sandbox")
    found = walls_called(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiers, "probe", lambda: found)
        with Sandbox(LIMITS) as box:
            yield box


MANY = pytest.mark.parametrize("sandbox", ["warm", "landlock"], indirect=True, scope="module")
"""For a sandbox that serves many submissions; one a submission would only take its time to start."""


def run(room: Submission, *cells: str, forbidden: tuple[str, ...] = ()) -> Attempt:
    return room.run(Program("f", forbidden, cells, (CASE,)))


def said(attempt: Attempt) -> object:
    """Return what the answer returned."""
    (outcome,) = attempt.outcomes
    assert outcome is not None, attempt
    assert outcome.failure is None, outcome.failure
    return outcome.value


def next_sees(sandbox: Sandbox, first: str, second: str) -> object:
    """Run `first` in one submission, and return what the answer of `second` returns in the one after it."""
    with sandbox.submission() as one:
        attempt = run(one, first, GOOD)
        assert attempt.failures == {}, attempt.failures
    with sandbox.submission() as other:
        return said(run(other, second))


def test_no_file_outlives_its_submission(sandbox: Sandbox) -> None:
    write = """
import os, tempfile
for folder in (tempfile.gettempdir(), os.path.expanduser("~"), "/dev/shm", "~/.ipython/profile_default/startup",
               "~/.local/lib/python3.11/site-packages"):
    try:
        os.makedirs(os.path.expanduser(folder), exist_ok=True)
        for name in ("left_behind.py", "sitecustomize.py", "usercustomize.py", "left_behind.pth"):
            with open(os.path.join(os.path.expanduser(folder), name), "w") as file:
                file.write("import os; os._exit(1)")
    except PermissionError:
        assert folder == "/dev/shm", folder  # the machine's own, where there are no mounts
"""
    look = """
import os, tempfile
def f(x):
    found = [name for _, _, names in os.walk(os.path.expanduser("~")) for name in names]
    for place in (tempfile.gettempdir(), "/dev/shm"):
        try:
            found += os.listdir(place)
        except PermissionError:
            pass
    return found
"""
    found = next_sees(sandbox, write, look)
    assert isinstance(found, list)
    assert not [name for name in found if "left_behind" in name or "customize" in name]
    assert folders_left(sandbox) == []


def folders_left(sandbox: Sandbox) -> list[str]:
    """Return what lies where submissions without mounts had their folders."""
    launched = sandbox._launched
    if launched is None or launched.kind != "landlock":
        return []
    assert launched.scratch is not None
    return [path.name for path in (launched.scratch / "room").iterdir() if path.name != "worker"]


@MANY
def test_a_folder_too_deep_for_a_path_goes_with_its_submission(sandbox: Sandbox) -> None:
    dig = """
import os
for _ in range(1000):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
os.mkdir("closed", 0)
"""
    next_sees(sandbox, dig, GOOD)
    assert folders_left(sandbox) == []


def test_an_exercise_finds_what_an_earlier_one_of_its_submission_wrote(sandbox: Sandbox) -> None:
    with sandbox.submission() as room:
        mine = "import os, tempfile\nmine = os.path.join(tempfile.gettempdir(), 'mine')\n"
        run(room, mine + "open(mine, 'w').write('here')", GOOD)
        assert said(run(room, mine + "def f(x):\n    return open(mine).read()")) == "here"


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import signal
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True:
            time.sleep(0.01)
            open("alive", "a").close()
    os._exit(0)
os.wait()
"""


def living(sandbox: Sandbox) -> int:
    """Return how many processes there are of a sandbox, as the machine sees it."""
    sandbox._ready()
    assert sandbox._launched is not None
    found, waiting = 0, [sandbox._launched.process.pid]
    while waiting:
        pid = waiting.pop()
        found += 1
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            waiting += map(int, children.read_text().split())
    return found


def test_nothing_of_a_class_and_no_solution_can_be_read(sandbox: Sandbox) -> None:
    root = Path(bubblewrap.__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory(prefix="autograde-class-") as folder:
        Path(folder).chmod(0o755)  # the walls have to hold, not the rights of the file
        book = Path(folder, "gradebook.db")
        book.write_text("marks")
        sources = ("solutions/unpooling.py", "autograde/judging/verdicts.py", "tests/bank/unpooling/max_unpool2d.py")
        places = [str(book), *(str(root / name) for name in sources)]
        assert all(Path(place).is_file() for place in places)
        look = f"""
import os
def f(x):
    found = []
    for place in {places!r}:
        for look in (open, os.open, lambda path: os.listdir(os.path.dirname(path))):
            try:
                found.append(str(look(place, os.O_RDONLY) if look is os.open else look(place)))
            except OSError:
                pass
    return [one for one in found if one != "[]"]
"""
        with sandbox.submission() as one:
            assert said(run(one, look)) == []


def test_no_daemon_outlives_its_submission(sandbox: Sandbox) -> None:
    said_in(sandbox, GOOD)
    alone = living(sandbox)
    next_sees(sandbox, DAEMON, GOOD)
    assert living(sandbox) == alone


@MANY
def test_a_process_that_stops_itself_is_ended(sandbox: Sandbox) -> None:
    stop = "import os, signal\nfor _ in range(3):\n    if os.fork() == 0:\n        os.kill(os.getpid(), signal.SIGSTOP)"
    said_in(sandbox, GOOD)
    alone = living(sandbox)
    next_sees(sandbox, stop, GOOD)
    assert living(sandbox) == alone


def said_in(sandbox: Sandbox, *cells: str) -> object:
    with sandbox.submission() as room:
        return said(run(room, *cells))


def test_no_helper_that_a_cell_started_is_there_when_the_answer_is_called(sandbox: Sandbox) -> None:
    """A process from before the operators were taken away could compute with them what the answer asks it for."""
    helper = """
import os, torch
there, back = os.pipe(), os.pipe()
if os.fork() == 0:
    os.setsid()
    while True:
        os.read(there[0], 1)
        pooled = torch.nn.functional.max_pool1d(torch.ones(1, 1, 4), 2)
        os.write(back[1], bytes([pooled.numel()]))
def f(x):
    os.close(back[1])
    os.write(there[1], b"?")
    return list(os.read(back[0], 1))
"""
    with sandbox.submission() as room:
        (outcome,) = run(room, helper, forbidden=("maxpool",)).outcomes
    assert outcome is not None
    assert outcome.value == []  # the end of the pipe: nobody is there to answer


def test_no_program_can_be_started(sandbox: Sandbox) -> None:
    start = """
import os, subprocess, sys
def f(x):
    told = []
    for attempt in (
        lambda: subprocess.run([sys.executable, "-c", "1"]),
        lambda: os.execv("/bin/sh", ["sh"]),
        lambda: os.posix_spawn("/bin/sh", ["sh"], {}),
    ):
        try:
            attempt()
            told.append("started")
        except OSError as error:
            told.append(error.strerror)
    return told + [os.system("true") != 0]
"""
    assert said_in(sandbox, start) == ["Operation not permitted"] * 3 + [True]


def test_a_line_that_starts_a_program_costs_itself_alone(sandbox: Sandbox) -> None:
    cell = "!nvidia-smi\n%pip install something\nfiles = !ls\n" + GOOD
    with sandbox.submission() as room:
        attempt = run(room, cell)
    assert attempt.failures == {}
    assert torch.equal(said(attempt), torch.full((2,), 2.0))  # type: ignore[arg-type]
    assert "cannot be started" in attempt.output


def test_data_loader_workers_and_pools_work(sandbox: Sandbox) -> None:
    work = """
import multiprocessing, torch
from torch.utils.data import DataLoader, TensorDataset
def f(x):
    loader = DataLoader(TensorDataset(torch.arange(8)), batch_size=2, num_workers=2)
    total = sum(int(batch.sum()) for (batch,) in loader)
    with multiprocessing.Pool(2) as pool:
        return [total, *pool.map(abs, [-1, -2])]
"""
    assert said_in(sandbox, work) == [28, 1, 2]


@MANY
@pytest.mark.parametrize(
    "make",
    [
        "import ctypes\ndef f(x):\n    return ctypes.CDLL(None).shmget(77, 4096, 0o1666)",
        "import ctypes\ndef f(x):\n    return ctypes.CDLL(None).msgget(78, 0o1666)",
        "import ctypes\ndef f(x):\n    return ctypes.CDLL(None).semget(79, 1, 0o1666)",
        "import ctypes\ndef f(x):\n    return ctypes.CDLL('librt.so.1').mq_open(b'/q', 0o102, 0o600, None)",
        "import ctypes\ndef f(x):\n    return ctypes.CDLL(None).memfd_create(b'm', 0)",
    ],
    ids=["shared memory", "message queue", "semaphores", "posix queue", "nameless file"],
)
def test_no_kernel_object_can_be_made_that_belongs_to_no_process(sandbox: Sandbox, make: str) -> None:
    assert said_in(sandbox, make) == -1


def test_no_other_process_can_be_seen_or_signalled(sandbox: Sandbox) -> None:
    attack = """
import os, signal
def f(x):
    reached = []
    for pid in [1, os.getppid(), *range(2, 400)]:
        if pid == os.getpid():
            continue
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            try:
                os.kill(pid, number)
                reached.append(pid)
            except (ProcessLookupError, PermissionError):
                pass
    return sorted(set(reached))
"""
    # In a namespace its own init, which ignores them.
    assert said_in(sandbox, attack) == ([] if sandbox.tier == "landlock" else [1])
    with sandbox.submission() as room:
        assert run(room, "import os, signal\nos.kill(-1, signal.SIGKILL)", GOOD).found
    assert torch.equal(said_in(sandbox, GOOD), torch.full((2,), 2.0))  # type: ignore[arg-type]


def test_the_memory_and_files_of_the_init_are_out_of_reach(sandbox: Sandbox) -> None:
    look = """
import os
def f(x):
    reached = []
    for name in ("mem", "maps", "environ", "fd/0", "fd/3", "root", "cwd"):
        for pid in ("1", str(os.getppid())):
            try:
                os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
                reached.append(name)
            except OSError:
                pass
    for pid in ("1", str(os.getppid())):
        try:
            reached += os.listdir(f"/proc/{pid}/fd")
        except OSError:
            pass
    return reached
"""
    assert said_in(sandbox, look) == []


def test_no_descriptor_but_its_own_is_open(sandbox: Sandbox) -> None:
    look = """
import os
def f(x):
    return sorted(os.readlink(f"/proc/self/fd/{name}").split(":")[0] for name in os.listdir("/proc/self/fd")
                  if os.path.exists(f"/proc/self/fd/{name}"))
"""
    # /dev/null, twice what is printed, and the channel to the grader
    assert said_in(sandbox, look) == ["/dev/null", "pipe", "pipe", "socket"]


SYSTEM_CALLS = """
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, *arguments):
    ctypes.set_errno(0)
    result = getattr(libc, name)(*arguments)
    return result if result >= 0 else os.strerror(ctypes.get_errno())
NUMBERS = {"keyctl": (250, 219), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
           "io_uring_setup": (425, 425), "clone3": (435, 435), "open_tree": (428, 428), "pidfd_getfd": (438, 438),
           "add_key": (248, 217), "memfd_secret": (447, 447)}
def number(name):
    return NUMBERS[name][platform.machine() == "aarch64"]
"""


def test_no_call_leads_out_of_the_namespaces_or_into_the_kernel(sandbox: Sandbox) -> None:
    calls = f"""{SYSTEM_CALLS}
def f(x):
    told = {{str(flag): attempt("unshare", flag) for flag in
            (0x10000000, 0x20000000, 0x20000, 0x40000000, 0x8000000, 0x4000000, 0x2000000)}}
    told["setns"] = attempt("setns", 0, 0)
    told["mount"] = attempt("mount", b"tmpfs", b"/tmp", b"tmpfs", 0, None)
    told["umount"] = attempt("umount2", b"/tmp", 2)
    told["chroot"] = attempt("chroot", b"/tmp")
    told["ptrace"] = attempt("ptrace", 16, os.getppid(), None, None)
    told["process_vm_readv"] = attempt("process_vm_readv", os.getppid(), None, 0, None, 0, 0)
    told["personality"] = attempt("personality", 0x0040000)
    for name in NUMBERS:
        if name != "clone3":
            told[name] = attempt("syscall", number(name), 0, 0, 0, 0, 0)
    clone = 220 if platform.machine() == "aarch64" else 56
    for flag in (0x10000000, 0x20000000, 0x20000):
        told[f"clone {{flag}}"] = attempt("syscall", clone, flag | 17, 0, 0, 0, 0)
    return told
"""
    told = said_in(sandbox, calls)
    assert isinstance(told, dict)
    assert set(told.values()) == {"Operation not permitted"}, told


def test_the_old_call_is_used_where_the_new_one_hides_its_flags(sandbox: Sandbox) -> None:
    calls = f"{SYSTEM_CALLS}\ndef f(x):\n    return attempt('syscall', number('clone3'), 0, 0)"
    assert said_in(sandbox, calls) == "Function not implemented"


def test_no_right_is_left_and_none_can_be_gained(sandbox: Sandbox) -> None:
    look = """
def f(x):
    lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
    held = {name: lines[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp")}
    return {**held, "Uid": lines["Uid"].split()[0], "map": open("/proc/self/uid_map").read().split()[0]}
"""
    nothing = "0" * 16
    assert said_in(sandbox, look) == {
        "CapInh": nothing, "CapPrm": nothing, "CapEff": nothing, "CapAmb": nothing, "NoNewPrivs": "1", "Seccomp": "2",
        "Uid": "65534", "map": "0" if sandbox.tier == "landlock" else "65534",
    }  # fmt: skip


def test_the_kernels_settings_cannot_be_written(sandbox: Sandbox) -> None:
    write = """
def f(x):
    written = []
    for place in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/overcommit_memory",
                  "/proc/self/oom_score_adj", "/proc/self/uid_map"):
        try:
            open(place, "w").write("1")
            written.append(place)
        except OSError:
            pass
    return written
"""
    assert said_in(sandbox, write) == []


@pytest.mark.parametrize("family", ["AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_TIPC"])
def test_no_socket_but_local_ones_can_be_made(sandbox: Sandbox, family: str) -> None:
    make = f"""
import socket
def f(x):
    try:
        socket.socket(getattr(socket, "{family}"), socket.SOCK_RAW if "{family}" != "AF_VSOCK" else socket.SOCK_STREAM)
    except OSError as error:
        return error.strerror
"""
    assert said_in(sandbox, make) == "Address family not supported by protocol"


def test_nobody_is_reached_over_the_network(sandbox: Sandbox) -> None:
    call = """
import socket
def f(x):
    reached = []
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        for address in ("192.0.2.1", "169.254.169.254", "8.8.8.8"):
            try:
                with socket.socket(socket.AF_INET, kind) as sock:
                    sock.settimeout(1)
                    sock.connect((address, 53))
                    reached.append(address)
            except OSError:
                pass
    return reached
"""
    assert said_in(sandbox, call) == []


HOARD = """
import os, time
hoarders = []
for _ in range(8):
    pid = os.fork()
    if pid == 0:
        hoard = b"x" * 2**28
        time.sleep(3)
        os._exit(0)
    hoarders.append(pid)
killed = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in hoarders].count(-9)
def f(x):
    return killed
"""


@pytest.mark.parametrize("grouped", [True, False], ids=["as detected", "without control groups"])
def test_memory_is_bounded_over_all_processes(sandbox: Sandbox, grouped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight processes with a quarter of a gigabyte each, where one gigabyte is allowed."""
    if not grouped:
        monkeypatch.setattr(cgroups, "detect", lambda: None)
        monkeypatch.setattr(sandbox, "_group", None)
    with sandbox.submission() as room:
        attempt = run(room, HOARD)
    if attempt.deadly:
        assert "memory" in attempt.deadly[0]
    else:
        killed = said(attempt)
        assert isinstance(killed, int)
        assert killed >= 4
    assert torch.equal(said_in(sandbox, GOOD), torch.full((2,), 2.0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "bomb",
    [
        "import os\nwhile True:\n    os.fork()",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(60,)).start()",
    ],
    ids=["processes", "stubborn", "threads"],
)
def test_a_bomb_costs_its_own_cell(sandbox: Sandbox, bomb: str) -> None:
    with sandbox.submission() as room:
        assert run(room, bomb, GOOD).found
    assert torch.equal(said_in(sandbox, GOOD), torch.full((2,), 2.0))  # type: ignore[arg-type]


def test_a_device_or_a_fifo_of_the_machine_is_not_there(sandbox: Sandbox) -> None:
    look = """
import glob, os
def f(x):
    try:
        return sorted(os.listdir("/dev"))
    except PermissionError:  # the machine's own: only what is no danger can be opened
        opened = []
        for name in ("mem", "kmsg", "sda", "vda", "nvme0n1", "tty", "ptmx", "fuse", "kvm", "net/tun", "shm", "null"):
            try:
                os.close(os.open(f"/dev/{name}", os.O_RDONLY))
                opened.append(name)
            except OSError:
                pass
        return opened
"""
    there = said_in(sandbox, look)
    assert isinstance(there, list)
    allowed = {"core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty"}
    assert set(there) <= allowed | {"urandom", "zero", "console"}


def impatient(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "limits", replace(LIMITS, cell=1.5, exercise=6.0))


@MANY
@pytest.mark.parametrize(
    "stuck",
    [
        "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",  # in C, where no handler of Python's runs
        "import signal\nfor number in range(1, 65):\n    try: signal.signal(number, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\nwhile True: pass",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ],
    ids=["in C", "deaf", "stopped"],
)
def test_a_cell_that_answers_to_nothing_is_killed_in_time(
    sandbox: Sandbox, stuck: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(sandbox, monkeypatch)
    with sandbox.submission() as room:
        attempt = run(room, stuck, GOOD)
    assert list(attempt.deadly) == [0]
    assert attempt.found


@MANY
def test_who_holds_the_output_open_holds_nothing_up(sandbox: Sandbox) -> None:
    hold = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\nos._exit(0)"
    begun = time.monotonic()
    with sandbox.submission() as room:
        attempt = run(room, hold, GOOD)
    assert list(attempt.deadly) == [0]
    assert time.monotonic() - begun < 10


@MANY
def test_a_flood_of_output_costs_nothing(sandbox: Sandbox) -> None:
    flood = "line = 'x' * 2**20\nfor _ in range(200):\n    print(line)\nprint('the end')"
    with sandbox.submission() as room:
        attempt = run(room, flood, GOOD)
    assert (attempt.status, attempt.deadly, len(attempt.output)) == ("ok", {}, LIMITS.output)
    assert attempt.output.endswith("the end\n")


@MANY
def test_a_file_too_large_is_an_error_that_can_be_caught(sandbox: Sandbox) -> None:
    write = """
def f(x):
    with open("large", "wb", buffering=0) as file:
        try:
            for _ in range(5):
                file.write(bytes(2**24))
        except OSError as error:
            return error.strerror
"""
    assert said_in(sandbox, write) == "File too large"


@MANY
def test_scratch_space_is_bounded(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mount is full when it is full; without one the init sees it, and ends the exercise."""
    monkeypatch.setattr(sandbox, "_group", None)  # which would count a scratch in memory
    monkeypatch.setattr(cgroups, "detect", lambda: None)
    write = "import time\nfor number in range(10):\n    open(str(number), 'wb').write(bytes(2**25))\ntime.sleep(1)"
    with sandbox.submission() as room:
        attempt = run(room, write, GOOD)
    if sandbox.tier == "landlock":
        assert "256 MB of files" in attempt.deadly[0]
    else:
        assert "No space left on device" in attempt.failures[0].message
    assert attempt.found


@MANY
def test_memory_that_is_shared_without_a_file_counts(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_group", None)
    monkeypatch.setattr(cgroups, "detect", lambda: None)
    hoard = """
import mmap, time
shared = mmap.mmap(-1, 5 * 2**28)
for start in range(0, len(shared), 2**20):
    shared[start] = 1
for start in range(0, len(shared), 4096):
    shared[start] = 1
time.sleep(3)
"""
    with sandbox.submission() as room:
        attempt = run(room, hoard, GOOD)
    assert "memory" in attempt.deadly[0]
    assert attempt.found


def test_a_sandbox_holds_one_submission_at_a_time(sandbox: Sandbox) -> None:
    with sandbox.submission(), pytest.raises(RuntimeError, match="one submission at a time"):
        sandbox.submission()


Hostile = Callable[[int], str]
KILLERS: tuple[Hostile, ...] = (
    lambda number: "import os\nos._exit(3)",
    lambda number: "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    lambda number: "import os, signal\nos.kill(-1, signal.SIGKILL)",
    lambda number: f"import os\nfor _ in range(20):\n    os.fork() or os.setsid()\nopen('{number}', 'w')",
)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_thirty_submissions_of_one_sandbox_do_not_feel_each_other(walls: None, monkeypatch: pytest.MonkeyPatch) -> None:
    if PROBE().kind == "single":
        pytest.skip("this machine makes no namespaces inside a sandbox")
    monkeypatch.setattr(tiers, "probe", PROBE)
    limits = replace(LIMITS, cell=10.0)
    with Sandbox(limits) as box:
        sizes, processes = [], set()
        for number in range(30):
            with box.submission() as room:
                process = box._launched
                if number % 3 == 2:
                    run(room, KILLERS[number // 3 % len(KILLERS)](number), GOOD)
                else:
                    assert torch.equal(said(run(room, f"y = {number}", GOOD)), torch.full((2,), 2.0))  # type: ignore[arg-type]
            sizes.append(box.resident)
            processes.add(id(process))
        assert box._launched is process  # the first one still serves
        assert len(processes) == 1
        assert sizes[-1] - sizes[2] < 2 * 2**20, sizes


def test_cuda_is_untouched_until_a_cell_asks_for_it(sandbox: Sandbox) -> None:
    look = "import torch\ndef f(x):\n    return [torch.cuda.is_initialized(), torch.cuda._is_in_bad_fork()]"
    assert said_in(sandbox, look) == [False, False]


GRADER = """
import sys
from autograde.sandbox.client import Program, Sandbox
from course.exercises.exercise import Case
with Sandbox(preload=(sys.argv[1],)) as sandbox, sandbox.submission() as room:
    cell = "import os, time\\nif os.fork() == 0:\\n    os.setsid()\\nprint('begun', flush=True)\\ntime.sleep(600)"
    print("begun", flush=True)
    room.run(Program("f", (), (cell,), (Case("basic", {"x": 1}, {}),)))
"""


@pytest.mark.usefixtures("walls")
@pytest.mark.parametrize("path", ["", "/nowhere"], ids=["as detected", "without bubblewrap"])
def test_nothing_outlives_a_grader_that_is_killed(path: str) -> None:
    if path:
        walls_called("landlock")
    mark = f"no_such_module_{os.getpid()}"  # among the runner's arguments, as a module that it is to preload
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PATH": path or os.environ["PATH"]}
    grader = subprocess.Popen([sys.executable, "-c", GRADER, mark], stdout=subprocess.PIPE, cwd=root, env=environment)
    try:
        assert grader.stdout is not None
        assert grader.stdout.readline() == b"begun\n"
        time.sleep(3)  # the cell runs by then
        assert lives(mark)
    finally:
        grader.kill()
        grader.wait()
    for _ in range(100):
        if not lives(mark):
            break
        time.sleep(0.1)
    assert not lives(mark)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("walls")
def test_the_walls_hold_for_a_grader_that_is_a_plain_user(tmp_path: Path) -> None:
    """Run the tests of this file once more as nobody, in a view of the files where nobody reaches the interpreter."""
    if os.geteuid() != 0 or not PROBE().as_nobody:
        pytest.skip("only root can become another user; the tests above ran as a plain one already")
    command = [*bubblewrap._view_of_nobody(), sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--basetemp", f"/tmp/pytest-of-nobody-{os.getpid()}", str(Path(__file__))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-500:]
    assert re.search(r"\d+ passed", done.stdout)
    assert "skipped" not in done.stdout or landlocked._complaint() is not None
