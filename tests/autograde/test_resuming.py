"""What is finished and unchanged is not graded again; a run that is killed anywhere is gone on with, mark for mark."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograde import classroom as classes
from autograde import grading
from autograde.assessment import mended
from autograde.classroom import Classroom, ClassroomError
from autograde.grading import Graded, StoppedError
from autograde.handed_in import TIMESTAMP
from autograde.ledger import sole_writer
from autograde.recording import Recorder
from autograde.results import ExerciseResult, SubmissionResult
from autograde.work import Done, Task
from course.exercises.catalogue import of_chapter
from tests.autograde.conftest import CHAPTER
from tests.autograde.test_grading import in_gradebook

Function = Callable[[Task], Done]


def mark_of(student: str, points: float) -> float:
    """Return a mark that is a student's own, without any code of ours."""
    return round(points * (sum(student.encode()) % 11) / 10, 2)


def instant(task: Task) -> Done:
    """Grade without running anything."""
    exercises = {
        one.name: ExerciseResult(score=mark_of(task.student, one.points), max_score=one.points, passed=False)
        for one in of_chapter(task.chapter)
    }
    result = SubmissionResult(student=task.student, chapter=task.chapter, status="ok", exercises=exercises)
    notebook = nbformat.writes(mended(task.handed_in, task.chapter, task.released).notebook)
    return Done(result.model_copy(update={"fingerprint": task.number}), notebook.encode())


class Counting:
    """A grading function that remembers whom it was asked about."""

    def __init__(self, function: Function = instant) -> None:
        self.asked: list[str] = []
        self._function = function

    def __call__(self, task: Task) -> Done:
        self.asked.append(task.student)
        return self._function(task)


@pytest.fixture
def classroom(tmp_path: Path, released: Classroom) -> Classroom:
    """A class with three submissions."""
    return with_submissions(tmp_path / "class", released, 3)


def with_submissions(root: Path, released: Classroom, number: int) -> Classroom:
    """Copy the class in which the chapter is released, and hand in what was given."""
    import shutil

    shutil.copytree(released.root, root)
    classroom = classes.open_class(root)
    for one in range(number):
        folder = classroom.folder("submitted", f"s{one:03}", CHAPTER)
        folder.mkdir(parents=True)
        (folder / f"{CHAPTER}.ipynb").write_bytes(released.released_bytes(CHAPTER) or b"")
    return classroom


def grade(classroom: Classroom, function: Function, **more: object) -> list[Graded]:
    return grading.grade(classroom, CHAPTER, jobs=1, unsafe=True, function=function, **{"pages": False, **more})  # type: ignore[arg-type]


def expected(number: int) -> dict[str, dict[str, float]]:
    """Return what the gradebook must hold."""
    students = [f"s{one:03}" for one in range(number)]
    return {who: {f"check-{x.name}": mark_of(who, x.points) for x in of_chapter(CHAPTER)} for who in students}


def test_a_second_run_grades_nothing_again_and_says_so(classroom: Classroom) -> None:
    grade(classroom, instant)
    again = Counting()
    graded = grade(classroom, again)
    assert again.asked == []
    assert [one.unchanged for one in graded] == [True] * 3
    assert grading.remarks(graded)[0] == "3 of 3 were finished and unchanged, and were not graded again."
    assert in_gradebook(classroom) == expected(3)


def test_regrade_grades_everything_again(classroom: Classroom) -> None:
    grade(classroom, instant)
    again = Counting()
    grade(classroom, again, regrade=True)
    assert again.asked == ["s000", "s001", "s002"]


def test_what_was_handed_in_anew_is_graded_again_alone(classroom: Classroom) -> None:
    grade(classroom, instant)
    path = classroom.folder("submitted", "s001", CHAPTER) / f"{CHAPTER}.ipynb"
    path.write_bytes(path.read_bytes() + b"\n")
    again = Counting()
    grade(classroom, again)
    assert again.asked == ["s001"]


@pytest.mark.parametrize("what", ["secret", "release", "environment", "limits"])
def test_what_a_mark_depends_on_makes_it_be_graded_again(
    classroom: Classroom, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograde import fingerprint
    from autograde.sandbox.limits import Limits

    grade(classroom, instant)
    more: dict[str, object] = {}
    if what == "secret":
        (classroom.private / "secret").write_text("another")
    elif what == "release":
        path = classroom.root / "release" / CHAPTER / f"{CHAPTER}.ipynb"
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + b"\n")
    elif what == "environment":
        monkeypatch.setattr(fingerprint, "environment", lambda chapter: "another torch")
    else:
        more["limits"] = Limits(cell=7.0)
    again = Counting()
    grade(classroom, again, **more)
    assert len(again.asked) == 3


