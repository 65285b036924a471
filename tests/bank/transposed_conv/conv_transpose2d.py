"""Wrong and right answers to `conv_transpose2d`."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import mistake, variant
from course.checking.patterns import NO_GRADIENT

from .shared import pair, shifted

# --- mistakes ---------------------------------------------------------------------------------------------------------


def plane_of_stamps(x, weight, stride, extra=(0, 0)):
    """What most mistakes of this section have right: the plane of summed stamps, before cropping and bias."""
    n, _, h, w = x.shape
    _, outputs, kh, kw = weight.shape
    sh, sw = pair(stride)
    plane = x.new_zeros(n, outputs, (h - 1) * sh + kh + extra[0], (w - 1) * sw + kw + extra[1])
    for i in range(h):
        for j in range(w):
            stamp = torch.einsum("ni,ioab->noab", x[:, :, i, j], weight)
            plane[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] += stamp
    return plane


def trimmed(plane, padding):
    ph, pw = pair(padding)
    return plane[:, :, ph : plane.shape[2] - ph, pw : plane.shape[3] - pw]


def lifted(out, bias):
    return out if bias is None else out + bias[:, None, None]


def finished(x, weight, bias, stride, padding, output_padding):
    return lifted(trimmed(plane_of_stamps(x, weight, stride, pair(output_padding)), padding), bias)


@mistake(
    "Your filter stands upside down and mirrored. On the way over an ordinary convolution it has to be turned first.",
)
def flips_the_filter_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight.flip(2, 3), bias, stride, padding, output_padding)


@mistake("Your filter is mirrored left to right.")
def mirrors_the_filter_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight.flip(3), bias, stride, padding, output_padding)


@mistake("Your filter stands upside down: on the way over an ordinary convolution it is turned in both directions.")
def turns_the_filter_over_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight.flip(2), bias, stride, padding, output_padding)


@mistake(
    "Rows and columns of the filter are exchanged. The convolution is transposed, its filter is not.",
)
def transposes_the_filter_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight.transpose(2, 3), bias, stride, padding, output_padding)


@mistake("Where stamps overlap, your later stamp replaces the earlier ones. All of them count.")
def overwrites_overlaps_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    plane = torch.zeros_like(plane_of_stamps(x, weight, stride, pair(output_padding)))
    (kh, kw), (sh, sw) = weight.shape[2:], pair(stride)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            stamp = torch.einsum("ni,ioab->noab", x[:, :, i, j], weight)
            plane[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] = stamp
    return lifted(trimmed(plane, padding), bias)


@mistake("You divide by the number of stamps that overlap. The contributions are summed, not averaged.")
def averages_overlaps_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    plane = plane_of_stamps(x, weight, stride, pair(output_padding))
    counts = plane_of_stamps(torch.ones_like(x[:, :1]), torch.ones_like(weight[:1, :1]), stride, pair(output_padding))
    return lifted(trimmed(plane / counts.clamp(min=1), padding), bias)


@mistake(
    "You read `weight` as (Cout, Cin, kh, kw), the order of an ordinary convolution. Here the input channels come first.",
)
def reads_weight_as_out_in_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight.transpose(0, 1), bias, stride, padding, output_padding)


@mistake("You add the bias always. Where there is none, `bias` is None, and nothing is to be added.")
def indexes_a_missing_bias_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, None, stride, padding, output_padding) + bias[:, None, None]


@mistake("Your bias is missing: each output channel gets its own number added, everywhere.")
def forgets_the_bias_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, None, stride, padding, output_padding)


@mistake(
    "You add the bias with every stamp, so that it counts several times where stamps overlap and not at all in gaps.",
)
def adds_the_bias_with_every_stamp_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    plane = plane_of_stamps(x, weight, stride, pair(output_padding))
    counts = plane_of_stamps(torch.ones_like(x[:, :1]), torch.ones_like(weight[:1, :1]), stride, pair(output_padding))
    return trimmed(plane if bias is None else plane + counts * bias[:, None, None], padding)


@mistake("Pixels that no stamp reaches stay zero in your output. The bias belongs there too.")
def leaves_the_bias_out_of_gaps_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    plane = plane_of_stamps(x, weight, stride, pair(output_padding))
    counts = plane_of_stamps(torch.ones_like(x[:, :1]), torch.ones_like(weight[:1, :1]), stride, pair(output_padding))
    return trimmed(plane if bias is None else plane + (counts > 0) * bias[:, None, None], padding)


@mistake(
    "Your bias runs along the columns of the output. It is one number for each output channel.",
)
def adds_the_bias_along_the_columns_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    out = finished(x, weight, None, stride, padding, output_padding)
    return out if bias is None else out + bias


@mistake("You ignore `padding`: nothing is cropped, and your output is too large.")
def ignores_the_padding_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, stride, 0, output_padding)


@mistake(
    "You put `padding` zeros around the output. In a transposed convolution padding takes pixels away.",
)
def pads_the_output_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), plane = pair(padding), plane_of_stamps(x, weight, stride, pair(output_padding))
    return lifted(F.pad(plane, (pw, pw, ph, ph)), bias)


@mistake(
    "You put `padding` zeros around the finished output, bias and all. Here padding takes pixels away.",
)
def pads_the_finished_output_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), out = pair(padding), finished(x, weight, bias, stride, 0, output_padding)
    return F.pad(out, (pw, pw, ph, ph))


@mistake(
    "You put `padding` zeros around the input, as an ordinary convolution does. Here padding crops the output.",
)
def pads_the_input_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    ph, pw = pair(padding)
    return finished(F.pad(x, (pw, pw, ph, ph)), weight, bias, stride, 0, output_padding)


@mistake(
    "You crop `padding` rows and columns at the top and on the left only; the other two sides lose as many.",
)
def crops_top_and_left_only_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), plane = pair(padding), plane_of_stamps(x, weight, stride, pair(output_padding))
    return lifted(plane[:, :, ph:, pw:], bias)


@mistake(
    "Your output has the right size but starts too late: you crop everything at the top and on the left.",
)
def crops_top_and_left_twice_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), plane = pair(padding), plane_of_stamps(x, weight, stride, pair(output_padding))
    return lifted(plane[:, :, 2 * ph :, 2 * pw :], bias)


@mistake("Without padding your output is empty: a slice `p:-p` is `0:0` where p is 0.")
def crops_everything_without_padding_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), plane = pair(padding), plane_of_stamps(x, weight, stride, pair(output_padding))
    return lifted(plane[:, :, ph:-ph, pw:-pw], bias)


@mistake(
    "Your output has the right size but starts too early: you crop everything at the bottom and on the right.",
)
def crops_bottom_and_right_twice_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), plane = pair(padding), plane_of_stamps(x, weight, stride, pair(output_padding))
    return lifted(plane[:, :, : plane.shape[2] - 2 * ph, : plane.shape[3] - 2 * pw], bias)


@mistake(
    "In `padding` you exchange height and width: the first number belongs to the rows.",
)
def exchanges_the_paddings_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, stride, pair(padding)[::-1], output_padding)


@mistake("In `stride` you exchange height and width: the first number belongs to the rows.")
def exchanges_the_strides_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, pair(stride)[::-1], padding, output_padding)


@mistake("In `output_padding` you exchange height and width: the first number belongs to the rows.")
def exchanges_the_output_paddings_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, stride, padding, pair(output_padding)[::-1])


@mistake("You use the stride of the height for the width too.")
def uses_one_stride_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, pair(stride)[0], padding, output_padding)


@mistake("You use the padding of the height for the width too.")
def uses_one_padding_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, stride, pair(padding)[0], output_padding)


@mistake("You use the first number of each pair for both directions; the second one belongs to the width.")
def uses_one_number_of_each_pair_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, *(pair(value)[0] for value in (stride, padding, output_padding)))


@mistake("`F.pad` starts with the last dimension: you give it the height's padding first, and the width gets it.")
def pads_the_height_first_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw), (oh, ow) = pair(stride), pair(padding), pair(output_padding)
    (n, c, h, w), (kh, kw) = x.shape, weight.shape[2:]
    spaced = x.new_zeros(n, c, (h - 1) * sh + 1, (w - 1) * sw + 1)
    spaced[:, :, ::sh, ::sw] = x
    spaced = F.pad(spaced, (kh - 1 - ph, kh - 1 - ph + oh, kw - 1 - pw, kw - 1 - pw + ow))
    return F.conv2d(spaced, weight.flip(2, 3).transpose(0, 1), bias)


@mistake("`F.fold` expects each column channel by channel, (Cout, kh, kw). Yours go position by position.")
def folds_positions_first_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw), (oh, ow) = pair(stride), pair(padding), pair(output_padding)
    (h, w), (kh, kw) = x.shape[2:], weight.shape[2:]
    columns = torch.einsum("nihw,ioab->nabohw", x, weight).flatten(4).flatten(1, 3)
    plane = F.fold(columns, ((h - 1) * sh + kh, (w - 1) * sw + kw), (kh, kw), stride=(sh, sw))
    return shifted(F.pad(plane, (-pw, ow - pw, -ph, oh - ph)), bias)


@mistake("You take ints only: stride, padding and output_padding may be pairs (height, width).")
def takes_ints_only_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (h, w), (kh, kw) = x.shape[2:], weight.shape[2:]
    rows = (h - 1) * stride - 2 * padding + kh + output_padding
    columns = (w - 1) * stride - 2 * padding + kw + output_padding
    return finished(x, weight, bias, stride, padding, output_padding)[:, :, :rows, :columns]


@mistake("You take pairs only: stride, padding and output_padding may be plain ints.")
def takes_pairs_only_2d(x, weight, bias=None, stride=(1, 1), padding=(0, 0), output_padding=(0, 0)):
    (sh, sw), (ph, pw), (oh, ow) = stride, padding, output_padding
    return finished(x, weight, bias, (sh, sw), (ph, pw), (oh, ow))


@mistake(
    "You take the filter's height for its width too. A filter need not be square.",
)
def thinks_filters_are_square_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    k = weight.shape[2]
    square = F.pad(weight, (0, max(0, k - weight.shape[3])))[..., :k]
    return finished(x, square, bias, stride, padding, output_padding)


@mistake(
    "You take the image's height for its width too: columns are left out, or too many are asked for.",
)
def thinks_images_are_square_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    h, w = x.shape[2:]
    square = F.pad(x, (0, max(0, h - w)))[..., :h]
    return finished(square, weight, bias, stride, padding, output_padding)


@mistake("You ignore `output_padding`: your output ends too early.")
def ignores_output_padding_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, stride, padding, 0)


@mistake(
    "For `output_padding` you append empty rows and columns after cropping. It crops less there: what the stamps left "
    "comes to light.",
)
def appends_emptiness_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    oh, ow = pair(output_padding)
    return lifted(F.pad(finished(x, weight, None, stride, padding, 0), (0, ow, 0, oh)), bias)


@mistake(
    "You append zeros for `output_padding` at the very end, after the bias. Pixels there are like all others.",
)
def appends_zeros_after_the_bias_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    oh, ow = pair(output_padding)
    return F.pad(finished(x, weight, bias, stride, padding, 0), (0, ow, 0, oh))


@mistake("Your `output_padding` enlarges the top and the left; it belongs at the bottom and right.")
def output_padding_at_the_top_left_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    oh, ow = pair(output_padding)
    plane = F.pad(plane_of_stamps(x, weight, stride), (ow, 0, oh, 0))
    return lifted(trimmed(plane, padding), bias)


@mistake("You ignore `stride`: your stamps start one pixel apart, whatever it says.")
def ignores_the_stride_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, 1, padding, output_padding)


@mistake(
    "Your stamps lie side by side, a filter's size apart. Their starts are `stride` apart, and they may overlap.",
)
def lays_stamps_side_by_side_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, tuple(weight.shape[2:]), padding, output_padding)


@mistake(
    "Your stamps start one pixel too far apart: `stride` is the distance of their starts, not the number of zeros between."
)
def leaves_one_zero_too_many_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    stride = tuple(step + 1 for step in pair(stride))
    return finished(x, weight, bias, stride, padding, output_padding)


@mistake("You lay the middle of the filter on each place. A stamp *starts* there: it reaches down and to the right.")
def centres_the_stamps_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw), (oh, ow) = pair(stride), pair(padding), pair(output_padding)
    kh, kw = weight.shape[2:]
    plane = F.pad(plane_of_stamps(x, weight, (sh, sw)), (0, kw + ow, 0, kh + oh))
    height, width = ((x.shape[i + 2] - 1) * s + k + o for i, (s, k, o) in enumerate(((sh, kh, oh), (sw, kw, ow))))
    top, left = kh // 2 + ph, kw // 2 + pw
    return shifted(plane[:, :, top : top + height - 2 * ph, left : left + width - 2 * pw], bias)


@mistake(
    "You copy each value over a block and then convolve. A value stamps once; the pixels after it are left to its stamp.",
)
def copies_instead_of_spacing_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    sh, sw = pair(stride)
    copies = x.repeat_interleave(sh, dim=2).repeat_interleave(sw, dim=3)
    copies = copies[:, :, : (x.shape[2] - 1) * sh + 1, : (x.shape[3] - 1) * sw + 1]
    return finished(copies, weight, bias, 1, padding, output_padding)


@mistake(
    "You stamp the first input channel only. Every input channel stamps with filters of its own, and all are summed.",
)
def takes_the_first_channel_only_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x[:, :1], weight[:1], bias, stride, padding, output_padding)


@mistake(
    "You sum the input channels before you weight them. Each of them has a filter of its own.",
)
def sums_channels_before_weighting_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x.sum(dim=1, keepdim=True), weight[:1], bias, stride, padding, output_padding)


@mistake("You compute an ordinary convolution: your output shrinks where it should grow.")
def convolves_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return F.conv2d(x, weight.transpose(0, 1), bias, stride, padding)


@mistake("You use the first image of the batch only; each image gives an output of its own.")
def takes_the_first_image_only_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x[:1], weight, bias, stride, padding, output_padding)


@mistake("An empty batch leaves your code nothing to join. It gives an empty output: (0, Cout, H', W').")
def stumbles_over_an_empty_batch_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    images = [finished(image[None], weight, bias, stride, padding, output_padding) for image in x]
    return torch.cat(images)


@mistake("Your output is always float32. It has the dtype of `x`, or precision is lost.")
def always_float32_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    bias = None if bias is None else bias.float()
    return finished(x.float(), weight.float(), bias, stride, padding, output_padding)


@mistake(NO_GRADIENT)
def leaves_the_graph_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    out = finished(x.detach(), weight.detach(), bias, stride, padding, output_padding)
    return torch.from_numpy(out.detach().numpy())


@mistake("You detach the filter: the values are right, but it can never learn.")
def detaches_the_filter_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight.data, bias, stride, padding, output_padding)


@mistake(
    "You call `.view` on what comes in, which works for contiguous tensors only. Inputs may be views themselves.",
)
def needs_contiguous_inputs_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    x, weight = x.view(-1).view(x.shape), weight.view(-1).view(weight.shape)
    return finished(x, weight, bias, stride, padding, output_padding)


@mistake(
    "Your stamps are collected in the caller's `weight`: a function may not alter its inputs.",
)
def weights_in_place_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    out = finished(x, weight, bias, stride, padding, output_padding)
    if not weight.requires_grad:
        weight *= 2
    return out


# --- variants ---------------------------------------------------------------------------------------------------------


def sizes_2d(x, weight, stride, padding, output_padding):
    """The output's height and width."""
    sides = zip(x.shape[2:], weight.shape[2:], pair(stride), pair(padding), pair(output_padding), strict=True)
    return tuple((n - 1) * s - 2 * p + k + extra for n, k, s, p, extra in sides)


