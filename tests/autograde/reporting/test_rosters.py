"""An LMS's own export, filled in: every line that is known gets its mark, and everything else stays as it came.

The files are written after Canvas's guide "How do I export grades in the Gradebook?" and the reader that Canvas
publishes (`lib/gradebook_importer.rb`), and after Moodle's "Offline grading worksheet" and its published reader
(`mod/assign/feedback/offline/importgradeslib.php`).
"""

import csv
import io
from pathlib import Path

import pytest

from autograde.classroom.directory import ClassroomError
from autograde.reporting import Mark, Marks, Row
from autograde.reporting.rosters import fill

EXERCISES = {"f": Mark(4, 4), "g": Mark(7.5, 8, "One case, “ties”, is <wrong>.")}


def row(student: str, score: float = 11.5, status: str = "ok", **more: str) -> Row:
    return Row(student, status, score, 12.0, EXERCISES, **more)  # type: ignore[arg-type]


MARKS = Marks(
    "03_unpooling",
    12.0,
    {"f": 4.0, "g": 8.0},
    (
        row("ada"),
        row("ben", 7, lms_id="102"),
        row("cleo", 0, "missing"),
        row("dan", 0, "unreadable"),
        row("eve", 9, first_name="Eve", last_name="Abel"),
        row("fay", 3),
        row("gus", 6),
    ),
)
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,02 FCN (900),03 Unpooling (901),Final Score
,,,,,Manual Posting,,
    Points Possible,,,,,10.00,12.00,(read only)
