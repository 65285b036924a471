"""Masks: what a region's mask should be, what a wrong one costs, and how it gets back into the picture.

The network draws every object's mask on the same small grid, M × M, that lies over the object's box (He et al., 2017,
§3). `project_masks` brings the truth onto that grid, `mask_loss` compares, and `paste_masks` stretches what was drawn
over the pixels again. All three give what torchvision's functions behind its Mask R-CNN give.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.require_masks import require_mask_logits, require_pasting, require_projection
from solutions.roi_align import roi_align


def project_masks(masks: Tensor, boxes: Tensor, matches: Tensor, size: int) -> Tensor:
    """Return what each region should draw: its own object's mask, cut out and resized, (R, `size`, `size`).

    `masks` (G, H, W) are those of an image's objects, bool, uint8 or floating point; `boxes`
    (R, 4) are regions of it in pixels, and `matches` (R,) int64 says which object is whose.
    The cut is `roi_align`'s, with scale 1, as many samples as a bin has pixels and without
    `aligned`. So a value is the share of a bin that the object fills, or nearly, and a region
    that reaches beyond the image has zeros there. In the dtype of `boxes`. He et al. 2017,
    §3; as `project_masks_on_boxes` in torchvision.

    Raises:
        TypeError: masks that are neither bool, uint8 nor floating point, boxes that are not floating point, matches
            that are not int64, or no int.
        ValueError: other shapes, masks without pixels, boxes that are not finite or exchanged, a match that is no
            mask, or a size below 1.

    >>> mask = torch.tensor([[[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]]]).bool()
    >>> project_masks(mask, torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([0]), 2)
    tensor([[[0.2500, 0.5000],
             [0.5000, 1.0000]]])
    """
    require_projection(masks, boxes, matches, size)
    rois = torch.cat([matches[:, None].to(boxes.dtype), boxes], dim=1)  # as if each object were an image of its own
    return roi_align(masks[:, None].to(boxes.dtype), rois, (size, size))[:, 0]


def mask_loss(logits: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """Return what the masks of R regions cost: binary cross-entropy, the mean over regions and cells.

    `logits` (R, K, M, M) are a mask for each class, `labels` (R,) int64 the classes, of which
    0 is background, and `targets` (R, M, M) in 0 … 1 what the mask of that class should be.
    A region's mask of its own class counts and no other, so that classes do not compete for
    a pixel: each has a sigmoid. Without a region it is 0, with a gradient of zeros. In the dtype of
    `logits`, to which gradients flow back. He et al. 2017, §3; as `maskrcnn_loss` in
    torchvision.

    Raises:
        TypeError: not floating-point tensors of one dtype, or labels that are not int64.
        ValueError: shapes that do not fit, no class, no cell, or a label outside 0 … K − 1.

    >>> logits = torch.zeros(1, 3, 2, 2)
    >>> logits[0, 2] = 20.0  # class 2 is sure of every cell, and right in three
    >>> mask_loss(logits, torch.tensor([2]), torch.tensor([[[1.0, 1.0], [1.0, 0.0]]]))
    tensor(5.)
    """
    require_mask_logits(logits, labels, targets)
    own = logits[torch.arange(len(labels), device=logits.device), labels]  # (R, M, M)
    if not len(own):
        return own.sum()  # the mean of nothing is NaN, the sum is 0
    return F.binary_cross_entropy_with_logits(own, targets)


def competing_mask_loss(logits: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """Return what the masks of R regions cost if classes compete for each cell: a softmax over them.

    The arguments are those of `mask_loss`. A cell of which the object fills half or more should
    be of the region's class, every other one of class 0; the loss is the cross-entropy, its
    mean over regions and cells. This is what He et al. (2017, table 2b) compare with.

    Raises:
        TypeError: not floating-point tensors of one dtype, or labels that are not int64.
        ValueError: shapes that do not fit, no class, no cell, or a label outside 0 … K − 1.

    >>> competing_mask_loss(torch.zeros(1, 4, 2, 2), torch.tensor([3]), torch.ones(1, 2, 2))  # log 4
    tensor(1.3863)
    """
    require_mask_logits(logits, labels, targets)
    if not len(logits):
        return logits.sum()
    return F.cross_entropy(logits, torch.where(targets >= 0.5, labels[:, None, None], 0))


def paste_masks(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the `masks` (R, 1, M, M), each stretched over its box in an image: (R, 1, H, W).

    `boxes` (R, 4) are in pixels of the image, `size` is (H, W). A mask gets one cell of zeros
    around it, so that it fades out, and the box grows by (M + 2) / M about its centre, so that
    the cells stay where they were. The corners are cut towards zero to whole pixels; the box then
    covers the pixels from the first to the last, both included: last − first + 1 in each
    direction. Over those the padded mask is resized bilinearly, with corners not aligned; what
    misses the image is lost, and what no box covers is 0. Gradients flow back to the masks. As
    `paste_masks_in_image` in torchvision, which raises where a box misses the image altogether.

    Raises:
        TypeError: not floating-point tensors of one dtype, or a size that is not in ints.
        ValueError: shapes that do not fit, masks without cells, boxes that are not finite or exchanged, or no pixel.

    >>> paste_masks(torch.ones(1, 1, 2, 2), torch.tensor([[1.0, 0.0, 3.0, 1.0]]), (2, 5))
    tensor([[[[0.0000, 0.3500, 0.5000, 0.3500, 0.0000],
              [0.0000, 0.3500, 0.5000, 0.3500, 0.0000]]]])
    """
    require_pasting(masks, boxes, size)
    cells = masks.shape[-1] + 2
    padded = F.pad(masks, (1, 1, 1, 1))  # (R, 1, M + 2, M + 2)
    centre = (boxes[:, 2:] + boxes[:, :2]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 * (cells / masks.shape[-1])
    first, last = (centre - half).long(), (centre + half).long()  # (R, 2) as x, y, cut towards zero

    def weights(direction: int, length: int) -> Tensor:
        """Return how much of each padded cell each pixel of a line of the image takes: (R, 1, length, M + 2)."""
        pixel = torch.arange(length, device=boxes.device) - first[:, direction, None]  # (R, length), in the box
        side = (last - first + 1)[:, direction, None]
        at = ((pixel + 0.5) * (cells / side.to(boxes.dtype)) - 0.5).clamp(0, cells - 1)  # where in the padded mask
        near = 1 - (at[..., None] - torch.arange(cells, device=boxes.device)).abs()  # 1 at a cell, 0 a cell away
        return (near.clamp(min=0) * ((pixel >= 0) & (pixel < side))[..., None])[:, None]

    height, width = size
    return weights(1, height) @ padded @ weights(0, width).mT  # bilinear: down, then across
