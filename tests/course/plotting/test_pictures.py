"""Each figure against a picture of it that was looked at. To draw them anew: pytest --mpl-generate-path=baseline."""

import matplotlib as mpl
import pytest
import torch
from matplotlib.figure import Figure

from course import plotting
from course.farm import CLASSES, SEMANTIC_CLASSES, SKELETON
from course.plotting.style import colours_of

mpl.use("agg")

compare = pytest.mark.mpl_image_compare(tolerance=12, savefig_kwargs={"dpi": 60})


def picture() -> torch.Tensor:
    y, x = torch.meshgrid(torch.linspace(0, 1, 40), torch.linspace(0, 1, 56), indexing="ij")
    return torch.stack([x, y, 0.5 * (x + y)])


def masks() -> torch.Tensor:
    both = torch.zeros(2, 40, 56, dtype=torch.bool)
    both[0, 5:20, 4:30] = True
    both[1, 15:35, 25:50] = True
    return both


BOXES = torch.tensor([[4.0, 5.0, 30.0, 20.0], [25.0, 15.0, 50.0, 35.0]])
LABELS = torch.tensor([1, 4])


@compare
def test_boxes() -> Figure:
    return plotting.show_boxes(picture(), BOXES, LABELS, torch.tensor([0.93, 0.5]), CLASSES, "boxes")


@compare
def test_masks() -> Figure:
    return plotting.show_masks(picture(), masks(), LABELS, CLASSES, "masks")


@compare
def test_keypoints() -> Figure:
    points = torch.tensor([[[8.0, 8, 2], [14, 6, 2], [15, 12, 1], [25, 10, 2], [28, 25, 0], [20, 30, 2], [40, 30, 2]]])
    return plotting.show_keypoints(picture(), points, SKELETON, "keypoints")


@compare
def test_labels() -> Figure:
    labels = torch.arange(8).repeat_interleave(7).repeat(40, 1)
    labels[18:22] = 255
    return plotting.show_labels(picture(), {"labels": labels, "again": labels.flip(1)}, SEMANTIC_CLASSES)


@compare
def test_labels_over_the_picture() -> Figure:
    labels = masks()[0].long() + 2 * masks()[1].long()
    return plotting.show_labels(picture(), {"over": labels.clamp(max=2)}, ("sky", "cow", "cat"), opacity=0.6)


@compare
def test_images() -> Figure:
    return plotting.show_images({"colour": picture(), "grey": picture()[0]})


@compare
def test_grids() -> Figure:
    plane = torch.tensor([[1.5, 0.0, -2.0], [3.0, 4.0, 0.0]])
    return plotting.show_grids({"x": plane, "y": plane.T}, marked={"x": plane < 0})


@compare
def test_feature_maps() -> Figure:
    return plotting.show_feature_maps(torch.linspace(-1, 2, 10 * 30).reshape(10, 5, 6))


@compare
def test_curves() -> Figure:
    return plotting.show_curves({"train": [3.0, 2.0, 1.5, 1.2], "validation": ([0, 3], [3.0, 1.6])})


@compare
def test_precision_recall() -> Figure:
    return plotting.show_precision_recall({"cow": ([0, 0.5, 0.9], [1, 0.9, 0.4]), "cat": ([0, 0.7], [1, 0.3])})


@compare
def test_confusion() -> Figure:
    return plotting.show_confusion(torch.eye(4) * 8 + 1, ("sky", "grass", "cow", "cat"))


def test_each_class_has_a_colour_of_its_own_and_nature_has_its_own_colours() -> None:
    colours = colours_of(SEMANTIC_CLASSES)
    assert len(set(colours)) == len(SEMANTIC_CLASSES)
    assert colours[SEMANTIC_CLASSES.index("sky")] == "#56b4e9"
    assert len(set(colours_of(("fence", "meadow", "gate")))) == 3


def test_area_under_a_curve_is_the_trapezoids() -> None:
    figure = plotting.show_precision_recall({"x": ([0.0, 0.5, 1.0], [1.0, 1.0, 0.0])})
    (label,) = (text.get_text() for text in figure.axes[0].get_legend().get_texts())
    assert label == "x (0.75)"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: plotting.show_images({"x": torch.zeros(1, 4, 4)}), r"an image must have shape \(3, H, W\)"),
        (lambda: plotting.show_boxes(picture(), torch.zeros(3)), r"boxes must have shape \(n, 4\), got \(3,\)"),
        (lambda: plotting.show_boxes(picture(), BOXES, LABELS[:1]), "labels must be one for each of the 2, got 1"),
        (lambda: plotting.show_masks(picture(), torch.zeros(1, 4, 4)), r"masks must have shape \(n, 40, 56\)"),
        (lambda: plotting.show_keypoints(picture(), torch.zeros(2, 3)), r"keypoints must have shape \(n, J, 3\)"),
        (lambda: plotting.show_confusion(torch.eye(3), ("a", "b")), r"matrix must have shape \(2, 2\) for 2 classes"),
        (lambda: plotting.show_curves({"a": ([1, 2], [1])}), "'a' has 2 places and 1 values"),
        (lambda: plotting.show_feature_maps(torch.zeros(3, 3)), r"features must have shape \(C, H, W\)"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(call: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()  # type: ignore[operator]
