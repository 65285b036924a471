"""Chapter 10's widget in a real browser, by keyboard and by pointer: what it shows is what the reference says."""

from pathlib import Path

import nbformat
import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from course.widgets import YoloGrid
from solutions.boxes import box_iou
from solutions.yolo import encode_targets, yolo_loss
from tests.browser.lab import Lab
from tests.browser.test_box_widgets import press
from tests.browser.test_localization_widgets import radio
from tests.browser.test_transposed_convolution import assert_fits, listen
from tests.browser.test_widgets import assert_keys_are_its_own, assert_readable, cell_of, show, write

pytestmark = [pytest.mark.slow, pytest.mark.browser]

COW, DOG = [81.0, 28.0, 135.0, 68.0], [106.0, 40.0, 142.0, 76.0]
ONE, TWO = [76.0, 28.0, 112.0, 80.0], [96.0, 16.0, 150.0, 44.0]
SIZE, CLASSES = (128, 192), 3


def assert_targets(widget: Locator, boxes: list[list[float]], grid: int) -> None:
    """Fail unless the cells and the numbers are the reference's for the cow and, perhaps, the dog."""
    labels = torch.arange(len(boxes)) + 1
    target = encode_targets(torch.tensor(boxes, dtype=torch.float64), labels, grid, CLASSES, SIZE)
    cells = [(target[..., 4 + label] == 1).nonzero().tolist() for label in labels.tolist()]
    expect(widget).to_have_attribute("data-grid", str(grid))
    shown = ", ".join(" ".join(map(str, cell[0])) if cell else "none" for cell in cells)
    expect(widget).to_have_attribute("data-cells", shown)
    row, column = cells[0][0]
    numbers = [f"{number:.2f}" for number in target[row, column, :4].tolist()]
    texts = widget.locator("tr.cw-cow td")
    expect(texts).to_have_text([*numbers, "1", "1", "0", "0"])


def assert_loss(
    widget: Locator,
    cow: list[float],
    said: list[list[float]],
    *,
    confidences: tuple[float, float] = (0.9, 0.3),
    elsewhere: float = 0.1,
    weights: tuple[float, float] = (5.0, 0.5),
) -> None:
    """Fail unless who answers and every share is the reference's, for 4 × 4 cells."""
    target = encode_targets(torch.tensor([cow], dtype=torch.float64), torch.tensor([1]), 4, CLASSES, SIZE)
    [[row, column]] = (target[..., 4] == 1).nonzero().tolist()
    boxes = torch.tensor(said, dtype=torch.float64)
    sides, centres = boxes[:, 2:] - boxes[:, :2], (boxes[:, :2] + boxes[:, 2:]) / 2
    size = torch.tensor([192.0, 128.0], dtype=torch.float64)
    places = centres * 4 / size - torch.tensor([column, row])
    output = torch.zeros(4, 4, 13, dtype=torch.float64)
    output[..., [4, 9]] = elsewhere
    sure = torch.tensor(confidences, dtype=torch.float64)[:, None]
    output[row, column, :10] = torch.cat([places, (sides / size).sqrt(), sure], dim=1).flatten()
    output[row, column, 10:] = torch.tensor([0.7, 0.15, 0.15])
    parts = yolo_loss(output[None], target[None], *weights)
    answers = box_iou(torch.tensor([cow], dtype=torch.float64), boxes)[0].argmax().item()
    expect(widget).to_have_attribute("data-answers", str(answers))
    centre, extent, *others = (float(part) for part in (widget.get_attribute("data-cost") or "").split())
    assert centre + extent == pytest.approx(parts["box"].item(), abs=2e-6)
    names = ("object", "no_object", "classes", "total")
    assert others == pytest.approx([parts[name].item() for name in names], abs=2e-6)
    expect(widget.locator(".cw-total .cw-cost")).to_have_text(f"{parts['total'].item():.2f}")


def predict(page: Page, widget: Locator) -> None:
    """Predict the cell and the count, one of them wrongly, and that a cell has room for two."""
    assert "row 1, column 2" not in widget.inner_text()
    expect(widget.locator(".cw-answering")).to_have_count(0)
    press(page, widget, "Show the cell")  # nothing is predicted: asks first
    expect(widget.locator(".cw-say")).to_contain_text("Predict first")
    cell_of(widget, 0, 0).focus()
    page.keyboard.type("1")
    expect(cell_of(widget, 0, 1)).to_be_focused()
    page.keyboard.type("1208")
    page.keyboard.press("Enter")
    expect(widget.locator(".cw-score")).to_have_text("Score: 2 of 3 right")
    expect(widget.locator(".cw-say")).to_contain_text("Across 108 · 4 / 192 = 2.25: column 2")
    expect(widget.locator(".cw-answering")).to_have_count(1)
    assert "no cell" not in widget.evaluate("(node) => node.outerHTML")
    radio(widget, "In this cell's target stands", "both").focus()
    page.keyboard.press("Space")
    press(page, widget, "Answer")
    expect(widget.locator(".cw-score")).to_have_text("Score: 2 of 4 right")
    expect(widget.locator(".cw-say")).to_contain_text("Not quite. A cell has 2 boxes to say, but room for one object")
    assert_targets(widget, [COW, DOG], 4)
    expect(widget.locator(".cw-lost")).to_contain_text("in no target")


