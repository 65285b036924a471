"""The ReceptiveField widget in a real browser: predicted and followed by keyboard, held to torch's gradient."""

from pathlib import Path

import nbformat
import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Browser, Locator, Page, expect
from torch import Tensor

from course.widgets import ReceptiveField
from tests.browser.lab import Lab
from tests.browser.test_transposed_convolution import assert_fits, listen
from tests.browser.test_widgets import assert_keys_are_its_own, assert_readable, show, write

pytestmark = [pytest.mark.slow, pytest.mark.browser]

HALVED = [[3, 1, 1], [2, 2, 1], [3, 1, 1], [2, 2, 1], [3, 1, 1]]


def gradient(layers: list[list[int]]) -> Tensor:
    """Return how often each pixel enters the first unit of the last layer, from the first to the last that it reads."""
    row = torch.zeros(1, 1, 512, requires_grad=True)
    x: Tensor = row
    for kernel, stride, dilation in layers:
        x = F.conv1d(x, torch.ones(1, 1, kernel), stride=stride, dilation=dilation)
    (found,) = torch.autograd.grad(x[0, 0, 0], row)
    return found[0, 0, : int(found[0, 0].nonzero().max()) + 1]


def field(widget: Locator) -> Locator:
    """Return the field of the prediction."""
    return widget.get_by_role("textbox", name="How many pixels in a row it sees")


def dial(widget: Locator, layer: int, name: str, value: int) -> Locator:
    """Return a radio button of a layer."""
    return widget.get_by_role("group", name=f"Layer {layer}, {name}").locator(f'input[value="{value}"]')


def pixels(widget: Locator) -> int:
    """Return how many squares of the lowest row are marked as read."""
    rows: dict[str, int] = {}
    for unit in widget.locator(".cw-read").all():
        rows[unit.get_attribute("y") or ""] = rows.get(unit.get_attribute("y") or "", 0) + 1
    return rows[max(rows, key=float)]


def play(page: Page, widget: Locator) -> None:
    """Predict wrongly, read why; change a layer, predict rightly; count the paths: no pointer."""
    expect(widget.locator(".cw-read")).to_have_count(0)
    assert "7 px" not in widget.inner_text()
    field(widget).focus()
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    expect(widget).to_have_attribute("data-sees", "7")
    expect(widget.locator(".cw-say")).to_contain_text(
        "It sees 1 + 2·1 + 2·1 + 2·1 = 7 pixels in a row. Your 9 adds the"
    )
    struck = widget.locator(".cw-verdict s")
    expect(struck).to_have_text("9")
    assert "line-through" in struck.evaluate("(node) => getComputedStyle(node).textDecorationLine")
    expect(widget.get_by_role("button", name="Predict anew")).to_be_focused()

    dial(widget, 3, "dilation", 1).focus()
    page.keyboard.press("ArrowRight")
    expect(widget).to_have_attribute("data-revealed", "false")  # other layers, another question
    expect(dial(widget, 3, "dilation", 2)).to_be_focused()
    field(widget).focus()
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    expect(widget.locator(".cw-verdict")).to_have_text("9 ✓")
    expect(widget.locator(".cw-score")).to_have_text("Score: 1 of 2 right")
    assert pixels(widget) == 9
    widget.get_by_role("switch").focus()
    page.keyboard.press("Space")
    expect(widget.locator(".cw-bars rect")).to_have_count(9)
    expect(widget.locator(".cw-say")).to_contain_text("half of the 27 paths would end in the middle 5 of the 9 pixels")
    dial(widget, 3, "dilation", 2).focus()
    expect(widget.locator(".cw-say")).to_contain_text("Layer 3 reads units that stand next to each other")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_predicted_and_followed_by_keyboard_in_a_notebook(lab: Lab, tmp_path: Path, theme: str) -> None:
    cells = [
        nbformat.v4.new_code_cell("from course.widgets import ReceptiveField", id="import"),
        nbformat.v4.new_code_cell("widget = ReceptiveField()\nwidget", id="widget"),
        nbformat.v4.new_code_cell("print('the end')", id="end"),
    ]
    page = lab.open(write(tmp_path / "sight.ipynb", cells), theme=theme)  # type: ignore[arg-type]
    lab.run_all()
    widget = lab.cell(1).locator(".course-widget")
    play(page, widget)
    assert_keys_are_its_own(widget)
    assert_readable(widget)
    lab.screenshot(f"receptive-field-{theme}-lab", widget)
    dial(widget, 1, "kernel", 3).focus()
    selected, count = lab.selected_cells(), lab.cells.count()
    for key in ("ArrowDown", "d", "d", "ArrowUp"):
        page.keyboard.press(key)
    assert (lab.cells.count(), lab.selected_cells()) == (count, selected)

    widget.get_by_role("button", name="Add a halving").click()
    lab.write(2, "print(widget.layers)")
    assert "[[3, 1, 1], [3, 1, 1], [3, 1, 2], [2, 2, 1]]" in lab.run_cell(2)
    lab.write(2, f"widget.layers = {HALVED}")
    lab.run_cell(2)
    expect(widget.get_by_label("halved twice")).to_be_checked()
    lab.assert_quiet()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 500, 900])
def test_a_page_without_a_kernel(browser: Browser, theme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        viewport={"width": width + 24, "height": 900},
    )
    page = context.new_page()
    errors = listen(page)
    show(page, ReceptiveField().static_view("a"), width)
    widget = page.locator(".course-widget")
    assert_fits(widget)
    play(page, widget)
    assert_readable(widget)
    assert_fits(widget)
    page.evaluate("window.leave()")
    assert page.locator("#widget > *").count() == 0
    assert errors == []
    context.close()


@pytest.mark.parametrize("layers", [HALVED, [[3, 1, 4], [3, 1, 4]], [[5, 1, 1]], [[3, 2, 1]] * 3, [[2, 2, 1]] * 4])
def test_what_is_marked_is_where_the_gradient_is_not_zero(browser: Browser, layers: list[list[int]]) -> None:
    page = browser.new_page(viewport={"width": 924, "height": 900})
    show(page, ReceptiveField(layers=layers).static_view("a"), 900)
    widget = page.locator(".course-widget")
    right = gradient(layers)
    field(widget).fill(str(len(right)))
    field(widget).press("Enter")
    expect(widget.locator(".cw-verdict")).to_have_text(f"{len(right)} ✓")
    assert pixels(widget) == int((right > 0).sum())
    widget.get_by_role("switch").click()
    bars = [float(bar.get_attribute("height") or 0) for bar in widget.locator(".cw-bars rect").all()]
    shares = right[right > 0] / right.max()
    assert torch.allclose(torch.tensor(bars) / max(bars), shares, atol=0.04)
    page.close()


def test_more_than_the_scene_is_said(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 924, "height": 900})
    show(page, ReceptiveField(layers=[[5, 2, 4]] * 6).static_view("a"), 900)
    widget = page.locator(".course-widget")
    button = widget.get_by_role("button", name="Follow its sight")
    button.click()
    expect(widget.locator(".cw-say")).to_contain_text("Predict first")
    button.click()
    expect(widget.locator(".cw-say")).to_contain_text("That is more than the 64 pixels of a scene.")
    expect(widget.get_by_role("button", name="Add a layer")).to_have_attribute("aria-disabled", "true")
    assert_fits(widget)
    page.close()
