"""An instructor may change a chapter: what is accepted is said, what is refused leaves the old release in place."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograde.classroom import contents, directory
from autograde.classroom.directory import INSTRUCTOR_NOTEBOOKS, Classroom, ClassroomError
from autograde.classroom.marks import disagreements
from autograde.intake.handed_in import HandedIn
from autograde.intake.marks import grade_id
from autograde.intake.submission import mended
from course.exercises.catalogue import of_chapter
from tests.autograde.conftest import CHAPTER

NAMES = [one.name for one in of_chapter(CHAPTER)]
OWN_TEST = {
    "nbgrader": {"grade": True, "solution": False, "locked": True, "task": False, "grade_id": "own-test", "points": 2}
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return Path(shutil.copyfile(INSTRUCTOR_NOTEBOOKS / f"{CHAPTER}.ipynb", tmp_path / "source.ipynb"))


@pytest.fixture
def classroom(released: Classroom, tmp_path: Path) -> Classroom:
    shutil.copytree(released.root, tmp_path / "class")
    return Classroom(tmp_path / "class")


def change(path: Path, *added: NotebookNode, without: tuple[str, ...] = ()) -> None:
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) not in without] + list(added)
    nbformat.write(notebook, path)


def source_of(classroom: Classroom) -> Path:
    return classroom.root / "source" / CHAPTER / f"{CHAPTER}.ipynb"


def test_a_shorter_chapter_has_the_task_the_answer_and_the_check_of_what_is_named(source: Path) -> None:
    contents.shorten(source, CHAPTER, ["bed_of_nails2d", "max_unpool2d"])
    cells = nbformat.read(source, as_version=4).cells
    there = {grade_id(cell) for cell in cells} | {cell.id for cell in cells}
    for name in NAMES:
        kept = name in ("bed_of_nails2d", "max_unpool2d")
        assert [f"{kind}{name}" in there for kind in ("", "check-", "task-")] == [kept] * 3
    assert contents.trouble(source, CHAPTER) == ""
    assert contents.describe(source, CHAPTER) == [
        "2 exercises for 12 points", f"without {', '.join(n for n in NAMES if not n.startswith(('bed', 'max_unpool')))}"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="has no exercise decoder_stage here; it has bed_of_nails2d, max_unpool2d"):
        contents.shorten(source, CHAPTER, ["decoder_stage"])


def test_what_would_be_a_0_for_everybody_is_refused_in_a_sentence(source: Path) -> None:
    assert contents.trouble(source, CHAPTER) == ""
    change(source, new_code_cell("assert True", metadata=OWN_TEST))
    assert "own-test; give them no points, or have them marked by hand" in contents.trouble(source, CHAPTER)
    change(source, without=("own-test", "check-decoder_stage"))
    assert "only one of the cells decoder_stage and check-decoder_stage" in contents.trouble(source, CHAPTER)


def test_a_release_that_is_refused_leaves_the_old_one_in_place(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = classroom.released_bytes(CHAPTER)
    change(source_of(classroom), new_code_cell("assert True", metadata=OWN_TEST))
    with pytest.raises(ClassroomError, match="own-test"):
        directory.release(classroom, CHAPTER)
    assert classroom.released_bytes(CHAPTER) == before
    change(source_of(classroom), without=("own-test",))

    def refuse(*_: object) -> None:  # as nbgrader does: the old release is gone by then
        shutil.rmtree(classroom.root / "release" / CHAPTER)
        raise ClassroomError("nbgrader could not release it")

    monkeypatch.setattr(directory, "run_nbgrader", refuse)
    monkeypatch.setattr(Classroom, "api", lambda _: type("Api", (), {"generate_assignment": lambda *_: {}})())
    written = source_of(classroom).read_bytes()
    for exercises in ((), ("max_unpool2d",)):
        with pytest.raises(ClassroomError, match="could not release"):
            directory.release(classroom, CHAPTER, exercises=exercises)
        assert classroom.released_bytes(CHAPTER) == before
        assert source_of(classroom).read_bytes() == written
    assert [one.name for one in (classroom.root / "release").iterdir()] == [CHAPTER]


def test_what_source_release_and_gradebook_do_not_agree_on_is_told(classroom: Classroom) -> None:
    assert disagreements(classroom, CHAPTER) == []
    change(source_of(classroom), without=("decoder_stage", "check-decoder_stage"))
    [release, gradebook] = disagreements(classroom, CHAPTER)
    assert release.startswith("The source and the release disagree on what is graded: decoder_stage (none and 6).")
    assert gradebook.startswith("The source and the gradebook disagree")


def test_who_handed_in_an_exercise_that_was_taken_away_is_graded_in_the_others(
    released: Classroom, tmp_path: Path
) -> None:
    whole = released.released_bytes(CHAPTER)
    assert whole is not None
    shorter = tmp_path / "shorter.ipynb"
    shorter.write_bytes(whole)
    contents.shorten(shorter, CHAPTER, NAMES[:3])
    submission = mended(HandedIn("ada", whole), CHAPTER, shorter.read_bytes())
    marked = {grade_id(cell) for cell in submission.notebook.cells} - {""}
    assert marked == {*NAMES[:3], *(f"check-{name}" for name in NAMES[:3])}
    assert not submission.repairs


def test_what_nbgrader_refused_is_told_and_not_the_line_that_raised() -> None:
    log = (
        "[ERROR] There was an error processing assignment: source/x\n[ERROR] Traceback (most recent call last):\n"
        '      File "savecells.py", line 36, in _create_notebook\n        raise RuntimeError(\n'
        "    RuntimeError: Cannot add or remove cells for notebook 'x'\n    \n"
    )
    error = (
        'Traceback (most recent call last):\n  File "base.py", line 468, in convert_notebooks\n'
        "    raise NbGraderException(msg)\nnbgrader.base.NbGraderException: Please see the the above traceback\n"
    )
    with pytest.raises(
        ClassroomError, match="not release x: RuntimeError: Cannot add or remove cells for notebook 'x'"
    ):
        directory.run_nbgrader({"success": False, "log": log, "error": error}, "release x")
