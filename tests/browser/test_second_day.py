"""What a student finds who ran a widget, saved, ended the kernel and opens the notebook again."""

import json
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from playwright.sync_api import Browser, Page, expect

from autograde.building.bank import CHECKOUT
from tests.browser.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

STUDENT, CLASS = CHECKOUT / "course" / "notebooks", CHECKOUT / "solutions" / "notebooks"
OWN = 'from course.widgets import Unpooling\n\nUnpooling(seed=3)  # "of my own"'


def widgets_of(chapter: Path, folder: Path, *more: str) -> Path:
    """Write the chapter's title and its widget cells, with what the notebook saved of them, and cells `more` below."""
    notebook: NotebookNode = nbformat.read(chapter, as_version=4)
    title, *others = notebook.cells
    kept = [cell for cell in others if "widget" in cell.metadata.get("tags", [])]
    assert kept
    notebook.cells = [title, *kept, *(nbformat.v4.new_code_cell(text, id=f"own-{len(text)}") for text in more)]
    path = folder / f"{chapter.stem}_{chapter.parent.parent.name}_{len(more)}.ipynb"
    nbformat.write(notebook, path)
    return path


def run_and_save(lab: Lab, notebook: Path, cells: tuple[int, ...]) -> Path:
    """Open the notebook as it was downloaded, untrusted; run some cells, save it, end its kernel."""
    lab.open(notebook, trusted=False)
    for number in cells:
        lab.run_cell(number)
        expect(lab.cell(number).locator(".course-widget")).to_be_visible()
    lab.command("File", "docmanager:save")
    expect(lab.page.locator(".jp-NotebookPanel .jp-mod-dirty, .lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)
    lab.assert_quiet()
    lab.close()
    saved = lab.server.root / notebook.name
    assert json.loads(saved.read_text(encoding="utf-8"))["cells"][cells[-1]]["execution_count"] is not None
    return saved


def assert_alive(page: Page, count: int) -> None:
    """Fail unless `count` widgets are there and answer the keyboard, and nothing says that a model is missing."""
    expect(page.locator(".course-widget").or_(page.get_by_text("Error displaying widget"))).to_have_count(
        count, timeout=30_000
    )  # JupyterLab asks the new kernel for models before it reads the notebook's
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    cell = page.locator('.course-widget[data-widget="unpooling"] [data-method="nearest"] [role="gridcell"]').first
    cell.focus()
    page.keyboard.type("4")
    expect(cell.locator(".cw-value")).to_have_text("4")


@pytest.mark.parametrize("folder", [STUDENT, CLASS], ids=["downloaded", "of a class"])
def test_widgets_that_were_run_are_alive_the_next_day(lab: Lab, tmp_path: Path, folder: Path) -> None:
    saved = run_and_save(lab, widgets_of(folder / "03_unpooling.ipynb", tmp_path), (1, 2))
    lab.open(saved, trusted=False)
    assert_alive(lab.page, 2)
    lab.assert_quiet()
    lab.run_cell(1)  # and the kernel's model takes the place of the saved one
    lab.cell(1).get_by_role("button", name="New numbers").click()
    expect(lab.cell(1).locator(".course-widget")).to_have_attribute("data-seed", "2")
    lab.assert_quiet()


def test_a_cell_that_was_run_three_times_is_alive_the_next_day(lab: Lab, tmp_path: Path) -> None:
    saved = run_and_save(lab, widgets_of(STUDENT / "03_unpooling.ipynb", tmp_path), (1, 1, 2, 1))
    lab.open(saved, trusted=False)
    assert_alive(lab.page, 2)
    lab.assert_quiet()


def test_a_reload_finds_the_widgets_of_the_running_kernel(lab: Lab, tmp_path: Path) -> None:
    lab.open(widgets_of(STUDENT / "03_unpooling.ipynb", tmp_path), trusted=False)
    for number in (1, 2):
        lab.run_cell(number)
    lab.cell(1).get_by_role("button", name="New numbers").click()
    lab.command("File", "docmanager:save")
    lab.page.reload()
    expect(lab.cell(1).locator(".course-widget")).to_have_attribute("data-seed", "2", timeout=30_000)
    lab.assert_quiet()


def test_a_second_widget_of_the_class_leaves_the_first_alone(lab: Lab, tmp_path: Path) -> None:
    notebook = widgets_of(STUDENT / "03_unpooling.ipynb", tmp_path, OWN)
    lab.open(notebook, trusted=False)
    for number in (1, 3):
        lab.run_cell(number)
    lab.cell(3).get_by_role("button", name="New numbers").click()
    for number, seed in ((1, "1"), (3, "4")):
        expect(lab.cell(number).locator(".course-widget")).to_have_attribute("data-seed", seed)
    lab.assert_quiet()


def test_a_notebook_that_is_not_trusted_shows_pictures_that_say_so(lab: Lab, tmp_path: Path) -> None:
    saved = run_and_save(lab, widgets_of(STUDENT / "03_unpooling.ipynb", tmp_path), (1,))
    lab.open(saved, trusted=False)  # the other widget was never run, so that the notebook is not signed
    for number in (1, 2):
        expect(lab.outputs(number).locator("img")).to_be_visible()
    expect(lab.page.get_by_text("Error displaying widget")).to_have_count(0)
    lab.assert_quiet()


def test_notebook_7_finds_them_too(lab: Lab, browser: Browser, tmp_path: Path) -> None:
    saved = run_and_save(lab, widgets_of(STUDENT / "03_unpooling.ipynb", tmp_path), (1, 2))
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{lab.server.url}notebooks/{saved.name}?token={lab.server.token}")
    expect(page.locator(".course-widget")).to_have_count(2, timeout=60_000)
    assert_alive(page, 2)
    page.close()
