"""What chapter 5 starts from agrees with the references that it is exchanged for, and measures what it says."""

import pytest
import torch
from torch import Tensor, nn

from course.farm import Farm
from course.localization import SingleObjects, class_and_box_loss, labels_and_boxes, measure_boxes
from course.pose import hills, keypoints_of, longer_sides, mean_squared_distance, mirrored, share_near_enough, summits
from solutions.localization import Localizer, multitask_loss
from solutions.pose import (
    CoordinateNet,
    PoseNet,
    decode_heatmaps,
    flip_keypoints,
    gaussian_heatmaps,
    keypoint_loss,
    pck,
)


@pytest.fixture(scope="module")
def objects() -> SingleObjects:
    return SingleObjects(Farm(12, animals=(0, 2), empty=0.2))


def test_only_pictures_with_one_object_are_kept_in_shares_of_the_picture(objects: SingleObjects) -> None:
    farm = Farm(12, animals=(0, 2), empty=0.2)
    alone = [farm[index] for index in range(12) if len(farm[index][1]["labels"]) == 1]
    assert 0 < len(objects) == len(alone) < 12
    for (image, one), (theirs, target) in zip((objects[i] for i in range(len(objects))), alone, strict=True):
        assert torch.equal(image, theirs)
        assert int(one["label"]) == int(target["labels"]) - 1
        torch.testing.assert_close(one["box"] * 64, target["boxes"][0])
        torch.testing.assert_close(one["keypoints"][:, :2] * 64, target["keypoints"][0, :, :2])
        assert torch.equal(one["keypoints"][:, 2], target["keypoints"][0, :, 2])


def test_the_loss_is_the_references() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(5, 3), torch.randn(5, 3, 4), torch.tensor([0, 2, 1, 1, 0]), torch.randn(5, 4)
    for name, value in multitask_loss(*inputs, box_weight=2.5).items():
        torch.testing.assert_close(class_and_box_loss(*inputs, 2.5)[name], value)


def test_hills_and_summits_are_the_references() -> None:
    torch.manual_seed(0)
    points = torch.rand(4, 3, 2) * torch.tensor([12.0, 9.0])
    torch.testing.assert_close(hills(points, (9, 12), 1.5), gaussian_heatmaps(points, (9, 12), 1.5))
    for maps in (hills(points, (9, 12), 1.5), torch.randint(0, 3, (6, 2, 5, 4)).float(), torch.rand(2, 1, 1, 1)):
        for ours, theirs in zip(summits(maps), decode_heatmaps(maps), strict=True):
            torch.testing.assert_close(ours, theirs)


def test_distances_and_shares_are_the_references() -> None:
    torch.manual_seed(0)
    pred, target, visible = torch.randn(4, 3, 2), torch.randn(4, 3, 2), torch.rand(4, 3) > 0.3
    scale = torch.rand(4) * 5
    torch.testing.assert_close(mean_squared_distance(pred, target, visible), keypoint_loss(pred, target, visible))
    torch.testing.assert_close(share_near_enough(pred, target, visible, scale), pck(pred, target, visible, scale))
    assert float(mean_squared_distance(pred, target, visible & False)) == 0


def test_what_is_mirrored_is_the_references() -> None:
    torch.manual_seed(0)
    points = torch.cat([torch.rand(3, 4, 2) * 9, torch.randint(0, 3, (3, 4, 1)).float()], dim=-1)
    before = points.clone()
    torch.testing.assert_close(mirrored(points, 9, [(3, 1)]), flip_keypoints(points, 9, [(3, 1)]))
    assert torch.equal(points, before)


class Oracle(nn.Module):
    """Answers with what it was given, whatever the image."""

    def __init__(self, scores: Tensor, boxes: Tensor) -> None:
        super().__init__()
        self.scores, self.boxes = nn.Parameter(scores), nn.Parameter(boxes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.scores, self.boxes


def test_who_knows_all_scores_best_and_the_box_of_a_wrong_class_counts(objects: SingleObjects) -> None:
    labels, boxes = labels_and_boxes([objects[index][1] for index in range(len(objects))])
    right = torch.nn.functional.one_hot(labels, 4).float() * 40
    perfect = boxes[:, None].repeat(1, 4, 1)
    best = measure_boxes(Oracle(right, perfect), objects, box_weight=3)
    assert best == pytest.approx(
        {"total": 0, "classification": 0, "localization": 0, "accuracy": 1, "mean IoU": 1, "IoU over half": 1}, abs=1e-6
    )
    only_own = torch.where(torch.arange(4)[None, :, None] == labels[:, None, None], perfect, torch.zeros(1))
    wrong = measure_boxes(Oracle(-right, only_own), objects)  # its box of the class that it names is nowhere
    assert wrong["localization"] == pytest.approx(0, abs=1e-6)
    assert wrong["accuracy"] == wrong["mean IoU"] == 0


def test_keypoints_are_in_pixels_of_the_map_that_is_asked_for(objects: SingleObjects) -> None:
    targets = [objects[index][1] for index in range(len(objects))]
    small, seen = keypoints_of(targets, (16, 8))
    large, _ = keypoints_of(targets, (64, 64))
    torch.testing.assert_close(small, large / torch.tensor([8.0, 4.0]))
    assert torch.equal(seen, torch.stack([one["keypoints"][:, 2] > 0 for one in targets]))
    sides = torch.stack([(one["box"][2:] - one["box"][:2]).max() for one in targets])
    torch.testing.assert_close(longer_sides(targets, (64, 64)), sides * 64)


@pytest.mark.parametrize("size", [(64, 64), (37, 50), (1, 1)])
def test_networks_take_pictures_of_any_size(size: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *size)
    scores, boxes = Localizer(5).eval()(images)
    assert (scores.shape, boxes.shape) == ((2, 5), (2, 5, 4))
    assert PoseNet(7).eval()(images).shape == (2, 7, -(-size[0] // 4), -(-size[1] // 4))
    assert CoordinateNet(7).eval()(images).shape == (2, 7, 2)


def test_one_box_for_all_classes_is_the_same_for_each() -> None:
    _, boxes = Localizer(5, box_per_class=False).eval()(torch.rand(2, 3, 32, 32))
    assert torch.equal(boxes, boxes[:, :1].expand(-1, 5, -1))
    _, boxes = Localizer(5).eval()(torch.rand(2, 3, 32, 32))
    assert not torch.equal(boxes, boxes[:, :1].expand(-1, 5, -1))
