"""Whatever lies under `submitted/` is taken for a submission or named, with where it belongs."""

from pathlib import Path

import pytest

from autograde.classroom.submitted import Survey, survey
from course.exercises.catalogue import CHAPTERS

CHAPTER = "03_unpooling"
RIGHT = f"{CHAPTER}/{CHAPTER}.ipynb"


def looked_at(folder: Path, *files: str) -> Survey:
    for name in files:
        path = folder / "submitted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
    return survey(folder / "submitted", CHAPTER, CHAPTERS)


@pytest.mark.parametrize(
    ("where", "to"),
    [
        ("ada/03_unpooling.ipynb", "move it to submitted/ada/03_unpooling/"),
        ("ada/my homework.ipynb", "move it to submitted/ada/03_unpooling/"),
        ("ada/03_Unpooling/03_unpooling.ipynb", "rename it to submitted/ada/03_unpooling"),
        ("ada/03-unpooling/03_unpooling.ipynb", "rename it to submitted/ada/03_unpooling"),
        ("ada/03_unpooling /03_unpooling.ipynb", "rename it to submitted/ada/03_unpooling"),
        ("ada/chapter 3/03_unpooling.ipynb", "rename it to submitted/ada/03_unpooling"),
        ("ada/Unpooling/x.ipynb", "rename it to submitted/ada/03_unpooling"),
        ("ada/03_unpooling.zip", "move it to submitted/ada/03_unpooling/"),
        ("ada/03_unpooling", "put it into submitted/ada/03_unpooling/"),
        ("03_unpooling/ada/03_unpooling.ipynb", "move it to submitted/ada/03_unpooling"),
        ("03_unpooling/ada.ipynb", "move it to submitted/STUDENT/03_unpooling/"),
        ("ada_1234_assignsubmission_file_03_unpooling.ipynb", "put it into submitted/STUDENT/03_unpooling/"),
        ("lastname_123_456_03_unpooling-1.ipynb", "put it into submitted/STUDENT/03_unpooling/"),
        ("all of them.zip", "put it into submitted/STUDENT/03_unpooling/"),
    ],
)
def test_what_lies_elsewhere_is_named_with_where_it_belongs(tmp_path: Path, where: str, to: str) -> None:
    found = looked_at(tmp_path, f"eve/{RIGHT}", where)
    assert found.students == ("eve",)
    (said,) = found.strays
    assert to in said
    assert where.split("/")[0] in said


def test_what_is_in_its_place_or_another_chapters_is_not_worth_a_word(tmp_path: Path) -> None:
    found = looked_at(
        tmp_path,
        f"ada/{RIGHT}", "ada/03_unpooling/timestamp.txt", "ada/03_unpooling/data/x.ipynb",
        "ada/04_transposed_conv/04_transposed_conv.ipynb", "ada/02_fcn.ipynb", "ada/chapter 12/x.ipynb",
        "ada/.ipynb_checkpoints/03_unpooling.ipynb", "ada/notes.md", "bob/timestamp.txt", ".DS_Store", "readme.txt",
    )  # fmt: skip
    assert found == Survey(("ada",), ())


def test_many_are_counted_and_a_missing_folder_holds_nobody(tmp_path: Path) -> None:
    assert survey(tmp_path / "nowhere", CHAPTER, CHAPTERS) == Survey((), ())
    found = looked_at(tmp_path, *(f"student{number}/03_unpooling.ipynb" for number in range(50)))
    assert found.students == ()
    assert len(found.strays) == 21
    assert found.strays[-1] == "… and 30 more like these under submitted/."


def test_a_name_that_cannot_be_seen_is_told_in_quotes(tmp_path: Path) -> None:
    (said,) = looked_at(tmp_path, "ada/03_unpooling /x.ipynb").strays
    assert said.startswith("'submitted/ada/03_unpooling '")
