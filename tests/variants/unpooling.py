"""Right answers to the exercises of chapter 03 that look nothing like the reference. Every check must accept them."""

import math
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograde.building.bank import variant


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


# --- nearest_unpool2d -------------------------------------------------------------------------------------------------


@variant("nearest_unpool2d")
def nearest_by_loops(x, scale):
    n, c, h, w = x.shape
    out = torch.empty(n, c, h * scale, w * scale, dtype=x.dtype)
    for i in range(h * scale):
        for j in range(w * scale):
            out[:, :, i, j] = x[:, :, i // scale, j // scale]
    return out


@variant("nearest_unpool2d")
def nearest_by_expand(image: Tensor, factor: int) -> Tensor:
    n, c, h, w = image.shape
    return image[:, :, :, None, :, None].expand(n, c, h, factor, w, factor).reshape(n, c, h * factor, w * factor)


@variant("nearest_unpool2d")
def nearest_by_kron(x, scale):
    return torch.kron(x, torch.ones(scale, scale, dtype=x.dtype))


@variant("nearest_unpool2d")
def nearest_by_einsum(x, scale):
    ones = x.new_ones(scale)
    n, c, h, w = x.shape
    return torch.einsum("nchw,a,b->nchawb", x, ones, ones).reshape(n, c, h * scale, w * scale)


@variant("nearest_unpool2d")
def nearest_by_matrices(x, scale):
    rows = torch.eye(x.shape[2], dtype=x.dtype).repeat_interleave(scale, dim=0)
    columns = torch.eye(x.shape[3], dtype=x.dtype).repeat_interleave(scale, dim=1)
    return rows @ x @ columns


@variant("nearest_unpool2d")
def nearest_by_indexing(x, scale):
    rows = torch.arange(x.shape[2] * scale) // scale
    columns = torch.arange(x.shape[3] * scale) // scale
    return x[:, :, rows[:, None], columns]


@variant("nearest_unpool2d")
def nearest_by_index_select(x, scale):
    rows = torch.arange(x.shape[2] * scale).div(scale, rounding_mode="floor")
    columns = torch.arange(x.shape[3] * scale).div(scale, rounding_mode="floor")
    return x.index_select(2, rows).index_select(-1, columns)


@variant("nearest_unpool2d")
def nearest_by_gather(x, scale):
    n, c, h, w = x.shape
    position = (torch.arange(h * scale)[:, None] // scale) * w + torch.arange(w * scale) // scale
    flat = x.reshape(n, c, h * w)
    return flat.gather(2, position.flatten().expand(n, c, -1)).view(n, c, h * scale, w * scale)


@variant("nearest_unpool2d")
def nearest_by_transposed_convolution(x, scale):
    c = x.shape[1]
    return F.conv_transpose2d(x, torch.ones(c, 1, scale, scale, dtype=x.dtype), stride=scale, groups=c)


@variant("nearest_unpool2d")
def nearest_by_fold(x, scale):
    n, c, h, w = x.shape
    columns = x.reshape(n, c, 1, h * w).expand(n, c, scale * scale, h * w).reshape(n, c * scale * scale, h * w)
    return F.fold(columns, (h * scale, w * scale), kernel_size=scale, stride=scale)


@variant("nearest_unpool2d")
def nearest_by_pixel_shuffle(x, scale):
    return F.pixel_shuffle(x.repeat_interleave(scale**2, dim=1), scale)


@variant("nearest_unpool2d")
def nearest_by_grid_sample(x, scale):
    n, _, h, w = x.shape
    rows = (torch.arange(h * scale, dtype=x.dtype) // scale * 2 + 1) / h - 1
    columns = (torch.arange(w * scale, dtype=x.dtype) // scale * 2 + 1) / w - 1
    grid = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1).expand(n, -1, -1, -1)
    return F.grid_sample(x, grid, mode="nearest", align_corners=False)


@variant("nearest_unpool2d")
def nearest_by_tiles(x, scale):
    n, c, h, w = x.shape
    tiles = x.reshape(n, c, h, 1, w, 1).repeat(1, 1, 1, scale, 1, scale)
    return tiles.flatten(4, 5).flatten(2, 3)


@variant("nearest_unpool2d")
def nearest_by_stack(x, scale):
    wide = torch.stack([x] * scale, dim=-1).flatten(-2)
    return torch.stack([wide] * scale, dim=3).flatten(2, 3)


@variant("nearest_unpool2d")
def nearest_by_cat(x, scale):
    rows = torch.cat([x[:, :, i : i + 1] for i in range(x.shape[2]) for _ in range(scale)], dim=2)
    return torch.cat([rows[..., j : j + 1] for j in range(x.shape[3]) for _ in range(scale)], dim=3)


@variant("nearest_unpool2d")
def nearest_by_slices(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    for a, b in product(range(scale), repeat=2):
        out[:, :, a::scale, b::scale] += x
    return out


@variant("nearest_unpool2d")
def nearest_by_vmap(x, scale):
    plane = lambda p: p.repeat_interleave(scale, 0).repeat_interleave(scale, 1)  # noqa: E731
    if x.shape[0] == 0:
        return x.new_zeros(0, x.shape[1], x.shape[2] * scale, x.shape[3] * scale)
    return torch.func.vmap(torch.func.vmap(plane))(x)


@variant("nearest_unpool2d")
def nearest_by_strides(x, scale):
    n, c, h, w = x.shape
    x = x.contiguous()
    a, b, d, e = x.stride()
    return torch.as_strided(x, (n, c, h, scale, w, scale), (a, b, d, 0, e, 0)).reshape(n, c, h * scale, w * scale)


@variant("nearest_unpool2d")
def nearest_in_channels_last(x, scale):
    big = x.repeat_interleave(scale, -2).repeat_interleave(scale, -1)
    return big.contiguous(memory_format=torch.channels_last)


@variant("nearest_unpool2d")
def nearest_with_in_place_steps_on_a_copy(x, scale):
    copy = x.clone()
    return copy.unsqueeze_(3).unsqueeze_(5).expand(-1, -1, -1, scale, -1, scale).flatten(4).flatten(2, 3)


class Enlarge(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return x.repeat_interleave(self.scale, 3).repeat_interleave(self.scale, 2)


@variant("nearest_unpool2d")
def nearest_by_a_module(x, scale):
    return Enlarge(scale)(x)


class Repeat(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.scale = scale
        return torch.from_numpy(np.kron(x.detach().numpy(), np.ones((scale, scale), dtype=x.detach().numpy().dtype)))

    @staticmethod
    def backward(ctx, grad):
        n, c, h, w = grad.shape
        s = ctx.scale
        return grad.reshape(n, c, h // s, s, w // s, s).sum((3, 5)), None


@variant("nearest_unpool2d")
def nearest_by_an_autograd_function(x, scale):
    return Repeat.apply(x, scale)


# --- bed_of_nails2d ---------------------------------------------------------------------------------------------------


@variant("bed_of_nails2d")
def nails_by_loops(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros(n, c, h * scale, w * scale, dtype=x.dtype, device=x.device)
    for i in range(h):
        for j in range(w):
            out[:, :, i * scale, j * scale] = x[:, :, i, j]
    return out


@variant("bed_of_nails2d")
def nails_by_four_loops(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros((n, c, scale * h, scale * w)).to(x)
    for b, d, i, j in product(range(n), range(c), range(h), range(w)):
        out[b, d, i * scale, j * scale] = x[b, d, i, j]
    return out


@variant("bed_of_nails2d")
def bed_of_nails_by_kron(x, scale):
    nail = torch.zeros(scale, scale, dtype=x.dtype)
    nail[0, 0] = 1
    return torch.kron(x, nail)


@variant("bed_of_nails2d")
def nails_by_transposed_convolution(x, scale):
    c = x.shape[1]
    kernel = torch.zeros(c, 1, scale, scale, dtype=x.dtype)
    kernel[:, :, 0, 0] = 1
    return F.conv_transpose2d(x, kernel, stride=scale, groups=c)


@variant("bed_of_nails2d")
def nails_by_output_padding(x, scale):
    eye = torch.eye(x.shape[1], dtype=x.dtype)[:, :, None, None]
    return F.conv_transpose2d(x, eye, stride=scale, output_padding=scale - 1)


@variant("bed_of_nails2d")
def nails_by_padding(x, scale):
    n, c, h, w = x.shape
    blocks = F.pad(x.reshape(n, c, h, 1, w, 1), (0, scale - 1, 0, 0, 0, scale - 1))
    return blocks.reshape(n, c, h * scale, w * scale)


@variant("bed_of_nails2d")
def nails_by_stack(x, scale):
    zeros = torch.zeros_like(x)
    wide = torch.stack([x] + [zeros] * (scale - 1), dim=-1).flatten(-2)
    zeros = torch.zeros_like(wide)
    return torch.stack([wide] + [zeros] * (scale - 1), dim=3).flatten(2, 3)


@variant("bed_of_nails2d")
def nails_by_pixel_shuffle(x, scale):
    n, c, h, w = x.shape
    channels = torch.zeros(n, c, scale * scale, h, w, dtype=x.dtype)
    channels[:, :, 0] = x
    return F.pixel_shuffle(channels.flatten(1, 2), scale)


@variant("bed_of_nails2d")
def nails_by_mask(x, scale):
    big = x.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    rows = (torch.arange(big.shape[2]) % scale == 0)[:, None]
    columns = torch.arange(big.shape[3]) % scale == 0
    return torch.where(rows & columns, big, torch.zeros_like(big))


@variant("bed_of_nails2d")
def nails_by_scatter(x, scale):
    n, c, h, w = x.shape
    position = (torch.arange(h)[:, None] * scale * w * scale + torch.arange(w) * scale).flatten()
    out = torch.zeros(n, c, h * w * scale * scale, dtype=x.dtype)
    out.scatter_(2, position.expand(n, c, -1), x.flatten(2))
    return out.reshape(n, c, h * scale, w * scale)


@variant("bed_of_nails2d")
def nails_by_index_put(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros((n, c, h * scale, w * scale))
    rows, columns = torch.arange(h)[:, None] * scale, torch.arange(w)[None] * scale
    return out.index_put((torch.arange(n)[:, None, None, None], torch.arange(c)[:, None, None], rows, columns), x)


@variant("bed_of_nails2d")
def nails_by_index_copy(x, scale):
    n, c, h, w = x.shape
    rows = x.new_zeros(n, c, h * scale, w).index_copy(2, torch.arange(0, h * scale, scale), x)
    return rows.new_zeros(n, c, h * scale, w * scale).index_add(3, torch.arange(0, w * scale, scale), rows)


@variant("bed_of_nails2d")
def nails_by_matrices(x, scale):
    h, w = x.shape[2:]
    rows = torch.zeros(h * scale, h, dtype=x.dtype)
    rows[torch.arange(h) * scale, torch.arange(h)] = 1
    columns = torch.zeros(w, w * scale, dtype=x.dtype)
    columns[torch.arange(w), torch.arange(w) * scale] = 1
    return torch.einsum("ih,nchw,wj->ncij", rows, x, columns)


@variant("bed_of_nails2d")
def nails_by_fold(x, scale):
    n, c, h, w = x.shape
    columns = x.new_zeros(n, c, scale * scale, h * w)
    columns[:, :, 0] = x.flatten(2)
    return F.fold(columns.flatten(1, 2), (h * scale, w * scale), scale, stride=scale)


@variant("bed_of_nails2d")
def nails_by_as_strided(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    a, b, d, e = out.stride()
    torch.as_strided(out, x.shape, (a, b, d * scale, e * scale)).copy_(x)
    return out


@variant("bed_of_nails2d")
def nails_in_blocks(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros_like(x)[:, :, :, None, :, None].repeat(1, 1, 1, scale, 1, scale)
    out[:, :, :, 0, :, 0] = x
    return out.view(n, c, h * scale, w * scale)


@variant("bed_of_nails2d")
def nails_by_max_unpooling(x, scale):
    n, c, h, w = x.shape
    position = (torch.arange(h)[:, None] * scale * w * scale + torch.arange(w) * scale).expand(n, c, h, w)
    return F.max_unpool2d(x, position, scale) if n else x.new_zeros(0, c, h * scale, w * scale)


@variant("bed_of_nails2d")
def nails_with_zeros_of_minus_sign(x, scale):
    out = -torch.zeros(x.shape[0], x.shape[1], x.shape[2] * scale, x.shape[3] * scale, dtype=x.dtype)
    out[..., ::scale, ::scale] += x
    return out.to(memory_format=torch.channels_last)


# --- max_pool2d_with_indices ------------------------------------------------------------------------------------------


def full_sizes(kernel_size, stride, padding):
    kernel = pair(kernel_size)
    return kernel, kernel if stride is None else pair(stride), pair(padding)


def pooled_size(x, kernel, stride, padding):
    return tuple((x.shape[2 + i] + 2 * padding[i] - kernel[i]) // stride[i] + 1 for i in (0, 1))


@variant("max_pool2d_with_indices")
def pool_by_six_loops(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    n, c, height, width = x.shape
    h, w = (height + 2 * ph - kh) // sh + 1, (width + 2 * pw - kw) // sw + 1
    values = torch.zeros(n, c, h, w, dtype=x.dtype)
    indices = torch.zeros(n, c, h, w, dtype=torch.long)
    for b, d, i, j in product(range(n), range(c), range(h), range(w)):
        best, where = None, None
        for a, e in product(range(kh), range(kw)):
            row, column = i * sh - ph + a, j * sw - pw + e
            if 0 <= row < height and 0 <= column < width and (best is None or x[b, d, row, column] > best):
                best, where = x[b, d, row, column], row * width + column
        values[b, d, i, j] = best
        indices[b, d, i, j] = where
    return values, indices


@variant("max_pool2d_with_indices")
def pool_by_window_loops(t, k, s=None, p=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(k, s, p)
    n, c, height, width = t.shape
    h, w = pooled_size(t, (kh, kw), (sh, sw), (ph, pw))
    values = t.new_empty(n, c, h, w)
    indices = torch.empty(n, c, h, w, dtype=torch.int64)
    for i in range(h):
        for j in range(w):
            top, left = max(0, i * sh - ph), max(0, j * sw - pw)
            bottom, right = min(height, i * sh - ph + kh), min(width, j * sw - pw + kw)
            window = t[:, :, top:bottom, left:right].flatten(2)
            best, place = torch.max(window, dim=2)
            values[:, :, i, j] = best
            indices[:, :, i, j] = (top + place // (right - left)) * width + left + place % (right - left)
    return values, indices


@variant("max_pool2d_with_indices")
def pool_by_f_unfold(x, kernel_size, stride=None, padding=0):
    kernel, stride, (ph, pw) = full_sizes(kernel_size, stride, padding)
    n, c, height, width = x.shape
    h, w = pooled_size(x, kernel, stride, (ph, pw))
    padded = F.pad(x, (pw, pw, ph, ph), value=-math.inf)
    columns = F.unfold(padded, kernel, stride=stride).view(n, c, kernel[0] * kernel[1], h * w)
    places = F.pad(torch.arange(height * width, dtype=torch.float64).view(1, 1, height, width), (pw, pw, ph, ph))
    places = F.unfold(places, kernel, stride=stride).long().view(1, 1, -1, h * w).expand(n, c, -1, -1)
    winner = columns.argmax(2, keepdim=True)
    values = columns.gather(2, winner).view(n, c, h, w)
    return [values, places.gather(2, winner).view(n, c, h, w)]


@variant("max_pool2d_with_indices")
def pool_with_the_lowest_finite_number(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    width = x.shape[3]
    padded = F.pad(x, [pw, pw, ph, ph], mode="constant", value=torch.finfo(x.dtype).min)
    windows = padded.unfold(2, kh, sh).unfold(3, kw, sw)
    values, place = windows.reshape(*windows.shape[:4], kh * kw).max(dim=-1)
    rows = torch.arange(values.shape[2]).view(1, 1, -1, 1) * sh + place // kw - ph
    columns = torch.arange(values.shape[3]).view(1, 1, 1, -1) * sw + place % kw - pw
    return values, rows * width + columns


@variant("max_pool2d_with_indices")
def pool_by_comparing_shifts(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    n, c, height, width = x.shape
    h, w = pooled_size(x, (kh, kw), (sh, sw), (ph, pw))
    positions = torch.arange(height * width).view(1, 1, height, width)
    padded = F.pad(x, (pw, pw, ph, ph), value=-math.inf)
    positions = F.pad(positions, (pw, pw, ph, ph), value=-1)
    values = torch.full((n, c, h, w), -math.inf, dtype=x.dtype)
    indices = torch.full((n, c, h, w), -1)
    for a in range(kh):
        for b in range(kw):
            shifted = padded[:, :, a : a + (h - 1) * sh + 1 : sh, b : b + (w - 1) * sw + 1 : sw]
            place = positions[:, :, a : a + (h - 1) * sh + 1 : sh, b : b + (w - 1) * sw + 1 : sw]
            better = shifted > values
            values = torch.where(better, shifted, values)
            indices = torch.where(better, place, indices)
    return values, indices


@variant("max_pool2d_with_indices")
def pool_by_stacked_shifts(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    h, w = pooled_size(x, (kh, kw), (sh, sw), (ph, pw))
    padded = F.pad(x, (pw, pw, ph, ph), value=-math.inf)
    stack = torch.stack([padded[..., a::sh, b::sw][..., :h, :w] for a in range(kh) for b in range(kw)], dim=0)
    values, place = stack.max(0)
    rows = torch.arange(h)[:, None] * sh - ph + torch.div(place, kw, rounding_mode="trunc")
    columns = torch.arange(w)[None, :] * sw - pw + torch.remainder(place, kw)
    return values, (rows * x.size(-1) + columns).type(torch.LongTensor)


@variant("max_pool2d_with_indices")
def pool_by_as_strided(x, kernel_size, stride=None, padding=0):
    kernel, (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    h, w = pooled_size(x, kernel, (sh, sw), (ph, pw))
    n, c, height, width = x.shape
    padded = F.pad(x, (pw, pw, ph, ph), value=-math.inf).contiguous()
    a, b, d, e = padded.stride()
    windows = padded.as_strided((n, c, h, w, *kernel), (a, b, d * sh, e * sw, d, e)).flatten(-2)
    place = windows.argmax(-1)
    grid = torch.arange(-ph, height + ph)[:, None] * width + torch.arange(-pw, width + pw)
    grid = grid.unfold(0, kernel[0], sh).unfold(1, kernel[1], sw).flatten(-2)
    index = torch.take_along_dim(grid[None, None], place[..., None], dim=-1)[..., 0]
    return torch.take_along_dim(windows, place[..., None], dim=-1)[..., 0], index


@variant("max_pool2d_with_indices")
def pool_by_amax_and_comparison(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    padded = F.pad(x, (pw, pw, ph, ph), value=-math.inf)
    windows = padded.unfold(2, kh, sh).unfold(3, kw, sw)
    values = windows.amax(dim=(-2, -1))
    wins = (windows == values[..., None, None]).flatten(-2)
    place = wins.float().argmax(dim=-1)
    h, w = values.shape[2:]
    rows = torch.arange(h).mul(sh).sub(ph).reshape(h, 1) + place // kw
    columns = torch.arange(w).mul(sw).sub(pw) + place % kw
    return values, rows * x.shape[3] + columns


@variant("max_pool2d_with_indices")
def pool_by_smallest_position_among_winners(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    height, width = x.shape[2:]
    padded = F.pad(x, (pw, pw, ph, ph), value=-math.inf)
    positions = F.pad(torch.arange(height * width).view(height, width), (pw, pw, ph, ph), value=height * width)
    windows = padded.unfold(2, kh, sh).unfold(3, kw, sw)
    places = positions.unfold(0, kh, sh).unfold(1, kw, sw)
    values = windows.flatten(-2).max(-1).values
    indices = torch.where(windows == values[..., None, None], places, height * width).amin((-2, -1))
    return values, indices


@variant("max_pool2d_with_indices")
def pool_then_gather(x, kernel_size, stride=None, padding=0):
    """Find positions without gradients, in float64, and read the values afterwards."""
    with torch.no_grad():
        _, indices = pool_by_comparing_shifts(x.double(), kernel_size, stride, padding)
    return x.flatten(2).gather(2, indices.flatten(2)).view(indices.shape), indices


@variant("max_pool2d_with_indices")
def pool_by_numpy_windows(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    n, c, _, width = x.shape
    array = np.pad(x.detach().numpy(), ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(array, (kh, kw), axis=(2, 3))[:, :, ::sh, ::sw]
    h, w = windows.shape[2:4]
    place = windows.reshape(n, c, h, w, kh * kw).argmax(-1)
    rows = np.arange(h)[:, None] * sh - ph + place // kw
    columns = np.arange(w) * sw - pw + place % kw
    indices = torch.from_numpy(rows * width + columns).long()
    return torch.take_along_dim(x.flatten(2), indices.flatten(2), 2).reshape(n, c, h, w), indices


@variant("max_pool2d_with_indices")
def pool_by_stable_sort(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    padded = F.pad(x, (pw, pw, ph, ph), value=-math.inf)
    windows = padded.unfold(2, kh, sh).unfold(3, kw, sw).flatten(-2)
    values, order = torch.sort(windows, dim=-1, descending=True, stable=True)
    place = order[..., 0]
    rows = torch.arange(place.shape[2])[:, None] * sh - ph + place // kw
    columns = torch.arange(place.shape[3]) * sw - pw + place % kw
    return values[..., 0], rows * x.shape[3] + columns


@variant("max_pool2d_with_indices")
def pool_each_plane(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = full_sizes(kernel_size, stride, padding)
    h, w = pooled_size(x, kernel, stride, padding)

    def one_plane(plane):
        value_rows, index_rows = [], []
        for i in range(h):
            for j in range(w):
                rows = range(
                    max(0, i * stride[0] - padding[0]), min(plane.shape[0], i * stride[0] - padding[0] + kernel[0])
                )
                columns = range(
                    max(0, j * stride[1] - padding[1]), min(plane.shape[1], j * stride[1] - padding[1] + kernel[1])
                )
                inside = [(r, c) for r in rows for c in columns]
                best = max(inside, key=lambda place: plane[place].item())
                value_rows.append(plane[best])
                index_rows.append(best[0] * plane.shape[1] + best[1])
        return torch.stack(value_rows).view(h, w), torch.tensor(index_rows).view(h, w)

    n, c = x.shape[:2]
    if n * c == 0:
        return x.new_zeros(n, c, h, w), torch.zeros(n, c, h, w, dtype=torch.long)
    values, indices = zip(*[one_plane(plane) for image in x for plane in image], strict=True)
    return torch.stack(values).view(n, c, h, w), torch.stack(indices).view(n, c, h, w)


@variant("max_pool2d_with_indices")
def pool_in_two_passes(x, kernel_size, stride=None, padding=0):
    """Rows first: the maximum of each column of the window, then among those; ties by the smaller row."""
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    padded = F.pad(x, (pw, pw, ph, ph), value=-math.inf)
    windows = padded.unfold(2, kh, sh).unfold(3, kw, sw)  # (n, c, h, w, kh, kw)
    best_of_row, column = windows.max(-1)
    values, row = best_of_row.max(-1)
    column = column.gather(-1, row.unsqueeze(-1)).squeeze(-1)
    row = row + torch.arange(values.shape[2]).unsqueeze(1) * sh - ph
    column = column + torch.arange(values.shape[3]) * sw - pw
    return values, row * x.shape[3] + column


class Pooling:
    def __init__(self, kernel, stride, padding):
        self.kernel, self.stride, self.padding = full_sizes(kernel, stride, padding)

    def __call__(self, x):
        (kh, kw), (sh, sw), (ph, pw) = self.kernel, self.stride, self.padding
        h, w = pooled_size(x, self.kernel, self.stride, self.padding)
        rows = torch.arange(h)[:, None] * sh - ph + torch.arange(kh)  # (h, kh)
        columns = torch.arange(w)[:, None] * sw - pw + torch.arange(kw)  # (w, kw)
        rows, columns = rows[:, None, :, None], columns[None, :, None, :]
        inside = (rows >= 0) & (rows < x.shape[2]) & (columns >= 0) & (columns < x.shape[3])
        index = rows.clamp(0, x.shape[2] - 1) * x.shape[3] + columns.clamp(0, x.shape[3] - 1)
        windows = x.flatten(2)[:, :, index].masked_fill(~inside, -math.inf).flatten(-2)
        values, place = windows.max(-1)
        return values, index.flatten(-2).expand(windows.shape).gather(-1, place[..., None])[..., 0]


@variant("max_pool2d_with_indices")
def pool_by_a_class(x, kernel_size, stride=None, padding=0):
    return Pooling(kernel_size, stride, padding)(x)


@variant("max_pool2d_with_indices")
def pool_with_other_memory_formats(x, kernel_size, stride=None, padding=0):
    values, indices = pool_by_stacked_shifts(
        x.contiguous(memory_format=torch.channels_last), kernel_size, stride, padding
    )
    return values.contiguous(memory_format=torch.channels_last), indices.transpose(2, 3).contiguous().transpose(2, 3)


# --- max_unpool2d -----------------------------------------------------------------------------------------------------


def unpooled_size(x, kernel_size, stride, padding, output_size):
    if output_size is not None:
        return tuple(output_size)[-2:]
    kernel, stride, padding = full_sizes(kernel_size, stride, padding)
    return tuple((x.shape[2 + i] - 1) * stride[i] - 2 * padding[i] + kernel[i] for i in (0, 1))


@variant("max_unpool2d")
def unpool_by_loops(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c, h, w = x.shape
    out = torch.zeros(n, c, height, width, dtype=x.dtype)
    for b, d, i, j in product(range(n), range(c), range(h), range(w)):
        position = indices[b, d, i, j].item()
        out[b, d, position // width, position % width] = x[b, d, i, j]
    return out


@variant("max_unpool2d")
def unpool_by_scatter_in_place(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c, h, w = x.shape
    out = torch.zeros((n, c, height * width), dtype=x.dtype, device=x.device)
    out.scatter_(dim=2, index=indices.reshape(n, c, h * w), src=x.reshape(n, c, h * w))
    return out.reshape(n, c, height, width)


@variant("max_unpool2d")
def unpool_by_advanced_indexing(x, idx, k, s=None, p=0, size=None):
    height, width = unpooled_size(x, k, s, p, size)
    n, c = x.shape[:2]
    out = x.new_zeros(n, c, height, width)
    image = torch.arange(n).view(n, 1, 1, 1)
    channel = torch.arange(c).view(1, c, 1, 1)
    out[image, channel, idx // width, idx % width] = x
    return out


@variant("max_unpool2d")
def unpool_by_flat_index_put(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    offset = torch.arange(n * c).reshape(n, c, 1, 1) * (height * width)
    flat = torch.zeros(n * c * height * width, dtype=x.dtype)
    return flat.index_put(((indices + offset).flatten(),), x.flatten()).view(n, c, height, width)


@variant("max_unpool2d")
def unpool_into_a_flattened_view(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    n, c = x.shape[:2]
    out = x.new_zeros(n, c, *unpooled_size(x, kernel_size, stride, padding, output_size))
    planes = out.flatten(2)  # a view, since `out` is contiguous
    for b in range(n):
        for d in range(c):
            planes[b, d, indices[b, d].flatten()] = x[b, d].flatten()
    return out


@variant("max_unpool2d")
def unpool_by_one_hot(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Compare every position with every index, and take a value once however often it comes."""
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    hits = indices.flatten(2)[..., None] == torch.arange(height * width)  # (n, c, h·w, H·W)
    first = hits & (hits.cumsum(2) == 1)
    return (first * x.flatten(2)[..., None]).sum(2).to(x.dtype).view(n, c, height, width)


@variant("max_unpool2d")
def unpool_by_gather(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Ask each output position which input it takes."""
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c, h, w = x.shape
    count = h * w
    source = torch.full((n, c, height * width), count)
    source.scatter_(2, indices.flatten(2), torch.arange(count).expand(n, c, -1))
    extended = torch.cat([x.flatten(2), x.new_zeros(n, c, 1)], dim=2)
    return extended.gather(2, source).view(n, c, height, width)


@variant("max_unpool2d")
def unpool_by_mean_of_equals(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    flat = x.new_zeros(n, c, height * width)
    flat = flat.scatter_reduce(2, indices.flatten(2), x.flatten(2), reduce="amax", include_self=False)
    return flat.unflatten(2, (height, width))


@variant("max_unpool2d")
def unpool_by_sum_over_count(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    zeros = x.new_zeros(n, c, height * width)
    total = zeros.scatter_add(2, indices.flatten(2), x.flatten(2))
    count = zeros.scatter_add(2, indices.flatten(2), torch.ones_like(x.flatten(2)))
    return (total / count.clamp(min=1)).view(n, c, height, width)


@variant("max_unpool2d")
def unpool_by_planes(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c, h, w = x.shape
    values, places = x.reshape(n * c, h * w), indices.reshape(n * c, h * w)
    out = torch.zeros(n * c, height * width, dtype=x.dtype)
    out[torch.arange(n * c)[:, None], places] = values
    return out.view(n, c, height, width)


@variant("max_unpool2d")
def unpool_by_vmap(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    if n == 0:
        return x.new_zeros(n, c, height, width)
    put = lambda value, place: torch.zeros(height * width, dtype=x.dtype).scatter(0, place, value)  # noqa: E731
    out = torch.func.vmap(put)(x.flatten(2).flatten(0, 1), indices.flatten(2).flatten(0, 1))
    return out.view(n, c, height, width)


@variant("max_unpool2d")
def unpool_in_float64(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    out = unpool_by_scatter_in_place(x.to(torch.float64), indices, kernel_size, stride, padding, output_size)
    return out.to(x.dtype)


@variant("max_unpool2d")
def unpool_by_put(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    start = torch.arange(n * c).view(n, c, 1, 1) * height * width
    return torch.zeros(n, c, height, width, dtype=x.dtype).put(start + indices, x)


@variant("max_unpool2d")
def unpool_by_dictionary(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    zero = x.new_zeros(())
    planes = []
    for values, places in zip(x.flatten(2).flatten(0, 1), indices.flatten(2).flatten(0, 1), strict=True):
        found = dict(zip(places.tolist(), values, strict=True))
        planes.append(torch.stack([found.get(position, zero) for position in range(height * width)]))
    return torch.stack(planes).view(n, c, height, width) if planes else x.new_zeros(n, c, height, width)


class PutBack(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.arguments = kernel_size, stride, padding

    def forward(self, x, indices, output_size=None):
        height, width = unpooled_size(x, *self.arguments, output_size)
        flat = torch.zeros(*x.shape[:2], height * width, dtype=x.dtype)
        return flat.scatter(-1, indices.flatten(-2), x.flatten(-2)).unflatten(-1, (height, width))


@variant("max_unpool2d")
def unpool_by_a_module(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return PutBack(kernel_size, stride, padding)(x, indices, output_size)


@variant("max_unpool2d")
def unpool_in_channels_last(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    out = unpool_by_planes(x, indices, kernel_size, stride, padding, output_size)
    return out.contiguous(memory_format=torch.channels_last)


# --- decoder_stage ----------------------------------------------------------------------------------------------------


def back(x, indices, size):
    return unpool_by_scatter_in_place(x, indices, 2, output_size=size)


@variant("decoder_stage")
def stage_by_torch(x, indices, output_size, weight, bias):
    return F.relu(F.conv2d(F.max_unpool2d(x, indices, 2, output_size=output_size), weight, bias, padding="same"))


@variant("decoder_stage")
def stage_by_modules(x, indices, output_size, weight, bias):
    convolution = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
    sparse = nn.MaxUnpool2d(2)(x, indices, output_size=output_size)
    return nn.ReLU(inplace=True)(torch.func.functional_call(convolution, {"weight": weight, "bias": bias}, sparse))


@variant("decoder_stage")
def stage_by_clamp(features, positions, size, kernel, offset):
    dense = F.conv2d(back(features, positions, size), kernel, padding=(1, 1)) + offset.view(1, -1, 1, 1)
    return dense.clamp(min=0)


@variant("decoder_stage")
def stage_by_unfold(x, indices, output_size, weight, bias):
    n, d = x.shape[0], weight.shape[0]
    columns = F.unfold(back(x, indices, output_size), 3, padding=1)
    dense = weight.reshape(d, -1) @ columns + bias[:, None]
    return dense.reshape(n, d, *output_size).relu()


@variant("decoder_stage")
def stage_by_einsum(x, indices, output_size, weight, bias):
    padded = F.pad(back(x, indices, output_size), (1, 1, 1, 1))
    windows = padded.unfold(2, 3, 1).unfold(3, 3, 1)
    return torch.relu(torch.einsum("nchwab,dcab->ndhw", windows, weight) + bias[:, None, None])


@variant("decoder_stage")
def stage_by_nine_shifts(x, indices, output_size, weight, bias):
    h, w = output_size
    padded = F.pad(back(x, indices, output_size), (1, 1, 1, 1))
    dense = bias.view(1, -1, 1, 1).expand(x.shape[0], -1, h, w)
    for a, b in product(range(3), repeat=2):
        dense = dense + torch.einsum("nchw,dc->ndhw", padded[:, :, a : a + h, b : b + w], weight[:, :, a, b])
    return torch.where(dense > 0, dense, torch.zeros_like(dense))


@variant("decoder_stage")
def stage_by_transposed_convolution(x, indices, output_size, weight, bias):
    sparse = unpool_by_advanced_indexing(x, indices, 2, None, 0, output_size)
    kernel = weight.transpose(0, 1).flip(2, 3)
    return F.conv_transpose2d(sparse, kernel, bias, padding=1).relu_()


@variant("decoder_stage")
def stage_by_spreading_kernels(x, indices, output_size, weight, bias):
    """Add a turned kernel around each value that was put back, and never build the sparse map."""
    n, c = x.shape[:2]
    h, w = output_size
    dense = x.new_zeros(n, weight.shape[0], h + 2, w + 2)
    for b, k in product(range(n), range(c)):
        for value, place in zip(x[b, k].flatten(), indices[b, k].flatten().tolist(), strict=True):
            row, column = place // w, place % w
            patch = torch.zeros_like(dense)
            patch[b, :, row : row + 3, column : column + 3] = value * weight[:, k].flip(-2, -1)
            dense = dense + patch
    return F.relu(dense[:, :, 1:-1, 1:-1] + bias[None, :, None, None])


@variant("decoder_stage")
def stage_in_float64(x, indices, output_size, weight, bias):
    dense = F.conv2d(back(x.double(), indices, output_size), weight.double(), bias.double(), padding=1)
    return dense.to(x.dtype).relu()


@variant("decoder_stage")
def stage_in_channels_last(x, indices, output_size, weight, bias):
    sparse = back(x, indices, output_size).contiguous(memory_format=torch.channels_last)
    return F.conv2d(sparse, weight.contiguous(memory_format=torch.channels_last), bias, padding=1).relu()


@variant("decoder_stage")
def stage_image_by_image(x, indices, output_size, weight, bias):
    out = x.new_zeros(x.shape[0], weight.shape[0], *output_size)
    for number in range(x.shape[0]):
        sparse = back(x[number : number + 1], indices[number : number + 1], output_size)
        out[number] = F.threshold(F.conv2d(sparse, weight, bias, stride=1, padding=1), 0, 0)[0]
    return out


@variant("decoder_stage")
def stage_by_linear_layers(x, indices, output_size, weight, bias):
    padded = F.pad(back(x, indices, output_size), (1, 1, 1, 1))
    windows = padded.unfold(2, 3, 1).unfold(3, 3, 1).permute(0, 2, 3, 1, 4, 5).flatten(3)
    return F.linear(windows, weight.flatten(1), bias).permute(0, 3, 1, 2).relu()
