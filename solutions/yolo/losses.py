"""What the cells of a grid cost: squares alone, of boxes, confidences and classes (Redmon et al., 2016, equation 3).

A cell says several boxes, and only one of them learns the cell's object: the one that is nearest already. So each
becomes good at some shapes, and leaves others to its neighbour. Most cells have no object, and all that they say is
how sure they are of nothing, which counts half so that it does not drown the rest.
"""

import torch
from torch import Tensor

from solutions.require_tensors import require_number
from solutions.require_yolo import require_cells_of_targets, require_images_in_batch


def responsible_predictors(output: Tensor, target: Tensor) -> Tensor:
    """Return which of its B predictors answers for a cell's object: (N, S, S) int64.

    `output` (N, S, S, B·5 + K) is what a network says of N images: in each cell B times
    x, y, √w, √h and a confidence, then K classes. `target` (N, S, S, 5 + K) is what should be
    there, as `encode_targets` has it. Responsible is the predictor whose box has the highest
    IoU with the object, of equal ones the lowest number, and so 0 where none touches it. In
    cells without an object it is 0. Redmon et al. 2016, section 2.2.

    Raises:
        TypeError: not floating-point tensors of one dtype.
        ValueError: shapes that do not fit, an objectness that is neither 0 nor 1, or an object without size.

    >>> far, near = [0.0, 0.0, 0.5, 0.5, 0.9], [0.5, 0.5, 0.5, 1.0, 0.1]
    >>> output = torch.tensor([*far, *near, 1.0]).view(1, 1, 1, 11)
    >>> responsible_predictors(output, torch.tensor([0.5, 0.5, 0.25, 0.75, 1.0, 1.0]).view(1, 1, 1, 6))
    tensor([[[1]]])
    """
    require_cells_of_targets(output, target)
    grid, classes = target.shape[1], target.shape[-1] - 5
    predictors = (output.shape[-1] - classes) // 5
    with_object = target[..., 4] == 1
    said = output[with_object][:, :-classes].reshape(-1, predictors, 5)  # (M, B, 5) for M objects
    wanted = target[with_object][:, None]  # (M, 1, 5 + K)
    # In shares of the image. The cell's own place does not matter: both boxes are counted from it.
    centre, side = said[..., :2] / grid, said[..., 2:4].square()
    true_centre, true_side = wanted[..., :2] / grid, wanted[..., 2:4]
    first = torch.maximum(centre - side / 2, true_centre - true_side / 2)
    last = torch.minimum(centre + side / 2, true_centre + true_side / 2)
    shared = (last - first).clamp(min=0).prod(dim=-1)  # (M, B)
    iou = shared / (side.prod(dim=-1) + true_side.prod(dim=-1) - shared)
    responsible = torch.zeros_like(with_object, dtype=torch.int64)
    responsible[with_object] = iou.argmax(dim=1)
    return responsible


def yolo_loss(
    output: Tensor, target: Tensor, lambda_coord: float = 5.0, lambda_noobj: float = 0.5
) -> dict[str, Tensor]:
    """Return what the cells of N ≥ 1 images cost, five numbers without dimensions.

    `output` (N, S, S, B·5 + K) and `target` (N, S, S, 5 + K) are as for
    `responsible_predictors`. All are sums of squared differences over cells and images,
    divided by N, in the dtype of `output`, to which gradients flow back:

    - `box`: x, y, √w and √h of the responsible predictor of each object against the object's;
    - `object`: its confidence against the IoU of its box, a number from which nothing is learnt;
    - `no_object`: all other confidences against 0, of empty cells and of the other
      predictors beside a responsible one;
    - `classes`: the K class scores of cells with an object against the target's;
    - `total`: `lambda_coord` · box + object + `lambda_noobj` · no_object + classes.

    Without objects all but `no_object` is 0, with a gradient of 0. Redmon et al. 2016, equation 3.

    Raises:
        TypeError: not floating-point tensors of one dtype.
        ValueError: no image, shapes that do not fit, an objectness that is neither 0 nor 1, or an object without size.

    >>> output = torch.tensor([0.5, 0.5, 1.0, 0.5, 0.75, 0.5, 0.5]).view(1, 1, 1, 7)
    >>> target = torch.tensor([0.5, 0.5, 0.25, 0.25, 1.0, 0.0, 1.0]).view(1, 1, 1, 7)
    >>> {name: round(loss.item(), 4) for name, loss in yolo_loss(output, target).items()}
    {'box': 0.25, 'object': 0.25, 'no_object': 0.0, 'classes': 0.5, 'total': 2.0}
    """
    require_cells_of_targets(output, target)
    require_images_in_batch(output)
    require_number("lambda_coord", lambda_coord, least=0)
    require_number("lambda_noobj", lambda_noobj, least=0)
    count, grid, classes = len(target), target.shape[1], target.shape[-1] - 5
    predictors = (output.shape[-1] - classes) // 5
    with_object = target[..., 4] == 1
    said = output[..., :-classes].reshape(count, grid, grid, predictors, 5)
    number = torch.arange(predictors, device=output.device)
    chosen = responsible_predictors(output, target)[..., None] == number  # (N, S, S, B)
    chosen = chosen & with_object[..., None]  # nobody answers for an empty cell
    own, wanted = said[chosen], target[with_object]  # (M, 5) and (M, 5 + K), one row an object

    with torch.no_grad():  # the IoU is what the confidence should be: nothing is learnt by moving it
        centre, side = own[:, :2] / grid, own[:, 2:4].square()
        true_centre, true_side = wanted[:, :2] / grid, wanted[:, 2:4]
        first = torch.maximum(centre - side / 2, true_centre - true_side / 2)
        last = torch.minimum(centre + side / 2, true_centre + true_side / 2)
        shared = (last - first).clamp(min=0).prod(dim=1)
        iou = shared / (side.prod(dim=1) + true_side.prod(dim=1) - shared)  # (M,)

    true_box = torch.cat([wanted[:, :2], wanted[:, 2:4].sqrt()], dim=1)
    box = (own[:, :4] - true_box).square().sum() / count
    confident = (own[:, 4] - iou).square().sum() / count
    no_object = said[..., 4][~chosen].square().sum() / count
    kinds = (output[with_object][:, -classes:] - wanted[:, 5:]).square().sum() / count
    total = lambda_coord * box + confident + lambda_noobj * no_object + kinds
    return {"box": box, "object": confident, "no_object": no_object, "classes": kinds, "total": total}
