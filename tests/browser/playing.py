"""What a widget's tests do around its own moves: a page without a kernel, and a notebook whose cells keep still.

play_without_a_kernel(browser, Anchors(), "dark", 600, predict, explore)
widget = play_in_a_notebook(lab, tmp_path, "Anchors", predict)
"""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page

from course.widgets._base import CourseWidget
from tests.browser.lab import Lab, Theme
from tests.browser.test_transposed_convolution import assert_fits, listen
from tests.browser.test_widgets import assert_keys_are_its_own, assert_readable, show, write

Play = Callable[[Page, Locator], None]

on_pages = pytest.mark.parametrize(("theme", "width"), [("light", 900), ("dark", 600), ("light", 366)])
"""A wide page, a dark one of middle width, and a telephone's."""


def play_without_a_kernel(browser: Browser, widget: CourseWidget, theme: Theme, width: int, *plays: Play) -> None:
    """Play on a page of its own: after each play all of it fits and can be read, and at the end nothing is left."""
    context = browser.new_context(color_scheme=theme, viewport={"width": width + 24, "height": 900})
    page = context.new_page()
    errors = listen(page)
    show(page, widget.static_view("a"), width)
    shown = page.locator(".course-widget")
    assert_fits(shown)
    for play in plays:
        play(page, shown)
        assert_readable(shown)
        assert_fits(shown)
    page.evaluate("window.leave()")
    assert page.locator("#widget > *").count() == 0
    assert errors == []
    context.close()


def play_in_a_notebook(lab: Lab, folder: Path, name: str, play: Play) -> Locator:
    """Play a widget of class `name` in JupyterLab; its keys stay in it. Cell 2 is left to ask the kernel's `widget`."""
    cells = [
        nbformat.v4.new_code_cell(f"from course.widgets import {name}", id="import"),
        nbformat.v4.new_code_cell(f"widget = {name}()\nwidget", id="widget"),
        nbformat.v4.new_code_cell("print('the end')", id="end"),
    ]
    page = lab.open(write(folder / f"{name}.ipynb", cells), theme="dark", width=1280)
    lab.run_all()
    widget = lab.cell(1).locator(".course-widget")
    play(page, widget)
    assert_keys_are_its_own(widget)
    assert_readable(widget)
    lab.screenshot(f"{widget.get_attribute('data-widget')}-dark-lab", widget)
    selected, count = lab.selected_cells(), lab.cells.count()
    for key in ("ArrowDown", "d", "d", "ArrowDown"):
        page.keyboard.press(key)
    assert (lab.cells.count(), lab.selected_cells()) == (count, selected)
    return widget
