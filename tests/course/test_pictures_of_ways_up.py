"""The pictures of chapters 3 and 4: what is committed is what the code draws, and a chapter opens with one."""

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from autograde.building.bank import CHECKOUT
from autograde.building.chapter import read
from course.pictures import transposed_conv, unpooling
from tests.course.drawn import committed

mpl.use("agg")


@committed("where_is_the_fence")
def test_where_is_the_fence_is_drawn_by_its_function() -> Figure:
    return unpooling.where_is_the_fence()


@committed("mirror_of_segnet")
def test_mirror_of_segnet_is_drawn_by_its_function() -> Figure:
    return unpooling.mirror_of_segnet()


@committed("learnt_stamp")
def test_learnt_stamp_is_drawn_by_its_function() -> Figure:
    return transposed_conv.learnt_stamp()


@committed("fcn_ladder")
def test_fcn_ladder_is_drawn_by_its_function() -> Figure:
    return transposed_conv.fcn_ladder()


@pytest.mark.parametrize("chapter", ["03_unpooling", "04_transposed_conv"])
def test_a_chapter_opens_with_a_picture(chapter: str) -> None:
    cells = read(CHECKOUT / "course" / "chapters" / f"{chapter}.py")
    assert [cell.directive for cell in cells[:3]] == ["prose", "picture", "prose"]
