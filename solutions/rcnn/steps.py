"""Regions with CNN features: what R-CNN does with a proposal, piece by piece (Girshick et al. 2014).

Each proposal is warped to one size, whatever its shape, so that one network can look at all of them. A proposal that is
mostly on an object has its label, one that is on none is background. A linear support vector machine a class says what
it is; a ridge regression on the same features moves its box.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.boxes import box_iou
from solutions.require_boxes import require_boxes, require_labels
from solutions.require_proposals import require_ranges, require_signs, require_warp
from solutions.require_tensors import require_number, require_tensor


def warp_regions(image: Tensor, boxes: Tensor, size: int, context: int = 16) -> Tensor:
    """Return what `image` (C, H, W) shows in each of `boxes` (R, 4), at one size.

    That is (R, C, size, size). Each box is enlarged about its centre by size / (size − 2 ·
    context), so that the box itself fills the middle size − 2 · context pixels and a
    rim of `context` pixels shows what lies around it; its aspect ratio is lost. The
    values are bilinear between the centres of pixels, taken at the centres of size ×
    size cells. Outside the image everything is 0, so that the outermost half pixel
    fades. Gradients flow back to the image and to the boxes. Girshick et al. 2014,
    appendix A.

    Raises:
        TypeError: not floating-point tensors of one dtype, or sizes that are not ints.
        ValueError: other shapes, exchanged corners, no pixel, or a context that leaves no room for the box.

    >>> image = torch.arange(16.0).view(1, 4, 4)
    >>> warp_regions(image, torch.tensor([[1.0, 1.0, 3.0, 3.0]]), size=2, context=0)
    tensor([[[[ 5.,  6.],
              [ 9., 10.]]]])
    """
    require_warp(image, size, context)
    require_boxes("boxes", boxes, like=image)
    height, width = image.shape[-2:]
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2  # (R, 2) as x, y
    sides = (boxes[:, 2:] - boxes[:, :2]) * (size / (size - 2 * context))
    cells = (torch.arange(size, device=boxes.device, dtype=boxes.dtype) + 0.5) / size - 0.5  # from −½ to ½
    x = centres[:, :1] + cells * sides[:, :1]  # (R, size), in pixels
    y = centres[:, 1:] + cells * sides[:, 1:]
    shape = (len(boxes), size, size)
    # grid_sample counts from −1 at the one edge of the image to 1 at the other.
    grid = torch.stack(
        [(2 * x / width - 1)[:, None, :].expand(shape), (2 * y / height - 1)[:, :, None].expand(shape)], dim=-1
    )
    return F.grid_sample(image.expand(len(boxes), -1, -1, -1), grid, align_corners=False, padding_mode="zeros")


def assign_labels(
    proposals: Tensor,
    boxes: Tensor,
    labels: Tensor,
    foreground: float = 0.5,
    background: tuple[float, float] = (0.0, 0.5),
) -> tuple[Tensor, Tensor]:
    """Say what each proposal (P, 4) is trained as: its label (P,), and its object's index (P,).

    With u the best IoU of a proposal with the objects' `boxes` (G, 4), of equal ones that of
    the lowest index: u ≥ `foreground` gives that object's label (G,) and index; else
    low ≤ u < high of `background` gives label 0, and everything else label −1, which is left
    out of the training, both with index −1. Without objects u is 0. int64. Girshick et al. 2014,
    sections 2.3 and appendix B.

    Raises:
        TypeError: not floating-point tensors of one dtype, labels that are not int64, a threshold that is no number.
        ValueError: other shapes, exchanged corners, or a `background` that ends before it begins.

    >>> proposals = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 1.0], [8.0, 8.0, 9.0, 9.0]])
    >>> cow = torch.tensor([[0.0, 0.0, 4.0, 3.0]])
    >>> assign_labels(proposals, cow, torch.tensor([5]), background=(0.0, 0.25))
    (tensor([ 5, -1,  0]), tensor([ 0, -1, -1]))
    """
    require_boxes("proposals", proposals)
    require_boxes("boxes", boxes, like=proposals)
    require_labels(labels, len(boxes))
    require_ranges(foreground, background)
    low, high = background
    if not len(boxes):
        best, which = proposals.new_zeros(len(proposals)), labels.new_full((len(proposals),), -1)
        own = which
    else:
        iou = box_iou(proposals, boxes)  # (P, G)
        best = iou.amax(dim=1)
        which = (iou == best[:, None]).int().argmax(dim=1)  # the first of equal ones, on every device
        own = labels[which]
    assigned = torch.where((low <= best) & (best < high), 0, -1).to(labels.dtype)
    on_object = (best >= foreground) & (len(boxes) > 0)
    return torch.where(on_object, own, assigned), torch.where(on_object, which, -1)


def svm_loss(weight: Tensor, bias: Tensor, features: Tensor, labels: Tensor, strength: float) -> Tensor:
    """Return what a linear support vector machine costs.

    It is ½‖w‖² + strength · Σ max(0, 1 − y(x·w + b)), where `weight` (D,) and `bias` () are
    the machine, `features` (N, D) the examples, `labels` (N,) in the same dtype say +1
    or −1. An example on the right side of its margin costs nothing and moves nothing.
    The bias is not shrunk. A tensor without dimensions, through which gradients flow.
    Cortes & Vapnik 1995.

    Raises:
        TypeError: not floating-point tensors of one dtype, or a strength that is no number.
        ValueError: other shapes, labels that are neither 1 nor −1, or a negative strength.

    >>> weight, bias = torch.tensor([1.0, 1.0]), torch.tensor(0.0)
    >>> features, labels = torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([1.0, -1.0])
    >>> svm_loss(weight, bias, features, labels, strength=0.5)
    tensor(2.)
    """
    require_tensor("features", features, ("N", "D"))
    require_tensor("weight", weight, features.shape[1:], like=features)
    require_tensor("bias", bias, (), like=features)
    require_signs(labels, features)
    require_number("strength", strength, least=0)
    margins = labels * (features @ weight + bias)  # (N,)
    return 0.5 * weight.square().sum() + strength * (1 - margins).clamp(min=0).sum()


def fit_box_regressor(features: Tensor, deltas: Tensor, strength: float) -> Tensor:
    """Return the weights (D, 4) that turn features into four offsets: a ridge regression.

    They minimise ‖X W − T‖² + strength · ‖W‖² over `features` X (N, D) and `deltas` T (N, 4),
    without an intercept, in closed form: (XᵀX + strength · I) W = XᵀT. There may be fewer
    examples than features; without any the weights are 0. Girshick et al. 2014, appendix C.

    Raises:
        TypeError: not floating-point tensors of one dtype, or a strength that is no number.
        ValueError: other shapes, or a strength that is not greater than 0.

    >>> deltas = torch.tensor([[3.0, 0.0, 0.0, 6.0], [6.0, 0.0, 0.0, 12.0]])
    >>> fit_box_regressor(torch.tensor([[1.0], [2.0]]), deltas, strength=5.0)
    tensor([[1.5000, 0.0000, 0.0000, 3.0000]])
    """
    require_tensor("features", features, ("N", "D"))
    require_tensor("deltas", deltas, (len(features), 4), like=features)
    require_number("strength", strength, above=0)
    gram = features.T @ features + strength * torch.eye(features.shape[1], dtype=features.dtype, device=features.device)
    weights: Tensor = torch.linalg.solve(gram, features.T @ deltas)
    return weights
