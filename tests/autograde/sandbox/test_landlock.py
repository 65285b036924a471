"""What a student's process may try without namespaces, against files and processes of the very user who grades."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from autograde.sandbox import landlocked, tiers
from autograde.sandbox.bubblewrap import SandboxUnavailableError
from autograde.sandbox.client import Program, Sandbox
from autograde.sandbox.installation import NOBODY
from course.exercises.exercise import Case
from tests.autograde.sandbox.processes import lives

CASE = Case("basic", {"x": torch.ones(2)}, {})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    try:
        found = landlocked.probe("")
    except SandboxUnavailableError as error:
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiers, "probe", lambda: found)
        with Sandbox() as box:
            yield box


def said_in(sandbox: Sandbox, source: str) -> object:
    with sandbox.submission() as room:
        attempt = room.run(Program("f", (), (source,), (CASE,)))
    (outcome,) = attempt.outcomes
    assert outcome is not None, attempt
    assert outcome.failure is None, outcome.failure
    return outcome.value


@dataclass(frozen=True)
class Neighbour:
    """A class's folder and a process of the same user as the sandbox, outside of it."""

    folder: Path
    file: Path
    process: subprocess.Popen[bytes]

    def state(self) -> tuple[object, ...]:
        """Return all that a student could have changed."""
        looks = [(path.name, *_look(path)) for path in (self.folder, *sorted(self.folder.iterdir()))]
        pid = self.process.pid
        return (
            looks, self.file.read_bytes(), self.process.poll(), Path(f"/proc/{pid}/limits").read_text(),
            os.sched_getaffinity(pid), os.getpriority(os.PRIO_PROCESS, pid), os.listxattr(self.file),
            Path(f"/proc/{pid}/stat").read_text().split()[2],
        )  # fmt: skip


def _look(path: Path) -> tuple[int, ...]:
    seen = path.stat()
    return seen.st_mode, seen.st_uid, seen.st_size, seen.st_mtime_ns, seen.st_nlink


@pytest.fixture
def neighbour(sandbox: Sandbox) -> Iterator[Neighbour]:
    folder = Path(tempfile.mkdtemp(prefix="class-"))
    user = NOBODY if os.geteuid() == 0 else os.geteuid()
    file = folder / "gradebook.db"
    file.write_bytes(b"marks")
    for path, mode in ((folder, 0o777), (file, 0o666)):
        os.chown(path, user, -1)
        path.chmod(mode)
    process = subprocess.Popen(["/bin/sleep", "60"], user=user if os.geteuid() == 0 else None, cwd="/")
    time.sleep(0.3)
    yield Neighbour(folder, file, process)
    process.kill()
    process.wait()
    shutil.rmtree(folder)


ATTACK = """
import ctypes, os, resource, signal, shutil
folder, file, pid = {folder!r}, {file!r}, {pid}
libc = ctypes.CDLL(None, use_errno=True)
def f(x):
    reached = []
    def attempt(name, call, *arguments, **named):
        try:
            call(*arguments, **named)
            reached.append(name)
        except OSError:
            pass
    attempt("read", open, file)
    attempt("list", os.listdir, folder)
    attempt("append", open, file, "a")
    attempt("cut", os.truncate, file, 0)
    attempt("cut by opening", os.open, file, os.O_RDONLY | os.O_TRUNC)
    attempt("remove", os.unlink, file)
    attempt("rename", os.rename, file, file + "2")
    attempt("take", os.rename, file, "mine")
    attempt("link", os.link, file, "mine")
    attempt("link there", os.symlink, "/", os.path.join(folder, "link"))
    attempt("make", os.mkdir, os.path.join(folder, "new"))
    attempt("write there", open, os.path.join(folder, "new"), "w")
    attempt("pipe there", os.mkfifo, os.path.join(folder, "new"))
    attempt("own", os.chown, file, os.getuid(), os.getgid())
    attempt("mark", os.setxattr, file, "user.mark", b"1")
    os.symlink(file, "way")
    attempt("read by a link", open, "way")
    for number in (0, signal.SIGSTOP, signal.SIGKILL):
        attempt("signal", os.kill, pid, number)
    attempt("limit", resource.prlimit, pid, resource.RLIMIT_NOFILE, (3, 3))
    attempt("bind to a processor", os.sched_setaffinity, pid, {{0}})
    attempt("slow down", os.setpriority, os.PRIO_PROCESS, pid, 19)
    attempt("slow all down", os.setpriority, os.PRIO_USER, os.getuid(), 19)
    for name in ("cmdline", "environ", "maps", "mem", "status", "cwd/", "fd/"):
        attempt(name, os.open, f"/proc/{{pid}}/{{name}}", os.O_RDONLY)
    attempt("processes", os.listdir, "/proc")
    watch = libc.inotify_init()
    reached.extend(["watch"] if libc.inotify_add_watch(watch, folder.encode(), 0xFFF) >= 0 else [])
    for number in (464, 469, 500):
        reached.extend([f"call {{number}}"] if libc.syscall(number, -100, file.encode(), 0, 0, 0, 0) >= 0 else [])
    os.chmod(file, 0)  # which says that it worked
    os.utime(file, (1, 1))
    return reached
"""


