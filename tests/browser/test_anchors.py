"""Chapter 9's widget in a real browser, by keyboard and by pointer: what it shows is what the reference matches."""

from pathlib import Path

import nbformat
import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect
from torch import Tensor

from course.widgets import Anchors
from solutions.boxes import box_iou, encode_boxes
from solutions.faster_rcnn import base_anchors, grid_anchors, match_anchors
from tests.browser.lab import Lab
from tests.browser.test_box_widgets import press
from tests.browser.test_localization_widgets import radio
from tests.browser.test_transposed_convolution import assert_fits, listen
from tests.browser.test_widgets import assert_keys_are_its_own, assert_readable, cell_of, show, write

pytestmark = [pytest.mark.slow, pytest.mark.browser]

ANCHORS = grid_anchors((8, 12), (16, 16), base_anchors([32, 64], [0.5, 1.0, 2.0])).double()
COW, DOG = [68.0, 41.0, 122.0, 81.0], [132.0, 66.0, 160.0, 94.0]
KINDS = ("positive", "ignored", "negative")


def kinds_of(matches: Tensor) -> list[str]:
    """Return what each anchor is, by name."""
    return ["positive" if match >= 0 else KINDS[int(match)] for match in matches.tolist()]


def assert_matches(
    widget: Locator, boxes: list[list[float]], *, high: float = 0.7, low: float = 0.3, rescue: bool = True
) -> None:
    """Fail unless every sign, the counts and the chosen anchor's numbers are the reference's for these boxes."""
    objects = torch.tensor(boxes, dtype=torch.float64)
    iou = box_iou(objects, ANCHORS)
    matches = match_anchors(iou, high, low, rescue)
    kinds = kinds_of(matches)
    expect(widget).to_have_attribute("data-counts", " ".join(str(kinds.count(kind)) for kind in KINDS))
    signs = widget.locator(".cw-signs .cw-sign").evaluate_all("(nodes) => nodes.map((n) => n.classList[1].slice(3))")
    assert signs == kinds
    row, column, kind = (int(number) for number in (widget.get_attribute("data-place") or "").split())
    chosen = (row * 12 + column) * 6 + kind
    own = int(iou[:, chosen].argmax())
    numbers = encode_boxes(objects[own : own + 1], ANCHORS[chosen : chosen + 1])[0]
    shown = " ".join(f"{number:.2f}".replace("-0.00", "0.00").replace("-", "−") for number in numbers.tolist())
    expect(widget).to_have_attribute("data-deltas", shown.replace(" ", ", "))
    expect(widget).to_have_attribute("data-match", str(int(matches[chosen])))
    expect(widget).to_have_attribute("data-iou", f"{iou[own, chosen].item():.2f}")


def predict(page: Page, widget: Locator) -> None:
    """Move the place, predict one number rightly and one nearly, and name a wrong reason."""
    assert "IoU 0" not in widget.inner_text()
    expect(widget.locator(".cw-counts")).to_be_hidden()
    widget.get_by_role("slider", name="Place").focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(widget).to_have_attribute("data-place", "3 5 3")
    press(page, widget, "Count")  # nothing is predicted: asks first
    expect(widget.locator(".cw-say")).to_contain_text("Predict first")
    cell_of(widget, 0, 0).focus()
    page.keyboard.type("0")  # begins no longer number: the next cell comes by itself
    expect(cell_of(widget, 0, 1)).to_be_focused()
    page.keyboard.type("530")
    page.keyboard.press("Enter")
    expect(widget.locator(".cw-score")).to_have_text("Score: 2 of 2 right")
    expect(widget.locator(".cw-say")).to_contain_text("None of 576 reaches 0.7; the best has 0.53")
    expect(widget).to_have_attribute("data-place", "4 6 3")
    assert_matches(widget, [COW])
    radio(widget, "The anchor is positive because", "half").focus()
    page.keyboard.press("Space")
    press(page, widget, "Answer")
    expect(widget.locator(".cw-score")).to_have_text("Score: 2 of 3 right")
    expect(widget.locator(".cw-say")).to_contain_text("Not quite. An object that no anchor reaches")