"Lovelace, Ada",101,S101,ada@uni.edu,"A, monday",9.00,,71.2
"=Bool, Ben",102,S102,bb,A,8.00,1.00,50
"Curie, Cleo",103,S103,cleo,A,,2.00,
"Dijkstra, Dan",104,S104,dan,A,,,
"Abel, Eve",105,,,A,,,
"Fay, F",106,S106,fay,A,,EX,
"Zed, Zoe",107,S107,zoe,B,1.00,,3
"Student, Test",,,x1,A,,,
"""
MOODLE = (
    "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\r\n"
    'Participant 101,Ada Lovelace,ada@uni.edu,Submitted for grading,,12.00,Yes,"Monday, 3 March 2025, 1:00 PM",-,\r\n'
    "Participant 102,Ben Bool,bool@uni.edu,Submitted for grading,1.00,12.00,Yes,-,-,Well done\r\n"
    "Participant 106,F Fay,fay@uni.edu,Submitted for grading,2.00,12.00,No,-,-,\r\n"
    "Participant 107,Zoe Zed,zoe@uni.edu,No submission,,12.00,Yes,-,-,\r\n"
)


def filled(tmp_path: Path, form: str, text: str, column: str | None = None) -> tuple[list[list[str]], list[str], str]:
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8", newline="")
    done = fill(MARKS, form, path, column)
    return list(csv.reader(io.StringIO(done.text.removeprefix("\ufeff"), newline=""))), done.remarks, done.text


def test_canvas_gets_marks_where_the_student_and_the_assignment_meet(tmp_path: Path) -> None:
    lines, _, _ = filled(tmp_path, "canvas", CANVAS)
    marks = {line[1]: line[6] for line in lines[3:]}
    assert marks == {"101": "11.5", "102": "7", "103": "2.00", "104": "", "105": "9", "106": "EX", "107": "", "": ""}


def test_canvas_keeps_everything_else_as_it_came(tmp_path: Path) -> None:
    lines, _, _ = filled(tmp_path, "canvas", CANVAS)
    before = list(csv.reader(io.StringIO(CANVAS)))
    assert [line[:6] + line[7:] for line in lines] == [line[:6] + line[7:] for line in before]


def test_canvas_tells_whom_it_could_not_place(tmp_path: Path) -> None:
    _, remarks, _ = filled(tmp_path, "canvas", CANVAS)
    told = "\n".join(remarks)
    assert "have a mark but no line in the file: gus" in told
    assert "in the file but not in the gradebook: zed, zoe, student, test" in told
    assert "no zero was written: dan" in told
    assert "excused in Canvas, so left alone: fay" in told


def test_canvas_gets_a_new_column_and_a_warning_where_there_is_none(tmp_path: Path) -> None:
    lines, remarks, _ = filled(tmp_path, "canvas", CANVAS.replace("03 Unpooling (901)", "Homework 3 (901)"))
    assert (lines[0][-1], lines[2][-1], lines[3][-1]) == ("03_unpooling", "12", "11.5")
    assert any("--column" in remark for remark in remarks)


def test_canvas_takes_the_column_that_is_named(tmp_path: Path) -> None:
    lines, remarks, _ = filled(tmp_path, "canvas", CANVAS.replace("03 Unpooling", "Homework 3"), "Homework 3")
    assert lines[3][6] == "11.5"
    assert not any("--column" in remark for remark in remarks)


def test_marks_out_of_another_number_are_told_and_not_rescaled(tmp_path: Path) -> None:
    lines, remarks, _ = filled(tmp_path, "canvas", CANVAS.replace("12.00", "100.00"))
    assert lines[3][6] == "11.5"
    assert any("counts up to 100.00" in remark for remark in remarks)


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        (CANVAS, "Final Score", "computes"),
        (CANVAS, "Homework 9", "there are"),
        (CANVAS.replace("02 FCN", "03_unpooling"), None, "several columns"),
        ("a,b,c\n1,2,3\n", None, "no gradebook of Canvas"),
        ("nothing", None, "no CSV"),
    ],
)
def test_what_is_no_export_of_canvas_is_refused_in_a_sentence(
    tmp_path: Path, text: str, column: str | None, said: str
) -> None:
    with pytest.raises(ClassroomError, match=said):
        filled(tmp_path, "canvas", text, column)


def test_nobody_gets_a_mark_that_could_be_anothers(tmp_path: Path) -> None:
    twin = '"Lovelace, Ada",109,,ada@other.edu,B,,,\n'
    lines, remarks, _ = filled(tmp_path, "canvas", CANVAS + twin)
    assert {line[6] for line in lines if line[0] == "Lovelace, Ada"} == {""}
    assert any("several lines" in remark and "ada" in remark for remark in remarks)


def test_canvas_number_of_one_is_not_taken_for_the_login_of_another(tmp_path: Path) -> None:
    marks = Marks("03_unpooling", 12.0, MARKS.exercises, (row("102", 5), row("ben", 7, lms_id="999")))
    path = tmp_path / "export.csv"
    path.write_text("Student,ID,SIS Login ID,Section,03_unpooling (1)\nBen,102,ben,A,\n")
    assert "Ben,102,ben,A,7" in fill(marks, "canvas", path).text


def test_a_semicolon_stays_a_semicolon(tmp_path: Path) -> None:
    text = "Student;ID;SIS User ID;SIS Login ID;Section;03_unpooling (1)\nX;1;;ada;A;\n"
    assert filled(tmp_path, "canvas", text)[2] == text.replace("A;", "A;11.5")


def test_moodle_gets_marks_and_comments_and_keeps_the_rest_byte_for_byte(tmp_path: Path) -> None:
    lines, _, text = filled(tmp_path, "moodle", MOODLE)
    assert (lines[1][4], lines[1][9]) == ("11.50", "g: One case, “ties”, is &lt;wrong&gt;.")
    assert text.startswith("\ufeffIdentifier,Full name")
    assert text.splitlines()[4] == MOODLE.splitlines()[4]
    assert text.count("\r\n") == MOODLE.count("\r\n")


def test_moodle_keeps_a_comment_and_a_grade_that_may_not_be_changed(tmp_path: Path) -> None:
    lines, remarks, _ = filled(tmp_path, "moodle", MOODLE)
    assert (lines[2][4], lines[2][9]) == ("7.00", "Well done")
    assert (lines[3][4], lines[3][9]) == ("2.00", "")
    assert any("left alone: fay" in remark for remark in remarks)
    assert any("comment already, which was kept: ben" in remark for remark in remarks)


def test_moodle_in_a_language_with_a_decimal_comma_gets_one(tmp_path: Path) -> None:
    lines, _, _ = filled(tmp_path, "moodle", MOODLE.replace(",12.00,", ',"12,00",'))
    assert lines[1][4] == "11,50"


def test_a_worksheet_in_another_language_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ClassroomError, match="English"):
        filled(tmp_path, "moodle", MOODLE.replace("Identifier", "Identificador"))
