"""What a label map says once its details are taken away: of each block of pixels, and of each animal."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.farm import Farm
from course.segmentation import IGNORE
from course.training import in_eval_mode


def block_labels(labels: Tensor, size: int, num_classes: int) -> Tensor:
    """Return label maps (N, H, W) that have one label a block of size × size pixels: its most frequent one.

    H and W are multiples of `size`. Labels of 255 have no vote; of equally frequent classes the lowest wins.
    """
    counted = labels != IGNORE
    votes = F.one_hot(labels.masked_fill(~counted, 0), num_classes).movedim(-1, 1) * counted[:, None]
    winners = F.avg_pool2d(votes.float(), size).argmax(dim=1, keepdim=True)
    return F.interpolate(winners.float(), scale_factor=size, mode="nearest")[:, 0].long()


def share_named_right(model: nn.Module, farm: Farm) -> float:
    """Return the share of all animals of `farm` of whose pixels more are called by its name than by any other.

    Pixels on outlines, whose label is 255, have no say, and an animal that shows no others does not count. The network
    scores the Farm's semantic classes, and is asked in eval mode.

    Raises:
        ValueError: there is no animal.
    """
    right = []
    with in_eval_mode(model), torch.no_grad():
        for index in range(len(farm)):
            image, target = farm[index]
            labels = model(image[None])[0].argmax(dim=0)
            for mask in target["masks"]:
                inside = mask & (target["semantic"] != IGNORE)
                if inside.any():
                    right.append(labels[inside].mode().values == target["semantic"][inside][0])
    if not right:
        raise ValueError("there is no animal in these scenes to name")
    return sum(map(bool, right)) / len(right)
