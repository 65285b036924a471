"""Wrong and right answers to `max_unpool2d`."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT

from .shared import out_size, pair, put_back, put_back_clamped, sizes, unpooled_size

# --- mistakes ---------------------------------------------------------------------------------------------------------


@mistake(
    "You add up values that fall on the same position. Overlapping windows tell the same maximum several times: it still "
    "stands there once.",
)
def sums_repeated_positions(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    return x.new_zeros(n, c, h * w).scatter_add(2, indices.flatten(2), x.flatten(2)).view(n, c, h, w)


@mistake(
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
    "You mark the positions and then fill the marks in reading order. Each value belongs to its *own* index, and the order "
    "of the windows is not the order of the positions.",
)
def fills_in_reading_order(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    mask = torch.zeros(n, c, h * w, dtype=torch.bool).scatter(2, indices.flatten(2), True)
    return x.new_zeros(n, c, h * w).masked_scatter(mask, x.contiguous()).view(n, c, h, w)


@mistake("You ignore `output_size`, which says how large the map was before pooling.")
def ignores_output_size(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, None)
    n, c = x.shape[:2]
    if indices.numel() and int(indices.max()) >= h * w:
        indices = indices.clamp(max=h * w - 1)
    return put_back(x, indices, (h, w))


@form(ignores_output_size)
def ignores_output_size_and_raises(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x, indices, out_size(x, kernel_size, stride, padding, None))


@mistake(
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


@mistake("You read `output_size` as (width, height); the height comes first.")
def output_size_exchanged(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    if output_size is not None:
        h, w = w, h
    return put_back(x, indices, (h, w))


@mistake(
    "You expect `output_size` to be (H, W). It may also be the full shape (N, C, H, W), as torch allows.",
)
def unpacks_two_numbers(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    if output_size is not None:
        height, width = output_size
    return put_back(x, indices, out_size(x, kernel_size, stride, padding, output_size))


@mistake(
    "You read the first two numbers of `output_size`. When it is the full shape (N, C, H, W), they are not height and width.",
)
def first_two_numbers(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, None) if output_size is None else output_size[:2]
    if indices.numel() and int(indices.max()) >= h * w:
        return x.new_zeros(*x.shape[:2], h, w)
    return put_back(x, indices, (h, w))


@mistake(
    "Your output has h·kernel rows. That is right only while the stride equals the kernel: windows start a *stride* apart.",
)
def size_by_the_kernel(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    (kh, kw), _, (ph, pw) = sizes(kernel_size, stride, padding)
    size = (x.shape[2] * kh - 2 * ph, x.shape[3] * kw - 2 * pw) if output_size is None else output_size[-2:]
    return put_back_clamped(x, indices, size)


@mistake(
    "Your output has h·stride rows. That is right only while the stride equals the kernel: the last window is a whole "
    "*kernel* long.",
)
def size_by_the_stride(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    _, (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    size = (x.shape[2] * sh - 2 * ph, x.shape[3] * sw - 2 * pw) if output_size is None else output_size[-2:]
    return put_back_clamped(x, indices, size)


@mistake("You ignore `padding`: the padded border is not part of the output.")
def size_with_the_padding(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x, indices, out_size(x, kernel_size, stride, 0, output_size))


@mistake("You add the padding. It was put around the map for pooling alone, and is taken off again.")
def adds_the_padding(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    padding = tuple(-side for side in pair(padding))
    return put_back(x, indices, out_size(x, kernel_size, stride, padding, output_size))


@mistake("You subtract the padding once. It was on both sides of the map.")
def padding_once(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    (kh, kw), (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    size = (x.shape[2] - 1) * sh - ph + kh, (x.shape[3] - 1) * sw - pw + kw
    return put_back(x, indices, size if output_size is None else output_size[-2:])


@mistake(
    "Your output is a kernel too short: the windows *start* (h − 1)·stride apart from first to last, and the last one has "
    "an extent too.",
)
def forgets_the_last_window(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    _, (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    size = (x.shape[2] - 1) * sh - 2 * ph + 1, (x.shape[3] - 1) * sw - 2 * pw + 1
    return put_back_clamped(x, indices, size if output_size is None else output_size[-2:])


@mistake("Your output is one row and one column too large.")
def one_row_too_many(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    return put_back(x, indices, (h + 1, w + 1) if output_size is None else (h, w))


@mistake("Without a stride you assume 1. `stride=None` means the kernel size.")
def unpool_default_stride_one(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    size = out_size(x, kernel_size, 1 if stride is None else stride, padding, output_size)
    return put_back_clamped(x, indices, size)


@form(unpool_default_stride_one)
def unpool_default_stride_one_and_raises(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x, indices, out_size(x, kernel_size, 1 if stride is None else stride, padding, output_size))


@mistake("You read pairs as (width, height); the height comes first.")
def unpool_pairs_exchanged(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    kernel, stride, padding = (side[::-1] for side in sizes(kernel_size, stride, padding))
    return put_back_clamped(x, indices, out_size(x, kernel, stride, padding, output_size))


@form(unpool_pairs_exchanged)
def unpool_pairs_exchanged_and_raises(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    kernel, stride, padding = (side[::-1] for side in sizes(kernel_size, stride, padding))
    return put_back(x, indices, out_size(x, kernel, stride, padding, output_size))


@mistake("You handle ints only. A size may also be a pair (height, width).")
def unpool_ints_only(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    step = kernel_size if stride is None else stride
    height = (x.shape[2] - 1) * step - 2 * padding + kernel_size
    width = (x.shape[3] - 1) * step - 2 * padding + kernel_size
    return put_back(x, indices, (height, width) if output_size is None else output_size[-2:])


@mistake("You use the first number of a pair for both sides.")
def unpool_square(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    kernel, stride, padding = ((side[0], side[0]) for side in sizes(kernel_size, stride, padding))
    return put_back_clamped(x, indices, out_size(x, kernel, stride, padding, output_size))


@form(unpool_square)
def unpool_square_and_raises(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    kernel, stride, padding = ((side[0], side[0]) for side in sizes(kernel_size, stride, padding))
    return put_back(x, indices, out_size(x, kernel, stride, padding, output_size))


@mistake(
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


@mistake("You use the indices of the first channel for all channels.")
def unpools_with_the_first_channel(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    size = out_size(x, kernel_size, stride, padding, output_size)
    return put_back(x, indices[:, :1].expand_as(x), size)


@mistake("You use the indices of the first image for the whole batch.")
def unpools_with_the_first_image(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    size = out_size(x, kernel_size, stride, padding, output_size)
    return put_back(x, indices[:1].expand_as(x) if x.shape[0] else indices, size)


@mistake("You count the positions down the columns; an index is row·W + column.")
def unpools_column_major(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    return put_back(x, (indices % h) * w + indices // h, (h, w))


@mistake(
    "You split an index with the height of the map. A row is as long as the map is *wide*.",
)
def splits_by_the_height(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    return put_back_clamped(x, (indices // h) * w + indices % h, (h, w))


@form(splits_by_the_height)
def splits_by_the_height_and_raises(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    (n, c), (h, w) = x.shape[:2], out_size(x, kernel_size, stride, padding, output_size)
    out = x.new_zeros(n, c, h, w)
    out[torch.arange(n)[:, None, None, None], torch.arange(c)[:, None, None], indices // h, indices % h] = x
    return out


@mistake(
    "You split an index with the width of the *pooled* map. It counts in the large map, before pooling.",
)
def splits_by_the_pooled_width(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    small = x.shape[3]
    return put_back_clamped(x, (indices // small) * w + indices % small, (h, w))


@form(splits_by_the_pooled_width)
def splits_by_the_pooled_width_and_raises(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    (n, c), (h, w) = x.shape[:2], out_size(x, kernel_size, stride, padding, output_size)
    out, small = x.new_zeros(n, c, h, w), x.shape[3]
    out[torch.arange(n)[:, None, None, None], torch.arange(c)[:, None, None], indices // small, indices % small] = x
    return out


@mistake(
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
    "You correct the positions for the padding. They already belong to the map without it.",
)
def subtracts_the_padding(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    kernel, stride, (ph, pw) = sizes(kernel_size, stride, padding)
    h, w = out_size(x, kernel, stride, (ph, pw), output_size)
    return put_back(x, (indices - ph * w - pw).clamp(min=0), (h, w))


@mistake(
    "Negative values are lost: you keep the larger of a value and the zero that stood there. A value is put back whatever "
    "its sign.",
)
def keeps_the_larger_of_value_and_zero(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    out = x.new_zeros(n, c, h * w).scatter_reduce(2, indices.flatten(2), x.flatten(2), "amax")
    return out.view(n, c, h, w)


@mistake(
    "You average the values with the zero that stood at their position.",
)
def averages_with_zero(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    out = x.new_zeros(n, c, h * w).scatter_reduce(2, indices.flatten(2), x.flatten(2), "mean")
    return out.view(n, c, h, w)


@mistake("You fill the positions that no maximum names with −∞. They are empty, and empty is 0.")
def fills_with_minus_infinity(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    (n, c), (h, w) = x.shape[:2], out_size(x, kernel_size, stride, padding, output_size)
    return x.new_full((n, c, h * w), -torch.inf).scatter(2, indices.flatten(2), x.flatten(2)).view(n, c, h, w)


@mistake(
    "You *read* at the positions where you should *write*: gather is the way of pooling, unpooling goes the other way.",
)
def gathers(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    big = F.pad(x.flatten(2), (0, h * w - x.shape[2] * x.shape[3]))
    return F.pad(big.gather(2, indices.flatten(2)), (0, h * w - x.shape[2] * x.shape[3])).view(n, c, h, w)


@mistake("You fill only the first image of the batch; the others stay zero.")
def unpools_the_first_image_only(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    out = put_back(x, indices, out_size(x, kernel_size, stride, padding, output_size))
    first = torch.zeros(x.shape[0], 1, 1, 1, dtype=x.dtype)
    first[:1] = 1
    return out * first


@mistake("You fill only the first channel; the others stay zero.")
def unpools_the_first_channel_only(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    out = put_back(x, indices, out_size(x, kernel_size, stride, padding, output_size))
    first = torch.zeros(1, x.shape[1], 1, 1, dtype=x.dtype)
    first[:, :1] = 1
    return out * first


@mistake("`torch.zeros` makes float32 unless told otherwise: the result must have the dtype of `x`.")
def unpool_default_dtype(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x.float(), indices, out_size(x, kernel_size, stride, padding, output_size))


@mistake(
    "Your buffer of zeros is float32, and values of another dtype do not go in. Make it with the dtype of `x`.",
)
def unpool_into_float32(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    return torch.zeros(n, c, h * w).scatter(2, indices.flatten(2), x.flatten(2)).view(n, c, h, w)


@mistake(
    "`.view` asks for numbers that lie side by side in memory. A transposed or expanded tensor does not have that; "
    "`.reshape` copies where it must.",
)
def unpool_by_view(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    count = x.shape[2] * x.shape[3]
    return x.new_zeros(n, c, h * w).scatter(2, indices.view(n, c, count), x.view(n, c, count)).view(n, c, h, w)


@mistake(
    "In an empty batch there is nothing from which torch could work out the −1 of a reshape. Name the size, or `flatten`.",
)
def unpool_lets_torch_guess_a_size(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    h, w = out_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    return x.new_zeros(n, c, h * w).scatter(2, indices.reshape(n, c, -1), x.reshape(n, c, -1)).view(n, c, h, w)


@mistake(NO_GRADIENT)
def unpool_behind_autograd(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x.detach(), indices, out_size(x, kernel_size, stride, padding, output_size))


@mistake(
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


@mistake("You exchange the two paddings: the first is the height's, the second the width's.")
def paddings_exchanged(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    ph, pw = pair(padding)
    return put_back(x, indices, out_size(x, kernel_size, stride, (pw, ph), output_size))


@mistake("You use the padding of the height for the width too; it may be a pair.")
def padding_of_the_height_alone(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x, indices, out_size(x, kernel_size, stride, pair(padding)[0], output_size))


@mistake("Without a stride you assume 2. `stride=None` means the kernel size.")
def unpool_default_stride_two(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return put_back(x, indices, out_size(x, kernel_size, 2 if stride is None else stride, padding, output_size))


@mistake("You use `output_size` only where there is no padding. It has the last word whenever it is given.")
def output_size_without_padding_alone(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    size = out_size(x, kernel_size, stride, padding, None if padding else output_size)
    if indices.numel() and int(indices.max()) >= size[0] * size[1]:
        indices = indices.clamp(max=size[0] * size[1] - 1)
    return put_back(x, indices, size)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def unpool_by_loops(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c, h, w = x.shape
    out = torch.zeros(n, c, height, width, dtype=x.dtype)
    for b, d, i, j in product(range(n), range(c), range(h), range(w)):
        position = indices[b, d, i, j].item()
        out[b, d, position // width, position % width] = x[b, d, i, j]
    return out


@variant
def unpool_by_scatter_in_place(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c, h, w = x.shape
    out = torch.zeros((n, c, height * width), dtype=x.dtype, device=x.device)
    out.scatter_(dim=2, index=indices.reshape(n, c, h * w), src=x.reshape(n, c, h * w))
    return out.reshape(n, c, height, width)


@variant
def unpool_by_advanced_indexing(x, idx, k, s=None, p=0, size=None):
    height, width = unpooled_size(x, k, s, p, size)
    n, c = x.shape[:2]
    out = x.new_zeros(n, c, height, width)
    image = torch.arange(n).view(n, 1, 1, 1)
    channel = torch.arange(c).view(1, c, 1, 1)
    out[image, channel, idx // width, idx % width] = x
    return out


@variant
def unpool_by_flat_index_put(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    offset = torch.arange(n * c).reshape(n, c, 1, 1) * (height * width)
    flat = torch.zeros(n * c * height * width, dtype=x.dtype)
    return flat.index_put(((indices + offset).flatten(),), x.flatten()).view(n, c, height, width)


@variant
def unpool_into_a_flattened_view(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    n, c = x.shape[:2]
    out = x.new_zeros(n, c, *unpooled_size(x, kernel_size, stride, padding, output_size))
    planes = out.flatten(2)  # a view, since `out` is contiguous
    for b in range(n):
        for d in range(c):
            planes[b, d, indices[b, d].flatten()] = x[b, d].flatten()
    return out


@variant
def unpool_by_one_hot(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Compare every position with every index, and take a value once however often it comes."""
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    hits = indices.flatten(2)[..., None] == torch.arange(height * width)  # (n, c, h·w, H·W)
    first = hits & (hits.cumsum(2) == 1)
    return (first * x.flatten(2)[..., None]).sum(2).to(x.dtype).view(n, c, height, width)


