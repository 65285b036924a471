"""Chapter 5's widgets in a real browser, by keyboard and by pointer, held to the reference's losses and points."""

import re
from pathlib import Path

import nbformat
import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from course.widgets import Heatmap, MultitaskLoss
from solutions.pose import decode_heatmaps, gaussian_heatmaps
from tests.browser.lab import Lab
from tests.browser.test_transposed_convolution import assert_fits, listen
from tests.browser.test_widgets import assert_keys_are_its_own, assert_readable, cell_of, show, write

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def radio(widget: Locator, group: str, value: str) -> Locator:
    """Return a radio button of a row of answers."""
    return widget.get_by_role("group", name=group, exact=True).locator(f'input[value="{value}"]')


def totals(widget: Locator) -> list[float]:
    """Return both totals of the table."""
    return [float(re.findall(r"[\d.]+", text)[0]) for text in widget.locator(".cw-sum td").all_text_contents()]


def play_losses(page: Page, widget: Locator) -> None:
    """Predict wrongly; move the weight until the order turns around, then change the unit: no pointer."""
    assert "IoU" not in widget.inner_text()  # no measure before the prediction
    radio(widget, "The lower total has", "A").focus()
    page.keyboard.press("Space")
    widget.get_by_role("button", name="Show the totals").focus()
    page.keyboard.press("Enter")
    expect(widget.locator(".cw-say")).to_contain_text("Not quite. One model has the lower classification")
    expect(widget.locator(".cw-score")).to_have_text("Score: 0 of 1 right")
    weight = widget.get_by_role("slider")
    expect(weight).to_be_focused()
    expect(widget).to_have_attribute("data-lower", "A")
    measures = widget.locator(".cw-fixed").all_text_contents()
    for _ in range(40):  # from 1 to 100; they cross at 27.9
        page.keyboard.press("ArrowRight")
    expect(weight).to_have_attribute("aria-valuetext", "100, B has the lower total")
    expect(widget).to_have_attribute("data-lower", "B")
    first, second = totals(widget)
    assert first > second
    assert widget.locator(".cw-fixed").all_text_contents() == measures
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    expect(widget).to_have_attribute("data-lower", "A")
    widget.get_by_role("switch").focus()
    page.keyboard.press("Space")
    expect(widget.locator(".cw-say")).to_contain_text("The order has turned around. A: 0.106 + 1.00 · 93.0 = 93.1")
    assert widget.locator(".cw-fixed").all_text_contents() == measures


def play_hill(page: Page, widget: Locator) -> None:
    """Predict one of two rightly, decode, move by keyboard and by pointer, sweep, and let a second hill win."""
    expect(widget.locator(".cw-trace")).to_have_count(0)
    for group, value in (("highest pixel's centre", "0.5"), ("moved ¼ px", "0.5")):
        answer = widget.get_by_role("group", name=re.compile(f"At worst.*{group}")).locator(f'input[value="{value}"]')
        answer.focus()
        page.keyboard.press("Space")
    widget.get_by_role("button", name="Decode").focus()
    page.keyboard.press("Enter")
    expect(widget.locator(".cw-score")).to_have_text("Score: 1 of 2 right")
    expect(widget).to_have_attribute("data-decoded", "2.75 2.25")
    keypoint = widget.get_by_role("slider", name="Keypoint")
    expect(keypoint).to_be_focused()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(keypoint).to_have_attribute("aria-valuetext", re.compile(r"^x 3\.10, y 2\.35"))
    assert_is_the_reference(widget, (3.1, 2.35), 1.0)

    box = keypoint.locator(".cw-catch").bounding_box()
    assert box is not None
    start = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    pixel = cell_of(widget, 0, 0).locator(".cw-face").bounding_box()
    assert pixel is not None
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 1.5 * pixel["width"], start[1] + pixel["height"], steps=5)
    page.mouse.up()
    expect(keypoint).to_have_attribute("aria-valuetext", re.compile(r"^x 4\.[56]., y 3\.3"))
    found = re.match(r"x ([\d.]+), y ([\d.]+)", keypoint.get_attribute("aria-valuetext") or "")
    assert found is not None
    assert_is_the_reference(widget, (float(found[1]), float(found[2])), 1.0)

    widget.get_by_role("button", name="Sweep along the row").click()
    expect(widget.locator(".cw-say")).to_contain_text("at worst 0.50 px off in x")
    expect(widget.locator(".cw-say")).to_contain_text("0.25 px with the quarter step")
    radio(widget, "Sigma", "0.5").check()
    cell_of(widget, 1, 1).click()
    radio(widget, "Second hill", "higher").check()
    expect(widget).to_have_attribute("data-decoded", "6.50 4.50")
    expect(widget.locator(".cw-say")).to_contain_text("is on the second hill")


