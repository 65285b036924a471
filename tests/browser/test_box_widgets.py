"""Chapter 6's widgets in a real browser, by keyboard and by pointer, held to the references' numbers."""

import re
from pathlib import Path

import nbformat
import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from course.widgets import NMS, IoU, PrecisionRecall
from solutions.boxes import box_iou
from solutions.metrics import average_precision, precision_recall
from tests.browser.lab import Lab
from tests.browser.test_localization_widgets import radio
from tests.browser.test_transposed_convolution import assert_fits, listen
from tests.browser.test_widgets import assert_keys_are_its_own, assert_readable, show, write

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def press(page: Page, widget: Locator, name: str, key: str = "Enter") -> None:
    """Press a button or a switch by keyboard."""
    target = widget.get_by_role("button", name=name, exact=True).or_(widget.get_by_role("switch", name=name))
    target.focus()
    page.keyboard.press(key)


def play_overlap(page: Page, widget: Locator) -> None:
    """Predict wrongly, then make an IoU of exactly ½ by keyboard, and boxes far apart by pointer."""
    assert "cells:" not in widget.inner_text()
    expect(widget.locator(".cw-numbers")).to_be_hidden()
    radio(widget, "The IoU is", "0.5").focus()
    page.keyboard.press("Space")
    press(page, widget, "Measure")
    expect(widget.locator(".cw-say")).to_contain_text("Not quite. Half of each box is shared, and still the IoU is ⅓")
    expect(widget.locator(".cw-score")).to_have_text("Score: 0 of 1 right")
    mover = widget.get_by_role("slider", name="Box B")
    expect(mover).to_be_focused()
    widget.get_by_role("slider", name="Corner of B").focus()
    page.keyboard.press("ArrowLeft")  # both boxes become 6 by 6: moved by a third, the IoU is 4 of 8 columns
    page.keyboard.press("ArrowLeft")
    widget.get_by_role("slider", name="Corner of A").focus()
    for key in ("Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    mover.focus()
    for key in ("Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    expect(widget).to_have_attribute("data-iou", "0.5")
    expect(widget).to_have_attribute("data-done", "half")
    a, b = torch.tensor([[3.0, 3.0, 9.0, 9.0]]), torch.tensor([[5.0, 3.0, 11.0, 9.0]])
    assert box_iou(a, b).item() == 0.5
    expect(widget.locator(".cw-say")).to_contain_text("Made: IoU of exactly ½. Both share 24 cells, either covers 48")

    press(page, widget, "Box around both, GIoU", "Space")
    handle = mover.locator(".cw-catch").bounding_box()
    ground = widget.locator(".cw-ground").bounding_box()
    assert handle is not None
    assert ground is not None
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(ground["x"] + ground["width"], ground["y"] + ground["height"], steps=4)
    page.mouse.up()
    expect(mover).to_have_attribute("aria-valuetext", re.compile(r"^\(14, 6\) to \(20, 12\); IoU 0$"))
    expect(widget.locator(".cw-say")).to_contain_text("The boxes share nothing, so the IoU is 0")
    expect(widget.locator(".cw-sum").last).to_contain_text("−0.529")
    expect(widget).to_have_attribute("data-done", "half apart")


def play_cards(page: Page, widget: Locator) -> None:
    """Predict the first step, half rightly, go on to the end, and move the threshold to both failures."""
    radio(widget, "Scene", "two").check(force=True)
    expect(widget.locator(".cw-card").nth(0)).to_contain_text("★ kept now")
    for name in (1, 2):  # B does not go, C does, E was not expected to
        widget.locator(".cw-card").nth(name).focus()
        page.keyboard.press("Enter")
    expect(widget.locator(".cw-card").nth(1)).to_have_attribute("aria-pressed", "true")
    assert "0.34" not in widget.inner_text()  # no overlap before it was predicted
    press(page, widget, "Drop them")
    expect(widget.locator(".cw-score")).to_have_text("Score: 2 of 4 cards right")
    expect(widget.locator(".cw-say")).to_contain_text("You had not expected E to go. B stays: its IoU with A is 0.34.")
    widget.locator(".cw-card").nth(3).focus()
    page.keyboard.press("Space")
    press(page, widget, "Drop them")
    expect(widget).to_have_attribute("data-kept", "AB")
    expect(widget.locator(".cw-score")).to_have_text("Score: 3 of 5 cards right")
    threshold = widget.get_by_role("slider", name="IoU threshold")
    expect(threshold).to_be_focused()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    expect(widget).to_have_attribute("data-lost", "1")
    for _ in range(14):
        page.keyboard.press("ArrowRight")
    expect(widget).to_have_attribute("data-doubles", "3")
    expect(widget.locator(".cw-say")).to_contain_text("At 0.90: 5 boxes are kept, for 2 animals.")
    radio(widget, "Scene", "front").check(force=True)
    widget.get_by_role("button", name="Go to the end").click()
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
    expect(widget).to_have_attribute("data-lost", "1")
    press(page, widget, "Each label by itself", "Space")
    expect(widget).to_have_attribute("data-lost", "0")
    expect(widget).to_have_attribute("data-kept", "ABE")


def play_curve(page: Page, widget: Locator) -> None:
    """Predict, let the point walk, flip a detection, and ask three definitions."""
    expect(widget.locator(".cw-plot")).to_have_count(0)
    for name, value in (("recall", "up"), ("precision", "down")):
        radio(widget, f"As the threshold is lowered, {name}", value).focus()
        page.keyboard.press("Space")
    press(page, widget, "Draw the curve")
    expect(widget.locator(".cw-score")).to_have_text("Score: 1 of 2 right")
    threshold = widget.get_by_role("slider", name="Threshold on the score")
    expect(threshold).to_be_focused()
    page.keyboard.press("Home")
    expect(widget).to_have_attribute("data-reported", "10")
    expect(widget.locator(".cw-say")).to_contain_text(
        "precision 5/10 = 0.50. Of 7 targets 5 are found: recall 5/7 = 0.71"
    )
    widget.get_by_role("button", name="Detection 3 is wrong").focus()
    page.keyboard.press("Enter")
    expect(widget.locator(".cw-say")).to_contain_text("Detection 3 is right now. The average precision rises:")
    press(page, widget, "Envelope, p(r)", "Space")
    correct = torch.tensor([digit == "1" for digit in "1111001100"])
    precision, recall = precision_recall(correct, torch.linspace(1, 0, 10), 7)
    for method in ("coco", "voc11", "area"):
        radio(widget, "Average precision by", method).check(force=True)
        expect(widget).to_have_attribute("data-average", f"{average_precision(recall, precision, method):.3f}")  # type: ignore[arg-type]
    widget.get_by_role("button", name="Detection 5 is wrong").click()  # the last of the seven targets
    widget.get_by_role("button", name="Detection 6 is wrong").click()
    expect(widget.locator(".cw-say")).to_contain_text("All 7 targets are found already")


@pytest.mark.parametrize(("theme", "width"), [("light", 900), ("dark", 500), ("light", 400)])
def test_on_a_page_without_a_kernel(browser: Browser, theme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        viewport={"width": width + 24, "height": 900},
    )
    for made, play in ((IoU(), play_overlap), (NMS(), play_cards), (PrecisionRecall(), play_curve)):
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
        nbformat.v4.new_code_cell("from course.widgets import NMS, IoU, PrecisionRecall", id="import"),
        nbformat.v4.new_code_cell("overlap = IoU()\noverlap", id="overlap"),
        nbformat.v4.new_code_cell("cards = NMS()\ncards", id="cards"),
        nbformat.v4.new_code_cell("curve = PrecisionRecall()\ncurve", id="curve"),
        nbformat.v4.new_code_cell("print('the end')", id="end"),
    ]
    page = lab.open(write(tmp_path / "boxes.ipynb", cells), theme="dark")
    lab.run_all()
    widgets = [lab.cell(number).locator(".course-widget") for number in (1, 2, 3)]
    for name, widget, play in zip(
        ("overlap", "cards", "curve"), widgets, (play_overlap, play_cards, play_curve), strict=True
    ):
        play(page, widget)
        assert_keys_are_its_own(widget)
        assert_readable(widget)
        lab.screenshot(f"boxes-{name}-dark-lab", widget)
        widget.get_by_role("slider").first.focus()
        selected, count = lab.selected_cells(), lab.cells.count()
        for key in ("ArrowDown", "d", "d", "ArrowUp"):
            page.keyboard.press(key)
        assert (lab.cells.count(), lab.selected_cells()) == (count, selected)

    lab.write(4, "print(overlap.b, cards.scene, cards.per_class, sum(curve.correct), curve.method)")
    assert "[14.0, 6.0, 20.0, 12.0] front True 7 area" in lab.run_cell(4)
    lab.write(4, "overlap.b = overlap.a; cards.scene = 'one'; curve.targets = 9")
    lab.run_cell(4)
    expect(widgets[0]).to_have_attribute("data-iou", "1")
    expect(widgets[1]).to_have_attribute("data-dealt", "false")
    expect(widgets[2].locator(".cw-say")).to_contain_text("Of 9 targets")
    lab.assert_quiet()
