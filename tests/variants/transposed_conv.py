"""Right answers to the exercises of chapter 04 that look nothing like the reference. Every check must accept them."""

from fractions import Fraction
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograde.building.bank import variant


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def shifted(out, bias):
    """Add the bias (Cout,) to each channel of `out` (N, Cout, …)."""
    return out if bias is None else out + bias.reshape(1, -1, *[1] * (out.ndim - 2))


# --- conv_transpose1d -------------------------------------------------------------------------------------------------


@variant("conv_transpose1d")
def stamps_by_a_loop_over_values(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, _, length = x.shape
    _, outputs, k = weight.shape
    line = torch.zeros(n, outputs, (length - 1) * stride + k + output_padding, dtype=x.dtype)
    for i in range(length):
        line[:, :, i * stride : i * stride + k] += torch.einsum("nc,cok->nok", x[:, :, i], weight)
    return shifted(line[:, :, padding : line.shape[2] - padding], bias)


@variant("conv_transpose1d")
def gathers_for_each_output(signal, filters, offset=None, step=1, crop=0, extra=0):
    """Ask each output position which values reach it."""
    length, k = signal.shape[2], filters.shape[2]
    columns = []
    for place in range((length - 1) * step - 2 * crop + k + extra):
        total = signal.new_zeros(signal.shape[0], filters.shape[1])
        for i in range(length):
            a = place + crop - i * step
            if 0 <= a < k:
                total = total + signal[:, :, i] @ filters[:, :, a]
        columns.append(total)
    return shifted(torch.stack(columns, dim=2), offset)


@variant("conv_transpose1d")
def convolves_a_bed_of_nails_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, c, length = x.shape
    nails = x.new_zeros(n, c, (length - 1) * stride + 1)
    nails[:, :, ::stride] = x
    around = weight.shape[2] - 1 - padding
    nails = F.pad(nails, (around, around + output_padding))
    return F.conv1d(nails, weight.flip(2).transpose(0, 1), bias)


@variant("conv_transpose1d")
def nails_by_kron_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    size = (x.shape[2] - 1) * stride - 2 * padding + weight.shape[2] + output_padding
    nails = torch.kron(x, torch.eye(stride, dtype=x.dtype)[0])  # each value and the zeros after it
    k = weight.shape[2]
    full = torch.conv1d(F.pad(nails, (k - 1, k + stride)), weight.flip(2).transpose(0, 1), bias)
    return full[:, :, padding : padding + size]


@variant("conv_transpose1d")
def spreads_by_kron_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    """One number of the filter after the other, on nails as far apart as the stride."""
    k, length = weight.shape[2], x.shape[2]
    size = (length - 1) * stride + k + output_padding
    nails = torch.kron(x, torch.eye(stride, dtype=x.dtype)[:1])[:, :, : (length - 1) * stride + 1]
    total = 0
    for a in range(k):
        part = torch.einsum("nil,io->nol", nails, weight[:, :, a])
        total = total + F.pad(part, (a, size - a - part.shape[2]))
    return shifted(total[:, :, padding : size - padding], bias)


@variant("conv_transpose1d")
def folds_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, inputs, length = x.shape
    _, outputs, k = weight.shape
    size = (length - 1) * stride - 2 * padding + k + output_padding
    columns = weight.reshape(inputs, outputs * k).T @ x  # (N, Cout·k, L)
    if not n:
        return x.new_zeros(0, outputs, size) + 0 * weight.sum()
    out = F.fold(columns, (1, size), (1, k), padding=(0, padding), stride=(1, stride))
    return shifted(out[:, :, 0], bias)


@variant("conv_transpose1d")
def multiplies_by_a_matrix_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    length, k = x.shape[2], weight.shape[2]
    size = (length - 1) * stride - 2 * padding + k + output_padding
    # spread[l, a, m] = 1 where number a of the stamp of value l falls on output m
    m = torch.arange(size) + padding
    start = torch.arange(length) * stride
    spread = (start[:, None, None] + torch.arange(k)[:, None] == m).to(x.dtype)
    return shifted(torch.einsum("nil,ioa,lam->nom", x, weight, spread), bias)


@variant("conv_transpose1d")
def adds_by_index_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, _, length = x.shape
    _, outputs, k = weight.shape
    size = (length - 1) * stride + k + output_padding
    stamps = torch.einsum("nil,ioa->nola", x, weight).reshape(n, outputs, length * k)
    places = (torch.arange(length)[:, None] * stride + torch.arange(k)).flatten()
    line = x.new_zeros(n, outputs, size).index_add(2, places, stamps)
    return shifted(line.narrow(2, padding, size - 2 * padding), bias)


@variant("conv_transpose1d")
def scatters_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, _, length = x.shape
    _, outputs, k = weight.shape
    stamps = torch.einsum("nil,ioa->nola", x, weight).flatten(2)
    places = (torch.arange(length)[:, None] * stride + torch.arange(k)).flatten().expand_as(stamps)
    line = torch.zeros(n, outputs, (length - 1) * stride + k + output_padding, dtype=x.dtype)
    line = line.scatter_add(2, places, stamps)
    return shifted(line[:, :, padding:][:, :, : line.shape[2] - 2 * padding], bias)


@variant("conv_transpose1d")
def pads_each_stamp_and_sums_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    _, inputs, length = x.shape
    k = weight.shape[2]
    size = (length - 1) * stride + k + output_padding
    lines = []
    for i, c in product(range(length), range(inputs)):
        stamp = x[:, c, i, None, None] * weight[c]
        lines.append(F.pad(stamp, (i * stride, size - i * stride - k)))
    total = torch.stack(lines).sum(dim=0)
    return shifted(total[:, :, padding : size - padding], bias)


@variant("conv_transpose1d")
def differentiates_a_convolution_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    """The transposed convolution is what the gradient of a convolution does."""
    size = (x.shape[2] - 1) * stride - 2 * padding + weight.shape[2] + output_padding
    with torch.enable_grad():
        start = torch.zeros(x.shape[0], weight.shape[1], size, dtype=x.dtype, requires_grad=True)
        forward = F.conv1d(start, weight, stride=stride, padding=padding)
        (out,) = torch.autograd.grad(forward, start, x, create_graph=True)
    return shifted(out, bias)


@variant("conv_transpose1d")
def pulls_back_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    size = (x.shape[2] - 1) * stride - 2 * padding + weight.shape[2] + output_padding
    start = torch.zeros(x.shape[0], weight.shape[1], size, dtype=x.dtype)
    _, pull = torch.func.vjp(lambda z: F.conv1d(z, weight, stride=stride, padding=padding), start)
    return shifted(pull(x)[0], bias)


@variant("conv_transpose1d")
def loops_over_everything_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, inputs, length = x.shape
    _, outputs, k = weight.shape
    line = torch.zeros(n, outputs, (length - 1) * stride + k + output_padding, dtype=x.dtype)
    for image, c, o, i, a in product(range(n), range(inputs), range(outputs), range(length), range(k)):
        line[image, o, i * stride + a] += x[image, c, i] * weight[c, o, a]
    out = line[:, :, padding : line.shape[2] - padding]
    if bias is not None:
        out = out + bias.view(1, -1, 1)
    return out


@variant("conv_transpose1d")
def takes_one_or_a_tuple_of_one(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    s, p, extra = (v if isinstance(v, int) else v[0] for v in (stride, padding, output_padding))
    stamps = (x[:, :, None, :, None] * weight[None, :, :, None, :]).sum(dim=1)  # (N, Cout, L, k)
    k, length = weight.shape[-1], x.shape[-1]
    line = x.new_zeros(*stamps.shape[:2], (length - 1) * s + k + extra)
    for a in range(k):
        line[..., a : a + s * (length - 1) + 1 : s] += stamps[..., a]
    return shifted(line[..., p : line.shape[-1] - p], bias)


# --- conv_transpose_output_size ---------------------------------------------------------------------------------------


@variant("conv_transpose_output_size")
def size_by_the_formula(size, kernel_size, stride=1, padding=0, output_padding=0):
    return stride * (size - 1) + kernel_size - padding - padding + output_padding


@variant("conv_transpose_output_size")
def size_as_in_the_documentation(n, k, s=1, p=0, extra=0):
    return (n - 1) * s - 2 * p + 1 * (k - 1) + extra + 1


@variant("conv_transpose_output_size")
def size_by_counting(size, kernel_size, stride=1, padding=0, output_padding=0):
    reached = 0
    for start in range(0, size * stride, stride):
        reached = max(reached, start + kernel_size)
    return len(range(padding, reached + output_padding - padding))


@variant("conv_transpose_output_size")
def size_by_searching(size, kernel_size, stride=1, padding=0, output_padding=0):
    """The smallest size that a convolution maps to `size`, enlarged."""
    output = max(1, kernel_size - 2 * padding)
    while (output + 2 * padding - kernel_size) // stride + 1 < size:
        output += 1
    return output + output_padding


@variant("conv_transpose_output_size")
def size_of_the_nails_and_a_convolution(size, kernel_size, stride=1, padding=0, output_padding=0):
    nails = size + (size - 1) * (stride - 1)
    around = kernel_size - 1 - padding
    return nails + 2 * around + output_padding - kernel_size + 1


@variant("conv_transpose_output_size")
def size_as_a_tensor(size, kernel_size, stride=1, padding=0, output_padding=0):
    return torch.tensor((size - 1) * stride - 2 * padding + kernel_size + output_padding)


@variant("conv_transpose_output_size")
def size_as_a_float(size, kernel_size, stride=1, padding=0, output_padding=0):
    return float(Fraction(size - 1) * stride - 2 * padding + kernel_size + output_padding)


@variant("conv_transpose_output_size")
def size_by_asking_torch(size, kernel_size, stride=1, padding=0, output_padding=0):
    layer = nn.ConvTranspose1d(1, 1, kernel_size, stride, padding, output_padding)
    return layer(torch.zeros(1, 1, size)).shape[2]


# --- conv_transpose2d -------------------------------------------------------------------------------------------------


def sizes_2d(x, weight, stride, padding, output_padding):
    """The output's height and width."""
    sides = zip(x.shape[2:], weight.shape[2:], pair(stride), pair(padding), pair(output_padding), strict=True)
    return tuple((n - 1) * s - 2 * p + k + extra for n, k, s, p, extra in sides)


@variant("conv_transpose2d")
def stamps_pixel_by_pixel(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw), (oh, ow) = pair(stride), pair(padding), pair(output_padding)
    n, _, h, w = x.shape
    _, outputs, kh, kw = weight.shape
    plane = torch.zeros(n, outputs, (h - 1) * sh + kh + oh, (w - 1) * sw + kw + ow, dtype=x.dtype)
    for i in range(h):
        for j in range(w):
            stamp = (x[:, :, i, j][:, :, None, None, None] * weight).sum(dim=1)
            plane[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] += stamp
    return shifted(plane[:, :, ph : plane.shape[2] - ph, pw : plane.shape[3] - pw], bias)


@variant("conv_transpose2d")
def loops_over_everything_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    rows, columns = sizes_2d(x, weight, stride, padding, output_padding)
    out = torch.zeros(x.shape[0], weight.shape[1], rows, columns, dtype=x.dtype)
    for i, j in product(range(x.shape[2]), range(x.shape[3])):
        for a, b in product(range(weight.shape[2]), range(weight.shape[3])):
            row, column = i * sh + a - ph, j * sw + b - pw
            if 0 <= row < rows and 0 <= column < columns:
                out[:, :, row, column] += x[:, :, i, j] @ weight[:, :, a, b]
    return shifted(out, bias)


@variant("conv_transpose2d")
def gathers_for_each_pixel(image, filters, offset=None, step=1, crop=0, extra=0):
    (sh, sw), (ph, pw) = pair(step), pair(crop)
    rows, columns = sizes_2d(image, filters, step, crop, extra)
    pixels = []
    for r, c in product(range(rows), range(columns)):
        total = image.new_zeros(len(image), filters.shape[1])
        for a, b in product(range(filters.shape[2]), range(filters.shape[3])):
            (i, odd), (j, off) = divmod(r + ph - a, sh), divmod(c + pw - b, sw)
            if not odd and not off and 0 <= i < image.shape[2] and 0 <= j < image.shape[3]:
                total = total + image[:, :, i, j] @ filters[:, :, a, b]
        pixels.append(total)
    return shifted(torch.stack(pixels, dim=2).unflatten(2, (rows, columns)), offset)


@variant("conv_transpose2d")
def convolves_a_bed_of_nails_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw), (oh, ow) = pair(stride), pair(padding), pair(output_padding)
    n, c, h, w = x.shape
    kh, kw = weight.shape[2:]
    nails = torch.zeros(n, c, (h - 1) * sh + 1, (w - 1) * sw + 1, dtype=x.dtype)
    nails[:, :, ::sh, ::sw] = x
    nails = F.pad(nails, (kw - 1 - pw, kw - 1 - pw + ow, kh - 1 - ph, kh - 1 - ph + oh))
    return F.conv2d(nails, weight.flip((2, 3)).transpose(0, 1), bias)


@variant("conv_transpose2d")
def nails_by_kron(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    rows, columns = sizes_2d(x, weight, stride, padding, output_padding)
    corner = x.new_zeros(sh, sw)
    corner[0, 0] = 1
    kh, kw = weight.shape[2:]
    nails = F.pad(torch.kron(x, corner), (kw - 1, kw + sw, kh - 1, kh + sh))
    full = torch.conv2d(nails, torch.rot90(weight, 2, (2, 3)).movedim(0, 1), bias)
    return full[:, :, ph : ph + rows, pw : pw + columns]


@variant("conv_transpose2d")
def spreads_by_kron_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    rows, columns = sizes_2d(x, weight, stride, padding, output_padding)
    plane = x.new_zeros(len(x), weight.shape[1], rows + 2 * ph + sh, columns + 2 * pw + sw)
    corner = F.pad(torch.ones(1, 1, dtype=x.dtype), (0, sw - 1, 0, sh - 1))
    for a, b in product(range(weight.shape[2]), range(weight.shape[3])):
        part = torch.tensordot(torch.kron(x, corner), weight[:, :, a, b], dims=([1], [0])).movedim(3, 1)
        plane[:, :, a : a + part.shape[2], b : b + part.shape[3]] += part
    return shifted(plane[:, :, ph : ph + rows, pw : pw + columns], bias)


@variant("conv_transpose2d")
def spreads_by_two_krons(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    """Rows first, then columns; the filter last, as an ordinary convolution."""
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    rows, columns = sizes_2d(x, weight, stride, padding, output_padding)
    kh, kw = weight.shape[2:]
    down, across = torch.eye(sh, dtype=x.dtype)[:, :1], torch.eye(sw, dtype=x.dtype)[:1]
    nails = torch.kron(torch.kron(x, down), across)
    full = F.conv2d(F.pad(nails, (kw - 1, kw + sw, kh - 1, kh + sh)), weight.flip(2, 3).transpose(0, 1), bias)
    return full[:, :, ph : ph + rows, pw : pw + columns]


@variant("conv_transpose2d")
def folds_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, inputs = x.shape[:2]
    size = sizes_2d(x, weight, stride, padding, output_padding)
    columns = weight.reshape(inputs, -1).T @ x.reshape(n, inputs, x.shape[2] * x.shape[3])
    if not n:
        return x.new_zeros(0, weight.shape[1], *size)
    return shifted(F.fold(columns, size, weight.shape[2:], padding=padding, stride=stride), bias)


@variant("conv_transpose2d")
def folds_with_a_module(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    size = sizes_2d(x, weight, stride, padding, output_padding)
    columns = torch.einsum("nip,ioq->noqp", x.flatten(2), weight.flatten(2)).flatten(1, 2)
    out = nn.Fold(size, tuple(weight.shape[2:]), padding=padding, stride=stride)(columns)
    return out if bias is None else out + bias[None, :, None, None]


@variant("conv_transpose2d")
def spreads_by_two_matrices(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    def spread(n, k, s, p, size):
        start, place = torch.arange(n) * s - p, torch.arange(size)
        return (start[:, None, None] + torch.arange(k)[:, None] == place).to(x.dtype)

    rows, columns = sizes_2d(x, weight, stride, padding, output_padding)
    down = spread(x.shape[2], weight.shape[2], pair(stride)[0], pair(padding)[0], rows)
    across = spread(x.shape[3], weight.shape[3], pair(stride)[1], pair(padding)[1], columns)
    return shifted(torch.einsum("nihw,ioab,har,wbc->norc", x, weight, down, across), bias)


@variant("conv_transpose2d")
def adds_by_index_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw), (oh, ow) = pair(stride), pair(padding), pair(output_padding)
    n, _, h, w = x.shape
    _, outputs, kh, kw = weight.shape
    height, width = (h - 1) * sh + kh + oh, (w - 1) * sw + kw + ow
    stamps = torch.einsum("nihw,ioab->nohwab", x, weight).flatten(2)
    r = torch.arange(h)[:, None, None, None] * sh + torch.arange(kh)[:, None]
    c = torch.arange(w)[:, None, None] * sw + torch.arange(kw)
    places = (r * width + c).flatten()
    plane = x.new_zeros(n, outputs, height * width).index_add(2, places, stamps)
    plane = plane.view(n, outputs, height, width)
    return shifted(plane[..., ph : height - ph, pw : width - pw], bias)


@variant("conv_transpose2d")
def scatters_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw), (oh, ow) = pair(stride), pair(padding), pair(output_padding)
    n, _, h, w = x.shape
    _, outputs, kh, kw = weight.shape
    height, width = (h - 1) * sh + kh + oh, (w - 1) * sw + kw + ow
    plane = torch.zeros((n, outputs, height * width), dtype=x.dtype)
    corners = (torch.arange(h)[:, None] * sh * width + torch.arange(w) * sw).flatten()
    for a, b in product(range(kh), range(kw)):
        part = torch.tensordot(x.flatten(2), weight[:, :, a, b], dims=([1], [0])).transpose(1, 2)
        plane = plane.scatter_add(2, (corners + a * width + b).expand_as(part), part)
    return shifted(plane.view(n, outputs, height, width)[..., ph : height - ph, pw : width - pw], bias)


@variant("conv_transpose2d")
def writes_windows_of_a_view(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    """`as_strided` shows the plane as its windows; adding to one filter position at a time, none overlaps itself."""
    (sh, sw), (ph, pw), (oh, ow) = pair(stride), pair(padding), pair(output_padding)
    n, _, h, w = x.shape
    _, outputs, kh, kw = weight.shape
    height, width = (h - 1) * sh + kh + oh, (w - 1) * sw + kw + ow
    plane = x.new_zeros(n, outputs, height, width)
    for a, b in product(range(kh), range(kw)):
        part = torch.einsum("nihw,io->nohw", x, weight[:, :, a, b])
        steps = (outputs * height * width, height * width, sh * width, sw)
        plane.as_strided(part.shape, steps, a * width + b).add_(part)
    return shifted(plane[..., ph : height - ph, pw : width - pw], bias)


@variant("conv_transpose2d")
def shuffles_pixels(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    """Sub-pixel convolution: for each phase of the stride an ordinary convolution of its own (Shi et al., 2016)."""
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    rows, columns = sizes_2d(x, weight, stride, padding, output_padding)
    n, inputs = x.shape[:2]
    outputs = weight.shape[1]
    th, tw = -(-weight.shape[2] // sh), -(-weight.shape[3] // sw)  # stamps that meet in one pixel
    filters = F.pad(weight, (0, tw * sw - weight.shape[3], 0, th * sh - weight.shape[2]))
    filters = filters.reshape(inputs, outputs, th, sh, tw, sw).flip(2, 4).permute(1, 3, 5, 0, 2, 4)
    phases = F.conv2d(F.pad(x, (tw - 1, tw, th - 1, th)), filters.reshape(-1, inputs, th, tw))
    phases = phases.reshape(n, outputs, sh, sw, *phases.shape[2:]).permute(0, 1, 4, 2, 5, 3)
    full = phases.reshape(n, outputs, phases.shape[2] * sh, phases.shape[4] * sw)
    return shifted(full[:, :, ph : ph + rows, pw : pw + columns], bias)


@variant("conv_transpose2d")
def multiplies_by_the_transposed_matrix(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    size = sizes_2d(x, weight, stride, padding, output_padding)
    count = weight.shape[1] * size[0] * size[1]
    units = torch.eye(count, dtype=x.dtype).reshape(count, weight.shape[1], *size)
    columns = F.conv2d(units, weight, stride=stride, padding=padding).reshape(count, -1)
    out = x.reshape(len(x), columns.shape[1]) @ columns.T
    return shifted(out.reshape(len(x), weight.shape[1], *size), bias)


@variant("conv_transpose2d")
def differentiates_a_convolution_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    size = sizes_2d(x, weight, stride, padding, output_padding)
    with torch.enable_grad():
        start = x.new_zeros(x.shape[0], weight.shape[1], *size).requires_grad_()
        forward = F.conv2d(start, weight, stride=stride, padding=padding)
        (out,) = torch.autograd.grad(forward, start, grad_outputs=x, create_graph=True)
    return shifted(out, bias)


@variant("conv_transpose2d")
def pulls_back_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    start = x.new_zeros(x.shape[0], weight.shape[1], *sizes_2d(x, weight, stride, padding, output_padding))
    _, pull = torch.func.vjp(lambda z: F.conv2d(z, weight, None, stride, padding), start)
    return shifted(pull(x)[0], bias)


@variant("conv_transpose2d")
def one_image_after_the_other(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    rows, columns = sizes_2d(x, weight, stride, padding, output_padding)
    kh, kw = weight.shape[2:]
    planes = []
    for image in x:
        full = torch.zeros((weight.shape[1], rows + 2 * ph, columns + 2 * pw), dtype=x.dtype)
        for c in range(len(image)):
            for i, j in product(range(image.shape[1]), range(image.shape[2])):
                full[:, i * sh : i * sh + kh, j * sw : j * sw + kw] += image[c, i, j] * weight[c]
        planes.append(full[:, ph : ph + rows, pw : pw + columns])
    out = torch.stack(planes) if planes else x.new_zeros(0, weight.shape[1], rows, columns)
    return shifted(out, bias)


# --- conv_matrix ------------------------------------------------------------------------------------------------------


def size_after(weight, input_size, stride, padding):
    sides = zip(input_size, weight.shape[2:], pair(stride), pair(padding), strict=True)
    return tuple((n + 2 * p - k) // s + 1 for n, k, s, p in sides)


@variant("conv_matrix")
def matrix_from_unit_images(weight, input_size, stride=1, padding=0):
    count = weight.shape[1] * input_size[0] * input_size[1]
    units = torch.eye(count, dtype=weight.dtype).view(count, weight.shape[1], *input_size)
    return F.conv2d(units, weight, stride=stride, padding=padding).reshape(count, -1).T


@variant("conv_matrix")
def matrix_number_by_number(weight, input_size, stride=1, padding=0):
    outputs, inputs, kh, kw = weight.shape
    (h, w), (sh, sw), (ph, pw) = input_size, pair(stride), pair(padding)
    rows, columns = size_after(weight, input_size, stride, padding)
    matrix = torch.zeros(outputs * rows * columns, inputs * h * w, dtype=weight.dtype)
    for o, i, j, c in product(range(outputs), range(rows), range(columns), range(inputs)):
        for a, b in product(range(kh), range(kw)):
            y, x = i * sh + a - ph, j * sw + b - pw
            if 0 <= y < h and 0 <= x < w:
                matrix[(o * rows + i) * columns + j, (c * h + y) * w + x] = weight[o, c, a, b]
    return matrix


@variant("conv_matrix")
def matrix_as_a_jacobian(weight, input_size, stride=1, padding=0):
    start = torch.zeros(weight.shape[1], *input_size, dtype=weight.dtype)

    def convolve(x):
        return F.conv2d(x[None], weight, stride=stride, padding=padding).flatten()

    return torch.autograd.functional.jacobian(convolve, start, create_graph=True).flatten(1)


@variant("conv_matrix")
def matrix_by_jacrev(weight, input_size, stride=1, padding=0):
    start = weight.new_zeros(weight.shape[1] * input_size[0] * input_size[1])

    def convolve(flat):
        return F.conv2d(flat.reshape(1, -1, *input_size), weight, stride=stride, padding=padding).flatten()

    return torch.func.jacrev(convolve)(start)


@variant("conv_matrix")
def matrix_by_shifts(filters, size, step=1, border=0):
    """A sum over the filter's numbers: each stands on a diagonal of its own."""
    rows, columns = size_after(filters, size, step, border)
    kh, kw = filters.shape[2:]

    def shift(n, m, s, p, a):
        return (torch.arange(m)[:, None] * s + a - p == torch.arange(n)).to(filters.dtype)

    total = 0
    for a, b in product(range(kh), range(kw)):
        down = shift(size[0], rows, pair(step)[0], pair(border)[0], a)
        across = shift(size[1], columns, pair(step)[1], pair(border)[1], b)
        total = total + torch.kron(filters[:, :, a, b], torch.kron(down, across))
    return total


@variant("conv_matrix")
def matrix_by_unfolding_positions(weight, input_size, stride=1, padding=0):
    outputs, inputs = weight.shape[:2]
    count = inputs * input_size[0] * input_size[1]
    numbers = torch.arange(1.0, count + 1, dtype=torch.float64).reshape(1, inputs, *input_size)
    places = F.unfold(numbers, weight.shape[2:], padding=padding, stride=stride)[0].long()  # (Cin·kh·kw, H'·W')
    rows = weight.new_zeros(outputs, places.shape[1], count + 1)  # column 0 collects what falls on the padding
    where = places.T.expand(outputs, -1, -1)
    values = weight.reshape(outputs, 1, -1).expand(where.shape)
    return rows.scatter_add(2, where, values)[..., 1:].reshape(outputs * places.shape[1], count)


@variant("conv_matrix")
def matrix_by_indexing_a_filter(weight, input_size, stride=1, padding=0):
    """Ask each pair of an output and an input pixel which number of the filter joins them, if any."""
    rows, columns = size_after(weight, input_size, stride, padding)
    kh, kw = weight.shape[2:]

    def offsets(n, m, s, p):
        return torch.arange(n) + p - torch.arange(m)[:, None] * s

    a = offsets(input_size[0], rows, pair(stride)[0], pair(padding)[0])
    b = offsets(input_size[1], columns, pair(stride)[1], pair(padding)[1])
    inside = ((a >= 0) & (a < kh))[:, None, :, None] & ((b >= 0) & (b < kw))[None, :, None, :]
    picked = weight[:, :, a.clamp(0, kh - 1)[:, None, :, None], b.clamp(0, kw - 1)[None, :, None, :]]
    picked = torch.where(inside, picked, torch.zeros((), dtype=weight.dtype))  # (Cout, Cin, H', W', H, W)
    return picked.permute(0, 2, 3, 1, 4, 5).reshape(weight.shape[0] * rows * columns, -1)


@variant("conv_matrix")
def matrix_row_by_row(weight, input_size, stride=1, padding=0):
    (h, w), (sh, sw), (ph, pw) = input_size, pair(stride), pair(padding)
    kh, kw = weight.shape[2:]
    matrix = []
    for kernel in weight:
        for i, j in product(*map(range, size_after(weight, input_size, stride, padding))):
            top, left = i * sh, j * sw
            below, right = h + 2 * ph - top - kh, w + 2 * pw - left - kw
            page = F.pad(kernel, (left, right, top, below))
            matrix.append(page[:, ph : ph + h, pw : pw + w].flatten())
    return torch.stack(matrix)


@variant("conv_matrix")
def matrix_column_by_column(weight, input_size, stride=1, padding=0):
    shape = (weight.shape[1], *input_size)
    columns = []
    for place in np.ndindex(*shape):
        unit = torch.zeros(shape, dtype=weight.dtype)
        unit[place] = 1
        columns.append(F.conv2d(unit[None], weight, stride=stride, padding=padding).reshape(-1))
    return torch.stack(columns, dim=1)


@variant("conv_matrix")
def matrix_with_a_layer(weight, input_size, stride=1, padding=0):
    layer = nn.Conv2d(
        weight.shape[1], weight.shape[0], weight.shape[2:], stride, padding, bias=False, dtype=weight.dtype
    )
    count = weight.shape[1] * input_size[0] * input_size[1]
    units = torch.eye(count, dtype=weight.dtype).reshape(count, weight.shape[1], *input_size)
    return torch.func.functional_call(layer, {"weight": weight}, (units,)).flatten(1).t().contiguous()


# --- bilinear_kernel --------------------------------------------------------------------------------------------------


@variant("bilinear_kernel")
def kernel_as_in_fcn(channels, kernel_size):
    factor = (kernel_size + 1) // 2
    centre = factor - 1 if kernel_size % 2 == 1 else factor - 0.5
    rows, columns = np.ogrid[:kernel_size, :kernel_size]
    square = (1 - abs(rows - centre) / factor) * (1 - abs(columns - centre) / factor)
    weight = np.zeros((channels, channels, kernel_size, kernel_size))
    weight[range(channels), range(channels)] = square
    return torch.from_numpy(weight).float()


@variant("bilinear_kernel")
def kernel_by_loops(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    weight = torch.zeros(channels, channels, kernel_size, kernel_size)
    for c in range(channels):
        for a, b in product(range(kernel_size), repeat=2):
            weight[c, c, a, b] = (1 - abs(a - centre) / factor) * (1 - abs(b - centre) / factor)
    return weight


@variant("bilinear_kernel")
def kernel_from_two_boxes(channels, kernel_size):
    """A slope is a box convolved with a box: of equal lengths for an odd size, one longer for an even one."""
    factor = (kernel_size + 1) // 2
    box = torch.ones(1, 1, factor) / factor
    other = torch.ones(1, 1, kernel_size + 1 - factor)
    slope = F.conv1d(F.pad(box, (other.shape[2] - 1,) * 2), other)[0, 0]
    if kernel_size % 2 == 0:  # the longer box has half weight at its ends
        centre = (kernel_size - 1) / 2
        slope = 1 - (torch.arange(kernel_size) - centre).abs() / factor
    return torch.einsum("cd,a,b->cdab", torch.eye(channels), slope, slope)


@variant("bilinear_kernel")
def kernel_by_outer(count, k):
    factor = (k + 1) // 2
    slope = 1 - torch.linspace(-(k - 1) / 2, (k - 1) / 2, k).abs() / factor
    weight = torch.zeros(count, count, k, k)
    for c in range(count):
        weight[c, c] = torch.outer(slope, slope)
    return weight


@variant("bilinear_kernel")
def kernel_by_kron(channels, kernel_size):
    half = torch.arange(1, (kernel_size + 1) // 2 + 1)
    slope = torch.cat([half * 2 - 1, half.flip(0) * 2 - 1]) / (2 * len(half))  # even: 1, 3, …, 3, 1
    if kernel_size % 2:
        slope = torch.cat([half, half.flip(0)[1:]]) / len(half)
    square = torch.kron(slope[:, None], slope[None])
    return torch.kron(torch.eye(channels), square).reshape(channels, kernel_size, channels, kernel_size).transpose(1, 2)


@variant("bilinear_kernel")
def kernel_by_diagonal(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    place = torch.arange(kernel_size, dtype=torch.get_default_dtype())
    slope = (factor - (place - centre).abs()) / factor
    return torch.diag_embed((slope[:, None] @ slope[None])[..., None].expand(-1, -1, channels)).permute(2, 3, 0, 1)


@variant("bilinear_kernel")
def kernel_in_float64_first(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    place = torch.arange(kernel_size, dtype=torch.float64)
    slope = 1 - torch.abs(place - centre) / factor
    weight = torch.zeros(channels, channels, kernel_size, kernel_size)
    weight[torch.arange(channels), torch.arange(channels)] = (slope.view(-1, 1) * slope.view(1, -1)).float()
    return weight


@variant("bilinear_kernel")
def kernel_as_a_parameter(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    slope = 1 - (torch.arange(kernel_size) - centre).abs() / factor
    return nn.Parameter(torch.eye(channels)[..., None, None] * (slope.unsqueeze(1) * slope))


# --- fuse_skip --------------------------------------------------------------------------------------------------------


@variant("fuse_skip")
def fuses_with_torchs_operator(coarse, skip, weight):
    up = F.conv_transpose2d(coarse, weight, None, 2, 1)
    return skip + up[:, :, : skip.shape[2], : skip.shape[3]]


@variant("fuse_skip")
def fuses_with_output_padding_of_minus_one(coarse, skip, weight):
    """Crop with a negative pad."""
    up = torch.conv_transpose2d(coarse, weight, stride=(2, 2), padding=(1, 1))
    return F.pad(up, (0, skip.shape[-1] - up.shape[-1], 0, skip.shape[-2] - up.shape[-2])).add(skip)


@variant("fuse_skip")
def fuses_with_a_layer(scores, finer, filters):
    layer = nn.ConvTranspose2d(len(filters), len(filters), 4, stride=2, padding=1, bias=False, dtype=filters.dtype)
    up = torch.func.functional_call(layer, {"weight": filters}, (scores,))
    return up.narrow(2, 0, finer.shape[2]).narrow(3, 0, finer.shape[3]) + finer


@variant("fuse_skip")
def fuses_by_stamps(coarse, skip, weight):
    n, k, h, w = coarse.shape
    plane = coarse.new_zeros(n, k, 2 * h + 2, 2 * w + 2)
    for a, b in product(range(4), repeat=2):
        plane[:, :, a : a + 2 * h : 2, b : b + 2 * w : 2] += torch.einsum("nihw,io->nohw", coarse, weight[:, :, a, b])
    return plane[:, :, 1 : 1 + skip.shape[2], 1 : 1 + skip.shape[3]] + skip


@variant("fuse_skip")
def fuses_with_fold(coarse, skip, weight):
    n, k, h, w = coarse.shape
    columns = weight.reshape(k, k * 16).T @ coarse.reshape(n, k, h * w)
    if not n:
        return skip.clone()
    up = F.fold(columns, (2 * h, 2 * w), 4, padding=1, stride=2)
    return up[..., : skip.shape[-2], : skip.shape[-1]] + skip


@variant("fuse_skip")
def fuses_before_cropping(coarse, skip, weight):
    """Fill the skip up to an even size, add, and crop the sum."""
    height, width = skip.shape[2:]
    filled = F.pad(skip, (0, width % 2, 0, height % 2))
    return (F.conv_transpose2d(coarse, weight, stride=2, padding=1) + filled)[:, :, :height, :width]


@variant("fuse_skip")
def fuses_into_the_enlarged(coarse, skip, weight):
    up = F.conv_transpose2d(coarse, weight, stride=2, padding=1)[:, :, : skip.size(2), : skip.size(3)]
    up += skip
    return up


@variant("fuse_skip")
def fuses_without_padding_by_slices(coarse, skip, weight):
    full = F.conv_transpose2d(coarse, weight, stride=2)
    rows, columns = slice(1, skip.shape[2] + 1), slice(1, skip.shape[3] + 1)
    return torch.stack([full[:, :, rows, columns], skip]).sum(dim=0)


@variant("fuse_skip")
def fuses_by_a_bed_of_nails(coarse: Tensor, skip: Tensor, weight: Tensor) -> Tensor:
    n, k, h, w = coarse.shape
    nails = coarse.new_zeros(n, k, 2 * h - 1, 2 * w - 1)
    nails[:, :, ::2, ::2] = coarse
    up = F.conv2d(nails, weight.flip(2, 3).transpose(0, 1), padding=2)
    return up[:, :, : skip.shape[2], : skip.shape[3]] + skip
