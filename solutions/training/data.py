"""The pictures of a run: which they are, and in what order they come.

The order is a function of (seed, step) alone, so that a resumed run goes on with the very batch that a killed one would
have seen next, and so that many devices share each batch without talking to each other.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler, Subset

from course.data.transforms import eval_transform, transformed
from course.localization import SingleObjects
from course.segmentation import SemanticSet
from solutions.training.config import TrainConfig, TrainingError, choose
from solutions.training.models import Asked

Sample = tuple[Tensor, Any]
"""An image (3, H, W) in [0, 1] and its target: a semantic map (H, W), or a dict in the Farm's format."""

_ONE_OBJECT = ("object", "keypoints")


def open_split(config: TrainConfig, split: str, asked: Asked, *, images: int | None = None) -> Dataset[Sample]:
    """Return the pictures of a split; `images` takes the place of the configured number.

    Raises:
        TrainingError: an unknown data set, split or option, files that are missing or damaged, or an empty split.
    """
    from course.data import load

    length = images or (config.train_images if split == "train" else config.val_images)
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in config.data_options.items()}
    own: dict[str, Any] = {}
    if config.data == "farm":
        own = {"length": length, "seed": config.data_seed, "size": config.size, "cache": True}
        if asked in _ONE_OBJECT:
            own |= {"animals": (1, 1), "empty": 0.0}
    elif config.data.startswith("voc"):
        own = {"task": "detection" if asked == "boxes" else "segmentation"}
    try:
        data: Any = load(config.data, split, root=config.root, download=config.download, **{**own, **options})
    except (ValueError, TypeError, OSError) as error:
        raise TrainingError(str(error)) from None
    if len(data) == 0:
        raise TrainingError(f"the split {split} of {config.data} is empty")
    if len(data) > length:
        data = Subset(data, range(length))
    if asked == "semantic":
        data = SemanticSet(data, size=config.size)  # photographs of one size can be stacked
    elif asked in _ONE_OBJECT:
        data = SingleObjects(transformed(data, eval_transform(config.size)))
        if len(data) == 0:
            raise TrainingError(f"the split {split} of {config.data} has no picture with exactly one object")
    return data  # type: ignore[no-any-return]


def class_names(config: TrainConfig, asked: Asked) -> tuple[str, ...]:
    """Return the names of a semantic map's values, of a detection's labels, 0 = background, or of an object's joints.

    Raises:
        TrainingError: an unknown data set.
    """
    from course.data import CLASSES, KEYPOINT_NAMES, SEMANTIC_CLASSES

    names = {"semantic": SEMANTIC_CLASSES, "keypoints": KEYPOINT_NAMES}.get(asked, CLASSES)
    return names[choose("data set", config.data, names)]


class StepSampler(Sampler[list[int]]):
    """Yields the batches of steps `start`, `start` + 1, … for ever; of each batch the part of one rank.

    Epoch e is a permutation that (seed, e) decides. What does not fill a batch at its end is left for the next epoch's.
    """

    def __init__(self, length: int, batch_size: int, seed: int, start: int = 0, rank: int = 0, ranks: int = 1) -> None:
        self.length, self.batch_size, self.seed, self.start = length, batch_size, seed, start
        self.rank, self.ranks = rank, ranks
        self.steps_an_epoch = length // batch_size
        if not self.steps_an_epoch:
            raise TrainingError(f"--batch-size {batch_size} is more than the {length} images to train on")

    def __iter__(self) -> Iterator[list[int]]:
        epoch, step = divmod(self.start, self.steps_an_epoch)
        while True:
            order = epoch_order(self.length, self.seed, epoch)
            for first in range(step * self.batch_size, self.steps_an_epoch * self.batch_size, self.batch_size):
                yield order[first : first + self.batch_size][self.rank :: self.ranks]
            epoch, step = epoch + 1, 0


def epoch_order(length: int, seed: int, epoch: int) -> list[int]:
    """Return the order of the images in an epoch."""
    generator = torch.Generator().manual_seed(1_000_003 * seed + epoch)
    order: list[int] = torch.randperm(length, generator=generator).tolist()
    return order
