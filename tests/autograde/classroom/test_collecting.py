"""An export of Moodle or Canvas comes to lie under submitted/, after it was shown; nothing that was there is lost."""

import zipfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograde.classroom import collecting, roster
from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom, ClassroomError
from autograde.classroom.exports import Export, read_export
from autograde.cli import app

CHAPTER = "03_unpooling"
FILE = f"{CHAPTER}.ipynb"


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def unpacked(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


MOODLE = {
    f"Ada Lovelace_1234567_assignsubmission_file_/{FILE}": b"ada",
    f"Bo_b von Dyk_1234568_assignsubmission_file_{FILE}": b"bob",
    "Bo_b von Dyk_1234568_assignsubmission_file_my data/x.csv": b"1,2",
    "Cyd_1234569_assignsubmission_onlinetext_/onlinetext.html": b"<p>sorry</p>",
    f"__MACOSX/Ada Lovelace_1234567_assignsubmission_file_/._{FILE}": b"",
}
CANVAS = {
    f"lovelaceada_4321_99001_{FILE}": b"first",
    "lovelaceada_4321_99050_03_unpooling-1.ipynb": b"second",
    "lovelaceada_4321_99090_03_unpooling-2.ipynb": b"third",
    f"vondykbob_LATE_4322_99002_{FILE}": b"late",
}


@pytest.mark.parametrize("make", [packed, unpacked])
def test_moodles_names_are_read_with_and_without_folders(make: object, tmp_path: Path) -> None:
    export = read_export(make(tmp_path / "export", MOODLE))  # type: ignore[operator]
    assert [(one.name, one.number, one.file, one.read()) for one in export.pieces] == [
        ("Ada Lovelace", "1234567", FILE, b"ada"),
        ("Bo_b von Dyk", "1234568", FILE, b"bob"),
        ("Bo_b von Dyk", "1234568", "my data/x.csv", b"1,2"),
    ]
    (said,) = export.left_out
    assert "onlinetext" in said


def test_of_canvass_attempts_the_last_is_taken_and_late_is_told(tmp_path: Path) -> None:
    export = read_export(packed(tmp_path / "submissions.zip", CANVAS))
    assert [(one.name, one.number, one.file, one.late, one.read()) for one in export.pieces] == [
        ("lovelaceada", "4321", FILE, False, b"third"),
        ("vondykbob", "4322", FILE, True, b"late"),
    ]
    assert export.left_out == ("2 files were handed in again; the last of each was taken",)


def test_something_else_is_refused_with_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(ClassroomError, match=r"but holiday\.jpg"):
        read_export(packed(tmp_path / "a.zip", {"holiday.jpg": b"x"}))
    (tmp_path / "b.zip").write_bytes(b"no archive")
    with pytest.raises(ClassroomError, match="no zip file and no folder"):
        read_export(tmp_path / "b.zip")


def test_a_damaged_file_is_refused_in_a_sentence_that_names_it(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {f"Ada Lovelace_12_assignsubmission_file_/{FILE}": b"0123456789" * 9})
    data = path.read_bytes()
    path.write_bytes(data.replace(b"0123456789", b"0123456780", 1))
    (piece,) = read_export(path).pieces
    with pytest.raises(ClassroomError, match=rf"{FILE} in a\.zip cannot be unpacked"):
        piece.read()


@pytest.fixture
def classroom(tmp_path: Path) -> Classroom:
    made = classes.init(tmp_path / "class")
    (made.root / "source" / CHAPTER).mkdir()
    (made.root / "source" / CHAPTER / FILE).write_bytes(b"{}")  # as if released
    with Gradebook(made.api().coursedir.db_url) as gradebook:
        gradebook.add_student("lovelace", first_name="Ada", last_name="Lovelace")
        gradebook.add_student("dyk", first_name="Bob", last_name="von Dyk", lms_user_id="1234568")
    return made


def lay(classroom: Classroom, export: Export) -> list[collecting.Planned]:
    planned = collecting.plan(classroom, CHAPTER, export, roster.students(classroom))
    collecting.lay(classroom, CHAPTER, planned)
    return planned


def test_students_are_known_by_number_or_name_and_others_enter_the_gradebook(
    classroom: Classroom, tmp_path: Path
) -> None:
    more = MOODLE | {f"Eve Li_1234570_assignsubmission_file_/{FILE}": b"eve"}
    planned = lay(classroom, read_export(packed(tmp_path / "m.zip", more)))
    assert [(one.student, one.by, one.what) for one in planned] == [
        ("1234570", "nothing", "new"), ("dyk", "number", "new"), ("lovelace", "name", "new"),
    ]  # fmt: skip
    assert classroom.folder("submitted", "lovelace", CHAPTER).joinpath(FILE).read_bytes() == b"ada"
    assert classroom.folder("submitted", "dyk", CHAPTER).joinpath("my data/x.csv").read_bytes() == b"1,2"
    assert {one.id: (one.name, one.lms_id) for one in roster.students(classroom)} == {
        "1234570": ("Eve Li", "1234570"), "dyk": ("Bob von Dyk", "1234568"), "lovelace": ("Ada Lovelace", "1234567"),
    }  # fmt: skip


def test_a_later_export_changes_what_is_newer_and_keeps_what_was_there(classroom: Classroom, tmp_path: Path) -> None:
    lay(classroom, read_export(packed(tmp_path / "a.zip", MOODLE)))
    again = MOODLE | {f"Ada Lovelace_1234567_assignsubmission_file_/{FILE}": b"better"}
    planned = lay(classroom, read_export(packed(tmp_path / "b.zip", again)))
    assert [(one.student, one.what) for one in planned] == [("dyk", "the same"), ("lovelace", "newer")]
    assert classroom.folder("submitted", "lovelace", CHAPTER).joinpath(FILE).read_bytes() == b"better"
    (kept,) = (classroom.private / "handed in before" / "lovelace" / CHAPTER).glob(f"*/{FILE}")
    assert kept.read_bytes() == b"ada"


def test_no_file_leaves_its_submission(classroom: Classroom, tmp_path: Path) -> None:
    lay(classroom, read_export(packed(tmp_path / "x.zip", {
        "Ada Lovelace_1234567_assignsubmission_file_/../../../../out.ipynb": b"x",
        f"Ada Lovelace_1234567_assignsubmission_file_/{FILE}": b"y",
    })))  # fmt: skip
    inside = classroom.folder("submitted", "lovelace", CHAPTER)
    assert sorted(path.name for path in inside.rglob("*") if path.is_file()) == [FILE, "out.ipynb"]
    assert not list(tmp_path.glob("out*"))


def test_the_command_shows_first_and_writes_when_it_is_told_to(classroom: Classroom, tmp_path: Path) -> None:
    export = packed(tmp_path / "submissions.zip", CANVAS)
    command = ["collect", str(export), CHAPTER, "--class", str(classroom.root)]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0
    assert "Nothing was written" in shown.output
    assert "Late by what Canvas says" in shown.output
    assert not list((classroom.root / "submitted").iterdir())
    done = CliRunner().invoke(app, [*command, "--write"])
    assert "2 of 2 were laid" in done.output
    assert classroom.folder("submitted", "lovelace", CHAPTER).joinpath(FILE).read_bytes() == b"third"
    assert classroom.folder("submitted", "4322", CHAPTER).joinpath(FILE).read_bytes() == b"late"
