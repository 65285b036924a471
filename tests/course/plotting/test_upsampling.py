"""The ways up as figures: what the grids hold is checked against numbers done by hand."""

import matplotlib as mpl
import pytest
import torch
from matplotlib.figure import Figure

from course.plotting import show_put_back, show_stamps, show_ways_up

mpl.use("agg")


def numbers(figure: Figure) -> dict[str, list[str]]:
    """Return the numbers of each grid, row by row, under its title."""
    return {axis.get_title(): [text.get_text() for text in axis.texts] for axis in figure.axes}


def test_the_ways_up_are_copies_and_nails() -> None:
    assert numbers(show_ways_up(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))) == {
        "x": list("1234"),
        "nearest neighbour": list("1122112233443344"),
        "bed of nails": list("1020000030400000"),
    }


def test_stamps_stand_above_their_sum() -> None:
    drawn = numbers(show_stamps(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0, 2.0]), strides=(2, 4)))
    assert drawn == {"stride 2": list("312000062431824"), "stride 4": list("312000000006243120624")}


def test_stamps_of_more_than_a_row_are_refused() -> None:
    with pytest.raises(ValueError, match="must be rows"):
        show_stamps(torch.ones(2, 2), torch.ones(3), strides=(1,))


def test_what_is_put_back_is_counted_on_the_line_and_drawn_in_two_shapes() -> None:
    line = torch.eye(3)
    figure = show_put_back(line, {"all": torch.ones(3, 3), "one": torch.eye(3)[:1].expand(3, 3)}, "wire")
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[:3] == ["the wires: 3 pixels", "all: 3 of 9 on a wire", "one: 1 of 3 on a wire"]
    beside, on = figure.axes[1].collections
    assert (len(beside.get_offsets()), len(on.get_offsets())) == (6, 3)
    assert not torch.equal(torch.tensor(beside.get_paths()[0].vertices), torch.tensor(on.get_paths()[0].vertices))


def test_a_plane_of_another_size_than_the_line_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'half' must have shape \(4, 4\), got \(2, 2\)"):
        show_put_back(torch.ones(4, 4), {"half": torch.ones(2, 2)})
