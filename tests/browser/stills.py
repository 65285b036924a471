"""Takes each widget's still.png: what a reader sees where no widget can run. Light theme, some moves played.

python -m tests.browser.stills
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from course.widgets import MaxUnpooling, SlidingWindow, TransposedConvolution, Unpooling
from course.widgets._base import CourseWidget
from tests.browser.chromium import chromium
from tests.browser.static_page import static_page

WIDTH = 880


def play_unpooling(page: Page) -> None:
    """Predict the first two panels, with a mistake, and reveal one; then point at a cell."""
    cells = page.locator('[data-method="nearest"] [role="gridcell"]')
    cells.first.focus()
    answer = [page.locator('[data-method="input"] .cw-value').nth(i).text_content() or "" for i in (0, 0, 1, 1)]
    page.keyboard.type("".join(answer) + answer[0] + "0")
    page.keyboard.press("Enter")
    nails = page.locator('[data-method="nails"] [role="gridcell"]')
    nails.first.focus()
    page.keyboard.type(answer[0] + "0" + answer[2])
    cells.nth(1).hover()


def play_max_unpooling(page: Page) -> None:
    """Choose an edge, find the maxima, run the network, reveal, and forget the positions."""
    page.get_by_label("an edge").check(force=True)
    for name in ("Find the rest", "Run the network"):
        page.get_by_role("button", name=name).click()
    for row, column in ((1, 3), (2, 2)):
        page.locator(f'[data-part="out"] [data-row="{row}"][data-column="{column}"]').click()
    page.get_by_role("button", name="Reveal", exact=True).click()
    page.get_by_role("switch").click()
    page.mouse.move(0, 0)


def play_sliding_window(page: Page) -> None:
    """Predict for two layers, one number wrong, run both modes, and point at a score."""
    page.get_by_label("two layers").check(force=True)
    for name, guess in {"windows": 8, "probe": 6, "patches": 200, "shared": 288}.items():
        page.locator(f'[data-question="{name}"] input').fill(str(guess))
    for mode in ("Patch by patch", "Shared pass"):
        page.get_by_label(mode, exact=True).check(force=True)
        page.get_by_role("button", name="Run to the end").click()
    page.get_by_label("Patch by patch", exact=True).check(force=True)
    page.locator('[data-part="scores"] [role="gridcell"]').nth(2).hover()


def play_transposed_convolution(page: Page) -> None:
    """Predict the size, one side wrong, and two cells; stop where the second stamp lies on the first."""
    page.locator('[data-part="question"] [role="gridcell"]').first.focus()
    for key in ("6", "ArrowRight", "5", "Enter"):
        page.keyboard.press(key)
    for key in ("ArrowRight", "ArrowRight", "8", "ArrowDown", "ArrowDown", "1", "2", "Enter", "Enter"):
        page.keyboard.press(key)


PLAYS: dict[type[CourseWidget], Callable[[Page], None]] = {
    Unpooling: play_unpooling,
    MaxUnpooling: play_max_unpooling,
    TransposedConvolution: play_transposed_convolution,
    SlidingWindow: play_sliding_window,
}


def take_still(page: Page, widget: type[CourseWidget], *, width: int = WIDTH) -> bytes:
    """Return a PNG of the widget after its moves, in 256 colours: flat areas and text lose nothing by it."""
    page.set_content(static_page(widget().static_view("still"), width=width))
    page.locator("body[data-ready]").wait_for()
    PLAYS[widget](page)
    shot = Image.open(BytesIO(page.locator(".course-widget").screenshot(animations="disabled")))
    file = BytesIO()
    shot.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def main() -> None:
    """Write every widget's still.png."""
    with chromium() as browser:
        page = browser.new_page(color_scheme="light", reduced_motion="reduce", viewport={"width": 920, "height": 700})
        for widget in PLAYS:
            path: Path = widget._folder / "still.png"
            path.write_bytes(take_still(page, widget))
            print(f"{path.parent.name}/{path.name}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
