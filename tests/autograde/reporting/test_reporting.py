"""The formats in which marks leave the house."""

import csv
import io
import json

import pytest

from autograde.reporting import Mark, Marks, Row, write
from autograde.reporting.forms import defused_name

TOLD = "One case, “ties”, is wrong."
MARKS = Marks(
    "03_unpooling",
    12.0,
    {"f": 4.0, "g": 8.0},
    (
        Row("ada", "ok", 11.5, 12.0, {"f": Mark(4, 4), "g": Mark(7.5, 8, TOLD)}, "Ada", "Lovelace", "77"),
        Row("=cmd|' /C calc'!A0", "unreadable", 0, 12.0, {"f": Mark(0, 4), "g": Mark(0, 8)}, reason="@SUM(1)"),
        Row("-cleo", "missing", 0, 12.0, {"f": Mark(0, 4), "g": Mark(0, 8)}),
        Row("dan", "crashed", 4, 12.0, {"f": Mark(4, 4), "g": Mark(0, 8, "<b>raised</b>")}),
    ),
)  # fmt: skip


def lines(form: str) -> list[list[str]]:
    file = io.StringIO()
    write(MARKS, form, file)
    return list(csv.reader(io.StringIO(file.getvalue())))


def test_json_is_as_the_contract_has_it() -> None:
    file = io.StringIO()
    write(MARKS, "json", file)
    assert json.loads(file.getvalue())["students"]["ada"] == {
        "score": 11.5,
        "max_score": 12.0,
        "status": "ok",
        "exercises": {
            "f": {"score": 4, "max_score": 4, "diagnosis": ""},
            "g": {"score": 7.5, "max_score": 8, "diagnosis": TOLD},
        },
    }


def test_csv_has_a_line_a_student() -> None:
    heading, ada, *_ = lines("csv")
    assert heading == ["student", "f", "g", "score", "max_score", "status", "comment"]
    assert ada == ["ada", "4", "7.5", "11.5", "12.0", "ok", f"g: {TOLD}"]


def test_canvas_gets_its_columns_and_its_line_of_points() -> None:
    heading, points, ada, _, cleo, _ = lines("canvas")
    assert heading == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "03_unpooling"]
    assert points == ["    Points Possible", "", "", "", "", "12"]
    assert ada == ["Lovelace, Ada", "77", "", "ada", "", "11.5"]
    assert cleo[-1] == ""


def test_moodle_gets_a_name_a_grade_and_feedback() -> None:
    heading, ada, *_ = lines("moodle")
    assert heading == ["username", "email", "03_unpooling (Real)", "03_unpooling (Feedback)"]
    assert ada == ["ada", "", "11.5", f"g: {TOLD}"]


def test_what_a_student_wrote_is_no_html_in_moodle() -> None:
    assert lines("moodle")[-1] == ["dan", "", "4", "g: &lt;b&gt;raised&lt;/b&gt;"]


@pytest.mark.parametrize("form", ["canvas", "moodle"])
def test_an_unreadable_notebook_is_no_zero_in_an_lms(form: str) -> None:
    [line] = [line for line in lines(form) if any("cmd" in cell for cell in line)]
    assert not {"0", "0.0"} & set(line)


def test_a_mark_by_hand_makes_up_for_an_unreadable_notebook() -> None:
    assert Row("ada", "unreadable", 3.0, 12.0).is_settled


@pytest.mark.parametrize("form", ["csv", "canvas", "moodle"])
def test_no_cell_is_a_formula(form: str) -> None:
    cells = {cell for line in lines(form) for cell in line}
    assert {cell for cell in cells if cell[:1] in ("=", "+", "-", "@")} == {"-cleo"}


@pytest.mark.parametrize("name", ["ada", "-cleo", "+49 170 1234", "@dan", "o'neil", "müller.x", "a@uni.edu"])
def test_an_lms_finds_an_id_that_only_begins_like_a_formula(name: str) -> None:
    assert defused_name(name) == name


@pytest.mark.parametrize("name", ["=1", "-2+cmd|' /C calc'!A0", "@SUM(1)", "+A1*2", "\t=1", "-1/0", "＝1+1"])
def test_what_a_spreadsheet_would_compute_is_text(name: str) -> None:
    assert defused_name(name) == f"'{name}"


def test_the_table_names_everybody() -> None:
    file = io.StringIO()
    write(MARKS, "table", file)
    assert all(text in file.getvalue() for text in ("ada", "cleo", "missing", "11.5", "ties"))
