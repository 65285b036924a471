"""The picture of chapter 8: what is committed is what the code draws, and the chapter opens with it."""

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from autograde.building.bank import CHECKOUT
from autograde.building.chapter import read
from course.pictures import FOLDER, fast_rcnn
from course.pictures.__main__ import DPI

mpl.use("agg")


@pytest.mark.mpl_image_compare(  # the margin is what 256 colours cost
    baseline_dir=str(FOLDER), filename="one_map_for_all.png", tolerance=8, savefig_kwargs={"dpi": DPI}
)
def test_one_map_for_all_is_drawn_by_its_function() -> Figure:
    return fast_rcnn.one_map_for_all()


def test_the_chapter_opens_with_a_picture() -> None:
    cells = read(CHECKOUT / "course" / "chapters" / "08_fast_rcnn.py")
    assert [cell.directive for cell in cells[:3]] == ["prose", "picture", "prose"]
