"""One truth: table, reports, exports and the student's page show the marks of the gradebook, and what waits for one.

The class has three cells of its own that a human marks: a free text, a task, and code.
"""

import csv
import io
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from rich.console import Console
from typer.testing import CliRunner

from autograde import demo
from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom
from autograde.classroom.marks import BY_HAND, Row, read
from autograde.classroom.recording import page_of
from autograde.cli import app
from autograde.intake.handed_in import LEFT_OUT
from autograde.intake.marks import grade_id
from autograde.intake.mending import SECOND_ATTEMPT
from autograde.intake.submission import mended
from autograde.judging.results import ExerciseResult, SubmissionResult
from autograde.reporting import as_json, publish, write
from autograde.reporting.attention import notices
from autograde.running import grading, table
from autograde.running.work import Done, Task
from course.exercises.catalogue import of_chapter
from tests.autograde.conftest import CHAPTER

TEXT, TASK, CODE = "explain", "sketch", "plot"
EXERCISES = of_chapter(CHAPTER)
TOTAL = sum(one.points for one in EXERCISES)


def own(name: str, kind: str, points: int) -> dict[str, object]:
    """Return nbgrader's metadata of a cell that a human marks."""
    marks = {"grade": kind != TASK, "solution": kind != TASK, "task": kind == TASK, "locked": False}
    cell_type = "code" if kind == CODE else "markdown"
    return {"nbgrader": {**marks, "grade_id": name, "points": points, "schema_version": 3, "cell_type": cell_type}}


def add_cells(notebook: NotebookNode) -> None:
    notebook.cells += [
        new_markdown_cell("Why?\n\nYOUR ANSWER HERE", metadata=own(TEXT, TEXT, 5)),
        new_markdown_cell("Draw it.", metadata=own(TASK, TASK, 3)),
        new_code_cell("### BEGIN SOLUTION\nplot()\n### END SOLUTION", metadata=own(CODE, CODE, 2)),
    ]


def instant(task: Task) -> Done:
    """Grade without running anything: everything is right but the second exercise."""
    submission = mended(task.handed_in, task.chapter, task.released)
    exercises = {
        one.name: ExerciseResult(
            score=0 if number == 1 else one.points, max_score=one.points, passed=number != 1,
            diagnosis="Your nails stand in the centre." if number == 1 else "",
        )
        for number, one in enumerate(EXERCISES)
    }  # fmt: skip
    result = SubmissionResult(
        student=task.student, chapter=task.chapter, status="ok", exercises=exercises, repairs=submission.repairs,
        fingerprint=task.number,
    )  # fmt: skip
    return Done(result, nbformat.writes(submission.notebook).encode())


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(one for one in notebook.cells if grade_id(one) == name)


def answered(notebook: NotebookNode) -> None:
    cell(notebook, TEXT).source = "Because it is told twice."
    cell(notebook, CODE).source = "plot(3)"


STUDENTS: dict[str, Callable[[NotebookNode], object]] = {
    "answered": answered,
    "untouched": lambda notebook: None,
    "deleted": lambda notebook: notebook.cells.remove(cell(notebook, TEXT)),
    "emptied": lambda notebook: cell(notebook, TEXT).update(source=""),
}


def grade(classroom: Classroom) -> list[grading.Graded]:
    return grading.grade(classroom, CHAPTER, jobs=1, unsafe=True, function=instant)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, released: Classroom) -> Classroom:
    classroom = Classroom(tmp_path_factory.mktemp("by-hand") / "class")
    shutil.copytree(released.root, classroom.root)
    source = classroom.root / "source" / CHAPTER / f"{CHAPTER}.ipynb"
    notebook = nbformat.read(source, as_version=4)
    add_cells(notebook)
    nbformat.write(notebook, source)
    classes.release(classroom, CHAPTER)
    for student, change in STUDENTS.items():
        given = classroom.released(CHAPTER)
        assert given is not None
        demo.fill(given, demo.right_answers())
        change(given)
        folder = classroom.folder("submitted", student, CHAPTER)
        folder.mkdir(parents=True)
        nbformat.write(given, folder / f"{CHAPTER}.ipynb")
    grade(classroom)
    return classroom