def test_nothing_of_the_user_who_grades_can_be_read_changed_or_stopped(sandbox: Sandbox, neighbour: Neighbour) -> None:
    before = neighbour.state()
    attack = ATTACK.format(folder=str(neighbour.folder), file=str(neighbour.file), pid=neighbour.process.pid)
    assert said_in(sandbox, attack) == []
    assert neighbour.state() == before


def test_no_socket_of_the_machine_is_reached(sandbox: Sandbox, neighbour: Neighbour) -> None:
    """A session bus or a terminal's multiplexer would run programs outside; they listen at names the user may use."""
    heard = {}
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        heard[kind] = socket.socket(socket.AF_UNIX, kind)
        heard[kind].bind(str(neighbour.folder / f"bus{kind}"))
        (neighbour.folder / f"bus{kind}").chmod(0o777)
        heard[kind].setblocking(False)
    heard[socket.SOCK_STREAM].listen()
    call = f"""
import ctypes, socket, struct
folder = {str(neighbour.folder)!r}
libc = ctypes.CDLL(None, use_errno=True)
def f(x):
    made = []
    for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                made.append(socket.socket(family, kind))
            except OSError:
                pass
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
        try:
            pair = socket.socketpair(socket.AF_UNIX, kind)
        except OSError:
            continue
        for bus in (f"{{folder}}/bus{int(socket.SOCK_STREAM)}", f"{{folder}}/bus{int(socket.SOCK_DGRAM)}"):
            for call in (lambda: pair[0].sendto(b"start", bus), lambda: pair[0].sendmsg([b"start"], [], 0, bus),
                         lambda: pair[0].connect(bus)):
                try:
                    call()
                except OSError:
                    pass
    return len(made)
"""
    assert said_in(sandbox, call) == 0
    with pytest.raises(BlockingIOError):
        heard[socket.SOCK_STREAM].accept()
    with pytest.raises(BlockingIOError):
        heard[socket.SOCK_DGRAM].recv(10)
    for sock in heard.values():
        sock.close()


def test_honest_programs_copy_files(sandbox: Sandbox) -> None:
    copy = """
import pathlib, shutil, tarfile, zipfile
def f(x):
    pathlib.Path("one").write_text("text")
    pathlib.Path("one").touch()
    shutil.copy("one", "two")
    shutil.copy2("two", "three")
    with tarfile.open("all.tar", "w") as archive:
        archive.add("three")
    with tarfile.open("all.tar") as archive:
        archive.extractall("there", filter="data")
    shutil.copytree("there", "here")
    shutil.move("here", "moved")
    return pathlib.Path("moved/three").read_text()
"""
    assert said_in(sandbox, copy) == "text"


def test_what_libraries_ask_the_machine_is_answered(sandbox: Sandbox) -> None:
    ask = """
import multiprocessing, os, platform
def f(x):
    return [os.cpu_count() > 0, "MemTotal" in open("/proc/meminfo").read(), "processor" in open("/proc/cpuinfo").read(),
            platform.system(), len(os.urandom(4)), open("/proc/self/comm").read() != ""]
"""
    assert said_in(sandbox, ask) == [True, True, True, "Linux", 4, True]


def test_a_worker_that_is_killed_leaves_nothing_running(sandbox: Sandbox) -> None:
    """As the kernel may for want of memory; the submission's init notices that the grader has gone, and ends all."""
    with Sandbox(preload=(mark := f"no_such_module_{os.getpid()}_worker",)) as box:
        room = box.submission()
        room.run(Program("f", (), ("def f(x):\n    return x",), (CASE,)))
        assert box._launched is not None
        box._launched.process.kill()
        daemon = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\ndef f(x):\n    return x"
        assert room.run(Program("f", (), (daemon,), (CASE,))).status == "ok"
        room.close()
    for _ in range(50):
        if not lives(mark):
            break
        time.sleep(0.1)
    assert not lives(mark)
