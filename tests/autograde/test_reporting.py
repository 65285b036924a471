"""The formats in which marks leave the house."""

import csv
import io
import json

import pytest

from autograde.reporting import Mark, Marks, Row, write

TOLD = "One case, “ties”, is wrong."
MARKS = Marks(
    "03_unpooling",
    12.0,
    {"f": 4.0, "g": 8.0},
    (
        Row("ada", "ok", 11.5, 12.0, {"f": Mark(4, 4), "g": Mark(7.5, 8, TOLD)}, "Ada", "Lovelace", "77"),
        Row("=cmd|' /C calc'!A0", "unreadable", 0, 12.0, {"f": Mark(0, 4), "g": Mark(0, 8)}, reason="@SUM(1)"),
        Row("cleo", "missing", 0, 12.0, {"f": Mark(0, 4), "g": Mark(0, 8)}),
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
    heading, points, ada, _, cleo = lines("canvas")
    assert heading == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "03_unpooling"]
    assert points == ["    Points Possible", "", "", "", "", "12"]
    assert ada == ["Lovelace, Ada", "77", "", "ada", "", "11.5"]
    assert cleo[-1] == ""


def test_moodle_gets_a_name_a_grade_and_feedback() -> None:
    heading, ada, *_ = lines("moodle")
    assert heading == ["username", "03_unpooling (Real)", "03_unpooling (Feedback)"]
    assert ada == ["ada", "11.5", f"g: {TOLD}"]


@pytest.mark.parametrize("form", ["csv", "canvas", "moodle"])
def test_no_cell_is_a_formula(form: str) -> None:
    assert not [cell for line in lines(form) for cell in line if cell[:1] in ("=", "+", "-", "@")]


def test_the_table_names_everybody() -> None:
    file = io.StringIO()
    write(MARKS, "table", file)
    assert all(text in file.getvalue() for text in ("ada", "cleo", "missing", "11.5", "ties"))
