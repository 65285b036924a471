"""A new student in a real JupyterLab: wrong answers, what the check says, a hint, the right one; whole chapters."""

import inspect
import re
import types
from typing import Any

import pytest
from playwright.sync_api import expect

from autograde.building import bank
from autograde.building.bank import CHECKOUT
from autograde.building.stubs import instructor_cell
from course.checking.report import examine
from course.exercises import catalogue
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
    lab.run_cell(lab.cell_with("from course.checking import check"))


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
    check.locator(".p2i-hint summary").click()
    expect(check.locator(".p2i-hint")).to_have_attribute("open", "")
    expect(check.locator(".p2i-rest summary")).to_contain_text("more are wrong")
    lab.screenshot(f"chapter_mistake_{theme}", check)

    lab.write(answer, instructor_cell("solutions.unpooling:max_unpool2d"))
    lab.run_cell(answer)
    assert "✓ max_unpool2d: all" in lab.run_cell(check)
    lab.screenshot(f"chapter_right_{theme}", check)

    lab.assert_quiet_but_for_badges()


PRINTS = """\
def nearest_unpool2d(x, scale):
    print("x is", tuple(x.shape))
    return x.repeat(1, 1, scale, scale)
"""

LOOPS = """\
def nearest_unpool2d(x, scale):
    row = 0
    while row < x.shape[2]:
        x = x + 1
    return x
"""

RIGHT = """\
def nearest_unpool2d(x, scale):
    return x.repeat_interleave(scale, dim=2).repeat_interleave(scale, dim=3)
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_student_prints_loops_for_ever_asks_for_hints_and_goes_on_with_a_function_of_their_own(
    lab: Lab, theme: Theme
) -> None:
    open_chapter(lab, theme)
    cells = lab.page.locator(".jp-Notebook .jp-CodeCell")
    answer = cells.filter(has_text="def nearest_unpool2d").first
    check = cells.filter(has_text='check("nearest_unpool2d"').first

    def said_of(source: str) -> str:
        lab.write(answer, source)
        lab.run_cell(answer)
        return lab.run_cell(check)

    said = said_of(PRINTS)
    assert said.count("x is (") == 1
    lab.screenshot(f"chapter_prints_{theme}", check)
    check.locator(".p2i-rest summary").click()
    lab.screenshot(f"chapter_unfolded_{theme}", check)

    said = said_of(LOOPS)
    assert "It was stopped after 8 seconds in line" in said
    assert "then time ran out" in said
    lab.screenshot(f"chapter_endless_{theme}", check)

    answer.click()
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("b")
    asking = lab.page.locator(".jp-Notebook .jp-Cell.jp-mod-selected")
    lab.write(asking, "hint(nearest_unpool2d)")
    asked = cells.filter(has_text="hint(nearest_unpool2d)").first
    for count in (3, 3):  # two wrong answers have unfolded two already
        assert f"Hint {count} of 3." in lab.run_cell(asked)
        assert asked.locator(".jp-RenderedMarkdown strong").count() == 3
    assert "There are no more hints" in lab.run_cell(asked)
    lab.screenshot(f"chapter_hints_{theme}", asked)

    lab.write(answer, LOOPS.replace("x + 1", "x + 2"))
    lab.run_cell(answer)
    check.locator(".cm-content").click()
    lab.page.keyboard.press("ControlOrMeta+Enter")
    lab.page.wait_for_timeout(1500)
    lab.command("Kernel", "kernelmenu:interrupt")
    lab.wait_idle()
    said = "\n".join(lab.outputs(check).all_inner_texts())
    assert "Stopped while nearest_unpool2d was in line" in said
    assert "Traceback" not in said
    lab.screenshot(f"chapter_stopped_{theme}", check)

    assert "✓ nearest_unpool2d: all" in said_of(RIGHT)
    assert "copies add up" in said_of(RIGHT)
    lab.screenshot(f"chapter_insight_{theme}", check)

    choice = cells.filter(has_text="parts = chosen(").first
    assert "`nearest_unpool2d`" not in lab.run_cell(choice)  # set as code, not with its signs
    lab.screenshot(f"chapter_the_courses_{theme}", choice)
    source = "\n".join(choice.locator(".cm-line").all_inner_texts())
    lab.write(choice, source.replace('"the course\'s"', '"mine"'))
    assert "From here on your own nearest_unpool2d runs." in lab.run_cell(choice)
    lab.screenshot(f"chapter_mine_{theme}", choice)
    lab.assert_quiet_but_for_badges()


# --- every chapter ----------------------------------------------------------------------------------------------------

IMPORTS = """\
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

