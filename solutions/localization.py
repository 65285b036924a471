"""One object, one box: a network says what it is and where, and has to learn both at once.

Beside the scores of K classes it returns four numbers a class: the box that the object has, if it is of that class.
Only the box of the true class is held to anything. The two losses have different units and are added with a weight
(Sermanet et al., 2014; Girshick, 2015, equation 1).
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from solutions.fcn.blocks import require_colour
from solutions.require import require_int, require_widths
from solutions.require_boxes import require_class_boxes
from solutions.require_tensors import require_number, require_tensor


def select_class_boxes(boxes: Tensor, labels: Tensor) -> Tensor:
    """Return from `boxes` (N, K, 4) the box of each image's own class: (N, 4).

    `labels` (N,) int64 says which of the K boxes each image is asked for, 0 … K − 1.
    The result has the dtype of `boxes`; a gradient flows back to the boxes that were
    taken, and 0 to all others.

    Raises:
        TypeError: `boxes` is not a floating-point tensor, or `labels` not an int64 tensor.
        ValueError: shapes that do not fit, or a label that is none of the K classes.

    >>> boxes = torch.arange(16.0).view(2, 2, 4)
    >>> select_class_boxes(boxes, torch.tensor([1, 0]))
    tensor([[ 4.,  5.,  6.,  7.],
            [ 8.,  9., 10., 11.]])
    """
    require_class_boxes(boxes, labels)
    images = torch.arange(len(labels), device=boxes.device)
    return boxes[images, labels]  # image 0 with label 0's box, image 1 with label 1's, …


def multitask_loss(
    scores: Tensor,
    boxes: Tensor,
    labels: Tensor,
    target_boxes: Tensor,
    box_weight: float = 1.0,
) -> dict[str, Tensor]:
    """Return what N images cost in class and in place, and both together.

    `scores` (N, K) are logits; `boxes` (N, K, 4) holds one box a class; `labels` (N,)
    int64 are the true classes 0 … K − 1 and `target_boxes` (N, 4) the true boxes. The
    dict holds three tensors without dimensions, in the dtype of `scores`:

    - `classification`: cross-entropy of the softmax, its mean over the images;
    - `localization`: squared L2 distance between the true class's box and the target,
      a sum over the four numbers and a mean over the images;
    - `total`: classification + `box_weight` · localization.

    Without images all three are 0 and still carry a gradient.

    Raises:
        TypeError: not floating-point tensors of one dtype, or `labels` not an int64 tensor.
        ValueError: shapes that do not fit, a label that is none of the K classes, or a negative `box_weight`.

    >>> scores, boxes = torch.zeros(1, 2), torch.zeros(1, 2, 4)
    >>> loss = multitask_loss(scores, boxes, torch.tensor([1]), torch.tensor([[0.0, 0.0, 3.0, 4.0]]), box_weight=0.1)
    >>> {name: round(value.item(), 4) for name, value in loss.items()}
    {'classification': 0.6931, 'localization': 25.0, 'total': 3.1931}
    """
    require_class_boxes(boxes, labels)
    require_tensor("scores", scores, (*boxes.shape[:2],), like=boxes)
    require_tensor("target_boxes", target_boxes, (len(labels), 4), like=boxes)
    require_number("box_weight", box_weight, least=0)
    count = max(len(labels), 1)  # the mean of no image is 0, not NaN
    classification = F.cross_entropy(scores, labels, reduction="sum") / count
    own = boxes[torch.arange(len(labels), device=boxes.device), labels]  # (N, 4)
    localization = (own - target_boxes).square().sum() / count
    return {
        "classification": classification,
        "localization": localization,
        "total": classification + box_weight * localization,
    }


class Localizer(nn.Module):
    """One look at an image, two answers: which class, and where.

    `model(images)` returns for images (N, 3, H, W) of any size the scores (N, K) and boxes
    (N, K, 4), one box a class, as x1, y1, x2, y2 in shares of the image's width and height.
    With `box_per_class=False` there is one box for all classes, repeated K times.

    Raises:
        TypeError: `num_classes` is not an int, or `widths` are not.
        ValueError: fewer than one class, or no widths.

    >>> scores, boxes = Localizer(num_classes=4)(torch.rand(2, 3, 48, 64))
    >>> scores.shape, boxes.shape
    (torch.Size([2, 4]), torch.Size([2, 4, 4]))
    """

    def __init__(self, num_classes: int, widths: Sequence[int] = (16, 32, 64, 64), box_per_class: bool = True) -> None:
        super().__init__()
        require_int("num_classes", num_classes, least=1)
        require_widths("widths", widths)
        self.num_classes = num_classes
        stages: list[nn.Module] = []
        for before, after in pairwise((3, *widths)):
            for inputs, stride in ((before, 2), (after, 1)):  # the first of the two halves the map
                stages += [nn.Conv2d(inputs, after, 3, stride, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        pooled = [nn.AdaptiveAvgPool2d(4), nn.Flatten()]  # a grid of 4 × 4 still knows where; one average would not
        self.features = nn.Sequential(*stages, *pooled, nn.Linear(16 * widths[-1], 128), nn.ReLU())
        self.scores = nn.Linear(128, num_classes)
        self.boxes = nn.Linear(128, 4 * (num_classes if box_per_class else 1))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores (N, K) and boxes (N, K, 4) for images (N, 3, H, W)."""
        require_colour(images)
        features = self.features(images)  # (N, 128)
        boxes = self.boxes(features).unflatten(1, (-1, 4))  # (N, K, 4), or (N, 1, 4)
        return self.scores(features), boxes.expand(-1, self.num_classes, -1)
