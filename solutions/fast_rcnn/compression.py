"""Cheaper linear layers: one large matrix becomes two thin ones, without training anything (Girshick, 2015, §3.1).

Behind RoI pooling two linear layers see each of thousands of regions, and take nearly half of the time. Their matrices
have far fewer directions that matter than rows: the singular value decomposition says which, and how much each matters.
"""

import torch
from torch import nn

from solutions.require_rois import require_linear


def truncated_svd(linear: nn.Linear, rank: int) -> nn.Sequential:
    """Return two layers that do nearly what `linear` does, with `rank` numbers between them.

    The first maps the inputs to `rank` numbers and has no bias; the second maps those to the
    outputs, and has the bias of `linear`, or none where `linear` has none. Of all matrices of
    this rank the product of their weights lies nearest to `linear.weight` (out, in), by the
    sum of squared differences; 1 ≤ rank ≤ min(in, out). How the product is shared between
    the two is free. The layers are new ones, in the dtype and on the device of `linear`,
    which stays as it is (Girshick 2015, §3.1).

    Raises:
        TypeError: not an `nn.Linear`, or a rank that is not an int.
        ValueError: a rank out of range, or weights that are not finite.

    >>> linear = nn.Linear(3, 2)
    >>> nn.init.constant_(linear.weight, 0.5)
    Parameter containing:
    tensor([[0.5000, 0.5000, 0.5000],
            [0.5000, 0.5000, 0.5000]], requires_grad=True)
    >>> first, second = truncated_svd(linear, rank=1)
    >>> first.weight.shape, second.weight.shape, torch.allclose(second.weight @ first.weight, linear.weight)
    (torch.Size([1, 3]), torch.Size([2, 1]), True)
    """
    require_linear(linear, rank)
    weight = linear.weight.detach()
    u, strength, vh = torch.linalg.svd(weight, full_matrices=False)  # strongest first: (out, m), (m,), (m, in)
    like = {"dtype": weight.dtype, "device": weight.device}
    first = nn.Linear(linear.in_features, rank, bias=False, **like)
    second = nn.Linear(rank, linear.out_features, bias=linear.bias is not None, **like)
    with torch.no_grad():
        first.weight.copy_(strength[:rank, None] * vh[:rank])
        second.weight.copy_(u[:, :rank])
        if linear.bias is not None:
            second.bias.copy_(linear.bias)
    return nn.Sequential(first, second)
