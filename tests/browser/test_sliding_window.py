"""The SlidingWindow widget in a real JupyterLab and without a kernel: predicted, run and compared by keyboard."""

import re
from pathlib import Path

import nbformat
import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Browser, Locator, Page, expect
from torch import Tensor

from course.widgets import SlidingWindow
from tests.browser.lab import Lab
from tests.browser.test_widgets import assert_keys_are_its_own, assert_readable, cell_of, show, write

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook that shows the widget with two layers, between two other cells."""
    cells = [
        nbformat.v4.new_code_cell("from course.widgets import SlidingWindow", id="import"),
        nbformat.v4.new_code_cell("widget = SlidingWindow(layers=2)\nwidget", id="widget"),
        nbformat.v4.new_code_cell("print('the end')", id="end"),
    ]
    return write(tmp_path / "sliding.ipynb", cells)


def plane(part: Locator) -> Tensor:
    """Return the numbers that a grid shows, (H, W)."""
    rows = part.locator('[role="row"]').all()
    texts = [row.locator(".cw-value").all_text_contents() for row in rows]
    return torch.tensor([[float(text.replace("−", "-")) for text in row] for row in texts])


def expected_scores(root: Locator) -> Tensor:
    """Return what torch makes of the image and the weights that the widget shows, (H, W)."""
    x = plane(root.locator('[data-part="image"]'))[None, None]
    names = [picture.get_attribute("aria-label") or "" for picture in root.locator(".cw-weights svg").all()]
    weights = [
        torch.tensor([float(word.replace("−", "-")) for word in re.findall(r"[−\d]+", name.split(":")[1])])
        for name in names
    ]
    *hidden, last = [weight.view(1, 1, 3, 3) for weight in weights]
    for weight in hidden:
        x = F.conv2d(x, weight).relu()
    return F.conv2d(x, last)[0, 0]


def field(root: Locator, question: str) -> Locator:
    """Return the field of a prediction."""
    return root.locator(f'[data-question="{question}"] input')


def press_until_the_end(page: Page, root: Locator) -> None:
    """Step with the right arrow, as far as there are steps."""
    for _ in range(int(root.get_attribute("data-steps") or 0)):
        page.keyboard.press("ArrowRight")
    expect(root).to_have_attribute("data-taken", root.get_attribute("data-steps") or "")


def assert_nothing_tells_how_many(root: Locator) -> None:
    """Fail where the number of windows, which is asked for, can be read off the scores' grid."""
    expect(root.locator('[data-part="scores"] [role="gridcell"]').first).to_be_hidden()
    expect(root.locator('[data-part="scores"]')).to_contain_text("How many are there?")


