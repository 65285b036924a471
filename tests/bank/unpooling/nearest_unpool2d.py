"""Wrong and right answers to `nearest_unpool2d`."""

from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograde.building.bank import mistake, variant
from course.checking.patterns import NO_GRADIENT

# --- mistakes ---------------------------------------------------------------------------------------------------------


@mistake(
    "You lay whole copies of the map side by side, like tiles. Each single value should become a block of equal values.",
)
def tiles_the_map(x, scale):
    return x.repeat(1, 1, scale, scale)


@mistake("You enlarge the height only; the width has to grow by the same factor.")
def enlarges_the_height_only(x, scale):
    return x.repeat_interleave(scale, dim=2)


@mistake("You enlarge the width only; the height has to grow by the same factor.")
def enlarges_the_width_only(x, scale):
    return x.repeat_interleave(scale, dim=3)


@mistake("Height and width are exchanged in your result: the map comes out transposed.")
def exchanges_height_and_width(x, scale):
    return x.transpose(2, 3).repeat_interleave(scale, dim=2).repeat_interleave(scale, dim=3)


@mistake(
    "You enlarge dimensions 1 and 2. In (N, C, H, W) these are the channels and the height; height and width come last.",
)
def takes_channels_for_height(x, scale):
    return x.repeat_interleave(scale, dim=1).repeat_interleave(scale, dim=2)


@mistake(
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
    "You put each value into one pixel of its block and leave zeros in the others. That is a bed of nails; nearest "
    "neighbour fills the whole block.",
)
def leaves_zeros(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, :, ::scale, ::scale] = x
    return out


@mistake(
    "You divide each value among the pixels of its block. Nothing is shared out here: each pixel gets the whole value.",
)
def shares_the_value_out(x, scale):
    return x.repeat_interleave(scale, 2).repeat_interleave(scale, 3) / scale**2


