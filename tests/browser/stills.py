"""Takes each widget's still.png: what a reader sees where no widget can run. Light theme, before the first move.

python -m tests.browser.stills

A still shows the question and none of its answers, and says that it is a picture and how to get the widget itself.
"""

from io import BytesIO

from PIL import Image
from playwright.sync_api import Page

import course.widgets
from course.widgets._base import CourseWidget
from tests.browser.chromium import chromium
from tests.browser.static_page import static_page

WIDTH = 880
CAPTION = "This is a picture. Run this cell (Shift + Enter) in Jupyter or on Colab: the widget comes to life."

_ADD_CAPTION = """(caption) => {
  const style = "margin: 0 0 8px; padding: 8px 16px; border-radius: 8px; background: #1c2024; color: #ffffff;"
    + "font: 600 14px/1.4 system-ui, sans-serif";
  const bar = Object.assign(document.createElement("p"), { textContent: `\u25b6 ${caption}` });
  bar.setAttribute("style", style);
  document.getElementById("widget").prepend(bar);
}"""


def take_still(page: Page, widget: type[CourseWidget], *, width: int = WIDTH) -> bytes:
    """Return a PNG of the widget as it begins, in 256 colours: flat areas and text lose nothing by it."""
    page.set_content(static_page(widget().static_view("still"), width=width))
    page.locator("body[data-ready]").wait_for()
    page.evaluate(_ADD_CAPTION, CAPTION)
    shot = Image.open(BytesIO(page.locator("#widget").screenshot(animations="disabled")))
    file = BytesIO()
    shot.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def main() -> None:
    """Write every widget's still.png."""
    with chromium() as browser:
        page = browser.new_page(color_scheme="light", reduced_motion="reduce", viewport={"width": 920, "height": 700})
        for name in course.widgets.__all__:
            widget: type[CourseWidget] = getattr(course.widgets, name)
            path = widget._folder / "still.png"
            path.write_bytes(take_still(page, widget))
            print(f"{path.parent.name}/{path.name}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