def play_by_keyboard(page: Page, root: Locator) -> None:
    """Predict four numbers, the first one wrong; run both modes to their end; compare a score. No pointer."""
    scores = root.locator('[data-part="scores"]')
    assert_nothing_tells_how_many(root)
    field(root, "windows").focus()
    for guess in ("15", "6", "720"):
        page.keyboard.type(guess)
        page.keyboard.press("Enter")
    expect(root.get_by_role("button", name="Play")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(root).to_have_attribute("data-multiplications", "90")
    expect(field(root, "windows")).to_have_attribute("readonly", "")  # a prediction comes before the run
    page.keyboard.press("ArrowLeft")
    expect(root).to_have_attribute("data-multiplications", "0")
    press_until_the_end(page, root)

    wrong, right = (root.locator(f'[data-question="{name}"]') for name in ("windows", "patches"))
    struck = wrong.locator("s")
    expect(struck).to_have_text("15")
    assert "line-through" in struck.evaluate("(node) => getComputedStyle(node).textDecorationLine")
    expect(wrong).to_contain_text("8 = 2 × 4")
    expect(scores).to_be_visible()
    expect(right.locator(".cw-verdict")).to_have_text("✓ 720")
    expect(root.locator(".cw-score")).to_have_text("Predicted: 2 of 3 right")
    assert torch.equal(plane(scores), expected_scores(root))
    image_reads = root.locator('[data-part="image"] .cw-note').all_text_contents()
    assert sum(map(int, image_reads)) == 8 * 81

    page.get_by_role("radio", name="Patch by patch").focus()
    page.keyboard.press("ArrowRight")
    expect(root).to_have_attribute("data-mode", "shared")
    expect(scores.locator(".cw-value").first).to_have_text("")
    field(root, "shared").focus()
    page.keyboard.type("288")
    page.keyboard.press("Enter")
    press_until_the_end(page, root)
    assert torch.equal(plane(scores), expected_scores(root))
    assert set(root.locator('[data-part="features"] .cw-note').all_text_contents()) == {"1"}
    expect(root.locator(".cw-ratio")).to_have_text("Patch by patch multiplies 720 ÷ 288 = 2.5 times as often.")
    expect(root.locator(".cw-score")).to_have_text("Predicted: 3 of 4 right")
    expect(root.locator(".cw-say")).to_contain_text("Same scores, and each feature computed only once.")

    cell_of(scores, 0, 0).focus()
    page.keyboard.press("ArrowRight")
    expect(cell_of(scores, 0, 1)).to_be_focused()
    value = cell_of(scores, 0, 1).locator(".cw-value").text_content()
    expect(root.locator(".cw-say")).to_have_text(
        re.compile(rf"^Window \(0, 1\): .* = {value} \(81 \+ 9 products\)\.\s+Shared: .* = {value} \(9 products", re.S)
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_predicted_run_and_compared_by_keyboard_in_a_notebook(lab: Lab, notebook: Path, theme: str) -> None:
    page = lab.open(notebook, theme=theme)  # type: ignore[arg-type]
    lab.run_all()
    root = lab.cell(1).locator(".course-widget")
    expect(root).to_be_visible()
    count = lab.cells.count()
    play_by_keyboard(page, root)
    assert_keys_are_its_own(root)
    assert_readable(root)
    lab.screenshot(f"sliding-window-{theme}-lab", root)
    selected = lab.selected_cells()
    for part in ("image", "features", "scores"):
        cell_of(root.locator(f'[data-part="{part}"]'), 0, 0).focus()
        for key in ("ArrowDown", "ArrowDown", "ArrowRight", "End", "ArrowUp", "d", "d"):
            page.keyboard.press(key)
        assert root.evaluate("(node) => node.contains(document.activeElement)")
    root.get_by_role("button", name="Step").focus()
    for key in ("ArrowDown", "ArrowDown", "End", "ArrowRight", "d", "d"):
        page.keyboard.press(key)
    expect(root.get_by_role("button", name="Step")).to_be_focused()
    assert (lab.cells.count(), lab.selected_cells()) == (count, selected)
    lab.assert_quiet()


def test_settings_and_the_python_side_agree(lab: Lab, notebook: Path) -> None:
    lab.open(notebook)
    lab.run_all()
    root = lab.cell(1).locator(".course-widget")
    root.get_by_role("button", name="New numbers").click()
    root.get_by_label("one layer").check(force=True)
    root.get_by_label("7 × 9").check(force=True)
    lab.write(2, "print(widget.seed, widget.layers, widget.size)")
    assert "2 1 large" in lab.run_cell(2)
    lab.write(2, "widget.stride = 2; widget.layers = 2")
    lab.run_cell(2)
    expect(root).to_have_attribute("data-layers", "2")
    expect(root.get_by_role("radio", name="2", exact=True)).to_be_checked()
    lab.assert_quiet()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 700, 900])
