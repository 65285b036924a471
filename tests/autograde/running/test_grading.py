"""The whole loop: what the table says is in the gradebook, nbgrader agrees, and no submission harms another."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom, ClassroomError
from autograde.intake.marks import grade_id
from autograde.reporting import as_json, read
from autograde.running import grading
from course.exercises.catalogue import of_chapter
from tests.autograde.conftest import CHAPTER, Demonstration

pytestmark = pytest.mark.usefixtures("walls")
TOTAL = sum(exercise.points for exercise in of_chapter(CHAPTER))
HandIn = Callable[[Classroom, str, NotebookNode | bytes], Path]


def in_gradebook(classroom: Classroom) -> dict[str, dict[str, float]]:
    """Read the marks as nbgrader does, without any code of ours."""
    with Gradebook(f"sqlite:///{classroom.root}/gradebook.db") as gradebook:
        return {
            submission.student.id: {grade.name: grade.score for book in submission.notebooks for grade in book.grades}
            for submission in gradebook.assignment_submissions(CHAPTER)
        }


def test_the_demo_gives_everybody_what_they_deserve(demonstration: Demonstration) -> None:
    results = {one.result.student: one.result for one in demonstration.graded}
    assert len(results) == 6
    assert results["complete"].score == TOTAL
    assert [one.passed for one in results["half-done"].exercises.values()] == [True, True, True, False, False]
    assert "centre" in results["nails-centred"].exercises["bed_of_nails2d"].diagnosis
    assert "add up" in results["overlaps-summed"].exercises["max_unpool2d"].diagnosis
    assert 0 < results["overlaps-summed"].exercises["max_unpool2d"].score < 8
    assert (results["blank"].score, results["forger"].score) == (0, 0)
    assert {result.status for result in results.values()} == {"ok"}


def test_the_demos_table_is_what_the_gradebook_holds(demonstration: Demonstration) -> None:
    recorded = in_gradebook(demonstration.classroom)
    for one in demonstration.graded:
        ours = {f"check-{name}": result.score for name, result in one.result.exercises.items()}
        assert recorded[one.result.student] == ours


def test_the_report_reads_the_same_marks(demonstration: Demonstration) -> None:
    students = as_json(read(demonstration.classroom, CHAPTER))["students"]
    assert isinstance(students, dict)
    assert {name: row["score"] for name, row in students.items()} == {
        one.result.student: one.result.score for one in demonstration.graded
    }


def test_no_mark_waits_for_a_human(demonstration: Demonstration) -> None:
    with Gradebook(f"sqlite:///{demonstration.classroom.root}/gradebook.db") as gradebook:
        assert not any(one.needs_manual_grade for one in gradebook.assignment_submissions(CHAPTER))


def test_a_feedback_page_shows_no_markup_as_text(demonstration: Demonstration) -> None:
    for one in demonstration.graded:
        page = BeautifulSoup((one.page or Path()).read_text(), "html.parser")
        assert page.select_one(".p2i-top h1") is not None
        for part in page(["style", "script"]):
            part.decompose()
        assert "<div" not in page.get_text()
        assert "{" not in page.select_one(".p2i-top").get_text()  # type: ignore[union-attr]


def test_feedback_pages_tell_the_mark_and_the_reason(demonstration: Demonstration) -> None:
    pages = {one.result.student: one.page for one in demonstration.graded}
    page = pages["overlaps-summed"]
    assert page is not None
    text = page.read_text()
    assert "You add up values that fall on the same position" in text
    assert f"(Score: {TOTAL:.1f} / {TOTAL:.1f})" in (pages["complete"] or Path()).read_text()


def test_feedback_and_results_hold_no_hidden_number_and_no_secret(demonstration: Demonstration) -> None:
    from autograde.judging.verdicts import hidden

    secret = demonstration.classroom.secret
    exercise = of_chapter(CHAPTER)[0]
    values = {f"{x:.4f}" for case in hidden(exercise, secret).cases for x in case.args["x"].flatten().tolist()}  # type: ignore[attr-defined]
    rare = {value for value in values if float(value) % 1}
    for one in demonstration.graded:
        page = (one.page or Path()).read_text()
        assert secret not in page
        for case in [case for result in one.result.exercises.values() for case in result.cases if case.hidden]:
            assert not re.search(r"expected|\[\d", case.message)
    assert rare  # there are numbers that a leak would show


@pytest.mark.parametrize("student", ["overlaps-summed", pytest.param("forger", marks=pytest.mark.slow)])
def test_nbgrader_autograde_alone_gives_the_same_marks(demonstration: Demonstration, student: str) -> None:
    before = in_gradebook(demonstration.classroom)[student]
    command = [str(Path(sys.executable).parent / "nbgrader"), "autograde", CHAPTER, f"--student={student}", "--force"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        command, cwd=demonstration.classroom.root, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert in_gradebook(demonstration.classroom)[student] == before


def test_a_mark_changed_by_hand_survives_grading_again(demonstration: Demonstration) -> None:
    classroom, student = demonstration.classroom, "blank"
    url = f"sqlite:///{classroom.root}/gradebook.db"
    with Gradebook(url) as gradebook:
        grade = gradebook.find_grade("check-nearest_unpool2d", CHAPTER, CHAPTER, student)
        grade.manual_score = 3.0
        gradebook.db.commit()
    grading.grade(classroom, CHAPTER, [student])
    assert in_gradebook(classroom)[student]["check-nearest_unpool2d"] == 3.0
    students = as_json(read(classroom, CHAPTER))["students"]
    assert isinstance(students, dict)
    assert students[student]["score"] == 3.0
    with Gradebook(url) as gradebook:
        gradebook.find_grade("check-nearest_unpool2d", CHAPTER, CHAPTER, student).manual_score = None
        gradebook.db.commit()


@pytest.fixture(scope="module")
def battered(tmp_path_factory: pytest.TempPathFactory, answers: dict[str, str]) -> dict[str, grading.Graded]:
    """A class whose every submission is damaged in its own way, graded in one batch."""
    from autograde.demo import fill

    classroom = classes.init(tmp_path_factory.mktemp("battered") / "class")
    classes.release(classroom, CHAPTER)
    complete = classroom.released(CHAPTER)
    assert complete is not None
    fill(complete, answers)

    def folder(student: str) -> Path:
        path = classroom.folder("submitted", student, CHAPTER)
        path.mkdir(parents=True)
        return path

    def put(student: str, change: Callable[[NotebookNode], object], name: str = f"{CHAPTER}.ipynb") -> None:
        notebook = nbformat.from_dict(json.loads(nbformat.writes(complete)))
        change(notebook)
        (folder(student) / name).write_text(nbformat.writes(notebook))

    def without(name: str) -> Callable[[NotebookNode], object]:
        return lambda n: n.cells.remove(next(cell for cell in n.cells if grade_id(cell) == name))

    def double_check(notebook: NotebookNode) -> None:
        check = next(cell for cell in notebook.cells if grade_id(cell) == "check-bed_of_nails2d")
        notebook.cells.append(nbformat.from_dict({**check, "id": "twice"}))

    def strip(notebook: NotebookNode) -> None:
        for cell in notebook.cells:
            cell.metadata = {}

    put("whole", lambda notebook: None)
    put("check-deleted", without("check-max_unpool2d"))
    put("check-twice", double_check)
    put("no-metadata", strip)
    put("renamed", lambda notebook: None, "Copy of 03_unpooling.ipynb")
    put("o'hara <b> é", lambda n: n.cells.insert(0, new_code_cell("raise ValueError('<b>no</b>')")))
    put("killer", lambda n: n.cells.insert(0, new_code_cell("import os\nos._exit(1)")))
    put(
        "half-killer", lambda n: fill(n, {"max_unpool2d": "def max_unpool2d(*a, **k):\n    import os\n    os._exit(1)"})
    )
    for student, data in {"not-json": b"not { json", "empty": b"", "binary": bytes(range(256)), "list": b"[]"}.items():
        (folder(student) / f"{CHAPTER}.ipynb").write_bytes(data)
    (folder("link") / f"{CHAPTER}.ipynb").symlink_to(classroom.root / "source" / CHAPTER / f"{CHAPTER}.ipynb")
    folder("nothing")
    folder("[x]*")
    graded = grading.grade(classroom, CHAPTER, jobs=2)
    odd = next(one for one in graded if one.result.student == "[x]*")
    graded.remove(odd)
    recorded = in_gradebook(classroom)
    assert {one.result.student: one.result.score for one in graded} == {
        student: pytest.approx(sum(marks.values())) for student, marks in recorded.items()
    }
    return {one.result.student: one for one in graded} | {"[x]*": odd}


@pytest.mark.parametrize(
    "student", ["whole", "check-deleted", "check-twice", "no-metadata", "renamed", "o'hara <b> é", "killer"]
)
def test_damage_that_can_be_mended_costs_nothing(battered: dict[str, grading.Graded], student: str) -> None:
    assert battered[student].result.score == TOTAL
    assert battered[student].result.status == "ok"


@pytest.mark.parametrize("student", ["not-json", "empty", "binary", "list", "link", "nothing"])
def test_damage_beyond_mending_is_unreadable_with_a_reason(battered: dict[str, grading.Graded], student: str) -> None:
    result = battered[student].result
    assert (result.status, result.score) == ("unreadable", 0)
    assert result.reason
    page = battered[student].page
    assert page is not None
    assert "Unreadable" in page.read_text()


def test_a_dying_answer_costs_its_exercises_alone(battered: dict[str, grading.Graded]) -> None:
    result = battered["half-killer"].result
    marks = {name: one.score for name, one in result.exercises.items()}
    assert marks == {
        "nearest_unpool2d": 4, "bed_of_nails2d": 4, "max_pool2d_with_indices": 8, "max_unpool2d": 0, "decoder_stage": 0
    }  # fmt: skip
    assert result.status == "crashed"


def test_an_id_that_nbgrader_cannot_hold_has_no_verdict_and_harms_nobody(battered: dict[str, grading.Graded]) -> None:
    assert battered["[x]*"].result.status == "infrastructure"
    assert "rename the folder" in battered["[x]*"].result.reason
    assert not grading.has_verdicts(list(battered.values()))


def test_a_students_name_and_error_are_text_on_the_page(battered: dict[str, grading.Graded]) -> None:
    page = battered["o'hara <b> é"].page
    assert page is not None
    assert "<b>no</b>" not in page.read_text()


def test_grading_needs_a_released_chapter_and_a_submission(released: Classroom) -> None:
    with pytest.raises(ClassroomError, match="there is no chapter"):
        grading.grade(released, "99_nothing")
    with pytest.raises(ClassroomError, match="by nobody"):
        grading.grade(released, CHAPTER, ["nobody"])
    assert grading.grade(released, CHAPTER) == []


def test_a_run_tells_which_folders_it_passed_over(
    tmp_path: Path, released: Classroom, capsys: pytest.CaptureFixture[str]
) -> None:
    classroom = Classroom(tmp_path / "class")
    shutil.copytree(released.root, classroom.root)
    classroom.folder("submitted", "..x", CHAPTER).mkdir(parents=True)
    assert grading.grade(classroom, CHAPTER) == []
    assert "submitted/..x was passed over" in capsys.readouterr().err
