"""Takes docs/chapter.png, the README's picture: chapter 03 in JupyterLab, a widget played and a check that failed.

python -m tests.browser.picture
"""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page

from autograde.building.bank import CHECKOUT
from tests.browser.chromium import chromium
from tests.browser.lab import Lab, jupyterlab
from tests.browser.test_chapter import ADDS_UP, NOTEBOOK

PICTURE = CHECKOUT / "docs" / "chapter.png"
MARGIN = 24


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


def take(lab: Lab) -> tuple[Image.Image, Image.Image]:
    """Return what a student sees of the widget and of the check, after a wrong answer."""
    page = lab.open(NOTEBOOK, width=1240, height=1500)
    page.keyboard.press("ControlOrMeta+b")  # fold the file browser away
    lab.run_cell(lab.cell_with("from course.checking import check"))
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    widget = cells.filter(has_text="MaxUnpooling()").first
    lab.run_cell(widget)
    play_max_unpooling(page)
    answer, check = (cells.filter(has_text=text).first for text in ("def max_unpool2d", 'check("max_unpool2d"'))
    lab.write(answer, ADDS_UP)
    lab.run_cell(answer)
    lab.run_cell(check)
    check.locator(".p2i-hint summary").click()
    left, right = (Image.open(BytesIO(cell.screenshot(animations="disabled"))) for cell in (widget, check))
    return left, right


def main() -> None:
    """Put both side by side and write the picture, in 256 colours."""
    with TemporaryDirectory() as folder, chromium() as browser, jupyterlab(Path(folder)) as server:
        lab = Lab(server, browser)
        left, right = take(lab)
        lab.close()
    size = (left.width + right.width + 3 * MARGIN, max(left.height, right.height) + 2 * MARGIN)
    picture = Image.new("RGB", size, "white")
    picture.paste(left, (MARGIN, MARGIN))
    picture.paste(right, (left.width + 2 * MARGIN, MARGIN))
    picture.quantize(256, dither=Image.Dither.NONE).save(PICTURE, "PNG", optimize=True)
    print(f"{PICTURE.name}: {picture.size}, {PICTURE.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
