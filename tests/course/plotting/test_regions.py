"""Pictures cut into regions: mean colours, and lines where two regions meet and nowhere else."""

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection

from course.plotting import show_regions


@pytest.fixture(autouse=True)
def _no_window() -> object:
    mpl.use("agg")
    yield
    plt.close("all")


def test_regions_have_their_mean_colour_and_lines_between_them() -> None:
    image = torch.zeros(3, 2, 3)
    image[0] = torch.tensor([[0.0, 0.5, 1.0], [0.5, 1.0, 1.0]])
    labels = torch.tensor([[7, 7, 2], [7, 2, 2]])  # any numbers
    axis = show_regions(image, {"two": labels}).axes[0]
    drawn = np.asarray(axis.images[0].get_array())[..., 0]
    assert np.allclose(drawn, [[1 / 3, 1 / 3, 1], [1 / 3, 1, 1]])
    (lines,) = (one for one in axis.collections if isinstance(one, LineCollection))
    sides = {tuple(map(tuple, line.tolist())) for line in map(np.asarray, lines.get_segments())}
    assert sides == {
        ((1.5, -0.5), (1.5, 0.5)), ((0.5, 0.5), (0.5, 1.5)),  # upright: beside the corner pixel, and below left of it
        ((0.5, 0.5), (1.5, 0.5)),  # level: between (0, 1) and (1, 1)
    }  # fmt: skip
    assert axis.get_title() == "two: 2 regions"


def test_a_map_of_another_size_is_told() -> None:
    with pytest.raises(ValueError, match=r"'wrong' must have the image's size \(4, 5\), got \(5, 4\)"):
        show_regions(torch.rand(3, 4, 5), {"wrong": torch.zeros(5, 4)})