def explore(page: Page, widget: Locator) -> None:
    """Put the cow on an anchor, break the rule, bring the dog, move the thresholds, and choose by click."""
    cow = widget.get_by_role("slider", name="The cow", exact=True)
    expect(cow).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    assert_matches(widget, [[65, 40.75, 119, 80.75]])
    press(page, widget, "Back to the first boxes")

    press(page, widget, "The best anchor of an animal is positive, whatever its IoU", "Space")
    assert_matches(widget, [COW], rescue=False)
    expect(widget.locator(".cw-imbalance")).to_have_text("No anchor is positive.")
    expect(widget).to_have_attribute("data-done", "none")
    press(page, widget, "The best anchor of an animal is positive, whatever its IoU", "Space")

    press(page, widget, "A dog is there too", "Space")
    assert_matches(widget, [COW, DOG])
    press(page, widget, "Next positive")
    expect(widget.locator(".cw-say")).to_contain_text("with the dog, 0.7 or more: positive")
    assert_matches(widget, [COW, DOG])
    widget.get_by_role("slider", name="Positive from this IoU on").focus()
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
    assert_matches(widget, [COW, DOG], high=0.25, low=0.25)  # takes the other with it

    # The dog, drawn over the cow by its letter, then made nearly as large: its best anchor learns the cow.
    scene = widget.locator(".cw-scene")
    scene.scroll_into_view_if_needed()
    handle = widget.get_by_role("slider", name="The dog", exact=True).locator(".cw-tag").bounding_box()
    shown = scene.bounding_box()
    assert handle is not None
    assert shown is not None
    scale = shown["width"] / 492 * 2.25
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 64 * scale, y - 24 * scale, steps=3)
    page.mouse.up()
    widget.get_by_role("slider", name="Corner of the dog").focus()
    for key, steps in (("ArrowRight", 26), ("ArrowDown", 11)):
        for _ in range(steps):
            page.keyboard.press(key)
    dog = [float(side) for side in (widget.get_attribute("data-boxes") or "").split(", ")[1].split()]
    assert dog == pytest.approx([68, 42, 122, 81], abs=0.5)  # a pixel of the page may be half of one of the picture
    assert_matches(widget, [COW, dog], high=0.25, low=0.25)
    expect(widget).to_have_attribute("data-done", "none own")
    page.mouse.click(shown["x"] + (30 + 7 * 36) * scale / 2.25, shown["y"] + (30 + 4 * 36 + 5) * scale / 2.25)
    expect(widget).to_have_attribute("data-place", "4 7 3")
    expect(widget.get_by_role("slider", name="Place")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(widget).to_have_attribute("data-place", "4 6 3")
    radio(widget, "Anchor", "1").focus()
    page.keyboard.press("ArrowDown")
    expect(widget).to_have_attribute("data-place", "4 6 2")
    expect(widget.locator(".cw-deltas li")).to_have_count(4)


@pytest.mark.parametrize(("theme", "width"), [("light", 900), ("dark", 600), ("light", 366)])
def test_on_a_page_without_a_kernel(browser: Browser, theme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        viewport={"width": width + 24, "height": 900},
    )
    page = context.new_page()
    errors = listen(page)
    show(page, Anchors().static_view("a"), width)
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
        nbformat.v4.new_code_cell("from course.widgets import Anchors", id="import"),
        nbformat.v4.new_code_cell("widget = Anchors()\nwidget", id="widget"),
        nbformat.v4.new_code_cell("print('the end')", id="end"),
    ]
    page = lab.open(write(tmp_path / "anchors.ipynb", cells), theme="dark", width=1280)
    lab.run_all()
    widget = lab.cell(1).locator(".course-widget")
    predict(page, widget)
    assert_keys_are_its_own(widget)
    assert_readable(widget)
    lab.screenshot("anchors-dark-lab", widget)
    selected, count = lab.selected_cells(), lab.cells.count()
    for key in ("ArrowDown", "d", "d", "ArrowDown"):
        page.keyboard.press(key)
    assert (lab.cells.count(), lab.selected_cells()) == (count, selected)

    lab.write(2, "print(widget.box, widget.second, widget.high, widget.low, widget.low_quality)")
    assert "[68.0, 43.0, 122.0, 83.0] False 0.7 0.3 True" in lab.run_cell(2)
    lab.write(2, "widget.second = True; widget.other = [64, 32, 128, 96.25]; widget.high = 0.9; widget.low = 0.5")
    lab.run_cell(2)
    assert_matches(widget, [[68, 43, 122, 83], [64, 32, 128, 96.25]], high=0.9, low=0.5)
    lab.assert_quiet()