def test_the_environment_is_libraries_exercises_references_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograde import fingerprint

    names = {path.relative_to(fingerprint._PACKAGES).as_posix() for path in fingerprint._sources(CHAPTER)}
    assert {
        "course/exercises/unpooling.py", "course/exercises/judging.py", "course/packet.py", "solutions/unpooling.py",
        "autograde/verdicts.py", "autograde/sandbox/runner.py", "course/answers/03_unpooling/max_unpool2d.safetensors",
    } <= names  # fmt: skip
    assert not [name for name in names if "chapters/" in name or name == "autograde/cli.py"]
    before = fingerprint.environment.__wrapped__(CHAPTER)
    assert before == fingerprint.environment.__wrapped__(CHAPTER)
    monkeypatch.setattr(fingerprint, "versions", lambda: {"torch": "0.0"})
    assert fingerprint.environment.__wrapped__(CHAPTER) != before


def test_a_later_timestamp_is_recorded_without_grading_again(classroom: Classroom) -> None:
    grade(classroom, instant)
    stamp = classroom.folder("submitted", "s002", CHAPTER) / TIMESTAMP
    stamp.write_text("2031-02-03 04:05:06 UTC")
    again = Counting()
    grade(classroom, again)
    assert again.asked == []
    with Gradebook(f"sqlite:///{classroom.root}/gradebook.db") as gradebook:
        assert gradebook.find_submission(CHAPTER, "s002").timestamp.year == 2031


def test_a_gradebook_that_was_emptied_is_filled_again_without_grading(classroom: Classroom) -> None:
    grade(classroom, instant)
    with Gradebook(f"sqlite:///{classroom.root}/gradebook.db") as gradebook:
        gradebook.remove_submission(CHAPTER, "s000")
    again = Counting()
    grade(classroom, again)
    assert again.asked == []
    assert in_gradebook(classroom) == expected(3)


class KilledError(BaseException):
    """Stands for a death that no handler sees."""


