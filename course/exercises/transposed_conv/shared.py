"""What the cases of several exercises of this chapter share."""

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import distinct, sliced, thirds

Int = int | tuple[int, int]


def draw_stamping(
    rng: np.random.Generator,
    x: tuple[int, ...],
    weight: tuple[int, ...],
    *,
    bias: bool = False,
    stride: Int = 1,
    padding: Int = 0,
    output_padding: Int = 0,
    dtype: torch.dtype = torch.float32,
) -> dict[str, object]:
    """Draw the arguments of a transposed convolution of an `x` and a `weight` of these shapes."""
    exact = dtype == torch.float32
    values = distinct(rng, x, step=0.5) if exact else thirds(rng, x)
    filters = distinct(rng, weight, step=0.25) if exact else thirds(rng, weight) / 7
    offsets = distinct(rng, weight[1:2], step=8.0, dtype=dtype) / (1 if exact else 3) if bias else None
    sizes = {"stride": stride, "padding": padding, "output_padding": output_padding}
    return {"x": values, "weight": filters, "bias": offsets, **sizes}


def cut_out(arguments: dict[str, object]) -> dict[str, object]:
    """Cut the tensors out of larger ones: no `.view` flattens them, while `torch.kron`, a fair way, still bears them.

    It does not bear one whose last two dimensions are exchanged in memory.
    """
    x, weight = arguments["x"], arguments["weight"]
    assert isinstance(x, Tensor)
    assert isinstance(weight, Tensor)
    return {**arguments, "x": sliced(x), "weight": sliced(weight)}


def expanded(arguments: dict[str, object]) -> dict[str, object]:
    """Make a batch of three of the only item, without a copy."""
    x = arguments["x"]
    assert isinstance(x, Tensor)
    return {**arguments, "x": x.expand(3, *x.shape[1:])}


TRANSPOSED = (
    r"conv(olution)?(\dd)?transpose",  # conv_transpose2d, ConvTranspose2d, LazyConvTranspose2d, keras's Conv2DTranspose
    r"\.convolution\.transposed",  # torch.convolution(..., transposed=True), as the dispatcher sees it
    r"^torch\.nn\.grad\b",  # conv2d_input is the transposed convolution
)
