"""Who is on the roster, who handed nothing in, and who handed in without being on it."""

from pathlib import Path

from nbgrader.api import Gradebook

from autograde.classroom import directory as classes
from autograde.classroom import roster
from autograde.classroom.directory import Classroom


def a_class(root: Path, *names: str, **details: str) -> Classroom:
    classroom = classes.init(root / "class")
    with Gradebook(classroom.api().coursedir.db_url) as gradebook:
        for name in names:
            gradebook.add_student(name, **details)
    return classroom


def test_without_a_roster_there_is_nothing_to_say(tmp_path: Path) -> None:
    classroom = a_class(tmp_path)
    roster.note_added(classroom, {"ada"})
    with Gradebook(classroom.api().coursedir.db_url) as gradebook:
        gradebook.add_student("ada")
    assert roster.remarks(classroom, ["ada"]) == []


def test_both_are_told_by_name(tmp_path: Path) -> None:
    classroom = a_class(tmp_path, "ada", "bob", "cyd")
    roster.note_added(classroom, {"eve"})
    lacking, strangers = roster.remarks(classroom, ["ada", "eve"])
    assert lacking == "2 of 3 on the roster handed nothing in: bob, cyd."
    assert strangers.startswith("1 handed in and is not on the roster")
    assert strangers.endswith(": eve.")
    assert roster.remarks(classroom, ["ada", "bob", "cyd"]) == []


def test_who_was_graded_first_and_is_put_on_the_roster_later_is_on_it(tmp_path: Path) -> None:
    classroom = a_class(tmp_path, "ada", "eve", first_name="E")
    roster.note_added(classroom, {"eve"})
    assert roster.remarks(classroom, ["ada", "eve"]) == []
