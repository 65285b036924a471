"""nbgrader stays whole around the grader: its command, manual grading, late penalties, export, formgrader, exchange."""

import csv
import html
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook

from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom
from autograde.intake.handed_in import TIMESTAMP
from autograde.reporting import as_json, read
from autograde.running.work import work
from course.exercises.catalogue import of_chapter
from tests.autograde.conftest import CHAPTER, Demonstration
from tests.autograde.running.test_grading import in_gradebook
from tests.autograde.running.test_resuming import expected, grade, instant

FREE_TEXT = "why-unpool"
TOTALS = {student: round(sum(marks.values()), 2) for student, marks in expected(3).items()}


def nbgrader(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    commands = Path(sys.executable).parent
    return subprocess.run(
        [str(commands / "nbgrader"), *arguments], cwd=root, capture_output=True, text=True, timeout=240,
        env={**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", **environment},
    )  # fmt: skip


def book(classroom: Classroom) -> Gradebook:
    return Gradebook(f"sqlite:///{classroom.root}/gradebook.db")


@pytest.fixture
def classroom(tmp_path: Path) -> Classroom:
    """A class whose chapter asks a question that a human marks, due in January, handed in by three, by one too late."""
    classroom = classes.init(tmp_path / "class")
    with classroom.configuration.open("a") as file:
        file.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    classes.release(classroom, CHAPTER)
    source = classroom.root / "source" / CHAPTER / f"{CHAPTER}.ipynb"
    notebook = nbformat.read(source, as_version=4)
    marks = {
        "grade": True, "solution": True, "locked": False, "grade_id": FREE_TEXT, "points": 5, "schema_version": 3,
        "task": False, "cell_type": "markdown",
    }  # fmt: skip
    notebook.cells.append(new_markdown_cell("Because of the switches.", metadata={"nbgrader": marks}))
    nbformat.write(notebook, source)
    classes.release(classroom, CHAPTER)
    with book(classroom) as gradebook:
        gradebook.update_or_create_assignment(CHAPTER, duedate="2026-01-31 12:00:00 UTC")
    for student in TOTALS:
        folder = classroom.folder("submitted", student, CHAPTER)
        folder.mkdir(parents=True)
        answered = nbformat.reads((classroom.released_bytes(CHAPTER) or b"").decode(), as_version=4)
        next(
            c for c in answered.cells if c.metadata.get("nbgrader", {}).get("grade_id") == FREE_TEXT
        ).source = f"{student} says: it keeps where the maxima were."
        nbformat.write(answered, folder / f"{CHAPTER}.ipynb")
        (folder / TIMESTAMP).write_text(f"2026-0{2 if student == 's002' else 1}-10 12:00:00 UTC")
    grade(classroom, instant)
    return classroom


def test_a_free_text_answer_waits_for_a_human_and_keeps_mark_and_comment_when_graded_again(
    classroom: Classroom,
) -> None:
    with book(classroom) as gradebook:
        assert all(one.needs_manual_grade for one in gradebook.assignment_submissions(CHAPTER))
        grade_of = gradebook.find_grade(FREE_TEXT, CHAPTER, CHAPTER, "s000")
        grade_of.manual_score, grade_of.needs_manual_grade = 4.0, False
        gradebook.find_grade("check-max_unpool2d", CHAPTER, CHAPTER, "s000").extra_credit = 0.5
        gradebook.find_comment(FREE_TEXT, CHAPTER, CHAPTER, "s000").manual_comment = "Well put."
        gradebook.db.commit()
    grade(classroom, instant, regrade=True, pages=True, students=["s000"])
    with book(classroom) as gradebook:
        assert gradebook.find_grade(FREE_TEXT, CHAPTER, CHAPTER, "s000").score == 4.0
        assert gradebook.find_comment(FREE_TEXT, CHAPTER, CHAPTER, "s000").comment == "Well put."
        assert gradebook.find_submission(CHAPTER, "s000").score == pytest.approx(TOTALS["s000"] + 4.5)
        assert gradebook.find_grade(FREE_TEXT, CHAPTER, CHAPTER, "s001").needs_manual_grade
    page = (classroom.folder("feedback", "s000", CHAPTER) / f"{CHAPTER}.html").read_text()
    assert "Well put." in page
    assert "s000 says: it keeps where the maxima were." in page


def test_a_late_submission_has_its_penalty_and_loses_it_when_the_deadline_moves(classroom: Classroom) -> None:
    def totals() -> dict[str, float]:
        students = as_json(read(classroom, CHAPTER))["students"]
        assert isinstance(students, dict)
        return {student: row["score"] for student, row in students.items()}

    assert totals() == TOTALS | {"s002": 0}
    with book(classroom) as gradebook:
        gradebook.update_or_create_assignment(CHAPTER, duedate="2026-03-31 12:00:00 UTC")
    grade(classroom, instant)
    assert totals() == TOTALS


def test_the_export_holds_every_mark(classroom: Classroom) -> None:
    ran = nbgrader(classroom.root, "export")
    assert ran.returncode == 0, ran.stderr
    with (classroom.root / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file) if row["assignment"] == CHAPTER}
    assert {student: float(row["raw_score"]) for student, row in rows.items()} == pytest.approx(TOTALS)
    penalties = {student: float(row["late_submission_penalty"]) for student, row in rows.items()}
    assert penalties == pytest.approx({"s000": 0, "s001": 0, "s002": TOTALS["s002"]})
    assert {float(row["max_score"]) for row in rows.values()} == {sum(x.points for x in of_chapter(CHAPTER)) + 5}


@pytest.fixture
def formgrader(classroom: Classroom) -> Iterator[str]:
    """A Jupyter server with formgrader on the class; its address."""
    commands = Path(sys.executable).parent
    process = subprocess.Popen(
        [
            str(commands / "jupyter-lab"), "--no-browser", "--allow-root", "--port=0", "--ServerApp.token=",
            "--ServerApp.password=", "--LabApp.news_url=None", f"--ServerApp.root_dir={classroom.root}",
            "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
        ],
        cwd=classroom.root, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        env={**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert process.stderr is not None
    address = next(
        (
            found.group()
            for line in process.stderr
            if (found := re.search(r"http://(localhost|127\.0\.0\.1):\d+", line))
        ),
        "",
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urlopen(f"{address}/api").close()
            break
        except URLError:
            time.sleep(0.2)
    yield address
    process.terminate()
    process.wait(20)
    process.stderr.close()


@pytest.mark.slow
def test_formgrader_opens_every_page_and_every_submission(classroom: Classroom, formgrader: str) -> None:
    odd = "o'hara é"
    folder = classroom.folder("submitted", odd, CHAPTER)
    folder.mkdir(parents=True)
    (folder / f"{CHAPTER}.ipynb").write_bytes(b"no notebook")
    grade(classroom, work, students=[odd])
    with book(classroom) as gradebook:
        ids = {one.student.id: one.id for one in gradebook.notebook_submissions(CHAPTER, CHAPTER)}
    assert set(ids) == {*TOTALS, odd}

    def page(path: str) -> str:
        with urlopen(f"{formgrader}/formgrader/{quote(path, safe='/?=')}") as answer:
            assert answer.status == 200
            return str(answer.read().decode())

    for student, number in ids.items():
        said = (
            "The notebook could not be read" if student == odd else f"{student} says: it keeps where the maxima were."
        )
        assert said in page(f"submissions/{number}/?index=0")
        assert student in html.unescape(page(f"manage_students/{student}"))
        assert CHAPTER in page(f"manage_students/{student}/{CHAPTER}")
    for path in ("api/assignments", f"manage_submissions/{CHAPTER}", f"gradebook/{CHAPTER}"):
        assert CHAPTER in page(path)
    for path in ("", "manage_assignments", "gradebook", f"gradebook/{CHAPTER}/{CHAPTER}", "manage_students"):
        assert "<title>nbgrader formgrade</title>" in page(path)
    assert page(f"api/submissions/{CHAPTER}").count('"autograded": true') == len(ids)


@pytest.mark.slow
def test_the_exchange_carries_a_chapter_out_and_back_with_its_feedback(tmp_path: Path) -> None:
    classroom, student, exchange = classes.init(tmp_path / "class"), tmp_path / "ada", tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    student.mkdir()
    settings = f'\nc.Exchange.root = "{exchange}"\nc.Exchange.cache = "{tmp_path / "cache"}"\n'
    with classroom.configuration.open("a") as file:
        file.write(settings)
    (student / "nbgrader_config.py").write_text(f'c = get_config()\nc.CourseDirectory.course_id = "class"{settings}')
    classes.release(classroom, CHAPTER)
    for root, command in (
        (classroom.root, "release_assignment"), (student, "fetch_assignment"), (student, "submit"),
        (classroom.root, "collect"),
    ):  # fmt: skip
        ran = nbgrader(root, command, CHAPTER)
        assert ran.returncode == 0, f"{command}: {ran.stderr}"
    (graded,) = grade(classroom, instant, pages=True)
    assert graded.result.status == "ok"
    for root, command in ((classroom.root, "release_feedback"), (student, "fetch_feedback")):
        ran = nbgrader(root, command, CHAPTER)
        assert ran.returncode == 0, f"{command}: {ran.stderr}"
    (page,) = (student / CHAPTER / "feedback").glob(f"*/{CHAPTER}.html")
    assert f"(Score: {graded.result.score:.1f}" in page.read_text()


@pytest.mark.slow
@pytest.mark.compute
@pytest.mark.usefixtures("walls")
@pytest.mark.timeout(900)
def test_nbgrader_autograde_on_the_whole_class_gives_the_same_marks(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    root = tmp_path / "class"
    shutil.copytree(demonstration.classroom.root, root)
    (root / "gradebook.db").unlink()
    classes.release(Classroom(root), CHAPTER)
    ran = nbgrader(root, "autograde", CHAPTER, "--force", "--create")
    assert ran.returncode == 0, ran.stderr
    assert in_gradebook(Classroom(root)) == in_gradebook(demonstration.classroom)


@pytest.mark.usefixtures("walls")
def test_nbgrader_autograde_follows_no_link(classroom: Classroom) -> None:
    folder = classroom.folder("submitted", "s000", CHAPTER)
    (folder / "leak.html").symlink_to(classroom.root / "gradebook.db")
    (folder / "data.csv").write_text("1,2")
    (folder / f"{CHAPTER}.ipynb").unlink()
    (folder / f"{CHAPTER}.ipynb").symlink_to(classroom.root / "source" / CHAPTER / f"{CHAPTER}.ipynb")
    ran = nbgrader(classroom.root, "autograde", CHAPTER, "--student=s000", "--force")
    assert ran.returncode == 0, ran.stderr
    copied = classroom.folder("autograded", "s000", CHAPTER)
    assert {path.name for path in copied.iterdir()} == {f"{CHAPTER}.ipynb", "data.csv", TIMESTAMP}
    assert "link to another file" in (copied / f"{CHAPTER}.ipynb").read_text()
    assert {score for name, score in in_gradebook(classroom)["s000"].items() if name != FREE_TEXT} == {0}
