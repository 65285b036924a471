"""The pictures that a chapter shows before it runs: what is committed is what is drawn, and each has its words."""

import matplotlib as mpl
import pytest
from IPython.display import Image
from matplotlib.figure import Figure

from autograde.building.bank import CHECKOUT
from autograde.building.chapter import read
from course.exercises.catalogue import CHAPTERS
from course.pictures import DENSITY, FOLDER, fcn, load_picture, names, show_picture, sliding_window
from course.pictures.__main__ import drawings
from tests.course.drawn import committed

mpl.use("agg")


@committed("which_pixels")
def test_which_pixels_is_drawn_by_its_function() -> Figure:
    return sliding_window.which_pixels()


@committed("sharp_or_far")
def test_sharp_or_far_is_drawn_by_its_function() -> Figure:
    return fcn.sharp_or_far()


@committed("down_and_up")
def test_down_and_up_is_drawn_by_its_function() -> Figure:
    return fcn.down_and_up()


def test_there_is_a_picture_for_each_function_that_draws_one_and_no_other() -> None:
    assert sorted(drawings()) == names()


@pytest.mark.parametrize("name", names())
def test_a_picture_says_in_words_what_it_shows_and_fits_a_page(name: str) -> None:
    picture = load_picture(name)
    assert len(picture.description.split()) >= 20
    assert picture.description.endswith((".", "?"))
    assert 500 <= picture.width <= 760
    assert len(picture.png) < 100_000  # it is in two notebooks, and in git with each change


def test_a_picture_is_shown_with_its_words_at_half_its_width_in_pixels() -> None:
    shown = show_picture("which_pixels")
    assert isinstance(shown, Image)
    data, metadata = shown._repr_mimebundle_()
    assert list(data) == ["image/png"]
    assert metadata["image/png"]["width"] == 1480 // DENSITY
    assert metadata["image/png"]["alt"].startswith("A farm scene that is half painted.")


def test_a_picture_that_is_not_there_is_one_sentence() -> None:
    drawn = ", ".join(sorted(path.stem for path in FOLDER.glob("*.png")))
    with pytest.raises(KeyError, match=f"there is no picture 'nothing'; there are {drawn}"):
        load_picture("nothing")


@pytest.mark.parametrize("chapter", ["01_sliding_window", "02_fcn"])
def test_a_chapter_opens_with_a_picture(chapter: str) -> None:
    cells = read(CHECKOUT / "course" / "chapters" / f"{chapter}.py")
    assert [cell.directive for cell in cells[:3]] == ["prose", "picture", "prose"]
    assert chapter in CHAPTERS
