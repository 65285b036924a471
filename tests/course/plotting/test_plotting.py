"""The figures of the chapters: what is drawn where, and one sentence for what cannot be drawn."""

import matplotlib as mpl
import pytest
import torch
from matplotlib import pyplot as plt

from course.plotting import PALETTE, show_grids, show_images, show_labels
from course.widgets.palette import okabe_ito


@pytest.fixture(autouse=True)
def _no_window() -> object:
    mpl.use("agg")
    yield
    plt.close("all")


def test_grid_writes_each_number_into_its_cell_and_outlines_the_marked() -> None:
    plane = torch.tensor([[1.5, 0.0, -2.0], [3.0, 4.0, 0.0]])
    figure = show_grids({"x": plane, "y": torch.ones(1, 2)}, marked={"x": plane < 0})
    axis = figure.axes[0]
    assert axis.get_title() == "x"
    texts = {text.get_position(): text.get_text() for text in axis.texts}
    assert texts == {(0, 0): "1.5", (1, 0): "0", (2, 0): "−2", (0, 1): "3", (1, 1): "4", (2, 1): "0"}
    (outline,) = axis.patches
    assert outline.get_xy() == (1.55, -0.45)


def test_images_are_drawn_with_channels_last_and_clamped() -> None:
    image = torch.zeros(3, 4, 5)
    image[0] = 2.0
    figure = show_images({"red": image, "gray": torch.ones(2, 2)}, columns=1)
    shown = figure.axes[0].images[0].get_array()
    assert shown.shape == (4, 5, 3)
    assert shown.max() == 1.0
    assert len(figure.axes) == 2


def test_labels_have_one_colour_a_class_and_a_legend() -> None:
    labels = torch.tensor([[0, 1], [2, 0]])
    figure = show_labels(torch.zeros(3, 2, 2), {"truth": labels}, ("meadow", "cow", "fence"))
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["meadow", "cow", "fence"]
    assert figure.axes[1].images[0].cmap.N == 3 + 1  # and white for what is ignored


def test_palette_is_the_widgets_own() -> None:
    assert sorted(PALETTE) == sorted(okabe_ito().values())
    assert len(set(PALETTE)) == 8


def test_wrong_shapes_are_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"'x' must have shape \(H, W\), got \(1, 2, 2\)"):
        show_grids({"x": torch.zeros(1, 2, 2)})
    with pytest.raises(ValueError, match="colours for 8 classes, got 9"):
        show_labels(torch.zeros(3, 2, 2), {}, tuple("abcdefghi"))
