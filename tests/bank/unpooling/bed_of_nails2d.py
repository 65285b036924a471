"""Wrong and right answers to `bed_of_nails2d`."""

from itertools import product

import numpy as np
import torch
import torch.nn.functional as F

from autograde.building.bank import mistake, variant
from course.checking.patterns import NO_GRADIENT

from .shared import nails

# --- mistakes ---------------------------------------------------------------------------------------------------------


@mistake(
    "You fill each block with copies of its value: that is nearest neighbour. In a bed of nails only one pixel of a block "
    "holds the value.",
)
def copies_the_value(x, scale):
    return x.repeat_interleave(scale, dim=2).repeat_interleave(scale, dim=3)


@mistake("Your nails stand in the bottom-right corner of their blocks; they belong in the top-left one.")
def nail_bottom_right(x, scale):
    return nails(x, scale, scale - 1, scale - 1)


@mistake("Your nails stand in the centre of their blocks; they belong in the top-left corner.")
def nail_in_the_centre(x, scale):
    return nails(x, scale, scale // 2, scale // 2)


@mistake("Your nails stand in the top-right corner of their blocks; they belong in the top-left one.")
def nail_top_right(x, scale):
    return nails(x, scale, 0, scale - 1)


@mistake("Your nails stand in the bottom-left corner of their blocks; they belong in the top-left one.")
def nail_bottom_left(x, scale):
    return nails(x, scale, scale - 1, 0)


@mistake(
    "You put the whole map into the top-left corner of the output. The values have to be spread, one to each block.",
)
def map_in_the_corner(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, :, :h, :w] = x
    return out


@mistake(
    "You put zeros only *between* the values. After the last row and the last column a block goes on too, so that the "
    "output is exactly `scale` times as large.",
)
def zeros_only_between(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, (h - 1) * scale + 1, (w - 1) * scale + 1)
    out[:, :, ::scale, ::scale] = x
    return out


@mistake(
    "You put `scale` zeros after each value. The value itself is one of the `scale` pixels, so there is one zero less.",
)
def one_zero_too_many(x, scale):
    return nails(x, scale + 1)


@mistake("Your rows are a bed of nails, but along the width you copy the values.")
def nails_in_rows_only(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, :, ::scale] = x.repeat_interleave(scale, dim=3)
    return out


@mistake("Your columns are a bed of nails, but along the height you copy the values.")
def nails_in_columns_only(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[..., ::scale] = x.repeat_interleave(scale, dim=2)
    return out


@mistake(
    "The nails stand at the right places, but they hold the values of whole tiles of the map instead of one value for each "
    "block.",
)
def masks_tiles(x, scale):
    tiles = x.repeat(1, 1, scale, scale)
    mask = torch.zeros_like(tiles)
    mask[:, :, ::scale, ::scale] = 1
    return tiles * mask


@mistake("Height and width are exchanged in your result: the map comes out transposed.")
def nails_transposed(x, scale):
    return nails(x.transpose(2, 3), scale)


@mistake("You always enlarge twice; use the `scale` that was asked for.")
def nails_always_doubled(x, scale):
    return nails(x, 2)


@mistake(
    "You multiply the values to make up for the zeros around them. A bed of nails leaves each value as it is.",
)
def keeps_the_mean(x, scale):
    return nails(x, scale) * scale**2


@mistake("Your nails stand 2 apart, whatever `scale` says.")
def nails_two_apart(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, :, ::2, ::2] = x
    return out


@mistake("Your plane has W·scale rows and H·scale columns: height and width are exchanged.")
def nails_on_a_plane_on_its_side(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, w * scale, h * scale)
    out[:, :, ::scale, ::scale] = x
    return out


@mistake(
    "You keep whole rows and columns of copies. Only where a block's first row *and* its first column meet is a nail."
)
def nails_in_rows_and_columns(x, scale):
    out = x.repeat_interleave(scale, 2).repeat_interleave(scale, 3).clone()
    for row in range(1, scale):
        for column in range(1, scale):
            out[:, :, row::scale, column::scale] = 0
    return out


@mistake("You put `scale` zeros between two values. Their distance is `scale`, so there is one zero fewer.")
def nails_one_too_far_apart(x, scale):
    n, c, h, w = x.shape
    return nails(x, scale + 1)[:, :, : h * scale, : w * scale]


@mistake("You fill only the first image of the batch; the others stay zero.")
def nails_in_the_first_image(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:1, :, ::scale, ::scale] = x[:1]
    return out


@mistake("You fill only the first channel; the others stay zero.")
def nails_in_the_first_channel(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, :1, ::scale, ::scale] = x[:, :1]
    return out


@mistake("Negative values are lost in your result: they are values like the others.")
def loses_negative_values(x, scale):
    return nails(x, scale).clamp(min=0)


@mistake("Between your nails stand ones; the rest of the map must be zero.")
def ones_between(x, scale):
    n, c, h, w = x.shape
    out = torch.ones_like(x).repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    out[:, :, ::scale, ::scale] = x
    return out


@mistake(
    "`torch.zeros` makes float32 unless told otherwise: the result must have the dtype of `x`.",
)
def nails_default_dtype(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros(n, c, h * scale, w * scale)
    out[:, :, ::scale, ::scale] = x
    return out


@mistake("Your buffer comes from numpy, whose default is float64: the result must keep the dtype of `x`.")
def nails_numpy_dtype(x, scale):
    n, c, h, w = x.shape
    out = np.zeros((n, c, h * scale, w * scale))
    out[:, :, ::scale, ::scale] = x.detach().numpy()
    return torch.from_numpy(out)


@mistake("Your output buffer holds integers: every fraction is lost, and the dtype is not that of `x`.")
def nails_of_integers(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros(n, c, h * scale, w * scale, dtype=torch.int64)
    out[:, :, ::scale, ::scale] = x.long()
    return out


@mistake(
    "`.view` asks for numbers that lie side by side in memory. A transposed or expanded tensor does not have that; "
    "`.reshape` copies where it must.",
)
def nails_by_view(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n * c * h, scale, w, scale)
    out[:, 0, :, 0] = x.view(-1, w)
    return out.view(n, c, h * scale, w * scale)


@mistake(NO_GRADIENT)
def nails_behind_autograd(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    with torch.no_grad():
        out[:, :, ::scale, ::scale] = x
    return out


@mistake(
    "An operation whose name ends in `_`, such as `unsqueeze_`, changes the input itself; the caller still needs it as it "
    "was.",
)
def nails_in_place(x, scale):
    n, c, h, w = x.shape
    x.unsqueeze_(3).unsqueeze_(5)
    return F.pad(x, (0, scale - 1, 0, 0, 0, scale - 1)).reshape(n, c, h * scale, w * scale)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def nails_by_loops(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros(n, c, h * scale, w * scale, dtype=x.dtype, device=x.device)
    for i in range(h):
        for j in range(w):
            out[:, :, i * scale, j * scale] = x[:, :, i, j]
    return out


@variant
def nails_by_four_loops(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros((n, c, scale * h, scale * w)).to(x)
    for b, d, i, j in product(range(n), range(c), range(h), range(w)):
        out[b, d, i * scale, j * scale] = x[b, d, i, j]
    return out


@variant
def bed_of_nails_by_kron(x, scale):
    nail = torch.zeros(scale, scale, dtype=x.dtype)
    nail[0, 0] = 1
    return torch.kron(x, nail)


@variant
def nails_by_transposed_convolution(x, scale):
    c = x.shape[1]
    kernel = torch.zeros(c, 1, scale, scale, dtype=x.dtype)
    kernel[:, :, 0, 0] = 1
    return F.conv_transpose2d(x, kernel, stride=scale, groups=c)


@variant
def nails_by_output_padding(x, scale):
    eye = torch.eye(x.shape[1], dtype=x.dtype)[:, :, None, None]
    return F.conv_transpose2d(x, eye, stride=scale, output_padding=scale - 1)


@variant
def nails_by_padding(x, scale):
    n, c, h, w = x.shape
    blocks = F.pad(x.reshape(n, c, h, 1, w, 1), (0, scale - 1, 0, 0, 0, scale - 1))
    return blocks.reshape(n, c, h * scale, w * scale)


@variant
def nails_by_stack(x, scale):
    zeros = torch.zeros_like(x)
    wide = torch.stack([x] + [zeros] * (scale - 1), dim=-1).flatten(-2)
    zeros = torch.zeros_like(wide)
    return torch.stack([wide] + [zeros] * (scale - 1), dim=3).flatten(2, 3)


@variant
def nails_by_pixel_shuffle(x, scale):
    n, c, h, w = x.shape
    channels = torch.zeros(n, c, scale * scale, h, w, dtype=x.dtype)
    channels[:, :, 0] = x
    return F.pixel_shuffle(channels.flatten(1, 2), scale)


@variant
def nails_by_mask(x, scale):
    big = x.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    rows = (torch.arange(big.shape[2]) % scale == 0)[:, None]
    columns = torch.arange(big.shape[3]) % scale == 0
    return torch.where(rows & columns, big, torch.zeros_like(big))


@variant
def nails_by_scatter(x, scale):
    n, c, h, w = x.shape
    position = (torch.arange(h)[:, None] * scale * w * scale + torch.arange(w) * scale).flatten()
    out = torch.zeros(n, c, h * w * scale * scale, dtype=x.dtype)
    out.scatter_(2, position.expand(n, c, -1), x.flatten(2))
    return out.reshape(n, c, h * scale, w * scale)


@variant
def nails_by_index_put(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros((n, c, h * scale, w * scale))
    rows, columns = torch.arange(h)[:, None] * scale, torch.arange(w)[None] * scale
    return out.index_put((torch.arange(n)[:, None, None, None], torch.arange(c)[:, None, None], rows, columns), x)


@variant
def nails_by_index_copy(x, scale):
    n, c, h, w = x.shape
    rows = x.new_zeros(n, c, h * scale, w).index_copy(2, torch.arange(0, h * scale, scale), x)
    return rows.new_zeros(n, c, h * scale, w * scale).index_add(3, torch.arange(0, w * scale, scale), rows)


@variant
def nails_by_matrices(x, scale):
    h, w = x.shape[2:]
    rows = torch.zeros(h * scale, h, dtype=x.dtype)
    rows[torch.arange(h) * scale, torch.arange(h)] = 1
    columns = torch.zeros(w, w * scale, dtype=x.dtype)
    columns[torch.arange(w), torch.arange(w) * scale] = 1
    return torch.einsum("ih,nchw,wj->ncij", rows, x, columns)


@variant
def nails_by_fold(x, scale):
    n, c, h, w = x.shape
    columns = x.new_zeros(n, c, scale * scale, h * w)
    columns[:, :, 0] = x.flatten(2)
    return F.fold(columns.flatten(1, 2), (h * scale, w * scale), scale, stride=scale)


@variant
def nails_by_as_strided(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    a, b, d, e = out.stride()
    torch.as_strided(out, x.shape, (a, b, d * scale, e * scale)).copy_(x)
    return out


@variant
def nails_in_blocks(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros_like(x)[:, :, :, None, :, None].repeat(1, 1, 1, scale, 1, scale)
    out[:, :, :, 0, :, 0] = x
    return out.view(n, c, h * scale, w * scale)


@variant
def nails_by_max_unpooling(x, scale):
    n, c, h, w = x.shape
    position = (torch.arange(h)[:, None] * scale * w * scale + torch.arange(w) * scale).expand(n, c, h, w)
    return F.max_unpool2d(x, position, scale) if n else x.new_zeros(0, c, h * scale, w * scale)


@variant
def nails_with_zeros_of_minus_sign(x, scale):
    out = -torch.zeros(x.shape[0], x.shape[1], x.shape[2] * scale, x.shape[3] * scale, dtype=x.dtype)
    out[..., ::scale, ::scale] += x
    return out.to(memory_format=torch.channels_last)
