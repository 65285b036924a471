"""Chapter 7's widgets in a real browser, by keyboard and by pointer, held to the references' numbers."""

from pathlib import Path

import nbformat
import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from course.widgets import BoxCoder, SelectiveSearch
from solutions.boxes import box_iou, decode_boxes, encode_boxes
from solutions.region_proposals import proposal_recall
from tests.browser.lab import Lab
from tests.browser.test_box_widgets import press
from tests.browser.test_localization_widgets import radio
from tests.browser.test_transposed_convolution import assert_fits, listen
from tests.browser.test_widgets import assert_keys_are_its_own, assert_readable, cell_of, show, write
from tests.course.widgets.golden_regions import grown

pytestmark = [pytest.mark.slow, pytest.mark.browser]

NEAR = torch.tensor([[32.0, 8.0, 96.0, 56.0]], dtype=torch.float64)
NEAR_TARGET = torch.tensor([[16.0, 32.0, 144.0, 80.0]], dtype=torch.float64)
SCALED = (10.0, 10.0, 5.0, 5.0)


def spelled(numbers: torch.Tensor, form: str) -> str:
    """Return the numbers of one row as the widget writes them."""
    return " ".join(format(number, form).replace("-", "−") for number in numbers[0].tolist())


def play_coder(page: Page, widget: Locator) -> None:
    """Predict a width wrongly, move a box by keyboard and by pointer, land by hand, and see a side cut off."""
    assert "0.69" not in widget.locator(".cw-body").inner_text()  # only among the logarithms that are given
    expect(widget.locator(".cw-numbers")).to_be_hidden()
    cell_of(widget, 0, 0).focus()
    page.keyboard.type("25 50 200")  # three digits are all that fit: the next cell comes by itself
    expect(cell_of(widget, 0, 3)).to_be_focused()
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    expect(widget.locator(".cw-score")).to_have_text("Score: 3 of 4 right")
    expect(cell_of(widget, 0, 2).locator(".cw-struck")).to_have_text("2.00")
    expect(widget).to_have_attribute("data-deltas", spelled(encode_boxes(NEAR_TARGET, NEAR), ".2f"))
    mover = widget.get_by_role("slider", name="Object", exact=True)
    expect(mover).to_be_focused()

    press(page, widget, "Weights 10, 10, 5, 5", "Space")
    expect(widget).to_have_attribute("data-deltas", spelled(encode_boxes(NEAR_TARGET, NEAR, SCALED), ".2f"))
    expect(widget).to_have_attribute("data-landed", "16 32 144 80")
    expect(cell_of(widget, 0, 2).locator(".cw-value")).to_have_text("0.69")  # what was asked stays as it was
    press(page, widget, "Weights 10, 10, 5, 5", "Space")

    radio(widget, "The numbers are", "hand").focus()
    page.keyboard.press("Space")
    expect(widget).to_have_attribute("data-landed", spelled(NEAR, ".0f"))
    for name, steps in (("across", 5), ("down", 10), ("width", 14)):
        widget.get_by_role("slider", name=f"Number for {name}").focus()
        for _ in range(steps):
            page.keyboard.press("ArrowRight")
    expect(widget).to_have_attribute("data-deltas", "0.25 0.50 0.70 0.00")
    landed = decode_boxes(torch.tensor([[0.25, 0.5, 0.7, 0.0]], dtype=torch.float64), NEAR)
    expect(widget).to_have_attribute("data-iou", f"{box_iou(landed, NEAR_TARGET).item():.2f}")
    expect(widget).to_have_attribute("data-done", "land")

    mover.scroll_into_view_if_needed()
    handle = mover.locator(".cw-tag").bounding_box()
    assert handle is not None
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(handle["x"] - 400, handle["y"] - 400, steps=3)
    page.mouse.up()
    moved = torch.tensor([[0.0, 0.0, 128.0, 48.0]], dtype=torch.float64)
    expect(widget).to_have_attribute("data-deltas", spelled(encode_boxes(moved, NEAR), ".2f").replace("−0.00", "0.00"))
    press(page, widget, "Back to the first boxes")
    expect(widget).to_have_attribute("data-landed", "16 32 144 80")

    radio(widget, "Boxes", "tiny").focus()
    page.keyboard.press("Space")
    expect(widget).to_have_attribute("data-revealed", "false")
    radio(widget, "After decoding, the box is", "same").focus()
    page.keyboard.press("Space")
    press(page, widget, "Compute")
    expect(widget.locator(".cw-say")).to_contain_text("the width becomes 250 pixels, and the object's is 256")
    expect(widget).to_have_attribute("data-landed", "35 48 285 144")
    expect(widget.locator(".cw-score")).to_have_text("Score: 3 of 5 right, 1 of 3 made")
    widget.get_by_role("slider", name="Corner of the proposal").focus()
    page.keyboard.press("Shift+ArrowRight")  # 6 wide: 256 / 6 is less than 62.5
    expect(widget.locator(".cw-say")).to_contain_text("they give the object's box again")


