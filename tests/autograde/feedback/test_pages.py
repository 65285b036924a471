"""Pages that are written fast are the pages that nbgrader writes, and a record is whole or not there."""

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.api import Gradebook

from autograde.classroom.gradebook import one_transaction
from autograde.feedback.pages import PageExporter

STUDENTS_TEXT = "# Title\n\nA *word* & <b>another</b>, $x<y$.\n\n```python\nx = 1\n```\n\n<img src='a.png'>"


def _notebook(answer: str) -> nbformat.NotebookNode:
    picture = new_output("display_data", data={"text/html": "<table><tr><td>1</td></tr></table>", "text/plain": "1"})
    printed = new_output("stream", name="stdout", text="<script>alert(1)</script>")
    picture_beside = {"a.png": {"image/png": "aGFsbG8="}}
    cells = [
        new_markdown_cell(STUDENTS_TEXT),
        new_code_cell(answer, outputs=[picture, printed]),
        new_code_cell("%%bash\necho 1 && ls", metadata={"magics_language": "bash"}),
        new_markdown_cell("![](attachment:a.png)", attachments=picture_beside),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return new_notebook(cells=cells)


@pytest.mark.parametrize("answer", ["def f(x):\n    return x < 1", "def f(x):\n    return '</div>'", "é = '\\u00e9'"])
def test_a_fast_page_holds_what_nbconverts_holds(answer: str) -> None:
    ours = PageExporter(template_name="classic").from_notebook_node(_notebook(answer))[0]
    theirs = HTMLExporter(template_name="classic").from_notebook_node(_notebook(answer))[0]
    assert str(BeautifulSoup(ours, "html.parser")) == str(BeautifulSoup(theirs, "html.parser"))


def test_one_page_holds_nothing_of_the_one_before() -> None:
    exporter = PageExporter(template_name="classic")
    exporter.from_notebook_node(_notebook("mine = 'a secret of one student'"))
    assert "a secret of one student" not in exporter.from_notebook_node(_notebook("yours = 2"))[0]


@pytest.fixture(scope="module")
def fresh_gradebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:  # nbgrader looks for alembic by its name
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        with Gradebook(f"sqlite:///{path}") as gradebook:
            gradebook.add_student("before")
    return path


@pytest.fixture
def gradebook_url(tmp_path: Path, fresh_gradebook: Path) -> str:
    shutil.copyfile(fresh_gradebook, tmp_path / "gradebook.db")
    return f"sqlite:///{tmp_path / 'gradebook.db'}"


def _students(url: str) -> set[str]:
    with Gradebook(url) as gradebook:
        return {student.id for student in gradebook.students}


def test_a_record_that_fails_half_way_leaves_nothing(gradebook_url: str) -> None:
    seen = None
    with suppress(RuntimeError), one_transaction(gradebook_url):
        with Gradebook(gradebook_url) as gradebook:
            gradebook.add_student("within")  # which commits
        seen = _students(gradebook_url)
        raise RuntimeError("half-way")
    assert seen == {"before", "within"}
    assert _students(gradebook_url) == {"before"}


def test_a_record_is_seen_by_others_when_it_is_whole(gradebook_url: str, tmp_path: Path) -> None:
    with one_transaction(gradebook_url), Gradebook(gradebook_url) as gradebook:
        gradebook.add_student("within")
        shutil.copyfile(tmp_path / "gradebook.db", tmp_path / "copy.db")
        assert _students(f"sqlite:///{tmp_path / 'copy.db'}") == {"before"}
    assert _students(gradebook_url) == {"before", "within"}
