"""Unpooling: getting resolution back after pooling took it away.

Nearest neighbour copies a value over its block; a bed of nails puts it in the corner and leaves zeros; max unpooling
puts it back exactly where max pooling found it, because the encoder remembered the position. The last is the decoder
of SegNet (Badrinarayanan, Kendall & Cipolla, 2017), after the switches of Zeiler & Fergus (2014).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from course.shapes import pair
from solutions.require import (
    require_filters,
    require_images,
    require_int,
    require_ints,
    require_output_size,
    require_pooling,
    require_positions,
    require_room,
)


def nearest_unpool2d(x: Tensor, scale: int) -> Tensor:
    """Enlarge `x` (N, C, H, W) to (N, C, H·scale, W·scale) by copying values over blocks.

    Each value fills a block of scale × scale cells.
    The result has the dtype of `x`, and a gradient flows back to every value.

    Raises:
        TypeError: `x` is not a floating-point tensor, or `scale` not an int.
        ValueError: `x` is not (N, C, H, W), or `scale` is below 1.

    >>> nearest_unpool2d(torch.tensor([[[[1.0, 2.0]]]]), 2)
    tensor([[[[1., 1., 2., 2.],
              [1., 1., 2., 2.]]]])
    """
    require_images("x", x)
    require_int("scale", scale, least=1)
    rows = x.repeat_interleave(scale, dim=2)  # (N, C, H·scale, W)
    return rows.repeat_interleave(scale, dim=3)


def bed_of_nails2d(x: Tensor, scale: int) -> Tensor:
    """Enlarge `x` (N, C, H, W) to (N, C, H·scale, W·scale), putting zeros around values.

    Each value stands top left in its block of scale × scale cells, on a bed of zeros.
    The result has the dtype of `x`, and a gradient flows back to every value.

    Raises:
        TypeError: `x` is not a floating-point tensor, or `scale` not an int.
        ValueError: `x` is not (N, C, H, W), or `scale` is below 1.

    >>> bed_of_nails2d(torch.tensor([[[[1.0, 2.0]]]]), 2)
    tensor([[[[1., 0., 2., 0.],
              [0., 0., 0., 0.]]]])
    """
    require_images("x", x)
    require_int("scale", scale, least=1)
    batch, channels, height, width = x.shape
    out = x.new_zeros(batch, channels, height * scale, width * scale)
    out[:, :, ::scale, ::scale] = x
    return out


def max_pool2d_with_indices(
    x: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
) -> tuple[Tensor, Tensor]:
    """Max-pool `x` (N, C, H, W) and remember where each maximum stood.

    Returns (values, indices), both (N, C, h, w), where
    h = ⌊(H + 2·padding − kernel) / stride⌋ + 1. An index is the int64 position
    row·W + column in the H × W plane before padding; of equal values the first in
    row-major order counts. `kernel_size`, `stride` and `padding` are ints or pairs
    (height, width); `stride=None` means the kernel size. Padding never wins. As
    `torch.nn.functional.max_pool2d(..., return_indices=True)`, which takes (C, H, W) too.

    Raises:
        TypeError: `x` is not a floating-point tensor, or a size not made of ints.
        ValueError: a wrong shape, a size out of range, a padding above half the window, a window larger than the image.

    >>> x = torch.tensor([[[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 7.0, 7.0]]]])
    >>> values, indices = max_pool2d_with_indices(x, kernel_size=2)
    >>> values.tolist(), indices.tolist()
    ([[[[5.0, 7.0]]]], [[[[1, 6]]]])
    """
    require_images("x", x, unbatched=True)
    require_ints("kernel_size", kernel_size, least=1)
    require_ints("stride", kernel_size if stride is None else stride, least=1)
    require_ints("padding", padding, least=0)
    require_pooling(x.shape[-2:], pair(kernel_size), pair(padding))
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    height, width = x.shape[-2:]

    # The same windows are cut from the image and from a map of the pixels' positions.
    positions = torch.arange(height * width, device=x.device).view(height, width)
    padded = F.pad(x, (pw, pw, ph, ph), value=float("-inf"))
    padded_positions = F.pad(positions, (pw, pw, ph, ph), value=-1)
    windows = padded.unfold(-2, kh, sh).unfold(-2, kw, sw).flatten(-2)  # (…, h, w, kh·kw)
    places = padded_positions.unfold(-2, kh, sh).unfold(-2, kw, sw).flatten(-2)

    winner = windows.argmax(dim=-1, keepdim=True)  # argmax takes the first of equals
    indices = places.expand_as(windows).gather(-1, winner).squeeze(-1)
    # A window of nothing but −inf ties with its padding: it points to the first pixel inside.
    first_inside = places.masked_fill(places < 0, height * width).amin(dim=-1)
    indices = torch.where(indices < 0, first_inside, indices)
    return x.flatten(-2).gather(-1, indices.flatten(-2)).view_as(indices), indices


def max_unpool2d(
    x: Tensor,
    indices: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Put each value of `x` (N, C, h, w) back at its position in a plane of zeros, (N, C, H, W).

    `indices` (N, C, h, w) int64 are the positions row·W + column that max pooling
    returned. Without `output_size`, H = (h − 1)·stride − 2·padding + kernel;
    `output_size`, as (H, W) or as the full shape, says which of the sizes that pool to
    (h, w) is meant. A position that comes twice is assigned, not summed. As
    `torch.nn.functional.max_unpool2d`, which takes (C, h, w) too.

    Raises:
        TypeError: `x` is not a floating-point tensor, `indices` not int64, or a size not made of ints.
        ValueError: shapes that differ, a position outside the output, an output size that does not pool to this input.

    >>> x, indices = torch.tensor([[[[5.0, 7.0]]]]), torch.tensor([[[[1, 6]]]])
    >>> max_unpool2d(x, indices, kernel_size=2)
    tensor([[[[0., 5., 0., 0.],
              [0., 0., 7., 0.]]]])
    """
    require_images("x", x, unbatched=True)
    require_ints("kernel_size", kernel_size, least=1)
    require_ints("stride", kernel_size if stride is None else stride, least=1)
    require_ints("padding", padding, least=0)
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    height = (x.shape[-2] - 1) * sh - 2 * ph + kh
    width = (x.shape[-1] - 1) * sw - 2 * pw + kw
    if output_size is not None:
        require_output_size(output_size, x, (height, width), (sh, sw))
        height, width = output_size[-2:]
    require_room((height, width), (ph, pw))
    require_positions("indices", indices, x, height * width)

    planes = x.new_zeros(*x.shape[:-2], height * width)
    planes = planes.scatter(-1, indices.flatten(-2), x.flatten(-2))
    return planes.view(*x.shape[:-2], height, width)


def decoder_stage(
    x: Tensor,
    indices: Tensor,
    output_size: Sequence[int],
    weight: Tensor,
    bias: Tensor,
) -> Tensor:
    """Run one stage of SegNet's decoder: max-unpool, then convolve, then ReLU.

    `x` and `indices` (N, C, h, w) come from a 2 × 2 max pooling with stride 2 of a map
    of `output_size` (H, W), which may be odd. `weight` (D, C, 3, 3) and `bias` (D,) are
    those of a convolution that keeps the size. Returns (N, D, H, W): sparse after the
    unpooling, dense again after the convolution.

    Raises:
        TypeError, ValueError: as `max_unpool2d`, or a `weight` or `bias` that does not fit `x`.
    """
    require_images("x", x)
    require_filters(weight, bias, x)
    require_output_size(output_size, x, (2 * x.shape[2], 2 * x.shape[3]), (2, 2))
    sparse = max_unpool2d(x, indices, 2, output_size=output_size)  # (N, C, H, W)
    dense = F.conv2d(sparse, weight, bias, padding=1)  # (N, D, H, W)
    return F.relu(dense)