@variant
def unpool_by_gather(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Ask each output position which input it takes."""
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c, h, w = x.shape
    count = h * w
    source = torch.full((n, c, height * width), count)
    source.scatter_(2, indices.flatten(2), torch.arange(count).expand(n, c, -1))
    extended = torch.cat([x.flatten(2), x.new_zeros(n, c, 1)], dim=2)
    return extended.gather(2, source).view(n, c, height, width)


@variant
def unpool_by_mean_of_equals(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    flat = x.new_zeros(n, c, height * width)
    flat = flat.scatter_reduce(2, indices.flatten(2), x.flatten(2), reduce="amax", include_self=False)
    return flat.unflatten(2, (height, width))


@variant
def unpool_by_sum_over_count(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    zeros = x.new_zeros(n, c, height * width)
    total = zeros.scatter_add(2, indices.flatten(2), x.flatten(2))
    count = zeros.scatter_add(2, indices.flatten(2), torch.ones_like(x.flatten(2)))
    return (total / count.clamp(min=1)).view(n, c, height, width)


@variant
def unpool_by_planes(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c, h, w = x.shape
    values, places = x.reshape(n * c, h * w), indices.reshape(n * c, h * w)
    out = torch.zeros(n * c, height * width, dtype=x.dtype)
    out[torch.arange(n * c)[:, None], places] = values
    return out.view(n, c, height, width)


@variant
def unpool_by_vmap(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    if n == 0:
        return x.new_zeros(n, c, height, width)
    put = lambda value, place: torch.zeros(height * width, dtype=x.dtype).scatter(0, place, value)  # noqa: E731
    out = torch.func.vmap(put)(x.flatten(2).flatten(0, 1), indices.flatten(2).flatten(0, 1))
    return out.view(n, c, height, width)


@variant
def unpool_in_float64(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    out = unpool_by_scatter_in_place(x.to(torch.float64), indices, kernel_size, stride, padding, output_size)
    return out.to(x.dtype)


@variant
def unpool_by_put(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    height, width = unpooled_size(x, kernel_size, stride, padding, output_size)
    n, c = x.shape[:2]
    start = torch.arange(n * c).view(n, c, 1, 1) * height * width
    return torch.zeros(n, c, height, width, dtype=x.dtype).put(start + indices, x)


@variant
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


@variant
def unpool_by_a_module(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return PutBack(kernel_size, stride, padding)(x, indices, output_size)


@variant
def unpool_in_channels_last(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    out = unpool_by_planes(x, indices, kernel_size, stride, padding, output_size)
    return out.contiguous(memory_format=torch.channels_last)
