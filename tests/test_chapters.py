"""Every chapter runs from top to bottom: with the solutions in it and used, and with nothing written yet.

In the tier `smoke`, which leaves out nothing but the waiting: `fit` takes two steps, on few pictures. The solutions
with the course's parts chosen are what the evidence of a chapter is made with.
"""

import os
import re
import tempfile
from collections.abc import Callable

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from autograde.building.bank import CHECKOUT
from course.exercises import catalogue

pytestmark = [pytest.mark.slow, pytest.mark.compute]


def run(folder: str, chapter: str, change: Callable[[NotebookNode], None] = lambda notebook: None) -> NotebookNode:
    """Run a notebook, changed as a student may, as from the command line: with an environment of its own."""
    notebook = nbformat.read(CHECKOUT / folder / "notebooks" / f"{chapter}.ipynb", as_version=4)
    change(notebook)
    NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": tempfile.gettempdir()}}
    ).execute(env={**os.environ, "COURSE_TIER": "smoke"})
    return notebook


def check_texts(notebook: NotebookNode) -> list[str]:
    cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    return [output.data["text/plain"] for cell in cells for output in cell.outputs if "data" in output]


@pytest.mark.parametrize("chapter", catalogue.CHAPTERS)
def test_with_the_solutions_chosen_every_check_is_right_and_the_rest_runs_with_them(chapter: str) -> None:
    def choose_mine(notebook: NotebookNode) -> None:
        (cell,) = (cell for cell in notebook.cells if "= chosen(" in cell.source)
        assert cell.source.count('"the course\'s"') == 1
        cell.source = cell.source.replace('"the course\'s"', '"mine"')

    notebook = run("solutions", chapter, choose_mine)
    texts = check_texts(notebook)
    assert len(texts) == len(catalogue.of_chapter(chapter))
    for exercise, text in zip(catalogue.of_chapter(chapter), texts, strict=True):
        assert text.startswith(f"✓ {exercise.name}: all "), text
    (cell,) = (cell for cell in notebook.cells if "= chosen(" in cell.source)
    (said,) = (output.data["text/plain"] for output in cell.outputs if "text/markdown" in output.get("data", {}))
    names = re.findall(r"\b(\w+)=(?!\d)", cell.source[cell.source.index("chosen(") :].partition("\n\n")[0])
    names = [name for name in names if name in {exercise.name for exercise in catalogue.of_chapter(chapter)}]
    assert len(names) >= 2
    assert said.startswith("From here on your own")
    assert "The course's" not in said
    assert all(f"`{name}`" in said for name in names)


@pytest.mark.parametrize("chapter", catalogue.CHAPTERS)
def test_with_nothing_written_every_check_says_so_and_the_rest_still_runs(chapter: str) -> None:
    texts = check_texts(run("course", chapter))
    assert len(texts) == len(catalogue.of_chapter(chapter))
    for exercise, text in zip(catalogue.of_chapter(chapter), texts, strict=True):
        assert text.startswith(f"○ {exercise.name} is not written yet"), text
