"""A class is an ordinary nbgrader course, made once and never on top of something else."""

from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment

from autograde.classroom import configuration
from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom, ClassroomError
from autograde.intake.marks import PICTURE_TAG
from autograde.nbgrader_plugin import ClearRuns
from course.exercises.catalogue import of_chapter
from course.settings import INSTALL_FROM
from tests.autograde.conftest import CHAPTER


def test_a_class_is_private_and_its_secret_differs_from_others(tmp_path: Path) -> None:
    first, second = classes.init(tmp_path / "a"), classes.init(tmp_path / "b")
    assert first.secret != second.secret
    assert len(first.secret) >= 32
    assert (first.private / "secret").stat().st_mode & 0o077 == 0
    for folder in (first.root, first.private):
        assert folder.stat().st_mode & 0o077 == 0


def test_making_a_class_twice_keeps_it(tmp_path: Path) -> None:
    secret = classes.init(tmp_path / "a").secret
    assert classes.init(tmp_path / "a").secret == secret


@pytest.mark.parametrize("said", ["", "from autograde.configuration import configure\nconfigure(c)\n"])
def test_a_class_of_an_earlier_version_is_renewed_and_nothing_of_it_is_lost(tmp_path: Path, said: str) -> None:
    old = classes.init(tmp_path / "a")
    secret = old.secret
    text = f'{configuration.MARK}\nc = get_config()\n{said}c.CourseDirectory.course_id = "vision"\n'
    old.configuration.write_text(text)
    with pytest.raises(ClassroomError, match=r"earlier version.*autograde init"):
        classes.open_class(old.root)
    renewed = classes.init(old.root)
    assert renewed.secret == secret
    assert (renewed.root / "nbgrader_config.old.py").read_text() == text
    assert renewed.api().coursedir.course_id == "vision"
    assert classes.open_class(old.root) == renewed


def test_the_last_word_on_a_setting_is_the_classs(tmp_path: Path) -> None:
    classroom = classes.init(tmp_path / "a")
    with classroom.configuration.open("a") as file:
        file.write("c.Assess.limits = {'cell': 60.0}\nc.Autograde.exporter_class = 'mine.Exporter'\n")
    assert classroom.limits().cell == 60.0
    assert classroom.api().config.Autograde.exporter_class == "mine.Exporter"
    assert "autograde.nbgrader_plugin.Assess" in classroom.api().config.Autograde.autograde_preprocessors


def test_no_class_is_made_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(ClassroomError, match="not empty"):
        classes.init(tmp_path)
    with pytest.raises(ClassroomError, match="is a file"):
        classes.init(tmp_path / "thesis.tex")
    with pytest.raises(ClassroomError, match="autograde init"):
        classes.open_class(tmp_path)


def test_what_is_released_holds_stubs_and_is_in_the_gradebook(released: Classroom) -> None:
    notebook = released.released(CHAPTER)
    assert notebook is not None
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "SOLUTION" not in text
    assert text.count('raise NotImplementedError("not written yet")') == len(of_chapter(CHAPTER))
    with Gradebook(f"sqlite:///{released.root}/gradebook.db") as gradebook:
        points = {
            cell.name: cell.max_score
            for book in gradebook.find_assignment(CHAPTER).notebooks
            for cell in book.grade_cells
        }
    assert points == {f"check-{exercise.name}": exercise.points for exercise in of_chapter(CHAPTER)}


def first_line(classroom: Classroom) -> str:
    notebook = classroom.released(CHAPTER)
    assert notebook is not None
    (cell,) = [cell for cell in notebook.cells if "INSTALL_FROM = " in cell.source]
    return next(line for line in cell.source.splitlines() if line.startswith("INSTALL_FROM = "))


def test_released_notebooks_get_the_course_from_where_the_class_says(tmp_path: Path) -> None:
    classroom = classes.init(tmp_path / "a")
    classes.release(classroom, CHAPTER)
    assert first_line(classroom) == f"INSTALL_FROM = {INSTALL_FROM!r}"
    with classroom.configuration.open("a") as file:
        file.write("c.Release.install_from = '/content/drive/MyDrive/Tom\\'s.whl'\n")
    classes.release(classroom, CHAPTER)
    assert first_line(classroom) == """INSTALL_FROM = "/content/drive/MyDrive/Tom's.whl\""""
    classes.release(classroom, CHAPTER, "pixels-to-instances-course")
    assert first_line(classroom) == "INSTALL_FROM = 'pixels-to-instances-course'"


