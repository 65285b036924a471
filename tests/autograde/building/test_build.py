"""`autograde build`: what is committed is what is built, and `--check` sees every way in which it may not be."""

import shutil
from pathlib import Path

import nbformat
import pytest

from autograde import building
from autograde.building import build, build_answers, generated
from autograde.building.bank import CHECKOUT
from course.exercises import catalogue
from course.exercises.catalogue import CHAPTERS

CHAPTER = "03_unpooling"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of one chapter: what is built of one is built of all."""
    for folder in ("course/chapters", "course/notebooks", "course/answers", "solutions/notebooks", "docs/evidence"):
        for path in (CHECKOUT / folder).glob(f"{CHAPTER}*"):
            copy = tmp_path / folder / path.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(path, copy) if path.is_dir() else shutil.copyfile(path, copy)
    monkeypatch.setattr(building, "CHAPTERS", {CHAPTER: CHAPTERS[CHAPTER]})
    return tmp_path


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_is_committed_is_what_is_built(chapter: str) -> None:
    """Computed anew: answers are the same each time."""
    assert build(check=True, chapters=[chapter]) == []


def test_nothing_is_committed_that_is_not_built() -> None:
    notebooks = {f"{folder}/notebooks/{chapter}.ipynb" for folder in ("course", "solutions") for chapter in CHAPTERS}
    answers = {f"course/answers/{one.chapter}/{one.name}.safetensors" for one in catalogue.all_exercises()}
    assert {str(path.relative_to(CHECKOUT)) for path in generated(CHECKOUT)} == notebooks | answers


def test_building_twice_changes_no_byte(checkout: Path) -> None:
    for path in checkout.rglob("*.ipynb"):
        path.unlink()
    first = {path: path.read_bytes() for path in build(root=checkout)}
    assert {str(path.relative_to(checkout)) for path in first} == {
        f"course/notebooks/{CHAPTER}.ipynb",
        f"solutions/notebooks/{CHAPTER}.ipynb",
    }
    assert build(root=checkout) == []
    assert {path: path.read_bytes() for path in first} == first


def test_only_the_chapters_that_are_named_are_built(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "CHAPTERS", CHAPTERS)
    for path in checkout.rglob("*.ipynb"):
        path.unlink()
    assert {path.name for path in build(root=checkout, chapters=[CHAPTER])} == {f"{CHAPTER}.ipynb"}
    with pytest.raises(KeyError, match="there is no chapter '99_nothing'"):
        build(root=checkout, chapters=["99_nothing"])


def test_check_sees_an_edit_and_writes_nothing(checkout: Path) -> None:
    path = checkout / "course" / "notebooks" / f"{CHAPTER}.ipynb"
    path.write_text(path.read_text().replace("Unpooling", "Pooling", 1))
    edited = path.read_text()
    assert build(check=True, root=checkout) == [path]
    assert path.read_text() == edited


def test_a_leftover_of_an_old_chapter_is_seen_and_removed(checkout: Path) -> None:
    stale = checkout / "course" / "answers" / "00_old" / "old.safetensors"
    stale.parent.mkdir()
    stale.write_bytes(b"")
    assert build(check=True, root=checkout) == [stale]
    build(root=checkout)
    assert not stale.exists()


def test_damaged_answers_are_written_anew(checkout: Path) -> None:
    path = checkout / "course" / "answers" / CHAPTER / "max_unpool2d.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    assert build(root=checkout) == [path]
    assert path.read_bytes() == whole


def test_answers_are_built_where_the_prose_has_no_numbers_yet(checkout: Path) -> None:
    answers, notebooks = checkout / "course" / "answers" / CHAPTER, checkout / "course" / "notebooks"
    made = {path.name: path.read_bytes() for path in answers.iterdir()}
    for folder in (answers, notebooks, checkout / "docs" / "evidence"):
        shutil.rmtree(folder)
    build_answers(CHAPTER, checkout)
    assert {path.name: path.read_bytes() for path in answers.iterdir()} == made
    assert not notebooks.exists()


def test_building_outside_a_checkout_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="building needs a checkout"):
        build(root=tmp_path)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_of_a_chapter_stands_in_its_notebook_with_its_check(chapter: str) -> None:
    for folder in ("course", "solutions"):
        notebook = nbformat.read(CHECKOUT / folder / "notebooks" / f"{chapter}.ipynb", as_version=4)
        nbformat.validate(notebook)
        ids = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata]
        names = [exercise.name for exercise in catalogue.of_chapter(chapter)]
        assert ids == [grade_id for name in names for grade_id in (name, f"check-{name}")]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_student_notebook_holds_no_solution(chapter: str) -> None:
    text = (CHECKOUT / "course" / "notebooks" / f"{chapter}.ipynb").read_text()
    assert "BEGIN SOLUTION" not in text
    assert text.count('raise NotImplementedError(\\"not written yet\\")') == len(catalogue.of_chapter(chapter))


WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_and_the_readme_say_how_much_there_is_to_do(chapter: str) -> None:
    exercises = catalogue.of_chapter(chapter)
    points = sum(exercise.points for exercise in exercises)
    text = (CHECKOUT / "course" / "chapters" / f"{chapter}.py").read_text()
    assert f"{WORDS[len(exercises)].capitalize()} exercises, {points} points" in text
    line = next(line for line in (CHECKOUT / "README.md").read_text().splitlines() if f"/{chapter}.ipynb" in line)
    assert line.endswith(f"| {points} points |")