@pytest.fixture
def classroom(graded: Classroom, tmp_path: Path) -> Classroom:
    """A copy that a test may change."""
    shutil.copytree(graded.root, tmp_path / "class")
    return Classroom(tmp_path / "class")


@dataclass(frozen=True)
class Shown:
    """What one student's page shows on top."""

    total: str
    lines: dict[str, tuple[str, str, str]]
    text: str


def page(classroom: Classroom, student: str) -> Shown:
    top = BeautifulSoup(page_of(classroom, student, CHAPTER).read_text(), "html.parser")

    def said(inside: BeautifulSoup, selector: str) -> str:
        found = inside.select_one(selector)
        return "" if found is None else found.get_text()

    lines = {
        said(line, "code"): (str(line["data-state"]), said(line, ".points"), said(line, ".why"))
        for line in top.select(".p2i-line")
    }
    return Shown(said(top, ".p2i-total"), lines, top.get_text(" "))


def row(classroom: Classroom, student: str) -> Row:
    return next(one for one in read(classroom, CHAPTER).rows if one.student == student)


def lines(classroom: Classroom, form: str) -> dict[str, list[str]]:
    file = io.StringIO()
    write(read(classroom, CHAPTER), form, file)
    found = list(csv.reader(io.StringIO(file.getvalue())))
    return {line[3] if form == "canvas" else line[0]: line for line in found}


def mark(classroom: Classroom, student: str, name: str, score: float, comment: str = "") -> None:
    """Do what an instructor does in formgrader."""
    with Gradebook(f"sqlite:///{classroom.root}/gradebook.db") as gradebook:
        grade = gradebook.find_grade(name, CHAPTER, CHAPTER, student)
        grade.manual_score, grade.needs_manual_grade = score, False
        if comment:
            gradebook.find_comment(name.removeprefix("check-"), CHAPTER, CHAPTER, student).manual_comment = comment
        gradebook.db.commit()


def test_what_waits_for_a_mark_by_hand_is_a_state(graded: Classroom) -> None:
    waiting = row(graded, "answered")
    assert (waiting.status, waiting.waits, waiting.is_settled) == (BY_HAND, (TEXT, CODE, TASK), False)
    assert waiting.comment.endswith(f"Not marked yet: {TEXT}, {CODE}, {TASK}.")
    console = Console(file=io.StringIO(), width=200)
    console.print(table.table(read(graded, CHAPTER)))
    [line] = [x for x in console.file.getvalue().splitlines() if "answered" in x and "│" in x]  # type: ignore[attr-defined]
    assert line.count("…") == 3
    assert BY_HAND in line
    [heading, values] = [lines(graded, "csv")[name] for name in ("student", "answered")]
    assert [values[heading.index(name)] for name in (TEXT, TASK, "status")] == ["", "", BY_HAND]
    assert lines(graded, "canvas")["answered"][-1] == lines(graded, "moodle")["answered"][2] == ""
    students = as_json(read(graded, CHAPTER))["students"]
    assert isinstance(students, dict)
    assert students["answered"]["status"] == BY_HAND
    assert students["answered"]["exercises"][TEXT]["diagnosis"] == "It waits for a mark by hand."


def test_a_students_page_says_that_a_mark_is_to_come(graded: Classroom) -> None:
    shown = page(graded, "answered")
    assert shown.lines[TEXT] == ("waiting", "– of 5", "It waits for a mark by hand.")
    assert shown.total.startswith(f"{TOTAL - 4} of {TOTAL + 10} points, 10 of them not marked yet")
    assert "✗" not in shown.text.split(TEXT, 1)[0].rsplit("✓", 1)[-1]


