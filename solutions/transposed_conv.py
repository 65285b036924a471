"""Transposed convolution: an upsampling whose rule is learnt.

Each input value weights a copy of the filter and stamps it into the output, a stride further on than the last stamp;
where stamps overlap they are summed. It is multiplication by the transpose of a convolution's matrix, hence the name,
and not its inverse (Zeiler et al., 2010; Dumoulin & Visin, 2016). FCN learns its way up like that, starting from
bilinear interpolation (Long, Shelhamer & Darrell, 2015).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from course.shapes import pair, single
from solutions.require import (
    require_convolution,
    require_halved,
    require_images,
    require_int,
    require_ints,
    require_output_padding,
    require_room,
    require_signals,
    require_stamps,
)


def conv_transpose1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
) -> Tensor:
    """Let each value of `x` (N, Cin, L) stamp a weighted copy of the filter, and sum.

    `weight` is (Cin, Cout, k), `bias` (Cout,) or None. Stamps start `stride` apart;
    `padding` positions, fewer than k in the cases tried, are cropped at both ends;
    `output_padding`, smaller than the stride, lengthens the output at its right end.
    Returns (N, Cout, M) in the dtype of `x`; M is what `conv_transpose_output_size`
    says of L. As `torch.nn.functional.conv_transpose1d`, which takes (Cin, L) too.

    Raises:
        TypeError: not floating-point tensors of one dtype, or a size not made of ints.
        ValueError: shapes that do not fit, a size out of range, or an output without positions.

    >>> x, weight = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[3.0, 1.0, 2.0]]])
    >>> conv_transpose1d(x, weight, stride=2)
    tensor([[[3., 1., 8., 2., 4.]]])
    """
    require_signals("x", x)
    require_stamps(x, weight, bias, sides=1)
    require_ints("stride", stride, least=1, most=1)
    require_ints("padding", padding, least=0, most=1)
    require_ints("output_padding", output_padding, least=0, most=1)
    s, p, extra = single(stride), single(padding), single(output_padding)
    require_output_padding((extra,), (s,))
    length, kernel = x.shape[-1], weight.shape[-1]
    size = (length - 1) * s - 2 * p + kernel + extra
    require_room((size,), (p,))

    # stamps[n, o, a, l] = Σ_i x[n, i, l] · weight[i, o, a]
    stamps = torch.einsum("...il,ioa->...oal", x, weight)
    line = x.new_zeros(*stamps.shape[:-2], size + 2 * p)
    for a in range(kernel):  # value l stamps its filter's a-th number at l·s + a
        line[..., a : a + length * s : s] += stamps[..., a, :]
    out = line[..., p : p + size]  # padding crops
    return out if bias is None else out + bias[:, None]


def conv_transpose_output_size(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
) -> int:
    """Return how many pixels a transposed convolution makes of `size` pixels.

    It is the size that a convolution with the same kernel, stride and padding maps back
    to `size`; of several such sizes the smallest, enlarged by `output_padding`.

    Raises:
        TypeError: something else than ints.
        ValueError: a size out of range, an output padding of a stride or more, or an output without pixels.

    >>> conv_transpose_output_size(4, kernel_size=3, stride=2, padding=1)
    7
    """
    require_int("size", size, least=1)
    require_int("kernel_size", kernel_size, least=1)
    require_int("stride", stride, least=1)
    require_int("padding", padding, least=0)
    require_int("output_padding", output_padding, least=0)
    require_output_padding((output_padding,), (stride,))
    output = (size - 1) * stride - 2 * padding + kernel_size + output_padding
    require_room((output,), (padding,))
    return output


def conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
) -> Tensor:
    """Let each pixel of `x` (N, Cin, H, W) stamp a weighted copy of the filter, and sum.

    `weight` is (Cin, Cout, kh, kw), `bias` (Cout,) or None; the other arguments are ints
    or pairs (height, width). Stamps start `stride` apart; `padding` rows and columns,
    fewer than kh and kw in the cases tried, are cropped on every side; `output_padding`,
    smaller than the stride, enlarges the output at the bottom and on the right. Returns
    (N, Cout, H', W') in the dtype of `x`; H' and W' are what
    `conv_transpose_output_size` says of H and W. As
    `torch.nn.functional.conv_transpose2d`, which takes (Cin, H, W) too.

    Raises:
        TypeError: not floating-point tensors of one dtype, or a size not made of ints.
        ValueError: shapes that do not fit, a size out of range, or an output without pixels.

    >>> x = torch.tensor([[[[1.0, 2.0]]]])
    >>> weight = torch.tensor([[[[3.0, 1.0, 2.0], [0.0, 2.0, 1.0]]]])
    >>> conv_transpose2d(x, weight, stride=2)
    tensor([[[[3., 1., 8., 2., 4.],
              [0., 2., 1., 4., 2.]]]])
    """
    require_images("x", x, unbatched=True)
    require_stamps(x, weight, bias, sides=2)
    require_ints("stride", stride, least=1)
    require_ints("padding", padding, least=0)
    require_ints("output_padding", output_padding, least=0)
    require_output_padding(pair(output_padding), pair(stride))
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    (height, width), (kh, kw) = x.shape[-2:], weight.shape[-2:]
    rows = (height - 1) * sh - 2 * ph + kh + pair(output_padding)[0]
    columns = (width - 1) * sw - 2 * pw + kw + pair(output_padding)[1]
    require_room((rows, columns), (ph, pw))

    # stamps[n, o, a, b, h, w] = Σ_i x[n, i, h, w] · weight[i, o, a, b]
    stamps = torch.einsum("...ihw,ioab->...oabhw", x, weight)
    stamps = stamps.flatten(-5, -3).flatten(-2)  # (N, Cout·kh·kw, H·W)
    # fold sums them: weight (a, b) of pixel (h, w) goes to (h·sh + a − ph, w·sw + b − pw)
    out = F.fold(stamps, (rows, columns), (kh, kw), padding=(ph, pw), stride=(sh, sw))
    return out if bias is None else out + bias[:, None, None]


def conv_matrix(
    weight: Tensor,
    input_size: Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> Tensor:
    """Write the convolution with `weight` (Cout, Cin, kh, kw) as a matrix M.

    M @ x.flatten() is conv2d(x).flatten() for every image `x` (Cin, H, W) of
    `input_size` (H, W). M is (Cout·H'·W', Cin·H·W) with
    H' = ⌊(H + 2·padding − kh) / stride⌋ + 1, in the dtype of `weight`: one row for each
    output value, one column for each input value, both in the order of `flatten`. `stride`
    and `padding` are ints or pairs (height, width). M.T is the transposed convolution.

    Raises:
        TypeError: `weight` is not a floating-point tensor, or a size not made of ints.
        ValueError: a wrong shape, a size out of range, or a filter larger than the padded image.

    >>> conv_matrix(torch.tensor([[[[1.0, 2.0]]]]), (1, 4), stride=2)
    tensor([[1., 2., 0., 0.],
            [0., 0., 1., 2.]])
    """
    require_ints("input_size", input_size, least=1)
    require_ints("stride", stride, least=1)
    require_ints("padding", padding, least=0)
    require_convolution(weight, pair(input_size), pair(padding))
    (height, width), (sh, sw), (ph, pw) = pair(input_size), pair(stride), pair(padding)
    cout, cin, kh, kw = weight.shape
    rows = (height + 2 * ph - kh) // sh + 1
    columns = (width + 2 * pw - kw) // sw + 1

    # One padded image for each output value: the filter, where it stands for that value.
    images = weight.new_zeros(cout, rows, columns, cin, height + 2 * ph, width + 2 * pw)
    for i in range(rows):
        for j in range(columns):
            top, left = i * sh, j * sw
            images[:, i, j, :, top : top + kh, left : left + kw] = weight
    inside = images[..., ph : ph + height, pw : pw + width]
    return inside.reshape(cout * rows * columns, cin * height * width)


def bilinear_kernel(channels: int, kernel_size: int) -> Tensor:
    """Return a filter (channels, channels, k, k) that interpolates bilinearly.

    Channel c stamps into channel c alone, a pyramid that falls linearly from its centre:
    weight[c, c, a, b] = t(a)·t(b) with t(a) = 1 − |a − centre| / factor, where
    factor = (k + 1) // 2 and centre = (k − 1) / 2. In the default dtype. With
    stride = factor it starts FCN's learnt upsampling (Long et al., 2015).

    Raises:
        TypeError: something else than ints.
        ValueError: fewer than one channel, or a kernel size below 1.

    >>> bilinear_kernel(1, 4)[0, 0, 0]
    tensor([0.0625, 0.1875, 0.1875, 0.0625])
    """
    require_int("channels", channels, least=1)
    require_int("kernel_size", kernel_size, least=1)
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    slope = 1 - (torch.arange(kernel_size) - centre).abs() / factor  # (k,)
    pyramid = slope[:, None] * slope  # (k, k)
    return torch.eye(channels)[:, :, None, None] * pyramid


def fuse_skip(coarse: Tensor, skip: Tensor, weight: Tensor) -> Tensor:
    """Enlarge coarse scores to twice their size and add the scores of an earlier stage.

    `coarse` is (N, K, h, w), `skip` (N, K, H, W) with h = ⌈H/2⌉ and w = ⌈W/2⌉. `weight`
    (K, K, 4, 4) is that of a transposed convolution with stride 2 and padding 1, whose
    output is cropped at the bottom and on the right where H or W is odd. Returns
    (N, K, H, W): one step up of FCN-16s and FCN-8s (Long et al., 2015, figure 3).

    Raises:
        TypeError: not floating-point tensors of one dtype.
        ValueError: shapes that do not fit.

    >>> coarse, skip = torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 3, 4)
    >>> fuse_skip(coarse, skip, bilinear_kernel(1, 4))[0, 0, 1]
    tensor([0.7500, 1.0000, 1.0000, 0.7500])
    """
    require_images("coarse", coarse)
    require_images("skip", skip)
    require_halved(coarse, skip)
    require_stamps(coarse, weight, sides=2, shape=(skip.shape[1], 4, 4), name="coarse")
    up = F.conv_transpose2d(coarse, weight, stride=2, padding=1)  # (N, K, 2h, 2w)
    height, width = skip.shape[-2:]
    return up[..., :height, :width] + skip
