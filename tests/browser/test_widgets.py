"""The widgets in a real JupyterLab, driven by keyboard, in both themes; and without any kernel."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from course.widgets import MaxUnpooling, Unpooling
from course.widgets._base import StaticView, saved_state
from tests.browser.lab import Lab
from tests.browser.static_page import static_page

pytestmark = [pytest.mark.slow, pytest.mark.browser]

# Each text's contrast as the page shows it: its colour over what is painted behind it.
CONTRASTS = """(root) => {
  const rgb = (color) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => [r, g, b]
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (node) => {
    const face = node?.closest("g:has(> .cw-face)")?.querySelector(".cw-face");
    if (face) return rgb(getComputedStyle(face).fill);
    return node ? over(rgb(getComputedStyle(node).backgroundColor), behind(node.parentElement)) : rgb("white");
  };
  const over = (color, paper) =>
    color.slice(0, 3).map((part, at) => (part * color[3] + paper[at] * (255 - color[3])) / 255);
  const texts = [...root.querySelectorAll("text, span, p, b, button, kbd, th, td, li")].filter(
    (node) => node.checkVisibility() && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()),
  );
  return texts.map((node) => {
    const style = getComputedStyle(node);
    const paper = behind(node);
    const ink = over(rgb(node instanceof SVGElement ? style.fill : style.color), paper);
    const [light, dark] = [luminance(ink), luminance(paper)].sort((a, b) => b - a);
    const kind = node.getAttribute("class") ?? node.tagName;
    return { text: node.textContent, kind, ratio: (light + 0.05) / (dark + 0.05) };
  });
}"""


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook that shows both widgets when it is run."""
    cells = [
        nbformat.v4.new_markdown_cell("# Two widgets", id="title"),
        nbformat.v4.new_code_cell("from course.widgets import MaxUnpooling, Unpooling", id="import"),
        nbformat.v4.new_code_cell("Unpooling()", id="first"),
        nbformat.v4.new_code_cell("MaxUnpooling()", id="second"),
        nbformat.v4.new_code_cell("print('the end')", id="end"),
    ]
    return write(tmp_path / "widgets.ipynb", cells)