def test_a_free_text_that_was_put_back_or_emptied_is_flagged_and_an_untouched_one_is_not(graded: Classroom) -> None:
    assert {name: TEXT in row(graded, name).waits for name in STUDENTS} == {
        "answered": True, "untouched": False, "deleted": True, "emptied": True
    }  # fmt: skip
    with Gradebook(f"sqlite:///{graded.root}/gradebook.db") as gradebook:
        said = {name: gradebook.find_comment(TEXT, CHAPTER, CHAPTER, name).comment for name in STUDENTS}
    assert "the grader put it back" in said["deleted"]
    assert said["emptied"] == "This cell was handed in empty."
    assert (said["untouched"], said["answered"]) == ("No response.", None)


def test_marks_by_hand_are_the_same_everywhere(classroom: Classroom) -> None:
    for name, score in ((TEXT, 4.0), (TASK, 3.0), (CODE, 0.5)):
        mark(classroom, "answered", name, score, "Well seen." if name == TEXT else "")
    mark(classroom, "answered", "check-bed_of_nails2d", 3.0)
    written, _ = grading.renew_pages(classroom, CHAPTER, 1)
    assert written == ["answered"]
    marked, total = row(classroom, "answered"), TOTAL - 4 + 3 + 7.5
    assert (marked.status, marked.score, marked.max_score) == ("ok", total, TOTAL + 10)
    assert marked.comment == f"bed_of_nails2d: Your instructor gave this mark. {TEXT}: Well seen."
    assert lines(classroom, "canvas")["answered"][-1] == lines(classroom, "moodle")["answered"][2] == f"{total:g}"
    shown = page(classroom, "answered")
    assert shown.total.startswith(f"{total:g} of {TOTAL + 10} points")
    assert shown.lines["bed_of_nails2d"] == ("part", "3 of 4", "Your instructor gave this mark.")
    assert "0 of 4 points" not in shown.text
    [again] = [one for one in table.graded(read(classroom, CHAPTER), [one.result for one in grade(classroom)]).rows
               if one.student == "answered"]  # fmt: skip
    assert again == marked


def test_a_late_penalty_is_the_same_everywhere(classroom: Classroom) -> None:
    with Gradebook(f"sqlite:///{classroom.root}/gradebook.db") as gradebook:
        gradebook.find_submission_notebook(CHAPTER, CHAPTER, "untouched").late_submission_penalty = 6.5
        gradebook.db.commit()
    mark(classroom, "untouched", TASK, 1.0)
    grading.renew_pages(classroom, CHAPTER, 1)
    total = TOTAL - 4 + 1 - 6.5
    assert row(classroom, "untouched").score == total
    assert page(classroom, "untouched").total.startswith(f"{total:g} of {TOTAL + 10} points, 6.5 taken off")
    assert lines(classroom, "canvas")["untouched"][-1] == f"{total:g}"


def test_changed_points_are_the_same_everywhere(classroom: Classroom) -> None:
    source = classroom.root / "source" / CHAPTER / f"{CHAPTER}.ipynb"
    notebook = nbformat.read(source, as_version=4)
    cell(notebook, "check-nearest_unpool2d").metadata["nbgrader"]["points"] = 10
    nbformat.write(notebook, source)
    classes.release(classroom, CHAPTER)
    grade(classroom)
    marked, shown = row(classroom, "untouched"), page(classroom, "untouched")
    assert (marked.exercises["nearest_unpool2d"].score, marked.max_score) == (10, TOTAL + 16)
    assert shown.lines["nearest_unpool2d"][:2] == ("right", "10 of 10")
    assert shown.total.startswith(f"{TOTAL + 2} of {TOTAL + 16} points")
    assert "4 of 4 points" not in shown.text