def test_a_page_without_a_kernel(browser: Browser, theme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        viewport={"width": width + 24, "height": 900},
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    show(page, SlidingWindow(layers=2).static_view("a"), width)
    root = page.locator(".course-widget")
    play_by_keyboard(page, root)
    for mode in ("Patch by patch", "Shared pass"):
        root.get_by_label(mode, exact=True).check(force=True)
        assert_readable(root)
    assert root.evaluate("(node) => node.scrollWidth - node.clientWidth") <= 0
    if width >= 700:
        tops = {panel.bounding_box()["y"] for panel in root.locator(".cw-panel").all()}  # type: ignore[index]
        assert len(tops) == 1, "the three grids stand side by side"
    assert errors == []
    context.close()


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_both_modes_end_with_the_same_scores_and_nothing_moves(
    browser: Browser, layers: int, size: str, stride: int
) -> None:
    page = browser.new_page(viewport={"width": 724, "height": 900})
    show(page, SlidingWindow(layers=layers, size=size, stride=stride).static_view("a"), 700)
    root = page.locator(".course-widget")
    height = root.bounding_box()["height"]  # type: ignore[index]
    found = []
    for mode in ("Patch by patch", "Shared pass"):
        root.get_by_label(mode, exact=True).check(force=True)
        finish = root.get_by_role("button", name="Run to the end")
        finish.click()  # nothing predicted: asks first
        finish.click()
        found.append(plane(root.locator('[data-part="scores"]')))
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], expected_scores(root)[::stride, ::stride])  # a stride skips windows, no more
    assert root.bounding_box()["height"] == height, "the widget keeps its height"  # type: ignore[index]
    page.close()


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("size", ["small", "large"])
def test_all_of_it_fits_a_laptop_s_screen(lab: Lab, tmp_path: Path, layers: int, size: str) -> None:
    cells = [
        nbformat.v4.new_code_cell("from course.widgets import SlidingWindow", id="import"),
        nbformat.v4.new_code_cell(f"SlidingWindow(layers={layers}, size={size!r})", id="widget"),
    ]
    page = lab.open(write(tmp_path / f"laptop_{layers}_{size}.ipynb", cells), width=1280, height=720)
    page.keyboard.press("ControlOrMeta+b")  # folds the file browser away
    lab.run_all()
    root = lab.cell(1).locator(".course-widget")
    screen = page.locator(".jp-WindowedPanel-outer").first.bounding_box()
    root.get_by_role("button", name="Run to the end").click()
    root.get_by_role("button", name="Run to the end").click()
    box = root.bounding_box()
    assert box is not None
    assert screen is not None
    assert box["height"] <= screen["height"], f"{box['height']} px high, the notebook's part of the screen {screen}"
    root.evaluate("(node) => node.scrollIntoView({ block: 'end' })")
    for part in (root.locator(".cw-title"), root.get_by_role("button", name="Play")):
        expect(part).to_be_in_viewport(ratio=1)
    lab.screenshot(f"sliding-window-laptop-{layers}-{size}")


def test_play_runs_by_itself_and_pauses(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 724, "height": 900})
    show(page, SlidingWindow().static_view("a"), 700)
    root = page.locator(".course-widget")
    field(root, "windows").fill("24")
    root.get_by_role("button", name="Play").click()
    expect(root).to_have_attribute("data-taken", re.compile(r"^([2-9]|1\d)$"))  # a poll may miss any one step
    root.get_by_role("button", name="Pause").click()
    expect(root.get_by_role("button", name="Play")).to_be_visible()
    taken = root.get_attribute("data-taken")
    page.wait_for_timeout(700)
    assert root.get_attribute("data-taken") == taken
    root.get_by_role("button", name="Play").click()
    expect(root).to_have_attribute("data-taken", "24", timeout=15_000)
    expect(root.get_by_role("button", name="Play")).to_be_visible()
    expect(root.locator(".cw-say")).to_have_attribute("aria-live", "polite")
    page.evaluate("window.leave()")
    assert page.locator("#widget > *").count() == 0
    page.close()


def test_a_move_repaints_within_a_frame(browser: Browser) -> None:
    page = browser.new_page()
    show(page, SlidingWindow(layers=2, size="large").static_view("a"), 900)
    times = page.evaluate(
        """() => [...document.querySelectorAll('[data-part="image"] [role="gridcell"]')].map((cell) => {
          const start = performance.now();
          cell.dispatchEvent(new PointerEvent("pointerenter"));
          document.body.getBoundingClientRect();
          const time = performance.now() - start;
          cell.dispatchEvent(new PointerEvent("pointerleave"));
          return time;
        })"""
    )
    assert sorted(times)[len(times) // 2] < 16, times
    page.close()