"""


def as_typed(entry: bank.Entry) -> str:
    """Return a mistake of the bank as a student types it: under the exercise's name, with what it uses above it."""
    function = entry.answer
    assert isinstance(function, types.FunctionType)
    source = re.sub(
        rf"\A.*?^def {entry.name}\(", f"def {entry.exercise}(", inspect.getsource(function), flags=re.S | re.M
    )
    return "\n\n".join([IMPORTS, *map(inspect.getsource, helpers(function)), source])


def helpers(function: types.FunctionType) -> list[types.FunctionType]:
    """Return the functions of the bank that `function` calls, those that they call first."""
    found: list[types.FunctionType] = []
    defaults = [getattr(value, "__name__", "") for value in function.__defaults__ or ()]
    for name in (*defaults, *function.__code__.co_names):
        used = function.__globals__.get(name)
        if isinstance(used, types.FunctionType) and used.__module__.startswith("bank.") and used is not function:
            found += [*helpers(used), used]
    return list(dict.fromkeys(found))


def stands_alone(entry: bank.Entry) -> bool:
    """Return whether a mistake is still that mistake when it is typed; some of the bank are made by other functions."""
    names: dict[str, Any] = {}
    try:
        exec(as_typed(entry), names)
        return examine(catalogue.find(entry.exercise), names[entry.exercise]).diagnosis == entry.sentence
    except (KeyError, NameError):
        return False


def a_mistake(chapter: str, exercise: str) -> bank.Entry:
    """Return a mistake of an exercise that can be typed into one cell: of every second exercise the last there is."""
    mine = [entry for entry in bank.mistakes(chapter) if entry.exercise == exercise]
    from_the_end = [one.name for one in catalogue.of_chapter(chapter)].index(exercise) % 2
    return next(filter(stands_alone, reversed(mine) if from_the_end else mine))


@pytest.mark.parametrize("chapter", catalogue.CHAPTERS)
def test_a_student_runs_a_chapter_is_told_what_a_mistake_an_exercise_means_and_gets_it_right(
    lab: Lab, chapter: str
) -> None:
    lab.open(CHECKOUT / "course" / "notebooks" / f"{chapter}.ipynb", width=1100)
    lab.run_all(timeout=500)  # as a student reads on; what is given above an exercise is there then
    exercises = catalogue.of_chapter(chapter)
    for exercise, check in zip(exercises, lab.page.locator(".p2i-check").all(), strict=True):
        assert f"○ {exercise.name} is not written yet" in " ".join(check.inner_text().split())
    assert lab.page.locator(".jp-OutputArea-output .course-widget").count() >= 1
    figures = lab.cells.filter(has=lab.page.locator(".jp-OutputArea-output img"))
    assert figures.count() >= 4
    for number in range(figures.count()):
        lab.screenshot(f"{chapter}_figure_{number:02d}", figures.nth(number))

    for exercise in exercises:
        answer = lab.cells.filter(has_text=f"def {exercise.name}(").first
        check = lab.cells.filter(has_text=f'check("{exercise.name}"').first
        entry = a_mistake(chapter, exercise.name)
        lab.write(answer, as_typed(entry))
        lab.run_cell(answer)
        said = lab.run_cell(check)
        assert f"✗ {exercise.name}" in said
        assert entry.sentence.replace("`", "") in said, entry.name
        lab.screenshot(f"{chapter}_{exercise.name}_wrong", check)
        lab.write(answer, instructor_cell(exercise.reference))
        lab.run_cell(answer)
        assert f"✓ {exercise.name}: all" in lab.run_cell(check)
    lab.assert_quiet_but_for_badges()
