"""Patches around random pixels: what is in them, which pixels they belong to, and that a seed decides."""

import torch

from course.patches import PatchSet
from course.segmentation import IGNORE


def test_a_patch_is_what_lies_around_its_pixel_with_zeros_outside_and_its_label_is_the_pixels() -> None:
    image = 1 + torch.arange(12.0).view(1, 3, 4).expand(3, 3, 4)
    labels = torch.full((3, 4), IGNORE)
    labels[0, 3], labels[2, 1] = 5, 6
    patches = PatchSet([(image, labels)], size=3, count=40, seed=0)
    assert len(patches) == 40
    seen = {int(label): patch for patch, label in (patches[index] for index in range(40))}
    assert seen.keys() == {5, 6}  # and never a pixel that does not count
    assert seen[5][0].tolist() == [[0, 0, 0], [3, 4, 0], [7, 8, 0]]
    assert seen[6][2].tolist() == [[5, 6, 7], [9, 10, 11], [0, 0, 0]]


def test_patches_depend_on_their_seed_alone_and_come_from_all_scenes() -> None:
    scenes = [(torch.full((3, 4, 5), float(number)), torch.full((4, 5), number)) for number in range(3)]
    labels = [int(label) for _, label in (PatchSet(scenes, 1, count=50, seed=1)[i] for i in range(50))]
    again = [int(label) for _, label in (PatchSet(scenes, 1, count=50, seed=1)[i] for i in range(50))]
    other = [int(label) for _, label in (PatchSet(scenes, 1, count=50, seed=2)[i] for i in range(50))]
    assert labels == again != other
    assert set(labels) == {0, 1, 2}
