"""Patches around random pixels, as a data set: what a classifier of patches is trained on."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course.segmentation import IGNORE
from course.training import Samples


class PatchSet:
    """Patches around random pixels of `scenes`: item i is (patch (3, size, size), the label of the centre's pixel).

    `size` is odd; outside a scene there are zeros. Each of the `count` pixels is drawn, by `seed`, from all pixels of
    all scenes whose label is not 255.
    """

    def __init__(self, scenes: Samples, size: int, count: int, seed: int) -> None:
        pairs = [scenes[i] for i in range(len(scenes))]
        self.size = size
        self.images = [F.pad(image, 4 * (size // 2,)) for image, _ in pairs]
        self.labels = torch.stack([labels for _, labels in pairs])
        pixels = (self.labels != IGNORE).nonzero()  # (pixels that count, 3): scene, row, column
        self.pixels = pixels[torch.randint(len(pixels), (count,), generator=torch.Generator().manual_seed(seed))]

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        scene, row, column = self.pixels[index].tolist()
        patch = self.images[scene].narrow(1, row, self.size).narrow(2, column, self.size)
        return patch, self.labels[scene, row, column]
