"""The TransposedConvolution widget in a real browser: played by keyboard alone, and held to torch cell by cell."""

import re
from itertools import chain
from pathlib import Path

import nbformat
import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Browser, Locator, Page, expect

from course.widgets import TransposedConvolution
from tests.browser.lab import Lab
from tests.browser.test_widgets import assert_keys_are_its_own, assert_readable, cell_of, show, walk, write

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PRIMARY = ".cw-step"


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook that shows the widget when it is run."""
    cells = [
        nbformat.v4.new_markdown_cell("# Stamps", id="title"),
        nbformat.v4.new_code_cell("from course.widgets import TransposedConvolution", id="import"),
        nbformat.v4.new_code_cell("widget = TransposedConvolution()\nwidget", id="widget"),
        nbformat.v4.new_code_cell("print('the end')", id="end"),
    ]
    return write(tmp_path / "stamps.ipynb", cells)


def part(widget: Locator, name: str) -> Locator:
    """Return the input, the filter, the question or the output."""
    return widget.locator(f'[data-part="{name}"]')


def plane(grid: Locator) -> torch.Tensor:
    """Return the numbers of a grid as they stand in the page, as (1, 1, H, W)."""
    rows = grid.locator('[role="row"]').all()
    return torch.tensor([[[[float(text) for text in row.locator(".cw-value").all_text_contents()] for row in rows]]])


def kept(widget: Locator) -> torch.Tensor:
    """Return the output without what padding crops."""
    rows = part(widget, "output").locator('[role="row"]').all()
    lines = [row.locator(".cw-cell:not(.cw-cropped) .cw-value").all_text_contents() for row in rows]
    return torch.tensor([[[[float(text) for text in line] for line in lines if line]]])


def dial(widget: Locator, label: str) -> Locator:
    """Return the radio button that is chosen in a row of settings."""
    return widget.get_by_role("group", name=label, exact=True).locator("input:checked")


def choose(page: Page, widget: Locator, label: str, value: int) -> None:
    """Go to a row of settings and to `value` in it, by arrow keys."""
    for _ in range(3):
        here = dial(widget, label)
        here.focus()
        now = int(here.input_value())
        if now == value:
            break
        page.keyboard.press("ArrowRight" if now < value else "ArrowLeft")
    expect(dial(widget, label)).to_have_value(str(value))


def predict_size(page: Page, widget: Locator, rows: int, columns: int) -> None:
    """Type the output's size and press Enter; the focus goes on to the output."""
    cell_of(part(widget, "question"), 0, 0).focus()
    page.keyboard.type(str(rows))  # one digit, from 2 on, is the whole number: the columns follow
    if rows == 1:
        page.keyboard.press("Space")
    expect(cell_of(part(widget, "question"), 0, 1)).to_be_focused()
    page.keyboard.type(str(columns))
    page.keyboard.press("Enter")
    expect(part(widget, "output").locator(":focus")).to_have_count(1)


