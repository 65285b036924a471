"""Wrong and right answers to `max_pool2d_with_indices`."""

import math
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F

from autograde.building.bank import mistake, variant
from course.checking.patterns import NO_GRADIENT

from .shared import full_sizes, sizes

# --- mistakes ---------------------------------------------------------------------------------------------------------


def cut(x, kernel, stride, padding, fill=-math.inf):
    """Return the windows (N, C, h, w, kh·kw)."""
    (kh, kw), (sh, sw), (ph, pw) = kernel, stride, padding
    padded = F.pad(x, (pw, pw, ph, ph), value=fill)
    return padded.unfold(2, kh, sh).unfold(3, kw, sw).flatten(-2)


def starts(h, w, stride, padding):
    """Return row and column of the first pixel of each window, (h, 1) and (w,)."""
    return torch.arange(h)[:, None] * stride[0] - padding[0], torch.arange(w) * stride[1] - padding[1]


def pooled(x, kernel, stride, padding, fill=-math.inf, last=False):
    """Return values and the row and column of each maximum."""
    windows = cut(x, kernel, stride, padding, fill)
    if last:
        place = windows.shape[-1] - 1 - windows.flip(-1).argmax(-1)
    else:
        place = windows.argmax(-1)
    values = windows.gather(-1, place.unsqueeze(-1)).squeeze(-1)
    top, left = starts(*values.shape[2:], stride, padding)
    return values, top + place // kernel[1], left + place % kernel[1]


