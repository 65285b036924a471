"""The picture of chapter 10: what is committed is what the code draws, and the chapter opens with it."""

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from autograde.building.bank import CHECKOUT
from autograde.building.chapter import read
from course.pictures import FOLDER, yolo
from course.pictures.__main__ import DPI

mpl.use("agg")


@pytest.mark.mpl_image_compare(  # the margin is what 256 colours cost
    baseline_dir=str(FOLDER), filename="one_cell_answers.png", tolerance=8, savefig_kwargs={"dpi": DPI}
)
def test_one_cell_answers_is_drawn_by_its_function() -> Figure:
    return yolo.one_cell_answers()


def test_the_chapter_opens_with_a_picture() -> None:
    cells = read(CHECKOUT / "course" / "chapters" / "10_yolo.py")
    assert [cell.directive for cell in cells[:3]] == ["prose", "picture", "prose"]