@mistake(
    "Each of your blocks lacks its last row and column: a slice ends before its second number, so none is to be taken off."
)
def blocks_one_short(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    for row in range(scale - 1):
        for column in range(scale - 1):
            out[:, :, row::scale, column::scale] = x
    return out


@mistake(
    "You write all copies of a value one after the other in a row before the next value comes. Only `scale` of them stand "
    "in one row; the others belong to the rows below.",
)
def writes_all_copies_in_a_row(x, scale):
    n, c, h, w = x.shape
    return x.flatten(2).repeat_interleave(scale * scale, dim=2).reshape(n, c, h * scale, w * scale)


@mistake("You always enlarge twice; use the `scale` that was asked for.")
def always_doubles(x, scale):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


@mistake(
    "You add `scale` copies to each value and so end with one too many: the value itself is one of the `scale`.",
)
def one_copy_too_many(x, scale):
    return x.repeat_interleave(scale + 1, 2).repeat_interleave(scale + 1, 3)


@mistake(
    "You round the source position to the nearest whole number, which shifts the map by half a block. All pixels of a "
    "block come from the same source.",
)
def rounds_the_position(x, scale):
    rows = ((torch.arange(x.shape[2] * scale) + 0.5) / scale).round().long().clamp(max=x.shape[2] - 1)
    columns = ((torch.arange(x.shape[3] * scale) + 0.5) / scale).round().long().clamp(max=x.shape[3] - 1)
    return x[:, :, rows][..., columns]


@mistake("You fill only the first image of the batch; the others stay zero.")
def fills_the_first_image_only(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    if n:
        out[0] = x[0].repeat_interleave(scale, 1).repeat_interleave(scale, 2)
    return out


@mistake("You fill only the first channel; the others stay zero.")
def enlarges_the_first_channel_only(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, 0] = x[:, 0].repeat_interleave(scale, 1).repeat_interleave(scale, 2)
    return out


@mistake(
    "Your output buffer has torch's default dtype, float32, whatever the input has. Make it with the dtype of `x`.",
)
def default_dtype(x, scale):
    n, c, h, w = x.shape
    out = torch.zeros(n, c, h * scale, w * scale)
    for row in range(h * scale):
        for column in range(w * scale):
            out[:, :, row, column] = x[:, :, row // scale, column // scale]
    return out


@mistake("Your buffer comes from numpy, whose default is float64: the result must keep the dtype of `x`.")
def numpy_dtype(x, scale):
    n, c, h, w = x.shape
    out = np.zeros((n, c, h * scale, w * scale))
    for row in range(h * scale):
        for column in range(w * scale):
            out[:, :, row, column] = x.detach()[:, :, row // scale, column // scale].numpy()
    return torch.from_numpy(out)


@mistake(
    "`.view` asks for numbers that lie side by side in memory. A transposed or expanded tensor does not have that; "
    "`.reshape` copies where it must.",
)
def view_of_any_memory(x, scale):
    n, c, h, w = x.shape
    rows = x.view(-1, w).repeat_interleave(scale, 0).view(n, c, h * scale, w)
    return rows.repeat_interleave(scale, 3)


@mistake(
    "An operation whose name ends in `_`, such as `unsqueeze_`, changes the input itself; the caller still needs it as it "
    "was.",
)
def reshapes_the_input_in_place(x, scale):
    n, c, h, w = x.shape
    x.unsqueeze_(3).unsqueeze_(5)
    return x.expand(n, c, h, scale, w, scale).reshape(n, c, h * scale, w * scale)


@mistake(
    "In an empty batch there is nothing from which torch could work out the −1 of a reshape. Name the size, or `flatten`.",
)
def lets_torch_guess_a_size(x, scale):
    n, c, h, w = x.shape
    position = (torch.arange(h * scale)[:, None] // scale) * w + torch.arange(w * scale) // scale
    return x.reshape(n, c, -1)[:, :, position]


@mistake(NO_GRADIENT)
def detaches(x, scale):
    enlarged = x.detach().numpy().repeat(scale, axis=2).repeat(scale, axis=3)
    return torch.from_numpy(enlarged)


@mistake(
    "`.numpy()` works only while nobody needs gradients. Stay with torch's own operations, and gradients flow by "
    "themselves.",
)
def converts_to_numpy(x, scale):
    return torch.from_numpy(x.numpy().repeat(scale, axis=2).repeat(scale, axis=3))


@mistake(
    "You spread the rows evenly from the first to the last. Each row has a block of exactly `scale` rows of its own.",
)
def spread_evenly(x, scale):
    rows = torch.linspace(0, x.shape[2] - 1, x.shape[2] * scale).round().long()
    columns = torch.linspace(0, x.shape[3] - 1, x.shape[3] * scale).round().long()
    return x[:, :, rows][:, :, :, columns]


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def nearest_by_loops(x, scale):
    n, c, h, w = x.shape
    out = torch.empty(n, c, h * scale, w * scale, dtype=x.dtype)
    for i in range(h * scale):
        for j in range(w * scale):
            out[:, :, i, j] = x[:, :, i // scale, j // scale]
    return out


@variant
def nearest_by_expand(image: Tensor, factor: int) -> Tensor:
    n, c, h, w = image.shape
    return image[:, :, :, None, :, None].expand(n, c, h, factor, w, factor).reshape(n, c, h * factor, w * factor)


@variant
def nearest_by_kron(x, scale):
    return torch.kron(x, torch.ones(scale, scale, dtype=x.dtype))


@variant
def nearest_by_einsum(x, scale):
    ones = x.new_ones(scale)
    n, c, h, w = x.shape
    return torch.einsum("nchw,a,b->nchawb", x, ones, ones).reshape(n, c, h * scale, w * scale)


@variant
def nearest_by_matrices(x, scale):
    rows = torch.eye(x.shape[2], dtype=x.dtype).repeat_interleave(scale, dim=0)
    columns = torch.eye(x.shape[3], dtype=x.dtype).repeat_interleave(scale, dim=1)
    return rows @ x @ columns


@variant
def nearest_by_indexing(x, scale):
    rows = torch.arange(x.shape[2] * scale) // scale
    columns = torch.arange(x.shape[3] * scale) // scale
    return x[:, :, rows[:, None], columns]


@variant
def nearest_by_index_select(x, scale):
    rows = torch.arange(x.shape[2] * scale).div(scale, rounding_mode="floor")
    columns = torch.arange(x.shape[3] * scale).div(scale, rounding_mode="floor")
    return x.index_select(2, rows).index_select(-1, columns)


@variant
def nearest_by_gather(x, scale):
    n, c, h, w = x.shape
    position = (torch.arange(h * scale)[:, None] // scale) * w + torch.arange(w * scale) // scale
    flat = x.reshape(n, c, h * w)
    return flat.gather(2, position.flatten().expand(n, c, -1)).view(n, c, h * scale, w * scale)


@variant
def nearest_by_transposed_convolution(x, scale):
    c = x.shape[1]
    return F.conv_transpose2d(x, torch.ones(c, 1, scale, scale, dtype=x.dtype), stride=scale, groups=c)


@variant
def nearest_by_fold(x, scale):
    n, c, h, w = x.shape
    columns = x.reshape(n, c, 1, h * w).expand(n, c, scale * scale, h * w).reshape(n, c * scale * scale, h * w)
    return F.fold(columns, (h * scale, w * scale), kernel_size=scale, stride=scale)


@variant
def nearest_by_pixel_shuffle(x, scale):
    return F.pixel_shuffle(x.repeat_interleave(scale**2, dim=1), scale)


@variant
def nearest_by_grid_sample(x, scale):
    n, _, h, w = x.shape
    rows = (torch.arange(h * scale, dtype=x.dtype) // scale * 2 + 1) / h - 1
    columns = (torch.arange(w * scale, dtype=x.dtype) // scale * 2 + 1) / w - 1
    grid = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1).expand(n, -1, -1, -1)
    return F.grid_sample(x, grid, mode="nearest", align_corners=False)


@variant
def nearest_by_tiles(x, scale):
    n, c, h, w = x.shape
    tiles = x.reshape(n, c, h, 1, w, 1).repeat(1, 1, 1, scale, 1, scale)
    return tiles.flatten(4, 5).flatten(2, 3)


@variant
def nearest_by_stack(x, scale):
    wide = torch.stack([x] * scale, dim=-1).flatten(-2)
    return torch.stack([wide] * scale, dim=3).flatten(2, 3)


@variant
def nearest_by_cat(x, scale):
    rows = torch.cat([x[:, :, i : i + 1] for i in range(x.shape[2]) for _ in range(scale)], dim=2)
    return torch.cat([rows[..., j : j + 1] for j in range(x.shape[3]) for _ in range(scale)], dim=3)


@variant
def nearest_by_slices(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    for a, b in product(range(scale), repeat=2):
        out[:, :, a::scale, b::scale] += x
    return out


@variant
def nearest_by_vmap(x, scale):
    plane = lambda p: p.repeat_interleave(scale, 0).repeat_interleave(scale, 1)  # noqa: E731
    if x.shape[0] == 0:
        return x.new_zeros(0, x.shape[1], x.shape[2] * scale, x.shape[3] * scale)
    return torch.func.vmap(torch.func.vmap(plane))(x)


@variant
def nearest_by_strides(x, scale):
    n, c, h, w = x.shape
    x = x.contiguous()
    a, b, d, e = x.stride()
    return torch.as_strided(x, (n, c, h, scale, w, scale), (a, b, d, 0, e, 0)).reshape(n, c, h * scale, w * scale)


@variant
def nearest_in_channels_last(x, scale):
    big = x.repeat_interleave(scale, -2).repeat_interleave(scale, -1)
    return big.contiguous(memory_format=torch.channels_last)


@variant
def nearest_with_in_place_steps_on_a_copy(x, scale):
    copy = x.clone()
    return copy.unsqueeze_(3).unsqueeze_(5).expand(-1, -1, -1, scale, -1, scale).flatten(4).flatten(2, 3)


class Enlarge(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return x.repeat_interleave(self.scale, 3).repeat_interleave(self.scale, 2)


@variant
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


@variant
def nearest_by_an_autograd_function(x, scale):
    return Repeat.apply(x, scale)
