"""The pictures of chapter 5: what is committed is what the code draws, and the chapter opens with one."""

import matplotlib as mpl
from matplotlib.figure import Figure

from autograde.building.bank import CHECKOUT
from autograde.building.chapter import read
from course.pictures import localization
from tests.course.drawn import committed

mpl.use("agg")


@committed("one_object")
def test_one_object_is_drawn_by_its_function() -> Figure:
    return localization.one_object()


@committed("mirrored_cow")
def test_mirrored_cow_is_drawn_by_its_function() -> Figure:
    return localization.mirrored_cow()


def test_the_chapter_opens_with_a_picture() -> None:
    cells = read(CHECKOUT / "course" / "chapters" / "05_localization.py")
    assert [cell.directive for cell in cells[:3]] == ["prose", "picture", "prose"]
