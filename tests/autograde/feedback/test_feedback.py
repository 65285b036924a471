"""What a student wrote is shown as text, and marks are what nbgrader reads."""

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade

from autograde.feedback.cells import as_html, introduce, write_into
from autograde.judging.results import CaseResult, ExerciseResult, SubmissionResult

XSS = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def check_cell(points: float) -> nbformat.NotebookNode:
    marks = {"grade": True, "solution": False, "locked": True, "grade_id": "check-f", "points": points}
    return new_code_cell('check("f", f)', metadata={"nbgrader": marks})


def submission(score: float = 4.0, **more: object) -> SubmissionResult:
    one = ExerciseResult(
        score=score, max_score=8.0, passed=False, message=XSS, diagnosis=XSS,
        cases=(CaseResult(name="a", passed=False, message=XSS), CaseResult(name="b", passed=False, hidden=True)),
    )  # fmt: skip
    fields = {"student": "s", "chapter": "c", "status": "ok", "exercises": {"f": one}, "output": XSS, **more}
    return SubmissionResult.model_validate(fields)


def test_nbgrader_reads_partial_credit_from_the_check_cell() -> None:
    notebook = new_notebook(cells=[check_cell(8)])
    write_into(notebook, submission(4.56))
    assert determine_grade(notebook.cells[0]) == (4.56, 8.0)


def test_marks_follow_the_points_that_the_class_gives() -> None:
    notebook = new_notebook(cells=[check_cell(2)])
    write_into(notebook, submission(4.0))
    assert determine_grade(notebook.cells[0]) == (1.0, 2.0)


def test_an_unknown_check_earns_nothing_instead_of_everything() -> None:
    notebook = new_notebook(cells=[check_cell(8)])
    write_into(notebook, SubmissionResult(student="s", chapter="c", status="ok", exercises={}))
    assert determine_grade(notebook.cells[0]) == (0, 8.0)


def test_every_text_of_a_student_is_escaped() -> None:
    result = submission(reason=XSS, status="crashed", repairs=[XSS], failures={"0": XSS})
    page = as_html("f", result.exercises["f"], result.output)
    notebook = new_notebook(cells=[new_code_cell("x"), check_cell(8)])
    write_into(notebook, result)
    introduce(notebook, result)
    from nbconvert import HTMLExporter

    exported, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    for text in (page, exported):
        assert "<script>alert(1)" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_markdown_in_a_reason_stays_text() -> None:
    notebook = new_notebook()
    introduce(notebook, submission(status="unreadable", reason="[a](javascript:alert(1)) **b**"))
    assert "[a]" not in notebook.cells[0].source


def test_results_hold_no_control_characters() -> None:
    result = submission(status="crashed", reason="\x1b[31mred\x1b[0m \ud800 \x00\x07 fine\n")
    assert result.reason == "[31mred[0m ?  fine\n"
    result.model_dump_json().encode()