@mistake("You return the indices first; the values come first.")
def indices_first(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return row * x.shape[3] + column, values


@mistake("You return the maxima alone. The places where they stood are asked for too.")
def values_alone(x, kernel_size, stride=None, padding=0):
    return pooled(x, *sizes(kernel_size, stride, padding))[0]


@mistake(
    "Your indices count inside each window, from 0 to kh·kw − 1. They have to count in the whole plane, or nobody can find "
    "the pixel again.",
)
def index_in_the_window(x, kernel_size, stride=None, padding=0):
    values, place = cut(x, *sizes(kernel_size, stride, padding)).max(-1)
    return values, place


@mistake(
    "Your indices count in the padded plane. Padding is only an aid: positions belong to the map that came in.",
)
def index_in_the_padded_plane(x, kernel_size, stride=None, padding=0):
    kernel, stride, (ph, pw) = sizes(kernel_size, stride, padding)
    values, row, column = pooled(x, kernel, stride, (ph, pw))
    return values, (row + ph) * (x.shape[3] + 2 * pw) + column + pw


@mistake(
    "Your rows and columns still include the padding: the first pixel of the map is at row 0, column 0, not at (ph, pw).",
)
def forgets_to_subtract_the_padding(x, kernel_size, stride=None, padding=0):
    kernel, stride, (ph, pw) = sizes(kernel_size, stride, padding)
    values, row, column = pooled(x, kernel, stride, (ph, pw))
    return values, (row + ph) * x.shape[3] + column + pw


@mistake(
    "Your indices go on counting from channel to channel. In each plane they start at 0 again.",
)
def index_over_channels(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, row * w + column + (torch.arange(c) * h * w).view(1, c, 1, 1)


@mistake(
    "Your indices count through the whole batch. In each plane of each image they start at 0 again.",
)
def index_over_the_batch(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, row * w + column + (torch.arange(n * c) * h * w).view(n, c, 1, 1)


@mistake("Your indices count down the columns. Torch counts along the rows: row·W + column.")
def column_major(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, column * x.shape[2] + row


@mistake(
    "You multiply the row by the height. A row is as long as the map is *wide*.",
)
def row_times_height(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, row * x.shape[2] + column


@mistake(
    "You multiply the row by the width of the pooled map. The positions belong to the map before pooling.",
)
def row_times_pooled_width(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, row * values.shape[3] + column


@mistake(
    "Your indices name the window, counted in the pooled map. Asked for is the pixel that won in it.",
)
def index_of_the_window(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, torch.arange(values.shape[2] * values.shape[3]).view(values.shape[2:]).expand(values.shape)


@mistake(
    "Your indices name the first pixel of each window. Asked for is the pixel that won in it.",
)
def index_of_the_window_start(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = sizes(kernel_size, stride, padding)
    values, row, column = pooled(x, kernel, stride, padding)
    top, left = starts(*values.shape[2:], stride, padding)
    return values, (top.clamp(min=0) * x.shape[3] + left.clamp(min=0)).expand(values.shape).clone()


@mistake("Your indices are int32; torch indexes with int64.")
def int32_indices(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, (row * x.shape[3] + column).int()


@mistake("Your indices are floating-point numbers; positions are int64.")
def float_indices(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, (row * x.shape[3] + column).float()


@mistake(
    "You pad with zeros, and a zero beats every negative value. Padding must never win.",
)
def pads_with_zeros(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding), fill=0.0)
    return values, row * x.shape[3] + column


@mistake(
    "You pad with a number that seems low enough, but values may be lower still. What is below every number?",
)
def pads_with_a_low_number(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding), fill=-1e9)
    return values, row * x.shape[3] + column


@mistake(
    "Your search starts with a best value of 0, so in a window of negative values nothing ever beats it.",
)
def best_starts_at_zero(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values.clamp(min=0), torch.where(values > 0, row * x.shape[3] + column, 0)


@mistake("You compare magnitudes, so that −5 beats 3. The larger number wins, sign included.")
def compares_magnitudes(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = sizes(kernel_size, stride, padding)
    magnitudes, row, column = pooled(x.abs(), kernel, stride, padding)
    index = row * x.shape[3] + column
    return x.flatten(2).gather(2, index.flatten(2)).view(index.shape), index


@mistake("Your values are the means of the windows: that is average pooling.")
def takes_means(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = sizes(kernel_size, stride, padding)
    _, row, column = pooled(x, kernel, stride, padding)
    return cut(x, kernel, stride, padding, 0.0).mean(-1), row * x.shape[3] + column


@mistake("You look for the smallest value of each window; the largest one is asked for.")
def takes_minima(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(-x, *sizes(kernel_size, stride, padding))
    return -values, row * x.shape[3] + column


@mistake("Of equal maxima you take the last; torch takes the first, in row-major order.")
def last_of_ties(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding), last=True)
    return values, row * x.shape[3] + column


@mistake(
    "Of equal maxima you take the one in the first column; the first in row-major order is meant, and so the one in the "
    "first row.",
)
def ties_by_column(x, kernel_size, stride=None, padding=0):
    (kh, kw), stride, padding = sizes(kernel_size, stride, padding)
    windows = cut(x, (kh, kw), stride, padding).unflatten(-1, (kh, kw)).transpose(-2, -1).flatten(-2)
    values, place = windows.max(-1)
    place = windows.argmax(-1)
    top, left = starts(*values.shape[2:], stride, padding)
    return values, (top + place % kh) * x.shape[3] + left + place // kh


@mistake(
    "You look for the maximum's value in the whole plane and take the first place where it stands. Another window may hold "
    "the same value; only places inside this window count.",
)
def searches_the_whole_plane(x, kernel_size, stride=None, padding=0):
    values, _, _ = pooled(x, *sizes(kernel_size, stride, padding))
    n, c, h, w = values.shape
    found = x.flatten(2).unsqueeze(2) == values.flatten(2).unsqueeze(3)
    return values, found.int().argmax(-1).view(n, c, h, w)


@mistake("Without a stride you move by one pixel. `stride=None` means the kernel size.")
def default_stride_one(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, 1 if stride is None else stride, padding))
    return values, row * x.shape[3] + column


@mistake("You ignore `stride`: your windows always stand side by side.")
def ignores_the_stride(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, None, padding))
    return values, row * x.shape[3] + column


@mistake(
    "The values are those of the right windows, but for the positions you let window i start at i·kernel. It starts at "
    "i·stride.",
)
def starts_by_the_kernel(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = sizes(kernel_size, stride, padding)
    values, place = cut(x, kernel, stride, padding).max(-1)
    top, left = starts(*values.shape[2:], kernel, padding)
    return values, (top + place // kernel[1]) * x.shape[3] + left + place % kernel[1]


@mistake("You ignore `padding`: the windows have to reach beyond the map on all four sides.")
def ignores_the_padding(x, kernel_size, stride=None, padding=0):
    try:
        values, row, column = pooled(x, *sizes(kernel_size, stride, 0))
    except RuntimeError:
        return x[:, :, :0, :0], torch.zeros(x.shape[0], x.shape[1], 0, 0, dtype=torch.int64)
    return values, row * x.shape[3] + column


@mistake("You pad on the right and at the bottom only; `padding` goes on all four sides.")
def pads_one_side(x, kernel_size, stride=None, padding=0):
    kernel, stride, (ph, pw) = sizes(kernel_size, stride, padding)
    padded = F.pad(x, (0, pw, 0, ph), value=-math.inf)
    try:
        values, row, column = pooled(padded, kernel, stride, (0, 0))
    except RuntimeError:
        return x[:, :, :0, :0], torch.zeros(x.shape[0], x.shape[1], 0, 0, dtype=torch.int64)
    return values, row * x.shape[3] + column


@mistake(
    "Your last windows hang over the edge of the map. A window that does not fit whole is left out.",
)
def keeps_partial_windows(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    rest_h, rest_w = -(x.shape[2] + 2 * ph - kh) % sh, -(x.shape[3] + 2 * pw - kw) % sw
    padded = F.pad(x, (0, rest_w, 0, rest_h), value=-math.inf)
    values, row, column = pooled(padded, (kh, kw), (sh, sw), (ph, pw))
    return values, row * x.shape[3] + column


@mistake(
    "One window is missing at the end of each row and column: a map as large as its window holds one window, not none.",
)
def one_window_too_few(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    index = row * x.shape[3] + column
    return values[..., :-1, :-1], index[..., :-1, :-1]


@mistake("You read pairs as (width, height); the height comes first.")
def pairs_exchanged(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = (side[::-1] for side in sizes(kernel_size, stride, padding))
    values, row, column = pooled(x, kernel, stride, padding)
    return values, row * x.shape[3] + column


@mistake("`F.pad` starts with the last dimension: you give it the height's padding first, and the width gets it.")
def pads_the_height_first(x, kernel_size, stride=None, padding=0):
    kernel, stride, (ph, pw) = sizes(kernel_size, stride, padding)
    windows = (
        F.pad(x, (ph, ph, pw, pw), value=-math.inf).unfold(2, kernel[0], stride[0]).unfold(3, kernel[1], stride[1])
    )
    values, place = windows.flatten(4).max(4)
    rows = place // kernel[1] + stride[0] * torch.arange(values.shape[2])[:, None] - ph
    columns = place % kernel[1] + stride[1] * torch.arange(values.shape[3]) - pw
    return values, rows * x.shape[3] + columns


@mistake("You handle ints only. A size may also be a pair (height, width).")
def ints_only(x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    height = (x.shape[2] + 2 * padding - kernel_size) // stride + 1
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values[:, :, :height], (row * x.shape[3] + column)[:, :, :height]


@mistake("You use the first number of a pair for both sides.")
def square_windows(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = ((side[0], side[0]) for side in sizes(kernel_size, stride, padding))
    values, row, column = pooled(x, kernel, stride, padding)
    return values, row * x.shape[3] + column


@mistake(
    "You turn the place inside a window into row and column with the window's height. A row of the window is as long as the "
    "window is *wide*.",
)
def place_by_the_height(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = sizes(kernel_size, stride, padding)
    values, place = cut(x, kernel, stride, padding).max(-1)
    top, left = starts(*values.shape[2:], stride, padding)
    return values, (top + place // kernel[0]) * x.shape[3] + left + place % kernel[0]


@mistake(
    "All channels get the positions, and the values, that won in the first one. Each channel has maxima of its own.",
)
def first_channel_for_all(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x[:, :1], *sizes(kernel_size, stride, padding))
    index = (row * x.shape[3] + column).expand(-1, x.shape[1], -1, -1)
    return x.flatten(2).gather(2, index.flatten(2)).view(index.shape), index


@mistake(
    "One channel decides for all: you look where the largest value of any channel stands. Each channel has maxima of its "
    "own.",
)
def channels_decide_together(x, kernel_size, stride=None, padding=0):
    _, row, column = pooled(x.amax(1, keepdim=True), *sizes(kernel_size, stride, padding))
    index = (row * x.shape[3] + column).expand(-1, x.shape[1], -1, -1)
    return x.flatten(2).gather(2, index.flatten(2)).view(index.shape), index


@mistake("You pool only the first image of the batch; the others stay zero.")
def pools_the_first_image_only(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    index = row * x.shape[3] + column
    first = torch.zeros(x.shape[0], 1, 1, 1)
    first[:1] = 1
    return values * first.to(values.dtype), index * first.long()


@mistake("Your values have torch's default dtype, float32, whatever the input has.")
def pool_default_dtype(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values.float(), row * x.shape[3] + column


@mistake(
    "You compare in float32. Two float64 values can differ by less than float32 can tell, and then the wrong one wins.",
)
def compares_in_float32(x, kernel_size, stride=None, padding=0):
    _, row, column = pooled(x.float(), *sizes(kernel_size, stride, padding))
    index = row * x.shape[3] + column
    return x.flatten(2).gather(2, index.flatten(2)).view(index.shape), index


@mistake(
    "`.view` asks for numbers that lie side by side in memory. A transposed tensor does not have that; `.reshape` copies "
    "where it must.",
)
def pool_by_view(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    _, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    index = row * w + column
    return x.view(n, c, h * w).gather(2, index.flatten(2)).view(index.shape), index


@mistake(
    "In an empty batch there is nothing from which torch could work out the −1 of a reshape. Name the size, or `flatten`.",
)
def pool_lets_torch_guess_a_size(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    _, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    index = row * w + column
    return x.reshape(n, c, -1).gather(2, index.flatten(2)).view(index.shape), index


@mistake(NO_GRADIENT)
def pool_detached(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x.detach(), *sizes(kernel_size, stride, padding))
    return values, row * x.shape[3] + column


@mistake(
    "You cross out the maxima in the input itself. It belongs to the caller; work on a copy.",
)
def crosses_out_the_maxima(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    index = row * x.shape[3] + column
    values = values.clone()
    with torch.no_grad():
        x.copy_(x.flatten(2).scatter(2, index.flatten(2), -math.inf).reshape(x.shape))
    return values, index


# --- variants ---------------------------------------------------------------------------------------------------------


def pooled_size(x, kernel, stride, padding):
    return tuple((x.shape[2 + i] + 2 * padding[i] - kernel[i]) // stride[i] + 1 for i in (0, 1))


@variant
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


@variant
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


@variant
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


@variant
def pool_with_the_lowest_finite_number(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    width = x.shape[3]
    padded = F.pad(x, [pw, pw, ph, ph], mode="constant", value=torch.finfo(x.dtype).min)
    windows = padded.unfold(2, kh, sh).unfold(3, kw, sw)
    values, place = windows.reshape(*windows.shape[:4], kh * kw).max(dim=-1)
    rows = torch.arange(values.shape[2]).view(1, 1, -1, 1) * sh + place // kw - ph
    columns = torch.arange(values.shape[3]).view(1, 1, 1, -1) * sw + place % kw - pw
    return values, rows * width + columns


@variant
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


@variant
def pool_by_stacked_shifts(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    h, w = pooled_size(x, (kh, kw), (sh, sw), (ph, pw))
    padded = F.pad(x, (pw, pw, ph, ph), value=-math.inf)
    stack = torch.stack([padded[..., a::sh, b::sw][..., :h, :w] for a in range(kh) for b in range(kw)], dim=0)
    values, place = stack.max(0)
    rows = torch.arange(h)[:, None] * sh - ph + torch.div(place, kw, rounding_mode="trunc")
    columns = torch.arange(w)[None, :] * sw - pw + torch.remainder(place, kw)
    return values, (rows * x.size(-1) + columns).type(torch.LongTensor)


@variant
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


@variant
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


@variant
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


@variant
def pool_then_gather(x, kernel_size, stride=None, padding=0):
    """Find positions without gradients, in float64, and read the values afterwards."""
    with torch.no_grad():
        _, indices = pool_by_comparing_shifts(x.double(), kernel_size, stride, padding)
    return x.flatten(2).gather(2, indices.flatten(2)).view(indices.shape), indices


@variant
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


@variant
def pool_by_stable_sort(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = full_sizes(kernel_size, stride, padding)
    padded = F.pad(x, (pw, pw, ph, ph), value=-math.inf)
    windows = padded.unfold(2, kh, sh).unfold(3, kw, sw).flatten(-2)
    values, order = torch.sort(windows, dim=-1, descending=True, stable=True)
    place = order[..., 0]
    rows = torch.arange(place.shape[2])[:, None] * sh - ph + place // kw
    columns = torch.arange(place.shape[3]) * sw - pw + place % kw
    return values[..., 0], rows * x.shape[3] + columns


@variant
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


@variant
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


@variant
def pool_by_a_class(x, kernel_size, stride=None, padding=0):
    return Pooling(kernel_size, stride, padding)(x)


@variant
def pool_with_other_memory_formats(x, kernel_size, stride=None, padding=0):
    values, indices = pool_by_stacked_shifts(
        x.contiguous(memory_format=torch.channels_last), kernel_size, stride, padding
    )
    return values.contiguous(memory_format=torch.channels_last), indices.transpose(2, 3).contiguous().transpose(2, 3)
