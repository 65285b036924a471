"""Where might something be? Regions that are alike grow together, and each that has ever been is a box to look into.

An over-segmentation has no objects, only pieces. Two neighbours that are alike in colour and texture, small, and that
fill the box around them, become one region; then two others; until one region is the image (Uijlings et al. 2013,
"Selective Search for Object Recognition"). What a region is compared by, `course.regions.Region` holds.
"""

import torch
from torch import Tensor

from course.regions import Region
from solutions.boxes import box_iou
from solutions.require_boxes import require_boxes, require_threshold
from solutions.require_regions import require_regions
from solutions.selective_search import Hierarchy, Merge, grow, selective_search

__all__ = [
    "Hierarchy", "Merge", "Region", "grow", "merge_regions", "proposal_recall", "region_similarity", "selective_search",
]  # fmt: skip


def region_similarity(first: Region, second: Region, image_size: int) -> Tensor:
    """Return how much two regions of an image belong together: a 0-dim tensor from 0 to 4.

    The image has `image_size` pixels. Four terms, each from 0 to 1, are added up:

    - colour and texture: what the two histograms (75,) and (240,) share, which is the sum
      of the smaller of each two entries;
    - size: 1 − (s₁ + s₂) / s_image, so that small regions go first and none swallows all others;
    - fill: 1 − (s_box − s₁ − s₂) / s_image, with s_box the area of the smallest box around both.

    Uijlings et al. 2013, equations 2 to 5.

    Raises:
        TypeError: a region whose size is no int or whose other parts are no floating-point tensors.
        ValueError: other shapes, histograms that do not sum to 1, or more pixels than the image has.

    >>> plain = {"colour": torch.eye(75)[0], "texture": torch.eye(240)[0]}
    >>> first = Region(size=2, box=torch.tensor([0.0, 0.0, 2.0, 1.0]), **plain)
    >>> second = Region(size=2, box=torch.tensor([2.0, 0.0, 4.0, 1.0]), **plain)
    >>> region_similarity(first, second, image_size=16)  # 1 + 1 + (1 − 4/16) + (1 − 0/16)
    tensor(3.7500)
    """
    require_regions(first, second, image_size)
    colour = torch.minimum(first["colour"], second["colour"]).sum()
    texture = torch.minimum(first["texture"], second["texture"]).sum()
    pixels = first["size"] + second["size"]
    box = torch.cat(
        [torch.minimum(first["box"][:2], second["box"][:2]), torch.maximum(first["box"][2:], second["box"][2:])]
    )
    around = (box[2] - box[0]) * (box[3] - box[1])
    size = 1 - pixels / image_size
    fill = 1 - (around - pixels) / image_size
    return colour + texture + size + fill


def merge_regions(first: Region, second: Region) -> Region:
    """Return the region that two regions make together.

    Its histograms are the means of theirs with the sizes as weights, which is what counting
    anew in the image would give, without the image (Uijlings et al. 2013, equation 3). Both
    regions stay as they are.

    Raises:
        TypeError: a region whose size is no int or whose other parts are no floating-point tensors.
        ValueError: other shapes, or histograms that do not sum to 1.

    >>> (red, blue), plain = torch.eye(75)[:2], torch.eye(240)[0]
    >>> first = Region(size=3, box=torch.tensor([0.0, 0.0, 3.0, 1.0]), colour=red, texture=plain)
    >>> second = Region(size=1, box=torch.tensor([3.0, 1.0, 4.0, 2.0]), colour=blue, texture=plain)
    >>> both = merge_regions(first, second)
    >>> both["size"], both["box"].tolist(), both["colour"][:3].tolist()
    (4, [0.0, 0.0, 4.0, 2.0], [0.75, 0.25, 0.0])
    """
    require_regions(first, second)
    size = first["size"] + second["size"]
    return {
        "size": size,
        "box": torch.cat(
            [torch.minimum(first["box"][:2], second["box"][:2]), torch.maximum(first["box"][2:], second["box"][2:])]
        ),
        "colour": (first["size"] * first["colour"] + second["size"] * second["colour"]) / size,
        "texture": (first["size"] * first["texture"] + second["size"] * second["texture"]) / size,
    }


def proposal_recall(proposals: Tensor, targets: Tensor, iou_threshold: float = 0.5) -> float:
    """Return the share of `targets` (G, 4) that some of the `proposals` (P, 4) covers.

    To cover one takes an IoU of at least `iou_threshold`. One proposal may cover several
    targets: nothing has to be decided yet. NaN without targets; 0 with targets and
    without proposals. Whoever looks only where a proposal is finds at most this share
    of the objects.

    Raises:
        TypeError: not floating-point tensors of one dtype, or a threshold that is no number.
        ValueError: other shapes, exchanged corners, or a threshold outside 0 … 1.

    >>> proposals = torch.tensor([[0.0, 0.0, 4.0, 4.0]])
    >>> proposal_recall(proposals, torch.tensor([[0.0, 0.0, 4.0, 2.0], [8.0, 8.0, 9.0, 9.0]]))
    0.5
    """
    require_boxes("proposals", proposals)
    require_boxes("targets", targets, like=proposals)
    require_threshold("iou_threshold", iou_threshold)
    if not len(targets):
        return float("nan")
    if not len(proposals):
        return 0.0
    best = box_iou(targets, proposals).amax(dim=1)  # (G,)
    return float((best >= iou_threshold).double().mean())