def play(page: Page, widget: Locator) -> None:
    """Predict the size, one side wrong, and two cells, one wrong; lay all four stamps; read a sum: no pointer."""
    predict_size(page, widget, 6, 5)
    answers = widget.locator(".cw-sizes td")
    expect(answers.nth(0)).to_have_text("56 ✗")
    struck = answers.nth(0).locator("s")
    assert "line-through" in struck.evaluate("(node) => getComputedStyle(node).textDecorationLine")
    expect(answers.nth(1)).to_have_text("5 ✓")
    expect(widget.locator(".cw-say")).to_contain_text("Your 6 sets the stamps side by side")

    output = part(widget, "output")
    walk(page, output, 0, 2)
    page.keyboard.type("8")
    page.keyboard.press("Space")
    expect(cell_of(output, 0, 3)).to_be_focused()
    walk(page, output, 2, 2)
    page.keyboard.type("1")
    page.keyboard.press("Backspace")
    page.keyboard.type("12")  # two digits are as many as there can be: the next cell follows
    expect(cell_of(output, 2, 3)).to_be_focused()
    expect(widget.locator(PRIMARY)).to_have_text("Lay stamp 1 of 4")
    page.keyboard.press("Enter")
    expect(part(widget, "filter").locator(".cw-note").first).to_have_text("·1=3")
    page.keyboard.press("Enter")
    overlap = cell_of(output, 0, 2)
    expect(overlap.locator(".cw-value")).to_have_text("2+6")
    expect(overlap.locator(".cw-note")).to_have_text("?8")
    expect(widget.locator(PRIMARY)).to_have_text("Add up")
    page.keyboard.press("Enter")
    expect(overlap.locator(".cw-value")).to_have_text("8")
    expect(widget.locator(".cw-say")).to_have_text("Added up: 2+6 = 8, 1+0 = 1, 0+2 = 2.")
    for _ in range(4):
        page.keyboard.press("Enter")
    expect(widget).to_have_attribute("data-stage", "done")
    page.keyboard.press("Enter")  # once more changes nothing
    expect(widget).to_have_attribute("data-stage", "done")

    expect(overlap.locator(".cw-mark")).to_have_text("✓")
    wrong = cell_of(output, 2, 2)
    expect(wrong.locator(".cw-value")).to_have_text("20")
    expect(wrong.locator(".cw-struck")).to_have_text("12")
    assert "line-through" in wrong.locator(".cw-struck").evaluate("(node) => getComputedStyle(node).textDecorationLine")
    expect(wrong).to_have_attribute("aria-label", "out[2,2]: 20, 4 stamps, wrongly predicted 12")
    expect(widget.locator(".cw-score")).to_have_text("Score: 2 of 4 right")

    walk(page, output, 1, 2)
    walk(page, output, 2, 2)
    say = widget.locator(".cw-say")
    expect(say).to_contain_text("out[2,2] = 1·0 + 2·1 + 3·2 + 4·3 = 20. Your 12 is the last stamp alone")
    expect(part(widget, "input").locator(".cw-lit")).to_have_count(4)
    corners = part(widget, "filter").locator(".cw-lit")
    assert [corners.nth(at).locator(".cw-mark").text_content() for at in range(4)] == ["d", "c", "b", "a"]


def answer_the_map(widget: Locator, *, even: bool) -> None:
    """Say whether the overlaps are even, rightly, and see the map."""
    widget.get_by_role("group", name="Overlaps").get_by_label("Even" if even else "Uneven", exact=True).check(
        force=True
    )
    expect(widget.locator(".cw-judged")).to_have_text("✓ As you said.")


def finish(page: Page, widget: Locator) -> None:
    """Lay every stamp, one by one, from wherever the game is."""
    widget.locator(PRIMARY).focus()
    for _ in range(20):
        if widget.get_attribute("data-stage") == "done":
            return
        page.keyboard.press("Enter")
    raise AssertionError("the game did not end")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_stamp_by_stamp_by_keyboard_in_a_notebook(lab: Lab, notebook: Path, theme: str) -> None:
    page = lab.open(notebook, theme=theme, width=1280)  # type: ignore[arg-type]
    lab.run_all()
    widget = lab.cell(2).locator(".course-widget")
    expect(widget).to_be_visible()
    cell_of(part(widget, "question"), 0, 0).click()
    selected, count = lab.selected_cells(), lab.cells.count()

    play(page, widget)
    lab.screenshot(f"transposed-convolution-{theme}-lab", widget)
    assert_readable(widget)
    cell_of(part(widget, "output"), 0, 2).hover()
    expect(widget.locator(".cw-say")).to_have_text("out[0,2] = 1·2 + 2·3 = 8.")

    choose(page, widget, "kernel", 4)
    choose(page, widget, "padding", 1)
    choose(page, widget, "input", 3)
    predict_size(page, widget, 4, 6)
    expect(widget.locator(".cw-sizes .cw-good")).to_have_count(2)
    finish(page, widget)
    expect(part(widget, "output").locator(".cw-cropped")).to_have_count(6 * 8 - 4 * 6)
    expected = F.conv_transpose2d(plane(part(widget, "input")), plane(part(widget, "filter")), stride=2, padding=1)
    assert torch.equal(kept(widget), expected)
    cell_of(part(widget, "output"), 0, 3).hover()
    expect(widget.locator(".cw-say")).to_contain_text("thrown away: padding 1 crops it")
    lab.screenshot(f"transposed-convolution-double-{theme}-lab", widget)
    assert_keys_are_its_own(widget)
    assert_readable(widget)

    cell_of(part(widget, "output"), 1, 1).focus()
    page.keyboard.type("ddaabx")
    for key in ("ArrowDown",) * 8 + ("ArrowUp", "Home", "End"):
        page.keyboard.press(key)
    dial(widget, "stride").focus()
    for key in ("ArrowDown", "d", "d"):
        page.keyboard.press(key)
    assert (lab.selected_cells(), lab.cells.count()) == (selected, count)
    lab.assert_quiet()


