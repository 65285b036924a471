"""Chapter 11's widget in a real browser, by keyboard and by pointer: what it shows is what both references say."""

from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from course.widgets import RoIAlign
from solutions.roi_align import bilinear_sample, roi_align
from tests.browser.lab import Lab, Theme
from tests.browser.playing import on_pages, play_in_a_notebook, play_without_a_kernel
from tests.browser.test_box_widgets import press
from tests.browser.test_localization_widgets import radio
from tests.browser.test_roi_pool import map_of, pooled
from tests.browser.test_widgets import cell_of

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def assert_results(widget: Locator, box: str, *, stride: int = 16, ratio: int = 2, aligned: bool = True) -> None:
    """Fail unless the box is there and both results are their references'."""
    expect(widget).to_have_attribute("data-box", box)
    left, right = widget.locator(".cw-operator").all()
    features = map_of(left, stride)
    assert torch.equal(features, map_of(right, stride))
    maxima = pooled(features, box, 2, stride).int().flatten().tolist()
    result = left.get_by_role("grid", name="Result of RoI Pool").locator(".cw-value")
    expect(result).to_have_text([str(value) for value in maxima])
    roi = torch.tensor([[0.0, *map(float, box.split())]], dtype=torch.float64)
    means = roi_align(features[None, None], roi, (2, 2), 1 / stride, ratio, aligned).flatten().tolist()
    shown = right.get_by_role("grid", name="Result of RoI Align").locator(".cw-value").all_text_contents()
    assert [float(text) for text in shown] == pytest.approx(means, abs=0.05 + 1e-9)


def predict(page: Page, widget: Locator) -> None:
    """Predict RoI Pool wrongly and RoI Align rightly."""
    assert_results(widget, "42 35 106 83")
    for part in (".cw-roundings", ".cw-traces", ".cw-parts"):
        expect(widget.locator(f"{part}:visible")).to_have_count(0)
    expect(widget.locator(".cw-dot, .cw-ghost")).to_have_count(0)
    press(page, widget, "Move the box")  # nothing is predicted: asks first
    expect(widget.locator(".cw-say")).to_contain_text("Predict first")
    for name, answer in (("RoI Pool", "some"), ("RoI Align", "all")):
        radio(widget, f"How many of {name}'s numbers change?", answer).focus()
        page.keyboard.press("Space")
    press(page, widget, "Move the box")
    expect(widget.locator(".cw-score")).to_have_text("Score: 1 of 2 right")
    expect(widget.locator(".cw-say")).to_contain_text("every corner is rounded to where it was: no number changes")
    assert_results(widget, "50 35 114 83")
    errors = widget.locator(".cw-roundings tbody tr").last.locator("td")
    expect(errors).to_have_text(["−2", "−3", "+14", "+5"])
    expect(widget.get_by_role("slider", name="Box (RoI Pool)", exact=True)).to_be_focused()


def assert_dot(widget: Locator, y: float, x: float) -> None:
    """Fail unless four cells, four areas and their products give what the reference takes at a place of the map."""
    features = map_of(widget.locator(".cw-operator").first, 16)
    place = (torch.tensor([number], dtype=torch.float64) for number in (y, x))
    value = bilinear_sample(features[None], *place).item()
    expect(widget.locator(".cw-parts .cw-total")).to_have_text(f"{value:.2f}")
    rows = [row.locator("td").all_text_contents() for row in widget.locator(".cw-parts tbody tr").all()]
    areas = [float(area) for _, area, _ in rows]
    assert sum(areas) == pytest.approx(1, abs=0.02)
    assert sum(float(product) for *_, product in rows) == pytest.approx(value, abs=0.02)
    expect(widget.locator(".cw-parts tfoot td").nth(1)).to_have_text("1.00")


def explore(page: Page, widget: Locator) -> None:
    """Jump by a quarter of a pixel, share a dot out evenly, change every setting, and stretch the box."""
    for key in ["ArrowRight"] * 5 + ["Shift+ArrowRight"] * 4:
        page.keyboard.press(key)
    assert_results(widget, "56 35 120 83")
    expect(widget).to_have_attribute("data-done", "jump")
    dots = widget.get_by_role("grid", name="Dots of the bin")
    cell_of(dots, 0, 0).focus()
    expect(widget.locator(".cw-say")).to_contain_text("The dot at y = 2.0625, x = 3.5 of the map")
    assert_dot(widget, 2.0625, 3.5)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(widget).to_have_attribute("data-spot", "1 1")
    assert_dot(widget, 2.8125, 4.5)
    widget.get_by_role("slider", name="Box (RoI Align)", exact=True).focus()
    for _ in range(5):
        page.keyboard.press("ArrowUp")
    assert_dot(widget, 2.5, 4.5)
    expect(widget.locator(".cw-parts tbody td:nth-of-type(2)")).to_have_text(["0.25"] * 4)
    expect(widget).to_have_attribute("data-done", "jump quarters")

    press(page, widget, "aligned: half a cell is taken away", "Space")
    assert_results(widget, "56 30 120 78", aligned=False)
    expect(widget.locator(".cw-operator").last.locator(".cw-ghost")).to_have_count(1)
    expect(widget.locator(".cw-say")).to_contain_text("half a cell to the right and down")
    radio(widget, "Dots a bin", "-1").focus()
    page.keyboard.press("Space")
    radio(widget, "Stride", "8").focus()
    page.keyboard.press("Space")
    assert_results(widget, "56 30 120 78", stride=8, ratio=-1, aligned=False)
    expect(dots.locator(".cw-value")).to_have_count(12)
    widget.get_by_role("slider", name="Corner of the box (RoI Align)").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert_results(widget, "56 30 117 78", stride=8, ratio=-1, aligned=False)


def point_and_drag(page: Page, widget: Locator) -> None:
    """Point at a dot of another bin, then drag the box off to a corner."""
    dot = widget.locator(".cw-dot:not(.cw-chosen):not(.cw-of-bin)").last
    dot.scroll_into_view_if_needed()
    place = dot.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(widget).to_have_attribute("data-bin", "1 1")
    expect(widget.locator(".cw-say")).to_contain_text("The dot at y =")
    mover = widget.get_by_role("slider", name="Box (RoI Align)", exact=True)
    mover.scroll_into_view_if_needed()
    handle = mover.locator(".cw-tag").bounding_box()
    assert handle is not None
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(handle["x"] + 600, handle["y"] + 500, steps=3)
    page.mouse.up()
    assert_results(widget, "131 80 192 128", stride=8, ratio=-1, aligned=False)


@on_pages
def test_on_a_page_without_a_kernel(browser: Browser, theme: Theme, width: int) -> None:
    play_without_a_kernel(browser, RoIAlign(), theme, width, predict, explore, point_and_drag)


def test_in_a_notebook_the_kernel_follows_and_no_cell_is_deleted(lab: Lab, tmp_path: Path) -> None:
    widget = play_in_a_notebook(lab, tmp_path, "RoIAlign", predict)
    lab.write(2, "print(widget.box, widget.stride, widget.sampling_ratio, widget.aligned)")
    assert "[50.0, 37.0, 114.0, 85.0] 16 2 True" in lab.run_cell(2)
    lab.write(2, "widget.box = [10.5, 20, 40.25, 60]; widget.stride = 8; widget.sampling_ratio = 1")
    lab.run_cell(2)
    assert_results(widget, "10.5 20 40.25 60", stride=8, ratio=1)
    lab.assert_quiet()