@variant
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


@variant
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


@variant
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


@variant
def convolves_a_bed_of_nails_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw), (oh, ow) = pair(stride), pair(padding), pair(output_padding)
    n, c, h, w = x.shape
    kh, kw = weight.shape[2:]
    nails = torch.zeros(n, c, (h - 1) * sh + 1, (w - 1) * sw + 1, dtype=x.dtype)
    nails[:, :, ::sh, ::sw] = x
    nails = F.pad(nails, (kw - 1 - pw, kw - 1 - pw + ow, kh - 1 - ph, kh - 1 - ph + oh))
    return F.conv2d(nails, weight.flip((2, 3)).transpose(0, 1), bias)


@variant
def nails_by_kron(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    rows, columns = sizes_2d(x, weight, stride, padding, output_padding)
    corner = x.new_zeros(sh, sw)
    corner[0, 0] = 1
    kh, kw = weight.shape[2:]
    nails = F.pad(torch.kron(x, corner), (kw - 1, kw + sw, kh - 1, kh + sh))
    full = torch.conv2d(nails, torch.rot90(weight, 2, (2, 3)).movedim(0, 1), bias)
    return full[:, :, ph : ph + rows, pw : pw + columns]


@variant
def spreads_by_kron_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    rows, columns = sizes_2d(x, weight, stride, padding, output_padding)
    plane = x.new_zeros(len(x), weight.shape[1], rows + 2 * ph + sh, columns + 2 * pw + sw)
    corner = F.pad(torch.ones(1, 1, dtype=x.dtype), (0, sw - 1, 0, sh - 1))
    for a, b in product(range(weight.shape[2]), range(weight.shape[3])):
        part = torch.tensordot(torch.kron(x, corner), weight[:, :, a, b], dims=([1], [0])).movedim(3, 1)
        plane[:, :, a : a + part.shape[2], b : b + part.shape[3]] += part
    return shifted(plane[:, :, ph : ph + rows, pw : pw + columns], bias)


@variant
def spreads_by_two_krons(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    """Rows first, then columns; the filter last, as an ordinary convolution."""
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    rows, columns = sizes_2d(x, weight, stride, padding, output_padding)
    kh, kw = weight.shape[2:]
    down, across = torch.eye(sh, dtype=x.dtype)[:, :1], torch.eye(sw, dtype=x.dtype)[:1]
    nails = torch.kron(torch.kron(x, down), across)
    full = F.conv2d(F.pad(nails, (kw - 1, kw + sw, kh - 1, kh + sh)), weight.flip(2, 3).transpose(0, 1), bias)
    return full[:, :, ph : ph + rows, pw : pw + columns]


@variant
def folds_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, inputs = x.shape[:2]
    size = sizes_2d(x, weight, stride, padding, output_padding)
    columns = weight.reshape(inputs, -1).T @ x.reshape(n, inputs, x.shape[2] * x.shape[3])
    if not n:
        return x.new_zeros(0, weight.shape[1], *size)
    return shifted(F.fold(columns, size, weight.shape[2:], padding=padding, stride=stride), bias)


@variant
def folds_with_a_module(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    size = sizes_2d(x, weight, stride, padding, output_padding)
    columns = torch.einsum("nip,ioq->noqp", x.flatten(2), weight.flatten(2)).flatten(1, 2)
    out = nn.Fold(size, tuple(weight.shape[2:]), padding=padding, stride=stride)(columns)
    return out if bias is None else out + bias[None, :, None, None]


@variant
def spreads_by_two_matrices(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    def spread(n, k, s, p, size):
        start, place = torch.arange(n) * s - p, torch.arange(size)
        return (start[:, None, None] + torch.arange(k)[:, None] == place).to(x.dtype)

    rows, columns = sizes_2d(x, weight, stride, padding, output_padding)
    down = spread(x.shape[2], weight.shape[2], pair(stride)[0], pair(padding)[0], rows)
    across = spread(x.shape[3], weight.shape[3], pair(stride)[1], pair(padding)[1], columns)
    return shifted(torch.einsum("nihw,ioab,har,wbc->norc", x, weight, down, across), bias)


@variant
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


@variant
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


@variant
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


@variant
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


@variant
def multiplies_by_the_transposed_matrix(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    size = sizes_2d(x, weight, stride, padding, output_padding)
    count = weight.shape[1] * size[0] * size[1]
    units = torch.eye(count, dtype=x.dtype).reshape(count, weight.shape[1], *size)
    columns = F.conv2d(units, weight, stride=stride, padding=padding).reshape(count, -1)
    out = x.reshape(len(x), columns.shape[1]) @ columns.T
    return shifted(out.reshape(len(x), weight.shape[1], *size), bias)


@variant
def differentiates_a_convolution_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    size = sizes_2d(x, weight, stride, padding, output_padding)
    with torch.enable_grad():
        start = x.new_zeros(x.shape[0], weight.shape[1], *size).requires_grad_()
        forward = F.conv2d(start, weight, stride=stride, padding=padding)
        (out,) = torch.autograd.grad(forward, start, grad_outputs=x, create_graph=True)
    return shifted(out, bias)


@variant
def pulls_back_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    start = x.new_zeros(x.shape[0], weight.shape[1], *sizes_2d(x, weight, stride, padding, output_padding))
    _, pull = torch.func.vjp(lambda z: F.conv2d(z, weight, None, stride, padding), start)
    return shifted(pull(x)[0], bias)


@variant
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
