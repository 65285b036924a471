"""Chapter 8's widget in a real browser, by keyboard and by pointer: what it shows is what the reference pools."""

from pathlib import Path

import nbformat
import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect
from torch import Tensor

from course.widgets import RoIPool
from solutions.fast_rcnn import roi_pool
from tests.browser.lab import Lab
from tests.browser.test_box_widgets import press
from tests.browser.test_localization_widgets import radio
from tests.browser.test_transposed_convolution import assert_fits, listen
from tests.browser.test_widgets import assert_keys_are_its_own, assert_readable, cell_of, show, write

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def map_of(widget: Locator, stride: int) -> Tensor:
    """Return the numbers on the map, (128 / stride, 192 / stride)."""
    numbers = widget.locator(".cw-numeral").all_text_contents()
    return torch.tensor([float(number) for number in numbers], dtype=torch.float64).view(128 // stride, 192 // stride)


def pooled(features: Tensor, box: str, side: int, stride: int) -> Tensor:
    """Return what the reference pools of a map for a box as the page writes it."""
    roi = torch.tensor([[0.0, *map(float, box.split())]], dtype=torch.float64)
    return roi_pool(features[None, None], roi, (side, side), 1 / stride)[0, 0]


def assert_pools(widget: Locator, box: str, side: int = 2, stride: int = 16) -> Tensor:
    """Fail unless the box is there and the result is the reference's; return the map."""
    expect(widget).to_have_attribute("data-box", box)
    features = map_of(widget, stride)
    values = pooled(features, box, side, stride).int().flatten().tolist()
    expect(widget.locator(".cw-result .cw-value")).to_have_text([str(value) for value in values])
    return features


def predict(page: Page, widget: Locator) -> None:
    """Predict the first move wrongly and the second in part."""
    features = assert_pools(widget, "52 35 116 83")
    expect(widget.locator(".cw-found")).to_be_hidden()
    expect(widget.locator(".cw-ghost")).to_have_count(0)
    press(page, widget, "Move the box")  # nothing is predicted: asks first
    expect(widget.locator(".cw-say")).to_contain_text("Predict first")
    radio(widget, "How many of the numbers change?", "all").focus()
    page.keyboard.press("Space")
    press(page, widget, "Move the box")
    expect(widget.locator(".cw-say")).to_contain_text(
        "Not quite. None: x1 / 16 went from 3.25 to 3.4375 and is 3 as before"
    )
    expect(widget).to_have_attribute("data-region", "3 2 5 4")
    expect(widget.locator(".cw-error")).to_have_text(["−7", "−3", "+9", "+13"])

    right = pooled(features, "58 35 122 83", 2, 16).int().flatten().tolist()
    expect(cell_of(widget, 0, 0)).to_be_focused()
    page.keyboard.type(
        f"{right[0]}{right[1] - 1}{right[2]}"
    )  # two digits are all that fit: the next cell comes by itself
    page.keyboard.press("Enter")
    expect(widget.locator(".cw-score")).to_have_text("Score: 2 of 4 right")
    expect(cell_of(widget, 0, 1).locator(".cw-struck")).to_have_text(str(right[1] - 1))
    expect(widget.locator(".cw-say")).to_contain_text("3 of 4 numbers change. The region jumps by a whole cell of 16")


def explore(page: Page, widget: Locator) -> None:
    """Move the box by a quarter of a pixel, share cells, send gradients, stretch it, and drag it off the map."""
    mover = widget.get_by_role("slider", name="Box", exact=True)
    expect(mover).to_be_focused()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    assert_pools(widget, "55.75 35 119.75 83")
    expect(widget).to_have_attribute("data-done", "jump")

    radio(widget, "Result", "7").focus()
    page.keyboard.press("Space")
    assert_pools(widget, "55.75 35 119.75 83", side=7)
    expect(widget.locator(".cw-say")).to_contain_text("neighbours share cells")
    expect(widget).to_have_attribute("data-done", "jump shared")
    radio(widget, "Stride", "8").focus()
    page.keyboard.press("Space")
    features = assert_pools(widget, "55.75 35 119.75 83", side=7, stride=8)

    press(page, widget, "Where gradients go", "Space")
    leaf = features.clone().requires_grad_()
    pooled(leaf, "55.75 35 119.75 83", 7, 8).sum().backward()
    assert leaf.grad is not None
    shown = ["" if text == "" else int(text) for text in widget.locator(".cw-numeral").all_text_contents()]
    assert [number or 0 for number in shown] == leaf.grad.int().flatten().tolist()
    assert shown.count("") == 16 * 24 - 9 * 7  # x1 to x2 are 7 to 15 there, y1 to y2 4 to 10
    press(page, widget, "Where gradients go", "Space")

    widget.get_by_role("slider", name="Corner of the box").focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    assert_pools(widget, "55.75 35 119.75 80", side=7, stride=8)
    mover.scroll_into_view_if_needed()
    handle = mover.locator(".cw-tag").bounding_box()
    assert handle is not None
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(handle["x"] + 600, handle["y"] + 400, steps=3)
    page.mouse.up()
    assert_pools(widget, "128 83 192 128", side=7, stride=8)
    expect(widget).to_have_attribute("data-done", "jump shared empty")
    cell_of(widget, 6, 6).focus()
    expect(widget.locator(".cw-say")).to_contain_text("its bin is row 16, which the map does not have")


@pytest.mark.parametrize(("theme", "width"), [("light", 900), ("dark", 500), ("light", 400)])
def test_on_a_page_without_a_kernel(browser: Browser, theme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        viewport={"width": width + 24, "height": 900},
    )
    page = context.new_page()
    errors = listen(page)
    show(page, RoIPool().static_view("a"), width)
    widget = page.locator(".course-widget")
    assert_fits(widget)
    predict(page, widget)
    explore(page, widget)
    assert_readable(widget)
    assert_fits(widget)
    page.evaluate("window.leave()")
    assert page.locator("#widget > *").count() == 0
    assert errors == []
    context.close()


def test_in_a_notebook_the_kernel_follows_and_no_cell_is_deleted(lab: Lab, tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_code_cell("from course.widgets import RoIPool", id="import"),
        nbformat.v4.new_code_cell("widget = RoIPool()\nwidget", id="widget"),
        nbformat.v4.new_code_cell("print('the end')", id="end"),
    ]
    page = lab.open(write(tmp_path / "pooling.ipynb", cells), theme="dark", width=1280)
    lab.run_all()
    widget = lab.cell(1).locator(".course-widget")
    predict(page, widget)
    assert_keys_are_its_own(widget)
    assert_readable(widget)
    lab.screenshot("roi-pool-dark-lab", widget)
    selected, count = lab.selected_cells(), lab.cells.count()
    for key in ("ArrowDown", "d", "d", "ArrowDown"):
        page.keyboard.press(key)
    assert (lab.cells.count(), lab.selected_cells()) == (count, selected)

    lab.write(2, "print(widget.box, widget.stride, widget.size)")
    assert "[58.0, 37.0, 122.0, 85.0] 16 2" in lab.run_cell(2)
    lab.write(2, "widget.box = [10.5, 20, 40.25, 60]; widget.stride = 16; widget.size = 3")
    lab.run_cell(2)
    assert_pools(widget, "10.5 20 40.25 60", side=3)
    lab.assert_quiet()
