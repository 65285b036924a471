"""Students by chapters: every form holds the marks of the chapters' own reports, and no half of one."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom, ClassroomError
from autograde.classroom.marks import BY_HAND
from autograde.cli import app
from autograde.reporting import Mark, Marks, Row
from autograde.reporting.term import Term, as_html, collect, write


def chapter(name: str, *rows: Row) -> Marks:
    return Marks(name, 4.0, {"f": 4.0}, rows)


TERM = Term((
    chapter(
        "03_unpooling",
        Row("=ada", "ok", 3.5, 4.0, {"f": Mark(3.5, 4)}, "Ada", "Love<i>lace", "77"),
        Row("bob", BY_HAND, 1, 4.0, {"f": Mark(1, 4, waits=True)}),
    ),
    chapter("04_transposed_conv", Row("=ada", "missing", 0, 4.0), Row("bob", "crashed", 2, 4.0, {"f": Mark(2, 4)})),
))  # fmt: skip


def written(form: str) -> str:
    file = io.StringIO(newline="")
    write(TERM, form, file)
    return file.getvalue()


def test_the_table_has_a_column_a_chapter() -> None:
    [line] = [x for x in written("table").splitlines() if "bob" in x]
    assert [part.strip() for part in line.strip("│").split("│")] == ["bob", "1 …", "2", "3"]


@pytest.mark.parametrize("form", ["csv", "canvas", "moodle"])
def test_a_mark_that_is_not_whole_and_one_that_is_missing_are_empty(form: str) -> None:
    heading, *rest = csv.reader(io.StringIO(written(form)))
    places = [number for number, name in enumerate(heading) if name.startswith(("03_", "04_")) and "Feed" not in name]
    [ada, bob] = rest[-2:]
    assert [[line[place] for place in places] for line in (ada, bob)] == [["3.5", ""], ["", "2"]]
    assert not any(cell.startswith("=") for line in rest for cell in line)


def test_json_has_chapters_below_students() -> None:
    bob = json.loads(written("json"))["students"]["bob"]
    assert (bob["score"], bob["max_score"]) == (3, 8)
    assert bob["chapters"]["03_unpooling"] == {"score": 1, "max_score": 4, "status": BY_HAND}


def test_the_page_shows_names_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograde.reporting.term.notices", lambda *_: ())
    page = as_html(TERM, Classroom(tmp_path))
    assert "Love&lt;i&gt;lace" in page
    assert "<script" not in page


def test_a_class_without_a_chapter_and_a_call_without_sense_are_told(tmp_path: Path) -> None:
    with pytest.raises(ClassroomError, match="no chapter was released"):
        collect(classes.init(tmp_path / "class"))
    directory = ["--class", str(tmp_path / "class")]
    for arguments in ([], ["03_unpooling", "--all"], ["--all", "--format", "canvas", "--roster", "x.csv"]):
        refused = CliRunner().invoke(app, ["report", *arguments, *directory])
        assert refused.exit_code == 2, arguments
