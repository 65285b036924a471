"""The picture of chapter 11: what is committed is what the code draws, and the chapter opens with it."""

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from autograde.building.bank import CHECKOUT
from autograde.building.chapter import read
from course.pictures import FOLDER, mask_rcnn
from course.pictures.__main__ import DPI

mpl.use("agg")


@pytest.mark.mpl_image_compare(  # the margin is what 256 colours cost
    baseline_dir=str(FOLDER), filename="three_answers.png", tolerance=8, savefig_kwargs={"dpi": DPI}
)
def test_three_answers_is_drawn_by_its_function() -> Figure:
    return mask_rcnn.three_answers()


def test_the_chapter_opens_with_a_picture() -> None:
    cells = read(CHECKOUT / "course" / "chapters" / "11_mask_rcnn.py")
    assert [cell.directive for cell in cells[:3]] == ["prose", "picture", "prose"]
