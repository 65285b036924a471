"""A new student and chapter 03, in a real JupyterLab: wrong answers, what the check says, a hint, the right one."""

import pytest
from playwright.sync_api import expect

from autograde.bank import CHECKOUT
from autograde.building.stubs import instructor_cell
from tests.browser.lab import Lab, Theme

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]

NOTEBOOK = CHECKOUT / "course" / "notebooks" / "03_unpooling.ipynb"

ADDS_UP = """\
def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    n, c, h, w = x.shape
    size = ((h - 1) * sh - 2 * ph + kh, (w - 1) * sw - 2 * pw + kw) if output_size is None else output_size[-2:]
    out = torch.zeros(n, c, size[0] * size[1], dtype=x.dtype)
    out = out.scatter_add(2, indices.flatten(2), x.flatten(2))
    return out.view(n, c, *size)
"""

FALLS = """\
def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    out = torch.zeros_like(x)
    out[indices] = x
    return out
"""


def open_chapter(lab: Lab, theme: Theme) -> None:
    """Open the chapter as a student finds it, and run its imports."""
    lab.open(NOTEBOOK, theme=theme)
    lab.run_cell(lab.cell_with("from course.exercises import check"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_student_is_wrong_reads_why_and_gets_it_right(lab: Lab, theme: Theme) -> None:
    open_chapter(lab, theme)
    cells = lab.page.locator(".jp-Notebook .jp-CodeCell")
    answer = cells.filter(has_text="def max_unpool2d").first
    check = cells.filter(has_text='check("max_unpool2d"').first

    lab.run_cell(answer)
    assert "○ max_unpool2d is not written yet" in lab.run_cell(check)

    lab.write(answer, FALLS)
    lab.run_cell(answer)
    said = lab.run_cell(check)
    assert "Your code raised" in said
    assert "in line 3" in said
    assert "out[indices] = x" in said
    lab.screenshot(f"chapter_raises_{theme}", check)

    lab.write(answer, ADDS_UP)
    lab.run_cell(answer)
    said = lab.run_cell(check)
    assert "A likely reason." in said
    assert "yours − expected" in said
    assert "Hint 2 of 3" in said
    check.locator("summary").click()
    expect(check.locator("details")).to_have_attribute("open", "")
    lab.screenshot(f"chapter_mistake_{theme}", check)

    lab.write(answer, instructor_cell("solutions.unpooling:max_unpool2d"))
    lab.run_cell(answer)
    assert "✓ max_unpool2d: all" in lab.run_cell(check)
    lab.screenshot(f"chapter_right_{theme}", check)

    lab.errors = [error for error in lab.errors if "colab" not in error]
    lab.strangers = [address for address in lab.strangers if "colab-badge" not in address]
    lab.assert_quiet()


def test_the_whole_chapter_runs_with_the_solutions_and_shows_its_figures(lab: Lab) -> None:
    lab.open(CHECKOUT / "solutions" / "notebooks" / "03_unpooling.ipynb", width=1100)
    lab.run_all(timeout=500)
    checks = lab.page.locator(".p2i-check")
    expect(checks).to_have_count(5)
    assert checks.evaluate_all("all => all.map((one) => one.dataset.state)") == ["right"] * 5
    assert lab.page.locator(".jp-OutputArea-output img").count() >= 5
    assert lab.page.locator(".jp-OutputArea-output svg").count() >= 2
    for number in range(lab.cells.count()):
        lab.screenshot(f"cell_{number:02d}", lab.cell(number))