def test_what_needs_an_eye_is_said_with_whom_and_what_to_do(
    classroom: Classroom, capsys: pytest.CaptureFixture[str]
) -> None:
    result = classroom.stored(CHAPTER, "untouched")
    assert result is not None
    told = (f"the answer max_unpool2d {SECOND_ATTEMPT}, and the last one was taken", f"{LEFT_OUT}: helpers.py")
    lacking = {n: one.model_copy(update={"lacks": "nosuchlibrary"}) for n, one in result.exercises.items()}
    more = {"repairs": told, "status": "crashed", "exercises": lacking}
    classroom.store(result.model_copy(update=more))
    mark(classroom, "emptied", TEXT, 1.0)
    with Gradebook(f"sqlite:///{classroom.root}/gradebook.db") as gradebook:  # as recording anew does
        gradebook.find_grade(TEXT, CHAPTER, CHAPTER, "emptied").needs_manual_grade = True
        gradebook.db.commit()
    (classroom.folder("submitted", "answered", CHAPTER) / f"{CHAPTER}.ipynb").touch()
    classroom.folder("submitted", "new", CHAPTER).mkdir(parents=True)
    (classroom.root / "submitted" / "somebody.ipynb").touch()
    said = [str(one) for one in notices(classroom, read(classroom, CHAPTER))]
    for wanted in (
        "1 is *crashed*: untouched. docs/THREAT_MODEL.md says what to do.",
        "1 handed in and are not in the gradebook: new. Run `autograde grade 03_unpooling`.",
        "1 handed in anew since they were graded: answered.",
        f"4 wait for a mark by hand: answered ({TEXT}, {CODE}, {TASK})",
        "1 were marked by hand and recorded anew since: emptied.",
        "1 needs nosuchlibrary, which the grader does not have: untouched.",
        "1 answered something a second time below its check: untouched.",
        "1 handed in other files as well: untouched.",
        "1 have no page that shows these marks: emptied. `autograde feedback 03_unpooling` writes it.",
        "submitted/somebody.ipynb is a file among the students' folders",
    ):
        assert [one for one in said if one.startswith(wanted)], wanted
    publish(classroom, CHAPTER, "csv")
    assert capsys.readouterr().err.startswith("What needs your eye:\n- 1 is *crashed*: untouched.")
    publish(classroom, CHAPTER, "html")
    page = (classroom.root / "reports" / f"{CHAPTER}.html").read_text()
    assert page.index("What needs your eye</h2>") < page.index("Totals</h2>")


def test_pages_go_back_under_the_names_that_the_platform_knows(classroom: Classroom) -> None:
    note = classroom.private / "collected" / f"{CHAPTER}.json"
    note.parent.mkdir()
    note.write_text('{"answered": "Ada Lovelace_1234_assignsubmission_file_/", "deleted": "bobdyk_LATE_43_99_"}')
    run = ["return", CHAPTER, "--class", str(classroom.root), "--format", "zip"]
    packed = CliRunner().invoke(app, run)
    assert packed.exit_code == 0, packed.output
    assert "2 were not collected from a platform" in packed.output
    path = classroom.root / "reports" / f"{CHAPTER}-pages.zip"
    assert path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == [
            f"Ada Lovelace_1234_assignsubmission_file_/{CHAPTER}.html", f"bobdyk_LATE_43_99_{CHAPTER}.html",
            f"emptied/{CHAPTER}.html", f"untouched/{CHAPTER}.html",
        ]  # fmt: skip
    mark(classroom, "untouched", TASK, 1.0)
    refused = CliRunner().invoke(app, run)
    assert refused.exit_code == 2
    assert "1 pages are missing or show other marks than the gradebook (untouched)" in refused.output


def test_a_page_carries_the_students_name_and_the_chapter(classroom: Classroom) -> None:
    with Gradebook(f"sqlite:///{classroom.root}/gradebook.db") as gradebook:
        gradebook.update_or_create_student("untouched", first_name="Ada", last_name="<b>Love")
    mark(classroom, "untouched", TASK, 1.0)
    grading.renew_pages(classroom, CHAPTER, 1)
    text = page_of(classroom, "untouched", CHAPTER).read_text()
    assert f"<title>Ada &lt;b&gt;Love (untouched) · {CHAPTER}</title>" in text
    assert f"Ada <b>Love (untouched) · {CHAPTER}" in BeautifulSoup(text, "html.parser").get_text()
