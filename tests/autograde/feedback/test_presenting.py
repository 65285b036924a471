"""The page that a student gets: the marks on top, their own work, why, a hint, and nothing that comes alive."""

import html
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from autograde.classroom.directory import Classroom
from autograde.feedback.cells import NOTES, as_html, introduce, write_into
from autograde.feedback.presenting import Present
from autograde.judging.results import CaseResult, ExerciseResult, SubmissionResult
from course.exercises.catalogue import find
from tests.autograde.conftest import CHAPTER, Demonstration

XSS = "</style></div><script>alert(1)</script><img src=x onerror=alert(1)>`<b>`\n\n# big $x$"
NAME = "max_unpool2d"


def result(score: float, **more: object) -> SubmissionResult:
    one = ExerciseResult(
        score=score, max_score=8.0, passed=score == 8, message="" if score == 8 else "It is `wrong`.",
        cases=(CaseResult(name="a", passed=score == 8), CaseResult(name="b", passed=score == 8, hidden=True)),
        hints=() if score == 8 else find(NAME).hints,
    )  # fmt: skip
    fields = {"student": "ada", "chapter": CHAPTER, "status": "ok", "exercises": {NAME: one}, **more}
    return SubmissionResult.model_validate(fields)


def notebook(graded: float, *own: NotebookNode) -> NotebookNode:
    """A notebook as nbgrader hands it over, with the gradebook's mark in the check cell."""
    common = {"locked": False, "schema_version": 3, "task": False}
    solution = {**common, "grade": False, "solution": True, "grade_id": NAME, "comment": None}
    check = {**common, "grade": True, "solution": False, "grade_id": f"check-{NAME}", "points": 8.0, "score": graded}
    cells = [
        new_markdown_cell("# 3 · Unpooling"), new_markdown_cell("Given text."), *own,
        new_code_cell("def max_unpool2d(): mine", metadata={"nbgrader": solution}),
        new_code_cell(f'check("{NAME}", {NAME})', metadata={"nbgrader": check}),
    ]  # fmt: skip
    return new_notebook(cells=cells)


Page = Callable[..., str]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    """Make a page in a class to which the chapter's first two cells were released."""
    classroom = Classroom(tmp_path.resolve())
    release = tmp_path / "release" / CHAPTER
    release.mkdir(parents=True)
    nbformat.write(new_notebook(cells=notebook(0).cells[:2]), release / f"{CHAPTER}.ipynb")
    monkeypatch.chdir(tmp_path)

    def make(found: SubmissionResult, graded: float, *own: NotebookNode, late: float = 0.0) -> str:
        classroom.store(found)
        one = notebook(graded, *own)
        write_into(one, found)
        introduce(one, found)
        names = {"assignment": CHAPTER, "student": "ada", "notebook": CHAPTER}
        marks = {"score": graded - late, "max_score": 8.0, "late_penalty": late}
        shown, _ = Present().preprocess(one, {"nbgrader": {**names, **marks}})
        exported, _ = HTMLExporter(template_name="basic").from_notebook_node(shown)
        return str(exported)

    return make


def test_the_marks_stand_on_top_with_the_reason(page: Page) -> None:
    text = page(result(2.0), 2.0)
    assert "<b>2</b> of 8" in text
    assert "It is <code>wrong</code>." in text
    assert f"Start with <code>{NAME}</code>" in text


def test_what_was_given_is_left_out_and_what_is_the_students_stays(page: Page) -> None:
    text = page(result(2.0), 2.0, new_markdown_cell("My own thoughts."))
    assert "Given text." not in text
    assert "My own thoughts." in text
    assert "mine" in text


def test_a_students_markdown_is_still_markdown(page: Page) -> None:
    text = page(result(2.0), 2.0, new_markdown_cell("*Why* `a < b`\n\n- one\n\n```\nx = 1\n\ny = 2\n```\n\n$a_b$"))
    assert "<em>Why</em> <code>a &lt; b</code>" in text
    assert "<li>one</li>" in text
    assert "y = 2" in text
    assert "$a_b$" in text


def test_a_mark_by_hand_and_a_late_penalty_are_the_gradebooks(page: Page) -> None:
    text = page(result(2.0), 5.0, late=1.0)
    assert "<b>4</b> of 8 points, 1 taken off for being late" in text
    assert "Your instructor gave this mark." in text


def test_who_has_all_of_it_right_is_told_so_and_sees_no_hint(page: Page) -> None:
    text = page(result(8.0), 8.0)
    assert "Everything is right." in text
    assert "Hint 1" not in text


def test_hints_unfold_one_inside_the_other() -> None:
    text = as_html(NAME, result(2.0).exercises[NAME])
    hints = find(NAME).hints
    assert [f"Hint {number} of {len(hints)}" in text for number in range(1, len(hints) + 1)] == [True] * len(hints)
    assert text.index("Hint 1 of") < text.index("Hint 2 of") < text.index("</details>")