def write(path: Path, cells: list[nbformat.NotebookNode], **metadata: object) -> Path:
    """Write a notebook for the Python kernel."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, **metadata}), path)
    return path


def cell_of(part: Locator, row: int, column: int) -> Locator:
    """Return one cell of a grid of numbers."""
    return part.locator(f'[data-row="{row}"][data-column="{column}"]')


def assert_readable(root: Locator) -> None:
    """Fail for text below the contrast of 4.5 to 1 that WCAG asks of small text."""
    contrasts = root.evaluate(CONTRASTS)
    assert len(contrasts) > 20
    faint = [entry for entry in contrasts if entry["ratio"] < 4.5]
    assert faint == []


def assert_keys_are_its_own(root: Locator) -> None:
    """Fail for an element that can be focused and would leave its keys to JupyterLab."""
    deaf = root.evaluate(
        """(root) => [...root.querySelectorAll("a, button, input, select, textarea, [tabindex]")]
             .filter((node) => node.dataset.lmSuppressShortcuts !== "true").map((node) => node.outerHTML)"""
    )
    assert deaf == []


def play_unpooling_by_keyboard(page: Page, widget: Locator) -> None:
    """Predict a right and a wrong value, walk back, reveal: no pointer."""
    values = [int(text) for text in widget.locator('[data-method="input"] .cw-value').all_text_contents()]
    first = cell_of(widget.locator('[data-method="nearest"]'), 0, 0)
    first.focus()
    wrong = values[0] % 9 + 1
    page.keyboard.type(f"{values[0]}{wrong}")
    expect(cell_of(widget.locator('[data-method="nearest"]'), 0, 2)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    right_cell, wrong_cell = first, cell_of(widget.locator('[data-method="nearest"]'), 0, 1)
    expect(right_cell.locator(".cw-mark")).to_have_text("✓")
    expect(wrong_cell.locator(".cw-value")).to_have_text(str(values[0]))
    struck = wrong_cell.locator(".cw-struck")
    expect(struck).to_have_text(str(wrong))
    assert "line-through" in struck.evaluate("(node) => getComputedStyle(node).textDecorationLine")
    expect(wrong_cell).to_have_attribute("aria-label", re.compile(f"wrongly predicted {wrong}"))
    expect(widget.locator(".cw-score")).to_have_text("Score: 1 of 2 right")


def play_max_unpooling_by_keyboard(page: Page, widget: Locator) -> None:
    """Find four maxima, the first at the second try; place two values, one of them wrong; reveal."""
    map_, tray, out = (widget.locator(f'[data-part="{part}"]') for part in ("map", "tray", "out"))
    cell_of(map_, 0, 0).focus()
    page.keyboard.press("Enter")
    expect(widget.locator(".cw-say")).to_have_text("1 is not the largest value of this window.")
    for row, column in ((0, 1), (1, 2), (2, 0), (3, 3)):
        walk(page, map_, row, column)
        page.keyboard.press("Enter")
    expect(tray.locator(".cw-note")).to_have_text(["at 1", "at 6", "at 8", "at 15"])
    expect(widget.get_by_role("button", name="Run the network")).to_be_focused()
    page.keyboard.press("Enter")
    expect(cell_of(out, 0, 0)).to_be_focused()
    expect(tray.locator(".cw-value")).to_have_text(["9", "5", "7", "8"])
    for row, column in ((0, 1), (0, 2)):
        walk(page, out, row, column)
        page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(widget.get_by_role("button", name="Reveal")).to_be_focused()
    page.keyboard.press("Enter")
    expect(cell_of(out, 0, 1).locator(".cw-mark")).to_have_text("✓")
    expect(cell_of(out, 0, 2).locator(".cw-struck")).to_have_text("5")
    expect(widget.locator(".cw-score")).to_have_text("Placed: 1 of 2 right")


def walk(page: Page, part: Locator, row: int, column: int) -> None:
    """Go from the focused cell to another with the arrow keys."""
    here = part.locator(":focus")
    for name, goal, keys in (("row", row, ("ArrowUp", "ArrowDown")), ("column", column, ("ArrowLeft", "ArrowRight"))):
        steps = goal - int(here.get_attribute(f"data-{name}") or 0)
        for _ in range(abs(steps)):
            page.keyboard.press(keys[steps > 0])
    expect(cell_of(part, row, column)).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_widgets_by_keyboard_in_a_notebook(lab: Lab, notebook: Path, theme: str) -> None:
    page = lab.open(notebook, theme=theme, width=1280)  # type: ignore[arg-type]
    lab.run_all()
    first, second = lab.cell(2).locator(".course-widget"), lab.cell(3).locator(".course-widget")
    expect(first).to_be_visible()
    expect(second).to_be_visible()

    play_unpooling_by_keyboard(page, first)
    cell_of(first.locator('[data-method="nails"]'), 1, 1).focus()
    page.keyboard.press("Enter")  # nothing predicted: asks first
    page.keyboard.press("Enter")
    cell_of(first.locator('[data-method="nails"]'), 0, 1).hover()
    expect(first.locator(".cw-say")).to_contain_text("No source: zero.")
    cell_of(first.locator('[data-method="nearest"]'), 3, 3).hover()
    expect(first.locator(".cw-say")).to_contain_text("comes from input row 1, column 1")
    expect(cell_of(first.locator('[data-method="input"]'), 1, 1)).to_have_class(re.compile("cw-lit"))
    play_max_unpooling_by_keyboard(page, second)

    for name, widget in (("unpooling", first), ("max-unpooling", second)):
        assert_keys_are_its_own(widget)
        assert_readable(widget)
        lab.screenshot(f"{name}-{theme}-lab", widget)
    second.get_by_role("switch").click()
    expect(second).to_have_attribute("data-forgotten", "true")
    expect(second.locator(".cw-say")).to_contain_text("3 of 4 values stand in the wrong cell")
    lab.screenshot(f"page-{theme}-lab")
    lab.assert_quiet()


def test_keys_in_a_widget_stay_in_the_widget(lab: Lab, notebook: Path) -> None:
    page = lab.open(notebook)
    lab.run_all()
    widget = lab.cell(2).locator(".course-widget")
    target = cell_of(widget.locator('[data-method="nearest"]'), 1, 1)
    target.click()
    expect(target).to_be_focused()
    selected, count = lab.selected_cells(), lab.cells.count()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Home", "End"):
        page.keyboard.press(key)
    page.keyboard.type("ddaabx")
    page.keyboard.press("Enter")
    assert lab.selected_cells() == selected
    assert lab.cells.count() == count
    expect(cell_of(widget.locator('[data-method="nearest"]'), 2, 3)).to_be_focused()
    for key in ("ArrowDown", "d", "d"):
        lab.cell(3).locator('.cw-choice input[value="windows"]').focus()
        page.keyboard.press(key)
    assert lab.cells.count() == count
    expect(lab.cell(3).locator(".course-widget")).to_have_attribute("data-preset", "tie")
    lab.assert_quiet()


def test_the_python_side_and_the_view_agree_on_the_seed(lab: Lab, notebook: Path) -> None:
    lab.open(notebook)
    lab.write(1, "from course.widgets import MaxUnpooling, Unpooling\nwidget = Unpooling(seed=5)")
    lab.write(2, "widget")
    lab.run_all()
    lab.cell(2).get_by_role("button", name="New numbers").click()
    lab.write(4, "widget.seed")
    assert "6" in lab.run_cell(4)
    lab.write(4, "widget.seed = 9")
    lab.run_cell(4)
    expect(lab.cell(2).locator(".course-widget")).to_have_attribute("data-seed", "9")
    lab.assert_quiet()


def test_a_trusted_notebook_shows_its_saved_widgets_before_anything_runs(lab: Lab, tmp_path: Path) -> None:
    path = saved_notebook(tmp_path / "saved.ipynb")
    lab.open(path)
    for number in (1, 2):
        expect(lab.cell(number).locator(".course-widget")).to_be_visible()
    play_unpooling_by_keyboard(lab.page, lab.cell(1).locator(".course-widget"))
    lab.assert_quiet()


def test_an_untrusted_notebook_shows_the_still_pictures(lab: Lab, tmp_path: Path) -> None:
    path = saved_notebook(tmp_path / "untrusted.ipynb")
    lab.open(path, trusted=False)
    for number in (1, 2):
        expect(lab.outputs(number).locator("img")).to_be_visible()
        expect(lab.cell(number).locator(".course-widget")).to_have_count(0)


def saved_notebook(path: Path) -> Path:
    """Write a notebook as the builder commits it: outputs and widget state inside, never run."""
    views = {"Unpooling()": Unpooling().static_view("u" * 32), "MaxUnpooling()": MaxUnpooling().static_view("m" * 32)}
    cells = [nbformat.v4.new_markdown_cell(f"# {path.stem}", id="title")]  # a title of its own: trust goes by content
    for source, view in views.items():
        output = nbformat.v4.new_output("display_data", data=view.bundle)
        cells.append(nbformat.v4.new_code_cell(source, id=source[:4].lower(), outputs=[output]))
    return write(path, cells, widgets=saved_state(list(views.values())))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [480, 900])
def test_a_page_without_a_kernel(browser: Browser, theme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        viewport={"width": width + 24, "height": 900},
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    plays = ((Unpooling, play_unpooling_by_keyboard), (MaxUnpooling, play_max_unpooling_by_keyboard))
    for widget, play in plays:
        show(page, widget().static_view("a"), width)
        root = page.locator(".course-widget")
        play(page, root)
        assert_readable(root)
        overflow = root.evaluate("(node) => node.scrollWidth - node.clientWidth")
        assert overflow <= 0, f"{widget.__name__} is {overflow} px wider than its {width} px"
    assert errors == []
    context.close()


def show(page: Page, view: StaticView, width: int) -> None:
    """Load a widget's saved state into the page."""
    page.set_content(static_page(view, width=width))
    page.locator("body[data-ready]").wait_for()


