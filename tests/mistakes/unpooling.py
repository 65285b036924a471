"""Wrong answers to the exercises of chapter 03: what students, and people in a hurry, really write.

Each sentence names the misconception to its author and leaves the mending to them. Where two mistakes do the same on
every public case, only one of them stands here, since a check could not tell them apart.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograde.building.bank import mistake


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


# --- nearest_unpool2d -------------------------------------------------------------------------------------------------


@mistake(
    "nearest_unpool2d",
    "You lay whole copies of the map side by side, like tiles. Each single value should become a block of equal values.",
)
def tiles_the_map(x, scale):
    return x.repeat(1, 1, scale, scale)


@mistake("nearest_unpool2d", "You enlarge the height only; the width has to grow by the same factor.")
def enlarges_the_height_only(x, scale):
    return x.repeat_interleave(scale, dim=2)


@mistake("nearest_unpool2d", "You enlarge the width only; the height has to grow by the same factor.")
def enlarges_the_width_only(x, scale):
    return x.repeat_interleave(scale, dim=3)


@mistake("nearest_unpool2d", "Height and width are exchanged in your result: the map comes out transposed.")
def exchanges_height_and_width(x, scale):
    return x.transpose(2, 3).repeat_interleave(scale, dim=2).repeat_interleave(scale, dim=3)


@mistake(
    "nearest_unpool2d",
    "You enlarge dimensions 1 and 2. In (N, C, H, W) these are the channels and the height; height and width come last.",
)
def takes_channels_for_height(x, scale):
    return x.repeat_interleave(scale, dim=1).repeat_interleave(scale, dim=2)


@mistake(
    "nearest_unpool2d",
    "You blend neighbouring values into each other, as bilinear interpolation does. Nearest neighbour only copies: no "
    "new value appears.",
)
def blends_neighbours(x, scale):
    def weights(size):
        centres = ((torch.arange(size * scale) + 0.5) / scale - 0.5).clamp(0, size - 1)
        low = centres.floor().long()
        high = (low + 1).clamp(max=size - 1)
        share = (centres - low).to(x.dtype)
        return low, high, share

    low, high, share = weights(x.shape[2])
    x = x[:, :, low] * (1 - share)[:, None] + x[:, :, high] * share[:, None]
    low, high, share = weights(x.shape[3])
    return x[..., low] * (1 - share) + x[..., high] * share


@mistake(
    "nearest_unpool2d",
    "You put each value into one pixel of its block and leave zeros in the others. That is a bed of nails; nearest "
    "neighbour fills the whole block.",
)
def leaves_zeros(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, :, ::scale, ::scale] = x
    return out


@mistake(
    "nearest_unpool2d",
    "You divide each value among the pixels of its block. Nothing is shared out here: each pixel gets the whole value.",
)
def shares_the_value_out(x, scale):
    return x.repeat_interleave(scale, 2).repeat_interleave(scale, 3) / scale**2


@mistake(
    "nearest_unpool2d",
    "You write all copies of a value one after the other in a row before the next value comes. Only `scale` of them stand "
    "in one row; the others belong to the rows below.",
)
def writes_all_copies_in_a_row(x, scale):
    n, c, h, w = x.shape
    return x.flatten(2).repeat_interleave(scale * scale, dim=2).reshape(n, c, h * scale, w * scale)


@mistake("nearest_unpool2d", "You always enlarge twice; use the `scale` that was asked for.")
def always_doubles(x, scale):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


@mistake(
    "nearest_unpool2d",
    "You add `scale` copies to each value and so end with one too many: the value itself is one of the `scale`.",
)
def one_copy_too_many(x, scale):
    return x.repeat_interleave(scale + 1, 2).repeat_interleave(scale + 1, 3)


@mistake(
    "nearest_unpool2d",
    "You round the source position to the nearest whole number, which shifts the map by half a block. All pixels of a "
    "block come from the same source.",
)
def rounds_the_position(x, scale):
    rows = ((torch.arange(x.shape[2] * scale) + 0.5) / scale).round().long().clamp(max=x.shape[2] - 1)
    columns = ((torch.arange(x.shape[3] * scale) + 0.5) / scale).round().long().clamp(max=x.shape[3] - 1)
    return x[:, :, rows][..., columns]


@mistake("nearest_unpool2d", "You fill only the first image of the batch; the others stay zero.")
def fills_the_first_image_only(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    if n:
        out[0] = x[0].repeat_interleave(scale, 1).repeat_interleave(scale, 2)
    return out


@mistake("nearest_unpool2d", "You fill only the first channel; the others stay zero.")
def enlarges_the_first_channel_only(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, 0] = x[:, 0].repeat_interleave(scale, 1).repeat_interleave(scale, 2)
    return out


@mistake(
    "nearest_unpool2d",
    "Your output buffer has torch's default dtype, float32, whatever the input has. Make it with the dtype of `x`.",
)
def default_dtype(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros(n, c, h * scale, w * scale)
    for row in range(h * scale):
        for column in range(w * scale):
            out[:, :, row, column] = x[:, :, row // scale, column // scale]
    return out


@mistake(
    "nearest_unpool2d", "Your buffer comes from numpy, whose default is float64: the result must keep the dtype of `x`."
)
def numpy_dtype(x, scale):
    n, c, h, w = x.shape
    out = np.zeros((n, c, h * scale, w * scale))
    for row in range(h * scale):
        for column in range(w * scale):
            out[:, :, row, column] = x.detach()[:, :, row // scale, column // scale].numpy()
    return torch.from_numpy(out)


@mistake(
    "nearest_unpool2d",
    "`.view` asks for numbers that lie side by side in memory. A transposed or expanded tensor does not have that; "
    "`.reshape` copies where it must.",
)
def view_of_any_memory(x, scale):
    n, c, h, w = x.shape
    rows = x.view(-1, w).repeat_interleave(scale, 0).view(n, c, h * scale, w)
    return rows.repeat_interleave(scale, 3)


@mistake(
    "nearest_unpool2d",
    "An operation whose name ends in `_`, such as `unsqueeze_`, changes the input itself; the caller still needs it as it "
    "was.",
)
def reshapes_the_input_in_place(x, scale):
    n, c, h, w = x.shape
    x.unsqueeze_(3).unsqueeze_(5)
    return x.expand(n, c, h, scale, w, scale).reshape(n, c, h * scale, w * scale)


@mistake(
    "nearest_unpool2d",
    "In an empty batch there is nothing from which torch could work out the −1 of a reshape. Name the size, or `flatten`.",
)
def lets_torch_guess_a_size(x, scale):
    n, c, h, w = x.shape
    position = (torch.arange(h * scale)[:, None] // scale) * w + torch.arange(w * scale) // scale
    return x.reshape(n, c, -1)[:, :, position]


@mistake(
    "nearest_unpool2d",
    "The values are right, but no gradient can flow back: the result was made from data that was cut from the graph.",
)
def detaches(x, scale):
    enlarged = x.detach().numpy().repeat(scale, axis=2).repeat(scale, axis=3)
    return torch.from_numpy(enlarged)


@mistake(
    "nearest_unpool2d",
    "`.numpy()` works only while nobody needs gradients. Stay with torch's own operations, and gradients flow by "
    "themselves.",
)
def converts_to_numpy(x, scale):
    return torch.from_numpy(x.numpy().repeat(scale, axis=2).repeat(scale, axis=3))


# --- bed_of_nails2d ---------------------------------------------------------------------------------------------------


def nails(x, scale, row=0, column=0):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, :, row::scale, column::scale] = x
    return out


@mistake(
    "bed_of_nails2d",
    "You fill each block with copies of its value: that is nearest neighbour. In a bed of nails only one pixel of a block "
    "holds the value.",
)
def copies_the_value(x, scale):
    return x.repeat_interleave(scale, dim=2).repeat_interleave(scale, dim=3)


@mistake(
    "bed_of_nails2d", "Your nails stand in the bottom-right corner of their blocks; they belong in the top-left one."
)
def nail_bottom_right(x, scale):
    return nails(x, scale, scale - 1, scale - 1)


@mistake("bed_of_nails2d", "Your nails stand in the centre of their blocks; they belong in the top-left corner.")
def nail_in_the_centre(x, scale):
    return nails(x, scale, scale // 2, scale // 2)


@mistake("bed_of_nails2d", "Your nails stand in the top-right corner of their blocks; they belong in the top-left one.")
def nail_top_right(x, scale):
    return nails(x, scale, 0, scale - 1)


@mistake(
    "bed_of_nails2d", "Your nails stand in the bottom-left corner of their blocks; they belong in the top-left one."
)
def nail_bottom_left(x, scale):
    return nails(x, scale, scale - 1, 0)


@mistake(
    "bed_of_nails2d",
    "You put the whole map into the top-left corner of the output. The values have to be spread, one to each block.",
)
def map_in_the_corner(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, :, :h, :w] = x
    return out


@mistake(
    "bed_of_nails2d",
    "You put zeros only *between* the values. After the last row and the last column a block goes on too, so that the "
    "output is exactly `scale` times as large.",
)
def zeros_only_between(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, (h - 1) * scale + 1, (w - 1) * scale + 1)
    out[:, :, ::scale, ::scale] = x
    return out


@mistake(
    "bed_of_nails2d",
    "You put `scale` zeros after each value. The value itself is one of the `scale` pixels, so there is one zero less.",
)
def one_zero_too_many(x, scale):
    return nails(x, scale + 1)


@mistake("bed_of_nails2d", "Your rows are a bed of nails, but along the width you copy the values.")
def nails_in_rows_only(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, :, ::scale] = x.repeat_interleave(scale, dim=3)
    return out


@mistake("bed_of_nails2d", "Your columns are a bed of nails, but along the height you copy the values.")
def nails_in_columns_only(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[..., ::scale] = x.repeat_interleave(scale, dim=2)
    return out


@mistake(
    "bed_of_nails2d",
    "The nails stand at the right places, but they hold the values of whole tiles of the map instead of one value for each "
    "block.",
)
def masks_tiles(x, scale):
    tiles = x.repeat(1, 1, scale, scale)
    mask = torch.zeros_like(tiles)
    mask[:, :, ::scale, ::scale] = 1
    return tiles * mask


@mistake("bed_of_nails2d", "Height and width are exchanged in your result: the map comes out transposed.")
def nails_transposed(x, scale):
    return nails(x.transpose(2, 3), scale)


@mistake("bed_of_nails2d", "You always enlarge twice; use the `scale` that was asked for.")
def nails_always_doubled(x, scale):
    return nails(x, 2)


@mistake(
    "bed_of_nails2d",
    "You multiply the values to make up for the zeros around them. A bed of nails leaves each value as it is.",
)
def keeps_the_mean(x, scale):
    return nails(x, scale) * scale**2


@mistake("bed_of_nails2d", "You fill only the first image of the batch; the others stay zero.")
def nails_in_the_first_image(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:1, :, ::scale, ::scale] = x[:1]
    return out


@mistake("bed_of_nails2d", "You fill only the first channel; the others stay zero.")
def nails_in_the_first_channel(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, :1, ::scale, ::scale] = x[:, :1]
    return out


@mistake("bed_of_nails2d", "Negative values are lost in your result: they are values like the others.")
def loses_negative_values(x, scale):
    return nails(x, scale).clamp(min=0)


@mistake("bed_of_nails2d", "Between your nails stand ones; the rest of the map must be zero.")
def ones_between(x, scale):
    n, c, h, w = x.shape
    out = torch.ones_like(x).repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    out[:, :, ::scale, ::scale] = x
    return out


@mistake(
    "bed_of_nails2d",
    "`torch.zeros` makes float32 unless told otherwise: the result must have the dtype of `x`.",
)
def nails_default_dtype(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros(n, c, h * scale, w * scale)
    out[:, :, ::scale, ::scale] = x
    return out


@mistake(
    "bed_of_nails2d", "Your buffer comes from numpy, whose default is float64: the result must keep the dtype of `x`."
)
def nails_numpy_dtype(x, scale):
    n, c, h, w = x.shape
    out = np.zeros((n, c, h * scale, w * scale))
    out[:, :, ::scale, ::scale] = x.detach().numpy()
    return torch.from_numpy(out)


@mistake(
    "bed_of_nails2d", "Your output buffer holds integers: every fraction is lost, and the dtype is not that of `x`."
)
def nails_of_integers(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros(n, c, h * scale, w * scale, dtype=torch.int64)
    out[:, :, ::scale, ::scale] = x.long()
    return out


@mistake(
    "bed_of_nails2d",
    "`.view` asks for numbers that lie side by side in memory. A transposed or expanded tensor does not have that; "
    "`.reshape` copies where it must.",
)
def nails_by_view(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n * c * h, scale, w, scale)
    out[:, 0, :, 0] = x.view(-1, w)
    return out.view(n, c, h * scale, w * scale)


@mistake(
    "bed_of_nails2d",
    "The values are right, but no gradient can flow back: you write into the data of a tensor behind autograd's back.",
)
def nails_behind_autograd(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    with torch.no_grad():
        out[:, :, ::scale, ::scale] = x
    return out


@mistake(
    "bed_of_nails2d",
    "An operation whose name ends in `_`, such as `unsqueeze_`, changes the input itself; the caller still needs it as it "
    "was.",
)
def nails_in_place(x, scale):
    n, c, h, w = x.shape
    x.unsqueeze_(3).unsqueeze_(5)
    return F.pad(x, (0, scale - 1, 0, 0, 0, scale - 1)).reshape(n, c, h * scale, w * scale)


# --- max_pool2d_with_indices ------------------------------------------------------------------------------------------


def sizes(kernel_size, stride, padding):
    kernel = pair(kernel_size)
    return kernel, kernel if stride is None else pair(stride), pair(padding)


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


@mistake("max_pool2d_with_indices", "You return the indices first; the values come first.")
def indices_first(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return row * x.shape[3] + column, values


@mistake("max_pool2d_with_indices", "You return the maxima alone. The places where they stood are asked for too.")
def values_alone(x, kernel_size, stride=None, padding=0):
    return pooled(x, *sizes(kernel_size, stride, padding))[0]


@mistake(
    "max_pool2d_with_indices",
    "Your indices count inside each window, from 0 to kh·kw − 1. They have to count in the whole plane, or nobody can find "
    "the pixel again.",
)
def index_in_the_window(x, kernel_size, stride=None, padding=0):
    values, place = cut(x, *sizes(kernel_size, stride, padding)).max(-1)
    return values, place


@mistake(
    "max_pool2d_with_indices",
    "Your indices count in the padded plane. Padding is only an aid: positions belong to the map that came in.",
)
def index_in_the_padded_plane(x, kernel_size, stride=None, padding=0):
    kernel, stride, (ph, pw) = sizes(kernel_size, stride, padding)
    values, row, column = pooled(x, kernel, stride, (ph, pw))
    return values, (row + ph) * (x.shape[3] + 2 * pw) + column + pw


@mistake(
    "max_pool2d_with_indices",
    "Your rows and columns still include the padding: the first pixel of the map is at row 0, column 0, not at (ph, pw).",
)
def forgets_to_subtract_the_padding(x, kernel_size, stride=None, padding=0):
    kernel, stride, (ph, pw) = sizes(kernel_size, stride, padding)
    values, row, column = pooled(x, kernel, stride, (ph, pw))
    return values, (row + ph) * x.shape[3] + column + pw


@mistake(
    "max_pool2d_with_indices",
    "Your indices go on counting from channel to channel. In each plane they start at 0 again.",
)
def index_over_channels(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, row * w + column + (torch.arange(c) * h * w).view(1, c, 1, 1)


@mistake(
    "max_pool2d_with_indices",
    "Your indices count through the whole batch. In each plane of each image they start at 0 again.",
)
def index_over_the_batch(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, row * w + column + (torch.arange(n * c) * h * w).view(n, c, 1, 1)


@mistake("max_pool2d_with_indices", "Your indices count down the columns. Torch counts along the rows: row·W + column.")
def column_major(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, column * x.shape[2] + row


@mistake(
    "max_pool2d_with_indices",
    "You multiply the row by the height. A row is as long as the map is *wide*.",
)
def row_times_height(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, row * x.shape[2] + column


@mistake(
    "max_pool2d_with_indices",
    "You multiply the row by the width of the pooled map. The positions belong to the map before pooling.",
)
def row_times_pooled_width(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, row * values.shape[3] + column


@mistake(
    "max_pool2d_with_indices",
    "Your indices name the window, counted in the pooled map. Asked for is the pixel that won in it.",
)
def index_of_the_window(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, torch.arange(values.shape[2] * values.shape[3]).view(values.shape[2:]).expand(values.shape)


@mistake(
    "max_pool2d_with_indices",
    "Your indices name the first pixel of each window. Asked for is the pixel that won in it.",
)
def index_of_the_window_start(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = sizes(kernel_size, stride, padding)
    values, row, column = pooled(x, kernel, stride, padding)
    top, left = starts(*values.shape[2:], stride, padding)
    return values, (top.clamp(min=0) * x.shape[3] + left.clamp(min=0)).expand(values.shape).clone()


@mistake("max_pool2d_with_indices", "Your indices are int32; torch indexes with int64.")
def int32_indices(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, (row * x.shape[3] + column).int()


@mistake("max_pool2d_with_indices", "Your indices are floating-point numbers; positions are int64.")
def float_indices(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values, (row * x.shape[3] + column).float()


@mistake(
    "max_pool2d_with_indices",
    "You pad with zeros, and a zero beats every negative value. Padding must never win.",
)
def pads_with_zeros(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding), fill=0.0)
    return values, row * x.shape[3] + column


@mistake(
    "max_pool2d_with_indices",
    "You pad with a number that seems low enough, but values may be lower still. What is below every number?",
)
def pads_with_a_low_number(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding), fill=-1e9)
    return values, row * x.shape[3] + column


@mistake(
    "max_pool2d_with_indices",
    "Your search starts with a best value of 0, so in a window of negative values nothing ever beats it.",
)
def best_starts_at_zero(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values.clamp(min=0), torch.where(values > 0, row * x.shape[3] + column, 0)


@mistake(
    "max_pool2d_with_indices", "You compare magnitudes, so that −5 beats 3. The larger number wins, sign included."
)
def compares_magnitudes(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = sizes(kernel_size, stride, padding)
    magnitudes, row, column = pooled(x.abs(), kernel, stride, padding)
    index = row * x.shape[3] + column
    return x.flatten(2).gather(2, index.flatten(2)).view(index.shape), index


@mistake("max_pool2d_with_indices", "Your values are the means of the windows: that is average pooling.")
def takes_means(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = sizes(kernel_size, stride, padding)
    _, row, column = pooled(x, kernel, stride, padding)
    return cut(x, kernel, stride, padding, 0.0).mean(-1), row * x.shape[3] + column


@mistake("max_pool2d_with_indices", "You look for the smallest value of each window; the largest one is asked for.")
def takes_minima(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(-x, *sizes(kernel_size, stride, padding))
    return -values, row * x.shape[3] + column


@mistake("max_pool2d_with_indices", "Of equal maxima you take the last; torch takes the first, in row-major order.")
def last_of_ties(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding), last=True)
    return values, row * x.shape[3] + column


@mistake(
    "max_pool2d_with_indices",
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
    "max_pool2d_with_indices",
    "You look for the maximum's value in the whole plane and take the first place where it stands. Another window may hold "
    "the same value; only places inside this window count.",
)
def searches_the_whole_plane(x, kernel_size, stride=None, padding=0):
    values, _, _ = pooled(x, *sizes(kernel_size, stride, padding))
    n, c, h, w = values.shape
    found = x.flatten(2).unsqueeze(2) == values.flatten(2).unsqueeze(3)
    return values, found.int().argmax(-1).view(n, c, h, w)


@mistake("max_pool2d_with_indices", "Without a stride you move by one pixel. `stride=None` means the kernel size.")
def default_stride_one(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, 1 if stride is None else stride, padding))
    return values, row * x.shape[3] + column


@mistake("max_pool2d_with_indices", "You ignore `stride`: your windows always stand side by side.")
def ignores_the_stride(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, None, padding))
    return values, row * x.shape[3] + column


@mistake(
    "max_pool2d_with_indices",
    "The values are those of the right windows, but for the positions you let window i start at i·kernel. It starts at "
    "i·stride.",
)
def starts_by_the_kernel(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = sizes(kernel_size, stride, padding)
    values, place = cut(x, kernel, stride, padding).max(-1)
    top, left = starts(*values.shape[2:], kernel, padding)
    return values, (top + place // kernel[1]) * x.shape[3] + left + place % kernel[1]


@mistake("max_pool2d_with_indices", "You ignore `padding`: the windows have to reach beyond the map on all four sides.")
def ignores_the_padding(x, kernel_size, stride=None, padding=0):
    try:
        values, row, column = pooled(x, *sizes(kernel_size, stride, 0))
    except RuntimeError:
        return x[:, :, :0, :0], torch.zeros(x.shape[0], x.shape[1], 0, 0, dtype=torch.int64)
    return values, row * x.shape[3] + column


@mistake("max_pool2d_with_indices", "You pad on the right and at the bottom only; `padding` goes on all four sides.")
def pads_one_side(x, kernel_size, stride=None, padding=0):
    kernel, stride, (ph, pw) = sizes(kernel_size, stride, padding)
    padded = F.pad(x, (0, pw, 0, ph), value=-math.inf)
    try:
        values, row, column = pooled(padded, kernel, stride, (0, 0))
    except RuntimeError:
        return x[:, :, :0, :0], torch.zeros(x.shape[0], x.shape[1], 0, 0, dtype=torch.int64)
    return values, row * x.shape[3] + column


@mistake(
    "max_pool2d_with_indices",
    "Your last windows hang over the edge of the map. A window that does not fit whole is left out.",
)
def keeps_partial_windows(x, kernel_size, stride=None, padding=0):
    (kh, kw), (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    rest_h, rest_w = -(x.shape[2] + 2 * ph - kh) % sh, -(x.shape[3] + 2 * pw - kw) % sw
    padded = F.pad(x, (0, rest_w, 0, rest_h), value=-math.inf)
    values, row, column = pooled(padded, (kh, kw), (sh, sw), (ph, pw))
    return values, row * x.shape[3] + column


@mistake(
    "max_pool2d_with_indices",
    "One window is missing at the end of each row and column: a map as large as its window holds one window, not none.",
)
def one_window_too_few(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    index = row * x.shape[3] + column
    return values[..., :-1, :-1], index[..., :-1, :-1]


@mistake("max_pool2d_with_indices", "You read pairs as (width, height); the height comes first.")
def pairs_exchanged(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = (side[::-1] for side in sizes(kernel_size, stride, padding))
    values, row, column = pooled(x, kernel, stride, padding)
    return values, row * x.shape[3] + column


@mistake("max_pool2d_with_indices", "You handle ints only. A size may also be a pair (height, width).")
def ints_only(x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    height = (x.shape[2] + 2 * padding - kernel_size) // stride + 1
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values[:, :, :height], (row * x.shape[3] + column)[:, :, :height]


@mistake("max_pool2d_with_indices", "You use the first number of a pair for both sides.")
def square_windows(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = ((side[0], side[0]) for side in sizes(kernel_size, stride, padding))
    values, row, column = pooled(x, kernel, stride, padding)
    return values, row * x.shape[3] + column


@mistake(
    "max_pool2d_with_indices",
    "You turn the place inside a window into row and column with the window's height. A row of the window is as long as the "
    "window is *wide*.",
)
def place_by_the_height(x, kernel_size, stride=None, padding=0):
    kernel, stride, padding = sizes(kernel_size, stride, padding)
    values, place = cut(x, kernel, stride, padding).max(-1)
    top, left = starts(*values.shape[2:], stride, padding)
    return values, (top + place // kernel[0]) * x.shape[3] + left + place % kernel[0]


@mistake(
    "max_pool2d_with_indices",
    "All channels get the positions, and the values, that won in the first one. Each channel has maxima of its own.",
)
def first_channel_for_all(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x[:, :1], *sizes(kernel_size, stride, padding))
    index = (row * x.shape[3] + column).expand(-1, x.shape[1], -1, -1)
    return x.flatten(2).gather(2, index.flatten(2)).view(index.shape), index


@mistake(
    "max_pool2d_with_indices",
    "One channel decides for all: you look where the largest value of any channel stands. Each channel has maxima of its "
    "own.",
)
def channels_decide_together(x, kernel_size, stride=None, padding=0):
    _, row, column = pooled(x.amax(1, keepdim=True), *sizes(kernel_size, stride, padding))
    index = (row * x.shape[3] + column).expand(-1, x.shape[1], -1, -1)
    return x.flatten(2).gather(2, index.flatten(2)).view(index.shape), index


@mistake("max_pool2d_with_indices", "You pool only the first image of the batch; the others stay zero.")
def pools_the_first_image_only(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    index = row * x.shape[3] + column
    first = torch.zeros(x.shape[0], 1, 1, 1)
    first[:1] = 1
    return values * first.to(values.dtype), index * first.long()


@mistake("max_pool2d_with_indices", "Your values have torch's default dtype, float32, whatever the input has.")
def pool_default_dtype(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    return values.float(), row * x.shape[3] + column


@mistake(
    "max_pool2d_with_indices",
    "You compare in float32. Two float64 values can differ by less than float32 can tell, and then the wrong one wins.",
)
def compares_in_float32(x, kernel_size, stride=None, padding=0):
    _, row, column = pooled(x.float(), *sizes(kernel_size, stride, padding))
    index = row * x.shape[3] + column
    return x.flatten(2).gather(2, index.flatten(2)).view(index.shape), index


@mistake(
    "max_pool2d_with_indices",
    "`.view` asks for numbers that lie side by side in memory. A transposed tensor does not have that; `.reshape` copies "
    "where it must.",
)
def pool_by_view(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    _, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    index = row * w + column
    return x.view(n, c, h * w).gather(2, index.flatten(2)).view(index.shape), index


@mistake(
    "max_pool2d_with_indices",
    "In an empty batch there is nothing from which torch could work out the −1 of a reshape. Name the size, or `flatten`.",
)
def pool_lets_torch_guess_a_size(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    _, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    index = row * w + column
    return x.reshape(n, c, -1).gather(2, index.flatten(2)).view(index.shape), index


@mistake(
    "max_pool2d_with_indices",
    "The values are right, but no gradient can flow back: you take them out as Python numbers or as data cut from the graph.",
)
def pool_detached(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x.detach(), *sizes(kernel_size, stride, padding))
    return values, row * x.shape[3] + column


@mistake(
    "max_pool2d_with_indices",
    "You cross out the maxima in the input itself. It belongs to the caller; work on a copy.",
)
def crosses_out_the_maxima(x, kernel_size, stride=None, padding=0):
    values, row, column = pooled(x, *sizes(kernel_size, stride, padding))
    index = row * x.shape[3] + column
    values = values.clone()
    with torch.no_grad():
        x.copy_(x.flatten(2).scatter(2, index.flatten(2), -math.inf).reshape(x.shape))
    return values, index


# --- max_unpool2d -----------------------------------------------------------------------------------------------------


def out_size(x, kernel_size, stride, padding, output_size):
    (kh, kw), (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    if output_size is not None:
        return tuple(output_size[-2:])
    return (x.shape[2] - 1) * sh - 2 * ph + kh, (x.shape[3] - 1) * sw - 2 * pw + kw


def put_back(x, indices, size):
    n, c = x.shape[:2]
    return x.new_zeros(n, c, size[0] * size[1]).scatter(2, indices.flatten(2), x.flatten(2)).view(n, c, *size)


@mistake(
    "max_unpool2d",
    "You add up values that fall on the same position. Overlapping windows tell the same maximum several times: it still "
    "stands there once.",
)
def sums_repeated_positions(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    return x.new_zeros(n, c, h * w).scatter_add(2, indices.flatten(2), x.flatten(2)).view(n, c, h, w)


@mistake(
    "max_unpool2d",
    "You put each value into the corner of its window, as a bed of nails does. The indices say where the maximum really "
    "stood.",
)
def unpools_to_the_corner(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    (kh, kw), (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    rows = (torch.arange(x.shape[2]) * sh - ph).clamp(min=0)
    columns = (torch.arange(x.shape[3]) * sw - pw).clamp(min=0)
    corner = (rows[:, None] * w + columns).expand(x.shape)
    return put_back(x, corner, (h, w))


@mistake(
    "max_unpool2d",
    "You fill each window with copies of its value, as nearest neighbour does. One pixel alone gets it: the one that the "
    "index names.",
)
def unpools_by_copies(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    kernel, (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    big = x.repeat_interleave(sh, 2).repeat_interleave(sw, 3)
    big = F.pad(big, (0, max(0, w - big.shape[3]), 0, max(0, h - big.shape[2])))
    return big[:, :, :h, :w]


@mistake(
    "max_unpool2d",
    "You mark the positions and then fill the marks in reading order. Each value belongs to its *own* index, and the order "
    "of the windows is not the order of the positions.",
)
def fills_in_reading_order(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    mask = torch.zeros(n, c, h * w, dtype=torch.bool).scatter(2, indices.flatten(2), True)
    return x.new_zeros(n, c, h * w).masked_scatter(mask, x.contiguous()).view(n, c, h, w)


@mistake("max_unpool2d", "You ignore `output_size`, which says how large the map was before pooling.")
def ignores_output_size(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, None)
    n, c = x.shape[:2]
    if indices.numel() and int(indices.max()) >= h * w:
        indices = indices.clamp(max=h * w - 1)
    return put_back(x, indices, (h, w))


@mistake(
    "max_unpool2d",
    "You put the values into a map of the usual size and then pad or crop it to `output_size`. The indices count in rows of "
    "the *final* width, so the values land in the wrong columns.",
)
def pads_to_output_size(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, None)
    if indices.numel() and int(indices.max()) >= h * w:
        indices = indices.clamp(max=h * w - 1)
    small = put_back(x, indices, (h, w))
    if output_size is None:
        return small
    height, width = output_size[-2:]
    return F.pad(small, (0, width - w, 0, height - h))


@mistake("max_unpool2d", "You read `output_size` as (width, height); the height comes first.")
def output_size_exchanged(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    if output_size is not None:
        h, w = w, h
    return put_back(x, indices, (h, w))


@mistake(
    "max_unpool2d",
    "You expect `output_size` to be (H, W). It may also be the full shape (N, C, H, W), as torch allows.",
)
def unpacks_two_numbers(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    if output_size is not None:
        height, width = output_size
    return put_back(x, indices, out_size(x, kernel_size, stride, padding, output_size))


@mistake(
    "max_unpool2d",
    "You read the first two numbers of `output_size`. When it is the full shape (N, C, H, W), they are not height and width.",
)
def first_two_numbers(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, None) if output_size is None else output_size[:2]
    if indices.numel() and int(indices.max()) >= h * w:
        return x.new_zeros(*x.shape[:2], h, w)
    return put_back(x, indices, (h, w))


def put_back_clamped(x, indices, size):
    h, w = (max(1, side) for side in size)
    return put_back(x, indices.clamp(max=h * w - 1), (h, w))


@mistake(
    "max_unpool2d",
    "Your output has h·kernel rows. That is right only while the stride equals the kernel: windows start a *stride* apart.",
)
def size_by_the_kernel(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    (kh, kw), _, (ph, pw) = sizes(kernel_size, stride, padding)
    size = (x.shape[2] * kh - 2 * ph, x.shape[3] * kw - 2 * pw) if output_size is None else output_size[-2:]
    return put_back_clamped(x, indices, size)


@mistake(
    "max_unpool2d",
    "Your output has h·stride rows. That is right only while the stride equals the kernel: the last window is a whole "
    "*kernel* long.",
)
def size_by_the_stride(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    _, (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    size = (x.shape[2] * sh - 2 * ph, x.shape[3] * sw - 2 * pw) if output_size is None else output_size[-2:]
    return put_back_clamped(x, indices, size)


@mistake("max_unpool2d", "You ignore `padding`: the padded border is not part of the output.")
def size_with_the_padding(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x, indices, out_size(x, kernel_size, stride, 0, output_size))


@mistake("max_unpool2d", "You subtract the padding once. It was on both sides of the map.")
def padding_once(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    (kh, kw), (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    size = (x.shape[2] - 1) * sh - ph + kh, (x.shape[3] - 1) * sw - pw + kw
    return put_back(x, indices, size if output_size is None else output_size[-2:])


@mistake(
    "max_unpool2d",
    "Your output is a kernel too short: the windows *start* (h − 1)·stride apart from first to last, and the last one has "
    "an extent too.",
)
def forgets_the_last_window(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    _, (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    size = (x.shape[2] - 1) * sh - 2 * ph + 1, (x.shape[3] - 1) * sw - 2 * pw + 1
    return put_back_clamped(x, indices, size if output_size is None else output_size[-2:])


@mistake("max_unpool2d", "Your output is one row and one column too large.")
def one_row_too_many(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    return put_back(x, indices, (h + 1, w + 1) if output_size is None else (h, w))


@mistake("max_unpool2d", "Without a stride you assume 1. `stride=None` means the kernel size.")
def unpool_default_stride_one(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    size = out_size(x, kernel_size, 1 if stride is None else stride, padding, output_size)
    return put_back_clamped(x, indices, size)


@mistake("max_unpool2d", "You read pairs as (width, height); the height comes first.")
def unpool_pairs_exchanged(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    kernel, stride, padding = (side[::-1] for side in sizes(kernel_size, stride, padding))
    return put_back_clamped(x, indices, out_size(x, kernel, stride, padding, output_size))


@mistake("max_unpool2d", "You handle ints only. A size may also be a pair (height, width).")
def unpool_ints_only(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    step = kernel_size if stride is None else stride
    height = (x.shape[2] - 1) * step - 2 * padding + kernel_size
    width = (x.shape[3] - 1) * step - 2 * padding + kernel_size
    return put_back(x, indices, (height, width) if output_size is None else output_size[-2:])


@mistake("max_unpool2d", "You use the first number of a pair for both sides.")
def unpool_square(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    kernel, stride, padding = ((side[0], side[0]) for side in sizes(kernel_size, stride, padding))
    return put_back_clamped(x, indices, out_size(x, kernel, stride, padding, output_size))


@mistake(
    "max_unpool2d",
    "You use the indices as positions in the whole flattened batch, so that all values land in the first plane. They count "
    "from 0 in *each* plane.",
)
def all_into_the_first_plane(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    size = out_size(x, kernel_size, stride, padding, output_size)
    out = x.new_zeros(x.shape[0] * x.shape[1] * size[0] * size[1])
    if x.numel():
        # Positions of different planes meet; the last value stays, on every machine.
        for position, value in zip(indices.flatten().tolist(), x.flatten(), strict=True):
            out[position] = value
    return out.view(*x.shape[:2], *size)


@mistake("max_unpool2d", "You use the indices of the first channel for all channels.")
def unpools_with_the_first_channel(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    size = out_size(x, kernel_size, stride, padding, output_size)
    return put_back(x, indices[:, :1].expand_as(x), size)


@mistake("max_unpool2d", "You use the indices of the first image for the whole batch.")
def unpools_with_the_first_image(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    size = out_size(x, kernel_size, stride, padding, output_size)
    return put_back(x, indices[:1].expand_as(x) if x.shape[0] else indices, size)


@mistake("max_unpool2d", "You count the positions down the columns; an index is row·W + column.")
def unpools_column_major(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    return put_back(x, (indices % h) * w + indices // h, (h, w))


@mistake(
    "max_unpool2d",
    "You split an index with the height of the map. A row is as long as the map is *wide*.",
)
def splits_by_the_height(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    return put_back_clamped(x, (indices // h) * w + indices % h, (h, w))


@mistake(
    "max_unpool2d",
    "You split an index with the width of the *pooled* map. It counts in the large map, before pooling.",
)
def splits_by_the_pooled_width(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    small = x.shape[3]
    return put_back_clamped(x, (indices // small) * w + indices % small, (h, w))


@mistake(
    "max_unpool2d",
    "You read an index as a place inside its window. It is a position in the whole plane.",
)
def reads_places_in_windows(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    (kh, kw), (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    place = indices % (kh * kw)
    rows = torch.arange(x.shape[2])[:, None] * sh - ph + place // kw
    columns = torch.arange(x.shape[3]) * sw - pw + place % kw
    return put_back(x, rows.clamp(0, h - 1) * w + columns.clamp(0, w - 1), (h, w))


@mistake(
    "max_unpool2d",
    "You correct the positions for the padding. They already belong to the map without it.",
)
def subtracts_the_padding(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    kernel, stride, (ph, pw) = sizes(kernel_size, stride, padding)
    h, w = out_size(x, kernel, stride, (ph, pw), output_size)
    return put_back(x, (indices - ph * w - pw).clamp(min=0), (h, w))


@mistake(
    "max_unpool2d",
    "Negative values are lost: you keep the larger of a value and the zero that stood there. A value is put back whatever "
    "its sign.",
)
def keeps_the_larger_of_value_and_zero(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    out = x.new_zeros(n, c, h * w).scatter_reduce(2, indices.flatten(2), x.flatten(2), "amax")
    return out.view(n, c, h, w)


@mistake(
    "max_unpool2d",
    "You average the values with the zero that stood at their position.",
)
def averages_with_zero(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    out = x.new_zeros(n, c, h * w).scatter_reduce(2, indices.flatten(2), x.flatten(2), "mean")
    return out.view(n, c, h, w)


@mistake(
    "max_unpool2d",
    "You *read* at the positions where you should *write*: gather is the way of pooling, unpooling goes the other way.",
)
def gathers(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    big = F.pad(x.flatten(2), (0, h * w - x.shape[2] * x.shape[3]))
    return F.pad(big.gather(2, indices.flatten(2)), (0, h * w - x.shape[2] * x.shape[3])).view(n, c, h, w)


@mistake("max_unpool2d", "You fill only the first image of the batch; the others stay zero.")
def unpools_the_first_image_only(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    out = put_back(x, indices, out_size(x, kernel_size, stride, padding, output_size))
    first = torch.zeros(x.shape[0], 1, 1, 1, dtype=x.dtype)
    first[:1] = 1
    return out * first


@mistake("max_unpool2d", "You fill only the first channel; the others stay zero.")
def unpools_the_first_channel_only(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    out = put_back(x, indices, out_size(x, kernel_size, stride, padding, output_size))
    first = torch.zeros(1, x.shape[1], 1, 1, dtype=x.dtype)
    first[:, :1] = 1
    return out * first


@mistake("max_unpool2d", "`torch.zeros` makes float32 unless told otherwise: the result must have the dtype of `x`.")
def unpool_default_dtype(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x.float(), indices, out_size(x, kernel_size, stride, padding, output_size))


@mistake(
    "max_unpool2d",
    "Your buffer of zeros is float32, and values of another dtype do not go in. Make it with the dtype of `x`.",
)
def unpool_into_float32(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    return torch.zeros(n, c, h * w).scatter(2, indices.flatten(2), x.flatten(2)).view(n, c, h, w)


@mistake(
    "max_unpool2d",
    "`.view` asks for numbers that lie side by side in memory. A transposed or expanded tensor does not have that; "
    "`.reshape` copies where it must.",
)
def unpool_by_view(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    count = x.shape[2] * x.shape[3]
    return x.new_zeros(n, c, h * w).scatter(2, indices.view(n, c, count), x.view(n, c, count)).view(n, c, h, w)


@mistake(
    "max_unpool2d",
    "In an empty batch there is nothing from which torch could work out the −1 of a reshape. Name the size, or `flatten`.",
)
def unpool_lets_torch_guess_a_size(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    return x.new_zeros(n, c, h * w).scatter(2, indices.reshape(n, c, -1), x.reshape(n, c, -1)).view(n, c, h, w)


@mistake(
    "max_unpool2d",
    "The values are right, but no gradient can flow back: you write into the data of a tensor behind autograd's back.",
)
def unpool_behind_autograd(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x.detach(), indices, out_size(x, kernel_size, stride, padding, output_size))


@mistake(
    "max_unpool2d",
    "You add the start of each plane to the indices in place. They belong to the caller, who may need them again.",
)
def shifts_the_indices_in_place(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    planes = torch.arange(n * c).view(n, c, 1, 1) * h * w
    if indices.stride(0) == 0:  # an expanded tensor cannot be written to
        indices = indices.clone()
    indices += planes + 1
    out = x.new_zeros(n * c * h * w).scatter(0, indices.flatten() - 1, x.flatten())
    return out.view(n, c, h, w)


# --- decoder_stage ----------------------------------------------------------------------------------------------------


@mistake("decoder_stage", "The last step is missing: after the convolution comes a ReLU.")
def no_relu(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, bias, padding=1)


@mistake("decoder_stage", "Your ReLU comes before the convolution; it belongs after it.")
def relu_before_the_convolution(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size).relu(), weight, bias, padding=1)


@mistake(
    "decoder_stage", "You apply a ReLU to what comes in, too. Negative values go through the convolution like others."
)
def relu_twice(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size).relu(), weight, bias, padding=1).relu()


@mistake("decoder_stage", "Your ReLU comes before the bias is added; the bias belongs to the convolution.")
def relu_before_the_bias(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, padding=1).relu() + bias[:, None, None]


@mistake("decoder_stage", "The bias is missing in your convolution.")
def no_bias(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, padding=1).relu()


@mistake(
    "decoder_stage",
    "You convolve at the low resolution and unpool afterwards. The convolution is there to make the sparse, unpooled map "
    "dense again.",
)
def convolves_before_unpooling(x, indices, output_size, weight, bias):
    low = F.conv2d(x, weight, bias, padding=1).relu()
    return put_back(low, indices, output_size)


@mistake(
    "decoder_stage",
    "Your map loses a row and a column on each side: a 3 × 3 convolution keeps the size with padding 1.",
)
def no_padding(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, bias).relu()


@mistake(
    "decoder_stage", "Your convolution pads too much: the map grows. One pixel on each side keeps the size of a 3 × 3."
)
def full_padding(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, bias, padding=2).relu()


@mistake(
    "decoder_stage",
    "You pad by repeating the border. The convolutions of a network pad with zeros unless told otherwise.",
)
def repeats_the_border(x, indices, output_size, weight, bias):
    sparse = put_back(x, indices, output_size)
    if not x.shape[0]:
        return F.conv2d(sparse, weight, bias, padding=1).relu()
    return F.conv2d(F.pad(sparse, (1, 1, 1, 1), mode="replicate"), weight, bias).relu()


@mistake(
    "decoder_stage",
    "Your kernel is turned round. What networks call convolution slides the kernel as it is.",
)
def turns_the_kernel(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight.flip(-2, -1), bias, padding=1).relu()


@mistake("decoder_stage", "Rows and columns of the kernel are exchanged.")
def transposes_the_kernel(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight.transpose(-2, -1), bias, padding=1).relu()


@mistake(
    "decoder_stage",
    "You use a transposed convolution, which is another way up. Here the unpooling enlarges, and an ordinary convolution "
    "follows.",
)
def transposed_convolution(x, indices, output_size, weight, bias):
    return F.conv_transpose2d(put_back(x, indices, output_size), weight, bias, padding=1).relu()


@mistake("decoder_stage", "You convolve with one kernel a channel and never mix the channels.")
def depthwise_convolution(x, indices, output_size, weight, bias):
    sparse = put_back(x, indices, output_size)
    filters, channels = weight.shape[:2]
    planes = [
        F.conv2d(sparse[:, d % channels, None], weight[d, d % channels, None, None], bias[d, None], padding=1)
        for d in range(filters)
    ]
    return torch.cat(planes, 1).relu()


@mistake("decoder_stage", "You ignore `output_size`, which may be odd: your map is always twice as large.")
def stage_ignores_output_size(x, indices, output_size, weight, bias):
    size = (2 * x.shape[2], 2 * x.shape[3])
    return F.conv2d(put_back_clamped(x, indices, size), weight, bias, padding=1).relu()


@mistake(
    "decoder_stage",
    "You unpool to twice the size and pad to `output_size` afterwards. The indices count in rows of the final width, so the "
    "values land in the wrong columns.",
)
def stage_pads_to_output_size(x, indices, output_size, weight, bias):
    size = (2 * x.shape[2], 2 * x.shape[3])
    sparse = put_back_clamped(x, indices, size)
    sparse = F.pad(sparse, (0, output_size[1] - size[1], 0, output_size[0] - size[0]))
    return F.conv2d(sparse, weight, bias, padding=1).relu()


@mistake("decoder_stage", "You read `output_size` as (width, height); the height comes first.")
def stage_exchanges_output_size(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size[::-1]), weight, bias, padding=1).relu()


def fitted(big, size):
    height, width = size
    big = F.pad(big, (0, max(0, width - big.shape[3]), 0, max(0, height - big.shape[2])))
    return big[:, :, :height, :width]


@mistake(
    "decoder_stage",
    "You upsample by copying. This stage puts each value back where the encoder found it, with the indices.",
)
def stage_by_nearest(x, indices, output_size, weight, bias):
    big = fitted(x.repeat_interleave(2, 2).repeat_interleave(2, 3), output_size)
    return F.conv2d(big, weight, bias, padding=1).relu()


@mistake(
    "decoder_stage",
    "You put the values into the corners of their blocks, as a bed of nails. This stage puts each back where the encoder "
    "found it, with the indices.",
)
def stage_by_nails(x, indices, output_size, weight, bias):
    return F.conv2d(fitted(nails(x, 2), output_size), weight, bias, padding=1).relu()


@mistake("decoder_stage", "The unpooling is missing: you convolve the small map and fill up with zeros.")
def stage_without_unpooling(x, indices, output_size, weight, bias):
    return F.conv2d(fitted(x, output_size), weight, bias, padding=1).relu()


@mistake("decoder_stage", "You stop after the unpooling: the convolution and the ReLU are missing.")
def stops_after_unpooling(x, indices, output_size, weight, bias):
    return put_back(x, indices, output_size)


@mistake("decoder_stage", "You use the indices of the first channel for all channels.")
def stage_with_the_first_channel(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices[:, :1].expand_as(x), output_size), weight, bias, padding=1).relu()


@mistake(
    "decoder_stage",
    "You use the indices as positions in the whole flattened batch, so that all values land in the first plane. They count "
    "from 0 in each plane.",
)
def stage_into_the_first_plane(x, indices, output_size, weight, bias):
    return F.conv2d(all_into_the_first_plane(x, indices, 2, output_size=output_size), weight, bias, padding=1).relu()


@mistake(
    "decoder_stage", "Where the sum is negative you let a small part through. A plain ReLU gives exactly zero there."
)
def leaky_relu(x, indices, output_size, weight, bias):
    return F.leaky_relu(F.conv2d(put_back(x, indices, output_size), weight, bias, padding=1))


@mistake("decoder_stage", "You take the magnitude instead of clipping: where the sum is negative, a ReLU gives zero.")
def magnitude(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, bias, padding=1).abs()


@mistake("decoder_stage", "Your result is float32 whatever comes in; it must keep the dtype of `x`.")
def stage_in_float32(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x.float(), indices, output_size), weight.float(), bias.float(), padding=1).relu()


@mistake(
    "decoder_stage",
    "You unpool into a float32 buffer, which does not fit the weights when they are float64. Make it with the dtype of `x`.",
)
def stage_with_float32_buffer(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x.float(), indices, output_size), weight, bias, padding=1).relu()


@mistake(
    "decoder_stage",
    "`.view` asks for numbers that lie side by side in memory. A transposed tensor does not have that; `.reshape` copies "
    "where it must.",
)
def stage_by_view(x, indices, output_size, weight, bias):
    n, c, h, w = x.shape
    sparse = x.new_zeros(n, c, output_size[0] * output_size[1])
    sparse = sparse.scatter(2, indices.view(n, c, h * w), x.view(n, c, h * w)).view(n, c, *output_size)
    return F.conv2d(sparse, weight, bias, padding=1).relu()


@mistake(
    "decoder_stage",
    "In an empty batch there is nothing from which torch could work out the −1 of a reshape. Name the size, or `flatten`.",
)
def stage_lets_torch_guess_a_size(x, indices, output_size, weight, bias):
    n, c = x.shape[:2]
    sparse = x.new_zeros(n, c, output_size[0] * output_size[1])
    sparse = sparse.scatter(2, indices.reshape(n, c, -1), x.reshape(n, c, -1)).view(n, c, *output_size)
    return F.conv2d(sparse, weight, bias, padding=1).relu()


@mistake("decoder_stage", "The values are right, but no gradient reaches `x`: the unpooling happens outside the graph.")
def stage_cuts_x(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x.detach(), indices, output_size), weight, bias, padding=1).relu()


@mistake("decoder_stage", "The values are right, but no gradient reaches the weights: nothing could be learned.")
def stage_cuts_the_weights(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight.data, bias.data, padding=1).relu()


@mistake("decoder_stage", "The values are right, but your stage runs under no_grad: nothing could be learned.")
def stage_without_gradients(x, indices, output_size, weight, bias):
    with torch.no_grad():
        return F.conv2d(put_back(x, indices, output_size), weight, bias, padding=1).relu()


@mistake(
    "decoder_stage",
    "You add the start of each plane to the indices in place. They belong to the caller, who may need them again.",
)
def stage_shifts_the_indices(x, indices, output_size, weight, bias):
    n, c, h, w = x.shape
    indices += torch.arange(n * c).view(n, c, 1, 1) * output_size[0] * output_size[1]
    sparse = x.new_zeros(n * c * output_size[0] * output_size[1]).scatter(0, indices.flatten(), x.flatten())
    return F.conv2d(sparse.view(n, c, *output_size), weight, bias, padding=1).relu()


@mistake("max_unpool2d", "You exchange the two paddings: the first is the height's, the second the width's.")
def paddings_exchanged(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    ph, pw = pair(padding)
    return put_back(x, indices, out_size(x, kernel_size, stride, (pw, ph), output_size))


@mistake("max_unpool2d", "You use the padding of the height for the width too; it may be a pair.")
def padding_of_the_height_alone(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x, indices, out_size(x, kernel_size, stride, pair(padding)[0], output_size))


@mistake("max_unpool2d", "Without a stride you assume 2. `stride=None` means the kernel size.")
def unpool_default_stride_two(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x, indices, out_size(x, kernel_size, 2 if stride is None else stride, padding, output_size))


@mistake(
    "max_unpool2d", "You use `output_size` only where there is no padding. It has the last word whenever it is given."
)
def output_size_without_padding_alone(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    size = out_size(x, kernel_size, stride, padding, None if padding else output_size)
    if indices.numel() and int(indices.max()) >= size[0] * size[1]:
        indices = indices.clamp(max=size[0] * size[1] - 1)
    return put_back(x, indices, size)


@mistake(
    "nearest_unpool2d",
    "You spread the rows evenly from the first to the last. Each row has a block of exactly `scale` rows of its own.",
)
def spread_evenly(x, scale):
    rows = torch.linspace(0, x.shape[2] - 1, x.shape[2] * scale).round().long()
    columns = torch.linspace(0, x.shape[3] - 1, x.shape[3] * scale).round().long()
    return x[:, :, rows][:, :, :, columns]


@mistake("decoder_stage", "Somewhere the bias goes through float32. With float64 inputs everything stays float64.")
def bias_through_float32(x, indices, output_size, weight, bias):
    sparse = F.max_unpool2d(x, indices, 2, output_size=tuple(output_size))
    return F.relu(F.conv2d(sparse, weight, bias.float().to(x.dtype), padding=1))