def drag(page: Page, widget: Locator, name: str, across: float, down: float) -> None:
    """Drag a thing by its letter, by so many pixels of the picture."""
    scene = widget.locator(".cw-scene")
    scene.scroll_into_view_if_needed()
    handle = widget.get_by_role("slider", name=name, exact=True).locator(".cw-tag").bounding_box()
    shown = scene.bounding_box()
    assert handle is not None
    assert shown is not None
    scale = shown["width"] / 492 * 2.25
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across * scale, y + down * scale, steps=3)
    page.mouse.up()


def explore(page: Page, widget: Locator) -> None:
    """Cross a line, part the animals by a finer grid, then let the other box answer and be sure by its IoU."""
    cow = widget.get_by_role("slider", name="The cow", exact=True)
    expect(cow).to_be_focused()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    assert_targets(widget, [[69, 28, 123, 68], DOG], 4)  # the centre at 96 is on the line: still column 2
    expect(widget).to_have_attribute("data-done", "line")
    page.keyboard.press("Shift+ArrowLeft")
    assert_targets(widget, [[68.75, 28, 122.75, 68], DOG], 4)
    expect(widget.locator(".cw-say")).to_contain_text("A line is crossed: now row 1, column 1 answers for the cow")
    press(page, widget, "Back to the first boxes")
    widget.get_by_role("slider", name="Cells to a side").focus()
    page.keyboard.press("ArrowRight")
    assert_targets(widget, [COW, DOG], 5)
    expect(widget).to_have_attribute("data-done", "line apart")
    page.keyboard.press("ArrowLeft")
    drag(page, widget, "The dog", -80, 30)
    dog = [float(side) for side in (widget.get_attribute("data-boxes") or "").split(", ")[1].split()]
    assert dog == pytest.approx([26, 70, 62, 106], abs=1)
    assert_targets(widget, [COW, dog], 4)

    radio(widget, "Show", "loss").focus()
    page.keyboard.press("Space")
    assert_loss(widget, COW, [ONE, TWO])
    widget.get_by_role("slider", name="Corner of box 2").focus()
    for _ in range(24):
        page.keyboard.press("ArrowDown")
    grown = [96.0, 16.0, 150.0, 68.0]
    assert_loss(widget, COW, [ONE, grown])
    expect(widget).to_have_attribute("data-done", "line apart other")
    widget.get_by_role("slider", name="How sure box 2 is").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert_loss(widget, COW, [ONE, grown], confidences=(0.9, 0.45))
    press(page, widget, "λ = 5 for centre and size, 0.5 for no object", "Space")
    assert_loss(widget, COW, [ONE, grown], confidences=(0.9, 0.45), weights=(1, 1))
    expect(widget.locator(".cw-say")).to_contain_text("All shares count alike")


@pytest.mark.parametrize(("theme", "width"), [("light", 900), ("dark", 600), ("light", 366)])
def test_on_a_page_without_a_kernel(browser: Browser, theme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        viewport={"width": width + 24, "height": 900},
    )
    page = context.new_page()
    errors = listen(page)
    show(page, YoloGrid().static_view("a"), width)
    widget = page.locator(".course-widget")
    assert_fits(widget)
    predict(page, widget)
    assert_fits(widget)
    assert_readable(widget)
    explore(page, widget)
    assert_readable(widget)
    assert_fits(widget)
    page.evaluate("window.leave()")
    assert page.locator("#widget > *").count() == 0
    assert errors == []
    context.close()


def test_in_a_notebook_the_kernel_follows_and_no_cell_is_deleted(lab: Lab, tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_code_cell("from course.widgets import YoloGrid", id="import"),
        nbformat.v4.new_code_cell("widget = YoloGrid()\nwidget", id="widget"),
        nbformat.v4.new_code_cell("print('the end')", id="end"),
    ]
    page = lab.open(write(tmp_path / "yolo_grid.ipynb", cells), theme="dark", width=1280)
    lab.run_all()
    widget = lab.cell(1).locator(".course-widget")
    predict(page, widget)
    assert_keys_are_its_own(widget)
    assert_readable(widget)
    selected, count = lab.selected_cells(), lab.cells.count()
    for key in ("ArrowDown", "d", "d", "ArrowDown"):
        page.keyboard.press(key)
    assert (lab.cells.count(), lab.selected_cells()) == (count, selected)

    lab.write(2, "print(widget.box, widget.grid, widget.view, widget.confidences, widget.weighted)")
    assert "[81.0, 30.0, 135.0, 70.0] 4 targets [0.9, 0.3] True" in lab.run_cell(2)
    lab.write(2, "widget.view = 'loss'; widget.one = [81, 28, 135, 68.25]; widget.elsewhere = 0.2")
    lab.run_cell(2)
    assert_loss(widget, [81, 30, 135, 70], [[81, 28, 135, 68.25], TWO], elsewhere=0.2)
    lab.screenshot("yolo-grid-dark-lab", widget)
    lab.assert_quiet()