def test_each_example_can_be_played_to_its_end(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 924, "height": 900})
    for preset in MaxUnpooling.preset.values:
        show(page, MaxUnpooling(preset=preset).static_view("a"), 900)
        root = page.locator(".course-widget")
        for name in ("Find the rest", "Run the network", "Reveal", "Reveal"):
            root.get_by_role("button", name=name).click()
        expect(root).to_have_attribute("data-stage", "revealed")
        root.get_by_role("switch").click()
        assert_readable(root)
    page.close()


def test_the_view_leaves_nothing_behind(browser: Browser) -> None:
    page = browser.new_page()
    show(page, Unpooling().static_view("a"), 900)
    page.evaluate("window.leave()")
    assert page.locator("#widget > *").count() == 0
    page.close()


def test_a_move_repaints_within_a_frame(browser: Browser) -> None:
    page = browser.new_page()
    show(page, MaxUnpooling(preset="edge").static_view("a"), 900)
    times = page.evaluate(
        """() => {
          const cells = [...document.querySelectorAll('[data-part="map"] [role="gridcell"]')];
          return cells.map((cell) => {
            const start = performance.now();
            cell.dispatchEvent(new PointerEvent("pointerenter"));
            document.body.getBoundingClientRect();
            const time = performance.now() - start;
            cell.dispatchEvent(new PointerEvent("pointerleave"));
            return time;
          });
        }"""
    )
    assert sorted(times)[len(times) // 2] < 16, json.dumps(times)
    page.close()
