"""Faster R-CNN in four trainings, as the paper ran them, beside the single one that the field came to run.

    train_alternating(model, scenes, steps=1000)

First the region proposal network learns, then a detector from its proposals, which begins with fresh convolutions, so
that nothing is shared yet. Then the detector's convolutions are fixed, and the proposal network learns to read them.
Last the second stage learns once more, from the new proposals, and both read the same map (Ren et al., 2015, §3.2). In
the paper the fresh convolutions are ImageNet's; here they are those with which the model came.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from course.history import History
from course.progress import Progress
from course.training import Samples, best_device, fit, in_eval_mode
from solutions.faster_rcnn.backbones import as_maps
from solutions.faster_rcnn.detector import FasterRCNN
from solutions.faster_rcnn.resizing import resize_boxes

Part = Literal["rpn", "roi_heads"]
Scene = tuple[Tensor, Mapping[str, Tensor]]


def train_alternating(
    model: FasterRCNN,
    scenes: Samples,
    *,
    steps: int,
    batch_size: int = 8,
    learning_rate: float = 2e-3,
    seed: int = 0,
    device: str | None = None,
) -> list[History]:
    """Train `model` in place, a quarter of `steps` in each of the four trainings, and return what happened in each.

    Raises:
        ValueError: fewer than four steps, no scenes, or a batch size below 1.
    """
    if steps < 4:
        raise ValueError(f"steps must be at least 4, one for each training, got {steps}")
    first, second, third, fourth = (steps // 4 + (number < steps % 4) for number in range(4))
    options = {"batch_size": batch_size, "learning_rate": learning_rate, "device": device}
    fresh = {name: values.clone() for name, values in model.backbone.state_dict().items()}
    pictures = [scenes[number] for number in range(len(scenes))]

    histories = [train_part(model, "rpn", pictures, steps=first, seed=seed, **options)]  # type: ignore[arg-type]
    with_proposals = add_proposals(model, pictures, device)
    model.backbone.load_state_dict(fresh)  # the detector knows the proposals, and nothing of how they were made
    histories.append(train_part(model, "roi_heads", with_proposals, steps=second, seed=seed + 1, **options))  # type: ignore[arg-type]

    shared = {**options, "fixed_backbone": True}
    histories.append(train_part(model, "rpn", pictures, steps=third, seed=seed + 2, **shared))  # type: ignore[arg-type]
    with_proposals = add_proposals(model, pictures, device)
    histories.append(train_part(model, "roi_heads", with_proposals, steps=fourth, seed=seed + 3, **shared))  # type: ignore[arg-type]
    return histories


def train_part(
    model: FasterRCNN,
    part: Part,
    scenes: Samples,
    *,
    steps: int,
    fixed_backbone: bool = False,
    batch_size: int = 8,
    learning_rate: float = 2e-3,
    seed: int = 0,
    device: str | None = None,
) -> History:
    """Train one `part` of `model` in place, with its backbone or on top of it, while the other part stays as it is.

    For "roi_heads" a target brings the `proposals` (P, 4) of its image.

    Raises:
        ValueError: no scenes, no steps, or a batch size below 1.
    """

    def loss(model: nn.Module, images: Sequence[Tensor], targets: Sequence[Mapping[str, Tensor]]) -> Tensor:
        return torch.stack(list(model(images, targets).values())).sum()

    learning: tuple[str, ...] = (part,) if fixed_backbone else (part, "backbone")
    with only_learning(model, learning):
        return fit(
            OnePart(model, part, fixed_backbone), loss, scenes,
            steps=steps, batch_size=batch_size, learning_rate=learning_rate, seed=seed, device=device,
        )  # fmt: skip


class OnePart(nn.Module):
    """The losses of one part of a detector; a fixed backbone keeps its statistics too."""

    def __init__(self, model: FasterRCNN, part: Part, fixed_backbone: bool) -> None:
        super().__init__()
        self.model, self.part, self.fixed_backbone = model, part, fixed_backbone

    def train(self, mode: bool = True) -> "OnePart":
        """Set the mode, save that of a fixed backbone."""
        super().train(mode)
        if self.fixed_backbone:
            self.model.backbone.eval()
        return self

    def forward(self, images: Sequence[Tensor], targets: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """Return the two losses of the part, of a batch of images and targets."""
        model = self.model
        batch, sizes = model.resizing.batch(list(images), self.training)
        changes = [((image.shape[-2], image.shape[-1]), size) for image, size in zip(images, sizes, strict=True)]
        resized = [model.resize(target, *change) for target, change in zip(targets, changes, strict=True)]
        maps = as_maps(model.backbone(batch))
        if self.part == "rpn":
            said = model.rpn.look(list(maps.values()), (batch.shape[-2], batch.shape[-1]))
            return model.rpn.losses(said, resized)
        cut = [features for name, features in maps.items() if name != "pool"]
        proposals = [
            resize_boxes(target["proposals"], *change) for target, change in zip(targets, changes, strict=True)
        ]
        return model.roi_heads.losses(cut, proposals, sizes, resized)


@contextmanager
def only_learning(model: nn.Module, parts: Sequence[str]) -> Iterator[None]:
    """Fix all parameters but those of some `parts` of `model`, until the block ends."""
    fixed = [
        parameter
        for name, part in model.named_children()
        if name not in parts
        for parameter in part.parameters()
        if parameter.requires_grad
    ]
    for parameter in fixed:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in fixed:
            parameter.requires_grad_(True)


@torch.no_grad()
def add_proposals(model: FasterRCNN, scenes: Samples, device: str | None = None) -> list[Scene]:
    """Return all scenes, each target with the `proposals` (P, 4) of its image: as many as in training."""
    place = torch.device(device or best_device())
    model.to(place)
    found: list[Scene] = []
    with in_eval_mode(model), Progress("proposals", len(scenes)) as progress:
        model.rpn.train()  # for its budgets; it has nothing that a mode would change
        for number in range(len(scenes)):
            image, target = scenes[number]
            batch, [size] = model.resizing.batch([image.to(place)], training=False)
            maps = list(as_maps(model.backbone(batch)).values())
            (proposals,), _ = model.rpn(maps, (batch.shape[-2], batch.shape[-1]), [size])
            original = (image.shape[-2], image.shape[-1])
            own = {"proposals": resize_boxes(proposals, size, original).cpu()}
            found.append((image, {"boxes": target["boxes"], "labels": target["labels"], **own}))
            progress.advance()
    return found