def assert_is_the_reference(widget: Locator, place: tuple[float, float], sigma: float) -> None:
    """Compare every number of the grid and the decoded point with what `solutions.pose` answers."""
    maps = gaussian_heatmaps(torch.tensor([[place]], dtype=torch.float64), (6, 9), sigma)
    shown = [float(text) for text in widget.locator('[role="gridcell"] .cw-value').all_text_contents()]
    assert torch.allclose(torch.tensor(shown, dtype=torch.float64), maps.flatten(), atol=0.0051)
    points, _ = decode_heatmaps(maps)
    expect(widget).to_have_attribute("data-decoded", "{:.2f} {:.2f}".format(*points[0, 0].tolist()))


@pytest.mark.parametrize(("theme", "width"), [("light", 900), ("dark", 500), ("light", 400)])
def test_on_a_page_without_a_kernel(browser: Browser, theme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        viewport={"width": width + 24, "height": 900},
    )
    for made, play in ((MultitaskLoss(), play_losses), (Heatmap(), play_hill)):
        page = context.new_page()
        errors = listen(page)
        show(page, made.static_view("a"), width)
        widget = page.locator(".course-widget")
        assert_fits(widget)
        play(page, widget)
        assert_readable(widget)
        assert_fits(widget)
        page.evaluate("window.leave()")
        assert page.locator("#widget > *").count() == 0
        assert errors == []
        page.close()
    context.close()


def test_in_a_notebook_the_kernel_follows_and_no_cell_is_deleted(lab: Lab, tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_code_cell("from course.widgets import Heatmap, MultitaskLoss", id="import"),
        nbformat.v4.new_code_cell("losses = MultitaskLoss()\nlosses", id="losses"),
        nbformat.v4.new_code_cell("hill = Heatmap()\nhill", id="hill"),
        nbformat.v4.new_code_cell("print('the end')", id="end"),
    ]
    page = lab.open(write(tmp_path / "localization.ipynb", cells), theme="dark")
    lab.run_all()
    losses, hill = (lab.cell(number).locator(".course-widget") for number in (1, 2))
    play_losses(page, losses)
    play_hill(page, hill)
    for name, widget, stop in (
        ("losses", losses, losses.get_by_role("slider")),
        ("hill", hill, hill.get_by_role("slider")),
    ):
        assert_keys_are_its_own(widget)
        assert_readable(widget)
        lab.screenshot(f"localization-{name}-dark-lab", widget)
        stop.focus()
        selected, count = lab.selected_cells(), lab.cells.count()
        for key in ("ArrowDown", "d", "d", "ArrowUp"):
            page.keyboard.press(key)
        assert (lab.cells.count(), lab.selected_cells()) == (count, selected)

    lab.write(3, "print(losses.pixels, hill.x, hill.y, hill.second)")
    assert "True 1.5 1.5 higher" in lab.run_cell(3)
    lab.write(3, "losses.preset = 'better'; hill.second = 'none'")
    lab.run_cell(3)
    expect(losses).to_have_attribute("data-revealed", "false")  # other models, another question
    expect(hill).to_have_attribute("data-decoded", "1.50 1.50")
    lab.assert_quiet()
