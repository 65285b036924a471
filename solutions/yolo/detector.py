"""YOLO whole: one network looks at the image once, and what its cells say are the detections (Redmon et al., 2016).

Convolutions make a map, which is brought to as many cells as the grid has, whatever the image's size. The paper goes on
with two fully connected layers, that see everything and learn each cell by itself. Here convolutions are the default:
what they learn in one cell they know in all, which a few hundred scenes are enough for.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from course.yolo import Cost, Decode, Encode
from solutions.boxes import clip_boxes
from solutions.fast_rcnn.detector import mirror_boxes, of_one_size
from solutions.require import require_int, require_one_of
from solutions.require_anchors import require_pictures, require_targets
from solutions.require_boxes import require_threshold
from solutions.require_tensors import require_number
from solutions.suppression import batched_nms
from solutions.yolo.encoding import decode_predictions, encode_targets
from solutions.yolo.losses import yolo_loss

Head = Literal["convolutional", "connected"]

_AT_ONCE = 16  # images through the network, when nothing is learnt: more of them leave a processor's cache


class GridNetwork(nn.Module):
    """Says `numbers` numbers for each cell of a `grid` × `grid` over images: (N, S, S, numbers) of (N, 3, H, W).

    The body gives a cell for 4 × 4 pixels; average pooling makes S × S of them, whatever H
    and W are. With the "convolutional" head each cell then sees a neighbourhood, with the
    "connected" one all cells, as in the paper.
    """

    channels = 96

    def __init__(self, numbers: int, grid: int, head: Literal["convolutional", "connected"] = "convolutional") -> None:
        super().__init__()
        self.grid, self.numbers = grid, numbers
        self.body = nn.Sequential(
            *convolution(3, 16, stride=2),
            *convolution(16, 32),
            nn.MaxPool2d(2),
            *convolution(32, 64),
            nn.AdaptiveAvgPool2d(grid),
            *convolution(64, self.channels),
        ).to(memory_format=torch.channels_last)  # quicker on a CPU
        if head == "convolutional":
            self.head = nn.Sequential(
                *convolution(self.channels, self.channels),
                *convolution(self.channels, self.channels),
                nn.Conv2d(self.channels, numbers, 1),
            ).to(memory_format=torch.channels_last)
        else:
            self.head = nn.Sequential(
                nn.Flatten(),
                nn.Linear(self.channels * grid * grid, 256),
                nn.LeakyReLU(0.1),
                nn.Dropout(0.5),
                nn.Linear(256, grid * grid * numbers),
                nn.Unflatten(1, (numbers, grid, grid)),
            )

    def forward(self, images: Tensor) -> Tensor:
        """Return what each cell says, (N, S, S, numbers), of `images` (N, 3, H, W)."""
        said: Tensor = self.head(self.body(images))
        return said.permute(0, 2, 3, 1)


class YOLO(nn.Module):
    """Finds objects in one look, without proposals, with torchvision's call and output convention.

    In training `model(images, targets)` returns a dict of four losses, each with its weight, so
    that their sum is the paper's: `loss_box`, `loss_object`, `loss_no_object`, `loss_classes`.
    Half of the images are mirrored. In evaluation `model(images)` is `detect(images)`: a dict
    an image with `boxes` (n, 4), `labels` (n,) from 1 and `scores` (n,), best first. Images are
    a list of (3, H, W) in [0, 1], of any sizes, or a batch of them; those of one size go
    through the network together. A target has `boxes` (G, 4) with area and with their centres
    in the image, and `labels` (G,) from 1; `num_classes` counts the background, 0, as well.

    There are `grid` × `grid` cells, each with `predictors` boxes and one answer what they show.
    `head` says what a cell sees before it answers: its neighbourhood by "convolutional" layers,
    or everything by "connected" ones, as in the paper. `encode`, `decode` and `loss` are the
    paper's steps around the network, for whoever has their own.

    Raises:
        TypeError: a number that is none.
        ValueError: a number out of range, or an unknown head.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        grid: int = 8,
        predictors: int = 2,
        head: Head = "convolutional",
        lambda_coord: float = 5.0,
        lambda_noobj: float = 0.5,
        score_threshold: float = 0.05,
        nms_threshold: float = 0.5,
        detections_per_image: int = 100,
        encode: Encode = encode_targets,
        decode: Decode = decode_predictions,
        loss: Cost = yolo_loss,
    ) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=2)
        require_int("grid", grid, least=1)
        require_int("predictors", predictors, least=1)
        require_one_of("head", head, ("convolutional", "connected"))
        require_number("lambda_coord", lambda_coord, least=0)
        require_number("lambda_noobj", lambda_noobj, least=0)
        require_threshold("score_threshold", score_threshold)
        require_threshold("nms_threshold", nms_threshold)
        require_int("detections_per_image", detections_per_image, least=1)
        self.num_classes, self.grid, self.predictors = num_classes, grid, predictors
        self.lambda_coord, self.lambda_noobj = lambda_coord, lambda_noobj
        self.score_threshold, self.nms_threshold = score_threshold, nms_threshold
        self.detections_per_image = detections_per_image
        self.encode, self.decode, self.loss = encode, decode, loss
        self.network = GridNetwork(5 * predictors + num_classes - 1, grid, head)

    def forward(
        self, images: Sequence[Tensor] | Tensor, targets: Sequence[Mapping[str, Tensor]] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        """Return the losses in training, and the detections of each image in evaluation.

        Raises:
            TypeError: images or boxes that are not floating point, or labels that are not int64.
            ValueError: other shapes, in training not as many targets as images, a box without area or with its centre
                outside, or a label that is none of the classes.
        """
        require_pictures(images)
        if not self.training:
            return self.detect(images)
        require_targets(targets, len(images), self.num_classes)
        return self.losses(images, targets) if targets else {}

    def losses(self, images: Sequence[Tensor] | Tensor, targets: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """Return what the cells of all images cost, each part with its weight."""
        pictures, wanted = [], []
        for image, target in zip(images, targets, strict=True):
            boxes, labels = target["boxes"].to(image), target["labels"].to(image.device)
            height, width = image.shape[-2:]
            mirrored = bool(torch.rand(()) < 0.5)
            if mirrored:
                boxes = mirror_boxes(boxes, width)
            pictures.append(image.flip(-1) if mirrored else image)
            wanted.append(self.encode(boxes, labels, self.grid, self.num_classes - 1, (height, width)))
        said, true = [], []
        for numbers, batch in of_one_size(pictures):
            said.append(self.network(batch).to(batch))  # as exact as the targets, in mixed precision too
            true += [wanted[number] for number in numbers]
        parts = self.loss(torch.cat(said), torch.stack(true), self.lambda_coord, self.lambda_noobj)
        return {
            "loss_box": self.lambda_coord * parts["box"],
            "loss_object": parts["object"],
            "loss_no_object": self.lambda_noobj * parts["no_object"],
            "loss_classes": parts["classes"],
        }

    @torch.no_grad()
    def detect(self, images: Sequence[Tensor] | Tensor) -> list[dict[str, Tensor]]:
        """Return the detections in each image: `boxes` (n, 4), `labels` (n,) and `scores` (n,), best first."""
        found: dict[int, dict[str, Tensor]] = {}
        for numbers, batch in of_one_size(images, _AT_ONCE):
            output = self.network(batch).to(batch)
            found |= dict(zip(numbers, self.judge(output, (batch.shape[-2], batch.shape[-1])), strict=True))
        return [found[number] for number in range(len(images))]

    @torch.no_grad()
    def judge(self, output: Tensor, image_size: tuple[int, int]) -> list[dict[str, Tensor]]:
        """Return the detections in images of (H, W), from what the network says of them, (N, S, S, B·5 + K)."""
        said = [self.decode(own, image_size, self.num_classes - 1, self.score_threshold) for own in output]
        boxes, scores, labels = (torch.cat(parts) for parts in zip(*said, strict=True))
        image = torch.cat([torch.full_like(own, number) for number, (_, _, own) in enumerate(said)])
        boxes = clip_boxes(boxes, image_size)
        inside = (boxes[:, :2] < boxes[:, 2:]).all(dim=1)
        boxes, scores, labels, image = boxes[inside], scores[inside], labels[inside], image[inside]
        kept = batched_nms(boxes, scores, image * self.num_classes + labels, self.nms_threshold)
        found = []
        for number in range(len(said)):
            own = kept[image[kept] == number][: self.detections_per_image]
            found.append({"boxes": boxes[own], "labels": labels[own], "scores": scores[own]})
        return found


def convolution(before: int, after: int, stride: int = 1) -> tuple[nn.Module, ...]:
    """Return a 3 × 3 convolution with its normalisation, and a leaky ReLU."""
    return nn.Conv2d(before, after, 3, stride, padding=1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.1)
