"""Graders, workers and schedulers are killed; in the end there is what one run would have given, and nothing twice.

The class is graded by the command itself, in processes of its own, with a function in the place of the sandbox that
writes down whom it was asked about and in which process. A kill is SIGKILL: no handler sees it.
"""

import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograde.classroom.directory import Classroom
from tests.autograde.conftest import CHAPTER
from tests.autograde.running.test_grading import in_gradebook
from tests.autograde.running.test_resuming import expected, with_submissions

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
ROOT = Path(__file__).resolve().parents[3]

SCRIPT = """
import os, sys, time

if __name__ == "__main__":
    from autograde import cli
    from autograde.judging import fingerprint
    from autograde.running import grading

    log, through_the_command = sys.argv[1], grading.grade
    fingerprint.environment = lambda chapter: "the same, even if somebody edits the checkout meanwhile"

    def slow(task):
        from autograde.judging import fingerprint
        from tests.autograde.running.test_resuming import instant

        fingerprint.environment = lambda chapter: task.environment
        with open(log, "a") as file:
            file.write(f"{os.getpid()} {task.student}\\n")
        time.sleep(0.03)
        return instant(task)

    grading.grade = lambda *rest, **more: through_the_command(*rest, **more, function=slow)
    cli.app(["grade", *sys.argv[2:]])
"""


@dataclass(frozen=True)
class Trial:
    """A class that is graded again and again, and a log of who was asked about whom."""

    classroom: Classroom
    log: Path

    def start(self, *options: str) -> subprocess.Popen[str]:
        script = self.log.with_suffix(".py")
        script.write_text(SCRIPT)
        command = [sys.executable, str(script), str(self.log), CHAPTER, "--class", str(self.classroom.root), *options]
        return subprocess.Popen(
            [*command, "--unsafe"], env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *options: str) -> None:
        process = self.start(*options)
        _, err = process.communicate()
        assert process.returncode == 0, err

    def kill(self, when: Callable[[], bool], *options: str) -> None:
        """Start a grader and kill it while it is so: stopped first, to be sure that it still is."""
        process = self.start(*options)
        wait_until(lambda: when() and still(when, process), process)
        process.kill()
        process.communicate()

    def asked(self) -> list[str]:
        return [line.split()[1] for line in self.lines()]

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def finished(self) -> set[str]:
        """Return whom the gradebook holds, as the next run will see it."""
        return {path.stem for path in (self.classroom.private / "finished" / CHAPTER).glob("s*.json")}

    def pages(self) -> dict[str, str]:
        return {path.parts[-3]: path.read_text() for path in (self.classroom.root / "feedback").glob("*/*/*.html")}


