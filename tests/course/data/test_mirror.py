"""In a mirror left and right change places: of a keypoint's place, and of what it is called."""

import torch
from torchvision.transforms import v2

from course.data.keypoints import COCO_KEYPOINTS, mirror_pairs
from course.data.transforms import Joint, transformed
from course.farm import KEYPOINTS, Farm

FLIP = Joint(v2.RandomHorizontalFlip(p=1.0), least_pixels=0)
NAMES = ("nose", "left_eye", "right_eye")


def test_cocos_people_have_eight_pairs_and_the_farms_animals_none() -> None:
    pairs = mirror_pairs(COCO_KEYPOINTS)
    assert len(pairs) == 8
    assert all(COCO_KEYPOINTS[a].removeprefix("left") == COCO_KEYPOINTS[b].removeprefix("right") for a, b in pairs)
    assert mirror_pairs(KEYPOINTS) == []


def someone() -> dict[str, object]:
    points = torch.tensor([[[5.0, 2.0, 2.0], [4.0, 1.0, 1.0], [0.0, 0.0, 0.0]]])
    return {"boxes": torch.tensor([[1.0, 0.0, 9.0, 6.0]]), "labels": torch.tensor([1]), "keypoints": points}


def test_the_left_eye_becomes_the_right_one_with_its_visibility() -> None:
    _, target = FLIP(torch.rand(3, 8, 20), someone(), NAMES)  # type: ignore[arg-type]
    assert target["keypoints"].tolist() == [[[15.0, 2.0, 2.0], [0.0, 0.0, 0.0], [16.0, 1.0, 1.0]]]


def test_twice_mirrored_is_as_before_and_once_cropped_they_have_changed_places_still() -> None:
    twice = Joint(v2.Compose([v2.RandomHorizontalFlip(p=1.0), v2.RandomHorizontalFlip(p=1.0)]), least_pixels=0)
    _, target = twice(torch.rand(3, 8, 20), someone(), NAMES)  # type: ignore[arg-type]
    assert torch.equal(target["keypoints"], someone()["keypoints"])  # type: ignore[arg-type]
    halved = Joint(v2.Compose([v2.RandomHorizontalFlip(p=1.0), v2.Resize([4, 10])]), least_pixels=0)
    _, target = halved(torch.rand(3, 8, 20), someone(), NAMES)  # type: ignore[arg-type]
    assert target["keypoints"].tolist() == [[[7.5, 1.0, 2.0], [0.0, 0.0, 0.0], [8.0, 0.5, 1.0]]]


def test_without_names_every_keypoint_keeps_its_row() -> None:
    _, target = FLIP(torch.rand(3, 8, 20), someone())  # type: ignore[arg-type]
    assert target["keypoints"].tolist() == [[[15.0, 2.0, 2.0], [16.0, 1.0, 1.0], [0.0, 0.0, 0.0]]]


class People:
    """Two pictures of a data set that says what its keypoints are called."""

    keypoint_names = NAMES

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> tuple[torch.Tensor, dict[str, object]]:
        return torch.rand(3, 8, 20), someone()


def test_a_data_set_that_names_its_keypoints_has_them_exchanged() -> None:
    mirrored = transformed(People(), FLIP)  # type: ignore[arg-type]
    assert mirrored[1][1]["keypoints"][0, 2].tolist() == [16.0, 1.0, 1.0]
    assert transformed(mirrored, FLIP)[0][1]["keypoints"][0, 1].tolist() == [4.0, 1.0, 1.0]


def test_the_farms_keypoints_keep_their_rows() -> None:
    image, target = Farm(3, animals=(1, 1), empty=0)[1]
    _, mirrored = FLIP(image, target)  # type: ignore[arg-type]
    there = target["keypoints"][..., 2] > 0
    torch.testing.assert_close(mirrored["keypoints"][..., 0][there], 64 - target["keypoints"][..., 0][there])
