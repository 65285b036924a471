"""Figures of many boxes and of rankings: what is drawn where."""

import matplotlib as mpl
import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from course.plotting import show_detections, show_rankings


@pytest.fixture(autouse=True)
def _no_window() -> object:
    mpl.use("agg")
    yield
    plt.close("all")


def found(count: int, *, scores: bool) -> dict[str, torch.Tensor]:
    one = {"boxes": torch.tensor([[1.0, 2.0, 5.0, 4.0]]).repeat(count, 1), "labels": torch.ones(count).long()}
    return {**one, "scores": torch.full((count,), 0.75)} if scores else one


def test_few_boxes_have_names_and_many_are_thin() -> None:
    images = [torch.rand(3, 6, 8)] * 3
    both = [found(1, scores=False), found(2, scores=True), found(30, scores=True)]
    figure = show_detections(images, both, ("background", "cow"), ["truth", "two", "many"], columns=2)
    truth, two, many = figure.axes[:3]
    assert [text.get_text() for text in truth.texts] == ["cow"]
    assert [text.get_text() for text in two.texts] == ["cow 0.8", "cow 0.8"]
    assert len(many.texts) == 0
    box = truth.patches[-1]
    assert isinstance(box, Rectangle)
    assert (*box.get_xy(), box.get_width(), box.get_height()) == (0.5, 1.5, 4, 2)  # pixel centres are whole numbers
    assert many.patches[0].get_linewidth() < box.get_linewidth()


def test_what_was_lost_is_dashed() -> None:
    one = {**found(1, scores=True), "lost": torch.tensor([[3.0, 1.0, 7.0, 5.0], [0.0, 0.0, 2.0, 3.0]])}
    figure = show_detections([torch.rand(3, 6, 8)], [one], ("background", "cow"))
    boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    dashed = [(*box.get_xy(), box.get_width(), box.get_height()) for box in boxes if box.get_linestyle() == "--"]
    assert dashed == [(2.5, 0.5, 4, 4), (-0.5, -0.5, 2, 3)]
    assert [text.get_text() for text in figure.axes[0].texts] == ["cow 0.8"]


def test_there_is_one_dict_a_picture() -> None:
    with pytest.raises(ValueError, match="a dict for each of the 2 pictures, got 1"):
        show_detections([torch.rand(3, 6, 8)] * 2, [found(1, scores=False)], ("background", "cow"))


def test_a_ranking_has_its_envelope_from_recall_0_to_the_end() -> None:
    recall, precision = torch.tensor([0.25, 0.25, 0.5]), torch.tensor([1.0, 0.5, 0.75])
    figure = show_rankings({"cow": (recall, precision), "none": (recall[:0], precision[:0])})
    ranking, envelope = figure.axes[0].lines
    assert list(ranking.get_xdata()) == [0.25, 0.25, 0.5]
    assert list(envelope.get_xdata()) == [0, 0.25, 0.25, 0.5, 0.5]
    assert list(envelope.get_ydata()) == [1, 1, 0.75, 0.75, 0]
    assert len(figure.axes[1].lines) == 1


def test_recall_and_precision_are_as_long_as_each_other() -> None:
    with pytest.raises(ValueError, match="'cow' has 3 recalls and 2 precisions"):
        show_rankings({"cow": (torch.rand(3), torch.rand(2))})