def test_the_python_side_and_the_view_agree_on_the_settings(lab: Lab, notebook: Path) -> None:
    lab.open(notebook)
    lab.run_all()
    widget = lab.cell(2).locator(".course-widget")
    widget.get_by_label("cropped").check(force=True)
    widget.get_by_role("button", name="New numbers").click()
    lab.write(3, "widget")
    lab.write(3, "print(widget)")
    shown = (
        "TransposedConvolution(columns=2, kernel_size=4, output_padding=0, padding=1, seed=1, stride=2, way='stamps')"
    )
    assert shown in lab.run_cell(3)
    lab.write(3, "widget.stride, widget.output_padding = 3, 2")
    lab.run_cell(3)
    expect(dial(widget, "output_padding")).to_have_value("2")
    expect(widget.locator(".cw-verdict")).to_have_text("")
    widget.get_by_label("Even", exact=True).check(force=True)
    expect(widget.locator(".cw-judged")).to_have_text("✗ Not as you said.")
    expect(widget.locator(".cw-verdict")).to_contain_text("Kernel 4 is not divisible by stride 3")
    lab.assert_quiet()


def listen(page: Page) -> list[str]:
    """Return a list that fills with the page's errors."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return errors


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 700])
def test_a_page_without_a_kernel(browser: Browser, theme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        viewport={"width": width + 24, "height": 900},
    )
    page = context.new_page()
    errors = listen(page)
    show(page, TransposedConvolution().static_view("a"), width)
    widget = page.locator(".course-widget")
    assert_readable(widget)
    play(page, widget)
    assert_readable(widget)
    show(page, TransposedConvolution(columns=3, stride=3, kernel_size=4, output_padding=2).static_view("a"), width)
    predict_size(page, widget, 9, 12)
    for _ in range(4):
        assert_readable(widget)
        assert_fits(widget)
        page.keyboard.press("Enter")
    show(page, TransposedConvolution(stride=1).static_view("a"), width)
    predict_size(page, widget, 5, 5)  # both sides wrong in the same way stand in one, longer line
    assert_fits(widget)
    assert errors == []
    context.close()


def assert_fits(widget: Locator) -> None:
    """Fail where something is wider than the widget."""
    overflow = widget.evaluate("(node) => node.scrollWidth - node.clientWidth")
    assert overflow <= 0, f"{overflow} px too wide"


@pytest.mark.parametrize(
    ("columns", "stride", "kernel", "padding", "extra"),
    [
        (2, 2, 2, 0, 0),
        (2, 2, 3, 1, 1),
        (2, 3, 2, 0, 2),
        (2, 3, 2, 2, 0),
        (3, 1, 4, 2, 0),
        (3, 2, 4, 1, 0),
        (3, 3, 4, 2, 1),
    ],
)
def test_what_is_shown_is_what_torch_computes(
    browser: Browser, columns: int, stride: int, kernel: int, padding: int, extra: int
) -> None:
    page = browser.new_page(viewport={"width": 724, "height": 900})
    errors = listen(page)
    for seed in (0, 5):
        made = TransposedConvolution(
            columns=columns, stride=stride, kernel_size=kernel, padding=padding, output_padding=extra, seed=seed
        )
        show(page, made.static_view("a"), 700)
        widget = page.locator(".course-widget")
        widget.get_by_role("switch").click()  # shows the size at once
        x, weight = plane(part(widget, "input")), plane(part(widget, "filter"))
        widget.get_by_role("button", name="Lay all").click()
        widget.get_by_role("button", name="Lay all").click()  # the first one asks for a prediction
        expected = F.conv_transpose2d(x, weight, None, stride, padding, extra)
        assert torch.equal(kept(widget), expected)
        if seed == 0:
            expect(widget.locator(".cw-count")).to_have_count(0)  # the map asks before it answers
        answer_the_map(widget, even=kernel % stride == 0)
        counts = widget.locator(".cw-count text").all_text_contents()
        size = {1: 9, 2: 6, 3: 4}[stride]
        ones = torch.ones(1, 1, size, size), torch.ones(1, 1, kernel, kernel)
        stamps = F.conv_transpose2d(*ones, None, stride, padding, extra)
        assert [float(count) for count in counts] == list(chain(*stamps[0, 0].tolist()))
    assert errors == []
    page.close()


def test_steps_back_and_forth_and_without_the_question(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 724, "height": 900})
    show(page, TransposedConvolution().static_view("a"), 700)
    widget = page.locator(".course-widget")
    primary = widget.locator(PRIMARY)
    primary.click()
    expect(widget.locator(".cw-say")).to_contain_text("Predict first")
    primary.click()
    expect(widget).to_have_attribute("data-stage", "stamps")
    primary.click()
    primary.click()
    overlap = cell_of(part(widget, "output"), 0, 2).locator(".cw-value")
    expect(overlap).to_have_text("2+6")
    primary.click()
    expect(overlap).to_have_text("8")
    back = widget.get_by_role("button", name="Back")
    back.click()
    expect(overlap).to_have_text("2+6")
    back.click()
    expect(overlap).to_have_text("2")
    widget.get_by_role("switch").click()
    widget.get_by_label("stride 1").check(force=True)
    expect(widget).to_have_attribute("data-stage", "stamps")
    expect(part(widget, "output").locator('[role="gridcell"]')).to_have_count(16)
    expect(widget.locator(".cw-map-part")).to_have_attribute("data-even", "true")
    page.close()


def test_a_resting_pointer_does_not_hide_the_answer(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 724, "height": 900})
    show(page, TransposedConvolution().static_view("a"), 700)
    widget = page.locator(".course-widget")
    cell_of(part(widget, "question"), 0, 0).click()
    page.keyboard.type("55")
    page.keyboard.press("Enter")  # the output's first cell comes up under the pointer
    say = widget.locator(".cw-say")
    expect(say).to_contain_text("The output is 5 × 5. Right.")
    page.wait_for_timeout(300)  # a browser tells a page late what came up under the pointer
    expect(say).to_contain_text("The output is 5 × 5. Right.")
    box = cell_of(part(widget, "output"), 0, 0).bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    expect(say).to_contain_text("out[0,0]: no stamp lies here yet.")
    page.close()


def test_nothing_tells_the_size_before_it_is_asked(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 724, "height": 900})
    show(page, TransposedConvolution().static_view("a"), 700)
    text = page.locator(".course-widget").inner_text()
    assert "kernel" in text
    for formula in ("− 1)", "2 · padding", "(i −", "5 × 5", "checkerboard"):
        assert formula not in text
    page.close()


def gathered(widget: Locator) -> torch.Tensor:
    """Return the output of the picture with zeros."""
    return plane(part(widget, "output"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 700, 900])
def test_zeros_between_by_keyboard(browser: Browser, theme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        viewport={"width": width + 24, "height": 900},
    )
    page = context.new_page()
    errors = listen(page)
    show(page, TransposedConvolution(way="zeros").static_view("a"), width)
    widget = page.locator(".course-widget")
    predict_size(page, widget, 5, 5)
    output = part(widget, "output")
    page.keyboard.type("3 2 8 ")  # one of them wrong
    for _ in range(3):
        page.keyboard.press("Enter")
    expect(widget.locator(PRIMARY)).to_have_text("Gather output 4 of 25")
    expect(cell_of(output, 0, 0).locator(".cw-mark")).to_have_text("✓")
    expect(cell_of(output, 0, 1).locator(".cw-struck")).to_have_text("2")
    expect(widget.locator(".cw-say")).to_have_text(
        "out[0,2] = 1·2 + 2·3 = 8. Of its 9 cells the window meets 2 inputs; the rest are zeros."
    )
    lit = part(widget, "stretched").locator(".cw-lit")
    assert [lit.nth(at).locator(".cw-value").text_content() for at in range(2)] == ["1", "2"]
    assert_keys_are_its_own(widget)
    assert_readable(widget)
    assert_fits(widget)
    widget.get_by_role("button", name="Gather all").click()
    stretched, turned = plane(part(widget, "stretched")), plane(part(widget, "filter"))
    assert torch.equal(gathered(widget), F.conv2d(stretched, turned))
    x = plane(part(widget, "input"))
    assert torch.equal(gathered(widget), F.conv_transpose2d(x, turned.flip(2, 3), stride=2))
    expect(widget.locator(".cw-score")).to_have_text("Score: 4 of 5 right")
    cell_of(output, 2, 2).focus()
    expect(widget.locator(".cw-say")).to_contain_text("out[2,2] = 1·0 + 2·1 + 3·2 + 4·3 = 20.")
    assert_fits(widget)
    widget.get_by_label("Stamps").check(force=True)  # the size is known by now, and the numbers are the same
    expect(widget).to_have_attribute("data-stage", "stamps")
    widget.get_by_role("button", name="Lay all").click()
    assert torch.equal(kept(widget), F.conv_transpose2d(x, turned.flip(2, 3), stride=2))
    assert errors == []
    context.close()


@pytest.mark.parametrize(
    ("columns", "stride", "kernel", "padding", "extra"),
    [(2, 1, 3, 1, 0), (3, 3, 4, 0, 2), (2, 3, 2, 2, 0), (3, 2, 4, 1, 1)],
)
def test_what_the_window_gathers_is_what_torch_computes(
    browser: Browser, columns: int, stride: int, kernel: int, padding: int, extra: int
) -> None:
    page = browser.new_page(viewport={"width": 724, "height": 900})
    for seed in (0, 5):
        made = TransposedConvolution(
            way="zeros", columns=columns, stride=stride, kernel_size=kernel, padding=padding, output_padding=extra,
            seed=seed,
        )  # fmt: skip
        show(page, made.static_view("a"), 700)
        widget = page.locator(".course-widget")
        widget.get_by_role("switch").click()
        widget.get_by_role("button", name="Gather all").click()
        widget.get_by_role("button", name="Gather all").click()
        x, turned = plane(part(widget, "input")), plane(part(widget, "filter"))
        expected = F.conv_transpose2d(x, turned.flip(2, 3), None, stride, padding, extra)
        assert torch.equal(gathered(widget), expected)
        assert_fits(widget)
    page.close()


def test_settings_that_do_not_go_together_are_said(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 724, "height": 900})
    show(page, TransposedConvolution(kernel_size=2, stride=3, padding=2, output_padding=2).static_view("a"), 700)
    widget = page.locator(".course-widget")
    expect(dial(widget, "padding")).to_have_value("2")
    widget.get_by_role("group", name="stride", exact=True).locator('input[value="1"]').check(force=True)
    expect(widget.locator(".cw-say")).to_contain_text("padding is 1 now, output_padding is 0 now")
    expect(widget.get_by_role("group", name="output_padding").locator("input:disabled")).to_have_count(2)
    assert re.fullmatch(r"\d+", widget.get_attribute("data-seed") or "")
    page.close()
