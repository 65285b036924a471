"""What the cases of several exercises of this chapter share."""

from torch import Tensor, nn


def draw_linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """Return a linear layer with this weight (out, in) and this bias (out,), or none."""
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype)
    linear.weight = nn.Parameter(weight)
    if bias is not None:
        linear.bias = nn.Parameter(bias)
    return linear
