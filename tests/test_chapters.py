"""Every chapter runs from top to bottom: with the solutions in it, and with nothing written yet.

In the tier `smoke`, which leaves out nothing but the waiting: `fit` takes two steps, on few pictures.
"""

import os
import tempfile

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from autograde.building.bank import CHECKOUT
from course.exercises import catalogue

pytestmark = [pytest.mark.slow, pytest.mark.compute]


def run(folder: str, chapter: str) -> NotebookNode:
    """Run a notebook as from the command line, with an environment of its own."""
    notebook = nbformat.read(CHECKOUT / folder / "notebooks" / f"{chapter}.ipynb", as_version=4)
    NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": tempfile.gettempdir()}}
    ).execute(env={**os.environ, "COURSE_TIER": "smoke"})
    return notebook


def check_texts(notebook: NotebookNode) -> list[str]:
    cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    return [output.data["text/plain"] for cell in cells for output in cell.outputs if "data" in output]


@pytest.mark.parametrize("chapter", catalogue.CHAPTERS)
def test_with_the_solutions_every_check_is_right(chapter: str) -> None:
    texts = check_texts(run("solutions", chapter))
    assert len(texts) == len(catalogue.of_chapter(chapter))
    for exercise, text in zip(catalogue.of_chapter(chapter), texts, strict=True):
        assert text.startswith(f"✓ {exercise.name}: all "), text


@pytest.mark.parametrize("chapter", catalogue.CHAPTERS)
def test_with_nothing_written_every_check_says_so_and_the_rest_still_runs(chapter: str) -> None:
    texts = check_texts(run("course", chapter))
    assert len(texts) == len(catalogue.of_chapter(chapter))
    for exercise, text in zip(catalogue.of_chapter(chapter), texts, strict=True):
        assert text.startswith(f"○ {exercise.name} is not written yet"), text