def test_a_source_version_that_was_changed_gets_the_course_from_there_too(tmp_path: Path) -> None:
    classroom = classes.init(tmp_path / "a")
    classes.release(classroom, CHAPTER)
    source = classroom.root / "source" / CHAPTER / f"{CHAPTER}.ipynb"
    notebook = nbformat.read(source, as_version=4)
    notebook.cells[0].source = "# Our own title"
    nbformat.write(notebook, source)
    classes.release(classroom, CHAPTER, "pixels-to-instances-course")
    assert first_line(classroom) == "INSTALL_FROM = 'pixels-to-instances-course'"
    released = classroom.released(CHAPTER)
    assert released is not None
    assert released.cells[0].source == "# Our own title"


def test_only_chapters_of_the_course_are_released(released: Classroom) -> None:
    with pytest.raises(ClassroomError, match=CHAPTER):
        classes.release(released, "03_unpoling")


@pytest.mark.slow
@pytest.mark.compute
def test_releasing_again_keeps_what_the_instructor_changed(tmp_path: Path) -> None:
    classroom = classes.init(tmp_path / "a")
    source = classroom.root / "source" / CHAPTER / f"{CHAPTER}.ipynb"
    classes.release(classroom, CHAPTER)
    notebook = nbformat.read(source, as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("Our own question."))
    nbformat.write(notebook, source)
    classes.release(classroom, CHAPTER)
    assert "Our own question." in (classroom.root / "release" / CHAPTER / source.name).read_text()


def test_a_hidden_folder_is_no_students_and_is_told_where_it_may_have_been_meant_as_one(tmp_path: Path) -> None:
    classroom = classes.init(tmp_path / "a")
    for name in ("ada", "..x", ".y", ".git", ".ipynb_checkpoints"):
        classroom.folder("submitted", name, CHAPTER).mkdir(parents=True)
    classroom.folder("submitted", ".trash", "another chapter").mkdir(parents=True)
    (classroom.root / "submitted" / ".DS_Store").touch()
    assert classroom.students(CHAPTER) == ["ada"]
    assert [stray.split()[0] for stray in classroom.survey(CHAPTER).strays] == ["submitted/..x", "submitted/.y"]


def test_releasing_is_nbgraders_own_way_but_for_what_is_cleared(tmp_path: Path) -> None:
    configured = classes.init(tmp_path / "a").api().config.GenerateAssignment.preprocessors
    own = [f"nbgrader.preprocessors.{step.__name__}" for step in GenerateAssignment.preprocessors.default()]
    ours = "autograde.nbgrader_plugin.ClearRuns"
    assert configured == [ours if step.endswith(".ClearOutput") else step for step in own]


def test_a_release_keeps_the_pictures_of_a_chapter_and_nothing_that_was_run() -> None:
    output = nbformat.v4.new_output("stream", text="drawn")
    cells = [nbformat.v4.new_code_cell("x", outputs=[output], metadata=data) for data in ({"tags": [PICTURE_TAG]}, {})]
    cleared, _ = ClearRuns().preprocess(nbformat.v4.new_notebook(cells=cells), {})
    assert [cell.outputs for cell in cleared.cells] == [[output], []]


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (
            '[Autograde | INFO] Converting notebook\nTraceback (most recent call last):\n  File "a.py", line 3\n'
            "nbconvert.filters.InvalidNotebook: missing attachment: image.png\n"
            "There was an error processing assignment: x\nPlease see the the above traceback for details on the errors",
            "InvalidNotebook: missing attachment: image.png",
        ),
        ("[Autograde | ERROR] sqlite3.OperationalError: database is locked", "OperationalError: database is locked"),
        ("[Autograde | WARNING] No notebooks were matched by a*.ipynb", "No notebooks were matched"),
        ("Please see the the above traceback", "it does not say why"),
        ("", "it does not say why"),
    ],
)
def test_what_nbgrader_could_not_do_is_told_without_a_traceback(report: str, said: str) -> None:
    with pytest.raises(ClassroomError) as told:
        classes.run_nbgrader({"success": False, "log": report}, "record ada", "Look at it.")
    assert str(told.value).startswith("nbgrader could not record ada: ")
    assert said in str(told.value)
    assert str(told.value).endswith(". Look at it.")
    assert "raceback" not in str(told.value)
