"""The pictures of chapter 7: what is committed is what the code draws, and the chapter opens with one."""

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from autograde.building.bank import CHECKOUT
from autograde.building.chapter import read
from course.pictures import FOLDER, rcnn
from course.pictures.__main__ import DPI

mpl.use("agg")


def committed(name: str) -> pytest.MarkDecorator:
    """Compare a figure with the picture of its name; the margin is what 256 colours cost."""
    return pytest.mark.mpl_image_compare(
        baseline_dir=str(FOLDER), filename=f"{name}.png", tolerance=8, savefig_kwargs={"dpi": DPI}
    )


@committed("grown_together")
def test_grown_together_is_drawn_by_its_function() -> Figure:
    return rcnn.grown_together()


@committed("warped_and_asked")
def test_warped_and_asked_is_drawn_by_its_function() -> Figure:
    return rcnn.warped_and_asked()


def test_the_chapter_opens_with_a_picture() -> None:
    cells = read(CHECKOUT / "course" / "chapters" / "07_rcnn.py")
    assert [cell.directive for cell in cells[:3]] == ["prose", "picture", "prose"]