def test_what_was_printed_is_told_once() -> None:
    one = result(2.0).exercises[NAME]
    twice = new_notebook(cells=[*notebook(2.0).cells, notebook(2.0).cells[-1]])
    write_into(twice, SubmissionResult(student="s", chapter="c", status="ok", exercises={NAME: one}, output="printed!"))
    assert sum("printed!" in str(cell.get("outputs")) for cell in twice.cells) == 1


def test_an_unreadable_notebook_has_a_short_page_that_says_what_to_do(page: Page) -> None:
    text = page(result(0.0, status="unreadable", reason="It is not JSON."), 0.0)
    assert "It is not JSON." in text
    assert "no mark yet" in text
    assert "mine" not in text


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_nothing_of_a_students_comes_alive(page: Page) -> None:
    one = result(2.0).exercises[NAME].model_copy(update={"message": XSS, "diagnosis": XSS})
    found = result(2.0, reason=XSS, status="crashed", repairs=[XSS], output=XSS).model_copy(
        update={"exercises": {NAME: one}}
    )
    own = [new_code_cell(f"# {XSS}", metadata={"tags": [XSS]}), new_markdown_cell(XSS), new_raw_cell(XSS)]
    own += [new_markdown_cell("[a](javascript:alert(1)) <a href='javascript:alert(1)' onclick=alert(1)>b</a>")]
    own += [new_markdown_cell("<script>\n[a](javascript:alert(1)) <b onclick=alert(1)>\n</script>")]
    tags = Tags(page(found, 2.0, *own))
    assert "script" not in {tag for tag, _ in tags.found}
    assert not [name for _, attributes in tags.found for name in attributes if name.startswith("on")]
    assert not [attributes for _, attributes in tags.found if "javascript" in (attributes.get("href") or "")]


BOMBS = [
    *(new_code_cell(f"a{number}" + ".b" * 4000) for number in range(30)),  # minutes in the lexer
    *(new_markdown_cell(f"{number} " + "\\begin{a}" * 900) for number in range(30)),  # minutes in a search for its end
    new_code_cell("long" + ".c" * 200_000),
    new_markdown_cell("long [" + "\\begin{a}" * 20_000),
    new_raw_cell("<a " * 20_000),
]


def test_no_more_is_coloured_and_set_than_takes_seconds(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    coloured, set_ = list[str](), list[str]()

    def colour(self: object, source: str, language: str | None = None, metadata: NotebookNode | None = None) -> str:
        if (metadata or {}).get("magics_language") != "text":
            coloured.append(source)
        return html.escape(source)

    monkeypatch.setattr("nbconvert.filters.Highlight2HTML.__call__", colour)
    monkeypatch.setattr("nbconvert.exporters.html.Highlight2HTML.__call__", colour)
    monkeypatch.setattr("autograde.feedback.harmless._as_html", lambda source: set_.append(source) or "set")
    text = page(result(2.0), 2.0, *[NotebookNode(cell) for cell in BOMBS])
    assert max(map(len, coloured + set_)) <= 10_000
    assert sum(map(len, coloured + set_)) <= 100_000
    assert "more characters" in text
    assert "<b>2</b> of 8" in text
    assert "It is <code>wrong</code>." in text


def test_a_long_text_is_shown_as_it_was_written(page: Page) -> None:
    long = "# My $x$ [thoughts](http://a.org)\n\n<b>*so*</b> many \\begin{a}\n" + "words " * 3000
    text = BeautifulSoup(page(result(2.0), 2.0, new_markdown_cell(long)), "html.parser")
    assert long in [pre.text for pre in text.find_all("pre")]
    assert not text.find_all("a", href="http://a.org")


def test_a_short_text_that_would_make_a_long_page_is_shown_as_it_was_written(page: Page) -> None:
    text = page(result(2.0), 2.0, new_markdown_cell(f"[a]: /{'u' * 4000}\n\n" + "[a] " * 1000))
    assert len(text) < 100_000


def test_no_cell_of_a_students_passes_for_one_of_ours(page: Page) -> None:
    text = page(result(2.0), 2.0, new_markdown_cell("<script>alert(1)</script>", id=NOTES))
    assert "<script>" not in text


def test_the_demos_pages_show_each_student_their_own_work_alone(demonstration: Demonstration) -> None:
    pages = {one.result.student: (one.page or Path()).read_text() for one in demonstration.graded}
    assert "scatter_add" in pages["overlaps-summed"]
    assert not [student for student, text in pages.items() if student != "overlaps-summed" and "scatter_add" in text]
    assert not [student for student, text in pages.items() if "draw_scene" in text]  # given, so left out
    assert "Everything is right." in pages["complete"]
