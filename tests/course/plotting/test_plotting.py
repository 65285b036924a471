"""The figures of the chapters: what is drawn where, and one sentence for what cannot be drawn."""

import io

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from course.plotting import PALETTE, charts_axes, show_grids, show_images, show_labels, show_patches, show_places
from course.plotting.style import PAGE
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


def test_a_patch_is_the_view_around_its_middle_and_black_where_the_image_ends() -> None:
    figure = show_patches(torch.ones(3, 6, 8), {"A": (1, 2), "B": (5, 7)}, 5)
    assert [axis.get_title() for axis in figure.axes] == ["patch A", "patch B"]
    assert figure.axes[0].get_xlim() == (-0.5, 4.5)
    assert figure.axes[1].get_ylim() == (7.5, 2.5)
    figure.set_dpi(100)
    figure.canvas.draw()
    pixels = torch.tensor(np.asarray(figure.canvas.buffer_rgba()).copy())[..., :3]
    to_pixel = figure.axes[1].transData.transform
    for place, value in (((6, 4), 255), ((9, 4), 0), ((6, 7), 0)):
        x, y = (round(v) for v in to_pixel(place))
        assert pixels[len(pixels) - y, x].tolist() == 3 * [value]


def test_places_are_the_boxes_of_the_patches_by_their_names() -> None:
    axis = show_places(torch.ones(3, 20, 20), {"A": (3, 10)}, 5).axes[0]
    assert [text.get_text() for text in axis.texts] == ["A"]
    assert {(box.get_xy(), box.get_width(), box.get_height()) for box in axis.patches} == {((7.5, 0.5), 5.0, 5.0)}


@pytest.mark.parametrize(("count", "side"), [(1, 3.2), (2, 3.2), (3, 3.0), (4, 2.25), (5, 1.8)])
def test_a_row_of_pictures_is_no_wider_than_a_page(count: int, side: float) -> None:
    figure = show_images({str(number): torch.ones(4, 4) for number in range(count)})
    assert figure.get_figwidth() == pytest.approx(count * side)
    assert figure.get_figwidth() <= PAGE


def test_a_picture_is_no_smaller_for_the_legend_below_it() -> None:
    classes = tuple("abcdefgh")
    alone, explained = show_images({"x": torch.ones(4, 4)}), show_labels(torch.ones(3, 4, 4), {}, classes)
    widths = []
    for figure in (alone, explained):
        figure.canvas.draw()
        widths.append(figure.axes[0].get_window_extent().width)
    assert widths[1] == pytest.approx(widths[0], rel=0.06)


def test_a_saved_figure_is_a_white_card_with_a_margin() -> None:
    figure, _ = charts_axes(2)
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight", dpi=100)  # as a notebook does
    drawn = plt.imread(io.BytesIO(file.getvalue()))[..., :3].min(axis=2) < 1
    rows, columns = np.nonzero(drawn)
    for margin in (rows[0], columns.min(), len(drawn) - 1 - rows[-1], drawn.shape[1] - 1 - columns.max()):
        assert 18 <= margin <= 24  # a fifth of an inch
