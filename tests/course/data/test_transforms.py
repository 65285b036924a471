"""Image, boxes, masks, keypoints and semantic map move together, to the pixel."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision.ops import masks_to_boxes
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from course.data import Joint, Sample, eval_transform, load, train_transform, transformed, unwrap, wrap
from course.data.transforms import Points

FARM = load("farm", length=6, size=(48, 64), animals=(2, 4), empty=0)


class Crop(torch.nn.Module):
    def __init__(self, *where: int) -> None:
        super().__init__()
        self.where = where

    def forward(self, wrapped: dict[str, Tensor]) -> dict[str, Tensor]:
        return {key: F.crop(value, *self.where) for key, value in wrapped.items()}


def by_hand() -> tuple[Tensor, Sample]:
    """An image 6 high and 8 wide with one object on rows 1 … 3, columns 5 … 6, and its corner as keypoint."""
    mask = torch.zeros(1, 6, 8, dtype=torch.bool)
    mask[0, 1:4, 5:7] = True
    semantic = torch.where(mask[0], 4, 1)
    semantic[0, 5] = 255
    image = torch.arange(144.0).reshape(3, 6, 8) / 144
    return image, {
        "semantic": semantic, "boxes": torch.tensor([[5.0, 1, 7, 4]]), "labels": torch.tensor([2]), "masks": mask,
        "keypoints": torch.tensor([[[5.5, 1.25, 2], [6.5, 3.5, 1], [0, 0, 0]]]), "image_id": 3,
    }  # fmt: skip


def assert_same(one: tuple[Tensor, Sample], other: tuple[Tensor, Sample]) -> None:
    assert torch.equal(one[0], other[0])
    assert one[1].keys() == other[1].keys()
    for key, value in one[1].items():
        if isinstance(value, Tensor):
            found = other[1][key]  # type: ignore[literal-required]
            assert type(found) is Tensor
            assert found.dtype == value.dtype, key
            assert torch.equal(found, value), key
        else:
            assert value == other[1][key]  # type: ignore[literal-required]


def assert_consistent(image: Tensor, target: Sample) -> None:
    """What holds for every sample of the Farm: counts, tight boxes, visible keypoints and labels inside the picture."""
    height, width = image.shape[1:]
    count = len(target["labels"])
    assert target["semantic"].shape == (height, width)
    assert target["masks"].shape == (count, height, width)
    assert len(target["boxes"]) == len(target["keypoints"]) == count
    if count:
        assert torch.equal(target["boxes"], masks_to_boxes(target["masks"]) + torch.tensor([0, 0, 1, 1]))
    x, y, visibility = target["keypoints"].unbind(-1)
    there = visibility > 0
    assert bool(((x >= 0) & (x < width) & (y >= 0) & (y < height))[there].all())
    assert not target["keypoints"][~there].any()
    painted = target["masks"].any(dim=0)
    things = (target["semantic"] >= 4) & (target["semantic"] != 255)
    assert bool(painted[things].all())
    assert bool((things | (target["semantic"] == 255))[painted].all())


def test_wrapping_and_unwrapping_changes_nothing() -> None:
    for index in range(len(FARM)):
        image, target = FARM[index]
        assert_same((image, target), unwrap(wrap(image, target), target))


def test_a_mirror_image_by_hand() -> None:
    image, target = by_hand()
    mirrored, result = Joint(v2.RandomHorizontalFlip(p=1.0))(image, target)
    assert torch.equal(mirrored, image.flip(-1))
    assert result["boxes"].tolist() == [[1, 1, 3, 4]]
    assert result["keypoints"].tolist() == [[[2.5, 1.25, 2], [1.5, 3.5, 1], [0, 0, 0]]]
    assert torch.equal(result["masks"], target["masks"].flip(-1))
    assert torch.equal(result["semantic"], target["semantic"].flip(-1))
    assert result["labels"].tolist() == [2]
    assert result["image_id"] == 3


@pytest.mark.parametrize("flip", [v2.RandomHorizontalFlip(p=1.0), v2.RandomVerticalFlip(p=1.0)])
def test_flipping_twice_is_the_identity(flip: v2.Transform) -> None:
    joint = Joint(flip)
    for index in range(len(FARM)):
        image, target = FARM[index]
        once = joint(image, target)
        assert_consistent(*once)
        twice, result = joint(*once)
        assert torch.allclose(result.pop("keypoints"), target["keypoints"], atol=1e-4)
        assert_same((image, {k: v for k, v in target.items() if k != "keypoints"}), (twice, result))  # type: ignore[arg-type, misc]


def test_inputs_are_not_modified() -> None:
    image, target = by_hand()
    Joint(v2.Compose([v2.RandomHorizontalFlip(1.0), Crop(2, 0, 3, 3)]))(image, target)
    assert_same((image, target), by_hand())


def test_a_crop_by_hand() -> None:
    _, result = Joint(Crop(2, 1, 4, 5), least_pixels=1)(*by_hand())  # rows 2 … 5, columns 1 … 5
    assert result["boxes"].tolist() == [[4, 0, 5, 2]]
    assert result["masks"].sum() == 2
    assert result["keypoints"].tolist() == [[[0, 0, 0], [0, 0, 0], [0, 0, 0]]]
    assert result["semantic"].tolist() == [[1, 1, 1, 1, 4], [1, 1, 1, 1, 4], [1] * 5, [1] * 5]


def test_what_left_the_crop_is_removed_everywhere() -> None:
    image, target = by_hand()
    _, result = Joint(Crop(0, 0, 6, 5))(image, target)
    for key, shape in (("boxes", (0, 4)), ("labels", (0,)), ("masks", (0, 6, 5)), ("keypoints", (0, 3, 3))):
        assert result[key].shape == shape  # type: ignore[literal-required]
    assert result["semantic"].unique().tolist() == [1]


def test_too_small_a_rest_is_removed_and_ignored() -> None:
    _, result = Joint(Crop(2, 1, 4, 5), least_pixels=3)(*by_hand())
    assert len(result["boxes"]) == 0
    assert (result["semantic"] == 255).sum() == 2


def test_boxes_without_masks_are_clipped() -> None:
    image = torch.zeros(3, 6, 8)
    boxes = torch.tensor([[5.0, 1, 7, 4], [0, 0, 2, 2], [4, 0, 5, 6]])
    flags = torch.tensor([True, False, True])
    target: Sample = {"boxes": boxes, "labels": torch.tensor([1, 2, 3]), "difficult": flags, "image_id": 0}
    _, result = Joint(Crop(0, 3, 3, 3), least_pixels=1)(image, target)
    assert result["boxes"].tolist() == [[2, 1, 3, 3], [1, 0, 2, 3]]
    assert result["labels"].tolist() == [1, 3]
    assert result["difficult"].tolist() == [True, True]


def test_padding_is_ignored_in_the_map_and_nobody_in_the_masks() -> None:
    image, result = Joint(v2.Pad([2, 1, 3, 4]))(*by_hand())
    assert image.shape == (3, 11, 13)
    assert result["boxes"].tolist() == [[7, 2, 9, 5]]
    assert result["keypoints"][0, 0].tolist() == [7.5, 2.25, 2]
    assert (result["semantic"] == 255).sum() == 11 * 13 - 48 + 1
    assert result["masks"].sum() == 6


def test_resizing_moves_edges_not_pixels() -> None:
    image, result = Joint(v2.Resize([12, 24]))(*by_hand())
    assert image.shape == (3, 12, 24)
    assert result["boxes"].tolist() == [[15, 2, 21, 8]]
    assert result["keypoints"][0, 0].tolist() == [16.5, 2.5, 2]
    assert result["masks"].sum() == 36


@pytest.mark.parametrize("size", [(3, 5), (8, 6), (6, 12), (9, 9)])
def test_a_centre_crop_moves_points_as_it_moves_pixels(size: tuple[int, int]) -> None:
    spots = torch.zeros(1, 6, 8)
    spots[0, 2, 3] = 1
    point = Points.of(torch.tensor([[[3.5, 2.5]]]), (6, 8))
    x, y = F.center_crop(point, list(size)).as_subclass(Tensor)[0, 0].tolist()
    cropped = F.center_crop(spots, list(size))
    assert cropped[0, int(y), int(x)] == 1
    assert cropped.sum() == 1


def test_a_resized_crop_moves_points_as_it_moves_boxes() -> None:
    point = Points.of(torch.tensor([[[5.0, 4.0]]]), (6, 8))
    moved = F.resized_crop(point, 2, 3, 4, 4, [8, 16])
    assert moved.as_subclass(Tensor).tolist() == [[[8, 4]]]


def test_turning_keypoints_is_refused_in_a_sentence() -> None:
    with pytest.raises(NotImplementedError, match="keypoints can be flipped, resized, padded and cropped"):
        Joint(v2.RandomRotation(30))(*by_hand())
    image, target = by_hand()
    del target["keypoints"]
    Joint(v2.RandomRotation(30), least_pixels=1)(image, target)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), index=st.integers(0, 5), high=st.integers(24, 80), wide=st.integers(24, 80))
def test_training_samples_have_the_size_and_agree_with_themselves(seed: int, index: int, high: int, wide: int) -> None:
    torch.manual_seed(seed)
    image, target = train_transform((high, wide), scale=(0.5, 2.0))(*FARM[index])
    assert image.shape == (3, high, wide)
    assert 0 <= float(image.min()) <= float(image.max()) <= 1
    assert_consistent(image, target)


def test_the_same_seed_gives_the_same_sample() -> None:
    samples = []
    for _ in range(2):
        torch.manual_seed(5)
        samples.append(train_transform((48, 48))(*FARM[0]))
    assert_same(samples[0], samples[1])


def test_an_image_without_objects_passes(tmp_path: object) -> None:
    empty = load("farm", length=1, animals=(0, 0))
    for transform in (train_transform((40, 56)), eval_transform((40, 56))):
        image, target = transform(*empty[0])
        assert image.shape == (3, 40, 56)
        assert target["boxes"].shape == (0, 4)
        assert target["masks"].shape == (0, 40, 56)
        assert target["keypoints"].shape == (0, 7, 3)


def test_validation_at_the_same_size_changes_nothing() -> None:
    image, target = FARM[1]
    assert_same((image, target), eval_transform((48, 64))(image, target))


def test_a_loader_takes_transformed_samples() -> None:
    dataset = transformed(FARM, train_transform((32, 32)))
    assert len(dataset) == len(FARM)
    loader = DataLoader(dataset, batch_size=3, num_workers=1, collate_fn=lambda batch: tuple(zip(*batch, strict=True)))
    for images, targets in loader:
        assert torch.stack(images).shape == (3, 3, 32, 32)
        assert all(type(target["boxes"]) is Tensor for target in targets)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": (0, 4)}, r"size must be \(height, width\) in whole pixels, got \(0, 4\)"),
        ({"size": (4.5, 4)}, "size must be"),
        ({"size": (8, 8), "scale": (2, 1)}, r"scale must be \(smallest, largest\) above 0, got \(2, 1\)"),
        ({"size": (8, 8), "flip": 2}, "flip and colour must lie between 0 and 1, got 2 and 0.25"),
    ],
)
def test_bad_arguments_are_one_sentence_each(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train_transform(**arguments)  # type: ignore[arg-type]