@pytest.mark.parametrize("moment", ["before it is recorded", "after it is recorded"])
def test_a_death_around_recording_loses_and_doubles_nothing(
    classroom: Classroom, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Recorder.record

    def dying(self: Recorder, result: SubmissionResult, *rest: object) -> None:
        if result.student != "s001":
            record(self, result, *rest)  # type: ignore[arg-type]
            return
        if moment == "after it is recorded":
            record(self, result, *rest)  # type: ignore[arg-type]
        raise KilledError

    first = Counting()
    monkeypatch.setattr(Recorder, "record", dying)
    with pytest.raises(KilledError):
        grade(classroom, first)
    monkeypatch.setattr(Recorder, "record", record)
    assert first.asked == ["s000", "s001"]
    second = Counting()
    grade(classroom, second)
    assert second.asked == ["s002"]
    assert in_gradebook(classroom) == expected(3)


def test_a_failure_of_the_graders_own_is_tried_again_and_never_recorded(classroom: Classroom) -> None:
    def failing(task: Task) -> Done:
        if task.student == "s001":
            raise RuntimeError("no sandbox")
        return instant(task)

    asked = Counting(failing)
    graded = grade(classroom, asked)
    assert asked.asked.count("s001") == 3
    assert [one.result.status for one in graded] == ["ok", "infrastructure", "ok"]
    assert "no sandbox" in graded[1].result.reason
    assert set(in_gradebook(classroom)) == {"s000", "s002"}
    again = Counting()
    assert all(one.result.status == "ok" for one in grade(classroom, again))
    assert again.asked == ["s001"]


def test_one_grader_at_a_time_owns_the_gradebook(classroom: Classroom) -> None:
    with sole_writer(classroom), pytest.raises(ClassroomError, match=f"process {os.getpid()} on .* is grading"):
        grade(classroom, instant)
    grade(classroom, instant)


def test_ctrl_c_finishes_the_record_at_hand_and_says_how_far_it_is(classroom: Classroom) -> None:
    def interrupted(task: Task) -> Done:
        if task.student == "s001":
            os.kill(os.getpid(), signal.SIGINT)
        return instant(task)

    with pytest.raises(StoppedError, match="2 of 3 submissions are recorded") as stopped:
        grade(classroom, interrupted)
    assert stopped.value.signal == signal.SIGINT
    assert in_gradebook(classroom) == expected(2)
    again = Counting()
    grade(classroom, again)
    assert again.asked == ["s002"]


def test_pages_that_a_stop_left_out_are_written_by_the_next_run(classroom: Classroom) -> None:
    grade(classroom, instant)
    page = classroom.root / "feedback" / "s000" / CHAPTER / f"{CHAPTER}.html"
    assert not page.exists()
    again = Counting()
    assert [one.page for one in grade(classroom, again, students=["s000"], pages=True)] == [page]
    assert again.asked == []
    assert f"(Score: {sum(expected(1)['s000'].values()):.1f}" in page.read_text()


def test_files_beside_the_notebook_are_left_out_and_named(classroom: Classroom) -> None:
    from autograde.handed_in import collect

    folder = classroom.folder("submitted", "s000", CHAPTER)
    (folder / "helper.py").write_text("x = 1")
    (folder / ".DS_Store").write_text("")
    (folder / TIMESTAMP).write_text("2026-01-01 00:00:00 UTC")
    (folder / "leak").symlink_to("/etc/passwd")
    handed_in = collect(folder, "s000", CHAPTER)
    assert handed_in.repairs == ("only the notebook is graded, so left out: helper.py, leak",)
    grade(classroom, instant)
    autograded = classroom.folder("autograded", "s000", CHAPTER)
    assert sorted(path.name for path in autograded.iterdir()) == [f"{CHAPTER}.ipynb", TIMESTAMP]


SCRIPT = """
import sys, time
from pathlib import Path
from autograde import grading, classroom, fingerprint
from tests.autograde.test_resuming import instant, CHAPTER

fingerprint.environment = lambda chapter: "the same, even if somebody edits the checkout meanwhile"

if __name__ == "__main__":
    root, log, jobs = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

    def slow(task):
        fingerprint.environment = lambda chapter: task.environment
        time.sleep(0.05)
        with open(log, "a") as file:
            file.write(task.student + "\\n")
        return instant(task)

    grading.grade(classroom.open_class(root), CHAPTER, jobs=jobs, unsafe=True, function=slow, pages=False)
"""


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_grader_killed_three_times_gives_the_marks_of_one_that_ran_through(
    tmp_path: Path, released: Classroom
) -> None:
    number = 200
    classroom, log = with_submissions(tmp_path / "class", released, number), tmp_path / "log"
    log.touch()
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(classroom.root), str(log), "2"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    dice = random.Random(3)
    for kill in range(1, 4):
        process = subprocess.Popen(command, env=environment, start_new_session=True)
        goal = recorded(classroom) + dice.randint(5, 30)
        while process.poll() is None and recorded(classroom) < goal:
            time.sleep(0.02)
        assert process.poll() is None, f"it ended before kill {kill}"
        process.kill()
        process.wait()
    before = len(log.read_text().splitlines())
    subprocess.run(command, env=environment, check=True)
    asked = log.read_text().splitlines()
    assert in_gradebook(classroom) == expected(number)
    assert set(asked) == set(expected(number))
    # A kill costs what was under way and not yet kept: what is sent ahead to two workers, and what they had done.
    assert len(asked) <= number + 3 * 8
    subprocess.run(command, env=environment, check=True)
    assert log.read_text().splitlines() == asked
    assert before < len(asked)
    assert leftovers(str(script)) == []


def recorded(classroom: Classroom) -> int:
    return len(list((classroom.private / "finished" / CHAPTER).glob("s*.json")))


def leftovers(name: str) -> list[str]:
    """Return the command lines of processes that still name a file."""
    for _ in range(50):
        lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
        left = [line for line in lines if name in line]
        if not left:
            return []
        time.sleep(0.2)
    return left


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ctrl_c_on_the_command_line_ends_with_130_and_one_sentence(tmp_path: Path, released: Classroom) -> None:
    classroom = with_submissions(tmp_path / "class", released, 12)
    command = [sys.executable, "-m", "autograde", "grade", CHAPTER, "--class", str(classroom.root), "--unsafe"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not recorded(classroom):
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process of the group gets it
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    (sentence,) = [line for line in err.splitlines() if "stopped" in line]
    done = int(sentence.split("stopped; ")[1].split()[0])
    assert sentence.endswith(f"{done} of 12 submissions are recorded, and the same command goes on from there")
    assert len(in_gradebook(classroom)) == done


def test_a_flag_is_raised_in_the_main_thread_alone() -> None:
    from autograde.stopping import stoppable

    said: list[bool] = []

    def elsewhere() -> None:
        with stoppable() as stop:
            said.append(stop.is_set())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert said == [False]