def wait_until(when: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not when():
        assert process.poll() is None, f"it ended before its time: {process.communicate()[1]}"
        time.sleep(0.003)


def still(when: Callable[[], bool], process: subprocess.Popen[str]) -> bool:
    """Stop a process and return whether it is so; if not, let it go on."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    if not when():
        process.send_signal(signal.SIGCONT)
        return False
    return True


def trial(folder: Path, released: Classroom, number: int) -> Trial:
    folder.mkdir()
    return Trial(with_submissions(folder / "class", released, number), folder / "log")


@contextmanager
def killing_workers(log: Path, dice: random.Random, most: int) -> Iterator[list[int]]:
    """Kill a process that is at work, now and then, `most` of them in all; give the list of the killed."""
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        while len(killed) < most and not over.wait(dice.uniform(1, 4)):
            at_work = {int(line.split()[0]) for line in log.read_text().splitlines()[-4:]} if log.exists() else set()
            for victim in at_work - {*killed}:
                try:
                    os.kill(victim, signal.SIGKILL)
                except ProcessLookupError:  # its grader was killed before it
                    continue
                killed.append(victim)
                break

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def test_two_hundred_submissions_outlive_three_graders_and_their_workers(tmp_path: Path, released: Classroom) -> None:
    one = trial(tmp_path / "one", released, 200)
    dice = random.Random(3)
    with killing_workers(one.log, dice, most=5) as killed:
        for _ in range(3):
            goal = len(one.finished()) + dice.randint(5, 40)
            one.kill(lambda goal=goal: len(one.finished()) >= goal, "--jobs", "2", "--no-feedback")  # type: ignore[misc]
            done, before = one.finished(), len(one.lines())
            assert goal <= len(done) < 200
            wait_until_gone(str(one.log))
        one.run("--jobs", "2", "--no-feedback")
    assert killed
    assert not done & set(one.asked()[before:])
    assert in_gradebook(one.classroom) == expected(200)
    asked = one.asked()
    assert set(asked) == set(expected(200))
    # A kill costs what was under way and not yet kept: what is sent ahead to two workers, and what they had done.
    assert len(asked) <= 200 + (3 + len(killed)) * 8


def wait_until_gone(name: str) -> None:
    """Wait for the end of every process whose command names a file; they end when their grader is dead."""
    for _ in range(50):
        lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
        if not [line for line in lines if name in line]:
            return
        time.sleep(0.2)
    raise AssertionError("processes of a grader that is dead go on")


def test_a_class_killed_while_assessing_recording_and_writing_pages_equals_one_that_ran_through(
    tmp_path: Path, released: Classroom
) -> None:
    number = 10
    through, killed = (trial(tmp_path / name, released, number) for name in ("through", "killed"))
    through.run("--jobs", "1")
    asked_of_finished: list[set[str]] = []

    def kill(when: Callable[[], bool], jobs: str) -> None:
        done, before = killed.finished(), len(killed.lines())
        killed.kill(when, "--jobs", jobs)
        asked_of_finished.append(done & set(killed.asked()[before:]))

    kill(lambda: len(killed.lines()) >= 2, "2")  # while it is assessing
    staged = killed.classroom.private / "intake"
    kill(lambda: len(killed.finished()) >= 4 and any(staged.glob("s*")), "1")
    assert list(staged.glob("s*")), "it was not recording when it was killed"
    kill(lambda: 3 <= len(killed.pages()) < number, "2")
    assert 3 <= len(killed.pages()) < number, "it was not writing pages when it was killed"
    before, done = len(killed.lines()), killed.finished()
    killed.run("--jobs", "1")
    assert asked_of_finished == [set(), set(), set()]
    assert not done & set(killed.asked()[before:])
    assert in_gradebook(killed.classroom) == expected(number)
    assert rows(killed.classroom) == rows(through.classroom)
    assert sizes(killed.classroom) == sizes(through.classroom)
    assert results(killed.classroom) == results(through.classroom)
    assert killed.pages() == through.pages()
    assert notebooks(killed.classroom) == notebooks(through.classroom)


def rows(classroom: Classroom) -> list[tuple[object, ...]]:
    """Read every mark with what belongs to it from the database itself."""
    query = """
        SELECT submitted_assignment.student_id, base_cell.name, auto_score, manual_score, extra_credit,
               grade.needs_manual_grade, submitted_assignment.timestamp
        FROM grade JOIN base_cell ON grade.cell_id = base_cell.id
        JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
        JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
        ORDER BY 1, 2
    """
    with closing(sqlite3.connect(classroom.root / "gradebook.db")) as database:
        return database.execute(query).fetchall()


def sizes(classroom: Classroom) -> dict[str, int]:
    """Count the rows of every table: what is recorded twice shows here."""
    with closing(sqlite3.connect(classroom.root / "gradebook.db")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}


def results(classroom: Classroom) -> dict[str, str]:
    """Return what is kept beside the gradebook, but for the number that stands for the class's own secret."""
    kept = (classroom.private / "results" / CHAPTER).glob("*.json")
    return {path.name: re.sub(r'"fingerprint": "\w+"', "", path.read_text()) for path in kept}


def notebooks(classroom: Classroom) -> dict[str, bytes]:
    return {path.parts[-3]: path.read_bytes() for path in (classroom.root / "autograded").glob("*/*/*.ipynb")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def scheduler(workers: int, scratch: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a scheduler and workers, each a process of its own; give the address, and the scheduler to be killed."""
    address = f"tcp://127.0.0.1:{free_port()}"
    dask = [sys.executable, "-m", "distributed.cli.dask_{}"]
    local = ["--dashboard-address", "127.0.0.1:0"]
    one_thread = ["--nthreads", "1", "--memory-limit", "0", "--local-directory", str(scratch), "--death-timeout", "20"]
    commands = [
        ["scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2], *local],
        ["worker", address, "--nworkers", str(workers), *one_thread, *local],
    ]
    processes = [
        subprocess.Popen(
            [*dask[:2], dask[2].format(name), *rest], env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for name, *rest in commands
    ]  # fmt: skip
    try:
        yield address, processes[0]
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(60)


def test_a_scheduler_that_is_killed_costs_a_sentence_and_the_next_one_goes_on(
    tmp_path: Path, released: Classroom
) -> None:
    one = trial(tmp_path / "one", released, 40)
    with scheduler(1, tmp_path / "first") as (address, process):
        grader = one.start("--scheduler", address, "--no-feedback")
        wait_until(lambda: len(one.finished()) >= 5, grader)
        process.kill()
        _, err = grader.communicate(timeout=120)
    assert grader.returncode == 2
    assert err.splitlines()[-1].startswith(
        "autograde: the scheduler is gone; what was graded is recorded, and the same"
    )
    assert "Traceback" not in err
    done, before = one.finished(), len(one.lines())
    assert len(done) >= 5
    assert in_gradebook(one.classroom) == {who: marks for who, marks in expected(40).items() if who in done}
    with (
        scheduler(2, tmp_path / "second") as (address, _),
        killing_workers(one.log, random.Random(1), most=1) as killed,
    ):
        one.run("--scheduler", address, "--no-feedback")
    assert killed
    assert not done & set(one.asked()[before:])
    assert in_gradebook(one.classroom) == expected(40)


def test_ctrl_c_on_the_command_line_ends_with_130_and_one_sentence(tmp_path: Path, released: Classroom) -> None:
    one = trial(tmp_path / "one", released, 20)
    process = one.start("--jobs", "2")
    wait_until(lambda: len(one.finished()) >= 2, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process of the group gets it
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in err
    (sentence,) = [line for line in err.splitlines() if "stopped" in line]
    done = int(sentence.split("stopped; ")[1].split()[0])
    assert sentence.endswith(f"{done} of 20 submissions are recorded, and the same command goes on from there")
    assert len(in_gradebook(one.classroom)) == done < 20
