"""What is finished and unchanged is not graded again; a run that is killed anywhere is gone on with, mark for mark."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom, ClassroomError
from autograde.classroom.recording import Recorder, page_of
from autograde.intake.handed_in import TIMESTAMP
from autograde.intake.submission import mended
from autograde.judging.results import ExerciseResult, SubmissionResult
from autograde.running import grading
from autograde.running.grading import Graded, StoppedError
from autograde.running.ledger import sole_writer
from autograde.running.work import Done, Task
from course.exercises.catalogue import of_chapter
from tests.autograde.conftest import CHAPTER
from tests.autograde.running.test_grading import in_gradebook

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
    from autograde.judging import fingerprint
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
    from autograde.judging import fingerprint

    names = {path.relative_to(fingerprint._PACKAGES).as_posix() for path in fingerprint._sources(CHAPTER)}
    assert {
        "course/exercises/unpooling/max_unpool2d.py", "course/checking/judging.py", "course/packet.py",
        "solutions/unpooling.py",
        "autograde/judging/verdicts.py", "autograde/sandbox/runner.py", "autograde/intake/mending/answers.py",
        "course/answers/03_unpooling/max_unpool2d.safetensors",
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
    from autograde.intake.handed_in import collect

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


def test_a_flag_is_raised_in_the_main_thread_alone() -> None:
    from autograde.running.stopping import stoppable

    said: list[bool] = []

    def elsewhere() -> None:
        with stoppable() as stop:
            said.append(stop.is_set())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert said == [False]


def mark_by_hand(classroom: Classroom, student: str, score: float, comment: str) -> None:
    with classroom.api().gradebook as gradebook:
        name = f"check-{of_chapter(CHAPTER)[0].name}"
        gradebook.find_grade(name, CHAPTER, CHAPTER, student).manual_score = score
        gradebook.find_comment(of_chapter(CHAPTER)[0].name, CHAPTER, CHAPTER, student).manual_comment = comment
        gradebook.db.commit()


@pytest.mark.slow
def test_a_mark_that_is_changed_by_hand_makes_the_page_stale_and_it_alone_is_written_anew(classroom: Classroom) -> None:
    grade(classroom, instant, pages=True)
    pages = {one: page_of(classroom, f"s{one:03}", CHAPTER) for one in range(3)}
    before = {one: page.read_text() for one, page in pages.items()}
    assert grading.renew_pages(classroom, CHAPTER) == ([], 3)
    mark_by_hand(classroom, "s001", 1.25, "A word by hand.")
    assert grading.renew_pages(classroom, CHAPTER, jobs=1) == (["s001"], 2)
    assert "A word by hand." in pages[1].read_text()
    assert {one: page.read_text() for one, page in pages.items() if one != 1} == {0: before[0], 2: before[2]}
    assert grading.renew_pages(classroom, CHAPTER) == ([], 3)
    mark_by_hand(classroom, "s002", 0.75, "And another.")
    again = Counting()
    grade(classroom, again, pages=True)
    assert again.asked == []
    assert "And another." in pages[2].read_text()


def test_the_end_of_a_run_says_who_is_not_on_the_roster_and_who_comes_back(
    classroom: Classroom, capsys: pytest.CaptureFixture[str]
) -> None:
    with classroom.api().gradebook as gradebook:
        for student in ("s000", "s001", "zoe"):
            gradebook.add_student(student)
    grade(classroom, instant)
    said = capsys.readouterr().err
    assert "1 of 3 on the roster handed nothing in: zoe." in said
    assert "1 handed in and is not on the roster, but in the gradebook now: s002." in said
    assert "comes back" not in said
    with classroom.api().gradebook as gradebook:
        gradebook.remove_student("s001")
    grade(classroom, instant)
    assert "s001 was taken out of the gradebook since, and comes back with this submission." in capsys.readouterr().err
