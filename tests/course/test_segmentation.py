"""What the chapters train and measure per-pixel networks with, against hand-computed numbers and torch itself."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.farm import SEMANTIC_CLASSES, Farm
from course.segmentation import IGNORE, SemanticSet, class_iou, mean_iou_of, measure_pixels, pixel_loss
from course.training import fit


class Fixed(nn.Module):
    """A network whose scores say the red channel, times 10, as a class of `num_classes`."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * F.one_hot((10 * x[:, 0]).round().long(), self.num_classes).permute(0, 3, 1, 2).float()


class Two:
    """Two pictures of 1 × 4 pixels."""

    classes = ("sky", "cow", "duck")
    said = torch.tensor([[[0, 0, 1, 1]], [[0, 1, 1, 0]]])
    truth = torch.tensor([[[0, 0, 1, 0]], [[1, 1, IGNORE, IGNORE]]])

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> tuple[Tensor, dict[str, Tensor]]:
        return self.said[index].expand(3, 1, 4) / 10, {"semantic": self.truth[index]}


def test_class_iou_counts_all_pixels_of_all_pictures() -> None:
    # sky: right 2, said 3 (one is ignored), true 3, union 4. cow: right 2, said 3, true 3, union 4. duck: nowhere.
    model = Fixed(3).train()
    for batch_size in (1, 2):
        assert class_iou(model, SemanticSet(Two()), batch_size=batch_size) == pytest.approx(
            {"mean": 0.5, "sky": 0.5, "cow": 0.5}
        )
    assert model.training


def test_a_list_of_pictures_is_a_data_set_too() -> None:
    pairs = [SemanticSet(Two())[index] for index in range(2)]
    assert class_iou(Fixed(3), pairs, Two.classes) == class_iou(Fixed(3), SemanticSet(Two()))
    assert set(class_iou(Fixed(3), pairs)) == {"mean", "0", "1"}


def test_a_class_that_is_predicted_and_nowhere_true_counts_as_zero() -> None:
    images = torch.tensor([[[[0.0, 0.2]]]]).expand(1, 3, 1, 2)
    found = measure_pixels(Fixed(3), [(images, torch.tensor([[[0, 0]]]))], ("sky", "cow", "duck"))
    assert found == pytest.approx({"mean": 0.25, "sky": 0.5, "duck": 0.0})


def test_nothing_that_counts_has_no_mean() -> None:
    images, targets = torch.zeros(1, 3, 2, 2), torch.full((1, 2, 2), IGNORE)
    assert math.isnan(measure_pixels(Fixed(2), [(images, targets)])["mean"])


def test_names_must_be_as_many_as_classes_and_there_must_be_pictures() -> None:
    with pytest.raises(ValueError, match="the network scores 4 classes, got 3 names: sky, cow, duck"):
        class_iou(Fixed(4), SemanticSet(Two()))
    with pytest.raises(ValueError, match="nothing to measure on"):
        measure_pixels(Fixed(4), [])


def test_loss_is_torchs_mean_over_the_pixels_that_count() -> None:
    torch.manual_seed(0)
    model, images = nn.Conv2d(3, 5, 1), torch.rand(2, 3, 4, 6)
    targets = torch.randint(0, 5, (2, 4, 6))
    targets[0, 0] = IGNORE
    expected = F.cross_entropy(model(images), targets, ignore_index=IGNORE)
    torch.testing.assert_close(pixel_loss(model, images, targets), expected)


def test_loss_where_no_pixel_counts_is_zero_with_a_gradient() -> None:
    model = nn.Conv2d(3, 5, 1)
    loss = pixel_loss(model, torch.rand(1, 3, 2, 2), torch.full((1, 2, 2), IGNORE))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0
    assert model.weight.grad is not None
    assert not model.weight.grad.any()


def test_a_view_of_the_farm_has_its_images_labels_and_names() -> None:
    farm = Farm(3, seed=5, size=(32, 48))
    for view in (SemanticSet(farm), SemanticSet(farm, keep=True)):
        assert len(view) == 3
        assert view.classes == SEMANTIC_CLASSES
        for _ in range(2):
            image, labels = view[1]
            assert torch.equal(image, farm[1][0])
            assert torch.equal(labels, farm[1][1]["semantic"])
            assert labels.dtype == torch.long


def test_what_is_kept_is_not_drawn_again() -> None:
    class Counting(Two):
        asked = 0

        def __getitem__(self, index: int) -> tuple[Tensor, dict[str, Tensor]]:
            self.asked += 1
            return super().__getitem__(index)

    data = Counting()
    kept = SemanticSet(data, keep=True)
    for _ in range(3):
        kept[0], kept[1]
    assert data.asked == 2


def test_other_sizes_are_brought_to_one_and_labels_stay_labels() -> None:
    image, labels = SemanticSet(Two(), size=(2, 8))[1]
    assert image.shape == (3, 2, 8)
    assert labels.tolist() == [[1, 1, 1, 1, IGNORE, IGNORE, IGNORE, IGNORE]] * 2


def test_fit_trains_on_the_farm_with_these_and_gets_better(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NBGRADER_EXECUTION", "COURSE_GRADING", "COURSE_TIER"):
        monkeypatch.delenv(name, raising=False)
    torch.manual_seed(0)
    data = SemanticSet(Farm(32, size=(32, 32)), keep=True)
    model = nn.Conv2d(3, len(SEMANTIC_CLASSES), 3, padding=1)
    before = class_iou(model, data)["mean"]
    history = fit(model, pixel_loss, data, validation=data, metric=mean_iou_of, steps=60, looks=1, learning_rate=0.05)
    assert history.metrics[-1][1] == pytest.approx(class_iou(model, data)["mean"], abs=1e-6)
    assert history.metrics[-1][1] > before + 0.05