def choose(page: Page, widget: Locator, region: int) -> None:
    """Press a region's button by keyboard."""
    widget.get_by_role("button", name=f"Region {region}", exact=True).focus()
    page.keyboard.press("Enter")


def play_search(page: Page, widget: Locator) -> None:
    """Predict one merge wrongly and one rightly, choose on the picture, go to the end, and take a term away."""
    _, animals, _, hierarchy = grown()
    pieces = len(hierarchy.regions) - len(hierarchy.merges)
    first, second, third = hierarchy.merges[:3]
    assert third.second < pieces  # it could merge at once, and does not
    expect(widget.locator(".cw-terms").first).to_be_hidden()
    choose(page, widget, third.first)
    last = widget.get_by_role("button", name=f"Region {pieces - 1}", exact=True)
    expect(last).to_have_attribute("aria-disabled", "true")  # the sky does not reach down there
    for _ in range(third.second - third.first):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(widget).to_have_attribute("data-picked", f"{third.first} {third.second}")
    press(page, widget, "Merge")
    said = widget.locator(".cw-say")
    expect(said).to_contain_text(f"Not these. {first.first} and {first.second} are the most alike")
    terms = [f"{term:.2f}" for term in (first.colour, first.texture, first.size, first.fill, first.similarity)]
    expect(widget.locator(".cw-terms td:nth-child(2)")).to_have_text([*terms])
    choose(page, widget, second.second)
    choose(page, widget, second.first)
    press(page, widget, "Merge")
    expect(said).to_contain_text(f"Right. {second.first} and {second.second} are the most alike")
    expect(widget.locator(".cw-score")).to_have_text("Score: 1 of 2 right")

    number = widget.locator(".cw-number", has_text="13")
    number.scroll_into_view_if_needed()
    place = number.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(widget).to_have_attribute("data-picked", "13")
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(widget).to_have_attribute("data-picked", "")

    recall = f"{round(proposal_recall(hierarchy.boxes()[: pieces + 2], animals) * len(animals))} of {len(animals)}"
    expect(widget).to_have_attribute("data-recall", recall)
    press(page, widget, "Go to the end")
    best = box_iou(animals, hierarchy.boxes()).amax(dim=1)
    expect(widget).to_have_attribute("data-best", " ".join(f"{iou:.2f}" for iou in best.tolist()))
    assert proposal_recall(hierarchy.boxes(), animals) == 1
    expect(widget).to_have_attribute("data-recall", f"{len(animals)} of {len(animals)}")
    expect(widget.get_by_role("button", name="Start over")).to_be_focused()
    press(page, widget, "colour", "Space")
    expect(widget).to_have_attribute("data-merges", "0")
    for _ in range(2):  # nothing is predicted: asks first
        press(page, widget, "Merge")
    expect(widget.locator(".cw-off")).to_contain_text("colour, not counted")


@pytest.mark.parametrize(("theme", "width"), [("light", 900), ("dark", 700), ("light", 400)])
def test_on_a_page_without_a_kernel(browser: Browser, theme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        viewport={"width": width + 24, "height": 900},
    )
    for made, play in ((BoxCoder(), play_coder), (SelectiveSearch(), play_search)):
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
        nbformat.v4.new_code_cell("from course.widgets import BoxCoder, SelectiveSearch", id="import"),
        nbformat.v4.new_code_cell("search = SelectiveSearch()\nsearch", id="search"),
        nbformat.v4.new_code_cell("coder = BoxCoder()\ncoder", id="coder"),
        nbformat.v4.new_code_cell("print('the end')", id="end"),
    ]
    page = lab.open(write(tmp_path / "regions.ipynb", cells), theme="dark")
    lab.run_all()
    for name, number, play in (("search", 1, play_search), ("coder", 2, play_coder)):
        widget = lab.cell(number).locator(".course-widget")
        play(page, widget)
        assert_keys_are_its_own(widget)
        assert_readable(widget)
        lab.screenshot(f"regions-{name}-dark-lab", widget)
        widget.locator("[tabindex='0']").first.focus()
        selected, count = lab.selected_cells(), lab.cells.count()
        for key in ("ArrowDown", "d", "d", "ArrowUp"):
            page.keyboard.press(key)
        assert (lab.cells.count(), lab.selected_cells()) == (count, selected)

    lab.write(3, "print(search.terms, coder.preset, coder.proposal, coder.scaled)")
    assert "['texture', 'size', 'fill'] tiny [158.0, 94.0, 164.0, 98.0] False" in lab.run_cell(3)
    lab.write(3, "search.terms = ['fill', 'size']; coder.preset = 'large'")
    lab.run_cell(3)
    expect(lab.cell(1).locator(".course-widget").get_by_role("switch", name="texture")).not_to_be_checked()
    expect(lab.cell(2).locator(".course-widget")).to_have_attribute("data-preset", "large")
    lab.assert_quiet()
